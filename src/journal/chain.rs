//! The chain that ties each journal line to the one before it. It touches no file.
//!
//! Each line ends with `,"prev":"<hash of the line before>"}`; the first one names the hash of `plan.json`. A hash
//! is the first 16 bytes of SHA-256 in hexadecimal. Whoever changes, removes or inserts a line breaks the chain.

use sha2::{Digest, Sha256};

/// A hash in hexadecimal.
pub(super) type Hash = [u8; 32];

/// The hash of a line without its end, or of a whole file.
pub(super) fn hash(bytes: &[u8]) -> Hash {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    let mut hex = [0; 32];
    for (i, byte) in digest.iter().take(16).enumerate() {
        hex[2 * i] = DIGITS[usize::from(byte >> 4)];
        hex[2 * i + 1] = DIGITS[usize::from(byte & 15)];
    }
    hex
}

/// Turns `{…}` at the end of `line` into `{…,"prev":"…"}`.
pub(super) fn seal(line: &mut Vec<u8>, prev: &Hash) {
    line.pop();
    line.extend_from_slice(b",\"prev\":\"");
    line.extend_from_slice(prev);
    line.extend_from_slice(b"\"}");
}

/// Whether a line names `prev` as the one before it.
pub(super) fn follows(line: &[u8], prev: &Hash) -> bool {
    line.strip_suffix(b"\"}").and_then(|l| l.strip_suffix(prev)).is_some_and(|l| l.ends_with(b",\"prev\":\""))
}
