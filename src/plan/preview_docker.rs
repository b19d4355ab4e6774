//! A call to the Docker Engine or to compose as it would be typed: every key as its option, in a fixed order. What the
//! engine is asked without its command line is told as that line would be.

use indexmap::IndexMap;

use super::preview::words;
use crate::base::Duration;
use crate::model::{
    Around, Compose, ComposeServices, ComposeVerb, ContainerList, Docker, DockerExec, DockerLogs,
    DockerPrune, DockerRun, Field, NameList, Names, PruneWhat, Slot, Stage, System, quoted,
};

/// The call with what surrounds it: variables are named, and their values told apart from it.
pub(super) fn docker_text<S: Stage>(docker: &Docker<S>, around: &Around<S>, system: &System) -> String {
    match docker {
        Docker::Exec(exec) => exec_text(exec, around),
        Docker::Run(run) => run_text(run, around),
        Docker::Start(what) => named("start", what).0,
        Docker::Stop(what) => named("stop", what).0,
        Docker::Restart(what) => named("restart", what).0,
        // The command line has no grace for it: one that runs is stopped first.
        Docker::Rm(what) if what.grace.is_some() => {
            format!("{} && docker rm{}", named("stop", what).0, list(&what.names))
        }
        Docker::Rm(what) => named("rm", what).0,
        Docker::Inspect(what) => named("inspect", what).0,
        Docker::Logs(logs) => logs_text(logs),
        Docker::Ps(what) => listed("docker ps", what),
        Docker::Stats(what) => listed("docker stats --no-stream", what),
        Docker::Images(what) => listed("docker images", what),
        Docker::Volumes(what) => listed("docker volume ls", what),
        Docker::Networks(what) => listed("docker network ls", what),
        Docker::Prune(prune) => prune_text(prune),
        Docker::Compose(compose) => compose_text(compose, around, system),
    }
}

/// A command line that grows option by option.
struct Line(String);

impl Line {
    fn of(begin: &str) -> Line {
        Line(begin.to_string())
    }

    fn word(mut self, word: &str) -> Line {
        self.0.push(' ');
        self.0.push_str(word);
        self
    }

    /// Words that are quoted already, perhaps none.
    fn words(mut self, words: &str) -> Line {
        if !words.trim().is_empty() {
            self.0.push(' ');
            self.0.push_str(words.trim());
        }
        self
    }

    fn option(self, name: &str, value: Option<String>) -> Line {
        match value {
            Some(value) => self.word(name).word(&quoted(&value)),
            None => self,
        }
    }

    fn of_slot<S: Stage, T: Field, const P: u8>(self, name: &str, slot: Option<&Slot<S, T, P>>) -> Line {
        self.option(name, slot.map(Slot::show))
    }

    /// An option that is there or not; one that only a run knows shows what decides.
    fn flag<S: Stage>(self, name: &str, on: Option<&Slot<S, bool>>, usually: bool) -> Line {
        match on.map(Slot::show).as_deref() {
            None if usually => self.word(name),
            None | Some("false") => self,
            Some("true") => self.word(name),
            Some(unknown) => self.word(&format!("{name}={unknown}")),
        }
    }

    /// The step's own variables, by name.
    fn variables<S: Stage>(self, around: &Around<S>) -> Line {
        around.env.keys().fold(self, |line, name| line.option("-e", Some(name.clone())))
    }
}

/// A length of time in whole seconds, as these commands want it.
fn seconds<S: Stage>(slot: &Slot<S, Duration>) -> String {
    let text = slot.show();
    Duration::parse(&text).map_or(text, |time| time.as_millis().div_ceil(1000).to_string())
}

fn list<S: Stage>(names: &[Slot<S, NameList>]) -> String {
    names.iter().map(|name| format!(" {}", name.show())).collect()
}

fn exec_text<S: Stage>(exec: &DockerExec<S>, around: &Around<S>) -> String {
    let line = Line::of("docker exec").words(if around.stdin.is_some() { "-i" } else { "" });
    let line = line.of_slot("-u", exec.user.as_ref()).of_slot("-w", exec.workdir.as_ref());
    line.variables(around).word(&quoted(&exec.container.show())).words(&words(&exec.command)).0
}

fn run_text<S: Stage>(run: &DockerRun<S>, around: &Around<S>) -> String {
    let line = Line::of("docker run").flag("--rm", run.rm.as_ref(), true);
    let line = line.words(if around.stdin.is_some() { "-i" } else { "" });
    let line = line.of_slot("--name", run.name.as_ref()).of_slot("--network", run.network.as_ref());
    let line = line.of_slot("-u", run.user.as_ref()).of_slot("-w", run.workdir.as_ref());
    let line = run.volumes.iter().fold(line, |line, volume| line.of_slot("-v", Some(volume)));
    let line = line.variables(around).word(&quoted(&run.image.show()));
    line.words(&run.command.as_ref().map(words).unwrap_or_default()).0
}

fn named<S: Stage>(verb: &str, what: &Names<S>) -> Line {
    let grace = what.grace.as_ref().map(seconds);
    Line::of("docker").word(verb).option("-t", grace).words(&list(&what.names))
}

fn logs_text<S: Stage>(logs: &DockerLogs<S>) -> String {
    let line = Line::of("docker logs").of_slot("--since", logs.since.as_ref());
    line.of_slot("--tail", logs.tail.as_ref()).word(&quoted(&logs.container.show())).0
}

fn filtered<S: Stage>(line: Line, filters: &IndexMap<String, Slot<S, NameList>>) -> Line {
    let one = |line: Line, (key, value): (&String, &Slot<S, NameList>)| {
        line.option("--filter", Some(format!("{key}={}", value.show())))
    };
    filters.iter().fold(line, one)
}

fn listed<S: Stage>(begin: &str, what: &ContainerList<S>) -> String {
    filtered(Line::of(begin).flag("-a", what.all.as_ref(), false), &what.filters).0
}

fn prune_text<S: Stage>(prune: &DockerPrune<S>) -> String {
    let one = |what: &PruneWhat| {
        let kind = match what {
            PruneWhat::Containers => "container",
            PruneWhat::Images => "image",
            PruneWhat::Networks => "network",
            PruneWhat::Volumes => "volume",
            PruneWhat::BuildCache => "builder",
        };
        filtered(Line::of("docker").word(kind).word("prune -f"), &prune.filters).0
    };
    prune.what.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// A compose call; what the step does not say of its project is the system's.
fn compose_text<S: Stage>(compose: &Compose<S>, around: &Around<S>, system: &System) -> String {
    let usual = &system.compose;
    let dir = compose.project_dir.as_ref().map(Slot::show).or_else(|| usual.project_dir.clone());
    let mut files: Vec<String> = compose.files.iter().map(Slot::show).collect();
    if files.is_empty() {
        files.clone_from(&usual.files);
    }
    let project = compose.project.as_ref().map(Slot::show).or_else(|| usual.project.clone());
    let line = Line::of("docker compose").option("--project-directory", dir);
    let line = files.into_iter().fold(line, |line, file| line.option("-f", Some(file)));
    let line = line.option("-p", project);
    compose.verbs().iter().fold(line, |line, verb| compose_verb(line, verb, around)).0
}

fn compose_verb<S: Stage>(line: Line, verb: &ComposeVerb<'_, S>, around: &Around<S>) -> Line {
    match verb {
        ComposeVerb::Exec(exec) => {
            let line = line.word("exec -T").of_slot("--user", exec.user.as_ref());
            let line = line.of_slot("--workdir", exec.workdir.as_ref()).variables(around);
            line.word(&quoted(&exec.service.show())).words(&words(&exec.command))
        }
        ComposeVerb::Run(run) => {
            let line = line.word("run -T").flag("--rm", run.rm.as_ref(), true);
            let line = line.flag("--no-deps", run.no_deps.as_ref(), false).variables(around);
            let command = run.command.as_ref().map(words).unwrap_or_default();
            line.word(&quoted(&run.service.show())).words(&command)
        }
        ComposeVerb::Up(up) => {
            let line = line.word("up -d").flag("--build", up.build.as_ref(), false);
            let line = line.flag("--wait", up.wait.as_ref(), false);
            let line = line.flag("--force-recreate", up.force_recreate.as_ref(), false);
            line.flag("--no-deps", up.no_deps.as_ref(), false).words(&services(&up.services))
        }
        ComposeVerb::Down(down) => {
            let line = line.word("down").flag("--volumes", down.volumes.as_ref(), false);
            line.flag("--remove-orphans", down.remove_orphans.as_ref(), false)
        }
        ComposeVerb::Logs(logs) => {
            let line = line.word("logs").flag("--timestamps", logs.timestamps.as_ref(), false);
            let line = line.of_slot("--since", logs.since.as_ref()).of_slot("--tail", logs.tail.as_ref());
            line.words(&services(&logs.services))
        }
        ComposeVerb::Ps(ps) => {
            line.word("ps").flag("-a", ps.all.as_ref(), false).words(&services(&ps.services))
        }
        ComposeVerb::Config(ps) => line.word("config").words(&services(&ps.services)),
        ComposeVerb::Stop(what) => of_services(line, "stop", what),
        ComposeVerb::Start(what) => of_services(line, "start", what),
        ComposeVerb::Restart(what) => of_services(line, "restart", what),
        ComposeVerb::Pull(what) => of_services(line, "pull", what),
        ComposeVerb::Build(what) => of_services(line, "build", what),
    }
}

fn of_services<S: Stage>(line: Line, verb: &str, what: &ComposeServices<S>) -> Line {
    // The other verbs stop nothing.
    let grace = what.grace.as_ref().filter(|_| matches!(verb, "stop" | "restart"));
    line.word(verb).option("-t", grace.map(seconds)).words(&services(&what.services))
}

/// Compose takes no name for every service.
fn services<S: Stage>(names: &[Slot<S, NameList>]) -> String {
    let names = list(names);
    if names.split_whitespace().any(|name| name == "all") { String::new() } else { names }
}
