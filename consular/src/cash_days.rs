//! Drawers, day by day: opened with a float, counted by the cashier, closed by another person, over or short.

use crate::appointment_plan::{instant, minutes};
use crate::receipts::Receipts;
use crate::travel_papers::{self, TravelPapers};
use calendar::{Clock, Length, WorkingDays};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::cash_day::State;
use proto::consular::v1::cash_day_service_server::CashDayService;
use proto::consular::v1::{
    CashDay, CloseCashDayRequest, CountCashDayRequest, CreateCashDayRequest, GetCashDayRequest,
    ListCashDayRevisionsRequest, ListCashDayRevisionsResponse, ListCashDaysRequest, ListCashDaysResponse,
    PrintCashDayRequest, Reason, WatchCashDaysRequest, WatchCashDaysResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The closing hour, or the end of a day at the post.
const REMINDER: &str = "reminder";

/// The drawers.
#[derive(Clone, Debug)]
pub struct CashDays {
    registry: Registry<Self>,
    receipts: Registry<Receipts>,
    papers: TravelPapers,
}

impl Keep for CashDays {
    type Record = CashDay;

    /// Our own people, each the drawers of the post they serve at.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// A drawer is opened for the day that it is.
    fn admit(day: &mut CashDay, call: &mut Call) -> Result<(), Fault> {
        let unknown = !day.time_zone.is_empty() && day.time_zone.parse::<Tz>().is_err();
        refuse_if(unknown, Reason::TimeZoneUnknown, "there is no such time zone")
            .map_err(|fault| fault.at("cashDay.timeZone", "is no name of the IANA database"))?;
        is_today(day, call).map_err(|fault| fault.at("cashDay.date", "is not today"))?;
        remind(day, call);
        Ok(())
    }

    /// The post has closed, or the day is over there, and nobody has closed the drawer. It is reminded of each day until somebody does.
    fn fire(day: &mut CashDay, _: &str, call: &mut Call) -> Result<(), Fault> {
        day.overdue = true;
        day.reminders = day.reminders.saturating_add(1);
        day.remind_time = Some(call.timestamp());
        remind(day, call);
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let (open, short) = ("the cashier has an open drawer of this currency", "the drawer does not have as much");
        match name {
            "cash_days_one_open" => Some(Fault::new(Reason::DrawerAlreadyOpen, open)),
            "cash_days_balance" => Some(Fault::new(Reason::DrawerShort, short)),
            _ => None,
        }
    }
}

impl CashDays {
    /// The drawers that a registry keeps, with what was taken into them, reported on these papers.
    pub fn new(registry: Registry<Self>, receipts: Registry<Receipts>, papers: TravelPapers) -> Self {
        Self { registry, receipts, papers }
    }

    /// The report of a day that was counted, with every receipt.
    async fn report(&self, request: Request<PrintCashDayRequest>) -> Answer<HttpBody> {
        let day = self.registry.get(request).await?.into_inner();
        let open = !matches!(day.state(), State::Counted | State::Closed);
        refuse_if(open, House::WrongState, "a day is reported once its drawer was counted")
            .map_err(|fault| fault.with("state", day.state().as_str_name()).with("allowed", "COUNTED, CLOSED"))?;
        let mut receipts = Vec::new();
        self.receipts.each(&[("cash_day", &[day.name.as_str()])], |receipt| receipts.push(receipt)).await?;
        receipts.sort_by_key(|receipt| receipt.number);
        let order = travel_papers::cash_day(&self.papers, &day, &receipts)?;
        Ok(Response::new(self.papers.print(order).await?))
    }
}

/// The day of a drawer is today, where it is.
///
/// # Errors
/// `DRAWER_DAY_OVER`.
pub(crate) fn is_today(day: &CashDay, call: &Call) -> Result<(), Fault> {
    let today = call.now().with_timezone(&zone(day, call)).date_naive().to_string();
    refuse_if(day.date != today, Reason::DrawerDayOver, format!("the drawer is of {}", day.date))
        .map_err(|fault| fault.with("today", today))
}

/// By which clocks the days of a drawer begin and end.
fn zone(day: &CashDay, call: &Call) -> Tz {
    day.time_zone.parse().unwrap_or_else(|_| call.days().zone())
}

/// Reminds of a drawer when the post closes, or at the end of the day that it is there now, whatever its clocks do that night.
fn remind(day: &CashDay, call: &mut Call) {
    let there = WorkingDays::of([], zone(day, call));
    let today = there.date(call.now());
    let closing =
        |date: NaiveDate| -> Option<DateTime<Utc>> { instant(there.zone(), date, minutes(&day.closing_hour)?) };
    // One that was opened after hours is of that day all the same.
    let still = closing(today).filter(|closing| *closing > call.now());
    let next = still.or_else(|| today.succ_opt().filter(|_| day.overdue).and_then(closing));
    let left = next.unwrap_or_else(|| there.end_of(today)) - call.now();
    let clock = Clock::new(call.now(), Length::Exactly(left.to_std().unwrap_or_default()));
    call.timers().set(REMINDER, clock);
}

/// The drawers of the cashier at the post in this currency that nobody has closed.
async fn not_closed(reader: &mut Reader<'_>, day: &CashDay) -> Result<Vec<CashDay>, Fault> {
    let states = [State::Open.as_str_name(), State::Counted.as_str_name()];
    let (cashier, post, currency) = ([day.cashier.as_str()], [day.post.as_str()], [day.currency.as_str()]);
    reader.all(&[("cashier", &cashier), ("post", &post), ("currency", &currency), ("state", &states)]).await
}

/// Who goes on to another day has handed over the one before.
fn open(day: &mut CashDay, not_closed: Vec<CashDay>, _: &mut Call) -> Result<(), Fault> {
    let date = |day: &CashDay| day.date.parse::<NaiveDate>().ok();
    let earlier = not_closed.into_iter().find(|other| date(other) < date(day));
    earlier.map_or(Ok(()), |earlier| {
        let words = format!("the drawer of {} is not closed", earlier.date);
        Err(Fault::new(Reason::DrawerOfEarlierDay, words).with("cashDay", earlier.name))
    })
}

/// Puts what was paid in the drawer's books.
pub(crate) fn take(day: &mut CashDay, minor_units: i64, in_cash: bool) {
    let books = if in_cash { &mut day.cash_taken_minor_units } else { &mut day.other_taken_minor_units };
    *books = books.saturating_add(minor_units);
    day.receipts += 1;
}

/// Puts what was given back in the drawer's books.
pub(crate) fn give_back(day: &mut CashDay, minor_units: i64, in_cash: bool) {
    let books = if in_cash { &mut day.cash_refunded_minor_units } else { &mut day.other_refunded_minor_units };
    *books = books.saturating_add(minor_units);
    day.refunds += 1;
}

/// What should be in the drawer.
fn expected(day: &CashDay) -> i64 {
    day.float_minor_units + day.cash_taken_minor_units - day.cash_refunded_minor_units
}

/// A difference is never set right in the books: it stands there, with its explanation.
fn count(day: &mut CashDay, request: CountCashDayRequest, call: &mut Call) -> Result<(), Fault> {
    let difference = request.counted_minor_units - expected(day);
    let unexplained = difference != 0 && request.explanation.trim().is_empty();
    refuse_if(unexplained, Reason::DifferenceUnexplained, "what is over or short is explained")
        .map_err(|fault| fault.with("difference", difference.to_string()))?;
    day.counted_minor_units = request.counted_minor_units;
    day.difference_minor_units = difference;
    day.explanation = request.explanation;
    day.count_time = Some(call.timestamp());
    Ok(())
}

fn close(day: &mut CashDay, _: CloseCashDayRequest, call: &mut Call) -> Result<(), Fault> {
    day.close_time = Some(call.timestamp());
    day.overdue = false;
    call.timers().clear(REMINDER);
    Ok(())
}

#[tonic::async_trait]
impl CashDayService for CashDays {
    async fn get_cash_day(&self, request: Request<GetCashDayRequest>) -> Answer<CashDay> {
        self.registry.get(request).await
    }

    async fn list_cash_days(&self, request: Request<ListCashDaysRequest>) -> Answer<ListCashDaysResponse> {
        self.registry.list(request).await
    }

    async fn create_cash_day(&self, request: Request<CreateCashDayRequest>) -> Answer<CashDay> {
        self.registry.create_with(request, not_closed, open).await
    }

    async fn count_cash_day(&self, request: Request<CountCashDayRequest>) -> Answer<CashDay> {
        self.registry.act(request, count).await
    }

    async fn close_cash_day(&self, request: Request<CloseCashDayRequest>) -> Answer<CashDay> {
        self.registry.act(request, close).await
    }

    async fn print_cash_day(&self, request: Request<PrintCashDayRequest>) -> Answer<HttpBody> {
        self.report(request).await
    }

    async fn list_cash_day_revisions(
        &self,
        request: Request<ListCashDayRevisionsRequest>,
    ) -> Answer<ListCashDayRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCashDaysStream = Feed<WatchCashDaysResponse>;

    async fn watch_cash_days(&self, request: Request<WatchCashDaysRequest>) -> Answer<Self::WatchCashDaysStream> {
        self.registry.watch(request).await
    }
}
