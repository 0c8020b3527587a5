//! Keys, signatures of the handshake, invite codes. Randomness comes in as bytes.

pub mod digits;
mod invite;
mod key;
mod receipt;
mod sign;
#[cfg(test)]
mod tests;

pub use invite::{InviteCode, InviteError, InviteSecret, SecretHash};
pub use key::{DeviceKey, PublicKey, RelayKey, Signature};
pub use receipt::{CODE_LEN, Receipt, ReceiptKey};
pub use sign::{
    AuthClaim, BadSignature, sign_auth, sign_control, sign_enrol, sign_hello, sign_restricted, sign_welcome,
    verify_auth, verify_control, verify_enrol, verify_hello, verify_restricted, verify_welcome,
};
