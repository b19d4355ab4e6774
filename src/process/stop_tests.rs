//! Ending children for real, with all they started.

use std::time::{Duration, Instant};

use super::tests::{bash, marker, plain, seen};
use super::*;
use crate::event::Stream;

fn stop_after(reason: StopReason, time: Duration) -> Stop {
    let (stopper, stop) = Stopper::new();
    tokio::spawn(async move {
        tokio::time::sleep(time).await;
        stopper.stop(reason);
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    stop
}

#[tokio::test]
async fn a_timeout_ends_grandchildren_and_those_that_left_the_group() {
    let script = "sleep 1001 & (setsid sleep 1002 &) ; \
                  env -i setsid bash -c 'sleep 1004 & sleep 1005' & sleep 1006";
    let stop = stop_after(StopReason::TimedOut, Duration::from_millis(300));
    let begin = Instant::now();
    let seen = seen(bash("escape", script), stop).await;
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!(seen.exit.stopped, Some(StopReason::TimedOut));
    assert_eq!(seen.exit.ended, Ended::Signal(15));
    assert_eq!(find_marked(&marker("escape")), vec![]);
    let ps = plain("escape-ps", "ps -eo args").await.out;
    for n in [1001, 1002, 1004, 1005, 1006] {
        assert!(!ps.contains(&format!("sleep {n}")), "{n} lives: {ps}");
    }
}

#[tokio::test]
async fn what_ignores_term_is_killed_after_the_grace() {
    let mut spec =
        bash("stubborn", "trap '' TERM; sleep 1010 & (setsid sleep 1011 &); sleep 1012; sleep 1013");
    spec.grace = Duration::from_millis(400);
    let begin = Instant::now();
    let seen = seen(spec, stop_after(StopReason::Cancelled, Duration::from_millis(300))).await;
    assert!(begin.elapsed() >= Duration::from_millis(700), "{:?}", begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!(seen.exit.ended, Ended::Signal(9));
    assert!(!seen.exit.left_running);
    assert_eq!(find_marked(&marker("stubborn")), vec![]);
}

#[tokio::test]
async fn a_second_word_kills_at_once() {
    let (stopper, stop) = Stopper::new();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stopper.stop(StopReason::Cancelled);
        tokio::time::sleep(Duration::from_millis(200)).await;
        stopper.stop(StopReason::Killed);
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let mut spec = bash("twice", "trap '' TERM; while :; do sleep 1020; done");
    spec.grace = Duration::from_secs(600);
    let begin = Instant::now();
    let seen = seen(spec, stop).await;
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!((seen.exit.ended, seen.exit.stopped), (Ended::Signal(9), Some(StopReason::Cancelled)));
}

#[tokio::test]
async fn the_last_words_of_a_stopped_child_are_heard() {
    let script = "trap 'echo cleaning up; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let seen =
        seen(bash("words", script), stop_after(StopReason::Cancelled, Duration::from_millis(300))).await;
    assert_eq!(seen.out, "ready\ncleaning up\n");
    assert_eq!(seen.exit.ended, Ended::Code(3));
    assert_eq!(seen.exit.stopped, Some(StopReason::Cancelled));
}

#[tokio::test]
async fn a_stopped_job_hears_term_all_the_same() {
    let seen = seen(bash("asleep", "kill -STOP $$; sleep 1030"), {
        stop_after(StopReason::Cancelled, Duration::from_millis(300))
    })
    .await;
    assert_eq!(seen.exit.ended, Ended::Signal(15));
}

#[tokio::test]
async fn dropping_the_future_kills_the_group() {
    let spec = bash("drop", "sleep 1040 & sleep 1041");
    let mut sink = |_: Stream, _: &[u8]| Ok(());
    let work = run(spec, |_, _| {}, &mut sink, Stop::never());
    assert!(tokio::time::timeout(Duration::from_millis(300), work).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(find_marked(&marker("drop")), vec![]);
}

#[tokio::test]
async fn a_background_child_does_not_hold_up_its_step() {
    let begin = Instant::now();
    let seen = plain("background", "sleep 60 & echo hi").await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!(seen.out, "hi\n");
    assert!(seen.exit.left_running);
    let left = find_marked(&marker("background"));
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].1.starts_with("sleep 60"));
    tree::Tree::new(left[0].0, &marker("background")).kill();
}

#[tokio::test]
async fn a_background_child_that_never_stops_talking_is_given_up_too() {
    let begin = Instant::now();
    let seen = plain("chatty", "(while :; do echo again; done) 2>/dev/null & sleep 0.2").await;
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert!(seen.exit.left_running && seen.out.starts_with("again\n"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(find_marked(&marker("chatty")), vec![], "it died of the closed pipe");
}
