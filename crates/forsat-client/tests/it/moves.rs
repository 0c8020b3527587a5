//! Records that get another home: whoever sees it goes along, whoever doesn't lets go, and nothing typed is lost.

mod set_back;

use crate::pair::{Device, Fate, Honest, Relay, Wire};
use forsat_client::{ClientError, FieldInput, LeftReason, MassAction, MassTarget, SyncSummary};
use forsat_relay::store::Role;
use forsat_store::ChunkState;
use forsat_sync::chunk;
use forsat_sync::code::Code;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::id::{DocumentId, Epoch};
use forsat_sync::limits::ChunkLimits;

const SARA: &str = "Sara <sara@example.com>";
const REZA: &str = "Reza <reza@example.com>";
const MINA: &str = "Mina <mina@example.com>";

/// Two spaces: Sara manages both, Reza writes in North alone.
fn two() -> (Relay, Device, Device) {
    let mut relay = Relay::new();
    relay.space("South");
    let sara = Device::join(&mut relay, SARA, Role::Manager, 1);
    relay.set_role("sara@example.com", "South", Some(Role::Manager));
    let reza = Device::join(&mut relay, REZA, Role::Rep, 2);
    for _ in 0..2 {
        sara.sync(&mut relay);
        reza.sync(&mut relay);
    }
    (relay, sara, reza)
}

fn account(device: &Device, name: &str) -> String {
    device.engine.create("account", &[FieldInput::new("name", name)]).expect("creates").short
}

fn site(device: &Device, account: &str, value: &str) {
    let field = FieldInput::new("website", value);
    device.engine.edit("account", account, &[field]).expect("edits");
}

fn ask(device: &Device, record: &str, space: &str, alone: bool) -> usize {
    let plan = device.engine.move_preview(&[record.to_owned()], space, alone).expect("plans");
    device.engine.move_records(plan).expect("asks").count()
}

fn sync_level(device: &Device, relay: &mut Relay) -> SyncSummary {
    let summary = device.sync(relay);
    assert!(summary.synced, "{summary:?}");
    summary
}

fn website(device: &Device, account: &str) -> Option<String> {
    let view = device.engine.show("account", account).ok()?;
    let field = view.state.winner("website");
    Some(field.as_text().unwrap_or_default().to_owned())
}

#[test]
fn a_record_that_moves_goes_along_where_both_spaces_are_seen_and_leaves_where_not() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    assert!(website(&reza, &arya).is_some());
    let before = relay.totals();
    assert_eq!(ask(&sara, &arya, "South", false), 1);
    assert_eq!(sync_level(&sara, &mut relay).moved, 1);
    assert_eq!(sara.engine.moves_wished().expect("reads"), 0);
    assert_eq!(
        sara.engine.move_preview(std::slice::from_ref(&arya), "South", false).expect("plans").there,
        1
    );
    let summary = sync_level(&reza, &mut relay);
    assert_eq!((summary.gone, summary.refused), (1, 0));
    assert_eq!(website(&reza, &arya), None, "it is here no more");
    assert_eq!(relay.totals(), before);
    relay.verify();
    // It goes on in its new home, and is read anew by whoever gets a role there.
    site(&sara, &arya, "https://south.example");
    sync_level(&sara, &mut relay);
    relay.set_role("reza@example.com", "South", Some(Role::Rep));
    reza.sync(&mut relay);
    sync_level(&reza, &mut relay);
    assert_eq!(website(&reza, &arya).as_deref(), Some("https://south.example"));
    assert_eq!(sara.view(), reza.view());
}

#[test]
fn there_and_back_between_two_syncs_of_another_device_changes_nothing_there() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    for space in ["South", "North"] {
        assert_eq!(ask(&sara, &arya, space, false), 1);
        sync_level(&sara, &mut relay);
    }
    site(&reza, &arya, "https://reza.example");
    let summary = sync_level(&reza, &mut relay);
    assert_eq!((summary.gone, summary.refused), (0, 0));
    sync_level(&sara, &mut relay);
    assert_eq!(website(&sara, &arya).as_deref(), Some("https://reza.example"));
    relay.verify();
}

#[test]
fn what_was_typed_while_the_record_moved_goes_to_its_new_home() {
    let (mut relay, sara, _) = two();
    let desk = Device::join(&mut relay, MINA, Role::Manager, 5);
    relay.set_role("mina@example.com", "South", Some(Role::Rep));
    let arya = account(&sara, "Arya");
    for _ in 0..2 {
        sara.sync(&mut relay);
        desk.sync(&mut relay);
    }
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    site(&desk, &arya, "https://desk.example");
    let summary = sync_level(&desk, &mut relay);
    assert_eq!((summary.refused, summary.gone, summary.unsent), (0, 0, 0));
    sync_level(&sara, &mut relay);
    assert_eq!(website(&sara, &arya).as_deref(), Some("https://desk.example"));
    assert_eq!(sara.view(), desk.view());
    relay.verify();
}

#[test]
fn what_was_typed_on_a_device_that_loses_the_record_is_kept_there() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    site(&reza, &arya, "https://late.example");
    let summary = reza.sync(&mut relay);
    assert_eq!((summary.gone, summary.refused, summary.unsent), (1, 1, 0));
    let tx = reza.engine.store().read().expect("reads");
    let kept = tx.refused_edits().expect("reads");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.code, "moved_away");
    assert!(String::from_utf8_lossy(&kept[0].1.after).contains("https://late.example"));
    let number = kept[0].0.get();
    drop(tx);
    let export = reza.engine.export_refused(number).expect("exports");
    let chunk = hex::decode(export.chunk.expect("its bytes are kept")).expect("hex");
    let (header, _) = chunk::parse(&chunk, &ChunkLimits::default()).expect("a change");
    assert_eq!(header.hash.to_string(), export.edit.change);
    assert!(export.edit.made_at_ms.is_some());
    let refusal = reza.engine.retry_refused(number).expect_err("the record isn't here");
    assert_eq!(refusal.code(), Some("moved_away"));
    assert!(refusal.to_string().contains("moved from North to a space that isn't shown"), "{refusal}");
    assert!(reza.sync(&mut relay).synced);
    assert_eq!(website(&sara, &arya).as_deref(), Some(""));
}

#[test]
fn an_account_takes_along_what_hangs_on_it_unless_told_otherwise() {
    let (mut relay, sara, _) = two();
    let arya = account(&sara, "Arya");
    let on = |module: &str, fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect();
        sara.engine.create(module, &fields).expect("creates").short
    };
    let deal = on("opp", &[("name", "server"), ("account_id", &arya), ("close_date", "2026-09-01")]);
    on("contact", &[("last_name", "Karimi"), ("account_id", &arya)]);
    let preview =
        |alone| sara.engine.move_preview(std::slice::from_ref(&arya), "South", alone).expect("plans");
    assert_eq!((preview(false).records.len(), preview(false).along.len()), (1, 2));
    assert_eq!(preview(true).along.len(), 0);
    assert_eq!(ask(&sara, &arya, "South", false), 3);
    assert_eq!(sync_level(&sara, &mut relay).moved, 3);
    let there = sara.engine.move_preview(&[deal], "South", true).expect("plans");
    assert_eq!((there.there, there.records.len()), (1, 0));
    relay.verify();
}

#[test]
fn who_may_not_move_is_told_before_anything_is_asked() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    relay.set_role("reza@example.com", "South", Some(Role::Admin));
    reza.sync(&mut relay);
    sync_level(&reza, &mut relay);
    let refused = reza.engine.move_preview(&[arya], "South", false).expect_err("a rep in North");
    assert!(
        matches!(refused, ClientError::Refused(ref refusal) if refusal.code() == "may_not_move"),
        "{refused}"
    );
    let common = sara.engine.move_preview(&["Arya".to_owned()], "common", false).expect_err("stays");
    assert!(
        matches!(common, ClientError::Refused(ref refusal) if refusal.code() == "common_stays"),
        "{common}"
    );
}

#[test]
fn a_move_that_the_relay_refuses_changes_nothing_and_is_told() {
    let (mut relay, sara, _) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    ask(&sara, &arya, "South", false);
    relay.set_role("sara@example.com", "South", Some(Role::Rep));
    let summary = sara.sync(&mut relay);
    assert_eq!(summary.moved, 0);
    assert_eq!(sara.engine.moves_wished().expect("reads"), 0);
    assert!(website(&sara, &arya).is_some());
    assert_eq!(troubles(&sara), ["move_refused"]);
}

#[test]
fn a_refused_move_is_told_until_it_is_asked_for_again_or_the_record_has_moved() {
    let (mut relay, sara, _) = two();
    let desk = Device::join(&mut relay, MINA, Role::Manager, 5);
    relay.set_role("mina@example.com", "South", Some(Role::Manager));
    let arya = account(&sara, "Arya");
    for device in [&sara, &desk, &sara, &desk] {
        device.sync(&mut relay);
    }
    let refused = |relay: &mut Relay| {
        relay.set_role("sara@example.com", "South", Some(Role::Rep));
        sara.sync(relay);
        assert_eq!(troubles(&sara), ["move_refused"]);
    };
    ask(&sara, &arya, "South", false);
    refused(&mut relay);
    // Asked for again.
    relay.set_role("sara@example.com", "South", Some(Role::Manager));
    sara.sync(&mut relay);
    ask(&sara, &arya, "South", false);
    assert!(troubles(&sara).is_empty(), "{:?}", troubles(&sara));
    refused(&mut relay);
    // Somebody else moves it.
    ask(&desk, &arya, "South", false);
    sync_level(&desk, &mut relay);
    sync_level(&sara, &mut relay);
    assert!(troubles(&sara).is_empty(), "{:?}", troubles(&sara));
}

#[test]
fn a_move_that_waits_is_shown_and_taken_back_by_one_to_where_the_record_lives() {
    let (mut relay, sara, _) = two();
    let arya = account(&sara, "Arya");
    let fields = [FieldInput::new("last_name", "Karimi"), FieldInput::new("account_id", &arya)];
    sara.engine.create("contact", &fields).expect("creates");
    sync_level(&sara, &mut relay);
    let waiting = || {
        let moves = sara.engine.status().expect("status").moves;
        moves.into_iter().map(|row| (row.record.name, row.record.from, row.to)).collect::<Vec<_>>()
    };
    let plan = |space: &str| {
        let plan = sara.engine.move_preview(std::slice::from_ref(&arya), space, false).expect("plans");
        (plan.records.len(), plan.along.len(), plan.stay.len(), plan.there)
    };
    assert_eq!(plan("North"), (0, 0, 0, 1), "nothing was asked for");
    assert_eq!(ask(&sara, &arya, "South", false), 2);
    let row = |name: &str| (name.to_owned(), "North".to_owned(), "South".to_owned());
    let mut shown = waiting();
    shown.sort();
    assert_eq!(shown, [row("Arya"), row("Karimi")]);
    assert_eq!(plan("North"), (0, 0, 2, 1));
    assert_eq!(ask(&sara, &arya, "North", false), 0);
    assert!(waiting().is_empty());
    assert_eq!(sync_level(&sara, &mut relay).moved, 0);
    assert_eq!(plan("South"), (1, 1, 0, 0), "they live where they did");
    // What the relay has refused is dropped the same way.
    ask(&sara, &arya, "South", false);
    relay.set_role("sara@example.com", "South", Some(Role::Rep));
    sara.sync(&mut relay);
    assert_eq!(troubles(&sara), ["move_refused", "move_refused"]);
    assert_eq!(plan("North"), (0, 0, 2, 1));
    ask(&sara, &arya, "North", false);
    assert!(troubles(&sara).is_empty());
}

/// Codes of the issues that stand.
fn troubles(device: &Device) -> Vec<String> {
    let issues = device.engine.store().read().and_then(|tx| tx.sync_issues()).expect("reads");
    issues.into_iter().map(|issue| issue.key.code).collect()
}

#[test]
fn an_erased_record_takes_the_wish_to_move_it_along() {
    let (mut relay, sara, _) = two();
    let saved = sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
    sync_level(&sara, &mut relay);
    ask(&sara, &saved.short, "South", false);
    relay.erase(DocumentId::from_bytes(*saved.id.as_bytes()));
    assert_eq!(sync_level(&sara, &mut relay).erased, 1);
    assert_eq!(sara.engine.moves_wished().expect("reads"), 0);
    sync_level(&sara, &mut relay);
    assert!(troubles(&sara).is_empty(), "{:?}", troubles(&sara));
}

#[test]
fn two_managers_who_move_one_record_apart_end_with_one_home() {
    let (mut relay, sara, _) = two();
    relay.space("West");
    relay.set_role("sara@example.com", "West", Some(Role::Manager));
    let desk = Device::join(&mut relay, MINA, Role::Manager, 5);
    relay.set_role("mina@example.com", "South", Some(Role::Manager));
    relay.set_role("mina@example.com", "West", Some(Role::Manager));
    let arya = account(&sara, "Arya");
    for _ in 0..2 {
        sara.sync(&mut relay);
        desk.sync(&mut relay);
    }
    ask(&sara, &arya, "South", false);
    ask(&desk, &arya, "West", false);
    sync_level(&sara, &mut relay);
    sync_level(&desk, &mut relay);
    sync_level(&sara, &mut relay);
    for device in [&sara, &desk] {
        let plan = device.engine.move_preview(std::slice::from_ref(&arya), "West", false).expect("plans");
        assert_eq!(plan.there, 1, "the later move stands");
        let tx = device.engine.store().read().expect("reads");
        let (id, row) = tx.documents_after(None, usize::MAX).expect("reads").into_iter().last().expect("one");
        let states: Vec<_> = tx.chunks(&id).expect("reads").iter().map(|chunk| chunk.state).collect();
        assert!(states.iter().all(|state| *state == ChunkState::Feed), "{row:?} {states:?}");
    }
    assert_eq!(sara.view(), desk.view());
    relay.verify();
}

#[test]
fn a_reader_of_the_new_home_reads_it_there() {
    let (mut relay, sara, _) = two();
    let mina = Device::join(&mut relay, MINA, Role::Viewer, 6);
    relay.set_role("mina@example.com", "South", Some(Role::Viewer));
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    mina.sync(&mut relay);
    sync_level(&mina, &mut relay);
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    let summary = sync_level(&mina, &mut relay);
    assert_eq!((summary.gone, summary.fetched), (0, 0), "it goes along without a walk");
    assert_eq!(sara.view(), mina.view());
}

#[test]
fn a_device_that_missed_the_word_of_a_move_hears_it_when_it_heals() {
    let (mut relay, sara, reza) = two();
    let mina = Device::join(&mut relay, MINA, Role::Rep, 6);
    relay.set_role("mina@example.com", "South", Some(Role::Rep));
    let arya = account(&sara, "Arya");
    for device in [&sara, &reza, &mina, &mina] {
        device.sync(&mut relay);
    }
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    site(&reza, &arya, "https://late.example");
    for device in [&reza, &mina] {
        // As after a restore: the relay doesn't know the cursor, and the feed is read from its head.
        put_back(device);
        device.sync(&mut relay);
        sync_level(device, &mut relay);
    }
    assert_eq!(website(&reza, &arya), None);
    let kept = reza.engine.store().read().and_then(|tx| tx.refused_edits()).expect("reads");
    assert_eq!(kept.len(), 1, "what was typed is kept");
    assert_eq!(sara.view(), mina.view());
    relay.verify();
}

/// A device as one whose relay was set back: it knows a cursor that the relay doesn't.
fn put_back(device: &Device) {
    let store = device.engine.store();
    let cursors = store.read().and_then(|tx| tx.cursors()).expect("reads");
    let lost = store.write::<_, forsat_store::StoreError>(|tx| {
        for (space, cursor) in &cursors {
            tx.reset_cursor(space, Epoch::new(99), cursor.seq)?;
        }
        Ok(())
    });
    lost.expect("writes");
}

/// Syncs a device to its end; it must find nothing wrong, and nothing to make again.
fn sync_unharmed(device: &Device, relay: &mut Relay) {
    let incarnation =
        || device.engine.store().read().and_then(|tx| tx.identity()).expect("reads").incarnation;
    let before = incarnation();
    let shown = device.sync_over(relay, &mut Honest);
    assert!(shown.issues.is_empty(), "{shown:?}");
    assert!(shown.summary().synced);
    assert_eq!(incarnation(), before, "no other store writes as this one");
    let issues = device.engine.store().read().and_then(|tx| tx.sync_issues()).expect("reads");
    assert!(issues.is_empty(), "{issues:?}");
}

/// Reza has edited a record that Sara began, and one that he began himself; both move to where he sees nothing.
fn lets_two_go() -> (Relay, Device, Device, [String; 2]) {
    let (mut relay, sara, reza) = two();
    let records = [account(&sara, "Arya"), account(&reza, "Bahar")];
    for device in [&sara, &reza, &sara] {
        sync_level(device, &mut relay);
    }
    for record in &records {
        site(&reza, record, "https://reza.example");
    }
    sync_level(&reza, &mut relay);
    sync_level(&sara, &mut relay);
    for record in &records {
        ask(&sara, record, "South", false);
    }
    sync_level(&sara, &mut relay);
    assert_eq!(sync_level(&reza, &mut relay).gone, 2);
    (relay, sara, reza, records)
}

#[test]
fn a_record_that_comes_back_is_no_sign_of_another_store() {
    let (mut relay, sara, reza, records) = lets_two_go();
    for record in &records {
        ask(&sara, record, "North", false);
    }
    sync_level(&sara, &mut relay);
    account(&reza, "Dena");
    sync_unharmed(&reza, &mut relay);
    for record in &records {
        assert_eq!(website(&reza, record).as_deref(), Some("https://reza.example"));
        site(&reza, record, "https://again.example");
    }
    sync_unharmed(&reza, &mut relay);
    sync_unharmed(&sara, &mut relay);
    assert!(sara.view().0 == reza.view().0, "both see the same records");
    relay.verify();
}

#[test]
fn a_role_in_the_new_home_brings_the_record_back_without_a_false_alarm() {
    let (mut relay, sara, reza, records) = lets_two_go();
    relay.set_role("reza@example.com", "South", Some(Role::Rep));
    sync_unharmed(&reza, &mut relay);
    sync_unharmed(&reza, &mut relay);
    site(&reza, &records[0], "https://again.example");
    sync_unharmed(&reza, &mut relay);
    sync_unharmed(&sara, &mut relay);
    assert_eq!(website(&sara, &records[0]).as_deref(), Some("https://again.example"));
    assert_eq!(sara.view(), reza.view());
    relay.verify();
}

/// The relay refuses all that is pushed.
struct RefusesAll;

impl Wire for RefusesAll {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        let ToRelay::Push(push) = frame else { return Fate::Pass };
        let refused = || ItemOutcome::Refused { code: Code::new("forbidden"), message: "no".to_owned() };
        let results = push.items.iter().map(|_| refused()).collect();
        Fate::Answer(ToDevice::Outcome { batch: push.batch, results })
    }
}

#[test]
fn an_edit_that_was_refused_before_its_record_moved_away_begins_no_record_anew() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    site(&reza, &arya, "https://reza.example");
    assert_eq!(reza.sync_over(&mut relay, &mut RefusesAll).summary().refused, 1);
    let number = reza.engine.refused().expect("lists")[0].view.number;
    for (space, gone) in [("South", 1), ("North", 0)] {
        ask(&sara, &arya, space, false);
        sync_level(&sara, &mut relay);
        assert_eq!(sync_level(&reza, &mut relay).gone, gone);
        let retried = reza.engine.retry_refused(number);
        if gone == 1 {
            let refusal = retried.expect_err("the record isn't here");
            assert_eq!(refusal.code(), Some("moved_away"));
            assert_eq!(reza.engine.unsent().expect("counts"), 0);
            assert_eq!(reza.engine.refused().expect("lists").len(), 1, "it can be made again later");
        } else {
            retried.expect("the record is here again");
        }
    }
    assert_eq!(website(&reza, &arya).as_deref(), Some("https://reza.example"));
}

#[test]
fn undo_leaves_a_command_standing_whose_record_moved_away_until_the_record_is_back() {
    let (mut relay, sara, reza) = two();
    let (arya, bahar) = (account(&sara, "Arya"), account(&sara, "Bahar"));
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    site(&reza, &bahar, "https://bahar.example");
    site(&reza, &arya, "https://arya.example");
    sync_level(&reza, &mut relay);
    sync_level(&sara, &mut relay);
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    assert_eq!(sync_level(&reza, &mut relay).gone, 1);
    let undone = reza.engine.undo().expect("undoes");
    assert!(undone.taken_back.is_empty() && undone.saved.is_empty(), "{undone:?}");
    assert_eq!(undone.skipped.iter().map(|left| left.why).collect::<Vec<_>>(), [LeftReason::Gone]);
    let number = undone.journal;
    assert_eq!(undone.skipped[0].command.as_deref(), Some(&*format!("forsat undo {number}")));
    let is_undone = || {
        let commands = reza.engine.commands(10).expect("lists");
        commands.iter().find(|command| command.number == number).map(|command| command.undone)
    };
    assert_eq!(is_undone(), Some(false));
    let before = reza.engine.undo().expect("undoes");
    assert_eq!(before.taken_back.len(), 1, "the command before it: {before:?}");
    assert_eq!(website(&reza, &bahar).as_deref(), Some(""));
    // The record comes back, and the command can be taken back after all.
    ask(&sara, &arya, "North", false);
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    assert_eq!(website(&reza, &arya).as_deref(), Some("https://arya.example"));
    assert_eq!(reza.engine.undo_command(number).expect("undoes").taken_back.len(), 1);
    assert_eq!((website(&reza, &arya).as_deref(), is_undone()), (Some(""), Some(true)));
}

#[test]
fn undo_takes_back_what_is_here_of_a_command_and_the_rest_once_that_is_back() {
    let (mut relay, sara, reza) = two();
    let records = ["Arya", "Bahar"].map(|name| account(&sara, name));
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    let target = MassTarget::Records(records.to_vec());
    let action = MassAction::Edit(vec![FieldInput::new("website", "https://reza.example")]);
    assert_eq!(reza.engine.mass("account", &target, &action).expect("writes").changed, 2);
    sync_level(&reza, &mut relay);
    sync_level(&sara, &mut relay);
    ask(&sara, &records[0], "South", false);
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    let first = reza.engine.undo().expect("undoes");
    assert_eq!((first.taken_back.len(), first.skipped.len()), (1, 1), "{first:?}");
    assert_eq!((first.skipped[0].why, website(&reza, &records[1]).as_deref()), (LeftReason::Gone, Some("")));
    ask(&sara, &records[0], "North", false);
    sync_level(&sara, &mut relay);
    sync_level(&reza, &mut relay);
    let rest = reza.engine.undo_command(first.journal).expect("undoes");
    assert_eq!(rest.taken_back.len(), 1, "what was taken back before isn't again: {rest:?}");
    assert_eq!(rest.saved.len(), 1);
    for record in &records {
        assert_eq!(website(&reza, record).as_deref(), Some(""));
    }
    reza.engine.undo_command(first.journal).expect_err("it is taken back whole");
}
