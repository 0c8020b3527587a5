//! How documents hold, merge, refuse and give back what was written.

mod codes;
mod edits;
mod facts;
mod guard;
mod history;
mod property;
mod reauthor;
mod scenarios;
mod scene;
mod support;
