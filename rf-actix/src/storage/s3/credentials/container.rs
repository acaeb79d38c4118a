//! The role of a container (ECS, EKS Pod Identity).

use super::{
    Credentials, NoCredentials,
    chain::Places,
    identity::{Lent, success},
};
use hyper::{Request, body::Bytes};
use std::time::Duration;
use url::{Host, Url};

const FROM: &str = "the container agent";
const WITHIN: Duration = Duration::from_secs(5);
/// Where the agent is when only a path is given.
const AGENT: &str = "http://169.254.170.2";
/// Those beside the first that may be asked without TLS: agents of ECS and EKS.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// Asks the agent of the platform, if there is one.
///
/// # Errors
/// When there is one and it lends nothing.
pub(super) async fn find(places: &Places) -> Result<Option<Credentials>, NoCredentials> {
    let relative = places.read("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let full = places.read("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let address = match (relative, full) {
        (Some(path), _) => format!("{AGENT}{path}"),
        (None, Some(address)) => trusted(address)?,
        (None, None) => return Ok(None),
    };
    let mut request = Request::get(address);
    if let Some(token) = token(places).await? {
        request = request.header("authorization", token);
    }
    let request = request.body(Bytes::new()).map_err(|_| {
        NoCredentials::because("the address of the container agent or its token is wrong")
    })?;
    let answer = places
        .http
        .fetch(request, WITHIN)
        .await
        .map_err(|failure| NoCredentials(format!("{FROM}: {failure}")))?;
    Lent::from_json(&success(answer, FROM)?, FROM).map(Some)
}

/// A token and keys go over the wire: without TLS only on this host or to an agent of the platform.
fn trusted(address: String) -> Result<String, NoCredentials> {
    let near = Url::parse(&address).is_ok_and(|url| {
        let agent = url
            .host_str()
            .is_some_and(|host| AGENTS.contains(&host.trim_matches(['[', ']'])));
        let here = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        url.scheme() == "https" || agent || here
    });
    if near {
        Ok(address)
    } else {
        Err(NoCredentials::because(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI: write an https address, or one of this host",
        ))
    }
}

async fn token(places: &Places) -> Result<Option<String>, NoCredentials> {
    let Some(path) = places.read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
        return Ok(places.read("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    };
    tokio::task::spawn_blocking(move || std::fs::read_to_string(path))
        .await
        .ok()
        .and_then(Result::ok)
        .map(|token| Some(token.trim().to_owned()))
        .ok_or_else(|| {
            NoCredentials::because(
                "the file AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::trusted;

    #[test]
    fn an_agent_without_tls_must_be_near() {
        for near in [
            "http://127.0.0.1:8080/x",
            "http://localhost/x",
            "http://[::1]/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://agent.example.org/x",
        ] {
            assert!(trusted(near.to_owned()).is_ok(), "{near}");
        }
        for far in [
            "http://example.org/x",
            "http://10.0.0.1/x",
            "ftp://127.0.0.2.x/",
            "x",
        ] {
            assert!(trusted(far.to_owned()).is_err(), "{far}");
        }
    }
}
