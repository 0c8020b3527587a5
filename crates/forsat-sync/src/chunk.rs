//! A bounded reader of Automerge change chunks that trusts nothing.
//!
//! Automerge inflates without a cap and expands runs of operations without a bound, and it has no way to read a
//! header alone. So every chunk passes here before any library sees it. What comes out is one canonical form, which
//! its hash fixes to the byte: uncompressed, with the checksum that belongs to it, and nothing after it.
//!
//! The chunk (integers are LEB128): magic, checksum (4 bytes), type (1 byte), body length, body. The body: deps,
//! actor, seq, start op, time, message, other actors, columns, then extra bytes, where the author stands as `1,
//! length, bytes`. The hash is SHA-256 over type, length and body of the *uncompressed* chunk; the checksum is its
//! first four bytes, also in the compressed chunk.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::id::{ActorId, ChangeHash};
use crate::limits::ChunkLimits;

mod cursor;
mod operations;
mod runs;
#[cfg(test)]
mod tests;

use cursor::Cursor;
use operations::Columns;

/// The first bytes of every Automerge chunk.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Type of an uncompressed change.
const KIND_CHANGE: u8 = 1;
/// Type of a change whose body is deflated.
const KIND_DEFLATED: u8 = 2;
/// The first number of the extra bytes when an author follows.
const FOOTER_AUTHOR: u64 = 1;

/// What the header and the columns of a change say, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHeader {
    /// SHA-256 over the uncompressed body, as Automerge computes it; recomputed here, never taken from the peer.
    pub hash: ChangeHash,
    /// Who made the change.
    pub actor: ActorId,
    /// Other actors that its operations refer to, in the order of the chunk, which is their own.
    pub other_actors: Vec<ActorId>,
    /// Number of the change among its actor's; from 1.
    pub seq: u64,
    /// Counter of the first operation; from 1.
    pub start_op: u64,
    /// Counter of the last operation: `start_op + op_count - 1`; one below `start_op` when the change is empty.
    pub max_op: u64,
    /// How many operations it has.
    pub op_count: u64,
    /// Changes that it builds on, in the order of the chunk; none twice.
    pub deps: Vec<ChangeHash>,
    /// The author's bytes, where the change carries them.
    pub author: Option<Vec<u8>>,
    /// The author's clock: seconds or milliseconds since 1970, as the program wrote them. A label only.
    pub timestamp: i64,
    /// Length of the commit message in bytes.
    pub message_len: usize,
    /// Length of the canonical chunk in bytes.
    pub size: usize,
}

/// Why a chunk is not taken. [`ChunkError::code`] is stable and goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The chunk is larger than the limit, as it came or inflated.
    #[error("the change is larger than {limit} bytes; split the edit into smaller ones")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes end before the chunk does.
    #[error("the change is cut short")]
    Truncated,
    /// The first bytes aren't those of an Automerge chunk.
    #[error("the bytes aren't an Automerge chunk")]
    Magic,
    /// A document, a bundle or something newer.
    #[error("chunks of type {0} aren't taken here; send changes one by one")]
    UnsupportedKind(u8),
    /// The checksum doesn't belong to the body: damaged on the way or on disk.
    #[error("the change is damaged: its checksum is wrong")]
    Checksum,
    /// There are bytes after the chunk.
    #[error("there are bytes after the change")]
    Trailing,
    /// A number is too large or not in its shortest form.
    #[error("a number in the change is malformed")]
    Number,
    /// The body can't be inflated.
    #[error("the change can't be inflated")]
    Inflate,
    /// A text isn't UTF-8.
    #[error("a text in the change isn't UTF-8")]
    Text,
    /// An actor is empty, too long, listed twice, out of order or for nothing.
    #[error("the actors of the change are malformed")]
    Actors,
    /// A dependency is listed twice.
    #[error("a dependency of the change is listed twice")]
    Deps,
    /// The number of the change or of its first operation is 0.
    #[error("the change counts from 0; numbers begin with 1")]
    Zero,
    /// The list of columns is out of order, has an empty one or a deflated one.
    #[error("the columns of the change are malformed")]
    Columns,
    /// There is a column that this version doesn't know.
    #[error("the change has a column that this version doesn't know; update the program")]
    UnknownColumn,
    /// A column isn't in the shortest encoding, or has more or fewer rows than there are operations.
    #[error("a column of the change is malformed")]
    Runs,
    /// An operation that Automerge couldn't have written.
    #[error("operation {index} of the change is malformed: {what}")]
    Operation {
        /// Which one, from 0.
        index: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The bytes after the columns begin like an author but aren't one.
    #[error("the author of the change is malformed")]
    Author,
    /// More operations than the limit.
    #[error("the change has too many operations; split the edit into smaller ones")]
    TooManyOps,
    /// More predecessors than the limit.
    #[error("the change replaces too many values at once; split the edit into smaller ones")]
    TooManyPreds,
    /// More bytes of keys and mark names than the limit.
    #[error("the names in the change are too long together; split the edit into smaller ones")]
    NamesTooLong,
    /// More dependencies than the limit.
    #[error("the change has too many dependencies; sync more often")]
    TooManyDeps,
    /// More actors than the limit.
    #[error("the change refers to too many actors")]
    TooManyActors,
    /// More columns than the limit.
    #[error("the change has too many columns")]
    TooManyColumns,
    /// A message longer than the limit.
    #[error("the message of the change is too long")]
    MessageTooLong,
    /// More bytes after the columns than the limit.
    #[error("the bytes after the columns of the change are too many")]
    ExtraTooLong,
    /// Objects that lie deeper in each other than the limit.
    #[error("the change makes objects that lie too deep in each other")]
    TooDeep,
    /// The counter of the last operation is above the limit.
    #[error("the operation counter of the change is too high")]
    CounterTooHigh,
}

impl ChunkError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "chunk_too_large",
            Self::Truncated => "chunk_truncated",
            Self::Magic => "chunk_magic",
            Self::UnsupportedKind(_) => "chunk_kind_unsupported",
            Self::Checksum => "chunk_checksum",
            Self::Trailing => "chunk_trailing_bytes",
            Self::Number => "chunk_number",
            Self::Inflate => "chunk_inflate",
            Self::Text => "chunk_text",
            Self::Actors => "chunk_actors",
            Self::Deps => "chunk_deps",
            Self::Zero => "chunk_zero",
            Self::Columns => "chunk_columns",
            Self::UnknownColumn => "chunk_unknown_column",
            Self::Runs => "chunk_runs",
            Self::Operation { .. } => "chunk_operation",
            Self::Author => "chunk_author",
            Self::TooManyOps => "chunk_too_many_operations",
            Self::TooManyPreds => "chunk_too_many_predecessors",
            Self::NamesTooLong => "chunk_names_too_long",
            Self::TooManyDeps => "chunk_too_many_deps",
            Self::TooManyActors => "chunk_too_many_actors",
            Self::TooManyColumns => "chunk_too_many_columns",
            Self::MessageTooLong => "chunk_message_too_long",
            Self::ExtraTooLong => "chunk_extra_too_long",
            Self::TooDeep => "chunk_too_deep",
            Self::CounterTooHigh => "chunk_counter_too_high",
        }
    }

    /// Whether the same bytes could be taken later: never.
    pub fn is_retryable(&self) -> bool {
        false
    }

    /// Says which operation a fault is in.
    fn at(self, index: u64) -> Self {
        match self {
            Self::Operation { what, .. } => Self::Operation { index, what },
            other => other,
        }
    }
}

/// Reads one change chunk: its header, and its canonical bytes, which load in Automerge with the same hash.
///
/// Takes time and memory in proportion to the bytes and to the limits, whatever the bytes declare.
pub fn parse(bytes: &[u8], limits: &ChunkLimits) -> Result<(ChangeHeader, Vec<u8>), ChunkError> {
    let (kind, checksum, data) = open(bytes, limits)?;
    let inflated;
    let body = match kind {
        KIND_CHANGE => data,
        KIND_DEFLATED => {
            inflated = inflate(data, limits.bytes_max)?;
            &inflated
        }
        other => return Err(ChunkError::UnsupportedKind(other)),
    };
    let prefix = hashed_prefix(body.len());
    let hash = hash_body(&prefix, body);
    let [a, b, c, d, ..] = *hash.as_bytes();
    if [a, b, c, d] != checksum {
        return Err(ChunkError::Checksum);
    }
    let canonical = [&MAGIC[..], &checksum, &prefix, body].concat();
    if canonical.len() > limits.bytes_max {
        return Err(ChunkError::TooLarge { limit: limits.bytes_max });
    }
    let header = read_body(body, hash, canonical.len(), limits)?;
    Ok((header, canonical))
}

/// The hash of a canonical chunk, after checking that its bytes are whole: for bytes that come back from a disk.
pub fn verify(canonical: &[u8], limits: &ChunkLimits) -> Result<ChangeHash, ChunkError> {
    let (kind, checksum, body) = open(canonical, limits)?;
    if kind != KIND_CHANGE {
        return Err(ChunkError::UnsupportedKind(kind));
    }
    let hash = hash_body(&hashed_prefix(body.len()), body);
    if hash.as_bytes().starts_with(&checksum) { Ok(hash) } else { Err(ChunkError::Checksum) }
}

/// Cuts a chunk into type, checksum and body.
fn open<'a>(bytes: &'a [u8], limits: &ChunkLimits) -> Result<(u8, [u8; 4], &'a [u8]), ChunkError> {
    if bytes.len() > limits.bytes_max {
        return Err(ChunkError::TooLarge { limit: limits.bytes_max });
    }
    let mut cursor = Cursor::new(bytes);
    if cursor.array()? != MAGIC {
        return Err(ChunkError::Magic);
    }
    let checksum = cursor.array()?;
    let kind = cursor.byte()?;
    let len = cursor.unsigned()?;
    let body = cursor.take(len)?;
    if cursor.is_empty() { Ok((kind, checksum, body)) } else { Err(ChunkError::Trailing) }
}

/// Inflates at most `limit` bytes; asks the decoder for one more, to know that there are no more.
fn inflate(deflated: &[u8], limit: usize) -> Result<Vec<u8>, ChunkError> {
    let mut body = Vec::new();
    let decoder = flate2::bufread::DeflateDecoder::new(deflated);
    decoder.take(limit as u64 + 1).read_to_end(&mut body).map_err(|_| ChunkError::Inflate)?;
    if body.len() > limit { Err(ChunkError::TooLarge { limit }) } else { Ok(body) }
}

/// Type and length of an uncompressed change, as they are hashed and as they stand in the chunk.
fn hashed_prefix(body_len: usize) -> Vec<u8> {
    let mut prefix = vec![KIND_CHANGE];
    let mut rest = body_len;
    while rest > 0x7f {
        prefix.push(u8::try_from(rest & 0x7f).expect("seven bits fit a byte") | 0x80);
        rest >>= 7;
    }
    prefix.push(u8::try_from(rest).expect("seven bits fit a byte"));
    prefix
}

fn hash_body(prefix: &[u8], body: &[u8]) -> ChangeHash {
    ChangeHash::from_bytes(Sha256::new().chain_update(prefix).chain_update(body).finalize().into())
}

fn read_body(
    body: &[u8],
    hash: ChangeHash,
    size: usize,
    limits: &ChunkLimits,
) -> Result<ChangeHeader, ChunkError> {
    let mut cursor = Cursor::new(body);
    let deps = read_deps(&mut cursor, limits)?;
    let actor = read_actor(&mut cursor)?;
    let seq = cursor.unsigned()?;
    let start_op = cursor.unsigned()?;
    if seq == 0 || start_op == 0 {
        return Err(ChunkError::Zero);
    }
    let timestamp = cursor.signed()?;
    let message_len = cursor.unsigned()?;
    if message_len > limits.message_bytes_max {
        return Err(ChunkError::MessageTooLong);
    }
    let message_len = cursor.text(message_len)?.len();
    let other_actors = read_other_actors(&mut cursor, &actor, limits)?;
    let columns = Columns::read(&mut cursor, limits)?;
    let author = read_author(cursor.rest(), limits)?;

    let op_count = columns.count(limits)?;
    let max_op = max_op(start_op, op_count, limits)?;
    let actors: Vec<&ActorId> = std::iter::once(&actor).chain(&other_actors).collect();
    operations::check(&columns, &actors, start_op..=max_op, limits)?;
    Ok(ChangeHeader {
        hash,
        actor,
        other_actors,
        seq,
        start_op,
        max_op,
        op_count,
        deps,
        author,
        timestamp,
        message_len,
        size,
    })
}

fn max_op(start_op: u64, op_count: u64, limits: &ChunkLimits) -> Result<u64, ChunkError> {
    let end = start_op.checked_add(op_count).ok_or(ChunkError::CounterTooHigh)?;
    let max_op = end - 1;
    if start_op.max(max_op) > limits.op_counter_max { Err(ChunkError::CounterTooHigh) } else { Ok(max_op) }
}

fn read_deps(cursor: &mut Cursor<'_>, limits: &ChunkLimits) -> Result<Vec<ChangeHash>, ChunkError> {
    let count = cursor.unsigned()?;
    if count > limits.deps_max {
        return Err(ChunkError::TooManyDeps);
    }
    let mut deps = Vec::new();
    for _ in 0..count {
        deps.push(ChangeHash::from_bytes(cursor.array()?));
    }
    let mut sorted = deps.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) { Err(ChunkError::Deps) } else { Ok(deps) }
}

fn read_actor(cursor: &mut Cursor<'_>) -> Result<ActorId, ChunkError> {
    let len = cursor.unsigned()?;
    ActorId::from_slice(cursor.take(len)?).ok_or(ChunkError::Actors)
}

fn read_other_actors(
    cursor: &mut Cursor<'_>,
    own: &ActorId,
    limits: &ChunkLimits,
) -> Result<Vec<ActorId>, ChunkError> {
    let count = cursor.unsigned()?;
    if count > limits.actors_max {
        return Err(ChunkError::TooManyActors);
    }
    let mut actors: Vec<ActorId> = Vec::new();
    for _ in 0..count {
        let actor = read_actor(cursor)?;
        if actor == *own || actors.last().is_some_and(|last| *last >= actor) {
            return Err(ChunkError::Actors);
        }
        actors.push(actor);
    }
    Ok(actors)
}

/// Reads the author from the bytes after the columns; what isn't an author is left to later versions.
fn read_author(extra: &[u8], limits: &ChunkLimits) -> Result<Option<Vec<u8>>, ChunkError> {
    if extra.len() > limits.extra_bytes_max {
        return Err(ChunkError::ExtraTooLong);
    }
    if extra.is_empty() {
        return Ok(None);
    }
    let mut cursor = Cursor::new(extra);
    if cursor.unsigned()? != FOOTER_AUTHOR {
        return Ok(None);
    }
    let len = cursor.unsigned().map_err(|_| ChunkError::Author)?;
    if len == 0 || len > limits.author_bytes_max {
        return Err(ChunkError::Author);
    }
    cursor.take(len).map(|author| Some(author.to_vec())).map_err(|_| ChunkError::Author)
}
