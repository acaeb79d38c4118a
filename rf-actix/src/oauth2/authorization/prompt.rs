//! How much the client wants the person to be bothered (OpenID Connect Core §3.1.2.1).

use crate::oauth2::{error::OAuthError, model::Parameters};
use std::time::Duration;

/// `prompt` and `max_age`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Show nothing: answer with an error where a page would be needed.
    pub(crate) none: bool,
    /// Sign in, even when somebody is signed in.
    pub(crate) login: bool,
    /// Ask, even when the answer is known.
    pub(crate) consent: bool,
    /// How old the sign-in may be.
    pub(crate) max_age: Option<Duration>,
}

impl Prompt {
    pub(crate) fn parse(sent: &Parameters) -> Result<Self, OAuthError> {
        let mut prompt = Self::default();
        let mut values = 0;
        for value in sent
            .get("prompt")
            .unwrap_or_default()
            .split_ascii_whitespace()
        {
            values += 1;
            match value {
                "none" => prompt.none = true,
                // Another account is chosen by signing in with it.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => {
                    return Err(OAuthError::invalid_request(
                        "prompt is none, login, consent or select_account",
                    ));
                }
            }
        }
        if prompt.none && values > 1 {
            return Err(OAuthError::invalid_request("prompt=none stands alone"));
        }
        prompt.max_age = sent
            .get("max_age")
            .map(|text| {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse()
                    .ok()
                    .filter(|_| digits)
                    .map(Duration::from_secs)
                    .ok_or_else(|| OAuthError::invalid_request("max_age is a number of seconds"))
            })
            .transpose()?;
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn parse(query: &str) -> Result<Prompt, OAuthError> {
        Prompt::parse(&Parameters::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn prompt_none_stands_alone() {
        assert!(parse("prompt=none").unwrap().none);
        assert!(parse("prompt=none+login").is_err());
        assert!(parse("prompt=login+none").is_err());
        assert!(parse("prompt=none+none").is_err());
    }

    #[test]
    fn prompts_may_be_several_and_must_be_known() {
        let both = parse("prompt=login+consent").unwrap();
        assert!(both.login && both.consent && !both.none);
        assert_eq!(parse("prompt=").unwrap(), Prompt::default());
        assert!(parse("prompt=Login").is_err());
    }

    #[test]
    fn max_age_is_a_number_of_seconds() {
        assert_eq!(parse("max_age=0").unwrap().max_age, Some(Duration::ZERO));
        assert_eq!(parse("").unwrap().max_age, None);
        for wrong in ["-1", "%2B1", "1.5", "x", "99999999999999999999"] {
            assert!(parse(&format!("max_age={wrong}")).is_err(), "{wrong}");
        }
    }
}
