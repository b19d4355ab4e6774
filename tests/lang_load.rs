//! Playbooks that check: what the loader makes of them.

use std::path::Path;

use toban::base::StepId;
use toban::lang::{Library, check, load};
use toban::model::{Action, Effect, Needs, StepBody, Template};

fn library() -> Library {
    Library { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good") }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn told(found: &[toban::diag::Diagnostic]) -> String {
    toban::diag::render(found, false)
}

#[test]
fn every_short_form_loads_and_nothing_is_said_about_it() {
    let library = library();
    let loaded = load("cafe/daily", Some(&library), here(), None).map_err(|f| told(&f)).expect("it loads");
    assert_eq!(told(&loaded.warnings), "");
    assert_eq!(loaded.playbook.name, "cafe/daily");
    assert_eq!(loaded.environment.as_deref(), Some("lab"));
    assert_eq!(loaded.system.vars["backup_dir"], "/srv/backups");
    assert!(loaded.system.hosts["app"].local);
    assert_eq!(loaded.playbook.steps.len(), 21);
    assert_eq!(loaded.sources.len(), 2);
    // Its production is reached over ssh: nothing is said of any environment.
    assert_eq!(told(&check("cafe/daily", Some(&library), here())), "");
}

#[test]
fn an_environment_lays_its_values_over_the_common_ones() {
    let library = library();
    let loaded = load("cafe/daily", Some(&library), here(), Some("production"))
        .map_err(|f| told(&f))
        .expect("it loads");
    assert!(loaded.system.protected);
    assert_eq!(loaded.system.vars["backup_dir"], "/var/backups");
    assert_eq!(loaded.system.vars["keep"], 7);
    let found = load("cafe/daily", Some(&library), here(), Some("productoin")).expect_err("no such one");
    assert!(told(&found).contains("did you mean `production`?"), "{}", told(&found));
}

#[test]
fn anchors_merge_keys_effects_and_places_are_as_written() {
    let loaded = load("cafe/daily", Some(&library()), here(), None).map_err(|f| told(&f)).expect("it loads");
    let step =
        |id: &str| loaded.playbook.steps.iter().find(|s| s.id == StepId::new(id)).expect("a step of this id");
    let whole = step("dump_is_whole");
    assert_eq!(whole.retry.as_ref().map(|r| r.attempts), Some(2));
    assert!(
        matches!(&whole.around.timeout, Some(t) if matches!(&t.0, Template::Literal(d) if d.as_millis() == 30_000))
    );
    assert_eq!(whole.needs, Needs::Previous);
    assert_eq!(step("dashboard").needs, Needs::Above);
    for (id, effect) in [
        ("dump", Effect::Change),
        ("rows", Effect::Read),
        ("health", Effect::Read),
        ("old_dumps", Effect::Change),
        ("containers", Effect::Read),
        ("group", Effect::Change),
        ("listed", Effect::Read),
        ("text", Effect::Read),
    ] {
        assert_eq!(step(id).effect, effect, "{id}");
    }
    let StepBody::Act(argv) = &step("argv").body else { panic!("an action") };
    assert!(matches!(argv.as_ref(), Action::Shell(s) if s.run.is_none() && s.argv.is_some()));
}
