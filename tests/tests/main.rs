//! Tests of the whole: the rules of the workspace, and end to end with real processes.

mod dependencies;
mod e2e;
mod hygiene;
mod repo;
