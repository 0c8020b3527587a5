//! What is written for a record that is here: the cells that the file changed, where nobody has edited them since.

use super::check::Checker;
use crate::error::{ExportReason, RowReason};
use crate::exchange::{Content, REMOVED, Registers};
use forsat_domain::composite::{AmountMode, Composite, Mode, Removed, heads_hex};
use forsat_domain::edit::Edit;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::input::Assignment;
use forsat_domain::schema::{FieldDef, SETTINGS};
use forsat_domain::{MergeCode, lifecycle::Presence};
use std::collections::{BTreeMap, BTreeSet};

/// What the file changes of one record.
#[derive(Default)]
pub(super) struct Changes {
    /// Fields that the rules of an edit look at.
    pub assignments: Vec<Assignment>,
    /// Members and entries.
    pub edits: Vec<Edit>,
    /// Changed places that someone has edited since; their values stay.
    pub kept_local: u64,
}

/// One field as the three sides have it.
struct Sides<'a> {
    field: &'a FieldDef,
    base: Content,
    current: Content,
}

impl Changes {
    /// Adds what the file changes of one field.
    pub(super) fn take(
        &mut self,
        field: &FieldDef,
        file: &Content,
        base: &RecordState,
        state: &RecordState,
        checker: &Checker<'_>,
    ) -> Result<(), RowReason> {
        let sides = Sides { field, base: Content::of(base, field), current: Content::of(state, field) };
        if *file == sides.base || *file == sides.current {
            return Ok(());
        }
        match (file, &sides.base, &sides.current) {
            (Content::Map(file), Content::Map(base), Content::Map(current)) => {
                self.entries(&sides, file, base, current, state, checker)
            }
            (Content::Set(file), Content::Set(base), Content::Set(current)) => {
                self.members(field, file, base, current, checker)
            }
            (Content::Value(_) | Content::Text(_), _, _) => self.value(&sides, file, checker),
            _ => Err(ExportReason::GrowsOnly.into()),
        }
    }

    fn value(&mut self, sides: &Sides<'_>, file: &Content, checker: &Checker<'_>) -> Result<(), RowReason> {
        let field = sides.field;
        let value = match file {
            Content::Value(value) => checker.settled(field, value)?,
            Content::Text(text) if text.is_empty() => Scalar::Null,
            Content::Text(text) => Scalar::text(text.clone()),
            _ => return Ok(()),
        };
        let as_content = Content::Value(value.clone());
        if as_content == sides.base || as_content == sides.current {
            return Ok(());
        }
        if field.name == "stage" {
            return Err(ExportReason::StageCommands.into());
        }
        if field.merge == MergeCode::I || !field.is_settable() {
            return Err(ExportReason::Fixed.into());
        }
        if sides.current != sides.base {
            self.kept_local += 1;
            return Ok(());
        }
        let value = match AmountMode::from_scalar(&value).filter(|_| field.name == "amount_mode") {
            Some(choice) => Scalar::text(if choice.mode == Mode::Lines { "lines" } else { "manual" }),
            None => value,
        };
        self.assignments.push(Assignment::set(field.name.to_string(), value));
        Ok(())
    }

    fn members(
        &mut self,
        field: &FieldDef,
        file: &BTreeSet<String>,
        base: &BTreeSet<String>,
        current: &BTreeSet<String>,
        checker: &Checker<'_>,
    ) -> Result<(), RowReason> {
        if file.is_empty() && field.required {
            return Err(ExportReason::Required.into());
        }
        for key in file.difference(base).filter(|key| !current.contains(*key)) {
            checker.check_member(field, key)?;
            self.edits.push(Edit::Add { field: field.name.to_string(), key: key.clone() });
        }
        for key in base.difference(file).filter(|key| current.contains(*key)) {
            self.edits.push(Edit::Remove { field: field.name.to_string(), key: key.clone() });
        }
        Ok(())
    }

    fn entries(
        &mut self,
        sides: &Sides<'_>,
        file: &BTreeMap<String, Registers>,
        base: &BTreeMap<String, Registers>,
        current: &BTreeMap<String, Registers>,
        state: &RecordState,
        checker: &Checker<'_>,
    ) -> Result<(), RowReason> {
        let name = sides.field.name.as_ref();
        let removal = |entry: &str, value: bool| {
            let removed = Removed { value, seen_heads: heads_hex(&state.heads) };
            Edit::set_entry(name, entry, REMOVED, removed.to_scalar())
        };
        let none = Registers::new();
        for (entry, registers) in file {
            let was = base.get(entry).unwrap_or(&none);
            let is = current.get(entry).unwrap_or(&none);
            if registers == was {
                continue;
            }
            if base.contains_key(entry) && !current.contains_key(entry) {
                self.kept_local += 1;
                continue;
            }
            let settled = settled_registers(sides.field, &state.module, registers, checker)?;
            // What a merge left incomplete comes back as it was; a change must not leave it so.
            for register in sides.field.entries.iter().filter(|register| register.required) {
                if settled.get(register.name.as_ref()).is_none_or(Scalar::is_blank) {
                    return Err(ExportReason::EntryNeeds(register.name.to_string()).into());
                }
            }
            self.registers(name, entry, &settled, was, is);
            if state.entry(name, entry).is_some_and(|known| !Presence::of(known).is_kept()) {
                self.edits.push(removal(entry, false));
            }
        }
        let gone = base.keys().filter(|entry| !file.contains_key(*entry) && current.contains_key(*entry));
        if gone.clone().next().is_some() && sides.field.entry_field(REMOVED).is_none() {
            return Err(ExportReason::EntriesStay.into());
        }
        self.edits.extend(gone.map(|entry| removal(entry, true)));
        Ok(())
    }

    fn registers(
        &mut self,
        name: &str,
        entry: &str,
        file: &Registers,
        base: &Registers,
        current: &Registers,
    ) {
        let names: BTreeSet<&String> = file.keys().chain(base.keys()).collect();
        for register in names {
            let of = |registers: &Registers| registers.get(register).cloned().unwrap_or_default();
            let (said, was, is) = (of(file), of(base), of(current));
            if said == was || said == is {
                continue;
            }
            if is == was {
                self.edits.push(Edit::set_entry(name, entry, register.as_str(), said));
            } else {
                self.kept_local += 1;
            }
        }
    }
}

/// The registers of an entry as they may be stored.
pub(super) fn settled_registers(
    field: &FieldDef,
    module: &str,
    registers: &Registers,
    checker: &Checker<'_>,
) -> Result<Registers, RowReason> {
    let mut settled = Registers::new();
    for (name, value) in registers {
        let value = match field.entry_field(name) {
            Some(register) => checker.settled(register, value).map_err(RowReason::within(name))?,
            // A stage's checklist lies in its entry under names that the table does not list.
            None if module == SETTINGS => value.clone(),
            None => return Err(ExportReason::UnknownRegister(name.clone()).into()),
        };
        settled.insert(name.clone(), value);
    }
    Ok(settled)
}
