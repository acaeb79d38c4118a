//! Requests a second with an access line each, beside nothing, actix's `Logger` and tracing-actix-web.

use crate::{
    Fault,
    load::{Request, load},
    process::{cpu_seconds, keep_on_core},
    report::{Notes, Round, Rounds, Target, head, line},
    server::HELLO,
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

/// Where the time of a request goes, by `perf record` on the server: shares of all its threads.
const OF_THE_REQUEST: &str = "\
access line: half of the server's time is the kernel's, for sockets, and a quarter is actix-web's, as without a line. A
fifth is ours. A third of that is the thread that writes, mostly inside write(2); a quarter takes the line's seventeen
fields apart and renders them; the rest is spread thin: the ids with the system's random numbers, the context that follows
the request, a header on the response, an entry in the request's extensions, the clock, and the memory of all this.";

const ROUNDS: usize = 9;
const TIME: Duration = Duration::from_millis(700);

/// A server in a process of its own, killed when it is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(who: &str, folder: &Path) -> Result<Self, Fault> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", who])
            .arg(folder.join(who))
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("a pipe was asked for")?;
        let mut first = String::new();
        BufReader::new(out).read_line(&mut first)?;
        match first.trim().parse() {
            Ok(address) => Ok(Self { process, address }),
            Err(_) => {
                process.kill()?;
                process.wait()?;
                Err(format!("the server {who} did not start").into())
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn run() -> Result<(), Fault> {
    // The load has a core of its own, and the servers, which do it themselves, the other.
    keep_on_core(1)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!("\naccess lines to a file, one worker, 32 connections; requests a second");
    head();
    runtime.block_on(compared())
}

async fn compared() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let request = Request {
        head: Arc::new(|_| {
            "GET /hello/maria HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench-logging/1.0\r\n\r\n"
                .to_owned()
        }),
        body: Bytes::new(),
    };
    let who = ["ours", "bare", "tracing", "actix"];
    let servers = who.map(|who| Server::start(who, folder.path()));
    let mut rounds: [Rounds; 4] = Default::default();
    for turn in 0..=ROUNDS {
        for (server, rounds) in servers.iter().zip(&mut rounds) {
            let server = server.as_ref().map_err(ToString::to_string)?;
            let id = Some(server.process.id());
            let cpu = cpu_seconds(id)?;
            let sent = Arc::new(AtomicUsize::new(0));
            let (answers, time) = load(server.address, &request, &sent, HELLO.len(), TIME).await?;
            // What waits in a queue is this round's work too.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let cpu = (cpu_seconds(id)? - cpu).max(0.01);
            // The first turn warms up.
            if turn > 0 {
                rounds.push(Round::rate(answers, time.as_secs_f64(), cpu));
            }
        }
    }
    let [ours, bare, tracing, actix] = &rounds;
    let beside_bare = line(
        "access line",
        "bare",
        ours,
        bare,
        Some(Target::AtLeast(0.8)),
    );
    let beside_tracing = line(
        "access line",
        "tracing-actix-web",
        ours,
        tracing,
        Some(Target::AtLeast(3.0)),
    );
    let beside_actix = line(
        "access line",
        "actix Logger",
        ours,
        actix,
        Some(Target::AtLeast(1.2)),
    );
    let mut notes = Notes::default();
    notes.unless(
        beside_bare && beside_tracing && beside_actix,
        OF_THE_REQUEST,
    );
    notes.print();
    for who in ["ours", "tracing", "actix"] {
        let text = std::fs::read_to_string(folder.path().join(who))?;
        println!("  {who}: {}", text.lines().last().ok_or("nobody logged")?);
    }
    Ok(())
}
