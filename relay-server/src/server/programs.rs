//! An operator's programs over HTTP: the requests of the admin socket, one a POST, by a token.
//!
//! A token is looked at before a byte of the body is read, and again in the step that carries the request out. No header lets
//! a web page ask.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request as HttpRequest, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Json, Response};
use axum::routing::{MethodRouter, get, post};
use forsat_sync::limits::HANDSHAKE_MS_MAX;
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Shared;
use crate::admin::{Answer, Failure, Request};
use crate::driver::Message;
use crate::store::TOKENS_MAX;
use crate::token::{Token, TokenHash};

/// The longest body of a request, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// How many requests of programs the storage thread has before it at once; others wait their turn.
const AT_ONCE_MAX: usize = 16;
/// How long a request waits for its turn and its answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// Requests of one token a second, in the long run.
const A_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("it isn't 0");
/// Requests of one token at once, after a rest.
const IN_A_ROW: NonZeroU32 = NonZeroU32::new(50).expect("it isn't 0");

type Pace =
    RateLimiter<TokenHash, HashMapStateStore<TokenHash>, MonotonicClock, NoOpMiddleware<MonotonicInstant>>;
type MonotonicInstant = <MonotonicClock as governor::clock::Clock>::Instant;

/// What bounds the programs.
#[derive(Clone)]
pub(super) struct Programs {
    turns: Arc<Semaphore>,
    pace: Arc<Pace>,
}

impl Programs {
    /// Nobody has asked yet.
    pub(super) fn new() -> Self {
        let quota = Quota::per_second(A_SECOND).allow_burst(IN_A_ROW);
        let pace = RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock);
        Self { turns: Arc::new(Semaphore::new(AT_ONCE_MAX)), pace: Arc::new(pace) }
    }

    /// How many seconds a token that asks too often is to wait.
    fn wait_s(&self, token: &TokenHash) -> Option<u64> {
        let refused = self.pace.check_key(token).err();
        // Tokens that were revoked or rest are forgotten.
        if self.pace.len() > TOKENS_MAX {
            self.pace.retain_recent();
        }
        refused.map(|until| until.wait_time_from(MonotonicClock.now()).as_secs() + 1)
    }

    /// Asks the storage thread, in turn.
    async fn ask<T>(
        &self,
        messages: &mpsc::Sender<Message>,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, Failure> {
        let asked = async {
            let _turn = self.turns.acquire().await.ok()?;
            let (answer, answered) = oneshot::channel();
            messages.send(message(answer)).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(ANSWER_WAIT, asked).await.ok().flatten().ok_or_else(|| {
            let message = "the relay is stopping, or has more to do than it can: ask again";
            Failure { code: "store".into(), message: message.into() }
        })
    }
}

/// `POST /admin`.
pub(super) fn admin() -> MethodRouter<Shared> {
    post(order).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// `GET /status`.
pub(super) fn status() -> MethodRouter<Shared> {
    get(count)
}

async fn order(State(shared): State<Shared>, http: HttpRequest) -> Response {
    let token = match enter(&shared, http.headers()).await {
        Ok(token) => token,
        Err(refused) => return refused,
    };
    let wait = Duration::from_millis(HANDSHAKE_MS_MAX);
    let request = match tokio::time::timeout(wait, Bytes::from_request(http, &())).await {
        Ok(Ok(body)) => serde_json::from_slice::<Request>(&body).map_err(|error| {
            let message =
                format!("the request could not be read ({error}): see the requests in docs/operations.md");
            (StatusCode::BAD_REQUEST, "bad_request", message)
        }),
        Ok(Err(refused)) => {
            let message = format!("the body could not be taken: at most {BODY_BYTES_MAX} bytes of JSON");
            Err((refused.status(), "bad_request", message))
        }
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "bad_request", "the body came too slowly".to_owned())),
    };
    match request {
        Ok(request) => carry_out(&shared, token, request).await,
        Err((status, code, message)) => told(status, Answer::Failed(Failure { code: code.into(), message })),
    }
}

async fn count(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match enter(&shared, &headers).await {
        Ok(token) => carry_out(&shared, token, Request::Status).await,
        Err(refused) => refused,
    }
}

/// Lets in who shows a good token and doesn't ask too often.
async fn enter(shared: &Shared, headers: &HeaderMap) -> Result<TokenHash, Response> {
    // Whatever is wrong with it, the answer is one.
    let shown = bearer(headers).and_then(|text| text.parse::<Token>().ok()).map(|token| token.hash());
    let unauthorized = || Failure::from(crate::store::ControlError::Unauthorized);
    let token = shown.ok_or_else(|| failed(unauthorized(), None))?;
    let known = shared.programs.ask(&shared.messages, |answer| Message::Token { token, answer }).await;
    known.and_then(|known| known).map_err(|failure| {
        tracing::debug!(code = failure.code, "a program was not let in");
        failed(failure, None)
    })?;
    let Some(seconds) = shared.programs.wait_s(&token) else { return Ok(token) };
    let message =
        format!("the token asks too often: again in {seconds} s, and at most {A_SECOND} times a second");
    let failure = Failure { code: "too_often".into(), message };
    let mut refused = told(StatusCode::TOO_MANY_REQUESTS, Answer::Failed(failure));
    refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    Err(refused)
}

/// What follows `Bearer` in the only such header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn carry_out(shared: &Shared, token: TokenHash, request: Request) -> Response {
    let scope = request.scope();
    let asked = |answer| Message::Program { token, request, answer };
    match shared.programs.ask(&shared.messages, asked).await {
        Ok(Answer::Failed(failure)) | Err(failure) => failed(failure, scope.map(|scope| scope.as_str())),
        Ok(answer) => told(StatusCode::OK, answer),
    }
}

/// A failure as HTTP says it. `scope` is the one that the request needs.
fn failed(failure: Failure, scope: Option<&'static str>) -> Response {
    let status = status_of(&failure);
    let challenge = match (failure.code.as_str(), scope) {
        ("unauthorized", _) => Some("Bearer realm=\"forsat-relay\"".to_owned()),
        ("scope_missing", Some(scope)) => {
            Some(format!("Bearer realm=\"forsat-relay\", error=\"insufficient_scope\", scope=\"{scope}\""))
        }
        _ => None,
    };
    let mut response = told(status, Answer::Failed(failure));
    if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn status_of(failure: &Failure) -> StatusCode {
    match failure.code.as_str() {
        "unauthorized" => StatusCode::UNAUTHORIZED,
        "scope_missing" | "operator_only" | "outside_space" | "not_administrator" => StatusCode::FORBIDDEN,
        "no_such_space" | "no_such_user" | "no_such_device" | "no_such_invite" | "no_role" => {
            StatusCode::NOT_FOUND
        }
        "ambiguous" | "user_without_device" | "device_revoked" | "invite_used" | "too_many_invites" => {
            StatusCode::CONFLICT
        }
        "store" => StatusCode::SERVICE_UNAVAILABLE,
        "damaged" | "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn told(status: StatusCode, answer: Answer) -> Response {
    // An invite's code is no page to be kept on the way.
    (status, [(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}
