//! What makes a relay the one that its devices know, as a file that is kept elsewhere: with it a lost store is made anew.

use std::fmt;
use std::io;
use std::path::Path;

use forsat_sync::id::{SpaceId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::admin::Failure;
use crate::ambient;
use crate::setup::write_private;
use crate::store::{InitWorkspace, MadeAnew, RelayStore};

/// The form of the file that this version writes and reads.
const FORMAT: u64 = 1;
/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A relay's identity. Whoever has it can pass for the relay.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    format: u64,
    workspace: String,
    workspace_name: String,
    relay_key_seed: String,
    common: String,
    spaces: Vec<SpaceName>,
    /// The key of receipts; added by the process that reads it beside the store.
    #[serde(default)]
    receipt_key: String,
}

/// What a space is called: the control log, which everybody reads, knows it by its id alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SpaceName {
    id: String,
    name: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

/// Why an identity can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file.
    #[error(transparent)]
    File(#[from] io::Error),
    /// What it says.
    #[error("this is no identity of a relay ({0}): name the file that `forsat-relay identity export` wrote")]
    Malformed(String),
    /// A newer version wrote it.
    #[error("the identity has form {0}, which this version doesn't know: use a newer forsat-relay")]
    Format(u64),
}

impl Identity {
    /// That of a store, without the key of receipts.
    pub(crate) fn of(store: &dyn RelayStore) -> Result<Self, Failure> {
        let identity = store.identity();
        let spaces = store.spaces()?.into_iter().filter(|space| !space.common);
        Ok(Self {
            format: FORMAT,
            workspace: identity.workspace.to_string(),
            workspace_name: identity.workspace_name,
            relay_key_seed: hex::encode(identity.relay_key_seed),
            common: identity.common.to_string(),
            spaces: spaces.map(|space| SpaceName { id: space.id.to_string(), name: space.name }).collect(),
            receipt_key: String::new(),
        })
    }

    /// Adds the key of receipts.
    pub(crate) fn with_receipt_key(self, key: [u8; 32]) -> Self {
        Self { receipt_key: hex::encode(key), ..self }
    }

    /// The key of receipts.
    pub(crate) fn receipt_key(&self) -> Result<[u8; 32], IdentityError> {
        fixed("receipt_key", &self.receipt_key)
    }

    /// Writes it to a new file that only its owner reads.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        if path.exists() {
            let why = "the file is there already: name a new one";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        write_private(path, text.as_bytes())
    }

    /// Reads it from a file.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        if std::fs::metadata(path)?.len() > FILE_BYTES_MAX {
            return Err(IdentityError::Malformed("it is too long".to_owned()));
        }
        let text = std::fs::read_to_string(path)?;
        let identity: Self =
            serde_json::from_str(&text).map_err(|error| IdentityError::Malformed(error.to_string()))?;
        if identity.format == FORMAT { Ok(identity) } else { Err(IdentityError::Format(identity.format)) }
    }

    /// What a store begins with that takes the place of the lost one.
    pub(crate) fn made_anew(&self) -> Result<MadeAnew, IdentityError> {
        let space = |name, text: &str| fixed(name, text).map(SpaceId::from_bytes);
        let named = |named: &SpaceName| Ok((space("spaces", &named.id)?, named.name.clone()));
        Ok(MadeAnew {
            identity: InitWorkspace {
                workspace: WorkspaceId::from_bytes(fixed("workspace", &self.workspace)?),
                name: self.workspace_name.clone(),
                relay_key_seed: fixed("relay_key_seed", &self.relay_key_seed)?,
                common: space("common", &self.common)?,
                now_ms: ambient::wall_ms(),
            },
            space_names: self.spaces.iter().map(named).collect::<Result<_, IdentityError>>()?,
        })
    }

    /// The workspace's name.
    pub fn workspace_name(&self) -> &str {
        &self.workspace_name
    }
}

fn fixed<const N: usize>(name: &str, text: &str) -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .map(|()| bytes)
        .map_err(|_| IdentityError::Malformed(format!("`{name}` isn't {} hexadecimal digits", 2 * N)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_as_it_was_written_by_its_owner_alone_and_never_over_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.json");
        let identity = Identity {
            format: FORMAT,
            workspace: "01".repeat(16),
            workspace_name: "فروش".to_owned(),
            relay_key_seed: "02".repeat(32),
            common: "03".repeat(16),
            spaces: vec![SpaceName { id: "04".repeat(16), name: "Tehran".to_owned() }],
            receipt_key: "05".repeat(32),
        };
        identity.write(&path).unwrap();
        assert_eq!(Identity::read(&path).unwrap(), identity);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(identity.write(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let anew = identity.made_anew().unwrap();
        assert_eq!(anew.identity.relay_key_seed, [2; 32]);
        assert_eq!(anew.space_names, [(SpaceId::from_bytes([4; 16]), "Tehran".to_owned())]);
        assert!(!format!("{identity:?}").contains("0202"), "no secret in a log");
        std::fs::write(&path, "{\"format\": 9}").unwrap();
        assert!(matches!(Identity::read(&path), Err(IdentityError::Malformed(_))));
        let short = Identity { common: "03".to_owned(), ..identity };
        assert!(matches!(short.made_anew(), Err(IdentityError::Malformed(_))));
    }
}
