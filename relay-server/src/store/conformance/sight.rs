//! That orders tell who administers one space nothing of the others, whether a device or a program gives them.

use forsat_sync::frame::Role;

use super::{Member, NOW_MS, enrol, invite, secret, space};
use crate::store::{
    AccessCommand, AccessDone, AdminDone, AdminOrder, ControlError, NewInvite, Orderer, RelayStore, Scope,
};
use crate::token::Token;

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    for program in [false, true] {
        beginnings_stand_for_what_is_seen_alone(&Office::of(&*fresh(), program));
        somebody_from_elsewhere_is_added_by_the_whole_mail_or_id(&Office::of(&*fresh(), program));
        devices_and_invites_of_other_spaces_are_not_there(&Office::of(&*fresh(), program));
    }
}

/// Tehran, whose administrator or program orders, and Isfahan, of which nothing is to be told.
struct Office<'a> {
    store: &'a dyn RelayStore,
    by: Orderer,
    kia: Member,
}

impl<'a> Office<'a> {
    fn of(store: &'a dyn RelayStore, program: bool) -> Self {
        space(store, 10, "Tehran");
        space(store, 11, "Isfahan");
        enrol(store, 1, "Operator", "Isfahan", Role::Admin);
        let sara = enrol(store, 2, "Sara", "Tehran", Role::Admin);
        enrol(store, 3, "Reza Amini", "Tehran", Role::Rep);
        let kia = enrol(store, 4, "Kia Rad <kia@example.com>", "Isfahan", Role::Rep);
        enrol(store, 5, "Kiana <kiana@example.com>", "Isfahan", Role::Rep);
        invite(store, 6, "Mina Noor <mina@example.com>", "Isfahan", Role::Rep);
        let by = match program {
            false => Orderer::Device(sara.device),
            true => {
                super::tokens::make(store, 1, "tehran", &Scope::ALL, Some("Tehran")).expect("the first");
                Orderer::Program(Token::from_bytes([1; 16]).hash())
            }
        };
        Self { store, by, kia }
    }

    fn order(&self, command: AccessCommand) -> Result<AdminDone, ControlError> {
        self.store.access().administer(&self.by, &AdminOrder::Change(command), NOW_MS)
    }

    fn set(&self, user: &str) -> Result<AdminDone, ControlError> {
        self.order(AccessCommand::SetRole { user: user.into(), space: "Tehran".into(), role: Role::Viewer })
    }

    fn remove(&self, user: &str) -> Result<AdminDone, ControlError> {
        self.order(AccessCommand::RemoveRole { user: user.into(), space: "Tehran".into() })
    }

    fn invite(&self, number: u8, user: &str) {
        let new = NewInvite {
            secret: secret(number).hash(),
            user: user.into(),
            space: "Tehran".into(),
            role: Role::Rep,
            approve: false,
            now_ms: NOW_MS,
            expires_at_ms: NOW_MS + 1000,
        };
        self.store.access().administer(&self.by, &AdminOrder::Invite(new), NOW_MS).expect("nobody yet");
    }
}

/// What an error tells beyond what was typed.
fn told(done: Result<AdminDone, ControlError>) -> String {
    done.expect_err("it is refused").to_string()
}

fn beginnings_stand_for_what_is_seen_alone(office: &Office<'_>) {
    let id = office.kia.user.to_string();
    // Several, one, a whole name, the beginning of a mail and of an id, and who has no device yet.
    for user in ["Ki", "Kia R", "Kia Rad", "kia@exam", &id[..8], "Mina Noor", "mina@example.com"] {
        let done = office.set(user);
        assert!(matches!(&done, Err(ControlError::NoSuchUser(text)) if text == user), "{user}: {done:?}");
    }
    for user in ["Nobody", "Kia Rad", "kia@example.com", &id] {
        let done = office.remove(user);
        assert!(matches!(&done, Err(ControlError::NoSuchUser(text)) if text == user), "{user}: {done:?}");
    }
    assert!(office.set("Reza").is_ok(), "whom they see");
    office.invite(20, "Mina Karimi");
    let waits = office.set("Mina");
    assert!(
        matches!(&waits, Err(ControlError::UserWithoutDevice(name)) if name == "Mina Karimi"),
        "{waits:?}"
    );
}

fn somebody_from_elsewhere_is_added_by_the_whole_mail_or_id(office: &Office<'_>) {
    // Nor does somebody who is called like a mail draw out whose it is.
    office.invite(20, "kia@example.com <other@example.com>");
    let several = office.set("kia@example.com");
    assert!(matches!(several, Err(ControlError::Ambiguous { .. })), "{several:?}");
    assert!(!told(several).contains("Kia Rad"));
    let added = office.set(&office.kia.user.to_string());
    let is_added =
        |done: &AccessDone| matches!(done, AccessDone::Role { before: None, now: Some(Role::Viewer), .. });
    assert!(matches!(&added, Ok(AdminDone::Changed(done)) if is_added(done)), "{added:?}");
    let added = office.set("Kiana@Example.com");
    assert!(matches!(&added, Ok(AdminDone::Changed(done)) if is_added(done)), "{added:?}");
    assert!(office.remove("Kian").is_ok(), "who is in the space is seen");
}

fn devices_and_invites_of_other_spaces_are_not_there(office: &Office<'_>) {
    let whole = office.kia.device.to_string();
    for device in ["device 4", "device 9", &whole] {
        let revoke = AccessCommand::RevokeDevice { device: device.into(), lost: false };
        let activate = AccessCommand::ActivateDevice { device: device.into() };
        for done in [office.order(revoke), office.order(activate)] {
            assert!(matches!(done, Err(ControlError::NoSuchDevice(_))), "{device}: {done:?}");
        }
    }
    let several = told(office.order(AccessCommand::RevokeDevice { device: "device".into(), lost: false }));
    assert!(several.contains("device 2") && several.contains("device 3"), "{several}");
    assert!(!["device 1", "device 4", "device 5"].iter().any(|name| several.contains(name)), "{several}");
    for invite in office.store.access().invites().expect("the store works") {
        let done = office.order(AccessCommand::CancelInvite { invite: invite.id });
        match invite.space.as_str() {
            "Tehran" => assert!(matches!(done, Err(ControlError::InviteUsed(_))), "{done:?}"),
            _ => assert!(matches!(done, Err(ControlError::NoSuchInvite(_))), "{done:?}"),
        }
    }
}
