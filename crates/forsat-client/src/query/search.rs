//! Search over all modules: every word must occur in the searched fields; what is named so comes first.

use super::select::{Surroundings, Words};
use crate::briefs::{self, Brief, Head};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::find::{self, Hit};
use crate::model::Found;
use crate::world::StoreWorld;
use forsat_domain::id::encode_id;
use forsat_domain::record::RecordState;
use forsat_domain::schema::record_name;
use forsat_domain::{RecordId, collate, text};
use forsat_store::ReadTx;
use std::collections::BTreeSet;

/// How well a record answers a search; the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The name is what was typed.
    Named,
    /// The name begins with what was typed.
    NameBegins,
    /// The name holds every word.
    NameHolds,
    /// Other fields hold some of the words.
    Elsewhere,
}

struct Match {
    rank: Rank,
    module: usize,
    name: String,
    id: RecordId,
}

/// Search.
impl Engine {
    /// Records whose searched fields hold every word of the text, folded, the best first; at most `limit`.
    pub fn find(&self, typed: &str, limit: usize) -> Result<Vec<Found>, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?;
        let folded = text::fold(typed);
        let words = Words::of(typed);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let modules = self.schema().modules();
        let referred: BTreeSet<String> = modules.iter().flat_map(|table| words.references(table)).collect();
        let mut known = Surroundings::new(self, &tx, &world)?;
        known.know(&tx, &referred)?;
        let mut words = words.with_names(&known);
        let mut matches = Vec::new();
        for (at, table) in modules.iter().enumerate() {
            words = words.in_columns(table);
            briefs::each(&tx, &table.name, &mut |id, bytes| {
                let head = Head::decode(bytes)?;
                let found = words.are_in_head(&head)
                    || (words.may_be_named() && words.are_in(&Brief::decode(bytes)?));
                if found && head.visible && head.merged_into.is_none() {
                    let (rank, name) = (rank(&head, &folded, &words), head.name.to_owned());
                    matches.push(Match { rank, module: at, name, id });
                }
                Ok(())
            })?;
        }
        matches
            .sort_by_cached_key(|found| (found.rank, found.module, collate::sort_key(&found.name), found.id));
        matches.truncate(limit);
        world.check()?;
        matches.into_iter().map(|found| self.found(&tx, found)).collect()
    }

    /// A record that was read, as a search shows it.
    pub(crate) fn found_state(
        &self,
        tx: &ReadTx,
        hit: Hit,
        state: &RecordState,
    ) -> Result<Found, ClientError> {
        Ok(Found {
            id: hit.id.0,
            short: encode_id(hit.id.as_bytes()),
            prefix: find::prefix_len(tx, hit.id)?,
            module: hit.module,
            name: record_name(state),
        })
    }

    fn found(&self, tx: &ReadTx, found: Match) -> Result<Found, ClientError> {
        Ok(Found {
            id: found.id.0,
            short: encode_id(found.id.as_bytes()),
            prefix: find::prefix_len(tx, found.id)?,
            module: self.schema().modules()[found.module].name.to_string(),
            name: found.name,
        })
    }
}

fn rank(head: &Head<'_>, folded: &str, words: &Words) -> Rank {
    let name = head.search.split('\n').next().unwrap_or_default();
    if name == folded {
        Rank::Named
    } else if name.starts_with(folded) {
        Rank::NameBegins
    } else if words.are_in_name(name) {
        Rank::NameHolds
    } else {
        Rank::Elsewhere
    }
}
