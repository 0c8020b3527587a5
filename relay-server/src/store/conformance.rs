//! One suite of checks for every implementation of the store.
