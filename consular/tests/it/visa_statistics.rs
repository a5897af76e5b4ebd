//! Figures: counted once, when the month is over, and then as they were whatever happens.

use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::visa_applications::{single, tourist};
use crate::world::{World, reason, world};
use proto::consular::v1::visa_application::{RefusalGround, VisaClass};
use proto::consular::v1::{self as pb, VisaStatistic};
use tonic::Status;

impl World {
    async fn counted(&self, month: &str) -> Result<VisaStatistic, Status> {
        let statistic = VisaStatistic { post: POST.into(), month: month.into(), ..VisaStatistic::default() };
        let create = pb::CreateVisaStatisticRequest { visa_statistic: Some(statistic), ..Default::default() };
        Ok(self.visa_statistics(CLERK).create_visa_statistic(create).await?.into_inner())
    }
}

#[tokio::test]
async fn what_was_counted_stands() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let granted = world.in_checks(tourist("T-1"), &[]).await;
    world.granted(DECIDER, single(&granted)).await.unwrap();
    let many = world.in_checks(tourist("T-2"), &[]).await;
    world.granted(DECIDER, pb::GrantVisaRequest { entries: 0, ..single(&many) }).await.unwrap();
    let refused = world.in_checks(tourist("T-3"), &[]).await;
    let refuse = pb::RefuseVisaRequest {
        name: refused,
        grounds: vec![RefusalGround::NoInsurance.into()],
        remedy: "Appeal to the court within a month.".into(),
        ..Default::default()
    };
    world.visa_applications(DECIDER).refuse_visa(refuse).await.unwrap();
    let open = world.in_checks(tourist("T-4"), &[]).await;
    assert_eq!(reason(world.counted("2026-05").await), "FIGURES_UNFIT", "the month is not over");
    world.clock.set("2026-06-02T13:00:00Z".parse().unwrap());
    let taken = world.counted("2026-05").await.unwrap();
    let figures = taken.figures.iter().find(|one| one.visa_class() == VisaClass::C).unwrap();
    assert_eq!((figures.lodged, figures.granted, figures.multiple, figures.refused), (4, 2, 1, 1));
    assert_eq!(figures.refused_per_mille, 333);
    assert_eq!(reason(world.counted("2026-05").await), "FIGURES_UNFIT", "once");
    // What happens later changes later figures alone.
    world.granted(DECIDER, single(&open)).await.unwrap();
    let get = pb::GetVisaStatisticRequest { name: taken.name.clone(), as_of: None };
    let read = world.visa_statistics(CLERK).get_visa_statistic(get).await.unwrap().into_inner();
    assert_eq!(read, taken);
    let text = "update visa_statistics set doc = doc where name = $1";
    assert!(sqlx::query(text).bind(&taken.name).execute(&world.db.pool).await.is_err());
}
