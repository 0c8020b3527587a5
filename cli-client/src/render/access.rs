//! Users, roles, devices and invites, as administrators see them.

use forsat_client::{
    AccessAnswer, DeviceAccess, InviteAccess, MadeInvite, RoleAccess, SpaceAccess, UserAccess,
};

use crate::app::App;
use crate::i18n::tr;
use crate::output::{FAINT, GOOD, STRONG, paint};
use crate::table::{Align, table};

/// Letters of an id in a table.
const ID_LETTERS: usize = 8;

/// An answer of the relay, line by line.
pub fn answer(app: &App, answer: &AccessAnswer) -> Vec<String> {
    match answer {
        AccessAnswer::Spaces { spaces: list } => vec![spaces(app, list)],
        AccessAnswer::Space(view) => {
            vec![paint(GOOD, tr!(app.messages, "admin-space-made", space = view.name.as_str()))]
        }
        AccessAnswer::Users { users: list } if list.is_empty() => Vec::new(),
        AccessAnswer::Users { users: list } => vec![users(app, list)],
        AccessAnswer::Devices { devices: list } => vec![devices(app, list)],
        AccessAnswer::Invites { invites: list } => vec![invites(app, list)],
        AccessAnswer::Role(view) => {
            let is_first = view.before.is_none() && view.role.is_some();
            let note = is_first.then(|| devices_too(app, &view.user, view.devices)).flatten();
            std::iter::once(role(app, view)).chain(note).collect()
        }
        AccessAnswer::Device(view) => vec![device(app, view)],
        AccessAnswer::InviteCancelled(view) => {
            vec![tr!(app.messages, "admin-cancelled", invite = view.id.as_str(), user = view.user.as_str())]
        }
        AccessAnswer::Invite(view) => made(app, view),
        // An answer that fails is an error before it comes here.
        AccessAnswer::Failed { message, .. } => vec![message.clone()],
    }
}

fn rows(app: &App, headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let headings: Vec<_> = headings.iter().map(|key| (app.messages.text(key, &[]), Align::Start)).collect();
    table(&headings, rows.collect(), app.out.width())
}

fn spaces(app: &App, list: &[SpaceAccess]) -> String {
    rows(
        app,
        &["admin-space", "admin-id"],
        list.iter().map(|space| vec![space.name.clone(), short(&space.id)]),
    )
}

fn users(app: &App, list: &[UserAccess]) -> String {
    let headings = ["admin-user", "admin-email", "admin-devices", "admin-roles"];
    rows(
        app,
        &headings,
        list.iter().map(|user| {
            let roles: Vec<_> =
                user.roles.iter().map(|role| format!("{} {}", role.space, role.role)).collect();
            let email = user.email.clone().filter(|email| *email != user.name).unwrap_or_default();
            let roles = roles.join(&app.messages.text("list-comma", &[]));
            vec![user.name.clone(), email, app.locale.integer(user.devices), roles]
        }),
    )
}

fn devices(app: &App, list: &[DeviceAccess]) -> String {
    let headings = ["admin-user", "admin-device", "admin-state", "admin-seen", "admin-id"];
    rows(
        app,
        &headings,
        list.iter().map(|device| {
            let seen = device.seen_at_ms.and_then(|at| i64::try_from(at).ok());
            vec![
                device.user.clone(),
                device.name.clone(),
                state(app, &device.state),
                seen.map_or_else(String::new, |at| app.locale.moment(at)),
                short(&device.id),
            ]
        }),
    )
}

fn invites(app: &App, list: &[InviteAccess]) -> String {
    let headings = ["admin-id", "admin-user", "admin-space", "admin-role", "admin-state"];
    rows(
        app,
        &headings,
        list.iter().map(|invite| {
            let state = match invite.approve {
                true => tr!(app.messages, "admin-to-approve", state = state(app, &invite.state)),
                false => state(app, &invite.state),
            };
            let space = invite.space.clone();
            vec![invite.id.clone(), invite.user.clone(), space, invite.role.clone(), state]
        }),
    )
}

fn role(app: &App, view: &RoleAccess) -> String {
    let arguments = [("user", view.user.as_str().into()), ("space", view.space.as_str().into())];
    match &view.role {
        None => paint(GOOD, app.messages.text("admin-role-none", &arguments)),
        Some(role) => {
            let key = if view.before == view.role { "admin-role-already" } else { "admin-role-now" };
            let [user, space] = arguments;
            paint(GOOD, app.messages.text(key, &[user, space, ("role", role.as_str().into())]))
        }
    }
}

fn device(app: &App, view: &DeviceAccess) -> String {
    let key = if view.changed == Some(false) { "admin-device-already" } else { "admin-device-now" };
    let arguments = [
        ("device", view.name.as_str().into()),
        ("id", short(&view.id).into()),
        ("user", view.user.as_str().into()),
        ("state", state(app, &view.state).into()),
    ];
    paint(GOOD, app.messages.text(key, &arguments))
}

fn made(app: &App, view: &MadeInvite) -> Vec<String> {
    let (user, space, role) = (view.user.as_str(), view.space.as_str(), view.role.as_str());
    let mut lines = vec![
        tr!(app.messages, "admin-invited", user = user, space = space, role = role),
        format!("  {}", paint(STRONG, &view.command)),
        paint(FAINT, tr!(app.messages, "admin-invite-once")),
    ];
    lines.extend(view.first_role.then(|| devices_too(app, user, view.devices)).flatten());
    if view.approve {
        lines.push(tr!(app.messages, "admin-invite-approve"));
    }
    lines
}

/// That what is given to a user is their devices' too: somebody else may have let them in.
fn devices_too(app: &App, user: &str, devices: u64) -> Option<String> {
    let count = app.locale.integer(devices);
    (devices > 0).then(|| tr!(app.messages, "admin-devices-too", user = user, count = count))
}

/// How a device or an invite stands; as it is told where this version has no word for it.
fn state(app: &App, state: &str) -> String {
    app.messages.known(&format!("admin-state-{state}")).unwrap_or_else(|| state.to_owned())
}

fn short(id: &str) -> String {
    id.chars().take(ID_LETTERS).collect()
}
