//! Commands that never end by themselves. It knows programs by name and no script of the author's own.

use super::call::Call;

/// What to write instead of a command that never ends; none where it ends.
pub fn endless(call: &Call<'_>) -> Option<String> {
    if call.bounded || call.has(&["--help", "--version"]) {
        return None;
    }
    let found = match call.name {
        "tail" => (call.flag('f', "--follow", "") || call.flag('F', "", "")) && !call.flag('\0', "--pid", ""),
        "journalctl" => call.flag('f', "--follow", "utnpgSUDMoc"),
        "dmesg" => call.flag('w', "--follow", "ln") || call.flag('W', "--follow-new", "ln"),
        "docker" | "compose" | "kubectl" => container(call),
        "watch" | "htop" | "btop" | "iftop" | "nethogs" | "nmon" => true,
        "top" | "iotop" => {
            !call.flag('n', "--iter", "dpuUow") && !call.flag('h', "", "") && !call.flag('v', "", "")
        }
        "ping" | "ping6" => {
            !call.flag('c', "--count", "iIsWtQMpSl") && !call.flag('w', "--deadline", "iIsWtQMpSl")
        }
        "vmstat" | "iostat" | "mpstat" | "sar" | "pidstat" => counts(call) == 1,
        "tcpdump" => !call.flag('c', "--count", "iwrsBCGWzZyT"),
        "sleep" => call.has(&["infinity", "inf"]),
        "inotifywait" => call.flag('m', "--monitor", "etr"),
        name if name.starts_with("python") || name == "manage.py" => call.has(&["runserver", "http.server"]),
        _ => false,
    };
    found.then(|| instead(call))
}

/// The followers among the subcommands of container programs.
fn container(call: &Call<'_>) -> bool {
    match call.first() {
        "logs" => call.flag('f', "--follow", "n") && !call.has(&["--follow=false"]),
        "service" if call.has(&["logs"]) => call.flag('f', "--follow", "n"),
        "stats" => !call.has(&["--no-stream", "--no-stream=true", "--help"]),
        "events" => !call.flag('\0', "--until", ""),
        "attach" => true,
        "up" => {
            let ends = ["--wait", "--no-start", "--abort-on-container-exit", "--exit-code-from"];
            !call.flag('d', "--detach", "t") && !ends.iter().any(|e| call.flag('\0', e, ""))
        }
        "get" => call.flag('w', "--watch", "nlo"),
        "port-forward" | "proxy" => call.name == "kubectl",
        _ => false,
    }
}

/// The numbers among the arguments: an interval alone means for ever.
fn counts(call: &Call<'_>) -> usize {
    call.args.iter().filter(|w| w.text.parse::<u32>().is_ok()).count()
}

fn instead(call: &Call<'_>) -> String {
    match (call.name, call.first()) {
        ("docker" | "compose" | "kubectl", "up") => crate::t!(
            "write `up -d`, or `docker: {{ compose: {{ up: {{}} }} }}`",
            "`up -d` か `docker: {{ compose: {{ up: {{}} }} }}` を使ってください"
        ),
        ("docker" | "compose", "stats") => crate::t!(
            "write `--no-stream`, or `docker: {{ stats: {{}} }}`",
            "`--no-stream` を付けるか `docker: {{ stats: {{}} }}` を使ってください"
        ),
        ("docker" | "compose" | "kubectl", "logs" | "service") => crate::t!(
            "leave out `-f` and say how much: `--since 24h` or `--tail 200`",
            "`-f` を外し、範囲を指定してください（`--since 24h` や `--tail 200`）"
        ),
        ("tail" | "journalctl" | "dmesg", _) => crate::t!(
            "leave out the following and say how much, such as `-n 200`; to wait for a line: `wait: {{ until: … }}`",
            "追跡の指定を外し、`-n 200` のように範囲を指定してください。行を待つなら `wait: {{ until: … }}` です"
        ),
        ("top" | "iotop" | "htop" | "btop" | "vmstat" | "iostat" | "mpstat" | "sar" | "pidstat", _) => {
            crate::t!(
                "say how often: `top -b -n 1`, `vmstat 1 5`; or `probe: load`, `probe: memory`",
                "回数を指定するか（`top -b -n 1`、`vmstat 1 5`）、`probe: load`、`probe: memory` を使ってください"
            )
        }
        ("ping" | "ping6", _) => crate::t!(
            "write `ping -c 4`, or `probe: {{ tcp: {{ host: …, port: … }} }}`",
            "`ping -c 4` か `probe: {{ tcp: {{ host: …, port: … }} }}` を使ってください"
        ),
        _ => crate::t!(
            "use a form that ends, a `timeout 30s` before it, or `wait: {{ until: …, every: 5s, limit: 3m }}`",
            "終わる書き方にするか、前に `timeout 30s` を付けるか、`wait: {{ until: …, every: 5s, limit: 3m }}` を使ってください"
        ),
    }
}
