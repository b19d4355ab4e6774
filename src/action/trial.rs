//! A place to perform actions in for tests: a folder of its own, a log that is kept.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Context, Site};
use crate::base::StepId;
use crate::event::{Failure, Stream, Unit};
use crate::model::System;
use crate::process::{Stop, Stopper};
use crate::ssh::Hosts;

/// A folder, a log and a stop of one test.
pub struct Trial {
    pub dir: tempfile::TempDir,
    pub log: Rc<RefCell<String>>,
    pub stopper: Stopper,
    pub system: System,
    pub max_output: usize,
    stop: Stop,
}

impl Trial {
    pub fn new() -> Trial {
        let (stopper, stop) = Stopper::new();
        let dir = tempfile::tempdir().expect("a temporary folder");
        Trial { dir, log: Rc::default(), stopper, system: System::default(), max_output: 1 << 20, stop }
    }

    /// The folder that paths are relative to.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Everything logged so far.
    pub fn logged(&self) -> String {
        self.log.borrow().clone()
    }

    /// Writes a file of the test, and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.path(name);
        let folder = path.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Makes a file look this old.
    pub fn aged(&self, name: &str, content: impl AsRef<[u8]>, seconds: u64) -> std::path::PathBuf {
        let path = self.file(name, content);
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
        let file = std::fs::File::options().write(true).open(&path).expect("a file");
        file.set_modified(then).expect("a time");
        path
    }

    /// The names in a folder of the test, sorted, hidden ones too.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let list = std::fs::read_dir(self.path(folder)).expect("a folder");
        let mut names: Vec<String> =
            list.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A context; what it borrows lives as long as the test program.
    pub fn context(&self) -> Context<'static> {
        let kept = self.log.clone();
        Context {
            unit: leak(Unit::step(StepId::new("trial"))),
            attempt: 1,
            around: leak(yaml("timeout: 9s")),
            site: leak(site(self.dir.path(), self.system.clone())),
            log: leak(move |_: Stream, bytes: &[u8]| {
                kept.borrow_mut().push_str(&String::from_utf8_lossy(bytes));
            }),
            child: leak(|_: u32, _: u64| {}),
            stop: self.stop.clone(),
            max_output: self.max_output,
            held: false,
        }
    }
}

fn site(dir: &Path, system: System) -> Site {
    Site {
        system: Arc::new(system),
        base_dir: dir.to_path_buf(),
        scratch_dir: dir.join("scratch"),
        marker: ("TOBAN_RUN".into(), "trial".into()),
        hosts: Rc::new(Hosts::new(dir, ("TOBAN_RUN".into(), "trial".into()))),
        secret: Box::new(|name| Err(Failure::Unavailable { message: format!("no secret {name}") })),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A part of the language from its YAML.
pub fn yaml<T: DeserializeOwned>(text: &str) -> T {
    let value: serde_json::Value = serde_yaml::from_str(text).expect("YAML of the test");
    serde_json::from_value(value).expect("a part of the language")
}
