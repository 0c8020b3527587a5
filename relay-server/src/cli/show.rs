//! Answers as text for people and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::{lists, quarantine, tokens};
use crate::admin::{Answer, InviteView, SpaceView, StatusView};
use crate::config::Flags;
use crate::names;
use crate::setup::InitOptions;

/// How to serve what was made, by the same words: the invite names the address that they give.
pub(super) fn start_command(data: &Path, file: Option<&Path>, flags: &Flags) -> String {
    let mut command = format!("forsat-relay serve --data {}", quoted(&data.display().to_string()));
    let options = [
        ("config", file.map(|file| file.display().to_string())),
        ("listen", flags.listen.map(|listen| listen.to_string())),
        ("public-url", flags.public_url.clone()),
    ];
    for (name, value) in options {
        command.extend(value.map(|value| format!(" --{name} {}", quoted(&value))));
    }
    command
}

/// What `init` made.
pub(super) fn initialised(
    data: &Path,
    init: &InitOptions,
    start: &str,
    invite: &InviteView,
    json: bool,
) -> String {
    if json {
        let made = json!({
            "data": data,
            "workspace_name": init.workspace_name,
            "spaces": ["common", init.space],
            "invite": invite,
        });
        return line(&made);
    }
    format!(
        "The relay of the workspace \"{}\" is made in {}, with the spaces \"common\" and \"{}\".\n\n\
         Start it:\n  {start}\n\n\
         The first admin (\"{}\") joins with:\n  {}\n\n\
         The code works once, within 24 hours. Invite the others with:\n  \
         forsat-relay invite --data {} --user NAME --space {} --role rep\n",
        init.workspace_name,
        data.display(),
        init.space,
        invite.user,
        invite.command,
        data.display(),
        quoted(&init.space),
    )
}

/// That a lost relay was made anew.
pub(super) fn made_anew(data: &Path, workspace_name: &str, start: &str, json: bool) -> String {
    if json {
        return line(&json!({ "data": data, "workspace_name": workspace_name, "made_anew": true }));
    }
    format!(
        "The relay of the workspace \"{workspace_name}\" is made anew in {}; it holds nothing yet.\n\n\
         Start it:\n  {start}\n\n\
         Then let an administrator's device sync first: it brings back who is let in. Every device brings back the records \
         that it holds. Until the first has come nobody can be invited.\n",
        data.display(),
    )
}

/// That the identity was written.
pub(super) fn exported(file: &Path, json: bool) -> String {
    if json {
        return line(&json!({ "file": file }));
    }
    format!(
        "Written to {}. Whoever has this file can pass for the relay: keep it elsewhere, under lock.\n\
         If the relay's store is lost: forsat-relay init --data DIR --identity {}\n",
        file.display(),
        file.display(),
    )
}

/// An answer that is no failure, fit for a terminal whatever names there are in it.
pub(super) fn answer(answer: &Answer, json: bool) -> String {
    names::printable(&written(answer, json))
}

fn written(answer: &Answer, json: bool) -> String {
    match answer {
        Answer::Space(space) if json => line(space),
        Answer::Spaces { spaces } if json => line(&json!({ "spaces": spaces })),
        Answer::Invite(invite) if json => line(invite),
        Answer::Status(status) if json => line(status),
        Answer::Invites { invites } if json => line(&json!({ "invites": invites })),
        Answer::InviteCancelled(invite) if json => line(invite),
        Answer::Users { users } if json => line(&json!({ "users": users })),
        Answer::Role(role) if json => line(role),
        Answer::Devices { devices } if json => line(&json!({ "devices": devices })),
        Answer::Device(device) if json => line(device),
        Answer::Erasure(erasure) if json => line(erasure),
        Answer::TokenMade(made) if json => line(made),
        Answer::Tokens { tokens } if json => line(&json!({ "tokens": tokens })),
        Answer::TokenRevoked(token) if json => line(token),
        Answer::QuarantineRows { rows, more } if json => line(&json!({ "changes": rows, "more": more })),
        Answer::QuarantineDropped(dropped) if json => line(dropped),
        Answer::Space(space) => format!("The space \"{}\" is made ({}).\n", space.name, space.id),
        Answer::Spaces { spaces } => spaces_table(spaces),
        Answer::Invite(invite) => format!(
            "\"{}\" is invited to \"{}\" as {}. They join with:\n  {}\n\nThe code works once, within 24 hours.\n{}{}",
            invite.user,
            invite.space,
            invite.role,
            invite.command,
            if invite.approve { lists::APPROVE_HINT } else { "" },
            if invite.first_role {
                lists::joined_before(&invite.user, &invite.space, invite.devices)
            } else {
                String::new()
            },
        ),
        Answer::Invites { invites } => lists::invites(invites),
        Answer::InviteCancelled(invite) => {
            format!("The invite {} of \"{}\" is worthless now.\n", invite.id, invite.user)
        }
        Answer::Users { users } => lists::users(users),
        Answer::Role(role) => lists::role(role),
        Answer::Devices { devices } => lists::devices(devices),
        Answer::Device(device) => lists::device(device),
        Answer::Erasure(erasure) => lists::erasure(erasure),
        Answer::TokenMade(made) => tokens::made(made),
        Answer::Tokens { tokens } => tokens::list(tokens),
        Answer::TokenRevoked(token) => tokens::revoked(token),
        Answer::QuarantineRows { rows, more } => quarantine::rows(rows, *more),
        Answer::QuarantineDropped(dropped) => quarantine::dropped(dropped),
        Answer::Status(status) => status_text(status),
        Answer::Verified(found) => line(found),
        // Told to managers' devices alone.
        Answer::Quarantine { .. } | Answer::QuarantineClosed { .. } => line(answer),
        // It goes to a file that nobody else can read, never to a screen.
        Answer::Identity(identity) => format!("The identity of \"{}\".\n", identity.workspace_name()),
        Answer::Failed(failure) => format!("{failure}\n"),
    }
}

fn line(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).expect("answers have text keys and plain values");
    let mut text = names::printable_json(&text);
    text.push('\n');
    text
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

fn spaces_table(spaces: &[SpaceView]) -> String {
    let width = spaces.iter().map(|space| space.name.chars().count()).max().unwrap_or(0).max(4);
    let mut text = format!("{:width$}  {:>10}  id\n", "name", "entries");
    for space in spaces {
        let pad = width - space.name.chars().count();
        let _ = writeln!(text, "{}{}  {:>10}  {}", space.name, " ".repeat(pad), space.head, space.id);
    }
    text
}

fn status_text(status: &StatusView) -> String {
    let mut text = format!(
        "workspace  {} ({})\nrelay key  {}\nusers      {}\ndevices    {} active, {} revoked\ninvites    {} open\n\
         documents  {}\nchanges    {} ({} bytes)\n",
        status.workspace_name,
        status.workspace,
        status.relay,
        status.users,
        status.devices_active,
        status.devices_revoked,
        status.invites_open,
        status.documents,
        status.changes,
        status.bytes,
    );
    let _ = match &status.serving {
        Some(serving) => writeln!(
            text,
            "serving    {}\n           {} connections, {} of them authenticated, {} of revoked devices; {} changes taken, {} commits refused{}",
            serving.url,
            serving.connections,
            serving.established,
            serving.restricted,
            serving.changes_accepted,
            serving.appends_failed,
            if serving.writes_failing { "; THE STORE TAKES NO WRITES: see the log" } else { "" },
        ),
        None => writeln!(text, "serving    no"),
    };
    text.push('\n');
    text + &spaces_table(&status.spaces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{DeviceView, RoleView};

    #[test]
    fn whoever_lets_somebody_in_reads_of_devices_that_are_theirs_already() {
        let invite = |devices, first_role| {
            Answer::Invite(InviteView {
                user: "ceo@example.com".into(),
                space: "Tehran".into(),
                role: "rep".into(),
                approve: false,
                devices,
                first_role,
                url: String::new(),
                code: String::new(),
                expires_at_ms: 1,
                command: String::new(),
            })
        };
        let role = |before: Option<&str>, now: Option<&str>| {
            Answer::Role(RoleView {
                user: "ceo@example.com".into(),
                space: "Tehran".into(),
                before: before.map(str::to_owned),
                role: now.map(str::to_owned),
                devices: 2,
            })
        };
        for (told, warns) in [
            (invite(1, true), true),
            (invite(0, true), false),
            (invite(1, false), false),
            (role(None, Some("rep")), true),
            (role(Some("rep"), Some("admin")), false),
            (role(Some("rep"), None), false),
        ] {
            assert_eq!(answer(&told, false).contains("has joined before"), warns, "{told:?}");
            assert!(answer(&told, true).contains("\"devices\":"), "{told:?}");
        }
    }

    #[test]
    fn a_devices_name_from_before_names_were_cleaned_moves_no_cursor() {
        let device = DeviceView {
            id: "ab".repeat(16),
            name: "lap\u{1b}[2Jtop\u{9b}31m\u{202e}\r\nforged row".into(),
            user: "Sara".into(),
            state: "active".into(),
            enrolled_at_ms: 1,
            seen_at_ms: None,
            changed: None,
        };
        let devices = Answer::Devices { devices: vec![device] };
        let told = [answer(&devices, false), answer(&devices, true)];
        assert_eq!(told.each_ref().map(|text| text.lines().count()), [2, 1], "a row is a line: {told:?}");
        for text in &told {
            let disturbing = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!text.contains(disturbing), "{text:?}");
        }
        assert!(told[1].contains("\\u009b31m\\u202e"), "{}", told[1]);
    }
}
