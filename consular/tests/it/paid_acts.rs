//! Apostilles and notarial acts are paid for: by a receipt of their own service, once, of which enough is left.

use crate::acts::{act, apostille, consul};
use crate::fees::row;
use crate::world::{reason, world};
use futures::future::join_all;
use proto::consular::v1::receipt::NoFee;
use proto::consular::v1::{self as pb, NotarialAct};

#[tokio::test(flavor = "multi_thread")]
async fn one_receipt_pays_for_one_act_and_none_that_was_given_back() {
    let world = world().await;
    world.fee(row("NOTARIAL_ACT", 5_000, "2026-01-01")).await;
    let receipt = async |subject: &str| world.receipt_of("NOTARIAL_ACT", subject, "", "posts/lyon").await;
    let by = |receipt: &str| NotarialAct { receipt: receipt.into(), ..act("posts/lyon") };
    let paid = receipt("").await;
    let acts = join_all((0..6).map(|_| world.record(by(&paid.name)))).await;
    assert_eq!(acts.iter().filter(|act| act.is_ok()).count(), 1, "however many at once");
    assert!(acts.into_iter().filter(Result::is_err).all(|refused| reason(refused) == "RECEIPT_ALREADY_USED"));
    let back = receipt("").await;
    world.given_back(&back).await;
    assert_eq!(reason(world.record(by(&back.name)).await), "RECEIPT_UNFIT");
    let other = receipt("visaApplications/another").await;
    assert_eq!(reason(world.record(by(&other.name)).await), "RECEIPT_UNFIT", "for something else");
    let rome = NotarialAct { post: "posts/rome".into(), ..by(&receipt("").await.name) };
    assert_eq!(reason(world.record(rome).await), "RECEIPT_UNFIT", "of another post");
    let own = receipt("notarialActs/chosen").await;
    let request = pb::CreateNotarialActRequest {
        notarial_act: Some(by(&own.name)),
        notarial_act_id: "chosen".into(),
        ..Default::default()
    };
    world.acts(&consul()).create_notarial_act(request).await.unwrap();
    // No gap in the register's numbers either.
    assert_eq!(world.record(act("posts/lyon")).await.unwrap().number, 3);
}

#[tokio::test]
async fn what_was_paid_back_meanwhile_is_not_paid() {
    let world = world().await;
    let specimen = world.specimen("US", "Office of Vital Records", "Registrar Example").await;
    let name = world.submit(apostille()).await.unwrap().name;
    world.check(&name, &specimen).await.unwrap();
    let receipt = world.paid_apostille(&name).await;
    world.pay(&name, &receipt.name).await.unwrap();
    world.give_back(&receipt.name, &receipt.cash_day, 1_999, "").await.unwrap();
    assert_eq!(reason(world.issued(&consul(), &name).await), "FEE_NOT_COVERED", "all but a cent");
    world.fee(row("NOTARIAL_ACT", 5_000, "2026-01-01")).await;
    world.fee(row("COPY", 1, "2026-01-01")).await;
    let by = |receipt: &str| NotarialAct { receipt: receipt.into(), ..act("posts/lyon") };
    let copy = world.receipt_of("COPY", "", "", "posts/lyon").await;
    assert_eq!(reason(world.record(by(&copy.name)).await), "FEE_NOT_COVERED", "paid for something else");
    let free = world.waived("NOTARIAL_ACT", "", "posts/lyon", NoFee::Reciprocal).await;
    assert_eq!(reason(world.record(by(&free.name)).await), "WAIVER_UNFIT");
    let free = world.waived("NOTARIAL_ACT", "", "posts/lyon", NoFee::Destitute).await;
    world.record(by(&free.name)).await.unwrap();
}
