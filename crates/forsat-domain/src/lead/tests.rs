//! Tests of what a lead's conversions tell.

use super::*;
use crate::composite::Composite;
use crate::edit::{Edit, preview};
use crate::schema::LEAD;

fn id(byte: u8) -> RecordId {
    RecordId::from_bytes([byte; 16])
}

fn conversion(n: u32, account: u8, contact: u8) -> Conversion {
    Conversion { n, at: 0, by: None, account_id: id(account), contact_id: id(contact), opportunity_id: None }
}

fn lead(all: &[Conversion]) -> RecordState {
    let insert = |one: &Conversion| Edit::Insert {
        field: "conversions".into(),
        key: one.key(),
        value: one.to_scalar(),
    };
    let edits: Vec<Edit> = all.iter().map(insert).collect();
    preview(&RecordState::new(id(1), LEAD), &edits)
}

#[test]
fn a_chosen_account_and_a_new_one_are_a_pair_and_later_conversions_are_none() {
    let state = lead(&[conversion(1, 5, 7), conversion(0, 9, 7), conversion(0, 5, 7)]);
    assert_eq!(duplicate_pairs(&state), [Pair { module: ACCOUNT, first: id(5), second: id(9) }]);
    assert_eq!(conversions(&state).iter().map(|one| one.n).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(next_number(&state), 2);
    assert_eq!(duplicate_pairs(&lead(&[conversion(0, 5, 7), conversion(0, 5, 7)])), []);
}

#[test]
fn the_same_conversion_on_two_devices_has_one_key() {
    let (sara, reza) = (conversion(0, 5, 7), Conversion { at: 9, ..conversion(0, 5, 7) });
    assert_eq!(sara.key(), reza.key());
    assert_ne!(sara.key(), conversion(0, 6, 7).key());
    assert_ne!(sara.key(), conversion(1, 5, 7).key());
}

#[test]
fn derived_ids_differ_by_workspace_lead_role_and_number() {
    let workspace = WorkspaceId::from_bytes([3; 16]);
    let base = converted_id(workspace, id(1), "account", 0);
    assert_eq!(base, converted_id(workspace, id(1), "account", 0));
    let others = [
        converted_id(WorkspaceId::from_bytes([4; 16]), id(1), "account", 0),
        converted_id(workspace, id(2), "account", 0),
        converted_id(workspace, id(1), "contact", 0),
        converted_id(workspace, id(1), "account", 1),
    ];
    assert!(!others.contains(&base));
}
