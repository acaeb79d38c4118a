//! The API of orders, called in somebody's name.

use reqwest::{Client, Response, StatusCode};
use rf::oauth2::Secret;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) struct Api {
    http: Client,
    base: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) item: String,
}

#[derive(Deserialize)]
struct Orders {
    orders: Vec<Order>,
}

/// Why the API did not do it.
pub(crate) enum Refusal {
    /// It does not take the token any more.
    Unauthorized,
    /// The person did not allow that.
    Forbidden,
    /// Anything else.
    Failed(String),
}

impl Api {
    pub(crate) fn new(base: String) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { http, base })
    }

    pub(crate) async fn list(&self, token: &Secret) -> Result<Vec<Order>, Refusal> {
        let asked = self
            .http
            .get(format!("{}/orders", self.base))
            .bearer_auth(token.expose())
            .send()
            .await;
        let answer = accepted(asked)?;
        let read: Result<Orders, _> = answer.json().await;
        Ok(read
            .map_err(|error| Refusal::Failed(error.to_string()))?
            .orders)
    }

    pub(crate) async fn place(&self, token: &Secret, order: &Order) -> Result<(), Refusal> {
        let asked = self
            .http
            .post(format!("{}/orders", self.base))
            .bearer_auth(token.expose())
            .json(order);
        accepted(asked.send().await).map(drop)
    }
}

fn accepted(asked: Result<Response, reqwest::Error>) -> Result<Response, Refusal> {
    let answer = asked.map_err(|error| Refusal::Failed(error.to_string()))?;
    match answer.status() {
        StatusCode::UNAUTHORIZED => Err(Refusal::Unauthorized),
        StatusCode::FORBIDDEN => Err(Refusal::Forbidden),
        status if status.is_success() => Ok(answer),
        status => Err(Refusal::Failed(format!("the API answers {status}"))),
    }
}
