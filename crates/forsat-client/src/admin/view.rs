//! The settings as a person reads them, and as JSON.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::world::StoreWorld;
use forsat_domain::composite::Outcome;
use forsat_domain::schema::SettingList;
use forsat_domain::settings::{CustomField, ListItem, Settings, Stage, TargetOwner};
use forsat_domain::world::World;
use forsat_domain::{Calendar, Money, canonical};
use serde::Serialize;

/// Everything that a workspace may set, defaults included.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsView {
    /// The organisation's name; empty when nobody gave one.
    pub organisation: String,
    /// The organisation's currency.
    pub currency: String,
    /// Its time zone.
    pub time_zone: String,
    /// `persian` or `gregorian`.
    pub calendar: String,
    /// The month that the fiscal year starts with.
    pub fiscal_year_start: u8,
    /// Whether a deal's amount includes the tax of its lines.
    pub tax_in_amount: bool,
    /// The pattern of deal names.
    pub naming_convention: String,
    /// The pipelines in order, with their stages.
    pub pipelines: Vec<PipelineView>,
    /// Where deals come from.
    pub lead_sources: Vec<ItemView>,
    /// Why deals are won.
    pub win_reasons: Vec<ItemView>,
    /// Why deals are lost.
    pub loss_reasons: Vec<ItemView>,
    /// Exchange rates by currency and day.
    pub rates: Vec<RateView>,
    /// What people and teams are to win.
    pub targets: Vec<TargetView>,
    /// The workspace's own fields; hidden ones too.
    pub custom_fields: Vec<CustomFieldView>,
}

/// A pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct PipelineView {
    /// The id.
    pub id: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// Its stages in order, archived ones too.
    pub stages: Vec<StageView>,
}

/// A stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageView {
    /// The id.
    pub id: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// `open`, `won` or `lost`.
    pub kind: String,
    /// Percent.
    pub probability: u8,
    /// What must be reached before a deal moves on.
    pub exit_criteria: String,
    /// Its checklist.
    pub checklist: Vec<ItemView>,
    /// Whether it is offered no more.
    pub archived: bool,
    /// What stands in for it.
    pub replaced_by: Option<String>,
}

/// A row of a list, or an item of a checklist.
#[derive(Clone, Debug, Serialize)]
pub struct ItemView {
    /// The id.
    pub id: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// Whether it is offered no more.
    pub archived: bool,
    /// Whether a deal may not move on without it; items of a checklist only.
    pub required: bool,
}

/// An exchange rate.
#[derive(Clone, Debug, Serialize)]
pub struct RateView {
    /// The currency.
    pub currency: String,
    /// The first day that it holds for, `YYYY-MM-DD`.
    pub date: String,
    /// Units of the organisation's currency for one, a canonical decimal.
    pub rate: String,
}

/// A target.
#[derive(Clone, Debug, Serialize)]
pub struct TargetView {
    /// The person's id, where it is a person's.
    pub user_id: Option<String>,
    /// The person's or the team's name.
    pub name: String,
    /// `1404`, `1404-Q2` or `1404-07`.
    pub period: String,
    /// How much.
    pub value: Money,
}

/// A field of a workspace's own.
#[derive(Clone, Debug, Serialize)]
pub struct CustomFieldView {
    /// The module.
    pub module: String,
    /// The stored name.
    pub name: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// Its type, such as `text` or `choice(a,b)`.
    pub r#type: String,
    /// Whether it is hidden.
    pub removed: bool,
    /// Whether this version knows the type; otherwise its values are kept unseen.
    pub known: bool,
}

impl Engine {
    /// The settings in full.
    pub fn settings_view(&self) -> Result<SettingsView, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?;
        let settings = world.settings();
        let list = |list| settings.items(list).iter().map(item).collect();
        let view = SettingsView {
            organisation: settings.organisation.clone(),
            currency: settings.currency.code().to_owned(),
            time_zone: settings.time_zone.name().to_owned(),
            calendar: match settings.calendar {
                Calendar::Persian => "persian".to_owned(),
                Calendar::Gregorian => "gregorian".to_owned(),
            },
            fiscal_year_start: settings.fiscal_year_start,
            tax_in_amount: settings.tax_in_amount,
            naming_convention: settings.naming_convention.clone(),
            pipelines: pipelines(settings),
            lead_sources: list(SettingList::LeadSources),
            win_reasons: list(SettingList::WinReasons),
            loss_reasons: list(SettingList::LossReasons),
            rates: rates(settings),
            targets: targets(settings, &world),
            custom_fields: settings.custom_fields.iter().map(custom_field).collect(),
        };
        world.check()?;
        Ok(view)
    }
}

fn pipelines(settings: &Settings) -> Vec<PipelineView> {
    let rows = settings.stages.pipelines().iter();
    rows.map(|(id, label)| PipelineView {
        id: id.clone(),
        label_en: label.en.to_string(),
        label_fa: label.fa.to_string(),
        stages: settings.stages.all_of(id).into_iter().map(stage).collect(),
    })
    .collect()
}

fn stage(stage: &Stage) -> StageView {
    let checklist = stage.checklist.iter().map(|item| ItemView {
        id: item.id.clone(),
        label_en: item.label.en.to_string(),
        label_fa: item.label.fa.to_string(),
        archived: false,
        required: item.required,
    });
    StageView {
        id: stage.id.clone(),
        label_en: stage.label.en.to_string(),
        label_fa: stage.label.fa.to_string(),
        kind: match stage.kind {
            Outcome::Open => "open".to_owned(),
            Outcome::Won => "won".to_owned(),
            Outcome::Lost => "lost".to_owned(),
        },
        probability: stage.probability,
        exit_criteria: stage.exit_criteria.clone(),
        checklist: checklist.collect(),
        archived: stage.archived,
        replaced_by: stage.replaced_by.clone(),
    }
}

fn item(item: &ListItem) -> ItemView {
    ItemView {
        id: item.id.clone(),
        label_en: item.label.en.to_string(),
        label_fa: item.label.fa.to_string(),
        archived: item.archived,
        required: false,
    }
}

fn rates(settings: &Settings) -> Vec<RateView> {
    let rows = settings.rates.all();
    rows.map(|(currency, day, rate)| RateView {
        currency: currency.code().to_owned(),
        date: day.to_string(),
        rate: canonical::decimal_text(rate),
    })
    .collect()
}

fn targets<A: forsat_store::Access>(settings: &Settings, world: &StoreWorld<'_, A>) -> Vec<TargetView> {
    let rows = settings.targets.iter();
    rows.map(|target| {
        let (user_id, name) = match &target.owner {
            TargetOwner::User(user) => {
                (Some(user.0.to_string()), world.name(*user).unwrap_or_else(|| user.to_string()))
            }
            TargetOwner::Team(team) => (None, team.clone()),
        };
        TargetView { user_id, name, period: target.period.to_string(), value: target.value }
    })
    .collect()
}

fn custom_field(field: &CustomField) -> CustomFieldView {
    CustomFieldView {
        module: field.module.clone(),
        name: field.name.clone(),
        label_en: field.label.en.to_string(),
        label_fa: field.label.fa.to_string(),
        r#type: field.type_text.clone(),
        removed: field.removed,
        known: field.definition().is_some(),
    }
}
