//! Letters of credence: the one instant that decides precedence, by either practice; recall, ceremonies, dates.

use crate::heads::{head, letters};
use crate::world::{at, reason, registrar, staff_of, stamp, world, world_of};
use chrono::TimeDelta;
use identity::Permissions;
use proto::accreditation::v1::credential::State;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb, Credential, HeadClass, Member};

#[tokio::test]
async fn where_presentation_is_the_practice_functions_begin_with_it_and_never_move() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let made = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap();
    assert_eq!(
        (made.state(), made.mission.as_str(), made.arrival_time),
        (State::Scheduled, "missions/fr", head.arrival_time)
    );
    let copied = world.credential_step(&registrar(), "receiveWorkingCopy", &made.name).await.unwrap();
    assert_eq!((copied.state(), copied.functions_time), (State::WorkingCopyReceived, None));
    world.clock.advance(TimeDelta::days(9));
    let presented = world.credential_step(&registrar(), "present", &made.name).await.unwrap();
    assert_eq!((presented.state(), presented.functions_time), (State::Presented, presented.present_time));
    world.clock.advance(TimeDelta::days(90));
    let altered = world.credential_step(&registrar(), "alter", &made.name).await.unwrap();
    assert_eq!((altered.functions_time, altered.alter_time), (presented.functions_time, altered.update_time));
    let moved = sqlx::query("update credentials set doc = doc || $1")
        .bind(serde_json::json!({ "functionsTime": "2020-01-01T00:00:00Z" }))
        .execute(&world.db.pool)
        .await;
    assert!(moved.unwrap_err().to_string().contains("functions are taken up once"), "the database holds it too");
}

#[tokio::test]
async fn where_the_true_copy_is_the_practice_functions_begin_with_it() {
    let world = world_of("GB").await;
    let head = world.head_from("FR").await;
    let name = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
    let copied = world.credential_step(&registrar(), "receiveWorkingCopy", &name).await.unwrap();
    assert_eq!(copied.functions_time, copied.working_copy_time);
    world.clock.advance(TimeDelta::days(30));
    let presented = world.credential_step(&registrar(), "present", &name).await.unwrap();
    assert_eq!(presented.functions_time, copied.functions_time, "the ceremony does not move it");
}

#[tokio::test]
async fn arrival_true_copy_and_presentation_follow_one_another() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let name = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
    let mut client = world.credentials(&registrar());
    let receive = |when: &str| pb::ReceiveWorkingCopyRequest {
        name: name.clone(),
        receive_time: stamp(when),
        ..Default::default()
    };
    let present = |when: &str| pb::PresentCredentialsRequest {
        name: name.clone(),
        present_time: stamp(when),
        ..Default::default()
    };
    // The head arrived on 24 April at 10:00; it is 4 May, 13:00.
    assert_eq!(reason(client.receive_working_copy(receive("2026-04-24T09:59:59Z")).await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(client.receive_working_copy(receive("2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    client.receive_working_copy(receive("2026-04-28T09:00:00Z")).await.unwrap();
    assert_eq!(reason(client.present_credentials(present("2026-04-28T08:59:59Z")).await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(client.present_credentials(present("2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    let presented = client.present_credentials(present("2026-05-02T10:00:00Z")).await.unwrap().into_inner();
    assert_eq!(presented.functions_time, stamp("2026-05-02T10:00:00Z"));
}

#[tokio::test]
async fn a_head_whose_functions_ended_presents_nothing() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let name = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
    world.credential_step(&registrar(), "receiveWorkingCopy", &name).await.unwrap();
    world.terminate(&head.name, EndCause::Recalled).await;
    assert_eq!(reason(world.credential_step(&registrar(), "present", &name).await), "NOT_HEAD_OF_MISSION");
    world.credential_step(&registrar(), "cancel", &name).await.unwrap();
    assert_eq!(reason(world.schedule(letters(&head, HeadClass::Ambassador)).await), "NOT_HEAD_OF_MISSION");
}

#[tokio::test]
async fn the_successor_presents_the_predecessors_letters_of_recall() {
    let world = world().await;
    let predecessor = world.head_from("FR").await;
    world.presented(&predecessor, HeadClass::Ambassador).await;
    world.terminate(&predecessor.name, EndCause::Recalled).await;
    let successor = Member { family_name: "Laurent".into(), ..head(&predecessor.mission) };
    let successor = world.accredited("successor", world.agreed(successor).await).await;
    let credential = Credential { predecessor: predecessor.name, ..letters(&successor, HeadClass::Ambassador) };
    let name = world.schedule(credential).await.unwrap().name;
    world.credential_step(&registrar(), "receiveWorkingCopy", &name).await.unwrap();
    assert_eq!(reason(world.credential_step(&registrar(), "present", &name).await), "PREDECESSOR_NOT_RECALLED");
    let request = pb::PresentCredentialsRequest { name, letters_of_recall: true, ..Default::default() };
    let presented = world.credentials(&registrar()).present_credentials(request).await.unwrap().into_inner();
    assert!(presented.letters_of_recall);
    let himself = Credential { predecessor: successor.name.clone(), ..letters(&successor, HeadClass::Envoy) };
    assert_eq!(reason(world.schedule(himself).await), "NOT_HEAD_OF_MISSION");
}

#[tokio::test]
async fn a_ceremony_is_in_the_order_of_arrival() {
    let world = world().await;
    let ceremony = stamp("2026-05-20T14:00:00Z");
    for (state, arrived) in
        [("FR", "2026-04-24T10:00:00Z"), ("BE", "2026-04-02T10:00:00Z"), ("NL", "2026-04-11T10:00:00Z")]
    {
        let mission = world.embassy(state).await;
        let head = Member { arrival_time: stamp(arrived), ..world.agreed(head(&mission)).await };
        let head = world.notify(&state.to_lowercase(), head).await.unwrap();
        let time = if state == "NL" { stamp("2026-06-20T14:00:00Z") } else { ceremony };
        let credential = Credential { ceremony_time: time, ..letters(&head, HeadClass::Ambassador) };
        world.schedule(credential).await.unwrap();
    }
    let request = pb::ListCredentialsRequest {
        filter: "ceremonyTime = \"2026-05-20T14:00:00Z\"".into(),
        order_by: "arrivalTime".into(),
        ..Default::default()
    };
    let batch = world.credentials(&registrar()).list_credentials(request).await.unwrap().into_inner().credentials;
    let missions: Vec<_> = batch.iter().map(|one| one.mission.as_str()).collect();
    assert_eq!(missions, ["missions/be", "missions/fr"]);
    let last = batch.last().unwrap();
    let update = pb::UpdateCredentialRequest {
        credential: Some(Credential { ceremony_time: stamp("2026-06-20T14:00:00Z"), ..last.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["ceremony_time".into()] }),
        etag: last.etag.clone(),
        ..Default::default()
    };
    world.credentials(&registrar()).update_credential(update).await.unwrap();
}

#[tokio::test]
async fn a_missions_staff_see_their_heads_letters_alone() {
    let world = world().await;
    let (ours, theirs) = (world.head_from("FR").await, world.head_from("BE").await);
    let seen = world.schedule(letters(&ours, HeadClass::Ambassador)).await.unwrap().name;
    let hidden = world.schedule(letters(&theirs, HeadClass::Ambassador)).await.unwrap().name;
    let staff =
        identity::Principal { permissions: Permissions::of(["accreditation.credentials.read"]), ..staff_of("fr") };
    let page = world.credentials(&staff).list_credentials(pb::ListCredentialsRequest::default()).await.unwrap();
    let names: Vec<_> = page.into_inner().credentials.into_iter().map(|one| one.name).collect();
    assert_eq!(names, [seen]);
    let request = pb::GetCredentialRequest { name: hidden, as_of: None };
    assert_eq!(reason(world.credentials(&staff).get_credential(request).await), "NOT_FOUND");
    assert_eq!(world.store.now(), at("2026-05-04T13:00:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_presents_letters_whose_functions_end_meanwhile() {
    let world = world().await;
    for state in ["FR", "BE", "NL", "LU", "DK", "SE", "FI", "NO"] {
        let head = world.head_from(state).await;
        let name = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
        world.credential_step(&registrar(), "receiveWorkingCopy", &name).await.unwrap();
        let registrar = registrar();
        let present = world.credential_step(&registrar, "present", &name);
        let (presented, _) = futures::future::join(present, world.terminate(&head.name, EndCause::Recalled)).await;
        if presented.is_err() {
            assert_eq!(reason(presented), "NOT_HEAD_OF_MISSION");
            continue;
        }
        // Then the letters came first: the head was held until they were written.
        let later = format!(
            "history one, history ended where one.name = '{name}' and one.verb = 'present' \
             and ended.name = '{}' and ended.verb = 'terminate' and one.seq < ended.seq",
            head.name
        );
        assert_eq!(world.count(&later).await, 1);
    }
}
