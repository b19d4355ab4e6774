//! Time as a value that comes in from outside, so that the core can be tested without waiting; and the zone of this
//! machine.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still, for tests and snapshots.
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A moment as `20260301_050000` in a zone: safe in the names of files and databases.
pub fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y%m%d_%H%M%S").to_string()
}

/// The zone of this machine: that of the variable `TZ`, else the one `/etc/localtime` leads to, else UTC.
///
/// To find a zone by its name, the library first lists all there are. Where a link says which file it is, that would
/// take longer than all else that a small command does.
pub fn local_zone() -> TimeZone {
    linked_zone(Path::new("/etc/localtime")).unwrap_or_else(TimeZone::system)
}

fn linked_zone(link: &Path) -> Option<TimeZone> {
    if std::env::var_os("TZ").is_some() {
        return None;
    }
    let file = link.parent()?.join(std::fs::read_link(link).ok()?);
    let (_, name) = file.to_str()?.split_once("/zoneinfo/")?;
    TimeZone::tzif(name, &std::fs::read(&file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_a_link_is_that_of_its_name() {
        if std::env::var_os("TZ").is_some() {
            assert_eq!(local_zone(), TimeZone::system());
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let link = dir.path().join("localtime");
        std::os::unix::fs::symlink("/usr/share/zoneinfo/Asia/Tokyo", &link).expect("a link");
        assert_eq!(linked_zone(&link), TimeZone::get("Asia/Tokyo").ok());
        assert_eq!(linked_zone(&dir.path().join("nothing")), None);
        assert_eq!(local_zone(), TimeZone::system());
    }
}
