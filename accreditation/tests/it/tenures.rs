//! What a member was charged with or admitted to ends with the member's functions, and makes room for the next.

use crate::consuls::commission;
use crate::heads::charge;
use crate::world::{decider, registrar, relative, secretary, world};
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::{self as pb, Relation, charge, consular_commission};

#[tokio::test]
async fn a_charge_ends_with_the_functions_of_the_one_who_acts_and_another_may_begin() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (first, second) =
        (world.accredited("a", secretary(&mission)).await, world.accredited("b", secretary(&mission)).await);
    let begun = world.begin_charge(charge(&first)).await.unwrap();
    let ended = world.terminate(&first.name, EndCause::Recalled).await;
    let request = pb::GetChargeRequest { name: begun.name.clone(), as_of: None };
    let over = world.charges(&registrar()).get_charge(request).await.unwrap().into_inner();
    assert_eq!((over.state(), over.end_time), (charge::State::Ended, ended.termination_time));
    let next = world.begin_charge(charge(&second)).await.unwrap();
    world.mission_step(&registrar(), "close", &mission).await.unwrap();
    let caused =
        format!("history where name = '{}' and verb = 'endWithFunctions' and cause like '{mission}@%'", next.name);
    assert_eq!(world.count(&caused).await, 1, "with the mission's all functions end");
}

#[tokio::test]
async fn an_exequatur_ends_with_the_functions_of_the_head_of_post() {
    let world = world().await;
    let consul = world.consul_from("FR").await;
    let name = world.receive(commission(&consul)).await.unwrap().name;
    world.commission_step(&registrar(), "admitProvisionally", &name).await.unwrap();
    world.commission_step(&decider(), "grantExequatur", &name).await.unwrap();
    let ended = world.terminate(&consul.name, EndCause::Recalled).await;
    let request = pb::GetConsularCommissionRequest { name, as_of: None };
    let over = world.commissions(&registrar()).get_consular_commission(request).await.unwrap().into_inner();
    assert_eq!((over.state(), over.end_time), (consular_commission::State::Ended, ended.termination_time));
}

#[tokio::test]
async fn the_functions_of_a_head_of_post_end_with_the_exequatur() {
    let world = world().await;
    for admitted in ["admitProvisionally", "grantExequatur"] {
        let consul = world.consul_from(if admitted == "grantExequatur" { "FR" } else { "BE" }).await;
        let id = format!("spouse-{admitted}").to_lowercase();
        let spouse = world.accredited(&id, relative(&consul, Relation::Spouse)).await.name;
        let name = world.receive(commission(&consul)).await.unwrap().name;
        world.commission_step(&decider(), admitted, &name).await.unwrap();
        let withdrawn = world.commission_step(&decider(), "withdraw", &name).await.unwrap();
        let head = world.member(&consul.name).await;
        assert_eq!((head.state(), head.end_cause()), (State::Grace, EndCause::RecognitionEnded), "{admitted}");
        assert_eq!(head.termination_time, withdrawn.end_time);
        let kin = world.member(&spouse).await;
        assert_eq!((kin.state(), kin.end_cause()), (State::Grace, EndCause::PrincipalEnded), "{admitted}");
        let step =
            format!("history where name = '{}' and verb = 'endWithExequatur' and cause like '{name}@%'", head.name);
        assert_eq!(world.count(&step).await, 1);
    }
}
