//! Tests of the duplicates search: keys, similarity, chosen fields, blocks against brute force, dismissed pairs.

use proptest::prelude::*;

use super::*;
use crate::command::dismiss;
use crate::edit::{Edit, preview};
use crate::schema::{ACCOUNT, CONTACT, Schema};
use crate::testing::Desk;
use crate::world::Records;

fn id(number: u16) -> RecordId {
    let mut bytes = [0; 16];
    bytes[14..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

fn account(number: u16, name: &str, edits: &[Edit]) -> RecordState {
    let named = preview(&RecordState::new(id(number), ACCOUNT), &[Edit::set("name", name)]);
    preview(&named, edits)
}

fn phone(raw: &str) -> Edit {
    Edit::set_entry("phones", "p", "raw", raw)
}

fn email(raw: &str) -> Edit {
    Edit::set_entry("emails", "e", "raw", raw)
}

fn found(records: &[RecordState], by: Option<&str>) -> Vec<Pair> {
    let schema = Schema::builtin();
    let table = schema.module(&records[0].module).unwrap();
    let criteria = by.map_or(Criteria::Keys, |by| Criteria::Fields(read_criteria(table, by).unwrap()));
    search(table, records, &Records::new(records.to_vec()), &criteria, Vec::new())
}

fn reasons(records: &[RecordState]) -> Vec<Reason> {
    found(records, None).into_iter().flat_map(|pair| pair.reasons).collect()
}

#[test]
fn phones_are_told_by_their_national_digits() {
    for raw in [
        "+98 21 8888 1111",
        "0098-21-88881111",
        "021 88881111",
        "۰۲۱۸۸۸۸۱۱۱۱",
        "982188881111",
        "(021) 8888-1111",
    ] {
        assert_eq!(phone_key(raw).as_deref(), Some("2188881111"), "{raw}");
    }
    assert_eq!(phone_key("0912 345 6789"), phone_key("+989123456789"));
    assert_eq!(phone_key("118"), None);
    assert_ne!(phone_key("+44 20 7946 0000"), phone_key("020 7946 0000"));
}

#[test]
fn a_domain_is_a_companys_own_or_says_nothing() {
    assert_eq!(own_domain("https://www.Arya.ir/contact").as_deref(), Some("arya.ir"));
    assert_eq!(own_domain("info@arya.ir").as_deref(), Some("arya.ir"));
    assert_eq!(own_domain("arya@gmail.com"), None);
    assert_eq!(own_domain("arya"), None);
}

#[test]
fn the_account_key_of_the_spec_finds_each_kind_of_pair() {
    let pair = |one: RecordState, other: RecordState| reasons(&[one, other]);
    let same = |edit: fn() -> Edit| pair(account(1, "الف", &[edit()]), account(2, "بببب", &[edit()]));
    assert_eq!(same(|| Edit::set("national_id", "10101234567")), [Reason::NationalId]);
    assert_eq!(same(|| phone("021-88881111")), [Reason::Phone]);
    assert_eq!(same(|| email("arya@gmail.com")), [Reason::Email]);
    assert_eq!(
        pair(account(1, "الف", &[Edit::set("website", "arya.ir")]), account(2, "ب", &[email("x@arya.ir")])),
        [Reason::Domain]
    );
    assert_eq!(pair(account(1, "شرکت آریا (سهامی خاص)", &[]), account(2, "اريا", &[])), [Reason::SameName]);
    assert_eq!(
        pair(account(1, "مؤسسهٔ پتروپارس جنوب", &[]), account(2, "پتروپارص جنوب", &[])),
        [Reason::SimilarName]
    );
    // Fewer than six letters are similar only when they are the same.
    assert_eq!(pair(account(1, "پارسا", &[]), account(2, "پارسه", &[])), []);
    assert_eq!(pair(account(1, "فولاد مبارکه", &[]), account(2, "سیمان تهران", &[])), []);
}

#[test]
fn people_are_told_by_more_than_their_name() {
    let person = |number: u16, edits: &[Edit]| {
        let named = [Edit::set("first_name", "سارا"), Edit::set("last_name", "کریمی")];
        preview(&preview(&RecordState::new(id(number), CONTACT), &named), edits)
    };
    let at = |account: u16| {
        Edit::set(
            "account_id",
            crate::composite::NamedReference { id: id(account), name: String::new() }.to_scalar(),
        )
    };
    assert_eq!(reasons(&[person(1, &[at(7)]), person(2, &[at(8)])]), []);
    assert_eq!(reasons(&[person(1, &[at(7)]), person(2, &[at(7)])]), [Reason::SameName]);
    assert_eq!(
        reasons(&[person(1, &[at(7), phone("09123456789")]), person(2, &[phone("+98 912 345 6789")])]),
        [Reason::Phone]
    );
}

#[test]
fn chosen_fields_must_all_agree() {
    let records = [
        account(1, "آریا صنعت", &[phone("02188881111")]),
        account(2, "آریا صنعط", &[phone("02188881111")]),
        account(3, "آریا صنعت پارس", &[phone("02177771111")]),
    ];
    let ids =
        |by: &str| found(&records, Some(by)).iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>();
    assert_eq!(ids("name similar, phone exact"), [(id(1), id(2))]);
    assert_eq!(ids("name starts with"), [(id(1), id(3))]);
    assert_eq!(ids("نام شامل"), [(id(1), id(3))]);
    assert_eq!(ids("phones"), [(id(1), id(2))]);
    let schema = Schema::builtin();
    let table = schema.module(ACCOUNT).unwrap();
    assert_eq!(read_criteria(table, "colour exact").unwrap_err().code(), "input");
    assert_eq!(read_criteria(table, " , ").unwrap_err().code(), "other");
}

#[test]
fn a_dismissed_pair_never_comes_back_also_under_a_survivor() {
    let mut desk = Desk::new();
    let mut records = vec![account(1, "آریا", &[]), account(2, "آریا", &[]), account(3, "آریا", &[])];
    for state in &records {
        desk.world.insert(state.clone());
    }
    assert_eq!(found(&records, None).len(), 3);
    let (at, edits) = desk.run(|ctx| dismiss(ctx, &records[1], &records[0])).unwrap();
    assert_eq!(at, id(1), "the smaller id keeps the pair, whichever was named first");
    records[0] = preview(&records[0], &edits);
    let left = |records: &[RecordState]| {
        found(records, None).iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>()
    };
    assert_eq!(left(&records), [(id(1), id(3)), (id(2), id(3))]);
    assert_eq!(found(&records, Some("name exact")).len(), 2);
    // 2 is merged into 3: what is no duplicate of 2 is none of 3.
    let merged = MergedInto { into: id(3), loser_heads: Vec::new(), at: 0, by: None, copied: Vec::new() };
    records[1] = preview(&records[1], &[Edit::set("merged_into", merged.to_scalar())]);
    assert_eq!(left(&records), []);
}

#[test]
fn modules_without_things_are_refused() {
    let mut desk = Desk::new();
    let user = |number| RecordState::new(id(number), crate::schema::USER);
    assert_eq!(desk.run(|ctx| dismiss(ctx, &user(1), &user(2))).unwrap_err().code(), "not_mergeable");
    let one = account(1, "آریا", &[]);
    assert_eq!(desk.run(|ctx| dismiss(ctx, &one, &one)).unwrap_err().code(), "same_record");
}

#[test]
fn a_large_block_stays_small_in_pairs() {
    let records: Vec<RecordState> =
        (1..=500).map(|number| account(number, "الف", &[phone("02188881111")])).collect();
    assert!(found(&records, None).len() < 500);
}

proptest! {
    /// Equal keys: the blocks find exactly what comparing each with each finds.
    #[test]
    fn blocks_find_what_brute_force_finds(rows in prop::collection::vec((0_u8..6, 0_u8..6, 0_u8..4), 2..24), turn in 0_usize..24) {
        let records: Vec<RecordState> = rows.iter().zip(1..).map(|((national, line, name), number)| {
            account(number, &format!("نام{name}"), &[
                Edit::set("national_id", format!("1010{national}")),
                phone(&format!("0218888000{line}")),
            ])
        }).collect();
        let mut expected = BTreeSet::new();
        for (at, one) in rows.iter().enumerate() {
            for (other_at, other) in rows.iter().enumerate().skip(at + 1) {
                if one.0 == other.0 || one.1 == other.1 || one.2 == other.2 {
                    expected.insert((id(at as u16 + 1), id(other_at as u16 + 1)));
                }
            }
        }
        let mut turned = records.clone();
        turned.rotate_left(turn % records.len());
        let pairs = found(&records, None);
        prop_assert_eq!(&pairs, &found(&turned, None), "the order of records says nothing");
        let pairs: BTreeSet<_> = pairs.into_iter().map(|pair| (pair.left, pair.right)).collect();
        prop_assert_eq!(pairs, expected);
    }

    /// One mistyped letter in a name is found through the blocks wherever comparing the two finds it.
    #[test]
    fn one_mistyped_letter_is_found(name in "[ابپتجچدرسشکگلمنوهی]{7,14}", at in 0_usize..14, letter in "[ابپتج]") {
        let mut letters: Vec<char> = name.chars().collect();
        let at = at % letters.len();
        letters[at] = letter.chars().next().unwrap();
        let other: String = letters.into_iter().collect();
        let pairs = found(&[account(1, &name, &[]), account(2, &other, &[])], Some("name similar"));
        let shares = is_similar(&key::name_key(&account(1, &name, &[])), &key::name_key(&account(2, &other, &[])));
        prop_assert_eq!(!pairs.is_empty(), shares);
    }
}
