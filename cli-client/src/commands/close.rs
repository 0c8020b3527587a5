//! `opp win` and `opp lose`: a loss needs a reason, which a terminal asks for; a win is offered one.

use clap::ArgMatches;
use forsat_client::{CloseInput, Engine};
use forsat_domain::schema::SettingList;
use forsat_domain::settings::REASON_OTHER;

use super::record::{option, saved, text};
use crate::app::App;
use crate::ask::{self, Keys, Line};
use crate::error::CliError;
use crate::i18n::tr;

/// Closes a deal.
pub fn close(app: &mut App, engine: &Engine, won: bool, matches: &ArgMatches) -> Result<(), CliError> {
    let record = text(matches, "record");
    let mut input = CloseInput {
        on: option(matches, "on"),
        reason: option(matches, "reason"),
        note: option(matches, "note"),
    };
    let asks = app.out.is_interactive() && !(won && app.global.yes);
    if input.reason.is_none() && asks {
        // A deal that isn't there is said before any question.
        engine.show("opportunity", record)?;
        let _keys = Keys::keep();
        input.reason = reason(app, engine, won)?;
        if input.reason.as_deref() == Some(REASON_OTHER) && input.note.is_none() {
            let label = tr!(app.messages, "ask-note");
            input.note = ask::line(app, engine, &Line { label: &label, ..Line::default() })?;
        }
    }
    if input.reason.is_none() && !won {
        return Err(CliError::Usage(tr!(app.messages, "reason-to-choose", options = known(engine)?)));
    }
    let answer = match won {
        true => engine.win_forced(record, &input, matches.get_flag("force"))?,
        false => engine.lose(record, &input)?,
    };
    saved(app, answer)
}

/// Asks why; a win may go without a reason.
fn reason(app: &App, engine: &Engine, won: bool) -> Result<Option<String>, CliError> {
    let (list, key) = if won {
        (SettingList::WinReasons, "ask-reason-won")
    } else {
        (SettingList::LossReasons, "ask-reason-lost")
    };
    let settings = engine.settings()?;
    let items: Vec<_> = settings.items(list).iter().filter(|item| !item.archived).collect();
    let mut labels: Vec<String> =
        items.iter().map(|item| item.label.get(app.locale.language()).to_owned()).collect();
    let skip = usize::from(won);
    if won {
        labels.insert(0, tr!(app.messages, "ask-none"));
    }
    if items.is_empty() {
        return Ok(None);
    }
    match ask::choice(app, &app.messages.text(key, &[]), labels, 0)? {
        None if !won => Err(CliError::Interrupted),
        Some(place) if place >= skip => Ok(Some(items[place - skip].id.clone())),
        _ => Ok(None),
    }
}

/// The reasons that can be given, by id.
fn known(engine: &Engine) -> Result<String, CliError> {
    let settings = engine.settings()?;
    let items = settings.items(SettingList::LossReasons).iter().filter(|item| !item.archived);
    Ok(items.map(|item| item.id.as_str()).collect::<Vec<_>>().join(", "))
}
