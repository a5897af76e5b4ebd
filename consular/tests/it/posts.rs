//! Who serves at one post sees and makes what that post keeps, and nothing of another's; headquarters sees every one.

use crate::fees::head;
use crate::world::{reason, world};
use identity::Principal;
use proto::consular::v1::{CloseCashDayRequest, CreateCashDayRequest, GetCashDayRequest, ListCashDaysRequest};

/// The head of chancery of a post, or of all of them.
fn serving(post: Option<&str>) -> Principal {
    Principal { post: post.map(Into::into), ..head() }
}

#[tokio::test]
async fn who_serves_at_a_post_sees_and_makes_its_records_alone() {
    let world = world().await;
    let (lyon, rome, capital) = (serving(Some("posts/lyon")), serving(Some("posts/rome")), serving(None));
    let day = |cashier: &str| CreateCashDayRequest { cash_day: Some(world.day(cashier, 0)), ..Default::default() };
    let of_lyon = world.cash_days(&capital).create_cash_day(day("people/first")).await.unwrap().into_inner();

    let foreign = world.cash_days(&rome).create_cash_day(day("people/second")).await.unwrap_err();
    let fault = fault::Fault::from(&foreign);
    assert_eq!(
        (fault.reason(), fault.violations()[0].field.as_str()),
        ("PERMISSION_DENIED", "cashDay.post"),
        "{fault:?}"
    );
    world.cash_days(&lyon).create_cash_day(day("people/second")).await.unwrap();

    let get = || GetCashDayRequest { name: of_lyon.name.clone(), ..Default::default() };
    world.cash_days(&lyon).get_cash_day(get()).await.unwrap();
    assert_eq!(reason(world.cash_days(&rome).get_cash_day(get()).await), "NOT_FOUND");
    let close = CloseCashDayRequest { name: of_lyon.name.clone(), ..Default::default() };
    assert_eq!(reason(world.cash_days(&rome).close_cash_day(close).await), "NOT_FOUND", "its state is not told");
    for (who, seen) in [(&lyon, 2), (&rome, 0), (&capital, 2)] {
        let page = world.cash_days(who).list_cash_days(ListCashDaysRequest::default()).await.unwrap().into_inner();
        assert_eq!(page.cash_days.len(), seen, "{:?}", who.post);
    }
    assert_eq!(world.count("cash_days").await, 2);
}
