//! Fees: rows that stand, receipts without gaps, drawers counted and closed by another, refunds that happen once.

use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join_all;
use identity::Principal;
use proto::consular::v1::cash_day_service_client::CashDayServiceClient;
use proto::consular::v1::fee_schedule_service_client::FeeScheduleServiceClient;
use proto::consular::v1::receipt::{Method, NoFee, RefundCause, State};
use proto::consular::v1::receipt_service_client::ReceiptServiceClient;
use proto::consular::v1::{self as pb, CashDay, Fee, FeeSchedule, Receipt, ReceiptLine};
use tonic::{Response, Status};

pub(crate) fn cashier() -> Principal {
    officer("people/cashier")
}

pub(crate) fn head() -> Principal {
    officer("people/head")
}

pub(crate) fn row(code: &str, cents: i64, first: &str) -> FeeSchedule {
    FeeSchedule {
        code: code.into(),
        title: "A passport".into(),
        amount: Some(Fee { currency: "USD".into(), minor_units: cents }),
        effective_date: first.into(),
        source: "Schedule of Fees, 22 CFR 22.1".into(),
        ..FeeSchedule::default()
    }
}

impl World {
    fn fees(&self, by: &Principal) -> FeeScheduleServiceClient<Signed> {
        FeeScheduleServiceClient::new(self.signed(by))
    }

    pub(crate) fn cash_days(&self, by: &Principal) -> CashDayServiceClient<Signed> {
        CashDayServiceClient::new(self.signed(by))
    }

    pub(crate) fn receipts(&self, by: &Principal) -> ReceiptServiceClient<Signed> {
        ReceiptServiceClient::new(self.signed(by))
    }

    pub(crate) async fn propose(&self, row: FeeSchedule) -> Result<FeeSchedule, Status> {
        let request = pb::CreateFeeScheduleRequest { fee_schedule: Some(row), ..Default::default() };
        self.fees(&cashier()).create_fee_schedule(request).await.map(Response::into_inner)
    }

    pub(crate) async fn approve(&self, by: &Principal, name: &str) -> Result<FeeSchedule, Status> {
        let request = pb::ApproveFeeScheduleRequest { name: name.into(), ..Default::default() };
        self.fees(by).approve_fee_schedule(request).await.map(Response::into_inner)
    }

    /// A row that was approved before its first day.
    pub(crate) async fn fee(&self, row: FeeSchedule) -> String {
        let (now, first) = (self.store.now(), format!("{}T00:00:00Z", row.effective_date));
        self.clock.set(now.min(first.parse().unwrap()));
        let proposed = self.propose(row).await.unwrap().name;
        let approved = self.approve(&head(), &proposed).await.unwrap().name;
        self.clock.set(now);
        approved
    }

    pub(crate) async fn quote(&self, date: &str) -> Result<i64, Status> {
        let request = pb::QuoteFeeRequest { code: "PASSPORT_ADULT".into(), date: date.into(), ..Default::default() };
        let row = self.fees(&cashier()).quote_fee(request).await?.into_inner();
        Ok(row.amount.unwrap().minor_units)
    }

    /// A drawer of dollars at Lyon.
    pub(crate) fn day(&self, cashier: &str, float: i64) -> CashDay {
        CashDay {
            post: "posts/lyon".into(),
            cashier: cashier.into(),
            date: "2026-05-04".into(),
            currency: "USD".into(),
            float_minor_units: float,
            ..CashDay::default()
        }
    }

    pub(crate) async fn opened(&self, day: CashDay) -> Result<CashDay, Status> {
        let request = pb::CreateCashDayRequest { cash_day: Some(day), ..Default::default() };
        self.cash_days(&head()).create_cash_day(request).await.map(Response::into_inner)
    }

    async fn drawer(&self, cashier: &str, float: i64) -> Result<CashDay, Status> {
        self.opened(self.day(cashier, float)).await
    }

    /// A receipt for this record.
    pub(crate) async fn receipt_for(&self, subject: &str) -> String {
        let n = self.count("cash_days").await;
        let code = format!("ACT_{n}");
        self.fee(row(&code, 2_000, "2026-01-01")).await;
        let day = self.drawer(&format!("people/cashier-{n}"), 0).await.unwrap().name;
        let lines = vec![ReceiptLine { code, ..ReceiptLine::default() }];
        self.issue(Receipt { subject: subject.into(), lines, ..paid(&day, 1) }).await.unwrap().name
    }

    /// A drawer of today at this post, of a cashier of its own.
    pub(crate) async fn drawer_at(&self, post: &str) -> String {
        let cashier = format!("people/cashier-{}", uuid::Uuid::now_v7());
        let date = self.clock_date();
        self.opened(CashDay { post: post.into(), date, ..self.day(&cashier, 0) }).await.unwrap().name
    }

    /// The day that it is in the capital.
    pub(crate) fn clock_date(&self) -> String {
        self.store.days().date(self.store.now()).to_string()
    }

    /// What the service costs from the beginning of the year, once there is no row for it yet.
    pub(crate) async fn costs(&self, code: &str, cents: i64) {
        if self.count(&format!("fee_schedules where code = '{code}'")).await == 0 {
            self.fee(row(code, cents, "2026-01-01")).await;
        }
    }

    /// A receipt for this record at the post, of one service.
    pub(crate) async fn receipt_of(&self, code: &str, subject: &str, nationality: &str, post: &str) -> Receipt {
        let day = self.drawer_at(post).await;
        let lines = vec![ReceiptLine { code: code.into(), ..ReceiptLine::default() }];
        let (subject, nationality) = (subject.into(), nationality.into());
        self.issue(Receipt { subject, nationality, lines, ..paid(&day, 1) }).await.unwrap()
    }

    /// The same, for no fee.
    pub(crate) async fn waived(&self, code: &str, subject: &str, post: &str, no_fee: NoFee) -> Receipt {
        let day = self.drawer_at(post).await;
        let free = Receipt {
            subject: subject.into(),
            lines: vec![ReceiptLine { code: code.into(), ..ReceiptLine::default() }],
            method: Method::None.into(),
            no_fee: no_fee.into(),
            no_fee_grounds: "Decision of 4 May 2026".into(),
            ..paid(&day, 1)
        };
        self.issue(free).await.unwrap()
    }

    /// Gives all of a receipt back.
    pub(crate) async fn given_back(&self, receipt: &Receipt) {
        self.refund(&head(), &receipt.name, &receipt.cash_day).await.unwrap();
    }

    /// The same, of the receipt of this name.
    pub(crate) async fn give_all_back(&self, receipt: &str) {
        let request = pb::GetReceiptRequest { name: receipt.into(), as_of: None };
        let receipt = self.receipts(&head()).get_receipt(request).await.unwrap().into_inner();
        self.given_back(&receipt).await;
    }

    async fn count_drawer(&self, name: &str, counted: i64, explanation: &str) -> Result<CashDay, Status> {
        let request = pb::CountCashDayRequest {
            name: name.into(),
            counted_minor_units: counted,
            explanation: explanation.into(),
            ..Default::default()
        };
        self.cash_days(&cashier()).count_cash_day(request).await.map(Response::into_inner)
    }

    pub(crate) async fn issue(&self, receipt: Receipt) -> Result<Receipt, Status> {
        let request = pb::CreateReceiptRequest { receipt: Some(receipt), ..Default::default() };
        self.receipts(&cashier()).create_receipt(request).await.map(Response::into_inner)
    }

    async fn refund(&self, by: &Principal, name: &str, day: &str) -> Result<Receipt, Status> {
        let cause = RefundCause::ChargedTwice.into();
        let request = pb::RefundReceiptRequest { name: name.into(), cash_day: day.into(), cause, ..Default::default() };
        self.receipts(by).refund_receipt(request).await.map(Response::into_inner)
    }
}

pub(crate) fn paid(day: &str, quantity: i32) -> Receipt {
    Receipt {
        cash_day: day.into(),
        lines: vec![ReceiptLine { code: "PASSPORT_ADULT".into(), quantity, ..ReceiptLine::default() }],
        payer: "Person Example".into(),
        method: Method::Cash.into(),
        ..Receipt::default()
    }
}

#[tokio::test]
async fn a_row_is_approved_by_another_and_stands() {
    let world = world().await;
    let proposed = world.propose(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await.unwrap();
    assert_eq!(reason(world.quote("2026-05-04").await), "FEE_UNKNOWN", "nobody has approved it");
    assert_eq!(reason(world.approve(&cashier(), &proposed.name).await), "SAME_PERSON");
    world.approve(&head(), &proposed.name).await.unwrap();
    assert_eq!(reason(world.propose(row("PASSPORT_ADULT", 1, "2026-01-01")).await), "FEE_ALREADY_SET");
    let request = pb::WithdrawFeeScheduleRequest { name: proposed.name.clone(), ..Default::default() };
    assert_eq!(reason(world.fees(&cashier()).withdraw_fee_schedule(request).await), "WRONG_STATE");
    let cheaper = "update fee_schedules set doc = doc || '{\"title\": \"Cheap\"}'";
    let refused = sqlx::query(cheaper).execute(&world.db.pool).await.unwrap_err();
    assert!(refused.to_string().contains("stands"), "{refused}");
}

#[tokio::test]
async fn the_fee_of_a_past_day_is_still_known() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    world.fee(row("PASSPORT_ADULT", 16_500, "2026-05-01")).await;
    assert_eq!(world.quote("2026-04-30").await.unwrap(), 13_000);
    assert_eq!(world.quote("").await.unwrap(), 16_500);
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    let old = Receipt { order_date: "2026-04-30".into(), ..paid(&day, 1) };
    assert_eq!(world.issue(old).await.unwrap().total.unwrap().minor_units, 13_000, "ordered before the change");
    let ahead = Receipt { order_date: "2026-05-05".into(), ..paid(&day, 1) };
    assert_eq!(reason(world.issue(ahead).await), "ORDER_AHEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_issued_at_once_are_numbered_without_gaps_and_the_drawer_knows_them_all() {
    let world = world().await;
    let fee = world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let (one, other) =
        (world.drawer("people/a", 5_000).await.unwrap().name, world.drawer("people/b", 0).await.unwrap().name);
    let receipts = join_all((0..12).map(|n| world.issue(paid(if n % 2 == 0 { &one } else { &other }, 2)))).await;
    let mut numbers: Vec<_> = receipts.iter().map(|receipt| receipt.as_ref().unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    let first = receipts[0].as_ref().unwrap();
    assert_eq!((&first.lines[0].fee_schedule, first.lines[0].minor_units), (&fee, 26_000));
    assert_eq!(first.reference, format!("lyon {}/2026", first.number));
    let request = pb::GetCashDayRequest { name: one.clone(), as_of: None };
    let day = world.cash_days(&head()).get_cash_day(request).await.unwrap().into_inner();
    assert_eq!((day.receipts, day.cash_taken_minor_units), (6, 6 * 26_000));
    // What the receipts say and what the drawers say is the same.
    let books = "(select sum((doc->>'cashTakenMinorUnits')::bigint) from cash_days) as days (taken), \
        (select sum((doc->'total'->>'minorUnits')::bigint) from receipts) as r (taken) where days.taken = r.taken";
    assert_eq!(world.count(books).await, 1);
    assert_eq!(reason(world.drawer("people/a", 0).await), "DRAWER_ALREADY_OPEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_refunded_once_and_by_another() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    let receipt = world.issue(paid(&day, 1)).await.unwrap();
    assert_eq!(reason(world.refund(&cashier(), &receipt.name, &day).await), "SAME_PERSON");
    let empty = world.drawer("people/empty", 100).await.unwrap().name;
    assert_eq!(reason(world.refund(&head(), &receipt.name, &empty).await), "DRAWER_SHORT");
    let by = head();
    let refunds = join_all((0..8).map(|_| world.refund(&by, &receipt.name, &day))).await;
    let done = refunds.iter().filter(|refund| refund.is_ok()).count();
    assert_eq!(done, 1);
    assert!(refunds.into_iter().filter(Result::is_err).all(|refused| reason(refused) == "WRONG_STATE"));
    let request = pb::GetReceiptRequest { name: receipt.name, as_of: None };
    let refunded = world.receipts(&by).get_receipt(request).await.unwrap().into_inner();
    assert_eq!((refunded.state(), refunded.refund_cash_day.as_str()), (State::Refunded, day.as_str()));
    let counted = world.count_drawer(&day, 0, "").await.unwrap();
    assert_eq!((counted.cash_taken_minor_units, counted.cash_refunded_minor_units), (13_000, 13_000));
    let again = "update receipts set doc = doc || '{\"refundCause\": \"CHARGED_IN_ERROR\"}'";
    assert!(sqlx::query(again).execute(&world.db.pool).await.unwrap_err().to_string().contains("stands"));
}

#[tokio::test]
async fn a_drawer_is_counted_explained_and_closed_by_another() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 10_000).await.unwrap().name;
    world.issue(paid(&day, 1)).await.unwrap();
    world.issue(Receipt { method: Method::Card.into(), ..paid(&day, 3) }).await.unwrap();
    assert_eq!(reason(world.count_drawer(&day, 22_900, "").await), "DIFFERENCE_UNEXPLAINED");
    let counted = world.count_drawer(&day, 22_900, "A dollar too much was given in change.").await.unwrap();
    assert_eq!((counted.difference_minor_units, counted.other_taken_minor_units), (-100, 39_000));
    assert_eq!(reason(world.issue(paid(&day, 1)).await), "DRAWER_NOT_OPEN");
    let close = || pb::CloseCashDayRequest { name: day.clone(), ..Default::default() };
    assert_eq!(reason(world.cash_days(&cashier()).close_cash_day(close()).await), "SAME_PERSON");
    world.clock.advance(TimeDelta::hours(1));
    world.cash_days(&head()).close_cash_day(close()).await.unwrap();
    assert_eq!(reason(world.count_drawer(&day, 23_000, "").await), "WRONG_STATE");
}

#[tokio::test]
async fn where_nothing_is_charged_the_reason_is_named() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    let free = Receipt {
        method: Method::None.into(),
        no_fee: NoFee::Destitute.into(),
        no_fee_grounds: "Decision on means of 4 May 2026".into(),
        ..paid(&day, 1)
    };
    let issued = world.issue(free.clone()).await.unwrap();
    assert_eq!(issued.total.unwrap().minor_units, 0);
    for unfit in [
        Receipt { no_fee_grounds: String::new(), ..free.clone() },
        Receipt { method: Method::Cash.into(), ..free.clone() },
        Receipt { no_fee: 0, ..free },
    ] {
        assert_eq!(reason(world.issue(unfit).await), "NO_FEE_UNFIT");
    }
    let euro =
        FeeSchedule { amount: Some(Fee { currency: "EUR".into(), minor_units: 1 }), ..row("VISA_C", 0, "2026-01-01") };
    world.fee(euro).await;
    let visa = Receipt { lines: vec![ReceiptLine { code: "VISA_C".into(), ..Default::default() }], ..paid(&day, 1) };
    assert_eq!(reason(world.issue(visa).await), "EXCHANGE_RATE_UNKNOWN");
}

#[tokio::test]
async fn a_drawer_is_of_the_day_that_it_is_and_takes_fees_on_that_day_alone() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    for date in ["2026-05-03", "2026-05-05"] {
        let other = CashDay { date: date.into(), ..world.day("people/cashier", 0) };
        assert_eq!(reason(world.opened(other).await), "DRAWER_DAY_OVER", "{date}");
    }
    // In the evening of 4 May at the capital it is the 5th where another post is.
    let tokyo = CashDay { time_zone: "Asia/Tokyo".into(), ..world.day("people/tokyo", 0) };
    let nowhere = CashDay { time_zone: "Asia/Nowhere".into(), ..world.day("people/tokyo", 0) };
    assert_eq!(reason(world.opened(nowhere).await), "TIME_ZONE_UNKNOWN");
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    let there = world.opened(tokyo).await.unwrap().name;
    let receipt = world.issue(paid(&day, 1)).await.unwrap();
    world.issue(paid(&there, 1)).await.unwrap();
    world.clock.set("2026-05-05T03:59:59Z".parse().unwrap());
    world.issue(paid(&day, 1)).await.unwrap();
    assert_eq!(reason(world.issue(paid(&there, 1)).await), "DRAWER_DAY_OVER", "it is the 5th there");
    world.clock.set("2026-05-05T04:00:00Z".parse().unwrap());
    assert_eq!(reason(world.issue(paid(&day, 1)).await), "DRAWER_DAY_OVER");
    assert_eq!(reason(world.refund(&head(), &receipt.name, &day).await), "DRAWER_DAY_OVER");
}

#[tokio::test]
async fn who_goes_on_to_another_day_has_handed_over_the_one_before() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    world.issue(paid(&day, 1)).await.unwrap();
    world.clock.set("2026-05-05T13:00:00Z".parse().unwrap());
    let next = || CashDay { date: "2026-05-05".into(), ..world.day("people/cashier", 0) };
    let refused = world.opened(next()).await.unwrap_err();
    assert_eq!(reason::<CashDay>(Err(refused)), "DRAWER_OF_EARLIER_DAY", "open");
    world.count_drawer(&day, 13_000, "").await.unwrap();
    assert_eq!(reason(world.opened(next()).await), "DRAWER_OF_EARLIER_DAY", "counted, and nobody has agreed");
    let close = pb::CloseCashDayRequest { name: day, ..Default::default() };
    world.cash_days(&head()).close_cash_day(close).await.unwrap();
    let opened = world.opened(next()).await.unwrap();
    world.issue(paid(&opened.name, 1)).await.unwrap();
    world.drawer_at("posts/lyon").await;
}

#[tokio::test]
async fn a_day_is_reported_once_it_was_counted() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 10_000).await.unwrap().name;
    world.issue(paid(&day, 1)).await.unwrap();
    world.issue(Receipt { method: Method::Card.into(), ..paid(&day, 3) }).await.unwrap();
    let print = || pb::PrintCashDayRequest { name: day.clone() };
    assert_eq!(reason(world.cash_days(&cashier()).print_cash_day(print()).await), "WRONG_STATE");
    world.count_drawer(&day, 22_900, "A dollar too much was given in change.").await.unwrap();
    let page = world.cash_days(&cashier()).print_cash_day(print()).await.unwrap().into_inner();
    crate::travel_papers::is_pdf("cash-day", &page);
}

#[tokio::test]
async fn a_receipt_is_printed_and_says_what_was_given_back() {
    let world = world().await;
    world.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
    let day = world.drawer("people/cashier", 0).await.unwrap().name;
    let receipt = world.issue(paid(&day, 1)).await.unwrap();
    let print = || pb::PrintReceiptRequest { name: receipt.name.clone() };
    let page = world.receipts(&cashier()).print_receipt(print()).await.unwrap().into_inner();
    crate::travel_papers::is_pdf("receipt", &page);
    world.given_back(&receipt).await;
    let after = world.receipts(&cashier()).print_receipt(print()).await.unwrap().into_inner();
    assert_ne!(after, page, "what was refunded does not look as if it paid");
}
