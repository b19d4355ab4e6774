//! Text made of random characters, for secrets. It keeps none of it.

use std::fs::File;
use std::io::{self, Read};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// The characters that a made secret consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Letters, digits, `-` and `_`: 6 bits a character.
    #[default]
    Url,
    /// Letters and digits.
    Alnum,
    /// Digits and `a` to `f`: 4 bits a character.
    Hex,
}

impl Alphabet {
    fn characters(self) -> &'static [u8] {
        match self {
            Alphabet::Url => LETTERS,
            Alphabet::Alnum => &LETTERS[..62],
            Alphabet::Hex => HEX,
        }
    }

    /// So many characters from the operating system's random source, each as likely as the others.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn random(self, length: u32) -> io::Result<String> {
        let characters = self.characters();
        // Bytes beyond the last whole multiple would favour the first characters.
        let fair = 256 / characters.len() * characters.len();
        let mut source = File::open("/dev/urandom")?;
        let mut text = String::new();
        let mut random = [0; 256];
        while text.len() < length as usize {
            source.read_exact(&mut random)?;
            let room = length as usize - text.len();
            let picked = random.iter().map(|b| usize::from(*b)).filter(|b| *b < fair).take(room);
            text.extend(picked.map(|b| char::from(characters[b % characters.len()])));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::Alphabet;

    #[test]
    fn a_text_has_its_length_and_only_its_characters() {
        for (alphabet, signs) in [(Alphabet::Url, "-_"), (Alphabet::Alnum, ""), (Alphabet::Hex, "")] {
            for length in [0, 6, 32, 5_000] {
                let text = alphabet.random(length).expect("random bytes");
                assert_eq!(text.len(), length as usize);
                assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c)), "{text}");
            }
        }
        let hex = Alphabet::Hex.random(5_000).expect("random bytes");
        assert!(hex.chars().all(|c| "0123456789abcdef".contains(c)));
    }

    #[test]
    fn every_character_is_as_likely_as_the_others() {
        for (alphabet, signs) in [(Alphabet::Url, 64), (Alphabet::Alnum, 62), (Alphabet::Hex, 16)] {
            let mut counts: HashMap<char, u32> = HashMap::new();
            let each = 4_000;
            for c in alphabet.random(each * signs).expect("random bytes").chars() {
                *counts.entry(c).or_default() += 1;
            }
            assert_eq!(counts.len(), signs as usize);
            // Ten standard deviations: that happens to no fair source.
            let off = counts.values().find(|n| n.abs_diff(each) > 640);
            assert!(off.is_none(), "{counts:?}");
        }
    }
}
