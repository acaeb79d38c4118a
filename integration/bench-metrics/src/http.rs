//! Requests a second: servers of one worker each, on one core, and the load on the other.

use crate::{
    Fault,
    load::{Request, load},
    process::{cpu_seconds, keep_on_core},
    report::{Notes, Round, Rounds, Target, head, line},
};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(1500);

// What profiles showed: instructions by callgrind for the middleware alone, samples of CPU time for everything together.
const MIDDLEWARE: &str = "metrics middleware, bare: more than half of what it adds, 56 % of the instructions, is \
    actix-web-prom, which makes the labels of each request anew and looks up both series. 13 % find the pattern of the \
    route and its series, 8 % begin a request (in-flight gauge, the path it is on its way to), 5 % are the time to first \
    byte; the rest is the wrapping of response and body. Six tenths and more of a bare request are the kernel's sockets.";
const BESIDE_PROM: &str = "metrics middleware, actix-web-prom: ours drives actix-web-prom by hand, with a request that \
    stands for the route, so that no pattern is formatted; with all it counts beside, it runs seven tenths of the \
    instructions of actix-web-prom alone. In time the two are a few hundredths apart, in either direction.";
const EVERYTHING: &str = "everything on, bare: 52 % of the CPU time are the kernel's (48 % sockets, 4 % writes of the log), \
    40 % actix-web, this library and what they stand on, 6 % memory, 1 % the clock. No function of user code has more than \
    2 %; the largest are copies of memory and the router's regular expressions, which a bare app has as well.";
const BESIDE_ASSEMBLED: &str = "everything on, assembled by hand: of the assembled stack's time nearly half is the check of the \
    signature and a sixth the kernel's sockets. Bare actix, which does nothing, is eight to nine times as fast, so six times \
    is seven tenths of bare: more than the target beside bare asks for, when half of the time is the kernel's already.";

/// A server in a process of its own, which ends with it.
struct Server {
    process: Child,
    address: SocketAddr,
    token: String,
}

impl Server {
    fn start(kind: &str, folder: &Path) -> Result<Self, Fault> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", kind])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut next = || {
            lines
                .next()
                .ok_or(format!("the server {kind} did not start"))
        };
        let (address, token) = (next()??.parse()?, next()??);
        Ok(Self {
            process,
            address,
            token,
        })
    }

    async fn round(&self, sent: &Arc<AtomicUsize>) -> Result<Round, Fault> {
        let head = format!(
            "GET /orders/7 HTTP/1.1\r\nhost: bench\r\nuser-agent: bench\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        );
        let request = Request {
            head: Arc::new(move |_| head.clone()),
            body: bytes::Bytes::new(),
        };
        let before = cpu_seconds(Some(self.process.id()))?;
        let (done, took) = load(self.address, &request, sent, 2, ROUND).await?;
        let cpu = cpu_seconds(Some(self.process.id()))? - before;
        Ok(Round::rate(done, took.as_secs_f64(), cpu))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn run() -> Result<(), Fault> {
    keep_on_core(1)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(compare())
}

async fn compare() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let kinds = ["bare", "prom", "ours", "guard", "everything", "assembled"];
    let servers: Vec<Server> = kinds
        .iter()
        .map(|kind| Server::start(kind, folder.path()))
        .collect::<Result<_, _>>()?;
    let mut rounds = vec![Rounds::default(); kinds.len()];
    let sent = Arc::new(AtomicUsize::new(0));
    for server in &servers {
        // What is made at the first request is made now.
        server.round(&sent).await?;
    }
    for _ in 0..ROUNDS {
        for (server, rounds) in servers.iter().zip(&mut rounds) {
            rounds.push(server.round(&sent).await?);
        }
    }
    let [bare, prom, ours, guard, everything, assembled] = rounds.as_slice() else {
        return Err("a server is missing".into());
    };
    head();
    let least = |target| Some(Target::AtLeast(target));
    let mut notes = Notes::default();
    let met = line("metrics middleware", "bare actix", ours, bare, least(0.90));
    notes.unless(met, MIDDLEWARE);
    let met = line(
        "metrics middleware",
        "actix-web-prom",
        ours,
        prom,
        least(1.0),
    );
    notes.unless(met, BESIDE_PROM);
    line("actix-web-prom", "bare actix", prom, bare, None);
    line(
        "guard, cached token",
        "bare actix, header",
        guard,
        bare,
        least(0.90),
    );
    let met = line("everything on", "bare actix", everything, bare, least(0.60));
    notes.unless(met, EVERYTHING);
    let met = line(
        "everything on",
        "assembled by hand",
        everything,
        assembled,
        least(6.0),
    );
    notes.unless(met, BESIDE_ASSEMBLED);
    notes.print();
    Ok(())
}
