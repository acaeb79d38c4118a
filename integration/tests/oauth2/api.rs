//! Guarded routes, and a client to ask them.

use crate::site::Site;
use actix_web::{HttpRequest, Responder, get, post, route, routes, web};
use reqwest::{Client, Response, StatusCode};
use rf::{
    oauth2::{AccessToken, BearerToken, ScopeGuard, Scoped, TokenParams},
    require_scope,
};

#[get("/below")]
#[require_scope("read")]
async fn below(token: AccessToken) -> impl Responder {
    token.subject().to_owned()
}

#[require_scope("read")]
#[get("/above")]
async fn above(token: AccessToken) -> impl Responder {
    token.client_id().to_string()
}

#[routes]
#[get("/routes")]
#[post("/routes")]
#[require_scope("read")]
async fn several_routes() -> impl Responder {
    "routes"
}

#[require_scope("write")]
#[route("/stacked", method = "GET", method = "PUT")]
#[require_scope("read")]
async fn stacked() -> impl Responder {
    "stacked"
}

#[get("/all")]
#[require_scope(all("read", "write"))]
async fn all() -> impl Responder {
    "all"
}

#[get("/any")]
#[require_scope(any("admin", "write"))]
async fn any() -> impl Responder {
    "any"
}

#[get("/family")]
#[require_scope("re:*")]
async fn family() -> impl Responder {
    "family"
}

rf::scopes! {
    mod scope {
        READ = "read" => "Read";
        WRITE = "write" => "Write", implies [READ];
    }
}

#[get("/constant")]
#[require_scope(scope::READ)]
async fn constant() -> impl Responder {
    "constant"
}

#[get("/constants")]
#[require_scope(any(scope::WRITE, "admin"))]
async fn constants() -> impl Responder {
    "constants"
}

#[require_scope("read")]
async fn plain(mut list: web::Json<Vec<u32>>, _: HttpRequest) -> impl Responder {
    list.push(3);
    format!("{:?}", list.0)
}

#[post("/strict")]
#[require_scope("write")]
async fn strict(body: web::Json<Vec<u32>>) -> impl Responder {
    body.len().to_string()
}

macro_rules! with_extractors {
    ($($name:ident $path:literal ($($arg:ident)*);)*) => {
        $(
            #[get($path)]
            #[require_scope("read")]
            #[allow(clippy::too_many_arguments, reason = "their number is what is tested")]
            async fn $name($($arg: HttpRequest),*) -> impl Responder {
                let paths: Vec<String> = vec![$($arg.path().to_owned()),*];
                paths.len().to_string()
            }
        )*
    };
}

with_extractors! {
    none "/with/0" ();
    one "/with/1" (a);
    twelve "/with/12" (a b c d e f g h i j k l);
    thirteen "/with/13" (a b c d e f g h i j k l m);
    twenty "/with/20" (a b c d e f g h i j k l m n o p q r s t);
}

#[derive(ScopeGuard)]
#[scope("read")]
struct Read(AccessToken);

#[derive(ScopeGuard)]
#[scope(any("write", "admin"))]
struct Write;

#[get("/guard/token")]
async fn guard_with_token(read: Read) -> impl Responder {
    format!("{} {}", read.subject(), read.has("read"))
}

#[get("/guard/unit")]
async fn guard_without_token(_: Write) -> impl Responder {
    "unit"
}

#[get("/guard/scoped")]
async fn scoped(token: Scoped<Write>) -> impl Responder {
    token.scopes().to_string()
}

#[post("/guard/body")]
async fn scoped_body(body: Scoped<Write, String>) -> impl Responder {
    body.into_inner()
}

#[get("/me")]
async fn me(token: AccessToken, raw: BearerToken) -> impl Responder {
    assert!(!raw.token().is_empty());
    web::Json(token.claims().clone())
}

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service((
        below,
        above,
        several_routes,
        stacked,
        all,
        any,
        family,
        strict,
    ))
    .service((constant, constants))
    .service((none, one, twelve, thirteen, twenty))
    .service((
        guard_with_token,
        guard_without_token,
        scoped,
        scoped_body,
        me,
    ))
    .route("/plain", web::post().to(plain));
}

pub(crate) struct Api {
    pub(crate) site: Site,
    pub(crate) http: Client,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self {
            site: Site::serve(routes).await,
            http: Client::new(),
        }
    }

    pub(crate) async fn token(&self, scope: &str) -> String {
        let params = TokenParams {
            grant_type: Some("client_credentials".into()),
            client_id: Some("service".into()),
            client_secret: Some("service-secret".into()),
            scope: Some(scope.into()),
            ..TokenParams::default()
        };
        self.site
            .server
            .issue_token(params)
            .await
            .unwrap()
            .access_token
    }

    pub(crate) async fn get(&self, path: &str, scope: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.site.base));
        request
            .bearer_auth(self.token(scope).await)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn status(&self, path: &str, scope: &str) -> StatusCode {
        self.get(path, scope).await.status()
    }

    pub(crate) async fn with_header(&self, path: &str, authorization: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.site.base));
        request
            .header("authorization", authorization)
            .send()
            .await
            .unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        self.site.base.strip_prefix("http://").unwrap()
    }
}
