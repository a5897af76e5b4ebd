//! Debts of missions and their members: recorded, contested, paid off, and told by age and by year.

use crate::debt_ageing::{aged, statement};
use crate::filing;
use crate::usage::usage;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::debt::State;
use proto::accreditation::v1::debt_service_server::DebtService;
use proto::accreditation::v1::{
    AgeDebtsRequest, AgeDebtsResponse, CancelDebtRequest, ContestDebtRequest, CreateDebtRequest, Debt, DebtPayment,
    GetDebtRequest, ListDebtRevisionsRequest, ListDebtRevisionsResponse, ListDebtsRequest, ListDebtsResponse, Member,
    Mission, Reason, RecordPaymentRequest, StateDebtsRequest, StateDebtsResponse, UpholdDebtRequest, WatchDebtsRequest,
    WatchDebtsResponse, WriteOffDebtRequest,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The debts.
#[derive(Clone, Debug)]
pub struct Debts {
    registry: Registry<Self>,
}

impl Keep for Debts {
    type Record = Debt;

    /// A mission's own staff see what their mission owes; others who may read debts see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        (name == "debts_balance").then(exceeds)
    }
}

impl Debts {
    /// The debts that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    fn today(&self) -> NaiveDate {
        let store = self.registry.store();
        store.days().date(store.now())
    }

    /// Every debt whose fields have one of the values.
    async fn debts(&self, fields: &[(&str, &[&str])]) -> Result<Vec<Debt>, Fault> {
        let mut debts = Vec::new();
        self.registry.each(fields, |debt| debts.push(debt)).await?;
        Ok(debts)
    }
}

#[tonic::async_trait]
impl DebtService for Debts {
    async fn get_debt(&self, request: Request<GetDebtRequest>) -> Answer<Debt> {
        self.registry.get(request).await
    }

    async fn list_debts(&self, request: Request<ListDebtsRequest>) -> Answer<ListDebtsResponse> {
        self.registry.list(request).await
    }

    async fn create_debt(&self, request: Request<CreateDebtRequest>) -> Answer<Debt> {
        self.registry.create_with(request, surroundings, record).await
    }

    async fn contest_debt(&self, request: Request<ContestDebtRequest>) -> Answer<Debt> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn uphold_debt(&self, request: Request<UpholdDebtRequest>) -> Answer<Debt> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn record_payment(&self, request: Request<RecordPaymentRequest>) -> Answer<Debt> {
        self.registry.act(request, record_payment).await
    }

    async fn write_off_debt(&self, request: Request<WriteOffDebtRequest>) -> Answer<Debt> {
        self.registry.act(request, |debt, _, call| end(debt, call)).await
    }

    async fn cancel_debt(&self, request: Request<CancelDebtRequest>) -> Answer<Debt> {
        self.registry.act(request, |debt, _, call| end(debt, call)).await
    }

    async fn age_debts(&self, request: Request<AgeDebtsRequest>) -> Answer<AgeDebtsResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let today = self.today();
        let as_of = ask.as_of_date.parse().unwrap_or(today);
        // A mission's own staff learn of their mission alone, whatever they ask for.
        let mission = match &called.principal.mission {
            Some(own) if !ask.mission.is_empty() && **own != ask.mission => return Ok(Response::new(of_date(as_of))),
            Some(own) => own.to_string(),
            None => ask.mission,
        };
        let debts = if mission.is_empty() {
            self.debts(&[]).await?
        } else {
            self.debts(&[("mission", &[mission.as_str()])]).await?
        };
        Ok(Response::new(AgeDebtsResponse { ageing: aged(&debts, as_of, &usage().debts.age_days), ..of_date(as_of) }))
    }

    async fn state_debts(&self, request: Request<StateDebtsRequest>) -> Answer<StateDebtsResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let (today, year) = (self.today(), ask.year);
        let as_of = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).min(today);
        let published: Vec<&str> = usage().debts.published.iter().map(String::as_str).collect();
        let debts = self.debts(&[("kind", &published)]).await?;
        let lines = statement(&debts, year, as_of);
        Ok(Response::new(StateDebtsResponse { year, as_of_date: as_of.to_string(), lines }))
    }

    async fn list_debt_revisions(
        &self,
        request: Request<ListDebtRevisionsRequest>,
    ) -> Answer<ListDebtRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchDebtsStream = Feed<WatchDebtsResponse>;

    async fn watch_debts(&self, request: Request<WatchDebtsRequest>) -> Answer<Self::WatchDebtsStream> {
        self.registry.watch(request).await
    }
}

/// An ageing of nothing yet.
fn of_date(as_of: NaiveDate) -> AgeDebtsResponse {
    AgeDebtsResponse { as_of_date: as_of.to_string(), ageing: Vec::new() }
}

/// The mission, and its member if the debt is one of theirs.
async fn surroundings(reader: &mut Reader<'_>, debt: &Debt) -> Result<(Option<Mission>, Option<Member>), Fault> {
    let member = match debt.member.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok((reader.share(&debt.mission).await?, member))
}

fn record(debt: &mut Debt, (mission, member): (Option<Mission>, Option<Member>), call: &mut Call) -> Result<(), Fault> {
    let mission = filing::own(mission, "debt.mission", call)?;
    filing::of_mission(&debt.member, member.as_ref(), &mission, "debt.member")?;
    let (incurred, due): (Option<NaiveDate>, Option<NaiveDate>) =
        (debt.incur_date.parse().ok(), debt.due_date.parse().ok());
    let today = call.days().date(call.now());
    let implausible = due < incurred || incurred > Some(today);
    refuse_if(implausible, Reason::TimesImplausible, "a debt comes about before it is due, and not in the future")?;
    debt.balance_minor_units = debt.amount.as_ref().map_or(0, |amount| amount.minor_units);
    Ok(())
}

/// The debt is locked while it is paid: payments come one after another, and none is more than is owed then.
fn record_payment(debt: &mut Debt, request: RecordPaymentRequest, call: &mut Call) -> Result<(), Fault> {
    let today = call.days().date(call.now());
    let paid: NaiveDate = request.payment_date.parse().unwrap_or(today);
    refuse_if(paid > today, Reason::TimesImplausible, "a payment is recorded once it was made")?;
    let left = debt.balance_minor_units.checked_sub(request.minor_units).filter(|left| *left >= 0);
    let left = left.ok_or_else(|| exceeds().with("balance", debt.balance_minor_units.to_string()))?;
    debt.balance_minor_units = left;
    let payment_date = paid.to_string();
    debt.payments.push(DebtPayment { minor_units: request.minor_units, payment_date, reference: request.reference });
    debt.set_state(if left == 0 { State::Paid } else { State::Outstanding });
    Ok(())
}

fn end(debt: &mut Debt, call: &Call) -> Result<(), Fault> {
    debt.end_date = call.days().date(call.now()).to_string();
    Ok(())
}

fn exceeds() -> Fault {
    Fault::new(Reason::PaymentExceedsBalance, "the payment is more than is owed")
}
