//! Questions and answers of healing on the wire: an array that begins with the kind. Lists of equal length are byte
//! strings, one after the other, so that they cost no more than what they hold.

use super::decode::{Decoded, Fields, FrameError, read_outcome, read_reason};
use super::encode::{Writer, Written, write_outcome, write_reason};
use crate::digest::{Bucket, FANOUT, LEVEL_BUCKETS, Node};
use crate::heal::{
    Answer, BUCKETS_MAX, CHANGES_MAX, ChangeList, Chunk, DOCUMENTS_MAX, Home, NODES_MAX, Question, RefillItem,
};
use crate::id::{ChangeHash, DeviceId, Digest, DocumentId, HomeVersion, SpaceId};
use crate::identity::Receipt;

const NODES: u64 = 1;
const DOCUMENTS: u64 = 2;
const CHANGES: u64 = 3;
const FETCH: u64 = 4;
const REFILL: u64 = 5;
const HOMES: u64 = 6;
const FAILED: u64 = 0;

/// Bytes of a number of a node or bucket.
const INDEX_LEN: usize = 2;

pub(super) fn write_question(w: &mut Writer, question: &Question) -> Written {
    match question {
        Question::Nodes(nodes) => {
            let level = nodes.first().map_or(0, |node| node.level());
            let indices: Vec<u8> = nodes.iter().flat_map(|node| node.index().to_be_bytes()).collect();
            w.array(3)?.u64(NODES)?.u8(level)?.bytes(&indices)?.ok()
        }
        Question::Documents { buckets, after } => {
            let numbers: Vec<u8> = buckets.iter().flat_map(|bucket| bucket.get().to_be_bytes()).collect();
            w.array(if after.is_some() { 3 } else { 2 })?.u64(DOCUMENTS)?.bytes(&numbers)?;
            after.map_or(Ok(()), |after| w.bytes(after.as_bytes())?.ok())
        }
        Question::Changes(documents) => {
            w.array(2)?.u64(CHANGES)?.array(documents.len() as u64)?;
            for (document, from) in documents {
                w.array(2)?.bytes(document.as_bytes())?.u64(*from)?;
            }
            Ok(())
        }
        Question::Fetch(changes) => {
            w.array(2)?.u64(FETCH)?.array(changes.len() as u64)?;
            for (document, hash) in changes {
                w.array(2)?.bytes(document.as_bytes())?.bytes(hash.as_bytes())?;
            }
            Ok(())
        }
        Question::Homes(documents) => {
            let ids: Vec<u8> = documents.iter().flat_map(|document| *document.as_bytes()).collect();
            w.array(2)?.u64(HOMES)?.bytes(&ids)?.ok()
        }
        Question::Refill(items) => {
            w.array(2)?.u64(REFILL)?.array(items.len() as u64)?;
            for item in items {
                w.array(2 + receipt_len(item.receipt))?
                    .bytes(item.document.as_bytes())?
                    .bytes(&item.bytes)?;
                write_receipt(w, item.receipt)?;
            }
            Ok(())
        }
    }
}

pub(super) fn read_question(fields: &mut Fields<'_, '_>) -> Decoded<Question> {
    let mut fields = fields.nested("question")?;
    let question = match fields.u64("kind of question")? {
        NODES => read_nodes(&mut fields)?,
        DOCUMENTS => {
            let buckets = parts::<INDEX_LEN>(fields.bytes("buckets")?, BUCKETS_MAX, "buckets")?
                .map(|number| Bucket::new(u16::from_be_bytes(number)).ok_or(field("buckets")));
            let buckets = buckets.collect::<Decoded<_>>()?;
            let after = if fields.is_done() { None } else { Some(fields.exact("after")?) };
            Question::Documents { buckets, after: after.map(DocumentId::from_bytes) }
        }
        CHANGES => Question::Changes(fields.list("documents", DOCUMENTS_MAX, |fields| {
            let mut item = fields.nested("documents")?;
            let read = (DocumentId::from_bytes(item.exact("document")?), item.u64("from")?);
            item.rest().map(|()| read)
        })?),
        FETCH => Question::Fetch(fields.list("changes", CHANGES_MAX, |fields| {
            let mut item = fields.nested("changes")?;
            let document = DocumentId::from_bytes(item.exact("document")?);
            let hash = ChangeHash::from_bytes(item.exact("hash")?);
            item.rest().map(|()| (document, hash))
        })?),
        HOMES => {
            let ids = parts::<{ DocumentId::LEN }>(fields.bytes("documents")?, DOCUMENTS_MAX, "documents")?;
            Question::Homes(ids.map(DocumentId::from_bytes).collect())
        }
        REFILL => Question::Refill(fields.list("items", CHANGES_MAX, |fields| {
            let mut item = fields.nested("items")?;
            let document = DocumentId::from_bytes(item.exact("document")?);
            let bytes = item.bytes("bytes")?.to_vec();
            let receipt = read_receipt(&mut item)?;
            item.rest().map(|()| RefillItem { document, bytes, receipt })
        })?),
        _ => return Err(field("kind of question")),
    };
    fields.rest().map(|()| question)
}

fn read_nodes(fields: &mut Fields<'_, '_>) -> Decoded<Question> {
    let level = fields.u64("level")?;
    let level = u8::try_from(level).ok().filter(|level| *level < LEVEL_BUCKETS).ok_or(field("level"))?;
    let nodes = parts::<INDEX_LEN>(fields.bytes("nodes")?, NODES_MAX, "nodes")?
        .map(|index| Node::new(level, u16::from_be_bytes(index)).ok_or(field("nodes")));
    Ok(Question::Nodes(nodes.collect::<Decoded<_>>()?))
}

pub(super) fn write_answer(w: &mut Writer, answer: &Answer) -> Written {
    match answer {
        Answer::Nodes(nodes) => {
            let digests: Vec<u8> = nodes.iter().flatten().flat_map(|digest| *digest.as_bytes()).collect();
            w.array(2)?.u64(NODES)?.bytes(&digests)?.ok()
        }
        Answer::Documents { lists, goes_on } => {
            w.array(if *goes_on { 3 } else { 2 })?.u64(DOCUMENTS)?.array(lists.len() as u64)?;
            for bucket in lists {
                let mut bytes = Vec::with_capacity(bucket.len() * (DocumentId::LEN + Digest::LEN));
                for (document, digest) in bucket {
                    bytes.extend_from_slice(document.as_bytes());
                    bytes.extend_from_slice(digest.as_bytes());
                }
                w.bytes(&bytes)?;
            }
            if *goes_on { w.bool(true)?.ok() } else { Ok(()) }
        }
        Answer::Changes(lists) => {
            w.array(2)?.u64(CHANGES)?.array(lists.len() as u64)?;
            for list in lists {
                let hashes: Vec<u8> = list.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
                w.array(2)?.bytes(&hashes)?;
                match list.next {
                    Some(next) => w.u64(next)?,
                    None => w.null()?,
                };
            }
            Ok(())
        }
        Answer::Fetched(chunks) => {
            w.array(2)?.u64(FETCH)?.array(chunks.len() as u64)?;
            for chunk in chunks {
                let Some(chunk) = chunk else {
                    w.array(0)?;
                    continue;
                };
                w.array(1 + receipt_len(chunk.receipt))?.bytes(&chunk.bytes)?;
                write_receipt(w, chunk.receipt)?;
            }
            Ok(())
        }
        Answer::Homes(homes) => {
            w.array(2)?.u64(HOMES)?.array(homes.len() as u64)?;
            for home in homes {
                let Some(home) = home else {
                    w.array(0)?;
                    continue;
                };
                w.array(2)?.u64(home.version.get())?;
                match home.space {
                    Some(space) => w.bytes(space.as_bytes())?,
                    None => w.null()?,
                };
            }
            Ok(())
        }
        Answer::Refilled(outcomes) => {
            w.array(2)?.u64(REFILL)?.array(outcomes.len() as u64)?;
            outcomes.iter().try_for_each(|outcome| write_outcome(w, outcome))
        }
        Answer::Failed { code, message } => {
            w.array(3)?.u64(FAILED)?;
            write_reason(w, code, message)
        }
    }
}

pub(super) fn read_answer(fields: &mut Fields<'_, '_>) -> Decoded<Answer> {
    let mut fields = fields.nested("answer")?;
    let answer = match fields.u64("kind of answer")? {
        NODES => {
            let bytes = fields.bytes("digests")?;
            let digests = parts::<{ Digest::LEN }>(bytes, NODES_MAX * FANOUT, "digests")?;
            let digests: Vec<Digest> = digests.map(Digest::from_bytes).collect();
            let (nodes, rest) = digests.as_chunks::<FANOUT>();
            if !rest.is_empty() {
                return Err(field("digests"));
            }
            Answer::Nodes(nodes.to_vec())
        }
        DOCUMENTS => {
            let lists = fields.list("buckets", BUCKETS_MAX, read_bucket)?;
            Answer::Documents { lists, goes_on: !fields.is_done() && fields.bool("goes on")? }
        }
        CHANGES => Answer::Changes(fields.list("lists", DOCUMENTS_MAX, read_changes)?),
        FETCH => Answer::Fetched(fields.list("chunks", CHANGES_MAX, |fields| {
            let mut item = fields.nested("chunks")?;
            if item.is_done() {
                return Ok(None);
            }
            let bytes = item.bytes("chunk")?.to_vec();
            let receipt = read_receipt(&mut item)?;
            item.rest().map(|()| Some(Chunk { bytes, receipt }))
        })?),
        HOMES => Answer::Homes(fields.list("homes", DOCUMENTS_MAX, |fields| {
            let mut item = fields.nested("homes")?;
            if item.is_done() {
                return Ok(None);
            }
            let version = HomeVersion::new(item.u64("version")?);
            let space = item.exact_or_null("space")?.map(SpaceId::from_bytes);
            item.rest().map(|()| Some(Home { version, space }))
        })?),
        REFILL => Answer::Refilled(fields.list("outcomes", CHANGES_MAX, read_outcome)?),
        FAILED => {
            let (code, message) = read_reason(&mut fields)?;
            Answer::Failed { code, message }
        }
        _ => return Err(field("kind of answer")),
    };
    fields.rest().map(|()| answer)
}

/// How many elements a receipt takes at the end of an array.
pub(super) fn receipt_len(receipt: Option<Receipt>) -> u64 {
    if receipt.is_some() { 2 } else { 0 }
}

pub(super) fn write_receipt(w: &mut Writer, receipt: Option<Receipt>) -> Written {
    match receipt {
        Some(receipt) => w.bytes(receipt.device.as_bytes())?.bytes(&receipt.code)?.ok(),
        None => Ok(()),
    }
}

/// Reads a receipt at the end of an array, where there is one.
pub(super) fn read_receipt(fields: &mut Fields<'_, '_>) -> Decoded<Option<Receipt>> {
    if fields.is_done() {
        return Ok(None);
    }
    let device = DeviceId::from_bytes(fields.exact("receipt's device")?);
    Ok(Some(Receipt { device, code: fields.exact("receipt")? }))
}

fn read_bucket(fields: &mut Fields<'_, '_>) -> Decoded<Vec<(DocumentId, Digest)>> {
    const LEN: usize = DocumentId::LEN + Digest::LEN;
    let bytes = fields.bytes("documents")?;
    let read = |part: [u8; LEN]| {
        let (document, digest) = part.split_at(DocumentId::LEN);
        Some((DocumentId::from_slice(document)?, Digest::from_slice(digest)?))
    };
    parts::<LEN>(bytes, bytes.len(), "documents")?.map(|part| read(part).ok_or(field("documents"))).collect()
}

fn read_changes(fields: &mut Fields<'_, '_>) -> Decoded<ChangeList> {
    let mut item = fields.nested("lists")?;
    let bytes = item.bytes("hashes")?;
    let hashes = parts::<{ ChangeHash::LEN }>(bytes, bytes.len(), "hashes")?;
    let hashes = hashes.map(ChangeHash::from_bytes).collect();
    let next = item.u64_or_null("next")?;
    item.rest().map(|()| ChangeList { hashes, next })
}

/// The parts of equal length that a byte string is made of, at most `count_max`.
pub(super) fn parts<'b, const N: usize>(
    bytes: &'b [u8],
    count_max: usize,
    name: &'static str,
) -> Decoded<impl Iterator<Item = [u8; N]> + 'b> {
    let (parts, rest) = bytes.as_chunks::<N>();
    if rest.is_empty() && parts.len() <= count_max { Ok(parts.iter().copied()) } else { Err(field(name)) }
}

fn field(name: &'static str) -> FrameError {
    FrameError::Field { name }
}
