//! The clock of a run: it begins at the time of day and goes on with the machine, whatever is set meanwhile.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::base::Clock;

/// Goes neither back nor forth when somebody sets the machine's clock: a pause is as long as it is to be, a step took as
/// long as it took, and facts are in the order of their times. While the machine sleeps, it goes on.
pub struct SteadyClock {
    began: Timestamp,
    since: Duration,
    ticks: fn() -> Duration,
}

impl SteadyClock {
    /// From this moment on, which may be later than that of the machine's clock, so that a run that goes on after a
    /// crash does not go back in time.
    pub fn from(began: Timestamp) -> SteadyClock {
        SteadyClock { began, since: since_boot(), ticks: since_boot }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let gone = (self.ticks)().saturating_sub(self.since);
        let gone = SignedDuration::try_from(gone).unwrap_or(SignedDuration::MAX);
        self.began.checked_add(gone).unwrap_or(Timestamp::MAX)
    }
}

/// How long the machine has been up, sleep included.
fn since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills in the one structure that it is given.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    match done {
        0 => Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static UP: Cell<u64> = const { Cell::new(0) };
    }

    #[test]
    fn it_goes_with_the_machine_and_not_with_the_time_of_day() {
        let began = Timestamp::from_second(1_800_000_000).expect("a moment");
        let ticks = || Duration::from_millis(UP.get());
        UP.set(5_000);
        let clock = SteadyClock { began, since: ticks(), ticks };
        assert_eq!(clock.now(), began);
        UP.set(5_250);
        assert_eq!(clock.now().duration_since(began).as_millis(), 250);
        UP.set(4_000);
        assert_eq!(clock.now(), began, "it never goes back");
    }

    #[test]
    fn from_now_on_it_is_the_machines_clock() {
        let clock = SteadyClock::from(Timestamp::now());
        let apart = || clock.now().duration_since(Timestamp::now()).abs();
        assert!(apart() < SignedDuration::from_secs(5), "{:?}", apart());
        let first = clock.now();
        std::thread::sleep(Duration::from_millis(3));
        assert!(clock.now().duration_since(first) >= SignedDuration::from_millis(3));
    }
}
