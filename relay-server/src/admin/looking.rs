//! A thorough look at the store of a relay that serves: on a thread of its own, so that serving goes on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::{Answer, Failure, examine};
use crate::store::RelayStore;

/// The one look that goes on, if any does; ends with its owner.
#[derive(Debug, Default)]
pub(crate) struct Looking {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Looking {
    /// Begins a look; the answer comes when it has ended.
    pub(crate) fn begin(&mut self, store: Arc<dyn RelayStore>, answer: oneshot::Sender<Answer>) {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            let message = "the store is being looked at already: wait until that has ended";
            let _ = answer.send(Answer::Failed(Failure::new("busy", message)));
            return;
        }
        let stop = Arc::clone(&self.stop);
        let look = move || {
            let found = examine(&*store, &stop);
            // The store is let go before anybody hears of it.
            drop(store);
            let _ = answer.send(found);
        };
        match std::thread::Builder::new().name("verify".into()).spawn(look) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => tracing::warn!(%error, "no thread to look at the store"),
        }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
