//! What to tell an author whose value stands where no quoted word can be. It reads no script itself.

use super::check::Finding;
use super::shell_command::Command;
use super::shell_text::{Frame, Kind};

/// Where a frame is, in words; none where values may stand.
pub(super) fn place(frame: &Frame) -> Option<String> {
    Some(match frame {
        Frame::Code(Kind::Back, _) => crate::t!("inside backticks", "バッククォートの中"),
        Frame::Code(Kind::Top, _) => return None,
        Frame::Code(..) => crate::t!("inside parentheses", "括弧の中"),
        Frame::Single | Frame::Ansi => crate::t!("inside single quotes", "一重引用符の中"),
        Frame::Double => crate::t!("inside double quotes", "二重引用符の中"),
        Frame::Param => crate::t!("inside `${{ }}`", "`${{ }}` の中"),
        Frame::Arith(_) => crate::t!("inside `(( ))`", "`(( ))` の中"),
        Frame::Comment => crate::t!("inside a comment", "コメントの中"),
        Frame::Here(..) => crate::t!("inside a here-document", "ヒアドキュメントの中"),
    })
}

/// The error of a value in this frame, if it is one.
pub(super) fn inside(frame: &Frame, source: &str) -> Option<Finding> {
    if matches!(frame, Frame::Code(Kind::Top | Kind::Sub | Kind::Paren, _)) {
        return None;
    }
    let place = place(frame)?;
    let message = crate::t!("a value cannot stand {place}", "{place}に値は書けません");
    Some(Finding::error("value-in-quotes", message, help(frame, source)))
}

fn help(frame: &Frame, source: &str) -> String {
    match frame {
        Frame::Single | Frame::Ansi => crate::t!(
            "the value is quoted by itself; close the quotes before it: '…'{{{{ {source} }}}}'…'",
            "値は自動的に引用されます。値の前で引用符を閉じてください: '…'{{{{ {source} }}}}'…'"
        ),
        Frame::Double => crate::t!(
            "the value is quoted by itself; close the quotes before it: \"…\"{{{{ {source} }}}}\"…\"",
            "値は自動的に引用されます。値の前で引用符を閉じてください: \"…\"{{{{ {source} }}}}\"…\""
        ),
        Frame::Code(..) => crate::t!(
            "write `$( … )` instead of backticks",
            "バッククォートの代わりに `$( … )` を使ってください"
        ),
        Frame::Param => crate::t!(
            "set a variable before it: `value={{{{ {source} }}}}`, then use `$value`",
            "先に変数に入れ（`value={{{{ {source} }}}}`）、`$value` を使ってください"
        ),
        Frame::Arith(_) => crate::t!(
            "the shell would evaluate the value; reckon in the template, as in `{{{{ {source} + 1 }}}}`",
            "シェルが値を式として評価してしまいます。`{{{{ {source} + 1 }}}}` のようにテンプレートの中で計算してください"
        ),
        Frame::Comment => crate::t!(
            "take it out of the comment; `{{# … #}}` is a comment of the template",
            "コメントから外してください。テンプレートのコメントは `{{# … #}}` です"
        ),
        Frame::Here(..) => crate::t!(
            "give the text as the step's `stdin:`, or set a variable before it (`value={{{{ {source} }}}}`) and use `$value`",
            "ステップの `stdin:` で渡すか、先に変数に入れ（`value={{{{ {source} }}}}`）、`$value` を使ってください"
        ),
    }
}

/// A value directly behind what would change the meaning of its quotes.
pub(super) fn glued(before: &str, source: &str) -> Finding {
    let message = crate::t!(
        "`{before}` directly before a value breaks its quoting",
        "値の直前に `{before}` があると引用が壊れます"
    );
    let help = match before {
        "$" => crate::t!(
            "write `{{{{ {source} }}}}` without the `$`",
            "`$` を付けずに `{{{{ {source} }}}}` と書いてください"
        ),
        "\\" => crate::t!("leave the backslash out", "バックスラッシュを外してください"),
        _ => crate::t!(
            "the end of a here-document cannot be a value; write a fixed word such as EOF",
            "ヒアドキュメントの終わりに値は使えません。EOF などの固定の語を書いてください"
        ),
    };
    Finding::error("value-glued", message, help)
}

/// A name of SQL in a shell.
pub(super) fn ident() -> Finding {
    Finding::error(
        "filter-place",
        crate::t!("`| ident` is for SQL", "`| ident` は SQL 用です"),
        crate::t!("leave it out: the value is quoted by itself", "外してください。値は自動的に引用されます"),
    )
}

/// What is allowed, but gives the value to a second reader.
pub(super) fn risky(command: &Command, after: &str) -> Option<Finding> {
    if let Some(program) = command.reads_again() {
        let message = crate::t!(
            "`{program}` reads its words as a script once more, where this value is no longer quoted",
            "`{program}` は引数をもう一度スクリプトとして解釈します。そこではこの値は引用されていません"
        );
        let help = crate::t!(
            "give the value by `env:` or `stdin:`, or as an argument: sh -c 'echo \"$1\"' sh {{{{ value }}}}",
            "`env:` か `stdin:` で渡すか、引数として渡してください: sh -c 'echo \"$1\"' sh {{{{ value }}}}"
        );
        return Some(Finding::warning("read-again", message, help));
    }
    command.reckons(after).then(|| {
        Finding::warning(
            "evaluated",
            crate::t!("bash evaluates this value as arithmetic", "bash はこの値を算術式として評価します"),
            crate::t!(
                "compare with `[ … ]` instead of `[[ … ]]`, or in the step's `when:` or `expect:`",
                "`[[ … ]]` ではなく `[ … ]` を使うか、`when:` や `expect:` で比較してください"
            ),
        )
    })
}
