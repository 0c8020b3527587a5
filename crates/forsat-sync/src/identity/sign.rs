//! What is signed in the handshake. Each signature has its own domain, so none can stand for another.

use super::invite::SecretHash;
use super::key::{DeviceKey, PublicKey, RelayKey, Signature, verify};
use crate::frame::VersionRange;
use crate::id::{ControlHash, DeviceId, Nonce, RelayId};

const HELLO: &[u8] = b"forsat/sync/hello/1\0";
const AUTH: &[u8] = b"forsat/sync/auth/1\0";
const ENROL: &[u8] = b"forsat/sync/enrol/1\0";
const WELCOME: &[u8] = b"forsat/sync/welcome/1\0";
const RESTRICTED: &[u8] = b"forsat/sync/restricted/1\0";
const CONTROL: &[u8] = b"forsat/sync/control/1\0";

/// A signature doesn't fit its key and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature doesn't fit the key and what it should have signed")]
pub struct BadSignature;

/// What both sides know after hello and auth, and sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthClaim {
    /// The version that the device chose.
    pub protocol: u16,
    /// The relay that the device wants.
    pub relay: RelayId,
    /// The device.
    pub device: DeviceId,
    /// Of the hello.
    pub relay_nonce: Nonce,
    /// Of the auth or enrol frame.
    pub device_nonce: Nonce,
}

impl AuthClaim {
    fn text(&self, domain: &[u8], extra: &[u8]) -> Vec<u8> {
        let parts: [&[u8]; 7] = [
            domain,
            &self.protocol.to_be_bytes(),
            self.relay.as_bytes(),
            self.device.as_bytes(),
            self.relay_nonce.as_bytes(),
            self.device_nonce.as_bytes(),
            extra,
        ];
        parts.concat()
    }
}

fn hello_text(versions: VersionRange, relay: &RelayId, nonce: &Nonce) -> Vec<u8> {
    let (min, max) = (versions.min.to_be_bytes(), versions.max.to_be_bytes());
    [HELLO, &min, &max, relay.as_bytes(), nonce.as_bytes()].concat()
}

fn checked(key: &[u8; 32], text: &[u8], signature: &Signature) -> Result<(), BadSignature> {
    if verify(key, text, signature) { Ok(()) } else { Err(BadSignature) }
}

/// Signs a hello.
pub fn sign_hello(key: &RelayKey, versions: VersionRange, nonce: &Nonce) -> Signature {
    key.sign(&hello_text(versions, &key.relay_id(), nonce))
}

/// Checks a hello against the relay that the invite pinned.
pub fn verify_hello(
    pinned: &RelayId,
    versions: VersionRange,
    nonce: &Nonce,
    signature: &Signature,
) -> Result<(), BadSignature> {
    checked(pinned.as_bytes(), &hello_text(versions, pinned, nonce), signature)
}

/// Signs an auth frame.
pub fn sign_auth(key: &DeviceKey, claim: &AuthClaim) -> Signature {
    key.sign(&claim.text(AUTH, &[]))
}

/// Checks an auth frame against the device's enrolled key.
pub fn verify_auth(key: &PublicKey, claim: &AuthClaim, signature: &Signature) -> Result<(), BadSignature> {
    checked(key.as_bytes(), &claim.text(AUTH, &[]), signature)
}

/// Signs an enrol frame: the key and the invite's secret belong together.
pub fn sign_enrol(key: &DeviceKey, claim: &AuthClaim, secret: &SecretHash) -> Signature {
    key.sign(&claim.text(ENROL, secret.as_bytes()))
}

/// Checks an enrol frame against the key that it brings.
pub fn verify_enrol(
    key: &PublicKey,
    claim: &AuthClaim,
    secret: &SecretHash,
    signature: &Signature,
) -> Result<(), BadSignature> {
    checked(key.as_bytes(), &claim.text(ENROL, secret.as_bytes()), signature)
}

/// Signs a welcome over the device's nonce: the relay is there now, its hello wasn't recorded.
pub fn sign_welcome(key: &RelayKey, claim: &AuthClaim) -> Signature {
    key.sign(&claim.text(WELCOME, &[]))
}

/// Checks a welcome's proof.
pub fn verify_welcome(claim: &AuthClaim, signature: &Signature) -> Result<(), BadSignature> {
    checked(claim.relay.as_bytes(), &claim.text(WELCOME, &[]), signature)
}

/// Signs, for a revoked device, that the relay is there now and takes what the device sets aside.
pub fn sign_restricted(key: &RelayKey, claim: &AuthClaim) -> Signature {
    key.sign(&claim.text(RESTRICTED, &[]))
}

/// Checks the proof of a revocation.
pub fn verify_restricted(claim: &AuthClaim, signature: &Signature) -> Result<(), BadSignature> {
    checked(claim.relay.as_bytes(), &claim.text(RESTRICTED, &[]), signature)
}

fn control_text(relay: &RelayId, entry: &ControlHash) -> Vec<u8> {
    [CONTROL, relay.as_bytes(), entry.as_bytes()].concat()
}

/// Signs an entry of the control log.
pub fn sign_control(key: &RelayKey, entry: &ControlHash) -> Signature {
    key.sign(&control_text(&key.relay_id(), entry))
}

/// Checks an entry of the control log.
pub fn verify_control(
    relay: &RelayId,
    entry: &ControlHash,
    signature: &Signature,
) -> Result<(), BadSignature> {
    checked(relay.as_bytes(), &control_text(relay, entry), signature)
}
