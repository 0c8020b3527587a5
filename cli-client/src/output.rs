//! Where words go: data on standard output, everything else on standard error; colour only where it is seen.

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::bidi::{Bidi, visual};
use crate::clean;

/// Ids and headings that the eye looks for first.
pub const STRONG: Style = Style::new().bold();
/// What matters less than what stands beside it.
pub const FAINT: Style = Style::new().dimmed();
/// Something that a person must decide.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Something that went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something that went well.
pub const GOOD: Style = AnsiColor::Green.on_default();

/// When to colour the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// Where the output is a terminal and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams of a command and the form that its user asked for.
#[derive(Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
    bidi: Bidi,
    failed: Option<io::ErrorKind>,
}

impl Output {
    /// Sets up the streams; `color` holds for the whole process.
    pub fn new(json: bool, quiet: bool, color: Color, bidi: Bidi) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { json, quiet, bidi, failed: None }
    }

    /// Whether data goes out as JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person sits at both ends, so that questions may be asked.
    pub fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal() && !self.json
    }

    /// Whether a person watches standard error, so that progress is worth drawing.
    pub fn shows_progress(&self) -> bool {
        io::stderr().is_terminal() && !self.quiet
    }

    /// The width of the terminal in columns, where there is one.
    pub fn width(&self) -> Option<u16> {
        terminal_width()
    }

    /// Writes a line of data.
    pub fn data(&mut self, line: impl AsRef<str>) {
        let line = clean::lines(line.as_ref());
        let outcome = if self.bidi == Bidi::App && !self.json && io::stdout().is_terminal() {
            writeln!(anstream::stdout(), "{}", visual(&line))
        } else {
            writeln!(anstream::stdout(), "{line}")
        };
        self.remember(outcome);
    }

    /// Writes one JSON value and a line end.
    pub fn json(&mut self, value: &impl Serialize) {
        let text =
            serde_json::to_string_pretty(value).expect("results have string keys and no failing parts");
        let outcome = writeln!(anstream::stdout(), "{text}");
        self.remember(outcome);
    }

    /// Writes one JSON value on one line, for a stream of them.
    pub fn json_line(&mut self, value: &impl Serialize) {
        let text = serde_json::to_string(value).expect("results have string keys and no failing parts");
        let outcome = writeln!(anstream::stdout(), "{text}");
        self.remember(outcome);
    }

    /// Writes a line for the person, unless `--quiet`.
    pub fn note(&mut self, line: impl AsRef<str>) {
        if !self.quiet {
            self.failure(line);
        }
    }

    /// Writes the line that says why the command failed, also with `--quiet`.
    pub fn failure(&mut self, line: impl AsRef<str>) {
        let line = clean::lines(line.as_ref());
        // A closed standard error is no reason to fail work that is done.
        let _ = if self.bidi == Bidi::App && io::stderr().is_terminal() {
            writeln!(anstream::stderr(), "{}", visual(&line))
        } else {
            writeln!(anstream::stderr(), "{line}")
        };
    }

    /// Whether the reader of the data went away (`forsat … | head`): the command then ends in silence.
    pub fn reader_left(&self) -> bool {
        self.failed == Some(io::ErrorKind::BrokenPipe)
    }

    fn remember(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            self.failed.get_or_insert(error.kind());
        }
    }
}

fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}

/// Paints text on one line; the stream strips it where colour is not seen.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{}{style:#}", clean::value(&text.to_string()))
}
