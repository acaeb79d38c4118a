//! The person's answer on the consent page.

use super::{
    decide::{Person, grant, refuse},
    outcome::{Context, Outcome},
};
use crate::oauth2::{
    error::{ErrorCode, OAuthError},
    model::{Client, Consent, Digest, Interaction, Parameters, ScopeSet},
    scope,
};

/// What the form of the consent page brought back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) ticket: Digest,
    pub(crate) allowed: bool,
    pub(crate) scope: ScopeSet,
}

impl Answer {
    /// Reads the fields `ticket`, `decision` and any number of `scope`; `None` when the form is not ours.
    pub(crate) fn parse(form: &Parameters) -> Option<Self> {
        let allowed = match form.get("decision")? {
            "allow" => true,
            "deny" => false,
            _ => return None,
        };
        if form.repeated("ticket") || form.repeated("decision") {
            return None;
        }
        Some(Self {
            ticket: Digest::of(form.get("ticket")?),
            allowed,
            scope: form
                .all("scope")
                .filter_map(|scope| scope.parse().ok())
                .collect(),
        })
    }
}

/// Carries out the answer. The request is the one that was kept when the page was shown: the form says which one
/// it is, whether it is allowed, and how much of its scope, and nothing else.
pub(crate) async fn answer(
    context: &Context<'_>,
    answer: Answer,
    session: &Digest,
    person: Person<'_>,
) -> Outcome {
    let taken = context
        .store
        .take_interaction(&answer.ticket, session, context.now)
        .await;
    let interaction = match taken {
        Ok(Some(interaction)) if interaction.subject == *person.subject => interaction,
        Ok(_) => return Outcome::ErrorPage(stale()),
        Err(error) => return Outcome::ErrorPage(error.into()),
    };
    match allowed(context, &answer, &interaction).await {
        Ok((client, scope)) => {
            let mut request = interaction.request;
            request.scope = scope;
            grant(
                context,
                &client,
                request,
                interaction.subject,
                person.auth_time,
            )
            .await
        }
        Err(Refusal::Page(error)) => Outcome::ErrorPage(error),
        Err(Refusal::Redirect(error)) => refuse(context, &interaction.request, error),
    }
}

enum Refusal {
    Page(OAuthError),
    Redirect(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Redirect(error.into())
    }
}

/// What is granted in the end; it is remembered, so that the same is not asked again.
async fn allowed(
    context: &Context<'_>,
    answer: &Answer,
    interaction: &Interaction,
) -> Result<(Client, ScopeSet), Refusal> {
    let request = &interaction.request;
    // The page may have been open while the client was changed: it must still be where the code would go.
    let registered = context
        .store
        .client(&request.client_id)
        .await
        .map_err(|error| Refusal::Page(error.into()))?;
    let client = registered
        .filter(|it| !it.disabled && it.client.redirect_uri(&request.redirect_uri).is_some())
        .ok_or_else(|| Refusal::Page(stale()))?
        .client;
    // Scopes can be taken away on the page, and none added.
    let scope = request
        .scope
        .intersection(&answer.scope)
        .limited_to(&scope::allowed(context.settings, &client));
    if !answer.allowed || (scope.is_empty() && !request.scope.is_empty()) {
        return Err(OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it").into());
    }
    if !context
        .users
        .is_active(&interaction.subject)
        .await
        .map_err(OAuthError::unavailable)?
    {
        return Err(
            OAuthError::new(ErrorCode::AccessDenied, "the person may not use this app").into(),
        );
    }
    let before = context
        .store
        .consent(&interaction.subject, &client.id)
        .await?;
    let remembered = before.map_or_else(|| scope.clone(), |it| it.scope.union(&scope));
    let consent = Consent {
        subject: interaction.subject.clone(),
        client_id: client.id.clone(),
        scope: remembered,
        updated_at: context.now,
    };
    context.store.save_consent(&consent).await?;
    Ok((client, scope))
}

fn stale() -> OAuthError {
    OAuthError::invalid_request(
        "this page was answered already, is too old, or belongs to another session",
    )
}
