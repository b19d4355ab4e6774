//! The hosts of a run: connected to when first needed, one connection each, all closed at the end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Address, Connection};
use crate::process::Stop;

/// A socket's path may have 107 bytes, and ssh adds 17 of its own while it makes one.
const ROOM: usize = 74;

type Place = Rc<tokio::sync::Mutex<Option<Rc<Connection>>>>;

/// The connections of a run.
pub struct Hosts {
    scratch: PathBuf,
    folder: RefCell<Option<PathBuf>>,
    marker: (String, String),
    places: RefCell<HashMap<String, (Address, Place)>>,
}

impl Hosts {
    /// None yet. Sockets go into a folder of `scratch`, which must be the run's own; `marker` is in the environment of
    /// each `ssh`.
    pub fn new(scratch: &Path, marker: (String, String)) -> Hosts {
        Hosts {
            scratch: scratch.to_path_buf(),
            folder: RefCell::default(),
            marker,
            places: RefCell::default(),
        }
    }

    /// The connection to a host; made anew where the one before has died.
    ///
    /// # Errors
    /// Why none comes about, and what to do.
    pub async fn connect(
        &self,
        name: &str,
        address: &Address,
        stop: Stop,
    ) -> Result<Rc<Connection>, Option<String>> {
        let place = self.place(name, address);
        let mut held = place.lock().await;
        if let Some(connection) = held.as_ref().filter(|c| c.lives()) {
            return Ok(Rc::clone(connection));
        }
        let folder = self.folder().map_err(|e| {
            let scratch = self.scratch.display();
            Some(crate::t!(
                "cannot make a folder in `{scratch}`: {e}",
                "`{scratch}` にフォルダーを作れません: {e}"
            ))
        })?;
        *held = None;
        let connection = Rc::new(Connection::open(name, address, &folder, &self.marker, stop).await?);
        *held = Some(Rc::clone(&connection));
        Ok(connection)
    }

    /// Closes all connections. What still runs over them is ended by the hosts.
    pub async fn close(&self) {
        let places: Vec<Place> = self.places.borrow_mut().drain().map(|(_, (_, place))| place).collect();
        for place in places {
            let held = place.lock().await.take();
            if let Some(connection) = held {
                connection.close().await;
            }
        }
        if let Some(folder) = self.folder.borrow_mut().take() {
            drop(std::fs::remove_dir_all(folder));
        }
    }

    /// Two environments may call different machines by one name.
    fn place(&self, name: &str, address: &Address) -> Place {
        let mut places = self.places.borrow_mut();
        let mut key = name.to_string();
        while places.get(&key).is_some_and(|(known, _)| known != address) {
            key.push('\'');
        }
        Rc::clone(&places.entry(key).or_insert_with(|| (address.clone(), Place::default())).1)
    }

    /// A folder for sockets: in the scratch folder, unless there is none or the path would be too long for one.
    fn folder(&self) -> std::io::Result<PathBuf> {
        if let Some(folder) = self.folder.borrow().as_ref() {
            return Ok(folder.clone());
        }
        let here = self.scratch.join("ssh");
        let folder = if here.as_os_str().len() <= ROOM && self.scratch.is_dir() {
            here
        } else {
            std::env::temp_dir().join(format!("toban-{}", super::connection::random()))
        };
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            // An engine that died has left it: it is the run's own, and all names in it are made up anew.
            Err(e) if e.kind() == ErrorKind::AlreadyExists && folder.starts_with(&self.scratch) => {}
            made => made?,
        }
        *self.folder.borrow_mut() = Some(folder.clone());
        Ok(folder)
    }
}
