//! The parts that a configuration names, built and wired.
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), rf::Error> {
//!     let rf = rf::Suite::load("rf.toml").await?;
//!     let app = rf.clone();
//!     let server = HttpServer::new(move || {
//!         App::new()
//!             .wrap(app.metrics().middleware())
//!             .wrap(app.logger().middleware())
//!             .configure(app.state())
//!             .configure(rf::oauth2)
//!             .configure(rf::storage)
//!             .configure(rf::metrics)
//!     })
//!     .disable_signals()
//!     .bind(&rf.config().server.bind)?
//!     .run();
//!     rf.serve(server).await
//! }
//! ```
//!
//! The suite is the only place that knows all parts: a token issued is logged and counted here, a disk operation
//! timed, and the checks of `/health/ready` are put together. An app that needs one part alone builds that part's
//! handle instead; one that brings something to a part takes [`Suite::builder`].

mod build;
mod builder;
mod health;
mod observe;
mod outputs;
mod records;
mod serve;

pub use build::Suite;
pub use builder::SuiteBuilder;
