//! cafeMuji's accounts: who is made, who may do what, and that a password is known to nobody but the one it is handed to.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::children;
use super::harness::{Lab, place};

fn handover() -> PathBuf {
    place("cafemuji/handover/password")
}

fn nothing_to_hand_over() {
    drop(std::fs::remove_file(handover()));
}

/// The password that waits to be handed over.
fn waiting() -> String {
    let mode = std::fs::metadata(handover()).expect("a password").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "it is for nobody else's eyes");
    std::fs::read_to_string(handover()).expect("a password").trim_end().to_owned()
}

/// Python about accounts; `User` and `authenticate` are there.
fn accounts(lab: &Lab, code: &str) -> String {
    let names = "from django.contrib.auth.models import User, Group, Permission\nfrom django.contrib.auth import authenticate\n";
    lab.cafe_python(&format!("{names}{code}"))
}

fn knows(lab: &Lab, user: &str, password: &str) -> bool {
    accounts(lab, &format!("print(authenticate(username='{user}', password='{password}') is not None)"))
        == "True"
}

const KITCHEN: &str = "u = User.objects.get(username='kitchen'); u.set_password('lab-kitchen'); u.save()";

#[test]
fn an_administrator_is_made_with_a_password_that_no_command_line_and_no_record_has() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    nothing_to_hand_over();
    accounts(&lab, "User.objects.filter(username__in=['tanaka-m', 'suzuki-k']).delete()");
    let is_one = "print(User.objects.filter(username='tanaka-m', is_superuser=True).count())";
    let make = |user: &str, more: &[&str]| {
        let user = format!("user={user}");
        let asked = ["-i", &user, "-i", "mail=m@cafemuji.test", "-i", "requested_by=店長"];
        [&["run", "cafemuji/user-create-superuser"][..], &asked, more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let words = |all: &[String]| all.iter().map(String::as_str).collect::<Vec<_>>().join("\u{1}");
    let run = |user: &str, more: &[&str]| {
        let joined = words(&make(user, more));
        lab.toban(&joined.split('\u{1}').collect::<Vec<_>>())
    };
    run("tanaka-m", &[]).exits(3);
    assert_eq!(accounts(&lab, is_one), "0", "nobody said yes");
    assert!(!handover().exists(), "and nothing was made for them");

    // Nobody is there to hand it over: the account is made, and the password waits.
    let trace = tempfile::tempdir().expect("a folder");
    let trace = trace.path().join("trace").display().to_string();
    let watch = [&children::WATCH[..], &["-o", trace.as_str()]].concat();
    let joined = words(&make("tanaka-m", &["--confirm", "password"]));
    lab.watched(&watch, &joined.split('\u{1}').collect::<Vec<_>>()).exits(3);
    let password = waiting();
    assert_eq!(accounts(&lab, is_one), "1");
    assert!(knows(&lab, "tanaka-m", &password) && !knows(&lab, "tanaka-m", "another"));
    let trace = std::fs::read_to_string(trace).expect("a trace");
    let children = children::children(&trace);
    assert!(children.iter().any(|child| child.env.iter().any(|word| word.contains(&password))));
    assert!(!children.iter().any(|child| child.argv.iter().any(|word| word.contains(&password))));
    assert!(lab.recorded("tanaka-m") && !lab.recorded(&password), "no journal and no log has it");

    let ran = run("suzuki-k", &["--confirm", "password"]).exits(1);
    assert!(format!("{ran}").contains("has not been handed over yet"), "the one before waits: {ran}");
    assert_eq!(waiting(), password, "and is not overwritten");
    nothing_to_hand_over();
    run("tanaka-m", &["--confirm", "password", "--answer", "handed=to=田中"]).exits(1);
    assert!(knows(&lab, "tanaka-m", &password), "an account that is there stays as it is");
    run("suzuki-k", &["--confirm", "password", "--answer", "handed=to=鈴木"]).exits(0);
    assert!(!handover().exists(), "what was handed over is gone");
    accounts(&lab, "User.objects.filter(username__in=['tanaka-m', 'suzuki-k']).delete()");
}

#[test]
fn a_password_is_reset_without_a_terminal_and_a_chosen_one_has_to_pass_djangos_rules() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    nothing_to_hand_over();
    accounts(&lab, KITCHEN);
    let reset = ["run", "cafemuji/user-reset-password", "-i", "user=kitchen", "-i", "requested_by=本人"];
    lab.toban(&reset).exits(3);
    assert!(knows(&lab, "kitchen", "lab-kitchen"), "nobody said yes");
    lab.toban(&[&reset[..], &["--confirm", "password"]].concat()).exits(3);
    let password = waiting();
    assert!(knows(&lab, "kitchen", &password) && !knows(&lab, "kitchen", "lab-kitchen"));
    assert!(!lab.recorded(&password), "no journal and no log has it");
    nothing_to_hand_over();
    lab.toban(&[&reset[..], &["--confirm", "password", "--answer", "handed=to=本人"]].concat()).exits(0);
    assert!(!handover().exists(), "what was handed over is gone");
    assert!(!knows(&lab, "kitchen", &password), "and the one before is of no use any more");
    accounts(&lab, KITCHEN);

    let change = ["run", "cafemuji/user-change-password"];
    let of = |user: &'static str| [&change[..], &["-i", user, "--confirm", "change"]].concat();
    lab.toban(&[&change[..], &["-i", "user=kitchen"]].concat()).exits(3);
    assert!(knows(&lab, "kitchen", "lab-kitchen"), "nobody said yes");
    lab.toban(&of("user=kitchen")).exits(0);
    assert!(knows(&lab, "kitchen", "Sakura-9-Michi"), "the one that the lab gives as the chosen one");
    assert!(!lab.recorded("Sakura-9-Michi"));
    lab.toban(&of("user=nobody-here")).exits(1);
    // The same password is too much like this one's name.
    accounts(&lab, "User.objects.create_user('Sakura-9-Michix', password='before-It-9')");
    let ran = lab.toban(&of("user=Sakura-9-Michix"));
    let kept = knows(&lab, "Sakura-9-Michix", "before-It-9");
    accounts(&lab, &format!("User.objects.get(username='Sakura-9-Michix').delete(); {KITCHEN}"));
    ran.exits(1);
    assert!(kept, "a password that the rules refuse changes nothing");
}

#[test]
fn permissions_through_groups_are_listed_and_too_many_administrators_are_told() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let look = ["run", "cafemuji/user-permissions", "-i", "user=kitchen"];
    let listed = || {
        lab.toban(&look).exits(0);
        lab.toban(&["logs", "last", "permissions"]).ok(&["logs"])
    };
    accounts(&lab, "Group.objects.filter(name='lab-cooks').delete()");
    assert!(!listed().contains("view_foodorder"), "nobody has given it yet");
    let give = "g = Group.objects.create(name='lab-cooks'); g.permissions.add(Permission.objects.get(codename='view_foodorder')); \
                User.objects.get(username='kitchen').groups.add(g)";
    accounts(&lab, give);
    let found = listed();
    assert!(found.contains("lab-cooks") && found.contains("food.view_foodorder"), "{found}");
    let more = "[User.objects.create_superuser(f'lab-boss-{n}', password='x') for n in range(4)]";
    accounts(&lab, more);
    let ran = lab.toban(&[&look[..], &["--strict"]].concat());
    accounts(
        &lab,
        "User.objects.filter(username__startswith='lab-boss').delete(); Group.objects.filter(name='lab-cooks').delete()",
    );
    assert!(format!("{}", ran.exits(6)).contains("lab-boss-3"), "they are named");
    lab.toban(&[&look[..], &["--strict"]].concat()).exits(0);
}
