//! What a log was when its attempt ended, so that a change of it can be found later. It reads no file.

use serde::{Deserialize, Serialize};

/// The size and the hash of a finished log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSeal {
    /// Its length in bytes.
    pub bytes: u64,
    /// BLAKE3 of it in hexadecimal; left out for an empty log, whose length says all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blake3: String,
}
