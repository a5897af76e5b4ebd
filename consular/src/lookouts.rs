//! Lookouts: persons our own authorities ask to be told of, put in force and withdrawn by two officers, in every screening.

use calendar::{Clock, Length};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::lookout_service_server::LookoutService;
use proto::consular::v1::subject::Sex as SexCode;
use proto::consular::v1::{
    AcceptLookoutChangeRequest, ActivateLookoutRequest, CreateLookoutRequest, GetLookoutRequest,
    ListLookoutRevisionsRequest, ListLookoutRevisionsResponse, ListLookoutsRequest, ListLookoutsResponse, Lookout,
    LookoutPerson, ProposeLookoutChangeRequest, ProposeLookoutWithdrawalRequest, Reason, RejectLookoutChangeRequest,
    RejectLookoutWithdrawalRequest, ReturnLookoutRequest, ReviewLookoutRequest, SubmitLookoutRequest,
    UpdateLookoutRequest, WatchLookoutsRequest, WatchLookoutsResponse, WithdrawLookoutRequest,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use screening::{Birth, Entry, Kind, Sex, document, fold};
use tonic::Request;

/// The states in which it is compared with whoever is screened.
pub(crate) const IN_FORCE: [&str; 3] = ["ACTIVE", "CHANGE_PROPOSED", "WITHDRAWAL_PROPOSED"];
/// The day on which the reasons are looked at again.
const REVIEW: &str = "review";
/// The end of the last day.
const EXPIRY: &str = "expiry";

/// The lookouts.
#[derive(Clone, Debug)]
pub struct Lookouts {
    registry: Registry<Self>,
}

impl Keep for Lookouts {
    type Record = Lookout;

    /// Our own officers who may read lookouts; no one else learns more than that there is one.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn admit(lookout: &mut Lookout, _: &mut Call) -> Result<(), Fault> {
        describes_someone(lookout.person.as_ref(), "lookout.person")
    }

    fn amend(lookout: &mut Lookout, _: &Lookout, _: &mut Call) -> Result<(), Fault> {
        describes_someone(lookout.person.as_ref(), "lookout.person")
    }

    /// A day of review has come, or the last day is over.
    fn fire(lookout: &mut Lookout, timer: &str, call: &mut Call) -> Result<(), Fault> {
        if timer == REVIEW {
            lookout.review_overdue = true;
        } else {
            end(lookout, call);
        }
        Ok(())
    }
}

impl Lookouts {
    /// The lookouts that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl LookoutService for Lookouts {
    async fn get_lookout(&self, request: Request<GetLookoutRequest>) -> Answer<Lookout> {
        self.registry.get(request).await
    }

    async fn list_lookouts(&self, request: Request<ListLookoutsRequest>) -> Answer<ListLookoutsResponse> {
        self.registry.list(request).await
    }

    async fn create_lookout(&self, request: Request<CreateLookoutRequest>) -> Answer<Lookout> {
        self.registry.create(request).await
    }

    async fn update_lookout(&self, request: Request<UpdateLookoutRequest>) -> Answer<Lookout> {
        self.registry.update(request).await
    }

    async fn submit_lookout(&self, request: Request<SubmitLookoutRequest>) -> Answer<Lookout> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn return_lookout(&self, request: Request<ReturnLookoutRequest>) -> Answer<Lookout> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn activate_lookout(&self, request: Request<ActivateLookoutRequest>) -> Answer<Lookout> {
        self.registry.act(request, activate).await
    }

    async fn propose_lookout_change(&self, request: Request<ProposeLookoutChangeRequest>) -> Answer<Lookout> {
        self.registry.act(request, propose_change).await
    }

    async fn accept_lookout_change(&self, request: Request<AcceptLookoutChangeRequest>) -> Answer<Lookout> {
        self.registry.act(request, accept_change).await
    }

    async fn reject_lookout_change(&self, request: Request<RejectLookoutChangeRequest>) -> Answer<Lookout> {
        self.registry.act(request, reject_change).await
    }

    async fn review_lookout(&self, request: Request<ReviewLookoutRequest>) -> Answer<Lookout> {
        self.registry.act(request, review).await
    }

    async fn propose_lookout_withdrawal(&self, request: Request<ProposeLookoutWithdrawalRequest>) -> Answer<Lookout> {
        self.registry.act(request, propose_withdrawal).await
    }

    async fn withdraw_lookout(&self, request: Request<WithdrawLookoutRequest>) -> Answer<Lookout> {
        self.registry.act(request, withdraw).await
    }

    async fn reject_lookout_withdrawal(&self, request: Request<RejectLookoutWithdrawalRequest>) -> Answer<Lookout> {
        self.registry.act(request, reject_withdrawal).await
    }

    async fn list_lookout_revisions(
        &self,
        request: Request<ListLookoutRevisionsRequest>,
    ) -> Answer<ListLookoutRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchLookoutsStream = Feed<WatchLookoutsResponse>;

    async fn watch_lookouts(&self, request: Request<WatchLookoutsRequest>) -> Answer<Self::WatchLookoutsStream> {
        self.registry.watch(request).await
    }
}

/// Somebody can be found by it: each name has a letter, each date of birth is a date.
fn describes_someone(person: Option<&LookoutPerson>, field: &str) -> Result<(), Fault> {
    let Some(person) = person else { return Ok(()) };
    let nameless = person.names.iter().any(|name| fold(name).trim().is_empty());
    refuse_if(nameless, Reason::LookoutUnfit, "a name has no letter")
        .map_err(|fault| fault.at(format!("{field}.names"), "has a name without a letter"))?;
    let undated = person.birth_dates.iter().any(|date| birth(date).is_none());
    refuse_if(undated, Reason::LookoutUnfit, "a date of birth is none")
        .map_err(|fault| fault.at(format!("{field}.birthDates"), "has a date that does not exist"))
}

/// A date of birth as exact as it is known.
fn birth(text: &str) -> Option<Birth> {
    let mut parts = text.split('-');
    let year = parts.next()?.parse().ok()?;
    match (parts.next(), parts.next()) {
        (None, _) => Birth::in_year(year),
        (Some(month), None) => Birth::in_month(year, month.parse().ok()?),
        (Some(_), Some(_)) => text.parse::<NaiveDate>().ok().map(Birth::on),
    }
}

/// The lookout as the engine takes it, as an entry of the list `list`.
pub(crate) fn entry(lookout: Lookout, list: &str) -> Entry {
    let person = lookout.person.unwrap_or_default();
    Entry {
        sex: match person.sex() {
            SexCode::Female => Some(Sex::Female),
            SexCode::Male => Some(Sex::Male),
            SexCode::Unspecified => None,
        },
        names: person.names,
        births: person.birth_dates.iter().filter_map(|date| birth(date)).collect(),
        nationalities: person.nationalities,
        documents: person
            .document_numbers
            .iter()
            .map(|number| document(number))
            .filter(|number| number.len() > 3)
            .collect(),
        ..Entry::new(list, lookout.name, Kind::Person, "")
    }
}

fn activate(lookout: &mut Lookout, _: ActivateLookoutRequest, call: &mut Call) -> Result<(), Fault> {
    lookout.activate_time = Some(call.timestamp());
    await_review(lookout, call)?;
    if let Ok(last) = lookout.expire_date.parse() {
        set(EXPIRY, last, call)?;
    }
    Ok(())
}

/// The reasons are looked at again on a day that lies ahead, and before it ends by itself.
fn await_review(lookout: &mut Lookout, call: &mut Call) -> Result<(), Fault> {
    let missing = |_| Fault::new(Reason::LookoutUnfit, "there is no day of review");
    let day: NaiveDate = lookout.review_date.parse().map_err(missing)?;
    let late = lookout.expire_date.parse().is_ok_and(|last: NaiveDate| last < day);
    refuse_if(late, Reason::LookoutUnfit, "the day of review is after the last day")?;
    lookout.review_overdue = false;
    set(REVIEW, day, call)
}

/// Sets a clock to the end of a day that is not past.
fn set(timer: &str, day: NaiveDate, call: &mut Call) -> Result<(), Fault> {
    let left = call.days().end_of(day) - call.now();
    let past = |_| Fault::new(Reason::LookoutUnfit, "the day of review, or the last day, is past");
    let clock = Clock::new(call.now(), Length::Exactly(left.to_std().map_err(past)?));
    call.timers().set(timer, clock);
    Ok(())
}

fn propose_change(lookout: &mut Lookout, request: ProposeLookoutChangeRequest, _: &mut Call) -> Result<(), Fault> {
    describes_someone(request.person.as_ref(), "person")?;
    lookout.proposed_person = request.person;
    Ok(())
}

fn accept_change(lookout: &mut Lookout, _: AcceptLookoutChangeRequest, _: &mut Call) -> Result<(), Fault> {
    lookout.person = lookout.proposed_person.take();
    Ok(())
}

fn reject_change(lookout: &mut Lookout, _: RejectLookoutChangeRequest, _: &mut Call) -> Result<(), Fault> {
    lookout.proposed_person = None;
    Ok(())
}

fn review(lookout: &mut Lookout, request: ReviewLookoutRequest, call: &mut Call) -> Result<(), Fault> {
    lookout.review_date = request.review_date;
    lookout.review_findings = request.findings;
    await_review(lookout, call)
}

fn propose_withdrawal(
    lookout: &mut Lookout,
    request: ProposeLookoutWithdrawalRequest,
    _: &mut Call,
) -> Result<(), Fault> {
    lookout.withdrawal_grounds = request.grounds;
    Ok(())
}

fn withdraw(lookout: &mut Lookout, _: WithdrawLookoutRequest, call: &mut Call) -> Result<(), Fault> {
    end(lookout, call);
    Ok(())
}

fn reject_withdrawal(lookout: &mut Lookout, _: RejectLookoutWithdrawalRequest, _: &mut Call) -> Result<(), Fault> {
    lookout.withdrawal_grounds.clear();
    Ok(())
}

fn end(lookout: &mut Lookout, call: &mut Call) {
    lookout.end_time = Some(call.timestamp());
    lookout.proposed_person = None;
    call.timers().clear_all();
}
