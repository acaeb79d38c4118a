//! A request's context follows it: through its awaits by itself, and into tasks and threads by hand.
//!
//! The middleware sets it for every poll of the request's future and body, and takes it away after, so lines of
//! requests that share a thread never mix. What is spawned is polled elsewhere, and has to take it along:
//!
//! ```
//! # async fn handler() -> Result<(), actix_web::error::BlockingError> {
//! rf::logging::spawn(async { rf::info!("still this request's line") });
//! let sum = rf::logging::block(|| {
//!     rf::info!("this too");
//!     1 + 1
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```

use super::{
    Level, Logger, RequestId, TraceContext,
    ids::{self, Ids},
    logger,
};
use pin_project_lite::pin_project;
use std::{
    cell::RefCell,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Beside the current ids: whose lines they are.
struct Current {
    logger: Arc<Logger>,
    /// Of a context whose ids no line has.
    outside: Option<Arc<Ids>>,
}

/// What the lines of one request have in common, and the logger they go to.
#[derive(Clone)]
pub struct RequestContext {
    pub(crate) ids: Arc<Ids>,
    pub(crate) logger: Arc<Logger>,
}

impl RequestContext {
    pub(crate) fn new(
        logger: Arc<Logger>,
        request_id: Option<RequestId>,
        trace: TraceContext,
    ) -> Self {
        Self {
            ids: Arc::new(Ids::new(request_id, trace)),
            logger,
        }
    }

    /// The context of the request whose handler runs here.
    #[must_use]
    pub fn current() -> Option<Self> {
        let current = |current: &RefCell<Option<Current>>| {
            let current = current.borrow();
            let Current { logger, outside } = current.as_ref()?;
            Some(Self {
                ids: outside.clone().or_else(ids::current)?,
                logger: Arc::clone(logger),
            })
        };
        CURRENT.try_with(current).ok().flatten()
    }

    /// The request's id; `None` when the logger was built without request ids.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.ids.request_id.as_ref()
    }

    /// The request's trace; its `Display` is the `traceparent` for calls to other services.
    #[must_use]
    pub fn trace(&self) -> &TraceContext {
        &self.ids.trace
    }

    /// Adds a field to every later line of this request, its access line too: whose it is, what it is about.
    ///
    /// ```
    /// use rf::logging::RequestContext;
    /// if let Some(context) = RequestContext::current() {
    ///     context.add("user", "maria");
    /// }
    /// ```
    pub fn add(&self, key: &'static str, value: impl Into<String>) {
        self.ids.add(key, value.into());
    }

    /// A slog logger whose lines belong to this request, wherever they are logged.
    pub fn slog(&self) -> slog::Logger {
        slog::Logger::root(self.logger.route(Some(Arc::clone(&self.ids))), slog::o!())
    }

    /// Runs `f` in this context.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        f()
    }

    /// Polls `future` in this context, on whatever thread.
    pub fn scope<F: Future>(self, future: F) -> InContext<F> {
        InContext {
            context: Some(self),
            future,
        }
    }

    /// Makes this the current context until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        self.enter_with(Some(Arc::clone(&self.ids)), None)
    }

    fn enter_with(&self, ids: Option<Arc<Ids>>, outside: Option<Arc<Ids>>) -> Entered {
        let entered = Current {
            logger: Arc::clone(&self.logger),
            outside,
        };
        let current = CURRENT.try_with(|current| current.replace(Some(entered)));
        Entered {
            ids: ids::replace(ids),
            current: current.ok().flatten(),
            _here: PhantomData,
        }
    }

    /// Makes its logger the current one, for lines that belong to no request.
    #[cfg(feature = "testing")]
    pub(crate) fn enter_outside(&self) -> Entered {
        self.enter_with(None, Some(Arc::clone(&self.ids)))
    }
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestContext").field(&self.ids).finish()
    }
}

/// Puts the former context back.
pub(crate) struct Entered {
    current: Option<Current>,
    ids: Option<Arc<Ids>>,
    /// It is about this thread.
    _here: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        ids::replace(self.ids.take());
        let former = self.current.take();
        // The context left is dropped after the borrow: dropping the last logger may log.
        let left = CURRENT.try_with(|current| current.replace(former));
        drop(left);
    }
}

/// The logger of the current request, else the installed one.
pub(crate) fn current_logger() -> Option<Arc<Logger>> {
    CURRENT
        .try_with(|current| {
            current
                .borrow()
                .as_ref()
                .map(|current| Arc::clone(&current.logger))
        })
        .ok()
        .flatten()
        .or_else(|| logger::installed().cloned())
}

/// The logger of the current request, else the installed one, if it wants such a record. Nothing is cloned when it
/// does not.
pub(crate) fn logger_for(level: Level, target: &str) -> Option<Arc<Logger>> {
    let wants = |logger: &&Arc<Logger>| logger.enabled(level, target);
    let of_request = CURRENT.try_with(|current| {
        let current = current.borrow();
        let logger = &current.as_ref()?.logger;
        Some(Some(logger).filter(wants).cloned())
    });
    match of_request {
        Ok(Some(logger)) => logger,
        _ => logger::installed().filter(wants).cloned(),
    }
}

pin_project! {
    /// A future that is polled in a request's context; see [`RequestContext::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited or spawned"]
    pub struct InContext<F> {
        context: Option<RequestContext>,
        #[pin]
        future: F,
    }
}

impl<F> InContext<F> {
    pub(crate) fn current(future: F) -> Self {
        Self {
            context: RequestContext::current(),
            future,
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.context.as_ref().map(RequestContext::enter);
        this.future.poll(cx)
    }
}
