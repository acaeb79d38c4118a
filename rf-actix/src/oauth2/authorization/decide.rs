//! What the person at the browser has to do before a client gets its code.

use super::{
    check::Checked,
    outcome::{Context, Outcome, Question},
    redirect::ReturnAddress,
};
use crate::oauth2::{
    error::{ErrorCode, OAuthError},
    lifetime::Lifetimes,
    model::{
        AuthorizationCode, AuthorizationRequest, Client, Digest, Grant, GrantId, Subject, Timestamp,
    },
    token::{TokenKind, generate},
};
use std::time::Duration;

/// Who is signed in at the browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person<'a> {
    pub(crate) subject: &'a Subject,
    /// When they proved who they are.
    pub(crate) auth_time: Timestamp,
    /// Since when this very request has been waiting for a new sign-in, if it has.
    pub(crate) asked_again_at: Option<Timestamp>,
}

/// Decides over a request that passed its checks.
pub(crate) async fn decide(
    context: &Context<'_>,
    checked: Checked,
    person: Option<Person<'_>>,
) -> Outcome {
    match decided(context, &checked, person).await {
        Ok(Step::Login) => Outcome::NeedLogin(Box::new(checked.request)),
        Ok(Step::Consent(subject)) => Outcome::NeedConsent(Box::new(Question {
            client: checked.client,
            subject,
            request: checked.request,
        })),
        Ok(Step::Code(subject, auth_time)) => {
            grant(
                context,
                &checked.client,
                checked.request,
                subject,
                auth_time,
            )
            .await
        }
        Err(error) => refuse(context, &checked.request, error),
    }
}

enum Step {
    Login,
    Consent(Subject),
    Code(Subject, Timestamp),
}

async fn decided(
    context: &Context<'_>,
    checked: &Checked,
    person: Option<Person<'_>>,
) -> Result<Step, OAuthError> {
    let prompt = checked.prompt;
    let Some(person) = signed_in(context, checked, person).await? else {
        return if prompt.none {
            Err(OAuthError::new(
                ErrorCode::LoginRequired,
                "somebody has to sign in",
            ))
        } else {
            Ok(Step::Login)
        };
    };
    if !prompt.consent && !checked.native && consented(context, checked, person.subject).await? {
        return Ok(Step::Code(person.subject.clone(), person.auth_time));
    }
    if prompt.none {
        return Err(OAuthError::new(
            ErrorCode::ConsentRequired,
            "the person has to be asked",
        ));
    }
    Ok(Step::Consent(person.subject.clone()))
}

/// How long a browser may take from the login page back to the request.
const WAY_BACK: Duration = Duration::from_secs(60);

/// The person, if they may still use the app and their sign-in is as fresh as the client wants it.
async fn signed_in<'a>(
    context: &Context<'_>,
    checked: &Checked,
    person: Option<Person<'a>>,
) -> Result<Option<Person<'a>>, OAuthError> {
    let Some(person) = person else {
        return Ok(None);
    };
    let prompt = checked.prompt;
    let age = context.now.since(person.auth_time);
    // Whoever has signed in for this very request goes on at once; the request is no pass for later.
    let again = age <= WAY_BACK
        && person
            .asked_again_at
            .is_some_and(|asked| person.auth_time >= asked);
    // `max_age=0` means "now", which is never in the past (OpenID Connect Core §3.1.2.1).
    let too_old = prompt
        .max_age
        .is_some_and(|most| age > most || most.is_zero());
    if (prompt.login || too_old) && !again {
        // A sign-in of the app's own that does not know the time would be asked again for ever.
        if person.asked_again_at.is_some() && person.auth_time == Timestamp::default() {
            return Err(OAuthError::new(
                ErrorCode::LoginRequired,
                "nobody knows when the person signed in",
            ));
        }
        return Ok(None);
    }
    let active = context
        .users
        .is_active(person.subject)
        .await
        .map_err(OAuthError::unavailable)?;
    Ok(active.then_some(person))
}

/// Whether there is no need to ask: the app says so, or the person allowed all of it before.
async fn consented(
    context: &Context<'_>,
    checked: &Checked,
    subject: &Subject,
) -> Result<bool, OAuthError> {
    let (client, scope) = (&checked.client, &checked.request.scope);
    if context.policy.skip_consent(client, subject, scope) {
        return Ok(true);
    }
    let remembered = context.store.consent(subject, &client.id).await?;
    let texts = &context.settings.scopes;
    Ok(remembered.is_some_and(|it| texts.with_implied(&it.scope).covers_all(scope)))
}

/// Makes the grant and its code, and sends the browser to the client with it.
pub(super) async fn grant(
    context: &Context<'_>,
    client: &Client,
    request: AuthorizationRequest,
    subject: Subject,
    auth_time: Timestamp,
) -> Outcome {
    let settings = context.settings;
    let lifetimes = Lifetimes::of(client, settings, context.policy);
    let code = generate(TokenKind::Code);
    let grant = Grant {
        id: GrantId::generate(),
        client_id: request.client_id.clone(),
        subject: subject.clone(),
        scope: request.scope.clone(),
        auth_time,
        created_at: context.now,
        expires_at: context.now.plus(lifetimes.grant()),
        revoked_at: None,
    };
    let record = AuthorizationCode {
        hash: Digest::of(code.expose()),
        grant_id: grant.id.clone(),
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_sent: request.redirect_uri_sent,
        code_challenge: request.code_challenge.clone(),
        issued_at: context.now,
        expires_at: context.now.plus(settings.code_ttl),
        consumed_at: None,
    };
    match context.store.insert_code(&grant, &record).await {
        Ok(()) => Outcome::Redirect {
            location: back(context, &request).with_code(&code),
            client_id: request.client_id,
            subject,
        },
        Err(error) => refuse(context, &request, error.into()),
    }
}

/// Tells the client of an error.
pub(super) fn refuse(
    context: &Context<'_>,
    request: &AuthorizationRequest,
    error: OAuthError,
) -> Outcome {
    Outcome::RedirectError {
        client_id: request.client_id.clone(),
        location: back(context, request).with_error(&error),
        error,
    }
}

/// The way back to the client.
pub(crate) fn back<'a>(
    context: &'a Context<'_>,
    request: &'a AuthorizationRequest,
) -> ReturnAddress<'a> {
    ReturnAddress {
        redirect_uri: &request.redirect_uri,
        state: request.state.as_deref(),
        issuer: &context.settings.issuer,
    }
}
