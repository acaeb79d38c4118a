//! A program that logs, for those who kill it, close its pipes and rotate its files.
//!
//! `logs-under-test load FILE`: four threads count lines into FILE and stdout says what they came to when SIGTERM
//! ended them; SIGHUP opens the file again. `panic FILE LINES`, `abort FILE LINES`: panics after so many lines.
//! `pipe FILE LINES`: to stdout too, whose reader may leave. `full FOLDER`: FOLDER is a file system of few MiB.
//! `syslog ADDRESS`: one line of each kind. `corpus FILE`: what is hard to write in one line. `today FILE`: one line, into
//! a file of yesterday that is rotated at local midnight.

use rf::logging::{Format, Level, Logger, Output, Overflow, slog};
use std::{
    io::{BufRead, Write},
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

type Finding = Box<dyn std::error::Error + Send + Sync>;

const THREADS: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["load", file] => load(file.as_ref()),
        ["panic", file, lines] => panics(file.as_ref(), lines, false),
        ["abort", file, lines] => panics(file.as_ref(), lines, true),
        ["pipe", file, lines] => pipe(file.as_ref(), lines),
        ["full", folder] => full(folder.as_ref()),
        ["syslog", address] => syslog(address),
        ["corpus", file] => corpus(file.as_ref()),
        ["today", file] => today(file.as_ref()),
        _ => Err("load FILE | panic FILE LINES | abort FILE LINES | pipe FILE LINES | full FOLDER | syslog ADDRESS | corpus FILE | today FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(finding) => {
            eprintln!("logs-under-test: {finding}");
            ExitCode::FAILURE
        }
    }
}

fn json(file: &Path) -> rf::logging::LoggerBuilder {
    Logger::builder()
        .format(Format::Json)
        .output(Output::file(file).overflow(Overflow::Block))
}

#[tokio::main(flavor = "current_thread")]
async fn load(file: &Path) -> Result<(), Finding> {
    let logger = json(file).build()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..THREADS)
        .map(|of| {
            let (log, stop) = (logger.slog().clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut lines = 0_u64;
                while !stop.load(Relaxed) {
                    for _ in 0..20 {
                        slog::info!(log, "line"; "of" => of, "n" => lines);
                        lines += 1;
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                lines
            })
        })
        .collect();
    println!("ready");
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = hangup.recv() => {
                let logger = logger.clone();
                tokio::task::spawn_blocking(move || logger.reopen()).await??;
                println!("reopened");
            }
        }
    }
    stop.store(true, Relaxed);
    let lines: Vec<u64> = threads
        .into_iter()
        .map(|thread| thread.join().map_err(|_| "a thread panicked"))
        .collect::<Result<_, _>>()?;
    logger.shutdown()?;
    println!("{}", serde_json::json!(lines));
    Ok(())
}

fn panics(file: &Path, lines: &str, abort: bool) -> Result<(), Finding> {
    let logger = json(file).panic_hook().build()?;
    logger.install()?;
    for n in 0..lines.parse::<u64>()? {
        rf::info!("line"; "n" => n);
    }
    // A panic that may not leave a function ends the process by abort, whatever the profile says.
    extern "C" fn aborts() {
        panic!("the process is aborted");
    }
    if abort {
        aborts();
    }
    panic!("the process unwinds");
}

fn pipe(file: &Path, lines: &str) -> Result<(), Finding> {
    let logger = json(file).output(Output::Stdout).build()?;
    slog::info!(logger.slog(), "ready");
    logger.flush()?;
    // Until the reader of stdout is gone.
    std::io::stdin().lock().read_line(&mut String::new())?;
    for n in 0..lines.parse::<u64>()? {
        slog::info!(logger.slog(), "line"; "n" => n);
    }
    let flushed = logger.flush();
    let stats = logger.stats();
    slog::info!(logger.slog(), "stats"; "sink_errors" => stats.sink_errors(), "failed" => flushed.is_err());
    if logger.shutdown().is_ok() {
        return Err("stdout is closed, and nobody says so".into());
    }
    Ok(())
}

fn full(folder: &Path) -> Result<(), Finding> {
    let file = folder.join("app.log");
    let ballast = folder.join("ballast");
    let logger = json(&file).build()?;
    let mut n = 0_u64;
    let mut some = |logger: &Logger| {
        for _ in 0..1000 {
            slog::info!(logger.slog(), "line"; "n" => n);
            n += 1;
        }
    };
    some(&logger);
    logger.flush()?;
    // Until nothing fits any more.
    let mut filling = std::fs::File::create(&ballast)?;
    while filling.write_all(&[0; 4096]).is_ok() {}
    while filling.write_all(&[0; 1]).is_ok() {}
    some(&logger);
    if logger.flush().is_ok() {
        return Err("the disk is full, and nobody says so".into());
    }
    let errors = logger.stats().sink_errors();
    // Open, it would still take its room.
    drop(filling);
    std::fs::remove_file(&ballast)?;
    some(&logger);
    logger.shutdown()?;
    let stats = logger.stats();
    let text = std::fs::read_to_string(&file)?;
    for (at, line) in text.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        if line["n"] != at as u64 {
            return Err(format!("line {at} is {line}").into());
        }
    }
    if text.lines().count() as u64 != n || stats.delivered() != n || errors == 0 {
        return Err(format!("{n} lines, {errors} errors, {stats:?}").into());
    }
    println!("{n} lines over a full disk, {errors} failed writes");
    Ok(())
}

fn syslog(address: &str) -> Result<(), Finding> {
    let logger = Logger::builder()
        .level(Level::Trace)
        .context("service", "drive")
        .output(
            Output::syslog(address)
                .facility("local3")
                .app_name("logs-under-test"),
        )
        .build()?;
    let log = logger.slog();
    slog::error!(log, "level error"; "quote" => "a\"b]c\\d", "line" => "one\ntwo", "umlaut" => "é");
    slog::warn!(log, "level warn"; "n" => 7);
    slog::info!(log, "level info, é and \u{1b}[31m"; "password" => "hunter2");
    slog::debug!(log, "level debug");
    slog::trace!(log, "level trace");
    slog::info!(log, "{}", "é".repeat(10_000));
    for n in 0..1000 {
        slog::info!(log, "many"; "n" => n);
        if n % 50 == 0 {
            logger.flush()?;
        }
    }
    logger.shutdown()?;
    let stats = logger.stats();
    if stats.delivered() != 1006 || stats.dropped() != 0 {
        return Err(format!("{stats:?}").into());
    }
    Ok(())
}

fn corpus(file: &Path) -> Result<(), Finding> {
    let logger = json(file).level(Level::Trace).build()?;
    let log = logger.slog();
    let mut texts: Vec<String> = (0..0x250)
        .filter_map(char::from_u32)
        .map(String::from)
        .collect();
    texts.extend(
        [
            "a\nb\r\n\u{2028}c\u{2029}\u{85}",
            "\u{1b}[31mred\u{1b}[0m",
            "\u{9b}31m",
            "\u{202e}gpj.exe",
            "\"},{\"level\":\"ERROR\"",
            "\\",
            "\\u0000",
            "\"",
            "{}",
            "null",
            "",
            " ",
            "\u{feff}bom",
            "\u{10ffff}\u{1f980}",
            "</script>",
            "' OR 1=1 --",
            "%s%n%x",
            "${jndi:ldap://x}",
        ]
        .map(str::to_owned),
    );
    texts.push("x".repeat(100_000));
    texts.push("\u{1f980}".repeat(50_000));
    for text in &texts {
        let nested = serde_json::json!({ text.clone(): [text, { "in": text }] });
        slog::info!(log, "{}", text; "text" => text, "nested" => slog::Serde(nested), "ts" => text, "level" => text,
            "msg" => text, "target" => text, "text" => "the inner one");
    }
    slog::info!(log, "numbers"; "nan" => f64::NAN, "inf" => f64::INFINITY, "neg" => f32::NEG_INFINITY, "u" => u64::MAX,
        "i" => i64::MIN, "u128" => u128::MAX, "i128" => i128::MIN, "f" => 1e300, "tiny" => 5e-324, "zero" => -0.0);
    logger.shutdown()?;
    println!("{}", texts.len() + 1);
    Ok(())
}

fn today(file: &Path) -> Result<(), Finding> {
    let logger = Logger::builder()
        .output(
            Output::file(file)
                .daily()
                .local_time()
                .overflow(Overflow::Block),
        )
        .build()?;
    slog::info!(logger.slog(), "of today");
    logger.shutdown()?;
    Ok(())
}
