//! An API of orders in a process of its own. It holds no database and no key: tokens are checked by the keys that their
//! issuer publishes, or by asking it.

mod orders;

use actix_web::{App, HttpServer, Responder, get, web};
use rf::oauth2::{AccessToken, RequireScope, ResourceServer};
use std::{
    env,
    error::Error,
    io::{self, Write},
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
    let bind = variable("BIND", "127.0.0.1:8091")?;
    let tokens = tokens()?;
    let orders = web::Data::new(orders::Orders::default());
    let server = HttpServer::new(move || {
        App::new()
            .configure(tokens.state())
            .app_data(orders.clone())
            .service(me)
            .service(
                // Whatever is below it: a token that may at least read.
                web::scope("/orders")
                    .wrap(RequireScope::all("orders:read"))
                    .service((orders::list, orders::place)),
            )
    })
    .tcp_nodelay(true);
    let server = server.bind(&bind).map_err(|error| {
        format!(
            "BIND: {bind} cannot be listened on ({error}), write a free address of this machine"
        )
    })?;
    if let Some(address) = server.addrs().first() {
        let _ = writeln!(
            io::stdout(),
            "\nThe API of orders is open at http://{address}/orders\n"
        );
    }
    Ok(server.run().await?)
}

/// How tokens are checked, as `ISSUER`, `AUDIENCE` and `CHECK` say.
fn tokens() -> Result<ResourceServer, Box<dyn Error>> {
    let mut builder = ResourceServer::builder(variable("ISSUER", "http://127.0.0.1:8090")?)
        .audience(variable("AUDIENCE", "orders")?);
    match variable("CHECK", "jwks")?.as_str() {
        "jwks" => {}
        "introspection" => {
            let (id, secret) = (
                variable("CLIENT_ID", "orders-api")?,
                variable("CLIENT_SECRET", "orders-secret")?,
            );
            builder = builder.introspection(id, secret);
        }
        other => {
            return Err(format!(
                "CHECK: {other:?} is no way to check tokens, write \"jwks\" or \"introspection\""
            )
            .into());
        }
    }
    Ok(builder.build()?)
}

fn variable(name: &str, default: &str) -> Result<String, String> {
    match env::var(name) {
        Ok(value) => Ok(value),
        Err(env::VarError::NotPresent) => Ok(default.to_owned()),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name}: is no text")),
    }
}

/// Who calls; any token will do.
#[get("/me")]
async fn me(token: AccessToken) -> impl Responder {
    web::Json(
        serde_json::json!({ "sub": token.subject(), "client_id": token.client_id(), "scope": token.scopes() }),
    )
}
