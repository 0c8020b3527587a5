//! Tests of the issues that every record can have, and of what the codes promise.

use super::*;
use crate::edit::{Edit, preview};
use crate::schema::ACCOUNT;
use crate::testing::{Desk, M, REZA, SARA, account_id, merge, rials};

#[test]
fn codes_are_spelled_the_same_everywhere() {
    for code in IssueCode::all() {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert!(!code.label().fa.is_empty());
    }
    let codes: std::collections::BTreeSet<IssueCode> = IssueCode::all().collect();
    // The last code of the enum: a code that is added after it without a row makes this fail.
    assert_eq!(codes.len(), IssueCode::ProductTrashed as usize + 1);
}

#[test]
fn a_conflict_names_its_sides_and_the_command_that_ends_it() {
    let desk = Desk::new();
    let account = desk.world.record(account_id()).unwrap().into_owned();
    let write = |name: &str| vec![Edit::set("industry", name)];
    let merged = merge(&account, &[(SARA, write("نفت")), (REZA, write("گاز"))]);
    let issues = desk.issues(&merged);
    assert_eq!(issues.len(), 1);
    assert_eq!((issues[0].code, issues[0].field.as_str()), (IssueCode::FieldConflict, "industry"));
    let sides: Vec<(&Scalar, Option<UserId>)> =
        issues[0].sides.iter().map(|side| (&side.value, side.author)).collect();
    assert_eq!(sides, [(&Scalar::text("گاز"), Some(REZA)), (&Scalar::text("نفت"), Some(SARA))]);
    assert_eq!(issues[0].command("k7").as_deref(), Some("forsat resolve k7 industry --take 1"));
}

#[test]
fn equal_values_and_fresher_names_are_no_conflict() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let same = || vec![Edit::set("next_step", "تماس")];
    assert!(desk.issues(&merge(&deal, &[(SARA, same()), (REZA, same())])).is_empty());
    let named = |name: &str| {
        let reference = crate::composite::NamedReference { id: account_id(), name: name.to_owned() };
        vec![Edit::set("account_id", crate::composite::Composite::to_scalar(&reference))]
    };
    assert!(desk.issues(&merge(&deal, &[(SARA, named("a")), (REZA, named("b"))])).is_empty());
}

#[test]
fn missing_and_unreadable_values_are_named() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let broken = preview(
        &deal,
        &[
            Edit::clear("close_date"),
            Edit::set("opened_on", "yesterday"),
            Edit::set("manual_amount", "{\"currency\":\"IRR\",\"value\":\"-1\"}"),
        ],
    );
    let found: Vec<(IssueCode, String)> =
        desk.issues(&broken).into_iter().map(|issue| (issue.code, issue.field)).collect();
    let expected = [
        (IssueCode::AmountMissing, "amount"),
        (IssueCode::RequiredMissing, "close_date"),
        (IssueCode::UnreadableValue, "manual_amount"),
        (IssueCode::UnreadableValue, "opened_on"),
    ];
    assert_eq!(found, expected.map(|(code, field)| (code, field.to_owned())));
}

#[test]
fn unknown_fields_and_modules_are_kept_and_judged_mildly() {
    let desk = Desk::new();
    let mut record = RecordState::new(account_id(), "holiday");
    record = preview(&record, &[Edit::set("colour", "blue"), Edit::set_entry("things", "a", "size", 3)]);
    record.unreadable = 1;
    let issues = desk.issues(&record);
    assert_eq!(issues.len(), 1);
    assert_eq!((issues[0].code, issues[0].info_only), (IssueCode::UnreadableChanges, true));
}

#[test]
fn a_conflict_inside_an_entry_is_named_by_its_path() {
    let desk = Desk::new();
    let account = desk.world.record(account_id()).unwrap().into_owned();
    let phone = |raw: &str| vec![Edit::set_entry("phones", "p1", "raw", raw)];
    let merged = merge(&account, &[(SARA, phone("021")), (REZA, phone("031"))]);
    assert_eq!(desk.issues(&merged)[0].field, "phones/p1/raw");
    assert_eq!(merged.module, ACCOUNT);
}

#[test]
fn every_closing_stage_archived_is_an_issue_of_the_settings() {
    let mut desk = Desk::new();
    desk.settings(&[Edit::set_entry("stages", "won", "archived", true)]);
    let settings = desk.world.record(crate::id::RecordId::from_bytes([9; 16])).unwrap().into_owned();
    assert_eq!(desk.codes(&settings), [IssueCode::NoLiveClosingStage]);
}

#[test]
fn issues_are_plain_json() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), Vec::new());
    let json = serde_json::to_value(&desk.issues(&deal)[0]).unwrap();
    assert_eq!(json["code"], "amount_missing");
    assert_eq!(json["resolutions"][0], "value");
    assert_eq!(rials(1).to_json(), "{\"currency\":\"IRR\",\"value\":\"1\"}");
}
