//! Converting a lead: everything that comes of it in one write transaction, which one `undo` takes back.

use crate::commands::Scene;
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal, Damage};
use crate::find;
use crate::ids::{record_id, workspace_id};
use crate::model::{FieldInput, Saved};
use crate::turn::Turn;
use crate::vault;
use crate::world::module_states;
use forsat_domain::command::{AccountChoice, ConversionRequest, Converted, NewDeal, convert};
use forsat_domain::composite::typed_reference;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::Life;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, record_name};
use forsat_domain::{RecordId, text};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a conversion should make; every reference is an id, the beginning of one, or a name.
#[derive(Clone, Debug, Default)]
pub struct ConvertInput {
    /// An account that is there.
    pub account: Option<String>,
    /// The name of a new account; neither: a recycled lead's former one, or one named after the lead's company.
    pub new_account: Option<String>,
    /// A contact that is there; none: a recycled lead's former one, or one of the lead's person.
    pub contact: Option<String>,
    /// Whether no deal is wanted.
    pub no_opportunity: bool,
    /// Fields of the deal, which win over what the lead says.
    pub fields: Vec<FieldInput>,
    /// Products of the catalogue, each of which becomes a line of the deal.
    pub products: Vec<String>,
}

/// What a lead became.
#[derive(Clone, Debug, Serialize)]
pub struct LeadConverted {
    /// The lead as saved; its journal number takes everything back.
    pub lead: Saved,
    /// How many conversions of the lead this device had seen before.
    pub n: u32,
    /// The account.
    pub account: Outcome,
    /// The contact.
    pub contact: Outcome,
    /// The deal, where one was wanted.
    pub opportunity: Option<Outcome>,
    /// How many activities of the lead are now about these records too.
    pub activities: usize,
}

/// One of the records that a lead became.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// Its name.
    pub name: String,
    /// Whether this conversion made it; false for one that was here before.
    pub new: bool,
}

/// Leads.
impl Engine {
    /// Turns a lead into an account, a contact and, unless it is not wanted, a deal.
    pub fn convert_lead(&self, reference: &str, input: &ConvertInput) -> Result<LeadConverted, ClientError> {
        self.turn(|turn| {
            let hit = find::resolve(&*turn.tx, self.schema(), LEAD, reference)?;
            let lead = turn.state(LEAD, hit.id)?;
            let activities = activities_of(turn, hit.id)?;
            let workspace = workspace_id(&turn.tx.identity()?.workspace);
            let mut echoed = BTreeMap::new();
            let done = turn.rule(&lead, &mut echoed, |scene| {
                let asked = ConversionRequest {
                    workspace,
                    account: account_choice(scene, input)?,
                    contact: input
                        .contact
                        .as_deref()
                        .map(|text| scene.reference(CONTACT, text))
                        .transpose()?,
                    deal: deal(scene, input)?,
                };
                Ok(convert(scene.context, &lead, &activities, &asked)?)
            })?;
            if input.account.is_none() && input.new_account.is_none() {
                refuse_known_account(turn, &done)?;
            }
            keep(turn, lead, done, echoed)
        })
    }
}

/// Writes what a conversion makes, leaving alone what came here by a sync already.
fn keep(
    turn: &mut Turn<'_, '_, '_>,
    mut lead: RecordState,
    done: Converted,
    echoed: BTreeMap<String, String>,
) -> Result<LeadConverted, ClientError> {
    let mut made = Vec::new();
    for (module, created) in &done.creations {
        if vault::any_state(&*turn.tx, created.id)?.is_none() {
            turn.create(created.id, module, &created.edits)?;
            made.push(created.id);
        }
    }
    let mut activities = 0;
    for (id, edits) in &done.edits {
        let after = turn.edit(*id, edits)?;
        match after {
            Some(after) if *id == lead.id => lead = after,
            Some(after) if after.module == ACTIVITY => activities += 1,
            _ => {}
        }
    }
    let conversion = &done.conversion;
    let lead = turn.finish("lead convert", &lead, echoed)?;
    let outcome = |id| outcome(turn, id, &made);
    Ok(LeadConverted {
        lead,
        n: conversion.n,
        account: outcome(conversion.account_id)?,
        contact: outcome(conversion.contact_id)?,
        opportunity: conversion.opportunity_id.map(outcome).transpose()?,
        activities,
    })
}

fn outcome(turn: &Turn<'_, '_, '_>, id: RecordId, made: &[RecordId]) -> Result<Outcome, ClientError> {
    let state = vault::any_state(&*turn.tx, id)?;
    let state = state.ok_or_else(|| {
        ClientError::Damaged(Damage::MissingRow { module: "record".to_owned(), id: id.to_string() })
    })?;
    Ok(Outcome {
        id: id.0,
        short: encode_id(id.as_bytes()),
        prefix: find::prefix_len(&*turn.tx, id)?,
        name: record_name(&state),
        module: state.module,
        new: made.contains(&id),
    })
}

/// The activities about a lead.
fn activities_of(turn: &Turn<'_, '_, '_>, lead: RecordId) -> Result<Vec<RecordState>, ClientError> {
    let key = typed_reference(LEAD, lead);
    let mut activities = module_states(&*turn.tx, ACTIVITY)?;
    activities.retain(|activity| activity.set("parents").any(|parent| parent == key));
    Ok(activities)
}

fn account_choice(scene: &Scene<'_, '_>, input: &ConvertInput) -> Result<AccountChoice, ClientError> {
    Ok(match (&input.account, &input.new_account) {
        (Some(account), _) => AccountChoice::Existing(scene.reference(ACCOUNT, account)?),
        (None, Some(name)) if name.trim().is_empty() => {
            return Err(ArgumentError::AccountName.into());
        }
        (None, Some(name)) => AccountChoice::New(name.clone()),
        (None, None) => AccountChoice::Usual,
    })
}

fn deal(scene: &mut Scene<'_, '_>, input: &ConvertInput) -> Result<Option<NewDeal>, ClientError> {
    if input.no_opportunity {
        return Ok(None);
    }
    let schema = scene.context.schema;
    let table = find::module(schema, OPPORTUNITY)?;
    let products = input.products.iter().map(|product| scene.product(product)).collect::<Result<_, _>>()?;
    Ok(Some(NewDeal { assignments: scene.assignments(table, &input.fields)?, products }))
}

/// Refuses to make an account unasked whose name one has already, since it may well be the same customer.
fn refuse_known_account(turn: &Turn<'_, '_, '_>, done: &Converted) -> Result<(), ClientError> {
    let Some((_, created)) = done.creations.iter().find(|(module, _)| *module == ACCOUNT) else {
        return Ok(());
    };
    let made = forsat_domain::edit::preview(&RecordState::new(created.id, ACCOUNT), &created.edits);
    let name = record_name(&made);
    for document in turn.tx.named(ACCOUNT, &text::fold(&name))? {
        let id = record_id(&document);
        if id == created.id || !Life::of(&turn.state(ACCOUNT, id)?).is_visible() {
            continue;
        }
        let short = encode_id(id.as_bytes());
        let short = &short[..find::prefix_len(&*turn.tx, id)?];
        return Err(ClientRefusal::AccountExists { name, short: short.to_owned() }.into());
    }
    Ok(())
}
