//! The far end: reads one action, performs it here, and tells what comes of it. It does not know who asks.

use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::message::{Answer, Ask, Kind, Request, frame};
use crate::action::dispatch::perform_here;
use crate::action::{Context, Site, could_start};
use crate::base::set_lang;
use crate::event::Failure;
use crate::process::{Stop, StopReason, Stopper};
use crate::ssh::Hosts;

/// So much of a log goes into one frame.
const PIECE: usize = 64 * 1024;

/// Reads one request to its end, does what it asks, and writes frames: what it says meanwhile, and the answer.
///
/// # Errors
/// When the request cannot be read, or the answer not be written.
pub fn serve(mut from: impl Read, mut to: impl Write) -> Result<(), String> {
    let mut text = Vec::new();
    from.read_to_end(&mut text).map_err(|e| e.to_string())?;
    let request: Request = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    drop(text);
    set_lang(request.lang);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let out = std::cell::RefCell::new(&mut to);
    let write = |kind: Kind, bytes: &[u8]| {
        let mut to = out.borrow_mut();
        to.write_all(&frame(kind, bytes)).and_then(|()| to.flush())
    };
    let answer = tokio::task::LocalSet::new().block_on(&runtime, answer(request, &write));
    // Work on a thread of its own may hang on a file system that is gone.
    runtime.shutdown_background();
    let text = serde_json::to_vec(&answer).map_err(|e| e.to_string())?;
    write(Kind::Answer, &text).map_err(|e| e.to_string())
}

async fn answer(request: Request, write: &dyn Fn(Kind, &[u8]) -> std::io::Result<()>) -> Answer {
    let stop = match heed() {
        Ok(stop) => stop,
        Err(e) => return Answer::Failed(Failure::Unavailable { message: e.to_string() }),
    };
    let site = site(&request);
    let cx = Context {
        unit: &request.unit,
        attempt: request.attempt,
        around: &request.around,
        site: &site,
        log: &|stream, bytes| {
            // A near end that is gone has us ended; until then there is nobody to tell.
            bytes.chunks(PIECE).for_each(|piece| drop(write(Kind::Log(stream), piece)));
        },
        child: &|_, _| {},
        stop,
        max_output: request.max_output,
        held: request.held,
    };
    match request.ask {
        Ask::Could => could_start(&request.action, &cx).await.into(),
        Ask::Perform => {
            let performed = perform_here(&request.action, &cx, request.read_only, &|_| Ok(true)).await;
            performed.map_or_else(Answer::Failed, |report| Answer::Done(report.into()))
        }
    }
}

/// The word to stop comes as a signal, from what watches over the connection.
fn heed() -> std::io::Result<Stop> {
    let (stopper, stop) = Stopper::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let (mut signals, stopper) = (signal(kind)?, stopper.clone());
        tokio::task::spawn_local(async move {
            while signals.recv().await.is_some() {
                stopper.stop(StopReason::Cancelled);
            }
        });
    }
    Ok(stop)
}

/// Paths are relative to the folder it is started in, the home of the user.
fn site(request: &Request) -> Site {
    let scratch_dir = std::env::temp_dir();
    Site {
        system: Arc::new(request.system.clone()),
        base_dir: std::env::current_dir().unwrap_or_else(|_| "/".into()),
        marker: request.marker.clone(),
        hosts: Rc::new(Hosts::new(&scratch_dir, request.marker.clone())),
        scratch_dir,
        secret: Box::new(|name| {
            let message = crate::t!("secrets.{name} is not known", "secrets.{name} は未取得です");
            Err(Failure::Unavailable { message })
        }),
    }
}
