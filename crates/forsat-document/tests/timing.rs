use crate::support::*;
use forsat_document::*;
use forsat_domain::*;
#[test]
#[allow(clippy::disallowed_methods)]
fn timing() {
    let edits: Vec<Edit> = vec![
        Edit::set("name", "آریا/سرور"), Edit::set("account_id", "{\"id\":\"8e2b0d7a-0000-4000-8000-000000000001\",\"name\":\"Aria\"}"),
        Edit::set("currency","USD"), Edit::set("manual_amount","{\"currency\":\"USD\",\"value\":\"1054\"}"),
        Edit::set("stage","{\"entry_id\":\"8e2b0d7a-0000-4000-8000-000000000001\",\"stage_id\":\"won\",\"entered_at\":1,\"by\":\"8e2b0d7a-0000-4000-8000-000000000001\",\"outcome\":\"won\"}"),
        Edit::set("close_date","2017-03-01"), Edit::set("status","active"), Edit::set("opened_on","2016-10-20"), Edit::set("amount_mode","{\"mode\":\"manual\"}"),
        Edit::Insert{field:"stage_history".into(), key:"8e2b0d7a-0000-4000-8000-000000000001".into(), value:"{\"from\":null,\"to\":\"won\"}".into()},
        Edit::set_entry("lines","l1","name","GTX Pro"), Edit::set_entry("lines","l1","qty","1"), Edit::set_entry("lines","l1","product_id","8e2b0d7a-0000-4000-8000-000000000001"),
        Edit::set_entry("lines","l1","unit_price","{\"currency\":\"USD\",\"value\":\"1054\"}"), Edit::set_entry("lines","l1","position","a"),
        Edit::set_entry("external_ids","x","source","crm-sales"), Edit::set_entry("external_ids","x","key","1C1I7A6R"),
    ];
    let n = 2000u32;
    let t = std::time::Instant::now();
    let mut all = Vec::new();
    for i in 0..n { let mut a = author(3); a.actor[0]=3; let (_d, c) = Document::create(RecordId(uuid::Uuid::from_u128(i as u128)), "opportunity", &a, NOW_MS, &edits, &schema()).unwrap(); all.push(c); }
    println!("create {:?} per doc (incl schema())", t.elapsed()/n);
    let s = schema();
    let t = std::time::Instant::now(); for _ in 0..200 { schema(); } println!("schema {:?}", t.elapsed()/200);
    println!("sizes {:?}", all[0].iter().map(|c| c.bytes.len()).collect::<Vec<_>>());
    let t = std::time::Instant::now();
    let mut docs = Vec::new();
    for c in &all { let mut d = Document::empty(record_id(1)); let r = d.apply(c.clone()); assert!(r.unreadable.is_empty()); docs.push(d); }
    println!("apply {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); for d in &docs { std::hint::black_box(d.read(&s)); } println!("read {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); let mut sn=Vec::new(); for d in &docs { sn.push(d.snapshot()); } println!("snapshot {:?} {}", t.elapsed()/n, sn[0].len());
    let t = std::time::Instant::now(); for b in &sn { std::hint::black_box(Document::load(record_id(1), Some(b), []).unwrap()); } println!("load snap {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); for c in &all { std::hint::black_box(Document::load(record_id(1), None, c.iter().map(|c| &c.bytes[..])).unwrap()); } println!("load chunks {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); for d in &mut docs { std::hint::black_box(d.edit(&author(5), NOW_MS, &[Edit::set("name","x")], &s).unwrap()); } println!("edit {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); for d in &docs { std::hint::black_box(d.clone()); } println!("clone {:?}", t.elapsed()/n);
    let t = std::time::Instant::now(); for d in &docs { std::hint::black_box(d.history()); } println!("history {:?}", t.elapsed()/n);
}
