//! Orders: taken, read and summed up.

use crate::numbers::Numbers;
use actix_web::{
    HttpResponse, ResponseError, get,
    http::StatusCode,
    post,
    web::{self, Data, Json, ServiceConfig},
};
use rf::{
    Suite,
    logging::{Logger, slog},
    storage::{Disk, Error as DiskError, StorageExt as _},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

/// The most pieces one order may have.
const MOST: u32 = 100;

pub(crate) struct Shop {
    numbers: Numbers,
    audit: Logger,
    orders: Disk,
}

impl Shop {
    pub(crate) fn new(rf: &Suite) -> Result<Self, rf::Error> {
        Ok(Self {
            numbers: Numbers::new(rf.metrics())?,
            audit: rf.logger().channel("audit")?,
            orders: rf.disks().disk("orders")?,
        })
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    article: String,
    pieces: u32,
}

/// Why a request was refused: the text is for the caller.
#[derive(Debug)]
enum Refusal {
    Order(&'static str),
    Unknown,
    Disk(DiskError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(text) => f.write_str(text),
            Self::Unknown => f.write_str("there is no such order"),
            Self::Disk(_) => f.write_str("orders cannot be kept now, try again later"),
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Order(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Disk(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Disk(error) = self {
            rf::error!("orders cannot be kept"; "error" => #error);
        }
        let text = serde_json::json!({ "error": self.to_string() });
        HttpResponse::build(self.status_code()).json(text)
    }
}

pub(crate) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(take).service(read).service(report);
}

#[post("/orders")]
async fn take(shop: Data<Shop>, order: Json<Order>) -> Result<HttpResponse, Refusal> {
    let refuse = |reason, text| {
        shop.numbers.refused(reason);
        Err(Refusal::Order(text))
    };
    if order.article.trim().is_empty() {
        return refuse("article", "article is empty, name what is ordered");
    }
    if !(1..=MOST).contains(&order.pieces) {
        return refuse("pieces", "pieces is out of range, order 1 to 100");
    }
    let id = Uuid::now_v7();
    let text = serde_json::to_vec(&*order).expect("an order has a text form");
    let key = format!("{id}.json");
    shop.orders.put(&key, text).await.map_err(Refusal::Disk)?;

    shop.numbers.taken.inc();
    shop.numbers.pieces.observe(order.pieces);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    shop.numbers.last.set(now.unwrap_or_default());
    // Both lines carry the request and trace ids; only the first goes to the audit file.
    slog::info!(shop.audit.slog(), "order taken"; "order" => %id, "article" => &order.article, "pieces" => order.pieces);
    rf::info!("order taken"; "order" => %id);
    Ok(HttpResponse::Created().json(serde_json::json!({ "id": id })))
}

#[get("/orders/{id}")]
async fn read(shop: Data<Shop>, id: web::Path<Uuid>) -> Result<Json<Order>, Refusal> {
    let key = format!("{id}.json");
    match shop.orders.read_json(&key).await {
        Ok(order) => Ok(Json(order)),
        Err(DiskError::NotFound { .. }) => Err(Refusal::Unknown),
        Err(error) => Err(Refusal::Disk(error)),
    }
}

/// Reads every order: what takes its time is logged with it.
#[get("/report")]
async fn report(shop: Data<Shop>) -> Result<HttpResponse, Refusal> {
    let _timed = rf::timed!("report");
    let (mut orders, mut pieces) = (0_u64, 0_u64);
    for file in shop.orders.list("").await.map_err(Refusal::Disk)? {
        let order: Order = shop
            .orders
            .read_json(&file.key)
            .await
            .map_err(Refusal::Disk)?;
        orders += 1;
        pieces += u64::from(order.pieces);
    }
    Ok(HttpResponse::Ok().json(serde_json::json!({ "orders": orders, "pieces": pieces })))
}
