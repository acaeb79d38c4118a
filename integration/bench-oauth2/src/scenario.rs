//! What is compared over HTTP.

use crate::{
    Fault,
    load::{CONNECTIONS, Request, form, get, load, member, once, refresh, repeat},
    peer::Server,
    process::keep_on_core,
    report::{Notes, Round, Rounds, Target, head, line},
    server::{CLIENT, SECRET},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(600);
/// Tokens that a round sees for the first time: fewer than a round has time for.
const FRESH: usize = 2_000;

fn runtime() -> Result<Runtime, Fault> {
    // The load has a core of its own, and the servers the other.
    keep_on_core(1)?;
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Who is compared, and by which requests.
struct Side<'a> {
    server: &'a Server,
    request: Request,
    rounds: Rounds,
}

impl<'a> Side<'a> {
    fn new(server: &'a Server, request: Request) -> Self {
        Self {
            server,
            request,
            rounds: Rounds::default(),
        }
    }

    fn round(&mut self, runtime: &Runtime, time: Duration) -> Result<Round, Fault> {
        let before = self.server.cpu()?;
        let (count, clock) =
            runtime.block_on(load(self.server.address, &mut self.request, time))?;
        let cpu = self.server.cpu()? - before;
        Ok(Round::rate(count, clock.as_secs_f64(), cpu))
    }
}

/// Rounds in turn; the first of each warms up and does not count.
fn take_turns<const N: usize>(
    runtime: &Runtime,
    mut sides: [Side<'_>; N],
) -> Result<[Rounds; N], Fault> {
    for side in &mut sides {
        side.round(runtime, ROUND / 2)?;
    }
    for _ in 0..ROUNDS {
        for side in &mut sides {
            let round = side.round(runtime, ROUND)?;
            side.rounds.push(round);
        }
    }
    Ok(sides.map(|side| side.rounds))
}

fn credentials() -> String {
    format!("client_id={CLIENT}&client_secret={SECRET}")
}

fn asks() -> String {
    format!("grant_type=client_credentials&scope=read&{}", credentials())
}

fn client_credentials() -> Request {
    Request::form("/oauth/token", &asks())
}

fn access_token(runtime: &Runtime, server: &Server) -> Result<String, Fault> {
    let answer = runtime.block_on(once(server.address, "/oauth/token", &asks()))?;
    member(&answer, "access_token").ok_or_else(|| "no access token".into())
}

fn asks_about(token: &str) -> String {
    let body = format!("token={token}&{}", credentials());
    form("/oauth/introspect", &body)
}

fn introspection(runtime: &Runtime, server: &Server) -> Result<Request, Fault> {
    let token = access_token(runtime, server)?;
    let body = format!("token={token}&{}", credentials());
    let found = runtime.block_on(once(server.address, "/oauth/introspect", &body))?;
    if !found.contains("\"active\":true") && !found.contains("\"active\": true") {
        return Err(format!("the token is not active: {found}").into());
    }
    Ok(Request::Same(asks_about(&token).into()))
}

/// Requests with tokens that the server has not seen again since it issued them.
fn first_seen(
    runtime: &Runtime,
    server: &Server,
    make: [fn(&str) -> String; 2],
) -> Result<[Request; 2], Fault> {
    let many = FRESH * (ROUNDS + 1);
    let minted = runtime.block_on(repeat(server.address, "/oauth/token", &asks(), many))?;
    let tokens = minted.iter().map(|answer| member(answer, "access_token"));
    let tokens: Option<Vec<String>> = tokens.collect();
    let tokens = Arc::new(tokens.ok_or("no access token")?);
    Ok(make.map(|make| Request::Each {
        make,
        tokens: Arc::clone(&tokens),
        from: 0,
        many: FRESH,
    }))
}

const BESIDE_AUTHLIB: &str = "\
client_credentials beside Authlib: the target leaves each token about half as much again as what a handler takes that
does nothing. Two fifths of the time are SQLite's, on its thread: three indexes with random keys for each row, the log,
what it copies back, and pages that a connection reads again because another one wrote. The sockets take a quarter. The
rest is spread over HTTP, JSON, the proof of the secret and the statements, none of them above a few hundredths.";
const OPAQUE: &str = "\
client_credentials opaque: two fifths of the time are SQLite's, on its thread, for a row that oidc-provider puts into a
map; the sockets take a quarter.";
const SIGNED: &str = "\
client_credentials signed: the signature itself, and two fifths of what is left are SQLite's, on its thread.";
const REFRESH: &str = "\
refresh: three fifths of the time are SQLite's, on its thread. Each refresh changes some eight pages, since the keys of
its rows are random: a quarter of the time goes into their log and into copying it back, and a tenth into pages that a
connection reads again because another one wrote. The peer neither rotates nor writes.";
const UNCACHED: &str = "\
introspection uncached: the look-up of tokens in SQLite, which share statements, takes half; the rest is that of the
cached one.";
const CACHED: &str = "\
introspection cached: three fifths of the time are spent on sockets in the kernel, and so they are by a handler that does
nothing. No part of the rest is above two hundredths.";
const GUARD: &str = "\
guard, cached token: half of what the guard adds is looking for the token and comparing it, a third is keeping it for the
handler.";
const FIRST_SEEN: &str = "\
guard, first seen: both check the same signature, which is nine tenths of the time, with the same library. Ours prepares
the key once, and remembers the token for the next request, which by hand nobody does.";

/// Tokens beside oidc-provider, which keeps everything in memory, and Authlib with SQLite.
pub(crate) fn tokens(oidc: &Path, authlib: &Path) -> Result<(), Fault> {
    let runtime = runtime()?;
    println!(
        "\nthe authorization server on SQLite, one worker, {CONNECTIONS} connections; requests a second"
    );
    head();
    let mut notes = Notes::default();
    let authlib_server = Server::other(authlib, "opaque", "none")?;
    for (format, algorithm, least, as_named) in [
        ("opaque", "ES256", 4.0, "opaque"),
        ("jwt", "ES256", 3.5, "ES256"),
        ("jwt", "RS256", 1.5, "RS256"),
    ] {
        let scenario = format!("client_credentials {as_named}");
        let (ours, theirs) = (
            Server::ours(format, algorithm, "cached")?,
            Server::other(oidc, format, algorithm)?,
        );
        let [us, them, slow] = take_turns(
            &runtime,
            [&ours, &theirs, &authlib_server].map(|server| Side::new(server, client_credentials())),
        )?;
        let target = Some(Target::AtLeast(least));
        let met = line(&scenario, "oidc-provider, in memory", &us, &them, target);
        notes.unless(met, if format == "opaque" { OPAQUE } else { SIGNED });
        if format == "opaque" {
            let target = Some(Target::AtLeast(25.0));
            let met = line(&scenario, "Authlib, SQLite", &us, &slow, target);
            notes.unless(met, BESIDE_AUTHLIB);
        }
    }
    notes.unless(refreshes(&runtime, oidc)?, REFRESH);
    let theirs = Server::other(oidc, "opaque", "ES256")?;
    for (check, scenario, least) in [
        ("cached", "introspection uncached", Some(3.0)),
        ("cached", "introspection cached", Some(10.0)),
        ("strict", "introspection strict", None),
    ] {
        let ours = Server::ours("opaque", "ES256", check)?;
        let request = if scenario.ends_with("uncached") {
            let [request, _] = first_seen(&runtime, &ours, [asks_about; 2])?;
            request
        } else {
            introspection(&runtime, &ours)?
        };
        let [us, them, slow] = take_turns(
            &runtime,
            [
                Side::new(&ours, request),
                Side::new(&theirs, introspection(&runtime, &theirs)?),
                Side::new(&authlib_server, introspection(&runtime, &authlib_server)?),
            ],
        )?;
        let target = least.map(Target::AtLeast);
        let met = line(scenario, "oidc-provider, in memory", &us, &them, target);
        notes.unless(
            met,
            if scenario.ends_with("uncached") {
                UNCACHED
            } else {
                CACHED
            },
        );
        line(scenario, "Authlib, SQLite", &us, &slow, None);
    }
    notes.print();
    Ok(())
}

/// Whether the target is met.
fn refreshes(runtime: &Runtime, oidc: &Path) -> Result<bool, Fault> {
    let ours = Server::ours("opaque", "ES256", "cached")?;
    let theirs = Server::other(oidc, "opaque", "ES256")?;
    let token = theirs.tokens.first().ok_or("nothing to refresh")?;
    let [us, them] = take_turns(
        runtime,
        [
            Side::new(
                &ours,
                Request::Refresh {
                    path: "/oauth/token".into(),
                    tokens: ours.tokens.clone(),
                },
            ),
            Side::new(&theirs, Request::form("/oauth/token", &refresh(token))),
        ],
    )?;
    let target = Some(Target::AtLeast(3.0));
    Ok(line(
        "refresh, rotating",
        "oidc-provider, not",
        &us,
        &them,
        target,
    ))
}

/// The guard of a route beside a handler that does nothing, and one that uses jsonwebtoken by hand.
pub(crate) fn guard() -> Result<(), Fault> {
    let runtime = runtime()?;
    println!("\na guarded route, one worker, {CONNECTIONS} connections; requests a second");
    head();
    let mut notes = Notes::default();
    for (check, path, peer, least) in [
        ("cached", "/bare", "no guard", Some(0.9)),
        ("strict", "/bare", "no guard", None),
        ("cached", "/jsonwebtoken", "jsonwebtoken by hand", None),
    ] {
        let server = Server::ours("jwt", "ES256", check)?;
        let token = access_token(&runtime, &server)?;
        let [us, them] = take_turns(
            &runtime,
            ["/guarded", path].map(|path| Side::new(&server, Request::get(path, &token))),
        )?;
        let scenario = format!("guard ES256, {check}");
        let met = line(&scenario, peer, &us, &them, least.map(Target::AtLeast));
        notes.unless(met, GUARD);
    }
    // The signature is checked each time, and the database not asked, as by hand.
    let server = Server::ours("jwt", "ES256", "stateless")?;
    let requests: [fn(&str) -> String; 2] = [
        |token| get("/guarded", token),
        |token| get("/jsonwebtoken", token),
    ];
    let requests = first_seen(&runtime, &server, requests)?;
    let [us, them] = take_turns(
        &runtime,
        requests.map(|request| Side::new(&server, request)),
    )?;
    let target = Some(Target::AtLeast(1.0));
    let met = line(
        "guard ES256, first seen",
        "jsonwebtoken by hand",
        &us,
        &them,
        target,
    );
    notes.unless(met, FIRST_SEEN);
    notes.print();
    Ok(())
}
