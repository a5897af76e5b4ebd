//! API keys: made, shown once, refused when wrong, dead when revoked.

use crate::rig::{Answer, Rig, database, key, plan, send, start};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::{Proxy, until};

async fn make(rig: &Rig, by: &str, fields: Value) -> Answer {
    send(rig.post(by, "/v1/gateway/apiKeys", &key(fields))).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_then_known_by_its_hash_alone() {
    let rig = start().await;
    let (name, secret) = rig.key(json!({"role": "police-verifier"})).await;
    assert_eq!(name, format!("apiKeys/{}", &secret[3..15]));

    let who = rig.who(&secret).await.json();
    assert_eq!((who["subject"].as_str(), who["agency"].as_str()), (Some(name.as_str()), Some("metropolitan-police")));
    assert_eq!(who["permissions"].as_array().map(Vec::len), Some(7), "{who}");

    let read = send(rig.get(&rig.admin, &format!("/v1/gateway/{name}"))).await;
    let listed = send(rig.get(&rig.admin, "/v1/gateway/apiKeys")).await;
    for answer in [&read, &listed] {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(!answer.text.contains(&secret[16..]), "{answer:?}");
    }
    assert_eq!(read.json()["secretSha256"], "");
    assert_eq!(listed.json()["apiKeys"][0]["secretSha256"], "");

    let stored = sqlx::query("select doc->>'secretSha256' as hash from api_keys where name = $1").bind(&name);
    let hash: String = stored.fetch_one(&rig.db.pool).await.unwrap().get("hash");
    assert_eq!(hash, hex::encode(ring::digest::digest(&ring::digest::SHA256, secret.as_bytes())));
    // The secret itself is nowhere: not in the record, its history, its event, the stored answer.
    for table in ["api_keys", "history", "outbox"] {
        let text = format!("select count(*) from {table} where doc::text like '%' || $1 || '%'");
        let found: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(text)).bind(&secret[16..]).fetch_one(&rig.db.pool).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
}

#[tokio::test]
async fn a_replay_answers_with_the_same_key_and_no_secret() {
    let rig = start().await;
    let ask = || rig.post(&rig.admin, "/v1/gateway/apiKeys", &fixed()).header("idempotency-key", "one");
    let (first, again) = (send(ask()).await, send(ask()).await);
    assert_eq!((first.status, again.status), (200, 200), "{first:?} {again:?}");
    assert_eq!(first.json()["apiKey"]["name"], again.json()["apiKey"]["name"]);
    assert!(first.json()["secret"].as_str().unwrap().starts_with("lg_"));
    assert_eq!(again.json()["secret"], "");
    let mut other = fixed();
    other["title"] = json!("Another");
    let reused = send(rig.post(&rig.admin, "/v1/gateway/apiKeys", &other).header("idempotency-key", "one")).await;
    assert_eq!((reused.status, reused.reason().as_str()), (422, "IDEMPOTENCY_KEY_REUSED"));
}

fn fixed() -> Value {
    let expires = chrono::Utc::now().date_naive() + chrono::TimeDelta::days(30);
    key(json!({"role": "police-verifier", "expireTime": format!("{expires}T00:00:00Z")}))
}

#[tokio::test]
async fn what_is_no_good_key_is_refused_alike() {
    let rig = start().await;
    let (name, secret) = rig.key(json!({"role": "police-verifier"})).await;
    let other = rig.key(json!({"role": "police-verifier"})).await.1;
    let mixed = format!("{}{}", &secret[..16], &other[16..]);
    let unknown = identity::ApiKeyText::generate();
    let admins_id = format!("{}{}", &rig.admin[..16], &secret[16..]);
    let bad = [mixed.as_str(), unknown.expose(), &admins_id, "lg_", "lg_x_y", "nonsense", "a.b.c", &name];
    let mut texts = Vec::new();
    for text in bad {
        let answer = rig.who(text).await;
        assert_eq!((answer.status, answer.reason().as_str()), (401, "UNAUTHENTICATED"), "{text}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"legation\""));
        let mut problem = answer.json();
        problem.as_object_mut().unwrap().remove("traceId");
        texts.push(problem);
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:#?}");

    let none = send(rig.ask(Method::GET, "/v1/gateway/whoami")).await;
    assert_eq!(none.reason(), "UNAUTHENTICATED");
    let two = rig.get(&secret, "/v1/gateway/whoami").header("authorization", format!("Bearer {}", rig.admin));
    assert_eq!(send(two).await.reason(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_revoked_key_is_dead_within_a_second_at_every_gateway() {
    let rig = start().await;
    let other = plan().beside(&rig).start().await;
    let (name, secret) = rig.key(json!({"role": "police-verifier"})).await;
    // In use at both all the time, so that both remember it when it is revoked at one.
    assert_eq!((rig.who(&secret).await.status, other.who(&secret).await.status), (200, 200));
    let revoked = send(rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({"reason": "lost"}))).await;
    assert_eq!((revoked.status, revoked.json()["state"].as_str()), (200, Some("REVOKED")), "{revoked:?}");
    let since = Instant::now();
    let mut last_good = [since; 2];
    until("the revoked key is refused at both", async || {
        let mut refused = 0;
        for (gateway, last) in [&rig, &other].into_iter().zip(&mut last_good) {
            let asked = Instant::now();
            match gateway.who(&secret).await.status {
                200 => *last = asked,
                status => refused += u32::from(status == 401),
            }
        }
        refused == 2
    })
    .await;
    let longest = last_good.map(|last| last - since).into_iter().max().unwrap();
    assert!(longest < Duration::from_secs(1), "still accepted after {longest:?}");
    let again = send(rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({}))).await;
    assert_eq!((again.status, again.reason().as_str()), (409, "WRONG_STATE"));
}

#[tokio::test]
async fn a_key_past_its_time_is_refused() {
    let rig = start().await;
    let (name, secret) = rig.key(json!({"role": "police-verifier"})).await;
    assert_eq!(rig.who(&secret).await.status, 200);
    let text = "update api_keys set doc = jsonb_set(doc, '{expireTime}', to_jsonb($2::text)) where name = $1";
    sqlx::query(text).bind(&name).bind("2020-01-01T00:00:00Z").execute(&rig.db.pool).await.unwrap();
    until("the key is refused", async || rig.who(&secret).await.status == 401).await;
}

#[tokio::test]
async fn with_the_database_away_known_callers_pass_for_a_moment_and_nobody_else() {
    let db = database().await;
    let proxy = Proxy::to(db.upstream()).await;
    let url = db.url_through(&proxy);
    let rig = plan().database(db, url).start().await;
    let (_, known) = rig.key(json!({"role": "police-verifier"})).await;
    let (_, unseen) = rig.key(json!({"role": "police-verifier"})).await;
    let who = |key: String| {
        let rig = &rig;
        async move { rig.who(&key).await }
    };
    assert_eq!(who(known.clone()).await.status, 200);
    proxy.refuse();
    let answer = who(unseen.clone()).await;
    assert_eq!((answer.status, answer.reason().as_str()), (503, "UNAVAILABLE"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    until("the known caller is refused too", async || match who(known.clone()).await.status {
        200 => false,
        status => {
            assert_eq!(status, 503, "away is not unknown");
            true
        }
    })
    .await;
    assert_eq!(who(identity::ApiKeyText::generate().expose().to_owned()).await.status, 503, "never open");
    proxy.heal();
    until("callers are known again", async || who(unseen.clone()).await.status == 200).await;
}

#[tokio::test]
async fn with_a_grace_known_callers_go_on_while_the_database_is_away_and_nobody_else() {
    let db = database().await;
    let proxy = Proxy::to(db.upstream()).await;
    let url = db.url_through(&proxy);
    let rig = plan().database(db, url).set("KEYS_GRACE", "4s").start().await;
    let (_, known) = rig.key(json!({"role": "police-verifier"})).await;
    let (_, unseen) = rig.key(json!({"role": "police-verifier"})).await;
    let (name, revoked) = rig.key(json!({"role": "police-verifier"})).await;
    assert_eq!((rig.who(&known).await.status, rig.who(&revoked).await.status), (200, 200));
    assert_eq!(send(rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({}))).await.status, 200);
    until("the revoked key is refused", async || rig.who(&revoked).await.status == 401).await;
    assert_eq!(rig.who(&known).await.status, 200);
    proxy.refuse();
    let since = Instant::now();
    assert_eq!(rig.who(&unseen).await.status, 503, "nobody can know who this is");
    let mut last_good = since;
    until("the grace is over", async || match rig.who(&known).await.status {
        200 => {
            last_good = Instant::now();
            false
        }
        status => status == 503,
    })
    .await;
    assert!(last_good - since > Duration::from_secs(1), "it went on for {:?}", last_good - since);
    assert_ne!(rig.who(&revoked).await.status, 200, "what was refused before is not good again");
    proxy.heal();
    until("callers are known again", async || rig.who(&unseen).await.status == 200).await;
}

/// Nobody who makes keys up keeps those out who have one: nonsense is known by its checksum, and what has one waits in
/// turns of its own.
#[tokio::test]
async fn invented_keys_do_not_reach_the_database_or_do_not_fill_it() {
    let rig = start().await;
    let (_, known) = rig.key(json!({"role": "police-verifier"})).await;
    assert_eq!(rig.who(&known).await.status, 200);
    // Whoever looks keys up waits here.
    let mut lock = rig.db.pool.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *lock).await.unwrap();
    sqlx::query("lock table api_keys in access exclusive mode").execute(&mut *lock).await.unwrap();
    let mut nonsense = identity::ApiKeyText::generate().expose().to_owned();
    let last = if nonsense.ends_with('A') { 'B' } else { 'A' };
    nonsense.pop();
    nonsense.push(last);
    assert_eq!(rig.who(&nonsense).await.status, 401, "the database was not asked");
    sqlx::query("rollback").execute(&mut *lock).await.unwrap();
    let invented = async |text: String| rig.who(&text).await.status;
    let flood: Vec<_> = (0..60).map(|_| invented(identity::ApiKeyText::generate().expose().to_owned())).collect();
    let (refused, good) = futures::join!(futures::future::join_all(flood), async {
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(rig.who(&known).await.status);
        }
        answers
    });
    assert!(refused.iter().all(|status| [401, 503].contains(status)), "{refused:?}");
    assert_eq!(good, [200; 20]);
}

#[tokio::test]
async fn a_key_made_before_there_were_checksums_is_good() {
    let rig = start().await;
    let (name, text) = rig.key(json!({"role": "police-verifier"})).await;
    let old = identity::ApiKeyText::parse(&text[..text.len() - 4]).unwrap();
    let change = "update api_keys set doc = jsonb_set(doc, '{secretSha256}', to_jsonb($2::text)) where name = $1";
    sqlx::query(change).bind(&name).bind(old.sha256_hex()).execute(&rig.db.pool).await.unwrap();
    assert_eq!(rig.who(old.expose()).await.status, 200);
}

#[tokio::test]
async fn a_new_key_is_held_against_four_rules() {
    let rig = start().await;
    let in_days = |days: i64| {
        let at = chrono::Utc::now() + chrono::TimeDelta::days(days);
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    let cases = [
        (json!({"role": "root"}), 400, "UNKNOWN_ROLE", vec!["apiKey.role"]),
        (
            json!({"permissions": ["accreditation.missions.read", "x.y.z", "accreditation.members.read"]}),
            400,
            "PERMISSION_NOT_FOR_PARTNERS",
            vec!["apiKey.permissions[1]", "apiKey.permissions[2]"],
        ),
        (
            json!({"permissions": ["accreditation.missions.*"]}),
            400,
            "PERMISSION_NOT_FOR_PARTNERS",
            vec!["apiKey.permissions[0]"],
        ),
        (
            json!({"internal": true, "permissions": ["x.y.z"]}),
            400,
            "PERMISSION_NOT_FOR_PARTNERS",
            vec!["apiKey.permissions[0]"],
        ),
        (json!({"role": "police-verifier", "expireTime": in_days(-1)}), 400, "EXPIRY_UNFIT", vec!["apiKey.expireTime"]),
        (
            json!({"role": "police-verifier", "expireTime": in_days(401)}),
            400,
            "EXPIRY_UNFIT",
            vec!["apiKey.expireTime"],
        ),
    ];
    for (fields, status, reason, at) in cases {
        let answer = make(&rig, &rig.admin, fields.clone()).await;
        assert_eq!((answer.status, answer.reason().as_str()), (status, reason), "{fields}: {answer:?}");
        assert_eq!(answer.fields(), at, "{fields}");
    }
    let role = make(&rig, &rig.admin, json!({"role": "protocol-officer"})).await;
    assert_eq!(role.reason(), "PERMISSION_NOT_FOR_PARTNERS", "a partner cannot have it by a role either");
    assert!(role.fields().iter().all(|field| field == "apiKey.role"), "{role:?}");

    // An administrator who is not the key of the settings gives what it holds and no more.
    let admin = rig.role("tenant-admin").await;
    let beyond = make(&rig, &admin, json!({"role": "police-verifier"})).await;
    assert_eq!((beyond.status, beyond.reason().as_str()), (403, "BEYOND_OWN_PERMISSIONS"), "{beyond:?}");
    let within = make(&rig, &admin, json!({"internal": true, "permissions": ["gateway.apiKeys.read"]})).await;
    assert_eq!(within.status, 200, "{within:?}");
    let count: i64 = sqlx::query_scalar("select count(*) from api_keys").fetch_one(&rig.db.pool).await.unwrap();
    assert_eq!(count, 2, "what was refused left nothing");
}

/// Whoever waits to be known stands in few of the door's places. Without that, made-up keys fill all of them, and
/// nobody gets in whom the door knows well.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_that_wait_leave_the_door_to_those_it_knows() {
    let rig = Arc::new(plan().set("IN_FLIGHT", "16").start().await);
    // The key of the settings asks no table.
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    let mut lock = rig.db.pool.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *lock).await.unwrap();
    sqlx::query("lock table api_keys in access exclusive mode").execute(&mut *lock).await.unwrap();
    let flood: Vec<_> = (0..24)
        .map(|_| {
            let rig = Arc::clone(&rig);
            tokio::spawn(async move { while rig.who(identity::ApiKeyText::generate().expose()).await.status == 503 {} })
        })
        .collect();
    let mut looking = rig.db.pool.acquire().await.unwrap();
    until("keys are being looked up", async || {
        let text =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(text).fetch_one(&mut *looking).await.unwrap() > 0
    })
    .await;
    for _ in 0..60 {
        let answer = rig.who(&rig.admin).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    flood.iter().for_each(tokio::task::JoinHandle::abort);
    sqlx::query("rollback").execute(&mut *lock).await.unwrap();
}

/// The others behind its address send bad keys all the time; whom the door knew just now is looked at again all the
/// same, as is seen when it is revoked.
#[tokio::test]
async fn bad_keys_from_its_address_do_not_keep_a_good_one_out() {
    let rig = start().await;
    let (name, good) = rig.key(json!({"role": "police-verifier"})).await;
    assert_eq!(rig.who(&good).await.status, 200);
    let shut_out = async || {
        let bad = (0..220).map(|_| async { rig.who("nonsense").await.status });
        futures::future::join_all(bad).await.contains(&429)
    };
    until("bad keys are too many", shut_out).await;
    rig.done(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({})).await;
    let answer = until("it was looked at again", async || {
        shut_out().await;
        Some(rig.who(&good).await).filter(|answer| answer.status != 200)
    });
    assert_eq!(answer.await.reason(), "UNAUTHENTICATED");
}
