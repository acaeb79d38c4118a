//! From an outcome to a response.

use super::{PATH, asked_again, handler::context};
use crate::oauth2::{
    authorization::{Outcome, Question, back},
    endpoint::{
        browser::{cookie_key, error_page, page, public_path, report, see_other},
        visitor::{display_name, sign_in_at},
    },
    error::{ErrorCode, OAuthError},
    event::Event,
    model::{ClientId, Digest, Interaction},
    page::{ConsentView, ScopeLine},
    server::OAuth2Server,
    session::Session,
    token::{TokenKind, generate},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use std::borrow::Cow;
use std::time::Duration;

/// How long a consent page may stay open.
const CONSENT: Duration = Duration::from_secs(10 * 60);

/// Answers an authorization request, whose own query is `query`.
pub(super) async fn outcome(
    server: &OAuth2Server,
    req: Option<&HttpRequest>,
    outcome: Outcome,
    query: &str,
    session: Option<&Session>,
) -> HttpResponse {
    match outcome {
        Outcome::ErrorPage(error) => {
            refused(server, None, error.code);
            error_page(server, &error)
        }
        Outcome::RedirectError {
            client_id,
            location,
            error,
        } => redirect_error(server, client_id, &location, &error),
        Outcome::NeedLogin(request) => {
            let query = asked_again::note(query, server.clock().now(), cookie_key(server));
            match login(server, req, &query) {
                Some(location) => see_other(&location).finish(),
                None => {
                    let error = OAuthError::invalid_request("the request is too long");
                    let location = back(&context(server), &request).with_error(&error);
                    redirect_error(server, request.client_id, &location, &error)
                }
            }
        }
        Outcome::NeedConsent(question) => match (session, login(server, req, query)) {
            (Some(session), switch_account) => {
                ask(server, *question, session, switch_account).await
            }
            (None, _) => {
                let error = OAuthError::internal("a person without a session was to be asked");
                error_page(server, &error)
            }
        },
        Outcome::Redirect {
            client_id,
            subject,
            location,
        } => {
            server.emit(&Event::Authorized { client_id, subject });
            see_other(&location).finish()
        }
    }
}

/// Tells the client.
fn redirect_error(
    server: &OAuth2Server,
    client_id: ClientId,
    location: &str,
    error: &OAuthError,
) -> HttpResponse {
    report(server, error);
    refused(server, Some(client_id), error.code);
    see_other(location).finish()
}

fn refused(server: &OAuth2Server, client_id: Option<ClientId>, error: ErrorCode) {
    server.emit(&Event::AuthorizationRefused { client_id, error });
}

/// The login page that comes back with the request.
fn login(server: &OAuth2Server, req: Option<&HttpRequest>, query: &str) -> Option<String> {
    sign_in_at(server, req, &format!("{PATH}?{query}"))
}

/// Keeps the request and shows the consent page.
async fn ask(
    server: &OAuth2Server,
    question: Question,
    session: &Session,
    switch_account: Option<String>,
) -> HttpResponse {
    let Question {
        client,
        subject,
        request,
    } = question;
    let ticket = generate(TokenKind::Ticket);
    let interaction = Interaction {
        ticket_hash: Digest::of(ticket.expose()),
        session_hash: session.digest(),
        subject,
        request,
        expires_at: server.clock().now().plus(CONSENT),
        consumed_at: None,
    };
    if let Err(error) = server.store().insert_interaction(&interaction).await {
        return error_page(server, &error.into());
    }
    let texts = scope_texts(server, &interaction);
    let scopes: Vec<_> = (texts.iter())
        .map(|(scope, text)| ScopeLine { scope, text })
        .collect();
    let name = match display_name(server, &interaction.subject).await {
        Ok(name) => name,
        Err(error) => return error_page(server, &error),
    };
    let host = host(&interaction.request.redirect_uri);
    // The ticket goes into the form it was made for.
    let mut view = ConsentView::new(ticket.expose(), client.display_name(), &name, &scopes);
    let action = public_path(server, PATH);
    view.action = &action;
    view.redirect_host = host.as_deref();
    view.switch_account = switch_account.as_deref();
    page(server, StatusCode::OK).body(server.pages().consent(&view))
}

/// The scopes with their texts, in the order of the settings; those without a text come last. A family without a
/// text of its own is told by those of its members.
fn scope_texts<'a>(
    server: &'a OAuth2Server,
    interaction: &'a Interaction,
) -> Vec<(&'a str, Cow<'a, str>)> {
    let asked = &interaction.request.scope;
    let texts = &server.settings().scopes;
    let known = texts
        .iter()
        .filter(|(scope, _)| asked.contains(scope.as_str()))
        .map(|(scope, text)| (scope.as_str(), text.into()));
    let unknown = asked
        .iter()
        .filter(|scope| texts.text(scope.as_str()).is_none())
        .map(|scope| {
            let members = texts
                .iter()
                .filter(|(member, _)| scope.covers(member.as_str()));
            let members: Vec<&str> = members.map(|(_, text)| text).collect();
            (scope.as_str(), members.join("; ").into())
        });
    known.chain(unknown).collect()
}

/// Where the browser goes afterwards, in words that the client did not choose.
fn host(redirect_uri: &str) -> Option<String> {
    let url = url::Url::parse(redirect_uri).ok()?;
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => Some(format!("{host}:{port}")),
        (Some(host), None) => Some(host.to_owned()),
        (None, _) => Some(format!("{}:", url.scheme())),
    }
}
