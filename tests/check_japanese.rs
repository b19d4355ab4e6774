//! The same mistakes in Japanese: every word of the engine, and the marks under the right characters.

use std::path::Path;

use toban::base::{Lang, set_lang};
use toban::diag::render;
use toban::lang::check;

#[test]
fn mistakes_are_told_in_japanese() {
    set_lang(Lang::Ja);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut text = String::new();
    for name in
        ["unknown_key_behind_japanese", "unknown_need", "unquoted_template", "cycle", "destroys_rm", "many"]
    {
        text.push_str(&render(&check(&format!("./{name}.yaml"), None, &corpus), false));
        text.push('\n');
    }
    insta::assert_snapshot!("japanese", text);
}
