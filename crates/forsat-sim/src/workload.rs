//! What people do: commands of the real engine, drawn from a seed's own mix.

use crate::random::Random;
use forsat_client::{ClientError, CloseInput, Engine, FieldInput, Resolve, Saved};
use forsat_sync::id::DocumentId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The kinds of edits, in the order of a mix's weights.
pub const KINDS: [&str; 16] = [
    "create account",
    "create product",
    "create opportunity",
    "edit register",
    "edit text",
    "edit tags",
    "edit account",
    "stage",
    "win",
    "lose",
    "reopen",
    "line add",
    "line edit",
    "line remove",
    "delete or restore",
    "resolve or undo",
];

/// What became of a command.
#[derive(Debug)]
pub enum Done {
    /// It answered that it is saved.
    Saved(Box<Saved>),
    /// Its answer changed nothing, or it was refused as it should be.
    Nothing,
    /// The store failed: whether it is saved is not known.
    Failed(String),
    /// It failed in a way that nothing explains.
    Wrong(String),
}

/// The people of a world, who know of the records that any of them has made.
#[derive(Debug)]
pub struct Workload {
    random: Random,
    mix: Vec<u32>,
    accounts: Vec<Uuid>,
    products: Vec<Uuid>,
    deals: Vec<Uuid>,
    names: u64,
    /// How many commands of each kind were saved.
    pub saved: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Copy)]
enum List {
    Accounts,
    Products,
    Deals,
}

type Answer = Result<Saved, ClientError>;

impl Workload {
    /// People with a mix of habits.
    pub fn new(random: Random, mix: Vec<u32>) -> Self {
        Self {
            random,
            mix,
            accounts: Vec::new(),
            products: Vec::new(),
            deals: Vec::new(),
            names: 0,
            saved: BTreeMap::new(),
        }
    }

    /// Every record that anybody has made.
    pub fn records(&self) -> Vec<Uuid> {
        [&self.accounts, &self.deals, &self.products].into_iter().flatten().copied().collect()
    }

    /// Someone does something on a device. Answers what it was.
    pub fn act(&mut self, engine: &Engine) -> (&'static str, Done) {
        let mut kind = self.random.weighted(&self.mix);
        // Somebody has to begin.
        if self.accounts.is_empty() {
            kind = 0;
        } else if self.deals.is_empty() && kind > 2 {
            kind = 2;
        }
        let name = KINDS[kind];
        let answer = match kind {
            0 => self.create_account(engine),
            1 => self.create_product(engine),
            2 => self.create_deal(engine),
            14 => self.delete_or_restore(engine),
            15 => return (name, self.resolve_or_undo(engine)),
            6 => self.edit_account(engine),
            _ => self.on_deal(engine, kind),
        };
        (name, self.judge(name, answer))
    }

    fn judge(&mut self, kind: &'static str, answer: Answer) -> Done {
        match answer {
            Ok(saved) => {
                if saved.changed {
                    *self.saved.entry(kind).or_default() += 1;
                }
                Done::Saved(Box::new(saved))
            }
            Err(error) => failure(error),
        }
    }

    /// One of the records of a list, as far as can be one that this device holds. The list isn't empty.
    fn here(&mut self, engine: &Engine, list: List) -> Uuid {
        const TRIES: usize = 6;
        let list = match list {
            List::Accounts => &self.accounts,
            List::Products => &self.products,
            List::Deals => &self.deals,
        };
        let held = |record: &Uuid| {
            let id = DocumentId::from_bytes(record.into_bytes());
            engine.store().read().is_ok_and(|tx| tx.document(&id).is_ok_and(|row| row.is_some()))
        };
        let picked: Vec<Uuid> = (0..TRIES).map(|_| list[self.random.place(list.len())]).collect();
        picked.iter().copied().find(held).unwrap_or(picked[0])
    }

    fn name(&mut self, what: &str) -> String {
        self.names += 1;
        format!("{what} {}", self.names)
    }

    fn create_account(&mut self, engine: &Engine) -> Answer {
        // Now and then two people name two accounts alike.
        let name =
            if self.random.percent(20) { "شرکت نمونه".to_owned() } else { self.name("Account") };
        let saved = engine.create("account", &[FieldInput::new("name", name)])?;
        self.accounts.push(saved.id);
        Ok(saved)
    }

    fn create_product(&mut self, engine: &Engine) -> Answer {
        let fields = [
            FieldInput::new("name", self.name("Product")),
            FieldInput::new("unit", "box"),
            FieldInput::new("prices", self.random.within(1..9_000_000).to_string()),
        ];
        let saved = engine.create("product", &fields)?;
        self.products.push(saved.id);
        Ok(saved)
    }

    fn create_deal(&mut self, engine: &Engine) -> Answer {
        let account = self.here(engine, List::Accounts);
        let fields = [
            FieldInput::new("name", self.name("Deal")),
            FieldInput::new("account_id", account.to_string()),
            FieldInput::new("close_date", format!("2025-1{}-15", self.random.within(0..3))),
            FieldInput::new("amount", self.random.within(1..20_000_000_000).to_string()),
        ];
        let saved = engine.create("opportunity", &fields)?;
        self.deals.push(saved.id);
        Ok(saved)
    }

    fn edit_account(&mut self, engine: &Engine) -> Answer {
        let account = self.here(engine, List::Accounts);
        let field = match self.random.place(5) {
            0 => FieldInput::new("industry", ["steel", "food", "software"][self.random.place(3)]),
            1 => FieldInput::new("employees", self.random.within(1..500).to_string()),
            2 => FieldInput::new("website", self.name("https://example.com/")),
            3 => FieldInput::new("annual_revenue", self.random.within(1..1_000_000).to_string()),
            _ => FieldInput::new("description", self.text()),
        };
        engine.edit("account", &account.to_string(), &[field])
    }

    fn on_deal(&mut self, engine: &Engine, kind: usize) -> Answer {
        let deal = self.here(engine, List::Deals).to_string();
        match kind {
            3 => engine.edit("opportunity", &deal, &[self.register(engine)]),
            4 => engine.edit("opportunity", &deal, &[FieldInput::new("description", self.text())]),
            5 => engine.edit("opportunity", &deal, &[self.tags()]),
            7 => engine
                .stage(&deal, ["identification", "needs", "proposal", "negotiation"][self.random.place(4)]),
            8 => engine.win(&deal, &self.close(None)),
            9 => {
                let reason = ["price", "competitor", "budget"][self.random.place(3)];
                engine.lose(&deal, &self.close(Some(reason)))
            }
            10 => engine.reopen(&deal, None),
            11 => self.line_add(engine, &deal),
            12 => {
                let field = match self.random.place(4) {
                    0 => FieldInput::new("unit_price", self.random.within(1..900_000).to_string()),
                    1 => FieldInput::new("note", self.name("Note")),
                    2 => FieldInput::new("discount", "10%"),
                    _ => FieldInput::new("qty", self.random.within(1..50).to_string()),
                };
                engine.line_edit(&deal, &self.random.within(1..3).to_string(), &[field])
            }
            _ => engine.line_remove(&deal, &self.random.within(1..3).to_string()),
        }
    }

    fn register(&mut self, engine: &Engine) -> FieldInput {
        match self.random.place(9) {
            0 => FieldInput::new("name", self.name("Deal")),
            1 => FieldInput::new("next_step", self.name("Call")),
            2 => FieldInput::new("business_type", ["existing", "new"][self.random.place(2)]),
            3 => FieldInput::new("status", ["active", "inactive"][self.random.place(2)]),
            4 => FieldInput::new("close_date", format!("2026-0{}-20", self.random.within(1..10))),
            5 => FieldInput::new("amount", self.random.within(1..90_000_000).to_string()),
            6 => FieldInput::new("probability", self.random.within(0..101).to_string()),
            7 => FieldInput::new("currency", ["EUR", "IRR", "USD"][self.random.place(3)]),
            _ => {
                let account = self.here(engine, List::Accounts);
                FieldInput::new("account_id", account.to_string())
            }
        }
    }

    /// A text that shares much with the others, so that two people write into each other's.
    fn text(&mut self) -> String {
        let words = ["دیدار", "قیمت", "باشد", "call", "again", "on", "Monday", "با", "مدیر", "offer"];
        let count = self.random.within(1..30);
        let text: Vec<_> = (0..count).map(|_| words[self.random.place(words.len())]).collect();
        text.join(" ")
    }

    fn tags(&mut self) -> FieldInput {
        let tag = ["vip", "2025", "فوری", "tender"][self.random.place(4)];
        FieldInput::new(if self.random.percent(70) { "tags+" } else { "tags-" }, tag)
    }

    fn close(&mut self, reason: Option<&str>) -> CloseInput {
        let on = self.random.percent(50).then(|| format!("2025-0{}-11", self.random.within(1..9)));
        CloseInput { on, reason: reason.map(str::to_owned), note: None }
    }

    fn line_add(&mut self, engine: &Engine, deal: &str) -> Answer {
        let qty = FieldInput::new("qty", self.random.within(1..20).to_string());
        let price = FieldInput::new("unit_price", self.random.within(1..900_000).to_string());
        let product = (!self.products.is_empty()).then(|| self.here(engine, List::Products));
        match product.filter(|_| self.random.percent(70)) {
            Some(product) => engine.line_add(deal, Some(&product.to_string()), &[qty, price]),
            None => engine.line_add(deal, None, &[FieldInput::new("name", self.name("Work")), qty, price]),
        }
    }

    fn delete_or_restore(&mut self, engine: &Engine) -> Answer {
        let on_account = self.random.percent(30);
        let (module, list) =
            if on_account { ("account", List::Accounts) } else { ("opportunity", List::Deals) };
        let record = self.here(engine, list).to_string();
        if self.random.percent(50) { engine.delete(module, &record) } else { engine.restore(module, &record) }
    }

    fn resolve_or_undo(&mut self, engine: &Engine) -> Done {
        const KIND: &str = "resolve or undo";
        if self.random.percent(25) {
            return match engine.undo() {
                Ok(undone) => {
                    *self.saved.entry(KIND).or_default() += 1;
                    undone
                        .saved
                        .into_iter()
                        .next()
                        .map_or(Done::Nothing, |saved| Done::Saved(Box::new(saved)))
                }
                Err(error) => failure(error),
            };
        }
        let issues = match engine.issues(true) {
            Ok(list) => list.issues,
            Err(error) => return failure(error),
        };
        let Some(view) = self.random.pick(&issues) else { return Done::Nothing };
        let issue = serde_json::to_value(&view.issue).unwrap_or_default();
        let what = issue.get("field").and_then(|field| field.as_str()).filter(|field| !field.is_empty());
        let code = issue.get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned();
        let what = what.map_or(code, str::to_owned);
        let take = usize::try_from(self.random.within(1..3)).unwrap_or(1);
        let answer = engine.resolve(&view.id.to_string(), &what, &Resolve::Take(take));
        self.judge(KIND, answer)
    }
}

/// Refusals are answers; failures of the store are for the world to explain; anything else is wrong.
pub(crate) fn failure(error: ClientError) -> Done {
    match error {
        ClientError::Rule(_)
        | ClientError::Refused(_)
        | ClientError::Argument(_)
        | ClientError::NotFound { .. }
        | ClientError::Ambiguous { .. }
        | ClientError::NeedsConfirmation(_)
        | ClientError::NothingToUndo => Done::Nothing,
        ClientError::Store(error) => Done::Failed(error.to_string()),
        other => Done::Wrong(other.to_string()),
    }
}
