//! Receipts: a relay's word, to itself, that it took a change from a device.
//!
//! A device keeps the receipt beside the change. A relay that has lost the change takes it back from whoever brings the
//! receipt, and knows who had delivered it, without anybody being able to make up who wrote what. The key lies outside
//! the relay's store, so that a store that is set back or lost doesn't take it along.

use crate::id::{ChangeHash, DeviceId, DocumentId, SpaceId};
use std::fmt;

/// Bytes of a receipt's code.
pub const CODE_LEN: usize = 16;

/// A relay's word that it took a change from a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The device that delivered the change.
    pub device: DeviceId,
    /// Keyed BLAKE3 over space, document, change and device.
    pub code: [u8; CODE_LEN],
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({} {})", self.device, hex::encode(self.code))
    }
}

/// A relay's key for receipts.
#[derive(Clone)]
pub struct ReceiptKey([u8; 32]);

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptKey(…)")
    }
}

impl ReceiptKey {
    /// Wraps 32 bytes from a cryptographic source.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The receipt for a change of a device.
    pub fn receipt(
        &self,
        space: &SpaceId,
        document: &DocumentId,
        change: &ChangeHash,
        device: DeviceId,
    ) -> Receipt {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"forsat/sync/receipt/1\0").update(space.as_bytes()).update(document.as_bytes());
        hasher.update(change.as_bytes()).update(device.as_bytes());
        let mut code = [0; CODE_LEN];
        hasher.finalize_xof().fill(&mut code);
        Receipt { device, code }
    }

    /// Whether a receipt is this relay's, for this change.
    pub fn is_valid(
        &self,
        receipt: &Receipt,
        space: &SpaceId,
        document: &DocumentId,
        change: &ChangeHash,
    ) -> bool {
        let own = self.receipt(space, document, change, receipt.device);
        // Every byte is compared: how far a wrong code is right must not show in the time.
        own.code.iter().zip(receipt.code).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_holds_for_its_change_its_document_its_space_and_its_device_alone() {
        let key = ReceiptKey::from_bytes([7; 32]);
        let (space, document) = (SpaceId::from_bytes([1; 16]), DocumentId::from_bytes([2; 16]));
        let (change, device) = (ChangeHash::from_bytes([3; 32]), DeviceId::from_bytes([4; 16]));
        let receipt = key.receipt(&space, &document, &change, device);
        assert!(key.is_valid(&receipt, &space, &document, &change));
        let other = Receipt { device: DeviceId::from_bytes([5; 16]), ..receipt };
        assert!(!key.is_valid(&other, &space, &document, &change), "another device");
        assert!(!key.is_valid(&receipt, &SpaceId::from_bytes([9; 16]), &document, &change));
        assert!(!key.is_valid(&receipt, &space, &DocumentId::from_bytes([9; 16]), &change));
        assert!(!key.is_valid(&receipt, &space, &document, &ChangeHash::from_bytes([9; 32])));
        assert!(!ReceiptKey::from_bytes([8; 32]).is_valid(&receipt, &space, &document, &change));
        for byte in 0..CODE_LEN {
            let mut wrong = receipt;
            wrong.code[byte] ^= 1;
            assert!(!key.is_valid(&wrong, &space, &document, &change), "byte {byte}");
        }
    }
}
