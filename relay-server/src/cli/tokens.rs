//! `forsat-relay token`: what is typed, and what is shown of it.

use clap::Subcommand;

use super::lists::table;
use crate::admin::{Request, TOKEN_MS_MAX, TokenMadeView, TokenView};

/// Variables that say who is at the keyboard, the truest first.
const WHO: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, this once.
    Create {
        /// What it is called: letters, digits, `-`, `_` and `.`.
        name: String,
        /// What it is for: read (lists, status), access (invites, roles, devices), or both.
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPES")]
        scope: Vec<String>,
        /// The only space that it may reach; without one, every space.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        /// How long it is good, such as 12h or 90d; without it, until it is revoked.
        #[arg(long, value_name = "TIME", value_parser = time)]
        expires: Option<u64>,
    },
    /// List the tokens, without what a program sends.
    List,
    /// Make a token worthless, from its next request on, with the invites that wait by it.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// What is asked; `environment` says who asks.
pub(super) fn request(command: TokenCommand, environment: &[(String, String)]) -> Request {
    match command {
        TokenCommand::Create { name, scope, space, expires } => {
            Request::TokenCreate { name, scopes: scope, space, expires_in_ms: expires, by: who(environment) }
        }
        TokenCommand::List => Request::TokenList,
        TokenCommand::Revoke { name } => Request::TokenRevoke { name },
    }
}

fn who(environment: &[(String, String)]) -> String {
    let value = |name: &str| environment.iter().find(|(found, value)| found == name && !value.is_empty());
    WHO.into_iter().find_map(value).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Reads `30m`, `12h`, `90d` or `8w`, in milliseconds.
fn time(text: &str) -> Result<u64, String> {
    let read = || {
        let unit_ms = match text.chars().last()? {
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 24 * 3_600_000,
            'w' => 7 * 24 * 3_600_000,
            _ => return None,
        };
        let number: u64 = text[..text.len() - 1].parse().ok()?;
        number.checked_mul(unit_ms).filter(|time_ms| (1..=TOKEN_MS_MAX).contains(time_ms))
    };
    read().ok_or_else(|| "type a number and m, h, d or w, at most ten years: 12h, 90d".to_owned())
}

pub(super) fn made(view: &TokenMadeView) -> String {
    let until = match view.made.expires_at_ms {
        Some(at_ms) => format!("until {}", moment(at_ms)),
        None => "until it is revoked".to_owned(),
    };
    let place = view.made.space.as_ref().map_or(String::new(), |space| format!(" in \"{space}\""));
    format!(
        "{}\n\nThe token \"{}\" is for {}{place}, {until}. It is shown this once: keep it as you keep passwords.\n",
        view.token,
        view.made.name,
        view.made.scopes.join(", "),
    )
}

pub(super) fn list(tokens: &[TokenView]) -> String {
    let rows = tokens.iter().map(|token| {
        let expires = match token.expires_at_ms {
            Some(at_ms) if token.state == "expired" => format!("{} (expired)", moment(at_ms)),
            Some(at_ms) => moment(at_ms),
            None => "never".to_owned(),
        };
        [
            token.name.clone(),
            token.scopes.join(","),
            token.space.clone().unwrap_or_else(|| "every space".to_owned()),
            moment(token.made_at_ms),
            token.used_at_ms.map_or_else(|| "never".to_owned(), moment),
            expires,
            token.by.clone(),
        ]
    });
    table(["name", "scopes", "space", "made (UTC)", "last used", "expires", "by"], rows)
}

pub(super) fn revoked(view: &TokenView) -> String {
    format!("The token \"{}\" is worthless now, and so are the invites that wait by it.\n", view.name)
}

/// A moment to the minute, in UTC.
pub(super) fn moment(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
    at.map_or_else(|| at_ms.to_string(), |at| at.format("%Y-%m-%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        assert_eq!(time("90d"), Ok(90 * 24 * 3_600_000));
        assert_eq!((time("30m"), time("12h"), time("1w")), (Ok(1_800_000), Ok(43_200_000), Ok(604_800_000)));
        for text in ["", "d", "90", "0d", "-1d", "1.5d", "4000d", "18446744073709551615w", "۹d", "1é"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_to_the_minute() {
        assert_eq!(moment(1_700_000_000_000), "2023-11-14 22:13");
    }
}
