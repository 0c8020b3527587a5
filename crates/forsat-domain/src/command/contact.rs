//! The people of a deal: contacts with the role that they play in it.

use super::line::set_removed;
use super::{Context, Plan, Refusal, expect_module, refuse_trashed};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::lifecycle::{self, Presence, Target};
use crate::record::{RecordState, Scalar};
use crate::schema::{CONTACT, OPPORTUNITY, record_name};

/// Contacts that a deal may have, removed ones included.
const CONTACTS_MAX: usize = 100;
/// Letters of a role.
const ROLE_LETTERS_MAX: usize = 255;

/// Adds a contact to a deal, or changes the role of one that it has; an empty role clears it.
pub fn contact_add(
    ctx: &Context<'_>,
    state: &RecordState,
    contact: RecordId,
    role: Option<&str>,
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    let contact = checked(ctx, contact)?;
    let entry = contact.0.to_string();
    let there = state.entry("contacts", &entry);
    if there.is_none() && state.entries("contacts").count() >= CONTACTS_MAX {
        return Err(Refusal::TooMany { field: "contacts".to_owned(), max: CONTACTS_MAX });
    }
    if there.is_none_or(|there| Presence::of(there) != Presence::Kept) {
        set_removed(&mut plan, "contacts", &entry, false);
    }
    if let Some(role) = role.map(str::trim) {
        let fits = role.chars().count() <= ROLE_LETTERS_MAX && !role.chars().any(char::is_control);
        if !fits {
            return Err(Refusal::RoleLength(ROLE_LETTERS_MAX));
        }
        let value = if role.is_empty() { Scalar::Null } else { role.into() };
        plan.push(Edit::set_entry("contacts", &entry, "role", value));
    }
    Ok(plan.finish())
}

/// Takes a contact off a deal; a role given by someone who had not seen that keeps it, flagged.
pub fn contact_remove(
    ctx: &Context<'_>,
    state: &RecordState,
    contact: RecordId,
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    let survivor = lifecycle::surviving_id(contact, ctx.world);
    // The deal may still name a duplicate that was merged away.
    let stands = |id: &RecordId| lifecycle::surviving_id(*id, ctx.world) == survivor;
    let kept = state.entries("contacts").filter(|(_, entry)| Presence::of(entry).is_kept());
    let named: Vec<String> = kept
        .filter(|(id, _)| id.parse::<RecordId>().is_ok_and(|id| stands(&id)))
        .map(|(id, _)| id.to_owned())
        .collect();
    if named.is_empty() {
        return Err(Refusal::NoContact(name(ctx, contact)));
    }
    named.iter().for_each(|entry| set_removed(&mut plan, "contacts", entry, true));
    Ok(plan.finish())
}

fn begin(state: &RecordState) -> Result<Plan, Refusal> {
    expect_module(state, OPPORTUNITY)?;
    refuse_trashed(state)?;
    Ok(Plan::new(state))
}

/// The contact by way of merged duplicates; refuses a deleted one and another module's.
fn checked(ctx: &Context<'_>, id: RecordId) -> Result<RecordId, Refusal> {
    let target = lifecycle::resolve(id, ctx.world);
    let Target::Found { record, life } = &target else { return Ok(target.id()) };
    expect_module(record, CONTACT)?;
    if life.is_visible() {
        return Ok(record.id);
    }
    Err(Refusal::TargetTrashed { name: record_name(record), id: record.id })
}

fn name(ctx: &Context<'_>, id: RecordId) -> String {
    ctx.world.record(id).map(|record| record_name(&record)).unwrap_or_else(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::preview;
    use crate::testing::{Desk, M, account_id};

    #[test]
    fn a_contact_comes_with_a_role_goes_and_comes_back() {
        let mut desk = Desk::new();
        let (deal, id) = (desk.deal(M), RecordId::from_bytes([5; 16]));
        desk.world.insert(preview(&RecordState::new(id, CONTACT), &[Edit::set("last_name", "کریمی")]));
        let entry = id.0.to_string();
        let kept =
            |deal: &RecordState| deal.entry("contacts", &entry).map(|entry| Presence::of(entry).is_kept());
        let refused = desk.run(|ctx| contact_remove(ctx, &deal, id)).unwrap_err();
        assert_eq!(refused, Refusal::NoContact("کریمی".into()));
        let edits = desk.run(|ctx| contact_add(ctx, &deal, id, Some("مدیر خرید"))).unwrap();
        let with = preview(&deal, &edits);
        assert_eq!(kept(&with), Some(true));
        assert_eq!(with.entry("contacts", &entry).unwrap().winner("role").as_text(), Some("مدیر خرید"));
        assert_eq!(desk.run(|ctx| contact_add(ctx, &with, id, None)).unwrap(), []);
        let without = preview(&with, &desk.run(|ctx| contact_remove(ctx, &with, id)).unwrap());
        assert_eq!(kept(&without), Some(false));
        let back = preview(&without, &desk.run(|ctx| contact_add(ctx, &without, id, None)).unwrap());
        assert_eq!(kept(&back), Some(true));
        let wrong = desk.run(|ctx| contact_add(ctx, &deal, account_id(), None)).unwrap_err();
        assert!(matches!(wrong, Refusal::WrongModule(..)));
    }
}
