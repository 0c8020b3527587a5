//! A flipped byte or a missing end is found, never returned as data.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic;

use forsat_store::{Store, StoreError, Tx};

use crate::disk::Disk;
use crate::support::{Place, document, save_edit};

/// Everything that the tests wrote, as text by name.
type Contents = BTreeMap<String, String>;

fn contents(store: &Store) -> Result<Contents, StoreError> {
    let tx = store.read()?;
    let mut all = Contents::new();
    all.insert("identity".into(), format!("{:?}", tx.identity()?));
    for number in 1..=3 {
        let id = document(number);
        all.insert(format!("row {number}"), format!("{:?}", tx.row("account", &id)?));
        all.insert(format!("document {number}"), format!("{:?}", tx.document(&id)?));
        for chunk in tx.chunks(&id)? {
            all.insert(format!("change {}", chunk.hash), format!("{chunk:?}"));
        }
    }
    walk(&tx, &mut all)?;
    Ok(all)
}

fn walk<A: forsat_store::Access>(tx: &Tx<A>, all: &mut Contents) -> Result<(), StoreError> {
    tx.each_row("account", &mut |id, payload| {
        all.insert(format!("walked {id}"), format!("{payload:?}"));
        ControlFlow::Continue(())
    })?;
    for entry in tx.journal(usize::MAX)? {
        all.insert(format!("journal {}", entry.id.get()), format!("{entry:?}"));
    }
    Ok(())
}

fn written() -> (Place, Contents) {
    let place = Place::new();
    let store = place.create().unwrap();
    for change in 0..30 {
        store.write(|tx| save_edit(tx, u8::try_from(change % 3).unwrap() + 1, change)).unwrap();
    }
    let all = contents(&store).unwrap();
    assert!(all.len() > 60);
    drop(store);
    (place, all)
}

/// Opens a damaged file, reads it all, then verifies it. `true` when the damage was found.
fn found(place: &Place, good: &Contents, what: &str) -> bool {
    let store = match place.open() {
        Ok(store) => store,
        Err(_) => return true,
    };
    if store.opened().renewed.is_some() {
        return true;
    }
    let read = contents(&store);
    let mut differs = false;
    if let Ok(read) = &read {
        for (name, value) in read {
            let missing = value == "None";
            assert!(good.get(name) == Some(value) || missing, "{what}: {name} reads as {value}");
        }
        differs = read != good;
    }
    let report = store.check_integrity();
    let reported = !matches!(&report, Ok(report) if report.problems.is_empty() && !report.engine_repaired);
    assert!(!differs || reported, "{what}: data is missing, and the check says nothing");
    read.is_err() || reported
}

#[test]
fn a_flipped_byte_is_never_returned_as_data() {
    let (place, good) = written();
    let image = place.disk.image();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(|| {
        let mut noticed = 0;
        for offset in (0..image.len()).step_by(101) {
            let damaged = Place { disk: Disk::holding(image.clone()), ..place.clone() };
            damaged.disk.flip(offset, 1 << (offset % 8));
            noticed += u32::from(found(&damaged, &good, &format!("byte {offset}")));
        }
        noticed
    });
    panic::set_hook(hook);
    match outcome {
        Ok(noticed) => assert!(noticed > 20, "only {noticed} flips met anything that is in use"),
        Err(failure) => panic::resume_unwind(failure),
    }
}

#[test]
fn a_flipped_byte_in_a_change_is_found_on_reading_it() {
    let (place, _) = written();
    let image = place.disk.image();
    let needle = b"change 29change 29";
    let at: Vec<usize> =
        image.windows(needle.len()).enumerate().filter(|(_, w)| *w == needle).map(|(at, _)| at).collect();
    assert!(!at.is_empty());
    let damaged = Place { disk: Disk::holding(image), ..place };
    for offset in at {
        damaged.disk.flip(offset, 1);
    }
    let store = damaged.open().unwrap();
    let error = store.read().unwrap().chunks(&document(3)).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { what } if what.contains("chunks")), "{error}");
    assert!(store.read().unwrap().chunks(&document(1)).is_ok(), "what is whole can be read");
}

#[test]
fn a_file_without_its_end_is_refused() {
    let (place, _) = written();
    let image = place.disk.image();
    for length in [1, 100, 4_096, 8_192, image.len() / 2, image.len() - 4_096, image.len() - 1] {
        let damaged = Place { disk: Disk::holding(image[..length].to_vec()), ..place.clone() };
        let error = damaged.open().map(drop).unwrap_err();
        let told = matches!(error, StoreError::Damaged { .. } | StoreError::NotAStore { .. });
        assert!(told && !error.is_retryable(), "{length} bytes: {error:?}");
    }
}
