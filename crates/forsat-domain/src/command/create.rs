//! Creating records: what is given, the defaults of the schema table, and what a deal needs besides.

use super::edit::{assign, set_mode};
use super::line::{NewLine, add};
use super::stage::{find_stage, move_open};
use super::{Context, Plan, Refusal, activity};
use crate::composite::{Composite, Mode, NamedReference, Outcome, id_scalar};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::money::Money;
use crate::opportunity::Amount;
use crate::record::{RecordState, Scalar};
use crate::schema::input::Assignment;
use crate::schema::{
    DefaultValue, FieldDef, FieldKind, MergeCode, ModuleDef, OPPORTUNITY, SETTINGS, naming, record_name,
};
use crate::settings::{DEFAULT_PIPELINE, Settings};

/// What a new record should hold.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The id, where it is derived from a source; otherwise a new one is drawn.
    pub id: Option<RecordId>,
    /// The fields.
    pub assignments: Vec<Assignment>,
    /// The lines of a deal.
    pub lines: Vec<NewLine>,
    /// Whether required fields may be missing, as in an import: they then carry an issue. A deal's account and a
    /// record's name are needed all the same.
    pub lenient: bool,
}

/// A record to be created.
///
/// The edits leave out `id`, `module`, `created_at` and `created_by`, which the document writes for every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The new record's id.
    pub id: RecordId,
    /// What to write.
    pub edits: Vec<Edit>,
}

/// Creates a record of a module.
pub fn create(ctx: &mut Context<'_>, module: &str, draft: &Draft) -> Result<Created, Refusal> {
    let schema = ctx.schema;
    let table = schema.module(module).ok_or_else(|| Refusal::UnknownModule(module.to_owned()))?;
    let id = draft.id.unwrap_or_else(|| RecordId((ctx.new_uuid)()));
    let mut plan = Plan::new(&RecordState::new(id, module));
    let deal = assign(&mut plan, ctx, &draft.assignments)?;
    let typed = deal.amount.as_ref().and_then(Money::from_scalar);
    if let Some(amount) = typed.filter(|_| plan.state.winner("currency").is_null()) {
        // Who types euros and names no currency means a deal in euros.
        plan.push(Edit::set("currency", amount.currency().code()));
    }
    defaults(&mut plan, ctx, table);
    if module == OPPORTUNITY {
        for line in &draft.lines {
            add(&mut plan, ctx, line)?;
        }
        deal.amount(&mut plan, ctx);
        if deal.amount.is_none() && plan.state.winner("amount_mode").is_null() {
            let mode = if draft.lines.is_empty() { Mode::Manual } else { Mode::Lines };
            set_mode(&mut plan, ctx, mode);
        }
        begin_stage(&mut plan, ctx, deal.stage.as_deref(), |plan, ctx, to| {
            deal.move_to(plan, ctx, to, draft.lenient)
        })?;
        deal.probability(&mut plan, ctx)?;
        name_deal(&mut plan, ctx);
    }
    activity::begin(&mut plan);
    refuse_missing(&plan, table, draft.lenient)?;
    activity::check(&plan)?;
    Ok(Created { id, edits: plan.finish() })
}

/// Enters the first open stage, or the one asked for.
pub(super) fn begin_stage(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    to: Option<&str>,
    move_to: impl FnOnce(&mut Plan, &mut Context<'_>, &str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    if let Some(to) = to {
        return move_to(plan, ctx, to);
    }
    let stages = &ctx.settings().stages;
    let first = stages.first(DEFAULT_PIPELINE, Outcome::Open);
    let first = first.or_else(|| stages.live().into_iter().find(|stage| stage.kind == Outcome::Open));
    let first = first.ok_or_else(|| Refusal::UnknownStage(DEFAULT_PIPELINE.to_owned()))?;
    let stage = find_stage(&first.id, ctx.settings())?;
    move_open(plan, ctx, stage)
}

/// Writes the defaults of the fields that were not given.
pub(super) fn defaults(plan: &mut Plan, ctx: &Context<'_>, table: &ModuleDef) {
    for field in table.fields.iter().filter(|field| matches!(field.merge, MergeCode::R | MergeCode::RA)) {
        if !plan.state.winner(&field.name).is_null() {
            continue;
        }
        let value = match &field.default {
            DefaultValue::Value(value) => value.clone(),
            DefaultValue::Creator => id_scalar(ctx.user.into()),
            DefaultValue::Today => Scalar::text(ctx.today.to_string()),
            DefaultValue::OrganisationCurrency => Scalar::text(ctx.settings().currency.code()),
            DefaultValue::Empty | DefaultValue::FirstStage | DefaultValue::NamingConvention => continue,
        };
        plan.push(Edit::set(field.name.clone(), value));
    }
}

/// Names a deal by the workspace's convention where no name was given.
fn name_deal(plan: &mut Plan, ctx: &Context<'_>) {
    if !plan.state.winner("name").is_blank() {
        return;
    }
    let settings = ctx.settings();
    let account = NamedReference::from_scalar(plan.state.winner("account_id"));
    let account = account.map(|account| account.name).unwrap_or_default();
    let amount = Amount::read(&plan.state, settings, ctx.today);
    let product = amount.kept_lines().next().map(|line| line.name.clone()).unwrap_or_default();
    let name = proposed_name(settings, &account, &product);
    if !name.is_empty() {
        plan.push(Edit::set("name", name));
    }
}

/// The name that the workspace's convention gives a deal; empty where neither part is known.
pub fn proposed_name(settings: &Settings, account: &str, product: &str) -> String {
    let name = settings.naming_convention.replace("{account}", account).replace("{product}", product);
    // A part that is not known leaves its separator behind.
    let name = name.trim_matches(|letter: char| letter == '/' || letter == '-' || letter.is_whitespace());
    name.chars().take(NAME_LETTERS_MAX).collect()
}

/// Letters of a proposed name; the schema's limit of a name.
const NAME_LETTERS_MAX: usize = 255;

/// Refuses a record without its required fields.
pub(super) fn refuse_missing(plan: &Plan, table: &ModuleDef, lenient: bool) -> Result<(), Refusal> {
    let needed = |field: &&FieldDef| {
        let always = field.name == table.name_field || field.name == "account_id";
        field.required && (always || !lenient)
    };
    let blank = |field: &&FieldDef| match field.kind {
        FieldKind::References(_) => plan.state.set(&field.name).next().is_none(),
        FieldKind::Entries => plan.state.entries(&field.name).next().is_none(),
        _ => plan.state.winner(&field.name).is_blank(),
    };
    let missing: Vec<String> =
        table.fields.iter().filter(needed).filter(blank).map(|field| field.name.to_string()).collect();
    if !missing.is_empty() {
        return Err(Refusal::Missing { module: table.name.to_string(), fields: missing });
    }
    // A settings record is named by the organisation, which may have no name yet.
    if table.name != SETTINGS && record_name(&plan.state).is_empty() {
        return Err(nameless(&table.name));
    }
    Ok(())
}

/// Refuses a record that nothing names.
pub(super) fn nameless(module: &str) -> Refusal {
    let fields = naming(module).iter().filter_map(|fields| fields.last());
    Refusal::Nameless { module: module.to_owned(), fields: fields.map(|field| (*field).to_owned()).collect() }
}
