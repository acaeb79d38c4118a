//! Whether an authorization request may be shown to anybody: the checks, in the order they are made.

use super::{
    outcome::{Context, Outcome},
    prompt::Prompt,
    redirect::ReturnAddress,
};
use crate::oauth2::{
    error::{ErrorCode, OAuthError},
    model::{
        AuthorizationRequest, Client, ClientId, CodeChallenge, GrantType, Parameters,
        RegisteredClient,
    },
    scope,
};

/// In bytes. The request is kept while the person is asked; this much fits every database.
const LONGEST_STATE: usize = 8 * 1024;

/// A request that passed every check.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) client: Client,
    pub(crate) request: AuthorizationRequest,
    pub(crate) prompt: Prompt,
    /// Whether nothing but the redirect URI says who the client is, and that leads to a program on the person's
    /// own machine (RFC 8252 §8.6).
    pub(crate) native: bool,
}

/// Checks the request; the error is how it ends.
pub(crate) async fn check(context: &Context<'_>, sent: &Parameters) -> Result<Checked, Outcome> {
    // Until the redirect URI is known to be the client's, nobody is redirected (RFC 6749 §4.1.2.1).
    let registered = client(context, sent).await.map_err(Outcome::ErrorPage)?;
    let client = &registered.client;
    let redirect_uri = redirect_uri(client, sent).map_err(Outcome::ErrorPage)?;

    // From here on the client is told.
    let checks = || {
        nothing_is_repeated(sent)?;
        state_fits(sent)?;
        response_type(sent)?;
        response_mode(sent)?;
        grant(client)?;
        let code_challenge = code_challenge(context, &registered, sent)?;
        let scope = scope::requested(context.settings, client, sent.get("scope"))?;
        let prompt = Prompt::parse(sent)?;
        Ok((code_challenge, scope, prompt))
    };
    let (code_challenge, scope, prompt) = checks().map_err(|error: OAuthError| {
        let back = ReturnAddress {
            redirect_uri,
            // Of two states none is the one that was meant, and one that is too long is not kept.
            state: (sent.get("state"))
                .filter(|state| !sent.repeated("state") && state.len() <= LONGEST_STATE),
            issuer: &context.settings.issuer,
        };
        Outcome::RedirectError {
            client_id: client.id.clone(),
            location: back.with_error(&error),
            error,
        }
    })?;

    let native =
        registered.is_public() && is_on_own_machine(redirect_uri, &context.settings.issuer);
    let request = AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        redirect_uri_sent: sent.get("redirect_uri").is_some(),
        scope,
        state: sent.get("state").map(str::to_owned),
        code_challenge,
    };
    Ok(Checked {
        client: registered.client,
        request,
        prompt,
        native,
    })
}

fn state_fits(sent: &Parameters) -> Result<(), OAuthError> {
    match sent.get("state") {
        Some(state) if state.len() > LONGEST_STATE => Err(OAuthError::invalid_request(
            "state is longer than 8192 bytes",
        )),
        _ => Ok(()),
    }
}

/// RFC 6749 §4.1.1: one `client_id`, and a client that we know.
async fn client(context: &Context<'_>, sent: &Parameters) -> Result<RegisteredClient, OAuthError> {
    if sent.repeated("client_id") {
        return Err(OAuthError::invalid_request(
            "client_id was sent more than once",
        ));
    }
    let Some(id) = sent.get("client_id") else {
        return Err(OAuthError::invalid_request("client_id is missing"));
    };
    let id = ClientId::from(id);
    let found = if id.is_well_formed() {
        context.store.client(&id).await?
    } else {
        None
    };
    found
        .filter(|client| !client.disabled)
        .ok_or_else(|| OAuthError::invalid_request("no such client is registered here"))
}

/// RFC 6749 §3.1.2.3: the one that was sent, if it is registered; the registered one, if it is the only one.
fn redirect_uri<'a>(client: &'a Client, sent: &'a Parameters) -> Result<&'a str, OAuthError> {
    if sent.repeated("redirect_uri") {
        return Err(OAuthError::invalid_request(
            "redirect_uri was sent more than once",
        ));
    }
    match (sent.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(presented), _) if client.redirect_uri(presented).is_some() => Ok(presented),
        (Some(_), _) => Err(OAuthError::invalid_request(
            "this redirect_uri is not registered for the client",
        )),
        (None, [only]) => Ok(only.as_str()),
        (None, _) => Err(OAuthError::invalid_request("redirect_uri is missing")),
    }
}

/// RFC 6749 §3.1.
fn nothing_is_repeated(sent: &Parameters) -> Result<(), OAuthError> {
    match sent.first_repeated() {
        Some(name) => Err(OAuthError::invalid_request(format!(
            "{name} was sent more than once"
        ))),
        None => Ok(()),
    }
}

/// RFC 6749 §3.1.1; `code` is all there is, the implicit grant is gone (RFC 9700 §2.1.2).
fn response_type(sent: &Parameters) -> Result<(), OAuthError> {
    match sent.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "response_type must be code",
        )),
        None => Err(OAuthError::invalid_request("response_type is missing")),
    }
}

/// OAuth 2.0 Multiple Response Types §2.1: a client that reads its answer elsewhere would wait for ever.
fn response_mode(sent: &Parameters) -> Result<(), OAuthError> {
    match sent.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(OAuthError::invalid_request("response_mode must be query")),
    }
}

/// RFC 6749 §4.1.2.1.
fn grant(client: &Client) -> Result<(), OAuthError> {
    if client.allows(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        "the client may not use the authorization code grant",
    ))
}

/// RFC 7636 §4.3 and §4.4.1, RFC 9700 §2.1.1: everybody needs PKCE, and only `S256` protects from anything.
fn code_challenge(
    context: &Context<'_>,
    client: &RegisteredClient,
    sent: &Parameters,
) -> Result<Option<CodeChallenge>, OAuthError> {
    let Some(challenge) = sent.get("code_challenge") else {
        let needed = client.is_public() || context.settings.require_pkce;
        return if needed || sent.get("code_challenge_method").is_some() {
            Err(OAuthError::invalid_request("code_challenge is missing"))
        } else {
            Ok(None)
        };
    };
    // A method that is left out means `plain`.
    if sent.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request(
            "code_challenge_method must be S256",
        ));
    }
    CodeChallenge::new(challenge)
        .map(Some)
        .map_err(|error| OAuthError::invalid_request(format!("code_challenge {error}")))
}

/// Whether a redirect URI leads to a program on the person's machine: a private-use scheme or a loopback address,
/// which any other program there could claim too (RFC 8252 §8.6).
///
/// This server's own origin is no such place, even on loopback: what is served there is ours.
fn is_on_own_machine(redirect_uri: &str, issuer: &str) -> bool {
    let Ok(uri) = url::Url::parse(redirect_uri) else {
        return true;
    };
    let own = url::Url::parse(issuer).is_ok_and(|issuer| issuer.origin() == uri.origin());
    match uri.host() {
        _ if !matches!(uri.scheme(), "http" | "https") => true,
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() && !own,
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() && !own,
        Some(url::Host::Domain(name)) => name == "localhost" && !own,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_on_own_machine;

    #[test]
    fn a_native_app_is_told_by_its_redirect_uri() {
        let issuer = "http://127.0.0.1:8080";
        for native in [
            "com.example.app:/done",
            "http://127.0.0.1:51004/done",
            "http://[::1]/done",
            "http://localhost:3000/",
            "http://127.0.0.1/done",
        ] {
            assert!(is_on_own_machine(native, issuer), "{native}");
        }
        for web in [
            "https://app.example.com/cb",
            "http://127.0.0.1:8080/app/callback",
        ] {
            assert!(!is_on_own_machine(web, issuer), "{web}");
        }
    }
}
