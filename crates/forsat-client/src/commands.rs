//! Commands: each finds its record, runs the domain's rule and keeps what it writes, in one write transaction.

use crate::bulk;
use crate::engine::Engine;
use crate::error::{ClientError, Damage};
use crate::find::{self, Hit};
use crate::model::{CloseInput, DeletePreview, FieldInput, Resolve, Saved};
use crate::space;
use crate::turn::Turn;
use crate::world::StoreWorld;
use forsat_domain::command::{
    Choice, Close, Context, Draft, NewLine, Refusal, Resolved, create, delete_preview, edit, find_line,
    line_add, line_edit, line_remove, lose, refuse_merged, reopen, resolve,
};
use forsat_domain::composite::Composite as _;
use forsat_domain::edit::Edit;
use forsat_domain::id::encode_id;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::display::Locale;
use forsat_domain::schema::input::{Assignment, Input, InputError, ParseContext, ReferenceError};
use forsat_domain::schema::{FieldDef, FieldKind, ModuleDef, OPPORTUNITY, PRODUCT, Schema, record_name};
use forsat_domain::world::World;
use forsat_domain::{Currency, Money, RecordId, RialUnit, date};
use forsat_store::{Access, Tx};
use std::collections::BTreeMap;

/// What a command runs with: the record, the rules' context, and how typed values are read.
pub(crate) struct Scene<'c, 'a> {
    pub(crate) context: &'c mut Context<'a>,
    pub(crate) parse: &'c ParseContext<'c>,
    pub(crate) echoed: &'c mut BTreeMap<String, String>,
    pub(crate) locale: &'c Locale,
}

/// Commands. `reference` is a short id or a beginning of one, a whole UUID, or a unique name.
impl Engine {
    /// Creates a record. A deal takes `product=` besides its fields, as its first line.
    pub fn create(&self, module: &str, fields: &[FieldInput]) -> Result<Saved, ClientError> {
        self.create_in(module, fields, None)
    }

    /// Creates a record in the space of this name; none: that of the record that it is about, or the home space.
    pub fn create_in(
        &self,
        module: &str,
        fields: &[FieldInput],
        space: Option<&str>,
    ) -> Result<Saved, ClientError> {
        let table = find::module(self.schema(), module)?;
        self.check_filter(table, None, fields)?;
        self.turn(|turn| {
            let empty = RecordState::new(RecordId::from_bytes([0; 16]), table.name.as_ref());
            let mut echoed = BTreeMap::new();
            let created = turn.rule(&empty, &mut echoed, |scene| {
                let (lines, fields) = split_product(table, fields, scene.parse)?;
                let assignments = scene.assignments(table, &fields)?;
                let draft = Draft { assignments, lines, ..Draft::default() };
                Ok(create(scene.context, &table.name, &draft)?)
            })?;
            let state = match space {
                Some(name) => {
                    let space = space::by_name(&*turn.tx, &table.name, name)?;
                    turn.create_in(space, created.id, &table.name, &created.edits)?
                }
                None => turn.create(created.id, &table.name, &created.edits)?,
            };
            turn.finish(&format!("{} add", table.short), &state, echoed)
        })
    }

    /// Changes fields of a record.
    pub fn edit(&self, module: &str, reference: &str, fields: &[FieldInput]) -> Result<Saved, ClientError> {
        if let Ok(table) = find::module(self.schema(), module) {
            self.check_filter(table, Some(reference), fields)?;
        }
        self.command(module, reference, "edit", |scene, table, state| {
            let assignments = scene.assignments(table, fields)?;
            Ok(edit(scene.context, state, &assignments)?)
        })
    }

    /// Says what deleting would leave behind; writes nothing.
    pub fn delete_preview(&self, module: &str, reference: &str) -> Result<DeletePreview, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve(&tx, self.schema(), module, reference)?;
        let world = StoreWorld::new(&tx)?;
        let state = world.record(hit.id).ok_or_else(|| missing(&hit))?.into_owned();
        let today = date::today(self.ambient().now_ms(), world.settings().time_zone);
        let found = delete_preview(&state, &world, today);
        world.check()?;
        let sums = found.open_sums.iter();
        Ok(DeletePreview {
            id: hit.id.0,
            short: encode_id(hit.id.as_bytes()),
            name: record_name(&state),
            module: hit.module,
            open_deals: found.open_deals as u64,
            open_sums: sums
                .map(|(currency, sum)| {
                    (currency.code().to_owned(), forsat_domain::canonical::decimal_text(sum.value()))
                })
                .collect(),
        })
    }

    /// Moves a record to the trash. The caller has shown [`Engine::delete_preview`] and was told to go on.
    pub fn delete(&self, module: &str, reference: &str) -> Result<Saved, ClientError> {
        self.delete_many(module, &[reference]).map(bulk::only)
    }

    /// Takes a record out of the trash.
    pub fn restore(&self, module: &str, reference: &str) -> Result<Saved, ClientError> {
        self.restore_many(module, &[reference]).map(bulk::only)
    }

    /// Moves a deal to an open stage, by id or label.
    pub fn stage(&self, reference: &str, stage: &str) -> Result<Saved, ClientError> {
        self.stage_forced(reference, stage, false)
    }

    /// Closes a deal as won.
    pub fn win(&self, reference: &str, close: &CloseInput) -> Result<Saved, ClientError> {
        self.win_forced(reference, close, false)
    }

    /// Closes a deal as lost.
    pub fn lose(&self, reference: &str, close: &CloseInput) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "lose", |scene, _, state| {
            let close = scene.close(close)?;
            Ok(lose(scene.context, state, &close)?)
        })
    }

    /// Opens a closed deal again, in the stage named or the one that it was last in.
    pub fn reopen(&self, reference: &str, stage: Option<&str>) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "reopen", |scene, _, state| {
            Ok(reopen(scene.context, state, stage)?)
        })
    }

    /// Adds a line to a deal; `product` is an id or name of the catalogue; free text has `name=` among the fields.
    pub fn line_add(
        &self,
        reference: &str,
        product: Option<&str>,
        fields: &[FieldInput],
    ) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "line add", |scene, table, state| {
            let product = product.map(|product| scene.product(product)).transpose()?;
            let fields = scene.line_assignments(table, fields)?;
            Ok(line_add(scene.context, state, &NewLine { product, fields, entry: None })?)
        })
    }

    /// Changes fields of a line; `line` is its number from 1, a beginning of its id, or its name.
    pub fn line_edit(
        &self,
        reference: &str,
        line: &str,
        fields: &[FieldInput],
    ) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "line edit", |scene, table, state| {
            let entry = find_line(state, scene.context.world, scene.context.today, line)?;
            let fields = scene.line_assignments(table, fields)?;
            Ok(line_edit(scene.context, state, &entry, &fields)?)
        })
    }

    /// Removes a line.
    pub fn line_remove(&self, reference: &str, line: &str) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "line remove", |scene, _, state| {
            let entry = find_line(state, scene.context.world, scene.context.today, line)?;
            Ok(line_remove(state, &entry)?)
        })
    }

    /// Ends an issue; `what` is its field or its code.
    pub fn resolve(&self, reference: &str, what: &str, choice: &Resolve) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let hit = find::resolve(&*turn.tx, self.schema(), "", reference)?;
            let state = turn.state(&hit.module, hit.id)?;
            let mut echoed = BTreeMap::new();
            let Resolved { record, edits, also } = turn.rule(&state, &mut echoed, |scene| {
                let choice = match choice {
                    Resolve::Take(number) => Choice::Take(*number),
                    Resolve::Value(value) => Choice::Value(value.clone()),
                    Resolve::Closed(value, close) => Choice::Closed(value.clone(), scene.close(close)?),
                };
                Ok(resolve(scene.context, scene.parse, &state, what, &choice)?)
            })?;
            let after = turn.edit(record, &edits)?.unwrap_or(state);
            for (other, edits) in also {
                turn.edit(other, &edits)?;
            }
            turn.finish(&format!("resolve {what}"), &after, echoed)
        })
    }

    /// Runs a rule on one record and keeps its edits.
    pub(crate) fn command(
        &self,
        module: &str,
        reference: &str,
        name: &str,
        rule: impl FnOnce(&mut Scene<'_, '_>, &ModuleDef, &RecordState) -> Result<Vec<Edit>, ClientError>,
    ) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let hit = find::resolve(&*turn.tx, self.schema(), module, reference)?;
            let table = find::module(self.schema(), &hit.module)?;
            let state = turn.state(&hit.module, hit.id)?;
            let mut echoed = BTreeMap::new();
            let edits = turn.rule(&state, &mut echoed, |scene| {
                refuse_merged(&state, scene.context.world)?;
                rule(scene, table, &state)
            })?;
            let after = turn.edit(hit.id, &edits)?.unwrap_or(state);
            turn.finish(&format!("{} {name}", table.short), &after, echoed)
        })
    }
}

impl Turn<'_, '_, '_> {
    /// Runs a rule with the records as this transaction sees them.
    pub(crate) fn rule<T>(
        &self,
        state: &RecordState,
        echoed: &mut BTreeMap<String, String>,
        rule: impl FnOnce(&mut Scene<'_, '_>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let world = self.world()?;
        let schema = self.engine.schema();
        let ambient = self.engine.ambient();
        let find = finder(&*self.tx, schema);
        let parse = ParseContext {
            today: self.today,
            currency: currency_of(state, &world),
            settings: world.settings(),
            find: &find,
        };
        let mut new_uuid = || ambient.uuid();
        let mut context = Context {
            now_ms: self.now_ms,
            today: self.today,
            user: self.user,
            new_uuid: &mut new_uuid,
            world: &world,
            schema,
        };
        let done =
            rule(&mut Scene { context: &mut context, parse: &parse, echoed, locale: self.engine.locale() });
        world.check()?;
        done
    }
}

impl Scene<'_, '_> {
    /// Reads typed fields, and notes those that were understood from a short form.
    pub(crate) fn assignments(
        &mut self,
        table: &ModuleDef,
        fields: &[FieldInput],
    ) -> Result<Vec<Assignment>, ClientError> {
        let pairs = fields.iter().map(|field| (field.name.as_str(), field.value.as_str()));
        let assignments = table.assignments(pairs, self.parse).map_err(Refusal::from)?;
        for (assignment, typed) in assignments.iter().zip(fields) {
            if let Some(field) = table.field(&assignment.field) {
                self.echo(field, assignment, &typed.value);
            }
        }
        Ok(assignments)
    }

    fn line_assignments(
        &mut self,
        table: &ModuleDef,
        fields: &[FieldInput],
    ) -> Result<Vec<Assignment>, ClientError> {
        let lines = table.field("lines").ok_or_else(|| Refusal::UnknownModule("lines".to_owned()))?;
        let mut assignments = Vec::new();
        for typed in fields {
            let assignment =
                lines.entry_assignment(&typed.name, &typed.value, self.parse).map_err(Refusal::from)?;
            if let Some(field) = lines.entry_field(&assignment.field) {
                self.echo(field, &assignment, &typed.value);
            }
            assignments.push(assignment);
        }
        Ok(assignments)
    }

    /// Notes amounts, dates and hours as they were understood, where they were typed in another form.
    fn echo(&mut self, field: &FieldDef, assignment: &Assignment, typed: &str) {
        let Input::Value(value) = &assignment.input else { return };
        if value.is_null() || !matches!(field.kind, FieldKind::Money | FieldKind::Date | FieldKind::Moment) {
            return;
        }
        let full = field.format(value, self.locale, self.context.world);
        let full = match Money::from_scalar(value) {
            Some(money) => self.in_both_units(money, full),
            None => full,
        };
        if full != typed {
            self.echoed.insert(field.name.to_string(), full);
        }
    }

    /// Adds what is stored to an amount that is shown in tomans: a number without a unit was read as rials.
    fn in_both_units(&self, money: Money, shown: String) -> String {
        if self.locale.rial_unit != RialUnit::Toman || money.currency() != Currency::IRR {
            return shown;
        }
        let rials = Locale { rial_unit: RialUnit::Rial, ..*self.locale };
        format!("{} = {shown}", rials.money(money))
    }

    pub(crate) fn close(&self, close: &CloseInput) -> Result<Close, ClientError> {
        let on = close.on.as_deref().map(|on| date::parse_date(on, self.context.today)).transpose();
        let on = on.map_err(|source| InputError::Date { field: "actual_close_date".to_owned(), source })?;
        Ok(Close { on, reason: close.reason.clone(), note: close.note.clone() })
    }

    /// The record of a module that a text names.
    pub(crate) fn reference(&self, module: &str, text: &str) -> Result<RecordId, ClientError> {
        (self.parse.find)(module, text)
            .map(|(id, _)| id)
            .map_err(|error| ClientError::of_reference(module, error))
    }

    pub(crate) fn product(&self, reference: &str) -> Result<RecordId, ClientError> {
        product(self.parse, reference)
    }
}

fn product(parse: &ParseContext<'_>, reference: &str) -> Result<RecordId, ClientError> {
    let found = (parse.find)(PRODUCT, reference).map(|(id, _)| id);
    Ok(found.map_err(|source| InputError::Reference { field: "product".to_owned(), source })?)
}

/// Takes `product=` out of a new deal's fields: it becomes the first line.
fn split_product(
    table: &ModuleDef,
    fields: &[FieldInput],
    parse: &ParseContext<'_>,
) -> Result<(Vec<NewLine>, Vec<FieldInput>), ClientError> {
    let is_product = |field: &&FieldInput| table.name == OPPORTUNITY && field.name == "product";
    let (products, others): (Vec<_>, Vec<_>) = fields.iter().partition(is_product);
    let mut lines = Vec::new();
    for typed in products {
        let product = Some(product(parse, &typed.value)?);
        lines.push(NewLine { product, ..NewLine::default() });
    }
    Ok((lines, others.into_iter().cloned().collect()))
}

/// Finds references by what people type, for the reading of values.
pub(crate) fn finder<'t, A: Access>(
    tx: &'t Tx<A>,
    schema: &'t Schema,
) -> impl Fn(&str, &str) -> Result<(RecordId, String), ReferenceError> + 't {
    move |module, text| {
        let hit = find::resolve(tx, schema, module, text).map_err(ClientError::into_reference)?;
        let state = crate::vault::state(tx, &hit.module, hit.id).map_err(ClientError::into_reference)?;
        let name = state.map(|state| record_name(&state));
        Ok((hit.id, name.unwrap_or_default()))
    }
}

/// The currency of amounts typed without a unit.
pub(crate) fn currency_of(state: &RecordState, world: &dyn World) -> Currency {
    let named = state.winner("currency");
    let named = if let Scalar::Text(code) = named { Currency::from_code(code).ok() } else { None };
    named.unwrap_or(world.settings().currency)
}

fn missing(hit: &Hit) -> ClientError {
    ClientError::Damaged(Damage::MissingRow { module: hit.module.clone(), id: hit.id.to_string() })
}
