//! autograder looked after: what an incident does, what was damaged, its packages, its styles, its
//! swap.

use super::autograder::{
    backed_up, backups, bash, counts, no_backups, restores, site, sql, started, swap_is_on,
};
use super::harness::{Lab, names, place, repo};

const LOSE: &str = "DELETE FROM scores_comment; \
                    DELETE FROM scores_testresult WHERE id IN (SELECT id FROM scores_testresult ORDER BY id LIMIT 300)";

/// The answer that picks a dump from the list of a restore, as that names it.
fn picks(dump: &std::path::Path) -> String {
    let name = dump.file_name().expect("a name").to_string_lossy();
    let folder = repo().join("playbooks/autograder/../../target/lab/autograder/backups");
    format!("restore/pick={}", folder.join(&*name).display())
}

#[test]
fn an_incident_restarts_and_restores_only_what_a_person_says() {
    let Some(lab) = Lab::of("autograder") else { return };
    let pick = picks(&backed_up(&lab));
    let dumped = counts(&lab);
    let backend = started(&lab, "backend");
    let incident = ["run", "autograder/incident"];
    lab.toban(&[&incident[..], &["--choose", "way=none", "--choose", "lost=intact"]].concat()).exits(0);
    assert_eq!(started(&lab, "backend"), backend, "nobody wants a restart");
    sql(&lab, LOSE);
    assert_ne!(counts(&lab), dumped);
    let answers = ["--choose", "way=restart", "--choose", "lost=lost", "--choose", &pick];
    lab.toban(&[&incident[..], &answers, &["--confirm", "restore/quiesce=lab"]].concat()).exits(0);
    assert_ne!(started(&lab, "backend"), backend);
    assert_eq!((counts(&lab), site(&lab, "api/v1/health/")), (dumped, "200".to_owned()));
    no_backups(&lab);
}

#[test]
fn damage_is_kept_as_evidence_and_restored_only_where_a_person_says_so() {
    let Some(lab) = Lab::of("autograder") else { return };
    let dump = backed_up(&lab);
    let dumped = counts(&lab);
    sql(&lab, LOSE);
    let damaged = counts(&lab);
    let damage = ["run", "autograder/incident-data-corruption"];
    lab.toban(&[&damage[..], &["--choose", "way=none"]].concat()).exits(0);
    assert_eq!(counts(&lab), damaged);
    let evidence = names(&backups(), "evidence_");
    restores(&lab, &backups().join(&evidence[0]), &damaged).expect("the evidence has what was found");
    let restore = [&damage[..], &["--choose", "way=restore"]].concat();
    lab.toban(&restore).exits(3);
    assert_eq!(counts(&lab), damaged, "nobody picked one");
    let pick = picks(&dump);
    lab.toban(&[&restore[..], &["--choose", &pick, "--confirm", "restore/quiesce=lab"]].concat()).exits(0);
    assert_eq!(
        (counts(&lab), site(&lab, "api/v1/health/")),
        (dumped, "200".to_owned()),
        "{}",
        dump.display()
    );
    no_backups(&lab);
}

#[test]
fn styles_are_collected_and_statistics_renewed_by_a_service_that_runs() {
    let Some(lab) = Lab::of("autograder") else { return };
    lab.breaks("autograder-static");
    lab.breaks("autograder-backend");
    lab.toban(&["run", "autograder/collectstatic"]).exits(1);
    lab.script("mend", &["autograder-backend"]);
    assert_eq!(site(&lab, "static/admin/css/base.css"), "404");
    lab.toban(&["run", "autograder/collectstatic"]).exits(0);
    assert_eq!(site(&lab, "static/admin/css/base.css"), "200");

    let since = sql(&lab, "SELECT now()");
    let vacuumed =
        || sql(&lab, &format!("SELECT count(*) > 0 FROM pg_stat_user_tables WHERE last_vacuum > '{since}'"));
    assert_eq!(vacuumed(), "f");
    lab.toban(&["run", "autograder/optimize-db"]).exits(0);
    assert_eq!(vacuumed(), "t");
}

#[test]
fn packages_are_updated_by_a_new_image_and_put_back_where_its_tests_or_the_site_fail() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    lab.breaks("autograder-packages");
    let django = || bash(&lab, "docker exec autograder-backend-1 python -m django --version", "");
    let file = place("autograder/requirements-new.txt");
    let asked = format!("requirements={}", file.display());
    let update =
        |more: &[&str]| lab.toban(&[&["run", "autograder/update-packages", "-i", &asked][..], more].concat());
    let live = place("autograder/project/backend/requirements.txt");
    let old = std::fs::read_to_string(&live).expect("the requirements");
    assert_eq!(django(), "5.2.1");
    std::fs::write(&file, "Django>=5.2\n").expect("the new ones");
    update(&["--confirm", "put=lab"]).exits(1);
    std::fs::write(&file, "Django==5.2.19\n").expect("the new ones");
    let first = started(&lab, "backend");
    update(&[]).exits(3);
    assert_eq!(
        (django(), started(&lab, "backend")),
        ("5.2.1".to_owned(), first.clone()),
        "nobody typed the target"
    );

    let tests = place("autograder/project/backend/scores/tests.py");
    let good = std::fs::read_to_string(&tests).expect("the tests");
    std::fs::write(&tests, format!("{good}        self.fail('broken')\n")).expect("a test that fails");
    let ran = update(&["--confirm", "put=lab"]);
    std::fs::write(&tests, good).expect("the tests");
    ran.exits(1);
    assert_eq!((django(), std::fs::read_to_string(&live).expect("it")), ("5.2.1".to_owned(), old.clone()));
    assert_eq!(site(&lab, "api/v1/health/"), "200");

    update(&["--confirm", "put=lab"]).exits(0);
    assert_eq!((django(), site(&lab, "api/v1/health/")), ("5.2.19".to_owned(), "200".to_owned()));
    lab.script("mend", &["autograder-packages"]);
    assert_eq!((django(), site(&lab, "zyuku/")), ("5.2.1".to_owned(), "200".to_owned()));
    no_backups(&lab);
}

#[test]
fn swap_is_added_once_is_there_at_the_next_boot_and_is_gone_again_where_that_fails() {
    let Some(lab) = Lab::of("autograder") else { return };
    let (file, table) = (place("autograder/swapfile"), place("autograder/fstab"));
    let size = || {
        let swaps = std::fs::read_to_string("/proc/swaps").expect("/proc/swaps");
        let line = swaps.lines().find(|line| line.starts_with(&format!("{} ", file.display())));
        line.map(|line| line.split_whitespace().nth(2).expect("its size").to_owned())
    };
    let add = ["run", "autograder/add-swap", "-i", "size=16MiB", "--confirm", "make"];
    if swap_is_on() {
        let ran = lab.toban(&add).exits(1);
        assert!(format!("{ran}").contains("of swap already"), "a machine that has swap is given none: {ran}");
        assert_eq!((size(), file.exists()), (None, false));
        return;
    }
    lab.breaks("autograder-swap");
    lab.toban(&add[..4]).exits(3);
    assert_eq!((size(), file.exists()), (None, false), "nobody said yes");
    // Its table cannot be written: what was switched on is off again, and its file gone.
    std::fs::remove_file(&table).expect("the table");
    std::fs::create_dir(&table).expect("no table");
    lab.toban(&add).exits(1);
    assert_eq!((size(), file.exists()), (None, false), "it is taken back whole");
    std::fs::remove_dir(&table).expect("no table");
    std::fs::write(&table, "# what is mounted at boot\n").expect("the table");

    lab.toban(&add).exits(0);
    assert_eq!(size().as_deref(), Some("16380"), "16 MiB but for its first page");
    let line = format!("{} none swap sw 0 0", file.display());
    let lines = || std::fs::read_to_string(&table).expect("the table").matches(&line).count();
    assert_eq!(lines(), 1);
    lab.toban(&add).exits(1);
    assert_eq!((lines(), size().is_some()), (1, true), "a second time it refuses");
    lab.script("mend", &["autograder-swap"]);
    assert_eq!((size(), file.exists()), (None, false), "the machine is rid of it");
}
