//! Honorary consuls: post and person, the term, the certificate that falls due and lapses.

use crate::consuls::notary;
use crate::world::{World, at, decider, embassy, fields, reason, registrar, secretary, staff_of, stamp, world};
use identity::{Permissions, Principal};
use proto::accreditation::v1::honorary_consul::State;
use proto::accreditation::v1::member::{EndCause, State as Standing};
use proto::accreditation::v1::{self as pb, Category, HonoraryConsul, Member, mission};

/// Recognised on the morning of 4 May 2026.
async fn recognised(world: &World, state: &str) -> HonoraryConsul {
    let name = world.justify(notary(&world.post(state).await)).await.unwrap().name;
    for verb in ["beginVetting", "approvePost"] {
        world.honorary_step(&registrar(), verb, &name).await.unwrap();
    }
    world.honorary_step(&decider(), "recognise", &name).await.unwrap()
}

#[tokio::test]
async fn the_post_is_approved_before_the_person_and_by_another_than_who_asked() {
    let world = world().await;
    let name = world.justify(notary(&world.post("FR").await)).await.unwrap().name;
    world.honorary_step(&registrar(), "beginVetting", &name).await.unwrap();
    assert_eq!(reason(world.honorary_step(&decider(), "recognise", &name).await), "WRONG_STATE");
    let approved = world.honorary_step(&registrar(), "approvePost", &name).await.unwrap();
    assert_eq!((approved.state(), approved.recognise_time), (State::PostApproved, None));
    assert_eq!(reason(world.honorary_step(&registrar(), "recognise", &name).await), "SAME_PERSON");
    let recognised = world.honorary_step(&decider(), "recognise", &name).await.unwrap();
    assert_eq!(recognised.state(), State::Recognised);
    // Sixty and twenty-four months on, to the end of the day in Washington.
    assert_eq!(recognised.term_end_time, stamp("2031-05-05T04:00:00Z"));
    assert_eq!(recognised.recertify_time, stamp("2028-05-05T04:00:00Z"));
}

#[tokio::test]
async fn a_certificate_falls_due_and_without_one_the_recognition_lapses() {
    let world = world().await;
    let (kept, lapsing) = (recognised(&world, "FR").await.name, recognised(&world, "BE").await.name);
    world.clock.set(at("2028-05-05T03:59:59Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.honorary_consul(&kept).await.state(), State::Recognised);
    world.clock.set(at("2028-05-05T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.honorary_consul(&kept).await.state(), State::RecertificationDue);
    let certified = world.honorary_step(&registrar(), "recertify", &kept).await.unwrap();
    assert_eq!(certified.state(), State::Recognised);
    assert_eq!(certified.recertify_time, stamp("2030-05-06T04:00:00Z"));
    // Ninety days after it fell due, to the end of the day.
    world.clock.set(at("2028-08-04T03:59:59Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.honorary_consul(&lapsing).await.state(), State::RecertificationDue);
    world.clock.set(at("2028-08-04T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    let lapsed = world.honorary_consul(&lapsing).await;
    assert_eq!((lapsed.state(), lapsed.end_time), (State::Ended, stamp("2028-08-04T04:00:00Z")));
    assert_eq!(world.honorary_consul(&kept).await.state(), State::Recognised);
}

#[tokio::test]
async fn the_term_ends_by_itself_and_no_certificate_is_asked_for_beyond_it() {
    let world = world().await;
    let name = recognised(&world, "FR").await.name;
    world.clock.set(at("2029-06-01T12:00:00Z"));
    let certified = world.honorary_step(&registrar(), "recertify", &name).await.unwrap();
    assert_eq!(certified.recertify_time, None, "two years on the term is over");
    world.clock.set(at("2031-05-05T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.honorary_consul(&name).await.state(), State::Ended);
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn functions_can_end_before_the_term_and_take_their_clocks_along() {
    let world = world().await;
    let name = recognised(&world, "FR").await.name;
    let ended = world.honorary_step(&registrar(), "end", &name).await.unwrap();
    assert_eq!((ended.state(), ended.end_time), (State::Ended, ended.update_time));
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn whom_we_receive_is_asked_at_every_correction_too() {
    let world = world().await;
    let embassy = world.mission("fr", embassy("FR"), mission::State::Open).await;
    assert_eq!(reason(world.justify(notary(&embassy)).await), "CATEGORY_MISMATCH");
    let post = world.post("FR").await;
    let made = world.justify(notary(&post)).await.unwrap();
    let foreign = pb::UpdateHonoraryConsulRequest {
        honorary_consul: Some(HonoraryConsul { residence: pb::Residence::Foreign.into(), ..made.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["residence".into()] }),
        etag: made.etag,
        ..Default::default()
    };
    let refused = world.honorary(&registrar()).update_honorary_consul(foreign).await;
    assert_eq!(reason(refused), "HONORARY_RESIDENCE_UNFIT");
    world.put("missions", &post, serde_json::json!({ "state": "SUSPENDED" })).await;
    assert_eq!(reason(world.justify(notary(&post)).await), "MISSION_NOT_RECEIVING");
}

#[tokio::test]
async fn a_missions_staff_ask_for_and_see_their_own_alone() {
    let world = world().await;
    let theirs = recognised(&world, "BE").await;
    let ours = world.post("FR").await;
    let permissions = ["accreditation.honoraryConsuls.read", "accreditation.honoraryConsuls.submit"];
    let staff = Principal { permissions: Permissions::of(permissions), ..staff_of("fr-chicago") };
    let ask = async |post: &str| {
        let request = pb::CreateHonoraryConsulRequest { honorary_consul: Some(notary(post)), ..Default::default() };
        world.honorary(&staff).create_honorary_consul(request).await
    };
    assert_eq!(fields(ask(&theirs.mission).await), ["honoraryConsul.mission"]);
    let own = ask(&ours).await.unwrap().into_inner().name;
    let page = world.honorary(&staff).list_honorary_consuls(pb::ListHonoraryConsulsRequest::default()).await.unwrap();
    let names: Vec<_> = page.into_inner().honorary_consuls.into_iter().map(|one| one.name).collect();
    assert_eq!(names, [own]);
    assert_eq!(reason(world.honorary_step(&staff, "end", &theirs.name).await), "NOT_FOUND");
}

/// The person of a recognition, as the post notifies it.
fn officer(consul: &HonoraryConsul) -> Member {
    Member {
        category: Category::HonoraryConsularOfficer.into(),
        family_name: consul.family_name.to_uppercase(),
        given_names: consul.given_names.clone(),
        birth_date: consul.birth_date.clone(),
        title: "Honorary Consul".into(),
        residence: consul.residence,
        already_present: true,
        arrival_time: None,
        nationality_consent: true,
        honorary_consul: consul.name.clone(),
        ..secretary(&consul.mission)
    }
}

#[tokio::test]
async fn a_recognition_opens_the_notification_of_this_person_at_this_post_once() {
    let world = world().await;
    let consul = recognised(&world, "FR").await;
    for (why, wrong) in [
        ("another person", Member { family_name: "Autre".into(), ..officer(&consul) }),
        ("another date", Member { birth_date: "1961-07-09".into(), ..officer(&consul) }),
        ("an employee", Member { category: Category::ConsularEmployee.into(), ..officer(&consul) }),
        ("none", Member { honorary_consul: "honoraryConsuls/none".into(), ..officer(&consul) }),
    ] {
        assert_eq!(fields(world.notify("a", wrong).await), ["member.honoraryConsul"], "{why}");
    }
    let asked = world.justify(notary(&consul.mission)).await.unwrap();
    assert_eq!(reason(world.notify("a", officer(&asked)).await), "RECOGNITION_UNFIT", "not recognised yet");
    let member = world.notify("a", officer(&consul)).await.unwrap();
    assert_eq!(world.honorary_consul(&consul.name).await.member, member.name);
    assert!(member.findings.iter().all(|finding| finding.check != "honorary"));
    assert_eq!(reason(world.notify("b", officer(&consul)).await), "RECOGNITION_UNFIT");
    let unnamed = Member { honorary_consul: String::new(), ..officer(&consul) };
    let unnamed = world.notify("c", unnamed).await.unwrap();
    assert!(unnamed.findings.iter().any(|finding| finding.check == "honorary"), "accepted, and marked");
}

#[tokio::test]
async fn recognition_and_membership_end_with_each_other() {
    let world = world().await;
    let (french, belgian, dutch) =
        (recognised(&world, "FR").await, recognised(&world, "BE").await, recognised(&world, "NL").await);
    let by_notice = world.accredited("notice", officer(&french)).await.name;
    let by_term = world.accredited("term", officer(&belgian)).await.name;
    let resigned = world.accredited("resigned", officer(&dutch)).await.name;
    world.honorary_step(&registrar(), "end", &french.name).await.unwrap();
    let state = async |name: &str| {
        let member = world.member(name).await;
        (member.state(), member.end_cause())
    };
    assert_eq!(state(&by_notice).await, (Standing::Grace, EndCause::RecognitionEnded));
    let ended = world.terminate(&resigned, EndCause::Recalled).await;
    let consul = world.honorary_consul(&dutch.name).await;
    assert_eq!((consul.state(), consul.end_time), (State::Ended, ended.termination_time));
    for due in ["2028-05-05T04:00:00Z", "2028-08-04T04:00:00Z"] {
        world.clock.set(at(due));
        world.store.fire_due().await.unwrap();
    }
    assert_eq!(world.honorary_consul(&belgian.name).await.state(), State::Ended);
    assert_eq!(state(&by_term).await.1, EndCause::RecognitionEnded);
    assert_eq!(world.count("timers where kind = 'honoraryConsuls'").await, 0);
}
