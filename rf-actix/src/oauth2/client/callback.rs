//! What the provider sends back, and whether it belongs to what was started here.

use actix_web::{HttpRequest, HttpResponse};

use super::builder::SignInError;
use super::pending::Pending;
use super::routes::{failed, see_other};
use super::session::Session;
use super::sign_in::Inner;
use crate::oauth2::model::Parameters;

pub(super) async fn get(inner: &Inner, req: &HttpRequest) -> HttpResponse {
    let Ok(sent) = Parameters::parse(req.query_string().as_bytes()) else {
        return failed(&SignInError::Answer("it is malformed"));
    };
    // RFC 6749 §3.1: nothing is sent twice.
    let state = sent
        .get("state")
        .filter(|_| sent.first_repeated().is_none());
    let pending = state.and_then(|state| inner.pending.find(req, state, inner.now()));
    // RFC 6749 §10.12: an answer that this browser did not ask for would sign it in as somebody else.
    let Some(pending) = pending else {
        return failed(&SignInError::Answer(
            "it was not asked for by this browser, or too long ago",
        ));
    };
    let mut answer = match finish(inner, &sent, &pending).await {
        Ok(session) => match inner.keep(req, &session) {
            Some(cookies) => see_other(&pending.return_to, &cookies),
            None => failed(&SignInError::provider(
                "its tokens are too long for cookies, ask for fewer scopes",
            )),
        },
        Err(error) => failed(&error),
    };
    // Used, whatever came of it.
    for cookie in inner.pending.end(req, &pending.state) {
        if let Err(error) = answer.add_cookie(&cookie) {
            log::error!(target: "rf::oauth2", "a cookie cannot be written: {error}");
        }
    }
    answer
}

async fn finish(
    inner: &Inner,
    sent: &Parameters,
    pending: &Pending,
) -> Result<Session, SignInError> {
    let provider = &inner.provider;
    let metadata = provider.metadata().await?;
    // RFC 9207 §2.4: an answer of another server is not taken to this one's token endpoint (mix-up).
    match sent.get("iss") {
        Some(issuer) if issuer != provider.issuer.as_str() => {
            return Err(SignInError::Answer("it comes from another issuer"));
        }
        None if metadata.authorization_response_iss_parameter_supported => {
            return Err(SignInError::Answer("it does not say who it comes from"));
        }
        _ => {}
    }
    if let Some(code) = sent.get("error") {
        return Err(SignInError::Refused {
            code: code.to_owned(),
            description: sent.get("error_description").unwrap_or_default().to_owned(),
        });
    }
    let code = sent
        .get("code")
        .ok_or(SignInError::Answer("it brings no code"))?;
    let tokens = provider.redeem(code, pending.verifier.clone()).await?;
    let (subject, profile) = provider.identify(&tokens.access).await?;
    Ok(Session {
        subject,
        profile,
        tokens,
        ends_at: inner.now().plus(inner.session_ttl),
    })
}
