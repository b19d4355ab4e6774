//! Commands that wait for a person to type: no person is at a step. It knows programs by name.

use super::call::{Call, has_letter};

/// What to write instead of a command that waits for a person; none where it does not.
pub fn waits(call: &Call<'_>) -> Option<String> {
    if call.has(&["--help", "--version"]) {
        return None;
    }
    editor(call).or_else(|| database(call)).or_else(|| asks(call)).or_else(|| session(call))
}

fn editor(call: &Call<'_>) -> Option<String> {
    let opens = match call.name {
        "vi" | "vim" | "nvim" | "view" | "nano" | "pico" | "vipw" | "vigr" | "less" | "more" | "most" => true,
        "ex" | "ed" => !call.fed,
        "emacs" => !call.has(&["--batch", "-batch"]),
        "visudo" => !call.flag('c', "--check", "f"),
        "crontab" => call.flag('e', "", "u"),
        _ => false,
    };
    opens.then(|| {
        crate::t!(
            "to read: `cat`, `tail -n 200` or `file: {{ read: … }}`; to change: `file: {{ write: … }}` or a `manual:` step",
            "読むなら `cat`、`tail -n 200`、`file: {{ read: … }}`、変更するなら `file: {{ write: … }}` か `manual:` のステップを使ってください"
        )
    })
}

/// A database's own prompt, or its question for a password.
fn database(call: &Call<'_>) -> Option<String> {
    const MYSQL: [&str; 6] = ["mysql", "mariadb", "mysqldump", "mariadb-dump", "mysqladmin", "mysqlcheck"];
    if MYSQL.contains(&call.name) && call.has(&["-p", "--password"]) {
        return Some(crate::t!(
            "leave out `-p` and give the password as `env: {{ MYSQL_PWD: \"{{{{ secrets.… }}}}\" }}`, or use `sql:`",
            "`-p` を外し、パスワードは `env: {{ MYSQL_PWD: \"{{{{ secrets.… }}}}\" }}` で渡すか、`sql:` を使ってください"
        ));
    }
    if call.fed {
        return None;
    }
    let given = |letters: &str, names: &[&str]| {
        letters.chars().any(|c| call.args.iter().any(|w| has_letter(&w.text, c, letters)))
            || names.iter().any(|n| call.flag('\0', n, ""))
    };
    let waits = match call.name {
        "psql" => !given("cflV?", &["--command", "--file", "--list"]),
        "mysql" | "mariadb" => !given("eV?", &["--execute"]),
        "sqlite3" => call.args.iter().filter(|w| !w.text.starts_with('-')).count() < 2,
        "mongosh" | "mongo" => {
            !given("f", &["--eval", "--file"]) && !call.args.iter().any(|w| w.text.ends_with(".js"))
        }
        "redis-cli" => call.args.last().is_none_or(|w| w.text.starts_with('-')),
        _ => false,
    };
    waits.then(|| {
        crate::t!(
            "say what it has to do (`psql -c '…'`, `mysql -e '…'`, `stdin:`), or use `sql: {{ connection: …, query: … }}`",
            "実行する内容を渡すか（`psql -c '…'`、`mysql -e '…'`、`stdin:`）、`sql: {{ connection: …, query: … }}` を使ってください"
        )
    })
}

/// Programs that ask before they go on.
fn asks(call: &Call<'_>) -> Option<String> {
    if call.fed {
        return None;
    }
    let flag = match call.name {
        "apt" | "apt-get" | "aptitude" | "yum" | "dnf" => {
            const VERBS: [&str; 9] = [
                "install",
                "upgrade",
                "full-upgrade",
                "dist-upgrade",
                "remove",
                "purge",
                "autoremove",
                "update",
                "erase",
            ];
            let asks =
                VERBS.contains(&call.first()) && !(call.name.starts_with("apt") && call.first() == "update");
            let told = call.flag('y', "--yes", "cot") || call.flag('\0', "--assume-yes", "");
            let tries =
                call.flag('s', "--simulate", "cot") || call.has(&["--dry-run", "--just-print", "--assumeno"]);
            (asks && !told && !tries).then_some("-y")
        }
        "docker" => {
            let asks = call.has(&["prune"]);
            (asks && !call.flag('f', "--force", "")).then_some("-f")
        }
        "compose" => (call.first() == "rm" && !call.flag('f', "--force", "")).then_some("-f"),
        "read" => call.flag('p', "", "adinNtu").then_some("inputs:"),
        _ => django(call),
    }?;
    Some(match flag {
        "inputs:" => crate::t!(
            "declare what the operator gives under `inputs:`, or ask with `manual:` or `decide:`",
            "オペレーターの入力は `inputs:` に宣言するか、`manual:`、`decide:` で尋ねてください"
        ),
        _ => crate::t!(
            "write `{flag}` and let the step ask: `confirm: …`",
            "`{flag}` を付け、確認はステップの `confirm:` で行ってください"
        ),
    })
}

/// Questions of Django's `manage.py`.
fn django(call: &Call<'_>) -> Option<&'static str> {
    let managed = call.name == "manage.py"
        || (call.name.starts_with("python") && call.args.iter().any(|w| w.text.ends_with("manage.py")))
        || call.name == "django-admin";
    let asks = ["createsuperuser", "collectstatic", "flush"];
    (managed && call.has(&asks) && !call.has(&["--noinput", "--no-input"])).then_some("--noinput")
}

/// A shell, a language's prompt, or a login without anything to do.
fn session(call: &Call<'_>) -> Option<String> {
    if call.fed {
        return None;
    }
    let bare = call.args.iter().all(|w| w.text.starts_with('-'));
    let django = |verb: &str| call.has(&[verb]) && !call.flag('c', "--command", "");
    let opens = match call.name {
        "sh" | "bash" | "dash" | "zsh" | "ash" | "ksh" => bare && !call.flag('n', "", ""),
        "sudo" | "doas" => call.flag('i', "--login", "ug") || call.flag('s', "--shell", "ug"),
        "su" | "ssh" | "irb" | "ftp" | "sftp" | "telnet" => call.name != "sftp" || !call.flag('b', "", ""),
        "node" => bare && !call.flag('e', "--eval", "") && !call.flag('v', "", ""),
        "manage.py" => ["shell", "dbshell", "changepassword"].into_iter().any(django),
        name if name.starts_with("python") => {
            let alone =
                bare && !call.flag('c', "", "m") && !call.flag('m', "", "c") && !call.flag('V', "", "");
            alone
                || (call.args.iter().any(|w| w.text.ends_with("manage.py"))
                    && (["shell", "dbshell", "changepassword"].into_iter().any(django)))
        }
        "passwd" => call.args.len() < 2 && bare_or_name(call),
        _ => false,
    };
    opens.then(|| {
        crate::t!(
            "say what it has to do (`sh -c '…'`, `-c '…'`, `stdin:`), or make it a `manual:` step",
            "実行する内容を渡すか（`sh -c '…'`、`-c '…'`、`stdin:`）、`manual:` のステップにしてください"
        )
    })
}

fn bare_or_name(call: &Call<'_>) -> bool {
    call.args.first().is_none_or(|w| !w.text.starts_with('-'))
}
