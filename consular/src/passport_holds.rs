//! Holds on passports: children on the alert list, orders of courts, warrants; lifted by a second officer alone.

use crate::assistance_cases::running;
use crate::assistance_tasks::{self, AssistanceTasks};
use crate::travel::{Passports, day};
use calendar::{Clock, Length};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::assistance_task::Kind as Task;
use proto::consular::v1::passport_hold::Kind;
use proto::consular::v1::passport_hold_service_server::PassportHoldService;
use proto::consular::v1::{
    AssistanceCase, CreatePassportHoldRequest, GetPassportHoldRequest, LiftPassportHoldRequest,
    ListPassportHoldRevisionsRequest, ListPassportHoldRevisionsResponse, ListPassportHoldsRequest,
    ListPassportHoldsResponse, PassportHold, Reason, WatchPassportHoldsRequest, WatchPassportHoldsResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The end of the last day.
const EXPIRY: &str = "expiry";

/// The holds.
#[derive(Clone, Debug)]
pub struct PassportHolds {
    registry: Registry<Self>,
}

impl Keep for PassportHolds {
    type Record = PassportHold;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    /// Its last day is over; the contract says what that leads to.
    fn fire(_: &mut PassportHold, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }
}

impl PassportHolds {
    /// The holds that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl PassportHoldService for PassportHolds {
    async fn get_passport_hold(&self, request: Request<GetPassportHoldRequest>) -> Answer<PassportHold> {
        self.registry.get(request).await
    }

    async fn list_passport_holds(
        &self,
        request: Request<ListPassportHoldsRequest>,
    ) -> Answer<ListPassportHoldsResponse> {
        self.registry.list(request).await
    }

    async fn create_passport_hold(&self, request: Request<CreatePassportHoldRequest>) -> Answer<PassportHold> {
        self.registry.create_with(request, its_case, enter).await
    }

    async fn lift_passport_hold(&self, request: Request<LiftPassportHoldRequest>) -> Answer<PassportHold> {
        self.registry.act(request, lift).await
    }

    async fn list_passport_hold_revisions(
        &self,
        request: Request<ListPassportHoldRevisionsRequest>,
    ) -> Answer<ListPassportHoldRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPassportHoldsStream = Feed<WatchPassportHoldsResponse>;

    async fn watch_passport_holds(
        &self,
        request: Request<WatchPassportHoldsRequest>,
    ) -> Answer<Self::WatchPassportHoldsStream> {
        self.registry.watch(request).await
    }
}

/// The case, and what it asks of us about passports.
type Origin = (Option<AssistanceCase>, Vec<Held<AssistanceTasks>>);

async fn its_case(reader: &mut Reader<'_>, hold: &PassportHold) -> Result<Origin, Fault> {
    let case = reader.share::<AssistanceCase>(&hold.case).await?;
    let open =
        [("case", &[hold.case.as_str()][..]), ("state", &["OPEN"]), ("kind", &[Task::PassportAlert.as_str_name()])];
    Ok((case, reader.hold(&open).await?))
}

fn enter(hold: &mut PassportHold, (case, tasks): Origin, call: &mut Call) -> Result<(), Fault> {
    let alert = hold.kind() == Kind::ChildAlert;
    let unfit = |cond: bool, words: &str| refuse_if(cond, Reason::HoldUnfit, words);
    unfit(alert && hold.case.is_empty(), "an alert for a child comes out of a case")?;
    let case = if hold.case.is_empty() { None } else { Some(running(case, "passportHold.case")?) };
    if let Some(case) = &case {
        takes_over(hold, case);
    }
    let nameless = hold.family_name.is_empty() && hold.given_names.is_empty();
    let named = !nameless && !hold.birth_date.is_empty();
    unfit(hold.person.is_empty() && !named, "neither the person's number nor name and date of birth is given")?;
    if alert {
        unfit(!named, "a child is known by name and date of birth")?;
        ends_with_childhood(hold, call)?;
    }
    if let Ok(last) = hold.expire_date.parse::<NaiveDate>() {
        let left = (call.days().end_of(last) - call.now()).to_std();
        let past = |_| Fault::new(Reason::HoldUnfit, "the last day of the hold is past");
        let clock = Clock::new(call.now(), Length::Exactly(left.map_err(past)?));
        call.timers().set(EXPIRY, clock);
    }
    let Some(case) = case.filter(|_| alert) else { return Ok(()) };
    let (now, name) = (call.now(), hold.name.clone());
    tasks.into_iter().try_for_each(|task| {
        call.follow(task, "completeByHold", |task, call| {
            task.outcome.clone_from(&name);
            assistance_tasks::finish(task, &case, now, call)
        })
    })
}

/// What the case knows of the person and the hold leaves out.
fn takes_over(hold: &mut PassportHold, case: &AssistanceCase) {
    for (own, of_case) in [
        (&mut hold.person, &case.person),
        (&mut hold.family_name, &case.family_name),
        (&mut hold.given_names, &case.given_names),
        (&mut hold.birth_date, &case.birth_date),
    ] {
        if own.is_empty() {
            own.clone_from(of_case);
        }
    }
}

/// The alert ends on the eve of the birthday by which the child is of age, or before.
fn ends_with_childhood(hold: &mut PassportHold, call: &Call) -> Result<(), Fault> {
    let of_age = Passports::shipped().alert_ends(day(&hold.birth_date)?);
    let grown = of_age <= call.days().date(call.now());
    refuse_if(grown, Reason::HoldUnfit, "the person is no child any more")?;
    let eve = of_age.pred_opt().unwrap_or(of_age);
    if hold.expire_date.parse::<NaiveDate>().map_or(true, |last| last > eve) {
        hold.expire_date = eve.to_string();
    }
    Ok(())
}

fn lift(hold: &mut PassportHold, request: LiftPassportHoldRequest, call: &mut Call) -> Result<(), Fault> {
    hold.lift_grounds = request.grounds;
    call.timers().clear(EXPIRY);
    Ok(())
}
