//! A large playbook: the time and memory of a check grow with its steps and no faster.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use toban::diag::render;
use toban::lang::check;

fn playbook(steps: usize) -> String {
    let mut text = String::from("title: 大きな手順書\nvars: { a: 1, b: [x, y] }\nsteps:\n");
    for i in 0..steps {
        let _ = write!(text, "  - id: s{i}\n    title: \"手順 {i} を実行する\"\n");
        if i > 0 {
            let _ = writeln!(text, "    needs: [s{}]", i - 1);
        }
        if i % 3 == 0 {
            let sql = "SELECT id, name FROM users\n        WHERE id = {{ vars.a }} AND n > {{ steps.s0.row_count }}";
            let _ = write!(
                text,
                "    sql:\n      connection: 'sqlite::memory:'\n      query: |\n        {sql}\n"
            );
        } else {
            let _ = write!(
                text,
                "    shell: |\n      echo step {{{{ vars.b[0] }}}}\n      systemctl restart app-{i}\n"
            );
        }
        text.push_str("    when: vars.a == 1\n    timeout: 30s\n    retry: { attempts: 2 }\n");
    }
    text.replacen(" AND n > {{ steps.s0.row_count }}", "", 1)
}

fn took(steps: usize) -> Duration {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("p.yaml"), playbook(steps)).expect("written");
    (0..2)
        .map(|_| {
            let start = Instant::now();
            let found = check("./p.yaml", None, dir.path());
            let took = start.elapsed();
            assert!(found.is_empty(), "{}", render(&found[..1], false));
            took
        })
        .min()
        .expect("two runs")
}

#[test]
fn a_check_of_five_times_the_steps_takes_about_five_times_as_long() {
    let (small, large) = (took(2_000), took(10_000));
    assert!(large < small * 10, "2,000 steps: {small:?}, 10,000 steps: {large:?}");
}
