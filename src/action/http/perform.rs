//! One exchange from the request to what it gives. It does not know how a client is built or a body read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::answer::{self, Answer};
use super::client::{self, Lookup};
use super::request::Request;
use crate::action::trust::{Trust, is_pem, pem, pem_file};
use crate::action::{Context, Performed, Report};
use crate::event::{Failure, Stream};
use crate::model::{Http, Rendered};

/// How long an exchange may take when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What an exchange came to: an answer, or why there is none.
type Exchange = Result<Answer, String>;

/// Sends the request and reads the answer. A server that does not answer gives `status` 0 and `error`.
///
/// # Errors
/// When the request cannot be made at all (an address, a header, a certificate file), or the attempt was stopped.
pub async fn perform(http: &Http<Rendered>, cx: &Context<'_>) -> Performed {
    let request = Request::new(http)?;
    request.note(cx);
    let trust = Arc::new(trust(http, cx)?);
    let lookup = Lookup::default();
    let client = client::build(&request, trust.clone(), lookup.clone())
        .map_err(|e| Failure::Unavailable { message: client::words(&e) })?;
    let limit = http.timeout.as_deref().or(cx.site.system.http.timeout.as_ref()).map(|t| t.std());

    let begun = Instant::now();
    let mut stop = cx.stop.clone();
    let exchange = tokio::select! {
        biased;
        reason = stop.stopped() => return Err(cx.stopped(reason)),
        exchange = within(limit.unwrap_or(DEFAULT_TIMEOUT), exchange(&client, &request, &trust, cx)) => exchange,
    };
    let elapsed = begun.elapsed();
    note_end(cx, &exchange, elapsed, &lookup);
    Ok(report(exchange, &request, elapsed, &trust))
}

pub(super) fn trust(http: &Http<Rendered>, cx: &Context<'_>) -> Result<Trust, Failure> {
    let Some(ca) = http.ca.as_deref().or(cx.site.system.http.ca.as_ref()) else {
        return Ok(Trust::new(Vec::new()));
    };
    // One that has travelled to another host is the text itself.
    let found = if is_pem(ca) { pem(ca.as_bytes(), "ca") } else { pem_file(&cx.path(ca)) };
    found.map(Trust::new).map_err(|message| Failure::Unavailable { message })
}

async fn within(limit: Duration, exchange: impl Future<Output = Exchange>) -> Exchange {
    tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| {
        let limit = crate::base::Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        Err(crate::t!("no whole answer within {limit}", "{limit} 以内に応答が完了しませんでした"))
    })
}

async fn exchange(client: &reqwest::Client, request: &Request, trust: &Trust, cx: &Context<'_>) -> Exchange {
    let begun = Instant::now();
    let sent = request.send(client).await;
    let response = sent.map_err(|e| match trust.seen().and_then(|s| s.refused) {
        Some(refused) if e.is_connect() => refused,
        _ => client::words(&e),
    })?;
    answer::read(response, begun.elapsed(), cx.max_output).await.map_err(|e| {
        let why = client::words(&e);
        crate::t!("the answer broke off: {why}", "応答が途中で切れました: {why}")
    })
}

fn note_end(cx: &Context<'_>, exchange: &Exchange, elapsed: Duration, lookup: &Lookup) {
    let total = elapsed.as_millis();
    let dns = lookup.elapsed().map(|d| format!("dns {} ms, ", d.as_millis())).unwrap_or_default();
    match exchange {
        Ok(answer) => {
            let first = answer.first_byte.as_millis();
            cx.note(&format!("< {} ({dns}first byte {first} ms, total {total} ms)", answer.status_line()));
            for (name, value) in &answer.headers {
                cx.note(&format!("< {name}: {value}"));
            }
            (cx.log)(Stream::Out, answer.head().as_bytes());
        }
        Err(why) => cx.note(&format!("< {why} ({dns}{total} ms)")),
    }
}

fn report(exchange: Exchange, request: &Request, elapsed: Duration, trust: &Trust) -> Report {
    let mut report = Report::default();
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let url = exchange.as_ref().map_or_else(|_| request.shown_url(), |answer| answer.url.clone());
    let tls = if url.starts_with("https:") { answer::tls(trust) } else { Value::Null };
    report.failure = failure(&exchange, request);
    report.gives = match exchange {
        Ok(answer) => {
            if answer.cut {
                report.warnings.push(answer::cut_warning(&answer));
            }
            answer.gives()
        }
        Err(why) => nothing(why),
    };
    report.gives.insert("url".into(), url.into());
    report.gives.insert("elapsed_ms".into(), elapsed_ms.into());
    report.gives.insert("tls".into(), tls);
    report
}

fn failure(exchange: &Exchange, request: &Request) -> Option<Failure> {
    let target = request.line();
    match exchange {
        Err(why) => Some(Failure::Unavailable {
            message: crate::t!("{target}: no answer: {why}", "{target}: 応答がありません: {why}"),
        }),
        Ok(answer) if answer.status >= 400 => {
            Some(Failure::Rejected { message: format!("{target}: {}", answer.status_line()) })
        }
        Ok(_) => None,
    }
}

fn nothing(why: String) -> Map<String, Value> {
    let mut gives = Map::new();
    gives.insert("status".into(), 0.into());
    gives.insert("headers".into(), Value::Object(Map::new()));
    gives.insert("body".into(), "".into());
    gives.insert("json".into(), Value::Null);
    gives.insert("error".into(), why.into());
    gives
}
