//! Members of missions: from notification through accreditation to the end of their privileges (VCDR art. 8-10, 38, 39,
//! 43; VCCR art. 22-25, 53).

use crate::agrements;
use crate::notification::{self, Surroundings};
use crate::terms::Terms;
use calendar::{Clock, Length, due};
use chrono::{DateTime, Months, NaiveDate, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::member_service_server::MemberService;
use proto::accreditation::v1::{
    AccreditRequest, BeginValidationRequest, ConfirmChangeRequest, CreateMemberRequest, DeclineRequest,
    ExportMembersRequest, ExportMembersResponse, ExtendGraceRequest, Fact, GetMemberRequest,
    ListMemberRevisionsRequest, ListMemberRevisionsResponse, ListMembersRequest, ListMembersResponse, Member, Mission,
    NotifyChangeRequest, PassValidationRequest, Reason, RecordDepartureRequest, RejectChangeRequest, Relation,
    ResubmitRequest, ReturnNotificationRequest, TerminateRequest, UpdateMemberRequest, WatchMembersRequest,
    WatchMembersResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The states in which a person counts as one of the mission's members.
pub(crate) const LIVE: [&str; 7] =
    ["NOTIFIED", "VALIDATION", "RETURNED", "UNDER_REVIEW", "ACCREDITED", "CHANGE_REVIEW", "GRACE"];

/// The end of the grace period.
const GRACE_TIMER: &str = "grace";
/// The birthday on which a child leaves the household.
const AGE_TIMER: &str = "ageLimit";

/// The members.
#[derive(Clone, Debug)]
pub struct Members {
    registry: Registry<Self>,
}

impl Keep for Members {
    type Record = Member;

    /// A mission's own staff see its members; others who may read members see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    /// A notification may be corrected until it is under review; what it says is checked again.
    fn amend(member: &mut Member, before: &Member, call: &mut Call) -> Result<(), Fault> {
        agrements::still_opens(member, before)?;
        notification::check_person(member, call)?;
        notification::record(member, call);
        Ok(())
    }

    fn fire(member: &mut Member, timer: &str, call: &mut Call) -> Result<(), Fault> {
        if timer == GRACE_TIMER {
            member.end_time = member.grace_end_time;
            return Ok(());
        }
        begin_grace(member, EndCause::AgeLimit, call.now(), call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let live = "this person already has a live accreditation in this role at this mission";
        let spent = "another notification is made under this agrément";
        match name {
            "members_one_live_role" => Some(Fault::new(Reason::AccreditationAlreadyLive, live)),
            "members_one_per_agrement" => Some(Fault::new(Reason::AgrementSpent, spent)),
            _ => None,
        }
    }
}

impl Members {
    /// The members that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl MemberService for Members {
    async fn get_member(&self, request: Request<GetMemberRequest>) -> Answer<Member> {
        self.registry.get(request).await
    }

    async fn list_members(&self, request: Request<ListMembersRequest>) -> Answer<ListMembersResponse> {
        self.registry.list(request).await
    }

    async fn create_member(&self, request: Request<CreateMemberRequest>) -> Answer<Member> {
        self.registry.create_with(request, surroundings, notify).await
    }

    async fn update_member(&self, request: Request<UpdateMemberRequest>) -> Answer<Member> {
        self.registry.update(request).await
    }

    async fn begin_validation(&self, request: Request<BeginValidationRequest>) -> Answer<Member> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn return_notification(&self, request: Request<ReturnNotificationRequest>) -> Answer<Member> {
        self.registry.act(request, return_notification).await
    }

    async fn resubmit(&self, request: Request<ResubmitRequest>) -> Answer<Member> {
        self.registry.act(request, resubmit).await
    }

    async fn pass_validation(&self, request: Request<PassValidationRequest>) -> Answer<Member> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn accredit(&self, request: Request<AccreditRequest>) -> Answer<Member> {
        self.registry.act(request, accredit).await
    }

    async fn decline(&self, request: Request<DeclineRequest>) -> Answer<Member> {
        self.registry.act(request, decline).await
    }

    async fn notify_change(&self, request: Request<NotifyChangeRequest>) -> Answer<Member> {
        self.registry.act(request, notify_change).await
    }

    async fn confirm_change(&self, request: Request<ConfirmChangeRequest>) -> Answer<Member> {
        self.registry.act(request, confirm_change).await
    }

    async fn reject_change(&self, request: Request<RejectChangeRequest>) -> Answer<Member> {
        self.registry.act(request, reject_change).await
    }

    async fn terminate(&self, request: Request<TerminateRequest>) -> Answer<Member> {
        self.registry.act(request, terminate).await
    }

    async fn extend_grace(&self, request: Request<ExtendGraceRequest>) -> Answer<Member> {
        self.registry.act(request, extend_grace).await
    }

    async fn record_departure(&self, request: Request<RecordDepartureRequest>) -> Answer<Member> {
        self.registry.act(request, record_departure).await
    }

    async fn list_member_revisions(
        &self,
        request: Request<ListMemberRevisionsRequest>,
    ) -> Answer<ListMemberRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchMembersStream = Feed<WatchMembersResponse>;

    async fn watch_members(&self, request: Request<WatchMembersRequest>) -> Answer<Self::WatchMembersStream> {
        self.registry.watch(request).await
    }

    type ExportMembersStream = Feed<ExportMembersResponse>;

    async fn export_members(&self, request: Request<ExportMembersRequest>) -> Answer<Self::ExportMembersStream> {
        self.registry.export(request).await
    }
}

/// What a notification is held against. The mission is locked: notifications to one mission come one after another, so
/// that its limit holds, and none comes while it closes.
async fn surroundings(reader: &mut Reader<'_>, member: &Member) -> Result<Surroundings, Fault> {
    let mission: Option<Mission> = reader.lock(&member.mission).await?;
    let principal = match member.principal.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    let agrement = match member.agrement.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    let members = reader.count::<Member>(&[("mission", &[member.mission.as_str()]), ("state", &LIVE)]).await?;
    Ok(Surroundings { mission, principal, agrement, members })
}

fn notify(member: &mut Member, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    notification::admit(member, &around, call)?;
    notification::record(member, call);
    Ok(())
}

fn return_notification(member: &mut Member, request: ReturnNotificationRequest, _: &mut Call) -> Result<(), Fault> {
    member.correction = request.correction;
    Ok(())
}

fn resubmit(member: &mut Member, _: ResubmitRequest, _: &mut Call) -> Result<(), Fault> {
    member.correction.clear();
    Ok(())
}

fn accredit(member: &mut Member, _: AccreditRequest, call: &mut Call) -> Result<(), Fault> {
    member.accredit_time = Some(call.timestamp());
    if let Some(limit) = age_limit(member, call.data()) {
        let left = (limit - call.now()).to_std().unwrap_or_default();
        let clock = Clock::new(call.now(), Length::Exactly(left));
        call.timers().set(AGE_TIMER, clock);
    }
    Ok(())
}

/// No reason need be given (art. 9.1).
fn decline(member: &mut Member, _: DeclineRequest, call: &mut Call) -> Result<(), Fault> {
    member.decline_time = Some(call.timestamp());
    Ok(())
}

fn notify_change(member: &mut Member, request: NotifyChangeRequest, call: &mut Call) -> Result<(), Fault> {
    let from = request.change.as_ref().and_then(|change| change.effective_time.as_ref()).and_then(instant);
    let first = member.facts.first().and_then(|fact| fact.effective_time.as_ref()).and_then(instant);
    refuse_if(from < first, Reason::DatesImplausible, "the change takes effect before the notification it changes")?;
    refuse_if(from > Some(call.now()), Reason::DatesImplausible, "a change is notified once it has taken effect")?;
    member.pending_change = request.change;
    Ok(())
}

/// What was confirmed is added to what is known; what held before still shows for the time before.
fn confirm_change(member: &mut Member, _: ConfirmChangeRequest, _: &mut Call) -> Result<(), Fault> {
    let Some(change) = member.pending_change.take() else { return Ok(()) };
    member.facts.push(change);
    member.facts.sort_by_key(effective);
    if let Some(latest) = member.facts.last() {
        member.residence = latest.residence;
        member.title.clone_from(&latest.title);
    }
    Ok(())
}

fn reject_change(member: &mut Member, _: RejectChangeRequest, _: &mut Call) -> Result<(), Fault> {
    member.pending_change = None;
    Ok(())
}

fn terminate(member: &mut Member, request: TerminateRequest, call: &mut Call) -> Result<(), Fault> {
    let ended = request.end_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(ended > call.now(), Reason::DatesImplausible, "the end of functions is a fact and lies in the past")?;
    let arrived = member.arrival_time.as_ref().and_then(instant);
    let before = arrived.is_some_and(|arrived| ended < arrived);
    refuse_if(before, Reason::DatesImplausible, "the functions ended before the person arrived")?;
    begin_grace(member, request.cause(), ended, call)
}

/// A reasonable period to leave the country follows the end of functions (art. 39.2); for the family also after a death
/// (art. 39.3).
fn begin_grace(member: &mut Member, cause: EndCause, ended: DateTime<Utc>, call: &mut Call) -> Result<(), Fault> {
    member.termination_time = Some(timestamp(ended));
    member.set_end_cause(cause);
    member.pending_change = None;
    call.timers().clear(AGE_TIMER);
    let grace = call.data::<Terms>().grace;
    run_grace(member, Clock::new(ended, grace), call);
    Ok(())
}

fn run_grace(member: &mut Member, clock: Clock, call: &mut Call) {
    member.grace_end_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(GRACE_TIMER, clock);
}

/// Once, and only if asked for while the period still runs.
fn extend_grace(member: &mut Member, _: ExtendGraceRequest, call: &mut Call) -> Result<(), Fault> {
    refuse_if(member.grace_extended, Reason::GraceAlreadyExtended, "the grace period was extended once already")?;
    let over = member.grace_end_time.as_ref().and_then(instant).is_none_or(|end| end <= call.now());
    refuse_if(over, Reason::GraceOver, "the grace period has ended")?;
    let ended = member.termination_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    member.grace_extended = true;
    let extended = call.data::<Terms>().grace_extended;
    run_grace(member, Clock::new(ended, extended), call);
    Ok(())
}

fn record_departure(member: &mut Member, request: RecordDepartureRequest, call: &mut Call) -> Result<(), Fault> {
    let left = request.departure_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(left > call.now(), Reason::DatesImplausible, "the departure is a fact and lies in the past")?;
    let arrived = member.arrival_time.as_ref().and_then(instant);
    let before = arrived.is_some_and(|arrived| left < arrived);
    refuse_if(before, Reason::DatesImplausible, "the person left before arriving")?;
    let grace_end = member.grace_end_time.as_ref().and_then(instant).unwrap_or(left);
    let ended = member.termination_time.as_ref().and_then(instant).unwrap_or(left);
    member.departure_time = Some(timestamp(left));
    // One who left before the functions ended keeps the status until they end.
    member.end_time = Some(timestamp(left.max(ended).min(grace_end)));
    call.timers().clear(GRACE_TIMER);
    Ok(())
}

/// When a child stops being one of the household; none for everyone else.
fn age_limit(member: &Member, terms: &Terms) -> Option<DateTime<Utc>> {
    let age = match member.relation() {
        Relation::Child => terms.child_age,
        Relation::StudentChild => terms.student_age,
        _ => return None,
    };
    let born: NaiveDate = member.birth_date.parse().ok()?;
    let birthday = born.checked_add_months(Months::new(12 * age))?;
    Some(birthday.and_time(chrono::NaiveTime::MIN).and_utc())
}

fn effective(fact: &Fact) -> Option<DateTime<Utc>> {
    fact.effective_time.as_ref().and_then(instant)
}
