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
        }
    }
}

fn site(dir: &Path, system: System) -> Site {
    Site {
        system: Arc::new(system),
        base_dir: dir.to_path_buf(),
        scratch_dir: dir.join("scratch"),
        marker: ("TOBAN_RUN".into(), "trial".into()),
        secret: Box::new(|name| Err(Failure::Unavailable { message: format!("no secret {name}") })),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A part of the language from its YAML.
pub fn yaml<T: DeserializeOwned>(text: &str) -> T {
    serde_yaml::from_str(text).expect("YAML of the test")
}
