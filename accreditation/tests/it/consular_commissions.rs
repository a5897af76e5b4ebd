//! Commissions and the exequatur: who may bear one, provisional admission, refusal without reasons, the end.

use crate::consuls::commission;
use crate::world::{decider, reason, registrar, secretary, staff_of, stamp, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::accreditation::v1::consular_commission::State;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb};

#[tokio::test]
async fn a_head_of_post_is_admitted_at_first_provisionally_and_by_four_eyes() {
    let world = world().await;
    let consul = world.consul_from("FR").await;
    let made = world.receive(commission(&consul)).await.unwrap();
    assert_eq!((made.state(), made.mission.as_str()), (State::CommissionReceived, "missions/fr-chicago"));
    let provisional = world.commission_step(&registrar(), "admitProvisionally", &made.name).await.unwrap();
    assert_eq!((provisional.state(), provisional.provisional_time), (State::Provisional, provisional.update_time));
    assert_eq!(reason(world.commission_step(&registrar(), "grantExequatur", &made.name).await), "SAME_PERSON");
    world.clock.advance(TimeDelta::days(20));
    let admitted = world.commission_step(&decider(), "grantExequatur", &made.name).await.unwrap();
    assert_eq!((admitted.state(), admitted.exequatur_time), (State::ExequaturGranted, admitted.update_time));
    assert_eq!(admitted.provisional_time, provisional.provisional_time, "it decides the place (art. 16.2)");
    let early = pb::EndConsularFunctionsRequest {
        name: made.name.clone(),
        end_time: stamp("2026-05-04T12:59:59Z"),
        ..Default::default()
    };
    let mut client = world.commissions(&registrar());
    assert_eq!(reason(client.end_consular_functions(early).await), "DATES_IMPLAUSIBLE");
    let ended = world.commission_step(&registrar(), "end", &made.name).await.unwrap();
    assert_eq!((ended.state(), ended.end_time), (State::Ended, ended.update_time));
    world.receive(commission(&consul)).await.unwrap();
}

#[tokio::test]
async fn a_refusal_and_a_withdrawal_have_no_reasons_anywhere() {
    let world = world().await;
    let consul = world.consul_from("FR").await;
    let name = world.receive(commission(&consul)).await.unwrap().name;
    let refused = world.commission_step(&decider(), "refuse", &name).await.unwrap();
    assert_eq!((refused.state(), refused.refuse_time), (State::Refused, refused.update_time));
    let name = world.receive(commission(&consul)).await.unwrap().name;
    world.commission_step(&decider(), "grantExequatur", &name).await.unwrap();
    let withdrawn = world.commission_step(&decider(), "withdraw", &name).await.unwrap();
    assert_eq!((withdrawn.state(), withdrawn.end_time), (State::Withdrawn, withdrawn.update_time));
    let contract = proto::contract::contract();
    for verb in ["RefuseExequatur", "WithdrawExequatur", "DeclineHonoraryConsul"] {
        let method = contract.methods().iter().find(|method| method.name() == verb).unwrap();
        let request = method.descriptor().input();
        assert!(request.fields().all(|field| field.name() != "reason"), "{verb} takes reasons");
    }
}

#[tokio::test]
async fn only_a_head_of_post_in_office_bears_a_commission() {
    let world = world().await;
    let consul = world.consul_from("FR").await;
    let officer = world
        .accredited(
            "officer",
            pb::Member { category: pb::Category::ConsularOfficer.into(), ..secretary(&consul.mission) },
        )
        .await;
    assert_eq!(reason(world.receive(commission(&officer)).await), "NOT_HEAD_OF_POST");
    let name = world.receive(commission(&consul)).await.unwrap().name;
    assert_eq!(reason(world.receive(commission(&consul)).await), "COMMISSION_ALREADY_LIVE");
    world.terminate(&consul.name, EndCause::Recalled).await;
    for verb in ["grantExequatur", "admitProvisionally"] {
        let refused = world.commission_step(&decider(), verb, &name).await;
        assert_eq!(reason(refused), "WRONG_STATE", "the commission ended with the functions");
    }
}

#[tokio::test]
async fn a_posts_staff_present_and_see_their_own_commissions_alone() {
    let world = world().await;
    let (ours, theirs) = (world.consul_from("FR").await, world.consul_from("BE").await);
    let permissions = ["accreditation.consularCommissions.read", "accreditation.consularCommissions.write"];
    let staff = Principal { permissions: Permissions::of(permissions), ..staff_of("fr-chicago") };
    let present = async |head: &pb::Member| {
        let request =
            pb::CreateConsularCommissionRequest { consular_commission: Some(commission(head)), ..Default::default() };
        world.commissions(&staff).create_consular_commission(request).await
    };
    assert_eq!(reason(present(&theirs).await), "BROKEN_REFERENCE");
    let own = present(&ours).await.unwrap().into_inner().name;
    let hidden = world.receive(commission(&theirs)).await.unwrap().name;
    let page = world.commissions(&staff).list_consular_commissions(pb::ListConsularCommissionsRequest::default()).await;
    let names: Vec<_> = page.unwrap().into_inner().consular_commissions.into_iter().map(|one| one.name).collect();
    assert_eq!(names, [own]);
    assert_eq!(reason(world.commission_step(&staff, "end", &hidden).await), "NOT_FOUND");
}
