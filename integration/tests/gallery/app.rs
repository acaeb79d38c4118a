//! The gallery as a process in a folder of its own, on a free port.

use reqwest::{
    Client, Response, StatusCode,
    multipart::{Form, Part},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_gallery-under-test");

/// The first bytes of a PNG, which tell its type.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";

/// A running gallery. Dropping it kills it.
pub(crate) struct App {
    child: Child,
    pub(crate) base: String,
    pub(crate) dir: TempDir,
}

impl App {
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// Starts in `dir`, which may hold what an earlier run left.
    pub(crate) fn start_in(dir: TempDir) -> Self {
        let mut child = command(dir.path())
            .env("RF_SERVER__BIND", "127.0.0.1:0")
            .env("RF_SERVER__WORKERS", "2")
            .env("RF_LOGGING__OUTPUTS", "[{ file = \"app.log\" }]")
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let base = address(&mut said);
        // Whoever prints into a closed pipe dies of it: keep reading.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let Some(base) = base else {
            let output = child.wait_with_output().unwrap();
            panic!(
                "the gallery did not start: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        Self { child, base, dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Asks it to end, and gives how it ended and its folder.
    pub(crate) fn stop(mut self, signal: Signal) -> (ExitStatus, TempDir) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let status = self.child.wait().unwrap();
        (
            status,
            std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap()),
        )
    }

    /// Sends files in one form.
    pub(crate) async fn send(&self, album: &str, files: &[(&str, Vec<u8>)]) -> (StatusCode, Value) {
        let form = files
            .iter()
            .fold(Form::new().text("note", "none"), |form, (name, content)| {
                form.part(
                    "file",
                    Part::bytes(content.clone()).file_name((*name).to_owned()),
                )
            });
        let request = client()
            .post(self.url(&format!("/api/{album}")))
            .multipart(form);
        answered(request.send().await.unwrap()).await
    }

    /// A page of an album.
    pub(crate) async fn list(&self, album: &str, query: &str) -> Value {
        let (status, page) = self.get(&format!("/api/{album}{query}")).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answered(client().get(self.url(path)).send().await.unwrap()).await
    }

    /// Asks for a link with this body.
    pub(crate) async fn link(&self, path: &str, body: &'static str) -> (StatusCode, Value) {
        let request = client()
            .post(self.url(&format!("{path}/link")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        answered(request.send().await.unwrap()).await
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A picture that no other number gives, of `size` bytes.
pub(crate) fn picture(number: u8, size: usize) -> Vec<u8> {
    let mut content = PNG.to_vec();
    content.resize(size, number);
    content
}

/// The keys of a listing, or of what an upload kept.
pub(crate) fn keys(page: &Value) -> Vec<String> {
    let files = page["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["key"].as_str().unwrap().to_owned())
        .collect()
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
    said.lines().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("open at ")?;
        Some(rest.trim().trim_end_matches('/').to_owned())
    })
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// Status and JSON of an answer; a refusal must be a problem document with the request id.
async fn answered(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let kind = answer.headers().get("content-type").cloned();
    let text = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if !status.is_success() {
        assert_eq!(kind.unwrap(), "application/problem+json", "{text}");
        assert_eq!(body["status"], status.as_u16(), "{text}");
        assert!(body["request_id"].is_string(), "{text}");
    }
    (status, body)
}
