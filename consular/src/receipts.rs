//! Receipts for fees: what each service cost on the day it was ordered, numbered without gaps, refunded once.

use crate::cash_days::{self, CashDays};
use crate::fee_choice::choose;
use crate::fee_schedules::unknown;
use crate::register_numbers::{self, Next, short};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::receipt::{Method, NoFee, State};
use proto::consular::v1::receipt_service_server::ReceiptService;
use proto::consular::v1::{
    CreateReceiptRequest, Fee, FeeSchedule, GetReceiptRequest, ListReceiptRevisionsRequest,
    ListReceiptRevisionsResponse, ListReceiptsRequest, ListReceiptsResponse, Reason, Receipt, RefundReceiptRequest,
    cash_day,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Held, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The receipts.
#[derive(Clone, Debug)]
pub struct Receipts {
    registry: Registry<Self>,
}

impl Keep for Receipts {
    type Record = Receipt;

    /// Our own people who may read receipts read all.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() || to.agency.is_some() { Visible::None } else { Visible::All }
    }
}

impl Receipts {
    /// The receipts that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// What a receipt is issued by: the drawer, the rows of the schedule, and the numbers given before.
struct Surroundings {
    drawer: Option<Held<CashDays>>,
    rows: Vec<FeeSchedule>,
    next: Next,
}

async fn held(reader: &mut Reader<'_>, name: &str) -> Result<Option<Held<CashDays>>, Fault> {
    Ok(reader.hold::<CashDays>(&[("name", &[name])]).await?.pop())
}

async fn surroundings(reader: &mut Reader<'_>, receipt: &Receipt) -> Result<Surroundings, Fault> {
    let drawer = held(reader, &receipt.cash_day).await?;
    let codes: Vec<&str> = receipt.lines.iter().map(|line| line.code.as_str()).collect();
    let rows = reader.all(&[("code", &codes), ("state", &["APPROVED"])]).await?;
    let post = drawer.as_ref().map_or_else(String::new, |drawer| drawer.post.clone());
    let next = register_numbers::next::<Receipt>(reader, &post).await?;
    Ok(Surroundings { drawer, rows, next })
}

fn issue(receipt: &mut Receipt, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let drawer = open(around.drawer, "receipt.cashDay")?;
    let free = receipt.no_fee() != NoFee::Unspecified;
    let fits = free == (receipt.method() == Method::None) && free != receipt.no_fee_grounds.trim().is_empty();
    refuse_if(
        !fits,
        Reason::NoFeeUnfit,
        "where nothing is charged, the reason and its grounds are named; else none is",
    )?;
    let today = call.days().date(call.now());
    let ordered: NaiveDate = receipt.order_date.parse().unwrap_or(today);
    refuse_if(ordered > today, Reason::OrderAhead, "a service is ordered before it is paid for")?;
    receipt.order_date = ordered.to_string();
    receipt.post.clone_from(&drawer.post);
    let mut total = 0_i64;
    for line in &mut receipt.lines {
        let rows: Vec<FeeSchedule> = around.rows.iter().filter(|row| row.code == line.code).cloned().collect();
        let row = choose(&rows, &drawer.post, &receipt.nationality, ordered).ok_or_else(|| unknown(&line.code))?;
        let fee = row.amount.clone().unwrap_or_default();
        let foreign = fee.currency != drawer.currency;
        refuse_if(foreign, Reason::CurrencyMismatch, "the fee is in another currency than the drawer")
            .map_err(|fault| fault.with("currency", fee.currency.clone()))?;
        line.quantity = line.quantity.max(1);
        let cost = fee.minor_units.checked_mul(line.quantity.into()).filter(|_| !free);
        line.minor_units = if free { 0 } else { cost.ok_or_else(too_much)? };
        line.fee_schedule.clone_from(&row.name);
        total = total.checked_add(line.minor_units).ok_or_else(too_much)?;
    }
    receipt.total = Some(Fee { currency: drawer.currency.clone(), minor_units: total });
    receipt.number = around.next.number;
    receipt.reference = format!("{} {}/{}", short(&drawer.post), around.next.number, around.next.year);
    receipt.series = around.next.series;
    let in_cash = receipt.method() == Method::Cash;
    call.follow(drawer, "take", |day, _| {
        cash_days::take(day, total, in_cash);
        Ok(())
    })
}

/// That the receipt pays for this record: it was issued for it, and not refunded.
///
/// # Errors
/// `RECEIPT_UNFIT` if it does not.
pub(crate) fn pays(receipt: Option<&Receipt>, subject: &str) -> Result<(), Fault> {
    let fits = receipt.is_some_and(|receipt| receipt.state() == State::Issued && receipt.subject == subject);
    refuse_if(!fits, Reason::ReceiptUnfit, "the receipt was issued for something else, or was refunded")
}

/// The drawer that a request names at `field`, if fees are taken into it.
fn open(drawer: Option<Held<CashDays>>, field: &str) -> Result<Held<CashDays>, Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such drawer").at(field, "does not exist");
    let drawer = drawer.ok_or_else(missing)?;
    let shut = drawer.state() != cash_day::State::Open;
    refuse_if(shut, Reason::DrawerNotOpen, "the drawer is counted or closed").map(|()| drawer)
}

fn too_much() -> Fault {
    Fault::new(House::InvalidFields, "1 field is wrong").at("receipt.lines", "come to more than can be written")
}

async fn drawer(
    reader: &mut Reader<'_>,
    _: &Receipt,
    request: &RefundReceiptRequest,
) -> Result<Option<Held<CashDays>>, Fault> {
    held(reader, &request.cash_day).await
}

/// The receipt is locked, and its state says whether the money was given back: it is given back once.
fn refund(
    receipt: &mut Receipt,
    request: RefundReceiptRequest,
    drawer: Option<Held<CashDays>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let drawer = open(drawer, "cashDay")?;
    let total = receipt.total.clone().unwrap_or_default();
    let elsewhere = drawer.post != receipt.post || drawer.currency != total.currency;
    refuse_if(elsewhere, Reason::CurrencyMismatch, "a receipt is refunded at its post and in its currency")?;
    receipt.set_refund_cause(request.cause());
    receipt.refund_cash_day = request.cash_day;
    receipt.refund_time = Some(call.timestamp());
    let in_cash = receipt.method() == Method::Cash;
    call.follow(drawer, "giveBack", |day, _| {
        cash_days::give_back(day, total.minor_units, in_cash);
        Ok(())
    })
}

#[tonic::async_trait]
impl ReceiptService for Receipts {
    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Answer<Receipt> {
        self.registry.get(request).await
    }

    async fn list_receipts(&self, request: Request<ListReceiptsRequest>) -> Answer<ListReceiptsResponse> {
        self.registry.list(request).await
    }

    async fn create_receipt(&self, request: Request<CreateReceiptRequest>) -> Answer<Receipt> {
        self.registry.create_with(request, surroundings, issue).await
    }

    async fn refund_receipt(&self, request: Request<RefundReceiptRequest>) -> Answer<Receipt> {
        self.registry.act_with(request, drawer, refund).await
    }

    async fn list_receipt_revisions(
        &self,
        request: Request<ListReceiptRevisionsRequest>,
    ) -> Answer<ListReceiptRevisionsResponse> {
        self.registry.revisions(request).await
    }
}
