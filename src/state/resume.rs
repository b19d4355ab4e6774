//! What becomes of a unit when a run goes on after its engine died: one written table, from the first row that fits.
//! It knows no journal and no machine.

use crate::event::Resolution;
use crate::model::AfterCrash;

/// How far a unit had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// No attempt at it was begun, or the next one was not: it waits, is asked about, or is to be retried.
    NotBegun,
    /// It could have begun without a line of its own, and the machine has been up ever since: it did not.
    ReservedSameBoot,
    /// It could have begun without a line of its own, and the machine was started anew: lines may be lost.
    ReservedOtherBoot,
    /// An attempt was begun and has no end.
    UnderWay,
    /// It is over, with everything it gave.
    Finished,
    /// It is over, but what a later step needs of it held a secret and was not written.
    Withheld,
}

/// Whether the playbook is the one that the run began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SamePlan {
    /// It is.
    Same,
    /// It is not, and the operator accepts that.
    Accepted,
    /// It is not.
    Changed,
}

/// What a unit's `verify` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verified {
    /// It was not asked yet.
    NotYet,
    /// The unit was done.
    Done,
    /// It was not.
    NotDone,
    /// That cannot be said: the verification itself went wrong.
    CannotTell,
}

/// Everything that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// How far it had come.
    pub standing: Standing,
    /// Whether the playbook is the same.
    pub plan: SamePlan,
    /// What its author says.
    pub after_crash: AfterCrash,
    /// Whether it only reads, and may be run again where it stands.
    pub rereadable: bool,
    /// Whether a later step needs what it gives.
    pub needed: bool,
    /// Whether a process that it started still runs.
    pub alive: bool,
    /// Whether to wait for such a process.
    pub waits: bool,
    /// What its `verify` said.
    pub verified: Verified,
    /// What the operator says of it, by a flag or at the terminal.
    pub order: Option<Resolution>,
    /// Whether a person can be asked.
    pub interactive: bool,
}

/// What becomes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It stays as it is: what it gave is used, or it goes on where it stood.
    Reuse,
    /// It is run again.
    Run,
    /// Its `verify` is asked, and this table once more.
    Verify,
    /// Its process is waited for, and this table asked once more.
    Wait,
    /// A person is asked.
    Ask,
    /// A person has to decide, and none is there.
    Undecided,
    /// Its `verify` has decided: it was done.
    Done,
    /// It is skipped.
    Skip,
    /// It counts as done by hand.
    ByHand,
    /// Nothing is done at all.
    Refuse(Refusal),
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The playbook has changed.
    PlanChanged,
    /// The operator says something of a unit that is over.
    IsOver,
    /// The operator says something of a unit that has not begun.
    NotBegun,
    /// Its author says that it is never run again.
    NeverRerun,
}

/// One row: it fits where all that it names does.
struct Row {
    standing: &'static [Standing],
    fits: fn(&Case) -> bool,
    decision: Decision,
}

use Standing::{Finished, NotBegun, ReservedOtherBoot, ReservedSameBoot, UnderWay, Withheld};

const ANY: &[Standing] = &[NotBegun, ReservedSameBoot, ReservedOtherBoot, UnderWay, Finished, Withheld];
const WAITING: &[Standing] = &[NotBegun, ReservedSameBoot];
const UNKNOWN: &[Standing] = &[ReservedOtherBoot, UnderWay];

const fn row(standing: &'static [Standing], fits: fn(&Case) -> bool, decision: Decision) -> Row {
    Row { standing, fits, decision }
}

/// The table.
const TABLE: &[Row] = &[
    // Another playbook is another run.
    row(ANY, |c| c.plan == SamePlan::Changed, Decision::Refuse(Refusal::PlanChanged)),
    // What has not begun goes on as if nothing had been; nobody has to say anything of it.
    row(WAITING, |c| c.order.is_some(), Decision::Refuse(Refusal::NotBegun)),
    row(WAITING, |_| true, Decision::Reuse),
    // What is over stays over.
    row(&[Finished], |c| c.order.is_some(), Decision::Refuse(Refusal::IsOver)),
    row(&[Finished], |_| true, Decision::Reuse),
    // What was not written is read again, or given by a person; a change is not made twice to learn of it.
    row(&[Withheld], |c| c.order == Some(Resolution::ByHand), Decision::ByHand),
    row(&[Withheld], |c| c.order.is_some(), Decision::Refuse(Refusal::IsOver)),
    row(&[Withheld], |c| c.rereadable, Decision::Run),
    row(&[Withheld], |_| true, Decision::Undecided),
    // Never beside what still runs, whoever says so.
    row(UNKNOWN, |c| c.alive && (c.waits || c.interactive), Decision::Wait),
    row(UNKNOWN, |c| c.alive, Decision::Undecided),
    // A person's word goes before the author's, but for `never`.
    row(
        UNKNOWN,
        |c| c.order == Some(Resolution::Rerun) && c.after_crash == AfterCrash::Never,
        Decision::Refuse(Refusal::NeverRerun),
    ),
    row(UNKNOWN, |c| c.order == Some(Resolution::Rerun), Decision::Run),
    row(UNKNOWN, |c| c.order == Some(Resolution::Skip), Decision::Skip),
    row(UNKNOWN, |c| c.order == Some(Resolution::ByHand), Decision::ByHand),
    // The author's word.
    row(UNKNOWN, |c| c.after_crash == AfterCrash::Rerun, Decision::Run),
    row(UNKNOWN, |c| c.after_crash == AfterCrash::Verify && c.verified == Verified::NotYet, Decision::Verify),
    row(UNKNOWN, |c| c.after_crash == AfterCrash::Verify && c.verified == Verified::NotDone, Decision::Run),
    // What it gave is gone with the engine: done is enough only where nobody needs that.
    row(
        UNKNOWN,
        |c| c.after_crash == AfterCrash::Verify && c.verified == Verified::Done && !c.needed,
        Decision::Done,
    ),
    row(UNKNOWN, |c| c.interactive, Decision::Ask),
    row(UNKNOWN, |_| true, Decision::Undecided),
];

/// What becomes of a unit.
pub fn decide(case: &Case) -> Decision {
    let row = TABLE.iter().find(|row| row.standing.contains(&case.standing) && (row.fits)(case));
    row.map_or(Decision::Undecided, |row| row.decision)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDERS: [Option<Resolution>; 5] = [
        None,
        Some(Resolution::Rerun),
        Some(Resolution::Skip),
        Some(Resolution::ByHand),
        Some(Resolution::Verified),
    ];
    const PLANS: [SamePlan; 3] = [SamePlan::Same, SamePlan::Accepted, SamePlan::Changed];
    const AFTER: [AfterCrash; 4] =
        [AfterCrash::Rerun, AfterCrash::Verify, AfterCrash::Ask, AfterCrash::Never];
    const VERIFIED: [Verified; 4] =
        [Verified::NotYet, Verified::Done, Verified::NotDone, Verified::CannotTell];

    /// Case number `n` of all there are; none behind the last.
    fn case(n: usize) -> Option<Case> {
        let mut rest = n;
        let mut next = |count: usize| {
            let digit = rest % count;
            rest /= count;
            digit
        };
        let case = Case {
            standing: ANY[next(ANY.len())],
            plan: PLANS[next(3)],
            after_crash: AFTER[next(4)],
            verified: VERIFIED[next(4)],
            // `verified` is no order that anybody can give.
            order: ORDERS[next(4)],
            rereadable: next(2) == 1,
            needed: next(2) == 1,
            alive: next(2) == 1,
            waits: next(2) == 1,
            interactive: next(2) == 1,
        };
        (rest == 0).then_some(case)
    }

    fn every_case() -> impl Iterator<Item = Case> {
        (0..).map_while(case)
    }

    /// The same said in another way: what may never be, and what has to be.
    fn oracle(c: &Case) -> Decision {
        let may_have_begun = matches!(c.standing, UnderWay | ReservedOtherBoot);
        let is_over = matches!(c.standing, Finished | Withheld);
        let by_person = |d| if c.interactive { Decision::Ask } else { d };
        if c.plan == SamePlan::Changed {
            return Decision::Refuse(Refusal::PlanChanged);
        }
        if !may_have_begun {
            return match (c.order, is_over, c.standing == Withheld) {
                (Some(Resolution::ByHand), _, true) => Decision::ByHand,
                (Some(_), true, _) => Decision::Refuse(Refusal::IsOver),
                (Some(_), false, _) => Decision::Refuse(Refusal::NotBegun),
                (None, _, false) => Decision::Reuse,
                (None, _, true) if c.rereadable => Decision::Run,
                (None, _, true) => Decision::Undecided,
            };
        }
        if c.alive {
            return if c.waits || c.interactive { Decision::Wait } else { Decision::Undecided };
        }
        match c.order {
            Some(Resolution::Rerun) if c.after_crash == AfterCrash::Never => {
                Decision::Refuse(Refusal::NeverRerun)
            }
            Some(Resolution::Rerun) => Decision::Run,
            Some(Resolution::Skip) => Decision::Skip,
            Some(Resolution::ByHand) => Decision::ByHand,
            _ => match (c.after_crash, c.verified) {
                (AfterCrash::Rerun, _) | (AfterCrash::Verify, Verified::NotDone) => Decision::Run,
                (AfterCrash::Verify, Verified::NotYet) => Decision::Verify,
                (AfterCrash::Verify, Verified::Done) if !c.needed => Decision::Done,
                _ => by_person(Decision::Undecided),
            },
        }
    }

    #[test]
    fn the_table_has_an_answer_for_every_case_and_no_row_in_vain() {
        let mut used = vec![false; TABLE.len()];
        let mut count = 0;
        for case in every_case() {
            count += 1;
            let row = TABLE.iter().position(|row| row.standing.contains(&case.standing) && (row.fits)(&case));
            used[row.unwrap_or_else(|| panic!("no row for {case:?}"))] = true;
            assert_eq!(decide(&case), oracle(&case), "{case:?}");
        }
        assert_eq!(count, 6 * 3 * 4 * 4 * 4 * 32);
        assert!(used.iter().all(|u| *u), "rows that never apply: {used:?}");
    }

    #[test]
    fn what_the_whole_table_promises() {
        for case in every_case() {
            let decision = decide(&case);
            let acts = matches!(decision, Decision::Run | Decision::Verify);
            let over = matches!(case.standing, Finished | Withheld);
            assert!(!acts || !(case.standing == Finished), "a finished step is repeated: {case:?}");
            assert!(!acts || !over || case.rereadable, "a finished change is made again: {case:?}");
            assert!(!acts || !case.alive || over, "run beside a living process: {case:?}");
            let by_itself = decision == Decision::Run && case.order.is_none() && !over;
            let asked = matches!(case.after_crash, AfterCrash::Ask | AfterCrash::Never);
            assert!(!(by_itself && asked), "run again without being asked: {case:?}");
            assert!(
                !(decision == Decision::Run && case.after_crash == AfterCrash::Never && !over),
                "never is never: {case:?}"
            );
            assert!(decision != Decision::Ask || case.interactive, "nobody is there: {case:?}");
            assert!(
                case.plan != SamePlan::Changed || matches!(decision, Decision::Refuse(_)),
                "another playbook: {case:?}"
            );
        }
    }

    proptest! {
        /// Whoever waits, verifies and asks long enough comes to an end that acts at most once.
        #[test]
        fn the_table_comes_to_an_end(n in 0usize..36_864, said in 0usize..4, person in 1usize..4) {
            let Some(mut case) = case(n) else { return Ok(()) };
            for _ in 0..5 {
                match decide(&case) {
                    Decision::Wait => case.alive = false,
                    Decision::Verify => case.verified = VERIFIED[said.max(1)],
                    Decision::Ask => case.order = ORDERS[person],
                    _ => return Ok(()),
                }
            }
            prop_assert!(false, "no end: {case:?}");
        }
    }
}
