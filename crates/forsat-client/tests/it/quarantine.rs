//! What a device can't send is set aside at the relay, each thing once; a revoked device sets aside all that it never sent.

use crate::pair::{Device, Fate, Honest, Relay, Shown, Wire};
use forsat_client::{ClientError, FieldInput};
use forsat_relay::store::Role;
use forsat_sync::code::{self, Code};
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};

const SARA: &str = "Sara <sara@example.com>";
const REZA: &str = "Reza <reza@example.com>";

/// Sara, who manages two spaces, and Reza, who writes in one; both have Sara's account.
fn office() -> (Relay, Device, Device, String) {
    let mut relay = Relay::new();
    relay.space("South");
    let sara = Device::join(&mut relay, SARA, Role::Manager, 1);
    relay.set_role("sara@example.com", "South", Some(Role::Manager));
    let reza = Device::join(&mut relay, REZA, Role::Rep, 2);
    for _ in 0..2 {
        sara.sync(&mut relay);
        reza.sync(&mut relay);
    }
    let arya = sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates").short;
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    (relay, sara, reza, arya)
}

/// The record is in another space by now, and Reza has typed meanwhile.
fn moved_away() -> (Relay, Device, Device) {
    let (mut relay, sara, reza, arya) = office();
    site(&reza, &arya, "https://late.example");
    let plan = sara.engine.move_preview(&[arya], "South", false).expect("plans");
    sara.engine.move_records(plan).expect("asks");
    sara.sync(&mut relay);
    (relay, sara, reza)
}

fn site(device: &Device, account: &str, value: &str) {
    let field = FieldInput::new("website", value);
    device.engine.edit("account", account, &[field]).expect("edits");
}

fn at_relay(device: &Device) -> Vec<bool> {
    device.engine.refused().expect("reads").iter().map(|edit| edit.view.at_relay).collect()
}

/// Counts what is set aside, and answers in the relay's place where it is told to.
#[derive(Default)]
struct Asides {
    frames: usize,
    reasons: Vec<String>,
    answer: Option<ItemOutcome>,
}

impl Wire for Asides {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        let ToRelay::SetAside(aside) = frame else { return Fate::Pass };
        self.frames += 1;
        self.reasons.extend(aside.items.iter().map(|item| item.reason.to_string()));
        match &self.answer {
            Some(outcome) => {
                let results = vec![outcome.clone(); aside.items.len()];
                Fate::Answer(ToDevice::WasSetAside { ask: aside.ask, results })
            }
            None => Fate::Pass,
        }
    }
}

fn sync(relay: &mut Relay, device: &Device, answer: Option<ItemOutcome>) -> (Asides, Shown) {
    let mut wire = Asides { answer, ..Asides::default() };
    let shown = device.sync_over(relay, &mut wire);
    (wire, shown)
}

#[test]
fn what_moved_away_is_set_aside_in_the_same_sync_and_once() {
    let (mut relay, sara, reza) = moved_away();
    let (wire, shown) = sync(&mut relay, &reza, None);
    let summary = shown.summary();
    assert_eq!((summary.refused, summary.aside, summary.unsent), (1, 1, 0));
    assert_eq!(wire.reasons, ["moved_away"]);
    assert_eq!(at_relay(&reza), [true]);
    let aside = relay.quarantined(&sara);
    assert_eq!((aside.len(), aside[0].spaces.len(), aside[0].user_name.as_str()), (1, 2, "Reza"));
    let (wire, shown) = sync(&mut relay, &reza, None);
    assert_eq!((wire.frames, shown.summary().synced), (0, true), "it goes once");
    relay.verify();
}

#[test]
fn what_the_relay_puts_off_goes_with_the_next_sync_and_what_it_declines_never_again() {
    for (answer, again) in [
        (ItemOutcome::later(Code::new("quota_quarantine")), 1),
        (ItemOutcome::Refused { code: code::HOME_HERE, message: String::new() }, 0),
    ] {
        let (mut relay, _, reza) = moved_away();
        let (wire, shown) = sync(&mut relay, &reza, Some(answer));
        assert_eq!((wire.frames, shown.summary().aside), (1, 0));
        assert_eq!(at_relay(&reza), [false], "it stays here");
        let (wire, shown) = sync(&mut relay, &reza, None);
        assert_eq!((wire.frames, shown.summary().aside), (again, again as u64));
    }
}

/// Refuses every push, since the id lives in another space.
struct Elsewhere;
impl Wire for Elsewhere {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        let ToRelay::Push(push) = frame else { return Fate::Pass };
        let refused = ItemOutcome::Refused { code: code::HOME_IS, message: "elsewhere".to_owned() };
        Fate::Answer(ToDevice::Outcome { batch: push.batch, results: vec![refused; push.items.len()] })
    }
}

#[test]
fn an_id_that_lives_elsewhere_is_set_aside_without_the_fixed_beginning() {
    let (mut relay, sara, reza, _) = office();
    reza.engine.create("account", &[FieldInput::new("name", "New")]).expect("creates");
    let shown = reza.sync_over(&mut relay, &mut Elsewhere);
    assert_eq!(shown.summary().aside, 1);
    let aside = relay.quarantined(&sara);
    assert_eq!(aside.iter().map(|entry| entry.reason.as_str()).collect::<Vec<_>>(), ["home_elsewhere"]);
    assert_eq!(at_relay(&reza), [true]);
}

#[test]
fn what_was_given_up_or_made_again_before_is_not_set_aside() {
    let (mut relay, sara, reza) = moved_away();
    let put_off = Some(ItemOutcome::later(code::UNAVAILABLE));
    sync(&mut relay, &reza, put_off);
    let put_off = Some(ItemOutcome::later(code::UNAVAILABLE));
    assert_eq!(sync(&mut relay, &reza, put_off).0.frames, 1, "it would go");
    let number = reza.engine.refused().expect("reads")[0].view.number;
    reza.engine.drop_refused(number).expect("drops");
    assert_eq!(sync(&mut relay, &reza, None).0.frames, 0);
    assert!(relay.quarantined(&sara).is_empty());
}

#[test]
fn a_revoked_device_sets_aside_all_that_it_never_sent_in_several_questions() {
    let (mut relay, sara, reza, arya) = office();
    for number in 0..300 {
        site(&reza, &arya, &format!("https://{number}.example"));
    }
    reza.engine.create("account", &[FieldInput::new("name", "New")]).expect("creates");
    relay.revoke(&reza, false);
    let (wire, shown) = sync(&mut relay, &reza, None);
    let error = shown.result.expect("it ended").expect_err("it is revoked");
    assert!(matches!(&error, ClientError::Relay { code, .. } if code == "device_revoked"), "{error:?}");
    assert!(wire.frames > 1 && wire.reasons.iter().all(|reason| reason == "device_revoked"));
    let aside = relay.quarantined(&sara);
    assert_eq!(aside.len(), 301, "every edit and the new record, and no fixed beginning");
    relay.verify();
}

#[test]
fn a_revoked_device_ends_however_the_relay_answers_and_a_lost_one_sets_nothing_aside() {
    let later = ItemOutcome::later(Code::new("quota_quarantine"));
    let refused = ItemOutcome::Refused { code: code::ERASED, message: String::new() };
    for (lost, answer, frames) in [(false, Some(later), 1), (false, Some(refused), 2), (true, None, 0)] {
        let (mut relay, sara, reza, arya) = office();
        for number in 0..300 {
            site(&reza, &arya, &format!("https://{number}.example"));
        }
        relay.revoke(&reza, lost);
        let (wire, shown) = sync(&mut relay, &reza, answer);
        assert!(shown.result.expect("it ended").is_err());
        assert!(wire.frames.cmp(&frames).is_eq() || (frames == 2 && wire.frames >= 2), "{}", wire.frames);
        assert!(relay.quarantined(&sara).is_empty());
    }
}

#[test]
fn a_device_without_anything_to_set_aside_asks_nothing() {
    let (mut relay, _, reza, _) = office();
    assert_eq!(sync(&mut relay, &reza, None).0.frames, 0);
    relay.revoke(&reza, false);
    let (wire, shown) = sync(&mut relay, &reza, None);
    assert!(wire.frames == 0 && shown.result.expect("it ended").is_err());
    assert!(reza.sync_over(&mut relay, &mut Honest).result.expect("it ended").is_err());
}
