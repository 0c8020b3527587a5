//! Changes that are set aside: one transaction a request.

use forsat_sync::code::{self, Code};
use forsat_sync::frame::{ItemOutcome, SetAsideItem};
use forsat_sync::relay::{AsideRequest, Input, RequestId, StorageReply};

use super::round::{read_change, unavailable};
use super::{ConnectionId, Hub, Moment, PUSH_WORK_MAX, outcome};
use crate::store::{Aside, AsideItem, AsideItemOutcome, AsideOutcome, RelayStore, StoreError};

impl Hub {
    /// Sets changes aside for a device.
    pub(super) fn set_aside(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        wanted: AsideRequest,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        let AsideRequest { device, space, items } = wanted;
        let count = items.len();
        let aside = Aside { device, space, items: self.read_items(items), now_ms: moment.wall_ms };
        let reply = match store.access().set_aside(&aside) {
            Ok(AsideOutcome::Hidden) => StorageReply::Hidden,
            Ok(AsideOutcome::Forbidden) => StorageReply::Forbidden,
            Ok(AsideOutcome::Judged(outcomes)) => {
                let mut results: Vec<_> = outcomes.into_iter().map(item).collect();
                results.resize(count, ItemOutcome::later(code::OVERLOADED));
                StorageReply::WereSetAside(results)
            }
            Err(error) => unavailable(error, "setting changes aside")?,
        };
        self.input(connection, Input::Storage { request, reply }, moment);
        Ok(())
    }

    /// Reads the headers of changes before the store's transaction, as many as the work of one push allows.
    fn read_items(&self, items: Vec<SetAsideItem>) -> Vec<AsideItem> {
        let (mut read, mut work) = (Vec::new(), 0);
        for SetAsideItem { document, bytes, reason } in items {
            if work >= PUSH_WORK_MAX {
                break;
            }
            let (chunk, cost) = read_change(&bytes, &self.limits.chunk);
            work += bytes.len() + cost;
            read.push(AsideItem { document, chunk, reason: reason.as_str().to_owned() });
        }
        read
    }
}

fn item(outcome: AsideItemOutcome) -> ItemOutcome {
    match outcome {
        AsideItemOutcome::Kept => ItemOutcome::Acked,
        AsideItemOutcome::Quota(quota) => outcome::used_up(quota),
        AsideItemOutcome::Chunk(error) => {
            ItemOutcome::Refused { code: Code::new(error.code()), message: error.to_string() }
        }
        AsideItemOutcome::Erased => ItemOutcome::refused(code::ERASED),
        AsideItemOutcome::Common => ItemOutcome::refused(code::COMMON_STAYS),
        AsideItemOutcome::HomeHere => ItemOutcome::refused(code::HOME_HERE),
    }
}
