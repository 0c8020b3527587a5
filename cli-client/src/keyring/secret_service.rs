//! A client of the Secret Service, which GNOME Keyring, KWallet and KeePassXC offer: the few calls that one entry takes.
//!
//! Secrets go over the session's bus as they are (the algorithm `plain`): it is a socket of this user, and whoever can listen
//! there can ask the keyring as well. A window in which the keyring asks something is opened only where a person waits for it:
//! a sync in the background has nobody who would answer.

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use forsat_client::{Keyring, KeyringEntry, KeyringError};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::{Connection, DynamicType, MessageStream, OwnedObjectPath, OwnedVariant, Type, Variant};

/// How long a keyring may take to keep an entry or to give it out; the bus may have to start it first.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How long a person may take to answer what the keyring asks.
const ASKING_MAX: Duration = Duration::from_secs(120);
/// How long it may take to remove one: a revoked device doesn't wait longer.
const REMOVAL_MAX: Duration = Duration::from_secs(5);
/// The most letters of a secret that are taken from a keyring.
const SECRET_BYTES_MAX: usize = 4096;

const BUS_NAME: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
const LABEL: &str = "org.freedesktop.Secret.Item.Label";
const ATTRIBUTES: &str = "org.freedesktop.Secret.Item.Attributes";
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
/// What stands for no object.
const NONE: &str = "/";

/// The Secret Service of the session that the program runs in.
#[derive(Debug)]
pub struct SecretService {
    /// Whether it may open a window to ask for its password.
    pub asks: bool,
}

impl SecretService {
    fn limit(&self) -> Duration {
        if self.asks { ASKING_MAX } else { ANSWER_MAX }
    }
}

impl Keyring for SecretService {
    fn put(&self, entry: &KeyringEntry, secret: &str) -> Result<(), KeyringError> {
        within(self.limit(), async { Service::connect(self.asks).await?.put(entry, secret).await })
    }

    fn get(&self, entry: &KeyringEntry) -> Result<Option<zeroize::Zeroizing<String>>, KeyringError> {
        within(self.limit(), async { Service::connect(self.asks).await?.get(entry).await })
    }

    fn remove(&self, entry: &KeyringEntry) -> Result<(), KeyringError> {
        within(REMOVAL_MAX, async { Service::connect(false).await?.remove(entry).await })
    }
}

/// Runs work to its end or to its limit. On a thread of its own, since whoever asks may be on a runtime already.
fn within<T: Send>(
    limit: Duration,
    work: impl Future<Output = Result<T, KeyringError>> + Send,
) -> Result<T, KeyringError> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| KeyringError::Failed(error.to_string()))?;
        let done = runtime.block_on(async { tokio::time::timeout(limit, work).await });
        // What hangs isn't waited for.
        runtime.shutdown_background();
        done.unwrap_or(Err(KeyringError::NoAnswer))
    };
    thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|_| Err(KeyringError::Failed("its client stopped".to_owned())))
}

/// A secret as the Secret Service writes it.
#[derive(Serialize, serde::Deserialize, Type)]
struct Secret {
    session: OwnedObjectPath,
    parameters: Vec<u8>,
    value: Vec<u8>,
    content_type: String,
}

struct Service {
    connection: Connection,
    asks: bool,
}

impl Service {
    async fn connect(asks: bool) -> Result<Self, KeyringError> {
        let connected = zbus::connection::Builder::session().method_timeout(ANSWER_MAX).build();
        let connected = tokio::time::timeout(ANSWER_MAX, connected).await;
        // Whatever else is wrong with the bus, there is no keyring to reach.
        let connection = connected.map_err(|_| KeyringError::NoAnswer)?.map_err(|_| KeyringError::Absent)?;
        Ok(Self { connection, asks })
    }

    async fn put(&self, entry: &KeyringEntry, secret: &str) -> Result<(), KeyringError> {
        let collection: OwnedObjectPath = self.call(SERVICE_PATH, SERVICE, "ReadAlias", &"default").await?;
        if collection.as_str() == NONE {
            return Err(KeyringError::NoCollection);
        }
        self.unlock(std::slice::from_ref(&collection)).await?;
        let properties = HashMap::from([
            (LABEL, Variant::from(entry.label())),
            (ATTRIBUTES, Variant::from(attributes(entry))),
        ]);
        let secret = Secret {
            session: self.session().await?,
            parameters: Vec::new(),
            value: secret.as_bytes().to_vec(),
            content_type: "text/plain".to_owned(),
        };
        let body = (properties, secret, true);
        let made: (OwnedObjectPath, OwnedObjectPath) =
            self.call(collection.as_str(), COLLECTION, "CreateItem", &body).await?;
        self.asked(&made.1).await
    }

    async fn get(&self, entry: &KeyringEntry) -> Result<Option<zeroize::Zeroizing<String>>, KeyringError> {
        let (mut items, locked) = self.search(entry).await?;
        if items.is_empty() && !locked.is_empty() {
            self.unlock(&locked).await?;
            items = locked;
        }
        let Some(item) = items.first() else { return Ok(None) };
        let session = self.session().await?;
        let secret: (Secret,) = self.call(item.as_str(), ITEM, "GetSecret", &session).await?;
        let value = zeroize::Zeroizing::new(secret.0.value);
        // What is no text, or too long, is something else than what was put there: as such it is judged.
        let text = std::str::from_utf8(&value).ok().filter(|text| text.len() <= SECRET_BYTES_MAX);
        Ok(Some(zeroize::Zeroizing::new(text.unwrap_or_default().to_owned())))
    }

    async fn remove(&self, entry: &KeyringEntry) -> Result<(), KeyringError> {
        let (mut items, locked) = self.search(entry).await?;
        if !locked.is_empty() {
            self.unlock(&locked).await?;
            items.extend(locked);
        }
        for item in items {
            let prompt: OwnedObjectPath = self.call(item.as_str(), ITEM, "Delete", &()).await?;
            self.asked(&prompt).await?;
        }
        Ok(())
    }

    /// The items of an entry that are unlocked, and those that are locked: one in all, unless somebody copied it.
    async fn search(
        &self,
        entry: &KeyringEntry,
    ) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), KeyringError> {
        self.call(SERVICE_PATH, SERVICE, "SearchItems", &attributes(entry)).await
    }

    /// Unlocks objects.
    async fn unlock(&self, objects: &[OwnedObjectPath]) -> Result<(), KeyringError> {
        let done: (Vec<OwnedObjectPath>, OwnedObjectPath) =
            self.call(SERVICE_PATH, SERVICE, "Unlock", &objects).await?;
        self.asked(&done.1).await
    }

    /// Lets the keyring ask what it wants to before it does something, and waits for the answer. What it may not ask, and
    /// what isn't answered, leaves it locked.
    async fn asked(&self, prompt: &OwnedObjectPath) -> Result<(), KeyringError> {
        if prompt.as_str() == NONE {
            return Ok(());
        }
        if !self.asks {
            return Err(KeyringError::Locked);
        }
        let rule =
            format!("type='signal',interface='{PROMPT}',member='Completed',path='{}'", prompt.as_str());
        let answers = MessageStream::for_match_rule(rule.as_str(), &self.connection, NonZeroUsize::new(1));
        let mut answers = answers.await.map_err(failure)?;
        // The window belongs to no other one.
        self.call::<_, ()>(prompt.as_str(), PROMPT, "Prompt", &"").await?;
        let answer = answers.next().await.ok_or(KeyringError::NoAnswer)?.map_err(failure)?;
        let (dismissed, _): (bool, OwnedVariant) = answer.body().deserialize().map_err(failure)?;
        if dismissed { Err(KeyringError::Locked) } else { Ok(()) }
    }

    async fn session(&self) -> Result<OwnedObjectPath, KeyringError> {
        let body = ("plain", Variant::from(""));
        let opened: (OwnedVariant, OwnedObjectPath) =
            self.call(SERVICE_PATH, SERVICE, "OpenSession", &body).await?;
        Ok(opened.1)
    }

    async fn call<B, T>(&self, path: &str, interface: &str, method: &str, body: &B) -> Result<T, KeyringError>
    where
        B: Serialize + DynamicType,
        T: DeserializeOwned + Type,
    {
        let called = self.connection.call_method(Some(BUS_NAME), path, Some(interface), method, body).await;
        let message = called.map_err(failure)?;
        message.body().deserialize().map_err(failure)
    }
}

/// What finds an entry.
fn attributes(entry: &KeyringEntry) -> HashMap<String, String> {
    let pairs = [("application", "forsat".to_owned()), ("device", entry.name())];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn failure(error: zbus::Error) -> KeyringError {
    use zbus::fdo::Error as Bus;
    match &error {
        zbus::Error::MethodError(name, ..) if name.as_str() == IS_LOCKED => KeyringError::Locked,
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            KeyringError::NoAnswer
        }
        zbus::Error::FDO(bus) => match **bus {
            Bus::ServiceUnknown(_) | Bus::NameHasNoOwner(_) | Bus::Disconnected(_) => KeyringError::Absent,
            Bus::NoReply(_) | Bus::Timeout(_) | Bus::TimedOut(_) => KeyringError::NoAnswer,
            _ => KeyringError::Failed(error.to_string()),
        },
        _ => KeyringError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_that_never_answers_is_given_up_also_from_within_a_runtime() {
        let hang = || within(Duration::from_millis(1), std::future::pending::<Result<(), KeyringError>>());
        assert_eq!(hang(), Err(KeyringError::NoAnswer));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        assert_eq!(runtime.block_on(async { hang() }), Err(KeyringError::NoAnswer));
        assert_eq!(within(ANSWER_MAX, async { Ok(7) }), Ok(7));
    }
}
