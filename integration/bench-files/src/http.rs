//! Files over HTTP from a local disk: reading beside actix-files, writing beside tokio::fs and actix-multipart.

use crate::{
    Fault,
    load::{Request, load},
    process::{cpu_seconds, keep_on_core, peak_mib},
    report::{Round, Rounds, Target, bound, head, line},
};
use bytes::Bytes;
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const ROUNDS: usize = 7;

/// What a profile says of targets that are missed.
const WRITTEN: &str = "\
PUT and multipart, by perf: three quarters of the CPU time of either side are the kernel's, for copying out of the socket
and for making and filling the pages of the file. They are the same on both sides, so a server on these calls can be 1.33
times as fast as tokio::fs at most. Of the last quarter, ours copies half as much (memmove 6 % beside 11 % of all). Beside
other work on the machine, read the column `by CPU`: tokio::fs has more threads, which get a larger share.";

/// A server in a process of its own, killed when it is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path, nodelay: &str) -> Result<Self, Fault> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(folder)
            .arg(nodelay)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("a pipe was asked for")?;
        let mut first = String::new();
        BufReader::new(out).read_line(&mut first)?;
        let address = first.trim().parse();
        let server = Self {
            process,
            address: address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
        };
        match server.address.port() {
            0 => Err("the server did not start".into()),
            _ => Ok(server),
        }
    }

    fn peak_mib(&self) -> Result<f64, Fault> {
        peak_mib(Some(self.process.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is read or written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Get,
    Put,
}

pub(crate) fn run(way: Way) -> Result<(), Fault> {
    // The load has a core of its own, and the servers, which do it themselves, the other.
    keep_on_core(1)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let what = if way == Way::Get { "read" } else { "written" };
    println!("\nfiles {what} over HTTP, one worker, 32 connections; requests a second");
    head();
    let disk = tempfile::tempdir()?;
    match way {
        Way::Get => runtime.block_on(reading(disk.path())),
        Way::Put => {
            // A disk is the same to both, and slow: in memory one sees what each adds to it.
            let memory = tempfile::tempdir_in("/dev/shm")?;
            runtime.block_on(writing("memory", memory.path()))?;
            runtime.block_on(writing("disk", disk.path()))?;
            println!("{WRITTEN}");
            Ok(())
        }
    }
}

/// One side of a comparison.
struct Side<'a> {
    server: &'a Server,
    request: Request,
}

impl<'a> Side<'a> {
    fn get(server: &'a Server, path: &'static str) -> Self {
        let head = move |_| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Self {
            server,
            request: Request {
                head: Arc::new(head),
                body: Bytes::new(),
            },
        }
    }

    /// Every request makes a new file, as uploads do.
    fn put(server: &'a Server, path: &'static str) -> Self {
        let head = move |number| {
            format!(
                "PUT {path}/put{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MIB}\r\n\r\n"
            )
        };
        Self {
            server,
            request: Request {
                head: Arc::new(head),
                body: vec![b'x'; MIB].into(),
            },
        }
    }

    /// The name in the form is always the same length, so that the body has one length.
    fn form(server: &'a Server, path: &'static str) -> Self {
        let part = |number| {
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"form{number:06}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            )
        };
        let after = "\r\n--b--\r\n";
        let length = part(0).len() + MIB + after.len();
        let head = move |number| {
            format!(
                "POST {path}/form{number:06} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
                 Content-Type: multipart/form-data; boundary=b\r\n\r\n{}",
                part(number)
            )
        };
        Self {
            server,
            request: Request {
                head: Arc::new(head),
                body: [&vec![b'x'; MIB], after.as_bytes()].concat().into(),
            },
        }
    }
}

async fn reading(folder: &Path) -> Result<(), Fault> {
    for (name, size) in [("4k", 4 * KIB), ("1m", MIB), ("100m", 100 * MIB)] {
        std::fs::write(folder.join(name), vec![b'x'; size])?;
    }
    let ours = Server::start(folder, "nodelay")?;
    let stock = Server::start(folder, "stock")?;
    let tuned = Server::start(folder, "nodelay")?;
    let sides = |mine, theirs| {
        [
            Side::get(&ours, mine),
            Side::get(&stock, theirs),
            Side::get(&tuned, theirs),
        ]
    };
    let second = Duration::from_secs(1);
    let small = rounds(&sides("/rf/4k", "/files/4k"), 4 * KIB, second).await?;
    show("GET 4 KiB", "actix-files", &small, 1, 3.5);
    show("GET 4 KiB", "actix-files, nodelay", &small, 2, 1.4);
    let middle = rounds(&sides("/rf/1m", "/files/1m"), MIB, second).await?;
    show("GET 1 MiB", "actix-files", &middle, 1, 1.05);
    show("GET 1 MiB", "actix-files, nodelay", &middle, 2, 1.05);
    let before = ours.peak_mib()?;
    let large = &sides("/rf/100m", "/files/100m")[..2];
    let large = rounds(large, 100 * MIB, 2 * second).await?;
    show("GET 100 MiB", "actix-files", &large, 1, 1.05);
    // Two chunks of 256 KiB a connection, and what the allocator makes of them.
    let grown = ours.peak_mib()? - before;
    bound(
        "GET 100 MiB, 32 at once",
        "MiB resident more",
        grown,
        Some(32.0),
    );
    Ok(())
}

async fn writing(medium: &str, folder: &Path) -> Result<(), Fault> {
    let ours = Server::start(folder, "nodelay")?;
    let peer = Server::start(folder, "nodelay")?;
    let time = Duration::from_millis(500);
    let raw = [Side::put(&ours, "/rf"), Side::put(&peer, "/tokio")];
    let raw = rounds(&raw, 0, time).await?;
    let scenario = format!("PUT 1 MiB, {medium}");
    show(&scenario, "tokio::fs", &raw, 1, 1.4);
    let forms = [
        Side::form(&ours, "/rf-form"),
        Side::form(&peer, "/temp-form"),
    ];
    let forms = rounds(&forms, 0, time).await?;
    let scenario = format!("multipart 1 MiB, {medium}");
    show(&scenario, "actix-multipart TempFile", &forms, 1, 1.7);
    Ok(())
}

/// All sides in turn, round after round; the first one warms the caches and does not count.
///
/// What was written stays to the end: ext4 looks for a new file longer when others have just been removed.
async fn rounds(sides: &[Side<'_>], length: usize, time: Duration) -> Result<Vec<Rounds>, Fault> {
    let mut all = vec![Rounds::default(); sides.len()];
    let sent = Arc::new(AtomicUsize::new(0));
    for round in 0..=ROUNDS {
        for (side, rounds) in sides.iter().zip(&mut all) {
            let id = Some(side.server.process.id());
            let before = cpu_seconds(id)?;
            let (count, taken) =
                load(side.server.address, &side.request, &sent, length, time).await?;
            let cpu = cpu_seconds(id)? - before;
            if round > 0 {
                rounds.push(Round::rate(count, taken.as_secs_f64(), cpu));
            }
        }
    }
    Ok(all)
}

fn show(scenario: &str, peer: &str, rounds: &[Rounds], side: usize, least: f64) {
    line(
        scenario,
        peer,
        &rounds[0],
        &rounds[side],
        Some(Target::AtLeast(least)),
    );
}
