//! Administering the workspace: its settings as one command and one view, and what a person prefers.

use crate::commands::Scene;
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, Damage};
use crate::ids::{settings_id, user_id, workspace_id};
use crate::model::{FieldInput, Saved};
use crate::turn::Turn;
use crate::{find, vault};
use forsat_domain::command::{
    CheckDraft, FieldDraft, Labels, Place, Refusal, SettingRows, StageDraft, check_add, check_remove, edit,
    field_add, field_remove, item_add, item_archive, item_edit, item_restore, rate_add, rate_remove,
    stage_add, stage_archive, stage_edit, stage_place, stage_restore, target_add, target_remove,
};
use forsat_domain::edit::Edit;
use forsat_domain::number::{parse_money, parse_number};
use forsat_domain::record::RecordState;
use forsat_domain::schema::input::InputError;
use forsat_domain::schema::{Language, SETTINGS, USER};
use forsat_domain::settings::TargetOwner;
use forsat_domain::{Calendar, Currency, Digits, RecordId, RialUnit, date};
use std::collections::BTreeMap;

mod view;

pub use view::{CustomFieldView, ItemView, PipelineView, RateView, SettingsView, StageView, TargetView};

/// One change of the settings, as a person asks for it.
#[derive(Clone, Debug)]
pub enum SettingsCommand {
    /// Sets plain fields: the organisation's name, its calendar.
    Edit(Vec<FieldInput>),
    /// Adds a stage.
    StageAdd(StageDraft),
    /// Changes a stage.
    StageEdit(String, StageDraft),
    /// Archives a stage, with what stands in for it.
    StageArchive(String, Option<String>),
    /// Offers a stage again.
    StageRestore(String),
    /// Moves a stage within its pipeline.
    StagePlace(String, Place),
    /// Adds an item to a stage's checklist.
    CheckAdd(String, CheckDraft),
    /// Takes an item out of a stage's checklist.
    CheckRemove(String, String),
    /// Adds a row to a list.
    ItemAdd(SettingRows, Labels),
    /// Labels a row anew.
    ItemEdit(SettingRows, String, Labels),
    /// Archives a row.
    ItemArchive(SettingRows, String),
    /// Offers a row again.
    ItemRestore(SettingRows, String),
    /// Enters an exchange rate: currency, day, units of the organisation's currency.
    RateAdd(String, String, String),
    /// Takes an exchange rate back: currency, day.
    RateRemove(String, String),
    /// Sets a target: owner, period, amount.
    TargetAdd(TargetFor, String, String),
    /// Takes a target back: owner, period.
    TargetRemove(TargetFor, String),
    /// Adds a field to a module.
    FieldAdd(FieldDraft),
    /// Hides a field: module, name.
    FieldRemove(String, String),
}

/// Whose target it is, as typed.
#[derive(Clone, Debug)]
pub enum TargetFor {
    /// A person, by name or id.
    User(String),
    /// A team, by its name.
    Team(String),
}

/// What a person chose for labels, dates, digits and amounts; nothing where they chose nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The language.
    pub language: Option<Language>,
    /// The calendar.
    pub calendar: Option<Calendar>,
    /// The digits.
    pub digits: Option<Digits>,
    /// The unit of rial amounts.
    pub rial_unit: Option<RialUnit>,
}

/// Settings and preferences.
impl Engine {
    /// Changes the settings. What the workspace's own fields become shows in engines that are opened later.
    pub fn administer(&self, command: &SettingsCommand) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let id = settings_id(workspace_id(&turn.tx.identity()?.workspace));
            let stored = vault::state(&*turn.tx, SETTINGS, id)?;
            let is_new = stored.is_none();
            let state = stored.unwrap_or_else(|| RecordState::new(id, SETTINGS));
            let mut echoed = BTreeMap::new();
            let edits = turn.rule(&state, &mut echoed, |scene| command.edits(scene, &state))?;
            if is_new && !edits.is_empty() {
                begin_settings(turn, id)?;
            }
            if let Some(entry) = command.named(&edits) {
                echoed.insert("id".to_owned(), entry);
            }
            let after = if edits.is_empty() { None } else { turn.edit(id, &edits)? };
            turn.finish(&format!("settings {}", command.name()), &after.unwrap_or(state), echoed)
        })
    }

    /// The settings record, for the commands of every module.
    pub fn settings_record(&self) -> Result<RecordId, ClientError> {
        Ok(settings_id(workspace_id(&self.read()?.identity()?.workspace)))
    }

    /// The person that this store writes as.
    pub fn me(&self) -> Result<RecordId, ClientError> {
        let user = self.read()?.identity()?.user;
        let user = user.ok_or_else(|| ClientError::Damaged(Damage::NoUser))?;
        Ok(RecordId(user_id(&user).0))
    }

    /// What the person that this store writes as prefers.
    pub fn preferences(&self) -> Result<Preferences, ClientError> {
        let me = self.me()?;
        let Some(state) = vault::state(&self.read()?, USER, me)? else {
            return Ok(Preferences::default());
        };
        let word = |field: &str| state.winner(field).as_text();
        Ok(Preferences {
            language: word("locale").and_then(|word| match word {
                "fa" => Some(Language::Persian),
                "en" => Some(Language::English),
                _ => None,
            }),
            calendar: word("calendar").and_then(|word| match word {
                "persian" => Some(Calendar::Persian),
                "gregorian" => Some(Calendar::Gregorian),
                _ => None,
            }),
            digits: word("digits").and_then(|word| match word {
                "fa" => Some(Digits::Persian),
                "latin" => Some(Digits::Latin),
                _ => None,
            }),
            rial_unit: word("currency_unit").and_then(|word| match word {
                "toman" => Some(RialUnit::Toman),
                "rial" => Some(RialUnit::Rial),
                _ => None,
            }),
        })
    }
}

/// Makes an empty settings record, so that undoing the first change takes back its values and not the record.
fn begin_settings(turn: &mut Turn<'_, '_, '_>, id: RecordId) -> Result<(), ClientError> {
    turn.create(id, SETTINGS, &[])?;
    turn.drop_journal();
    Ok(())
}

impl SettingsCommand {
    fn edits(&self, scene: &mut Scene<'_, '_>, state: &RecordState) -> Result<Vec<Edit>, ClientError> {
        let ctx = &*scene.context;
        Ok(match self {
            Self::Edit(fields) => return plain(scene, state, fields),
            Self::StageAdd(draft) => stage_add(ctx, draft)?,
            Self::StageEdit(stage, draft) => stage_edit(ctx, stage, draft)?,
            Self::StageArchive(stage, by) => stage_archive(ctx, stage, by.as_deref())?,
            Self::StageRestore(stage) => stage_restore(ctx, stage)?,
            Self::StagePlace(stage, place) => stage_place(ctx, stage, place)?,
            Self::CheckAdd(stage, draft) => check_add(ctx, stage, draft)?,
            Self::CheckRemove(stage, item) => check_remove(ctx, stage, item)?,
            Self::ItemAdd(list, labels) => item_add(ctx, *list, labels)?,
            Self::ItemEdit(list, row, labels) => item_edit(ctx, *list, row, labels)?,
            Self::ItemArchive(list, row) => item_archive(ctx, *list, row)?,
            Self::ItemRestore(list, row) => item_restore(ctx, *list, row)?,
            Self::RateAdd(code, day, rate) => {
                let day = read_day(scene, day)?;
                let rate = parse_number(rate)
                    .map_err(|source| InputError::Number { field: "rate".to_owned(), source })?;
                let currency = read_currency(code)?;
                scene.echoed.insert(format!("rates/{code}/date"), scene.locale.date(day));
                rate_add(scene.context, state, currency, day, rate)?
            }
            Self::RateRemove(code, day) => rate_remove(state, read_currency(code)?, read_day(scene, day)?)?,
            Self::TargetAdd(owner, period, value) => {
                let currency = ctx.world.settings().currency;
                let value = parse_money(value, currency)
                    .map_err(|source| InputError::Number { field: "value".to_owned(), source })?;
                scene
                    .echoed
                    .insert(format!("targets/{}/value", period.replace('/', "-")), scene.locale.money(value));
                target_add(state, &owner.read(scene)?, period, value)?
            }
            Self::TargetRemove(owner, period) => target_remove(state, &owner.read(scene)?, period)?,
            Self::FieldAdd(draft) => {
                let module = find::module(ctx.schema, &draft.module)?.name.to_string();
                field_add(ctx, state, &FieldDraft { module, ..draft.clone() })?
            }
            Self::FieldRemove(module, name) => {
                field_remove(ctx, state, &find::module(ctx.schema, module)?.name, name)?
            }
        })
    }

    /// What undo and the change log call it.
    fn name(&self) -> &'static str {
        match self {
            Self::Edit(_) => "edit",
            Self::StageAdd(_) => "stage add",
            Self::StageEdit(..) => "stage edit",
            Self::StageArchive(..) => "stage archive",
            Self::StageRestore(_) => "stage restore",
            Self::StagePlace(..) => "stage move",
            Self::CheckAdd(..) => "stage check add",
            Self::CheckRemove(..) => "stage check remove",
            Self::ItemAdd(list, _) | Self::ItemEdit(list, ..) => list.field(),
            Self::ItemArchive(list, _) | Self::ItemRestore(list, _) => list.field(),
            Self::RateAdd(..) => "rate add",
            Self::RateRemove(..) => "rate remove",
            Self::TargetAdd(..) => "target add",
            Self::TargetRemove(..) => "target remove",
            Self::FieldAdd(_) => "field add",
            Self::FieldRemove(..) => "field remove",
        }
    }

    /// The id that a new row was given, for a person to name it by.
    fn named(&self, edits: &[Edit]) -> Option<String> {
        let adds =
            matches!(self, Self::StageAdd(_) | Self::CheckAdd(..) | Self::ItemAdd(..) | Self::FieldAdd(_));
        let Edit::SetEntry { entry, name, .. } = edits.first().filter(|_| adds)? else { return None };
        let item = name.strip_prefix("check/").and_then(|rest| rest.split('/').next());
        Some(item.unwrap_or(entry).to_owned())
    }
}

impl TargetFor {
    fn read(&self, scene: &Scene<'_, '_>) -> Result<TargetOwner, ClientError> {
        match self {
            Self::User(text) => {
                let (user, _) =
                    (scene.parse.find)(USER, text).map_err(|error| ClientError::of_reference(USER, error))?;
                Ok(TargetOwner::User(user))
            }
            Self::Team(team) if team.trim().is_empty() => Err(ArgumentError::TeamName.into()),
            Self::Team(team) => Ok(TargetOwner::Team(team.trim().to_owned())),
        }
    }
}

fn plain(
    scene: &mut Scene<'_, '_>,
    state: &RecordState,
    fields: &[FieldInput],
) -> Result<Vec<Edit>, ClientError> {
    let table = scene.context.schema.module(SETTINGS);
    let table = table.ok_or_else(|| Refusal::UnknownModule(SETTINGS.to_owned()))?;
    let assignments = scene.assignments(table, fields)?;
    Ok(edit(scene.context, state, &assignments)?)
}

fn read_currency(code: &str) -> Result<Currency, ClientError> {
    Currency::from_code(code)
        .map_err(|source| InputError::Currency { field: "currency".to_owned(), source }.into())
}

fn read_day(scene: &Scene<'_, '_>, day: &str) -> Result<forsat_domain::CivilDate, ClientError> {
    date::parse_date(day, scene.context.today)
        .map_err(|source| InputError::Date { field: "date".to_owned(), source }.into())
}
