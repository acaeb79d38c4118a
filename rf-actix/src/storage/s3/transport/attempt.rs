//! The attempts of one request, until an answer is the caller's or the time is over.

use super::{
    answer::{Answer, Content},
    document::{self, Document},
    failure::{Failure, Outage},
    http::Http,
    outgoing::Outgoing,
    retry::{Verdict, pause, weigh},
};
use crate::storage::s3::{credentials::CredentialsCache, resolved::Resolved};
use hyper::StatusCode;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep, timeout_at};

/// What all requests to one bucket share.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) resolved: Resolved,
    pub(super) http: Http,
    pub(super) credentials: Arc<CredentialsCache>,
    /// By how many seconds the clock of the service is ahead of ours.
    pub(super) ahead: AtomicI64,
}

/// Our clock, set forward by so many seconds.
fn set_by(ahead: i64) -> SystemTime {
    let by = Duration::from_secs(ahead.unsigned_abs());
    let now = SystemTime::now();
    let set = if ahead < 0 {
        now.checked_sub(by)
    } else {
        now.checked_add(by)
    };
    set.unwrap_or(now)
}

impl Line {
    /// What the service takes for now.
    pub(super) fn now(&self) -> SystemTime {
        set_by(self.ahead.load(Ordering::Relaxed))
    }

    /// The answer, and at which attempt it came.
    pub(super) async fn send(&self, request: &Outgoing) -> Result<(Answer, u32), Failure> {
        let end = Instant::now() + self.resolved.patience(request.body.len() as u64);
        // Each is mended once: what is refused again is refused.
        let (mut set_clock, mut renewed) = (false, false);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self.attempt(request, end).await;
            let asked = match &outcome {
                Ok((answer, verdict)) => match *verdict {
                    Verdict::Skewed(ahead) if !set_clock => {
                        log::warn!("the clock is {ahead}s behind that of the storage service");
                        self.ahead.store(ahead, Ordering::Relaxed);
                        set_clock = true;
                        continue;
                    }
                    Verdict::Expired if !renewed => {
                        renewed = true;
                        continue;
                    }
                    Verdict::Later(asked) => {
                        log::debug!("the storage service answered {}", answer.status);
                        asked
                    }
                    _ => return outcome.map(|(answer, _)| (answer, attempts)),
                },
                Err(failure) if failure.is_transient() => {
                    log::debug!("{failure}");
                    None
                }
                Err(_) => None,
            };
            let wait = pause(attempts, asked);
            let hopeless = outcome
                .as_ref()
                .is_err_and(|failure| !failure.is_transient());
            // A service may ask for a wait that no clock can count.
            let too_late = Instant::now()
                .checked_add(wait)
                .is_none_or(|next| next >= end);
            if hopeless || attempts >= self.resolved.attempts || too_late {
                return outcome.map(|(answer, _)| (answer, attempts));
            }
            sleep(wait).await;
        }
    }

    async fn attempt(
        &self,
        request: &Outgoing,
        end: Instant,
    ) -> Result<(Answer, Verdict), Failure> {
        let credentials = before(end, async {
            Ok(self.credentials.get(SystemTime::now()).await?)
        })
        .await?;
        let ahead = self.ahead.load(Ordering::Relaxed);
        let signed = request.sign(&credentials, set_by(ahead), &self.resolved.region)?;
        let answer = before(end, async {
            let (mut head, body) = self.http.exchange(signed).await?.into_parts();
            let refused = head.status.is_client_error() || head.status.is_server_error();
            let body = if refused {
                Content::Whole(self.http.collect(body).await?)
            } else if request.asks_for_document() {
                let bytes = self.http.collect_document(body).await?;
                match document::look(&bytes) {
                    Document::Refusal(status) => {
                        head.status = StatusCode::from_u16(status).unwrap_or(head.status);
                    }
                    Document::Broken if !(bytes.is_empty() && request.may_be_unanswered()) => {
                        let text = "the answer is no XML";
                        return Err(Failure::new(Outage::Unreachable, text));
                    }
                    Document::Broken | Document::Whole => {}
                }
                Content::Whole(bytes)
            } else {
                Content::Coming(body)
            };
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body,
            })
        })
        .await?;
        // By the clock it was signed with: another request may have set that of the line meanwhile.
        let verdict = match weigh(&answer, set_by(ahead)) {
            Verdict::Skewed(seconds) => Verdict::Skewed(ahead.saturating_add(seconds)),
            verdict => verdict,
        };
        if verdict == Verdict::Expired {
            self.credentials.forget(&credentials).await;
        }
        Ok((answer, verdict))
    }
}

async fn before<T>(
    end: Instant,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    timeout_at(end, work)
        .await
        .unwrap_or_else(|_| Err(Failure::timeout("all attempts together took too long")))
}
