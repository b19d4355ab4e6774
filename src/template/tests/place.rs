//! Where a value may stand in a shell script or a SQL text.

use crate::model::Place;
use crate::template::{Problem, check_place};

fn codes(source: &str, place: Place) -> Vec<&'static str> {
    check_place(source, place).into_iter().map(|p| p.code).collect()
}

fn only(source: &str, place: Place) -> Problem {
    let mut found = check_place(source, place);
    assert_eq!(found.len(), 1, "{source}: {found:?}");
    found.remove(0)
}

#[test]
fn a_word_of_its_own_is_right_wherever_the_shell_reads_words() {
    for script in [
        "cp {{ a }} {{ b }}",
        "cp pre{{ a }}post x={{ b }}",
        "x={{ a }}\necho \"$x\" 'y' # it's a comment \" `\nls {{ b }}",
        "echo \"$(cat {{ a }})\"",
        "echo \"$(case {{ a }} in x) echo {{ b }};; (y|z) echo {{ c }};; esac)\" {{ d }}",
        "for f in {{ l | words }}; do echo {{ a }}; done",
        "cat <<'EOF' | grep {{ a }}\nit's \"quoted\n\tEOF\nEOF\necho {{ b }}",
        "cat <<-END {{ a }}\n\tbody's\n\tEND\necho {{ b }}",
        "cat <<A <<B\n'\nA\n\"\nB\necho {{ a }}",
        "cat <<<{{ a }}",
        "diff <(sort {{ a }}) <(sort {{ b }}) > {{ c }} 2>&1",
        "arr=( {{ a }} ) && echo ${#arr} {{ b }}",
        "echo $# $' it\\'s ' $\"x\" {{ a }}",
        "echo \\' {{ a }} \\\" {{ b }} a#b'c'{{ c }}",
        "if [ {{ a }} -gt 5 ]; then (cd {{ b }} && ls); fi",
        "echo $((1 + (2 * 3))) {{ a }} $(( x << 2 )) {{ b }}",
        "f() { echo {{ a }}; }; ((n++)) || echo {{ b }}",
        "echo \"${x:-\"${y%'z}\"}\" {{ a }}",
        "echo ${x:-'}'} {{ a }}",
        "sh -c 'echo \"$1\"' sh {{ a }}",
        "{% if x %}echo 'a' {{ a }}{% else %}echo \"b\" {{ b }}{% endif %} {{ c }}",
        "{% for x in l %}echo '{% raw %}{{ }}{% endraw %}' {{ x }}\n{% endfor %}",
    ] {
        let script = script.replace("${#arr}", "{% raw %}${#arr}{% endraw %}");
        assert_eq!(check_place(&script, Place::Shell), [], "{script}");
    }
}

#[test]
fn inside_anything_quoted_a_value_is_an_error_that_says_how_to_write_it() {
    for (script, place, help) in [
        ("echo \"a {{ x }}\"", "inside double quotes", "\"…\"{{ x }}\"…\""),
        ("echo 'a {{ x }}'", "inside single quotes", "'…'{{ x }}'…'"),
        ("echo $'a {{ x }}'", "inside single quotes", "'…'{{ x }}'…'"),
        ("ls # {{ x }}", "inside a comment", "{# … #}"),
        ("cat <<EOF\n{{ x }}\nEOF", "inside a here-document", "stdin:"),
        ("cat <<'EOF'\na\nb {{ x }}", "inside a here-document", "$value"),
        ("echo ${y:-{{ x }} }", "inside `${ }`", "$value"),
        ("echo $(( 1 + {{ x }} ))", "inside `(( ))`", "{{ x + 1 }}"),
        ("(( n = {{ x }} ))", "inside `(( ))`", "{{ x + 1 }}"),
        ("echo `cat {{ x }}`", "inside backticks", "$( … )"),
        ("echo \"`cat {{ x }}`\"", "inside backticks", "$( … )"),
        ("echo `echo $(cat {{ x }})`", "inside backticks", "$( … )"),
        ("echo \"$(echo \"a\" {{ y }})\" \"b {{ x }}\"", "inside double quotes", "quotes"),
        ("{% if a %}echo '{{ x }}'{% endif %}", "inside single quotes", "quotes"),
    ] {
        let problem = only(script, Place::Shell);
        assert!(problem.code == "value-in-quotes" && !problem.warning, "{problem:?}");
        assert!(problem.message.contains(place), "{script}: {}", problem.message);
        assert!(problem.help.as_deref().is_some_and(|h| h.contains(help)), "{script}: {:?}", problem.help);
        assert_eq!(&script[problem.span], "{{ x }}");
    }
}

#[test]
fn what_would_change_the_quotes_of_a_value_cannot_stand_before_it() {
    for (script, help) in [
        ("echo ${{ x }}", "without the `$`"),
        ("echo \\{{ x }}", "backslash"),
        ("cat <<{{ x }}", "EOF"),
        ("cat <<-'E'{{ x }}", "EOF"),
    ] {
        let problem = only(script, Place::Shell);
        assert!(problem.code == "value-glued" && !problem.warning, "{script}: {problem:?}");
        assert!(problem.help.as_deref().is_some_and(|h| h.contains(help)), "{script}: {:?}", problem.help);
    }
    assert_eq!(check_place("echo \\\\{{ x }} $x{{ x }} \"$\"{{ x }}", Place::Shell), []);
}

#[test]
fn a_branch_leaves_the_quoting_as_it_found_it() {
    for script in [
        "echo {% if a %}'x{% endif %}'",
        "echo '{% if a %}x'{% else %}y{% endif %}'",
        "{% for x in l %}echo \"{% endfor %}",
        "{% for x in l %}echo '{% if x %}{% break %}{% endif %}'{% endfor %}",
        "cat {% if a %}<<EOF{% endif %}\nx\nEOF",
        "{% if a %}# note{% endif %}\nls",
    ] {
        assert!(codes(script, Place::Shell).contains(&"branch-quoting"), "{script}");
    }
    assert_eq!(codes("SELECT {% if a %}'x{% endif %}'", Place::Sql), ["branch-quoting"]);
    assert_eq!(codes("{% set x %}echo{% endset %}{{ x }}", Place::Shell), ["unsupported-statement"]);
    assert_eq!(codes("{% set x %}a{% endset %}{{ x }}", Place::Text), [] as [&str; 0]);
}

#[test]
fn a_value_that_is_read_a_second_time_is_warned_of() {
    for (script, code) in [
        ("eval {{ x }}", "read-again"),
        ("sudo -u a bash -c {{ x }}", "read-again"),
        ("/bin/sh -ec \"echo \"{{ x }}", "read-again"),
        ("a && ssh host ls {{ x }}", "read-again"),
        ("trap {{ x }} EXIT", "read-again"),
        ("if true; then eval {{ x }}; fi", "read-again"),
        ("[[ {{ x }} -gt 5 ]]", "evaluated"),
        ("[[ 5 -gt {{ x }} ]]", "evaluated"),
        ("a[{{ x }}]=1", "evaluated"),
        ("echo {{ x | raw }}", "raw"),
        ("echo \"{{ x | raw }}\"", "raw"),
    ] {
        let problem = only(script, Place::Shell);
        assert!(problem.code == code && problem.warning, "{script}: {problem:?}");
    }
    for script in [
        "evaluate {{ x }}",
        "eval x; echo {{ x }}",
        "[ {{ x }} -gt 5 ]",
        "[[ {{ x }} == 5 ]]",
        "tar -c {{ x }}",
    ] {
        assert_eq!(check_place(script, Place::Shell), [], "{script}");
    }
}

#[test]
fn in_sql_a_value_stands_by_itself() {
    for sql in [
        "SELECT {{ a }}, 'it''s' || {{ b }} -- don't\nFROM \"t\" WHERE x = {{ c }}",
        "SELECT E'\\'' || {{ a }}, $$ ' $$, $q$ \" $$ $q$, {{ b }}",
        "/* it's /* nested */ \" */ SELECT {{ a }} FROM {{ t | ident }}",
        "UPDATE `t` SET x={{ a }}, y=({{ b }}) WHERE z>={{ c }}",
        "{% for x in l %}INSERT INTO t VALUES ({{ x }});{% endfor %}",
        "SELECT a$b$ + {{ x }}",
    ] {
        assert_eq!(check_place(sql, Place::Sql), [], "{sql}");
    }
    for (sql, code, help) in [
        ("SELECT '{{ x }}'", "value-in-quotes", "needs no quotes"),
        ("SELECT 'a%{{ x }}'", "value-in-quotes", "~"),
        ("SELECT $b$ {{ x }} $b$", "value-in-quotes", "bound"),
        ("SELECT 1 -- {{ x }}", "value-in-quotes", "comment"),
        ("SELECT /* /* */ {{ x }} */ 1", "value-in-quotes", "comment"),
        ("SELECT \"{{ x }}\"", "value-in-quotes", "| ident"),
        ("SELECT `{{ x }}`", "value-in-quotes", "| ident"),
        ("DROP TABLE a_{{ x }}", "value-in-name", "| ident"),
        ("DROP TABLE {{ x }}_old", "value-in-name", "| ident"),
        ("SELECT {{ x | words }}", "filter-place", "for x in"),
    ] {
        let problem = only(sql, Place::Sql);
        assert!(problem.code == code && !problem.warning, "{sql}: {problem:?}");
        assert!(problem.help.as_deref().is_some_and(|h| h.contains(help)), "{sql}: {:?}", problem.help);
    }
    assert!(only("SELECT {{ x | raw }}", Place::Sql).warning);
}

#[test]
fn filters_of_shell_and_sql_have_no_business_elsewhere() {
    assert_eq!(codes("{{ x | words }}", Place::Argv), ["filter-place"]);
    assert_eq!(codes("a {{ x | ident }}", Place::Path), ["filter-place"]);
    assert_eq!(codes("{{ x | ident }}", Place::Shell), ["filter-place"]);
    assert_eq!(codes("{{ x | upper }}", Place::Text), [] as [&str; 0]);
}
