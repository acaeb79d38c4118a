//! An authorization server with people of its own: a SeaORM table (`people`), a sign-in kept by actix-session and
//! actix-identity (`account`), and a consent page of its own (`page`). All else is rf-actix.

mod account;
mod page;
mod people;

use actix_identity::IdentityMiddleware;
use actix_session::{SessionMiddleware, config::PersistentSession, storage::CookieSessionStore};
use actix_web::{App, HttpServer, cookie::Key, cookie::time::Duration, middleware::from_fn, web};
use people::People;
use rf::{
    Error,
    config::{Config, ConfigError, Sources},
    logging::Logger,
    oauth2::{ActixIdentity, OAuth2Server, connect, login_page},
};
use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

/// What is used when nobody configured anything.
const DEFAULTS: &str = include_str!("../rf.toml");
/// Encrypts the cookies of the sign-in; made at the first start.
const KEY_FILE: &str = "var/session.key";

/// Runs it to its end: 0 after a signal, 2 for a configuration that cannot be used, 1 for anything else.
#[must_use]
pub fn main() -> ExitCode {
    let ended = Sources::of_process()
        .text("examples/authorization-server/rf.toml", DEFAULTS)
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
    let logger = Logger::from_settings(&config.logging)?;
    logger.install()?;
    let db = connect(&config.database.url, config.database.max_connections).await?;
    let people = People::open(db.clone()).await.map_err(io::Error::other)?;
    let oauth2 = OAuth2Server::builder(db)
        .settings(config.oauth2.clone())
        .users(people.clone())
        .pages(page::OwnPages::default())
        .trusted_proxies(config.server.trusted_proxies.iter().copied())
        .build()
        .await?;
    let key = session_key()?;
    let secure = config.oauth2.issuer.starts_with("https://");
    let bind = config.server.bind.clone();
    let proxies = config.server.trusted_proxies.clone();
    let app_logger = logger.clone();
    let mut server = HttpServer::new(move || {
        let session = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
            .cookie_name("people".to_owned())
            .cookie_secure(secure)
            .session_lifecycle(PersistentSession::default().session_ttl(Duration::hours(12)))
            .build();
        App::new()
            .wrap(IdentityMiddleware::default())
            .wrap(session)
            .wrap(from_fn(page::headers))
            .wrap(
                app_logger
                    .middleware()
                    .trusted_proxies(proxies.iter().copied()),
            )
            .configure(app_logger.state())
            .configure(oauth2.state())
            .configure(login_page(ActixIdentity::at("/sign-in")))
            .app_data(web::Data::new(people.clone()))
            .configure(account::account)
            .configure(rf::oauth2)
    })
    .tcp_nodelay(true)
    .shutdown_timeout(config.server.shutdown_timeout.as_secs().max(1));
    if let Some(workers) = config.server.workers {
        server = server.workers(workers);
    }
    let server = server.bind(&bind).map_err(|error| {
        config.located(ConfigError::new(
            "server.bind",
            format!("{bind} cannot be listened on ({error}), write a free address of this machine"),
        ))
    })?;
    if let Some(address) = server.addrs().first() {
        let _ = writeln!(
            io::stdout(),
            "\nThe authorization server is open at http://{address}/\n"
        );
    }
    server.run().await?;
    let flushed = web::block(move || logger.shutdown()).await;
    Ok(flushed.map_err(io::Error::other)??)
}

/// The same after a restart, so that nobody is signed out by one.
fn session_key() -> io::Result<Key> {
    if let Ok(bytes) = fs::read(KEY_FILE)
        && bytes.len() >= 64
    {
        return Ok(Key::from(&bytes));
    }
    let key = Key::generate();
    fs::create_dir_all("var")?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(KEY_FILE)?.write_all(key.master())?;
    Ok(key)
}
