//! Fees in a post's local currency: one rate for a day, kept by the receipt with what the schedule says; its rounding.

use crate::fees::{cashier, head, paid, row};
use crate::world::{Signed, World, reason, world};
use futures::future::join;
use identity::Principal;
use proto::consular::v1::exchange_rate::Rounding;
use proto::consular::v1::exchange_rate_service_client::ExchangeRateServiceClient;
use proto::consular::v1::receipt::{Method, NoFee, RefundCause};
use proto::consular::v1::{self as pb, CashDay, ExchangeRate, Receipt, ReceiptLine};
use tonic::{Response, Status};

/// Yen for dollars at Lyon: no sen, and nothing below a hundred yen.
fn yen(rate: &str, first: &str) -> ExchangeRate {
    ExchangeRate {
        post: "posts/lyon".into(),
        base_currency: "USD".into(),
        local_currency: "JPY".into(),
        rate: rate.into(),
        effective_date: first.into(),
        smallest_minor_units: 100,
        rounding: Rounding::Nearest.into(),
        source: "Table of the central bank".into(),
        ..ExchangeRate::default()
    }
}

impl World {
    fn rates(&self, by: &Principal) -> ExchangeRateServiceClient<Signed> {
        ExchangeRateServiceClient::new(self.signed(by))
    }

    async fn recorded(&self, rate: ExchangeRate) -> Result<ExchangeRate, Status> {
        let request = pb::CreateExchangeRateRequest { exchange_rate: Some(rate), ..Default::default() };
        self.rates(&cashier()).create_exchange_rate(request).await.map(Response::into_inner)
    }

    async fn approve_rate(&self, by: &Principal, name: &str) -> Result<ExchangeRate, Status> {
        let request = pb::ApproveExchangeRateRequest { name: name.into(), ..Default::default() };
        self.rates(by).approve_exchange_rate(request).await.map(Response::into_inner)
    }

    async fn rate(&self, rate: ExchangeRate) -> String {
        let name = self.recorded(rate).await.unwrap().name;
        self.approve_rate(&head(), &name).await.unwrap().name
    }

    async fn yen_drawer(&self, date: &str) -> String {
        let day = CashDay { currency: "JPY".into(), date: date.into(), ..self.day(&format!("people/{date}"), 0) };
        self.opened(day).await.unwrap().name
    }

    async fn rate_on(&self, date: &str) -> Result<String, Status> {
        let request = pb::QuoteExchangeRateRequest {
            post: "posts/lyon".into(),
            base_currency: "USD".into(),
            local_currency: "JPY".into(),
            date: date.into(),
        };
        Ok(self.rates(&cashier()).quote_exchange_rate(request).await?.into_inner().rate)
    }
}

#[tokio::test]
async fn a_rate_is_approved_by_another_stands_and_holds_until_the_next_begins() {
    let world = world().await;
    let recorded = world.recorded(yen("151.25", "2026-05-01")).await.unwrap();
    assert_eq!(reason(world.rate_on("2026-05-04").await), "EXCHANGE_RATE_UNKNOWN", "nobody has approved it");
    assert_eq!(reason(world.approve_rate(&cashier(), &recorded.name).await), "SAME_PERSON");
    world.approve_rate(&head(), &recorded.name).await.unwrap();
    world.rate(yen("149.5", "2026-05-04")).await;
    assert_eq!(world.rate_on("2026-05-03").await.unwrap(), "151.25");
    assert_eq!(world.rate_on("").await.unwrap(), "149.5");
    assert_eq!(reason(world.rate_on("2026-04-30").await), "EXCHANGE_RATE_UNKNOWN");
    assert_eq!(reason(world.recorded(yen("1", "2026-05-04")).await), "EXCHANGE_RATE_ALREADY_SET");
    for unfit in [yen("0.000", "2026-06-01"), ExchangeRate { local_currency: "USD".into(), ..yen("1", "2026-06-01") }] {
        assert_eq!(reason(world.recorded(unfit).await), "EXCHANGE_RATE_UNFIT");
    }
    let by_hand = "update exchange_rates set doc = doc || '{\"rate\": \"1\"}'";
    assert!(sqlx::query(by_hand).execute(&world.db.pool).await.unwrap_err().to_string().contains("stands"));
}

#[tokio::test]
async fn a_receipt_keeps_what_the_schedule_says_the_rate_and_what_was_taken() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.yen_drawer("2026-05-04").await;
    assert_eq!(reason(world.issue(paid(&day, 1)).await), "EXCHANGE_RATE_UNKNOWN");
    let elsewhere = ExchangeRate { post: "posts/paris".into(), ..yen("99", "2026-05-04") };
    world.rate(elsewhere).await;
    let rate = world.rate(yen("151.25", "2026-05-01")).await;
    world.rate(yen("160", "2026-05-05")).await;
    let two = Receipt { lines: vec![paid(&day, 1).lines.remove(0), paid(&day, 3).lines.remove(0)], ..paid(&day, 1) };
    let receipt = world.issue(two).await.unwrap();
    let [one, three] = receipt.lines.as_slice() else { panic!("{receipt:?}") };
    // 130 dollars are 19,662.5 yen, 390 are 58,987.5; each line is rounded by itself, and the total is their sum.
    assert_eq!((one.minor_units, three.minor_units), (19_700, 59_000));
    assert_eq!((one.exchange_rate.as_str(), one.rate.as_str()), (rate.as_str(), "151.25"));
    assert_eq!(three.due, Some(pb::Fee { currency: "USD".into(), minor_units: 39_000 }));
    assert_eq!(receipt.total, Some(pb::Fee { currency: "JPY".into(), minor_units: 78_700 }));
    // The next day has its own rate, and what was taken stays what it was, also when it is given back.
    world.clock.set("2026-05-05T13:00:00Z".parse().unwrap());
    let next = world.yen_drawer("2026-05-05").await;
    let later = world.issue(paid(&next, 5)).await.unwrap();
    assert_eq!((later.lines[0].rate.as_str(), later.total.unwrap().minor_units), ("160", 104_000));
    let cause = RefundCause::ChargedInError.into();
    let request = pb::RefundReceiptRequest { name: receipt.name, cash_day: next.clone(), cause, ..Default::default() };
    let refunded = world.receipts(&head()).refund_receipt(request).await.unwrap().into_inner();
    assert_eq!(refunded.refunded_minor_units, 78_700);
    let free = Receipt {
        method: Method::None.into(),
        no_fee: NoFee::Official.into(),
        no_fee_grounds: "Note verbale 12/2026".into(),
        ..paid(&next, 1)
    };
    let line: ReceiptLine = world.issue(free).await.unwrap().lines.remove(0);
    assert_eq!((line.minor_units, line.exchange_rate.as_str()), (0, ""), "what is free needs no rate");
}

/// Fixed by the day: nobody pays at another rate in the afternoon than in the morning, also if both happen at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_rate_begins_on_a_day_on_which_fees_were_taken() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    world.rate(yen("151.25", "2026-05-01")).await;
    let day = world.yen_drawer("2026-05-04").await;
    let recorded = world.recorded(yen("149.5", "2026-05-04")).await.unwrap().name;
    let by = head();
    let (approved, receipt) = join(world.approve_rate(&by, &recorded), world.issue(paid(&day, 1))).await;
    let rate = receipt.unwrap().lines.remove(0).rate;
    match approved {
        Ok(_) => assert_eq!(rate, "149.5", "it was approved before"),
        Err(refused) => {
            assert_eq!((reason::<()>(Err(refused)).as_str(), rate.as_str()), ("EXCHANGE_RATE_LATE", "151.25"));
        }
    }
    let late = world.recorded(yen("140", "2026-05-03")).await.unwrap().name;
    assert_eq!(reason(world.approve_rate(&by, &late).await), "EXCHANGE_RATE_LATE");
    world.rate(yen("140", "2026-05-05")).await;
}
