//! The space that a new record goes to: that of the record that it is about, or the home space.

use crate::error::{ClientError, ClientRefusal};
use crate::ids::{document_id, local_space, workspace_id};
use crate::turn::{COMMON_SPACE, HOME_SPACE, is_common, left_behind};
use forsat_domain::composite::{read_typed_reference, reference_id};
use forsat_domain::edit::Edit;
use forsat_domain::schema::{ACTIVITY, SETTINGS, USER};
use forsat_domain::text::fold;
use forsat_domain::{RecordId, UserId};
use forsat_store::{Access, SpaceRow, Tx};
use forsat_sync::frame::Role;
use forsat_sync::genesis;
use forsat_sync::id::SpaceId;

/// The role that may only read.
const VIEWER: &str = "viewer";

/// The space of a new record with these values, where none is named.
///
/// A record about another one goes where that one is, as long as this user may write there; devices that make the same
/// record apart, as by converting a lead, then put it into one space.
pub(crate) fn for_new<A: Access>(tx: &Tx<A>, module: &str, edits: &[Edit]) -> Result<SpaceId, ClientError> {
    let name = if is_common(module) { COMMON_SPACE } else { HOME_SPACE };
    if !is_common(module)
        && let Some(about) = about(module, edits)
        && let Some(space) = writable_space_of(tx, about)?
    {
        return Ok(space);
    }
    let named = tx.client_value(name)?.and_then(|bytes| SpaceId::from_slice(&bytes));
    Ok(match named {
        Some(space) => space,
        None => local_space(workspace_id(&tx.identity()?.workspace)),
    })
}

/// The space of a name, for a person who wants a record there; case and spelling of Persian letters aside.
pub(crate) fn by_name<A: Access>(tx: &Tx<A>, module: &str, name: &str) -> Result<SpaceId, ClientError> {
    let wanted = fold(name);
    let left = left_behind(tx)?;
    let spaces: Vec<_> =
        tx.spaces()?.into_iter().filter(|(id, row)| !row.archived && !left.contains(id)).collect();
    let found = spaces.iter().find(|(id, row)| fold(&row.name) == wanted || id.to_string() == wanted);
    let Some((space, row)) = found else {
        let names: Vec<&str> = spaces.iter().map(|(_, row)| row.name.as_str()).collect();
        return Err(ClientRefusal::UnknownSpace { name: name.to_owned(), known: names.join(", ") }.into());
    };
    if is_common(module) && tx.client_value(COMMON_SPACE)?.is_some_and(|common| common != space.as_bytes()) {
        return Err(ClientRefusal::CommonModule(module.to_owned()).into());
    }
    check_writable(row)?;
    Ok(*space)
}

/// Refuses an edit that the relay would refuse, before it is saved.
pub(crate) fn check_writable(row: &SpaceRow) -> Result<(), ClientError> {
    if row.role != VIEWER && !row.archived {
        return Ok(());
    }
    Err(ClientRefusal::ReadOnly(row.name.clone()).into())
}

/// Refuses a change of a record that belongs to everybody where the relay would refuse it.
pub(crate) fn check_kind(role: &str, module: &str, id: RecordId, user: UserId) -> Result<(), ClientError> {
    if writes_kind(Role::parse(role), module, id, user) {
        return Ok(());
    }
    let role = role.to_owned();
    Err(match module {
        SETTINGS => ClientRefusal::NotAdministrator(role),
        USER => ClientRefusal::NotManagerOfUser(role),
        _ => ClientRefusal::NotManager { module: module.to_owned(), role },
    }
    .into())
}

/// Whether a user with a role in the common space writes a record of a module there; a role that isn't known doesn't.
pub(crate) fn writes_kind(role: Option<Role>, module: &str, id: RecordId, user: UserId) -> bool {
    let (user, document) = (forsat_sync::id::UserId::from_bytes(user.0.into_bytes()), document_id(id));
    role.is_some_and(|role| genesis::writers_of(module).include(role, &user, &document))
}

/// The record that a new one is about: the lead that it came of, its account, or an activity's first parent.
fn about(module: &str, edits: &[Edit]) -> Option<RecordId> {
    let register = |name: &str| {
        edits.iter().rev().find_map(|edit| match edit {
            Edit::Set { field, value } if field == name => reference_id(value),
            _ => None,
        })
    };
    let parent = || {
        edits.iter().find_map(|edit| match edit {
            Edit::Add { field, key } if field == "parents" => {
                read_typed_reference(key).filter(|(of, _)| !is_common(of)).map(|(_, id)| id)
            }
            _ => None,
        })
    };
    let found = register("original_lead_id").or_else(|| register("account_id"));
    found.or_else(|| if module == ACTIVITY { parent() } else { None })
}

/// The space of a record that is here, if this user may write there.
fn writable_space_of<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Option<SpaceId>, ClientError> {
    let Some(document) = tx.document(&document_id(id))? else { return Ok(None) };
    let row = tx.space(&document.space)?;
    let writable = row.is_some_and(|row| row.role != VIEWER && !row.archived);
    Ok((writable && !left_behind(tx)?.contains(&document.space)).then_some(document.space))
}
