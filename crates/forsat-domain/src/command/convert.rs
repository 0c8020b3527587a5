//! Converting a lead: the account, the contact and the deal that it becomes, and what the lead and its activities gain.
//!
//! Nothing here is drawn at random: ids follow from the lead and the number of the conversion, so that two devices that
//! convert the same lead apart write the same documents, and merging them leaves one account, one contact and one deal.

use uuid::Uuid;

use super::create::{Created, Draft, create};
use super::line::NewLine;
use super::{Context, Plan, Refusal, expect_module, refuse_trashed};
use crate::composite::{Composite, NamedReference, Removed, id_scalar, typed_reference};
use crate::edit::Edit;
use crate::id::{RecordId, WorkspaceId};
use crate::lead::{self, CONVERTED, Conversion, RECYCLED, converted_id};
use crate::lifecycle::{self, Life, Presence, Target};
use crate::record::{RecordState, Scalar};
use crate::schema::input::Assignment;
use crate::schema::{ACCOUNT, CONTACT, LEAD, OPPORTUNITY, record_name};

/// The account of a conversion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AccountChoice {
    /// A recycled lead's former account; else a new one, named after the lead's company, or its person.
    #[default]
    Usual,
    /// A new one of this name.
    New(String),
    /// One that is there.
    Existing(RecordId),
}

/// The deal that a conversion makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewDeal {
    /// Fields of the deal; they win over what the lead says.
    pub assignments: Vec<Assignment>,
    /// Products, each of which becomes a line.
    pub products: Vec<RecordId>,
}

/// What is asked of a conversion.
#[derive(Debug, Clone)]
pub struct ConversionRequest {
    /// The workspace, in whose namespace the new ids lie.
    pub workspace: WorkspaceId,
    /// The account.
    pub account: AccountChoice,
    /// A contact that is there; otherwise a recycled lead's former one, or a new one of the lead's person.
    pub contact: Option<RecordId>,
    /// The deal, where one is wanted.
    pub deal: Option<NewDeal>,
}

/// What a conversion writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Records to make, in this order, with their modules.
    pub creations: Vec<(&'static str, Created)>,
    /// Changes to records that are there: the lead last.
    pub edits: Vec<(RecordId, Vec<Edit>)>,
    /// The conversion as the lead keeps it.
    pub conversion: Conversion,
}

/// Converts a lead; `activities` are those about it.
pub fn convert(
    ctx: &mut Context<'_>,
    lead: &RecordState,
    activities: &[RecordState],
    asked: &ConversionRequest,
) -> Result<Converted, Refusal> {
    expect_module(lead, LEAD)?;
    refuse_trashed(lead)?;
    refuse_converted(ctx, lead)?;
    let n = lead::next_number(lead);
    let mut work = Work { lead, workspace: asked.workspace, n, creations: Vec::new(), edits: Vec::new() };
    let account = work.account(ctx, &asked.account)?;
    let contact = work.contact(ctx, asked.contact, &account)?;
    let deal = asked.deal.as_ref().map(|deal| work.deal(ctx, deal, &account, contact)).transpose()?;
    let conversion = Conversion {
        n,
        at: ctx.now_ms,
        by: Some(ctx.user),
        account_id: account.id,
        contact_id: contact,
        opportunity_id: deal,
    };
    work.activities(activities, &conversion);
    work.lead(&conversion);
    Ok(Converted { creations: work.creations, edits: work.edits, conversion })
}

/// Refuses to convert a lead again that was not recycled, naming what it became.
fn refuse_converted(ctx: &Context<'_>, lead: &RecordState) -> Result<(), Refusal> {
    let recycled = lead.winner("status").as_text() == Some(RECYCLED);
    let Some(last) = lead::conversions(lead).pop().filter(|_| !recycled && lead::is_converted(lead)) else {
        return Ok(());
    };
    let ids = [Some(last.account_id), Some(last.contact_id), last.opportunity_id];
    let names = ids.into_iter().flatten().map(|id| match lifecycle::resolve(id, ctx.world) {
        Target::Found { record, .. } => format!("{} {}", record.module, record_name(&record)),
        Target::NotOnThisDevice(id) => format!("{id} (not on this device)"),
    });
    Err(Refusal::AlreadyConverted { became: names.collect::<Vec<_>>().join(", ") })
}

/// A conversion in the making.
struct Work<'a> {
    lead: &'a RecordState,
    workspace: WorkspaceId,
    n: u32,
    creations: Vec<(&'static str, Created)>,
    edits: Vec<(RecordId, Vec<Edit>)>,
}

impl Work<'_> {
    fn id(&self, role: &str) -> RecordId {
        converted_id(self.workspace, self.lead.id, role, self.n)
    }

    /// Makes a record whose entries, like itself, have derived ids.
    fn make(
        &mut self,
        ctx: &mut Context<'_>,
        module: &'static str,
        draft: Draft,
        more: Vec<Edit>,
    ) -> Result<RecordId, Refusal> {
        let id = self.id(module);
        let mut drawn = 0_u32;
        let (workspace, lead, n) = (self.workspace, self.lead.id, self.n);
        let mut derived = || -> Uuid {
            drawn += 1;
            converted_id(workspace, lead, &format!("{module}/{drawn}"), n).0
        };
        let mut derived_ctx = Context {
            now_ms: ctx.now_ms,
            today: ctx.today,
            user: ctx.user,
            new_uuid: &mut derived,
            world: ctx.world,
            schema: ctx.schema,
        };
        let mut created = create(&mut derived_ctx, module, &Draft { id: Some(id), ..draft })?;
        created.edits.extend(more);
        created.edits.push(Edit::set("original_lead_id", id_scalar(lead)));
        self.creations.push((module, created));
        Ok(id)
    }

    /// The lead's owner, or else who entered it: never whoever happens to convert, which would differ by device.
    fn owner(&self) -> Vec<Assignment> {
        let known = ["assigned_user_id", "created_by"].map(|field| self.lead.winner(field));
        let owner = known.into_iter().find(|value| !value.is_blank());
        owner.map(|owner| Assignment::set("assigned_user_id", owner.clone())).into_iter().collect()
    }

    /// Fields that the lead hands on under another name or the same.
    fn taken_over(&self, fields: &[(&str, &str)]) -> Vec<Assignment> {
        let values = fields.iter().map(|(from, to)| (self.lead.winner(from), *to));
        values
            .filter(|(value, _)| !value.is_blank())
            .map(|(value, to)| Assignment::set(to, value.clone()))
            .collect()
    }

    /// The account as a reference with its name.
    fn account(&mut self, ctx: &mut Context<'_>, choice: &AccountChoice) -> Result<NamedReference, Refusal> {
        let former = lead::conversions(self.lead).pop().map(|last| last.account_id);
        let existing = match choice {
            AccountChoice::Existing(id) => Some(chosen(ctx, *id, ACCOUNT)?),
            AccountChoice::New(_) => None,
            AccountChoice::Usual => former.and_then(|id| still_there(ctx, id)),
        };
        if let Some(existing) = existing {
            return Ok(existing);
        }
        let company = self.lead.winner("company").as_text().unwrap_or_default().trim();
        let given = if let AccountChoice::New(name) = choice { name.trim() } else { company };
        let mut fields = self.taken_over(&[("campaign_id", "campaign_id")]);
        fields.extend(self.owner());
        let name = if given.is_empty() {
            fields.push(Assignment::set("kind", "natural"));
            record_name(self.lead)
        } else {
            given.to_owned()
        };
        fields.push(Assignment::set("name", name.clone()));
        let draft = Draft { assignments: fields, lenient: true, ..Draft::default() };
        let id = self.make(ctx, ACCOUNT, draft, Vec::new())?;
        Ok(NamedReference { id, name })
    }

    fn contact(
        &mut self,
        ctx: &mut Context<'_>,
        choice: Option<RecordId>,
        account: &NamedReference,
    ) -> Result<RecordId, Refusal> {
        let former = lead::conversions(self.lead).pop().map(|last| last.contact_id);
        let existing = match choice {
            Some(id) => Some(chosen(ctx, id, CONTACT)?),
            None => former.and_then(|id| still_there(ctx, id)),
        };
        if let Some(existing) = existing {
            let here = ctx.world.record(existing.id);
            if here.is_some_and(|contact| contact.winner("account_id").is_blank()) {
                self.edits.push((existing.id, vec![Edit::set("account_id", account.to_scalar())]));
            }
            return Ok(existing.id);
        }
        if self.lead.winner("last_name").is_blank() {
            return Err(Refusal::NoPerson);
        }
        let mut fields = self.taken_over(PERSON);
        fields.extend(self.owner());
        let do_not_call = ctx.schema.field(LEAD, "do_not_call").map(|field| field.winner(self.lead));
        if let Some(value) = do_not_call.filter(|value| !value.is_null()) {
            fields.push(Assignment::set("do_not_call", value.clone()));
        }
        fields.push(Assignment::set("account_id", account.to_scalar()));
        let more = ["phones", "emails"].iter().flat_map(|field| kept_entries(self.lead, field)).collect();
        let draft = Draft { assignments: fields, lenient: true, ..Draft::default() };
        self.make(ctx, CONTACT, draft, more)
    }

    fn deal(
        &mut self,
        ctx: &mut Context<'_>,
        asked: &NewDeal,
        account: &NamedReference,
        contact: RecordId,
    ) -> Result<RecordId, Refusal> {
        let given = |field: &str| asked.assignments.iter().any(|change| change.field == field);
        let mut fields = self.taken_over(DEAL);
        fields.extend(self.owner());
        if asked.products.is_empty() {
            // The lead's amount is an estimate; lines say better what the deal comes to.
            fields.extend(self.taken_over(&[("opportunity_amount", "amount")]));
        }
        fields.retain(|change| !given(&change.field));
        fields.extend(asked.assignments.iter().cloned());
        fields.push(Assignment::set("account_id", account.to_scalar()));
        let (id, mut lines) = (self.id(OPPORTUNITY), Vec::new());
        for product in &asked.products {
            // The same product again is another line, and the same one on another device.
            let times = lines.iter().filter(|line: &&NewLine| line.product == Some(*product)).count();
            let role = format!("line/{}/{times}", product.0);
            let entry = converted_id(self.workspace, id, &role, self.n).0.to_string();
            lines.push(NewLine { product: Some(*product), fields: Vec::new(), entry: Some(entry) });
        }
        let draft = Draft { assignments: fields, lines, lenient: true, ..Draft::default() };
        let there = Removed { value: false, seen_heads: Vec::new() };
        let more = vec![Edit::set_entry("contacts", contact.0.to_string(), "removed", there.to_scalar())];
        self.make(ctx, OPPORTUNITY, draft, more)
    }

    /// Lets the lead's activities tell of what it became too.
    fn activities(&mut self, activities: &[RecordState], conversion: &Conversion) {
        let lead = typed_reference(LEAD, self.lead.id);
        let mut parents = vec![
            typed_reference(ACCOUNT, conversion.account_id),
            typed_reference(CONTACT, conversion.contact_id),
        ];
        parents.extend(conversion.opportunity_id.map(|deal| typed_reference(OPPORTUNITY, deal)));
        for activity in activities.iter().filter(|activity| Life::of(activity).is_visible()) {
            let there: Vec<&str> = activity.set("parents").collect();
            if !there.contains(&lead.as_str()) {
                continue;
            }
            let missing = parents.iter().filter(|key| !there.contains(&key.as_str()));
            let add = |key: &String| Edit::Add { field: "parents".to_owned(), key: key.clone() };
            let edits: Vec<Edit> = missing.map(add).collect();
            if !edits.is_empty() {
                self.edits.push((activity.id, edits));
            }
        }
    }

    fn lead(&mut self, conversion: &Conversion) {
        let mut plan = Plan::new(self.lead);
        plan.push(Edit::set("status", CONVERTED));
        let (key, value) = (conversion.key(), conversion.to_scalar());
        plan.push(Edit::Insert { field: "conversions".to_owned(), key, value });
        self.edits.push((self.lead.id, plan.finish()));
    }
}

/// What a contact takes from the lead: the person, and where they came from.
const PERSON: &[(&str, &str)] = &[
    ("salutation", "salutation"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("job_title", "job_title"),
    ("department", "department"),
    ("address", "address"),
    ("birthdate", "birthdate"),
    ("source", "lead_source"),
];

/// What a deal takes from the lead besides its amount.
const DEAL: &[(&str, &str)] =
    &[("opportunity_name", "name"), ("source", "lead_source"), ("campaign_id", "campaign_id")];

/// The record chosen, by way of merged duplicates; refuses one that is deleted or of another module.
fn chosen(ctx: &Context<'_>, id: RecordId, module: &'static str) -> Result<NamedReference, Refusal> {
    let target = lifecycle::resolve(id, ctx.world);
    let Target::Found { record, life } = &target else {
        return Ok(NamedReference { id: target.id(), name: String::new() });
    };
    expect_module(record, module)?;
    let name = record_name(record);
    if !life.is_visible() {
        return Err(Refusal::TargetTrashed { name, id: record.id });
    }
    Ok(NamedReference { id: record.id, name })
}

/// A record of an earlier conversion, unless it was deleted since.
fn still_there(ctx: &Context<'_>, id: RecordId) -> Option<NamedReference> {
    match lifecycle::resolve(id, ctx.world) {
        Target::Found { record, life } if life.is_visible() => {
            Some(NamedReference { id: record.id, name: record_name(&record) })
        }
        _ => None,
    }
}

/// The entries of a list of the lead under the keys that they have there, which every device shares.
fn kept_entries(lead: &RecordState, field: &str) -> Vec<Edit> {
    let kept = lead.entries(field).filter(|(_, entry)| Presence::of(entry).is_kept());
    let registers = kept.flat_map(|(id, entry)| {
        let said = entry
            .fields
            .iter()
            .filter(|(name, register)| name.as_str() != "removed" && !Scalar::is_blank(register.winner()));
        said.map(move |(name, register)| Edit::set_entry(field, id, name, register.winner().clone()))
    });
    registers.collect()
}

#[cfg(test)]
mod tests;
