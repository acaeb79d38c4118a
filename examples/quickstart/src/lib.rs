//! The quickstart: a small file drive behind its own OAuth2 server.
//!
//! `main` reads the configuration, builds the suite, and serves; `api` is the drive, `web` its page.

mod api;
mod paths;
mod problem;
mod tour;
mod web;

use actix_web::{App, HttpServer};
use rf::{
    Error, Suite,
    config::{ConfigError, Sources},
};
use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};

/// What is used when nobody configured anything.
const DEFAULTS: &str = include_str!("../rf.toml");

/// Runs the quickstart to its end: 0 after a signal, 2 for a configuration that cannot be used, 1 for anything else.
#[must_use]
pub fn main() -> ExitCode {
    let ended = Sources::of_process()
        .text("examples/quickstart/rf.toml", DEFAULTS)
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

async fn run(config: rf::config::Config) -> Result<(), Error> {
    paths::check(&config).map_err(|error| config.located(error))?;
    let rf = Suite::new(config).await?;
    let settings = rf.config().server.clone();
    let app = rf.clone();
    let mut server = HttpServer::new(move || {
        App::new()
            .wrap(app.metrics().middleware())
            .wrap(
                app.logger()
                    .middleware()
                    .trusted_proxies(app.config().server.trusted_proxies.clone()),
            )
            .configure(app.state())
            .configure(rf::oauth2)
            .configure(rf::storage)
            .configure(rf::metrics)
            .configure(api::api)
            .configure(web::web)
    })
    .disable_signals()
    // A client that has closed its side is gone: its request is cancelled, and counted and logged as such.
    .h1_allow_half_closed(false)
    // Without it small answers wait for the client's acknowledgement of the one before.
    .tcp_nodelay(true)
    // actix counts whole seconds; what was asked for is not cut short.
    .shutdown_timeout(settings.shutdown_timeout.as_millis().div_ceil(1000).max(1) as u64);
    if let Some(workers) = settings.workers {
        server = server.workers(workers);
    }
    let server = server
        .bind(&settings.bind)
        .map_err(|error| rf.config().located(cannot_bind(&settings.bind, &error)))?;
    let addresses: Vec<SocketAddr> = server.addrs();
    let serving = rf.serve(server.run());
    if let Some(address) = addresses.first() {
        // Nobody reading it is no reason to end: `println!` would.
        let _ = writeln!(io::stdout(), "{}", tour::tour(*address));
    }
    serving.await
}

fn cannot_bind(address: &str, error: &io::Error) -> ConfigError {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "is in use, stop what listens there or write another port",
        io::ErrorKind::PermissionDenied => "is not allowed, write a port of 1024 or above",
        io::ErrorKind::AddrNotAvailable => {
            "is no address of this machine, write one that is, or 0.0.0.0"
        }
        _ => {
            return ConfigError::new(
                "server.bind",
                format!(
                    "{address} cannot be listened on ({error}), write an address of this machine, for example \"127.0.0.1:8080\""
                ),
            );
        }
    };
    ConfigError::new("server.bind", format!("{address} {advice}"))
}
