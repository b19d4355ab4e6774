//! What the SQL tests share: a step performed without an engine around it, and servers that a test starts for
//! itself on free loopback ports and ends by their pid.
#![allow(dead_code)]

pub mod server;

use std::cell::RefCell;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use toban::action::sql::perform;
use toban::action::{Context, Performed, Report, Site};
use toban::base::{Confidential, Secret, StepId};
use toban::event::{Failure, Gives, Stream, Unit};
use toban::model::{Around, Bind, Rendered, Slot, Sql, SqlText, System};
use toban::process::{Stop, StopReason, Stopper};

/// A step to be performed.
pub struct Step {
    pub sql: Sql<Rendered>,
    pub system: System,
    pub folder: std::path::PathBuf,
    pub read: bool,
    pub max_output: usize,
    /// What was logged.
    pub log: RefCell<String>,
}

/// SQL text with a value for each `{}` in it.
pub fn text(sql: &str, values: Vec<Value>) -> SqlText {
    let parts: Vec<String> = sql.split("{}").map(str::to_string).collect();
    assert_eq!(parts.len(), values.len() + 1, "values of {sql}");
    SqlText { parts, binds: values.into_iter().map(Bind::Plain).collect() }
}

impl Step {
    fn new(connection: &str) -> Step {
        let connection = Slot(Confidential::plain(connection));
        let sql =
            Sql { connection, database: None, query: None, script: None, file: None, transaction: None };
        Step {
            sql,
            system: System::default(),
            folder: "/".into(),
            read: false,
            max_output: 1 << 20,
            log: RefCell::default(),
        }
    }

    pub fn query(connection: &str, sql: &str, values: Vec<Value>) -> Step {
        let mut step = Step::new(connection);
        step.sql.query = Some(Slot(text(sql, values)));
        step
    }

    pub fn script(connection: &str, sql: &str, values: Vec<Value>) -> Step {
        let mut step = Step::new(connection);
        step.sql.script = Some(Slot(text(sql, values)));
        step
    }

    pub fn without_transaction(mut self) -> Step {
        self.sql.transaction = Some(Slot(false));
        self
    }

    pub fn read_only(mut self) -> Step {
        self.read = true;
        self
    }

    pub fn in_folder(mut self, folder: &Path) -> Step {
        self.folder = folder.to_path_buf();
        self
    }

    pub fn with_secret(mut self, exposed: &str) -> Step {
        let secret = Bind::Secret(Confidential::new(exposed.into(), "•••".into()));
        for slot in self.sql.query.iter_mut().chain(self.sql.script.iter_mut()) {
            slot.0.binds = vec![secret.clone()];
        }
        self
    }

    /// Performs it to its end.
    pub fn run(&self) -> Performed {
        block_on(self.perform(Stop::never()))
    }

    pub async fn perform(&self, stop: Stop) -> Performed {
        let around: Around<Rendered> = serde_json::from_value(serde_json::json!({})).expect("nothing around");
        let site = Site {
            system: Arc::new(self.system.clone()),
            base_dir: self.folder.clone(),
            scratch_dir: self.folder.clone(),
            marker: ("TOBAN_RUN".into(), "test".into()),
            hosts: std::rc::Rc::new(toban::ssh::Hosts::new(
                &std::env::temp_dir(),
                ("TOBAN_RUN".into(), "test".into()),
            )),
            secret: Box::new(|name| match name {
                "db_password" => Ok(Secret::new("pa'ss word\\".into())),
                other => Err(Failure::Unavailable { message: format!("no secret {other}") }),
            }),
        };
        let log = |_: Stream, bytes: &[u8]| self.log.borrow_mut().push_str(&String::from_utf8_lossy(bytes));
        let cx = Context {
            unit: &Unit::step(StepId::new("s")),
            attempt: 1,
            around: &around,
            site: &site,
            log: &log,
            child: &|_, _| {},
            stop,
            max_output: self.max_output,
            held: false,
        };
        perform(&self.sql, &cx, self.read).await
    }

    pub fn gives(&self) -> Gives {
        let report: Report = self.run().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(report.failure, None);
        report.gives
    }

    /// The value of the only column of the only row.
    pub fn value(&self) -> Value {
        let gives = self.gives();
        let row = gives["rows"][0].as_object().expect("a row");
        assert_eq!(row.len(), 1, "{row:?}");
        row.values().next().expect("a value").clone()
    }

    /// Why it failed.
    pub fn failure(&self) -> Failure {
        match self.run() {
            Ok(report) => panic!("it succeeded: {:?}", report.gives),
            Err(failure) => failure,
        }
    }

    /// Performs it, runs `meanwhile`, stops it, and gives how it ended.
    pub fn stopped_after(&self, meanwhile: impl Future<Output = ()>, reason: StopReason) -> Failure {
        block_on(async {
            let (stopper, stop) = Stopper::new();
            let word = async {
                meanwhile.await;
                stopper.stop(reason);
            };
            let (performed, ()) = tokio::join!(self.perform(stop), word);
            performed.expect_err("a stopped step fails")
        })
    }
}

pub fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}
