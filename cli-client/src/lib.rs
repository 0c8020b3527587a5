//! The command line of Forsat: reads arguments, calls the engine, shows what it answers.
//!
//! * [`run`] is the whole program.
//! * `args` is the command tree; a module's commands come from the schema table.
//! * `commands` has one file a command or family of commands.
//! * `render` turns the engine's answers into lines; `i18n` has the words in Persian and English.
//! * `keyring` reaches the keyring of the desktop.
//! * `demo` runs the whole loop on one machine.
//!
//! Nothing here decides what a record says or how edits merge: that is the engine's part.

mod app;
mod args;
mod ask;
mod bidi;
mod clean;
mod commands;
mod demo;
mod drafts;
mod error;
mod help;
mod i18n;
mod keyring;
mod output;
mod progress;
mod reference;
mod render;
mod table;
mod usage;

pub use app::run;
pub use args::{EXIT_CODES, command};
pub use error::{CliError, Exit};
pub use reference::markdown as reference;
