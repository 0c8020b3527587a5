//! Records that the relay's operator erased: gone from every device, with what was never sent, and never back.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::FieldInput;
use forsat_relay::store::Role;
use forsat_sync::control::{ControlEvent, ControlHead, SignedEntry};
use forsat_sync::frame::{PageEntry, ToDevice};
use forsat_sync::id::DocumentId;
use forsat_sync::identity::RelayKey;

fn account(device: &Device, name: &str) -> (String, DocumentId) {
    let saved = device.engine.create("account", &[FieldInput::new("name", name)]).expect("creates");
    (saved.short, DocumentId::from_bytes(*saved.id.as_bytes()))
}

fn edit(device: &Device, account: &str, industry: &str) {
    device.engine.edit("account", account, &[FieldInput::new("industry", industry)]).expect("edits");
}

/// Nothing of a document is left on a device.
fn is_gone(device: &Device, document: &DocumentId, name: &str) {
    let store = device.engine.store();
    let tx = store.read().expect("reads");
    assert!(
        tx.document(document).expect("reads").is_none() && tx.chunks(document).expect("reads").is_empty()
    );
    assert!(tx.snapshot(document).expect("reads").is_none());
    assert!(tx.row("account", document).expect("reads").is_none());
    assert!(tx.row("brief/account", document).expect("reads").is_none());
    assert!(tx.named("account", name).expect("reads").is_empty());
    assert!(tx.refused_edits().expect("reads").iter().all(|(_, edit)| edit.document != *document));
    let journal = tx.journal(1_000).expect("reads");
    let bytes = name.as_bytes();
    assert!(journal.iter().all(|entry| entry.payload.windows(bytes.len()).all(|window| window != bytes)));
    drop(tx);
    let report = store.check_integrity().expect("checks");
    assert!(report.problems.is_empty(), "{report:?}");
}

#[test]
fn an_erased_record_goes_from_every_device_with_what_was_never_sent() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let (arya, document) = account(&sara, "aryagone");
    let (bahar, _) = account(&sara, "Bahar");
    for device in [&sara, &reza] {
        device.sync(&mut relay);
    }
    edit(&reza, &arya, "steel");
    edit(&reza, &bahar, "steel");
    relay.erase(document);
    let summary = reza.sync(&mut relay);
    assert_eq!((summary.erased, summary.synced), (1, true), "{summary:?}");
    assert_eq!(reza.engine.unsent().expect("counts"), 0, "unsent edits of it went, the others were sent");
    assert_eq!(sara.sync(&mut relay).erased, 1);
    for device in [&sara, &reza] {
        is_gone(device, &document, "aryagone");
        assert!(device.engine.show("account", &arya).is_err());
        let left = device.engine.show("account", &bahar).expect("shows").state;
        assert_eq!(left.winner("industry").as_text(), Some("steel"));
        assert!(device.engine.store().read().expect("reads").sync_issues().expect("reads").is_empty());
    }
    assert_eq!(sara.view(), reza.view());
    assert_eq!(sara.sync(&mut relay).erased, 0, "once");
}

#[test]
fn a_device_that_joins_later_never_sees_it() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let (_, document) = account(&sara, "aryagone");
    sara.sync(&mut relay);
    relay.erase(document);
    let mina = Device::join(&mut relay, "Mina", Role::Viewer, 3);
    let summary = mina.sync(&mut relay);
    assert_eq!((summary.erased, summary.synced), (0, true), "there was nothing of it");
    is_gone(&mina, &document, "aryagone");
    sara.sync(&mut relay);
    assert_eq!(sara.view(), mina.view());
}

#[test]
fn what_was_typed_before_the_news_came_goes_too() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    sara.sync(&mut relay);
    // Erased before the relay ever saw it, as after a restore.
    let (_, document) = account(&sara, "aryagone");
    relay.erase(document);
    let summary = sara.sync(&mut relay);
    assert!(summary.synced, "{summary:?}");
    is_gone(&sara, &document, "aryagone");
    assert_eq!(sara.engine.unsent().expect("counts"), 0);
}

/// Adds entries that say that something was erased to every page.
struct Forges(SignedEntry);

impl Wire for Forges {
    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        let ToDevice::Page(page) = frame else { return Fate::Pass };
        let mut page = page.clone();
        page.entries.extend([PageEntry::Erased(self.0.clone()), PageEntry::Control(self.0.clone())]);
        Fate::Change(ToDevice::Page(page))
    }
}

#[test]
fn erasures_that_the_relay_didnt_sign_erase_nothing() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let (arya, document) = account(&sara, "Arya");
    sara.sync(&mut relay);
    let event = ControlEvent::DocumentErased { document };
    let (forged, _) = ControlHead::EMPTY.append(&RelayKey::from_seed(&[66; 32]), 1, None, event);
    account(&sara, "Bahar");
    sara.sync_over(&mut relay, &mut Forges(forged)).summary();
    assert!(sara.engine.show("account", &arya).is_ok());
    let issues = sara.engine.store().read().expect("reads").sync_issues().expect("reads");
    assert!(issues.iter().any(|issue| issue.key.code == "control_unverified"), "{issues:?}");
}
