//! Records that leave a device whose relay was set back: what the relay may have lost is kept and set aside.

use super::*;

#[test]
fn what_a_relay_that_was_set_back_lost_is_kept_and_set_aside_when_its_record_leaves() {
    for state in [ChunkState::Acked, ChunkState::Feed] {
        let (mut relay, sara, reza) = two();
        let arya = account(&sara, "Arya");
        for device in [&sara, &reza] {
            device.sync(&mut relay);
        }
        site(&reza, &arya, "https://lost.example");
        // The relay had taken it, and was set back; then the record moved.
        let store = reza.engine.store();
        let lost = store.write::<_, forsat_store::StoreError>(|tx| {
            let mut all = Vec::new();
            tx.each_document(&mut |document, _| {
                all.push(document);
                std::ops::ControlFlow::Continue(())
            })?;
            for document in all {
                for chunk in tx.chunks_in(&document, &[ChunkState::Outbox])? {
                    tx.set_chunk_state(&document, &chunk.hash, state)?;
                }
            }
            Ok(())
        });
        lost.expect("writes");
        put_back(&reza);
        ask(&sara, &arya, "South", false);
        sync_level(&sara, &mut relay);
        reza.sync(&mut relay);
        sync_level(&reza, &mut relay);
        assert_eq!(website(&reza, &arya), None, "it has left");
        let kept = reza.engine.refused().expect("reads");
        assert_eq!(kept.len(), 1, "{state:?}: {kept:?}");
        assert_eq!((kept[0].view.code.as_str(), kept[0].view.at_relay), ("moved_away", true));
        assert_eq!(relay.quarantined(&sara).len(), 1);
        relay.verify();
    }
}

#[test]
fn what_a_relay_has_for_certain_is_not_kept_when_its_record_leaves() {
    let (mut relay, sara, reza) = two();
    let arya = account(&sara, "Arya");
    for device in [&sara, &reza] {
        device.sync(&mut relay);
    }
    site(&reza, &arya, "https://reza.example");
    sync_level(&reza, &mut relay);
    put_back(&reza);
    // It agrees again, so nothing is in doubt.
    reza.sync(&mut relay);
    sync_level(&reza, &mut relay);
    sara.sync(&mut relay);
    ask(&sara, &arya, "South", false);
    sync_level(&sara, &mut relay);
    reza.sync(&mut relay);
    assert_eq!(website(&reza, &arya), None, "it has left");
    assert!(reza.engine.refused().expect("reads").is_empty());
}
