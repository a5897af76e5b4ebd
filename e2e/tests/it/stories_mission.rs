//! A mission's own staff at the public door: a person's token names the mission, and that mission alone is theirs.

use crate::stories_door::{Door, Ground};
use config::Env;
use serde_json::{Value, json};

async fn house(ground: &Ground) -> Door {
    let mut env = Env::default().with("GATEWAY_DEV_ISSUER", "true");
    env.extend(ground.settings(&ground.redis.url));
    let opened = crate::stories_door::open(&env).await;
    Door::at(opened.address, ground.bootstrap.expose(), Some(opened))
}

fn secretary(mission: &str, state: &str, person: &str) -> Value {
    json!({
        "mission": mission,
        "person": person,
        "category": "DIPLOMATIC_STAFF",
        "familyName": "Example",
        "givenNames": "Person",
        "birthDate": "1980-01-01",
        "nationality": state,
        "residence": "FOREIGN",
        "title": "Second Secretary",
        "arrivalTime": "2026-01-02T03:04:05Z",
    })
}

#[tokio::test]
async fn a_signatory_files_for_the_own_mission_alone_and_never_for_himself() {
    let ground = Ground::new().await;
    let door = house(&ground).await;
    let officer = door.officer().await;
    for (id, state) in [("fr-embassy", "FR"), ("be-embassy", "BE")] {
        let mission = json!({ "sendingState": state, "type": "EMBASSY", "title": format!("Embassy of {state}"), "seat": "Washington" });
        let line = json!({ "missionId": id, "mission": mission });
        assert_eq!(door.import(&officer, "accreditation/missions:import", &[line]).await[0]["outcome"], "CREATED");
    }
    let signatory =
        async |subject: &str| door.person(subject, &["mission-signatory"], Some("missions/fr-embassy")).await;
    let (one, other) = (signatory("signatory-one").await, signatory("signatory-two").await);
    let own = secretary("missions/fr-embassy", "FR", "people/signatory-one");
    let refused = door.post(&one, "accreditation/members", &own).await;
    assert_eq!(refused.refusal(), (403, "SIGNED_BY_THE_HOUSEHOLD".to_owned()));
    let filed = door.post(&other, "accreditation/members", &own).await.good();
    let elsewhere = secretary("missions/be-embassy", "BE", "people/someone");
    assert_eq!(door.post(&one, "accreditation/members", &elsewhere).await.reason(), "BROKEN_REFERENCE");
    let theirs = door.post(&officer, "accreditation/members", &elsewhere).await.good();
    let seen = door.get(&one, "accreditation/members").await.good();
    let names: Vec<_> = seen["members"].as_array().unwrap().iter().map(|member| member["name"].clone()).collect();
    assert_eq!(names, [filed["name"].clone()], "the own mission's members alone");
    let name = theirs["name"].as_str().unwrap();
    assert_eq!(door.get(&one, &format!("accreditation/{name}")).await.refusal(), (404, "NOT_FOUND".to_owned()));
    let name = filed["name"].as_str().unwrap();
    let assessed = door.get(&other, &format!("accreditation/{name}:assess")).await.good();
    assert_eq!(assessed["findings"].as_array().unwrap().len(), 20, "what a mission can mend, it can see");
    door.close().await;
}
