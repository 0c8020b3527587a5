//! The engine on real stores: import of the whole sample set, commands, undo, and two devices that meet.

mod admin;
mod authors;
mod chain;
mod commands;
mod custom;
mod erased;
mod exchange;
mod hostile;
mod import;
mod lead;
mod lists;
mod moves;
mod one_id;
mod pair;
mod past;
mod persian;
mod receiving;
mod related;
mod reports;
mod sharing;
mod strangers;
mod support;
mod sync;
mod undo;
