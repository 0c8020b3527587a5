//! Why a relay can't be reached, as data: each language puts it into words of its own.

use thiserror::Error;

/// What ended a connection, or kept it from being made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetworkFailure {
    /// Nobody answered for too long.
    #[error("no answer in time")]
    NoAnswer,
    /// What was sent didn't leave.
    #[error("the network took no data for too long")]
    NothingTaken,
    /// The relay ended the connection.
    #[error("the relay closed the connection")]
    Closed,
    /// Something else answers at the address.
    #[error("what answers at this address isn't a Forsat relay")]
    NotARelay,
    /// A web server answers, and doesn't speak as a relay does.
    #[error("it answers with HTTP {0}, not as a Forsat relay")]
    Http(String),
    /// What the system or the network said.
    #[error("{0}")]
    System(String),
}
