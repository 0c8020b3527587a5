//! One id that two devices make in two spaces: it gets one home, and what doesn't go there is kept and told.

use crate::pair::{Device, Relay};
use forsat_client::{FieldInput, ImportOptions};
use forsat_relay::store::Role;
use forsat_store::{RefusedEdit, StoreError};
use forsat_sync::id::SpaceId;
use std::path::Path;
use tempfile::TempDir;

/// What the devices import: with one source and one key a row has the same id everywhere in a workspace.
const MAPPING: &str = r#"
source = "old-crm"

[[file]]
name = "accounts.csv"
module = "account"
key = ["name"]

[file.fields]
name = "name"
website = "website"
"#;

/// A user who has a role in some of the spaces, and puts new records into one of them.
fn member(relay: &mut Relay, user: &str, spaces: &[&str], home: SpaceId, seed: u64) -> Device {
    let device = Device::join(relay, &format!("{user} <{user}@example.com>"), Role::Rep, seed);
    for space in spaces {
        relay.set_role(&format!("{user}@example.com"), space, Some(Role::Rep));
    }
    if !spaces.contains(&crate::pair::SPACE) {
        relay.set_role(&format!("{user}@example.com"), crate::pair::SPACE, None);
    }
    device.sync(relay);
    let set = |tx: &mut forsat_store::WriteTx<'_>| tx.set_client_value("space/home", home.as_bytes());
    device.engine.store().write::<_, StoreError>(set).expect("writes");
    device
}

/// Imports one account with a website.
fn import(device: &Device, website: &str) {
    let dir = TempDir::new().expect("a temporary directory");
    std::fs::write(dir.path().join("accounts.csv"), format!("name,website\nArya,{website}\n"))
        .expect("writes");
    let mapping = dir.path().join("mapping.toml");
    std::fs::write(&mapping, MAPPING).expect("writes");
    let options = ImportOptions { refused_dir: Some(dir.path().to_owned()), ..ImportOptions::default() };
    let from: &Path = dir.path();
    device.engine.import(from, &mapping, &options, &mut |_| {}).expect("imports");
}

fn websites(device: &Device) -> Vec<String> {
    let page = device.engine.list("account", &forsat_client::ListQuery::default()).expect("lists");
    let website = |id: &str| {
        let view = device.engine.show("account", id).expect("shows");
        view.state.winner("website").as_text().unwrap_or_default().to_owned()
    };
    page.rows.iter().map(|row| website(&row.id.to_string())).collect()
}

fn refused(device: &Device) -> Vec<RefusedEdit> {
    let edits = device.engine.store().read().and_then(|tx| tx.refused_edits()).expect("reads");
    edits.into_iter().map(|(_, edit)| edit).collect()
}

fn home(device: &Device) -> Option<SpaceId> {
    let tx = device.engine.store().read().expect("reads");
    let places = tx.row_places().expect("reads");
    let (_, document) = places.iter().find(|(module, _)| module == "account")?;
    tx.document(document).expect("reads").map(|row| row.space)
}

#[test]
fn the_first_gives_it_its_home_and_the_other_is_told_and_keeps_what_it_made() {
    let mut relay = Relay::new();
    let south = relay.space("South");
    let north =
        relay.spaces().into_iter().find(|(_, name)| name == crate::pair::SPACE).expect("it is there").0;
    let reza = member(&mut relay, "reza", &[crate::pair::SPACE], north, 1);
    let mina = member(&mut relay, "mina", &["South"], south, 2);
    let sara = member(&mut relay, "sara", &[crate::pair::SPACE, "South"], south, 3);
    import(&reza, "https://reza.example");
    import(&mina, "https://mina.example");
    assert!(reza.sync(&mut relay).synced);
    let summary = mina.sync(&mut relay);
    assert!(summary.synced && summary.refused > 0 && summary.unsent == 0, "{summary:?}");
    relay.verify();
    // Mina can't see where it lives, and is told no more than that it isn't hers; what she made is kept.
    let kept = refused(&mina);
    assert!(kept.iter().all(|edit| edit.code == "home_is"), "{kept:?}");
    assert!(kept.iter().all(|edit| !edit.message.contains(&north.to_string())), "{kept:?}");
    let said = kept.iter().any(|edit| String::from_utf8_lossy(&edit.after).contains("https://mina.example"));
    assert!(said, "{kept:?}");
    assert_eq!(websites(&mina), [""; 0], "what the relay doesn't have isn't shown as if it had");
    let again = mina.sync(&mut relay);
    assert!(again.synced && again.refused == 0, "it ends there: {again:?}");
    // Whoever sees the home has one record, and nothing of the other's.
    assert!(sara.sync(&mut relay).synced);
    assert_eq!((websites(&sara), home(&sara)), (vec!["https://reza.example".to_owned()], Some(north)));
    assert_eq!(refused(&reza), []);
    // A role in the space of its home brings it to her as it is there.
    relay.set_role("mina@example.com", crate::pair::SPACE, Some(Role::Rep));
    mina.sync(&mut relay);
    assert!(mina.sync(&mut relay).synced);
    assert_eq!((websites(&mina), home(&mina)), (websites(&reza), Some(north)));
    assert_eq!(refused(&mina).len(), kept.len(), "what she made is still kept");
}

#[test]
fn who_sees_both_spaces_goes_along_to_its_home_with_what_was_typed() {
    let mut relay = Relay::new();
    let south = relay.space("South");
    let north =
        relay.spaces().into_iter().find(|(_, name)| name == crate::pair::SPACE).expect("it is there").0;
    let reza = member(&mut relay, "reza", &[crate::pair::SPACE], north, 1);
    let sara = member(&mut relay, "sara", &[crate::pair::SPACE, "South"], south, 3);
    import(&reza, "https://example.com");
    import(&sara, "https://example.com");
    assert_eq!(home(&sara), Some(south), "as far as she knows");
    let page = sara.engine.list("account", &forsat_client::ListQuery::default()).expect("lists");
    let field = FieldInput::new("industry", "steel");
    sara.engine.edit("account", &page.rows[0].id.to_string(), &[field]).expect("edits");
    assert!(reza.sync(&mut relay).synced);
    for _ in 0..2 {
        sara.sync(&mut relay);
    }
    assert!(sara.sync(&mut relay).synced);
    assert!(reza.sync(&mut relay).synced);
    assert_eq!((home(&sara), refused(&sara)), (Some(north), vec![]));
    assert_eq!(sara.view().0, reza.view().0, "one record, with what both wrote");
    let industry = reza.engine.show("account", &page.rows[0].id.to_string()).expect("shows");
    assert_eq!(industry.state.winner("industry").as_text(), Some("steel"));
    relay.verify();
}
