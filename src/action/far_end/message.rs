//! What the two ends say to each other. It sends nothing.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::action::{Context, Could, Report};
use crate::base::{Lang, current_lang, travelling};
use crate::event::{Failure, Gives, Stream, Unit, Verdict};
use crate::model::{Action, Around, HttpDefaults, Rendered, System};

/// A frame longer than this is none of ours.
const LONGEST: usize = 1 << 28;
/// A kind, and four bytes of length, the highest first.
const HEAD: usize = 5;

/// What is asked of the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// To perform the action.
    Perform,
    /// To say whether it could start.
    Could,
}

/// One action, and what there is to know for performing it. It holds true secrets: it is written for the far end only.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub ask: Ask,
    pub lang: Lang,
    pub unit: Unit,
    pub attempt: u32,
    pub action: Action<Rendered>,
    pub around: Around<Rendered>,
    pub read_only: bool,
    pub held: bool,
    pub max_output: usize,
    pub marker: (String, String),
    /// Those facts of the system that an action looks at.
    pub system: System,
}

impl Request {
    /// For the attempt of a context, by a user that the far end is already.
    pub fn new(ask: Ask, action: Action<Rendered>, read_only: bool, cx: &Context<'_>) -> Request {
        let own = &cx.site.system;
        let system = System {
            timezone: own.timezone.clone(),
            // A plan gives the system's header fields to each request itself.
            http: HttpDefaults { headers: IndexMap::new(), ..own.http.clone() },
            compose: own.compose.clone(),
            ..System::default()
        };
        Request {
            ask,
            lang: current_lang(),
            unit: cx.unit.clone(),
            attempt: cx.attempt,
            action,
            around: Around { host: None, run_as: None, ..cx.around.clone() },
            read_only,
            held: cx.held,
            max_output: cx.max_output,
            marker: cx.site.marker.clone(),
            system,
        }
    }

    /// As it travels, on one line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(&self) -> Result<String, Failure> {
        travelling(|| serde_json::to_string(self))
            .map_err(|e| Failure::Unavailable { message: e.to_string() })
    }
}

/// What the far end answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    Done(Done),
    Failed(Failure),
    Could { verdict: Verdict, words: String, wants: Vec<String> },
}

/// A report as it travels.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Done {
    pub gives: Gives,
    pub unchanged: bool,
    pub warnings: Vec<String>,
    pub failure: Option<Failure>,
    /// Files that wait for the verdict: the hidden name, and the place.
    pub files: Vec<(String, String)>,
}

impl From<Report> for Done {
    fn from(report: Report) -> Done {
        let Report { gives, unchanged, warnings, failure, pending } = report;
        let text = |path: std::path::PathBuf| path.display().to_string();
        let files = pending.leave().into_iter().map(|(hidden, target)| (text(hidden), text(target)));
        Done { gives, unchanged, warnings, failure, files: files.collect() }
    }
}

impl From<Could> for Answer {
    fn from(Could { verdict, words, wants }: Could) -> Answer {
        Answer::Could { verdict, words, wants }
    }
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For the attempt's log.
    Log(Stream),
    /// An [`Answer`], as JSON.
    Answer,
}

const KINDS: [(u8, Kind); 4] = [
    (b'o', Kind::Log(Stream::Out)),
    (b'e', Kind::Log(Stream::Err)),
    (b'n', Kind::Log(Stream::Note)),
    (b'a', Kind::Answer),
];

/// A frame as it travels; what is too long for one is cut into several by who writes a log.
pub fn frame(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    let letter = KINDS.iter().find(|(_, k)| *k == kind).map_or(b'n', |(letter, _)| *letter);
    let mut frame = vec![letter];
    frame.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(bytes);
    frame
}

/// Puts frames together again, however they were cut on the way.
#[derive(Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// Takes the next bytes, hands on each whole frame.
    ///
    /// # Errors
    /// When it is something else than frames.
    pub fn take(&mut self, bytes: &[u8], mut on: impl FnMut(Kind, &[u8])) -> Result<(), String> {
        self.0.extend_from_slice(bytes);
        let mut done = 0;
        while let Some((head, rest)) = self.0[done..].split_first_chunk::<HEAD>() {
            let [letter, length @ ..] = *head;
            let length = u32::from_be_bytes(length) as usize;
            let kind = KINDS.iter().find(|(l, _)| *l == letter).map(|(_, kind)| *kind);
            let Some(kind) = kind.filter(|_| length <= LONGEST) else {
                return Err(crate::t!("it does not speak as Toban does", "Toban の応答ではありません"));
            };
            let Some(payload) = rest.get(..length) else { break };
            on(kind, payload);
            done += HEAD + length;
        }
        self.0.drain(..done);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_arrive_whole_however_they_are_cut() {
        let sent = [
            frame(Kind::Log(Stream::Out), b"one\n"),
            frame(Kind::Log(Stream::Note), b""),
            frame(Kind::Answer, "あ".as_bytes()),
        ]
        .concat();
        for cut in 0..=sent.len() {
            let (mut frames, mut heard) = (Frames::default(), Vec::new());
            for part in [&sent[..cut], &sent[cut..]] {
                frames.take(part, |kind, bytes| heard.push((kind, bytes.to_vec()))).expect("frames");
            }
            let wanted = [
                (Kind::Log(Stream::Out), b"one\n".to_vec()),
                (Kind::Log(Stream::Note), Vec::new()),
                (Kind::Answer, "あ".into()),
            ];
            assert_eq!(heard, wanted, "cut at {cut}");
        }
        assert!(Frames::default().take(b"Welcome!", |_, _| ()).is_err());
    }
}
