//! A workspace with one deal on several devices: commands run apart, then everything is merged in every order.

use forsat_document::{Author, Chunk, Document};
use forsat_domain::command::{Context, Draft, Refusal, create};
use forsat_domain::composite::{Composite, NamedReference};
use forsat_domain::issue::{Issue, IssueCode, issues};
use forsat_domain::opportunity::Deal;
use forsat_domain::report::{PipelineReport, pipeline};
use forsat_domain::schema::input::Assignment;
use forsat_domain::world::{Records, World};
use forsat_domain::{CivilDate, Edit, Money, RecordId, RecordState, Scalar};
use uuid::Uuid;

use crate::support::{NOW_MS, ORDERS, author, record_id, schema, take};

/// A day of the Persian year 1404.
pub fn day(month: u8, day: u8) -> CivilDate {
    CivilDate::from_jalali(1404, month, day).unwrap()
}

/// Millions of rials.
pub fn rials(millions: i64) -> Money {
    money(&(millions * 1_000_000).to_string(), "IRR")
}

pub fn money(value: &str, currency: &str) -> Money {
    Money::from_json(&format!(r#"{{"currency":"{currency}","value":"{value}"}}"#)).unwrap()
}

pub fn set(field: &str, value: impl Into<Scalar>) -> Assignment {
    Assignment::set(field, value)
}

/// What every device has before they part.
pub struct Scene {
    pub world: Records,
    /// The deal's chunks.
    pub deal: Vec<Chunk>,
}

/// A device of one person with a copy of the deal.
pub struct Device {
    pub by: Author,
    pub world: Records,
    pub document: Document,
    pub made: Vec<Chunk>,
    drawn: u8,
}

impl Device {
    /// Runs a command on the deal as this device has it, and writes what it answers.
    pub fn run(
        &mut self,
        today: CivilDate,
        command: impl FnOnce(&mut Context<'_>, &RecordState) -> Result<Vec<Edit>, Refusal>,
    ) -> &mut Self {
        let edits = self.ask(today, command).unwrap();
        self.made.extend(self.document.edit(&self.by, NOW_MS, &edits, &schema()).unwrap());
        self
    }

    /// Runs a command without writing.
    pub fn ask<T>(
        &mut self,
        today: CivilDate,
        command: impl FnOnce(&mut Context<'_>, &RecordState) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let state = self.document.read(&schema());
        let (actor, drawn) = (self.by.actor[0], &mut self.drawn);
        // Ids of devices interleave, so that no device's stays sort before all of another's.
        let mut new_uuid = || {
            *drawn += 1;
            Uuid::from_bytes([*drawn, actor, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, actor, *drawn])
        };
        let schema = schema();
        let mut context = Context {
            now_ms: NOW_MS,
            today,
            user: self.by.user,
            new_uuid: &mut new_uuid,
            world: &self.world,
            schema: &schema,
        };
        command(&mut context, &state)
    }
}

/// What every order of merging must agree on.
pub struct Merged {
    pub state: RecordState,
    pub deal: Deal,
    pub issues: Vec<Issue>,
    pub report: PipelineReport,
    pub chunks: Vec<Chunk>,
}

impl Merged {
    pub fn codes(&self) -> Vec<IssueCode> {
        self.issues.iter().map(|issue| issue.code).collect()
    }

    pub fn issue(&self, code: IssueCode) -> &Issue {
        self.issues.iter().find(|issue| issue.code == code).unwrap_or_else(|| panic!("no {code:?}"))
    }
}

impl Scene {
    /// A workspace with settings and an account, in which author 9 created a deal on `today`.
    pub fn new(settings: &[Edit], today: CivilDate, draft: Draft) -> Self {
        let world = Records::new([settings_record(settings), account()]);
        Self::in_world(world, today, draft)
    }

    /// The same in a world of one's own.
    pub fn in_world(world: Records, today: CivilDate, mut draft: Draft) -> Self {
        draft.id = Some(record_id(1));
        let customer = NamedReference { id: record_id(2), name: "آریا".to_owned() };
        draft.assignments.extend([
            set("account_id", customer.to_scalar()),
            set("name", "آریا/سرور"),
            set("close_date", day(12, 1).to_string()),
        ]);
        let mut maker = Device {
            by: author(9),
            world,
            document: Document::empty(record_id(1)),
            made: Vec::new(),
            drawn: 0,
        };
        let created = maker.ask(today, |ctx, _| create(ctx, "opportunity", &draft)).unwrap();
        let (_, deal) =
            Document::create(created.id, "opportunity", &maker.by, NOW_MS, &created.edits, &schema())
                .unwrap();
        Self { world: maker.world, deal }
    }

    /// A device that synced up to now.
    pub fn device(&self, number: u8) -> Device {
        let mut document = Document::empty(record_id(1));
        take(&mut document, &self.deal);
        // A person's later devices draw other ids than the earlier ones.
        let drawn = 16 * self.deal.len() as u8;
        Device { by: author(number), world: self.world.clone(), document, made: Vec::new(), drawn }
    }

    /// Lets a device of author 9 do something that all devices see before they part.
    pub fn before(
        mut self,
        today: CivilDate,
        command: impl FnOnce(&mut Context<'_>, &RecordState) -> Result<Vec<Edit>, Refusal>,
    ) -> Self {
        let mut device = self.device(9);
        device.run(today, command);
        self.deal.extend(device.made);
        self
    }

    /// Merges three devices in the six orders; everything derived must be the same to the byte.
    pub fn merge(&self, devices: [&Device; 3], today: CivilDate) -> Merged {
        let orders = ORDERS.map(|order| {
            let mut document = Document::empty(record_id(1));
            take(&mut document, &self.deal);
            for device in order {
                take(&mut document, &devices[device].made);
            }
            self.look(&document, today)
        });
        let on_devices = devices.map(|device| {
            let mut document = device.document.clone();
            for other in devices {
                take(&mut document, &other.made);
            }
            self.look(&document, today)
        });
        let mut all: Vec<Merged> = orders.into_iter().chain(on_devices).collect();
        let first = all.pop().unwrap();
        for other in &all {
            let bytes = |merged: &Merged| {
                (
                    serde_json::to_string(&merged.state).unwrap(),
                    serde_json::to_string(&merged.deal).unwrap(),
                    serde_json::to_string(&merged.issues).unwrap(),
                    serde_json::to_string(&merged.report).unwrap(),
                )
            };
            assert_eq!(bytes(other), bytes(&first));
        }
        first
    }

    /// Derives everything from a document.
    pub fn look(&self, document: &Document, today: CivilDate) -> Merged {
        let state = document.read(&schema());
        let mut world = self.world.clone();
        world.insert(state.clone());
        Merged {
            deal: Deal::read(&state, &world, today),
            issues: issues(&state, &schema(), &world, today),
            report: pipeline([&state], &world, today),
            chunks: document.chunks_since(&[]),
            state,
        }
    }

    /// This scene with the deal as it was merged.
    pub fn after(&self, merged: &Merged) -> Self {
        Self { world: self.world.clone(), deal: merged.chunks.clone() }
    }
}

/// Runs a story with the two people's devices either way round: who wins a conflict must not matter.
pub fn either_way(story: impl Fn(u8, u8)) {
    story(1, 2);
    story(2, 1);
}

/// Somebody who does something that has nothing to do with the matter.
pub fn bystander(scene: &Scene, today: CivilDate) -> Device {
    let mut device = scene.device(3);
    device.run(today, |_, _| Ok(vec![Edit::set("next_step", "تماس")]));
    device
}

pub fn settings_record(edits: &[Edit]) -> RecordState {
    record(RecordId::from_bytes([0x5e; 16]), "settings", edits)
}

pub fn account() -> RecordState {
    record(record_id(2), "account", &[Edit::set("name", "آریا")])
}

/// A record of a module, by way of a document.
pub fn record(id: RecordId, module: &str, edits: &[Edit]) -> RecordState {
    Document::create(id, module, &author(9), NOW_MS, edits, &schema()).unwrap().0.read(&schema())
}

/// The organisation's settings as the world of a scene reads them; for a rate or a stage in a test.
pub fn has_stage(world: &Records, stage: &str) -> bool {
    world.settings().stages.get(stage).is_some()
}
