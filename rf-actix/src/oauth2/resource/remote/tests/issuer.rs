//! An issuer whose keys, answers and clock the test turns.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::oauth2::{ResourceServer, ResourceServerBuilder};

#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) base: String,
    state: Arc<State>,
}

struct State {
    seconds: AtomicU64,
    failing: AtomicBool,
    flooding: AtomicBool,
    keys: Mutex<Value>,
    said: Mutex<Value>,
    asked: Mutex<HashMap<&'static str, usize>>,
    authorization: Mutex<String>,
    /// So many questions have to be here before one is answered.
    together: Mutex<Option<Arc<Barrier>>>,
    here: AtomicUsize,
    most_here: AtomicUsize,
}

impl Issuer {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            seconds: AtomicU64::new(1_800_000_000),
            failing: AtomicBool::default(),
            flooding: AtomicBool::default(),
            keys: Mutex::new(json!([])),
            said: Mutex::default(),
            asked: Mutex::default(),
            authorization: Mutex::default(),
            together: Mutex::default(),
            here: AtomicUsize::default(),
            most_here: AtomicUsize::default(),
        });
        let issuer = Self { base, state };
        let served = issuer.clone();
        let server = HttpServer::new(move || {
            let (metadata, jwks, introspect) = (served.clone(), served.clone(), served.clone());
            App::new()
                .route(
                    "/.well-known/oauth-authorization-server",
                    web::get().to(move || metadata.clone().metadata()),
                )
                .route("/jwks", web::get().to(move || jwks.clone().jwks()))
                .route(
                    "/introspect",
                    web::post()
                        .to(move |request, body| introspect.clone().introspect(request, body)),
                )
        });
        actix_web::rt::spawn(
            server
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run(),
        );
        issuer
    }

    async fn metadata(self) -> HttpResponse {
        let base = &self.base;
        self.answer(
            "metadata",
            json!({ "issuer": base, "jwks_uri": format!("{base}/jwks"),
            "introspection_endpoint": format!("{base}/introspect") }),
        )
    }

    async fn jwks(self) -> HttpResponse {
        let keys = self.state.keys.lock().unwrap().clone();
        self.answer("jwks", json!({ "keys": keys }))
    }

    async fn introspect(
        self,
        request: HttpRequest,
        _: web::Form<HashMap<String, String>>,
    ) -> HttpResponse {
        let sent = request
            .headers()
            .get("authorization")
            .unwrap()
            .to_str()
            .unwrap();
        let decoded = STANDARD
            .decode(sent.strip_prefix("Basic ").unwrap())
            .unwrap();
        *self.state.authorization.lock().unwrap() = String::from_utf8(decoded).unwrap();
        let here = self.state.here.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.most_here.fetch_max(here, Ordering::SeqCst);
        let together = self.state.together.lock().unwrap().clone();
        if let Some(together) = together {
            together.wait().await;
        }
        self.state.here.fetch_sub(1, Ordering::SeqCst);
        let said = self.state.said.lock().unwrap().clone();
        self.answer("introspect", said)
    }

    fn answer(&self, what: &'static str, body: Value) -> HttpResponse {
        *self.state.asked.lock().unwrap().entry(what).or_default() += 1;
        if self.state.failing.load(Ordering::SeqCst) {
            return HttpResponse::ServiceUnavailable().finish();
        }
        if self.state.flooding.load(Ordering::SeqCst) {
            let chunk = || Ok::<_, std::io::Error>(web::Bytes::from_static(&[b' '; 4096]));
            return HttpResponse::Ok().streaming(futures_util::stream::repeat_with(chunk));
        }
        HttpResponse::Ok().json(body)
    }

    /// An API that trusts it.
    pub(super) fn api(&self) -> ResourceServerBuilder {
        let state = Arc::clone(&self.state);
        ResourceServer::builder(&self.base)
            .audience("orders")
            .clock(move || UNIX_EPOCH + Duration::from_secs(state.seconds.load(Ordering::SeqCst)))
    }

    pub(super) fn now(&self) -> u64 {
        self.state.seconds.load(Ordering::SeqCst)
    }

    pub(super) fn pass(&self, time: Duration) {
        self.state
            .seconds
            .fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    pub(super) fn set_back(&self, time: Duration) {
        self.state
            .seconds
            .fetch_sub(time.as_secs(), Ordering::SeqCst);
    }

    pub(super) fn fail(&self, failing: bool) {
        self.state.failing.store(failing, Ordering::SeqCst);
    }

    pub(super) fn flood(&self) {
        self.state.flooding.store(true, Ordering::SeqCst);
    }

    pub(super) fn publish(&self, signers: &[&Signer]) {
        // Others may publish keys that we do not know, or that are not for signing.
        let others = [
            json!({ "kty": "new", "kid": "x" }),
            json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "shared" }),
        ];
        let keys = signers
            .iter()
            .map(|signer| signer.jwk.clone())
            .chain(others);
        *self.state.keys.lock().unwrap() = keys.collect();
    }

    pub(super) fn say(&self, answer: Value) {
        *self.state.said.lock().unwrap() = answer;
    }

    /// Answers questions about tokens only when so many are here.
    pub(super) fn answer_together(&self, many: usize) {
        *self.state.together.lock().unwrap() = Some(Arc::new(Barrier::new(many)));
    }

    /// How many of them were here at most.
    pub(super) fn most_here(&self) -> usize {
        self.state.most_here.load(Ordering::SeqCst)
    }

    pub(super) fn asked(&self, what: &'static str) -> usize {
        self.state
            .asked
            .lock()
            .unwrap()
            .get(what)
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn last_authorization(&self) -> String {
        self.state.authorization.lock().unwrap().clone()
    }

    /// Good claims with some changed; null takes one away.
    pub(super) fn claims(&self, changed: Value) -> Value {
        let now = self.now();
        let good = json!({ "iss": self.base, "aud": "orders", "sub": "ada", "client_id": "shop", "scope": "read",
            "iat": now, "exp": now + 3600, "jti": uuid::Uuid::new_v4().to_string() });
        merged(good, changed)
    }

    pub(super) fn token(&self, signer: &Signer, changed: Value) -> String {
        signer.sign(json!({}), self.claims(changed))
    }
}

fn merged(good: Value, changed: Value) -> Value {
    let (Value::Object(mut good), Value::Object(changed)) = (good, changed) else {
        panic!("two objects");
    };
    for (name, value) in changed {
        if value.is_null() {
            good.remove(&name);
        } else {
            good.insert(name, value);
        }
    }
    Value::Object(good)
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

/// A key pair with its published half.
pub(super) struct Signer {
    jwk: Value,
    alg: &'static str,
    kid: String,
    sign: Box<Sign>,
}

impl Signer {
    pub(super) fn es256(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let (x, y) = point[1..].split_at(32);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) });
        let sign = move |text: &[u8]| {
            pair.sign(&SystemRandom::new(), text)
                .unwrap()
                .as_ref()
                .to_vec()
        };
        Self::new(kid, "ES256", jwk, sign)
    }

    pub(super) fn ed25519(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) });
        Self::new(kid, "EdDSA", jwk, move |text| {
            pair.sign(text).as_ref().to_vec()
        })
    }

    pub(super) fn rs256(kid: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let part = |bytes: &[u8]| encode(bytes);
        let jwk = json!({ "kty": "RSA", "n": part(public.modulus().big_endian_without_leading_zero()),
            "e": part(public.exponent().big_endian_without_leading_zero()) });
        Self::new(kid, "RS256", jwk, move |text| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text,
                &mut signature,
            )
            .unwrap();
            signature
        })
    }

    fn new(
        kid: &str,
        alg: &'static str,
        jwk: Value,
        sign: impl Fn(&[u8]) -> Vec<u8> + 'static,
    ) -> Self {
        let named = json!({ "kid": kid, "alg": alg, "use": "sig" });
        Self {
            jwk: merged(jwk, named),
            alg,
            kid: kid.to_owned(),
            sign: Box::new(sign),
        }
    }

    /// A token with some members of its header changed.
    pub(super) fn sign(&self, changed: Value, claims: Value) -> String {
        let header = merged(
            json!({ "typ": "at+jwt", "alg": self.alg, "kid": self.kid }),
            changed,
        );
        let text = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        format!("{text}.{}", encode(&(self.sign)(text.as_bytes())))
    }

    /// A token signed by HMAC with the published key (RFC 8725 §2.1).
    pub(super) fn confused(&self, claims: &Value) -> String {
        let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": self.kid });
        let text = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let known = self.jwk["n"]
            .as_str()
            .map(|n| URL_SAFE_NO_PAD.decode(n).unwrap());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &known.unwrap());
        format!(
            "{text}.{}",
            encode(hmac::sign(&key, text.as_bytes()).as_ref())
        )
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
