//! The WebSocket: addresses, TLS, messages within limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use forsat_sync::limits::MESSAGE_BYTES_MAX;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::error::{AddressFault, ArgumentError, ClientError, ClientRefusal, NetworkFailure};

/// How long opening a connection may take, TLS and the WebSocket's handshake included.
const OPEN_MS: u64 = 10_000;
/// How long a message may wait for the network to take it.
const SEND_MS: u64 = 30_000;
/// How long closing in good order may take.
const CLOSE_MS: u64 = 1_000;
/// The path of the native protocol at a relay.
const PATH: &str = "/sync";

/// Why a connection isn't open.
pub(super) enum OpenError {
    /// The network or the other side; trying again can help.
    Failed(NetworkFailure),
    /// The address or a file is wrong; trying again can't help.
    Unusable(ClientError),
}

/// What the next read gave.
pub(super) enum Received {
    /// A whole message.
    Message(Vec<u8>),
    /// The connection is gone.
    Lost(NetworkFailure),
}

/// An open WebSocket.
pub(super) struct Transport {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Transport {
    /// Opens a connection.
    pub(super) async fn open(url: &str, ca_file: Option<&Path>) -> Result<Self, OpenError> {
        let connector = if url.starts_with("wss:") {
            Connector::Rustls(tls(ca_file).map_err(OpenError::Unusable)?)
        } else {
            Connector::Plain
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opening = connect_async_tls_with_config(url, Some(config), true, Some(connector));
        match timeout(Duration::from_millis(OPEN_MS), opening).await {
            Ok(Ok((socket, _))) => Ok(Self { socket }),
            Ok(Err(error)) => Err(OpenError::Failed(said(&error))),
            Err(_) => Err(OpenError::Failed(NetworkFailure::NoAnswer)),
        }
    }

    /// Sends a message.
    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> Result<(), NetworkFailure> {
        let sending = self.socket.send(Message::Binary(Bytes::from(bytes)));
        match timeout(Duration::from_millis(SEND_MS), sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(said(&error)),
            Err(_) => Err(NetworkFailure::NothingTaken),
        }
    }

    /// Waits for the next message. Safe to give up waiting: no part of a message is lost.
    pub(super) async fn receive(&mut self) -> Received {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Received::Message(bytes.into()),
                Some(Ok(Message::Close(_))) | None => {
                    return Received::Lost(NetworkFailure::Closed);
                }
                Some(Ok(Message::Text(_))) => {
                    return Received::Lost(NetworkFailure::NotARelay);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Received::Lost(said(&error)),
            }
        }
    }

    /// Closes in good order, for as long as that is worth waiting for.
    pub(super) async fn close(mut self) {
        // The other side may be gone already; then there is nothing to close.
        let _ = timeout(Duration::from_millis(CLOSE_MS), self.socket.close(None)).await;
    }
}

/// Reads a relay's address: `ws://` or `wss://`, with the protocol's path where it names none.
pub(crate) fn relay_url(text: &str) -> Result<String, ClientError> {
    let refused = |fault| ClientRefusal::RelayAddress { text: text.to_owned(), fault };
    let address = match text.trim().split_once("://") {
        None => return Err(refused(AddressFault::NoScheme).into()),
        Some(("http" | "ws", rest)) => format!("ws://{rest}"),
        Some(("https" | "wss", rest)) => format!("wss://{rest}"),
        Some(_) => return Err(refused(AddressFault::OtherScheme).into()),
    };
    let uri: Uri = address.parse().map_err(|_| refused(AddressFault::Unreadable))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(refused(AddressFault::NoHost).into());
    }
    if uri.path() == "/" && uri.query().is_none() {
        return Ok(format!("{}{PATH}", address.trim_end_matches('/')));
    }
    Ok(address)
}

/// What is trusted: the usual authorities, and those of a file.
fn tls(ca_file: Option<&Path>) -> Result<Arc<rustls::ClientConfig>, ClientError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        let unusable = |why| ArgumentError::Certificates { path: path.display().to_string(), why };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the ring provider has the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What an error of the network means.
fn said(error: &Error) -> NetworkFailure {
    match error {
        Error::Io(error) => NetworkFailure::System(error.to_string()),
        Error::Http(response) => NetworkFailure::Http(response.status().to_string()),
        other => NetworkFailure::System(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_the_protocols_path() {
        for (typed, read) in [
            ("ws://127.0.0.1:7717", "ws://127.0.0.1:7717/sync"),
            ("wss://relay.example.com/", "wss://relay.example.com/sync"),
            ("https://relay.example.com", "wss://relay.example.com/sync"),
            (" ws://[::1]:7717/sync ", "ws://[::1]:7717/sync"),
            ("wss://example.com/forsat/sync", "wss://example.com/forsat/sync"),
        ] {
            assert_eq!(relay_url(typed).expect(typed), read);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_advice() {
        for typed in ["", "relay.example.com", "ftp://relay.example.com", "ws://", "ws://a b"] {
            let message = relay_url(typed).expect_err(typed).to_string();
            assert!(message.contains("wss://relay.example.com"), "{message}");
        }
    }
}
