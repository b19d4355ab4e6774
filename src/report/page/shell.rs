//! The shell of every page: one file that fetches nothing and runs no script. Its policy allows one style sheet, by hash.

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::base::{Lang, current_lang};

/// A page with a title, the style sheets that it needs beside the common one, and what it shows.
pub fn page(title: &str, styles: &[&str], body: &Markup) -> String {
    let style = [&[include_str!("page.css")], styles].concat().join("\n");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let lang = match current_lang() {
        Lang::En => "en",
        Lang::Ja => "ja",
    };
    let page = html! {
        (DOCTYPE)
        html lang=(lang) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(&style)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}
