//! Tokens of an operator's programs, over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use forsat_relay::admin::{self, Answer, Request};
use forsat_relay::token::Token;
use forsat_sync::identity::InviteCode;
use hyper::Method;
use serde_json::{Value, json};

use super::http::{Answered, Http};
use super::program::until;
use super::relay::{Relay, SPACE};
use super::wire::{Wire, block_on, key};

/// A relay that logs all that it can.
fn talkative(dir: &std::path::Path) -> Relay {
    let mut relay = Relay::init(dir);
    let mut command = relay.serving();
    command.args(["--log", "trace"]);
    relay.serve_by(command);
    relay
}

fn done(answered: Answered) -> Value {
    assert_eq!(answered.status, 200, "{answered:?}");
    answered.body
}

/// What lies in the data directory, in files as they are.
fn bytes_of(relay: &Relay) -> Vec<u8> {
    let files = std::fs::read_dir(relay.data()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_program_invites_and_throws_out_and_its_token_shows_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let relay = talkative(&dir.path().join("relay"));
    let token = relay.token("onboarding", "read,access", &["--expires", "90d"]);
    let program = Http::of(&relay, Some(&token));
    let asked = json!({ "request": "invite", "user": "Sara", "space": SPACE, "role": "rep" });
    let invite = done(program.admin(&asked));
    assert_eq!((&invite["answer"], &invite["user"]), (&json!("invite"), &json!("Sara")));
    let code: InviteCode = invite["code"].as_str().unwrap().parse().unwrap();
    let fault = block_on(async {
        let mut wire = Wire::connect(relay.url(), 1).await;
        wire.enrol(&code).await;
        wire.welcome().await;
        let device = key(1).device_id().to_string();
        let listed = tokio::task::spawn_blocking(move || {
            let listed = done(program.admin(&json!({ "request": "device_list" })));
            let revoked = done(program.admin(&json!({ "request": "device_revoke", "device": device })));
            assert_eq!(revoked["state"], "revoked");
            listed
        });
        assert_eq!(listed.await.unwrap()["devices"][0]["user"], "Sara");
        wire.fault().await
    });
    assert_eq!(fault.as_deref(), Some("device_revoked"), "its connection is closed");
    let log = relay.log();
    let orders: Vec<_> = log.lines().filter(|line| line.contains("a program ordered")).collect();
    assert_eq!(orders.len(), 2, "{log}");
    assert!(orders.iter().all(|line| line.contains("token=\"onboarding\"")), "{orders:?}");
    let listed = relay.run(&["token", "list", "--json"]);
    let secret = &token["fst1_".len()..];
    assert!(!log.contains(secret) && !listed.out.contains(secret));
    let entry = listed.json()["tokens"][0].clone();
    assert_eq!((&entry["name"], &entry["scopes"]), (&json!("onboarding"), &json!(["read", "access"])));
    assert!(entry["used_at_ms"].is_u64() && entry["expires_at_ms"].is_u64(), "{entry}");
    assert!(holds(&bytes_of(&relay), "onboarding"), "the store is looked through");
    assert!(!holds(&bytes_of(&relay), secret), "its hash is there and not itself");
}

#[test]
fn whatever_is_wrong_with_a_token_the_answer_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("relay"));
    let good = relay.token("good", "read", &[]);
    let revoked = relay.token("revoked", "read", &[]);
    relay.run(&["token", "revoke", "Revoked", "--json"]).json();
    let short = Request::TokenCreate {
        name: "short".into(),
        scopes: vec!["read".into()],
        space: None,
        expires_in_ms: Some(1),
        by: String::new(),
    };
    let Some(Answer::TokenMade(short)) = admin::ask(relay.data(), &short).unwrap() else {
        panic!("no token")
    };
    until("the token is past its time", || Http::of(&relay, Some(&short.token)).status().status == 401);
    let mut mistyped = good.clone();
    mistyped.pop();
    mistyped.push(if good.ends_with('0') { '1' } else { '0' });
    let shown = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer fst1_".to_owned()),
        Some(format!("Basic {good}")),
        Some(good.clone()),
        Some(format!("Bearer {mistyped}")),
        Some(format!("Bearer {good}{good}")),
        Some(format!("Bearer {}", Token::from_bytes([9; 16]).reveal())),
        Some(format!("Bearer {revoked}")),
        Some(format!("Bearer {}", short.token)),
    ];
    let refusals = shown.map(|authorization| {
        let program = Http::showing(&relay, authorization);
        // A body that can't be read isn't looked at.
        (program.status().refusal(), program.admin(&json!("?")).refusal())
    });
    let (first, _) = &refusals[0];
    assert_eq!((first.0, &first.2["code"]), (401, &json!("unauthorized")));
    assert!(first.1["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    assert!(refusals.iter().all(|(status, admin)| status == first && admin == first), "{refusals:#?}");
    let twice = [("authorization", "Bearer fst1_")];
    let twice = Http::of(&relay, Some(&good)).send(Method::GET, "/status", &twice, Vec::new());
    assert_eq!(twice.status, 401, "two headers say two things");
    assert_eq!(Http::showing(&relay, Some(format!("bearer  {good}"))).status().status, 200);
}

#[test]
fn a_token_that_is_revoked_is_out_at_once_and_after_a_power_cut_and_without_a_relay_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut relay = Relay::init(&dir.path().join("relay"));
    let tokens = ["first", "second", "third"].map(|name| relay.token(name, "read", &[]));
    relay.serve();
    let statuses =
        |relay: &Relay| tokens.each_ref().map(|token| Http::of(relay, Some(token)).status().status);
    assert_eq!(statuses(&relay), [200, 200, 200], "made while no relay served");
    relay.run(&["token", "revoke", "first", "--json"]).json();
    assert_eq!(statuses(&relay), [401, 200, 200], "at its next request");
    relay.run(&["token", "revoke", "second", "--json"]).json();
    relay.kill();
    relay.serve();
    assert_eq!(statuses(&relay), [401, 401, 200], "durable when the command returned");
    relay.stop();
    relay.run(&["token", "revoke", "third", "--json"]).json();
    assert_eq!(relay.run(&["token", "revoke", "third", "--json"]).code, Some(4));
    relay.serve();
    assert_eq!(statuses(&relay), [401, 401, 401], "while no relay served");
    let tokens = relay.run(&["token", "list", "--json"]).json();
    assert_eq!(tokens["tokens"], json!([]));
}

#[test]
fn a_token_of_one_space_tells_and_changes_nothing_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("relay"));
    relay.add_space("North");
    for (number, user, space) in [(1, "Sara", SPACE), (2, "Omid", "North")] {
        let code = relay.invite(user, space, "rep").parse().unwrap();
        block_on(async {
            let mut wire = Wire::connect(relay.url(), number).await;
            wire.enrol(&code).await;
            wire.welcome().await;
        });
    }
    let token = relay.token("main-only", "read,access", &["--space", SPACE, "--expires", "1h"]);
    let program = Http::of(&relay, Some(&token));
    let names = |list: &str, of: &str, field: &str| -> Vec<String> {
        let listed = done(program.admin(&json!({ "request": list })))[of].clone();
        listed.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("space_list", "spaces", "name"), [SPACE]);
    assert_eq!(names("user_list", "users", "name"), ["Sara"]);
    assert_eq!(names("device_list", "devices", "user"), ["Sara"]);
    let refused = |request: Value| {
        let said = program.admin(&request);
        (said.status, said.body["code"].as_str().unwrap().to_owned())
    };
    let elsewhere = json!({ "request": "role_set", "user": "Sara", "space": "North", "role": "admin" });
    assert_eq!(refused(elsewhere), (404, "no_such_space".into()));
    let missing = json!({ "request": "role_set", "user": "Sara", "space": "South", "role": "admin" });
    assert_eq!(refused(missing), (404, "no_such_space".into()), "as of one that isn't there");
    let omids = json!({ "request": "device_revoke", "device": key(2).device_id().to_string() });
    assert_eq!(refused(omids), (404, "no_such_device".into()), "as of one that isn't there");
    let way_in = json!({ "request": "invite", "user": "Omid", "space": SPACE, "role": "rep" });
    assert_eq!(refused(way_in), (403, "outside_space".into()), "whoever redeems it would be Omid in North");
    assert_eq!(program.status().status, 403);
    let invite =
        done(program.admin(&json!({ "request": "invite", "user": "Mina", "space": SPACE, "role": "rep" })));
    let entry = relay.run(&["token", "list", "--json"]).json()["tokens"][0].clone();
    assert_eq!(invite["expires_at_ms"], entry["expires_at_ms"], "an invite ends with its token");
    relay.run(&["token", "revoke", "main-only", "--json"]).json();
    let code: InviteCode = invite["code"].as_str().unwrap().parse().unwrap();
    let fault = block_on(async {
        let mut wire = Wire::connect(relay.url(), 3).await;
        wire.enrol(&code).await;
        wire.fault().await
    });
    assert_eq!(fault.as_deref(), Some("invite_invalid"));
}

#[test]
fn programs_are_kept_within_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("relay"));
    let token = relay.token("busy", "read", &[]);
    let program = Http::of(&relay, Some(&token));
    let long = json!({ "request": "user_list", "more": "x".repeat(16 * 1024) });
    assert_eq!(program.admin(&long).status, 413);
    for (body, status) in [("", 400), ("{", 400), ("[]", 400), (r#"{"request":"dance"}"#, 400)] {
        let said = program.send(Method::POST, "/admin", &[], body.as_bytes().to_vec());
        assert_eq!((said.status, &said.body["code"]), (status, &json!("bad_request")), "{body:?}");
    }
    assert_eq!(program.send(Method::GET, "/admin", &[], Vec::new()).status, 405);
    let origin = [
        ("origin", "https://example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    for said in [
        program.send(Method::OPTIONS, "/admin", &origin, Vec::new()),
        program.send(Method::GET, "/status", &origin[..1], Vec::new()),
    ] {
        let allowed = said.headers.keys().find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(allowed, None, "no page of the web may ask: {said:?}");
    }
    let often = (0..2000).map(|_| program.status()).find(|said| said.status != 200).unwrap();
    assert_eq!((often.status, &often.body["code"]), (429, &json!("too_often")));
    assert!(often.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    let other = relay.token("other", "read", &[]);
    assert_eq!(Http::of(&relay, Some(&other)).status().status, 200, "another token isn't held up by it");
    let health = Http::of(&relay, None).send(Method::GET, "/healthz", &[], Vec::new());
    assert_eq!((health.status, health.body), (200, json!({ "status": "ok" })));
}

#[test]
fn a_body_that_never_comes_holds_nothing_up_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("relay"));
    let token = relay.token("slow", "read", &[]);
    let mut stream = TcpStream::connect(relay.address()).unwrap();
    let head = format!(
        "POST /admin HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer {token}\r\ncontent-length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = String::new();
    // To the end: the relay hangs up.
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("too slowly"), "{said}");
}
