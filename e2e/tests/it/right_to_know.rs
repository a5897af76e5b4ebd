//! Who has read what is kept about a person: what that person may ask to know, and what nobody can hide.

use crate::stories_door::{Door, Ground};
use serde_json::{Value, json};
use testkit::until;

async fn member(door: &Door, officer: &str) -> String {
    let mission = json!({"missionId": "fr-embassy", "mission": {
        "sendingState": "FR", "type": "EMBASSY", "title": "Embassy of FR", "seat": "Washington",
    }});
    door.import(officer, "accreditation/missions:import", &[mission]).await;
    let notification = json!({
        "mission": "missions/fr-embassy", "category": "DIPLOMATIC_STAFF", "familyName": "Example",
        "givenNames": "Person", "birthDate": "1984-02-29", "nationality": "FR", "passportNumber": "20ZZ99871",
        "title": "First Secretary", "residence": "FOREIGN", "arrivalTime": "2024-03-01T09:00:00Z",
    });
    let made = door.post(officer, "accreditation/members", &notification).await.good();
    made["name"].as_str().expect("a record has a name").to_owned()
}

#[tokio::test]
async fn whoever_read_a_persons_record_is_named_and_the_log_can_be_proved() {
    let ground = Ground::new().await;
    let door = ground.house().await;
    let officer = door.officer().await;
    let adviser = door.key("legal-adviser", "foreign-ministry", true).await;
    let auditor = door.key("auditor", "court-of-audit", true).await;
    let member = member(&door, &officer).await;
    door.get(&adviser, &format!("accreditation/{member}")).await.good();
    door.get(&adviser, &format!("accreditation/{member}")).await.good();

    let id = |key: &str| format!("apiKeys/{}", &key[3..15]);
    let path = format!("accreditation/auditEntries?record={member}");
    let read = door.get(&auditor, &format!("{path}&readsOnly=true")).await.good();
    let entries = read["entries"].as_array().expect("there are entries");
    let of_members =
        entries.iter().filter(|entry| entry["method"].as_str().is_some_and(|it| it.ends_with("GetMember")));
    let readers: Vec<&Value> = of_members.map(|entry| &entry["actor"]).collect();
    assert_eq!(readers, [&json!(id(&adviser)), &json!(id(&adviser))], "{read}");
    let all = door.get(&auditor, &path).await.good();
    let made = all["entries"].as_array().into_iter().flatten().any(|entry| entry["actor"] == json!(id(&officer)));
    assert!(made, "who made it is in the whole log: {all}");
    assert!(!all.to_string().contains("20ZZ99871"), "nothing of the person is in it");
    assert_eq!(door.get(&adviser, &path).await.refusal(), (403, "PERMISSION_DENIED".to_owned()));

    let report = until("all of it is sealed", async || {
        let report = door.get(&auditor, "accreditation/audit:verify").await.good();
        (report["sealed"].as_str()?.parse::<i64>().ok()? >= 4).then_some(report)
    })
    .await;
    assert_eq!(report["intact"], true, "{report}");
    let hidden = sqlx::query("delete from audit where name = $1 and method like '%GetMember'").bind(&member);
    assert_eq!(hidden.execute(&ground.accreditation.pool).await.expect("they are there").rows_affected(), 2);
    let report = door.get(&auditor, "accreditation/audit:verify").await.good();
    assert_eq!(report["intact"], false, "{report}");
    let deleted = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding.as_str().is_some_and(|finding| finding.ends_with("was deleted")));
    assert_eq!(deleted.count(), 2, "{report}");
}
