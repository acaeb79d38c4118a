//! The routes of [`rf::oauth2`](crate::oauth2()), nothing else.

use actix_web::http::Method;
use actix_web::web::{Data, ServiceConfig, delete, get, head, method, post, resource, to};

use super::endpoint::{
    apps, authorize, introspect, jwks, login, logout, metadata, open_preflight, preflight, revoke,
    token, wrong_method,
};
use super::resource::Nearest;
use super::server::OAuth2Server;

/// Registers the routes of the authorization server.
///
/// | route | what |
/// |---|---|
/// | `GET /.well-known/oauth-authorization-server` | metadata (RFC 8414) |
/// | `GET /oauth/jwks` | public keys (RFC 7517) |
/// | `GET`, `POST /oauth/authorize` | the authorization endpoint (RFC 6749 §3.1), with its consent page |
/// | `GET`, `POST /login`, `POST /logout` | the built-in sign-in page |
/// | `GET`, `POST /oauth/apps`, `DELETE /oauth/apps/{client_id}` | what a person has allowed, as page and JSON |
/// | `POST /oauth/token` | tokens (RFC 6749) |
/// | `POST /oauth/revoke` | revocation (RFC 7009) |
/// | `POST /oauth/introspect` | introspection (RFC 7662) |
///
/// The handle comes from [`OAuth2Server::state`](crate::oauth2::OAuth2Server::state):
///
/// ```no_run
/// # async fn run(server: rf::oauth2::OAuth2Server) -> std::io::Result<()> {
/// use actix_web::{App, HttpServer};
///
/// HttpServer::new(move || App::new().configure(server.state()).configure(rf::oauth2))
///     .bind("127.0.0.1:8080")?
///     .run()
///     .await
/// # }
/// ```
pub fn oauth2(cfg: &mut ServiceConfig) {
    let options = || method(Method::OPTIONS);
    let get_only = || to(|| async { wrong_method("GET, HEAD, OPTIONS") });
    let post_only = || to(|| async { wrong_method("OPTIONS, POST") });

    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/{issuer_path:.+}",
    ] {
        cfg.service(
            resource(path)
                .route(get().to(metadata))
                .route(head().to(metadata))
                .route(options().to(open_preflight))
                .default_service(get_only()),
        );
    }
    cfg.service(
        resource("/oauth/jwks")
            .route(get().to(jwks))
            .route(head().to(jwks))
            .route(options().to(open_preflight))
            .default_service(get_only()),
    );
    cfg.service(
        resource("/oauth/token")
            .route(post().to(token))
            .route(options().to(preflight))
            .default_service(post_only()),
    );
    cfg.service(
        resource("/oauth/revoke")
            .route(post().to(revoke))
            .route(options().to(preflight))
            .default_service(post_only()),
    );
    cfg.service(
        resource("/oauth/introspect")
            .route(post().to(introspect))
            .default_service(to(|| async { wrong_method("POST") })),
    );
    // No CORS on what a browser is to show (RFC 9700 §2.6).
    cfg.service(
        resource(authorize::PATH)
            .route(get().to(authorize::get))
            .route(post().to(authorize::post))
            .default_service(to(|| async { wrong_method("GET, POST") })),
    );
    cfg.service(
        resource(apps::PATH)
            .route(get().to(apps::get))
            .route(post().to(apps::post))
            .default_service(to(|| async { wrong_method("GET, POST") })),
    );
    cfg.service(
        resource("/oauth/apps/{client_id:.+}")
            .route(delete().to(apps::delete))
            .default_service(to(|| async { wrong_method("DELETE") })),
    );
    cfg.service(
        resource(login::PATH)
            .route(get().to(login::get))
            .route(post().to(login::post))
            .default_service(to(|| async { wrong_method("GET, POST") })),
    );
    cfg.service(
        resource("/logout")
            .route(post().to(logout::post))
            .default_service(to(|| async { wrong_method("POST") })),
    );
}

impl OAuth2Server {
    /// Hands the server to an app, or to a `web::scope` of it: `App::new().configure(server.state())`.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let data = Data::new(self.clone());
        move |cfg| {
            cfg.app_data(data).app_data(Nearest::Local);
        }
    }
}
