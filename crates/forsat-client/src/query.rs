//! Queries on records: one in full, lists, search and issues. Each reads one moment of the store.

use crate::engine::Engine;
use crate::error::{ClientError, Damage};
use crate::find::{self, Hit};
use crate::ids::document_id;
use crate::model::{IssueList, IssueView, RecordView, SideView, json};
use crate::view::{self, Viewer};
use crate::world::{self, StoreWorld, each_state};
use crate::{status, vault};
use forsat_domain::collate;
use forsat_domain::id::encode_id;
use forsat_domain::issue::{Issue, issues};
use forsat_domain::lifecycle::Life;
use forsat_domain::opportunity::Deal;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{ACCOUNT, USER, record_name};
use forsat_domain::world::World;
use forsat_store::Access;

mod condition;
mod list;
mod search;
mod select;
mod sort;

pub(crate) use condition::{check, saved_filter, whole};

/// Queries. `module` "record" (or empty) means any module.
impl Engine {
    /// The record in full.
    pub fn show(&self, module: &str, reference: &str) -> Result<RecordView, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve(&tx, self.schema(), module, reference)?;
        let state = self.state_of(&tx, &hit)?;
        let world = StoreWorld::new(&tx)?;
        let viewer = self.viewer(&world);
        let deal = viewer.deal(&state);
        let short = encode_id(hit.id.as_bytes());
        let (prefix, name) = (find::prefix_len(&tx, hit.id)?, self.name(&state));
        let found = issues(&state, self.schema(), &world, viewer.today);
        let unsent = tx.document(&document_id(hit.id))?.map_or(0, |row| row.counts.outbox);
        let view = RecordView {
            id: hit.id.0,
            issues: found
                .into_iter()
                .map(|issue| self.issue_view(&viewer, &state, deal.as_ref(), prefix, issue))
                .collect(),
            short,
            prefix,
            module: hit.module,
            name,
            merged_into: self.merged_into(&tx, &world, &state)?,
            lifecycle: view::life(Life::of(&state)).to_owned(),
            fields: viewer.fields(&state, deal.as_ref()),
            opportunity: deal.as_ref().map(|deal| viewer.opportunity(&state, deal)),
            unsent: unsent.into(),
            state,
        };
        world.check()?;
        Ok(view)
    }

    /// What someone has to decide or look at; `info` adds what is for information only.
    pub fn issues(&self, info: bool) -> Result<IssueList, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?.with_module(USER)?.with_module(ACCOUNT)?;
        let viewer = self.viewer(&world);
        let mut list = IssueList {
            issues: Vec::new(),
            sync: status::sync_issues(&tx)?,
            refused: status::refused(self, &tx)?,
        };
        for table in self.schema().modules() {
            let mut states = Vec::new();
            each_state(&tx, &table.name, &mut |state| {
                let found = issues(&state, self.schema(), &world, viewer.today);
                let found: Vec<Issue> = found.into_iter().filter(|issue| info || !issue.info_only).collect();
                if !found.is_empty() {
                    states.push((state, found));
                }
            })?;
            states.sort_by_cached_key(|(state, _)| (collate::sort_key(&self.name(state)), state.id));
            for (state, found) in states {
                let prefix = find::prefix_len(&tx, state.id)?;
                let deal = viewer.deal(&state);
                let views = found
                    .into_iter()
                    .map(|issue| self.issue_view(&viewer, &state, deal.as_ref(), prefix, issue));
                list.issues.extend(views);
            }
        }
        world.check()?;
        Ok(list)
    }

    pub(crate) fn viewer<'v, 't, A: Access>(&'v self, world: &'v StoreWorld<'t, A>) -> Viewer<'v, 't, A> {
        let today = world::today(world.settings(), self.ambient().now_ms());
        Viewer { world, schema: self.schema(), locale: self.locale(), today }
    }

    pub(crate) fn state_of<A: Access>(
        &self,
        tx: &forsat_store::Tx<A>,
        hit: &Hit,
    ) -> Result<RecordState, ClientError> {
        let missing = || {
            ClientError::Damaged(Damage::MissingRow { module: hit.module.clone(), id: hit.id.to_string() })
        };
        vault::state(tx, &hit.module, hit.id)?.ok_or_else(missing)
    }

    pub(crate) fn name(&self, state: &RecordState) -> String {
        record_name(state)
    }

    pub(crate) fn issue_view<A: Access>(
        &self,
        viewer: &Viewer<'_, '_, A>,
        state: &RecordState,
        deal: Option<&Deal>,
        prefix: usize,
        issue: Issue,
    ) -> IssueView {
        let field = self.schema().field(&state.module, &issue.field);
        let sides = issue.sides.iter().enumerate().map(|(at, side)| SideView {
            take: at + 1,
            value: json(&side.value),
            field: side.field.clone(),
            text: match (
                side.amount,
                side.field.as_deref().map_or(field, |path| self.schema().field(&state.module, path)),
            ) {
                (Some(amount), _) => viewer.locale.money(amount),
                (None, Some(field)) => field.format(&side.value, viewer.locale, viewer.world),
                (None, None) => String::new(),
            },
            author: side.author.and_then(|author| viewer.user(author)),
            time_ms: side.time_ms.unwrap_or_default(),
        });
        IssueView {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix,
            module: state.module.clone(),
            name: self.name(state),
            sides: sides.collect(),
            amount: deal.and_then(|deal| deal.amount.worth.known()),
            issue,
        }
    }
}
