//! The endpoint is the pattern of the route, and there are only so many of them.

use std::collections::{BTreeSet, HashSet};

use actix_web::{
    App, guard,
    http::Method,
    test::{TestRequest, call_service, init_service},
    web::{self, ServiceConfig},
};
use rf::metrics::{Metrics, MetricsMiddleware};

use crate::server::{sample, sum};

fn routes(cfg: &mut ServiceConfig) {
    let ok = || async { "" };
    cfg.service(web::scope("/shops/{shop}").configure(move |cfg| {
        cfg.service(web::scope("/orders").service(web::resource("/{id:\\d+}").to(ok)));
    }))
    .service(web::resource("/files/{tail:.*}").to(ok))
    .service(web::resource("/odd/{id:[a-z]?x}").to(ok))
    .service(
        web::resource("/same/{one}")
            .guard(guard::Header("x-one", "1"))
            .to(ok),
    )
    .service(web::resource("/same/{two}").to(ok))
    .service(web::resource(["/first", "/second"]).to(ok))
    .service(web::scope("/empty").default_service(web::to(actix_web::HttpResponse::NotFound)));
}

async fn endpoint_of(path: &str, header: Option<(&'static str, &'static str)>) -> String {
    let metrics = Metrics::new();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    let mut request = TestRequest::get().uri(path);
    if let Some(header) = header {
        request = request.insert_header(header);
    }
    drop(call_service(&app, request.to_request()).await);
    let text = metrics.encode();
    let series: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("http_requests_total{"))
        .collect();
    assert_eq!(series.len(), 1, "{text}");
    series[0].split('"').nth(1).unwrap().to_owned()
}

#[actix_web::test]
async fn the_endpoint_is_the_pattern_of_the_route_that_answered() {
    for (path, endpoint) in [
        ("/shops/oslo/orders/17", "/shops/{shop}/orders/{id:\\\\d+}"),
        ("/files/a/b/c.txt", "/files/{tail:.*}"),
        ("/same/thing", "/same/{two}"),
        ("/first", "/first"),
        // One resource, under the first of its patterns.
        ("/second", "/first"),
        ("/shops/oslo/orders/none", "unmatched"),
        ("/empty/any", "unmatched"),
        ("/", "unmatched"),
        ("/odd/ax", "/odd/{id:[a-z]%3Fx}"),
    ] {
        assert_eq!(endpoint_of(path, None).await, endpoint, "{path}");
    }
    assert_eq!(
        endpoint_of("/same/thing", Some(("x-one", "1"))).await,
        "/same/{one}"
    );
}

/// Numbers that look random, and are the same in every run.
struct Scatter(u64);

impl Scatter {
    fn next(&mut self) -> u64 {
        // xorshift64*, whose high bits are the better ones.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next() as usize % all.len()]
    }

    /// A method that is one of RFC 9110 or of HTTP's relatives, one of nobody, or one in odd letters.
    fn method(&mut self) -> Method {
        const KNOWN: [&str; 14] = [
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "DELETE",
            "CONNECT",
            "OPTIONS",
            "TRACE",
            "PATCH",
            "PROPFIND",
            "get",
            "Get",
            "_OTHER",
            "unmatched",
        ];
        if self.next().is_multiple_of(2) {
            return self.of(&KNOWN).parse().unwrap();
        }
        format!("M{:x}", self.next()).parse().unwrap()
    }

    fn path(&mut self) -> String {
        let (one, other) = (self.next(), self.next());
        match self.next() % 8 {
            0 => format!("/shops/{one}/orders/{other}"),
            1 => format!("/shops/{one:x}/orders/{other:x}z"),
            2 => format!("/files/{one}/%7B{other}%7D.txt?{one}={other}"),
            3 => format!("/same/{one}"),
            4 => format!("/empty/{one}"),
            5 => format!("/wp-{one:x}/{other}?q={one}"),
            6 => format!("/first/{one}"),
            _ => "/second".into(),
        }
    }
}

#[actix_web::test]
async fn a_hundred_thousand_random_paths_and_methods_are_a_few_series() {
    const REQUESTS: usize = 100_000;
    let metrics = Metrics::new();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    let mut scatter = Scatter(42);
    let mut different = HashSet::new();
    for _ in 0..REQUESTS {
        let (method, path) = (scatter.method(), scatter.path());
        different.insert((method.clone(), path.clone()));
        let request = TestRequest::with_uri(&path).method(method);
        drop(call_service(&app, request.to_request()).await);
    }
    assert!(different.len() > REQUESTS / 2, "{}", different.len());

    let text = metrics.encode();
    let series: Vec<&str> = (text.lines())
        .filter(|line| line.starts_with("http_requests_total{"))
        .collect();
    // Four patterns that were met, whatever the method, and what matched none; nine methods that RFCs define (RFC 9110
    // section 9, RFC 5789) and one for all others. A route here answers any method, so each pair has one status.
    assert_eq!(series.len(), 5 * 10, "{series:#?}");
    let labels = |position: usize| -> BTreeSet<&str> {
        let values = series
            .iter()
            .filter_map(|line| line.split('"').nth(position));
        values.collect()
    };
    let endpoints = [
        "/files/{tail:.*}",
        "/first",
        "/same/{two}",
        "/shops/{shop}/orders/{id:\\\\d+}",
        "unmatched",
    ];
    assert_eq!(labels(1), BTreeSet::from(endpoints));
    let methods = labels(3);
    assert!(
        methods.contains("_OTHER") && methods.len() == 10,
        "{methods:?}"
    );
    assert_eq!(sum(&text, "http_requests_total", &[]), REQUESTS as f64);
    assert_eq!(sample(&text, "http_requests_in_flight"), Some(0.0));
    // All families together, those of the process included.
    assert!(
        text.lines().count() < 3000,
        "{} lines",
        text.lines().count()
    );
}

#[actix_web::test]
async fn wrapped_twice_the_outer_one_counts() {
    let metrics = Metrics::new();
    let inner = web::scope("/in")
        .wrap(MetricsMiddleware::new(metrics.clone()))
        .route("/side", web::get().to(|| async { "" }));
    let app = init_service(
        App::new()
            .wrap(MetricsMiddleware::new(metrics.clone()))
            .service(inner),
    )
    .await;
    drop(call_service(&app, TestRequest::get().uri("/in/side").to_request()).await);
    assert_eq!(sum(&metrics.encode(), "http_requests_total", &[]), 1.0);
    assert_eq!(
        sample(&metrics.encode(), "http_requests_in_flight"),
        Some(0.0)
    );
}

#[actix_web::test]
async fn a_namespace_and_constant_labels_are_on_the_http_families_too() {
    let metrics = Metrics::builder()
        .namespace("shop")
        .const_label("zone", "eu")
        .buckets([0.5, 1.0])
        .build()
        .unwrap();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    drop(call_service(&app, TestRequest::get().uri("/first").to_request()).await);
    let text = metrics.encode();
    let labels = "{endpoint=\"/first\",method=\"GET\",status=\"200\",zone=\"eu\"";
    assert_eq!(
        sample(&text, &format!("shop_http_requests_total{labels}}}")),
        Some(1.0),
        "{text}"
    );
    for le in ["0.5", "1", "+Inf"] {
        let series = format!("shop_http_requests_duration_seconds_bucket{labels},le=\"{le}\"}}");
        assert_eq!(sample(&text, &series), Some(1.0), "{text}");
    }
    assert_eq!(
        sample(&text, "shop_http_requests_in_flight{zone=\"eu\"}"),
        Some(0.0),
        "{text}"
    );
}
