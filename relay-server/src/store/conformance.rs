//! One suite of checks for every implementation of the store; panics where one does not hold.
//!
//! Changes are made up of headers: the store reads nothing else of them. Call [`all`] with a function that makes a
//! fresh, empty store each time.

mod authority;
mod control;
mod erase;
mod healing;
mod manage;
mod moves;
mod quarantine;
mod sight;
mod tokens;

use std::collections::BTreeMap;

use forsat_sync::accept::{LaterReason, RefuseReason};
use forsat_sync::chunk::{ChangeHeader, ChunkError};
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::frame::{Cursor, PageEntry, Role};
use forsat_sync::genesis;
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId, UserId};
use forsat_sync::identity::{DeviceKey, InviteSecret};

use super::{
    AppendBatch, ControlError, DeviceRecord, EnrolOutcome, EnrolRequest, FeedPage, ItemOutcome, Later,
    NewInvite, PageOutcome, PageRequest, Push, PushItem, PushOutcome, Refusal, RelayStore,
};

/// The relay's clock in these checks, milliseconds since 1970.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// Runs every check on stores that `fresh` makes.
pub fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    spaces_have_unique_names(&*fresh());
    invites_work_once_and_only_in_time(&*fresh());
    second_devices_belong_to_the_same_user(&*fresh());
    proposed_users_are_taken_once(&*fresh());
    outcomes_follow_the_checks(&*fresh());
    failures_block_only_what_builds_on_them(&*fresh());
    roles_decide_inside_the_transaction(&*fresh());
    common_is_read_by_all_and_written_by_most(&*fresh());
    in_common_the_kind_of_a_document_decides_who_writes_it(&*fresh());
    a_document_of_no_known_kind_is_left_to_managers(&*fresh());
    documents_have_one_home(&*fresh());
    pages_keep_their_limits(&*fresh());
    echoes_of_large_changes_come_in_pages(&*fresh());
    cursors_are_checked(&*fresh());
    digests_follow_heads(&*fresh());
    healing::what_a_space_holds_is_told_to_its_members(&*fresh());
    healing::a_bucket_of_many_documents_is_told_in_parts(&*fresh());
    healing::what_was_lost_comes_back_as_whose_it_was(&*fresh(), &*fresh());
    healing::ones_own_changes_come_back_without_a_receipt(&*fresh());
    healing::a_feed_can_be_read_from_its_head(&*fresh());
    moves::all(&mut fresh);
    quarantine::all(&mut fresh);
    manage::all(&mut fresh);
    erase::all(&mut fresh);
    authority::all(&mut fresh);
    sight::all(&mut fresh);
    tokens::all(&mut fresh);
    control::all(fresh);
}

/// A device of a user, enrolled through an invite.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id.
    pub device: DeviceId,
    /// Its user.
    pub user: UserId,
    /// The actor that it writes as.
    pub actor: ActorId,
}

/// Makes a device's key of a small number.
pub fn key(number: u8) -> DeviceKey {
    DeviceKey::from_seed(&[number; 32])
}

/// Invites a user and enrols a device by it.
pub fn enrol(store: &dyn RelayStore, number: u8, user: &str, space: &str, role: Role) -> Member {
    let secret = invite(store, number, user, space, role);
    let outcome =
        store.enrol(&request(number, &secret, None), fresh_user(number), NOW_MS).expect("the store works");
    let record = enrolled(outcome).expect("an invite that was just made enrols");
    Member { device: record.device, user: record.directory.user, actor: ActorId::from([number; 16]) }
}

fn enrolled(outcome: EnrolOutcome) -> Option<DeviceRecord> {
    match outcome {
        EnrolOutcome::Enrolled(record) => Some(record),
        EnrolOutcome::Invalid | EnrolOutcome::TooManyDevices => None,
    }
}

/// Makes an invite that is valid for an hour.
pub fn invite(store: &dyn RelayStore, number: u8, user: &str, space: &str, role: Role) -> InviteSecret {
    let secret = secret(number);
    let new = NewInvite {
        secret: secret.hash(),
        user: user.to_owned(),
        space: space.to_owned(),
        role,
        approve: false,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 3_600_000,
    };
    store.create_invite(&new).expect("the space exists");
    secret
}

/// The secret of an invite by a number.
fn secret(number: u8) -> InviteSecret {
    InviteSecret::from_bytes([number; 16])
}

fn request(number: u8, secret: &InviteSecret, proposed_user: Option<UserId>) -> EnrolRequest {
    let public_key = key(number).public();
    EnrolRequest {
        secret: secret.hash(),
        public_key,
        device: public_key.device_id(),
        device_name: format!("device {number}"),
        proposed_user,
    }
}

fn fresh_user(number: u8) -> UserId {
    UserId::from_bytes([number ^ 0x80; 16])
}

/// Makes a space named `name`.
pub fn space(store: &dyn RelayStore, number: u8, name: &str) -> SpaceId {
    store.create_space(SpaceId::from_bytes([number; 16]), name, NOW_MS).expect("the name is free").id
}

/// The id of the space `common`.
pub fn common(store: &dyn RelayStore) -> SpaceId {
    store
        .spaces()
        .expect("the store works")
        .iter()
        .find(|space| space.common)
        .expect("there is a common space")
        .id
}

/// A made-up change: `count` operations from `start_op`.
pub fn change(member: &Member, seq: u64, start_op: u64, deps: &[ChangeHash], size: usize) -> PushItem {
    let label = [member.actor.as_bytes(), &seq.to_be_bytes(), &start_op.to_be_bytes()].concat();
    let hash = ChangeHash::from_bytes(*blake3::hash(&label).as_bytes());
    let bytes = hash.as_bytes().iter().copied().cycle().take(size).collect::<Vec<_>>();
    let header = ChangeHeader {
        hash,
        actor: member.actor.clone(),
        other_actors: Vec::new(),
        seq,
        start_op,
        max_op: start_op,
        op_count: 1,
        deps: deps.to_vec(),
        author: (seq == 1).then(|| member.user.as_bytes().to_vec()),
        timestamp: 0,
        message_len: 0,
        size,
    };
    PushItem { document: document(1), chunk: Ok((header, bytes)), receipt: None }
}

/// A document's id.
pub fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

/// The same change for another document.
pub fn of(item: PushItem, document: DocumentId) -> PushItem {
    PushItem { document, ..item }
}

/// The hash of a made-up change.
pub fn hash(item: &PushItem) -> ChangeHash {
    item.chunk.as_ref().expect("a made-up change is well-formed").0.hash
}

/// Appends one push in a batch of its own.
pub fn push(store: &dyn RelayStore, member: &Member, space: SpaceId, items: Vec<PushItem>) -> PushOutcome {
    let pushes = vec![Push { device: member.device, space, items, refill: false }];
    let outcomes = store.append(&AppendBatch { now_ms: NOW_MS, pushes, seen: Vec::new() });
    outcomes.expect("the store works").remove(0)
}

fn judged(outcome: PushOutcome) -> Vec<ItemOutcome> {
    let items = match outcome {
        PushOutcome::Judged(items) => Ok(items),
        other => Err(other),
    };
    items.expect("the push is judged")
}

/// Reads a page as a member.
pub fn page(
    store: &dyn RelayStore,
    member: &Member,
    space: SpaceId,
    cursor: Option<Cursor>,
    bytes_max: usize,
) -> PageOutcome {
    let request =
        PageRequest { device: member.device, space, cursor, echo: true, from_head: false, bytes_max };
    store.pages(&[request]).expect("the store works").remove(0)
}

/// Reads everything from the beginning in one page.
pub fn whole(store: &dyn RelayStore, member: &Member, space: SpaceId) -> FeedPage {
    was_read(page(store, member, space, None, usize::MAX))
}

fn was_read(outcome: PageOutcome) -> FeedPage {
    let page = match outcome {
        PageOutcome::Page(page) => Ok(page),
        other => Err(other),
    };
    page.expect("the feed is read")
}

fn spaces_have_unique_names(store: &dyn RelayStore) {
    space(store, 11, "Tehran");
    space(store, 10, "Isfahan");
    let names: Vec<_> =
        store.spaces().expect("the store works").into_iter().map(|space| space.name).collect();
    assert_eq!(names, ["common", "Isfahan", "Tehran"]);
    for taken in ["tehran", " TEHRAN ", "Common"] {
        let again = store.create_space(SpaceId::from_bytes([12; 16]), taken, NOW_MS);
        assert!(matches!(again, Err(ControlError::SpaceExists(_))), "{taken}: {again:?}");
    }
    let empty = store.create_space(SpaceId::from_bytes([12; 16]), " ", NOW_MS);
    assert!(matches!(empty, Err(ControlError::BadName(_))));
}

fn invites_work_once_and_only_in_time(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let secret = invite(store, 1, "Sara", "tehran", Role::Rep);
    let late = store.enrol(&request(1, &secret, None), fresh_user(1), NOW_MS + 3_600_000);
    assert_eq!(late.expect("the store works"), EnrolOutcome::Invalid, "too late by the relay's clock");
    let first = store.enrol(&request(1, &secret, None), fresh_user(1), NOW_MS).expect("the store works");
    let again =
        store.enrol(&request(1, &secret, None), fresh_user(9), NOW_MS + 9_000_000).expect("the store works");
    assert!(matches!(first, EnrolOutcome::Enrolled(_)));
    assert_eq!(first, again, "the answer may have been lost");
    let other = store.enrol(&request(2, &secret, None), fresh_user(2), NOW_MS).expect("the store works");
    assert_eq!(other, EnrolOutcome::Invalid, "another device");
    let unknown = request(3, &InviteSecret::from_bytes([77; 16]), None);
    assert_eq!(store.enrol(&unknown, fresh_user(3), NOW_MS).expect("the store works"), EnrolOutcome::Invalid);
    let nowhere = NewInvite {
        secret: secret.hash(),
        user: "Sara".into(),
        space: "Shiraz".into(),
        role: Role::Rep,
        approve: false,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 1,
    };
    assert!(matches!(store.create_invite(&nowhere), Err(ControlError::NoSuchSpace(_))));
}

fn second_devices_belong_to_the_same_user(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    space(store, 11, "Isfahan");
    let office = enrol(store, 1, "Sara Amini <sara@example.com>", "Tehran", Role::Rep);
    let field = enrol(store, 2, "SARA@example.com", "Isfahan", Role::Viewer);
    assert_eq!(office.user, field.user);
    assert_ne!(office.device, field.device);
    let records = store.devices(&[office.device, DeviceId::from_bytes([9; 16])]).expect("the store works");
    let record = records[0].as_ref().expect("the device is enrolled");
    let roles: Vec<_> =
        record.directory.spaces.iter().map(|space| (space.name.as_str(), space.role)).collect();
    assert_eq!(roles.len(), 3, "{roles:?}");
    for role in [("Tehran", Role::Rep), ("Isfahan", Role::Viewer), ("common", Role::Rep)] {
        assert!(roles.contains(&role), "{role:?} in {roles:?}");
    }
    assert_eq!(records[1], None);
    let theirs = invite(store, 3, "Omid", "Tehran", Role::Rep);
    let taken = store.enrol(&request(1, &theirs, None), fresh_user(3), NOW_MS).expect("the store works");
    assert_eq!(taken, EnrolOutcome::Invalid, "a device has one user");
}

fn proposed_users_are_taken_once(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let local = UserId::from_bytes([0x55; 16]);
    let user = |number: u8, name: &str| {
        let secret = invite(store, number, name, "Tehran", Role::Rep);
        let outcome = store.enrol(&request(number, &secret, Some(local)), fresh_user(number), NOW_MS);
        enrolled(outcome.expect("the store works")).expect("the invite is good").directory.user
    };
    assert_eq!(user(1, "Sara"), local, "the first device of a user brings its id");
    assert_eq!(user(2, "Omid"), fresh_user(2), "nobody takes over somebody else's id");
    assert_eq!(user(3, "sara"), local, "later devices get the bound one");
}

fn outcomes_follow_the_checks(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let first = change(&sara, 1, 1, &[], 100);
    let second = change(&sara, 2, 2, &[hash(&first)], 100);
    let early = judged(push(store, &sara, tehran, vec![second.clone()]));
    let missing = Later::Judged(LaterReason::MissingDeps(vec![hash(&first)]));
    assert_eq!(early, [ItemOutcome::Later(missing)]);
    let both = judged(push(store, &sara, tehran, vec![first.clone(), second.clone()]));
    assert_eq!(both, [ItemOutcome::Accepted(FeedSeq::new(1)), ItemOutcome::Accepted(FeedSeq::new(2))]);
    let again = judged(push(store, &sara, tehran, vec![second.clone(), first.clone()]));
    assert_eq!(again, [ItemOutcome::Duplicate, ItemOutcome::Duplicate]);
    let fork = change(&sara, 2, 3, &[hash(&first)], 100);
    let refused = judged(push(store, &sara, tehran, vec![fork]));
    assert_eq!(refused, [ItemOutcome::Refused(Refusal::Judged(RefuseReason::ActorForked))]);
    let mut posing = change(&Member { actor: ActorId::from([8; 16]), ..sara.clone() }, 1, 1, &[], 100);
    posing.chunk.as_mut().expect("well-formed").0.author = Some(vec![1; 16]);
    let refused = judged(push(store, &sara, tehran, vec![posing]));
    assert_eq!(refused, [ItemOutcome::Refused(Refusal::Judged(RefuseReason::AuthorMismatch))]);
    assert_eq!(whole(store, &sara, tehran).head, FeedSeq::new(2), "nothing else was written");
}

fn failures_block_only_what_builds_on_them(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let first = change(&sara, 1, 1, &[], 100);
    let dependant = change(&sara, 2, 2, &[hash(&first)], 100);
    let broken = PushItem { document: document(1), chunk: Err(ChunkError::Truncated), receipt: None };
    let elsewhere = of(change(&sara, 1, 1, &[], 100), document(2));
    let outcomes = judged(push(store, &sara, tehran, vec![broken, dependant, elsewhere]));
    assert_eq!(outcomes[0], ItemOutcome::Refused(Refusal::Chunk(ChunkError::Truncated)));
    assert!(matches!(outcomes[1], ItemOutcome::Later(_)), "{:?}", outcomes[1]);
    assert_eq!(outcomes[2], ItemOutcome::Accepted(FeedSeq::new(1)));
}

fn roles_decide_inside_the_transaction(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    space(store, 11, "Isfahan");
    let writers =
        [enrol(store, 1, "a", "Tehran", Role::Admin), enrol(store, 2, "m", "Tehran", Role::Manager)];
    let viewer = enrol(store, 3, "v", "Tehran", Role::Viewer);
    let stranger = enrol(store, 4, "s", "Isfahan", Role::Admin);
    let nobody = Member { device: DeviceId::from_bytes([99; 16]), ..viewer.clone() };
    for (number, writer) in writers.iter().enumerate() {
        let item = of(change(writer, 1, 1, &[], 100), document(20 + u8::try_from(number).expect("few")));
        assert!(matches!(push(store, writer, tehran, vec![item]), PushOutcome::Judged(_)));
    }
    let missing = SpaceId::from_bytes([98; 16]);
    let item = |member: &Member| vec![change(member, 1, 1, &[], 100)];
    assert_eq!(push(store, &viewer, tehran, item(&viewer)), PushOutcome::Forbidden);
    for outsider in [&stranger, &nobody] {
        assert_eq!(push(store, outsider, tehran, item(outsider)), PushOutcome::Hidden);
        assert_eq!(push(store, outsider, missing, item(outsider)), PushOutcome::Hidden);
        assert_eq!(page(store, outsider, tehran, None, 1000), PageOutcome::Hidden);
        assert_eq!(page(store, outsider, missing, None, 1000), PageOutcome::Hidden);
    }
    assert_eq!(whole(store, &viewer, tehran).entries.len(), 2, "a viewer reads");
}

/// The change that a module's documents begin with.
pub fn genesis(module: &str, document: DocumentId) -> PushItem {
    let known = genesis::KNOWN.iter().find(|known| known.module == module).expect("the module is known");
    let header = ChangeHeader {
        hash: known.hash,
        actor: ActorId::from(genesis::GENESIS_ACTOR),
        other_actors: Vec::new(),
        seq: 1,
        start_op: 1,
        max_op: 1,
        op_count: 1,
        deps: Vec::new(),
        author: None,
        timestamp: 0,
        message_len: 0,
        size: 10,
    };
    PushItem { document, chunk: Ok((header, vec![7; 10])), receipt: None }
}

fn common_is_read_by_all_and_written_by_most(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let common = common(store);
    let rep = enrol(store, 1, "r", "Tehran", Role::Rep);
    let viewer = enrol(store, 2, "v", "Tehran", Role::Viewer);
    let filter = genesis("filter", document(1));
    assert!(judged(push(store, &rep, common, vec![filter.clone()]))[0].is_acked());
    assert_eq!(push(store, &viewer, common, vec![filter]), PushOutcome::Forbidden);
    let changes = |entry: &&PageEntry| matches!(entry, PageEntry::Change { .. });
    assert_eq!(whole(store, &viewer, common).entries.iter().filter(changes).count(), 1);
}

fn in_common_the_kind_of_a_document_decides_who_writes_it(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let common = common(store);
    let rep = enrol(store, 1, "r", "Tehran", Role::Rep);
    let manager = enrol(store, 2, "m", "Tehran", Role::Manager);
    let forbidden = [ItemOutcome::Refused(Refusal::Forbidden)];
    let own = DocumentId::from_bytes(*rep.user.as_bytes());
    for (module, document, may) in [
        ("settings", document(20), false),
        ("product", document(21), false),
        ("campaign", document(22), false),
        ("user", document(23), false),
        ("user", own, true),
        ("filter", document(24), true),
        ("account", document(25), true),
    ] {
        let begin = genesis(module, document);
        let then = of(change(&rep, 1, 2, &[hash(&begin)], 10), document);
        let by_rep = judged(push(store, &rep, common, vec![begin.clone()]));
        assert_eq!(by_rep == forbidden, !may, "{module} begun by a rep: {by_rep:?}");
        let by_manager = judged(push(store, &manager, common, vec![begin]));
        assert!(by_manager[0].is_acked(), "{module} begun by a manager: {by_manager:?}");
        let by_rep = judged(push(store, &rep, common, vec![then.clone()]));
        assert_eq!(by_rep == forbidden, !may, "{module} changed by a rep: {by_rep:?}");
        let by_manager = of(change(&manager, 1, 2, &[hash(&genesis(module, document))], 10), document);
        assert!(judged(push(store, &manager, common, vec![by_manager]))[0].is_acked(), "{module}");
    }
    // The first document of a product anywhere else is a rep's like any other.
    let elsewhere = genesis("product", document(30));
    assert!(judged(push(store, &rep, tehran, vec![elsewhere]))[0].is_acked());
    // What is durable already is acknowledged, whoever brings it again.
    let again = judged(push(store, &rep, common, vec![genesis("settings", document(20))]));
    assert_eq!(again, [ItemOutcome::Duplicate]);
}

fn a_document_of_no_known_kind_is_left_to_managers(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let common = common(store);
    let rep = enrol(store, 1, "r", "Tehran", Role::Rep);
    let manager = enrol(store, 2, "m", "Tehran", Role::Manager);
    let forbidden = [ItemOutcome::Refused(Refusal::Forbidden)];
    assert_eq!(judged(push(store, &rep, common, vec![change(&rep, 1, 1, &[], 10)])), forbidden);
    assert!(judged(push(store, &manager, common, vec![change(&manager, 1, 1, &[], 10)]))[0].is_acked());
    // A beginning that reps may make doesn't turn it into theirs.
    let late = genesis("account", document(1));
    assert_eq!(judged(push(store, &rep, common, vec![late])), forbidden);
}

fn documents_have_one_home(store: &dyn RelayStore) {
    let (tehran, isfahan) = (space(store, 10, "Tehran"), space(store, 11, "Isfahan"));
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let omid = enrol(store, 2, "Omid", "Isfahan", Role::Rep);
    let first = change(&sara, 1, 1, &[], 100);
    assert!(judged(push(store, &sara, tehran, vec![first.clone()]))[0].is_acked());
    let unseen = judged(push(store, &omid, isfahan, vec![first, change(&omid, 1, 1, &[], 100)]));
    let untold = ItemOutcome::Refused(Refusal::HomeIs(None));
    assert_eq!(unseen, [untold.clone(), untold], "known and unknown changes get one answer");
    let secret = invite(store, 3, "Omid", "Tehran", Role::Viewer);
    let joined = store.enrol(&request(2, &secret, None), fresh_user(3), NOW_MS).expect("the store works");
    assert!(matches!(joined, EnrolOutcome::Enrolled(_)), "one device, a second space");
    let seen = judged(push(store, &omid, isfahan, vec![change(&omid, 1, 1, &[], 100)]));
    assert_eq!(seen, [ItemOutcome::Refused(Refusal::HomeIs(Some(tehran)))]);
}

/// Appends a chain of `count` changes of `size` bytes to one document.
pub fn chain(
    store: &dyn RelayStore,
    member: &Member,
    space: SpaceId,
    count: u64,
    size: usize,
) -> Vec<ChangeHash> {
    let mut hashes: Vec<ChangeHash> = Vec::new();
    for seq in 1..=count {
        let deps: Vec<_> = hashes.last().copied().into_iter().collect();
        let item = change(member, seq, seq, &deps, size);
        hashes.push(hash(&item));
        assert!(judged(push(store, member, space, vec![item]))[0].is_acked());
    }
    hashes
}

fn pages_keep_their_limits(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    let hashes = chain(store, &sara, tehran, 5, 1000);
    let (mut cursor, mut sizes) = (None, Vec::new());
    loop {
        let page = was_read(page(store, &omid, tehran, cursor, 2500));
        assert_eq!(page.root.is_some(), page.up_to == page.head, "the root comes with the head");
        cursor = Some(Cursor { epoch: page.epoch, seq: page.up_to });
        sizes.push(page.entries.len());
        if page.up_to == page.head {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let tiny = was_read(page(store, &omid, tehran, None, 1));
    assert_eq!(tiny.entries.len(), 1, "one entry comes whatever its size");
    assert!(matches!(&tiny.entries[0], PageEntry::Change { bytes, .. } if bytes.len() == 1000));
    let own = whole(store, &sara, tehran).entries;
    let echoed = own.iter().filter_map(|entry| match entry {
        PageEntry::Echo { document: of, hash, .. } if *of == document(1) => Some(*hash),
        _ => None,
    });
    assert_eq!(echoed.collect::<Vec<_>>(), hashes, "its own changes come as hashes");
}

fn echoes_of_large_changes_come_in_pages(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    chain(store, &sara, tehran, 30, 250_000);
    let page = was_read(page(store, &sara, tehran, None, 256 * 1024));
    assert!(!page.entries.is_empty());
    assert!(page.up_to < page.head, "7.5 MB were read for one page of {} echoes", page.entries.len());
}

fn cursors_are_checked(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    chain(store, &sara, tehran, 3, 10);
    let epoch = whole(store, &sara, tehran).epoch;
    let at = |epoch, seq| page(store, &sara, tehran, Some(Cursor { epoch, seq: FeedSeq::new(seq) }), 1000);
    let end = was_read(at(epoch, 3));
    assert!(end.entries.is_empty() && end.up_to == end.head && end.root.is_some());
    assert_eq!(at(epoch, 4), PageOutcome::CursorInvalid, "beyond the head");
    assert_eq!(at(Epoch::new(epoch.get() ^ 1), 2), PageOutcome::CursorInvalid, "an epoch nobody minted");
    assert!(matches!(at(epoch, 0), PageOutcome::Page(_)));
}

fn digests_follow_heads(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    assert_eq!(whole(store, &sara, tehran).root, Some(Trie::new().root()));
    let chain = chain(store, &sara, tehran, 2, 10);
    let beside = change(&omid, 1, 1, &[], 10);
    let other = of(change(&omid, 1, 1, &[], 10), document(2));
    push(store, &omid, tehran, vec![beside.clone(), other.clone()]);
    let heads =
        BTreeMap::from([(document(1), vec![chain[1], hash(&beside)]), (document(2), vec![hash(&other)])]);
    let mut trie = Trie::new();
    for (document, heads) in &heads {
        trie.update(document, Digest::EMPTY, document_digest(document, heads));
    }
    assert_eq!(whole(store, &sara, tehran).root, Some(trie.root()));
    let expected: Vec<_> = trie.buckets().map(|(bucket, digest)| (bucket.get(), digest)).collect();
    assert_eq!(store.buckets(&tehran).expect("the store works"), expected);
}
