//! What the engine refuses beside the rules of the domain, in words.

use forsat_client::{AddressFault, ClientRefusal, InviteError};

use super::{Words, refusal};

pub(super) fn refused(words: &Words<'_>, error: &ClientRefusal) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        ClientRefusal::InviteCode(error) => invite(words, error),
        ClientRefusal::NoRelayAddress => say("no-relay-address", &[]),
        ClientRefusal::RelayAddress { text, fault } => {
            say("relay-address", &[("text", text.clone()), ("why", address_fault(words, *fault))])
        }
        ClientRefusal::OtherSpace => say("other-space", &[]),
        ClientRefusal::NotAdministrator(role) => say("not-administrator", &[("role", words.role(role))]),
        ClientRefusal::NotManagerOfUser(role) => say("not-manager-of-user", &[("role", words.role(role))]),
        ClientRefusal::NotManager { module, role } => {
            say("not-manager", &[("module", words.module(module)), ("role", words.role(role))])
        }
        ClientRefusal::AlreadyUndone(number) => say("already-undone", &[("number", words.number(number))]),
        ClientRefusal::NotUndoable(command) => say("not-undoable", &[("command", command.clone())]),
        ClientRefusal::AccountExists { name, short } => {
            say("account-exists", &[("name", name.clone()), ("id", short.clone())])
        }
        ClientRefusal::UnknownModule => say("refused-edit-of-nothing", &[]),
        ClientRefusal::CommonStays => say("common-stays", &[]),
        ClientRefusal::MayNotMove { space, role } => {
            say("may-not-move", &[("space", space.clone()), ("role", words.role(role))])
        }
        ClientRefusal::Erased => say("erased-record", &[]),
        ClientRefusal::MovedAway { space, number } => {
            // The number is part of a command to type, so its digits stay as they are typed.
            say("refused-edit-moved-away", &[("space", space.clone()), ("number", number.to_string())])
        }
        ClientRefusal::UnreadableEdit => say("refused-edit-unreadable", &[]),
        ClientRefusal::LostBase => say("refused-edit-lost-base", &[]),
        ClientRefusal::NotWhole => say("quarantine-not-whole", &[]),
        ClientRefusal::HistoryAlone => say("quarantine-history-alone", &[]),
        ClientRefusal::RecordElsewhere => say("quarantine-elsewhere", &[]),
        ClientRefusal::OfRecord { name, refusal: why } => {
            say("refused-record", &[("name", name.clone()), ("why", refusal::refusal(words, why))])
        }
        ClientRefusal::UnknownSpace { name, known } => {
            say("unknown-space", &[("name", name.clone()), ("known", known.clone())])
        }
        ClientRefusal::CommonModule(module) => say("common-module", &[("module", words.module(module))]),
        ClientRefusal::ReadOnly(space) => say("read-only", &[("space", space.clone())]),
        ClientRefusal::ReadOnlyHome(space) => say("read-only-home", &[("space", space.clone())]),
        ClientRefusal::NoSpace => say("no-space", &[]),
        ClientRefusal::OtherSpaceNeeded { name, known } => {
            say("other-space-needed", &[("name", name.clone()), ("known", known.clone())])
        }
        ClientRefusal::SpaceNeeded(known) => say("space-needed", &[("known", known.clone())]),
        ClientRefusal::AlreadyJoined(url) => say("already-joined", &[("url", url.clone())]),
    }
}

fn invite(words: &Words<'_>, error: &InviteError) -> String {
    match error {
        InviteError::NotAnInvite => words.say("invite-none", &[]),
        InviteError::Character(letter) => words.say("invite-character", &[("letter", letter.to_string())]),
        InviteError::Length(letters) => words.say("invite-length", &[("letters", words.number(letters))]),
        InviteError::Checksum => words.say("invite-checksum", &[]),
        InviteError::Key => words.say("invite-key", &[]),
        InviteError::Address => words.say("invite-address", &[]),
    }
}

fn address_fault(words: &Words<'_>, fault: AddressFault) -> String {
    match fault {
        AddressFault::NoScheme => words.say("address-no-scheme", &[]),
        AddressFault::OtherScheme => words.say("address-other-scheme", &[]),
        AddressFault::Unreadable => words.say("address-unreadable", &[]),
        AddressFault::NoHost => words.say("address-no-host", &[]),
    }
}
