//! Duplicates: pairs to look at, pairs that are none, merging records into one, and taking that back.

use crate::commands::finder;
use crate::engine::Engine;
use crate::error::{ClientError, ClientRefusal};
use crate::find::{self, Hit};
use crate::ids::document_id;
use crate::model::{FieldInput, Found, Saved};
use crate::turn::Turn;
use crate::view::Viewer;
use crate::world::{self, StoreWorld};
use forsat_domain::RecordId;
use forsat_domain::command::{
    Context, FieldChoice, Refusal, Take, Taken, dismiss, is_mergeable, merge, merge_rows, take_back, unmerge,
};
use forsat_domain::duplicates::{Criteria, Reason, converted_apart, read_criteria, search};
use forsat_domain::lifecycle;
use forsat_domain::record::RecordState;
use forsat_domain::schema::input::ParseContext;
use forsat_domain::schema::{ACCOUNT, CONTACT, FieldDef, LEAD, ModuleDef};
use forsat_domain::world::World;
use forsat_store::{Access, ReadTx};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Why two records are suggested as one.
#[derive(Clone, Debug, Serialize)]
pub struct PairReason {
    /// The rule.
    pub reason: Reason,
    /// In English.
    pub label_en: String,
    /// In Persian.
    pub label_fa: String,
}

/// Two records that may stand for one thing.
#[derive(Clone, Debug, Serialize)]
pub struct DuplicatePair {
    /// One record.
    pub left: Found,
    /// The other.
    pub right: Found,
    /// Why, the strongest reason first.
    pub reasons: Vec<PairReason>,
}

/// The pairs of a module.
#[derive(Clone, Debug, Serialize)]
pub struct DuplicateList {
    /// The module's name.
    pub module: String,
    /// The pairs, the strongest first.
    pub pairs: Vec<DuplicatePair>,
}

/// What one record says in a row of a merge.
#[derive(Clone, Debug, Serialize)]
pub struct MergeCell {
    /// The value as a person reads it; empty when there is none.
    pub text: String,
    /// Whether the merge takes it.
    pub taken: bool,
}

/// One field of a merge in which the records differ.
#[derive(Clone, Debug, Serialize)]
pub struct MergePreviewRow {
    /// The field's name.
    pub field: String,
    /// Its English label.
    pub label_en: String,
    /// Its Persian label.
    pub label_fa: String,
    /// A cell for each record, the survivor's first.
    pub cells: Vec<MergeCell>,
    /// The value that was given instead, as it was typed.
    pub given: Option<String>,
}

/// What a merge would do.
#[derive(Clone, Debug, Serialize)]
pub struct MergePreview {
    /// The records: the survivor, then those that are merged into it.
    pub records: Vec<Found>,
    /// The fields in which they differ.
    pub rows: Vec<MergePreviewRow>,
}

/// What taking a merge back would leave on the survivor.
#[derive(Clone, Debug, Serialize)]
pub struct UnmergePreview {
    /// The record that was merged.
    pub loser: Found,
    /// The record that it was merged into.
    pub survivor: Option<Found>,
    /// The fields that the merge copied and that are still as it wrote them.
    pub copied: Vec<String>,
}

/// Duplicates.
impl Engine {
    /// Pairs of a module, or those of one record; `by` names fields to compare, such as `name similar, phone exact`.
    pub fn duplicates(
        &self,
        module: &str,
        reference: Option<&str>,
        by: Option<&str>,
    ) -> Result<DuplicateList, ClientError> {
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        if !is_mergeable(&table.name) {
            return Err(Refusal::NotMergeable(table.name.to_string()).into());
        }
        let only = reference.map(|text| find::resolve(&tx, self.schema(), &table.name, text)).transpose()?;
        let criteria = match by {
            Some(by) => Criteria::Fields(read_criteria(table, by)?),
            None => Criteria::Keys,
        };
        let world = StoreWorld::new(&tx)?.with_module(&table.name)?;
        let only = only.map(|hit| lifecycle::surviving_id(hit.id, &world));
        let states = world::module_states(&tx, &table.name)?;
        let leads = if matches!(table.name.as_ref(), ACCOUNT | CONTACT) {
            world::module_states(&tx, LEAD)?
        } else {
            Vec::new()
        };
        let suggested = converted_apart(&table.name, &leads, &world);
        let pairs = search(table, &states, &world, &criteria, suggested);
        let wanted =
            pairs.into_iter().filter(|pair| only.is_none_or(|id| pair.left == id || pair.right == id));
        let mut list = DuplicateList { module: table.name.to_string(), pairs: Vec::new() };
        for pair in wanted {
            let reasons = pair.reasons.into_iter().map(|reason| pair_reason(table, reason));
            list.pairs.push(DuplicatePair {
                left: self.found_by_id(&tx, &table.name, pair.left)?,
                right: self.found_by_id(&tx, &table.name, pair.right)?,
                reasons: reasons.collect(),
            });
        }
        world.check()?;
        Ok(list)
    }

    /// Says that two records are no duplicates of each other, for everybody and for good.
    pub fn dismiss(&self, module: &str, one: &str, other: &str) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let states = turn.named(module, &[one, other])?;
            let (id, edits) = turn.rule(&states[0], &mut BTreeMap::new(), |scene| {
                Ok(dismiss(scene.context, &states[0], &states[1])?)
            })?;
            let after = turn.edit(id, &edits)?;
            let state = after.unwrap_or_else(|| states[usize::from(states[0].id != id)].clone());
            turn.finish(&format!("{module} dismiss"), &state, BTreeMap::new())
        })
    }

    /// Says what merging would do: the fields in which the records differ, and what is taken of each.
    pub fn merge_preview(
        &self,
        module: &str,
        survivor: &str,
        losers: &[String],
        choices: &[FieldInput],
    ) -> Result<MergePreview, ClientError> {
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        let references = std::iter::once(survivor).chain(losers.iter().map(String::as_str));
        let hits = references.map(|text| find::resolve(&tx, self.schema(), &table.name, text));
        let hits = hits.collect::<Result<Vec<Hit>, _>>()?;
        refuse_other_spaces(&tx, &hits)?;
        let states = hits.iter().map(|hit| self.state_of(&tx, hit)).collect::<Result<Vec<_>, _>>()?;
        let world = StoreWorld::new(&tx)?;
        let viewer = self.viewer(&world);
        let find = finder(&tx, self.schema());
        let parse = ParseContext {
            today: viewer.today,
            currency: crate::commands::currency_of(&states[0], &world),
            settings: world.settings(),
            find: &find,
        };
        let choices = read_choices(table, choices, states.len(), &parse)?;
        let ambient = self.ambient();
        let identity = tx.identity()?;
        let user = identity.user.as_ref().map(crate::ids::user_id);
        let mut context = Context {
            now_ms: ambient.now_ms(),
            today: viewer.today,
            user: user.unwrap_or(forsat_domain::UserId(Uuid::nil())),
            new_uuid: &mut || ambient.uuid(),
            world: &world,
            schema: self.schema(),
        };
        // The rules speak before the person is asked.
        merge(&mut context, &states[0], &states[1..], &choices)?;
        let rows = merge_rows(&context, &states[0], &states[1..], &choices)?;
        let rows = rows.into_iter().filter_map(|row| preview_row(&viewer, &states, row.field, &row.taken));
        let rows = rows.collect();
        let records = hits.into_iter().zip(&states).map(|(hit, state)| self.found_state(&tx, hit, state));
        let records = records.collect::<Result<_, _>>()?;
        world.check()?;
        Ok(MergePreview { records, rows })
    }

    /// Merges records into a survivor; `choices` name a record's number from 1, or a value, for a field.
    ///
    /// The caller has shown [`Engine::merge_preview`] and was told to go on.
    pub fn merge(
        &self,
        module: &str,
        survivor: &str,
        losers: &[String],
        choices: &[FieldInput],
    ) -> Result<Saved, ClientError> {
        let table = find::module(self.schema(), module)?;
        self.turn(|turn| {
            let references: Vec<&str> =
                std::iter::once(survivor).chain(losers.iter().map(String::as_str)).collect();
            let states = turn.named(&table.name, &references)?;
            let planned = turn.rule(&states[0], &mut BTreeMap::new(), |scene| {
                let choices = read_choices(table, choices, states.len(), scene.parse)?;
                Ok(merge(scene.context, &states[0], &states[1..], &choices)?)
            })?;
            let after = turn.edit(states[0].id, &planned.edits)?.unwrap_or_else(|| states[0].clone());
            for (loser, edits) in &planned.losers {
                turn.edit(*loser, edits)?;
            }
            turn.finish(&format!("{} merge", table.short), &after, BTreeMap::new())
        })
    }

    /// Says what a merge had copied to the survivor and is still so there.
    pub fn unmerge_preview(&self, module: &str, reference: &str) -> Result<UnmergePreview, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve(&tx, self.schema(), module, reference)?;
        let state = self.state_of(&tx, &hit)?;
        let merged = unmerge(&state)?;
        let survivor = crate::vault::any_state(&tx, merged.survivor)?;
        let copied =
            survivor.as_ref().map(|survivor| take_back(survivor, &merged.copied)).unwrap_or_default();
        let fields: std::collections::BTreeSet<String> =
            copied.iter().map(|edit| edit.field().to_owned()).collect();
        let survivor = survivor.map(|state| {
            let hit = Hit { id: state.id, module: state.module.clone() };
            self.found_state(&tx, hit, &state)
        });
        Ok(UnmergePreview {
            loser: self.found_state(&tx, hit, &state)?,
            survivor: survivor.transpose()?,
            copied: fields.into_iter().collect(),
        })
    }

    /// Makes a merged record one of its own again; `back` also takes back what the merge copied and is still so.
    pub fn unmerge(&self, module: &str, reference: &str, back: bool) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let states = turn.named(module, &[reference])?;
            let merged = unmerge(&states[0])?;
            let survivor = crate::vault::any_state(&*turn.tx, merged.survivor)?.filter(|_| back);
            if let Some(survivor) = survivor {
                turn.edit(survivor.id, &take_back(&survivor, &merged.copied))?;
            }
            let after = turn.edit(states[0].id, &merged.edits)?.unwrap_or_else(|| states[0].clone());
            turn.finish(&format!("{module} unmerge"), &after, BTreeMap::new())
        })
    }

    /// The record that stands for a merged one.
    pub(crate) fn merged_into<A: Access>(
        &self,
        tx: &ReadTx,
        world: &StoreWorld<'_, A>,
        state: &RecordState,
    ) -> Result<Option<Found>, ClientError> {
        if lifecycle::merged_into(state).is_none() {
            return Ok(None);
        }
        let survivor = lifecycle::surviving_id(state.id, world);
        let Some(record) = world.record(survivor).filter(|_| survivor != state.id) else { return Ok(None) };
        self.found_state(tx, Hit { id: survivor, module: record.module.clone() }, &record).map(Some)
    }

    fn found_by_id(&self, tx: &ReadTx, module: &str, id: RecordId) -> Result<Found, ClientError> {
        let hit = Hit { id, module: module.to_owned() };
        let state = self.state_of(tx, &hit)?;
        self.found_state(tx, hit, &state)
    }
}

impl Turn<'_, '_, '_> {
    /// The records that references name; all must lie in one space.
    fn named(&self, module: &str, references: &[&str]) -> Result<Vec<RecordState>, ClientError> {
        let hits = references.iter().map(|text| find::resolve(&*self.tx, self.engine.schema(), module, text));
        let hits = hits.collect::<Result<Vec<Hit>, _>>()?;
        refuse_other_spaces(&*self.tx, &hits)?;
        hits.iter().map(|hit| self.state(&hit.module, hit.id)).collect()
    }
}

/// Refuses records of different spaces: who sees only one of them would see neither.
fn refuse_other_spaces<A: Access>(tx: &forsat_store::Tx<A>, hits: &[Hit]) -> Result<(), ClientError> {
    let spaces = hits.iter().map(|hit| Ok(tx.document(&document_id(hit.id))?.map(|row| row.space)));
    let spaces = spaces.collect::<Result<Vec<_>, ClientError>>()?;
    if spaces.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(ClientRefusal::OtherSpace.into());
    }
    Ok(())
}

fn pair_reason(table: &ModuleDef, reason: Reason) -> PairReason {
    let label = reason.label();
    let named = |pick: fn(&forsat_domain::schema::Label) -> &str| match &reason {
        Reason::Field { field, .. } => {
            let field = table.field(field).map(|field| pick(&field.label)).unwrap_or_default();
            format!("{field}: {}", pick(&label))
        }
        _ => pick(&label).to_owned(),
    };
    PairReason { label_en: named(|label| &label.en), label_fa: named(|label| &label.fa), reason }
}

/// Reads `field=2` as the second record's value, and anything else as a value of its own.
fn read_choices(
    table: &ModuleDef,
    choices: &[FieldInput],
    records: usize,
    parse: &ParseContext<'_>,
) -> Result<Vec<FieldChoice>, ClientError> {
    let choice = |typed: &FieldInput| {
        let field = table.find_field(&typed.name);
        let number = forsat_domain::text::fold(&typed.value).trim().parse::<usize>().ok();
        let name = field.map_or(typed.name.clone(), |field| field.name.to_string());
        match number.filter(|number| *number <= records) {
            Some(number) => Ok(FieldChoice { field: name, take: Take::Record(number) }),
            None => {
                let assignment = table.assignment(&typed.name, &typed.value, parse).map_err(Refusal::from)?;
                Ok(FieldChoice { field: name, take: Take::Value(assignment) })
            }
        }
    };
    choices.iter().map(choice).collect()
}

/// The row of a field; none where all records say the same or nothing.
fn preview_row<A: Access>(
    viewer: &Viewer<'_, '_, A>,
    states: &[RecordState],
    field: &FieldDef,
    taken: &Taken,
) -> Option<MergePreviewRow> {
    let text = |state: &RecordState| {
        let deal = viewer.deal(state);
        viewer.words(state, field, &viewer.value(state, field, deal.as_ref()))
    };
    let texts: Vec<String> = states.iter().map(text).collect();
    let given = match taken {
        Taken::Given(assignment) => Some(given_words(viewer, field, assignment)),
        _ => None,
    };
    if given.is_none() && texts.windows(2).all(|pair| pair[0] == pair[1]) {
        return None;
    }
    let is_taken = |at: usize, text: &str| match taken {
        Taken::Record(record) => *record == at,
        Taken::United => !text.is_empty(),
        Taken::Given(_) => false,
    };
    let cells =
        texts.into_iter().enumerate().map(|(at, text)| MergeCell { taken: is_taken(at, &text), text });
    Some(MergePreviewRow {
        field: field.name.to_string(),
        label_en: field.label.en.to_string(),
        label_fa: field.label.fa.to_string(),
        cells: cells.collect(),
        given,
    })
}

fn given_words<A: Access>(
    viewer: &Viewer<'_, '_, A>,
    field: &FieldDef,
    assignment: &forsat_domain::schema::input::Assignment,
) -> String {
    use forsat_domain::schema::input::Input;
    let (Input::Value(value) | Input::Add(value) | Input::Remove(value)) = &assignment.input;
    field.format(value, viewer.locale, viewer.world)
}
