//! Stores in which something can't be read: what a repair makes of it, and what the next sync brings again.

use crate::pair::{Device, Relay};
use crate::support::Fixed;
use forsat_client::{
    Ambient, ChangeView, ClientError, ClientRefusal, FieldInput, Remedy, RepairView, VerifyReport,
};
use forsat_domain::record::Scalar;
use forsat_relay::store::Role;
use forsat_store::{RefusedEdit, RefusedState, StoreError};
use forsat_sync::control::SignedEntry;
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a chunk's value before its change: format, state, number in the outbox, hash.
const UNSENT_HEAD: usize = 1 + 1 + 9 + 32;

/// Flips a bit in the middle of the values that are picked of a table, in the order of keys; their seals break.
fn damage(file: &Path, table: &str, pick: impl Fn(usize, &[u8]) -> bool) {
    let database = Database::open(file).expect("opens");
    let named: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(table);
    let reading = database.begin_read().expect("begins").open_table(named).expect("is there");
    let entries = reading.iter().expect("reads").map(|entry| entry.expect("reads"));
    let entries = entries.map(|(key, value)| (key.value().to_vec(), value.value().to_vec()));
    let picked = entries.enumerate().filter(|(number, (_, value))| pick(*number, value));
    let picked: Vec<(Vec<u8>, Vec<u8>)> = picked.map(|(_, entry)| entry).collect();
    assert!(!picked.is_empty(), "something is damaged");
    let writing = database.begin_write().expect("begins");
    {
        let mut table = writing.open_table(named).expect("is there");
        for (key, mut value) in picked {
            let middle = value.len() * 2 / 3;
            value[middle] ^= 0x40;
            table.insert(key.as_slice(), value.as_slice()).expect("writes");
        }
    }
    writing.commit().expect("commits");
}

/// Damages the store of a device that isn't running, and repairs it; what was found, and what was done.
fn repaired(
    device: Device,
    table: &str,
    pick: impl Fn(usize, &[u8]) -> bool,
) -> (Device, VerifyReport, RepairView) {
    let mut report = None;
    let device = device.restart_after(|file| {
        damage(file, table, pick);
        let dir = file.parent().expect("a folder");
        let ambient: Arc<dyn Ambient> = Fixed::new(77);
        let repaired = forsat_client::repair(dir, &ambient).expect("repairs");
        let left = forsat_client::verify(dir, &ambient).expect("looks");
        assert!(left.sound, "{left:?}");
        report = Some(repaired);
    });
    let report = report.expect("it was repaired");
    let repair = report.repair.clone().expect("there was something to do");
    (device, report, repair)
}

fn remedies(report: &VerifyReport) -> Vec<(Option<&str>, Remedy)> {
    report.findings.iter().map(|finding| (finding.table.as_deref(), finding.remedy)).collect()
}

fn log(device: &Device) -> Vec<SignedEntry> {
    device.engine.store().read().expect("reads").control_entries(0, usize::MAX).expect("reads")
}

fn account(device: &Device, name: &str) -> String {
    device.engine.create("account", &[FieldInput::new("name", name)]).expect("creates").short
}

fn edit(device: &Device, account: &str, field: &str, value: &str) {
    device.engine.edit("account", account, &[FieldInput::new(field, value)]).expect("edits");
}

#[test]
fn a_damaged_control_log_is_brought_again_by_the_next_sync() {
    let mut relay = Relay::new();
    let mut sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let arya = account(&sara, "Arya");
    let gone = account(&sara, "Gone");
    let shown = sara.engine.show("account", &gone).expect("shows");
    sara.sync(&mut relay);
    relay.erase(DocumentId::from_bytes(*shown.state.id.as_bytes()));
    sara.sync(&mut relay);
    let whole = log(&sara);
    assert!(whole.len() > 4, "{}", whole.len());
    for damaged in [0, 2, whole.len() - 1] {
        let (again, report, repair) = repaired(sara, "control", |number, _| number == damaged);
        sara = again;
        assert_eq!(remedies(&report), [(Some("control"), Remedy::RepairAndSync)]);
        assert_eq!((repair.set_aside, repair.lost, repair.refused, repair.left), (0, 0, 0, 0));
        assert_eq!(log(&sara), whole[..damaged], "it ends before what can't be read");
        edit(&sara, &arya, "employees", &damaged.to_string());
        let summary = sara.sync(&mut relay);
        assert_eq!(summary.erased, 0, "it was erased already");
        assert_eq!(log(&sara), whole);
        let issues = sara.engine.store().read().expect("reads").sync_issues().expect("reads");
        assert!(issues.is_empty(), "{issues:?}");
    }
    reza.sync(&mut relay);
    sara.sync(&mut relay);
    assert!(log(&reza) == whole && reza.view() == sara.view(), "both hold the same");
    assert!(sara.engine.show("account", &gone).is_err());
}

#[test]
fn a_damaged_refused_edit_is_kept_aside_and_only_a_backup_has_it() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let edit = RefusedEdit {
        document: DocumentId::from_bytes([1; 16]),
        space: SpaceId::from_bytes([1; 16]),
        hash: ChangeHash::from_bytes([1; 32]),
        code: "forbidden".to_owned(),
        message: String::new(),
        at_ms: 1,
        before: b"{}".to_vec(),
        after: br#"{"name":"Arya"}"#.to_vec(),
        state: RefusedState::Open,
    };
    sara.engine.store().write::<_, StoreError>(|tx| tx.add_refused(&edit)).expect("writes");
    let (sara, report, repair) = repaired(sara, "refused", |_, _| true);
    assert_eq!(remedies(&report), [(Some("refused"), Remedy::Backup)]);
    assert_eq!((repair.set_aside, repair.lost, repair.left), (1, 1, 0));
    let aside = sara.engine.store().read().expect("reads").client_values("aside/none/").expect("reads");
    assert_eq!(aside.len(), 1);
    assert!(sara.engine.refused().expect("lists").is_empty());
}

/// Whether a value is the unsent change with a hash.
fn is_unsent(value: &[u8], hash: &ChangeHash) -> bool {
    value[1] == 0 && value.len() > UNSENT_HEAD && value[11..UNSENT_HEAD] == *hash.as_bytes()
}

/// The newest change of an account.
fn newest(device: &Device, account: &str) -> ChangeHash {
    let history = device.engine.history("account", account).expect("tells");
    let mut hash = [0; 32];
    hex::decode_to_slice(&history[0].hash, &mut hash).expect("hex");
    ChangeHash::from_bytes(hash)
}

#[test]
fn what_builds_on_a_lost_edit_is_told_and_made_again_where_it_says_what_it_wrote() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let arya = account(&sara, "Arya");
    edit(&sara, &arya, "website", "https://first.example");
    sara.sync(&mut relay);
    edit(&sara, &arya, "website", "https://lost.example");
    let lost = newest(&sara, &arya);
    edit(&sara, &arya, "website", "https://kept.example");
    edit(&sara, &arya, "description", "of many words");
    let (sara, _, repair) = repaired(sara, "chunks", |_, value| is_unsent(value, &lost));
    assert_eq!((repair.lost, repair.refused, repair.left), (1, 2, 0));
    let refused = sara.engine.refused().expect("lists");
    let codes: Vec<&str> = refused.iter().map(|edit| edit.view.code.as_str()).collect();
    assert_eq!(codes, ["lost_base"; 2]);
    let website = ChangeView {
        path: "website".to_owned(),
        before: Scalar::text("https://first.example"),
        after: Scalar::text("https://kept.example"),
    };
    assert_eq!(refused[0].view.changes, [website]);
    assert_eq!(refused[1].view.changes, [], "what is inside a text isn't told without the text");

    let untold = sara.engine.retry_refused(refused[1].view.number);
    assert!(matches!(untold, Err(ClientError::Refused(ClientRefusal::LostBase))), "{untold:?}");
    assert!(sara.engine.retry_refused(refused[0].view.number).expect("is made again").changed);
    assert_eq!(sara.engine.refused().expect("lists").len(), 1);
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    let shown = reza.engine.show("account", &arya).expect("shows");
    assert_eq!(shown.state.winner("website"), &Scalar::text("https://kept.example"));
    sara.sync(&mut relay);
    assert!(reza.view() == sara.view(), "both hold the same");
}

#[test]
fn an_edit_of_a_record_whose_beginning_is_lost_isnt_made_into_half_a_record() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    sara.sync(&mut relay);
    let arya = account(&sara, "Arya");
    let lost = newest(&sara, &arya);
    edit(&sara, &arya, "website", "https://kept.example");
    let (sara, _, repair) = repaired(sara, "chunks", |_, value| is_unsent(value, &lost));
    assert_eq!((repair.lost, repair.refused), (1, 1));
    let refused = sara.engine.refused().expect("lists");
    assert_eq!(refused[0].view.changes.len(), 1, "what was typed is shown");
    let again = sara.engine.retry_refused(refused[0].view.number);
    assert!(matches!(again, Err(ClientError::Refused(ClientRefusal::LostBase))), "{again:?}");
    sara.sync(&mut relay);
    assert!(sara.engine.show("account", &arya).is_err());
}
