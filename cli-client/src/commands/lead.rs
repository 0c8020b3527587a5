//! Converting leads, and the people of deals.

use clap::ArgMatches;
use forsat_client::{ConvertInput, Engine, FieldInput};
use forsat_domain::schema::OPPORTUNITY;

use super::record::{option, saved, text};
use crate::app::App;
use crate::error::CliError;
use crate::render;

/// Turns a lead into an account, a contact and a deal, and shows what came of it.
pub fn convert(app: &mut App, engine: &Engine, matches: &ArgMatches) -> Result<(), CliError> {
    let given = |option_name: &str, field: &str| {
        option(matches, option_name).map(|value| FieldInput::new(field, value))
    };
    let fields =
        [given("opportunity-name", "name"), given("amount", "amount"), given("close-date", "close_date")];
    let input = ConvertInput {
        account: option(matches, "account"),
        new_account: option(matches, "new-account"),
        contact: option(matches, "contact"),
        no_opportunity: matches.get_flag("no-opportunity"),
        fields: fields.into_iter().flatten().collect(),
        products: matches.get_many::<String>("product").into_iter().flatten().cloned().collect(),
    };
    let answer = engine.convert_lead(text(matches, "record"), &input)?;
    if app.out.is_json() {
        app.out.json(&answer);
        return Ok(());
    }
    for line in render::lead::outcomes(app, &answer) {
        app.out.data(line);
    }
    for line in render::lead::notes(app, engine, &answer)? {
        app.out.note(line);
    }
    // What was typed belongs to the deal.
    let mut lead = answer.lead;
    for (field, value) in std::mem::take(&mut lead.echoed) {
        let label = render::field_label(app, OPPORTUNITY, &field);
        app.out.note(format!("{label} = {value}"));
    }
    saved(app, lead)
}

/// Adds a contact to a deal, or takes one off.
pub fn contact(app: &mut App, engine: &Engine, matches: &ArgMatches) -> Result<(), CliError> {
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    let (record, contact) = (text(sub, "record"), text(sub, "contact"));
    let answer = match name {
        "add" => engine.contact_add(record, contact, option(sub, "role").as_deref())?,
        _ => engine.contact_remove(record, contact)?,
    };
    saved(app, answer)
}
