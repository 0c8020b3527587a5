//! Makes a case of another one.

use rand::Rng as _;
use rand::rngs::SmallRng;

/// No case is longer.
const BYTES_MAX: usize = 300 * 1024;
/// Pieces that mean something to some reader: CBOR heads, LEB128 numbers, words of the grammars.
const PIECES: &[&[u8]] = &[
    &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x81, 0x81, 0x81, 0x81],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    &[0xff, 0xff, 0x03],
    &[0x7f],
    &[0x00],
    b"\"",
    b",",
    b"\r\n",
    b" and ",
    b" or (",
    b"not ",
    b"))",
    b"in (",
    b"..",
    "۱۲۳".as_bytes(),
    "\u{202e}".as_bytes(),
    b"99999999999999999999999999",
    b"-0.0",
];

/// Changes a case in one to four places.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut SmallRng) {
    for _ in 0..random.random_range(1..=4) {
        step(bytes, other, random);
    }
    bytes.truncate(BYTES_MAX);
}

fn range(len: usize, random: &mut SmallRng) -> std::ops::Range<usize> {
    let from = random.random_range(0..=len);
    from..random.random_range(from..=len.min(from + 64))
}

fn step(bytes: &mut Vec<u8>, other: &[u8], random: &mut SmallRng) {
    let at = random.random_range(0..=bytes.len());
    match random.random_range(0..8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        2 if at < bytes.len() => bytes[at] = random.random(),
        3 => drop(bytes.drain(range(bytes.len(), random))),
        4 => {
            let again = bytes[range(bytes.len(), random)].to_vec();
            bytes.splice(at..at, again);
        }
        5 => {
            let piece = PIECES[random.random_range(0..PIECES.len())];
            let end = bytes.len().min(at + if random.random() { piece.len() } else { 0 });
            bytes.splice(at..end, piece.iter().copied());
        }
        6 => {
            let theirs = other[range(other.len(), random)].to_vec();
            bytes.splice(at..at, theirs);
        }
        7 => bytes.truncate(at),
        _ => bytes.push(random.random()),
    }
}
