//! Answers given on the road: kept as they were given, seen by whoever asked, never changed.

use crate::world::{
    World, at, consulate, decider, embassy, police, reason, registrar, relative, secretary, staff_of, stamp, world,
};
use identity::Principal;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::mission::State;
use proto::accreditation::v1::{
    self as pb, Category, Circumstances, CivilAction, Determination, DetermineImmunityRequest, Immune, Matter, Member,
    Relation, Residence, Status, Tier,
};

async fn ask(world: &World, by: &Principal, request: DetermineImmunityRequest) -> Result<Determination, tonic::Status> {
    world.immunity(by).determine_immunity(request).await.map(tonic::Response::into_inner)
}

async fn read(world: &World, by: &Principal, name: &str) -> Result<Determination, tonic::Status> {
    let request = pb::GetDeterminationRequest { name: name.into() };
    world.immunity(by).get_determination(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_officer_asks_and_the_answer_is_kept() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let request = DetermineImmunityRequest {
        name: member.clone(),
        matter: Matter::ArrestOrDetention.into(),
        reference: "unit 12".into(),
        request_id: "stop-1".into(),
        ..Default::default()
    };
    let answer = ask(&world, &police("mpd"), request.clone()).await.unwrap();
    assert_eq!((answer.immune(), answer.tier(), answer.status()), (Immune::Yes, Tier::Diplomatic, Status::Active));
    assert_eq!(answer.agency, "mpd");
    insta::assert_json_snapshot!("an_answer_is_kept", world.traces(&answer.name, &answer).await);
    assert_eq!(read(&world, &police("mpd"), &answer.name).await.unwrap(), answer);
    assert_eq!(ask(&world, &police("mpd"), request.clone()).await.unwrap(), answer, "asked again with the same key");
    let other = DetermineImmunityRequest { matter: Matter::Testimony.into(), ..request };
    assert_eq!(reason(ask(&world, &police("mpd"), other).await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(world.count("determinations").await, 1);
}

#[tokio::test]
async fn what_was_answered_stands_whatever_comes_after() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let then = world.determine(&police("mpd"), &member, Matter::CriminalProsecution).await.unwrap();
    assert_eq!((then.immune(), then.member_version), (Immune::Yes, 4));
    world.terminate(&member, EndCause::Recalled).await;
    world.clock.set(at("2027-01-04T12:00:00Z"));
    world.store.fire_due().await.unwrap();
    let now = world.determine(&police("mpd"), &member, Matter::CriminalProsecution).await.unwrap();
    assert_eq!((now.immune(), now.status()), (Immune::OfficialActsOnly, Status::Residual));
    assert!(now.member_version > then.member_version);
    assert_eq!(read(&world, &police("mpd"), &then.name).await.unwrap(), then);
    for text in ["update determinations set doc = doc", "delete from determinations"] {
        assert!(sqlx::query(text).execute(&world.db.pool).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_past_instant_is_answered_by_what_held_then() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    world.member_step(&registrar(), "notifyChange", &member).await.unwrap();
    world.member_step(&decider(), "confirmChange", &member).await.unwrap();
    let at_instant = async |instant: &str| {
        let request = DetermineImmunityRequest {
            name: member.clone(),
            matter: Matter::CriminalProsecution.into(),
            instant: stamp(instant),
            ..Default::default()
        };
        let answer = ask(&world, &police("mpd"), request).await.unwrap();
        assert_eq!(answer.instant, stamp(instant));
        (answer.status(), answer.immune())
    };
    assert_eq!(at_instant("2026-04-24T09:59:59.999999Z").await, (Status::Before, Immune::No));
    assert_eq!(at_instant("2026-04-24T10:00:00Z").await, (Status::Active, Immune::Yes));
    assert_eq!(at_instant("2026-04-30T23:59:59.999999Z").await, (Status::Active, Immune::Yes));
    assert_eq!(at_instant("2026-05-01T00:00:00Z").await, (Status::Active, Immune::OfficialActsOnly));
}

#[tokio::test]
async fn circumstances_known_decide_and_unknown_ones_are_named() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let sued = async |circumstances: Circumstances| {
        let request = DetermineImmunityRequest {
            name: member.clone(),
            matter: Matter::CivilSuit.into(),
            circumstances: Some(circumstances),
            ..Default::default()
        };
        ask(&world, &police("mpd"), request).await.unwrap()
    };
    let flat = Circumstances { civil_action: CivilAction::PrivateRealProperty.into(), ..Default::default() };
    let unknown = sued(flat.clone()).await;
    assert_eq!((unknown.immune(), unknown.conditions.is_empty()), (Immune::Conditional, false));
    let private = sued(Circumstances { held_for_mission: Some(false), ..flat.clone() }).await;
    assert_eq!(private.immune(), Immune::No);
    assert_eq!(private.citations.last().unwrap().provision, "31.1(a)");
    assert_eq!(private.circumstances.unwrap().held_for_mission, Some(false), "kept as it was given");
    assert_eq!(sued(Circumstances { held_for_mission: Some(true), ..flat }).await.immune(), Immune::Yes);
}

#[tokio::test]
async fn a_family_is_answered_from_its_principal() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await.name;
    let answer = world.determine(&police("mpd"), &spouse, Matter::ArrestOrDetention).await.unwrap();
    assert_eq!((answer.immune(), answer.derived_from()), (Immune::Yes, Category::DiplomaticStaff));
    assert_eq!(answer.citations[0].provision, "37.1");
    world.terminate(&principal.name, EndCause::Death).await;
    world.clock.set(at("2026-05-14T13:00:00Z"));
    let widowed = world.determine(&police("mpd"), &spouse, Matter::ArrestOrDetention).await.unwrap();
    assert_eq!((widowed.immune(), widowed.status()), (Immune::Yes, Status::GracePeriod));
    assert_eq!(widowed.citations.last().unwrap().provision, "39.3");
}

#[tokio::test]
async fn an_agreement_of_ours_raises_a_consul_of_that_state() {
    let world = world().await;
    let consul = |mission: &str, nationality: &str| Member {
        category: Category::ConsularOfficer.into(),
        nationality: nationality.into(),
        ..secretary(mission)
    };
    for (state, expected) in [("CN", Immune::Yes), ("FR", Immune::Conditional)] {
        let post = world.mission(&format!("{}-chicago", state.to_lowercase()), consulate(state), State::Open).await;
        let member = world.accredited(&format!("consul-{}", state.to_lowercase()), consul(&post, state)).await.name;
        let answer = world.determine(&police("mpd"), &member, Matter::ArrestOrDetention).await.unwrap();
        assert_eq!(answer.immune(), expected, "{state}");
    }
}

#[tokio::test]
async fn an_agency_sees_its_own_answers_and_a_missions_staff_none() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let ours = world.determine(&police("mpd"), &member, Matter::Testimony).await.unwrap();
    let theirs = world.determine(&police("fbi"), &member, Matter::Testimony).await.unwrap();
    assert_eq!(reason(read(&world, &police("mpd"), &theirs.name).await), "NOT_FOUND");
    let list = async |by: &Principal| -> Vec<String> {
        let page = world.immunity(by).list_determinations(pb::ListDeterminationsRequest::default()).await.unwrap();
        page.into_inner().determinations.into_iter().map(|found| found.name).collect()
    };
    assert_eq!(list(&police("mpd")).await, std::slice::from_ref(&ours.name));
    assert_eq!(list(&registrar()).await.len(), 2);
    let curious = Principal {
        permissions: identity::Permissions::of(["accreditation.determinations.read", "accreditation.members.read"]),
        ..staff_of("fr")
    };
    assert!(list(&curious).await.is_empty());
    assert_eq!(reason(read(&world, &curious, &ours.name).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_question_without_a_matter_or_about_nobody_is_refused() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let nothing = DetermineImmunityRequest { name: member, ..Default::default() };
    assert_eq!(reason(ask(&world, &police("mpd"), nothing).await), "INVALID_FIELDS");
    let nobody = world.determine(&police("mpd"), "members/nobody", Matter::Testimony).await;
    assert_eq!(reason(nobody), "NOT_FOUND");
    let foreign = world.embassy("BE").await;
    assert_ne!(foreign, mission);
    assert_eq!(world.count("determinations").await, 0);
    assert_eq!(embassy("BE").sending_state, "BE");
}

#[tokio::test]
async fn one_of_our_own_nationals_is_answered_by_the_limitation() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let national = Member {
        nationality: "US".into(),
        residence: Residence::National.into(),
        nationality_consent: true,
        already_present: true,
        arrival_time: None,
        ..secretary(&mission)
    };
    let member = world.accredited("national", national).await.name;
    let answer = world.determine(&police("mpd"), &member, Matter::ArrestOrDetention).await.unwrap();
    assert_eq!((answer.immune(), answer.tier()), (Immune::OfficialActsOnly, Tier::OfficialActs));
    assert_eq!(answer.citations.last().unwrap().provision, "38.1");
}
