//! The people of a deal.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::model::Saved;
use forsat_domain::command::{contact_add, contact_remove};
use forsat_domain::schema::{CONTACT, OPPORTUNITY};

/// Contacts of deals.
impl Engine {
    /// Adds a contact to a deal with the role that it plays there, or changes that role.
    pub fn contact_add(
        &self,
        reference: &str,
        contact: &str,
        role: Option<&str>,
    ) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "contact add", |scene, _, state| {
            let contact = scene.reference(CONTACT, contact)?;
            Ok(contact_add(scene.context, state, contact, role)?)
        })
    }

    /// Takes a contact off a deal.
    pub fn contact_remove(&self, reference: &str, contact: &str) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "contact remove", |scene, _, state| {
            let contact = scene.reference(CONTACT, contact)?;
            Ok(contact_remove(scene.context, state, contact)?)
        })
    }
}
