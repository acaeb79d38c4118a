//! What is tried again, and when.

use super::answer::{Answer, Content};
use hyper::StatusCode;
use std::time::{Duration, SystemTime};

/// The first pause is at most so long, each next one at most twice as long.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// S3 refuses what is signed with a clock so far off.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// What to make of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the caller's.
    Done,
    /// The service is busy or failing; it may say when to come again.
    Later(Option<Duration>),
    /// The clock of the service is ahead by so many seconds.
    Skewed(i64),
    /// The credentials are over.
    Expired,
}

/// Weighs an answer that came at a time of ours.
pub(super) fn weigh(answer: &Answer, now: SystemTime) -> Verdict {
    let Content::Whole(body) = &answer.body else {
        return Verdict::Done;
    };
    let code = code(body);
    match answer.status.as_u16() {
        408 | 429 | 500 | 502 | 503 | 504 => Verdict::Later(retry_after(answer, now)),
        400 | 403 => match code {
            // How S3 says 408.
            Some("RequestTimeout") => Verdict::Later(None),
            Some("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired") => {
                Verdict::Expired
            }
            Some("RequestTimeTooSkewed" | "RequestExpired") => {
                offset(answer, now).map_or(Verdict::Done, Verdict::Skewed)
            }
            // The answer to a HEAD has no body to say it.
            None if answer.status == StatusCode::FORBIDDEN => offset(answer, now)
                .filter(|seconds| seconds.unsigned_abs() >= SKEW.as_secs())
                .map_or(Verdict::Done, Verdict::Skewed),
            None if body.is_empty() => Verdict::Expired,
            _ => Verdict::Done,
        },
        _ => Verdict::Done,
    }
}

/// How long to wait before the attempt after so many: full jitter, so that many clients do not come back together.
pub(in crate::storage::s3) fn pause(attempts: u32, asked: Option<Duration>) -> Duration {
    let most = FIRST
        .saturating_mul(1_u32.checked_shl(attempts - 1).unwrap_or(u32::MAX))
        .min(LONGEST);
    let jitter = most.mul_f64(fraction());
    asked.map_or(jitter, |asked| asked.saturating_add(jitter))
}

/// Between 0 and 1.
fn fraction() -> f64 {
    // Without randomness the pause is the longest one.
    let drawn = getrandom::u32().unwrap_or(u32::MAX);
    f64::from(drawn) / f64::from(u32::MAX)
}

/// What stands in the `<Code>` of a refusal.
fn code(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.trim())
}

/// Seconds or a date (RFC 9110 §10.2.3).
fn retry_after(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

/// By how many seconds the clock of the service is ahead of ours.
fn offset(answer: &Answer, now: SystemTime) -> Option<i64> {
    let theirs = httpdate::parse_http_date(answer.header("date")?).ok()?;
    let seconds = match theirs.duration_since(now) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).ok()?,
        Err(behind) => -i64::try_from(behind.duration().as_secs()).ok()?,
    };
    (seconds != 0).then_some(seconds)
}
