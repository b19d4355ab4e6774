//! The least that running a workload's steps can cost: a process of its own that knows no YAML and no templates.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::spawn::{Epoll, Program, pipe, wait};
use crate::workload::{Shape, Task, Workload, needs};

/// How much a floor does beside starting and waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Limit,
    /// Two pipes a child, a log file a step, a journal that is written but not synced.
    Pipe,
    /// The same, and a start is on disk before its process is started.
    Sync,
}

impl Mode {
    /// As it is named in the table.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Limit => "limit",
            Mode::Pipe => "limit-pipe",
            Mode::Sync => "limit-sync",
        }
    }
}

/// Runs the steps of a workload, `jobs` at a time.
pub fn run(name: &str, mode: &str, jobs: &str, folder: &str) -> Result<(), String> {
    let workload = Workload::named(name).ok_or("no such workload")?;
    let Task::Steps { count, shape, script, .. } = workload.task else {
        return Err("it has no steps".into());
    };
    let mode = [Mode::Limit, Mode::Pipe, Mode::Sync]
        .into_iter()
        .find(|m| m.name() == mode)
        .ok_or("no such floor")?;
    let jobs = jobs.parse().map_err(|_| "jobs is a number")?;
    let program = Program::new(&["/bin/sh", "-c", script])?;
    let order = Order::new(count, shape);
    let ran = match mode {
        Mode::Limit => bare(order, &program, jobs),
        Mode::Pipe | Mode::Sync => Engine::open(Path::new(folder), mode == Mode::Sync)
            .and_then(|engine| engine.run(order, &program, jobs)),
    };
    ran.map_err(|e| e.to_string())
}

/// Which steps may start.
struct Order {
    ready: VecDeque<usize>,
    waiting: Vec<u32>,
    followers: Vec<Vec<usize>>,
    left: usize,
}

impl Order {
    fn new(count: usize, shape: Shape) -> Order {
        let mut order = Order {
            ready: VecDeque::new(),
            waiting: vec![0; count],
            followers: vec![Vec::new(); count],
            left: count,
        };
        for step in 0..count {
            let needs = needs(shape, step);
            order.waiting[step] = needs.len() as u32;
            if needs.is_empty() {
                order.ready.push_back(step);
            }
            needs.into_iter().for_each(|need| order.followers[need].push(step));
        }
        order
    }

    fn ended(&mut self, step: usize) {
        self.left -= 1;
        for follower in std::mem::take(&mut self.followers[step]) {
            self.waiting[follower] -= 1;
            if self.waiting[follower] == 0 {
                self.ready.push_back(follower);
            }
        }
    }
}

/// Starts and waits, nothing else.
fn bare(mut order: Order, program: &Program, jobs: usize) -> io::Result<()> {
    let mut running = HashMap::new();
    while order.left > 0 {
        while running.len() < jobs
            && let Some(step) = order.ready.pop_front()
        {
            running.insert(program.start(None, None)?, step);
        }
        let (pid, well) = wait(-1)?;
        if let Some(step) = running.remove(&pid) {
            order.ended(step);
        }
        must(well)?;
    }
    Ok(())
}

fn must(well: bool) -> io::Result<()> {
    if well { Ok(()) } else { Err(io::Error::other("a step failed")) }
}

/// A step that runs.
struct Running {
    pid: libc::pid_t,
    pipes: [Option<OwnedFd>; 2],
    log: Option<File>,
}

/// What an engine cannot do without.
struct Engine {
    folder: PathBuf,
    synced: bool,
    journal: File,
    lines: Vec<u8>,
    dirty: bool,
    epoll: Epoll,
    running: HashMap<usize, Running>,
    buffer: Vec<u8>,
}

impl Engine {
    fn open(folder: &Path, synced: bool) -> io::Result<Engine> {
        let journal = OpenOptions::new().append(true).create(true).open(folder.join("journal.jsonl"))?;
        Ok(Engine {
            folder: folder.to_path_buf(),
            synced,
            journal,
            lines: Vec::new(),
            dirty: false,
            epoll: Epoll::new()?,
            running: HashMap::new(),
            buffer: vec![0; 64 * 1024],
        })
    }

    fn run(mut self, mut order: Order, program: &Program, jobs: usize) -> io::Result<()> {
        let mut keys = Vec::new();
        while order.left > 0 {
            let room = jobs - self.running.len();
            let batch: Vec<usize> = (0..room).map_while(|_| order.ready.pop_front()).collect();
            batch.iter().for_each(|step| self.record("attempt_started", *step));
            self.write(self.synced && !batch.is_empty())?;
            for step in batch {
                self.start(step, program)?;
            }
            self.epoll.wait(&mut keys)?;
            for key in &keys {
                let (step, stream) = ((key >> 1) as usize, (key & 1) as usize);
                if self.read(step, stream)? {
                    order.ended(step);
                }
            }
        }
        self.write(self.synced)
    }

    /// A line as long as an engine's; one write takes all of a turn.
    fn record(&mut self, what: &str, step: usize) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let begin = self.lines.len();
        let line = format!(
            r#"{{"kind":"{what}","step":"s{step}","at":{}.{:09},"pad":""#,
            now.as_secs(),
            now.subsec_nanos()
        );
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.resize((begin + 197).max(self.lines.len()), b'.');
        self.lines.extend_from_slice(b"\"}\n");
    }

    fn write(&mut self, synced: bool) -> io::Result<()> {
        if !self.lines.is_empty() {
            self.journal.write_all(&self.lines)?;
            self.lines.clear();
            self.dirty = true;
        }
        if synced && self.dirty {
            self.journal.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    fn start(&mut self, step: usize, program: &Program) -> io::Result<()> {
        let (out, out_end) = pipe(false)?;
        let (err, err_end) = pipe(false)?;
        let pid = program.start(Some(out_end.as_raw_fd()), Some(err_end.as_raw_fd()))?;
        self.epoll.add(&out, (step as u64) << 1)?;
        self.epoll.add(&err, (step as u64) << 1 | 1)?;
        self.running.insert(step, Running { pid, pipes: [Some(out), Some(err)], log: None });
        Ok(())
    }

    /// Reads once from a step's pipe. True when the step has ended.
    fn read(&mut self, step: usize, stream: usize) -> io::Result<bool> {
        let Some(running) = self.running.get_mut(&step) else { return Ok(false) };
        let Some(fd) = running.pipes[stream].take() else { return Ok(false) };
        let mut pipe = File::from(fd);
        let read = pipe.read(&mut self.buffer);
        let fd = OwnedFd::from(pipe);
        match read {
            Ok(0) => self.epoll.remove(&fd)?,
            Ok(n) => {
                let log = running.log.take().map_or_else(|| log(&self.folder, step), Ok)?;
                running.log.insert(log).write_all(&self.buffer[..n])?;
                running.pipes[stream] = Some(fd);
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => running.pipes[stream] = Some(fd),
            Err(e) => return Err(e),
        }
        if running.pipes.iter().any(Option::is_some) {
            return Ok(false);
        }
        let (_, well) = wait(running.pid)?;
        if running.log.is_none() {
            log(&self.folder, step)?;
        }
        self.running.remove(&step);
        self.record("step_ended", step);
        must(well).map(|()| true)
    }
}

/// A step's log; made at its first byte, or empty at its end.
fn log(folder: &Path, step: usize) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(folder.join(format!("s{step}.log")))
}
