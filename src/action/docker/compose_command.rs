//! The arguments of each verb that compose itself carries out. It starts nothing.

use crate::event::Failure;
use crate::model::{
    ComposeDown, ComposeExec, ComposePs, ComposeRun, ComposeServices, ComposeUp, NameList, Rendered, Slot,
};

use super::refusal;

/// The services a step means.
#[derive(Clone, Debug, PartialEq)]
pub enum Services {
    /// Every one.
    All,
    /// These.
    Only(Vec<String>),
}

impl Services {
    /// The services of lists of names; `all` is every one, no list at all is as well. A list that came out empty is
    /// none, never all.
    ///
    /// # Errors
    /// A name could be taken for an option.
    pub fn of(lists: &[Slot<Rendered, NameList>]) -> Result<Services, Failure> {
        let names: Vec<String> = lists.iter().flat_map(|list| list.0.0.iter().cloned()).collect();
        if let Some(name) = names.iter().find(|n| n.starts_with('-') || n.is_empty()) {
            return Err(not_a_name(name));
        }
        let all = lists.is_empty() || names.iter().any(|name| name == "all");
        Ok(if all { Services::All } else { Services::Only(names) })
    }

    /// The names as arguments, none for all.
    pub fn names(&self) -> &[String] {
        match self {
            Services::All => &[],
            Services::Only(names) => names,
        }
    }

    /// Whether there is nothing to do.
    pub fn is_none(&self) -> bool {
        matches!(self, Services::Only(names) if names.is_empty())
    }
}

/// What is told to compose: the verb's arguments, and which services they are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The arguments after those of the project.
    pub arguments: Vec<String>,
    /// The services.
    pub services: Services,
}

impl Told {
    fn new(verb: &str) -> Told {
        Told { arguments: vec![verb.to_string()], services: Services::All }
    }

    fn flag(mut self, name: &str, on: Option<&Slot<Rendered, bool>>) -> Told {
        if on.is_some_and(|on| on.0) {
            self.arguments.push(name.to_string());
        }
        self
    }

    fn option(mut self, name: &str, value: Option<String>) -> Told {
        if let Some(value) = value {
            self.arguments.extend([name.to_string(), value]);
        }
        self
    }

    fn services(mut self, lists: &[Slot<Rendered, NameList>]) -> Result<Told, Failure> {
        self.services = Services::of(lists)?;
        self.arguments.extend_from_slice(self.services.names());
        Ok(self)
    }

    fn words(mut self, words: impl IntoIterator<Item = String>) -> Told {
        self.arguments.extend(words);
        self
    }
}

/// `up`, in the background. Version 1 does not know how to wait.
///
/// # Errors
/// A service's name is none.
pub fn up(what: &ComposeUp<Rendered>, old: bool) -> Result<Told, Failure> {
    Told::new("up")
        .words(["-d".to_string()])
        .flag("--build", what.build.as_ref())
        .flag("--wait", what.wait.as_ref().filter(|_| !old))
        .flag("--force-recreate", what.force_recreate.as_ref())
        .flag("--no-deps", what.no_deps.as_ref())
        .services(&what.services)
}

/// `down`.
pub fn down(what: &ComposeDown<Rendered>) -> Told {
    Told::new("down")
        .flag("--volumes", what.volumes.as_ref())
        .flag("--remove-orphans", what.remove_orphans.as_ref())
}

/// `stop`, `restart`, `start`, `pull`, `build`.
///
/// # Errors
/// A service's name is none.
pub fn plain(verb: &str, what: &ComposeServices<Rendered>) -> Result<Told, Failure> {
    let grace = what.grace.as_ref().filter(|_| matches!(verb, "stop" | "restart"));
    let seconds = grace.map(|g| g.0.as_millis().div_ceil(1000).to_string());
    Told::new(verb).option("-t", seconds).services(&what.services)
}

/// `config`.
///
/// # Errors
/// A service's name is none.
pub fn config(what: &ComposePs<Rendered>) -> Result<Told, Failure> {
    Told::new("config").services(&what.services)
}

/// `exec`, without a terminal; variables are named, and their values left to the environment.
///
/// # Errors
/// The service's name is none.
pub fn exec(what: &ComposeExec<Rendered>, variables: &[String]) -> Result<Told, Failure> {
    let service = service(&what.service)?;
    let told = Told::new("exec")
        .words(["-T".to_string()])
        .option("--user", what.user.as_ref().map(|u| u.0.clone()))
        .option("--workdir", what.workdir.as_ref().map(|d| d.0.clone()))
        .words(variables.iter().flat_map(|name| ["-e".to_string(), name.clone()]))
        .words([service]);
    Ok(told.words(what.command.words()))
}

/// `run`, without a terminal; `label` finds the container again.
///
/// # Errors
/// The service's name is none.
pub fn run(what: &ComposeRun<Rendered>, variables: &[String], label: String) -> Result<Told, Failure> {
    let service = service(&what.service)?;
    let keep = what.rm.as_ref().is_some_and(|rm| !rm.0);
    let told = Told::new("run")
        .words(["-T".to_string()])
        .words((!keep).then(|| "--rm".to_string()))
        .flag("--no-deps", what.no_deps.as_ref())
        .option("--label", Some(label))
        .words(variables.iter().flat_map(|name| ["-e".to_string(), name.clone()]))
        .words([service]);
    Ok(told.words(what.command.as_ref().map(|c| c.words()).unwrap_or_default()))
}

fn service(name: &Slot<Rendered>) -> Result<String, Failure> {
    if name.0.starts_with('-') || name.0.is_empty() { Err(not_a_name(&name.0)) } else { Ok(name.0.clone()) }
}

fn not_a_name(name: &str) -> Failure {
    refusal::rejected(crate::t!(
        "`{name}` can't be the name of a service",
        "`{name}` はサービス名になりません"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Services, exec, plain, up};
    use crate::model::{Arg, Args, ComposeExec, ComposeServices, ComposeUp, NameList, Slot};

    fn names(of: &[&str]) -> Slot<crate::model::Rendered, NameList> {
        Slot(NameList(of.iter().map(|n| n.to_string()).collect()))
    }

    #[test]
    fn a_list_that_came_out_empty_is_none_and_never_all() {
        assert_eq!(Services::of(&[]), Ok(Services::All));
        assert_eq!(Services::of(&[names(&["all"])]), Ok(Services::All));
        let none = Services::of(&[names(&[])]).expect("no error");
        assert!(none.is_none());
    }

    #[test]
    fn a_name_that_looks_like_an_option_is_refused() {
        assert!(Services::of(&[names(&["-v"])]).is_err());
    }

    #[test]
    fn exec_names_variables_and_never_their_values() {
        let what = ComposeExec {
            service: Slot("db".into()),
            command: Args(vec![Slot(Arg(vec!["psql".into(), "-c".into()]))]),
            user: Some(Slot("postgres".into())),
            workdir: None,
        };
        let told = exec(&what, &["PGPASSWORD".into()]).expect("arguments");
        let expected = ["exec", "-T", "--user", "postgres", "-e", "PGPASSWORD", "db", "psql", "-c"];
        assert_eq!(told.arguments, expected);
    }

    #[test]
    fn version_1_is_not_asked_to_wait() {
        let what = ComposeUp {
            services: vec![],
            build: None,
            wait: Some(Slot(true)),
            force_recreate: None,
            no_deps: None,
        };
        assert_eq!(up(&what, true).expect("arguments").arguments, ["up", "-d"]);
        assert_eq!(up(&what, false).expect("arguments").arguments, ["up", "-d", "--wait"]);
    }

    #[test]
    fn a_grace_is_given_in_seconds_and_rounded_up() {
        let grace = Some(Slot(crate::base::Duration::from_millis(1500)));
        let what = ComposeServices { services: vec![names(&["a", "b"])], grace };
        assert_eq!(plain("restart", &what).expect("arguments").arguments, ["restart", "-t", "2", "a", "b"]);
        assert_eq!(plain("start", &what).expect("arguments").arguments, ["start", "a", "b"]);
    }
}
