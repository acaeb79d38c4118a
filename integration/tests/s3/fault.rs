//! An S3 server of ours, in memory, that fails when and how it is told.
//!
//! It checks no signature (the other server does), keeps the rules of S3 that matter here, and remembers every
//! request.

pub(crate) mod bucket;
pub(crate) mod http;
mod listing;
mod multipart;

use bucket::{BUCKET, Bucket};
pub(crate) use http::{Op, Request};
use http::{Response, digest};
use rf::storage::{S3Config, S3Storage};
use std::{
    fmt,
    io::{BufReader, Read},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::watch;

pub(crate) const MIB: usize = 1024 * 1024;
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "a-secret-that-shows-nowhere";

/// How a request goes wrong.
#[derive(Clone)]
pub(crate) enum Fault {
    /// An error instead of the answer; nothing is done.
    Status(u16, &'static str),
    /// The connection ends instead of an answer, with the body unread; nothing is done.
    Reset,
    /// `200` with an `<Error>` for a body; nothing is done.
    ErrorIn200,
    /// Half of the body, then the end of the connection.
    Truncated,
    /// Half of the body, then nothing any more.
    Stalled,
    /// The request is done, and the connection ends instead of an answer.
    Lost,
    /// No answer at all, though the request is done.
    Silent,
    /// The request is done, and the answer waits for [`FaultServer::release`].
    Held,
    /// A good answer, and then the bucket is changed.
    Then(Arc<dyn Fn(&mut Bucket) + Send + Sync>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, code) => write!(f, "{status} {code}"),
            Self::Reset => f.write_str("Reset"),
            Self::ErrorIn200 => f.write_str("ErrorIn200"),
            Self::Truncated => f.write_str("Truncated"),
            Self::Stalled => f.write_str("Stalled"),
            Self::Lost => f.write_str("Lost"),
            Self::Silent => f.write_str("Silent"),
            Self::Held => f.write_str("Held"),
            Self::Then(_) => f.write_str("Then"),
        }
    }
}

pub(crate) const SLOW_DOWN: Fault = Fault::Status(503, "SlowDown");
pub(crate) const DENIED: Fault = Fault::Status(403, "AccessDenied");

struct Rule {
    times: usize,
    when: Box<dyn Fn(&Request) -> bool + Send>,
    fault: Fault,
}

#[derive(Default)]
struct State {
    bucket: Bucket,
    rules: Vec<Rule>,
    log: Vec<Request>,
    connections: Vec<TcpStream>,
    released: bool,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    release: Condvar,
    changes: watch::Sender<usize>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// The running server; dropped, it stops.
pub(crate) struct FaultServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl FaultServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            release: Condvar::new(),
            changes: watch::Sender::new(0),
        });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut state = server.state();
                if state.closing {
                    return;
                }
                state.connections.push(stream.try_clone().unwrap());
                let server = Arc::clone(&server);
                // A client that goes away ends its connection, and that is all.
                std::thread::spawn(move || drop(server.serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// What a client of this server is configured with.
    pub(crate) fn config(&self) -> S3Config {
        S3Config {
            bucket: BUCKET.to_owned(),
            region: "eu-test-1".to_owned(),
            endpoint: Some(format!("http://{}", self.address)),
            access_key: Some(ACCESS_KEY.into()),
            secret_key: Some(SECRET_KEY.into()),
            path_style: Some(true),
            part_size: 5 * MIB as u64,
            ..S3Config::default()
        }
    }

    pub(crate) fn storage(&self) -> S3Storage {
        S3Storage::new(self.config()).unwrap()
    }

    /// The next so many requests of that kind go wrong like this.
    pub(crate) fn fail(&self, times: usize, op: Op, fault: Fault) {
        self.fail_when(times, move |request| request.op() == op, fault);
    }

    pub(crate) fn fail_when(
        &self,
        times: usize,
        when: impl Fn(&Request) -> bool + Send + 'static,
        fault: Fault,
    ) {
        let when = Box::new(when);
        self.shared.state().rules.push(Rule { times, when, fault });
    }

    /// Lets the held answers go.
    pub(crate) fn release(&self) {
        self.shared.state().released = true;
        self.shared.release.notify_all();
    }

    /// Does something with the bucket, behind the back of all clients.
    pub(crate) fn bucket<T>(&self, with: impl FnOnce(&mut Bucket) -> T) -> T {
        with(&mut self.shared.state().bucket)
    }

    /// All requests of a kind, in the order they came.
    pub(crate) fn seen(&self, op: Op) -> Vec<Request> {
        let log = &self.shared.state().log;
        log.iter().filter(|seen| seen.op() == op).cloned().collect()
    }

    /// What was asked for since the last call.
    pub(crate) fn ops(&self) -> Vec<Op> {
        let log = std::mem::take(&mut self.shared.state().log);
        log.iter().map(Request::op).collect()
    }

    /// Waits until so many requests of a kind have come.
    pub(crate) async fn until_seen(&self, op: Op, times: usize) {
        let enough = |state: &State| state.log.iter().filter(|r| r.op() == op).count() >= times;
        self.until(&format!("{times} of {op:?}"), enough).await;
    }

    /// Waits until no upload is open, and asks as a client would.
    pub(crate) async fn until_no_upload_is_open(&self) {
        self.until("no open upload", |state| state.bucket.uploads.is_empty())
            .await;
        let url = format!("http://{}/{BUCKET}?uploads", self.address);
        let listed = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(listed.contains("<ListMultipartUploadsResult>"), "{listed}");
        assert!(!listed.contains("<Upload>"), "{listed}");
    }

    async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        let waiting = async {
            while !holds(&self.shared.state()) {
                changes.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .is_err()
        {
            let state = self.shared.state();
            let log: Vec<Op> = state.log.iter().map(Request::op).collect();
            panic!(
                "waited for {what}; open: {:?}, seen: {log:?}",
                state.bucket.uploads.keys()
            );
        }
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.release();
        let mut state = self.shared.state();
        state.closing = true;
        for connection in &state.connections {
            // One that is closed already is what is wanted.
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        // The last connection wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(mut request) = Request::read_head(&mut reader)? {
            let fault = self.pick(&request);
            if matches!(fault, Some(Fault::Reset)) {
                self.note(request);
                return stream.shutdown(Shutdown::Both);
            }
            request.read_body(&mut reader, &stream)?;
            let answer = match &fault {
                Some(Fault::Status(status, code)) => Response::error(*status, code),
                Some(Fault::ErrorIn200) => Response {
                    status: 200,
                    ..Response::error(500, "InternalError")
                },
                _ => self.state().bucket.answer(&request),
            };
            let is_head = request.method == "HEAD";
            self.note(request);
            match fault {
                Some(Fault::Truncated) => {
                    answer.write(&stream, answer.body.len() / 2)?;
                    return stream.shutdown(Shutdown::Both);
                }
                Some(Fault::Stalled) => {
                    answer.write(&stream, answer.body.len() / 2)?;
                    return until_the_end(&mut reader);
                }
                Some(Fault::Lost) => return stream.shutdown(Shutdown::Both),
                Some(Fault::Silent) => return until_the_end(&mut reader),
                Some(Fault::Held) => {
                    let held = |state: &mut State| !state.released;
                    drop(self.release.wait_while(self.state(), held).unwrap());
                }
                Some(Fault::Then(change)) => change(&mut self.state().bucket),
                _ => {}
            }
            answer.write(&stream, if is_head { 0 } else { usize::MAX })?;
        }
        Ok(())
    }

    fn pick(&self, request: &Request) -> Option<Fault> {
        let mut state = self.state();
        let rule = state
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && (rule.when)(request))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    fn note(&self, request: Request) {
        self.state().log.push(request);
        self.changes.send_modify(|changes| *changes += 1);
    }
}

fn until_the_end(reader: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    while reader.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

/// Bytes that tell where they stand.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

/// Whether two are the same, without printing megabytes when they are not.
pub(crate) fn assert_same(one: &[u8], other: &[u8]) {
    assert_eq!((one.len(), digest(one)), (other.len(), digest(other)));
}
