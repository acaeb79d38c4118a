//! Where credentials come from, against a server that plays all of the services.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Chain, Credentials, CredentialsCache, Environment, NoCredentials};
use crate::storage::s3::{
    S3Config, Secret,
    script::{Reply, Script, answer},
    transport::Http,
};
use std::{
    io::Write,
    sync::Arc,
    time::{Duration, SystemTime},
};

fn lent(id: &str, until: &str) -> Reply {
    let body = serde_json::json!({
        "Code": "Success", "AccessKeyId": id, "SecretAccessKey": "a secret", "Token": "a token", "Expiration": until,
    });
    answer(200, &[], &body.to_string())
}

fn environment(variables: &[(&'static str, &str)]) -> Environment {
    let variables: Vec<(&str, String)> = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Arc::new(move |asked| {
        let found = variables.iter().find(|(name, _)| *name == asked);
        found.map(|(_, value)| value.clone())
    })
}

fn chain(config: &S3Config, environment: Environment) -> Chain {
    let wait = Duration::from_secs(10);
    let http = Http::new(false, wait, wait).unwrap();
    Chain::new(config, "eu-central-1", environment, http)
}

async fn find(variables: &[(&'static str, &str)]) -> Result<Credentials, NoCredentials> {
    chain(&S3Config::default(), environment(variables))
        .fetch()
        .await
}

#[tokio::test]
async fn keys_of_the_configuration_come_before_all_others() {
    let config = S3Config {
        access_key: Some("MINE".into()),
        secret_key: Some("a secret".into()),
        ..S3Config::default()
    };
    let variables = [
        ("AWS_ACCESS_KEY_ID", "OTHER"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
    ];
    let found = chain(&config, environment(&variables))
        .fetch()
        .await
        .unwrap();
    assert_eq!(found.access_key, Secret::from("MINE"));
    let found = find(&variables).await.unwrap();
    assert_eq!(found.access_key, Secret::from("OTHER"));
    let half = find(&variables[..1]).await.unwrap_err();
    assert!(half.0.contains("AWS_SECRET_ACCESS_KEY"), "{half}");
}

#[tokio::test]
async fn a_profile_that_is_named_must_be_there() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[work]\naws_access_key_id=WORK\naws_secret_access_key=s\n")
        .unwrap();
    let path = file.path().to_str().unwrap();
    let found = find(&[
        ("AWS_SHARED_CREDENTIALS_FILE", path),
        ("AWS_PROFILE", "work"),
    ])
    .await;
    assert_eq!(found.unwrap().access_key, Secret::from("WORK"));
    let missing = find(&[
        ("AWS_SHARED_CREDENTIALS_FILE", path),
        ("AWS_PROFILE", "home"),
    ])
    .await;
    assert!(missing.unwrap_err().0.contains("profile home"));

    let config = S3Config {
        profile: Some("work".to_owned()),
        ..S3Config::default()
    };
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", path),
        ("AWS_ACCESS_KEY_ID", "OTHER"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
    ];
    let found = chain(&config, environment(&variables))
        .fetch()
        .await
        .unwrap();
    assert_eq!(found.access_key, Secret::from("WORK"));
}

#[tokio::test]
async fn a_web_identity_is_traded_for_the_keys_of_its_role() {
    let script = Script::start(vec![answer(
        200,
        &[],
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>x</SubjectFromWebIdentityToken>\
         <Credentials><SessionToken>a token</SessionToken><SecretAccessKey>a secret</SecretAccessKey>\
         <Expiration>2099-01-01T00:00:00Z</Expiration><AccessKeyId>ROLE</AccessKeyId></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
    )]);
    let mut token = tempfile::NamedTempFile::new().unwrap();
    token.write_all(b"header.claims+/.sig\n").unwrap();
    let found = find(&[
        (
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            token.path().to_str().unwrap(),
        ),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/files"),
        ("AWS_ENDPOINT_URL_STS", &script.url()),
    ])
    .await
    .unwrap();
    assert_eq!(found.access_key, Secret::from("ROLE"));
    assert_eq!(found.session_token, Some("a token".into()));
    assert!(found.expires_at.unwrap() > SystemTime::now());
    let seen = script.seen().remove(0);
    assert_eq!(seen.line, "POST / HTTP/1.1");
    assert_eq!(
        String::from_utf8(seen.body).unwrap(),
        "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Ffiles\
         &RoleSessionName=rf-actix&Version=2011-06-15&WebIdentityToken=header.claims%2B%2F.sig"
    );
}

#[tokio::test]
async fn a_container_is_asked_with_its_token() {
    let script = Script::start(vec![lent("TASK", "2099-01-01T00:00:00Z")]);
    let found = find(&[
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("{}/role", script.url()),
        ),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me"),
    ])
    .await
    .unwrap();
    assert_eq!(found.access_key, Secret::from("TASK"));
    let seen = script.seen().remove(0);
    assert_eq!(seen.line, "GET /role HTTP/1.1");
    assert_eq!(seen.header("authorization"), "let me");
}

#[tokio::test]
async fn an_instance_is_asked_for_a_token_first() {
    let script = Script::start(vec![
        answer(200, &[], "a session"),
        answer(200, &[], "files\n"),
        lent("INSTANCE", "2099-01-01T00:00:00Z"),
    ]);
    let found = find(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &script.url())])
        .await
        .unwrap();
    assert_eq!(found.access_key, Secret::from("INSTANCE"));
    let seen = script.seen();
    let lines: Vec<&str> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "PUT /latest/api/token HTTP/1.1",
            "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1",
            "GET /latest/meta-data/iam/security-credentials/files HTTP/1.1",
        ]
    );
    assert_eq!(
        seen[0].header("x-aws-ec2-metadata-token-ttl-seconds"),
        "300"
    );
    assert_eq!(seen[2].header("x-aws-ec2-metadata-token"), "a session");
}

#[tokio::test]
async fn a_place_that_answers_nonsense_is_named_and_not_quoted() {
    let script = Script::start(vec![answer(200, &[], "{\"SecretAccessKey\":\"a secret\"")]);
    let refused = find(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &script.url())])
        .await
        .unwrap_err();
    assert!(refused.0.contains("the container agent"), "{refused}");
    assert!(!refused.0.contains("a secret"), "{refused}");
}

/// A cache whose container lends keys until an hour from now, and then `next`.
fn cache(next: Reply) -> (CredentialsCache, Script, SystemTime) {
    let now = SystemTime::now();
    let until = humantime::format_rfc3339_seconds(now + Duration::from_secs(3600)).to_string();
    let script = Script::start(vec![lent("ONE", &until), next]);
    let variables = environment(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &script.url())]);
    let cache = CredentialsCache::new(chain(&S3Config::default(), variables));
    (cache, script, now)
}

#[tokio::test]
async fn many_at_once_fetch_once() {
    let (cache, script, now) = cache(answer(500, &[], ""));
    let found = futures_util::future::join_all((0..20).map(|_| cache.get(now))).await;
    assert!(found.iter().all(|found| found.is_ok()));
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_and_then_forgotten() {
    let script = Script::start(vec![
        answer(500, &[], ""),
        lent("ONE", "2099-01-01T00:00:00Z"),
    ]);
    let variables = environment(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &script.url())]);
    let cache = CredentialsCache::new(chain(&S3Config::default(), variables));
    let now = SystemTime::now();
    let found = futures_util::future::join_all((0..20).map(|_| cache.get(now))).await;
    assert!(found.iter().all(Result::is_err));
    assert_eq!(script.seen().len(), 1);
    assert!(cache.get(now + Duration::from_secs(1)).await.is_ok());
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let (cache, script, now) = cache(lent("TWO", "2099-01-01T00:00:00Z"));
    let minutes = |minutes: u64| now + Duration::from_secs(minutes * 60);
    assert_eq!(cache.get(now).await.unwrap().access_key, "ONE".into());
    assert_eq!(
        cache.get(minutes(54)).await.unwrap().access_key,
        "ONE".into()
    );
    assert_eq!(
        cache.get(minutes(56)).await.unwrap().access_key,
        "TWO".into()
    );
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test]
async fn while_they_last_credentials_outlive_the_place_they_came_from() {
    let (cache, script, now) = cache(answer(500, &[], ""));
    let minutes = |minutes: u64| now + Duration::from_secs(minutes * 60);
    cache.get(now).await.unwrap();
    assert_eq!(
        cache.get(minutes(56)).await.unwrap().access_key,
        "ONE".into()
    );
    // Not asked again at once.
    assert_eq!(
        cache.get(minutes(56)).await.unwrap().access_key,
        "ONE".into()
    );
    assert_eq!(script.seen().len(), 2);
    assert!(cache.get(minutes(61)).await.is_err());
}

#[test]
fn secrets_do_not_print_themselves() {
    let credentials = Credentials {
        access_key: "ACCESS".into(),
        secret_key: "SECRET".into(),
        session_token: Some("TOKEN".into()),
        expires_at: None,
    };
    let config = S3Config {
        access_key: Some("ACCESS".into()),
        secret_key: Some("SECRET".into()),
        session_token: Some("TOKEN".into()),
        ..S3Config::default()
    };
    let chain = chain(&config, environment(&[]));
    let text = format!("{credentials:?} {config:?} {chain:?}");
    for secret in ["ACCESS", "SECRET", "TOKEN"] {
        assert!(!text.contains(secret), "{text}");
    }
}
