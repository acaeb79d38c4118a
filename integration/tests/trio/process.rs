//! The three as processes in folders of their own, on free ports.

use reqwest::{Client, Response, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};
use tempfile::TempDir;

pub(crate) const AUTHORIZATION_SERVER: &str = env!("CARGO_BIN_EXE_authorization-server-under-test");
pub(crate) const RESOURCE_SERVER: &str = env!("CARGO_BIN_EXE_resource-server-under-test");
pub(crate) const SIGN_IN: &str = env!("CARGO_BIN_EXE_sign-in-under-test");

/// One of them. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    pub(crate) base: String,
    pub(crate) dir: TempDir,
}

impl Running {
    pub(crate) fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), program, variables)
    }

    /// Starts in `dir`, which may hold what an earlier run left.
    pub(crate) fn start_in(dir: TempDir, program: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = command(dir.path(), program)
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let base = (&mut said).lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("open at http://")?;
            Some(format!("http://{}", rest.split('/').next()?))
        });
        // Whoever prints into a closed pipe dies of it: keep reading.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let Some(base) = base else {
            let output = child.wait_with_output().unwrap();
            panic!(
                "{program} did not start: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        Self { child, base, dir }
    }

    /// Asks it to end, and gives how it ended and its folder.
    pub(crate) fn stop(mut self) -> (ExitStatus, TempDir) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        (status, dir)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program in `dir`, without any variable of the test's own surroundings.
pub(crate) fn command(dir: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
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

/// All of them, knowing each other.
pub(crate) struct Trio {
    pub(crate) server: Running,
    pub(crate) api: Running,
    pub(crate) shop: Running,
}

impl Trio {
    /// `check`: how the API checks tokens.
    pub(crate) fn start(check: &str) -> Self {
        // The issuer names the port before there is a server: a port that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let issuer = format!("http://{free}");
        let bind = free.to_string();
        let server = Running::start(
            AUTHORIZATION_SERVER,
            &[
                ("RF_SERVER__BIND", &bind),
                ("RF_OAUTH2__ISSUER", &issuer),
                ("RF_LOGGING__OUTPUTS", "[{ file = \"app.log\" }]"),
            ],
        );
        let api = Running::start(
            RESOURCE_SERVER,
            &[
                ("BIND", "127.0.0.1:0"),
                ("ISSUER", &issuer),
                ("CHECK", check),
            ],
        );
        let shop = Running::start(
            SIGN_IN,
            &[
                ("BIND", "127.0.0.1:0"),
                ("ISSUER", &issuer),
                ("API", &api.base),
            ],
        );
        Self { server, api, shop }
    }
}

/// A browser: keeps cookies, and stops at every redirect.
pub(crate) struct Browser(pub(crate) Client);

impl Browser {
    pub(crate) fn new() -> Self {
        Self(
            Client::builder()
                .no_proxy()
                .cookie_store(true)
                .redirect(Policy::none())
                .build()
                .unwrap(),
        )
    }

    pub(crate) async fn get(&self, url: &str) -> Response {
        self.0
            .get(url)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Response {
        self.0
            .post(url)
            .header("sec-fetch-site", "same-origin")
            .form(form)
            .send()
            .await
            .unwrap()
    }
}

/// Where an answer leads, seen from `base`.
#[track_caller]
pub(crate) fn location(answer: &Response) -> String {
    assert!(
        answer.status().is_redirection(),
        "{} of {}",
        answer.status(),
        answer.url()
    );
    let to = answer.headers()["location"].to_str().unwrap();
    answer.url().join(to).unwrap().to_string()
}

/// The value of a hidden field, unescaped.
#[track_caller]
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split_once('"')
        .unwrap()
        .0
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}
