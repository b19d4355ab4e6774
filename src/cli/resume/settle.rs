//! What becomes of every unit that nobody knows the end of: the table is asked until it has a last word. Processes are
//! waited for, verifications made and people asked on its behalf; nothing is written.

use std::time::Duration;

use indexmap::IndexMap;

use super::orders::{Order, Orders};
use super::words::Known;
use crate::action::docker::of_attempt;
use crate::cli::error::Error;
use crate::cli::prompt::TerminalOperator;
use crate::cli::saved::refused;
use crate::event::{Gives, Kind, Operator, Question, Reply, Resolution, Unit};
use crate::model::{AfterCrash, InputDecl, InputType};
use crate::process::{Left, Stop, StopReason, Stopper, boot_id, left_marked, left_of, left_unknown};
use crate::report::safe_line;
use crate::runner::{Session, Signal, Signals, left_elsewhere, verify};
use crate::state::resume::{Case, Decision, Refusal, SamePlan, Standing, Verified, decide};
use crate::state::{History, UnitRef};

/// How often a process that still runs is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// What came of it.
pub enum Settled {
    /// Everything is decided: units that were under way, and what becomes of them.
    Decided { unknown: Vec<(Unit, u32)>, resolved: Vec<Kind> },
    /// A person has to decide about these.
    Undecided(Vec<Known>),
    /// A signal came first.
    Signalled(Signal),
}

/// Asks the table about every unit.
pub struct Settling<'a> {
    /// The run as its journal gives it.
    pub session: &'a Session,
    /// What the journal says besides.
    pub history: &'a History,
    /// What the operator said by flags.
    pub orders: Orders,
    /// Whether the playbook is the same.
    pub plan: SamePlan,
    /// Whether to wait for processes that still run.
    pub waits: bool,
    /// The person at the terminal, where there is one.
    pub terminal: Option<TerminalOperator>,
    /// What every process of the run has in its environment.
    pub marker: (String, String),
}

/// Why there is no decision.
enum NotYet {
    Undecided(Box<Known>),
    Signalled(Signal),
    Refused(Error),
}

impl Settling<'_> {
    /// Every unit, in the order of the plan.
    pub async fn settle(&mut self, signals: &mut Signals) -> Result<Settled, Error> {
        let machine = &self.session.machine;
        let under_way: Vec<(UnitRef, Vec<String>, Standing)> = machine
            .unknown(self.history)
            .into_iter()
            .map(|unit| (unit, self.lacks(unit), Standing::UnderWay))
            .collect();
        // Where the machine was started anew, lines may be missing at the end.
        let reserved = match self.history.boot == boot_id() {
            true => Vec::new(),
            false => machine.reserved(self.history),
        };
        let reserved = reserved.into_iter().map(|unit| (unit, self.lacks(unit), Standing::ReservedOtherBoot));
        let withheld = machine.withheld(self.history).into_iter();
        let withheld = withheld.map(|(node, keys)| (UnitRef { node, item: None }, keys, Standing::Withheld));
        let all: Vec<_> = under_way.into_iter().chain(reserved).chain(withheld).collect();
        self.refuse_others(&all)?;
        let (mut unknown, mut resolved, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
        for (unit, lacks, standing) in all {
            let name = machine.name(unit);
            match self.one(unit, lacks, standing, signals).await {
                Ok(kind) => resolved.push(kind),
                Err(NotYet::Undecided(known)) => undecided.push(*known),
                Err(NotYet::Signalled(signal)) => return Ok(Settled::Signalled(signal)),
                Err(NotYet::Refused(error)) => return Err(error),
            }
            if standing != Standing::Withheld {
                unknown.push((name, machine.attempts(unit)));
            }
        }
        Ok(match undecided.is_empty() {
            true => Settled::Decided { unknown, resolved },
            false => Settled::Undecided(undecided),
        })
    }

    /// Outputs of a unit that later steps need, as far as a person can give them.
    fn lacks(&self, unit: UnitRef) -> Vec<String> {
        let machine = &self.session.machine;
        let given = |key: &String| unit.item.is_none() && !matches!(key.as_str(), "*" | "items");
        machine.needed(unit.node).into_iter().filter(given).collect()
    }

    /// What is said of units that need no word.
    fn refuse_others(&self, all: &[(UnitRef, Vec<String>, Standing)]) -> Result<(), Error> {
        let machine = &self.session.machine;
        let others = self.orders.iter().filter(|(unit, _)| !all.iter().any(|(known, ..)| known == *unit));
        for (unit, order) in others {
            let over = machine.is_over(unit.node) || machine.unit_is_over(*unit);
            let standing = if over { Standing::Finished } else { Standing::NotBegun };
            let case = Case { standing, order: Some(order.how), ..self.case(*unit) };
            if let Decision::Refuse(why) = decide(&case) {
                return Err(refusal(why, &machine.name(*unit)));
            }
        }
        Ok(())
    }

    fn case(&self, unit: UnitRef) -> Case {
        let machine = &self.session.machine;
        Case {
            standing: Standing::UnderWay,
            plan: self.plan,
            after_crash: machine.plan().at(unit.node).step.after_crash,
            rereadable: machine.is_rereadable(unit.node),
            needed: !machine.needed(unit.node).is_empty(),
            alive: false,
            waits: self.waits,
            verified: Verified::NotYet,
            order: self.orders.get(&unit).map(|order| order.how),
            interactive: self.terminal.is_some(),
        }
    }

    async fn one(
        &mut self,
        unit: UnitRef,
        lacks: Vec<String>,
        standing: Standing,
        signals: &mut Signals,
    ) -> Result<Kind, NotYet> {
        let name = self.session.machine.name(unit);
        let mut known = Known {
            under_way: self.history.under_way.get(&name).cloned(),
            unit: name.clone(),
            left: Vec::new(),
            unasked: None,
            verify: None,
            lacks,
            over: standing == Standing::Withheld,
        };
        let mut case = Case { standing, ..self.case(unit) };
        loop {
            self.look(unit, &mut known).await;
            case.alive = !known.left.is_empty();
            case.order = self.orders.get(&unit).map(|order| order.how);
            // Where nobody can look, its author's word is not enough.
            if known.unasked.is_some() && case.after_crash != AfterCrash::Never {
                case.after_crash = AfterCrash::Ask;
            }
            match decide(&case) {
                Decision::Wait => self.wait(unit, &known, signals).await.map_err(NotYet::Signalled)?,
                Decision::Verify => {
                    let (verified, why) = self.verified(unit, signals).await.map_err(NotYet::Signalled)?;
                    case.verified = verified;
                    known.verify = why;
                }
                Decision::Ask => match self.ask(unit, &known, signals).await.map_err(NotYet::Signalled)? {
                    Some(order) => drop(self.orders.insert(unit, order)),
                    None => return Err(NotYet::Undecided(Box::new(known))),
                },
                Decision::Run => return Ok(self.resolved(unit, Resolution::Rerun, "after_crash")),
                Decision::Skip => return Ok(self.resolved(unit, Resolution::Skip, "")),
                Decision::Done => return Ok(self.resolved(unit, Resolution::Verified, "verify")),
                Decision::ByHand => {
                    let given = self.orders.get(&unit).map(|order| &order.gives);
                    known.lacks.retain(|key| given.is_none_or(|gives| !gives.contains_key(key)));
                    return match known.lacks.is_empty() {
                        true => Ok(self.resolved(unit, Resolution::ByHand, "")),
                        false => Err(NotYet::Undecided(Box::new(known))),
                    };
                }
                Decision::Undecided | Decision::Reuse => return Err(NotYet::Undecided(Box::new(known))),
                Decision::Refuse(why) => return Err(NotYet::Refused(refusal(why, &name))),
            }
        }
    }

    fn resolved(&self, unit: UnitRef, how: Resolution, by: &str) -> Kind {
        let order = self.orders.get(&unit);
        let by = order.map_or_else(|| by.to_string(), |order| order.by.clone());
        Kind::Resolved {
            unit: self.session.machine.name(unit),
            how,
            by,
            reason: order.and_then(|order| order.reason.clone()),
            gives: order.map(|order| order.gives.clone()).unwrap_or_default(),
        }
    }

    /// What still runs of a unit, here and on the host that it was done on.
    async fn look(&self, unit: UnitRef, known: &mut Known) {
        (known.left, known.unasked) = (self.left(known), None);
        if known.over {
            return;
        }
        match left_elsewhere(self.session, unit, Stop::never()).await {
            Ok(more) => known.left.extend(more),
            Err(failure) => known.unasked = Some(failure.to_string()),
        }
    }

    /// What still runs of a unit on this machine.
    fn left(&self, known: &Known) -> Vec<Left> {
        if known.over {
            return Vec::new();
        }
        let mut left = match known.under_way.as_ref().and_then(|u| u.child.as_ref()) {
            Some((pid, start, boot)) if *boot == boot_id() => left_of(*pid, *start, &self.marker),
            Some(_) => Vec::new(),
            None => left_unknown(&|pid| self.history.children.contains(&pid), &self.marker),
        };
        // What compose started in a container outlives it, and is not among its children.
        if let Some(under_way) = &known.under_way {
            let mark = of_attempt(&self.marker.1, &known.unit, under_way.attempt);
            let known: Vec<u32> = left.iter().map(|process| process.pid).collect();
            left.extend(left_marked(&mark).into_iter().filter(|process| !known.contains(&process.pid)));
        }
        left
    }

    async fn wait(&self, unit: UnitRef, known: &Known, signals: &mut Signals) -> Result<(), Signal> {
        let list: Vec<String> = known.left.iter().map(|p| format!("{} ({})", p.pid, p.command)).collect();
        let (name, list) = (&known.unit, list.join(", "));
        let text = crate::t!("{name}  waits for {list} to end", "{name}  {list} の終了を待っています");
        crate::cli::error::say_on_stderr(&format!("{}\n", safe_line(&text)));
        let mut now = known.clone();
        let ended = async {
            while !now.left.is_empty() {
                tokio::time::sleep(LOOK).await;
                self.look(unit, &mut now).await;
            }
        };
        tokio::select! {
            signal = signals.next() => Err(signal),
            () = ended => Ok(()),
        }
    }

    async fn verified(
        &self,
        unit: UnitRef,
        signals: &mut Signals,
    ) -> Result<(Verified, Option<String>), Signal> {
        let (stopper, stop) = Stopper::new();
        let mut work = std::pin::pin!(verify(self.session, unit, &stopper, stop));
        tokio::select! {
            (verified, why) = &mut work => Ok((verified, why.map(|w| w.to_string()))),
            signal = signals.next() => {
                stopper.stop(StopReason::Cancelled);
                work.await;
                Err(signal)
            }
        }
    }

    /// A person's word; none where they leave it open.
    async fn ask(
        &self,
        unit: UnitRef,
        known: &Known,
        signals: &mut Signals,
    ) -> Result<Option<Order>, Signal> {
        let Some(terminal) = &self.terminal else { return Ok(None) };
        let machine = &self.session.machine;
        let question = known.question(&self.session.zone, machine.plan().at(unit.node).step.after_crash);
        let mut order = loop {
            let answer = tokio::select! {
                answer = terminal.ask(&known.unit, &question) => answer,
                signal = signals.next() => return Err(signal),
            };
            let Reply::Choice { value, reason } = answer.reply else { return Ok(None) };
            let how = match value.as_str() {
                Some("rerun") => Resolution::Rerun,
                Some("skip") => Resolution::Skip,
                Some("done") => Resolution::ByHand,
                _ => return Ok(None),
            };
            // As with the flags: whoever reads the record has to see why it was not simply run.
            if how == Resolution::Rerun || reason.is_some() {
                break Order { how, by: answer.by, reason, gives: Gives::new() };
            }
            let needed = crate::t!("a reason is needed", "理由が必要です");
            crate::cli::error::say_on_stderr(&format!("{needed}\n"));
        };
        if order.how == Resolution::ByHand && !known.lacks.is_empty() {
            let question = outputs(&known.lacks);
            let answer = tokio::select! {
                answer = terminal.ask(&known.unit, &question) => answer,
                signal = signals.next() => return Err(signal),
            };
            let Reply::Manual { answer: word, evidence, .. } = answer.reply else { return Ok(None) };
            if word != "done" {
                return Ok(None);
            }
            order.gives = evidence.into_iter().map(|(key, value)| (key, typed(value))).collect();
        }
        Ok(Some(order))
    }
}

/// What was typed is read as on the command line.
fn typed(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => super::orders::value_of(&text),
        other => other,
    }
}

/// The question for what later steps need.
fn outputs(lacks: &[String]) -> Question {
    let decl = || InputDecl {
        kind: InputType::String,
        description: None,
        default: None,
        required: Some(true),
        pattern: None,
        minimum: None,
        maximum: None,
        choices: Vec::new(),
        from: None,
        unmasked: None,
    };
    Question::Manual {
        instruction: crate::t!(
            "Later steps need what this one gives.",
            "後のステップがこの出力を必要とします。"
        ),
        link: None,
        evidence: lacks.iter().map(|key| (key.clone(), decl())).collect::<IndexMap<_, _>>(),
    }
}

fn refusal(why: Refusal, unit: &Unit) -> Error {
    match why {
        Refusal::IsOver => refused(crate::t!(
            "`{unit}` is over; a finished step is not done again",
            "`{unit}` は終わっています。終わったステップは再実行されません"
        )),
        Refusal::NotBegun => refused(crate::t!(
            "`{unit}` has not begun; it runs when its turn comes",
            "`{unit}` はまだ始まっていません。順番が来れば実行されます"
        )),
        Refusal::NeverRerun => refused(crate::t!(
            "`{unit}` is never run again after a crash (after_crash: never)",
            "`{unit}` は中断後に再実行されません（after_crash: never）"
        ))
        .help(crate::t!(
            "--skip {unit} or --done-by-hand {unit}, with --reason",
            "--skip {unit} または --done-by-hand {unit} を --reason と共に指定してください"
        )),
        Refusal::PlanChanged => {
            refused(crate::t!("the playbook has changed", "プレイブックが変更されています"))
        }
    }
}
