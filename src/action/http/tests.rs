//! Requests against real servers on loopback.

use std::time::{Duration, Instant};

use serde_json::json;

use super::perform;
use super::server::{Reply, issued, ok, self_signed, serve, serve_tls};
use crate::action::Report;
use crate::action::trial::{Trial, yaml};
use crate::base::Confidential;
use crate::event::Failure;
use crate::model::{Http, Rendered};
use crate::process::StopReason;

async fn run(trial: &Trial, step: &str) -> Report {
    perform(&yaml::<Http<Rendered>>(step), &trial.context()).await.expect("a report")
}

async fn fails(trial: &Trial, step: &str) -> String {
    perform(&yaml::<Http<Rendered>>(step), &trial.context()).await.expect_err("a failure").to_string()
}

#[tokio::test]
async fn a_json_answer_gives_status_headers_body_and_json() {
    let server =
        serve(|_| ok("200 OK", "x-a: 1\r\nX-A: 2\r\ncontent-type: application/json\r\n", r#"{"n":[1,2]}"#))
            .await;
    let trial = Trial::new();
    let report = run(&trial, &format!("get: {}", server.url("/health?q=1"))).await;
    assert_eq!(report.failure, None);
    assert_eq!(report.gives["status"], 200);
    assert_eq!(report.gives["headers"]["x-a"], "1, 2");
    assert_eq!(report.gives["json"], json!({"n": [1, 2]}));
    assert_eq!(report.gives["error"], json!(null));
    assert_eq!(report.gives["tls"], json!(null));
    assert!(report.gives["elapsed_ms"].is_u64());
    assert!(server.last().starts_with("GET /health?q=1 HTTP/1.1\r\n"));
    let log = trial.logged();
    assert!(
        log.contains("> GET http://") && log.contains("< 200 OK") && log.contains(r#"{"n":[1,2]}"#),
        "{log}"
    );
}

#[tokio::test]
async fn an_error_status_is_a_failure_that_still_gives() {
    let server = serve(|_| ok("503 Service Unavailable", "", "down")).await;
    let report = run(&Trial::new(), &format!("get: {}", server.url("/"))).await;
    assert_eq!(report.gives["status"], 503);
    assert_eq!(report.gives["body"], "down");
    let Some(Failure::Rejected { message }) = report.failure else { panic!("no failure") };
    assert!(message.contains("503 Service Unavailable"), "{message}");
}

#[tokio::test]
async fn a_closed_port_gives_status_0_and_says_why() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = free.local_addr().expect("address");
    drop(free);
    let report = run(&Trial::new(), &format!("get: http://{at}/")).await;
    assert_eq!(report.gives["status"], 0);
    assert!(report.gives["error"].as_str().is_some_and(|e| e.contains("refused")), "{:?}", report.gives);
    assert!(matches!(report.failure, Some(Failure::Unavailable { .. })));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_the_steps_own_timeout() {
    let server = serve(|_| Reply::Stall(Vec::new())).await;
    let begun = Instant::now();
    let report = run(&Trial::new(), &format!("{{get: '{}', timeout: 200ms}}", server.url("/"))).await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(report.gives["status"], 0);
    assert!(report.gives["error"].as_str().is_some_and(|e| e.contains("200ms")), "{:?}", report.gives);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let server =
        serve(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf".to_vec())).await;
    let report = run(&Trial::new(), &format!("get: {}", server.url("/"))).await;
    assert_eq!(report.gives["status"], 0);
    assert!(report.gives["error"].as_str().is_some_and(|e| e.contains("broke off")), "{:?}", report.gives);
    let server = serve(|_| Reply::Bytes(Vec::new())).await;
    assert_eq!(run(&Trial::new(), &format!("get: {}", server.url("/"))).await.gives["status"], 0);
}

#[tokio::test]
async fn a_stop_drops_the_request_at_once() {
    let server =
        serve(|_| Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf".to_vec())).await;
    let trial = Trial::new();
    let stopper = trial.stopper.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stopper.stop(StopReason::TimedOut);
    });
    let begun = Instant::now();
    let ended = perform(&yaml(&format!("get: {}", server.url("/"))), &trial.context()).await;
    assert_eq!(ended, Err(Failure::TimedOut { after_ms: 9000 }));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn redirects_are_followed_for_get_and_left_alone_for_post() {
    let server = serve(|request| match request.split(' ').nth(1) {
        Some("/end") => ok("200 OK", "", "there"),
        Some("/round") => ok("302 Found", "location: /round\r\n", ""),
        _ => ok("302 Found", "location: /end\r\n", ""),
    })
    .await;
    let trial = Trial::new();
    let got = run(&trial, &format!("get: {}", server.url("/start"))).await;
    assert_eq!((&got.gives["body"], &got.gives["url"]), (&json!("there"), &json!(server.url("/end"))));
    assert_eq!(run(&trial, &format!("{{post: '{}'}}", server.url("/start"))).await.gives["status"], 302);
    assert_eq!(
        run(&trial, &format!("{{get: '{}', follow: false}}", server.url("/start"))).await.gives["status"],
        302
    );
    let round = run(&trial, &format!("get: {}", server.url("/round"))).await;
    assert!(round.gives["error"].as_str().is_some_and(|e| e.contains("10 redirects")), "{:?}", round.gives);
}

#[tokio::test]
async fn a_secret_header_goes_to_no_other_server() {
    let other = serve(|_| ok("200 OK", "", "gotcha")).await;
    let to = format!("location: {}\r\n", other.url("/"));
    let server = serve(move |_| ok("302 Found", &to, "")).await;
    let trial = Trial::new();
    let mut http: Http<Rendered> = yaml(&format!("get: {}", server.url("/")));
    let secret = Confidential::new("open sesame".into(), "•••".into());
    http.headers.insert("X-Api-Key".into(), crate::model::Slot(secret));
    let report = perform(&http, &trial.context()).await.expect("a report");
    assert_eq!(report.gives["status"], 0);
    assert!(server.last().contains("x-api-key: open sesame"), "the first server gets it");
    assert!(other.requests.lock().expect("requests").is_empty());
    assert!(trial.logged().contains("x-api-key: •••") && !trial.logged().contains("sesame"));
}

#[tokio::test]
async fn bodies_and_logins_are_sent_as_written() {
    let server = serve(|_| ok("201 Created", "", "")).await;
    let trial = Trial::new();
    run(&trial, &format!("{{post: '{}', json: {{名: [1, null]}}}}", server.url("/"))).await;
    assert!(
        server.last().contains("content-type: application/json")
            && server.last().ends_with(r#"{"名":[1,null]}"#)
    );
    run(&trial, &format!("{{put: '{}', form: {{a: 'x & y', b: 日本}}}}", server.url("/"))).await;
    assert!(server.last().ends_with("a=x+%26+y&b=%E6%97%A5%E6%9C%AC"), "{}", server.last());
    run(
        &trial,
        &format!("{{patch: '{}', body: 生の文, headers: {{Content-Type: text/x-own}}}}", server.url("/")),
    )
    .await;
    assert!(server.last().ends_with("生の文") && server.last().contains("content-type: text/x-own"));
    run(&trial, &format!("{{delete: '{}', auth: {{bearer: t0ken}}}}", server.url("/"))).await;
    assert!(server.last().contains("authorization: Bearer t0ken"));
    run(&trial, &format!("{{head: '{}', auth: {{basic: {{user: ann, password: pw}}}}}}", server.url("/")))
        .await;
    assert!(server.last().starts_with("HEAD") && server.last().contains("authorization: Basic YW5uOnB3"));
    assert!(trial.logged().contains("authorization: Basic ann:•••"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_reason() {
    let trial = Trial::new();
    let broken = fails(&trial, r#"{get: "http://127.0.0.1:9/", headers: {X-A: "a\r\nX-B: b"}}"#).await;
    assert!(broken.contains("line break"), "{broken}");
    assert!(
        fails(&trial, "{get: 'http://127.0.0.1:9/', headers: {'a b': c}}")
            .await
            .contains("not the name of a header")
    );
    assert!(fails(&trial, "get: example.org/x").await.contains("not an address"));
    assert!(fails(&trial, "get: ftp://example.org/x").await.contains("https://"));
    assert!(fails(&trial, "{get: 'https://127.0.0.1:9/', ca: nowhere.pem}").await.contains("nowhere.pem"));
    assert!(fails(&trial, "{get: 'https://127.0.0.1:9/', ca: .}").await.contains("not a regular file"));
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_bound() {
    let server = serve(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        bytes.extend("あ".repeat(400_000).into_bytes());
        Reply::Stall(bytes)
    })
    .await;
    let mut trial = Trial::new();
    trial.max_output = 1000;
    let report = run(&trial, &format!("get: {}", server.url("/"))).await;
    assert_eq!(report.gives["body"], "あ".repeat(333));
    assert_eq!(report.warnings.len(), 1);
}

#[tokio::test]
async fn a_page_in_shift_jis_is_read() {
    let server = serve(|_| {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=Shift_JIS\r\ncontent-length: 4\r\n\r\n"
                .to_vec();
        bytes.extend([0x93, 0xfa, 0x96, 0x7b]);
        Reply::Bytes(bytes)
    })
    .await;
    assert_eq!(run(&Trial::new(), &format!("get: {}", server.url("/"))).await.gives["body"], "日本");
}

#[tokio::test]
async fn over_tls_the_authority_given_as_ca_is_believed_and_the_days_left_are_counted() {
    let (config, pem) = issued(&["localhost"], -1, 30);
    let server = serve_tls(config, |_| ok("200 OK", "", "safe")).await;
    let trial = Trial::new();
    std::fs::write(trial.path("ca.pem"), pem).expect("written");
    let report =
        run(&trial, &format!("{{get: 'https://localhost:{}/', ca: ca.pem}}", server.at.port())).await;
    assert_eq!((&report.gives["body"], &report.gives["error"]), (&json!("safe"), &json!(null)));
    assert_eq!(report.gives["tls"]["days_left"], 30);
    assert_eq!(report.gives["tls"]["verified"], true);
}

#[tokio::test]
async fn a_self_signed_certificate_is_believed_when_it_is_the_ca_itself() {
    let (config, pem) = self_signed(&["localhost"], -1, 10);
    let server = serve_tls(config, |_| ok("200 OK", "", "safe")).await;
    let trial = Trial::new();
    std::fs::write(trial.path("own.pem"), pem).expect("written");
    let report =
        run(&trial, &format!("{{get: 'https://127.0.0.1:{}/', ca: own.pem}}", server.at.port())).await;
    assert_eq!((&report.gives["body"], &report.gives["error"]), (&json!("safe"), &json!(null)));
}

#[tokio::test]
async fn a_certificate_that_is_not_believed_gives_the_reason_and_its_days_all_the_same() {
    for (made, word) in [
        (self_signed(&["localhost"], -1, 10), "self-signed"),
        (issued(&["localhost"], -1, 10), "issuer is not trusted"),
    ] {
        let server = serve_tls(made.0, |_| ok("200 OK", "", "never")).await;
        let report = run(&Trial::new(), &format!("get: https://localhost:{}/", server.at.port())).await;
        assert_eq!(report.gives["status"], 0);
        assert!(
            report.gives["error"].as_str().is_some_and(|e| e.contains(word)),
            "{:?}",
            report.gives["error"]
        );
        assert_eq!(report.gives["tls"]["days_left"], 10);
        assert!(server.requests.lock().expect("requests").is_empty());
    }
    for (names, from, to, word) in
        [("localhost", -20, -2, "expired"), ("other.example", -1, 9, "other names: other.example")]
    {
        let (config, pem) = issued(&[names], from, to);
        let server = serve_tls(config, |_| ok("200 OK", "", "never")).await;
        let trial = Trial::new();
        std::fs::write(trial.path("ca.pem"), pem).expect("written");
        let report =
            run(&trial, &format!("{{get: 'https://localhost:{}/', ca: ca.pem}}", server.at.port())).await;
        assert!(
            report.gives["error"].as_str().is_some_and(|e| e.contains(word)),
            "{:?}",
            report.gives["error"]
        );
    }
}
