//! Making a secret, as a playbook writes it.

use super::place::at;
use super::stage::Slot;
use crate::base::Alphabet;

staged! {
    /// A secret made once: a file of random characters that only its owner may read. A file that is there stays as it
    /// is, and the step is unchanged. Steps use it by a secret of `system.yaml` that comes from the file.
    pub struct SecretGenerate {
        /// The file.
        file: Slot<S, String, { at::PATH }>,
        /// How many characters, from 6 to 65536. Default: 32.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u32>,
        /// `url` (letters, digits, `-`, `_`), `alnum` or `hex`. Default: url.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alphabet: Option<Alphabet>,
    }
}
