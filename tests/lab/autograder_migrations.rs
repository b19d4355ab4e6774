//! autograder's schema, forwards, backwards and only on paper.

use super::autograder::{backups, bash, dumps, manage, no_backups, site, sql};
use super::harness::{Lab, unpacked};

const COMMENTS: &str = "SELECT count(*) FROM pg_tables WHERE tablename = 'scores_comment'";

#[test]
fn going_back_saves_the_rows_first_and_what_was_not_done_is_never_recorded_as_done() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    sql(
        &lab,
        "INSERT INTO scores_comment (text, result_id) SELECT 'よくできました', min(id) FROM scores_testresult",
    );
    let back = ["run", "autograder/migrate-back", "-i", "app=scores", "-i", "target=0001"];
    lab.toban(&back).exits(3);
    lab.toban(&[&back[..], &["--confirm", "back=scores"]].concat()).exits(3);
    assert_eq!(sql(&lab, COMMENTS), "1", "nobody typed app and target");
    lab.toban(&[&back[..], &["--confirm", "back=scores 0001"]].concat()).exits(0);
    assert_eq!(sql(&lab, COMMENTS), "0");
    let dump = dumps(&backups()).pop().expect("the dump of before");
    assert!(unpacked(&dump).contains("よくできました"), "what was dropped is in it");

    // The table is not there: a fake would record what never happened, and the manual's command does.
    let fake = [
        "run",
        "autograder/migrate-fake",
        "-i",
        "app=scores",
        "-i",
        "migration=0002_comment",
        "-i",
        "reason=試しに行う",
        "--answer",
        "compared=same=true",
        "--confirm",
        "fake=scores 0002_comment",
    ];
    let ran = lab.toban(&fake).exits(1);
    assert!(format!("{ran}").contains("scores_comment"), "the missing table is named: {ran}");
    assert!(manage(&lab, "migrate --check").ends_with("exit 1"), "nothing was recorded");
    assert!(manage(&lab, "migrate --fake scores 0002").ends_with("exit 0"));
    let uses = "shell -v 0 -c 'from scores.models import Comment; Comment.objects.count()'";
    assert!(
        manage(&lab, "migrate --check").ends_with("exit 0") && manage(&lab, uses).contains("does not exist")
    );
    manage(&lab, "migrate --fake scores 0001");

    lab.toban(&["run", "autograder/migrate"]).exits(3);
    assert_eq!(sql(&lab, COMMENTS), "0");
    lab.toban(&["run", "autograder/migrate", "--confirm", "migrate"]).exits(0);
    assert_eq!(sql(&lab, COMMENTS), "1");
    assert!(manage(&lab, "migrate --check").ends_with("exit 0"));

    // And where the table is there although nothing says so, it may be recorded.
    manage(&lab, "migrate --fake scores 0001");
    lab.toban(&fake).exits(0);
    assert!(manage(&lab, "migrate --check").ends_with("exit 0"));
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    assert_eq!(
        bash(&lab, "docker exec autograder-backend-1 python manage.py check >/dev/null; echo $?", ""),
        "0"
    );
}
