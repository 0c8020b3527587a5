//! Lists and search over 10,000 deals with what belongs to them, as whole commands, beside SQLite's own program with the
//! same questions on the same rows.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, ensure};
use forsat_client::ImportOptions;

use crate::commands::run_command;
use crate::measure::Table;
use crate::{Plan, fixture};

const DEALS: usize = 10_000;
const ACCOUNTS: usize = 2_000;
const CONTACTS: usize = 4_000;
const ACTIVITIES: usize = 10_000;
const STAGES: [&str; 4] = ["identification", "needs", "proposal", "negotiation"];
const WORDS: [&str; 10] =
    ["کرمان", "آریا", "پارس", "سپهر", "نگین", "البرز", "دماوند", "زاگرس", "خزر", "کویر"];

const MAPPING: &str = r#"
source = "bench"
[[file]]
name = "accounts.csv"
module = "account"
key = ["name"]
fields = { name = "name", industry = "industry" }
[[file]]
name = "contacts.csv"
module = "contact"
key = ["last_name"]
fields = { last_name = "last_name", job_title = "job_title", account_id = "account" }
[[file]]
name = "deals.csv"
module = "opportunity"
key = ["name"]
[file.fields]
name = "name"
account_id = "account"
close_date = "close_date"
next_step = "next_step"
currency = { value = "USD" }
manual_amount = { column = "amount", currency = "USD" }
[file.stage]
column = "stage"
entered = "close_date"
closed = "close_date"
[file.stage.values]
identification = "identification"
needs = "needs"
proposal = "proposal"
negotiation = "negotiation"
[[file]]
name = "activities.csv"
module = "activity"
key = ["subject"]
fields = { kind = { value = "task" }, subject = "subject", description = "description", due_date = "due_date" }
"#;

/// A question to both: what it is called, our arguments, and SQL.
const QUESTIONS: &[(&str, &[&str], &str)] = &[
    (
        "list by amount",
        &["opp", "list", "--sort=-amount", "-n", "50"],
        "SELECT name, account, stage, amount, close_date FROM deals ORDER BY CAST(amount AS REAL) DESC, name LIMIT 50",
    ),
    (
        "list by name",
        &["opp", "list", "-n", "50"],
        "SELECT name, account, stage, amount, close_date FROM deals ORDER BY name LIMIT 50",
    ),
    (
        "list by three conditions",
        &[
            "opp",
            "list",
            "--where",
            "stage=negotiation and amount>500000 and close_date<2026-06-15",
            "--sort=close_date",
            "-n",
            "50",
        ],
        "SELECT name, account, stage, amount, close_date FROM deals WHERE stage='negotiation' AND \
         CAST(amount AS REAL)>500000 AND close_date<'2026-06-15' ORDER BY close_date LIMIT 50",
    ),
    (
        "list by text",
        &["opp", "list", "--text", "البرز 77", "-n", "50"],
        "SELECT name, account, stage, amount, close_date FROM deals WHERE (name||' '||account||' '||next_step) LIKE \
         '%البرز%' AND (name||' '||account||' '||next_step) LIKE '%77%' ORDER BY name LIMIT 50",
    ),
    (
        "search everywhere",
        &["find", "زاگرس 99"],
        "SELECT name FROM (SELECT name, name||' '||industry AS t FROM accounts UNION ALL SELECT last_name, last_name||' \
         '||job_title||' '||account FROM contacts UNION ALL SELECT name, name||' '||account||' '||next_step FROM deals \
         UNION ALL SELECT subject, subject||' '||description FROM activities) WHERE t LIKE '%زاگرس%' AND t LIKE '%99%' LIMIT 50",
    ),
];

/// Measures every question.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&plan.work)?;
    write_rows(dir.path())?;
    let store = dir.path().join("store");
    let engine = fixture::store(&store)?;
    let options = ImportOptions { refused_dir: Some(dir.path().to_owned()), ..ImportOptions::default() };
    let summary = engine.import(dir.path(), &dir.path().join("mapping.toml"), &options, &mut |_| ())?;
    let created: u64 = summary.files.iter().map(|file| file.created).sum();
    let rows = DEALS + ACCOUNTS + CONTACTS + ACTIVITIES;
    ensure!(created == rows as u64, "every row became a record: {created} of {rows}");
    drop(engine);
    let database = dir.path().join("rival.db");
    let database = database.to_str().context("the path is text")?;
    for file in ["accounts", "contacts", "deals", "activities"] {
        let source = dir.path().join(format!("{file}.csv"));
        let import = format!(".import --csv {} {file}", source.display());
        run_command(Path::new("sqlite3"), &[database, &import])
            .context("sqlite3 makes the rival's tables")?;
    }
    let indexes =
        "CREATE INDEX deals_name ON deals(name); CREATE INDEX deals_stage ON deals(stage, close_date)";
    run_command(Path::new("sqlite3"), &[database, indexes])?;
    let store = store.to_str().context("the path is text")?;
    for (name, arguments, sql) in QUESTIONS {
        let (mut ours, mut limit) = (Vec::new(), Vec::new());
        for _ in 0..plan.times(25, 7) {
            ours.push(run_command(&plan.forsat, &[&["--store", store], *arguments].concat())?);
            limit.push(run_command(Path::new("sqlite3"), &["-readonly", database, sql])?);
        }
        table.add_times(&format!("{name}, {rows} records"), "sqlite3", &ours, &limit);
    }
    Ok(())
}

fn write_rows(dir: &Path) -> anyhow::Result<()> {
    let word = |at: usize| WORDS[at % WORDS.len()];
    let account = |at: usize| format!("{} {at:04}", word(at));
    let mut accounts = "name,industry\n".to_owned();
    for at in 0..ACCOUNTS {
        writeln!(accounts, "{},{}", account(at), word(at / 10))?;
    }
    let mut contacts = "last_name,job_title,account\n".to_owned();
    for at in 0..CONTACTS {
        writeln!(contacts, "{}ی {at},مدیر {},{}", word(at * 3), word(at / 7), account(at % ACCOUNTS))?;
    }
    let mut deals = "name,account,close_date,next_step,amount,stage\n".to_owned();
    let mut activities = "subject,description,due_date\n".to_owned();
    for at in 0..DEALS {
        let (account, stage) = (account(at * 7 % ACCOUNTS), STAGES[at * 13 % STAGES.len()]);
        let date = format!("2026-{:02}-{:02}", 1 + at * 11 % 12, 1 + at * 17 % 28);
        let amount = 1_000 + at * 7_919 % 1_000_000;
        writeln!(deals, "فرصت {at:05},{account},{date},تماس با {},{amount},{stage}", word(at / 3))?;
    }
    for at in 0..ACTIVITIES {
        let date = format!("2026-{:02}-{:02}", 1 + at % 12, 1 + at % 28);
        writeln!(activities, "پیگیری {at:05},درباره {},{date}", account(at % ACCOUNTS))?;
    }
    let files =
        [("accounts", accounts), ("contacts", contacts), ("deals", deals), ("activities", activities)];
    for (name, text) in files {
        std::fs::write(dir.join(format!("{name}.csv")), text)?;
    }
    Ok(std::fs::write(dir.join("mapping.toml"), MAPPING)?)
}
