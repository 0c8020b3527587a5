//! Records that the relay's operator erased: gone from every device, with what was never sent, and never back.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::{
    ClientError, ClientRefusal, ExportFormat, FieldInput, FileSummary, ImportOptions, ListQuery, RowReason,
};
use forsat_domain::record::Scalar;
use forsat_relay::store::Role;
use forsat_store::{RefusedEdit, RefusedState, StoreError};
use forsat_sync::control::{ControlEvent, ControlHead, SignedEntry};
use forsat_sync::frame::{PageEntry, ToDevice};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use forsat_sync::identity::RelayKey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    for place in ["aside/", "entry/", "imported/"] {
        let kept = tx.client_values(place).expect("reads");
        let is_of = |(name, value): &(String, Vec<u8>)| {
            name.contains(&document.to_string()) || value.windows(16).any(|part| part == document.as_bytes())
        };
        assert!(!kept.iter().any(is_of), "{place}: {kept:?}");
    }
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

/// A file that the device exports its accounts to.
fn exported(device: &Device, directory: &Path) -> PathBuf {
    let mut bytes = Vec::new();
    device.engine.export("account", &ListQuery::default(), ExportFormat::Csv, &mut bytes).expect("exports");
    let file = directory.join("account.csv");
    std::fs::write(&file, bytes).expect("writes");
    file
}

fn import(device: &Device, file: &Path) -> FileSummary {
    let imported = device.engine.import_export(file, &ImportOptions::default(), &mut |_| {});
    imported.expect("imports").files.remove(0)
}

#[test]
fn an_export_doesnt_bring_an_erased_record_back() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let (arya, document) = account(&sara, "aryagone");
    let (bahar, _) = account(&sara, "Bahar");
    sara.sync(&mut relay);
    let directory = tempfile::tempdir().expect("a folder");
    let file = exported(&sara, directory.path());
    relay.erase(document);
    sara.sync(&mut relay);
    let summary = import(&sara, &file);
    let reasons: Vec<&RowReason> = summary.reasons.values().collect();
    assert_eq!((reasons, summary.created, summary.unchanged), (vec![&RowReason::Erased], 0, 1));
    is_gone(&sara, &document, "aryagone");
    assert!(sara.engine.show("account", &arya).is_err());
    assert!(sara.engine.show("account", &bahar).is_ok());
}

#[test]
fn a_mapping_doesnt_bring_an_erased_record_back() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    sara.sync(&mut relay);
    let directory = tempfile::tempdir().expect("a folder");
    let (file, mapping) = (directory.path().join("a.csv"), directory.path().join("map.toml"));
    std::fs::write(&file, "Firm\naryagone\nBahar\n").expect("writes");
    let says = "source = \"crm\"\n[[file]]\nname = \"a.csv\"\nmodule = \"account\"\nkey = [\"Firm\"]\n\
                [file.fields]\nname = \"Firm\"\n";
    std::fs::write(&mapping, says).expect("writes");
    let import = || sara.engine.import(&file, &mapping, &ImportOptions::default(), &mut |_| {});
    assert_eq!(import().expect("imports").files[0].created, 2);
    let shown = sara.engine.show("account", "aryagone").expect("shows");
    let document = DocumentId::from_bytes(*shown.state.id.as_bytes());
    sara.sync(&mut relay);
    relay.erase(document);
    sara.sync(&mut relay);
    let summary = import().expect("imports the rest").files.remove(0);
    let reasons: Vec<&RowReason> = summary.reasons.values().collect();
    assert_eq!((reasons, summary.created, summary.unchanged), (vec![&RowReason::Erased], 0, 1));
    is_gone(&sara, &document, "aryagone");
}

#[test]
fn what_the_relay_refuses_as_erased_isnt_kept() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let gone = [account(&sara, "aryagone").1, account(&sara, "bahargone").1];
    sara.sync(&mut relay);
    let directory = tempfile::tempdir().expect("a folder");
    let file = exported(&sara, directory.path());
    gone.iter().for_each(|document| relay.erase(*document));
    sara.sync(&mut relay);
    // As a program did that let the ids be used again.
    let store = sara.engine.store();
    let names = gone.map(|document| format!("erased/{document}"));
    for name in &names {
        store.write::<_, StoreError>(|tx| tx.remove_client_value(name)).expect("writes");
    }
    assert_eq!(import(&sara, &file).created, 2);
    for name in &names {
        store.write::<_, StoreError>(|tx| tx.set_client_value(name, &[])).expect("writes");
    }
    let summary = sara.sync(&mut relay);
    assert_eq!((summary.erased, summary.refused), (2, 0), "{summary:?}");
    is_gone(&sara, &gone[0], "aryagone");
    is_gone(&sara, &gone[1], "bahargone");
    assert_eq!(sara.engine.unsent().expect("counts"), 0);
}

#[test]
fn no_command_makes_an_erased_record_again() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let (_, document) = account(&sara, "aryagone");
    sara.sync(&mut relay);
    relay.erase(document);
    sara.sync(&mut relay);
    let after = BTreeMap::from([("module", Scalar::text("account")), ("name", Scalar::text("aryagone"))]);
    let edit = RefusedEdit {
        document,
        space: SpaceId::from_bytes([1; 16]),
        hash: ChangeHash::from_bytes([1; 32]),
        code: "forbidden".to_owned(),
        message: String::new(),
        at_ms: 1,
        before: b"{}".to_vec(),
        after: serde_json::to_vec(&after).expect("writes"),
        state: RefusedState::Open,
    };
    let number = sara.engine.store().write::<_, StoreError>(|tx| tx.add_refused(&edit)).expect("writes");
    let refused = sara.engine.retry_refused(number.get());
    assert!(matches!(refused, Err(ClientError::Refused(ClientRefusal::Erased))), "{refused:?}");
}

#[test]
fn what_was_set_aside_of_an_erased_record_goes_too() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let (_, document) = account(&sara, "aryagone");
    let (_, other) = account(&sara, "Bahar");
    sara.sync(&mut relay);
    let kept = |document: &DocumentId| {
        let refused = [&[1, 0][..], document.as_bytes(), b"aryagone"].concat();
        [
            (format!("aside/{document}/1"), b"aryagone".to_vec()),
            (format!("entry/{document}/1"), b"aryagone".to_vec()),
            (format!("aside/none/{}", &document.to_string()[..8]), refused),
        ]
    };
    let values: Vec<_> = [&document, &other].into_iter().flat_map(kept).collect();
    let store = sara.engine.store();
    let keep = |tx: &mut forsat_store::WriteTx<'_>| -> Result<(), StoreError> {
        values.iter().try_for_each(|(name, value)| tx.set_client_value(name, value))
    };
    store.write(keep).expect("writes");
    relay.erase(document);
    assert_eq!(sara.sync(&mut relay).erased, 1);
    is_gone(&sara, &document, "aryagone");
    let tx = store.read().expect("reads");
    for (name, value) in kept(&other) {
        assert_eq!(tx.client_value(&name).expect("reads"), Some(value), "{name}");
    }
}

#[test]
fn many_records_are_erased_at_once() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let made: Vec<_> = (0..12).map(|number| account(&sara, &format!("gone{number:02}"))).collect();
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    for (short, document) in &made[2..] {
        edit(&reza, short, "steel");
        relay.erase(*document);
    }
    assert_eq!((reza.sync(&mut relay).erased, sara.sync(&mut relay).erased), (10, 10));
    for (number, (short, document)) in made.iter().enumerate() {
        match number {
            0 | 1 => assert!(sara.engine.show("account", short).is_ok()),
            _ => [&sara, &reza]
                .iter()
                .for_each(|device| is_gone(device, document, &format!("gone{number:02}"))),
        }
    }
    let journal =
        |device: &Device| device.engine.store().read().expect("reads").journal(99).expect("reads").len();
    assert_eq!((journal(&sara), journal(&reza)), (2, 0));
    assert_eq!(sara.view(), reza.view());
}
