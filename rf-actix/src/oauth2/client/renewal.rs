//! One refresh at a time: a refresh token that is rotated must not be sent twice.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;

use super::builder::SignInError;
use super::session::Tokens;
use super::sign_in::SignIn;
use crate::oauth2::model::Digest;

/// So long requests that still bring the old cookie are given what it was renewed to.
const REMEMBERED: Duration = Duration::from_secs(60);
const AT_ONCE: u64 = 10_000;

type Renewal = Shared<BoxFuture<'static, Result<Tokens, Arc<SignInError>>>>;

/// Refreshes that run, and those that ran lately.
pub(super) struct Renewals(Cache<Digest, Renewal>);

impl Default for Renewals {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(AT_ONCE)
                .time_to_live(REMEMBERED)
                .build(),
        )
    }
}

impl Renewals {
    /// What `refresh` was exchanged for; asked once, however many ask at a time. Whoever goes away while waiting
    /// leaves it to the others.
    pub(super) async fn renew(
        &self,
        sign_in: &SignIn,
        refresh: &str,
    ) -> Result<Tokens, Arc<SignInError>> {
        let name = Digest::of(refresh);
        let asked = self.0.get_with(name.clone(), || {
            let (sign_in, refresh) = (sign_in.clone(), refresh.to_owned());
            let work = async move { sign_in.0.provider.renew(&refresh).await.map_err(Arc::new) };
            work.boxed().shared()
        });
        let renewed = asked.clone().await;
        if renewed.is_err() && self.0.get(&name).is_some_and(|kept| kept.ptr_eq(&asked)) {
            // The provider may have been away only now.
            self.0.invalidate(&name);
        }
        renewed
    }
}

impl fmt::Debug for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewals")
    }
}
