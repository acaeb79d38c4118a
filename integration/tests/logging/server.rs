//! An application with a logger whose lines can be waited for.

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use rf::logging::{Format, Level, LogMiddleware, Logger, LoggerBuilder, Output, Sink};
use serde_json::Value;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// Longer than anything here takes: only a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps lines in memory; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<(Mutex<Vec<Value>>, Condvar)>);

impl Sink for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(lines).expect("lines are UTF-8");
        let mut kept = self.0.0.lock().expect("no test panics with the lock");
        kept.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Value>(line).expect("lines are JSON")),
        );
        self.0.1.notify_all();
        Ok(lines.len())
    }
}

impl Lines {
    pub(crate) fn builder(&self) -> LoggerBuilder {
        Logger::builder()
            .level(Level::Debug)
            .directives("actix_server=off,actix_http=off")
            .format(Format::Json)
            .output(Output::custom(self.clone()))
            .with_request_id()
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        self.0
            .0
            .lock()
            .expect("no test panics with the lock")
            .clone()
    }

    /// The first line that `wanted` holds for, as soon as it is there.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_many(1, wanted).remove(0)
    }

    /// The lines that `wanted` holds for, as soon as there are so many.
    pub(crate) fn wait_for_many(&self, many: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let (lines, changed) = &*self.0;
        let missing =
            |lines: &mut Vec<Value>| lines.iter().filter(|line| wanted(line)).count() < many;
        let lines = lines.lock().expect("no test panics with the lock");
        let (lines, waited) = changed
            .wait_timeout_while(lines, PATIENCE, missing)
            .expect("no test panics with the lock");
        assert!(!waited.timed_out(), "not {many} such lines in {lines:#?}");
        lines.iter().filter(|line| wanted(line)).cloned().collect()
    }

    /// The access line of this path.
    pub(crate) fn access(&self, path: &str) -> Value {
        self.wait_for(|line| line["target"] == "rf::access" && line["path"] == path)
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Value) -> bool) -> usize {
        self.all().iter().filter(|line| wanted(line)).count()
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) lines: Lines,
    pub(crate) logger: Logger,
    pub(crate) handle: ServerHandle,
    pub(crate) running: actix_web::rt::task::JoinHandle<io::Result<()>>,
}

/// Serves what `configure` adds, on a free port of this machine.
pub(crate) fn start(configure: fn(&mut web::ServiceConfig)) -> Server {
    start_with(|builder| builder, |middleware| middleware, configure)
}

pub(crate) fn start_with(
    build: impl FnOnce(LoggerBuilder) -> LoggerBuilder,
    middleware: fn(LogMiddleware) -> LogMiddleware,
    configure: fn(&mut web::ServiceConfig),
) -> Server {
    let lines = Lines::default();
    let logger = build(lines.builder()).build().expect("nothing to refuse");
    let for_app = logger.clone();
    let server = HttpServer::new(move || {
        App::new()
            .wrap(middleware(for_app.middleware()))
            .configure(for_app.state())
            .configure(configure)
    })
    .workers(1)
    .h1_allow_half_closed(false)
    .shutdown_timeout(20)
    .disable_signals()
    .bind("127.0.0.1:0")
    .expect("a free port");
    let address = server.addrs()[0];
    let server = server.run();
    Server {
        address,
        lines,
        logger,
        handle: server.handle(),
        running: actix_web::rt::spawn(server),
    }
}

impl Server {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends a request by hand and leaves the connection open.
    pub(crate) fn send(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout is allowed");
        stream
            .write_all(format!("{head}\r\nhost: test\r\n\r\n").as_bytes())
            .expect("the server reads");
        stream
    }
}

/// Reads until `wanted` came.
pub(crate) fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let bytes = stream.read(&mut buffer).expect("the server writes");
        read.extend_from_slice(&buffer[..bytes]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if text.contains(wanted) || bytes == 0 {
            return text;
        }
    }
}
