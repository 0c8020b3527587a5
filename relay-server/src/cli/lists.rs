//! Users, roles, devices and invites as text for people.

use std::fmt::Write as _;

use crate::admin::{DeviceView, ErasureView, InviteEntryView, RoleView, UserView};
use crate::names;

/// What an operator does after the device of such an invite has joined.
pub(super) const APPROVE_HINT: &str = "Their device then waits: let it in with `forsat-relay device activate DEVICE`, after which they join again.\n";
/// Digits of an id in a table.
const ID_DIGITS: usize = 8;

pub(super) fn users(users: &[UserView]) -> String {
    let rows = users.iter().map(|user| {
        let roles: Vec<_> = user.roles.iter().map(|role| format!("{} {}", role.space, role.role)).collect();
        let roles = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
        let email = user.email.as_deref().filter(|email| *email != user.name).unwrap_or_default();
        [user.name.clone(), email.to_owned(), user.devices.to_string(), roles]
    });
    table(["user", "e-mail", "devices", "roles"], rows)
}

/// What whoever lets somebody into a space should know: an administrator of another one may have enrolled a device in that name.
pub(super) fn joined_before(user: &str, space: &str, devices: u64) -> String {
    let (devices, see) = match devices {
        0 => return String::new(),
        1 => ("1 device".to_owned(), "it sees"),
        more => (format!("{more} devices"), "they see"),
    };
    format!(
        "Note: \"{user}\" has joined before, with {devices}, and {see} \"{space}\" too. \
         Make sure that this is theirs: `forsat-relay device list`.\n"
    )
}

pub(super) fn role(view: &RoleView) -> String {
    let first = view.before.is_none() && view.role.is_some();
    let before = if first { joined_before(&view.user, &view.space, view.devices) } else { String::new() };
    role_now(view) + &before
}

fn role_now(view: &RoleView) -> String {
    match (&view.before, &view.role) {
        (Some(before), Some(now)) if before == now => {
            format!("\"{}\" is {now} in \"{}\" already.\n", view.user, view.space)
        }
        (_, Some(now)) => format!("\"{}\" is {now} in \"{}\" now.\n", view.user, view.space),
        (_, None) => format!("\"{}\" has no role in \"{}\" any more.\n", view.user, view.space),
    }
}

pub(super) fn devices(devices: &[DeviceView]) -> String {
    let rows = devices
        .iter()
        .map(|device| [device.user.clone(), device.name.clone(), device.state.clone(), short(&device.id)]);
    table(["user", "device", "state", "id"], rows)
}

pub(super) fn device(view: &DeviceView) -> String {
    let already = if view.changed == Some(false) { " already" } else { "" };
    format!(
        "The device \"{}\" ({}) of \"{}\" is {}{already}.\n",
        view.name,
        short(&view.id),
        view.user,
        view.state
    )
}

pub(super) fn erasure(view: &ErasureView) -> String {
    let held = match &view.space {
        Some(space) => format!("{} changes ({} bytes) in \"{space}\"", view.changes, view.bytes),
        None => "nothing on this relay".to_owned(),
    };
    match view.erased {
        true => format!(
            "The record {} is erased: {held}. Devices erase it when they sync; backups and exports keep it.\n",
            view.document
        ),
        false => format!(
            "The record {} has {held}. Nothing is erased yet: to erase it here and on every device for good, run the same with --yes.\n",
            view.document
        ),
    }
}

pub(super) fn invites(invites: &[InviteEntryView]) -> String {
    let rows = invites.iter().map(|invite| {
        let state =
            if invite.approve { format!("{}, to approve", invite.state) } else { invite.state.clone() };
        [invite.id.clone(), invite.user.clone(), invite.space.clone(), invite.role.clone(), state]
    });
    table(["id", "user", "space", "role", "state"], rows)
}

pub(super) fn short(id: &str) -> String {
    id.chars().take(ID_DIGITS).collect()
}

/// Columns beside one another, each as wide as its widest cell; the last as it comes. Devices choose their names: nothing of them
/// steers the terminal.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    // A cell is of one line, whatever its name holds.
    let cells = |row: [String; N]| row.map(|cell| names::printable(&cell).replace('\n', " "));
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows.map(cells)).collect();
    let widths: Vec<usize> =
        (0..N).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let pad = width - cell.chars().count();
            let _ = write!(line, "{cell}{}  ", " ".repeat(pad));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
