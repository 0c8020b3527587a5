//! Edits made apart, one merge, and the command that `issues` prints: it must end what it says it ends.

use serde_json::{Value, json};

use super::device::{Device, Office};

/// A deal that both devices know.
fn deal(office: &Office, name: &str, more: &[&str]) -> String {
    office.sara.add("account", &[&format!("name={name} Trading")]);
    let (own, account) = (format!("name={name}"), format!("account={name} Trading"));
    let mut fields = vec![
        own.as_str(),
        account.as_str(),
        "opened_on=1404/05/01",
        "close_date=1404/06/31",
        "stage=negotiation",
    ];
    fields.extend(more);
    let deal = office.sara.add("opp", &fields);
    office.level();
    deal
}

fn line(device: &Device, deal: &str, price: &str) {
    device.ok(&["opp", "line", "add", deal, "--name", "item", "--qty", "1", "--unit-price", price]);
}

/// Runs the command that the device prints for the deal's issue, as a person would paste it.
fn paste(device: &Device, deal: &str) -> String {
    let shown = device.run(&["issues", deal]);
    let printed = shown.out.lines().find_map(|line| line.trim().strip_prefix("→ forsat "));
    let printed = printed.unwrap_or_else(|| panic!("no command to paste: {shown:?}"));
    // Of the words that it offers, the first is the usual one.
    let words: Vec<&str> = printed.split_whitespace().map(|word| word.split('|').next().unwrap()).collect();
    device.ok(&words);
    printed.to_owned()
}

fn value(device: &Device, deal: &str, path: &str) -> Value {
    device.show("opp", deal)["opportunity"].pointer(path).cloned().unwrap_or_default()
}

fn both_say(office: &Office, deal: &str) {
    office.level();
    let (here, there) = (office.sara.show("opp", deal), office.reza.show("opp", deal));
    assert_eq!(here["fields"], there["fields"]);
    assert_eq!(here["opportunity"], there["opportunity"]);
    assert_eq!(office.sara.issue_codes(deal), office.reza.issue_codes(deal));
    let reports = [&office.sara, &office.reza].map(|device| device.run(&["pipeline", "--json"]).out);
    assert_eq!(reports[0], reports[1], "the reports agree byte for byte");
}

#[test]
fn a_deal_won_here_while_a_line_is_added_there_keeps_what_was_booked() {
    let office = Office::open();
    let deal = deal(&office, "S2", &["amount_mode=lines"]);
    line(&office.sara, &deal, "1000000");
    office.level();
    office.sara.ok(&["opp", "win", &deal, "--on", "1404/06/31"]);
    line(&office.reza, &deal, "200000");
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(device.issue_codes(&deal), ["amount_changed_after_close"]);
        assert_eq!(value(device, &deal, "/base/value"), "1000000", "what was booked");
        assert_eq!(value(device, &deal, "/closed_on"), "2025-09-22");
    }
    paste(&office.reza, &deal);
    both_say(&office, &deal);
    assert_eq!(office.sara.issue_codes(&deal), [] as [&str; 0]);
}

#[test]
fn an_amount_typed_here_while_a_line_is_added_there_shows_both_sums() {
    let office = Office::open();
    let deal = deal(&office, "S11", &["amount_mode=lines"]);
    line(&office.sara, &deal, "1000000");
    office.level();
    office.sara.ok(&["opp", "edit", &deal, "amount=900000"]);
    line(&office.reza, &deal, "50000");
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(device.issue_codes(&deal), ["lines_changed_since_manual"]);
        assert_eq!(value(device, &deal, "/amount/value"), "900000");
        assert_eq!(value(device, &deal, "/lines_total/value"), "1050000");
    }
    paste(&office.sara, &deal);
    both_say(&office, &deal);
    assert_eq!(office.reza.issue_codes(&deal), [] as [&str; 0]);
}

#[test]
fn a_deal_won_here_and_lost_there_is_disputed_until_one_command_ends_it() {
    let office = Office::open();
    let deal = deal(&office, "S16", &["amount=800000"]);
    office.sara.ok(&["opp", "win", &deal, "--on", "1404/06/30"]);
    office.reza.ok(&["opp", "lose", &deal, "--reason", "price", "--on", "1404/07/02"]);
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(device.issue_codes(&deal), ["disputed_outcome"]);
        assert_eq!(value(device, &deal, "/standing"), "disputed");
        let report = device.ok(&["pipeline"]);
        assert_eq!((&report["won"]["count"], &report["lost"]["count"]), (&json!(0), &json!(0)), "{report}");
        let sides = device.issues(&deal)[0]["sides"].as_array().unwrap().clone();
        let authors: Vec<_> = sides.iter().map(|side| side["author"].as_str().unwrap()).collect();
        assert!(authors.contains(&"Sara") && authors.contains(&"Reza"), "{authors:?}");
    }
    // Ended on both devices in different ways: disputed again, and one command ends that too.
    office.sara.ok(&["resolve", &deal, "stage", "--take", "1"]);
    office.reza.ok(&["resolve", &deal, "stage", "--take", "2"]);
    office.level();
    assert_eq!(office.sara.issue_codes(&deal), ["disputed_outcome"]);
    paste(&office.sara, &deal);
    both_say(&office, &deal);
    assert_eq!(office.reza.issue_codes(&deal), [] as [&str; 0]);
    let standing = value(&office.reza, &deal, "/standing");
    assert!(standing == "won" || standing == "lost", "{standing}");
}

// R23 of docs/requirements.md.
#[test]
fn a_text_edited_on_both_sides_merges_and_other_fields_do_not_disturb_each_other() {
    let office = Office::open();
    let deal = deal(&office, "Text", &["amount=5", "description=asks for a quote"]);
    office.sara.ok(&["opp", "edit", &deal, "description=Urgent: asks for a quote", "next_step=call"]);
    office.reza.ok(&["opp", "edit", &deal, "description=asks for a quote by Monday", "lead_source=web_site"]);
    both_say(&office, &deal);
    assert_eq!(office.sara.field("opp", &deal, "description"), "Urgent: asks for a quote by Monday");
    assert_eq!(office.sara.field("opp", &deal, "next_step"), "call");
    assert_eq!(office.sara.field("opp", &deal, "lead_source"), "web_site");
    assert_eq!(office.sara.issue_codes(&deal), [] as [&str; 0]);
}

#[test]
fn what_is_undone_after_a_sync_takes_back_only_its_own_values() {
    let office = Office::open();
    let deal = deal(&office, "Undo", &["amount=5"]);
    office.sara.ok(&["opp", "edit", &deal, "next_step=call", "lead_source=web_site"]);
    office.level();
    office.reza.ok(&["opp", "edit", &deal, "next_step=visit"]);
    office.level();
    let undone = office.sara.ok(&["undo"]);
    assert_eq!(undone["skipped"][0]["field"], "next_step", "{undone}");
    both_say(&office, &deal);
    assert_eq!(office.reza.field("opp", &deal, "next_step"), "visit");
    assert_eq!(office.reza.field("opp", &deal, "lead_source"), Value::Null);
}
