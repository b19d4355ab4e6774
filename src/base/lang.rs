//! The two languages of the engine's own words. It does not know any message.

use std::sync::atomic::{AtomicU8, Ordering};

/// The language in which the engine speaks to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    En,
    /// Japanese.
    Ja,
}

static CURRENT: AtomicU8 = AtomicU8::new(0);

/// Sets the language of this process; called once, before the first message.
pub fn set_lang(lang: Lang) {
    CURRENT.store(lang as u8, Ordering::Relaxed);
}

/// The language of this process; English until [`set_lang`] says otherwise.
pub fn current_lang() -> Lang {
    if CURRENT.load(Ordering::Relaxed) == Lang::Ja as u8 { Lang::Ja } else { Lang::En }
}

/// Does something in a language and speaks the one before again. What was made in a language, as a saved plan was, is
/// made again in it to be compared. Only for a process that does nothing else meanwhile.
pub fn speaking<T>(lang: Lang, what: impl FnOnce() -> T) -> T {
    let before = current_lang();
    set_lang(lang);
    let done = what();
    set_lang(before);
    done
}

impl Lang {
    /// Every language.
    pub const ALL: [Lang; 2] = [Lang::Ja, Lang::En];

    /// The key under which a file has its text in this language.
    pub fn key(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ja => "ja",
        }
    }

    /// The language of a key of a file.
    pub fn of_key(key: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.key() == key)
    }

    /// The language of a name such as `ja`, `ja_JP.UTF-8`, `en` or `C`; none for a name of another language.
    pub fn of_locale(name: &str) -> Option<Lang> {
        let head = name.split(['_', '.', '-', '@']).next().unwrap_or_default();
        match head.to_ascii_lowercase().as_str() {
            "ja" => Some(Lang::Ja),
            "en" | "c" | "posix" => Some(Lang::En),
            _ => None,
        }
    }
}

/// So many of a thing in English, whose plural is made with an s: `1 row`, `2 rows`.
pub fn counted(count: impl std::fmt::Display, one: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// A message in the language of this process: `t!("{n} steps", "{n} ステップ")`. Both texts take the same
/// inline arguments and are checked by the compiler.
#[macro_export]
macro_rules! t {
    ($en:literal, $ja:literal $(, $($arg:tt)*)?) => {
        match $crate::base::current_lang() {
            $crate::base::Lang::En => format!($en $(, $($arg)*)?),
            $crate::base::Lang::Ja => format!($ja $(, $($arg)*)?),
        }
    };
}
