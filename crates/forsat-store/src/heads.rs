//! The heads of changes, from their headers alone.

use std::collections::BTreeSet;

use forsat_sync::chunk::ChangeHeader;
use forsat_sync::id::ChangeHash;

/// The heads of some changes of a document, sorted: of those that have all that they build on among them, whatever the
/// order that they are given in. A change whose past isn't whole counts for nothing.
pub fn heads_of<'a>(headers: impl IntoIterator<Item = &'a ChangeHeader>) -> Vec<ChangeHash> {
    let (based, built_on) = based(headers);
    based.difference(&built_on).copied().collect()
}

/// Changes that have all that they build on, and what they build on.
pub(crate) fn based<'a>(
    headers: impl IntoIterator<Item = &'a ChangeHeader>,
) -> (BTreeSet<ChangeHash>, BTreeSet<ChangeHash>) {
    let mut headers: Vec<&ChangeHeader> = headers.into_iter().collect();
    // A change counts on from what it builds on, so what it builds on comes before it.
    headers.sort_by_key(|header| header.start_op);
    let (mut based, mut built_on) = (BTreeSet::new(), BTreeSet::new());
    for header in headers {
        if header.deps.iter().all(|dep| based.contains(dep)) {
            based.insert(header.hash);
            built_on.extend(header.deps.iter().copied());
        }
    }
    (based, built_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_sync::id::ActorId;

    fn header(number: u8, start_op: u64, deps: &[u8]) -> ChangeHeader {
        ChangeHeader {
            hash: ChangeHash::from_bytes([number; 32]),
            actor: ActorId::from([7; 16]),
            other_actors: Vec::new(),
            seq: 1,
            start_op,
            max_op: start_op,
            op_count: 1,
            deps: deps.iter().map(|dep| ChangeHash::from_bytes([*dep; 32])).collect(),
            author: None,
            timestamp: 0,
            message_len: 0,
            size: 0,
        }
    }

    #[test]
    fn heads_are_what_nothing_builds_on_among_changes_whose_past_is_whole() {
        let all = [
            header(4, 9, &[3]),
            header(2, 2, &[1]),
            header(1, 1, &[]),
            header(3, 2, &[1]),
            header(6, 9, &[5]),
        ];
        let hash = |number: u8| ChangeHash::from_bytes([number; 32]);
        assert_eq!(heads_of(&all), [hash(2), hash(4)]);
        assert_eq!(heads_of(&all[..2]), []);
        assert_eq!(heads_of([]), []);
    }
}
