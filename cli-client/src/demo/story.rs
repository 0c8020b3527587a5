//! What Sara and Reza do: deals that both know, then edits made apart.

use forsat_client::{CloseInput, Engine, FieldInput, Saved};
use uuid::Uuid;

use super::stage::Stage;
use crate::app::App;
use crate::error::CliError;
use crate::i18n::{Language, tr};

/// The days on which the disputed deals close.
pub const WON_ON: &str = "1404/06/31";
/// Two days later, already in the next month.
pub const LOST_ON: &str = "1404/07/02";

/// Amounts in the workspace's currency.
pub const BOOKED: &str = "1000000";
/// The line that comes after the deal was won.
pub const LATE_LINE: &str = "200000";
/// The amount typed by hand.
pub const BY_HAND: &str = "900000";
/// The line that comes beside it.
pub const SMALL_LINE: &str = "50000";
/// What the disputed deal is worth.
const DISPUTED: &str = "800000";

/// A deal of the story.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: Uuid,
    /// Its id as the commands take it.
    pub reference: String,
    /// Its name.
    pub name: String,
}

/// The deals that both people know.
#[derive(Debug)]
pub struct Deals {
    /// Won on one side, a line added on the other.
    pub won: Known,
    /// Priced by hand on one side, a line added on the other.
    pub priced: Known,
    /// Won on one side, lost on the other.
    pub disputed: Known,
    /// Described on both sides.
    pub described: Known,
}

impl Deals {
    /// All of them.
    pub fn all(&self) -> [&Known; 4] {
        [&self.won, &self.priced, &self.disputed, &self.described]
    }
}

/// Sara enters the account and four deals.
pub fn begin(app: &App, stage: &Stage) -> Result<Deals, CliError> {
    let words: [&str; 5] = match app.messages.language() {
        Language::En => ["Arya", "server", "support", "licence", "network"],
        Language::Fa => ["آریا", "سرور", "پشتیبانی", "مجوز", "شبکه"],
    };
    let account = stage.office.create("account", &fields(&[("name", words[0])]))?;
    let deal = |product: &str, more: &[(&str, &str)]| -> Result<Known, CliError> {
        let name = format!("{}/{product}", words[0]);
        let mut given = fields(&[
            ("name", name.as_str()),
            ("account_id", account.short.as_str()),
            ("opened_on", "1404/05/01"),
            ("close_date", WON_ON),
            ("stage", "negotiation"),
        ]);
        given.extend(fields(more));
        Ok(known(stage.office.create("opportunity", &given)?, name))
    };
    let lines = &[("amount_mode", "lines")][..];
    let deals = Deals {
        won: deal(words[1], lines)?,
        priced: deal(words[2], lines)?,
        disputed: deal(words[3], &[("amount", DISPUTED)])?,
        described: deal(
            words[4],
            &[("amount", SMALL_LINE), ("description", &tr!(app.messages, "demo-base-text"))],
        )?,
    };
    for priced in [&deals.won, &deals.priced] {
        add_line(&stage.office, priced, BOOKED)?;
    }
    Ok(deals)
}

/// Both work without a network.
pub fn apart(app: &App, stage: &Stage, deals: &Deals) -> Result<(), CliError> {
    let (office, field) = (&stage.office, &stage.field);
    let won = CloseInput { on: Some(WON_ON.into()), ..CloseInput::default() };
    let lost = CloseInput { on: Some(LOST_ON.into()), reason: Some("price".into()), note: None };
    office.win(&deals.won.reference, &won)?;
    add_line(field, &deals.won, LATE_LINE)?;
    office.edit("opportunity", &deals.priced.reference, &fields(&[("amount", BY_HAND)]))?;
    add_line(field, &deals.priced, SMALL_LINE)?;
    office.win(&deals.disputed.reference, &won)?;
    field.lose(&deals.disputed.reference, &lost)?;
    let base = tr!(app.messages, "demo-base-text");
    let before = format!("{} {base}", tr!(app.messages, "demo-sara-text"));
    let after = format!("{base} {}", tr!(app.messages, "demo-reza-text"));
    office.edit("opportunity", &deals.described.reference, &fields(&[("description", before.as_str())]))?;
    field.edit("opportunity", &deals.described.reference, &fields(&[("description", after.as_str())]))?;
    for (engine, product) in [(office, "GTX Pro"), (field, "MG Special")] {
        let own = [("account_id", "Isdom"), ("close_date", "+30d"), ("amount_mode", "lines")];
        let saved = engine.create("opportunity", &fields(&own))?;
        engine.line_add(&saved.short, Some(product), &[])?;
    }
    Ok(())
}

fn add_line(engine: &Engine, deal: &Known, price: &str) -> Result<(), CliError> {
    let line = fields(&[
        ("name", deal.name.rsplit('/').next().unwrap_or_default()),
        ("qty", "1"),
        ("unit_price", price),
    ]);
    engine.line_add(&deal.reference, None, &line)?;
    Ok(())
}

fn known(saved: Saved, name: String) -> Known {
    Known { id: saved.id, reference: saved.short, name }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldInput> {
    pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}
