//! A real `shoal serve` in a folder of its own: started, asked over HTTP, killed, started again.
//!
//! In: settings as `KEY=VALUE`. Out: an address that stays the same over restarts, answers as JSON, the log. Dropping it kills the
//! process and removes the folder. Not here: what the tests ask.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::ports::free_address;

/// A start, a stop or an answer that takes longer is a failure of the test.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that another process does.
const PAUSE: Duration = Duration::from_millis(5);
/// What the log says before the address.
const ANSWERS_ON: &str = "answers on http://";

/// The program with none of the settings that the tests' own environment may have.
pub(crate) fn shoal() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SHOAL_")) {
        command.env_remove(name);
    }
    command
}

/// One node as a process. Its methods panic with what went wrong and the end of the log.
pub(crate) struct Server {
    child: Option<Child>,
    folder: TempDir,
    settings: Vec<String>,
    /// A library whose functions stand before the system's.
    preloaded: Option<PathBuf>,
    /// `host:port`; the port is the system's choice at the first start and kept afterwards.
    address: String,
    agent: ureq::Agent,
}

impl Server {
    /// Starts a node with default settings on a free port and waits until it is ready.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`Server::start`], with `KEY=VALUE` settings.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let mut server = Self::prepared(settings);
        server.restart();
        server
    }

    /// Starts several nodes at once, each with its settings, and waits until all are ready.
    pub(crate) fn start_all(settings: &[Vec<String>]) -> Vec<Self> {
        let of = |settings: &Vec<String>| Self::prepared(&settings.iter().map(String::as_str).collect::<Vec<_>>());
        let mut servers: Vec<Self> = settings.iter().map(of).collect();
        let begun: Vec<usize> = servers.iter_mut().map(Self::launch).collect();
        servers.iter_mut().zip(begun).for_each(|(server, before)| server.wait_until_ready(before));
        servers
    }

    /// A node that is not started yet.
    pub(crate) fn prepared(settings: &[&str]) -> Self {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(PATIENCE));
        Self {
            child: None,
            folder: tempfile::tempdir().expect("a temporary folder"),
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            preloaded: None,
            address: free_address(),
            agent: config.build().into(),
        }
    }

    /// A setting that it will start with, or did.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find_map(|setting| setting.strip_prefix(key)?.strip_prefix('='))
    }

    /// One more setting, from the next start on.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.settings.push(format!("{key}={value}"));
    }

    /// From the next start on, a library's functions stand before the system's.
    pub(crate) fn preload(&mut self, library: PathBuf) {
        self.preloaded = Some(library);
    }

    /// Starts it again in the same folder on the same address, after [`Server::kill`] or [`Server::stop`], and waits until it is ready.
    pub(crate) fn restart(&mut self) {
        let before = self.launch();
        self.wait_until_ready(before);
    }

    /// Starts it without waiting. Out: how long the log was before.
    pub(crate) fn launch(&mut self) -> usize {
        assert!(self.child.is_none(), "the node still runs");
        let before = self.log().len();
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log file");
        self.child = Some(self.spawn(log));
        before
    }

    /// Waits until a start is done. `before`: how long the log was.
    pub(crate) fn wait_until_ready(&mut self, before: usize) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready(before) {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("a child to wait for")) {
                panic!("the node ended at its start with {status}:\n{}", self.log_end());
            }
            assert!(Instant::now() < deadline, "the node is not ready after {PATIENCE:?}:\n{}", self.log_end());
            std::thread::sleep(PAUSE);
        }
    }

    fn spawn(&self, log: File) -> Child {
        let mut command = shoal();
        command.arg("serve").arg("--data").arg(self.data()).args(["--http", &self.address]);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command.envs(self.preloaded.iter().map(|library| ("LD_PRELOAD", library)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the program starts")
    }

    /// Learns the address from what this start has logged, then asks there.
    fn is_ready(&mut self, logged_before: usize) -> bool {
        let log = self.log();
        let Some(said) = log.get(logged_before..).and_then(|new| new.split_once(ANSWERS_ON)) else { return false };
        let Some((line, _)) = said.1.split_once('\n') else { return false };
        self.address = line.split_whitespace().next().unwrap_or_default().to_owned();
        self.agent.get(format!("{}/_health/ready", self.url())).call().is_ok_and(|answer| answer.status() != 503)
    }

    /// `http://host:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder that the node keeps its data in.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The id of the running process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running node").id()
    }

    /// Everything that was logged, over all starts.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The lines of the log that an operator would have to look at.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let is_complaint =
            |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ") || line.contains("panicked");
        self.log().lines().filter(is_complaint).map(str::to_owned).collect()
    }

    /// Kills it with SIGKILL, as a loss of power would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("a running node");
        child.kill().expect("a process to kill");
        child.wait().expect("a process to wait for");
    }

    /// Stops it where it is, without a word to anybody; [`Server::thaw`] lets it go on.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(self.child.as_ref().expect("a running node"));
        kill_process(pid, signal).expect("a process to signal");
    }

    /// Asks it to end with SIGTERM, without waiting.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to end with SIGTERM and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running node");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("a child to wait for") {
                return status;
            }
            if Instant::now() > deadline {
                // Put back, so that it is killed when this is dropped.
                self.child = Some(child);
                panic!("the node still runs after {PATIENCE:?}:\n{}", self.log_end());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Sends one request; `body` is JSON, or the lines of a `_bulk` or `_msearch`, or empty. `Err`: no whole answer came.
    pub(crate) fn try_ask(&self, method: &str, target: &str, body: &str) -> Result<(u16, Value), ureq::Error> {
        let lines = target.contains("_bulk") || target.contains("_msearch");
        let kind = if lines { "application/x-ndjson" } else { "application/json" };
        let url = format!("{}{target}", self.url());
        let mut answer = match method {
            "GET" => self.agent.get(url).header("content-type", kind).force_send_body().send(body)?,
            "DELETE" => self.agent.delete(url).header("content-type", kind).force_send_body().send(body)?,
            "HEAD" => self.agent.head(url).call()?,
            "PUT" => self.agent.put(url).header("content-type", kind).send(body)?,
            "POST" => self.agent.post(url).header("content-type", kind).send(body)?,
            _ => panic!("no test needs {method}"),
        };
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
        let json =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok((answer.status().as_u16(), json))
    }

    /// As [`Server::try_ask`], of a node that must answer.
    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let answer = self.try_ask(method, target, body);
        answer.unwrap_or_else(|error| panic!("{method} {target}: {error}\n{}", self.log_end()))
    }

    /// As [`Server::ask`], of a request that must succeed.
    pub(crate) fn ok(&self, method: &str, target: &str, body: &str) -> Value {
        let (status, answer) = self.ask(method, target, body);
        assert!((200..300).contains(&status), "{method} {target}: {status} {answer}\n{}", self.log_end());
        answer
    }

    fn log_path(&self) -> PathBuf {
        Path::join(self.folder.path(), "node.log")
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
