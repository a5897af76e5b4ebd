//! A police agency asks whether someone may be arrested: from the first key to the answer and its trace.

use crate::stories_door::{Door, Ground};
use crate::stories_events::stream;
use serde_json::{Value, json};
use sqlx::Row as _;
use std::collections::HashSet;
use testkit::until;

/// A name that nothing else contains: wherever it occurs, it was this person's.
const FAMILY_NAME: &str = "Quenneville-Zylberstajn";

fn name(record: &Value) -> String {
    record["name"].as_str().expect("a record has a name").to_owned()
}

async fn act(door: &Door, key: &str, record: &str, verb: &str) -> Value {
    door.post(key, &format!("accreditation/{record}:{verb}"), &json!({})).await.good()
}

/// Two embassies, taken in from lists we already had.
async fn missions(door: &Door, officer: &str) {
    let line = |id: &str, state: &str| {
        let title = format!("Embassy of {state}");
        json!({"missionId": id, "mission": {
            "sendingState": state, "type": "EMBASSY", "title": title, "seat": "Washington", "externalId": id,
        }})
    };
    let lines = [line("fr-embassy", "FR"), line("jp-embassy", "JP")];
    for outcome in ["CREATED", "UNCHANGED"] {
        let answers = door.import(officer, "accreditation/missions:import", &lines).await;
        let outcomes: Vec<_> = answers.iter().map(|answer| &answer["outcome"]).collect();
        assert_eq!(outcomes, [outcome, outcome], "{answers:?}");
    }
}

/// A diplomat, notified by one and accredited by another.
async fn diplomat(door: &Door, officer: &str, other: &str) -> String {
    let notification = json!({
        "mission": "missions/fr-embassy",
        "category": "DIPLOMATIC_STAFF",
        "familyName": FAMILY_NAME,
        "givenNames": "Maximilienne",
        "birthDate": "1984-02-29",
        "nationality": "FR",
        "passportNumber": "20ZZ99871",
        "title": "First Secretary",
        "residence": "FOREIGN",
        "arrivalTime": "2024-03-01T09:00:00Z",
    });
    let member = name(&door.post(officer, "accreditation/members", &notification).await.good());
    act(door, officer, &member, "beginValidation").await;
    act(door, officer, &member, "passValidation").await;
    let alone = door.post(officer, &format!("accreditation/{member}:accredit"), &json!({})).await;
    assert_eq!(alone.reason(), "SAME_PERSON", "{alone:?}");
    assert_eq!(act(door, other, &member, "accredit").await["state"], "ACCREDITED");
    member
}

#[tokio::test]
async fn a_police_agency_asks() {
    let ground = Ground::new().await;
    let door = ground.house().await;
    let (officer, other) = (door.officer().await, door.officer().await);
    let adviser = door.key("legal-adviser", "foreign-ministry", true).await;
    let police = door.key("police-verifier", "metropolitan-police", false).await;
    let sheriff = door.key("police-verifier", "county-sheriff", false).await;

    missions(&door, &officer).await;
    let member = diplomat(&door, &officer, &other).await;
    let expires = chrono::Utc::now() + chrono::TimeDelta::days(365);
    let card = json!({"member": member, "expireTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)});
    let card = name(&door.post(&officer, "accreditation/identityCards", &card).await.good());

    // On the road: the card first, then the question.
    let shown = door.get(&police, &format!("accreditation/{card}:verify")).await.good();
    assert_eq!((&shown["valid"], &shown["finding"]), (&json!(true), &json!("VALID")), "{shown}");
    assert_eq!((&shown["member"], &shown["mission"]), (&json!(member), &json!("Embassy of FR")), "{shown}");
    assert!(shown["holderName"].as_str().is_some_and(|holder| holder.contains(FAMILY_NAME)), "{shown}");
    let question = json!({"matter": "ARREST_OR_DETENTION", "reference": "unit 12"});
    let path = format!("accreditation/{member}:determineImmunity");
    let answer = door.post(&police, &path, &question).await.good();
    assert_eq!((&answer["immune"], &answer["status"]), (&json!("YES"), &json!("ACTIVE")), "{answer}");
    let rests_on = |article: &str| {
        let citations = answer["citations"].as_array().expect("an answer has citations").iter();
        citations.into_iter().any(|citation| citation["instrument"] == "VCDR" && citation["provision"] == article)
    };
    assert!(rests_on("29"), "{answer}");

    // What was answered can be shown later: to those who asked and to our own, not to another agency.
    let kept = name(&answer);
    let list = async |key: &str| {
        let page = door.get(key, "accreditation/determinations").await.good();
        page["determinations"].as_array().map(|kept| kept.iter().map(name).collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(list(&police).await, std::slice::from_ref(&kept));
    assert_eq!(list(&officer).await, std::slice::from_ref(&kept));
    assert_eq!(list(&sheriff).await, [""; 0]);
    assert_eq!(door.get(&police, &format!("accreditation/{kept}")).await.good(), answer);
    assert_eq!(door.get(&sheriff, &format!("accreditation/{kept}")).await.refusal(), (404, "NOT_FOUND".to_owned()));
    let advised = door.post(&adviser, &path, &question).await.good();
    assert_eq!((&advised["immune"], &advised["citations"]), (&answer["immune"], &answer["citations"]));

    // The register itself is not theirs, nor is whether someone stands in it.
    let denied = async |name: &str| {
        let answer = door.get(&police, &format!("accreditation/{name}")).await;
        let mut problem = answer.json();
        let problem = problem.as_object_mut().expect("a problem is an object");
        problem.retain(|member, _| !["traceId", "instance"].contains(&member.as_str()));
        (answer.status, problem.clone())
    };
    let existing = denied(&member).await;
    assert_eq!(existing, denied("members/no-such-person").await);
    assert_eq!(existing.0, 403);

    told(&ground).await;
    door.close().await;
}

/// Every write's event reached the stream, in the order of the commits, and none tells who someone is.
async fn told(ground: &Ground) {
    let rows = sqlx::query("select kind, verb, tx::text as tx, seq from outbox order by tx, seq");
    let rows = rows.fetch_all(&ground.accreditation.pool).await.unwrap();
    let wanted: Vec<_> = rows
        .iter()
        .map(|row| format!("accreditation:{}:{}", row.get::<String, _>("tx"), row.get::<i64, _>("seq")))
        .collect();
    let told = until("every event is in the stream", async || {
        let told = stream(&ground.redis).await;
        let ids: HashSet<_> = told.iter().map(|event| event.id.clone()).collect();
        wanted.iter().all(|id| ids.contains(id)).then_some(told)
    })
    .await;
    let mut first = HashSet::new();
    let in_order: Vec<_> = told.iter().filter(|event| wanted.contains(&event.id) && first.insert(&event.id)).collect();
    assert_eq!(in_order.iter().map(|event| event.id.clone()).collect::<Vec<_>>(), wanted);
    let of = |kind: &str| {
        let events = in_order.iter().filter(|event| event.kind == kind);
        events.map(|event| event.verb.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("missions"), ["import", "import"]);
    assert_eq!(of("members"), ["create", "beginValidation", "passValidation", "accredit"]);
    assert_eq!(of("identityCards"), ["create"]);
    assert_eq!(of("determinations").len(), 2);
    for event in &told {
        let text = format!("{event:?}");
        for personal in [FAMILY_NAME, "Maximilienne", "1984-02-29", "20ZZ99871"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}
