//! Receipts for fees: what each service cost on the day it was ordered, at the rate of the day it was paid, numbered
//! without gaps; never more given back than was paid.

use crate::cash_days::{self, CashDays};
use crate::exchange::converted;
use crate::exchange_rates;
use crate::fee_choice::choose;
use crate::fee_schedules::{self, unknown};
use crate::register_numbers::{self, Next, short};
use crate::travel::day;
use crate::travel_papers::{self, TravelPapers};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::receipt::{Method, NoFee, State};
use proto::consular::v1::receipt_service_server::ReceiptService;
use proto::consular::v1::{
    CashDay, CreateReceiptRequest, ExchangeRate, Fee, FeeSchedule, GetReceiptRequest, ListReceiptRevisionsRequest,
    ListReceiptRevisionsResponse, ListReceiptsRequest, ListReceiptsResponse, PrintReceiptRequest, Reason, Receipt,
    ReceiptLine, ReceiptRefund, RefundReceiptRequest, WatchReceiptsRequest, WatchReceiptsResponse, cash_day,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use std::collections::BTreeSet;
use tonic::{Request, Response};

/// The receipts.
#[derive(Clone, Debug)]
pub struct Receipts {
    registry: Registry<Self>,
    papers: TravelPapers,
}

impl Keep for Receipts {
    type Record = Receipt;

    /// Our own people, each the receipts of the post they serve at.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        match name {
            "receipts_refunds_within_paid" => Some(too_much_back()),
            "receipts_refund_once" => Some(made_already()),
            _ => None,
        }
    }
}

impl Receipts {
    /// The receipts that a registry keeps, printed on these papers.
    pub fn new(registry: Registry<Self>, papers: TravelPapers) -> Self {
        Self { registry, papers }
    }

    async fn paper(&self, request: Request<PrintReceiptRequest>) -> Answer<HttpBody> {
        let one = self.registry.get(request).await?.into_inner();
        let zone = self.registry.store().days().zone();
        Ok(Response::new(self.papers.print(travel_papers::receipt(&self.papers, &one, zone)?).await?))
    }
}

/// What a receipt is issued by: the drawer, the rows of the schedule, the rates of the drawer's day, and the numbers
/// given before.
struct Surroundings {
    drawer: Option<Held<CashDays>>,
    rows: Vec<FeeSchedule>,
    rates: Vec<ExchangeRate>,
    next: Next,
}

async fn held(reader: &mut Reader<'_>, name: &str) -> Result<Option<Held<CashDays>>, Fault> {
    Ok(reader.hold::<CashDays>(&[("name", &[name])]).await?.pop())
}

async fn surroundings(reader: &mut Reader<'_>, receipt: &Receipt) -> Result<Surroundings, Fault> {
    let drawer = held(reader, &receipt.cash_day).await?;
    let codes: Vec<&str> = receipt.lines.iter().map(|line| line.code.as_str()).collect();
    let rows = fee_schedules::in_force(reader, &codes).await?;
    let rates = match &drawer {
        Some(drawer) => rates(reader, drawer, &rows).await?,
        None => Vec::new(),
    };
    let post = drawer.as_ref().map_or_else(String::new, |drawer| drawer.post.clone());
    let next = register_numbers::next::<Receipt>(reader, &post).await?;
    Ok(Surroundings { drawer, rows, rates, next })
}

/// The rates of the drawer's day for fees in another currency.
async fn rates(reader: &mut Reader<'_>, drawer: &CashDay, rows: &[FeeSchedule]) -> Result<Vec<ExchangeRate>, Fault> {
    let currencies = rows.iter().filter_map(|row| row.amount.as_ref()).map(|amount| amount.currency.as_str());
    let foreign: BTreeSet<&str> = currencies.filter(|currency| *currency != drawer.currency).collect();
    if foreign.is_empty() {
        return Ok(Vec::new());
    }
    let foreign: Vec<&str> = foreign.into_iter().collect();
    exchange_rates::in_force(reader, &drawer.post, &foreign, &drawer.currency, day(&drawer.date)?).await
}

fn issue(receipt: &mut Receipt, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let drawer = open(around.drawer, "receipt.cashDay")?;
    cash_days::is_today(&drawer, call)?;
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
        charge(line, row, &around.rates, &drawer.currency, free)?;
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

/// What a line comes to: what the schedule says, in the drawer's currency by the rate of its day; nothing if it is free.
fn charge(
    line: &mut ReceiptLine,
    row: &FeeSchedule,
    rates: &[ExchangeRate],
    currency: &str,
    free: bool,
) -> Result<(), Fault> {
    let fee = row.amount.clone().unwrap_or_default();
    line.quantity = line.quantity.max(1);
    let due = fee.minor_units.checked_mul(line.quantity.into()).ok_or_else(too_much)?;
    (line.exchange_rate, line.rate) = (String::new(), String::new());
    line.minor_units = match rates.iter().find(|rate| rate.base_currency == fee.currency) {
        _ if free => 0,
        _ if fee.currency == currency => due,
        None => return Err(exchange_rates::unknown(&fee.currency, currency)),
        Some(rate) => {
            line.exchange_rate.clone_from(&rate.name);
            line.rate.clone_from(&rate.rate);
            converted(due, rate).ok_or_else(too_much)?
        }
    };
    line.due = Some(Fee { minor_units: due, ..fee });
    Ok(())
}

/// That the receipt pays for this record: it was issued for it, and not refunded, or not all of it.
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

/// The receipt is locked: what is left of it is what this refund finds. The table holds both, whoever writes to it:
/// that refunds come to no more than was paid, and that each is known by its own name.
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
    let known = |id: &str| receipt.refunds.iter().any(|refund| refund.id == id);
    if known(&request.refund_id) {
        return Err(made_already());
    }
    cash_days::is_today(&drawer, call)?;
    let left = total.minor_units - receipt.refunded_minor_units;
    let back = if request.minor_units == 0 { left } else { request.minor_units };
    if back > left || left == 0 {
        return Err(too_much_back().with("left", left.to_string()));
    }
    let mut unused = (receipt.refunds.len() + 1..).map(|number| number.to_string()).filter(|id| !known(id));
    let id = if request.refund_id.is_empty() { unused.next().unwrap_or_default() } else { request.refund_id };
    receipt.refunds.push(ReceiptRefund {
        id,
        minor_units: back,
        cause: request.cause,
        cash_day: request.cash_day.clone(),
        time: Some(call.timestamp()),
        officer: call.principal().subject.to_string(),
    });
    receipt.refunded_minor_units += back;
    receipt.refund_cause = request.cause;
    receipt.refund_cash_day = request.cash_day;
    receipt.refund_time = Some(call.timestamp());
    receipt.set_state(if back == left { State::Refunded } else { State::Issued });
    let in_cash = receipt.method() == Method::Cash;
    call.follow(drawer, "giveBack", |day, _| {
        cash_days::give_back(day, back, in_cash);
        Ok(())
    })
}

fn too_much_back() -> Fault {
    Fault::new(Reason::RefundExceedsPaid, "no more is given back than was paid and is left")
}

fn made_already() -> Fault {
    Fault::new(Reason::RefundAlreadyMade, "this refund of the receipt was made already")
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

    async fn print_receipt(&self, request: Request<PrintReceiptRequest>) -> Answer<HttpBody> {
        self.paper(request).await
    }

    async fn list_receipt_revisions(
        &self,
        request: Request<ListReceiptRevisionsRequest>,
    ) -> Answer<ListReceiptRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchReceiptsStream = Feed<WatchReceiptsResponse>;

    async fn watch_receipts(&self, request: Request<WatchReceiptsRequest>) -> Answer<Self::WatchReceiptsStream> {
        self.registry.watch(request).await
    }
}
