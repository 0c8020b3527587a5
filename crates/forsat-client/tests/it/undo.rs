//! Undo where it meets other people: what it takes back, what it leaves alone, and the word it has for that.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::{CloseInput, FieldInput, LeftAlone, LeftReason, Resolve, Undone};
use forsat_relay::store::Role;
use forsat_sync::code::Code;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldInput> {
    pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}

fn two(relay: &mut Relay) -> (Device, Device) {
    let sara = Device::join(relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(relay, "Reza <reza@example.com>", Role::Rep, 2);
    (sara, reza)
}

fn meet(relay: &mut Relay, one: &Device, two: &Device) {
    for device in [one, two, one, two] {
        assert!(device.sync(relay).synced);
    }
}

fn account(device: &Device, name: &str) -> String {
    device.engine.create("account", &fields(&[("name", name)])).expect("creates").short
}

fn deal(device: &Device, account: &str, name: &str) -> String {
    let given = [
        ("name", name),
        ("account_id", account),
        ("close_date", "2026-09-01"),
        ("amount", "800"),
        ("currency", "IRR"),
    ];
    device.engine.create("opp", &fields(&given)).expect("creates").short
}

/// Undoes the last command, which must find everything changed under it; answers what was left alone.
fn undo_finds_nothing(device: &Device) -> Vec<LeftAlone> {
    let before = device.engine.unsent().expect("counts");
    let Undone { taken_back, skipped, saved, .. } = device.engine.undo().expect("undoes");
    assert!(taken_back.is_empty() && saved.is_empty(), "{taken_back:?}");
    assert_eq!(device.engine.unsent().expect("counts"), before, "nothing was written");
    skipped
}

#[test]
fn a_resolved_conflict_is_not_decided_by_its_undo() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, "Arya");
    meet(&mut relay, &sara, &reza);
    for (device, website) in [(&sara, "https://sara.example"), (&reza, "https://reza.example")] {
        device.engine.edit("account", &arya, &fields(&[("website", website)])).expect("edits");
    }
    meet(&mut relay, &sara, &reza);
    let read_first = sara.engine.show("account", &arya).expect("shows").state.winner("website").clone();
    sara.engine.resolve(&arya, "website", &Resolve::Take(2)).expect("resolves");
    let taken = sara.engine.show("account", &arya).expect("shows").state.winner("website").clone();
    assert_ne!(taken, read_first);
    let left = undo_finds_nothing(&sara);
    assert_eq!((left[0].why, left[0].field.as_str()), (LeftReason::ConflictEnded, "website"));
    assert_eq!(left[0].sides, [read_first, taken.clone()]);
    let command = left[0].command.as_deref().expect("a way on");
    assert!(command.starts_with("forsat account edit ") && command.ends_with(" website=…"), "{command}");
    let view = sara.engine.show("account", &arya).expect("shows");
    assert_eq!(view.state.winner("website"), &taken);
    // The next undo takes the command before it, whose value stands no more.
    assert_eq!(undo_finds_nothing(&sara)[0].why, LeftReason::WrittenSince);
}

#[test]
fn an_outcome_that_was_decided_stays_decided_as_a_whole() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, "Arya");
    let deal = deal(&sara, &arya, "server");
    meet(&mut relay, &sara, &reza);
    sara.engine.win(&deal, &CloseInput::default()).expect("wins");
    let price = CloseInput { reason: Some("price".to_owned()), ..CloseInput::default() };
    reza.engine.lose(&deal, &price).expect("loses");
    meet(&mut relay, &sara, &reza);
    let closed = CloseInput { reason: Some("budget".to_owned()), ..CloseInput::default() };
    sara.engine.resolve(&deal, "stage", &Resolve::Closed("lost".to_owned(), closed)).expect("resolves");
    let decided = sara.engine.show("opp", &deal).expect("shows").opportunity.expect("a deal");
    assert_eq!(decided.standing, "lost");
    let left = undo_finds_nothing(&sara);
    let command = left[0].command.as_deref().expect("a way on");
    assert!(command.starts_with("forsat opp stage|win|lose|reopen "), "{command}");
    assert_eq!(left[0].sides.len(), 2);
    let after = sara.engine.show("opp", &deal).expect("shows").opportunity.expect("a deal");
    assert_eq!(after.standing, "lost");
}

#[test]
fn a_record_that_others_have_edited_is_not_trashed_under_them() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, "Arya");
    meet(&mut relay, &sara, &reza);
    reza.engine.edit("account", &arya, &fields(&[("website", "https://reza.example")])).expect("edits");
    meet(&mut relay, &sara, &reza);
    let left = undo_finds_nothing(&sara);
    assert_eq!((left[0].why, left[0].name.as_str()), (LeftReason::EditedSince, "Arya"));
    let command = left[0].command.as_deref().expect("a way on");
    assert!(command.starts_with("forsat account delete "), "{command}");
    assert_eq!(sara.engine.show("account", &arya).expect("shows").lifecycle, "active");
    // One that nobody else touched goes, also after a sync.
    account(&sara, "Bahar");
    meet(&mut relay, &sara, &reza);
    assert_eq!(sara.engine.undo().expect("undoes").taken_back.len(), 1);
    meet(&mut relay, &sara, &reza);
    assert_eq!(reza.engine.show("account", "Bahar").expect("shows").lifecycle, "trashed");
}

#[test]
fn an_account_on_which_a_deal_of_another_hangs_is_left_alone() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, "Arya");
    meet(&mut relay, &sara, &reza);
    deal(&reza, &arya, "server");
    meet(&mut relay, &sara, &reza);
    assert_eq!(undo_finds_nothing(&sara)[0].why, LeftReason::HasDeals);
    assert_eq!(sara.engine.show("account", &arya).expect("shows").lifecycle, "active");
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
fn a_record_that_the_relay_refused_is_passed_over() {
    let mut relay = Relay::new();
    let (sara, _) = two(&mut relay);
    account(&sara, "Arya");
    sara.sync(&mut relay);
    account(&sara, "Bahar");
    assert_eq!(sara.sync_over(&mut relay, &mut RefusesAll).summary().refused, 1);
    assert_eq!(undo_finds_nothing(&sara)[0].why, LeftReason::Refused);
    assert_eq!(sara.engine.undo().expect("undoes").taken_back.len(), 1, "the command before it");
    assert_eq!(sara.engine.show("account", "Arya").expect("shows").lifecycle, "trashed");
}
