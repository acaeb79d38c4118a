//! `GET /.well-known/oauth-authorization-server` (RFC 8414).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use url::Url;

use super::cors::for_any_origin;
use super::handle::Handle;
use crate::oauth2::server::OAuth2Server;

/// RFC 8414 §2, and RFC 9207 §3.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<String>,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

impl<'a> Metadata<'a> {
    /// Every URL is the issuer's, never the request's.
    fn of(server: &'a OAuth2Server) -> Self {
        let settings = server.settings();
        let at = |path| format!("{}/oauth/{path}", settings.issuer);
        Self {
            issuer: &settings.issuer,
            authorization_endpoint: at("authorize"),
            token_endpoint: at("token"),
            revocation_endpoint: at("revoke"),
            introspection_endpoint: at("introspect"),
            jwks_uri: at("jwks"),
            scopes_supported: settings
                .scopes
                .iter()
                .map(|(scope, _)| scope.as_str())
                .collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: server
                .grant_types()
                .map(|grant| grant.to_string())
                .collect(),
            token_endpoint_auth_methods_supported: AUTH_METHODS,
            revocation_endpoint_auth_methods_supported: AUTH_METHODS,
            introspection_endpoint_auth_methods_supported: AUTH_METHODS,
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
        }
    }
}

/// RFC 8414 §3.1: the path of the issuer comes after the well-known one; another issuer's is not here.
pub(crate) async fn metadata(server: Handle, request: HttpRequest) -> HttpResponse {
    let asked = request.match_info().get("issuer_path").unwrap_or_default();
    let issuer = Url::parse(&server.settings().issuer);
    let path = issuer.as_ref().map(|url| url.path().trim_matches('/'));
    if !asked.is_empty() && path != Ok(asked) {
        return for_any_origin(HttpResponse::NotFound().finish());
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "public, max-age=300"));
    for_any_origin(response.json(Metadata::of(&server)))
}
