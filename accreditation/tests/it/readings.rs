//! Who read what is kept about a person: found however it was read, of every record that is the person's, and told to the
//! person without what must not be told.

use crate::world::{World, officer, police, reason, registrar, secretary, world};
use futures::StreamExt as _;
use identity::{Permissions, Principal};
use proto::accreditation::v1 as pb;
use proto::registry::v1::{ListAuditEntriesRequest, ListReadingsRequest, ListReadingsResponse, Reading};
use tonic::Request;

/// Who answers people.
fn protection_officer() -> Principal {
    Principal {
        subject: "people/protection".into(),
        permissions: Permissions::of(["accreditation.readings.report"]),
        ..testkit::principal::<&str>([])
    }
}

fn asked<R>(by: &Principal, method: &str, request: R) -> Request<R> {
    testkit::called(by, &format!("/legation.accreditation.v1.AuditService/{method}"), request)
}

async fn page(world: &World, request: ListReadingsRequest) -> ListReadingsResponse {
    world.store.readings(asked(&protection_officer(), "ListReadings", request)).await.unwrap().into_inner()
}

async fn of(world: &World, record: &str) -> Vec<Reading> {
    page(world, ListReadingsRequest { records: vec![record.into()], ..Default::default() }).await.readings
}

/// Readers with the methods by which they read, the first first.
fn told(readings: &[Reading]) -> Vec<(&str, &str)> {
    let method = |reading: &'_ Reading| reading.method.rfind('/').map_or(0, |slash| slash + 1);
    readings.iter().rev().map(|reading| (reading.reader.as_str(), &reading.method[method(reading)..])).collect()
}

async fn get(world: &World, by: &Principal, name: &str) {
    let request = pb::GetMemberRequest { name: name.into(), as_of: None };
    world.members(by).get_member(request).await.unwrap();
}

#[tokio::test]
async fn whoever_was_given_something_of_a_person_is_told_however_it_was_read() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let other =
        pb::Member { passport_number: "77BB00001".into(), person: "people/other".into(), ..secretary(&mission) };
    let other = world.notify("other", other).await.unwrap().name;

    get(&world, &officer("people/by-get"), &name).await;
    get(&world, &officer("people/of-another"), &other).await;
    let list = pb::ListMembersRequest::default();
    world.members(&officer("people/by-list")).list_members(list.clone()).await.unwrap();
    let none = pb::ListMembersRequest { filter: "name = \"members/nobody\"".into(), ..list.clone() };
    world.members(&officer("people/of-nobody")).list_members(none).await.unwrap();
    let words = pb::ListMembersRequest { q: "garnier".into(), page_size: 1, ..list };
    world.members(&officer("people/by-words")).list_members(words).await.unwrap();
    let revisions = pb::ListMemberRevisionsRequest { name: name.clone(), ..Default::default() };
    world.members(&officer("people/by-history")).list_member_revisions(revisions).await.unwrap();
    let export = pb::ExportMembersRequest::default();
    let exported = world.members(&officer("people/by-export")).export_members(export).await.unwrap().into_inner();
    assert_eq!(exported.count().await, 2);
    let watch = pb::WatchMembersRequest::default();
    let mut watched = world.members(&officer("people/by-watch")).watch_members(watch).await.unwrap().into_inner();
    world.member_step(&registrar(), "beginValidation", &name).await.unwrap();
    assert_eq!(watched.next().await.unwrap().unwrap().member.unwrap().name, name);

    let readings = of(&world, &name).await;
    assert_eq!(
        told(&readings),
        [
            ("people/by-get", "GetMember"),
            ("people/by-list", "ListMembers"),
            ("people/by-words", "ListMembers"),
            ("people/by-history", "ListMemberRevisions"),
            ("people/by-export", "ExportMembers"),
            ("people/by-watch", "WatchMembers"),
        ]
    );
    assert!(readings.iter().all(|reading| reading.records == [name.clone()]), "nobody else is named: {readings:?}");
    assert!(readings.iter().all(|reading| reading.time.is_some() && reading.service == "accreditation"));
    // Page by page it is the same, and a page is of one question of one caller.
    let ask = |token: &str| ListReadingsRequest {
        records: vec![name.clone()],
        page_size: 4,
        page_token: token.into(),
        ..Default::default()
    };
    let first = page(&world, ask("")).await;
    let second = page(&world, ask(&first.next_page_token)).await;
    assert_eq!([first.readings, second.readings].concat(), readings);
    let stolen = ListReadingsRequest { records: vec![other], ..ask(&first.next_page_token) };
    let stolen = world.store.readings(asked(&protection_officer(), "ListReadings", stolen)).await;
    assert_eq!(reason(stolen), "INVALID_PAGE_TOKEN");
    // An auditor who asks for the record sees the pages on which it was too.
    let auditor = officer("people/auditor");
    let entries = ListAuditEntriesRequest { record: name, reads_only: true, ..Default::default() };
    let entries = world.store.trail(asked(&auditor, "ListAuditEntries", entries)).await.unwrap().into_inner().entries;
    let listed = entries.iter().find(|entry| entry.actor == "people/by-list").unwrap();
    assert_eq!((listed.record.as_str(), listed.shown), ("", 2));
}

#[tokio::test]
async fn what_refers_to_a_person_is_the_persons_too() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let doc = serde_json::json!({
        "name": "incidents/one", "member": name, "mission": mission, "offenceClass": "TRAFFIC", "severity": "MINOR",
        "occurTime": "2026-05-01T10:00:00Z", "agency": "mpd", "agencyReference": "one", "state": "REPORTED",
        "waiverOutcome": "WAIVER_OUTCOME_UNSPECIFIED",
    });
    // As an incident is kept, whatever led there.
    let kept = "insert into incidents (name, uid, version, doc, created_at, updated_at) \
                values ('incidents/one', gen_random_uuid(), 1, $1, now(), now())";
    sqlx::query(kept).bind(doc).execute(&world.db.pool).await.unwrap();
    let read = "insert into audit (actor, method, name, outcome) values \
                ('people/adviser', '/legation.accreditation.v1.IncidentService/GetIncident', 'incidents/one', 'OK')";
    sqlx::query(read).execute(&world.db.pool).await.unwrap();
    let asked = ListReadingsRequest { records: vec![name.clone()], ..Default::default() };
    let report = page(&world, asked).await;
    assert_eq!(report.records, ["incidents/one".to_owned(), name.clone()]);
    assert_eq!(told(&report.readings), [("people/adviser", "GetIncident")]);
    assert_eq!(report.readings[0].records, ["incidents/one"]);
}

#[tokio::test]
async fn an_inquiry_that_must_not_be_known_is_on_record_and_not_in_the_persons_report() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    get(&world, &officer("people/open"), &name).await;
    let before = of(&world, &name).await;
    let permissions = ["accreditation.members.read", "accreditation.readings.withhold"];
    let inquirer = Principal { permissions: Permissions::of(permissions), ..officer("people/inquirer") };
    get(&world, &inquirer, &name).await;
    world.members(&inquirer).list_members(pb::ListMembersRequest::default()).await.unwrap();
    assert_eq!(of(&world, &name).await, before, "the same as if nothing had been read");
    let auditor = officer("people/auditor");
    let entries = ListAuditEntriesRequest { record: name, reads_only: true, ..Default::default() };
    let entries = world.store.trail(asked(&auditor, "ListAuditEntries", entries)).await.unwrap().into_inner().entries;
    let hidden: Vec<_> = entries.iter().filter(|entry| entry.withheld).map(|entry| entry.actor.as_str()).collect();
    assert_eq!(hidden, ["people/inquirer"; 2], "auditors see it: {entries:?}");
}

#[tokio::test]
async fn what_a_partner_was_told_by_a_question_is_told_with_the_partner_and_a_refusal_is_no_reading() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let request = pb::GetMemberRequest { name: name.clone(), as_of: None };
    world.members(&police("mpd")).get_member(request).await.unwrap_err();
    assert_eq!(of(&world, &name).await, []);
    let matter = pb::Matter::CriminalProsecution.into();
    let ask = pb::DetermineImmunityRequest { name: name.clone(), matter, ..Default::default() };
    let determined = world.immunity(&police("mpd")).determine_immunity(ask).await.unwrap().into_inner();
    let readings = of(&world, &name).await;
    assert_eq!(told(&readings), [("apiKeys/mpd", "DetermineImmunity")]);
    assert_eq!((readings[0].agency.as_str(), &readings[0].records), ("mpd", &vec![determined.name]));
}
