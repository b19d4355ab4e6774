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

impl Lang {
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
