//! Tests of the digests: against recomputation from scratch, and against order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Documents = BTreeMap<DocumentId, Vec<ChangeHash>>;

fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

fn head(number: u8) -> ChangeHash {
    ChangeHash::from_bytes([number; 32])
}

/// The buckets by summing up all documents, the tree by hashing it whole: shares nothing with the incremental way.
fn root_from_scratch(documents: &Documents) -> Digest {
    let mut level = vec![0u128; BUCKETS];
    for (document, heads) in documents {
        let digest = document_digest(document, heads);
        let sum = &mut level[usize::from(Bucket::of(document).get())];
        *sum = sum.wrapping_add(u128::from_be_bytes(*digest.as_bytes()));
    }
    for number in (0..LEVEL_BUCKETS).rev() {
        let nodes = level.chunks(16).map(|children| {
            let bytes: Vec<u8> = children.iter().flat_map(|child| child.to_be_bytes()).collect();
            if bytes.iter().all(|byte| *byte == 0) {
                return 0;
            }
            let hash = blake3::hash(&[&[number], &bytes[..]].concat());
            u128::from_be_bytes(hash.as_bytes()[..16].try_into().unwrap())
        });
        level = nodes.collect();
    }
    Digest::from_bytes(level[0].to_be_bytes())
}

fn trie_of(documents: &Documents) -> Trie {
    let mut trie = Trie::new();
    for (document, heads) in documents {
        trie.update(document, Digest::EMPTY, document_digest(document, heads));
    }
    trie
}

#[test]
fn an_empty_space_has_the_empty_root() {
    assert_eq!(Trie::new().root(), Digest::EMPTY);
    assert_eq!(Trie::from_buckets([]), Trie::new());
    assert_eq!(document_digest(&document(1), &[]), Digest::EMPTY);
}

#[test]
fn a_document_digest_fixes_the_document_and_its_heads_not_their_order() {
    let digest = document_digest(&document(1), &[head(1), head(2)]);
    assert_eq!(digest, document_digest(&document(1), &[head(2), head(1)]));
    assert_ne!(digest, document_digest(&document(2), &[head(1), head(2)]));
    assert_ne!(digest, document_digest(&document(1), &[head(1)]));
}

/// Digests are compared between programs of different age: their bytes are a format.
#[test]
fn digests_keep_their_bytes() {
    let digest = document_digest(&document(1), &[head(1)]);
    assert_eq!(digest.to_string(), "2a4ca5b74f1cb9afa57122353315804f");
    assert_eq!(Bucket::of(&document(1)).get(), 1222);
    let mut trie = Trie::new();
    trie.update(&document(1), Digest::EMPTY, digest);
    assert_eq!(trie.root().to_string(), "902346853c692a01366bd254756a7381");
}

#[test]
fn nodes_lead_from_the_root_to_every_bucket() {
    let mut found = Vec::new();
    let mut open = vec![Node::ROOT];
    while let Some(node) = open.pop() {
        found.extend(node.bucket().map(Bucket::get));
        open.extend(node.children());
    }
    found.sort_unstable();
    assert_eq!(found, (0..4096).collect::<Vec<u16>>());
    assert!(Node::new(2, 256).is_none() && Node::new(4, 0).is_none() && Bucket::new(4096).is_none());
    assert_eq!(Node::new(3, 9), Bucket::new(9).map(Bucket::node));
}

#[test]
fn a_walk_by_differing_nodes_finds_the_differing_buckets() {
    let documents: Documents = (0..200).map(|n| (document(n), vec![head(n)])).collect();
    let (ours, mut theirs) = (trie_of(&documents), trie_of(&documents));
    let before = document_digest(&document(77), &[head(77)]);
    theirs.update(&document(77), before, document_digest(&document(77), &[head(78)]));
    theirs.update(&document(201), Digest::EMPTY, document_digest(&document(201), &[head(1)]));
    let (mut found, mut open) = (Vec::new(), vec![Node::ROOT]);
    while let Some(node) = open.pop() {
        if ours.node(node) != theirs.node(node) {
            found.extend(node.bucket());
            open.extend(node.children());
        }
    }
    found.sort_unstable();
    let mut expected = vec![Bucket::of(&document(77)), Bucket::of(&document(201))];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

proptest! {
    #[test]
    fn updates_in_any_order_equal_recomputation(
        steps in prop::collection::vec((0u8..40, prop::collection::vec(0u8..9, 0..3)), 0..60),
    ) {
        let mut documents = Documents::new();
        let mut trie = Trie::new();
        for (number, heads) in steps {
            let id = document(number);
            let heads: Vec<ChangeHash> = heads.into_iter().map(head).collect();
            let old = documents.get(&id).map_or(Digest::EMPTY, |heads| document_digest(&id, heads));
            let (bucket, digest) = trie.update(&id, old, document_digest(&id, &heads));
            prop_assert_eq!((bucket, trie.bucket(bucket)), (Bucket::of(&id), digest));
            if heads.is_empty() { documents.remove(&id); } else { documents.insert(id, heads); }
        }
        prop_assert_eq!(trie.root(), root_from_scratch(&documents));
        prop_assert_eq!(&Trie::from_buckets(trie.buckets()), &trie);
        prop_assert_eq!(&trie_of(&documents), &trie);
        for (id, heads) in documents.iter().rev() {
            trie.update(id, document_digest(id, heads), Digest::EMPTY);
        }
        prop_assert_eq!(trie, Trie::new());
    }
}
