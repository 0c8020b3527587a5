//! The desktop's keyring: the Secret Service over the session's D-Bus on Linux and its kin, none elsewhere.

use std::sync::Arc;

use forsat_client::Keyring;

/// The keyring of this system. Whether it may open a window in which it asks for its password: where somebody answers.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub fn of_the_system(asks: bool) -> Option<Arc<dyn Keyring>> {
    Some(Arc::new(secret_service::SecretService { asks }))
}

/// The keyring of this system: none that this program knows.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub fn of_the_system(_asks: bool) -> Option<Arc<dyn Keyring>> {
    None
}

#[cfg(all(unix, not(target_vendor = "apple")))]
mod secret_service;
