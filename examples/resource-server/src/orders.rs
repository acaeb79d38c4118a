//! Orders, each person's own, for as long as the process lives.

use actix_web::{HttpResponse, Responder, get, post, web};
use rf::oauth2::{AccessToken, Principal, require_scope};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// So many of one person, and so many bytes each.
const MOST: usize = 100;

#[derive(Default)]
pub(crate) struct Orders(Mutex<HashMap<Principal, Vec<Order>>>);

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    item: String,
}

#[get("")]
pub(crate) async fn list(token: AccessToken, orders: web::Data<Orders>) -> impl Responder {
    let all = orders.0.lock().unwrap_or_else(PoisonError::into_inner);
    let own = all.get(&token.principal()).cloned().unwrap_or_default();
    web::Json(serde_json::json!({ "orders": own }))
}

#[post("")]
#[require_scope("orders:write")]
pub(crate) async fn place(
    token: AccessToken,
    orders: web::Data<Orders>,
    order: web::Json<Order>,
) -> impl Responder {
    let order = order.into_inner();
    if order.item.is_empty() || order.item.len() > 200 {
        return HttpResponse::BadRequest().body("write an item of 1 to 200 bytes");
    }
    let mut all = orders.0.lock().unwrap_or_else(PoisonError::into_inner);
    let own = all.entry(token.principal()).or_default();
    if own.len() >= MOST {
        return HttpResponse::Conflict().body("that is enough");
    }
    own.push(order.clone());
    HttpResponse::Created().json(order)
}
