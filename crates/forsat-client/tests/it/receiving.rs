//! INV-6: merging writes nothing. A device that receives has afterwards what it had and what came, and made no change.

use crate::pair::{Device, Relay};
use forsat_client::{CloseInput, FieldInput};
use forsat_relay::store::Role;
use forsat_store::ChunkState;
use forsat_sync::id::{ChangeHash, DocumentId};
use std::collections::BTreeSet;

type Changes = BTreeSet<(DocumentId, ChangeHash)>;

/// The changes of a store, in these states.
fn changes(device: &Device, states: &[ChunkState]) -> Changes {
    let tx = device.engine.store().read().expect("reads");
    let documents = tx.documents_after(None, usize::MAX).expect("reads");
    let held = documents.iter().flat_map(|(document, _)| {
        let chunks = tx.chunks(document).expect("reads").into_iter();
        chunks.filter(|chunk| states.contains(&chunk.state)).map(|chunk| (*document, chunk.hash))
    });
    held.collect()
}

fn all(device: &Device) -> Changes {
    use ChunkState as S;
    changes(device, &[S::Outbox, S::Acked, S::Feed, S::Waiting, S::Unreadable, S::Refused])
}

fn edit(device: &Device, module: &str, record: &str, pairs: &[(&str, &str)]) {
    let fields: Vec<_> = pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect();
    device.engine.edit(module, record, &fields).expect("edits");
}

/// Edits on both devices that meet in every way that a merge knows: registers, texts, sets, lines, outcomes, deletions.
fn disagree(sara: &Device, reza: &Device, account: &str, deal: &str, other: &str) {
    let line = |price: &str| {
        [FieldInput::new("name", "work"), FieldInput::new("qty", "1"), FieldInput::new("unit_price", price)]
    };
    edit(sara, "account", account, &[("website", "https://sara.example"), ("tags+", "vip")]);
    edit(reza, "account", account, &[("website", "https://reza.example"), ("tags+", "tender")]);
    edit(sara, "opp", deal, &[("description", "asks for a quote, urgent"), ("amount", "900")]);
    edit(reza, "opp", deal, &[("description", "They ask for a quote"), ("currency", "EUR")]);
    sara.engine.win(deal, &CloseInput::default()).expect("wins");
    let price = CloseInput { reason: Some("price".to_owned()), ..CloseInput::default() };
    reza.engine.lose(deal, &price).expect("loses");
    reza.engine.line_add(deal, None, &line("50")).expect("adds");
    sara.engine.delete("opp", other).expect("deletes");
    edit(reza, "opp", other, &[("next_step", "call")]);
}

#[test]
fn receiving_changes_makes_none() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let mina = Device::join(&mut relay, "Mina <mina@example.com>", Role::Viewer, 3);
    let arya = sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates").short;
    let deals = ["server", "support"].map(|name| {
        let given = [("name", name), ("account_id", &arya), ("close_date", "2026-09-01"), ("amount", "800")];
        let fields: Vec<_> = given.iter().map(|(field, value)| FieldInput::new(*field, *value)).collect();
        sara.engine.create("opp", &fields).expect("creates").short
    });
    for device in [&sara, &reza, &mina, &sara] {
        assert!(device.sync(&mut relay).synced);
    }
    disagree(&sara, &reza, &arya, &deals[0], &deals[1]);
    sara.sync(&mut relay);
    let (of_sara, of_reza) = (all(&sara), all(&reza));
    let journal = reza.engine.commands(100).expect("lists").len();
    let came = reza.sync(&mut relay);
    assert!(came.received > 0 && came.records.iter().any(|record| !record.issues.is_empty()), "{came:?}");
    assert_eq!(all(&reza), &of_reza | &of_sara, "what it had and what came, and nothing else");
    assert_eq!(changes(&reza, &[ChunkState::Outbox]), Changes::new());
    assert_eq!(reza.engine.commands(100).expect("lists").len(), journal, "no command was noted");
    // One that only reads meets both sides at once and has nothing to send either.
    let before = all(&mina);
    let came = mina.sync(&mut relay);
    assert_eq!((came.sent, came.unsent), (0, 0));
    assert_eq!(all(&mina), &before | &all(&reza));
    // All come to rest: nothing that was merged comes back as a change of anybody.
    for device in [&sara, &reza, &mina] {
        device.sync(&mut relay);
        let again = device.sync(&mut relay);
        assert_eq!((again.received, again.sent), (0, 0), "{again:?}");
    }
    assert_eq!(all(&sara), all(&mina));
    assert_eq!(sara.view(), mina.view());
}
