//! Everything that is issued is looked for where it must not be: in the database, in the logs at their most talkative,
//! and in what the process prints.

use super::app::{App, client, json};
use super::person::Form;
use reqwest::{Client, Response, header::LOCATION};
use rf::oauth2::TestDatabase;
use rustix::process::Signal;
use serde_json::Value;
use std::{collections::BTreeMap, process::Command};
use tempfile::tempdir;

const PASSWORD: &str = "pw-correct-horse-battery-7731";
const WRONG_PASSWORD: &str = "pw-mistyped-staple-horse-5520";
const SECRET: &str = "cs-9f27ab10-not-for-the-log-4413";
const WRONG_SECRET: &str = "cs-guessed-in-vain-2207-86";
// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:8080/callback";

/// What was issued or sent, by what it is.
#[derive(Default)]
struct Secrets(BTreeMap<String, String>);

impl Secrets {
    fn note(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 16, "{what}: {secret:?}");
        let number = self.0.len();
        self.0
            .insert(format!("{number}: {what}"), secret.to_owned());
    }

    /// Also a part of one is too much: half of it, from the part that differs from one to the next.
    fn look_in(&self, place: &str, content: &[u8]) {
        assert!(!content.is_empty(), "{place} is empty");
        for (what, secret) in &self.0 {
            let tail = secret.len() - secret.len().min(24);
            for part in [secret.as_str(), &secret[tail..]] {
                let found = content
                    .windows(part.len())
                    .position(|window| window == part.as_bytes());
                if let Some(at) = found {
                    let around = &content[at.saturating_sub(80)..(at + 80).min(content.len())];
                    let around = String::from_utf8_lossy(around);
                    panic!("{what} is in {place}: …{around}…");
                }
            }
        }
    }
}

struct Visit<'a> {
    app: &'a App,
    browser: Client,
    secrets: &'a mut Secrets,
}

impl Visit<'_> {
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.browser.post(self.app.url(path)).form(form);
        request.send().await.unwrap()
    }

    fn note_fields(&mut self, page: &str) -> Vec<(String, String)> {
        let fields = Form::first(page).hidden;
        for (name, value) in &fields {
            if ["csrf", "ticket"].contains(&name.as_str()) {
                self.secrets.note(name, value);
            }
        }
        fields
    }

    fn note_cookie(&mut self, response: &Response) {
        for cookie in response.headers().get_all("set-cookie") {
            let (_, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = value.split(';').next().unwrap();
            if value.len() >= 16 {
                self.secrets.note("session cookie", value);
            }
        }
    }

    async fn sign_in(&mut self, password: &str) {
        let page = self.browser.get(self.app.url("/login")).send().await;
        let page = page.unwrap();
        self.note_cookie(&page);
        let mut fields = self.note_fields(&page.text().await.unwrap());
        fields.push(("username".into(), "ada".into()));
        fields.push(("password".into(), password.into()));
        let request = self.browser.post(self.app.url("/login")).form(&fields);
        let answer = request.send().await.unwrap();
        self.note_cookie(&answer);
    }

    async fn code(&mut self) -> String {
        let url = self.app.url(&format!(
            "/oauth/authorize?response_type=code&client_id=web&redirect_uri={CALLBACK}&scope=files:read\
             &state=st&code_challenge={CHALLENGE}&code_challenge_method=S256"
        ));
        let mut answer = self.browser.get(url).send().await.unwrap();
        if answer.status() == 200 {
            let mut fields = self.note_fields(&answer.text().await.unwrap());
            fields.push(("scope".into(), "files:read".into()));
            fields.push(("decision".into(), "allow".into()));
            let request = self.browser.post(self.app.url("/oauth/authorize"));
            answer = request.form(&fields).send().await.unwrap();
        }
        let back = answer.headers()[LOCATION].to_str().unwrap();
        let back = reqwest::Url::parse(back).unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap();
        let code = code.1.into_owned();
        self.secrets.note("code", &code);
        code
    }

    async fn tokens(&mut self, form: &[(&str, &str)]) -> Option<Value> {
        let request = self.browser.post(self.app.url("/oauth/token"));
        let request = request.basic_auth("web", Some(SECRET)).form(form);
        let answer = request.send().await.unwrap();
        if answer.status() != 200 {
            return None;
        }
        let answer = json(answer).await;
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.secrets.note(name, token);
            }
        }
        Some(answer)
    }

    async fn redeem(&mut self, code: &str) -> Option<Value> {
        self.tokens(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    async fn refresh(&mut self, token: &str) -> Option<Value> {
        self.tokens(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    async fn all(&mut self) {
        self.sign_in(WRONG_PASSWORD).await;
        self.sign_in(PASSWORD).await;
        let code = self.code().await;
        let first = self.redeem(&code).await.unwrap();
        let refresh = first["refresh_token"].as_str().unwrap();
        let second = self.refresh(refresh).await.unwrap();
        let token = second["access_token"].as_str().unwrap();
        self.tokens(&[("grant_type", "client_credentials")]).await;
        // In every place where one may be sent, rightly or wrongly.
        let me = || self.browser.get(self.app.url("/api/me"));
        me().bearer_auth(token).send().await.unwrap();
        me().bearer_auth(refresh).send().await.unwrap();
        me().query(&[("access_token", token)]).send().await.unwrap();
        let basic = |secret| {
            let request = self.browser.post(self.app.url("/oauth/introspect"));
            request.basic_auth("web", Some(secret))
        };
        for secret in [SECRET, WRONG_SECRET] {
            for sent in [token, refresh] {
                let request = basic(secret).form(&[("token", sent)]);
                request.send().await.unwrap();
            }
        }
        let body = [
            ("grant_type", "client_credentials"),
            ("client_id", "web"),
            ("client_secret", SECRET),
        ];
        self.post("/oauth/token", &body).await;
        let form = [
            ("token", token),
            ("client_id", "web"),
            ("client_secret", SECRET),
        ];
        self.post("/oauth/revoke", &form).await;
        // Replays, which are told to the log.
        assert!(self.redeem(&code).await.is_none());
        let code = self.code().await;
        let tokens = self.redeem(&code).await.unwrap();
        let one = tokens["refresh_token"].as_str().unwrap().to_owned();
        let two = self.refresh(&one).await.unwrap();
        self.refresh(two["refresh_token"].as_str().unwrap()).await;
        assert!(self.refresh(&one).await.is_none());
    }
}

/// All that the database holds.
fn dump(app: &App, database: &TestDatabase) -> Vec<u8> {
    if !database.is_on_server() {
        let file = |name: &str| std::fs::read(app.dir.path().join("var").join(name));
        let mut bytes = file("quickstart.db").unwrap();
        bytes.extend(file("quickstart.db-wal").unwrap_or_default());
        return bytes;
    }
    let url = reqwest::Url::parse(database.url()).unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap().to_string());
    let name = url.path().trim_start_matches('/');
    let output = match url.scheme() {
        "mysql" => Command::new("mariadb-dump")
            .args([
                "--no-defaults",
                "--hex-blob",
                "-h",
                host,
                "-P",
                &port,
                "-u",
                url.username(),
                name,
            ])
            .output(),
        _ => Command::new("pg_dump").arg(database.url()).output(),
    };
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[tokio::test]
async fn no_secret_code_token_or_password_is_in_the_database_or_in_any_log() {
    for format in ["jwt", "opaque"] {
        let database = TestDatabase::new().await.unwrap();
        let access_token = format!("{{ format = \"{format}\" }}");
        let clients = format!(
            "[{{ id = \"web\", secret = \"{SECRET}\", redirect_uris = [\"{CALLBACK}\"], scopes = [\"files:read\"], \
             grants = [\"authorization_code\", \"refresh_token\", \"client_credentials\"] }}]"
        );
        let users = format!("[{{ name = \"ada\", password = \"{PASSWORD}\" }}]");
        let mut variables = vec![
            ("RF_LOGGING__LEVEL", "trace"),
            ("RF_OAUTH2__ACCESS_TOKEN", access_token.as_str()),
            ("RF_OAUTH2__CLIENTS", clients.as_str()),
            ("RF_OAUTH2__USERS", users.as_str()),
        ];
        if database.is_on_server() {
            variables.push(("RF_DATABASE__URL", database.url()));
        }
        let mut app = App::start_in(tempdir().unwrap(), &variables);
        let mut secrets = Secrets::default();
        for (what, secret) in [
            ("password", PASSWORD),
            ("wrong password", WRONG_PASSWORD),
            ("client secret", SECRET),
            ("wrong secret", WRONG_SECRET),
            ("verifier", VERIFIER),
        ] {
            secrets.note(what, secret);
        }
        let mut visit = Visit {
            app: &app,
            browser: client(),
            secrets: &mut secrets,
        };
        visit.all().await;
        assert!(secrets.0.len() > 20, "{} secrets", secrets.0.len());

        secrets.look_in("the database", &dump(&app, &database));
        app.signal(Signal::TERM);
        assert!(app.wait().success());
        let log = app.log_text();
        assert!(
            log.contains("\"level\":\"trace\"") || log.contains("TRACE"),
            "no traces in the log"
        );
        secrets.look_in("the log", log.as_bytes());
    }
}
