//! Pages of which one document can't be taken in, or only at the second try: the others are, and count once.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::{ClientError, Damage, FieldInput};
use forsat_relay::store::Role;
use forsat_store::StoreError;
use forsat_sync::frame::{PageEntry, ToDevice};
use forsat_sync::id::{ChangeHash, DocumentId};
use std::collections::BTreeMap;

/// Sara manages North and South, Reza writes in North alone.
fn two() -> (Relay, Device, Device) {
    let mut relay = Relay::new();
    relay.space("South");
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Manager, 1);
    relay.set_role("sara@example.com", "South", Some(Role::Manager));
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    level(&mut relay, &[&sara, &reza, &sara, &reza]);
    (relay, sara, reza)
}

fn level(relay: &mut Relay, devices: &[&Device]) {
    for device in devices {
        device.sync(relay);
    }
}

fn account(device: &Device, name: &str) -> (DocumentId, String) {
    let saved = device.engine.create("account", &[FieldInput::new("name", name)]).expect("creates");
    (DocumentId::from_bytes(*saved.id.as_bytes()), saved.short)
}

fn site(device: &Device, account: &str, value: &str) {
    let field = FieldInput::new("website", value);
    device.engine.edit("account", account, &[field]).expect("edits");
}

fn website(device: &Device, account: &str) -> String {
    let view = device.engine.show("account", account).expect("shows");
    view.state.winner("website").as_text().unwrap_or_default().to_owned()
}

/// Brings a device's own changes whole, as if another store had sent them.
struct BringsWhole(BTreeMap<ChangeHash, Vec<u8>>);

impl Wire for BringsWhole {
    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        let ToDevice::Page(page) = frame else { return Fate::Pass };
        let mut page = page.clone();
        for entry in &mut page.entries {
            let PageEntry::Echo { document, hash, receipt } = entry else { continue };
            let Some(bytes) = self.0.get(hash) else { continue };
            *entry = PageEntry::Change { document: *document, bytes: bytes.clone(), receipt: *receipt };
        }
        Fate::Change(ToDevice::Page(page))
    }
}

#[test]
fn a_page_that_finds_another_store_at_work_counts_each_record_once() {
    let (mut relay, sara, reza) = two();
    let moving = ["Arya", "Bahar", "Caspian"].map(|name| account(&sara, name).1);
    let (document, kept) = account(&sara, "Dena");
    level(&mut relay, &[&sara, &reza]);
    site(&reza, &kept, "https://first.example");
    level(&mut relay, &[&reza, &sara, &reza]);
    // The store is set back to before an edit that it made and sent.
    let mut saved = Vec::new();
    let reza = reza.restart_after(|file| saved = std::fs::read(file).expect("reads"));
    site(&reza, &kept, "https://second.example");
    level(&mut relay, &[&reza, &sara]);
    let reza = reza.restart_after(|file| std::fs::write(file, &saved).expect("writes"));
    for record in &moving {
        let plan = sara.engine.move_preview(std::slice::from_ref(record), "South", false).expect("plans");
        sara.engine.move_records(plan).expect("asks");
    }
    assert_eq!(sara.sync(&mut relay).moved, 3);
    let incarnation = || reza.engine.store().read().and_then(|tx| tx.identity()).expect("reads").incarnation;
    let before = incarnation();
    let held = sara.engine.store().read().and_then(|tx| tx.chunks(&document)).expect("reads");
    let mut wire = BringsWhole(held.into_iter().map(|chunk| (chunk.hash, chunk.bytes)).collect());
    let summary = reza.sync_over(&mut relay, &mut wire).summary();
    assert_ne!(incarnation(), before, "the page showed another store at work");
    assert_eq!((summary.gone, summary.synced), (3, true), "{summary:?}");
    assert_eq!(website(&reza, &kept), "https://second.example");
    relay.verify();
}

#[test]
fn a_record_that_cannot_be_taken_in_keeps_no_other_of_its_page_out() {
    let (mut relay, sara, reza) = two();
    let records = ["Arya", "Bahar", "Caspian"].map(|name| account(&sara, name));
    level(&mut relay, &[&sara, &reza]);
    let (damaged, _) = &records[0];
    let put = |bytes: &[u8]| {
        let put = |tx: &mut forsat_store::WriteTx<'_>| tx.put_row("account", damaged, &[], bytes);
        reza.engine.store().write::<_, StoreError>(put).expect("writes");
    };
    let row = reza.engine.store().read().and_then(|tx| tx.row("account", damaged)).expect("reads");
    put(b"?");
    for (_, record) in &records {
        site(&sara, record, "https://sara.example");
    }
    level(&mut relay, &[&sara]);
    let shown = reza.sync_over(&mut relay, &mut crate::pair::Honest);
    let error = shown.result.expect("it ended").expect_err("a row can't be read");
    assert!(matches!(error, ClientError::Damaged(Damage::Row)), "{error}");
    for (_, record) in &records[1..] {
        assert_eq!(website(&reza, record), "https://sara.example");
    }
    // The page comes again as long as something of it is missing.
    put(&row.expect("a row"));
    assert_eq!(website(&reza, &records[0].1), "");
    assert!(reza.sync(&mut relay).synced);
    assert_eq!(website(&reza, &records[0].1), "https://sara.example");
    assert!(sara.view().0 == reza.view().0, "both see the same records");
    relay.verify();
}
