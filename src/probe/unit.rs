//! Looks at one unit: runs it where it only reads and is known, else asks whether it could start. Both within a few
//! seconds.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::action::{Context, Could, Held, Reading, Report, could_start, far_end, look};
use crate::base::sql::{Dialect, functions};
use crate::event::{Failure, Outcome, Unit, Verdict};
use crate::model::{Action, Around, Effect, Rendered, Wait};
use crate::plan::{Facts, Guess, Item, Missing, NodeIx, Prepared, Results};
use crate::process::{Stop, StopReason, Stopper};

use super::facts::Looked;
use super::secrets::connects_by_secret;
use super::summary;
use super::walk::Setup;

/// How long one look may take.
pub(super) const LIMIT: Duration = Duration::from_secs(8);
/// How long it may take to reach another host for the first time, and to put there what looks.
const ARRIVAL: Duration = Duration::from_secs(120);
/// How long what was told to stop may take to end.
const GRACE: Duration = Duration::from_secs(8);
/// How much of an output is kept.
const MAX_OUTPUT: usize = 1 << 20;

impl Setup<'_> {
    /// Looks at a unit. Nothing is changed by it.
    pub(super) async fn look_at(&self, ix: NodeIx, item: Item<'_>, known: &dyn Facts, stop: &Stop) -> Looked {
        let guess = match self.renderer.guess(ix, item, known) {
            Ok(guess) => guess,
            Err(why) => return Looked::new(Verdict::CannotKnow, why),
        };
        if let Err(looked) = self.host_is_ready(ix, &guess, stop).await {
            return *looked;
        }
        if let Err(looked) = self.connection_is_open(ix, stop).await {
            return *looked;
        }
        let read = self.renderer.plan.at(ix).step.effect == Effect::Read;
        if read && guess.unknown.is_empty() {
            match self.read(ix, item, known, stop).await {
                Ok(Some(looked)) => return looked,
                Ok(None) => {}
                Err(looked) => return *looked,
            }
        }
        let could = match self.ask(ix, item, known, &guess, stop).await {
            Ok(could) => could,
            Err(looked) => return *looked,
        };
        let Could { verdict, words, wants } =
            match read && guess.unknown.is_empty() && runs_a_program(&guess.action) {
                true => declared_only(could),
                false => could,
            };
        Looked { wants, ..Looked::new(verdict, words) }
    }

    /// Connects to the host of a unit, and puts there what looks; that may take longer than a look itself.
    async fn host_is_ready(&self, ix: NodeIx, guess: &Guess, stop: &Stop) -> Result<(), Box<Looked>> {
        let (stopper, inner) = Stopper::new();
        let cx = self.context(ix, &guess.around, inner);
        match within(far_end::ready(&inside(&guess.action), &cx), ARRIVAL, &stopper, stop).await {
            Some(Ok(())) => Ok(()),
            Some(Err(failure)) => Err(Box::new(Looked::new(Verdict::No, failure.to_string()))),
            None => Err(Box::new(Looked::new(Verdict::CannotKnow, no_answer()))),
        }
    }

    /// Asks an action whether it could start.
    async fn ask(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        known: &dyn Facts,
        guess: &Guess,
        stop: &Stop,
    ) -> Result<Could, Box<Looked>> {
        let (mut action, mut around) = (guess.action.clone(), guess.around.clone());
        if guess.unknown.is_empty() && connects_by_secret(&self.renderer.plan.at(ix).step.body) {
            let prepared = self.prepared(ix, item, known, stop).await?;
            (action, around) = (prepared.action, prepared.around);
        }
        let (stopper, inner) = Stopper::new();
        let cx = self.context(ix, &around, inner);
        let asked = within(could_start(&action, &cx), LIMIT, &stopper, stop).await;
        Ok(asked.unwrap_or_else(|| Could::unclear(no_answer())))
    }

    async fn prepared(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        known: &dyn Facts,
        stop: &Stop,
    ) -> Result<Prepared, Box<Looked>> {
        let secrets = self.secrets_of(ix, stop).await?;
        let prepared = self.renderer.prepare(ix, item, known, &secrets);
        prepared.map_err(|failure| Box::new(Looked::new(Verdict::CannotKnow, failure.to_string())))
    }

    /// Runs a unit that only reads; none when nothing holds it to that.
    async fn read(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        known: &dyn Facts,
        stop: &Stop,
    ) -> Result<Option<Looked>, Box<Looked>> {
        let (stopper, inner) = Stopper::new();
        let guessed = self
            .renderer
            .guess(ix, item, known)
            .map_err(|why| Box::new(Looked::new(Verdict::CannotKnow, why)))?;
        let cx = self.context(ix, &guessed.around, inner.clone());
        // Whether it may be run is seen without its secrets: those are not resolved for nothing.
        if self.reading(&inside(&guessed.action), &cx).is_none() {
            return Ok(None);
        }
        let prepared = self.prepared(ix, item, known, stop).await?;
        let cx = self.context(ix, &prepared.around, inner);
        let action = inside(&prepared.action);
        let Some(reading) = self.reading(&action, &cx) else { return Ok(None) };
        let held = reading.held();
        let limit = prepared.around.timeout.as_ref().map_or(LIMIT, |t| t.0.std().min(LIMIT));
        let begun = Instant::now();
        let performed = within(look(reading, &cx), limit, &stopper, stop).await;
        let seconds = begun.elapsed().as_secs_f64();
        let Some(performed) = performed else {
            return Ok(Some(Looked::new(Verdict::CannotKnow, no_answer())));
        };
        let results = match performed {
            Ok(Report { gives, unchanged, warnings, failure, pending }) => {
                pending.discard();
                Results { gives, unchanged, warnings, failure }
            }
            Err(failure) => Results { failure: Some(failure), ..Results::default() },
        };
        Ok(Some(match &prepared.action {
            Action::Wait(wait) => self.waited(ix, wait, known, results),
            action => {
                let mut looked = self.judged(ix, item, known, results, held, seconds);
                looked.finding.words.push_str(&called(action));
                looked
            }
        }))
    }

    fn reading<'r>(&self, action: &'r Action<Rendered>, cx: &Context<'_>) -> Option<Reading<'r>> {
        Reading::of(action, cx, self.believed)
    }

    fn judged(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        known: &dyn Facts,
        results: Results,
        held: Held,
        seconds: f64,
    ) -> Looked {
        let judged = self.renderer.judge(ix, item, known, &results);
        let told = summary::words(&results.gives);
        let mut looked = match &judged.failure {
            None => {
                let warned = judged.warnings.iter().map(|w| crate::t!("warning: {w}", "警告: {w}"));
                let words = std::iter::once(told).chain(warned).filter(|w| !w.is_empty()).collect::<Vec<_>>();
                Looked::new(Verdict::Yes, words.join("; "))
            }
            Some(failure) => Looked::new(verdict_of(failure, held), why(failure, held, &told)),
        };
        looked.finding.ran = true;
        let sensitive = self.renderer.plan.at(ix).step.around.sensitive == Some(true);
        if sensitive {
            looked.finding.words = match &judged.failure {
                None => crate::t!("what it gave is sensitive", "出力は機密です"),
                Some(_) => {
                    crate::t!("it failed; what it gave is sensitive", "失敗しました（出力は機密です）")
                }
            };
        } else {
            looked.finding.gives = Some(summary::outputs(&results.gives));
        }
        if judged.outcome != Outcome::Failed {
            looked.read = Some((judged.outcome, results.gives, seconds));
        }
        looked
    }

    /// A wait is not waited for: one reading tells whether it would end at once.
    fn waited(&self, ix: NodeIx, wait: &Wait<Rendered>, known: &dyn Facts, results: Results) -> Looked {
        let scope = self.renderer.scope(ix, None, known, Missing::Null, &Default::default());
        let holds = self.renderer.all_hold(&wait.until, &scope, &results.gives);
        let told = summary::words(&results.gives);
        match holds {
            Ok(true) => Looked::new(
                Verdict::Yes,
                crate::t!("it would end at once: {told}", "すぐに終わります: {told}"),
            ),
            Ok(false) | Err(_) => {
                let why = results.failure.map_or(told, |failure| failure.to_string());
                Looked::new(
                    Verdict::CannotKnow,
                    crate::t!("not so now: {why}", "今はまだ満たしていません: {why}"),
                )
            }
        }
    }

    fn context<'c>(&'c self, ix: NodeIx, around: &'c Around<Rendered>, stop: Stop) -> Context<'c> {
        let node = self.renderer.plan.at(ix);
        Context {
            unit: &self.units[ix as usize],
            attempt: 1,
            around,
            site: &self.sites[node.frame as usize],
            log: &|_, _| {},
            child: &|_, _| {},
            stop,
            max_output: around.max_output.map_or(MAX_OUTPUT, |size| size.0 as usize),
            held: false,
        }
    }
}

/// The names under which units are performed, one a node.
pub(super) fn units(plan: &crate::plan::Plan) -> Vec<Unit> {
    plan.nodes.iter().map(|node| Unit::step(node.id.clone())).collect()
}

/// The reading of a wait; any other action itself.
fn inside(action: &Action<Rendered>) -> Action<Rendered> {
    match action {
        Action::Wait(wait) => wait.action().unwrap_or_else(|| action.clone()),
        other => other.clone(),
    }
}

/// What functions may do, said plainly: no session keeps one from acting outside of its database.
fn called(action: &Action<Rendered>) -> String {
    let Action::Sql(sql) = action else { return String::new() };
    let text = sql.query.as_ref().map(|query| query.text(|_| "NULL".to_string())).unwrap_or_default();
    let names = functions(&text, Dialect::Postgres);
    if names.is_empty() {
        return String::new();
    }
    let names = names.join(", ");
    crate::t!(
        "\nit calls {names}: the session keeps a function from writing into the database, not from acting elsewhere",
        "\n関数 {names} を呼びます。データベースへの書き込みはセッションが防ぎますが、関数がその外で行うことは防げません"
    )
}

fn runs_a_program(action: &Action<Rendered>) -> bool {
    matches!(inside(action), Action::Shell(_) | Action::Docker(_) | Action::Http(_) | Action::File(_))
}

/// It was not run although it is declared to read.
fn declared_only(could: Could) -> Could {
    let words = crate::t!(
        "{}; not run: nothing holds it to reading (--probe-declared believes it)",
        "{}。読み取りに制限できないため実行していません（--probe-declared で実行）",
        could.words
    );
    Could { words, ..could }
}

fn verdict_of(failure: &Failure, held: Held) -> Verdict {
    match failure {
        _ if held.may_be_why(failure) => Verdict::CannotKnow,
        Failure::Template { .. } | Failure::TimedOut { .. } | Failure::Cancelled => Verdict::CannotKnow,
        _ => Verdict::No,
    }
}

fn why(failure: &Failure, held: Held, told: &str) -> String {
    let told = if told.is_empty() { String::new() } else { format!(" ({told})") };
    match held.may_be_why(failure) {
        true => crate::t!(
            "{failure}{told}; it was held to reading, which may be why",
            "{failure}{told}。読み取りに制限したためかもしれません"
        ),
        false => format!("{failure}{told}"),
    }
}

pub(super) fn no_answer() -> String {
    let seconds = LIMIT.as_secs();
    crate::t!("no answer within {seconds} seconds", "{seconds} 秒以内に応答がありません")
}

/// Awaits work for so long; then it is told to stop, and given up after a grace.
pub(super) async fn within<T>(
    work: impl Future<Output = T>,
    limit: Duration,
    stopper: &Stopper,
    outer: &Stop,
) -> Option<T> {
    let (mut work, mut outer) = (std::pin::pin!(work), outer.clone());
    let reason = tokio::select! {
        biased;
        done = &mut work => return Some(done),
        reason = outer.stopped() => reason,
        () = tokio::time::sleep(limit) => StopReason::TimedOut,
    };
    stopper.stop(reason);
    drop(tokio::time::timeout(GRACE, work).await);
    None
}

/// The words of several looks as those of one step.
pub(super) fn together(looks: Vec<(Value, Looked)>) -> Looked {
    let worst = looks.iter().map(|(_, l)| l.finding.verdict).max().unwrap_or(Verdict::Yes);
    let lines: Vec<String> = looks
        .iter()
        .map(|(item, l)| match item {
            Value::String(text) => format!("{text}: {}", l.finding.words),
            other => format!("{other}: {}", l.finding.words),
        })
        .collect();
    let mut all = Looked::new(worst, lines.join("\n"));
    all.finding.ran = !looks.is_empty() && looks.iter().all(|(_, l)| l.finding.ran);
    all.wants = looks.iter().flat_map(|(_, l)| l.wants.clone()).collect();
    if let Some(reads) = looks.into_iter().map(|(_, l)| l.read).collect::<Option<Vec<_>>>() {
        all.read = Some(as_a_loop(reads));
    }
    all
}

/// What a loop gives: one entry an item.
fn as_a_loop(reads: Vec<(Outcome, crate::event::Gives, f64)>) -> (Outcome, crate::event::Gives, f64) {
    let seconds = reads.iter().map(|r| r.2).sum();
    let items = reads.into_iter().map(|(outcome, mut gives, seconds)| {
        gives.insert("state".into(), outcome.word().into());
        gives.insert("seconds".into(), seconds.into());
        Value::Object(gives)
    });
    let items: Vec<Value> = items.collect();
    (Outcome::Ok, crate::event::Gives::from_iter([("items".to_string(), Value::Array(items))]), seconds)
}
