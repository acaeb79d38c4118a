//! The order service as a process in a folder of its own, on free ports.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_observability-under-test");

/// A running service. Dropping it kills it.
pub(crate) struct App {
    child: Child,
    shop: String,
    scrape: String,
    dir: TempDir,
}

impl App {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .current_dir(dir.path())
            .env("RF_SERVER__BIND", "127.0.0.1:0")
            .env("RF_METRICS__BIND", "127.0.0.1:0")
            .env("RF_SERVER__WORKERS", "2")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // Whoever prints into a closed pipe dies of it: keep reading.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let mut addresses = line.split("http://").skip(1);
        let mut next = || {
            let address = addresses.next().and_then(|rest| rest.split_once('/'));
            format!("http://{}", address.expect(&line).0)
        };
        let (shop, scrape) = (next(), next());
        Self {
            child,
            shop,
            scrape,
            dir,
        }
    }

    pub(crate) fn shop(&self, path: &str) -> String {
        format!("{}{path}", self.shop)
    }

    /// At the address of the scrape.
    pub(crate) fn scraped(&self, path: &str) -> String {
        format!("{}{path}", self.scrape)
    }

    pub(crate) async fn scrape(&self, accept: &str) -> String {
        let request = reqwest::Client::new()
            .get(self.scraped("/metrics"))
            .header("accept", accept)
            .bearer_auth("scrape-me");
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Asks it to end, and gives its folder.
    pub(crate) fn stop(mut self) -> TempDir {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
