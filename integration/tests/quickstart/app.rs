//! The quickstart as a process in a folder of its own, on a free port.

use reqwest::{Client, Response, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quickstart-under-test");
const LOG: &str = "app.log";

/// A running quickstart. Dropping it kills it.
pub(crate) struct App {
    child: Child,
    pub(crate) base: String,
    pub(crate) dir: TempDir,
}

impl App {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), variables)
    }

    /// Starts in `dir`, which may hold what an earlier run left.
    pub(crate) fn start_in(dir: TempDir, variables: &[(&str, &str)]) -> Self {
        let mut child = command(dir.path())
            .env("RF_SERVER__BIND", "127.0.0.1:0")
            .env("RF_SERVER__WORKERS", "2")
            .env(
                "RF_LOGGING__OUTPUTS",
                format!("[{{ file = \"{LOG}\", format = \"json\" }}]"),
            )
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let base = address(&mut said);
        // Whoever prints into a closed pipe dies of it: keep reading.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let Some(base) = base else {
            let output = child.wait_with_output().unwrap();
            panic!(
                "the quickstart did not start: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        Self { child, base, dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// kill -9, and the folder as it was at that moment.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// The log so far, a JSON value a line.
    pub(crate) fn log(&self) -> Vec<Value> {
        fs::read_to_string(self.dir.path().join(LOG))
            .unwrap()
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
            })
            .collect()
    }

    pub(crate) fn log_text(&self) -> String {
        fs::read_to_string(self.dir.path().join(LOG)).unwrap()
    }

    /// The most memory the process ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }

    /// A token of `demo-service`.
    pub(crate) async fn service_token(&self, scope: &str) -> String {
        let answer = client()
            .post(self.url("/oauth/token"))
            .basic_auth("demo-service", Some("demo-secret"))
            .form(&[("grant_type", "client_credentials"), ("scope", scope)])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        json(answer).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program in `dir`, without any variable of the test's own surroundings.
pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RF_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The address the tour names, or nothing if the program ended before it said one.
fn address(said: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    while said
        .read_line(&mut line)
        .ok()
        .filter(|read| *read > 0)
        .is_some()
    {
        if let Some((_, rest)) = line.split_once("open at ") {
            return rest
                .split_whitespace()
                .next()
                .map(|url| url.trim_end_matches('/').to_owned());
        }
        line.clear();
    }
    None
}

/// A client that keeps cookies and follows nothing by itself.
pub(crate) fn client() -> Client {
    Client::builder()
        .redirect(Policy::none())
        .cookie_store(true)
        .no_proxy()
        .build()
        .unwrap()
}

pub(crate) async fn json(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}
