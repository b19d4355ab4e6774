//! Every filter, test and function that a template may use, as the reference shows them. It does none of them.

/// A filter as the reference shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterDoc {
    /// Its name.
    pub name: &'static str,
    /// What it gives.
    pub what: &'static str,
    /// One use of it.
    pub example: &'static str,
}

const fn doc(name: &'static str, what: &'static str, example: &'static str) -> FilterDoc {
    FilterDoc { name, what, example }
}

/// Every filter there is: first those of this language, then those of Jinja.
pub const FILTERS: &[FilterDoc] = &[
    doc("words", "a list as several words of a shell, each quoted", "rm -- {{ files | words }}"),
    doc(
        "raw",
        "shell and SQL: the text as it is, unencoded; `check` warns of it",
        "{{ system.vars.flags | raw }}",
    ),
    doc(
        "ident",
        "SQL: a quoted name, \"…\" with quotes doubled; a list gives \"a\".\"b\". MySQL needs ANSI_QUOTES",
        "DROP TABLE {{ name | ident }}",
    ),
    doc("string", "the value as text", "{{ 5 | string }}"),
    doc(
        "join",
        "the items of a list in one text; `attribute=` takes one key of each",
        "{{ rows | join(', ', attribute='name') }}",
    ),
    doc("tojson", "any value as JSON text; `indent=2` over several lines", "{{ rows | tojson }}"),
    doc("json", "JSON text as a value", "{{ (stdout | json).version }}"),
    doc(
        "urlencode",
        "percent-encoded for a URL, `/` too; a mapping as a query; the only filter that takes a secret",
        "?q={{ inputs.text | urlencode }}",
    ),
    doc("b64encode", "Base64 of text", "{{ inputs.text | b64encode }}"),
    doc("sha256", "the SHA-256 of text, in hex", "{{ inputs.text | sha256 }}"),
    doc("basename", "the last part of a path", "{{ steps.dump.file | basename }}"),
    doc("dirname", "a path without its last part", "{{ steps.dump.file | dirname }}"),
    doc("duration", "seconds as a length of time", "{{ 5400 | duration }}"),
    doc("seconds", "a length of time as seconds", "age < '26h' | seconds"),
    doc("filesize", "bytes as a person reads them", "{{ steps.dump.size | filesize }}"),
    doc("bytes", "a size as bytes", "size > '10MB' | bytes"),
    doc("shift", "a moment moved by days, hours, months", "{{ run.started | shift('-1d') }}"),
    doc("strftime", "a moment in a format", "{{ run.started | strftime('%Y%m%d') }}"),
    doc("epoch", "a moment as seconds since 1970", "{{ run.started | epoch }}"),
    doc("abs", "a number without its sign", "{{ -5 | abs }}"),
    doc("batch", "a list cut into lists of so many items", "{{ rows | batch(3) | tojson }}"),
    doc("capitalize", "the first letter large, the others small", "{{ 'ABC' | capitalize }}"),
    doc("chain", "several lists as one", "{{ [1] | chain([2]) | join(',') }}"),
    doc("count", "as `length`", "{{ rows | count }}"),
    doc("d", "as `default`", "{{ inputs.note | d('none', true) }}"),
    doc(
        "default",
        "another value where there is none; `true` as second argument also for null and empty",
        "{{ inputs.note | default('none', true) }}",
    ),
    doc("dictsort", "a mapping as sorted pairs", "{{ system.urls | dictsort | tojson }}"),
    doc("first", "the first item", "{{ rows | first }}"),
    doc("float", "text or a number as a number with a fraction", "{{ '1.5' | float }}"),
    doc("format", "fills `%s` and `%d`", "{{ '%03d' | format(7) }}"),
    doc("groupby", "a list in groups of one key", "{{ rows | groupby('kind') | length }}"),
    doc("indent", "every line but the first moved right", "{{ text | indent(4) }}"),
    doc("int", "text or a number as a whole number", "{{ stdout | trim | int }}"),
    doc("items", "a mapping as pairs of key and value", "{{ system.urls | items | tojson }}"),
    doc("last", "the last item", "{{ lines | last }}"),
    doc("length", "how many items or characters", "{{ rows | length }}"),
    doc("lines", "text as a list of its lines", "{{ stdout | lines | length }}"),
    doc("list", "anything as a list", "{{ range(3) | list | tojson }}"),
    doc("lower", "in small letters", "{{ name | lower }}"),
    doc(
        "map",
        "one key of each item, or a filter over each",
        "{{ rows | map(attribute='name') | join(',') }}",
    ),
    doc("max", "the largest item", "{{ [1, 3, 2] | max }}"),
    doc("min", "the smallest item", "{{ [1, 3, 2] | min }}"),
    doc("reject", "the items of which a test does not hold", "{{ [1, 2] | reject('odd') | join }}"),
    doc(
        "rejectattr",
        "the items of whose key a test does not hold",
        "{{ rows | rejectattr('ok') | length }}",
    ),
    doc("replace", "text with every such part replaced", "{{ name | replace('-', '_') }}"),
    doc("reverse", "the other way round", "{{ [1, 2] | reverse | join }}"),
    doc("round", "a number rounded", "{{ 1.55 | round(1) }}"),
    doc("select", "the items of which a test holds", "{{ [1, 2] | select('odd') | join }}"),
    doc(
        "selectattr",
        "the items of whose key a test holds",
        "{{ rows | selectattr('size', '>', 5) | length }}",
    ),
    doc("slice", "a list cut into so many lists", "{{ rows | slice(2) | tojson }}"),
    doc("sort", "in order", "{{ rows | sort(attribute='size') | tojson }}"),
    doc("split", "text cut at a separator", "{{ 'a,b' | split(',') | tojson }}"),
    doc("sum", "the items added up", "{{ [1, 2] | sum }}"),
    doc("title", "every word with a large first letter", "{{ 'a b' | title }}"),
    doc("trim", "without white space at both ends", "{{ stdout | trim }}"),
    doc("unique", "each item once", "{{ [1, 1] | unique | join }}"),
    doc("upper", "in large letters", "{{ name | upper }}"),
    doc("zip", "several lists side by side", "{{ [1] | zip([2]) | list | tojson }}"),
];

/// Every test there is, as in `x is defined`; those named by signs are for `select` and its kin.
pub const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
];

/// Every function there is.
pub(super) const FUNCTIONS: &[&str] = &["range", "dict", "namespace"];
