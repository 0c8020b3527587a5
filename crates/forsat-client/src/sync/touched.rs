//! The records that a sync has changed, with what they said before, until they are summed up.

use super::summary::{AmountChange, IssueChange, RECORDS_MAX, RecordChange};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::world::StoreWorld;
use crate::{find, vault, world};
use forsat_domain::id::encode_id;
use forsat_domain::issue;
use forsat_domain::opportunity::{Deal, Worth};
use forsat_domain::record::{FieldState, RecordState, Register, Scalar};
use forsat_domain::schema::{OPPORTUNITY, record_name};
use forsat_domain::world::World;
use forsat_domain::{CivilDate, Money, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// What came in for one record.
#[derive(Clone, Debug)]
pub(super) struct Touch {
    pub id: RecordId,
    /// What it said here; none for a record that is new here.
    pub before: Option<RecordState>,
    /// What it said on the other side, where both had edited it.
    pub sides: Vec<RecordState>,
}

/// All records that came in since the last summary.
#[derive(Debug, Default)]
pub(super) struct Touched {
    records: BTreeMap<RecordId, Touch>,
    more: BTreeSet<RecordId>,
}

impl Touched {
    /// Adds records; of one that was touched before, the first state counts.
    pub(super) fn extend(&mut self, touches: impl IntoIterator<Item = Touch>) {
        for touch in touches {
            if let Some(known) = self.records.get_mut(&touch.id) {
                known.sides.extend(touch.sides);
            } else if self.records.len() < RECORDS_MAX {
                self.records.insert(touch.id, touch);
            } else {
                self.more.insert(touch.id);
            }
        }
    }

    /// Leaves out records that have left this store.
    pub(super) fn forget(&mut self, gone: &[RecordId]) {
        for id in gone {
            self.records.remove(id);
            self.more.remove(id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.more.is_empty()
    }

    /// Sums up and begins anew; answers the records and how many more there were. Where that fails, it can be done later.
    pub(super) fn sum_up(&mut self, engine: &Engine) -> Result<(Vec<RecordChange>, u64), ClientError> {
        if self.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let tx = engine.read()?;
        let today = world::today(&world::settings(&tx)?, engine.ambient().now_ms());
        let world = StoreWorld::new(&tx)?;
        let mut changes = Vec::new();
        for touch in self.records.values() {
            let Some(now) = vault::any_state(&tx, touch.id)? else { continue };
            let prefix = find::prefix_len(&tx, touch.id)?;
            changes.push(describe(engine, touch, &now, prefix, &world, today));
        }
        world.check()?;
        changes.retain(RecordChange::says_something);
        changes.sort_by(|left, right| {
            (&left.module, &left.name, left.id).cmp(&(&right.module, &right.name, right.id))
        });
        Ok((changes, std::mem::take(self).more.len() as u64))
    }
}

impl RecordChange {
    fn says_something(&self) -> bool {
        self.new || !self.changed.is_empty() || !self.issues.is_empty() || !self.ended.is_empty()
    }
}

fn describe(
    engine: &Engine,
    touch: &Touch,
    now: &RecordState,
    prefix: usize,
    world: &dyn World,
    today: CivilDate,
) -> RecordChange {
    let schema = engine.schema();
    let issues_of = |state: &RecordState| -> BTreeSet<IssueChange> {
        issue::issues(state, schema, world, today).into_iter().map(issue_change).collect()
    };
    let before_issues = touch.before.as_ref().map(issues_of).unwrap_or_default();
    let now_issues = issues_of(now);
    let issues: Vec<IssueChange> = now_issues.difference(&before_issues).cloned().collect();
    let changed = touch.before.as_ref().map(|before| changed_fields(before, now)).unwrap_or_default();
    let merged = if touch.sides.is_empty() { Vec::new() } else { merged_fields(touch, now, &now_issues) };
    RecordChange {
        id: now.id.0,
        short: encode_id(now.id.as_bytes()),
        prefix,
        module: now.module.clone(),
        name: record_name(now),
        new: touch.before.is_none(),
        changed,
        merged,
        issues,
        ended: before_issues.difference(&now_issues).cloned().collect(),
        amount: untyped_amount(touch, now, world, today),
    }
}

fn issue_change(issue: issue::Issue) -> IssueChange {
    let field = (!issue.field.is_empty()).then_some(issue.field);
    IssueChange { code: issue.code.as_str().to_owned(), field, info_only: issue.info_only }
}

fn changed_fields(before: &RecordState, now: &RecordState) -> Vec<String> {
    let names: BTreeSet<&String> = before.fields.keys().chain(now.fields.keys()).collect();
    let differs = |name: &&String| !says_same(before.fields.get(*name), now.fields.get(*name));
    names.into_iter().filter(differs).cloned().collect()
}

/// Fields in which the two sides differed and nothing is left to decide.
fn merged_fields(touch: &Touch, now: &RecordState, issues: &BTreeSet<IssueChange>) -> Vec<String> {
    let Some(before) = &touch.before else { return Vec::new() };
    let mut fields: BTreeSet<String> = BTreeSet::new();
    for side in &touch.sides {
        fields.extend(changed_fields(before, side));
    }
    let disputed = |field: &String| {
        let inside = format!("{field}/");
        issues
            .iter()
            .filter(|issue| !issue.info_only)
            .filter_map(|issue| issue.field.as_ref())
            .any(|named| named == field || named.starts_with(&inside))
    };
    let conflicted = |field: &String| matches!(now.fields.get(field), Some(FieldState::Register(register)) if register.is_conflicted());
    fields.into_iter().filter(|field| !disputed(field) && !conflicted(field)).collect()
}

/// Whether two fields say the same, whoever wrote it.
fn says_same(left: Option<&FieldState>, right: Option<&FieldState>) -> bool {
    match (left, right) {
        (Some(FieldState::Register(left)), Some(FieldState::Register(right))) => {
            values(left) == values(right)
        }
        (Some(FieldState::Map(left)), Some(FieldState::Map(right))) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((left_id, left), (right_id, right))| {
                    let same = |(l, r): ((&String, &Register), (&String, &Register))| {
                        l.0 == r.0 && values(l.1) == values(r.1)
                    };
                    left_id == right_id
                        && left.fields.len() == right.fields.len()
                        && left.fields.iter().zip(&right.fields).all(same)
                })
        }
        (left, right) => left == right,
    }
}

fn values(register: &Register) -> Vec<&Scalar> {
    register.sides.iter().map(|side| &side.value).collect()
}

/// The amount of a deal that nobody typed or saw before the merge.
fn untyped_amount(
    touch: &Touch,
    now: &RecordState,
    world: &dyn World,
    today: CivilDate,
) -> Option<AmountChange> {
    if now.module != OPPORTUNITY || touch.sides.is_empty() {
        return None;
    }
    let amount = |state: &RecordState| match Deal::read(state, world, today).amount.worth {
        Worth::Known(money) => Some(money),
        _ => None,
    };
    let before: Option<Money> = touch.before.as_ref().and_then(amount);
    let now_is = amount(now);
    let is_known = now_is == before || touch.sides.iter().any(|side| amount(side) == now_is);
    (!is_known).then_some(AmountChange { before, now: now_is })
}
