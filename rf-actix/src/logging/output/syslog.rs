//! Syslog as an output.

use super::{Opened, OutputOptions, Place, refused};
use crate::logging::{
    Error, Format,
    format::{Header, Look},
    sink::{Address, SyslogSink},
};
use std::sync::Arc;

/// Syslog over a unix socket, UDP or TCP, in the format of RFC 5424.
///
/// ```
/// use rf::logging::{Level, Logger, Output};
/// let syslog = Output::syslog("udp://127.0.0.1:514").facility("local0").app_name("drive");
/// let logger = Logger::builder().output(syslog.min_level(Level::Warn)).build()?;
/// # Ok::<(), rf::logging::Error>(())
/// ```
///
/// It connects with the first line, and again with growing pauses when the connection is lost; until then a megabyte
/// of lines is kept. TCP counts octets (RFC 6587 section 3.4.1). What a connection had taken when it broke may be lost:
/// that is syslog.
#[derive(Clone, Debug)]
#[must_use = "an output does nothing until a builder has it"]
pub struct SyslogOutput {
    address: Result<Address, String>,
    facility: String,
    app_name: Option<String>,
    hostname: Option<String>,
}

impl SyslogOutput {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.parse(),
            facility: "daemon".to_owned(),
            app_name: None,
            hostname: None,
        }
    }

    /// `daemon` by default; `user`, `local0` to `local7`, … (RFC 5424 section 6.2.1).
    pub fn facility(mut self, facility: impl Into<String>) -> Self {
        self.facility = facility.into();
        self
    }

    /// The application's name; that of the program by default.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// The host's name; what the system says by default.
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.hostname = Some(name.into());
        self
    }

    /// Whether the address is one.
    pub(crate) fn check(&self) -> Result<(), &str> {
        self.address.as_ref().map(drop).map_err(String::as_str)
    }

    /// What all messages begin with.
    pub(crate) fn header(&self) -> Result<Header, String> {
        let hostname = || {
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned()
        };
        Header::new(
            &self.facility,
            &self.app_name.clone().unwrap_or_else(program),
            &self.hostname.clone().unwrap_or_else(hostname),
            self.address.as_ref().map_or(0, Address::max_message),
        )
    }

    pub(super) fn open(self, format: Option<Format>) -> Result<Opened, Error> {
        let header = self.header();
        let address = self.address.map_err(|reason| refused("syslog", reason))?;
        if format.is_some() {
            return Err(refused(
                "format",
                "is that of RFC 5424 for syslog, leave it out".to_owned(),
            ));
        }
        let header = header.map_err(|reason| refused("facility", reason))?;
        Ok(Opened {
            name: address.to_string(),
            look: Look::Syslog(Arc::new(header)),
            sink: Box::new(SyslogSink::new(address)),
            is_file: false,
        })
    }
}

impl From<SyslogOutput> for OutputOptions {
    fn from(syslog: SyslogOutput) -> Self {
        Self::at(Place::Syslog(syslog))
    }
}

fn program() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}
