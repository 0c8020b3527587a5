//! One lead converted on two devices apart, over real documents, merged in every order of three replicas.

use std::collections::BTreeMap;

use forsat_document::{Chunk, Document};
use forsat_domain::command::{AccountChoice, Context, ConversionRequest, NewDeal, convert};
use forsat_domain::composite::{Composite, reference_id};
use forsat_domain::issue::{IssueCode, issues};
use forsat_domain::lead::{conversions, duplicate_pairs};
use forsat_domain::opportunity::{Deal, Worth};
use forsat_domain::report::pipeline;
use forsat_domain::world::{Records, World};
use forsat_domain::{Edit, RecordId, RecordState, WorkspaceId};
use uuid::Uuid;

use crate::scene::{account, day, record, rials, set, settings_record};
use crate::support::{NOW_MS, ORDERS, author, record_id, schema, take};

type Chunks = BTreeMap<RecordId, Vec<Chunk>>;

/// A lead with an expected deal of 300 million rials, and a product of that price.
fn begun() -> (Chunks, Records) {
    let lead = [
        Edit::set("last_name", "کریمی"),
        Edit::set("company", "پارس"),
        Edit::set("status", "new"),
        Edit::set("opportunity_name", "پارس/سرور"),
        Edit::set("opportunity_amount", rials(300).to_scalar()),
        Edit::set_entry("phones", "one", "raw", "02188776655"),
    ];
    let product =
        [Edit::set("name", "سرور"), Edit::set_entry("prices", "IRR", "value", rials(300).to_scalar())];
    let (document, chunks) =
        Document::create(record_id(7), "lead", &author(9), NOW_MS, &lead, &schema()).unwrap();
    let world = Records::new([
        settings_record(&[]),
        account(),
        record(record_id(8), "product", &product),
        document.read(&schema()),
    ]);
    ([(record_id(7), chunks)].into(), world)
}

/// What a device makes by converting the lead as it was in the beginning.
fn converted(number: u8, base: &Chunks, world: &Records, account: AccountChoice, deal: NewDeal) -> Chunks {
    let by = author(number);
    let mut drawn = 0;
    let mut new_uuid = || {
        drawn += 1;
        Uuid::from_bytes([number, drawn, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])
    };
    let schema = schema();
    let now_ms = NOW_MS + i64::from(number);
    let mut context =
        Context { now_ms, today: day(6, 15), user: by.user, new_uuid: &mut new_uuid, world, schema: &schema };
    let lead = world.record(record_id(7)).unwrap().into_owned();
    let workspace = WorkspaceId::from_bytes([3; 16]);
    let asked = ConversionRequest { workspace, account, contact: None, deal: Some(deal) };
    let done = convert(&mut context, &lead, &[], &asked).unwrap();
    let mut made = Chunks::new();
    for (module, created) in &done.creations {
        let (_, chunks) = Document::create(created.id, module, &by, now_ms, &created.edits, &schema).unwrap();
        made.insert(created.id, chunks);
    }
    for (id, edits) in &done.edits {
        let mut document = loaded(*id, [&base[id]]);
        made.insert(*id, document.edit(&by, now_ms, edits, &schema).unwrap());
    }
    made
}

fn loaded<'a>(id: RecordId, parts: impl IntoIterator<Item = &'a Vec<Chunk>>) -> Document {
    let mut document = Document::empty(id);
    parts.into_iter().for_each(|chunks| take(&mut document, chunks));
    document
}

/// Merges three devices in the six orders; every record must read the same to the byte.
fn merged(base: &Chunks, devices: [&Chunks; 3]) -> BTreeMap<RecordId, RecordState> {
    let mut seen: Vec<BTreeMap<RecordId, RecordState>> = Vec::new();
    for order in ORDERS {
        let mut documents: BTreeMap<RecordId, Document> = BTreeMap::new();
        for part in std::iter::once(base).chain(order.map(|device| devices[device])) {
            for (id, chunks) in part {
                take(documents.entry(*id).or_insert_with(|| Document::empty(*id)), chunks);
            }
        }
        seen.push(documents.into_iter().map(|(id, document)| (id, document.read(&schema()))).collect());
    }
    let bytes: Vec<String> = seen
        .iter()
        .map(|states| serde_json::to_string(&states.values().collect::<Vec<_>>()).unwrap())
        .collect();
    assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]));
    seen.swap_remove(0)
}

/// A device that writes something else on the lead.
fn bystander(base: &Chunks) -> Chunks {
    let id = record_id(7);
    let edits = [Edit::set("job_title", "مدیر خرید")];
    let chunks = loaded(id, [&base[&id]]).edit(&author(3), NOW_MS, &edits, &schema()).unwrap();
    [(id, chunks)].into()
}

fn of<'a>(states: &'a BTreeMap<RecordId, RecordState>, module: &str) -> Vec<&'a RecordState> {
    states.values().filter(|state| state.module == module).collect()
}

#[test]
fn s7_a_lead_converted_on_two_devices_is_one_deal_of_300_million() {
    let (base, world) = begun();
    let by_line = || NewDeal { products: vec![record_id(8)], ..NewDeal::default() };
    for deal in [NewDeal::default, by_line as fn() -> NewDeal] {
        let [sara, reza] =
            [1, 2].map(|number| converted(number, &base, &world, AccountChoice::Usual, deal()));
        let states = merged(&base, [&sara, &reza, &bystander(&base)]);
        assert_eq!(
            ["account", "contact", "opportunity", "lead"].map(|module| of(&states, module).len()),
            [1; 4]
        );
        let mut world = world.clone();
        states.values().for_each(|state| world.insert(state.clone()));
        let [state] = of(&states, "opportunity")[..] else { unreachable!("there is one") };
        let read = Deal::read(state, &world, day(6, 16));
        assert_eq!(read.amount.worth, Worth::Known(rials(300)));
        assert_eq!(state.grown("stage_history").count(), 1, "one stay, whoever began it");
        let codes: Vec<IssueCode> =
            issues(state, &schema(), &world, day(6, 16)).iter().map(|issue| issue.code).collect();
        assert_eq!(codes, [IssueCode::RequiredMissing], "the date to be expected, and no conflict");
        for module in ["account", "contact"] {
            assert_eq!(issues(of(&states, module)[0], &schema(), &world, day(6, 16)), []);
        }
        assert_eq!(pipeline([state], &world, day(6, 16)).open.amount, Some(rials(300)));
        let lead = of(&states, "lead")[0];
        let [conversion] = conversions(lead).try_into().expect("both conversions are one");
        assert_eq!(conversion.opportunity_id, Some(state.id));
        assert_eq!(conversion.at, NOW_MS + 1, "the earliest is read");
        assert_eq!(duplicate_pairs(lead), []);
    }
}

#[test]
fn an_account_chosen_here_and_a_new_one_there_are_both_kept_and_are_a_pair() {
    let (base, world) = begun();
    let sara = converted(1, &base, &world, AccountChoice::Existing(record_id(2)), NewDeal::default());
    let reza = converted(2, &base, &world, AccountChoice::Usual, NewDeal::default());
    let states = merged(&base, [&sara, &reza, &bystander(&base)]);
    let [made] = of(&states, "account")[..] else { panic!("Reza's account is kept") };
    let [deal] = of(&states, "opportunity")[..] else { panic!("there is one deal") };
    let mut sides: Vec<_> =
        deal.sides("account_id").iter().filter_map(|side| reference_id(&side.value)).collect();
    sides.sort();
    let mut both = vec![record_id(2), made.id];
    both.sort();
    assert_eq!(sides, both, "whose deal it is stays to be decided");
    let pairs = duplicate_pairs(of(&states, "lead")[0]);
    assert_eq!((pairs[0].module, pairs[0].first, pairs[0].second), ("account", both[0], both[1]));
    assert_eq!(pairs.len(), 1);
}

#[test]
fn s12_a_lead_recycled_and_converted_again_is_a_second_deal() {
    let (mut base, mut world) = begun();
    let first = converted(1, &base, &world, AccountChoice::Usual, NewDeal::default());
    for (id, chunks) in first {
        base.entry(id).or_default().extend(chunks);
    }
    let recycled = loaded(record_id(7), [&base[&record_id(7)]])
        .edit(&author(1), NOW_MS, &[Edit::set("status", "recycled")], &schema())
        .unwrap();
    base.entry(record_id(7)).or_default().extend(recycled);
    for (id, chunks) in &base {
        world.insert(loaded(*id, [chunks]).read(&schema()));
    }
    let [sara, reza] = [1, 2].map(|number| {
        let deal =
            NewDeal { assignments: vec![set("close_date", day(12, 1).to_string())], ..NewDeal::default() };
        converted(number + 3, &base, &world, AccountChoice::Usual, deal)
    });
    let states = merged(&base, [&sara, &reza, &Chunks::new()]);
    assert_eq!(["account", "contact", "opportunity"].map(|module| of(&states, module).len()), [1, 1, 2]);
    assert_eq!(conversions(of(&states, "lead")[0]).iter().map(|one| one.n).collect::<Vec<_>>(), [0, 1]);
}
