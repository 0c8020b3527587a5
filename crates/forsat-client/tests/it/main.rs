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
mod pages;
mod pair;
mod past;
mod persian;
mod quarantine;
mod receiving;
mod related;
mod repair;
mod reports;
mod sharing;
mod strangers;
mod support;
mod sync;
mod undo;
