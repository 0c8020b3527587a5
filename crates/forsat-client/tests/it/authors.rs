//! Whose word stands behind an author: shown of own, of delivered and of tampered changes.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::{Authorship, FieldInput, LogQuery};
use forsat_relay::store::Role;
use forsat_sync::frame::{PageEntry, ToDevice};
use forsat_sync::id::DeviceId;
use forsat_sync::identity::Receipt;

fn account(device: &Device) -> String {
    device.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates").short
}

fn industry(device: &Device, account: &str, industry: &str) {
    device.engine.edit("account", account, &[FieldInput::new("industry", industry)]).expect("edits");
}

/// What `inspect` and the two histories say of the changes of a record, the oldest first.
fn told(device: &Device, account: &str) -> Vec<Authorship> {
    let inspection = device.engine.inspect("account", account, None, false).expect("inspects");
    let beginnings = inspection.changes.iter().filter(|change| change.authorship.is_none()).count();
    assert_eq!(beginnings, 1, "what nobody made is in nobody's name");
    let inside: Vec<_> = inspection.changes.iter().filter_map(|change| change.authorship).collect();
    let history = device.engine.history("account", account).expect("tells");
    assert_eq!(history.iter().rev().map(|entry| entry.authorship).collect::<Vec<_>>(), inside);
    let log = device.engine.record_log("account", account, &LogQuery::default()).expect("tells");
    assert_eq!(log.entries.iter().rev().map(|entry| entry.authorship).collect::<Vec<_>>(), inside);
    inside
}

#[test]
fn an_author_is_verified_by_the_receipt_and_the_log_and_unsent_changes_are_own() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let arya = account(&sara);
    assert_eq!(told(&sara, &arya), [Authorship::Own]);
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    assert_eq!(told(&reza, &arya), [Authorship::Verified]);
    industry(&reza, &arya, "steel");
    assert_eq!(told(&reza, &arya), [Authorship::Verified, Authorship::Own]);
    reza.sync(&mut relay);
    sara.sync(&mut relay);
    for device in [&sara, &reza] {
        device.sync(&mut relay);
        assert_eq!(told(device, &arya), [Authorship::Verified; 2]);
    }
}

/// Says that another device delivered what comes, or that nobody knows.
struct Tampers(Option<DeviceId>);

impl Wire for Tampers {
    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        let ToDevice::Page(page) = frame else { return Fate::Pass };
        let mut page = page.clone();
        for entry in &mut page.entries {
            if let PageEntry::Change { receipt, .. } = entry {
                let code = receipt.take().map(|receipt| receipt.code);
                *receipt = code.zip(self.0).map(|(code, device)| Receipt { device, code });
            }
        }
        Fate::Change(ToDevice::Page(page))
    }
}

#[test]
fn anothers_device_an_unknown_one_or_no_receipt_verifies_nobody() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let arya = account(&sara);
    sara.sync(&mut relay);
    let named = |device: &Device| {
        let identity = device.engine.store().read().expect("reads").identity().expect("reads");
        identity.device.expect("it is enrolled")
    };
    let mina = Device::join(&mut relay, "Mina <mina@example.com>", Role::Rep, 3);
    let tampered = [None, Some(DeviceId::from_bytes([9; 16])), Some(named(&mina)), Some(named(&sara))];
    for (seed, receipt) in (4..).zip(tampered) {
        let device = Device::join(&mut relay, &format!("Reader {seed}"), Role::Viewer, seed);
        device.sync_over(&mut relay, &mut Tampers(receipt)).summary();
        let expected =
            if receipt == Some(named(&sara)) { Authorship::Verified } else { Authorship::Unverified };
        assert_eq!(told(&device, &arya), [expected], "{receipt:?}");
    }
}
