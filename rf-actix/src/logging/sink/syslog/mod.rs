//! Syslog over unix sockets, UDP and TCP. The lines are messages of RFC 5424 already; here they are framed and sent.

mod address;
mod connection;
mod sink;

#[cfg(test)]
mod tests;

pub(crate) use self::{address::Address, sink::SyslogSink};
