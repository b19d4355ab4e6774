//! Approvals of saved plans: who, how many, how long, and what a changed record means.

use crate::place::{Place, Said};

fn place(approvals: &str) -> Place {
    let place = Place::new();
    place
        .file("system.yaml", &format!("environments: {{ prod: {{ approvals: {approvals} }}, lab: {{}} }}\n"));
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a >> a.count }\n");
    let said = place.toban(&["--env", "prod", "plan", "play.yaml", "-o", "p.plan", "--operator", "鈴木"]);
    assert_eq!(said.code, 0, "{said:?}");
    place
}

impl Place {
    fn refused_for(&self, words: &[&str]) {
        let said = self.toban(&["--progress", "plain", "run", "p.plan"]);
        assert_eq!((said.code, self.lines("a.count")), (3, 0), "{said:?}");
        words.iter().for_each(|word| assert!(said.err.contains(word), "{word}: {}", said.err));
    }

    fn says(&self, verdict: &str, by: &str) -> Said {
        self.toban(&[verdict, "p.plan", "--operator", by, "--reason", "見ました"])
    }

    fn runs(&self) {
        let said = self.toban(&["--progress", "plain", "run", "p.plan"]);
        assert_eq!((said.code, self.lines("a.count")), (0, 1), "{said:?}");
    }
}

#[test]
fn a_run_by_name_is_refused_with_the_way_out_where_approvals_are_asked_for() {
    let place = place("{ required: 1 }");
    let said = place.toban(&["--env", "prod", "run", "play.yaml"]);
    assert_eq!((said.code, place.lines("a.count")), (3, 0), "{said:?}");
    assert!(
        said.err.contains("help: toban plan play.yaml -o FILE; toban approve FILE; toban run FILE"),
        "{said:?}"
    );
    assert_eq!(place.toban(&["--env", "lab", "run", "play.yaml"]).code, 0, "only where they are asked for");
}

#[test]
fn a_plan_runs_once_enough_people_other_than_its_author_have_approved_it() {
    let place = place("{ required: 2, not_the_author: true }");
    place.refused_for(&["lacks 2 of 2 approvals", "toban approve ", "p.plan"]);
    assert_eq!(place.says("approve", "鈴木").code, 0);
    place.refused_for(&["lacks 2 of 2 approvals (鈴木 made the plan)"]);
    assert_eq!(place.says("approve", "田中").code, 0);
    assert_eq!(place.says("approve", "田中").code, 0);
    place.refused_for(&["lacks 1 of 2 approvals"]);
    assert_eq!(place.says("approve", "高橋").code, 0);
    place.runs();
    let text = std::fs::read_to_string(place.last_run().plan()).expect("plan.json");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let by: Vec<&str> = record["saved"]["approvals"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|a| a["by"].as_str())
        .collect();
    assert_eq!(by, ["田中", "高橋"]);
    assert_eq!(record["saved"]["approvals"][0]["reason"], "見ました");
}

#[test]
fn the_author_counts_where_the_system_says_so() {
    let place = place("{ required: 1, not_the_author: false }");
    assert_eq!(place.says("approve", "鈴木").code, 0);
    place.runs();
}

#[test]
fn an_approval_expires_and_can_be_given_again() {
    let short = place("{ required: 1, expires: 1ms }");
    assert_eq!(short.says("approve", "田中").code, 0);
    short.refused_for(&["the approval of 田中 has expired"]);
    let long = place("{ required: 1, expires: 48h }");
    assert_eq!(long.says("approve", "田中").code, 0);
    long.runs();
}

#[test]
fn one_no_is_enough_until_the_same_person_takes_it_back() {
    let place = place("{ required: 1 }");
    assert_eq!(place.says("approve", "田中").code, 0);
    let said = place.says("reject", "高橋");
    assert!(said.code == 0 && said.out.starts_with("rejected by 高橋: plan "), "{said:?}");
    place.refused_for(&["was rejected by 高橋: 見ました", "only 高橋 can take that back"]);
    assert_eq!(place.says("approve", "田中").code, 0);
    place.refused_for(&["was rejected by 高橋"]);
    assert_eq!(place.says("approve", "高橋").code, 0);
    place.runs();
}

#[test]
fn a_changed_record_of_approvals_is_refused_at_its_line() {
    let place = place("{ required: 1 }");
    for by in ["田中", "高橋", "伊藤"] {
        assert_eq!(place.says("approve", by).code, 0);
    }
    let text = place.text("p.plan.approvals");
    let lines: Vec<&str> = text.lines().collect();
    place.file("p.plan.approvals", &text.replacen("田中", "中田", 1));
    place.refused_for(&["p.plan.approvals:2: it does not follow the line above it"]);
    assert_eq!(place.says("approve", "加藤").code, 3, "nothing is written behind it either");
    place.file("p.plan.approvals", &format!("{}\n{}\n", lines[0], lines[2]));
    place.refused_for(&["p.plan.approvals:2: it does not follow"]);
    place.file("p.plan.approvals", &text[..text.len() - 10]);
    place.refused_for(&["p.plan.approvals:3: the line is cut off"]);
    let other = place.toban(&["--env", "prod", "plan", "play.yaml", "-o", "q.plan"]);
    assert_eq!(other.code, 0);
    place.file("q.plan.approvals", &text);
    let said = place.toban(&["run", "q.plan"]);
    assert!(said.code == 3 && said.err.contains("q.plan.approvals:1: it is about another plan"), "{said:?}");
    place.file("p.plan.approvals", &text);
    place.runs();
}

#[test]
fn only_a_saved_plan_is_approved() {
    let place = place("{ required: 1 }");
    let said = place.toban(&["approve", "play.yaml"]);
    assert!(said.code == 2 && said.err.contains("`play.yaml` is no saved plan"), "{said:?}");
}

#[test]
fn who_approved_a_plan_has_agreed_to_its_steps_that_destroy() {
    let place = Place::new();
    place.file("system.yaml", "approvals: { destroy: { people: 2 } }\n");
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, effect: destroy, shell: echo a >> a.count }\n");
    for name in ["p.plan", "q.plan"] {
        assert_eq!(place.toban(&["plan", "play.yaml", "-o", name]).code, 0);
    }
    let said = place.toban(&["--progress", "plain", "run", "q.plan", "--confirm", "a"]);
    assert!(said.code == 3 && said.out.contains("2 people have to agree"), "{said:?}");
    assert_eq!(place.says("approve", "田中").code, 0);
    let said = place.toban(&["--progress", "plain", "run", "p.plan", "--confirm", "a"]);
    assert_eq!((said.code, place.lines("a.count")), (0, 1), "{said:?}");
}
