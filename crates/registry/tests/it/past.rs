//! The register as it was.

use crate::world::{World, asked, dawn, embassy, officer, reason, world};
use chrono::{DateTime, TimeDelta, Utc};
use proto::accreditation::v1::{
    DeleteMissionRequest, GetMissionRequest, Mission, RequestConsentRequest, mission::State,
};
use registry::timestamp;
use tonic::{Response, Status};

async fn as_of(world: &World, at: DateTime<Utc>) -> Result<Response<Mission>, Status> {
    let request = GetMissionRequest { name: "missions/fr".into(), as_of: Some(timestamp(at)) };
    world.missions.get(asked(&officer(), "MissionService/GetMission", request)).await
}

#[tokio::test]
async fn a_past_instant_shows_what_the_register_showed_then() {
    let (world, officer) = (world().await, officer());
    let hour = TimeDelta::hours(1);
    world.create(&officer, "fr", embassy("FR")).await;
    world.pass(hour);
    let request = RequestConsentRequest { name: "missions/fr".into(), ..Default::default() };
    world.missions.act(asked(&officer, "MissionService/RequestConsent", request), |_, _, _| Ok(())).await.unwrap();
    assert_eq!(reason(as_of(&world, dawn() - hour).await), "NOT_FOUND");
    assert_eq!(as_of(&world, dawn()).await.unwrap().get_ref().state(), State::Proposed);
    assert_eq!(
        as_of(&world, dawn() + hour - TimeDelta::microseconds(1)).await.unwrap().get_ref().state(),
        State::Proposed
    );
    assert_eq!(as_of(&world, dawn() + hour).await.unwrap().get_ref().state(), State::ConsentReview);
    assert_eq!(as_of(&world, dawn() + hour * 9).await.unwrap().get_ref().state(), State::ConsentReview);
}

#[tokio::test]
async fn what_was_deleted_is_shown_before_and_not_after() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    world.pass(TimeDelta::hours(1));
    let request = DeleteMissionRequest { name: "missions/fr".into(), ..Default::default() };
    world.missions.delete(asked(&officer, "MissionService/DeleteMission", request)).await.unwrap();
    as_of(&world, dawn()).await.unwrap();
    assert_eq!(reason(as_of(&world, dawn() + TimeDelta::hours(1)).await), "NOT_FOUND");
}
