//! All locks of a run, taken one after another in the order of their names: two runs that want the same locks cannot
//! wait for each other. It waits for nothing itself.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Held, LockDir, LockError, State};
use crate::base::Duration;
use crate::event::Holder;
use crate::model::LockBusy;

/// A lock that a run wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// Its name, as people know it.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// What happens when another holds it.
    pub busy: LockBusy,
    /// How long to wait; none for as long as it takes.
    pub limit: Option<Duration>,
}

/// What became of the next lock.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// It is held from now on.
    Taken {
        /// Its name.
        name: String,
        /// Who held it last and died.
        died: Option<Holder>,
    },
    /// Another holds it.
    Busy(Want, Option<Holder>),
    /// All are held.
    All,
}

/// The locks that a run holds, and those it still wants.
#[derive(Debug)]
pub struct Queue {
    folder: LockDir,
    wanted: VecDeque<Want>,
    held: Vec<(String, Held)>,
    me: Option<Holder>,
    told: usize,
}

impl Queue {
    /// Nothing is taken yet. A name that is wanted twice counts once.
    pub fn new(folder: LockDir, mut wanted: Vec<Want>) -> Queue {
        wanted.sort_by(|a, b| a.file.cmp(&b.file));
        wanted.dedup_by(|later, first| later.file == first.file);
        Queue { folder, wanted: wanted.into(), held: Vec::new(), me: None, told: 0 }
    }

    /// Before there is a run: takes what is free, and says which lock that is not waited for is busy. Nothing behind a
    /// lock that has to be waited for is taken, only looked at.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn begin(&mut self) -> Result<Option<(Want, Option<Holder>)>, LockError> {
        while let Some(want) = self.wanted.front() {
            match Held::take(&self.folder, &want.file)? {
                Ok(held) => self.held.push((want.name.clone(), held)),
                Err(by) if want.busy != LockBusy::Wait => return Ok(Some((want.clone(), by))),
                Err(_) => break,
            }
            self.wanted.pop_front();
        }
        let at_once = self.wanted.iter().filter(|want| want.busy != LockBusy::Wait);
        Ok(at_once.clone().find_map(|want| match Held::look(&self.folder, &want.file) {
            State::Busy(by) => Some((want.clone(), by)),
            State::Free => None,
        }))
    }

    /// From now on whoever waits for one of the locks is told of this run.
    pub fn hold_as(&mut self, me: Holder) {
        self.held.iter_mut().for_each(|(_, held)| held.tell(&me));
        self.me = Some(me);
    }

    /// Takes the next lock; those that were taken before the run began come first.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn next(&mut self, at: Timestamp) -> Result<Next, LockError> {
        if let Some((name, held)) = self.held.get(self.told) {
            self.told += 1;
            return Ok(Next::Taken { name: name.clone(), died: held.died.clone() });
        }
        let Some(want) = self.wanted.front() else { return Ok(Next::All) };
        match Held::take(&self.folder, &want.file)? {
            Ok(mut held) => {
                if let Some(me) = &self.me {
                    held.tell(&Holder { since: at, ..me.clone() });
                }
                let (name, died) = (want.name.clone(), held.died.clone());
                self.held.push((name.clone(), held));
                self.told += 1;
                self.wanted.pop_front();
                Ok(Next::Taken { name, died })
            }
            Err(by) => Ok(Next::Busy(want.clone(), by)),
        }
    }

    /// How each lock stands that is wanted: whether another holds it. Nothing is made or taken.
    pub fn look(&self) -> impl Iterator<Item = (&Want, State)> {
        self.wanted.iter().map(|want| (want, Held::look(&self.folder, &want.file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(name: &str, busy: LockBusy) -> Want {
        Want { name: name.into(), file: name.into(), busy, limit: None }
    }

    fn queue(path: &std::path::Path, wants: &[(&str, LockBusy)]) -> Queue {
        let path = path.as_os_str().to_os_string();
        let folder = LockDir::resolve(&move |_| Some(path.clone()));
        Queue::new(folder, wants.iter().map(|(name, busy)| want(name, *busy)).collect())
    }

    fn names(queue: &mut Queue) -> String {
        let mut names = Vec::new();
        loop {
            match queue.next(Timestamp::UNIX_EPOCH).expect("a folder") {
                Next::Taken { name, .. } => names.push(name),
                Next::Busy(want, _) => return format!("{} then busy {}", names.join(" "), want.name),
                Next::All => return names.join(" "),
            }
        }
    }

    #[test]
    fn locks_are_taken_once_each_in_the_order_of_their_names() {
        let place = tempfile::tempdir().expect("a folder");
        let mut one =
            queue(place.path(), &[("c", LockBusy::Wait), ("a", LockBusy::Wait), ("c", LockBusy::Fail)]);
        assert_eq!(one.begin().expect("a folder"), None);
        assert_eq!(names(&mut one), "a c");
        let mut two = queue(place.path(), &[("b", LockBusy::Wait), ("c", LockBusy::Wait)]);
        assert_eq!(two.begin().expect("a folder"), None);
        assert_eq!(names(&mut two), "b then busy c");
        drop(one);
        assert_eq!(names(&mut two), "c");
    }

    #[test]
    fn a_lock_that_is_not_waited_for_is_told_before_anything_is_waited_for() {
        let place = tempfile::tempdir().expect("a folder");
        let mut one = queue(place.path(), &[("a", LockBusy::Wait), ("b", LockBusy::Wait)]);
        one.begin().expect("a folder");
        let mut two = queue(place.path(), &[("a", LockBusy::Wait), ("b", LockBusy::Fail)]);
        let (busy, _) = two.begin().expect("a folder").expect("it is busy");
        assert_eq!(busy.name, "b");
    }

    #[test]
    fn what_somebody_else_put_there_is_neither_followed_nor_written() {
        let place = tempfile::tempdir().expect("a folder");
        let (locks, secret) = (place.path().join("locks"), place.path().join("secret"));
        std::fs::create_dir(&locks).expect("a folder");
        std::fs::write(&secret, "precious").expect("a file");
        std::os::unix::fs::symlink(&secret, locks.join("link")).expect("a link");
        std::fs::hard_link(&secret, locks.join("name")).expect("a second name");
        std::fs::create_dir(locks.join("folder")).expect("a folder");
        for name in ["link", "name", "folder"] {
            assert!(queue(&locks, &[(name, LockBusy::Wait)]).begin().is_err(), "{name}");
        }
        std::os::unix::fs::symlink(&locks, place.path().join("elsewhere")).expect("a link");
        assert!(queue(&place.path().join("elsewhere"), &[("a", LockBusy::Wait)]).begin().is_err());
        assert_eq!(std::fs::read_to_string(&secret).expect("it stands"), "precious");
    }
}
