//! Servers in processes of their own, on the first core, killed when they are dropped.

use crate::{Fault, process::cpu_seconds};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// What can be refreshed.
    pub(crate) tokens: Vec<String>,
    /// Its database is in here; who is killed does not tidy up.
    _folder: TempDir,
}

impl Server {
    pub(crate) fn ours(format: &str, algorithm: &str, check: &str) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", format, algorithm, check]);
        Self::start(command)
    }

    /// Another's, by the script that starts it: `SCRIPT FORMAT ALGORITHM`.
    pub(crate) fn other(script: &Path, format: &str, algorithm: &str) -> Result<Self, Fault> {
        let mut command = Command::new("taskset");
        command
            .args(["-c", "0"])
            .arg(script)
            .args([format, algorithm]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        command
            .env("TMPDIR", folder.path())
            .env_remove("RF_TEST_DATABASE");
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().ok_or("a pipe was asked for")?;
        let mut lines = BufReader::new(out).lines();
        let mut server = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            tokens: Vec::new(),
            _folder: folder,
        };
        let first = lines.next().ok_or("the server did not start")??;
        server.address = first.trim().parse()?;
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            server.tokens.push(line);
        }
        // Whoever prints into a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(server)
    }

    pub(crate) fn cpu(&self) -> Result<f64, Fault> {
        cpu_seconds(Some(self.process.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
