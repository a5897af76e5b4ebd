//! Agréments: confidential until announced, refused without reasons, lapsed without an arrival, and what they open.

use crate::heads::head;
use crate::world::{
    World, at, consulate, dawn, decider, fields, officer, reason, registrar, secretary, staff_of, world,
};
use futures::StreamExt as _;
use identity::{Permissions, Principal};
use proto::accreditation::v1::agrement::{Disclosure, State};
use proto::accreditation::v1::{self as pb, Member, mission};

/// One of ours who may read agréments and their history, and decides on none.
fn reader() -> Principal {
    let permissions = ["agrements.read", "agrements.history", "personal.read"];
    Principal {
        subject: "people/reader".into(),
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..testkit::principal::<&str>([])
    }
}

/// A mission's own staff who sign its requests.
fn signatory_of(mission: &str) -> Principal {
    let permissions = ["agrements.read", "agrements.history", "agrements.submit", "personal.read"];
    Principal {
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..staff_of(mission)
    }
}

async fn seen_by(world: &World, by: &Principal) -> Vec<String> {
    let page = world.agrements(by).list_agrements(pb::ListAgrementsRequest::default()).await.unwrap().into_inner();
    page.agrements.into_iter().map(|agrement| agrement.name).collect()
}

async fn history_seen_by(
    world: &World,
    by: &Principal,
    name: &str,
) -> Result<Vec<pb::AgrementRevision>, tonic::Status> {
    let request = pb::ListAgrementRevisionsRequest { name: name.into(), ..Default::default() };
    Ok(world.agrements(by).list_agrement_revisions(request).await?.into_inner().revisions)
}

#[tokio::test]
async fn a_request_is_confidential_until_the_sending_state_announces_it() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.ask_for(&head(&ours), &signatory_of("fr")).await.unwrap().name;
    assert!(theirs.ends_with("be"));
    world.agrement_step(&signatory_of("fr"), "submit", &name).await.unwrap();
    world.agrement_step(&registrar(), "consult", &name).await.unwrap();
    world.agrement_step(&decider(), "grant", &name).await.unwrap();
    for outsider in [reader(), signatory_of("be")] {
        assert_eq!(seen_by(&world, &outsider).await, Vec::<String>::new());
        let request = pb::GetAgrementRequest { name: name.clone(), as_of: None };
        assert_eq!(reason(world.agrements(&outsider).get_agrement(request).await), "NOT_FOUND");
        assert_eq!(reason(history_seen_by(&world, &outsider, &name).await), "NOT_FOUND");
    }
    for insider in [signatory_of("fr"), decider()] {
        assert_eq!(seen_by(&world, &insider).await, [name.as_str()]);
    }
    world.agrement_step(&signatory_of("fr"), "announce", &name).await.unwrap();
    assert_eq!(seen_by(&world, &reader()).await, [name.as_str()]);
    assert_eq!(seen_by(&world, &signatory_of("be")).await, Vec::<String>::new(), "still no business of theirs");
    let verbs: Vec<_> = history_seen_by(&world, &reader(), &name).await.unwrap();
    let verbs: Vec<_> = verbs.into_iter().map(|step| step.revision.unwrap().verb).collect();
    assert_eq!(verbs, ["announce"], "what went before stays confidential");
    world.clock.advance(chrono::TimeDelta::days(1));
    let then = |at| pb::GetAgrementRequest { name: name.clone(), as_of: Some(registry::timestamp(at)) };
    world.agrements(&reader()).get_agrement(then(world.store.now())).await.unwrap();
    assert_eq!(reason(world.agrements(&reader()).get_agrement(then(dawn())).await), "NOT_FOUND", "confidential then");
}

#[tokio::test]
async fn events_tell_neither_the_person_nor_the_mission() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.consulted(&head(&mission)).await;
    world.agrement_step(&decider(), "refuse", &name).await.unwrap();
    assert_eq!(world.count("outbox where kind = 'agrements'").await, 4);
    for telling in ["missions/fr", "GARNIER", "1966-02-03", "2026/117", "Thirty"] {
        let leaked = format!("outbox where kind = 'agrements' and doc::text like '%{telling}%'");
        assert_eq!(world.count(&leaked).await, 0, "{telling}");
    }
}

#[tokio::test]
async fn followers_hear_of_a_request_from_the_announcement_on() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let request = pb::WatchAgrementsRequest::default();
    let mut changes = world.agrements(&reader()).watch_agrements(request).await.unwrap().into_inner();
    let name = world.agreed(head(&mission)).await.agrement;
    let first = changes.next().await.unwrap().unwrap();
    assert_eq!((first.agrement.unwrap().name, first.revision.unwrap().verb), (name, "announce".to_owned()));
}

#[tokio::test]
async fn a_refusal_has_no_reasons_anywhere() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.consulted(&head(&mission)).await;
    assert_eq!(reason(world.agrement_step(&registrar(), "refuse", &name).await), "SAME_PERSON");
    let refused = world.agrement_step(&decider(), "refuse", &name).await.unwrap();
    assert_eq!((refused.state(), refused.decide_time), (State::Refused, refused.update_time));
    assert_eq!(refused.disclosure(), Disclosure::Confidential);
    assert_eq!(reason(world.agrement_step(&signatory_of("fr"), "announce", &name).await), "WRONG_STATE");
    let contract = proto::contract::contract();
    let decided =
        contract.methods().iter().filter(|method| method.rule().permission == "accreditation.agrements.decide");
    let mut verbs = 0;
    for method in decided {
        verbs += 1;
        let request = method.descriptor().input();
        assert!(request.fields().all(|field| field.name() != "reason"), "{} takes reasons", method.path());
    }
    assert_eq!(verbs, 3, "consult, grant and refuse");
    let steps = history_seen_by(&world, &signatory_of("fr"), &name).await.unwrap();
    assert!(steps.iter().all(|step| step.revision.as_ref().unwrap().reason.is_empty()), "{steps:?}");
}

#[tokio::test]
async fn an_agrement_lapses_unless_the_person_arrives() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.consulted(&head(&mission)).await;
    let granted = world.agrement_step(&decider(), "grant", &name).await.unwrap();
    // Six months from 4 May, to the end of the day in Washington.
    assert_eq!(granted.lapse_time, Some(registry::timestamp(at("2026-11-05T05:00:00Z"))));
    let arrived = world.agreed(head(&other)).await.agrement;
    world.clock.set(at("2026-11-05T04:59:59Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.agrement(&name).await.state(), State::Granted);
    world.clock.set(at("2026-11-05T05:00:00Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.agrement(&name).await.state(), State::Lapsed);
    assert_eq!(world.agrement(&arrived).await.state(), State::Arrived);
    assert_eq!(world.count("timers").await, 0);
    world.consulted(&head(&mission)).await;
}

#[tokio::test]
async fn an_arrival_is_a_fact_and_clears_the_clock() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.consulted(&head(&mission)).await;
    world.agrement_step(&decider(), "grant", &name).await.unwrap();
    let arrive = |when: &str| pb::RecordNomineeArrivalRequest {
        name: name.clone(),
        arrival_time: Some(registry::timestamp(at(when))),
        ..Default::default()
    };
    let mut client = world.agrements(&registrar());
    assert_eq!(reason(client.record_nominee_arrival(arrive("2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    let arrived = client.record_nominee_arrival(arrive("2026-05-03T10:00:00Z")).await.unwrap().into_inner();
    assert_eq!(
        (arrived.state(), arrived.arrival_time),
        (State::Arrived, Some(registry::timestamp(at("2026-05-03T10:00:00Z"))))
    );
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn a_national_of_ours_needs_consent_that_says_so() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.consulted(&Member { nationality: "US".into(), ..head(&mission) }).await;
    assert_eq!(reason(world.agrement_step(&decider(), "grant", &name).await), "NOMINEE_IS_NATIONAL");
    let request = pb::GrantAgrementRequest { name, consent_to_national: true, ..Default::default() };
    let granted = world.agrements(&decider()).grant_agrement(request).await.unwrap().into_inner();
    assert!(granted.consent_to_national);
}

#[tokio::test]
async fn only_an_announced_agrement_for_this_person_at_this_mission_opens_the_notification() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.consulted(&head(&mission)).await;
    let named = Member { agrement: name.clone(), ..head(&mission) };
    let refused = async |id: &str, member: &Member| reason(world.notify(id, member.clone()).await);
    assert_eq!(refused("a", &named).await, "AGREMENT_UNFIT", "under consultation");
    world.agrement_step(&decider(), "grant", &name).await.unwrap();
    assert_eq!(refused("a", &named).await, "AGREMENT_UNFIT", "not announced");
    world.agrement_step(&registrar(), "announce", &name).await.unwrap();
    for (why, member) in [
        ("another name", Member { family_name: "Autre".into(), ..named.clone() }),
        ("another date of birth", Member { birth_date: "1966-02-04".into(), ..named.clone() }),
        (
            "another mission",
            Member { mission: other, nationality: "FR".into(), nationality_consent: true, ..named.clone() },
        ),
        ("no such agrément", Member { agrement: "agrements/none".into(), ..named.clone() }),
        ("no head", Member { agrement: name.clone(), ..secretary(&mission) }),
    ] {
        assert_eq!(refused("a", &member).await, "AGREMENT_UNFIT", "{why}");
    }
    assert_eq!(refused("a", &head(&mission)).await, "AGREMENT_REQUIRED");
    let notified = world.notify("a", named.clone()).await.unwrap();
    assert_eq!(world.agrement(&name).await.state(), State::Arrived, "the notification says so");
    assert_eq!(world.count("timers where kind = 'agrements'").await, 0);
    assert_eq!(refused("b", &named).await, "AGREMENT_SPENT");
    let renamed = pb::UpdateMemberRequest {
        member: Some(Member { family_name: "Autre".into(), ..notified.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["family_name".into()] }),
        etag: notified.etag,
        ..Default::default()
    };
    assert_eq!(
        reason(world.members(&registrar()).update_member(renamed).await),
        "AGREMENT_UNFIT",
        "replaced by a correction"
    );
}

#[tokio::test]
async fn a_mission_asks_for_its_own_head_alone() {
    let world = world().await;
    let theirs = world.embassy("BE").await;
    world.embassy("FR").await;
    let asked = world.ask_for(&head(&theirs), &signatory_of("fr")).await;
    assert_eq!(fields(asked), ["agrement.mission"], "as if there were no such mission");
    let post = world.mission("fr-chicago", consulate("FR"), mission::State::Open).await;
    assert_eq!(reason(world.ask_for(&head(&post), &registrar()).await), "MISSION_HAS_NO_HEAD");
    let unborn = Member { birth_date: "2026-05-04".into(), ..head(&theirs) };
    assert_eq!(fields(world.ask_for(&unborn, &registrar()).await), ["agrement.birthDate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_requests_submitted_at_once_one_is_before_us() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let mut drafts = Vec::new();
    for _ in 0..6 {
        drafts.push(world.draft(&head(&mission)).await);
    }
    let by = officer("people/registrar");
    let answers = futures::future::join_all(drafts.iter().map(|name| world.agrement_step(&by, "submit", name))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (1, 5));
    assert!(refused.into_iter().all(|answer| reason(answer) == "AGREMENT_ALREADY_ASKED"));
}

#[tokio::test]
async fn an_agrement_is_not_withdrawn_from_under_a_head_who_is_notified() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let head = world.notify("head", world.agreed_before_coming(head(&mission)).await).await.unwrap();
    assert_eq!(reason(world.agrement_step(&registrar(), "withdraw", &head.agrement).await), "AGREMENT_IN_USE");
    world.terminate(&head.name, proto::accreditation::v1::member::EndCause::Recalled).await;
    let withdrawn = world.agrement_step(&registrar(), "withdraw", &head.agrement).await.unwrap();
    assert_eq!(withdrawn.state(), State::Withdrawn);
}

#[tokio::test]
async fn a_head_whose_agrement_has_lapsed_is_not_accredited() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let head = world.notify("head", world.agreed_before_coming(head(&mission)).await).await.unwrap();
    for verb in ["beginValidation", "passValidation"] {
        world.member_step(&registrar(), verb, &head.name).await.unwrap();
    }
    world.clock.set(at("2030-01-01T00:00:00Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.agrement(&head.agrement).await.state(), State::Lapsed);
    assert_eq!(reason(world.member_step(&decider(), "accredit", &head.name).await), "AGREMENT_UNFIT");
    assert_eq!(reason(world.member_step(&registrar(), "recordArrival", &head.name).await), "AGREMENT_UNFIT");
    let in_time = pb::RecordArrivalRequest {
        name: head.name,
        arrival_time: Some(registry::timestamp(at("2026-05-10T00:00:00Z"))),
        ..Default::default()
    };
    world.members(&registrar()).record_arrival(in_time).await.unwrap();
}
