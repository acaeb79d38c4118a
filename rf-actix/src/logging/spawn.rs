//! Tasks and blocking code that stay in the context of the request that started them.

use super::{InContext, RequestContext};
use actix_web::{error::BlockingError, rt::task::JoinHandle, web};
use std::future::Future;

/// Spawns a task on this worker that keeps the current request's context.
pub fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    actix_web::rt::spawn(InContext::current(future))
}

/// Runs blocking code in the thread pool, in the current request's context: `web::block` that keeps it.
///
/// # Errors
///
/// When the pool is shutting down or the code panicked, as `web::block` has it.
pub async fn block<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlockingError> {
    let context = RequestContext::current();
    web::block(move || match context {
        Some(context) => context.run(f),
        None => f(),
    })
    .await
}
