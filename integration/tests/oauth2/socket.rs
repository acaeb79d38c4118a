//! A free port on loopback, and an authorization server behind it.

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use rf::oauth2::OAuth2Server;
use std::net::TcpListener;

/// A port that is taken but not yet served: an issuer is a URL, and is needed before there is a server.
pub(crate) struct Socket {
    /// `http://127.0.0.1:PORT`
    pub(crate) base: String,
    listener: TcpListener,
}

impl Socket {
    pub(crate) fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        Self { base, listener }
    }

    /// Serves the routes of `server`, and `routes` of the test's own beside them.
    pub(crate) fn serve(
        self,
        server: &OAuth2Server,
        routes: fn(&mut web::ServiceConfig),
    ) -> ServerHandle {
        let server = server.clone();
        self.run(move |app| {
            app.configure(server.state())
                .configure(rf::oauth2)
                .configure(routes);
        })
    }

    /// For a test that builds the whole app.
    pub(crate) fn into_listener(self) -> TcpListener {
        self.listener
    }

    /// Serves an app of `parts`.
    pub(crate) fn run(
        self,
        parts: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> ServerHandle {
        let running = HttpServer::new(move || App::new().configure(parts.clone()))
            .workers(1)
            .disable_signals()
            .listen(self.listener)
            .unwrap()
            .run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        handle
    }
}
