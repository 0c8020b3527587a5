//! What a row becomes: its record's id and the edits that its cells ask for.
//!
//! Planning is a pure function of the cells, the mapping and the records that they name, so the plan of a row's former
//! cells can be made again to see what changed in the file.

use super::known::Known;
use super::mapping::{FieldSource, FileMapping, LineMapping, Lookup, Mapping, StageMapping, ValueSource};
use super::reader::Table;
use super::value::{Measure, Reading};
use crate::error::{CellProblem, MappingReason, RowReason};
use forsat_domain::composite::{
    AmountMode, Booking, Composite, Discount, Mode, NamedReference, Outcome, StageEntry, StageMove,
    id_scalar, typed_reference,
};
use forsat_domain::edit::{Edit, preview};
use forsat_domain::opportunity::figures;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{
    DefaultValue, FieldDef, FieldKind, MergeCode, ModuleDef, Name, PRODUCT, naming, record_name,
};
use forsat_domain::{CivilDate, Currency, EntryId, Money, RecordId, canonical, derived_id};
use forsat_store::Access;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// The place of an imported line among the lines of its deal: that of the first line that a person adds.
const LINE_POSITION: &str = "V";
const MS_A_DAY: i64 = 86_400_000;

/// The cells that a mapping reads, by column.
pub(crate) type Cells = BTreeMap<String, String>;

/// A row that can be taken.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub id: RecordId,
    /// What its columns said.
    pub cells: Cells,
    pub edits: Vec<Edit>,
    /// Records of the same file that it names: id and what the cell said.
    pub needs: Vec<(RecordId, String)>,
    /// The name that other rows refer to it by.
    pub name: String,
    /// The list prices that it brings.
    pub prices: BTreeMap<Currency, Money>,
    /// The stage that it is in.
    pub stage: Option<String>,
}

/// Plans the rows of one file.
pub(crate) struct Planner<'a, A: Access> {
    pub mapping: &'a Mapping,
    pub file: &'a FileMapping,
    pub module: &'a ModuleDef,
    pub reading: Reading<'a>,
    pub known: &'a Known<'a, A>,
    pub now_ms: i64,
}

/// The cells of a row that its part of the mapping reads.
pub(crate) fn cells_of(table: &Table, row: &[String], columns: &BTreeSet<String>) -> Cells {
    let read = table.header.iter().zip(row).filter(|(name, _)| columns.contains(*name));
    read.map(|(name, cell)| (name.clone(), cell.clone())).collect()
}

struct Plan<'p, 'a, A: Access> {
    planner: &'p Planner<'a, A>,
    cells: &'p Cells,
    key: String,
    edits: Vec<Edit>,
    needs: Vec<(RecordId, String)>,
    prices: BTreeMap<Currency, Money>,
}

impl<A: Access> Planner<'_, A> {
    /// Plans a row; the error is the reason for refusing it.
    pub(crate) fn plan(&self, cells: &Cells) -> Result<Planned, RowReason> {
        self.check_rules(cells)?;
        let key = self.key(cells)?;
        let id = self.known.id_of(&self.module.name, &key);
        let mut plan =
            Plan { planner: self, cells, key, edits: Vec::new(), needs: Vec::new(), prices: BTreeMap::new() };
        plan.fields()?;
        plan.entries()?;
        let lines = plan.line()?;
        plan.amount(&lines)?;
        let stage = plan.stage()?;
        plan.external_id();
        plan.defaults();
        let name = record_name(&preview(&RecordState::new(id, self.module.name.as_ref()), &plan.edits));
        if name.is_empty() {
            let needed = naming(&self.module.name).iter().filter_map(|fields| fields.last().copied());
            return Err(MappingReason::Nameless(needed.map(str::to_owned).collect()).into());
        }
        let Plan { edits, needs, prices, .. } = plan;
        Ok(Planned { id, cells: cells.clone(), edits, needs, name, prices, stage })
    }

    fn check_rules(&self, cells: &Cells) -> Result<(), RowReason> {
        for (column, reason) in &self.file.require {
            if cell(cells, column)?.is_empty() {
                return Err(RowReason::Said(reason.clone()));
            }
        }
        for rule in &self.file.refuse {
            if cell(cells, &rule.column)? == rule.equals {
                return Err(RowReason::Said(rule.reason.clone()));
            }
        }
        Ok(())
    }

    fn key(&self, cells: &Cells) -> Result<String, RowReason> {
        let mut parts = Vec::new();
        for part in &self.file.key {
            let text = self.mapped(cell(cells, part.column())?, part.map());
            if text.is_empty() {
                return Err(MappingReason::EmptyKey(part.column().to_owned()).into());
            }
            parts.push(text);
        }
        Ok(parts.join("\u{1f}"))
    }

    fn mapped(&self, text: &str, map: Option<&str>) -> String {
        let map = map.and_then(|map| self.mapping.maps.get(map));
        map.and_then(|map| map.get(text)).cloned().unwrap_or_else(|| text.to_owned())
    }

    fn template(&self, template: &str, cells: &Cells) -> Result<String, RowReason> {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, behind) = after.split_once('}').ok_or(MappingReason::Template)?;
            let (column, map) =
                inside.split_once(':').map_or((inside, None), |(column, map)| (column, Some(map)));
            let value = self.mapped(cell(cells, column)?, map);
            if value.is_empty() {
                return Ok(String::new());
            }
            text.push_str(before);
            text.push_str(&value);
            rest = behind;
        }
        text.push_str(rest);
        Ok(text)
    }

    /// The text that a source gives for a row; empty when there is none.
    fn text(&self, source: &ValueSource, cells: &Cells) -> Result<String, RowReason> {
        let raw = match (&source.column, &source.value, &source.template) {
            (Some(column), _, _) => cell(cells, column)?.to_owned(),
            (None, Some(value), _) => value.clone(),
            (None, None, Some(template)) => self.template(template, cells)?,
            (None, None, None) => String::new(),
        };
        let text = self.mapped(&raw, source.map.as_deref());
        Ok(if text.is_empty() { source.default.clone().unwrap_or_default() } else { text })
    }

    fn measure(&self, source: &ValueSource) -> Result<Measure, RowReason> {
        let times = source.times.as_deref().map_or(Ok(Decimal::ONE), |times| {
            canonical::parse_decimal(times).map_err(|_| MappingReason::Times(times.to_owned()))
        })?;
        let currency = source.currency.as_deref().map_or(Ok(self.reading.settings.currency), |code| {
            Currency::from_code(code).map_err(CellProblem::from)
        })?;
        Ok(Measure { times, currency })
    }
}

impl<A: Access> Plan<'_, '_, A> {
    fn fields(&mut self) -> Result<(), RowReason> {
        let fields: Vec<(String, FieldSource)> =
            self.planner.file.fields.iter().map(|(name, source)| (name.clone(), source.clone())).collect();
        for (name, source) in fields {
            let module = self.planner.module;
            let unknown =
                || MappingReason::UnknownField { module: module.name.to_string(), field: name.clone() };
            let field = module.find_field(&name).ok_or_else(unknown)?;
            let source = source.detailed();
            let text = self.planner.text(&source, self.cells)?;
            if !text.is_empty() {
                self.field(field, &text, &source).map_err(RowReason::within(&name))?;
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &FieldDef, text: &str, source: &ValueSource) -> Result<(), RowReason> {
        let name = field.name.to_string();
        match (&field.kind, field.merge) {
            (_, MergeCode::T) => self.edits.push(Edit::SetText { field: name, value: text.to_owned() }),
            (FieldKind::Tags, _) => {
                let tags = text.split([';', '؛', '،']).map(str::trim).filter(|tag| !tag.is_empty());
                self.edits.extend(tags.map(|tag| Edit::Add { field: name.clone(), key: tag.to_owned() }));
            }
            (FieldKind::Reference(module), _) => {
                let (id, _) = self.reference(module, text, source.by)?;
                self.edits.push(Edit::set(name, id_scalar(id)));
            }
            (FieldKind::NamedReference(module), _) => {
                let (id, target) = self.reference(module, text, source.by)?;
                self.edits.push(Edit::set(name, NamedReference { id, name: target }.to_scalar()));
            }
            (FieldKind::References(modules), _) => {
                for word in members(text) {
                    let (module, key) = module_of(word, modules, source)?;
                    let (id, _) = self.reference(module, key, source.by)?;
                    self.edits.push(Edit::Add { field: name.clone(), key: typed_reference(module, id) });
                }
            }
            (FieldKind::Entries, _) => {
                let register = field.entry_field("raw").ok_or(MappingReason::Entries)?;
                let measure = self.planner.measure(source)?;
                for (number, word) in (1_usize..).zip(members(text)) {
                    let value = self.planner.reading.scalar(register, word, &measure)?;
                    let entry = self.entry_id(&name, &number.to_string()).0.to_string();
                    self.edits.push(Edit::set_entry(name.as_str(), entry, "raw", value));
                }
            }
            _ => {
                let measure = self.planner.measure(source)?;
                let value = self.planner.reading.scalar(field, text, &measure)?;
                self.edits.push(Edit::set(name, value));
            }
        }
        Ok(())
    }

    /// Finds the record that a cell names. One of the same module may stand further down in the same file.
    fn reference(&mut self, module: &str, text: &str, by: Lookup) -> Result<(RecordId, String), RowReason> {
        let known = self.planner.known;
        if by == Lookup::Name {
            return known.by_name(module, text);
        }
        let id = known.id_of(module, text);
        match known.name(id) {
            Some(name) => Ok((id, name)),
            None if module == self.planner.module.name => {
                self.needs.push((id, text.to_owned()));
                Ok((id, text.to_owned()))
            }
            None => Err(RowReason::NotImported { module: module.to_owned(), text: text.to_owned() }),
        }
    }

    fn entries(&mut self) -> Result<(), RowReason> {
        for entry in self.planner.file.entry.clone() {
            let field = self.planner.module.field(&entry.field);
            let unknown = |module: &str, field: &str| MappingReason::UnknownField {
                module: module.to_owned(),
                field: field.to_owned(),
            };
            let field = field.ok_or_else(|| unknown(&self.planner.module.name, &entry.field))?;
            for (name, source) in &entry.fields {
                let register = field.entry_field(name).ok_or_else(|| unknown(&entry.field, name))?;
                let source = source.detailed();
                let text = self.planner.text(&source, self.cells)?;
                if text.is_empty() {
                    continue;
                }
                let measure = self.planner.measure(&source)?;
                let value = self.planner.reading.scalar(register, &text, &measure)?;
                if entry.field == "prices"
                    && let Some(price) = Money::from_scalar(&value)
                {
                    self.prices.insert(price.currency(), price);
                }
                self.edits.push(Edit::set_entry(
                    entry.field.as_str(),
                    entry.key.as_str(),
                    name.as_str(),
                    value,
                ));
            }
        }
        Ok(())
    }

    /// Writes the product line; answers what the lines come to, by currency.
    fn line(&mut self) -> Result<BTreeMap<Currency, String>, RowReason> {
        let Some(line) = self.planner.file.line.clone() else { return Ok(BTreeMap::new()) };
        let source = line.product.detailed();
        let text = self.planner.text(&source, self.cells)?;
        if text.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (product, name) = self.reference(PRODUCT, &text, source.by)?;
        let quantity = self.quantity(&line)?;
        let price = self.unit_price(&line, product, &name)?;
        let entry = self.entry_id("line", "1").0.to_string();
        let mut set = |field: &str, value: Scalar| {
            self.edits.push(Edit::set_entry("lines", entry.as_str(), field, value));
        };
        set("product_id", id_scalar(product));
        set("name", Scalar::text(name));
        set("qty", Scalar::text(canonical::decimal_text(quantity)));
        set("unit_price", price.to_scalar());
        set("position", Scalar::text(LINE_POSITION));
        let sums = figures(quantity, price, &Discount::None, 0).map_err(CellProblem::from)?;
        Ok([(price.currency(), canonical::decimal_text(sums.total.value()))].into())
    }

    fn quantity(&self, line: &LineMapping) -> Result<Decimal, RowReason> {
        let Some(source) = &line.quantity else { return Ok(Decimal::ONE) };
        let text = self.planner.text(&source.detailed(), self.cells)?;
        let quantity = forsat_domain::number::parse_number(&text).map_err(CellProblem::from)?;
        if quantity <= Decimal::ZERO || quantity.normalize().scale() > 6 {
            return Err(MappingReason::Quantity(text).into());
        }
        Ok(quantity)
    }

    fn unit_price(&self, line: &LineMapping, product: RecordId, name: &str) -> Result<Money, RowReason> {
        if let Some(source) = &line.unit_price {
            let source = source.detailed();
            let text = self.planner.text(&source, self.cells)?;
            if !text.is_empty() {
                return Ok(super::value::money(&text, &self.planner.measure(&source)?)?);
            }
        }
        let currency = self.currency();
        let price = self.planner.known.price(product, currency);
        price.ok_or_else(|| MappingReason::NoPrice { product: name.to_owned(), currency }.into())
    }

    fn currency(&self) -> Currency {
        let named = self.text_of("currency").and_then(|code| Currency::from_code(&code).ok());
        named.unwrap_or(self.planner.reading.settings.currency)
    }

    /// Chooses where the amount comes from: by hand where the row gives one, else from the lines.
    fn amount(&mut self, lines: &BTreeMap<Currency, String>) -> Result<(), RowReason> {
        if self.planner.module.field("amount_mode").is_none() {
            return Ok(());
        }
        // An amount by hand remembers the lines that it was chosen over; nothing is over the lines here.
        let (mode, lines_total_seen) = match self.set_value("manual_amount") {
            Some(_) => (Mode::Manual, lines.clone()),
            None => (Mode::Lines, BTreeMap::new()),
        };
        let choice = AmountMode { mode, lines_total_seen, manual_seen: None };
        self.edits.push(Edit::set("amount_mode", choice.to_scalar()));
        Ok(())
    }

    fn stage(&mut self) -> Result<Option<String>, RowReason> {
        let Some(mapping) = self.planner.file.stage.clone() else { return Ok(None) };
        let word = cell(self.cells, &mapping.column)?;
        let wanted = mapping
            .values
            .get(word)
            .ok_or_else(|| MappingReason::Stage { column: mapping.column.clone(), word: word.to_owned() })?;
        let id = self.planner.reading.stage(wanted)?;
        let outcome = self.planner.reading.settings.stages.get(&id).map_or(Outcome::Open, |stage| stage.kind);
        let closed = self.date_of(mapping.closed.as_deref())?;
        if outcome.is_closed() && closed.is_none() {
            return Err(MappingReason::NoClosingDate(word.to_owned()).into());
        }
        let entry = self.stage_entry(&mapping, &id, outcome, closed)?;
        let moved = StageMove {
            entry_id: entry.entry_id,
            from: None,
            from_entries: Vec::new(),
            to: id.clone(),
            at: entry.entered_at,
            by: None,
            left: None,
            forced: Vec::new(),
        };
        self.edits.push(Edit::set("stage", entry.to_scalar()));
        self.edits.push(Edit::Insert {
            field: "stage_history".to_owned(),
            key: entry.entry_id.0.to_string(),
            value: moved.to_scalar(),
        });
        Ok(Some(id))
    }

    fn stage_entry(
        &self,
        mapping: &StageMapping,
        id: &str,
        outcome: Outcome,
        closed: Option<CivilDate>,
    ) -> Result<StageEntry, RowReason> {
        let entered = self.date_of(mapping.entered.as_deref())?;
        let at = if outcome.is_closed() { closed } else { entered };
        let reason = mapping.reason.as_deref().map(|column| cell(self.cells, column)).transpose()?;
        let reason = reason.filter(|reason| !reason.is_empty() && outcome.is_closed());
        let reason = reason.map(|reason| self.planner.reading.reason(reason, outcome)).transpose()?;
        let booked = closed.filter(|_| outcome.is_closed()).and_then(|day| self.booking(day));
        Ok(StageEntry {
            entry_id: self
                .entry_id("stage", &format!("{id}/{}", at.map(|day| day.to_string()).unwrap_or_default())),
            stage_id: id.to_owned(),
            entered_at: at.map_or(self.planner.now_ms, midnight_ms),
            by: None,
            outcome,
            reason_id: reason,
            note: None,
            actual_close_date: closed.filter(|_| outcome.is_closed()),
            booked,
        })
    }

    /// What closing on a day books: the amount by hand, which a closed row gives.
    fn booking(&self, day: CivilDate) -> Option<Booking> {
        let amount = Money::from_scalar(self.set_value("manual_amount")?)?;
        let settings = self.planner.reading.settings;
        let base = settings.rates.convert(amount, settings.currency, day).ok();
        Some(Booking {
            amount: amount.value(),
            currency: amount.currency(),
            org_currency: settings.currency,
            rate: settings.rates.on(amount.currency(), day).filter(|_| base.is_some()),
            base: base.map(|base| base.value()),
        })
    }

    fn date_of(&self, column: Option<&str>) -> Result<Option<CivilDate>, RowReason> {
        let text = column.map_or(Ok(""), |column| cell(self.cells, column))?;
        if text.is_empty() { Ok(None) } else { Ok(Some(self.planner.reading.date(text)?)) }
    }

    fn entry_id(&self, what: &str, key: &str) -> EntryId {
        let key = format!("{}/{}/{what}/{key}", self.planner.module.name, self.key);
        EntryId(derived_id(self.planner.known.workspace(), &self.planner.mapping.source, &key))
    }

    fn external_id(&mut self) {
        let source = self.planner.mapping.source.as_str();
        let entry = derived_id(self.planner.known.workspace(), source, "external id").to_string();
        self.edits.push(Edit::set_entry("external_ids", entry.as_str(), "source", source));
        self.edits.push(Edit::set_entry("external_ids", entry.as_str(), "key", self.key.as_str()));
    }

    /// Fills what neither the row nor the mapping gives with the schema's fixed defaults.
    fn defaults(&mut self) {
        for field in &self.planner.module.fields {
            if self.edits.iter().any(|edit| edit.field() == field.name) {
                continue;
            }
            match &field.default {
                DefaultValue::Value(value) => self.edits.push(Edit::set(field.name.as_ref(), value.clone())),
                DefaultValue::OrganisationCurrency => {
                    let code = self.planner.reading.settings.currency.code();
                    self.edits.push(Edit::set(field.name.as_ref(), code));
                }
                _ => {}
            }
        }
    }

    fn set_value(&self, name: &str) -> Option<&Scalar> {
        self.edits.iter().find_map(|edit| match edit {
            Edit::Set { field, value } if field == name => Some(value),
            _ => None,
        })
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.set_value(name)?.as_text().map(str::to_owned)
    }
}

fn cell<'c>(cells: &'c Cells, column: &str) -> Result<&'c str, RowReason> {
    let found = cells.get(column).map(String::as_str);
    found.ok_or_else(|| MappingReason::NoColumn(column.to_owned()).into())
}

/// The members of a list in one cell.
fn members(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '؛', '\n']).map(str::trim).filter(|word| !word.is_empty())
}

/// The module that a member of a set of references belongs to, and what names the record in it.
fn module_of<'w>(
    word: &'w str,
    modules: &'w [Name],
    source: &'w ValueSource,
) -> Result<(&'w str, &'w str), RowReason> {
    let known = |module: &str| modules.iter().find(|known| *known == module).map(Name::as_ref);
    if let Some((module, key)) = word.split_once(':')
        && let Some(module) = known(module.trim())
    {
        return Ok((module, key.trim()));
    }
    let named = source.module.as_deref().and_then(known);
    named.map(|module| (module, word)).ok_or_else(|| {
        let modules: Vec<&str> = modules.iter().map(Name::as_ref).collect();
        MappingReason::NoModule { word: word.to_owned(), modules: modules.join(", ") }.into()
    })
}

fn midnight_ms(day: CivilDate) -> i64 {
    let epoch = CivilDate::from_gregorian(1970, 1, 1).expect("the epoch is a day");
    day.days_since(epoch) * MS_A_DAY
}
