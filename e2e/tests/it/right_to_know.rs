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

#[tokio::test]
async fn a_person_is_told_who_read_their_records_however_they_were_read_and_not_of_what_must_stay_secret() {
    let ground = Ground::new().await;
    let door = ground.house().await;
    let officer = door.officer().await;
    let member = member(&door, &officer).await;
    let keys = [("legal-adviser", "by-get"), ("legal-adviser", "by-list"), ("protocol-officer", "by-watch")];
    let mut made = Vec::new();
    for (role, agency) in keys.into_iter().chain([("protocol-officer", "by-export"), ("security-inquirer", "secret")]) {
        made.push(door.key(role, agency, true).await);
    }
    let [getter, lister, watcher, exporter, inquirer] = &made[..] else { panic!("five keys were made") };
    let protection = door.key("data-protection-officer", "house", true).await;

    door.get(getter, &format!("accreditation/{member}")).await.good();
    door.get(lister, "accreditation/members?pageSize=10").await.good();
    let exported = door.get(exporter, "accreditation/members:export").await;
    assert_eq!((exported.status, exported.text.lines().count()), (200, 1), "{exported:?}");
    let mut watched = door.follow(watcher, "accreditation/members:watch").await;
    door.post(&officer, &format!("accreditation/{member}:beginValidation"), &json!({})).await.good();
    let mut seen = String::new();
    while !seen.contains(&member) {
        let chunk = watched.chunk().await.expect("the stream goes on").expect("the stream has not ended");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    for path in [format!("accreditation/{member}"), "accreditation/members".to_owned()] {
        door.get(inquirer, &path).await.good();
    }

    let path = format!("accreditation/readings?records={member}");
    let report = door.get(&protection, &path).await.good();
    let readings = report["readings"].as_array().expect("there are readings");
    let id = |key: &str| json!(format!("apiKeys/{}", &key[3..15]));
    let method =
        |reading: &Value| reading["method"].as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let told: Vec<_> = readings.iter().rev().map(|reading| (reading["reader"].clone(), method(reading))).collect();
    let expected = [
        (id(getter), "GetMember"),
        (id(lister), "ListMembers"),
        (id(exporter), "ExportMembers"),
        (id(watcher), "WatchMembers"),
    ];
    assert_eq!(told, expected.map(|(reader, method)| (reader, Some(method.to_owned()))), "{report}");
    assert!(readings.iter().all(|reading| reading["records"] == json!([member])), "{report}");
    assert!(!report.to_string().contains("20ZZ99871"), "nothing of the person is in it");
    assert_eq!(door.get(&officer, &path).await.refusal(), (403, "PERMISSION_DENIED".to_owned()));
    let unread = door.get(&protection, &format!("accreditation/{member}")).await;
    assert_eq!(unread.refusal(), (403, "PERMISSION_DENIED".to_owned()), "who reports does not read");
    // An auditor sees that there was more.
    let auditor = door.key("auditor", "court-of-audit", true).await;
    let all = door.get(&auditor, &format!("accreditation/auditEntries?record={member}&readsOnly=true")).await.good();
    let hidden = all["entries"].as_array().into_iter().flatten().filter(|entry| entry["withheld"] == true);
    assert_eq!(hidden.count(), 2, "{all}");
    // Each service has a log that is read, proved and reported on.
    for service in ["accreditation", "consular", "gateway"] {
        door.get(&auditor, &format!("{service}/auditEntries")).await.good();
        // The gateway of this story does not seal.
        if service != "gateway" {
            let proved = door.get(&auditor, &format!("{service}/audit:verify")).await.good();
            assert_eq!(proved["intact"], true, "{service}: {proved}");
        }
        let none = door.get(&protection, &format!("{service}/readings?records=nobody/none")).await.good();
        assert_eq!(none["readings"], json!([]), "{service}");
    }
}
