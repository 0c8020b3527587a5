//! A thorough look at the store of a relay that serves: on a thread of its own, so that serving goes on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::{Answer, Failure, examine};
use crate::store::RelayStore;

/// The one look that goes on, if any does; ends with its owner, and when nobody waits for the answer any more.
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
            let found = examine(&*store, &|| stop.load(Ordering::Relaxed) || answer.is_closed());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{InitWorkspace, OpenOptions, RedbStore};
    use forsat_sync::id::{Epoch, SpaceId, WorkspaceId};

    #[test]
    fn a_look_that_nobody_waits_for_ends() {
        let init = InitWorkspace {
            workspace: WorkspaceId::from_bytes([3; 16]),
            name: "Sales".into(),
            relay_key_seed: [4; 32],
            common: SpaceId::from_bytes([5; 16]),
            now_ms: 1,
        };
        let backend = redb::backends::InMemoryBackend::new();
        let store = RedbStore::with_backend(backend, OpenOptions::new(Epoch::new(1)), &init).unwrap();
        let (answer, waits) = oneshot::channel::<Answer>();
        drop(waits);
        let found = examine(&store, &|| answer.is_closed());
        assert!(matches!(found, Answer::Failed(_)), "{found:?}");
        let (answer, waits) = oneshot::channel();
        let mut looking = Looking::default();
        looking.begin(Arc::new(store), answer);
        assert!(matches!(waits.blocking_recv(), Ok(Answer::Verified(found)) if found.is_sound()));
    }
}
