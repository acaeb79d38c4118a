//! The routes of `rf::metrics`, and the handlers behind them.

use std::{io, net::TcpListener};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Resource,
    dev::{HttpServiceFactory, Server},
    guard,
    http::header::{
        ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, HeaderName, VARY, WWW_AUTHENTICATE,
    },
    middleware::Compress,
    web::{self, Data, ServiceConfig},
};

use super::{Metrics, encode::Exposition, settings::DEFAULT_PATH};

/// Registers `/metrics`, `/health/live` and `/health/ready`.
///
/// The registry must be handed to the app as well, by [`Metrics::state`]. A `ServiceConfig` cannot look at it, so
/// this always registers `/metrics`; where the registry names another path, `state` adds the route there and this one is not found.
pub fn metrics(cfg: &mut ServiceConfig) {
    let here = guard::fn_guard(|ctx| {
        ctx.app_data::<Data<Metrics>>()
            .is_none_or(|metrics| metrics.path() == DEFAULT_PATH && !metrics.is_served_apart())
    });
    cfg.service(compressed(scrape_resource(DEFAULT_PATH).guard(here)))
        .configure(probes);
}

fn probes(cfg: &mut ServiceConfig) {
    cfg.service(read_only(web::resource("/health/live"), || {
        web::route().to(live)
    }))
    .service(read_only(web::resource("/health/ready"), || {
        web::route().to(ready)
    }));
}

impl Metrics {
    /// Hands this registry to an app: `App::new().configure(metrics.state()).configure(rf::metrics)`.
    ///
    /// Where the path is not `/metrics` it also adds the scrape at that path.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let metrics = self.clone();
        move |cfg| {
            if metrics.path() != DEFAULT_PATH && !metrics.is_served_apart() {
                cfg.service(compressed(scrape_resource(metrics.path())));
            }
            cfg.app_data(Data::new(metrics));
        }
    }

    /// A server of its own for the scrape and the probes, on an address that the app's clients do not reach. Run it
    /// beside the app's, and build the registry with [`served_apart`](super::MetricsBuilder::served_apart).
    ///
    /// It has one worker and no signal handling: end it with its handle, after the app's, so that its last numbers
    /// can be read.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn server(&self, listener: TcpListener) -> io::Result<Server> {
        let metrics = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(metrics.clone()))
                .service(compressed(scrape_resource(metrics.path())))
                .configure(probes)
        });
        let server = server.workers(1).disable_signals().listen(listener)?;
        Ok(server.run())
    }
}

fn scrape_resource(path: &str) -> Resource {
    read_only(web::resource(path), || web::route().to(scrape))
}

/// Scrapes shrink to a tenth, and Prometheus asks for gzip.
fn compressed(resource: Resource) -> impl HttpServiceFactory + 'static {
    resource.wrap(Compress::default())
}

/// GET and HEAD; anything else is told so (RFC 9110 section 15.5.6).
fn read_only(resource: Resource, route: fn() -> actix_web::Route) -> Resource {
    resource
        .route(route().guard(guard::Any(guard::Get()).or(guard::Head())))
        .default_service(web::to(|| async {
            HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, "GET, HEAD"))
                .finish()
        }))
}

/// Serves everything counted so far to Prometheus: the handler of `/metrics`.
///
/// The format is the Prometheus text format 0.0.4, or OpenMetrics 1.0 where `Accept` prefers it. Who does not show what
/// [`scrape_auth`](super::MetricsBuilder::scrape_auth) asks for gets 401.
///
/// It is an ordinary handler: give it a route of its own to guard it or to serve it elsewhere.
///
/// ```
/// use actix_web::{App, web};
///
/// let metrics = rf::metrics::Metrics::new();
/// let app = App::new()
///     .configure(metrics.state())
///     .route("/internal/metrics", web::get().to(rf::metrics::scrape));
/// # drop(app);
/// ```
pub async fn scrape(req: HttpRequest) -> HttpResponse {
    let Some(metrics) = handle(&req) else {
        return HttpResponse::InternalServerError().finish();
    };
    if let Some(auth) = metrics.scrape_auth()
        && !header(&req, &AUTHORIZATION).is_some_and(|shown| auth.admits(shown))
    {
        return HttpResponse::Unauthorized()
            .insert_header((WWW_AUTHENTICATE, auth.challenge()))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish();
    }
    metrics.health().refresh().await;
    let exposition = Exposition::asked(header(&req, &ACCEPT).unwrap_or_default());
    let metrics = metrics.clone();
    // Thousands of series take milliseconds, which the requests of this worker must not wait for.
    let encoded = web::block(move || match exposition {
        Exposition::Text => metrics.encode(),
        Exposition::OpenMetrics => metrics.encode_openmetrics(),
    });
    let Ok(encoded) = encoded.await else {
        log::error!(target: "rf::metrics", "the scrape could not be run, the blocking threads are gone");
        return HttpResponse::ServiceUnavailable().finish();
    };
    HttpResponse::Ok()
        .content_type(exposition.content_type())
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "accept"))
        .body(encoded)
}

fn header<'a>(req: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    req.headers().get(name)?.to_str().ok()
}

/// Says that the process serves requests: the handler of `/health/live`. It stays 200 while draining.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "status": "ok" }))
}

/// Says whether requests should be sent here, 200 or 503: the handler of `/health/ready`.
pub async fn ready(req: HttpRequest) -> HttpResponse {
    let Some(metrics) = handle(&req) else {
        return HttpResponse::InternalServerError().finish();
    };
    let report = metrics.health().report().await;
    let mut response = if report.is_ready() {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(report)
}

fn handle(req: &HttpRequest) -> Option<&Metrics> {
    let metrics = req.app_data::<Data<Metrics>>();
    if metrics.is_none() {
        log::error!(
            target: "rf::metrics",
            "{} needs the `Metrics` handle, add `.configure(metrics.state())` to the app",
            req.path(),
        );
    }
    metrics.map(|data| data.get_ref())
}
