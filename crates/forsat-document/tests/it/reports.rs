//! Reports and lists of issues are the same bytes on every replica, whatever was written where and merged in which order.
//!
//! Edits of every field that the schema table has, sound ones and nonsense alike, on records of several modules.

use std::collections::BTreeSet;

use forsat_document::{Chunk, Document};
use forsat_domain::composite::{
    Address, AmountMode, Composite, Discount, LifeState, Lifecycle, MergedInto, Mode, Moment, NamedReference,
    Outcome, ProbabilityOverride, Removed, StageEntry, StageMove, typed_reference,
};
use forsat_domain::issue::issues;
use forsat_domain::report::{BreakdownBuilder, Dimension, ForecastBuilder, PipelineBuilder, StuckBuilder};
use forsat_domain::schema::{ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, PRODUCT, SETTINGS, USER};
use forsat_domain::{
    CivilDate, Currency, Edit, EntryId, FieldDef, FieldKind, MergeCode, Money, RecordId, Records, Scalar,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::*;

/// The records of the workspace: two deals, and one of each other module.
const RECORDS: [(u8, &str); 9] = [
    (1, OPPORTUNITY),
    (2, OPPORTUNITY),
    (3, ACCOUNT),
    (4, ACCOUNT),
    (5, CONTACT),
    (6, LEAD),
    (7, ACTIVITY),
    (8, PRODUCT),
    (9, SETTINGS),
];

fn today() -> CivilDate {
    CivilDate::from_jalali(1404, 6, 15).unwrap()
}

/// A write by a replica: which record, which of its fields, and what it comes to.
type Pick = (usize, usize, prop::sample::Index, u8);

fn money(seed: u8) -> Money {
    let currency = if seed % 5 == 4 { Currency::EUR } else { Currency::IRR };
    Money::new((i64::from(seed % 7) * 1_000).into(), currency).unwrap()
}

fn day(seed: u8) -> String {
    today().add_days(i64::from(seed % 9) * 13 - 40).unwrap().to_string()
}

fn entry_id(seed: u8) -> EntryId {
    EntryId(record_id(100 + seed % 4).0)
}

/// A stay of some stage, with its outcome.
fn stay(seed: u8) -> StageEntry {
    let (stage, outcome) = match seed % 6 {
        0 => ("identification", Outcome::Open),
        1 => ("proposal", Outcome::Open),
        2 => ("won", Outcome::Won),
        3 => ("lost", Outcome::Lost),
        4 => ("nowhere", Outcome::Open),
        _ => ("negotiation", Outcome::Open),
    };
    StageEntry {
        entry_id: entry_id(seed),
        stage_id: stage.to_owned(),
        entered_at: NOW_MS - i64::from(seed) * 86_400_000,
        by: None,
        outcome,
        reason_id: outcome.is_closed().then(|| ["price", "other"][usize::from(seed / 6 % 2)].to_owned()),
        note: None,
        actual_close_date: outcome.is_closed().then(|| day(seed).parse().unwrap()),
        booked: None,
    }
}

fn moved(seed: u8) -> Scalar {
    let stay = stay(seed);
    StageMove {
        entry_id: stay.entry_id,
        from: None,
        from_entries: vec![entry_id(seed / 4)],
        to: stay.stage_id,
        at: stay.entered_at,
        by: None,
        left: None,
        forced: Vec::new(),
    }
    .to_scalar()
}

/// Heads that nobody has seen.
fn no_heads() -> Vec<String> {
    Vec::new()
}

/// What a composite of this name holds.
fn composite(name: &str, seed: u8) -> Scalar {
    let state = if seed.is_multiple_of(2) { LifeState::Trashed } else { LifeState::Active };
    match name {
        "lifecycle" => Lifecycle { state, at: NOW_MS, by: None, seen_heads: no_heads() }.to_scalar(),
        "merged_into" => {
            let into = record_id(seed % 4 + 1);
            MergedInto { into, loser_heads: no_heads(), at: NOW_MS, by: None, ..merge_into(into) }.to_scalar()
        }
        "removed" => Removed { value: seed.is_multiple_of(2), seen_heads: no_heads() }.to_scalar(),
        "probability_override" => {
            ProbabilityOverride { pct: seed % 101, entry_id: entry_id(seed) }.to_scalar()
        }
        _ => Scalar::text("{}"),
    }
}

/// A merge into a record, read from its stored form: other parts of it are as an older version wrote them.
fn merge_into(into: RecordId) -> MergedInto {
    let text = format!("{{\"at\":0,\"into\":\"{}\",\"loser_heads\":[]}}", into.0);
    MergedInto::from_scalar(&Scalar::text(text)).unwrap()
}

/// A value of the field's kind; every eighth is nonsense, every ninth nothing.
fn value(field: &FieldDef, seed: u8) -> Scalar {
    if seed % 8 == 7 {
        return Scalar::text("نادرست");
    }
    if seed % 9 == 8 {
        return Scalar::Null;
    }
    let reference = record_id(seed % 9 + 1);
    match &field.kind {
        _ if field.name == "amount_mode" => {
            let mode = if seed.is_multiple_of(2) { Mode::Manual } else { Mode::Lines };
            AmountMode { mode, lines_total_seen: Default::default(), manual_seen: None }.to_scalar()
        }
        FieldKind::Stage => stay(seed).to_scalar(),
        FieldKind::Composite => composite(&field.name, seed),
        FieldKind::Money => money(seed).to_scalar(),
        FieldKind::Discount => Discount::Percent { pct: i64::from(seed % 101).into() }.to_scalar(),
        FieldKind::Date => day(seed).into(),
        FieldKind::Moment => {
            Moment { instant: NOW_MS + i64::from(seed), zone: "Asia/Tehran".into() }.to_scalar()
        }
        FieldKind::Address => Address { text: format!("کوچه {seed}") }.to_scalar(),
        FieldKind::NamedReference(_) => NamedReference { id: reference, name: "نام".into() }.to_scalar(),
        FieldKind::Reference(_) => reference.0.to_string().into(),
        FieldKind::Currency => ["IRR", "EUR"][usize::from(seed % 2)].into(),
        FieldKind::Bool => Scalar::Bool(seed.is_multiple_of(2)),
        FieldKind::Integer { .. } | FieldKind::Percent | FieldKind::TaxRate | FieldKind::Timestamp => {
            Scalar::Int(i64::from(seed % 101))
        }
        FieldKind::Quantity { .. } | FieldKind::Rate => format!("{}", seed % 9 + 1).into(),
        FieldKind::Choice(choices) => choices[usize::from(seed) % choices.len()].slug.as_ref().into(),
        _ => format!("متن {}", seed % 5).into(),
    }
}

fn edit_of(field: &FieldDef, seed: u8) -> Option<Edit> {
    let name = field.name.to_string();
    Some(match field.merge {
        MergeCode::R | MergeCode::RA if name != "module" => Edit::set(name, value(field, seed)),
        MergeCode::T => Edit::SetText { field: name, value: format!("متن {seed}") },
        MergeCode::S => {
            let key = match field.kind {
                FieldKind::References(_) => typed_reference(OPPORTUNITY, record_id(seed % 2 + 1)),
                FieldKind::ReferenceSet(_) => record_id(seed % 9 + 1).0.to_string(),
                _ => format!("t{}", seed % 3),
            };
            if seed.is_multiple_of(3) {
                Edit::Remove { field: name, key }
            } else {
                Edit::Add { field: name, key }
            }
        }
        MergeCode::M => {
            let register = &field.entries[usize::from(seed) % field.entries.len()];
            if register.merge == MergeCode::D || register.merge == MergeCode::I {
                return None;
            }
            Edit::set_entry(name, format!("e{}", seed % 2), register.name.to_string(), value(register, seed))
        }
        MergeCode::G => Edit::Insert { field: name, key: entry_id(seed).0.to_string(), value: moved(seed) },
        _ => return None,
    })
}

/// The documents of the workspace as everybody has them before parting.
fn base() -> Vec<(u8, Vec<Chunk>)> {
    let table = schema();
    let create = |(number, module): (u8, &str)| {
        let mut edits = vec![Edit::set("currency", "IRR")];
        if module == OPPORTUNITY {
            let account = NamedReference { id: record_id(3), name: "آریا".into() };
            edits.extend([
                Edit::set("account_id", account.to_scalar()),
                Edit::set("stage", stay(0).to_scalar()),
            ]);
        }
        edits.retain(|edit| table.field(module, edit.field()).is_some());
        let made = Document::create(record_id(number), module, &author(9), NOW_MS, &edits, &table).unwrap();
        (number, made.1)
    };
    RECORDS.into_iter().map(create).collect()
}

/// What one replica wrote, by record.
fn written(base: &[(u8, Vec<Chunk>)], replica: u8, picks: &[Pick]) -> Vec<(usize, Vec<Chunk>)> {
    let table = schema();
    let mut documents: Vec<Document> = base.iter().map(|(number, chunks)| of(*number, chunks)).collect();
    let mut all = Vec::new();
    for (_, at, field, seed) in picks.iter().filter(|pick| pick.0 == usize::from(replica)) {
        let at = at % RECORDS.len();
        let fields = &table.module(RECORDS[at].1).unwrap().fields;
        let Some(edit) = edit_of(field.get(fields), *seed) else { continue };
        let by = author(replica + 1);
        all.push((at, documents[at].edit(&by, NOW_MS, &[edit], &table).unwrap()));
    }
    all
}

fn of(number: u8, chunks: &[Chunk]) -> Document {
    let mut document = Document::empty(record_id(number));
    take(&mut document, chunks);
    document
}

/// Every report and every list of issues as one text.
fn everything(base: &[(u8, Vec<Chunk>)], parts: &[&Vec<(usize, Vec<Chunk>)>], reversed: bool) -> String {
    let table = schema();
    let mut documents: Vec<Document> = base.iter().map(|(number, chunks)| of(*number, chunks)).collect();
    for (at, chunks) in parts.iter().copied().flatten() {
        take(&mut documents[*at], chunks);
    }
    let mut states: Vec<_> = documents.iter().map(|document| document.read(&table)).collect();
    if reversed {
        states.reverse();
    }
    let world = Records::new(states.clone());
    let deals = || states.iter().filter(|state| state.module == OPPORTUNITY);
    let mut texts = Vec::new();
    let mut pipeline = PipelineBuilder::new(&world, today());
    let mut forecast = ForecastBuilder::new(&world, today());
    let mut stuck = StuckBuilder::new(&world, today(), BTreeSet::new());
    deals().for_each(|deal| {
        pipeline.add(deal);
        forecast.add(deal);
        stuck.add(deal);
    });
    texts.push(serde_json::to_string(&pipeline.finish()).unwrap());
    texts.push(serde_json::to_string(&forecast.finish()).unwrap());
    texts.push(serde_json::to_string(&stuck.finish()).unwrap());
    for by in [Dimension::Owner, Dimension::Source, Dimension::Account, Dimension::Product, Dimension::Period]
    {
        let mut breakdown = BreakdownBuilder::new(&world, today(), by);
        deals().for_each(|deal| breakdown.add(deal));
        texts.push(serde_json::to_string(&breakdown.finish()).unwrap());
    }
    states.sort_by_key(|state| state.id);
    for state in &states {
        texts.push(serde_json::to_string(&issues(state, &table, &world, today())).unwrap());
    }
    texts.join("\n")
}

#[test]
fn the_workspace_has_a_record_of_every_module_that_merges_by_rules() {
    let covered: BTreeSet<&str> = RECORDS.iter().map(|(_, module)| *module).collect();
    let table = schema();
    // What is left has registers, texts and sets only, as the covered ones have too.
    let others: Vec<&str> = table
        .modules()
        .iter()
        .map(|module| module.name.as_ref())
        .filter(|name| !covered.contains(name))
        .collect();
    assert_eq!(others, ["campaign", "filter", USER]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn reports_and_issues_are_the_same_bytes_in_every_merge_order(
        picks in vec((0..3usize, 0..9usize, any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let base = base();
        let parts: Vec<_> = (0..3u8).map(|replica| written(&base, replica, &picks)).collect();
        let first = everything(&base, &[&parts[0], &parts[1], &parts[2]], false);
        for order in ORDERS {
            let parts: Vec<_> = order.iter().map(|replica| &parts[*replica]).collect();
            let other = everything(&base, &parts, order[0] == 1);
            let differing = first.lines().zip(other.lines()).find(|(left, right)| left != right);
            prop_assert_eq!(differing, None);
        }
    }
}
