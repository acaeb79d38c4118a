//! The authorization server and the guards of a resource, over real sockets: what a client asks of the token side
//! (`bench`), what a browser sees (`site`), what a guarded route answers (`api`). They run on SQLite, or on the server
//! that `RF_TEST_DATABASE` names; `integration/run databases` runs them on PostgreSQL and MariaDB.
#![allow(clippy::unwrap_used, reason = "tests")]

mod apart;
mod api;
mod apps;
mod asking;
mod authenticating;
mod bench;
mod consent;
mod cors;
mod describing;
mod elsewhere;
mod family;
mod flow;
mod fuzz;
mod guard;
mod in_process;
mod instances;
mod knowing;
mod line;
mod login;
mod outage;
mod own_login;
mod own_password;
mod prompt;
mod race;
mod relying;
mod renewing;
mod request;
mod scope_middleware;
mod several_checkers;
mod site;
mod socket;
mod state;
