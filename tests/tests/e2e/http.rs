//! A program of an operator's: HTTP to a relay, by hyper's client.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::relay::Relay;
use super::wire::block_on;

/// A program, with what it shows.
pub struct Http {
    address: String,
    authorization: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null where it isn't JSON.
    pub body: Value,
}

impl Answered {
    /// The code of a failure; none where it did what was asked.
    pub fn failure(&self) -> Option<&str> {
        (self.body["answer"] == "failed").then(|| self.body["code"].as_str().expect("a failure has a code"))
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("the relay's headers are text"))
    }

    /// What a refusal says, but for the date.
    pub fn refusal(mut self) -> (u16, HeaderMap, Value) {
        self.headers.remove("date");
        (self.status, self.headers, self.body)
    }
}

impl Http {
    /// A program that shows a token, or nothing.
    pub fn of(relay: &Relay, token: Option<&str>) -> Self {
        Self::showing(relay, token.map(|token| format!("Bearer {token}")))
    }

    /// A program that shows whatever it shows.
    pub fn showing(relay: &Relay, authorization: Option<String>) -> Self {
        Self { address: relay.address().to_owned(), authorization }
    }

    /// Asks what goes over the admin socket.
    pub fn admin(&self, request: &Value) -> Answered {
        self.send(Method::POST, "/admin", &[], request.to_string().into_bytes())
    }

    /// Asks for the status.
    pub fn status(&self) -> Answered {
        self.send(Method::GET, "/status", &[], Vec::new())
    }

    /// Sends a request of any kind.
    pub fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answered {
        let mut request = Request::builder().method(method).uri(path).header("host", &self.address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        block_on(async {
            let stream = TcpStream::connect(&self.address).await.expect("the relay takes connections");
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
            tokio::spawn(connection);
            let response = sender.send_request(request).await.expect("an answer");
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            let body = serde_json::from_slice(&bytes).unwrap_or_default();
            Answered { status: head.status.as_u16(), headers: head.headers, body }
        })
    }
}
