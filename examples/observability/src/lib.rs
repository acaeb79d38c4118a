//! An order service that can be watched: metrics of its own, an audit channel, a scrape on an address of its own.
//!
//! `numbers` has the metrics, `orders` the handlers that count on them.

mod numbers;
mod orders;
mod tour;

use actix_web::{App, HttpServer, web};
use rf::{
    Error, Suite,
    config::{Config, ConfigError, Sources},
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// What is used when nobody configured anything.
const DEFAULTS: &str = include_str!("../rf.toml");

/// Runs it to its end: 0 after a signal, 2 for a configuration that cannot be used, 1 for anything else.
#[must_use]
pub fn main() -> ExitCode {
    let ended = Sources::of_process()
        .text("examples/observability/rf.toml", DEFAULTS)
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
    let rf = Suite::new(config).await?;
    let shop = web::Data::new(orders::Shop::new(&rf)?);
    let app = rf.clone();
    let server = HttpServer::new(move || {
        App::new()
            .wrap(app.metrics().middleware())
            .wrap(app.logger().middleware())
            .configure(app.state())
            .configure(rf::metrics)
            .app_data(shop.clone())
            .configure(orders::routes)
    })
    .disable_signals()
    .tcp_nodelay(true);
    let address = &rf.config().server.bind;
    let server = server.bind(address).map_err(|error| {
        let advice = format!(
            "{address} cannot be listened on ({error}), write a free address of this machine"
        );
        rf.config().located(ConfigError::new("server.bind", advice))
    })?;
    let addresses = (server.addrs().first().copied(), rf.metrics_address());
    let serving = rf.serve(server.run());
    if let (Some(shop), Some(scrape)) = addresses {
        // Nobody reading it is no reason to end: `println!` would.
        let _ = writeln!(io::stdout(), "{}", tour::tour(shop, scrape));
    }
    serving.await
}
