//! `admin`: what administrators ask of the relay from their device.

use forsat_client::{AccessAnswer, AccessRequest, ConnectOptions, InviteRequest};

use super::sync::block_on;
use crate::app::App;
use crate::args::access::{
    AdminArgs, AdminCommand, DeviceCommand, InviteCommand, RoleCommand, SpaceCommand, UserCommand,
};
use crate::error::CliError;
use crate::i18n::tr;
use crate::render::access as render;

/// Runs `forsat admin …`.
pub fn run(app: &mut App, arguments: AdminArgs) -> Result<(), CliError> {
    let AdminArgs { ca, passphrase_fd, command } = arguments;
    let engine = app.engine()?;
    let options = ConnectOptions { ca_file: ca };
    let answer = match what(command) {
        What::Ask(request) => {
            if let AccessRequest::DeviceRevoke { device, lost } = &request
                && !app.global.yes
            {
                let key = if *lost { "admin-revoke-lost" } else { "admin-revoke" };
                super::confirm(app, &app.messages.text(key, &[("device", device.as_str().into())]))?;
            }
            super::key::unlock(app, &engine, passphrase_fd)?;
            block_on(engine.ask_access(&options, &request))??
        }
        What::Invite(request) => {
            super::key::unlock(app, &engine, passphrase_fd)?;
            AccessAnswer::Invite(block_on(engine.invite(&options, &request))??)
        }
    };
    if app.out.is_json() {
        app.out.json(&answer);
        return Ok(());
    }
    for line in render::answer(app, &answer) {
        app.out.data(line);
    }
    if let AccessAnswer::Users { users } = &answer
        && users.is_empty()
    {
        app.out.note(tr!(app.messages, "admin-nobody"));
    }
    Ok(())
}

enum What {
    Ask(AccessRequest),
    Invite(InviteRequest),
}

fn what(command: AdminCommand) -> What {
    What::Ask(match command {
        AdminCommand::Space(SpaceCommand::List) => AccessRequest::SpaceList,
        AdminCommand::Space(SpaceCommand::Add { name }) => AccessRequest::SpaceAdd { name },
        AdminCommand::User(UserCommand::List) => AccessRequest::UserList,
        AdminCommand::Role(RoleCommand::Set { user, space, role }) => {
            AccessRequest::RoleSet { user, space, role }
        }
        AdminCommand::Role(RoleCommand::Remove { user, space }) => AccessRequest::RoleRemove { user, space },
        AdminCommand::Device(DeviceCommand::List) => AccessRequest::DeviceList,
        AdminCommand::Device(DeviceCommand::Revoke { device, lost }) => {
            AccessRequest::DeviceRevoke { device, lost }
        }
        AdminCommand::Device(DeviceCommand::Activate { device }) => AccessRequest::DeviceActivate { device },
        AdminCommand::Invite { what: Some(InviteCommand::List), .. } => AccessRequest::InviteList,
        AdminCommand::Invite { what: Some(InviteCommand::Cancel { invite }), .. } => {
            AccessRequest::InviteCancel { invite }
        }
        AdminCommand::Invite { new, what: None } => {
            return What::Invite(InviteRequest {
                user: new.user.unwrap_or_default(),
                space: new.space.unwrap_or_default(),
                role: new.role.unwrap_or_default(),
                approve: new.approve,
            });
        }
    })
}
