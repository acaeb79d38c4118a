use actix_web::{App, Responder, get};
use rf::require_scope;

struct Basket;

#[get("/")]
#[require_scope("files:read")]
async fn basket(_: Basket) -> impl Responder {
    ""
}

fn main() {
    App::new().service(basket);
}
