//! One WebSocket: what it says goes to the hub, what the hub says goes to it. No decisions here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message as WebSocketMessage, WebSocket};
use forsat_sync::relay::Input;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;

use super::{Place, Shared};
use crate::driver::{Message, Outgoing};
use crate::hub::ConnectionId;

/// How long the transport may take for one message; a reader slower than that is dropped to its cursor.
const WRITE_WAIT: Duration = Duration::from_secs(30);
/// How long a closed socket is read on, so that the last words aren't cut off by a reset.
const LINGER: Duration = Duration::from_secs(1);
/// The WebSocket code of a close in good order.
const CLOSE_NORMAL: u16 = 1000;

/// Serves a socket until either side closes it.
pub(super) async fn serve(socket: WebSocket, connection: ConnectionId, shared: Shared, place: Place) {
    let (sink, mut stream) = socket.split();
    let (outbox, outgoing) = mpsc::unbounded_channel();
    if shared.messages.send(Message::Open { connection, outbox }).await.is_err() {
        return;
    }
    let mut writer = tokio::spawn(write(sink, connection, shared.messages.clone(), outgoing));
    tokio::select! {
        () = read(&mut stream, connection, &shared) => {
            // The writer ends when the hub forgets the connection.
            let _ = shared.messages.send(Message::Input { connection, input: Input::Closed, permit: None }).await;
            let _ = writer.await;
        }
        _ = &mut writer => {
            let _ = shared.messages.send(Message::Input { connection, input: Input::Closed, permit: None }).await;
            let _ = tokio::time::timeout(LINGER, async { while let Some(Ok(_)) = stream.next().await {} }).await;
        }
    }
    drop(place);
}

/// Passes messages on, as fast as the hub takes them.
async fn read(stream: &mut SplitStream<WebSocket>, connection: ConnectionId, shared: &Shared) {
    while let Some(Ok(message)) = stream.next().await {
        let bytes: Vec<u8> = match message {
            WebSocketMessage::Binary(bytes) => bytes.into(),
            // Text is no frame of ours: the machine refuses it with a code.
            WebSocketMessage::Text(text) => text.as_str().as_bytes().to_vec(),
            WebSocketMessage::Close(_) => return,
            WebSocketMessage::Ping(_) | WebSocketMessage::Pong(_) => continue,
        };
        let cost = u32::try_from(bytes.len().max(1)).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(&shared.inbound).acquire_many_owned(cost).await else { return };
        let input = Input::Frame(bytes);
        if shared.messages.send(Message::Input { connection, input, permit: Some(permit) }).await.is_err() {
            return;
        }
    }
}

/// Sends what the hub queued and reports how much the transport took.
async fn write(
    mut sink: SplitSink<WebSocket, WebSocketMessage>,
    connection: ConnectionId,
    messages: mpsc::Sender<Message>,
    mut outgoing: mpsc::UnboundedReceiver<Outgoing>,
) {
    while let Some(next) = outgoing.recv().await {
        match next {
            Outgoing::Frame(bytes) => {
                let len = bytes.len();
                let sent = sink.send(WebSocketMessage::Binary(bytes.into()));
                if !matches!(tokio::time::timeout(WRITE_WAIT, sent).await, Ok(Ok(()))) {
                    return;
                }
                let input = Input::Sent { bytes: len };
                let _ = messages.send(Message::Input { connection, input, permit: None }).await;
            }
            Outgoing::Close { code, message } => {
                tracing::debug!(connection = connection.0, code, message, "closing a socket");
                let reason = code.into();
                let close = WebSocketMessage::Close(Some(CloseFrame { code: CLOSE_NORMAL, reason }));
                let _ = tokio::time::timeout(WRITE_WAIT, sink.send(close)).await;
                return;
            }
        }
    }
}
