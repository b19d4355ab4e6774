//! What can be wrong with YAML itself, in our words. It knows no key of the language.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError, Tag};

use super::limits::{MAX_ALIASED, MAX_DEPTH};

/// A mistake in the YAML of a file, before any key is looked at.
#[derive(Debug)]
pub struct Trouble {
    /// Its stable name.
    pub code: &'static str,
    /// Where.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub help: Option<String>,
    /// The place that it collides with, and a word for it.
    pub other: Option<Box<(Range<usize>, String)>>,
    /// Whether the text at the place has to be blotted out before values are read.
    pub blot: bool,
}

impl Trouble {
    fn new(code: &'static str, span: Range<usize>, title: String, help: String) -> Trouble {
        Trouble { code, span, title, help: Some(help), other: None, blot: false }
    }

    /// A key that its mapping has already.
    pub fn duplicate_key(key: &str, first: &Range<u32>, second: &Range<u32>) -> Trouble {
        let wide = |r: &Range<u32>| r.start as usize..r.end as usize;
        Trouble {
            other: Some(Box::new((wide(first), crate::t!("first here", "最初はここ")))),
            ..Trouble::new(
                "duplicate-key",
                wide(second),
                crate::t!("`{key}` is written twice", "`{key}` が 2 回書かれています"),
                crate::t!("keep one of the two", "どちらか一方だけにしてください"),
            )
        }
    }

    /// `{{ x }}` without quotes.
    pub fn unquoted_template(span: Range<usize>) -> Trouble {
        Trouble {
            blot: true,
            ..Trouble::new(
                "unquoted-template",
                span,
                crate::t!(
                    "a template at the start of a value needs quotes",
                    "値の先頭のテンプレートは引用符で囲む必要があります"
                ),
                crate::t!(
                    "put it in quotes: \"{{{{ … }}}}\"; without them YAML reads a mapping",
                    "引用符で囲んでください: \"{{{{ … }}}}\"。囲まないと YAML ではマッピングになります"
                ),
            )
        }
    }

    /// A key that is a list or a mapping.
    pub fn complex_key(span: Range<usize>) -> Trouble {
        Trouble::new(
            "complex-key",
            span,
            crate::t!("a key must be plain text", "キーは文字列でなければなりません"),
            crate::t!(
                "write `key: value`; if this is a value that begins with {{ or [, put it in quotes",
                "`キー: 値` の形で書いてください。{{ や [ で始まる値は引用符で囲んでください"
            ),
        )
    }

    /// A second `---`.
    pub fn second_document(span: Range<usize>) -> Trouble {
        Trouble::new(
            "two-documents",
            span,
            crate::t!(
                "a second document begins here; a file holds one",
                "ここから 2 つ目の文書が始まっています（1 ファイルに 1 文書です）"
            ),
            crate::t!(
                "remove the `---`, or move what follows into a file of its own",
                "`---` を削除するか、以降を別のファイルに移してください"
            ),
        )
    }

    /// Too many levels.
    pub fn too_deep(span: Range<usize>) -> Trouble {
        Trouble::new(
            "too-deep",
            span,
            crate::t!("nested deeper than {MAX_DEPTH} levels", "入れ子が {MAX_DEPTH} 段を超えています"),
            crate::t!("write it flatter", "入れ子を浅くしてください"),
        )
    }

    /// Aliases that multiply.
    pub fn too_many_aliases(span: Range<usize>) -> Trouble {
        Trouble::new(
            "alias-bomb",
            span,
            crate::t!(
                "aliases repeat more than {MAX_ALIASED} values",
                "エイリアスの展開が {MAX_ALIASED} 個の値を超えています"
            ),
            crate::t!("use fewer aliases of aliases", "エイリアスの多重参照を減らしてください"),
        )
    }

    /// An alias within what it names.
    pub fn alias_inside_itself(span: Range<usize>) -> Trouble {
        Trouble::new(
            "alias-inside-itself",
            span,
            crate::t!(
                "this alias stands inside its own anchor",
                "エイリアスが自分自身のアンカーの中にあります"
            ),
            crate::t!("name another anchor", "別のアンカーを指定してください"),
        )
    }
}

/// Refuses tags other than those of YAML's own simple types.
pub fn of_tag(source: &str, tag: Option<&Tag>, at: &Range<usize>) -> Result<(), Trouble> {
    let Some(tag) = tag else { return Ok(()) };
    let text = tag.to_string();
    let known = ["str", "int", "float", "bool", "null", "seq", "map"];
    let name = text.trim_start_matches('!').rsplit([':', '!']).next().unwrap_or_default();
    if known.contains(&name) && (text.starts_with("!!") || text.contains("yaml.org")) {
        return Ok(());
    }
    let written = source.get(..at.start).and_then(|s| s.rfind('!'));
    let start = written.filter(|i| !source[*i..at.start].contains('\n')).unwrap_or(at.start);
    Err(Trouble::new(
        "tag",
        start..at.end.max(start),
        crate::t!("the tag {text} has no meaning here", "タグ {text} には意味がありません"),
        crate::t!("remove it, or put the value in quotes", "タグを削除するか、値を引用符で囲んでください"),
    ))
}

/// A mistake of the scanner or parser in our words.
pub fn of_scan_error(text: &str, error: &ScanError) -> Trouble {
    let start = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let (code, title, help) = words(error.kind());
    let line = line_of(text, start);
    let help = if line.contains(": {{") || line.contains("- {{") {
        crate::t!(
            "put a value that begins with {{{{ in quotes: \"{{{{ … }}}} …\"",
            "{{{{ で始まる値は引用符で囲んでください: \"{{{{ … }}}} …\""
        )
    } else {
        help
    };
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    Trouble::new(code, start..end, title, help)
}

fn line_of(text: &str, mut at: usize) -> &str {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[start..].lines().next().unwrap_or_default()
}

fn words(kind: &ErrorKind) -> (&'static str, String, String) {
    let indent = crate::t!(
        "look at the spaces before this line and the line above",
        "この行と上の行の字下げを確かめてください"
    );
    let quote = crate::t!(
        "put text that holds `: `, ` #` or begins with a sign in quotes",
        "`: ` や ` #` を含む文字列、記号で始まる文字列は引用符で囲んでください"
    );
    match kind {
        ErrorKind::UnknownAnchor => (
            "unknown-anchor",
            crate::t!("no anchor of this name stands above", "この名前のアンカーが上にありません"),
            crate::t!(
                "write `&name` at the value, `*name` below it",
                "値に `&名前`、その下で `*名前` と書いてください"
            ),
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => (
            "tab",
            crate::t!("a tab cannot indent YAML", "YAML の字下げにタブは使えません"),
            crate::t!("use spaces", "空白を使ってください"),
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::MappingKeyNotAllowed => (
            "indentation",
            crate::t!("this line is indented wrongly", "この行の字下げが正しくありません"),
            indent,
        ),
        ErrorKind::RecursionLimitExceeded => (
            "too-deep",
            crate::t!("nested deeper than {MAX_DEPTH} levels", "入れ子が {MAX_DEPTH} 段を超えています"),
            crate::t!("write it flatter", "入れ子を浅くしてください"),
        ),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "unclosed",
            crate::t!("a quote is not closed", "引用符が閉じていません"),
            crate::t!(
                "close it; inside '…' write '' for a single quote",
                "閉じてください。'…' の中の ' は '' と書きます"
            ),
        ),
        ErrorKind::UnexpectedEof
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::MismatchedFlowCollectionEnd { .. } => (
            "unclosed",
            crate::t!(
                "a bracket or brace is not closed, or a comma is missing",
                "括弧が閉じていないか、コンマがありません"
            ),
            crate::t!(
                "close every [ and {{; separate entries by commas",
                "[ と {{ を閉じ、要素をコンマで区切ってください"
            ),
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("syntax", crate::t!("expected `key: value` here", "ここには `キー: 値` が必要です"), indent)
        }
        _ => ("syntax", crate::t!("this is not valid YAML", "YAML として正しくありません"), quote),
    }
}
