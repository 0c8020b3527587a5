//! Merges of duplicates over real documents: several records, each edited on three devices, merged in every order.

use forsat_document::{Chunk, Document};
use forsat_domain::command::{Close, Draft};
use forsat_domain::command::{Context, FieldChoice, Take, create, merge, win};
use forsat_domain::composite::{Composite, NamedReference};
use forsat_domain::duplicates::{Criteria, search};
use forsat_domain::issue::{Issue, IssueCode, issues};
use forsat_domain::lifecycle::surviving_id;
use forsat_domain::opportunity::{Deal, Standing, Worth};
use forsat_domain::report::pipeline;
use forsat_domain::world::Records;
use forsat_domain::{CivilDate, Edit, RecordId, RecordState};
use uuid::Uuid;

use crate::scene::{account, day, rials, set, settings_record};
use crate::support::{NOW_MS, ORDERS, author, record_id, schema, take};

/// Several documents as one device holds them, with what it wrote itself.
#[derive(Clone)]
struct Device {
    number: u8,
    documents: Vec<Document>,
    made: Vec<(usize, Chunk)>,
}

/// What every device has before they part.
struct Base(Vec<(RecordId, Vec<Chunk>)>);

impl Base {
    /// Makes records of a module, each of its own edits, with ids 11, 12, 13 and so on.
    fn of(module: &str, records: &[Vec<Edit>]) -> Self {
        let made = (11..).zip(records).map(|(number, edits)| {
            let id = record_id(number);
            let (_, chunks) = Document::create(id, module, &author(9), NOW_MS, edits, &schema()).unwrap();
            (id, chunks)
        });
        Self(made.collect())
    }

    fn device(&self, number: u8) -> Device {
        let open = |(id, chunks): &(RecordId, Vec<Chunk>)| {
            let mut document = Document::empty(*id);
            take(&mut document, chunks);
            document
        };
        Device { number, documents: self.0.iter().map(open).collect(), made: Vec::new() }
    }

    /// Merges devices in the six orders, and on each of them; what is derived must be the same to the byte.
    fn merge(&self, devices: [&Device; 3], today: CivilDate) -> Device {
        let mut all: Vec<Device> = ORDERS
            .iter()
            .map(|order| {
                let mut merged = self.device(0);
                order.iter().for_each(|at| merged.take(devices[*at]));
                merged
            })
            .collect();
        all.extend(devices.map(|device| {
            let mut merged = device.clone();
            devices.iter().for_each(|other| merged.take(other));
            merged
        }));
        let first = all.pop().unwrap();
        for other in &all {
            assert_eq!(other.derived(today), first.derived(today));
        }
        first
    }
}

impl Device {
    fn states(&self) -> Vec<RecordState> {
        self.documents.iter().map(|document| document.read(&schema())).collect()
    }

    fn world(&self) -> Records {
        Records::new(self.states().into_iter().chain([settings_record(&[]), account()]))
    }

    /// Runs a command and writes its edits to the documents, by their places.
    fn run(
        &mut self,
        today: CivilDate,
        command: impl FnOnce(&mut Context<'_>, &[RecordState]) -> Vec<(usize, Vec<Edit>)>,
    ) -> &mut Self {
        let (states, world, schema) = (self.states(), self.world(), schema());
        let by = author(self.number);
        let mut drawn = 0;
        let mut new_uuid = || {
            drawn += 1;
            Uuid::from_bytes([drawn, self.number, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 7, drawn])
        };
        let mut context = Context {
            now_ms: NOW_MS,
            today,
            user: by.user,
            new_uuid: &mut new_uuid,
            world: &world,
            schema: &schema,
        };
        for (at, edits) in command(&mut context, &states) {
            let chunk = self.documents[at].edit(&by, NOW_MS, &edits, &schema).unwrap();
            self.made.extend(chunk.into_iter().map(|chunk| (at, chunk)));
        }
        self
    }

    /// Merges one record into another.
    fn merge(&mut self, today: CivilDate, into: usize, from: usize, choices: &[FieldChoice]) -> &mut Self {
        self.run(today, |ctx, states| {
            let plan = merge(ctx, &states[into], &states[from..=from], choices).unwrap();
            vec![(into, plan.edits), (from, plan.losers[0].1.clone())]
        })
    }

    fn take(&mut self, other: &Device) {
        for (at, chunk) in &other.made {
            take(&mut self.documents[*at], std::slice::from_ref(chunk));
        }
    }

    fn issues(&self, today: CivilDate) -> Vec<Issue> {
        let world = self.world();
        self.states().iter().flat_map(|state| issues(state, &schema(), &world, today)).collect()
    }

    /// Everything that replicas must agree on, as text.
    fn derived(&self, today: CivilDate) -> String {
        let (states, world, schema) = (self.states(), self.world(), schema());
        let table = schema.module(&states[0].module).unwrap();
        let pairs = search(table, &states, &world, &Criteria::Keys, Vec::new());
        let report = pipeline(states.iter().filter(|state| state.module == "opportunity"), &world, today);
        let parts = [
            serde_json::to_string(&states).unwrap(),
            serde_json::to_string(&self.issues(today)).unwrap(),
            serde_json::to_string(&pairs).unwrap(),
            serde_json::to_string(&report).unwrap(),
        ];
        parts.join("\n")
    }
}

fn second(field: &str) -> Vec<FieldChoice> {
    vec![FieldChoice { field: field.to_owned(), take: Take::Record(2) }]
}

#[test]
fn s9_a_circle_of_merges_made_apart() {
    let number = |at: usize| {
        vec![
            Edit::set("name", "آریا"),
            Edit::set("industry", format!("صنعت {at}")),
            Edit::set_entry("phones", format!("p{at}"), "raw", format!("0218888000{at}")),
        ]
    };
    let base = Base::of("account", &[number(1), number(2), number(3)]);
    let today = day(6, 1);
    // A merges 1 into 2, B 2 into 3, C 3 into 1; each takes the value of the record that goes.
    let [mut a, mut b, mut c] = [1, 2, 3].map(|device| base.device(device));
    a.merge(today, 1, 0, &second("industry"));
    b.merge(today, 2, 1, &second("industry"));
    c.merge(today, 0, 2, &second("industry"));
    let merged = base.merge([&a, &b, &c], today);
    let world = merged.world();
    for (id, _) in &base.0 {
        assert_eq!(surviving_id(*id, &world), record_id(11));
    }
    let survivor = &merged.states()[0];
    assert_eq!(survivor.winner("industry").as_text(), Some("صنعت 3"));
    let found = merged.issues(today);
    assert!(found.iter().all(|issue| issue.record == record_id(11) && issue.code == IssueCode::LateEdits));
    let mut reachable: Vec<&str> = found
        .iter()
        .flat_map(|issue| &issue.sides)
        .filter(|side| side.field.as_deref() == Some("industry"))
        .filter_map(|side| side.value.as_text())
        .collect();
    reachable.sort_unstable();
    assert_eq!(reachable, ["صنعت 1", "صنعت 2"], "every chosen value can still be had");
    let phones: Vec<&str> = survivor.entries("phones").map(|(id, _)| id).collect();
    assert_eq!(phones, ["p1", "p3"]);
    let late: Vec<&str> = found
        .iter()
        .flat_map(|issue| &issue.sides)
        .filter_map(|side| side.field.as_deref())
        .filter(|field| field.starts_with("phones/p2"))
        .collect();
    assert_eq!(late, ["phones/p2/raw"], "the phone of 2 came to 3 and waits on 1");
}

/// Two deals of 600 and 500 million rials.
fn two_deals(today: CivilDate) -> Base {
    let customer = NamedReference { id: record_id(2), name: "آریا".to_owned() };
    let deal = |millions: i64| {
        let fields = vec![
            set("account_id", customer.to_scalar()),
            set("name", format!("سرور {millions}")),
            set("close_date", day(12, 1).to_string()),
            set("amount", rials(millions).to_json()),
        ];
        let draft = Draft { assignments: fields, ..Draft::default() };
        let (world, schema) = (Records::new([settings_record(&[]), account()]), schema());
        let mut new_uuid = || Uuid::from_bytes([u8::try_from(millions / 100).unwrap(); 16]);
        let mut context = Context {
            now_ms: NOW_MS,
            today,
            user: author(9).user,
            new_uuid: &mut new_uuid,
            world: &world,
            schema: &schema,
        };
        create(&mut context, "opportunity", &draft).unwrap().edits
    };
    Base::of("opportunity", &[deal(600), deal(500)])
}

#[test]
fn s10_a_deal_won_here_and_merged_away_there() {
    for (s, r) in [(1, 2), (2, 1)] {
        let today = day(6, 11);
        let base = two_deals(day(6, 1));
        let (mut sara, mut reza, mut other) = (base.device(s), base.device(r), base.device(3));
        sara.merge(today, 1, 0, &[]);
        reza.run(today, |ctx, states| {
            vec![(0, win(ctx, &states[0], &Close { on: Some(day(6, 10)), ..Close::default() }).unwrap())]
        });
        other.run(today, |_, _| vec![(1, vec![Edit::set("next_step", "تماس")])]);
        let merged = base.merge([&sara, &reza, &other], today);
        let (states, world) = (merged.states(), merged.world());
        let deal = Deal::read(&states[1], &world, today);
        assert_eq!(deal.stage.standing, Standing::Disputed);
        assert_eq!(deal.amount.worth, Worth::Known(rials(600)));
        assert_eq!(deal.stage.close_date, Some(day(6, 10)));
        let report = pipeline(&states, &world, today);
        assert_eq!((report.disputed.count, report.disputed.amount), (1, Some(rials(600))));
        assert_eq!((report.won.count, report.open.count, report.weighted), (0, 0, Some(rials(0))));
        let found = merged.issues(today);
        assert_eq!(found.iter().map(|issue| issue.code).collect::<Vec<_>>(), [IssueCode::LateEdits]);
        assert_eq!(found[0].sides[0].author, Some(author(r).user));
    }
}

#[test]
fn what_the_merger_had_seen_is_not_late_and_what_it_writes_later_is() {
    let base = Base::of("account", &[vec![Edit::set("name", "آریا")], vec![Edit::set("name", "آریا")]]);
    let today = day(6, 1);
    let mut device = base.device(1);
    device.run(today, |_, _| vec![(1, vec![Edit::set("industry", "نفت")])]);
    device.merge(today, 0, 1, &[]);
    assert_eq!(device.states()[1].late_merge, []);
    let text = |value: &str| Edit::SetText { field: "description".to_owned(), value: value.to_owned() };
    let tag = Edit::Add { field: "tags".to_owned(), key: "vip".to_owned() };
    device.run(today, |_, _| vec![(1, vec![text("یادداشت"), tag])]);
    let loser = &device.states()[1];
    assert_eq!(loser.late_merge.len(), 1);
    let paths: Vec<&str> = loser.late_paths.iter().map(String::as_str).collect();
    assert_eq!(paths, ["description", "tags/vip"]);
    // As it was before the late edit, nothing was late.
    let before =
        device.documents[1].read_at(&[device.made[device.made.len() - 2].1.hash], &schema()).unwrap();
    assert!(before.late_merge.is_empty() && before.late_paths.is_empty());
}
