//! Devices that meet over a relay: what merges, what is refused, what gets lost on the way.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::{ClientError, FieldInput, ListQuery, Resolve, SyncIssue};
use forsat_relay::store::Role;
use forsat_sync::code::Code;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::id::Digest;

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldInput> {
    pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}

fn two(relay: &mut Relay) -> (Device, Device) {
    let sara = Device::join(relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(relay, "Reza <reza@example.com>", Role::Rep, 2);
    (sara, reza)
}

/// Syncs both until neither has anything for the other.
fn meet(relay: &mut Relay, one: &Device, two: &Device) {
    for device in [one, two, one, two] {
        let summary = device.sync(relay);
        assert!(summary.synced, "{summary:?}");
    }
    let ((one_rows, one_roots), (two_rows, two_roots)) = (one.view(), two.view());
    assert_eq!(one_rows, two_rows);
    assert_eq!(one_roots, two_roots);
}

fn account(device: &Device, pairs: &[(&str, &str)]) -> String {
    device.engine.create("account", &fields(pairs)).expect("creates").short
}

fn edit(device: &Device, account: &str, pairs: &[(&str, &str)]) {
    device.engine.edit("account", account, &fields(pairs)).expect("edits");
}

/// The value of a register as everybody reads it.
fn reads(device: &Device, account: &str, field: &str) -> String {
    let state = device.engine.show("account", account).expect("shows").state;
    state.winner(field).as_text().unwrap_or_default().to_owned()
}

#[test]
fn two_devices_edit_apart_and_converge_and_each_hears_what_merged() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, &[("name", "Arya")]);
    meet(&mut relay, &sara, &reza);
    edit(&sara, &arya, &[("website", "https://sara.example"), ("industry", "steel")]);
    edit(&reza, &arya, &[("website", "https://reza.example"), ("employees", "40")]);
    account(&reza, &[("name", "Bahar")]);
    sara.sync(&mut relay);
    let came = reza.sync(&mut relay);
    let change = came.records.iter().find(|record| record.name == "Arya").expect("it changed");
    assert!(!change.new);
    assert!(change.changed.iter().any(|field| field == "industry"), "{change:?}");
    assert!(change.merged.iter().any(|field| field == "industry"), "{change:?}");
    assert!(!change.merged.iter().any(|field| field == "website"), "{change:?}");
    let conflict = change.issues.iter().find(|issue| issue.code == "field_conflict").expect("two websites");
    assert_eq!(conflict.field.as_deref(), Some("website"));
    meet(&mut relay, &sara, &reza);
    sara.engine.resolve(&arya, "website", &Resolve::Take(1)).expect("resolves");
    sara.sync(&mut relay);
    let came = reza.sync(&mut relay);
    assert!(came.records[0].ended.iter().any(|issue| issue.code == "field_conflict"), "{came:?}");
    meet(&mut relay, &sara, &reza);
}

#[test]
fn a_sync_with_nothing_to_do_says_so_and_writes_nothing() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    account(&sara, &[("name", "Arya")]);
    meet(&mut relay, &sara, &reza);
    let before = sara.engine.commit_seq().expect("counts");
    let summary = sara.sync(&mut relay);
    assert_eq!((summary.received, summary.sent, summary.records.len()), (0, 0, 0));
    assert_eq!(sara.engine.commit_seq().expect("counts"), before);
}

/// Loses the relay's answers to pushes, and the connection with the first of them.
struct LosesAcks;

impl Wire for LosesAcks {
    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        if matches!(frame, ToDevice::Outcome { .. }) { Fate::Cut } else { Fate::Pass }
    }
}

#[test]
fn a_lost_ack_is_made_up_for_by_the_echo_also_after_the_program_ended() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    sara.sync(&mut relay);
    account(&sara, &[("name", "Arya")]);
    let shown = sara.sync_over(&mut relay, &mut LosesAcks);
    assert!(shown.result.is_none(), "it was cut");
    let sara = sara.restart();
    assert!(sara.sync(&mut relay).synced);
    assert_eq!(sara.engine.unsent().expect("counts"), 0);
    meet(&mut relay, &sara, &reza);
}

/// Cuts the connection after a page, before the device's pushes arrive.
#[derive(Default)]
struct CutsPushes {
    pages: usize,
}

impl Wire for CutsPushes {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        if matches!(frame, ToRelay::Push(_)) { Fate::Cut } else { Fate::Pass }
    }

    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        self.pages += usize::from(matches!(frame, ToDevice::Page(_)));
        Fate::Pass
    }
}

#[test]
fn what_never_arrived_is_sent_the_next_time() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    meet(&mut relay, &sara, &reza);
    account(&sara, &[("name", "Arya")]);
    let unsent = sara.engine.unsent().expect("counts");
    assert!(sara.sync_over(&mut relay, &mut CutsPushes::default()).result.is_none());
    let sara = sara.restart();
    assert_eq!(sara.engine.unsent().expect("counts"), unsent, "nothing was acknowledged");
    assert_eq!(sara.sync(&mut relay).sent, unsent);
    meet(&mut relay, &sara, &reza);
}

/// Refuses the first change of a push for good, and puts off what was built on it, as a relay would.
struct Refuses {
    code: &'static str,
    done: bool,
}

impl Wire for Refuses {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        let ToRelay::Push(push) = frame else { return Fate::Pass };
        if std::mem::replace(&mut self.done, true) {
            return Fate::Pass;
        }
        let later = || ItemOutcome::Later {
            code: Code::new("missing_deps"),
            message: "its base is missing".to_owned(),
        };
        let mut results: Vec<ItemOutcome> = push.items.iter().map(|_| later()).collect();
        results[0] = ItemOutcome::Refused {
            code: Code::new(self.code),
            message: "the relay didn't want it".to_owned(),
        };
        Fate::Answer(ToDevice::Outcome { batch: push.batch, results })
    }
}

#[test]
fn a_refused_edit_is_kept_and_what_was_built_on_it_is_sent_without_it() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, &[("name", "Arya")]);
    meet(&mut relay, &sara, &reza);
    edit(&sara, &arya, &[("website", "https://refused.example")]);
    edit(&sara, &arya, &[("employees", "40")]);
    edit(&sara, &arya, &[("name", "Arya Steel")]);
    let old: Vec<String> = unsent_hashes(&sara, &arya);
    let shown = sara.sync_over(&mut relay, &mut Refuses { code: "document_bytes_full", done: false });
    let summary = shown.summary();
    assert_eq!((summary.refused, summary.unsent), (1, 0), "{summary:?}");
    let status = sara.engine.status().expect("status");
    let refused = status.refused.first().expect("kept");
    assert_eq!(refused.code, "document_bytes_full");
    let change = refused.changes.iter().find(|change| change.path == "website").expect("its field");
    assert_eq!(change.after.as_text(), Some("https://refused.example"));
    assert!(change.before.is_null());
    meet(&mut relay, &sara, &reza);
    assert_eq!(reads(&reza, &arya, "website"), "", "the refused edit went nowhere");
    assert_eq!(reads(&reza, &arya, "name"), "Arya Steel", "what was built on it did");
    let tx = sara.engine.store().read().expect("reads");
    for hash in &old[1..] {
        let hash = forsat_sync::id::ChangeHash::from_slice(&hex::decode(hash).expect("hex")).expect("a hash");
        assert_ne!(tx.resolve_alias(&hash).expect("resolves"), hash, "the old hash leads to the new one");
    }
    sara.engine.retry_refused(refused.number).expect("made again");
    meet(&mut relay, &sara, &reza);
    assert_eq!(reads(&reza, &arya, "website"), "https://refused.example");
}

#[test]
fn a_refused_creation_leaves_no_record_and_can_be_made_again() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, &[("name", "Arya")]);
    let summary = sara.sync_over(&mut relay, &mut Refuses { code: "forbidden", done: false }).summary();
    assert_eq!((summary.refused, summary.unsent), (1, 0), "{summary:?}");
    for reference in [arya.as_str(), "Arya"] {
        let error = sara.engine.show("account", reference).expect_err("no record any more");
        assert!(matches!(error, ClientError::NotFound { .. }), "{error}");
    }
    assert_eq!(sara.engine.list("account", &ListQuery::default()).expect("lists").total, 0);
    let inside = sara.engine.inspect("account", &arya, None, false).expect("its bytes are kept");
    assert!(inside.changes.iter().all(|change| change.state == "refused"), "{:?}", inside.changes);
    let number = sara.engine.status().expect("status").refused.first().expect("kept").number;
    sara.engine.retry_refused(number).expect("made again");
    meet(&mut relay, &sara, &reza);
    for device in [&sara, &reza] {
        assert_eq!(reads(device, &arya, "name"), "Arya");
    }
}

fn unsent_hashes(device: &Device, account: &str) -> Vec<String> {
    let inside = device.engine.inspect("account", account, None, false).expect("inspects");
    inside.changes.into_iter().filter(|change| change.state == "outbox").map(|change| change.hash).collect()
}

#[test]
fn when_another_store_wrote_as_this_one_the_edits_are_made_again_by_a_new_actor() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, &[("name", "Arya")]);
    meet(&mut relay, &sara, &reza);
    edit(&sara, &arya, &[("employees", "40")]);
    let actor = |device: &Device| {
        let inside = device.engine.inspect("account", &arya, None, false).expect("inspects");
        inside.changes.last().expect("a change").actor.clone()
    };
    let before = actor(&sara);
    let shown = sara.sync_over(&mut relay, &mut Refuses { code: "actor_forked", done: false });
    let summary = shown.summary();
    assert_eq!((summary.refused, summary.unsent), (0, 0), "{summary:?}");
    assert_ne!(actor(&sara), before);
    assert!(sara.engine.status().expect("status").refused.is_empty());
    meet(&mut relay, &sara, &reza);
}

#[test]
fn a_store_put_back_from_a_backup_loses_neither_what_it_sent_nor_what_it_wrote_since() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let arya = account(&sara, &[("name", "Arya")]);
    meet(&mut relay, &sara, &reza);
    let mut backup = Vec::new();
    let sara = sara.restart_after(|store| backup = std::fs::read(store).expect("reads"));
    edit(&sara, &arya, &[("employees", "40")]);
    assert!(sara.sync(&mut relay).synced);
    let sara = sara.restart_after(|store| std::fs::write(store, backup).expect("puts it back in place"));
    edit(&sara, &arya, &[("name", "Arya Steel")]);
    let shown = sara.sync_over(&mut relay, &mut crate::pair::Honest);
    let unknown = shown.issues.iter().any(|issue| matches!(issue, SyncIssue::UnknownEcho { .. }));
    assert!(unknown, "{shown:?}");
    meet(&mut relay, &sara, &reza);
    assert_eq!(reads(&reza, &arya, "name"), "Arya Steel");
    let employees = reza.engine.show("account", &arya).expect("shows").state.winner("employees").as_int();
    assert_eq!(employees, Some(40));
    let status = sara.engine.status().expect("status");
    assert!(status.sync_issues.is_empty(), "over once the digests agree: {:?}", status.sync_issues);
    assert!(status.refused.is_empty());
}

/// Says another root than the relay's.
struct OtherRoot;

impl Wire for OtherRoot {
    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        match frame {
            ToDevice::Page(page) if page.root.is_some() => {
                let mut page = page.clone();
                page.root = Some(Digest::from_bytes([9; 16]));
                Fate::Change(ToDevice::Page(page))
            }
            _ => Fate::Pass,
        }
    }
}

#[test]
fn digests_that_differ_are_said_once_and_are_over_when_they_agree() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    meet(&mut relay, &sara, &reza);
    let shown = sara.sync_over(&mut relay, &mut OtherRoot);
    let said = shown.issues.iter().filter(|issue| matches!(issue, SyncIssue::DigestMismatch { .. })).count();
    assert_eq!(said, 2, "once a space");
    let status = sara.engine.status().expect("status");
    assert!(status.sync_issues.iter().any(|issue| issue.code == "digest_mismatch"));
    assert!(status.spaces.iter().any(|space| space.level == Some(false)));
    sara.sync(&mut relay);
    let status = sara.engine.status().expect("status");
    assert!(status.sync_issues.is_empty(), "{:?}", status.sync_issues);
    assert!(status.spaces.iter().all(|space| space.level == Some(true)));
}

#[test]
fn a_store_with_records_of_its_own_brings_them_along() {
    let mut relay = Relay::new();
    let sara = Device::join_with(&mut relay, "Sara <sara@example.com>", Role::Admin, 5, |engine| {
        engine.create("account", &fields(&[("name", "Arya")])).expect("creates");
    });
    assert_eq!(
        sara.engine.settings().expect("settings").currency.to_string(),
        "IRR",
        "not before the first sync"
    );
    sara.sync(&mut relay);
    assert_eq!(
        sara.engine.settings().expect("settings").currency.to_string(),
        "USD",
        "an administrator's come along"
    );
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 6);
    meet(&mut relay, &sara, &reza);
    assert_eq!(reza.engine.show("account", "arya").expect("came").name, "Arya");
    assert_eq!(reza.engine.settings().expect("settings").currency.to_string(), "USD");
    assert_eq!(sara.engine.unsent().expect("counts"), 0);
}

#[test]
fn the_second_device_of_a_person_is_the_same_user_with_its_records() {
    let mut relay = Relay::new();
    let first = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 7);
    first.sync(&mut relay);
    let second = Device::join_with(&mut relay, "Sara <sara@example.com>", Role::Admin, 8, |engine| {
        engine.create("account", &fields(&[("name", "Bahar")])).expect("creates");
    });
    let user = |device: &Device| device.engine.status().expect("status").user;
    assert_eq!(user(&first), user(&second));
    meet(&mut relay, &first, &second);
    assert_eq!(first.engine.show("account", "bahar").expect("came").name, "Bahar");
    assert!(second.engine.status().expect("status").refused.is_empty());
}
