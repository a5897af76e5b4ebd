//! Drawers, day by day: opened with a float, counted by the cashier, closed by another person, over or short.

use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::cash_day_service_server::CashDayService;
use proto::consular::v1::{
    CashDay, CloseCashDayRequest, CountCashDayRequest, CreateCashDayRequest, GetCashDayRequest,
    ListCashDayRevisionsRequest, ListCashDayRevisionsResponse, ListCashDaysRequest, ListCashDaysResponse, Reason,
};
use registry::{Answer, Call, Keep, Registry, Visible};
use tonic::Request;

/// The drawers.
#[derive(Clone, Debug)]
pub struct CashDays {
    registry: Registry<Self>,
}

impl Keep for CashDays {
    type Record = CashDay;

    /// Our own people who may read drawers read all.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
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
    /// The drawers that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
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
        self.registry.create(request).await
    }

    async fn count_cash_day(&self, request: Request<CountCashDayRequest>) -> Answer<CashDay> {
        self.registry.act(request, count).await
    }

    async fn close_cash_day(&self, request: Request<CloseCashDayRequest>) -> Answer<CashDay> {
        self.registry.act(request, close).await
    }

    async fn list_cash_day_revisions(
        &self,
        request: Request<ListCashDayRevisionsRequest>,
    ) -> Answer<ListCashDayRevisionsResponse> {
        self.registry.revisions(request).await
    }
}
