//! The routes of `rf::metrics`, and the handlers behind them.

use actix_web::{
    HttpRequest, HttpResponse, Resource, guard,
    http::header::{ALLOW, CACHE_CONTROL},
    web::{self, Data, ServiceConfig},
};

use super::{Metrics, encode, settings::DEFAULT_PATH};

/// Registers `/metrics`, `/health/live` and `/health/ready`.
///
/// The registry must be handed to the app as well, by [`Metrics::state`]. A `ServiceConfig` cannot look at it, so
/// this always registers `/metrics`; where the registry names another path, `state` adds the route there and this one is not found.
pub fn metrics(cfg: &mut ServiceConfig) {
    let here = guard::fn_guard(|ctx| {
        ctx.app_data::<Data<Metrics>>()
            .is_none_or(|metrics| metrics.path() == DEFAULT_PATH)
    });
    cfg.service(scrape_resource(DEFAULT_PATH).guard(here))
        .service(read_only(web::resource("/health/live"), || {
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
            if metrics.path() != DEFAULT_PATH {
                cfg.service(scrape_resource(metrics.path()));
            }
            cfg.app_data(Data::new(metrics));
        }
    }
}

fn scrape_resource(path: &str) -> Resource {
    read_only(web::resource(path), || web::route().to(scrape))
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
    // Asks the checks whose answer is old, so that their gauges are of now.
    metrics.health().report().await;
    HttpResponse::Ok()
        .content_type(encode::TEXT)
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(metrics.encode())
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
