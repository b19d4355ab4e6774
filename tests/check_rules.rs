//! The rules of `check` that have a name: what each finds, what it leaves alone, and how it is allowed in place.

use std::fmt::Write as _;

use toban::diag::{Diagnostic, render};
use toban::lang::{RULES, check};

fn found(playbook: &str) -> Vec<Diagnostic> {
    with_system(playbook, None)
}

fn with_system(playbook: &str, system: Option<&str>) -> Vec<Diagnostic> {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("p.yaml"), playbook).expect("written");
    if let Some(system) = system {
        std::fs::write(dir.path().join("system.yaml"), system).expect("written");
    }
    check("./p.yaml", None, dir.path())
}

/// The rules that a script breaks, each with the part that is marked.
fn in_shell(script: &str) -> Vec<(&'static str, String)> {
    let mut text = String::from("title: t\nsteps:\n  - id: a\n    effect: destroy\n    shell: |\n");
    for line in script.lines() {
        writeln!(text, "      {line}").expect("written");
    }
    marked(&found(&text))
}

fn marked(found: &[Diagnostic]) -> Vec<(&'static str, String)> {
    let part = |d: &Diagnostic| d.at.as_ref().map(|a| a.source.text[a.span.clone()].to_string());
    found.iter().map(|d| (d.code, part(d).unwrap_or_default())).collect()
}

#[test]
fn the_mistake_of_every_rule_is_found_alone_and_the_mended_playbook_is_clean() {
    for rule in &RULES {
        let codes: Vec<&str> = found(rule.bad).iter().map(|d| d.code).collect();
        assert_eq!(codes, [rule.name], "{}", render(&found(rule.bad), false));
        assert_eq!(render(&found(rule.mended), false), "", "{}", rule.name);
        for text in [(rule.finds)(), (rule.reason)()] {
            assert!(text.len() > 10, "{}", rule.name);
        }
    }
}

#[test]
fn the_mistake_of_every_rule_can_be_allowed_as_the_table_says() {
    for rule in &RULES {
        let whole = rule.name.starts_with("cron") || rule.name.starts_with("schedule");
        let playbook = if whole {
            format!("{}{}", rule.allow, rule.bad)
        } else {
            let lines: Vec<String> = rule.allow.lines().map(|l| format!("    {l}\n")).collect();
            let bad = rule.bad.replace("    effect: read\n", "");
            format!("{bad}{}", lines.concat())
        };
        assert_eq!(render(&found(&playbook), false), "", "{playbook}");
    }
}

#[test]
fn a_command_without_an_end_is_told_from_one_that_ends() {
    for (script, part) in [
        ("tail -f /var/log/x", "tail -f /var/log/x"),
        ("tail -n 5 -F x", "tail -n 5 -F x"),
        ("tail --follow=name x | grep e", "tail --follow=name x"),
        ("cd /srv && docker compose -f a.yml logs -f web", "docker compose -f a.yml logs -f web"),
        ("docker-compose logs --tail=5 --follow", "docker-compose logs --tail=5 --follow"),
        ("sudo kubectl -n x logs -f pod", "kubectl -n x logs -f pod"),
        ("journalctl -fu nginx", "journalctl -fu nginx"),
        ("top", "top"),
        ("LANG=C htop", "htop"),
        ("watch -n 5 df -h", "watch -n 5 df -h"),
        ("ping 10.0.0.1", "ping 10.0.0.1"),
        ("docker stats", "docker stats"),
        ("docker compose up --build", "docker compose up --build"),
        ("ssh app 'cd /x; tail -f y'", "tail -f y"),
        ("sh -c \"sleep infinity\"", "sleep infinity"),
        ("ssh app bash <<EOF\ntop\nEOF", "top"),
        ("echo \"$(vmstat 1)\"", "vmstat 1"),
        ("python manage.py runserver 0:8000", "python manage.py runserver 0:8000"),
    ] {
        assert_eq!(in_shell(script), [("endless-command", part.to_string())], "{script}");
    }
    for script in [
        "tail -n 200 x",
        "tail -n5 file-f",
        "echo 'tail -f x' \"top; watch\"",
        "timeout 30 tail -f x || true",
        "tail -f x | grep -m1 ready",
        "tail -f x & p=$!\nkill $p",
        "tail --pid=5 -f x",
        "docker logs --since 1h web",
        "docker compose -f x.yml logs web",
        "journalctl -u foo --since today",
        "top -b -n1 | head",
        "top -bn1",
        "ping -c 4 10.0.0.1",
        "docker stats --no-stream",
        "docker compose up -d",
        "vmstat 1 5",
        "# top\ncat <<EOF\ntop\nEOF",
        "grep -r watch /etc; systemctl restart top",
    ] {
        assert_eq!(in_shell(script), [], "{script}");
    }
}

#[test]
fn a_command_that_waits_for_a_person_is_told_from_one_that_does_not() {
    for (script, part) in [
        ("docker exec -it web sh -c 'nginx -t'", "-it"),
        ("docker compose exec web bash", "bash"),
        ("psql -U app -d app", "psql -U app -d app"),
        ("mysql -u root -p -e 'select 1'", "mysql -u root -p -e 'select 1'"),
        ("mysqldump -u root -p app | cat", "mysqldump -u root -p app"),
        ("vi /etc/hosts", "vi /etc/hosts"),
        ("dmesg | less", "less"),
        ("apt-get upgrade", "apt-get upgrade"),
        ("docker system prune", "docker system prune"),
        ("docker compose exec web python manage.py shell", "python manage.py shell"),
        ("python3 manage.py createsuperuser", "python3 manage.py createsuperuser"),
        ("read -p 'go on? ' x", "read -p 'go on? ' x"),
        ("sudo -i", "sudo -i"),
        ("ssh app", "ssh app"),
        ("crontab -e", "crontab -e"),
    ] {
        assert_eq!(in_shell(script), [("interactive-command", part.to_string())], "{script}");
    }
    for script in [
        "docker exec -i db psql -U app < /x.sql",
        "psql -tAc 'select 1'",
        "psql <<SQL\nselect 1\nSQL",
        "echo 'select 1' | mysql app",
        "apt-get -y upgrade",
        "apt-get --simulate --quiet=2 upgrade",
        "apt update",
        "yes | docker volume rm x",
        "docker image prune -f",
        "while read -r x; do echo $x; done < list",
        "sqlite3 app.db 'select 1'",
        "ssh app uptime",
        "bash /srv/x.sh",
        "python3 - <<EOF\nprint(1)\nEOF",
        "echo 'print(1)' | python manage.py shell",
        "crontab -l",
    ] {
        assert_eq!(in_shell(script), [], "{script}");
    }
}

#[test]
fn a_file_behind_a_pipe_is_told_from_one_that_is_renamed_or_does_not_last() {
    for (script, part) in [
        ("pg_dump app | gzip > /b/app.gz", "/b/app.gz"),
        ("docker exec db pg_dump -U app app > \"/b/app.sql\"", "\"/b/app.sql\""),
        ("mysqldump app 2>/dev/null >/b/x.sql", "/b/x.sql"),
        ("pg_dump app > b_$(date +%Y).sql", "b_$(date +%Y).sql"),
        ("a | b | c > {{ run.state }}.txt", "{{ run.state }}.txt"),
        ("pg_dump app | tee /b/x.sql | wc -c", "/b/x.sql"),
    ] {
        assert_eq!(in_shell(script), [("pipe-into-file", part.to_string())], "{script}");
    }
    for script in [
        "echo a > /x",
        "sort x > y",
        "a | b > /dev/null",
        "a | b >&2",
        "a | b 2> err",
        "a | b >> log",
        "pg_dump app | gzip > x.tmp && mv x.tmp x",
        "t=$(mktemp)\na | b > \"$t\"",
        "a | b > {{ run.scratch_dir }}/x",
        "echo '| gzip > x'",
        "df -h | tee report",
    ] {
        assert_eq!(in_shell(script), [], "{script}");
    }
}

#[test]
fn a_secret_that_stands_there_is_told_from_one_that_is_only_named() {
    for (script, part) in [
        ("mysqldump -u root -phunter2 app", "-phunter2"),
        ("mysql --password=hunter2 -e 'select 1'", "--password=hunter2"),
        ("export PGPASSWORD=hunter2", "PGPASSWORD=hunter2"),
        ("docker exec -e PGPASSWORD='hunter2' db psql -c 'select 1'", "PGPASSWORD='hunter2'"),
        ("curl -s -u ops:hunter2 http://x/", "ops:hunter2"),
        ("curl http://ops:hunter2@x/", "hunter2"),
        ("curl -H 'Authorization: Bearer abcdef123' http://x/", "abcdef123"),
        ("sshpass -p hunter2 ssh app uptime", "hunter2"),
        ("redis-cli -a hunter2 ping", "hunter2"),
        ("docker login -u x -p hunter2 reg", "hunter2"),
    ] {
        assert_eq!(in_shell(script), [("literal-secret", part.to_string())], "{script}");
    }
    for script in [
        "mysqldump -u root -p\"$MYSQL_PWD\" app",
        "mysql -P 3306 --protocol=tcp -e 'select 1'",
        "PGPASSWORD=\"$(cat /run/secret)\" psql -c 'select 1'",
        "export PGPASSFILE=/root/.pgpass TOKEN_FILE=/x",
        "curl -u \"$USER:$PASS\" http://x/",
        "curl http://{{ system.vars.user }}@x/",
        "curl -H \"Authorization: Bearer $TOKEN\" http://x/",
        "mkdir -p /srv/backup",
        "grep PASSWORD=abc .env",
    ] {
        let codes: Vec<_> = in_shell(script).into_iter().filter(|f| f.0 == "literal-secret").collect();
        assert_eq!(codes, [], "{script}");
    }
    let playbook = "title: t\nsteps:\n  - id: a\n    sql: { connection: 'postgres://app:hunter2@db/app', query: SELECT 1 }\n  \
         - id: b\n    http: { get: 'https://x.jp/', headers: { Authorization: Bearer abcdef123 } }\n  \
         - id: c\n    http: { get: 'https://x.jp/', auth: { bearer: abcdef123 } }\n";
    let wanted = [("hunter2"), ("abcdef123"), ("abcdef123")].map(|p| ("literal-secret", p.to_string()));
    assert_eq!(marked(&found(playbook)), wanted);
}

#[test]
fn a_value_left_to_be_filled_in_is_told_from_what_only_looks_like_one() {
    for (script, part) in [
        ("docker stop <container_id>", "<container_id>"),
        ("gunzip -c /b/db_YYYYMMDD_HHMMSS.sql.gz | wc -l", "YYYYMMDD"),
        ("curl https://example.com/health", "example.com"),
        ("psql -U your_user -c 'select 1'", "your_user"),
        ("cd /path/to/project", "/path/to/"),
        ("mysql --password=your_password -e 'select 1'", "your_password"),
        ("docker exec <コンテナ名> date", "<コンテナ名>"),
        ("ssh your_user@example.com uptime", "your_user"),
        ("curl -s https://www.yourdomain.com/health", "yourdomain.com"),
        ("curl -s https://your-domain.com/health", "your-domain"),
        ("curl -s https://your.domain/health", "your.domain"),
        ("ping -c 1 yourServer", "yourServer"),
        ("dig www.example.ne.jp", "example.ne.jp"),
    ] {
        assert_eq!(in_shell(script), [("placeholder", part.to_string())], "{script}");
    }
    for script in [
        "sort <in >out",
        "# docker stop <container_id> on example.com\ndate # YYYYMMDD",
        "curl -s https://x.jp/ | grep -c '<title>'",
        "grep -oP '(?<name>x)' f",
        "cp .env.example .env",
        "date +%Y%m%d",
        "grep TODO src; ls notyour_file",
        "awk '{ if (a<b) print }' f",
        "cp /srv/yourls/config.php . && echo yourself yours",
        "curl -s https://your.org/ https://ourdomain.com/ https://counterexample.com/",
    ] {
        assert_eq!(in_shell(script), [], "{script}");
    }
    let playbook = "title: YYYYMMDD を <container> に\n# example.com\ndescription: see example.com\ninputs:\n  \
         d: { type: string, pattern: 'YYYYMMDD', description: e.g. YYYYMMDD }\nsteps:\n  - id: a\n    \
         manual: rename it to <date>.sql, see https://example.com\n  - id: b\n    \
         sql: { connection: 'sqlite:x', query: \"SELECT to_char(x, 'YYYYMMDD') FROM u WHERE m LIKE '%@example.com'\" }\n    effect: change\n  \
         - id: c\n    manual: \"[連絡先記載] へ電話する\"\n  - id: d\n    http: { get: 'https://your-app.onrender.com/' }\n";
    let wanted = ["[連絡先記載]", "your-app"].map(|p| ("placeholder", p.to_string()));
    assert_eq!(marked(&found(playbook)), wanted);
}

/// What a schedule is told of a step that destroys, where `live` is protected and `lab` is not.
fn scheduled(schedule: &str, confirm: &str) -> Vec<(&'static str, String)> {
    let system =
        "default_environment: lab\nenvironments:\n  lab: {}\n  live: { protected: true, target: the-shop }\n";
    let playbook = format!(
        "title: Old files\nschedule: [{schedule}]\nsteps:\n  - id: drop\n    effect: destroy\n{confirm}    shell: rm -r /srv/app/old\n"
    );
    with_system(&playbook, Some(system)).into_iter().map(|d| (d.code, d.title)).collect()
}

#[test]
fn a_schedule_that_destroys_in_a_protected_environment_has_to_name_the_target() {
    let live = |confirm: &str| format!("{{ cron: '0 3 * * *', environment: live, confirm: [{confirm}] }}");
    let asks = |step: &str| {
        let title = format!("a scheduled run asks nobody and ends not confirmed: {step}");
        vec![("schedule-asks", title)]
    };
    assert_eq!(scheduled(&live("drop"), ""), asks("drop=the-shop"));
    assert_eq!(scheduled(&live("drop=lab"), ""), asks("drop=the-shop"));
    assert_eq!(scheduled(&live("drop=the-shop"), ""), []);
    // Where nothing is protected, a name is enough.
    assert_eq!(scheduled("{ cron: '0 3 * * *', confirm: [drop] }", ""), []);
    // What a step itself wants typed is wanted everywhere.
    let typed = "    confirm: { question: Sure?, type: old }\n";
    assert_eq!(scheduled("{ cron: '0 3 * * *', confirm: [drop] }", typed), asks("drop=old"));
    assert_eq!(scheduled("{ cron: '0 3 * * *', confirm: [drop=old] }", typed), []);
    let unknown = "    confirm: { question: Sure?, type: '{{ run.id }}' }\n";
    assert_eq!(scheduled("{ cron: '0 3 * * *', confirm: [drop] }", unknown), asks("drop=…"));
    assert_eq!(scheduled("{ cron: '0 3 * * *', confirm: [drop=x] }", unknown), []);
}

#[test]
fn a_schedule_names_the_target_of_what_a_called_playbook_destroys() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write("system.yaml", "environments: { live: { protected: true } }\n");
    write("part.yaml", "title: p\nsteps: [{ id: drop, effect: destroy, shell: rm -r /srv/old }]\n");
    let call = |confirm: &str| {
        let text = format!(
            "title: c\nschedule: [{{ cron: '0 3 * * *', confirm: [{confirm}] }}]\nsteps: [{{ id: a, playbook: {{ run: ./part.yaml }} }}]\n"
        );
        write("p.yaml", &text);
        check("./p.yaml", None, dir.path()).into_iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(call("a/drop"), ["schedule-asks"]);
    // Without a target the environment itself is typed.
    assert_eq!(call("a/drop=live"), Vec::<&str>::new());
}

#[test]
fn what_is_allowed_needs_a_reason_and_something_to_allow() {
    let step = |allow: &str| format!("title: t\nsteps:\n  - id: a\n    shell: top\n    allow: {allow}\n");
    let codes = |allow: &str| found(&step(allow)).iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(codes("{ endless-command: it is killed }"), Vec::<&str>::new());
    assert_eq!(codes("{ endless-command: '' }"), ["no-reason"]);
    assert_eq!(codes("{ endless-command: it is killed, placeholder: none }"), ["stale-allow"]);
    let unknown = found(&step("{ endles-command: it is killed }"));
    assert!(
        unknown.iter().any(|d| d.help.as_ref().is_some_and(|h| h.contains("endless-command"))),
        "{unknown:?}"
    );
    let group = "title: t\nsteps:\n  - id: g\n    allow: { endless-command: killed }\n    steps:\n      - { id: a, shell: top }\n  - { id: b, shell: top }\n";
    assert_eq!(marked(&found(group)), [("endless-command", "top".to_string())]);
    let whole = "title: t\nallow: { endless-command: killed }\nsteps: [{ id: a, shell: top }, { id: b, shell: [htop] }]\n";
    assert_eq!(marked(&found(whole)), []);
}

#[test]
fn a_system_file_is_looked_through_in_every_environment_and_allows_for_all_of_them() {
    let playbook = "title: t\nsteps: [{ id: a, probe: memory }]\n";
    let system = |allow: &str| {
        format!(
            "{allow}urls: {{ a: 'https://a.jp' }}\nenvironments:\n  lab: {{}}\n  live:\n    urls: {{ a: 'https://your-app.jp' }}\n    \
             connections: {{ m: 'postgres://u:hunter2@h/d' }}\n    actions: {{ w: {{ shell: top }} }}\n"
        )
    };
    let wanted = [("placeholder", "your-app"), ("literal-secret", "hunter2"), ("endless-command", "top")];
    let mut told = marked(&with_system(playbook, Some(&system(""))));
    told.sort();
    let mut wanted = wanted.map(|(r, p)| (r, p.to_string()));
    wanted.sort();
    assert_eq!(told, wanted);
    let allow = "allow: { placeholder: a, literal-secret: b, endless-command: c }\n";
    let told = with_system(playbook, Some(&system(allow)));
    assert_eq!(render(&told, false), "");
    let allow = "allow: { placeholder: a, literal-secret: b, endless-command: c, cron-or: d }\n";
    assert_eq!(
        marked(&with_system(playbook, Some(&system(allow)))),
        [("stale-allow", "cron-or".to_string())]
    );
}

#[test]
fn a_finding_shows_its_rule_and_its_place_within_a_block() {
    let text = "title: t\nsteps:\n  - id: a\n    shell: |\n      cd /srv\n      docker logs -f web\n";
    insta::assert_snapshot!(render(&found(text), false));
    let json = found(text)[0].to_json();
    assert_eq!(
        (json["rule"].as_str(), json["line"].as_u64(), json["column"].as_u64()),
        (Some("endless-command"), Some(6), Some(7))
    );
}
