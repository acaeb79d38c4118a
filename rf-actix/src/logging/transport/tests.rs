#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::logging::{Logger, Output, capture::Capture};
use std::sync::Condvar;

mod failing;

#[test]
fn with_block_no_line_is_lost_and_each_threads_order_is_kept() {
    const THREADS: usize = 8;
    const LINES: usize = 5_000;
    let capture = Capture::default();
    let output = capture.output().overflow(Overflow::Block).queue(64);
    let logger = Logger::builder()
        .format(crate::logging::Format::Json)
        .output(output)
        .build()
        .unwrap();
    thread::scope(|scope| {
        for of in 0..THREADS {
            let log = logger.slog();
            scope.spawn(move || {
                (0..LINES).for_each(|n| slog::info!(log, "line"; "of" => of, "n" => n))
            });
        }
    });
    logger.shutdown().unwrap();
    let mut next = [0; THREADS];
    for line in capture.json() {
        let of = line["of"].as_u64().unwrap() as usize;
        assert_eq!(line["n"], next[of]);
        next[of] += 1;
    }
    assert_eq!(next, [LINES; THREADS]);
    assert_eq!(logger.stats().delivered(), (THREADS * LINES) as u64);
    assert_eq!(
        logger.stats().records(Level::Info),
        (THREADS * LINES) as u64
    );
}

/// An output that does nothing until it is let.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>, Capture);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl Sink for Gate {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        drop(
            self.0
                .1
                .wait_while(self.0.0.lock().unwrap(), |open| !*open)
                .unwrap(),
        );
        self.1.write(lines)
    }
}

#[test]
fn what_is_dropped_is_counted_and_reported() {
    let gate = Gate::default();
    let logger = Logger::builder()
        .output(Output::custom(gate.clone()).queue(4))
        .build()
        .unwrap();
    for _ in 0..100 {
        slog::info!(logger.slog(), "line");
    }
    let dropped = logger.stats().dropped();
    assert!(dropped > 0);
    gate.open();
    logger.shutdown().unwrap();
    let stats = logger.stats();
    assert_eq!(stats.dropped(), dropped);
    assert_eq!(stats.delivered() + stats.dropped(), 100);
    let text = gate.1.text();
    assert_eq!(text.matches("  line  ").count() as u64, stats.delivered());
    // The thread of the output may have begun to write, and to report, while lines were still being dropped.
    let reported = text.split("dropped=").skip(1).map(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        digits.parse::<u64>().unwrap()
    });
    assert_eq!(reported.sum::<u64>(), dropped, "{text}");
}

#[test]
fn the_time_is_that_of_the_call_even_when_the_output_stalls() {
    let gate = Gate::default();
    let logger = Logger::builder()
        .format(crate::logging::Format::Json)
        .output(Output::custom(gate.clone()))
        .build()
        .unwrap();
    slog::info!(logger.slog(), "first");
    let mut clock = crate::logging::format::Clock::default();
    let after = clock.now();
    gate.open();
    logger.shutdown().unwrap();
    assert!(gate.1.json()[0]["ts"].as_str().unwrap() <= after);
}

#[test]
fn flush_returns_after_the_bytes_are_written() {
    let capture = Capture::default();
    let logger = capture.builder().build().unwrap();
    for n in 1..=100 {
        slog::info!(logger.slog(), "line");
        logger.flush().unwrap();
        assert_eq!(capture.json().len(), n);
    }
}

#[test]
fn logging_after_shutdown_is_silent() {
    let capture = Capture::default();
    let logger = capture.builder().build().unwrap();
    logger.shutdown().unwrap();
    slog::info!(logger.slog(), "too late");
    logger.flush().unwrap();
    logger.shutdown().unwrap();
    assert_eq!(capture.text(), "");
    assert_eq!(logger.stats().records(Level::Info), 0);
}

#[test]
fn the_last_handle_writes_what_is_left() {
    let capture = Capture::default();
    let logger = capture.builder().build().unwrap();
    let log = logger.slog().clone();
    slog::info!(log, "line");
    drop((logger, log));
    assert_eq!(capture.json().len(), 1);
}

/// An output that logs to the logger it belongs to.
#[derive(Clone, Default)]
struct Recursive(Arc<Mutex<Option<Logger>>>, Capture);

impl Sink for Recursive {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if let Some(logger) = &*self.0.lock().unwrap() {
            slog::info!(logger.slog(), "from the sink");
            logger.flush().unwrap();
        }
        self.1.write(lines)
    }
}

#[test]
fn an_output_that_logs_does_not_wait_for_itself() {
    let sink = Recursive::default();
    let output = Output::custom(sink.clone())
        .overflow(Overflow::Block)
        .queue(1);
    let logger = Logger::builder().output(output).build().unwrap();
    *sink.0.lock().unwrap() = Some(logger.clone());
    for _ in 0..10 {
        slog::info!(logger.slog(), "line");
    }
    logger.shutdown().unwrap();
    *sink.0.lock().unwrap() = None;
    assert_eq!(sink.1.text().lines().count(), 10);
}

#[test]
fn the_level_changes_while_running() {
    let capture = Capture::default();
    let logger = capture
        .builder()
        .level(Level::Info)
        .directives("quiet=error")
        .build()
        .unwrap();
    slog::debug!(logger.slog(), "one");
    logger.set_level(Level::Debug);
    slog::debug!(logger.slog(), "two");
    assert!(logger.enabled(Level::Debug, "any") && !logger.enabled(Level::Warn, "quiet::inner"));
    logger.shutdown().unwrap();
    let messages: Vec<_> = capture
        .json()
        .iter()
        .map(|line| line["msg"].clone())
        .collect();
    assert_eq!(messages, ["two"]);
}

#[test]
fn events_of_other_parts_keep_their_fields_in_order() {
    let capture = Capture::default();
    let logger = capture
        .builder()
        .context("service", "drive")
        .build()
        .unwrap();
    logger.log_event(
        Level::Warn,
        "rf::oauth2",
        "token refused",
        &[("client_id", &"demo"), ("tries", &3)],
    );
    logger.shutdown().unwrap();
    let text = capture.text();
    let rest = text.split_once("\"level\"").unwrap().1;
    assert_eq!(
        rest,
        ":\"WARN\",\"msg\":\"token refused\",\"target\":\"rf::oauth2\",\"service\":\"drive\",\"client_id\":\"demo\",\"tries\":3}\n"
    );
}

/// An output that tells each write as it happens.
struct Told(mpsc::Sender<String>);

impl Sink for Told {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0
            .send(String::from_utf8(lines.to_vec()).unwrap())
            .unwrap();
        Ok(lines.len())
    }
}

/// A transport whose lines wait very long for company, and what is written of them.
fn patient(queue: usize) -> (Transport, mpsc::Receiver<String>) {
    let (writes, written) = mpsc::channel();
    let plan = Plan {
        name: "told".to_owned(),
        look: Look::Format(crate::logging::Format::Compact, false),
        is_file: false,
        least: Level::Trace,
        overflow: Overflow::Block,
        queue,
        moment: Duration::from_secs(3600),
    };
    (Transport::start(plan, Box::new(Told(writes))), written)
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn lines_wait_for_others_and_are_written_together() {
    let (transport, written) = patient(QUEUE);
    transport.send(Level::Info, "one\n");
    transport.send(Level::Debug, "two\n");
    transport.send(Level::Warn, "three\n");
    transport
        .command(Command::Flush, Instant::now() + SOON)
        .unwrap();
    transport.send(Level::Info, "four\n");
    transport.close(Instant::now() + SOON).unwrap();
    let all: Vec<String> = written.iter().collect();
    assert_eq!(all, ["one\ntwo\nthree\n", "four\n"]);
}

#[test]
fn an_error_does_not_wait_and_takes_along_those_that_do() {
    let (transport, written) = patient(QUEUE);
    transport.send(Level::Error, "first\n");
    assert_eq!(written.recv_timeout(SOON).unwrap(), "first\n");
    transport.send(Level::Info, "before\n");
    transport.send(Level::Error, "second\n");
    assert_eq!(written.recv_timeout(SOON).unwrap(), "before\nsecond\n");
}

#[test]
fn nobody_waits_while_a_queue_fills() {
    let (transport, written) = patient(4);
    let lines = 100;
    for n in 0..lines {
        transport.send(Level::Info, &format!("{n}\n"));
    }
    let mut seen = 0;
    // What is left at the end waits for more.
    while seen < lines - 4 {
        seen += written.recv_timeout(SOON).unwrap().lines().count();
    }
}

#[test]
fn a_command_overtakes_no_line_and_no_line_a_command() {
    const LINES: usize = 2_000;
    let (transport, written) = patient(QUEUE);
    thread::scope(|scope| {
        for of in 0..4 {
            let transport = &transport;
            scope.spawn(move || {
                for n in 0..LINES {
                    transport.send(Level::Info, &format!("{of} {n}\n"));
                    if n % 10 == of {
                        let deadline = Instant::now() + SOON;
                        transport.command(Command::Reopen, deadline).unwrap();
                    }
                }
            });
        }
    });
    transport.close(Instant::now() + SOON).unwrap();
    let mut next = [0; 4];
    for line in written.iter().collect::<String>().lines() {
        let (of, n) = line.split_once(' ').unwrap();
        let of: usize = of.parse().unwrap();
        assert_eq!(n.parse::<usize>().unwrap(), next[of], "of thread {of}");
        next[of] += 1;
    }
    assert_eq!(next, [LINES; 4]);
}
