//! The server under load, in a process of its own: one handler, and whoever logs its requests.

use crate::{Fault, process::keep_on_core};
use actix_web::{App, HttpServer, middleware::Logger as ActixLogger, web};
use rf::logging::{Format, Logger, Output};
use std::{fs::File, path::Path};
use tracing_actix_web::TracingLogger;
use tracing_subscriber::fmt::format::FmtSpan;

pub(crate) const HELLO: &str = "hello, whoever you are";

/// Serves until it is killed, and prints the address.
pub(crate) fn run(who: &str, file: &Path) -> Result<(), Fault> {
    keep_on_core(0)?;
    actix_web::rt::System::new().block_on(serve(who, file))
}

macro_rules! serve {
    ($($wrap:expr)?) => {{
        let server = HttpServer::new(move || {
            App::new()$(.wrap($wrap))?.route("/hello/{name}", web::get().to(async || HELLO))
        })
        .workers(1)
        .tcp_nodelay(true)
        .bind("127.0.0.1:0")?;
        println!("{}", server.addrs()[0]);
        Ok(server.run().await?)
    }};
}

async fn serve(who: &str, file: &Path) -> Result<(), Fault> {
    match who {
        "bare" => serve!(),
        "ours" => {
            let logger = Logger::builder()
                .format(Format::Json)
                .output(Output::file(file))
                .with_request_id()
                .build()?;
            serve!(logger.middleware())
        }
        "tracing" => {
            let (writer, _worker) = tracing_appender::non_blocking(File::create(file)?);
            tracing_subscriber::fmt()
                .json()
                .with_span_events(FmtSpan::CLOSE)
                .with_writer(writer)
                .try_init()?;
            serve!(TracingLogger::default())
        }
        "actix" => {
            env_logger::Builder::new()
                .filter_level(log::LevelFilter::Info)
                .target(env_logger::Target::Pipe(Box::new(File::create(file)?)))
                .try_init()?;
            serve!(ActixLogger::default())
        }
        who => Err(format!("nobody is called {who}").into()),
    }
}
