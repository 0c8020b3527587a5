//! How documents hold, merge, refuse and give back what was written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod acceptance;
mod chain;
mod codes;
mod conversion;
mod edits;
mod facts;
mod guard;
mod history;
mod merging;
mod property;
mod reauthor;
mod reports;
mod scenarios;
mod scene;
mod settings;
mod support;
