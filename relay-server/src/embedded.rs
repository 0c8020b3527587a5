//! A relay inside another process: for `forsat demo` and for tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::admin::{Answer, Failure, InviteView, Request, SpaceView, StatusView};
use crate::server::{Operator, Server, ServerError, ServerOptions};
use crate::setup::{self, SetupError};
use crate::store::StoreError;

/// How an embedded relay begins.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// Its data directory; a store is made there when there is none.
    pub data: PathBuf,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The workspace's name, when the store is made.
    pub workspace_name: String,
    /// The first space beside `common`, when the store is made.
    pub space: String,
    /// Whether operators reach it through the admin socket too.
    pub admin_socket: bool,
}

impl EmbeddedOptions {
    /// A relay on a free port of loopback, with a space `main`.
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            workspace_name: "Forsat".into(),
            space: "main".into(),
            admin_socket: true,
        }
    }
}

/// Why an embedded relay can't serve, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The data directory.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The network, or the store while serving.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// An operator's request.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The relay's thread is gone.
    #[error("the relay inside this process ended early; see its log lines")]
    Ended,
}

/// A relay that serves from a thread of this process until it is shut down or dropped.
#[derive(Debug)]
pub struct EmbeddedRelay {
    address: SocketAddr,
    url: String,
    operator: Operator,
    runtime: tokio::runtime::Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl EmbeddedRelay {
    /// Begins to serve. Must not be called within a tokio runtime; ready when it returns.
    pub fn start(options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let store = match setup::open(&options.data, setup::options()) {
            Err(StoreError::NotInitialised) => {
                make(options)?;
                setup::open(&options.data, setup::options())
            }
            other => other,
        };
        let store = store.map_err(SetupError::from)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("relay")
            .enable_all()
            .build()
            .map_err(ServerError::from)?;
        let serve = ServerOptions {
            admin: options.admin_socket.then(|| options.data.clone()),
            drain_retry_after_ms: 100,
            drain_jitter_ms: 100,
            ..ServerOptions::new(options.listen)
        };
        let server = runtime.block_on(Server::start(Box::new(store), serve))?;
        let (address, url, operator) = (server.address(), server.url().to_owned(), server.operator());
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("relay".into()).spawn(move || {
            runtime.block_on(server.run(async {
                let _ = stopped.await;
            }))
        });
        let thread = Some(thread.map_err(ServerError::from)?);
        Ok(Self { address, url, operator, runtime: handle, stop: Some(stop), thread })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where devices reach it: a `ws://` address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes an invite. `role` is `admin`, `manager`, `rep` or `viewer`.
    pub fn invite(&self, user: &str, space: &str, role: &str) -> Result<InviteView, EmbeddedError> {
        let request =
            Request::Invite { user: user.into(), space: space.into(), role: role.into(), approve: false };
        match self.ask(request)? {
            Answer::Invite(invite) => Ok(invite),
            _ => Err(EmbeddedError::Ended),
        }
    }

    /// Makes a space.
    pub fn add_space(&self, name: &str) -> Result<SpaceView, EmbeddedError> {
        match self.ask(Request::SpaceAdd { name: name.into() })? {
            Answer::Space(space) => Ok(space),
            _ => Err(EmbeddedError::Ended),
        }
    }

    /// What it holds and does.
    pub fn status(&self) -> Result<StatusView, EmbeddedError> {
        match self.ask(Request::Status)? {
            Answer::Status(status) => Ok(status),
            _ => Err(EmbeddedError::Ended),
        }
    }

    /// Drains, closes the store and waits for both.
    pub fn shutdown(mut self) -> Result<(), EmbeddedError> {
        self.end()
    }

    fn ask(&self, request: Request) -> Result<Answer, EmbeddedError> {
        let (operator, answer) = (self.operator.clone(), oneshot::channel());
        let (send, receive) = answer;
        self.runtime.spawn(async move {
            let _ = send.send(operator.ask(request).await);
        });
        match receive.blocking_recv() {
            Ok(Answer::Failed(failure)) => Err(failure.into()),
            Ok(answer) => Ok(answer),
            Err(_) => Err(EmbeddedError::Ended),
        }
    }

    fn end(&mut self) -> Result<(), EmbeddedError> {
        drop(self.stop.take());
        match self.thread.take() {
            Some(thread) => Ok(thread.join().map_err(|_| EmbeddedError::Ended)??),
            None => Ok(()),
        }
    }
}

impl Drop for EmbeddedRelay {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the relay inside this process did not end in order");
        }
    }
}

fn make(options: &EmbeddedOptions) -> Result<(), SetupError> {
    setup::make(&options.data, setup::options(), &options.workspace_name, &options.space, |_| Ok(()))
}
