//! The feeds that a device reads: which page is asked for next, and when it has to wait.

use super::FlowLimits;
use super::link::{Fault, Link, Pending};
use super::request::{FeedPage, PageRequest, StorageRequest};
use crate::code;
use crate::frame::{Cursor, Page, Pull, StreamId, ToDevice};
use crate::id::{DeviceId, SpaceId};
use std::collections::BTreeMap;
use std::ops::Bound;

#[derive(Debug)]
struct Stream {
    id: StreamId,
    cursor: Option<Cursor>,
    echo: bool,
    from_head: bool,
    state: State,
    /// The feed has grown since the page that is being read was asked for.
    grown: bool,
    /// Nothing was sent yet: the first page goes out even when it is empty, it says where the head is.
    first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is more to read.
    Behind,
    /// A page was asked for.
    Reading,
    /// Storage couldn't; ask again at this time.
    Resting { until_ms: u64 },
    /// Everything was sent.
    AtHead,
}

/// The streams of one connection, one a space at most.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_space: BTreeMap<SpaceId, Stream>,
    /// The space whose page was asked for last: the next one has its turn first.
    served: Option<SpaceId>,
}

impl Streams {
    /// Begins a stream and ends an earlier one of the same space. Answers whether the space is new here.
    pub fn begin(&mut self, pull: &Pull) -> bool {
        let stream = Stream {
            id: pull.stream,
            cursor: pull.cursor,
            echo: pull.echo,
            from_head: pull.from_head,
            state: State::Behind,
            grown: false,
            first: true,
        };
        self.by_space.insert(pull.space, stream).is_none()
    }

    pub fn end(&mut self, space: &SpaceId) -> Option<StreamId> {
        self.by_space.remove(space).map(|stream| stream.id)
    }

    pub fn contains(&self, space: &SpaceId) -> bool {
        self.by_space.contains_key(space)
    }

    pub fn len(&self) -> usize {
        self.by_space.len()
    }

    pub fn spaces(&self) -> Vec<SpaceId> {
        self.by_space.keys().copied().collect()
    }

    /// The feed has new entries.
    pub fn advanced(&mut self, space: &SpaceId) {
        let Some(stream) = self.by_space.get_mut(space) else { return };
        match stream.state {
            State::AtHead => stream.state = State::Behind,
            State::Reading => stream.grown = true,
            State::Behind | State::Resting { .. } => {}
        }
    }

    /// Asks for pages as long as the send queue has room for them; fair by space.
    pub fn pump(&mut self, now_ms: u64, device: DeviceId, limits: &FlowLimits, link: &mut Link) {
        while link.queued_bytes() + (link.pages_pending() + 1) * limits.page_bytes
            <= limits.send_queue_bytes_max
            || (link.queued_bytes() == 0 && link.pages_pending() == 0)
        {
            let Some(space) = self.next_turn(now_ms) else { return };
            let Some(stream) = self.by_space.get_mut(&space) else { return };
            stream.state = State::Reading;
            self.served = Some(space);
            let request = PageRequest {
                device,
                space,
                cursor: stream.cursor,
                echo: stream.echo,
                from_head: stream.from_head,
                bytes_max: limits.page_bytes,
            };
            link.ask(StorageRequest::Page(request), Pending::Page { space, stream: stream.id });
            debug_assert!(
                link.pages_pending() == 1
                    || link.pages_pending() * limits.page_bytes <= limits.send_queue_bytes_max,
                "pages under way fit the send queue"
            );
        }
    }

    fn next_turn(&self, now_ms: u64) -> Option<SpaceId> {
        let after = self.served.map_or(Bound::Unbounded, Bound::Excluded);
        let upto = self.served.map_or(Bound::Excluded(SpaceId::from_bytes([0; 16])), Bound::Included);
        self.by_space
            .range((after, Bound::Unbounded))
            .chain(self.by_space.range((Bound::Unbounded, upto)))
            .find(|(_, stream)| match stream.state {
                State::Behind => true,
                State::Resting { until_ms } => until_ms <= now_ms,
                State::Reading | State::AtHead => false,
            })
            .map(|(space, _)| *space)
    }

    /// Takes the page that a stream asked for; pages of streams that have ended since are dropped.
    pub fn page(
        &mut self,
        space: SpaceId,
        id: StreamId,
        page: FeedPage,
        link: &mut Link,
    ) -> Result<(), Fault> {
        let Some(stream) = self.current(space, id) else { return Ok(()) };
        let moved = stream.cursor.is_none_or(|cursor| page.epoch != cursor.epoch || page.up_to > cursor.seq);
        let at_head = page.up_to >= page.head;
        if !moved && !at_head {
            // Storage answered nothing although there is more: asking again would go on for ever.
            return Err(code::INTERNAL.into());
        }
        let grown = std::mem::take(&mut stream.grown);
        stream.state = if at_head && !grown { State::AtHead } else { State::Behind };
        stream.cursor = Some(Cursor { epoch: page.epoch, seq: page.up_to });
        if std::mem::take(&mut stream.first) || moved || !page.entries.is_empty() {
            link.send(&ToDevice::Page(Page {
                stream: id,
                epoch: page.epoch,
                up_to: page.up_to,
                head: page.head,
                entries: page.entries,
                root: page.root.filter(|_| at_head),
            }));
        }
        Ok(())
    }

    /// Storage couldn't read the page.
    pub fn rest(&mut self, space: SpaceId, id: StreamId, until_ms: u64) {
        if let Some(stream) = self.current(space, id) {
            stream.state = State::Resting { until_ms };
        }
    }

    /// Whether the stream of a space is still this one.
    pub fn is_current(&self, space: &SpaceId, id: StreamId) -> bool {
        self.by_space.get(space).is_some_and(|stream| stream.id == id)
    }

    /// When the first stream that rests may ask again.
    pub fn deadline_ms(&self) -> Option<u64> {
        let resting = self.by_space.values().filter_map(|stream| match stream.state {
            State::Resting { until_ms } => Some(until_ms),
            _ => None,
        });
        resting.min()
    }

    fn current(&mut self, space: SpaceId, id: StreamId) -> Option<&mut Stream> {
        self.by_space.get_mut(&space).filter(|stream| stream.id == id)
    }
}
