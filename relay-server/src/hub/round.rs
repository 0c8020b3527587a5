//! One round of storage: reads for those that wait, then one commit for the pushes of many.

use std::collections::BTreeSet;

use forsat_sync::chunk::{self, ChangeHeader, ChunkError};
use forsat_sync::code;
use forsat_sync::id::{DeviceId, UserId};
use forsat_sync::limits::ChunkLimits;
use forsat_sync::relay::{
    AppendRequest, EnrolRequest, HealRequest, Input, PageRequest, RequestId, StorageReply, StorageRequest,
};

use super::control::Compared;
use super::{
    COMMIT_BYTES_MAX, Connection, ConnectionId, Hub, Moment, OPERATION_COST, PAGE_BYTES_WHEN_CROWDED,
    PAGES_PER_ROUND_MAX, PUSH_WORK_MAX, outcome, push_bytes,
};
use crate::store::{
    AppendBatch, EnrolOutcome, HealOutcome, ItemOutcome, PageOutcome, Push, PushItem, PushOutcome,
    RelayStore, StoreError,
};

impl Hub {
    /// Carries out one request that is no push for each connection that has one first in its queue.
    pub(super) fn run_reads(
        &mut self,
        store: &dyn RelayStore,
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        let (mut devices, mut pages, mut heals) = (Vec::new(), Vec::new(), Vec::new());
        let (mut compared, mut writes) = (Vec::new(), Vec::new());
        let crowded = self.is_crowded();
        // Each connection whose queue is empty gets one page even now: many of them, so small ones.
        let bytes_max = if crowded { PAGE_BYTES_WHEN_CROWDED } else { usize::MAX };
        for connection in self.turns.iter().copied().collect::<Vec<_>>() {
            if pages.len() + heals.len() >= PAGES_PER_ROUND_MAX {
                break;
            }
            if !self.may_be_served(connection, crowded) {
                continue;
            }
            let next = self.take_request(connection, |request| !matches!(request, StorageRequest::Append(_)));
            let Some((request, what)) = next else { continue };
            match what {
                StorageRequest::Device { device } => devices.push((connection, request, device)),
                StorageRequest::Page(page) => {
                    let bytes_max = page.bytes_max.min(bytes_max);
                    pages.push((connection, request, PageRequest { bytes_max, ..page }));
                }
                StorageRequest::Heal(heal) => {
                    let bytes_max = heal.bytes_max.min(bytes_max);
                    heals.push((connection, request, HealRequest { bytes_max, ..heal }));
                }
                StorageRequest::ControlCheck { mark } => {
                    compared.push((connection, request, Compared::Mark(mark)));
                }
                StorageRequest::ControlAdopt { entries } => {
                    compared.push((connection, request, Compared::Entries(entries)));
                }
                write => writes.push((connection, request, write)),
            }
        }
        for (connection, request, what) in compared {
            self.compare_control(store, connection, request, &what, moment)?;
        }
        self.read_devices(store, devices, moment)?;
        self.read_pages(store, pages, moment)?;
        self.read_heals(store, heals, moment)?;
        for (connection, request, what) in writes {
            self.write(store, connection, request, what, moment)?;
        }
        Ok(())
    }

    /// Carries out a request that is a transaction of its own.
    fn write(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        what: StorageRequest,
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        match what {
            StorageRequest::Move(wanted) => self.move_documents(store, connection, request, &wanted, moment),
            StorageRequest::SetAside(wanted) => self.set_aside(store, connection, request, wanted, moment),
            StorageRequest::Enrol(enrol) => self.enrol(store, connection, request, &enrol, moment),
            StorageRequest::Admin { device, request: asked } => {
                self.administer(store, connection, request, &device, &asked, moment)
            }
            // Taken above, or with the pushes.
            StorageRequest::Device { .. }
            | StorageRequest::Page(_)
            | StorageRequest::Heal(_)
            | StorageRequest::ControlCheck { .. }
            | StorageRequest::ControlAdopt { .. }
            | StorageRequest::Append(_) => Ok(()),
        }
    }

    fn read_devices(
        &mut self,
        store: &dyn RelayStore,
        asked: Vec<(ConnectionId, RequestId, DeviceId)>,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = asked.iter().map(|(_, _, device)| *device).collect();
        let replies = match store.devices(&ids) {
            Ok(records) => records
                .into_iter()
                .map(|record| record.map_or(StorageReply::UnknownDevice, StorageReply::Device))
                .collect(),
            Err(error) => vec![unavailable(error, "looking up devices")?; asked.len()],
        };
        for ((connection, request, _), reply) in asked.into_iter().zip(replies) {
            let input = match reply {
                StorageReply::Device(record) if self.has_no_room_for(&record) => {
                    Input::End { code: code::OVERLOADED }
                }
                reply => Input::Storage { request, reply },
            };
            self.input(connection, input, moment);
        }
        Ok(())
    }

    fn read_pages(
        &mut self,
        store: &dyn RelayStore,
        asked: Vec<(ConnectionId, RequestId, PageRequest)>,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let requests: Vec<_> = asked.iter().map(|(_, _, page)| *page).collect();
        let replies = match store.pages(&requests) {
            Ok(outcomes) => outcomes.into_iter().map(page_reply).collect(),
            Err(error) => vec![unavailable(error, "reading pages")?; asked.len()],
        };
        for ((connection, request, _), reply) in asked.into_iter().zip(replies) {
            self.input(connection, Input::Storage { request, reply }, moment);
        }
        Ok(())
    }

    fn read_heals(
        &mut self,
        store: &dyn RelayStore,
        asked: Vec<(ConnectionId, RequestId, HealRequest)>,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let count = asked.len();
        let (askers, requests): (Vec<_>, Vec<_>) =
            asked.into_iter().map(|(connection, request, heal)| ((connection, request), heal)).unzip();
        let replies = match store.heal(&requests) {
            Ok(outcomes) => outcomes.into_iter().map(heal_reply).collect(),
            Err(error) => vec![unavailable(error, "answering what a space holds")?; count],
        };
        for ((connection, request), reply) in askers.into_iter().zip(replies) {
            self.input(connection, Input::Storage { request, reply }, moment);
        }
        Ok(())
    }

    fn enrol(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        enrol: &EnrolRequest,
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        let new_user = UserId::from_bytes(random_uuid((moment.random)()));
        let reply = match store.enrol(enrol, new_user, moment.wall_ms) {
            Ok(EnrolOutcome::Enrolled(record)) => StorageReply::Device(record),
            Ok(EnrolOutcome::Invalid) => StorageReply::EnrolRefused { code: code::INVITE_INVALID },
            Ok(EnrolOutcome::TooManyDevices) => StorageReply::EnrolRefused { code: code::DEVICE_QUOTA },
            Err(error) => unavailable(error, "enrolling a device")?,
        };
        let user = match &reply {
            StorageReply::Device(record) => Some(record.directory.user),
            _ => None,
        };
        self.input(connection, Input::Storage { request, reply }, moment);
        if user.is_some() {
            self.feed_grew(&store.identity().common, moment);
        }
        // The invite may have given a role to a user whose other devices are connected.
        for other in self.connections_of(user) {
            if other != connection {
                self.input(other, Input::AccessChanged, moment);
            }
        }
        Ok(())
    }

    fn connections_of(&self, user: Option<UserId>) -> Vec<ConnectionId> {
        let is_users = |connection: &Connection| {
            connection.who.is_some_and(|(_, of)| Some(of) == user) && user.is_some()
        };
        self.connections.iter().filter(|(_, found)| is_users(found)).map(|(id, _)| *id).collect()
    }

    /// Commits the pushes that stand first in their connections' queues, a lap of one each until the bound is reached.
    pub(super) fn run_appends(
        &mut self,
        store: &dyn RelayStore,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        let taken = self.take_pushes();
        let seen_due = self.seen_is_due(moment.now_ms);
        if taken.is_empty() && !seen_due {
            return Ok(());
        }
        let (senders, pushes) = taken.into_iter().map(|taken| (taken.sender, taken.push)).unzip();
        let batch = AppendBatch {
            now_ms: moment.wall_ms,
            pushes,
            seen: self.seen.iter().map(|(device, at)| (*device, *at)).collect(),
        };
        let replies = match store.append(&batch) {
            Ok(outcomes) => {
                self.counts.writes_failing = false;
                self.seen.clear();
                self.seen_since_ms = None;
                outcomes
            }
            Err(error) => {
                self.counts.appends_failed += 1;
                self.counts.writes_failing = true;
                self.seen_since_ms = self.seen_since_ms.map(|_| moment.now_ms);
                let reply = unavailable(error, "appending")?;
                for Sender { connection, request, .. } in senders {
                    self.input(connection, Input::Storage { request, reply: reply.clone() }, moment);
                }
                return Ok(());
            }
        };
        self.answer_pushes(senders, &batch, replies, moment);
        Ok(())
    }

    /// Answers the pushes, then tells the subscribers of the feeds that grew.
    fn answer_pushes(
        &mut self,
        senders: Vec<Sender>,
        batch: &AppendBatch,
        outcomes: Vec<PushOutcome>,
        moment: &Moment<'_>,
    ) {
        let mut grown = BTreeSet::new();
        for (push, outcome) in batch.pushes.iter().zip(&outcomes) {
            if let PushOutcome::Judged(items) = outcome {
                let accepted = items.iter().filter(|item| matches!(item, ItemOutcome::Accepted(_))).count();
                self.counts.changes_accepted += accepted as u64;
                if accepted > 0 {
                    grown.insert(push.space);
                }
            }
        }
        for (Sender { connection, request, put_off }, outcome) in senders.into_iter().zip(outcomes) {
            let reply = outcome::push_reply(outcome, put_off);
            self.input(connection, Input::Storage { request, reply }, moment);
        }
        for space in grown {
            self.feed_grew(&space, moment);
        }
    }

    /// Takes pushes and reads their headers, before the store's transaction. What the changes come to when they are
    /// inflated counts towards the bound: a message of 1 MiB can inflate to hundreds.
    fn take_pushes(&mut self) -> Vec<Taken> {
        let (mut taken, mut work) = (Vec::new(), 0);
        loop {
            let before = taken.len();
            for connection in self.turns.iter().copied().collect::<Vec<_>>() {
                if work >= COMMIT_BYTES_MAX {
                    return taken;
                }
                let next =
                    self.take_request(connection, |request| matches!(request, StorageRequest::Append(_)));
                if let Some((request, StorageRequest::Append(append))) = next {
                    let (push, put_off, cost) = self.parse(append);
                    work += cost;
                    taken.push(Taken { sender: Sender { connection, request, put_off }, push });
                }
            }
            if taken.len() == before {
                return taken;
            }
        }
    }

    /// Reads the headers of a push; answers also how many changes at its end are put off, and the work in bytes.
    fn parse(&self, append: AppendRequest) -> (Push, usize, usize) {
        let count = append.items.len();
        let (mut items, mut work) = (Vec::new(), push_bytes(&append));
        let work_max = work.saturating_add(PUSH_WORK_MAX);
        let is_refill = append.refill.is_some();
        let receipts = append.refill.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
        for (item, receipt) in append.items.into_iter().zip(receipts) {
            if work >= work_max {
                break;
            }
            let (chunk, cost) = read_change(&item.bytes, &self.limits.chunk);
            work += cost;
            items.push(PushItem { document: item.document, chunk, receipt });
        }
        let put_off = count - items.len();
        let push = Push { device: append.device, space: append.space, items, refill: is_refill };
        (push, put_off, work)
    }
}

/// A push on its way to the store.
struct Taken {
    sender: Sender,
    push: Push,
}

/// Who waits for the outcome of a push.
struct Sender {
    connection: ConnectionId,
    request: RequestId,
    /// How many changes at the end of the push are answered with `later`.
    put_off: usize,
}

/// Reads the header of a change; answers also the work in bytes.
pub(super) fn read_change(
    bytes: &[u8],
    limits: &ChunkLimits,
) -> (Result<(ChangeHeader, Vec<u8>), ChunkError>, usize) {
    let chunk = chunk::parse(bytes, limits);
    let work = match &chunk {
        Ok((header, bytes)) => bytes.len() + OPERATION_COST * usize_of(header.op_count),
        // How far it was read before it failed isn't known.
        Err(_) => limits.bytes_max,
    };
    (chunk, work)
}

fn usize_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX / OPERATION_COST)
}

fn page_reply(outcome: PageOutcome) -> StorageReply {
    match outcome {
        PageOutcome::Page(page) => StorageReply::Page(page),
        PageOutcome::Hidden => StorageReply::Hidden,
        PageOutcome::CursorInvalid => StorageReply::CursorInvalid,
    }
}

fn heal_reply(outcome: HealOutcome) -> StorageReply {
    match outcome {
        HealOutcome::Answer(answer) => StorageReply::Healed(answer),
        HealOutcome::Hidden => StorageReply::Hidden,
    }
}

/// The answer to devices after an error of the store; one that must end the process is passed on.
pub(super) fn unavailable(error: StoreError, doing: &str) -> Result<StorageReply, StoreError> {
    if error.is_fatal() {
        return Err(error);
    }
    tracing::error!(%error, doing, "the store could not do it; devices are asked to come again");
    Ok(StorageReply::Unavailable { code: code::UNAVAILABLE })
}

/// Random bytes in the form of a version 4 UUID: every id of a record is one.
fn random_uuid(bytes: [u8; 16]) -> [u8; 16] {
    uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes()
}
