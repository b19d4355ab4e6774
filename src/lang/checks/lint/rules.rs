//! The rules that have a name: why each is there, what it finds, how that is mended. It looks at no playbook.

use super::{
    CRON_NEVER, CRON_OR, ENDLESS_COMMAND, INTERACTIVE_COMMAND, LITERAL_SECRET, PIPE_INTO_FILE, PLACEHOLDER,
    SCHEDULE_ASKS, SCHEDULE_INPUTS, UNMARKED_DESTROY,
};

/// A rule of `check`.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as a finding shows it and `allow:` takes it.
    pub name: &'static str,
    /// What it finds.
    pub finds: fn() -> String,
    /// Why that does harm.
    pub reason: fn() -> String,
    /// A playbook with the mistake.
    pub bad: &'static str,
    /// The same without.
    pub mended: &'static str,
    /// How it is allowed in place.
    pub allow: &'static str,
}

/// Every rule.
pub const RULES: [Rule; 10] = [
    Rule {
        name: UNMARKED_DESTROY,
        finds: || {
            crate::t!(
                "a step that plainly destroys (`rm -r`, `down -v`, DROP, DELETE without WHERE, a dump loaded into a database, …) and is not marked `destroy`",
                "明らかに破壊的な操作（`rm -r`、`down -v`、DROP、WHERE の無い DELETE、データベースへのダンプの読み込みなど）なのに `destroy` と宣言されていないステップ"
            )
        },
        reason: || {
            crate::t!(
                "only a step marked `destroy` asks a person before it acts, and is counted as such in the plan",
                "実行前に人へ確認し、計画で破壊的操作として数えられるのは `destroy` と宣言されたステップだけです"
            )
        },
        bad: "title: Old uploads\nsteps:\n  - id: uploads\n    shell: rm -r /srv/app/uploads-old\n",
        mended: "title: Old uploads\nsteps:\n  - id: uploads\n    shell: rm -r /srv/app/uploads-old\n    effect: destroy\n",
        allow: "effect: change\nbecause: a scratch folder of this run\n",
    },
    Rule {
        name: ENDLESS_COMMAND,
        finds: || {
            crate::t!(
                "a command that never ends by itself: `tail -f`, `docker logs -f`, `top`, `watch`, `ping` without a count, `docker stats`, `compose up` without `-d`, …",
                "ひとりでに終わらないコマンド（`tail -f`、`docker logs -f`、`top`、`watch`、回数の無い `ping`、`docker stats`、`-d` の無い `compose up` など）"
            )
        },
        reason: || {
            crate::t!(
                "the step hangs until its time limit, and a result is never judged",
                "ステップが制限時間まで止まったままになり、結果が判定されません"
            )
        },
        bad: "title: Logs\nsteps:\n  - id: log\n    shell: docker logs -f backend\n    effect: read\n",
        mended: "title: Logs\nsteps:\n  - id: log\n    shell: docker logs --since 24h backend\n    effect: read\n",
        allow: "allow: { endless-command: the pod is removed by the step beside it }\n",
    },
    Rule {
        name: INTERACTIVE_COMMAND,
        finds: || {
            crate::t!(
                "a command that waits for a person: `vi`, `less`, `psql` without `-c`, `docker exec -it`, `apt upgrade` without `-y`, `mysql -p`, `read -p`, …",
                "人の操作を待つコマンド（`vi`、`less`、`-c` の無い `psql`、`docker exec -it`、`-y` の無い `apt upgrade`、`mysql -p`、`read -p` など）"
            )
        },
        reason: || {
            crate::t!(
                "a step has no terminal: the command fails, hangs or ends without having done anything",
                "ステップに端末は無いため、失敗するか、止まるか、何もせずに終わります"
            )
        },
        bad: "title: Users\nsteps:\n  - id: users\n    shell: docker exec -it db psql -U app -c 'SELECT count(*) FROM users'\n    effect: read\n",
        mended: "title: Users\nsteps:\n  - id: users\n    shell: docker exec db psql -U app -c 'SELECT count(*) FROM users'\n    effect: read\n",
        allow: "allow: { interactive-command: the program answers itself from its configuration }\n",
    },
    Rule {
        name: PIPE_INTO_FILE,
        finds: || {
            crate::t!(
                "a pipe or a dump that ends in a file: `pg_dump app | gzip > app.gz`, `mysqldump app > app.sql`",
                "ファイルで終わるパイプやダンプ（`pg_dump app | gzip > app.gz`、`mysqldump app > app.sql`）"
            )
        },
        reason: || {
            crate::t!(
                "when it fails half-way, a file is left that looks whole; `stdout:` writes beside the target and renames only what succeeded",
                "途中で失敗すると、完全に見えるファイルが残ります。`stdout:` は別名で書き、成功したときだけ名前を変えます"
            )
        },
        bad: "title: Dump\nsteps:\n  - id: dump\n    shell: pg_dump app | gzip > /backup/app.sql.gz\n",
        mended: "title: Dump\nsteps:\n  - id: dump\n    shell: pg_dump app\n    stdout: { file: /backup/app.sql.gz, compress: gzip }\n",
        allow: "allow: { pipe-into-file: the next step proves the file and removes it }\n",
    },
    Rule {
        name: PLACEHOLDER,
        finds: || {
            crate::t!(
                "a value left to be filled in: `YYYYMMDD`, `<container>`, `[連絡先記載]`, `your_user`, `yourdomain.com`, `example.com`, `/path/to/`, `CHANGEME`",
                "置き換え忘れの仮の値（`YYYYMMDD`、`<container>`、`[連絡先記載]`、`your_user`、`yourdomain.com`、`example.com`、`/path/to/`、`CHANGEME`）"
            )
        },
        reason: || {
            crate::t!(
                "the step acts on something that does not exist, or on the wrong thing",
                "存在しないもの、または誤ったものに対して実行されます"
            )
        },
        bad: "title: Stop\nsteps:\n  - id: stop\n    shell: docker stop <container_id>\n",
        mended: "title: Stop\ninputs: { container: { type: string } }\nsteps:\n  - id: stop\n    shell: docker stop {{ inputs.container }}\n",
        allow: "allow: { placeholder: the address is the test domain on purpose }\n",
    },
    Rule {
        name: LITERAL_SECRET,
        finds: || {
            crate::t!(
                "a password or token as it is: `mysql -pabc`, `PGPASSWORD=abc`, `curl -u user:abc`, `postgres://user:abc@host`, `Authorization: Bearer abc`",
                "そのまま書かれたパスワードやトークン（`mysql -pabc`、`PGPASSWORD=abc`、`curl -u user:abc`、`postgres://user:abc@host`、`Authorization: Bearer abc`）"
            )
        },
        reason: || {
            crate::t!(
                "everyone who reads the file, the process list or the log has it, and nothing masks it",
                "ファイル、プロセス一覧、ログを読める人すべてに見え、マスクもされません"
            )
        },
        bad: "title: Count\nsteps:\n  - id: count\n    shell: PGPASSWORD=hunter2 psql -U app -c 'SELECT 1'\n    effect: read\n",
        mended: "title: Count\ninputs: { password: { type: secret, from: env:APP_PASSWORD } }\nsteps:\n  - id: count\n    shell: psql -U app -c 'SELECT 1'\n    env: { PGPASSWORD: \"{{ inputs.password }}\" }\n    effect: read\n",
        allow: "allow: { literal-secret: the password of a database that this run makes and drops }\n",
    },
    Rule {
        name: CRON_NEVER,
        finds: || {
            crate::t!(
                "a cron expression that no day matches: `0 0 31 2 *`",
                "当たる日の無い cron 式（`0 0 31 2 *`）"
            )
        },
        reason: || {
            crate::t!(
                "the playbook is thought to run and never does",
                "実行されているつもりで、一度も実行されません"
            )
        },
        bad: "title: Never\nschedule: [{ cron: '0 0 31 2 *' }]\nsteps: [{ id: a, probe: memory }]\n",
        mended: "title: The last day\nschedule: [{ cron: '0 0 L 2 *' }]\nsteps: [{ id: a, probe: memory }]\n",
        allow: "allow: { cron-never: started by hand until the move is done }\n",
    },
    Rule {
        name: CRON_OR,
        finds: || {
            crate::t!(
                "a cron expression that restricts both the day of the month and the weekday: `0 3 1-7 * SUN`",
                "「日」と「曜日」の両方を絞った cron 式（`0 3 1-7 * SUN`）"
            )
        },
        reason: || {
            crate::t!(
                "cron takes either, not both: this runs on all of the first seven days and on every Sunday",
                "cron はどちらか一方が合えば実行します。この例では 1〜7 日の毎日と、毎週日曜日に実行されます"
            )
        },
        bad: "title: First Sunday\nschedule: [{ cron: '0 3 1-7 * SUN' }]\nsteps: [{ id: a, probe: memory }]\n",
        mended: "title: First Sunday\nschedule: [{ cron: '0 3 * * SUN#1' }]\nsteps: [{ id: a, probe: memory }]\n",
        allow: "allow: { cron-or: both the 1st and every Sunday are meant }\n",
    },
    Rule {
        name: SCHEDULE_ASKS,
        finds: || {
            crate::t!(
                "a playbook with a schedule and a step that asks a person, which the schedule does not answer by `confirm`, `choose` or `answer`; where the target has to be typed (a `destroy` step in a protected environment), `confirm` names it too: `STEP=TARGET`",
                "予定があるのに人に確認するステップがあり、予定の `confirm`、`choose`、`answer` で答えていないプレイブック。対象の入力が必要なステップ（保護環境の `destroy`）では、`confirm` に `ステップ=対象` と書きます"
            )
        },
        reason: || {
            crate::t!(
                "a scheduled run has nobody to ask: the step is not confirmed, what needs it is blocked, and the run exits 3",
                "予定の実行には確認する相手がいません。ステップは未承認となり、それを必要とするステップは見送られ、終了コードは 3 になります"
            )
        },
        bad: "title: Old files\nschedule: [{ cron: '0 3 * * *' }]\nsteps: [{ id: drop, effect: destroy, shell: rm -r /srv/app/old }]\n",
        mended: "title: Old files\nschedule: [{ cron: '0 3 * * *', confirm: [drop] }]\nsteps: [{ id: drop, effect: destroy, shell: rm -r /srv/app/old }]\n",
        allow: "allow: { schedule-asks: what nobody confirms is done by hand in the morning }\n",
    },
    Rule {
        name: SCHEDULE_INPUTS,
        finds: || {
            crate::t!(
                "a schedule that does not give an input which the playbook requires",
                "プレイブックの必須入力を指定していない予定"
            )
        },
        reason: || {
            crate::t!(
                "no run of it ever begins: the input is missing, exit 2",
                "入力が足りないため、実行は一度も始まりません（終了コード 2）"
            )
        },
        bad: "title: Clean\nschedule: ['0 3 * * *']\ninputs: { folder: { type: path } }\nsteps: [{ id: a, shell: 'ls {{ inputs.folder }}', effect: read }]\n",
        mended: "title: Clean\nschedule: [{ cron: '0 3 * * *', inputs: { folder: /srv } }]\ninputs: { folder: { type: path } }\nsteps: [{ id: a, shell: 'ls {{ inputs.folder }}', effect: read }]\n",
        allow: "allow: { schedule-inputs: the input comes with the next change of the system }\n",
    },
];

/// The rules as a chapter of the reference. Markdown.
pub fn chapter() -> String {
    let mut page = String::from(
        "\n## Rules of `toban check`\n\nA finding of a rule shows its name. `allow: { NAME: reason }` on a step, a group, the playbook or the \
         system file\nallows it there; the reason is shown in the plan, and an `allow` that finds nothing is an error. \
         `toban check --explain\nNAME` tells the same.\n",
    );
    for rule in &RULES {
        let (name, finds, reason) = (rule.name, (rule.finds)(), (rule.reason)());
        page.push_str(&format!("\n### {name}\n\nFinds {finds}. Why: {reason}.\n"));
        for (what, text) in [("Wrong", rule.bad), ("Right", rule.mended), ("Allowed", rule.allow)] {
            page.push_str(&format!("\n{what}:\n\n```yaml\n{text}```\n"));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{RULES, UNMARKED_DESTROY};
    use crate::model::Allow;

    #[test]
    fn every_rule_but_one_can_be_allowed_by_its_name() {
        let one_file = RULES.iter().map(|r| r.name).filter(|n| *n != UNMARKED_DESTROY);
        let names: Vec<&str> = one_file.chain(Allow::OF_SCHEDULES.iter().copied()).collect();
        assert_eq!(names, Allow::RULES);
    }
}
