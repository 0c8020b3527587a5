//! The engine on real stores: import of the whole sample set, commands, undo, and two devices that meet.

mod chain;
mod commands;
mod import;
mod lead;
mod pair;
mod related;
mod sharing;
mod support;
mod sync;
