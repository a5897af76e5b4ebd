//! Missions: from proposal to closure, the break of relations, import, and what is found of them.

use crate::world::{at, consulate, decider, embassy, fields, police, reason, registrar, secretary, stamp, world};
use futures::TryStreamExt as _;
use proto::accreditation::v1::{self as pb, Mission, mission};
use proto::registry::v1::ImportOutcome;
use serde_json::json;

#[tokio::test]
async fn a_mission_comes_to_life_by_four_eyes() {
    let world = world().await;
    let request =
        pb::CreateMissionRequest { mission: Some(embassy("FR")), mission_id: "fr".into(), request_id: "k-1".into() };
    let made = world.missions(&registrar()).create_mission(request).await.unwrap().into_inner();
    insta::assert_json_snapshot!("a_mission_is_proposed", world.traces(&made.name, &made).await);

    world.mission_step(&registrar(), "requestConsent", &made.name).await.unwrap();
    assert_eq!(reason(world.mission_step(&registrar(), "consent", &made.name).await), "SAME_PERSON");
    world.mission_step(&decider(), "consent", &made.name).await.unwrap();
    let address = prost_address("4101 Reservoir Road");
    let request =
        pb::ApprovePremisesRequest { name: made.name.clone(), address: Some(address.clone()), ..Default::default() };
    let approved = world.missions(&decider()).approve_premises(request).await.unwrap().into_inner();
    assert_eq!(approved.address, Some(address));
    let request = pb::OpenRequest {
        name: made.name.clone(),
        reason: "note 26/114".into(),
        open_time: stamp("2026-05-01T09:00:00Z"),
        ..Default::default()
    };
    let open = world.missions(&registrar()).open(request).await.unwrap().into_inner();
    insta::assert_json_snapshot!("a_mission_opens", world.traces(&made.name, &open).await);
}

fn prost_address(street: &str) -> proto::google::r#type::PostalAddress {
    proto::google::r#type::PostalAddress {
        region_code: "US".into(),
        locality: "Washington".into(),
        address_lines: vec![street.into()],
        ..Default::default()
    }
}

#[tokio::test]
async fn an_opening_is_a_fact_of_the_past() {
    let world = world().await;
    let name = world.mission("fr", embassy("FR"), mission::State::Establishing).await;
    let open = |instant| pb::OpenRequest { name: name.clone(), open_time: stamp(instant), ..Default::default() };
    let early = world.missions(&registrar()).open(open("2026-05-04T13:00:01Z")).await;
    assert_eq!(reason(early), "DATES_IMPLAUSIBLE");
    world.missions(&registrar()).open(open("2026-05-04T13:00:00Z")).await.unwrap();
}

#[tokio::test]
async fn after_a_break_of_relations_someone_is_in_charge() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let sever = async |power: &str, in_custody| {
        let request =
            pb::SeverRequest { name: name.clone(), protecting_power: power.into(), in_custody, ..Default::default() };
        world.missions(&decider()).sever(request).await
    };
    assert_eq!(reason(sever("", false).await), "PROTECTION_NOT_SETTLED");
    assert_eq!(reason(sever("CH", true).await), "PROTECTION_NOT_SETTLED");
    assert_eq!(reason(sever("FR", false).await), "PROTECTING_POWER_UNFIT");
    assert_eq!(reason(sever("US", false).await), "PROTECTING_POWER_UNFIT");
    let severed = sever("CH", false).await.unwrap().into_inner();
    assert_eq!((severed.state(), severed.protecting_power.as_str()), (mission::State::Severed, "CH"));
    for round in ["asked once", "asked again"] {
        let asked = world.mission_step(&registrar(), "requestConsent", &name).await.unwrap();
        assert_eq!((asked.state(), &*asked.protecting_power), (mission::State::ConsentReview, "CH"), "{round}");
        let refused = world.mission_step(&decider(), "refuse", &name).await.unwrap();
        assert_eq!((refused.state(), &*refused.protecting_power), (mission::State::Severed, "CH"), "{round}");
    }
    world.mission_step(&registrar(), "requestConsent", &name).await.unwrap();
    let consented = world.mission_step(&decider(), "consent", &name).await.unwrap();
    assert_eq!(consented.protecting_power, "CH", "relations are broken until there is a mission again");
    let establishing = world.mission_step(&decider(), "approvePremises", &name).await.unwrap();
    assert_eq!((&*establishing.protecting_power, establishing.in_custody), ("", false));
}

#[tokio::test]
async fn the_database_itself_keeps_someone_in_charge() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let unguarded = sqlx::query("update missions set doc = doc || '{\"state\": \"SEVERED\"}' where name = $1");
    let refused = unguarded.bind(&name).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&refused), Some("missions_in_charge"));
}

#[tokio::test]
async fn a_restriction_is_lifted_with_its_limit() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let restricted = world.mission_step(&decider(), "restrict", &name).await.unwrap();
    assert_eq!((restricted.state(), restricted.size_limit), (mission::State::Restricted, 5));
    let lifted = world.mission_step(&decider(), "liftRestriction", &name).await.unwrap();
    assert_eq!((lifted.state(), lifted.size_limit), (mission::State::Open, 0));
    let request = pb::RestrictRequest { name, size_limit: 0, ..Default::default() };
    assert_eq!(fields(world.missions(&decider()).restrict(request).await), ["sizeLimit"]);
}

#[tokio::test]
async fn a_mission_closes_when_its_last_member_has_gone() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&name)).await.name;
    world.mission_step(&registrar(), "close", &name).await.unwrap();
    let complete = async || world.mission_step(&decider(), "completeClosure", &name).await;
    assert_eq!(world.member(&member).await.end_cause(), pb::member::EndCause::MissionEnded);
    assert_eq!(reason(complete().await), "MISSION_HAS_MEMBERS", "the grace period counts");
    world.member_step(&registrar(), "recordDeparture", &member).await.unwrap();
    let closed = complete().await.unwrap();
    assert_eq!(closed.state(), mission::State::Closed);
    assert_eq!(closed.close_time, closed.update_time);
}

#[tokio::test]
async fn an_update_changes_what_is_known_and_not_who_it_is() {
    let world = world().await;
    let name = world.embassy("FR").await;
    let mut client = world.missions(&registrar());
    let request = pb::GetMissionRequest { name: name.clone(), as_of: None };
    let before = client.get_mission(request).await.unwrap().into_inner();
    let update = |mission: Mission, paths: &[&str]| pb::UpdateMissionRequest {
        mission: Some(Mission { name: name.clone(), ..mission }),
        update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
        etag: before.etag.clone(),
        ..Default::default()
    };
    let elsewhere = Mission { sending_state: "BE".into(), ..Mission::default() };
    assert_eq!(reason(client.update_mission(update(elsewhere, &["sending_state"])).await), "INVALID_FIELDS");
    let phone = Mission { phone: "+1 202 944 6000".into(), ..Mission::default() };
    let after = client.update_mission(update(phone, &["phone"])).await.unwrap().into_inner();
    assert_eq!((after.phone.as_str(), after.state()), ("+1 202 944 6000", before.state()));
    assert_eq!(reason(client.update_mission(update(Mission::default(), &["phone"])).await), "STALE_ETAG");
}

#[tokio::test]
async fn existing_missions_are_imported_open_once() {
    let world = world().await;
    let line = |id: &str, mission: Mission| pb::ImportMissionsRequest { mission_id: id.into(), mission: Some(mission) };
    let lines = || {
        vec![
            line("fr", Mission { external_id: "posts/1".into(), ..embassy("FR") }),
            line("us", embassy("US")),
            line("fr-chicago", Mission { open_time: stamp("1950-01-01T00:00:00Z"), ..consulate("FR") }),
        ]
    };
    let import = async || -> Vec<pb::ImportMissionsResponse> {
        let answers = world.missions(&registrar()).import_missions(tokio_stream::iter(lines())).await.unwrap();
        answers.into_inner().try_collect().await.unwrap()
    };
    let first = import().await;
    let outcomes: Vec<_> = first.iter().map(|answer| (answer.line, answer.outcome())).collect();
    assert_eq!(outcomes, [(1, ImportOutcome::Created), (2, ImportOutcome::Rejected), (3, ImportOutcome::Created)]);
    assert_eq!(first[1].failure.as_ref().unwrap().reason, "SENDING_STATE_IS_OURS");
    let rows = world.count("history").await;
    let again: Vec<_> = import().await.iter().map(|answer| answer.outcome()).collect();
    assert_eq!(again, [ImportOutcome::Unchanged, ImportOutcome::Rejected, ImportOutcome::Unchanged]);
    assert_eq!(world.count("history").await, rows, "sent again, a line changes nothing");

    let request = pb::GetMissionRequest { name: "missions/fr".into(), as_of: None };
    let imported = world.missions(&police("mpd")).get_mission(request).await.unwrap().into_inner();
    assert_eq!(imported.state(), mission::State::Open);
    assert!(imported.open_time.is_some());
}

#[tokio::test]
async fn missions_are_found_by_words_and_fields_and_as_they_were() {
    let world = world().await;
    for state in ["FR", "BE", "DE"] {
        world.embassy(state).await;
    }
    let consulate = Mission { title: "Consulat général à Chicago".into(), ..consulate("FR") };
    world.mission("fr-chicago", consulate, mission::State::Proposed).await;
    let list = async |filter: &str, q: &str| -> Vec<String> {
        let request = pb::ListMissionsRequest { filter: filter.into(), q: q.into(), ..Default::default() };
        let page = world.missions(&police("mpd")).list_missions(request).await.unwrap().into_inner();
        page.missions.into_iter().map(|mission| mission.name).collect()
    };
    assert_eq!(list("sendingState = \"FR\" AND state = OPEN", "").await, ["missions/fr"]);
    assert_eq!(list("", "general chicago").await, ["missions/fr-chicago"], "accents do not matter");
    assert_eq!(list("type = CONSULATE_GENERAL", "").await, ["missions/fr-chicago"]);

    world.clock.set(at("2026-05-05T00:00:00Z"));
    let name = "missions/fr".to_owned();
    world.mission_step(&decider(), "suspend", &name).await.unwrap();
    let as_of = stamp("2026-05-04T23:59:59Z");
    let request = pb::GetMissionRequest { name, as_of };
    // The state was put there by hand, so history still knows the proposal.
    let past = world.missions(&registrar()).get_mission(request).await.unwrap().into_inner();
    assert_eq!(past.state(), mission::State::Proposed);
}

#[tokio::test]
async fn a_proposal_entered_in_error_can_be_withdrawn_and_a_mission_cannot() {
    let world = world().await;
    let open = world.embassy("FR").await;
    assert_eq!(reason(world.mission_step(&registrar(), "delete", &open).await), "WRONG_STATE");
    let proposal = world.mission("be", embassy("BE"), mission::State::Proposed).await;
    world.mission_step(&registrar(), "delete", &proposal).await.unwrap();
    let request = pb::GetMissionRequest { name: proposal, as_of: None };
    assert_eq!(reason(world.missions(&registrar()).get_mission(request).await), "NOT_FOUND");
}

#[tokio::test]
async fn everything_can_be_exported_and_a_life_can_be_read() {
    let world = world().await;
    let name = world.embassy("FR").await;
    world.embassy("BE").await;
    let export = world.missions(&police("mpd")).export_missions(pb::ExportMissionsRequest::default()).await.unwrap();
    let lines: Vec<pb::ExportMissionsResponse> = export.into_inner().try_collect().await.unwrap();
    assert_eq!(lines.len(), 2);
    world.mission_step(&decider(), "suspend", &name).await.unwrap();
    let request = pb::ListMissionRevisionsRequest { name, ..Default::default() };
    let life = world.missions(&registrar()).list_mission_revisions(request).await.unwrap().into_inner();
    let verbs: Vec<_> = life.revisions.iter().map(|step| step.revision.as_ref().unwrap().verb.as_str()).collect();
    assert_eq!(verbs, ["suspend", "create"]);
    assert_eq!(life.revisions[0].mission.as_ref().unwrap().state(), mission::State::Suspended);
    assert_eq!(json!(life.revisions.len()), json!(2));
}

#[tokio::test]
async fn an_office_of_an_organisation_has_no_sending_state() {
    let world = world().await;
    let office = Mission {
        sending_state: String::new(),
        organization: "UNHCR".into(),
        r#type: mission::Type::IoOffice.into(),
        ..embassy("FR")
    };
    let name = world.mission("unhcr", office.clone(), mission::State::Open).await;
    let request = pb::ListMissionsRequest { filter: "organization = \"UNHCR\"".into(), ..Default::default() };
    let page = world.missions(&registrar()).list_missions(request).await.unwrap().into_inner();
    assert_eq!(page.missions.iter().map(|mission| mission.name.as_str()).collect::<Vec<_>>(), [name.as_str()]);
    for (why, wrong) in [
        ("both", Mission { sending_state: "FR".into(), ..office.clone() }),
        ("neither", Mission { organization: String::new(), ..office.clone() }),
        ("an embassy", Mission { r#type: mission::Type::Embassy.into(), ..office }),
    ] {
        let request = pb::CreateMissionRequest { mission: Some(wrong), ..Default::default() };
        assert_eq!(reason(world.missions(&registrar()).create_mission(request).await), "SENDER_MISMATCH", "{why}");
    }
    let request = pb::SeverRequest { name, in_custody: true, ..Default::default() };
    assert!(world.missions(&decider()).sever(request).await.unwrap().into_inner().in_custody);
}
