//! Docker as a playbook writes it: the Engine API, and compose.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Args;
use super::place::at;
use super::stage::{Field, Slot, Stage};
use crate::base::Duration;

staged_enum! {
    /// One call to the Docker Engine, or one verb of compose. Never with a TTY.
    pub enum Docker {
        /// Runs a command in a running container.
        "exec" Exec(DockerExec<S>),
        /// Runs a command in a new container and waits for it.
        "run" Run(DockerRun<S>),
        /// Starts containers.
        "start" Start(Names<S>),
        /// Stops containers.
        "stop" Stop(Names<S>),
        /// Restarts containers.
        "restart" Restart(Names<S>),
        /// Removes containers.
        "rm" Rm(Names<S>),
        /// The end of a container's log.
        "logs" Logs(DockerLogs<S>),
        /// Gives `json`: everything known of containers: `name`, `image`, `state`, `health`, `exit_code`, `running`,
        /// `restart_count`, `started`, `finished`, `labels`, `env` (names only), `ip`, and the engine's own `details`.
        "inspect" Inspect(Names<S>),
        /// Gives `json`: containers with `name`, `id`, `image`, `state`, `status`, `health`, `exit_code`, `project`,
        /// `service`, `labels`, `ports`, `created`.
        "ps" Ps(ContainerList<S>),
        /// Gives `json`: one reading of each running container: `name`, `cpu_percent`, `memory`, `memory_limit`,
        /// `memory_percent`, `pids`, `received`, `sent`, `read`, `written` (sizes in bytes).
        "stats" Stats(ContainerList<S>),
        /// Removes unused things; gives `removed` (a list of `kind`, `name`) and `bytes`.
        "prune" Prune(DockerPrune<S>),
        /// Gives `json`: images with `name`, `id`, `tags`, `size`, `created`, `labels`.
        "images" Images(ContainerList<S>),
        /// Gives `json`: volumes with `name`, `driver`, `mountpoint`, `labels`.
        "volumes" Volumes(ContainerList<S>),
        /// Gives `json`: networks with `name`, `id`, `driver`, `scope`, `internal`, `labels`.
        "networks" Networks(ContainerList<S>),
        /// One verb of compose.
        "compose" Compose(Compose<S>),
    }
}

staged! {
    /// A command in a running container.
    pub struct DockerExec {
        /// The container.
        container: Slot<S>,
        /// The command, without a shell.
        command: Args<S>,
        /// The user inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Slot<S>>,
        /// The folder inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workdir: Option<Slot<S, String, { at::PATH }>>,
    }
}
staged! {
    /// A command in a new container.
    pub struct DockerRun {
        /// The image.
        image: Slot<S>,
        /// The command, without a shell. Default: the image's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<Args<S>>,
        /// `SOURCE:TARGET[:ro]`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        volumes: Vec<Slot<S>>,
        /// The network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<Slot<S>>,
        /// The container's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Slot<S>>,
        /// The user inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Slot<S>>,
        /// The folder inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workdir: Option<Slot<S, String, { at::PATH }>>,
        /// Whether the container is removed when it has ended. Default: true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rm: Option<Slot<S, bool>>,
    }
}

/// One name or a list of names, as a playbook writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NameList(pub Vec<String>);

impl Field for NameList {
    fn from_value(value: Value) -> Result<NameList, String> {
        let one = |v: Value| match v {
            Value::String(text) => Ok(text),
            other => Err(crate::t!("expected a name, found {other}", "名前が必要ですが {other} です")),
        };
        match value {
            Value::Array(items) => items.into_iter().map(one).collect::<Result<_, _>>().map(NameList),
            other => one(other).map(|n| NameList(vec![n])),
        }
    }
    fn show(&self) -> String {
        self.0.join(" ")
    }
}

staged! {
    /// Containers by name; written as one name, or as a list.
    pub struct Names {
        /// The containers.
        names: Vec<Slot<S, NameList>>,
        /// How long a container may take to stop before it is killed. With `rm`: one that runs is stopped first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace: Option<Slot<S, Duration>>,
    }
}
staged! {
    /// A container's log.
    pub struct DockerLogs {
        /// The container.
        container: Slot<S>,
        /// So many lines from its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tail: Option<Slot<S, u32>>,
        /// Only lines not older than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Slot<S, Duration>>,
    }
}
staged! {
    /// A list, perhaps filtered.
    pub struct ContainerList {
        /// Also what is not running.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        all: Option<Slot<S, bool>>,
        /// Filters of the Engine API: `{label: "com.example.app", status: exited}`.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        filters: IndexMap<String, Slot<S, NameList>>,
    }
}
staged! {
    /// Unused things to remove. Without `filters` it reaches the whole engine.
    pub struct DockerPrune {
        /// What is removed.
        what: Vec<PruneWhat>,
        /// Filters of the Engine API: `{until: 24h, label: …}`.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        filters: IndexMap<String, Slot<S, NameList>>,
    }
}

/// A kind of thing that can be pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PruneWhat {
    /// Stopped containers.
    Containers,
    /// Images without a tag that no container uses; with the filter `dangling: "false"` also those with a tag.
    Images,
    /// Networks that no container uses.
    Networks,
    /// Volumes that no container uses: their data is lost.
    Volumes,
    /// The build cache.
    BuildCache,
}
unstaged!(PruneWhat);

staged! {
    /// A compose project and exactly one verb.
    pub struct Compose {
        /// The folder of the project. Default: `compose.project_dir` of the system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project_dir: Option<Slot<S, String, { at::PATH }>>,
        /// Its files, relative to its folder. Default: those of the system, else compose's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<Slot<S, String, { at::PATH }>>,
        /// Its name. Default: `compose.project` of the system, else compose's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<Slot<S>>,
        /// Makes and starts services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up: Option<ComposeUp<S>>,
        /// Stops and removes the project's containers and networks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        down: Option<ComposeDown<S>>,
        /// Stops services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stop: Option<ComposeServices<S>>,
        /// Starts services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<ComposeServices<S>>,
        /// Restarts services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart: Option<ComposeServices<S>>,
        /// Runs a command in a service's running container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exec: Option<ComposeExec<S>>,
        /// Gives `json`: the project's containers with `service`, `state`, `health`, `exit_code`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ps: Option<ComposePs<S>>,
        /// Logs of services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logs: Option<ComposeLogs<S>>,
        /// Pulls images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pull: Option<ComposeServices<S>>,
        /// Runs a command in a new container of a service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<ComposeRun<S>>,
        /// Builds images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        build: Option<ComposeServices<S>>,
        /// Checks and prints the project's configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        config: Option<ComposePs<S>>,
    }
}

staged! {
    /// Services; written as one name, a list, or `all`.
    pub struct ComposeServices {
        /// The services; `all` for every one.
        services: Vec<Slot<S, NameList>>,
        /// How long a container may take to stop before it is killed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace: Option<Slot<S, Duration>>,
    }
}
staged! {
    /// What `up` brings up, always in the background.
    pub struct ComposeUp {
        /// The services; none for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        services: Vec<Slot<S, NameList>>,
        /// Builds images first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        build: Option<Slot<S, bool>>,
        /// Waits until services are running and healthy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Slot<S, bool>>,
        /// Makes containers anew even when nothing changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        force_recreate: Option<Slot<S, bool>>,
        /// Does not start the services that these depend on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no_deps: Option<Slot<S, bool>>,
    }
}
staged! {
    /// What `down` takes along.
    pub struct ComposeDown {
        /// Also the project's volumes: their data is lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        volumes: Option<Slot<S, bool>>,
        /// Also containers of services that the files no longer name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remove_orphans: Option<Slot<S, bool>>,
    }
}
staged! {
    /// A command in a service's container.
    pub struct ComposeExec {
        /// The service.
        service: Slot<S>,
        /// The command, without a shell.
        command: Args<S>,
        /// The user inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Slot<S>>,
        /// The folder inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workdir: Option<Slot<S, String, { at::PATH }>>,
    }
}
staged! {
    /// A command in a new container of a service.
    pub struct ComposeRun {
        /// The service.
        service: Slot<S>,
        /// The command, without a shell. Default: the service's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<Args<S>>,
        /// Whether the container is removed when it has ended. Default: true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rm: Option<Slot<S, bool>>,
        /// Does not start the services that this one depends on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no_deps: Option<Slot<S, bool>>,
    }
}
staged! {
    /// Which services are listed.
    pub struct ComposePs {
        /// The services; none for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        services: Vec<Slot<S, NameList>>,
        /// Also what is not running.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        all: Option<Slot<S, bool>>,
    }
}
staged! {
    /// Logs of services: `stdout` is all of it, with what they wrote to their error output.
    pub struct ComposeLogs {
        /// The services; none for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        services: Vec<Slot<S, NameList>>,
        /// So many lines from their ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tail: Option<Slot<S, u32>>,
        /// Only lines not older than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Slot<S, Duration>>,
        /// With the time of each line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timestamps: Option<Slot<S, bool>>,
    }
}

/// A verb of compose with what belongs to it.
pub enum ComposeVerb<'a, S: Stage> {
    Up(&'a ComposeUp<S>),
    Down(&'a ComposeDown<S>),
    Stop(&'a ComposeServices<S>),
    Start(&'a ComposeServices<S>),
    Restart(&'a ComposeServices<S>),
    Exec(&'a ComposeExec<S>),
    Ps(&'a ComposePs<S>),
    Logs(&'a ComposeLogs<S>),
    Pull(&'a ComposeServices<S>),
    Run(&'a ComposeRun<S>),
    Build(&'a ComposeServices<S>),
    Config(&'a ComposePs<S>),
}

impl<S: Stage> Compose<S> {
    /// The verbs that are given: exactly one in a checked playbook.
    pub fn verbs(&self) -> Vec<ComposeVerb<'_, S>> {
        let mut verbs = Vec::new();
        verbs.extend(self.up.as_ref().map(ComposeVerb::Up));
        verbs.extend(self.down.as_ref().map(ComposeVerb::Down));
        verbs.extend(self.stop.as_ref().map(ComposeVerb::Stop));
        verbs.extend(self.start.as_ref().map(ComposeVerb::Start));
        verbs.extend(self.restart.as_ref().map(ComposeVerb::Restart));
        verbs.extend(self.exec.as_ref().map(ComposeVerb::Exec));
        verbs.extend(self.ps.as_ref().map(ComposeVerb::Ps));
        verbs.extend(self.logs.as_ref().map(ComposeVerb::Logs));
        verbs.extend(self.pull.as_ref().map(ComposeVerb::Pull));
        verbs.extend(self.run.as_ref().map(ComposeVerb::Run));
        verbs.extend(self.build.as_ref().map(ComposeVerb::Build));
        verbs.extend(self.config.as_ref().map(ComposeVerb::Config));
        verbs
    }
}
