//! The command line of Forsat.
