//! Records put into views: fields with their labels and words, sides of conflicts, what a deal comes to.

use crate::checks;
use crate::model::{FieldView, LineView, OpportunityView, SideView, json};
use crate::world::StoreWorld;
use forsat_domain::composite::{Mode, reference_id};
use forsat_domain::lifecycle::{Life, Presence};
use forsat_domain::opportunity::{Deal, Line, ProbabilitySource, Standing, Worth};
use forsat_domain::record::{FieldState, RecordState, Scalar, Side};
use forsat_domain::schema::display::{Locale, NOTHING, contact_words, set_words};
use forsat_domain::schema::{FieldDef, FieldKind, Schema};
use forsat_domain::world::World;
use forsat_domain::{CivilDate, Currency, Money, RecordId, UserId, canonical, cells};
use forsat_store::Access;

/// What views are made with.
pub(crate) struct Viewer<'v, 't, A: Access> {
    pub world: &'v StoreWorld<'t, A>,
    pub schema: &'v Schema,
    pub locale: &'v Locale,
    pub today: CivilDate,
}

impl<A: Access> Viewer<'_, '_, A> {
    /// Every field that a person sees, in the schema's order.
    pub(crate) fn fields(&self, state: &RecordState, deal: Option<&Deal>) -> Vec<FieldView> {
        let Some(module) = self.schema.module(&state.module) else { return self.raw_fields(state) };
        let shown = module.fields.iter().filter(|field| field.is_shown());
        shown.map(|field| self.field(state, field, deal)).collect()
    }

    fn field(&self, state: &RecordState, field: &FieldDef, deal: Option<&Deal>) -> FieldView {
        let value = self.value(state, field, deal);
        let sides = state.sides(&field.name);
        FieldView {
            field: field.name.to_string(),
            label_en: field.label.en.to_string(),
            label_fa: field.label.fa.to_string(),
            text: self.words(state, field, &value),
            value: listed_json(state, field).unwrap_or_else(|| json(&value)),
            reference: self.reference(field, &value),
            missing: self.is_missing(field, &value),
            sides: if sides.len() > 1 { self.sides(field, sides) } else { Vec::new() },
        }
    }

    /// The fields of a module that this version doesn't know, as they are.
    fn raw_fields(&self, state: &RecordState) -> Vec<FieldView> {
        let registers = state.fields.keys().map(|name| {
            let value = state.winner(name);
            FieldView {
                field: name.clone(),
                label_en: name.clone(),
                label_fa: name.clone(),
                value: json(value),
                text: raw(value),
                reference: None,
                missing: false,
                sides: Vec::new(),
            }
        });
        registers.collect()
    }

    /// What a column says: stored, or derived.
    pub(crate) fn value(&self, state: &RecordState, field: &FieldDef, deal: Option<&Deal>) -> Scalar {
        cells::value(state, field, deal)
    }

    /// A value as a person reads it; empty when there is none.
    pub(crate) fn words(&self, state: &RecordState, field: &FieldDef, value: &Scalar) -> String {
        match &field.kind {
            FieldKind::Tags | FieldKind::ReferenceSet(_) | FieldKind::References(_) => {
                set_words(field, state.set(&field.name), self.locale, self.world)
            }
            FieldKind::Entries => self.entry_words(state, field),
            _ if value.is_blank() => String::new(),
            _ => field.format(value, self.locale, self.world),
        }
    }

    fn entry_words(&self, state: &RecordState, field: &FieldDef) -> String {
        if is_people(field) {
            let kept = state.entries(&field.name).filter(|(_, entry)| Presence::of(entry).is_kept());
            let words = kept.map(|(key, entry)| contact_words(key, entry, self.world));
            return words.collect::<Vec<_>>().join(", ");
        }
        let Some(register) = field.entry_value() else { return String::new() };
        let kept = state.entries(&field.name).filter(|(_, entry)| Presence::of(entry).is_kept());
        let words =
            kept.map(|(_, entry)| register.format(entry.winner(&register.name), self.locale, self.world));
        words.filter(|words| words != NOTHING).collect::<Vec<_>>().join(", ")
    }

    fn is_missing(&self, field: &FieldDef, value: &Scalar) -> bool {
        let refers = matches!(field.kind, FieldKind::Reference(_) | FieldKind::NamedReference(_));
        refers && reference_id(value).is_some_and(|id| self.world.record(id).is_none())
    }

    fn reference(&self, field: &FieldDef, value: &Scalar) -> Option<String> {
        match field.kind {
            FieldKind::Reference(_) | FieldKind::NamedReference(_) => self.name_of(value),
            _ => None,
        }
    }

    fn name_of(&self, value: &Scalar) -> Option<String> {
        self.world.name(reference_id(value)?)
    }

    /// The sides of a register, numbered as they are taken.
    pub(crate) fn sides(&self, field: &FieldDef, sides: &[Side]) -> Vec<SideView> {
        let views = sides.iter().enumerate().map(|(at, side)| SideView {
            take: at + 1,
            field: None,
            value: json(&side.value),
            text: field.format(&side.value, self.locale, self.world),
            author: side.stamp.author.and_then(|author| self.user(author)),
            time_ms: side.stamp.time_ms,
        });
        views.collect()
    }

    /// A person's name, where it is here.
    pub(crate) fn user(&self, user: UserId) -> Option<String> {
        self.world.name(RecordId(user.0))
    }

    /// What a deal comes to.
    pub(crate) fn opportunity(&self, state: &RecordState, deal: &Deal) -> OpportunityView {
        let settings = self.world.settings();
        let stage = settings.stages.get(&deal.stage.stage_id);
        let label = |pick: fn(&forsat_domain::schema::Label) -> &str| {
            stage.map_or(deal.stage.stage_id.clone(), |stage| pick(&stage.label).to_owned())
        };
        let kept = deal.amount.kept_lines().enumerate();
        OpportunityView {
            standing: standing(deal.stage.standing).to_owned(),
            stage: deal.stage.stage_id.clone(),
            stage_en: label(|label| &label.en),
            stage_fa: label(|label| &label.fa),
            probability: deal.probability.pct,
            probability_from: probability_from(deal.probability.source).to_owned(),
            amount: deal.amount.worth.known(),
            amount_is: worth(deal.amount.worth).to_owned(),
            amount_from: if deal.amount.mode == Mode::Manual { "manual" } else { "lines" }.to_owned(),
            manual_amount: deal.amount.manual,
            lines_total: deal.amount.lines_total.known(),
            base: deal.base.known(),
            weighted: weighted(deal, settings.currency),
            closed_on: deal.stage.close_date.map(|day| day.to_string()),
            reason: deal.stage.reason_id().map(str::to_owned),
            account: deal.account.as_ref().map(|account| account.name.clone()),
            lines: kept.map(|(at, line)| line_view(at + 1, line)).collect(),
            checklist: checks::views(state, self.world),
        }
    }

    /// Reads the deal of a record, where it is one.
    pub(crate) fn deal(&self, state: &RecordState) -> Option<Deal> {
        let is_deal = state.module == forsat_domain::schema::OPPORTUNITY;
        is_deal.then(|| Deal::read(state, self.world, self.today))
    }
}

/// Whether the entries are contacts, each named by its key.
fn is_people(field: &FieldDef) -> bool {
    field.name == "contacts" && field.entry_field("role").is_some()
}

/// A list or map as JSON: tags as a list, entries as their registers by id.
pub(crate) fn listed_json(state: &RecordState, field: &FieldDef) -> Option<serde_json::Value> {
    match state.fields.get(field.name.as_ref())? {
        FieldState::Set(keys) => Some(keys.iter().cloned().collect()),
        FieldState::Map(entries) => {
            let entries = entries.iter().filter(|(_, entry)| Presence::of(entry).is_kept());
            let objects = entries.map(|(id, entry)| {
                let registers = entry.fields.iter().filter(|(name, _)| *name != "removed");
                let object: serde_json::Map<_, _> =
                    registers.map(|(name, register)| (name.clone(), json(register.winner()))).collect();
                (id.clone(), serde_json::Value::Object(object))
            });
            Some(serde_json::Value::Object(objects.collect()))
        }
        _ => None,
    }
}

fn line_view(number: usize, line: &Line) -> LineView {
    let figures = line.figures.ok();
    LineView {
        number,
        entry: line.entry.clone(),
        name: line.name.clone(),
        qty: line.qty.map(canonical::decimal_text),
        unit: line.unit.clone(),
        unit_price: line.unit_price,
        gross: figures.map(|figures| figures.gross),
        discount: figures.map(|figures| figures.discount),
        net: figures.map(|figures| figures.net),
        tax: figures.map(|figures| figures.tax),
        total: figures.map(|figures| figures.total),
        note: line.note.clone(),
        disputed: line.presence == Presence::Disputed,
    }
}

fn weighted(deal: &Deal, organisation: Currency) -> Option<Money> {
    if deal.stage.standing == Standing::Open { deal.weighted(organisation).known() } else { None }
}

/// How a record lives, in one word.
pub(crate) fn life(life: Life) -> &'static str {
    match life {
        Life::Active => "active",
        Life::Contested | Life::DisputedDeletion => "disputed",
        Life::Trashed => "trashed",
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Won => "won",
        Standing::Lost => "lost",
        Standing::Disputed => "disputed",
        Standing::Unknown => "unknown",
    }
}

fn probability_from(source: ProbabilitySource) -> &'static str {
    match source {
        ProbabilitySource::Outcome => "outcome",
        ProbabilitySource::Override => "override",
        ProbabilitySource::Stage => "stage",
        ProbabilitySource::Nothing => "nothing",
    }
}

fn worth(worth: Worth) -> &'static str {
    match worth {
        Worth::Known(_) => "known",
        Worth::Empty => "empty",
        Worth::NoRate(_) => "no_rate",
        Worth::Overflow => "overflow",
    }
}

fn raw(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}
