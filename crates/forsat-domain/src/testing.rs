//! What tests of the rules are built with: a desk that runs commands, and a small model of a merge.
//!
//! The model knows just enough of how documents merge to put the rules before the states that a merge makes. The
//! same scenarios run over real documents where those live.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::command::{Close, Context, Draft, NewLine, create, set_rate};
use crate::composite::{Composite, LifeState, Lifecycle, NamedReference, Removed};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::edit::{Edit, preview};
use crate::id::{RecordId, UserId};
use crate::issue::{Issue, IssueCode, issues};
use crate::money::Money;
use crate::opportunity::{Deal, Worth};
use crate::record::{Entry, FieldState, RecordState, Register, Scalar, Side, Stamp};
use crate::schema::input::{Assignment, ParseContext, ReferenceError};
use crate::schema::{ACCOUNT, OPPORTUNITY, PRODUCT, SETTINGS, Schema};
use crate::settings::Settings;
use crate::world::{Records, World};

/// A million rials.
pub(crate) const M: i64 = 1_000_000;

/// Sara, whose device is actor 1.
pub(crate) const SARA: UserId = UserId(Uuid::from_u128(0x5a7a));
/// Reza, whose device is actor 2.
pub(crate) const REZA: UserId = UserId(Uuid::from_u128(0x7e2a));

/// A workspace in memory with a day and a source of ids.
pub(crate) struct Desk {
    pub(crate) world: Records,
    pub(crate) schema: Schema,
    pub(crate) today: CivilDate,
    pub(crate) user: UserId,
    next: u128,
}

impl Desk {
    /// A desk on 1404/06/15 with an account and a product.
    pub(crate) fn new() -> Self {
        let mut desk = Self {
            world: Records::default(),
            schema: Schema::builtin(),
            today: jalali(1404, 6, 15),
            user: SARA,
            next: 1000,
        };
        desk.add(ACCOUNT, account_id(), &[("name", "آریا".into())]);
        let product = [
            ("name", "سرور".into()),
            ("prices", Scalar::Null),
            ("unit", "عدد".into()),
            ("tax_rate", Scalar::Int(1000)),
        ];
        desk.add(PRODUCT, product_id(), &product);
        desk
    }

    /// Runs a command.
    pub(crate) fn run<T>(&mut self, command: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let Self { world, schema, today, user, next } = self;
        let mut new_uuid = || {
            *next += 1;
            uuid::Builder::from_random_bytes(next.to_be_bytes()).into_uuid()
        };
        let mut ctx = Context {
            now_ms: 1_757_000_000_000,
            today: *today,
            user: *user,
            new_uuid: &mut new_uuid,
            world,
            schema,
        };
        command(&mut ctx)
    }

    fn add(&mut self, module: &str, id: RecordId, fields: &[(&str, Scalar)]) {
        let mut record = RecordState::new(id, module);
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            record = preview(&record, &[Edit::set(*name, value.clone())]);
        }
        if module == PRODUCT {
            record =
                preview(&record, &[Edit::set_entry("prices", "IRR", "value", rials(50 * M).to_scalar())]);
        }
        self.world.insert(record);
    }

    /// Writes the settings record anew with more edits.
    pub(crate) fn settings(&mut self, edits: &[Edit]) {
        let id = RecordId::from_bytes([9; 16]);
        let now = self.world.record(id).map(|record| record.into_owned());
        let now = now.unwrap_or_else(|| RecordState::new(id, SETTINGS));
        self.world.insert(preview(&now, edits));
    }

    /// Enters a rate of the euro from a day on.
    pub(crate) fn euro(&mut self, day: CivilDate, rials: i64) {
        let edits = set_rate(Currency::EUR, day, Decimal::from(rials)).expect("tests enter rates above zero");
        self.settings(&edits);
    }

    /// A new deal of the account with an amount by hand.
    pub(crate) fn deal(&mut self, rials_by_hand: i64) -> RecordState {
        self.deal_with(vec![Assignment::set("amount", rials(rials_by_hand).to_scalar())], Vec::new())
    }

    /// A new deal of the account with more fields and lines.
    pub(crate) fn deal_with(&mut self, mut fields: Vec<Assignment>, lines: Vec<NewLine>) -> RecordState {
        fields.push(Assignment::set("account_id", account_reference()));
        fields.push(Assignment::set("close_date", "2025-12-01"));
        let draft = Draft { assignments: fields, lines, ..Draft::default() };
        let created = self.run(|ctx| create(ctx, OPPORTUNITY, &draft)).expect("tests draft whole deals");
        let state = preview(&RecordState::new(created.id, OPPORTUNITY), &created.edits);
        self.world.insert(state.clone());
        state
    }

    pub(crate) fn read(&self, state: &RecordState) -> Deal {
        Deal::read(state, &self.world, self.today)
    }

    pub(crate) fn issues(&self, state: &RecordState) -> Vec<Issue> {
        issues(state, &self.schema, &self.world, self.today)
    }

    /// The codes of the issues of a record, in their order.
    pub(crate) fn codes(&self, state: &RecordState) -> Vec<IssueCode> {
        self.issues(state).into_iter().map(|issue| issue.code).collect()
    }

    /// Reads typed values with no records to refer to but the account and the product.
    pub(crate) fn parsing<T>(&self, read: impl FnOnce(&ParseContext<'_>) -> T) -> T {
        let find = |module: &str, text: &str| match module {
            ACCOUNT if text == "آریا" => Ok((account_id(), "آریا".to_owned())),
            PRODUCT if text == "سرور" => Ok((product_id(), "سرور".to_owned())),
            _ => Err(ReferenceError::NoneOfModules(text.to_owned())),
        };
        read(&ParseContext {
            today: self.today,
            currency: Currency::IRR,
            settings: self.world.settings(),
            find: &find,
        })
    }
}

pub(crate) fn account_id() -> RecordId {
    RecordId::from_bytes([1; 16])
}

pub(crate) fn product_id() -> RecordId {
    RecordId::from_bytes([2; 16])
}

pub(crate) fn account_reference() -> Scalar {
    NamedReference { id: account_id(), name: "آریا".to_owned() }.to_scalar()
}

pub(crate) fn jalali(year: i32, month: u8, day: u8) -> CivilDate {
    CivilDate::from_jalali(year, month, day).expect("tests name days that exist")
}

pub(crate) fn rials(amount: i64) -> Money {
    Money::new(amount.into(), Currency::IRR).expect("whole rials")
}

pub(crate) fn euros(amount: i64) -> Money {
    Money::new(amount.into(), Currency::EUR).expect("whole euros")
}

pub(crate) fn known(money: Money) -> Worth {
    Worth::Known(money)
}

/// A free-text line of a price.
pub(crate) fn line(name: &str, price: Money) -> NewLine {
    let fields = vec![Assignment::set("name", name), Assignment::set("unit_price", price.to_scalar())];
    NewLine { product: None, fields, entry: Some(format!("line-{name}")) }
}

/// Closing on a day.
pub(crate) fn on(day: CivilDate) -> Close {
    Close { on: Some(day), ..Close::default() }
}

/// Closing on a day for a reason.
pub(crate) fn because(day: CivilDate, reason: &str) -> Close {
    Close { on: Some(day), reason: Some(reason.to_owned()), ..Close::default() }
}

/// A change by a device: its actor is the number repeated.
pub(crate) fn stamp(device: u8, author: UserId) -> Stamp {
    Stamp {
        hash: [device; 32],
        actor: vec![device; 16],
        author: Some(author),
        time_ms: i64::from(device),
        counter: 1,
    }
}

/// Merges what devices wrote offline over one base, the winner of every conflict last.
pub(crate) fn merge(base: &RecordState, branches: &[(UserId, Vec<Edit>)]) -> RecordState {
    let mut merged = branches.iter().fold(base.clone(), |state, (_, edits)| preview(&state, edits));
    for (field, state) in &mut merged.fields {
        match state {
            FieldState::Register(register) => {
                *register = meet(register, branches, |edit| match edit {
                    Edit::Set { field: written, value } if written == field => Some(value),
                    _ => None,
                })
            }
            FieldState::Map(entries) => entries.iter_mut().for_each(|(id, entry)| {
                meet_entry(field, id, entry, branches);
            }),
            FieldState::Text(_) | FieldState::Set(_) | FieldState::Grow(_) => {}
        }
    }
    merged.late_lifecycle = late_lifecycle(&merged, branches);
    late_merge(&mut merged, branches);
    merged
}

/// The distinct values that branches wrote into a register; the untouched one where none did.
fn meet<'a>(
    untouched: &Register,
    branches: &'a [(UserId, Vec<Edit>)],
    written: impl Fn(&'a Edit) -> Option<&'a Scalar>,
) -> Register {
    let mut sides: BTreeMap<Scalar, Side> = BTreeMap::new();
    let mut winner = None;
    for (device, (author, edits)) in (1_u8..).zip(branches) {
        if let Some(value) = edits.iter().rev().find_map(&written) {
            let side = Side { value: value.clone(), stamp: stamp(device, *author) };
            winner = Some(value.clone());
            sides.insert(value.clone(), side);
        }
    }
    let Some(winner) = winner.and_then(|value| sides.remove(&value)) else { return untouched.clone() };
    Register { sides: std::iter::once(winner).chain(sides.into_values()).collect() }
}

fn meet_entry(field: &str, id: &str, entry: &mut Entry, branches: &[(UserId, Vec<Edit>)]) {
    for (name, register) in &mut entry.fields {
        *register = meet(register, branches, |edit| match edit {
            Edit::SetEntry { field: f, entry: e, name: n, value } if f == field && e == id && n == name => {
                Some(value)
            }
            _ => None,
        });
    }
    let touched = |edits: &[Edit]| {
        edits.iter().any(
            |edit| matches!(edit, Edit::SetEntry { field: f, entry: e, name: n, .. } if f == field && e == id && n != "removed"),
        )
    };
    let removed = Removed::from_scalar(entry.winner("removed")).is_some_and(|removed| removed.value);
    let late = (1_u8..).zip(branches).filter(|(_, (_, edits))| touched(edits));
    entry.late = late.filter(|_| removed).map(|(device, (author, _))| stamp(device, *author)).collect();
}

fn late_lifecycle(merged: &RecordState, branches: &[(UserId, Vec<Edit>)]) -> Vec<Stamp> {
    let trashed =
        |value: &Scalar| Lifecycle::from_scalar(value).is_some_and(|life| life.state == LifeState::Trashed);
    if !merged.sides("lifecycle").iter().any(|side| trashed(&side.value)) {
        return Vec::new();
    }
    let edited = |edits: &[Edit]| edits.iter().any(|edit| edit.field() != "lifecycle");
    let late = (1_u8..).zip(branches).filter(|(_, (_, edits))| edited(edits));
    late.map(|(device, (author, _))| stamp(device, *author)).collect()
}

/// Branches that wrote anything, where another branch merged the record away without having seen it.
fn late_merge(merged: &mut RecordState, branches: &[(UserId, Vec<Edit>)]) {
    merged.late_merge.clear();
    merged.late_paths.clear();
    let is_away = merged.sides("merged_into").iter().any(|side| !side.value.is_null());
    for (device, (author, edits)) in (1_u8..).zip(branches).filter(|_| is_away) {
        if !edits.is_empty() && edits.iter().all(|edit| edit.field() != "merged_into") {
            merged.late_merge.push(stamp(device, *author));
            merged.late_paths.extend(edits.iter().map(Edit::path));
        }
    }
}

/// Settings read from edits alone.
pub(crate) fn settings_of(edits: &[Edit]) -> Settings {
    Settings::read(Some(&preview(&RecordState::new(RecordId::from_bytes([9; 16]), SETTINGS), edits)))
}
