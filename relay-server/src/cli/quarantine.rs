//! `forsat-relay quarantine`: what is typed, and what is shown of it.

use clap::Subcommand;

use super::lists::{short, table};
use super::tokens::moment;
use crate::admin::{QuarantineDroppedView, QuarantineRowView, Request};

#[derive(Debug, Subcommand)]
pub(super) enum QuarantineCommand {
    /// List what lies aside: who brought it and when, of which record, for which space, why, and how large it is.
    List {
        /// Of this space alone.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        /// Begin after this number.
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        after: u64,
    },
    /// Drop changes for good. Without --yes it says how many would go.
    Drop {
        /// Their numbers in the list.
        #[arg(value_name = "NUMBER", required_unless_present = "space", conflicts_with = "space")]
        numbers: Vec<u64>,
        /// All that lies aside for this space.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        /// Do it. It can't be taken back.
        #[arg(long)]
        yes: bool,
    },
}

/// What is asked.
pub(super) fn request(command: QuarantineCommand) -> Request {
    match command {
        QuarantineCommand::List { space, after } => Request::QuarantineList { space, after },
        QuarantineCommand::Drop { numbers, space, yes } => {
            Request::QuarantineDrop { numbers, space, confirmed: yes }
        }
    }
}

pub(super) fn rows(rows: &[QuarantineRowView], more: bool) -> String {
    let cells = rows.iter().map(|row| {
        [
            row.number.to_string(),
            moment(row.received_at_ms),
            row.user_name.clone(),
            row.device_name.clone(),
            short(&row.document),
            row.spaces.join(", "),
            row.bytes.to_string(),
            row.reason.clone(),
        ]
    });
    let head = ["number", "came (UTC)", "user", "device", "document", "space", "bytes", "reason"];
    let mut text = table(head, cells);
    if let Some(last) = rows.last().filter(|_| more) {
        text.push_str(&format!("There is more: add --after {}\n", last.number));
    }
    text
}

pub(super) fn dropped(view: &QuarantineDroppedView) -> String {
    let what = format!("{} changes ({} bytes)", view.changes, view.bytes);
    match view.dropped {
        true => format!("{what} are dropped from the quarantine.\n"),
        false => format!("Nothing is dropped yet: to drop {what} for good, run the same with --yes.\n"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    fn typed(words: &str) -> Option<Request> {
        let arguments = Arguments::try_parse_from(words.split(' ')).ok()?;
        let Command::Quarantine(command) = arguments.command else { return None };
        Some(request(command))
    }

    #[test]
    fn what_is_dropped_is_named_by_numbers_or_by_a_space() {
        let dropped = |numbers: &[u64], space: Option<&str>, confirmed| {
            let space = space.map(str::to_owned);
            Some(Request::QuarantineDrop { numbers: numbers.to_vec(), space, confirmed })
        };
        assert_eq!(typed("forsat-relay quarantine drop 4 5"), dropped(&[4, 5], None, false));
        assert_eq!(
            typed("forsat-relay quarantine drop --space North --yes"),
            dropped(&[], Some("North"), true)
        );
        assert_eq!(typed("forsat-relay quarantine drop --yes"), None);
        assert_eq!(typed("forsat-relay quarantine drop 4 --space North"), None);
        let listed = Request::QuarantineList { space: Some("North".into()), after: 7 };
        assert_eq!(typed("forsat-relay quarantine list --space North --after 7"), Some(listed));
    }

    #[test]
    fn names_that_devices_chose_steer_no_terminal() {
        let row = QuarantineRowView {
            number: 4,
            document: "0199f00dbeef7abc8123456789abcdef".into(),
            spaces: vec!["North".into(), "South".into()],
            reason: "moved_away".into(),
            device: String::new(),
            device_name: "\u{1b}[2Jphone".into(),
            user: String::new(),
            user_name: "Reza".into(),
            received_at_ms: 1_700_000_000_000,
            bytes: 120,
        };
        let text = rows(&[row], true);
        assert!(!text.contains('\u{1b}') && text.contains("[2Jphone"), "{text}");
        assert!(text.contains("4       2023-11-14 22:13  Reza") && text.contains("North, South"), "{text}");
        assert!(text.ends_with("There is more: add --after 4\n"), "{text}");
    }
}
