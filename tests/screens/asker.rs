//! Plays questions onto this process's own terminal, and prints the answers.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::json;
use toban::base::StepId;
use toban::cli::prompt::TerminalOperator;
use toban::event::{Answer, Choice, Operator, Question, Unit};

/// Asks the question of that name.
pub fn ask(name: &str) {
    // Raw mode turns Ctrl-C into a signal to this process itself; a run listens for it, and so does this.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let _interrupts = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
        let operator = TerminalOperator::open("佐藤", false).expect("a terminal");
        match name {
            "ask_twice" => twice(&operator).await,
            "ask_given_up" => given_up(&operator).await,
            "ask_late" => late(&operator).await,
            name => one(&operator, &question(name)).await,
        }
    });
}

fn question(name: &str) -> Question {
    match name {
        "ask_typed" => confirm(Some("本番-1"), 1),
        "ask_people" => confirm(None, 2),
        "ask_manual" => manual(),
        "ask_decide" => decide(),
        _ => confirm(None, 1),
    }
}

fn confirm(typed: Option<&str>, people: u32) -> Question {
    let facts = IndexMap::from([
        ("対象".to_string(), json!("refnet")),
        ("rows".to_string(), json!([{"table": "利用者", "rows": 12}, {"table": "papers", "rows": 3456}])),
    ]);
    Question::Confirm {
        text: "本番を入れ替えますか".into(),
        preview: "DROP DATABASE refnet_old; -- \u{1b}[2K".into(),
        facts,
        typed: typed.map(str::to_string),
        people,
    }
}

fn manual() -> Question {
    let decl = json!({"type": "integer", "minimum": 0, "description": "赤いパネルの数"});
    let decl = serde_json::from_value(decl).expect("a declaration");
    Question::Manual {
        instruction: "監視ダッシュボードを開く".into(),
        link: Some("https://example.test/d/1".into()),
        evidence: IndexMap::from([("red".to_string(), decl)]),
    }
}

fn decide() -> Question {
    let choice = |value: &str, label: &str| Choice { value: json!(value), label: label.into() };
    let choices = vec![choice("restore", "復元する"), choice("stop", "中止する")];
    Question::Decide { text: "どうしますか".into(), choices }
}

fn unit(name: &str) -> Unit {
    Unit::step(StepId::new(name))
}

fn tell(answer: &Answer) {
    println!("ANSWER {} {}", answer.by, serde_json::to_string(&answer.reply).expect("a reply"));
}

async fn one(operator: &TerminalOperator, question: &Question) {
    tell(&operator.ask(&unit("swap"), question).await);
}

async fn late(operator: &TerminalOperator) {
    println!("working");
    tokio::time::sleep(Duration::from_millis(800)).await;
    one(operator, &question("ask_confirm")).await;
}

async fn twice(operator: &TerminalOperator) {
    let question = question("ask_confirm");
    let (first, second) = (unit("first"), unit("second"));
    let mut worked = 0;
    let both = async { tokio::join!(operator.ask(&first, &question), operator.ask(&second, &question)) };
    tokio::pin!(both);
    let (a, b) = loop {
        tokio::select! {
            answers = &mut both => break answers,
            () = tokio::time::sleep(Duration::from_millis(20)) => worked += 1,
        }
    };
    println!("WORKED {worked}");
    tell(&a);
    tell(&b);
}

async fn given_up(operator: &TerminalOperator) {
    let before = mode();
    let (unit, question) = (unit("swap"), question("ask_confirm"));
    let asked = operator.ask(&unit, &question);
    let _ = tokio::time::timeout(Duration::from_millis(500), asked).await;
    println!("MODE {}", if mode() == before { "same" } else { "changed" });
}

/// The terminal's mode, as `stty` tells it.
fn mode() -> String {
    let said = std::process::Command::new("stty").arg("-g").stdin(std::process::Stdio::inherit()).output();
    String::from_utf8(said.expect("stty, of the package coreutils").stdout).expect("text")
}
