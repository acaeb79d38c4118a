//! A shop without accounts of its own: people sign in with the authorization server, and the shop orders at the API in
//! their name.

mod api;
mod shop;

use actix_web::{App, HttpServer};
use api::Api;
use rf::oauth2::client::SignIn;
use std::{
    env,
    error::Error,
    future::ready,
    io::{self, Write},
    net::TcpListener,
    process::ExitCode,
};

/// Runs it to its end: 0 after a signal, 2 for a configuration that cannot be used.
#[must_use]
pub fn main() -> ExitCode {
    match actix_web::rt::System::new().block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let bind = variable("BIND", "127.0.0.1:8092")?;
    let listener = TcpListener::bind(&bind).map_err(|error| {
        format!(
            "BIND: {bind} cannot be listened on ({error}), write a free address of this machine"
        )
    })?;
    let here = format!("http://{}", listener.local_addr()?);
    // Left out: made anew, and a restart signs everybody out.
    let secret = format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let sign_in = SignIn::builder(variable("ISSUER", "http://127.0.0.1:8090")?)
        .client(
            variable("CLIENT_ID", "shop")?,
            variable("CLIENT_SECRET", "shop-secret")?,
        )
        .at(format!("{}/sign-in", variable("PUBLIC_URL", &here)?))
        .scopes("orders:read orders:write")
        .cookie_secret(variable("COOKIE_SECRET", &secret)?)
        .build()?;
    let orders = variable("API", "http://127.0.0.1:8091")?;
    let server = HttpServer::new(move || {
        let orders = orders.clone();
        App::new()
            .wrap(sign_in.middleware())
            .configure(sign_in.routes())
            // One for each worker: a client that several runtimes share hangs once the one that owns a connection
            // is not polled.
            .data_factory(move || ready(Api::new(orders.clone())))
            .configure(shop::shop)
    });
    let server = server.tcp_nodelay(true).listen(listener)?;
    let _ = writeln!(io::stdout(), "\nThe shop is open at {here}/\n");
    Ok(server.run().await?)
}

fn variable(name: &str, default: &str) -> Result<String, String> {
    match env::var(name) {
        Ok(value) => Ok(value),
        Err(env::VarError::NotPresent) => Ok(default.to_owned()),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name}: is no text")),
    }
}
