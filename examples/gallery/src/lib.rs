//! The gallery: photos and documents on typed disks, and a page to look at them.
//!
//! `main` reads the configuration and serves; `album` says what may be uploaded where, `disks` opens the disks, `api`
//! is what can be done with them, and `page` shows it.

mod album;
mod api;
mod disks;
mod page;
mod problem;
mod tour;

use actix_web::{App, HttpServer};
use futures_util::{FutureExt, future};
use rf::{
    Error,
    config::{Config, ConfigError, Sources},
    logging::{self, Logger},
};
use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

/// What is used when nobody configured anything.
const DEFAULTS: &str = include_str!("../rf.toml");

/// Runs the gallery to its end: 0 after a signal, 2 for a configuration that cannot be used, 1 for anything else.
#[must_use]
pub fn main() -> ExitCode {
    let ended = Sources::of_process()
        .text("examples/gallery/rf.toml", DEFAULTS)
        .load()
        .map_err(Error::from)
        .and_then(|config| actix_web::rt::System::new().block_on(run(config)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(config: Config) -> Result<(), Error> {
    let logger = open_logger(&config)?;
    let served = serve(&config, &logger).await;
    // Lines that were accepted are written, also when the start failed.
    let flushed = actix_web::rt::task::spawn_blocking(move || logger.shutdown()).await;
    served.map_err(|error| match error {
        Error::Config(error) => config.located(error).into(),
        error => error,
    })?;
    Ok(flushed.map_err(io::Error::other)??)
}

async fn serve(config: &Config, logger: &Logger) -> Result<(), Error> {
    let disks = disks::open(config)?;
    let pictures = disks::picture_origin(&disks).await?;
    // Now, not when the server runs: whoever reads the address may send a signal at once.
    let stop = stop_signal()?;
    let (app_disks, app_logger, origin) = (disks, logger.clone(), pictures.clone());
    let mut server = HttpServer::new(move || {
        App::new()
            .wrap(app_logger.middleware())
            .configure(app_logger.state())
            .configure(app_disks.state())
            .configure(rf::storage)
            .configure(api::api)
            .configure(page::page(origin.as_deref()))
    })
    .shutdown_signal(stop)
    // Without it small answers wait for the client's acknowledgement of the one before.
    .tcp_nodelay(true)
    .shutdown_timeout(seconds(config.server.shutdown_timeout));
    if let Some(workers) = config.server.workers {
        server = server.workers(workers);
    }
    let bind = &config.server.bind;
    let server = server
        .bind(bind)
        .map_err(|error| cannot_bind(bind, &error))?;
    if let Some(address) = server.addrs().first() {
        // Nobody reading it is no reason to end: `println!` would.
        let _ = writeln!(io::stdout(), "{}", tour::tour(*address, pictures.is_none()));
    }
    Ok(server.run().await?)
}

/// Ends with the first SIGTERM or Ctrl-C.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + use<>> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let first = future::select(terminate.recv().boxed(), interrupt.recv().boxed());
        first.await;
    })
}

/// actix counts whole seconds; what was asked for is not cut short.
fn seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).max(1) as u64
}

fn open_logger(config: &Config) -> Result<Logger, Error> {
    let logger = Logger::from_settings(&config.logging).map_err(|error| match error {
        logging::Error::Setting { key, reason } => {
            located(config, &format!("logging.{key}"), reason)
        }
        logging::Error::Directive(reason) => located(config, "logging.directives", reason),
        error => error.into(),
    })?;
    logger.install()?;
    Ok(logger)
}

fn located(config: &Config, key: &str, message: String) -> Error {
    config.located(ConfigError::new(key, message)).into()
}

fn cannot_bind(address: &str, error: &io::Error) -> ConfigError {
    ConfigError::new(
        "server.bind",
        format!(
            "{address} cannot be listened on ({error}), write a free address of this machine, for example \"127.0.0.1:8081\""
        ),
    )
}
