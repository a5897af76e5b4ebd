//! A visa for a post at a mission, through both services: known by the member's notification, put before an officer when the
//! member is declared persona non grata.

use crate::stories_consular::{POST, Section, day, name};
use crate::stories_door::Ground;
use serde_json::{Value, json};
use testkit::until;

/// A member of a mission who is here, as a protocol officer of ours enters the notification.
async fn notified(house: &Section, officer: &str) -> String {
    let mission =
        json!({ "sendingState": "FR", "type": "EMBASSY", "title": "Embassy of France", "seat": "Washington" });
    let line = json!({ "missionId": "fr-embassy", "mission": mission });
    let imported = house.door.import(officer, "accreditation/missions:import", &[line]).await;
    assert_eq!(imported[0]["outcome"], "CREATED");
    let member = json!({
        "mission": "missions/fr-embassy", "category": "DIPLOMATIC_STAFF", "familyName": "Example", "givenNames": "Person",
        "birthDate": "1980-01-01", "nationality": "FR", "residence": "FOREIGN", "title": "Second Secretary",
        "arrivalTime": "2026-01-02T03:04:05Z",
    });
    name(&house.door.post(officer, "accreditation/members", &member).await.good())
}

fn asked(member: &str, person: &str) -> Value {
    json!({
        "visaClass": "D", "purpose": "MISSION_POSTING", "post": POST, "person": person, "familyName": "Example",
        "givenNames": "Person", "birthDate": "1980-01-01", "sex": "MALE", "nationality": "FR",
        "passportNumber": "Z1234567", "passportIssueDate": day(-700), "passportExpireDate": day(2000), "blankPages": 10,
        "arrivalDate": day(30), "departureDate": day(900), "photo": "photos/1", "noteVerbale": "17/2026",
        "member": member,
    })
}

/// An application for the member's post, before who decides. It can be made as soon as the member is known.
async fn in_checks(house: &Section, member: &str, person: &str) -> String {
    let application = until("the member is known to the consular service", async || {
        let answer = house.door.post(&house.one, "consular/visaApplications", &asked(member, person)).await;
        if answer.status != 200 {
            assert_eq!(answer.refusal(), (409, "MISSION_MEMBER_UNKNOWN".to_owned()));
            return None;
        }
        Some(name(&answer.good()))
    })
    .await;
    house.done(&house.one, &application, "submit", json!({})).await;
    let exempt = json!({"exemption": "Diplomatic agent (art. 13(7)(c))."});
    house.done(&house.one, &application, "recordBiometrics", exempt).await;
    let examined = house.done(&house.one, &application, "examine", json!({})).await;
    assert_eq!(examined["state"], "ADMISSIBLE", "{examined}");
    let screening = name(&house.screened("Person Example", "1980-01-01", &["Z1234567"]).await);
    house.done(&house.one, &application, "check", json!({"screening": screening})).await;
    application
}

#[tokio::test]
async fn a_visa_for_a_post_follows_the_member_from_the_notification_to_the_declaration() {
    let ground = Ground::new().await;
    let house = Section::of(&ground).await;
    house.listed(None, &[("SAMPLE, Other", "")]).await;
    let (officer, head) = (house.door.officer().await, house.door.officer().await);

    // Nobody notified this one.
    let nobody = house.door.post(&house.one, "consular/visaApplications", &asked("members/nobody", "T-9")).await;
    assert_eq!(nobody.refusal(), (409, "MISSION_MEMBER_UNKNOWN".to_owned()));
    let member = notified(&house, &officer).await;
    let application = in_checks(&house, &member, "T-1").await;
    let terms = json!({"entries": 0, "stayDays": 300, "validFrom": day(30), "validUntil": day(330)});
    house.done(&house.other, &application, "grant", terms.clone()).await;
    let sticker = house.blank("VISA_STICKER", "V00000001").await;
    let visa = name(&house.make(&house.one, "visas", &json!({"application": application, "blank": sticker})).await);
    assert_eq!(house.done(&house.one, &visa, "release", json!({})).await["state"], "VALID");
    let pending = in_checks(&house, &member, "T-2").await;

    // Declared persona non grata, in accreditation: the visa is put before an officer, and nothing else is granted.
    let declaration = json!({ "member": member, "inReturnFor": "note 4/2026" });
    let declaration = name(&house.door.post(&officer, "accreditation/personaNonGrata", &declaration).await.good());
    let step = async |key: &str, verb: &str, ask: Value| {
        house.door.post(key, &format!("accreditation/{declaration}:{verb}"), &ask).await.good()
    };
    step(&officer, "review", json!({})).await;
    step(&head, "decide", json!({"deadlineHours": 72})).await;
    step(&head, "notify", json!({"note": "18/2026"})).await;
    let noted = until("the visa is put before an officer", async || {
        let visa = house.read(&house.one, &visa).await;
        (visa["review"] == "REVIEW_DUE").then_some(visa)
    })
    .await;
    assert_eq!((&noted["state"], &noted["postingEnd"]), (&json!("VALID"), &json!("PERSONA_NON_GRATA")), "{noted}");
    let refused = house.act(&house.other, &pending, "grant", terms).await;
    assert_eq!(refused.refusal(), (409, "MISSION_MEMBER_ENDED".to_owned()));
    let grounds = json!({"grounds": "Declared persona non grata by note 18/2026."});
    let revoked = house.done(&house.other, &visa, "revoke", grounds).await;
    assert_eq!((&revoked["state"], &revoked["review"]), (&json!("REVOKED"), &json!("REVIEW_UNSPECIFIED")), "{revoked}");
    house.close().await;
}
