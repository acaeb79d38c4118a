//! The resource side: extractors and guards (RFC 6750).

use crate::site::Site;
use actix_web::{App, HttpRequest, HttpServer, Responder, get, post, route, routes, web};
use reqwest::{Client, Response, StatusCode};
use rf::{
    oauth2::{AccessToken, BearerToken, ScopeGuard, Scoped, TokenParams},
    require_scope,
};
use std::{net::TcpListener, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
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
            #[allow(clippy::too_many_arguments)]
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

fn routes(cfg: &mut web::ServiceConfig) {
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

struct Api {
    site: Site,
    http: Client,
}

impl Api {
    async fn start() -> Self {
        Self {
            site: Site::serve(routes).await,
            http: Client::new(),
        }
    }

    async fn token(&self, scope: &str) -> String {
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

    async fn get(&self, path: &str, scope: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.site.base));
        request
            .bearer_auth(self.token(scope).await)
            .send()
            .await
            .unwrap()
    }

    async fn status(&self, path: &str, scope: &str) -> StatusCode {
        self.get(path, scope).await.status()
    }

    async fn with_header(&self, path: &str, authorization: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.site.base));
        request
            .header("authorization", authorization)
            .send()
            .await
            .unwrap()
    }

    fn address(&self) -> &str {
        self.site.base.strip_prefix("http://").unwrap()
    }
}

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[actix_web::test]
async fn no_token_is_401_with_a_bare_challenge() {
    let api = Api::start().await;
    for path in ["/below", "/above", "/guard/unit", "/me"] {
        let response = api
            .http
            .get(format!("{}{path}", api.site.base))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(challenge(&response), "Bearer realm=\"api\"", "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_bad_token_is_401_invalid_token() {
    let api = Api::start().await;
    let good = api.token("read").await;
    let (head, _) = good.rsplit_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for bad in [
        "x",
        "rfr_x",
        &format!("{head}.AAAA"),
        unsigned.trim_end_matches('.'),
        &format!("{good}A"),
    ] {
        let response = api.with_header("/below", &format!("Bearer {bad}")).await;
        assert_eq!(response.status(), 401, "{bad}");
        assert!(
            challenge(&response).contains("error=\"invalid_token\""),
            "{bad}"
        );
    }
    assert_eq!(
        api.with_header("/below", &format!("bEaReR {good}"))
            .await
            .status(),
        200
    );
    api.site.pass(3600);
    let response = api.with_header("/below", &format!("Bearer {good}")).await;
    assert!(
        challenge(&response).contains("error=\"invalid_token\""),
        "expired"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn a_missing_scope_is_403_and_named() {
    let api = Api::start().await;
    let response = api.get("/all", "read").await;
    assert_eq!(response.status(), 403);
    assert!(challenge(&response).contains("error=\"insufficient_scope\""));
    assert!(challenge(&response).contains("scope=\"read write\""));
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["status"], 403);
    api.site.stop().await;
}

#[actix_web::test]
async fn a_token_in_the_query_is_ignored_and_two_ways_at_once_are_400() {
    let api = Api::start().await;
    let token = api.token("read").await;
    let url = format!("{}/below?access_token={token}", api.site.base);
    let response = api.http.get(&url).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), challenge(&response)),
        (401, "Bearer realm=\"api\"")
    );
    let response = api.http.get(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(challenge(&response).contains("error=\"invalid_request\""));
    let twice = api
        .http
        .get(format!("{}/below", api.site.base))
        .bearer_auth(&token)
        .bearer_auth(&token);
    assert_eq!(twice.send().await.unwrap().status(), 400);
    api.site.stop().await;
}

#[actix_web::test]
async fn the_guard_stands_above_and_below_the_route() {
    let api = Api::start().await;
    for path in ["/below", "/above", "/routes", "/with/0"] {
        assert_eq!(api.status(path, "read").await, 200, "{path}");
        assert_eq!(api.status(path, "write").await, 403, "{path}");
    }
    let post = api.http.post(format!("{}/routes", api.site.base));
    assert_eq!(post.send().await.unwrap().status(), 401);
    assert_eq!(
        api.get("/below", "read").await.text().await.unwrap(),
        "service"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn stacked_guards_must_all_agree() {
    let api = Api::start().await;
    assert_eq!(api.status("/stacked", "read").await, 403);
    assert_eq!(api.status("/stacked", "write").await, 403);
    assert_eq!(api.status("/stacked", "read write").await, 200);
    api.site.stop().await;
}

#[actix_web::test]
async fn all_needs_each_any_needs_one_and_a_family_its_own() {
    let api = Api::start().await;
    assert_eq!(api.status("/all", "read write").await, 200);
    assert_eq!(api.status("/any", "write").await, 200);
    assert_eq!(api.status("/any", "read").await, 403);
    assert_eq!(api.status("/family", "read").await, 403);
    api.site.stop().await;
}

#[actix_web::test]
async fn a_handler_may_have_twenty_extractors() {
    let api = Api::start().await;
    for count in [0, 1, 12, 13, 20] {
        let response = api.get(&format!("/with/{count}"), "read").await;
        assert_eq!(response.text().await.unwrap(), count.to_string());
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_scope_guard_hands_out_the_token_it_keeps() {
    let api = Api::start().await;
    let response = api.get("/guard/token", "read").await;
    assert_eq!(response.text().await.unwrap(), "service true");
    assert_eq!(api.status("/guard/token", "write").await, 403);
    assert_eq!(api.status("/guard/unit", "write").await, 200);
    assert_eq!(api.status("/guard/unit", "read").await, 403);
    let response = api.get("/guard/scoped", "read write").await;
    assert_eq!(response.text().await.unwrap(), "read write");
    let claims: serde_json::Value = api.get("/me", "read").await.json().await.unwrap();
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&"service".into(), &"read".into())
    );
    api.site.stop().await;
}

/// The status line of the answer to a request whose body never comes.
async fn answer_without_body(api: &Api, path: &str, token: Option<&str>) -> String {
    let mut socket = TcpStream::connect(api.address()).await.unwrap();
    let authorization = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = timeout(Duration::from_secs(20), socket.read_exact(&mut answer)).await;
    read.expect("the guard waits for the body").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn the_guard_runs_before_any_body_byte_is_read() {
    let api = Api::start().await;
    let token = api.token("read").await;
    for path in ["/plain", "/strict", "/guard/body"] {
        assert_eq!(
            answer_without_body(&api, path, None).await,
            "HTTP/1.1 401",
            "{path}"
        );
        assert_eq!(
            answer_without_body(&api, path, Some("x")).await,
            "HTTP/1.1 401",
            "{path}"
        );
    }
    for path in ["/strict", "/guard/body"] {
        assert_eq!(
            answer_without_body(&api, path, Some(&token)).await,
            "HTTP/1.1 403",
            "{path}"
        );
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_bad_body_never_answers_before_a_missing_token() {
    let api = Api::start().await;
    let post = |path: &str| {
        api.http
            .post(format!("{}{path}", api.site.base))
            .body("{ not json")
    };
    assert_eq!(post("/plain").send().await.unwrap().status(), 401);
    let token = api.token("read").await;
    assert_eq!(
        post("/strict")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        post("/plain")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        400
    );
    let good = api
        .http
        .post(format!("{}/plain", api.site.base))
        .json(&[1, 2])
        .bearer_auth(&token);
    assert_eq!(
        good.send().await.unwrap().text().await.unwrap(),
        "[1, 2, 3]"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn an_app_without_a_server_answers_500_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let running = HttpServer::new(|| App::new().service(below).configure(rf::oauth2))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    for path in ["/below", "/login", "/oauth/authorize"] {
        let response = Client::new()
            .get(format!("{base}{path}"))
            .bearer_auth("x")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 500, "{path}");
        assert_eq!(response.text().await.unwrap(), "", "{path}");
    }
    handle.stop(false).await;
}
