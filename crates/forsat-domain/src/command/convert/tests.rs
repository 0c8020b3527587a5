//! Tests of converting leads: what they become, and what two devices make of one lead.

use super::*;
use crate::command::edit;
use crate::composite::reference_id;
use crate::edit::preview;
use crate::lead::duplicate_pairs;
use crate::opportunity::Standing;
use crate::schema::ACTIVITY;
use crate::testing::{Desk, M, account_id, known, on, product_id, rials};

const WORKSPACE: WorkspaceId = WorkspaceId(Uuid::from_u128(7));

fn asked() -> ConversionRequest {
    ConversionRequest {
        workspace: WORKSPACE,
        account: AccountChoice::Usual,
        contact: None,
        deal: Some(NewDeal::default()),
    }
}

/// A lead of a person at a company with an expected deal of 300 million rials and a call.
fn begun(desk: &mut Desk) -> (RecordState, RecordState) {
    let amount = rials(300 * M).to_scalar();
    let assignments = vec![
        Assignment::set("first_name", "مریم"),
        Assignment::set("last_name", "کریمی"),
        Assignment::set("company", "پارس"),
        Assignment::set("phones", "02188776655"),
        Assignment::set("source", "web_site"),
        Assignment::set("opportunity_name", "پارس/سرور"),
        Assignment::set("opportunity_amount", amount),
        Assignment::set("do_not_call", true),
    ];
    let lead = made(desk, LEAD, assignments);
    let about = vec![
        Assignment::set("kind", "call"),
        Assignment::set("subject", "معرفی"),
        Assignment::set("parents", typed_reference(LEAD, lead.id)),
    ];
    let call = made(desk, ACTIVITY, about);
    (lead, call)
}

fn made(desk: &mut Desk, module: &str, assignments: Vec<Assignment>) -> RecordState {
    let draft = Draft { assignments, ..Draft::default() };
    let created = desk.run(|ctx| create(ctx, module, &draft)).unwrap();
    let state = preview(&RecordState::new(created.id, module), &created.edits);
    desk.world.insert(state.clone());
    state
}

/// Converts, and puts what comes of it into the desk's world.
fn converted(desk: &mut Desk, lead: &RecordState, asked: &ConversionRequest) -> Converted {
    let activities: Vec<RecordState> = desk.world.of_module(ACTIVITY).cloned().collect();
    let done = desk.run(|ctx| convert(ctx, lead, &activities, asked)).unwrap();
    for (module, created) in &done.creations {
        desk.world.insert(preview(&RecordState::new(created.id, *module), &created.edits));
    }
    for (id, edits) in &done.edits {
        let state = preview(&desk.world.by_id(*id), edits);
        desk.world.insert(state);
    }
    done
}

fn modules(done: &Converted) -> Vec<&str> {
    done.creations.iter().map(|(module, _)| *module).collect()
}

#[test]
fn a_lead_becomes_an_account_a_contact_and_a_deal() {
    let mut desk = Desk::new();
    let (lead, call) = begun(&mut desk);
    let done = converted(&mut desk, &lead, &asked());
    assert_eq!(modules(&done), [ACCOUNT, CONTACT, OPPORTUNITY]);
    let [account, contact, deal] = [0, 1, 2].map(|at: usize| desk.world.by_id(done.creations[at].1.id));
    assert_eq!(record_name(&account), "پارس");
    assert_eq!(record_name(&contact), "مریم کریمی");
    assert_eq!(reference_id(contact.winner("account_id")), Some(account.id));
    assert_eq!(contact.winner("lead_source").as_text(), Some("web_site"));
    assert_eq!(contact.winner("do_not_call").as_bool(), Some(true));
    let phones = |state: &RecordState| -> Vec<(String, Scalar)> {
        state.entries("phones").map(|(id, entry)| (id.to_owned(), entry.winner("raw").clone())).collect()
    };
    assert_eq!(phones(&contact), phones(&lead));
    assert_eq!(record_name(&deal), "پارس/سرور");
    assert_eq!(desk.read(&deal).amount.worth, known(rials(300 * M)));
    assert!(deal.entry("contacts", &contact.id.0.to_string()).is_some());
    for state in [&account, &contact, &deal] {
        assert_eq!(reference_id(state.winner("original_lead_id")), Some(lead.id));
    }
    let parents: Vec<String> = desk.world.by_id(call.id).set("parents").map(str::to_owned).collect();
    assert_eq!(parents.len(), 4, "{parents:?}");
    assert!(lead::is_converted(&desk.world.by_id(lead.id)));
}

// R35 of docs/requirements.md.
#[test]
fn s7_two_devices_that_convert_one_lead_write_the_same_records() {
    let mut desk = Desk::new();
    let (lead, _) = begun(&mut desk);
    let with_product = ConversionRequest {
        deal: Some(NewDeal { products: vec![product_id()], ..NewDeal::default() }),
        ..asked()
    };
    for asked in [asked(), with_product] {
        let sara = desk.run(|ctx| convert(ctx, &lead, &[], &asked)).unwrap();
        desk.user = crate::testing::REZA;
        let reza = desk.run(|ctx| convert(ctx, &lead, &[], &asked)).unwrap();
        desk.user = crate::testing::SARA;
        assert_eq!(sara.conversion.key(), reza.conversion.key());
        for ((_, here), (_, there)) in sara.creations.iter().zip(&reza.creations) {
            assert_eq!(here.id, there.id);
            let places =
                |created: &Created| created.edits.iter().map(super::super::place).collect::<Vec<_>>();
            assert_eq!(places(here), places(there), "lines, phones and stays have derived ids");
        }
    }
}

// R35 of docs/requirements.md.
#[test]
fn s12_a_recycled_lead_is_a_new_deal_of_the_same_customer() {
    let mut desk = Desk::new();
    let (lead, _) = begun(&mut desk);
    let first = converted(&mut desk, &lead, &asked());
    let deal = desk.world.by_id(first.conversion.opportunity_id.unwrap());
    let today = desk.today;
    let because = crate::testing::because(today, "price");
    let lost = desk.run(|ctx| crate::command::lose(ctx, &deal, &because)).unwrap();
    desk.world.insert(preview(&deal, &lost));
    let recycle = |desk: &mut Desk| {
        let state = desk.world.by_id(lead.id);
        let edits = desk.run(|ctx| edit(ctx, &state, &[Assignment::set("status", "recycled")])).unwrap();
        desk.world.insert(preview(&state, &edits));
        desk.world.by_id(lead.id)
    };
    let recycled = recycle(&mut desk);
    assert!(!lead::is_converted(&recycled));
    let second = converted(&mut desk, &recycled, &asked());
    assert_eq!(modules(&second), [OPPORTUNITY], "account and contact are those of the first time");
    assert_eq!(second.conversion.n, 1);
    assert_ne!(second.conversion.opportunity_id, first.conversion.opportunity_id);
    let standings: Vec<Standing> =
        desk.world.of_module(OPPORTUNITY).map(|deal| desk.read(deal).stage.standing).collect();
    assert!(standings.contains(&Standing::Lost) && standings.contains(&Standing::Open), "{standings:?}");
    assert_eq!(duplicate_pairs(&desk.world.by_id(lead.id)), []);
}

#[test]
fn a_converted_lead_is_not_converted_again() {
    let mut desk = Desk::new();
    let (lead, _) = begun(&mut desk);
    converted(&mut desk, &lead, &asked());
    let again = desk.world.by_id(lead.id);
    let refused = desk.run(|ctx| convert(ctx, &again, &[], &asked())).unwrap_err();
    let Refusal::AlreadyConverted { became } = refused else { panic!("{refused}") };
    assert!(became.contains("پارس/سرور") && became.contains("مریم کریمی"), "{became}");
}

#[test]
fn an_account_and_a_contact_that_are_there_can_be_chosen() {
    let mut desk = Desk::new();
    let (lead, _) = begun(&mut desk);
    let contact = made(&mut desk, CONTACT, vec![Assignment::set("last_name", "رضایی")]);
    let choice = ConversionRequest {
        account: AccountChoice::Existing(account_id()),
        contact: Some(contact.id),
        deal: None,
        ..asked()
    };
    let there = desk.run(|ctx| convert(ctx, &lead, &[], &asked())).unwrap();
    let here = converted(&mut desk, &lead, &choice);
    assert_eq!(here.creations, []);
    let joined = desk.world.by_id(contact.id);
    assert_eq!(reference_id(joined.winner("account_id")), Some(account_id()));
    // Another device made new ones of the same lead.
    let merged = preview(&desk.world.by_id(lead.id), &there.edits[0].1);
    let pairs: Vec<&str> = duplicate_pairs(&merged).iter().map(|pair| pair.module).collect();
    assert_eq!(pairs, [ACCOUNT, CONTACT]);
}

#[test]
fn what_can_not_be_a_customer_is_refused() {
    let mut desk = Desk::new();
    let company = made(&mut desk, LEAD, vec![Assignment::set("company", "پارس")]);
    assert_eq!(desk.run(|ctx| convert(ctx, &company, &[], &asked())).unwrap_err(), Refusal::NoPerson);
    let deal = desk.deal(M);
    let refused = desk.run(|ctx| convert(ctx, &deal, &[], &asked())).unwrap_err();
    assert!(matches!(refused, Refusal::WrongModule(..)));
    let wrong = ConversionRequest { account: AccountChoice::Existing(product_id()), ..asked() };
    let (lead, _) = begun(&mut desk);
    assert!(matches!(desk.run(|ctx| convert(ctx, &lead, &[], &wrong)), Err(Refusal::WrongModule(..))));
}

#[test]
fn a_person_without_a_company_is_an_account_of_their_own() {
    let mut desk = Desk::new();
    let lead = made(&mut desk, LEAD, vec![Assignment::set("last_name", "کریمی")]);
    let done = converted(&mut desk, &lead, &asked());
    let account = desk.world.by_id(done.conversion.account_id);
    assert_eq!(
        (record_name(&account).as_str(), account.winner("kind").as_text()),
        ("کریمی", Some("natural"))
    );
    let deal = desk.world.by_id(done.conversion.opportunity_id.unwrap());
    assert_eq!(record_name(&deal), "کریمی");
    let won = desk.run(|ctx| crate::command::win(ctx, &deal, &on(ctx.today)));
    assert!(won.is_ok(), "a deal of a conversion is a deal like others");
}

#[test]
fn what_is_given_for_the_deal_wins_over_the_lead() {
    let mut desk = Desk::new();
    let (lead, _) = begun(&mut desk);
    let deal = NewDeal {
        assignments: vec![
            Assignment::set("amount", rials(5 * M).to_scalar()),
            Assignment::set("name", "دیگر"),
        ],
        products: vec![product_id()],
    };
    let done = converted(&mut desk, &lead, &ConversionRequest { deal: Some(deal), ..asked() });
    let deal = desk.world.by_id(done.conversion.opportunity_id.unwrap());
    assert_eq!(record_name(&deal), "دیگر");
    assert_eq!(desk.read(&deal).amount.worth, known(rials(5 * M)));
    assert_eq!(deal.entries("lines").count(), 1);
}
