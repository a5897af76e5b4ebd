//! Members of missions: from notification through accreditation to the end of their privileges (VCDR art. 8-10, 38, 39,
//! 43; VCCR art. 22-25, 53).

use crate::agrements;
use crate::arrivals;
use crate::departures;
use crate::ending::{self, Holdings};
use crate::grace::{self, AGE_TIMER, GRACE_TIMER};
use crate::notification::{self, Surroundings};
use calendar::{Clock, Length};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::member_service_server::MemberService;
use proto::accreditation::v1::{
    AccreditRequest, Agrement, AssessMemberRequest, AssessMemberResponse, BeginValidationRequest, ConfirmChangeRequest,
    CreateMemberRequest, DeclineRequest, ExportMembersRequest, ExportMembersResponse, ExtendGraceRequest, Fact,
    GetMemberRequest, LinkPersonRequest, ListMemberRevisionsRequest, ListMemberRevisionsResponse, ListMembersRequest,
    ListMembersResponse, Member, NotifyChangeRequest, PassValidationRequest, Reason, RecordArrivalRequest,
    RecordDepartureRequest, RejectChangeRequest, ResubmitRequest, ReturnNotificationRequest, TerminateRequest,
    UpdateMemberRequest, WatchMembersRequest, WatchMembersResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Rehearsed, Visible, instant};
use tonic::{Request, Response};

/// The states in which a person counts as one of the mission's members.
pub(crate) const LIVE: [&str; 7] =
    ["NOTIFIED", "VALIDATION", "RETURNED", "UNDER_REVIEW", "ACCREDITED", "CHANGE_REVIEW", "GRACE"];

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
        grace::begin(member, EndCause::AgeLimit, call.now(), call);
        Ok(())
    }

    /// With the privileges ends what the person holds of us.
    async fn fire_with(
        member: &mut Member,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let holdings = match timer {
            GRACE_TIMER => Holdings::of(reader, &[&member.name]).await?,
            _ => Holdings::default(),
        };
        Self::fire(member, timer, call)?;
        holdings.end(RevocationCause::FunctionsEnded, call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let live = "this person already has a live accreditation in this role at this mission";
        let spent = "another notification is made under this agrément";
        let recognised = "another notification is made under this recognition";
        match name {
            "members_one_live_role" => Some(Fault::new(Reason::AccreditationAlreadyLive, live)),
            "members_one_per_agrement" => Some(Fault::new(Reason::AgrementSpent, spent)),
            "members_one_per_recognition" => Some(Fault::new(Reason::RecognitionUnfit, recognised)),
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
        self.registry.create_with(request, notification::surroundings, notify).await
    }

    async fn update_member(&self, request: Request<UpdateMemberRequest>) -> Answer<Member> {
        self.registry.update_with(request, notification::as_corrected, correct).await
    }

    async fn begin_validation(&self, request: Request<BeginValidationRequest>) -> Answer<Member> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn return_notification(&self, request: Request<ReturnNotificationRequest>) -> Answer<Member> {
        self.registry.act(request, return_notification).await
    }

    async fn resubmit(&self, request: Request<ResubmitRequest>) -> Answer<Member> {
        self.registry.act_with(request, around, resubmit).await
    }

    async fn pass_validation(&self, request: Request<PassValidationRequest>) -> Answer<Member> {
        self.registry.act_with(request, around, pass_validation).await
    }

    async fn accredit(&self, request: Request<AccreditRequest>) -> Answer<Member> {
        self.registry.act_with(request, opened_by, accredit).await
    }

    async fn decline(&self, request: Request<DeclineRequest>) -> Answer<Member> {
        self.registry.act_with(request, household_with_holdings, decline).await
    }

    async fn notify_change(&self, request: Request<NotifyChangeRequest>) -> Answer<Member> {
        self.registry.act_with(request, household, notify_change).await
    }

    async fn confirm_change(&self, request: Request<ConfirmChangeRequest>) -> Answer<Member> {
        self.registry.act(request, confirm_change).await
    }

    async fn reject_change(&self, request: Request<RejectChangeRequest>) -> Answer<Member> {
        self.registry.act(request, reject_change).await
    }

    async fn record_arrival(&self, request: Request<RecordArrivalRequest>) -> Answer<Member> {
        self.registry.act_with(request, arrivals::agrement, arrivals::record_arrival).await
    }

    async fn terminate(&self, request: Request<TerminateRequest>) -> Answer<Member> {
        self.registry.act_with(request, departures::ending_with, departures::terminate).await
    }

    async fn extend_grace(&self, request: Request<ExtendGraceRequest>) -> Answer<Member> {
        self.registry.act_with(request, departures::kin_leaving, departures::extend_grace).await
    }

    async fn record_departure(&self, request: Request<RecordDepartureRequest>) -> Answer<Member> {
        self.registry.act_with(request, departures::holdings, departures::record_departure).await
    }

    async fn link_person(&self, request: Request<LinkPersonRequest>) -> Answer<Member> {
        self.registry.act_with(request, is_known, link_person).await
    }

    async fn assess_member(&self, request: Request<AssessMemberRequest>) -> Answer<AssessMemberResponse> {
        let Rehearsed { record, .. } = self.registry.rehearse(request, around, assess).await?;
        Ok(Response::new(AssessMemberResponse { notified_late: record.notified_late, findings: record.findings }))
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

async fn around<R>(reader: &mut Reader<'_>, member: &Member, _: &R) -> Result<Surroundings, Fault> {
    notification::circumstances(reader, member).await
}

async fn household<R>(reader: &mut Reader<'_>, member: &Member, _: &R) -> Result<Vec<String>, Fault> {
    notification::household(reader, member).await
}

/// The household, and what it holds of us.
async fn household_with_holdings<R>(
    reader: &mut Reader<'_>,
    member: &Member,
    _: &R,
) -> Result<(Vec<Held<Members>>, Holdings), Fault> {
    let kin = ending::dependants(reader, member).await?;
    let names: Vec<_> = kin.iter().map(|kin| kin.name.as_str()).collect();
    let holdings = Holdings::of(reader, &names).await?;
    Ok((kin, holdings))
}

/// The agrément of a head of mission, which cannot be withdrawn or lapse meanwhile.
async fn opened_by<R>(reader: &mut Reader<'_>, member: &Member, _: &R) -> Result<Option<Agrement>, Fault> {
    match member.agrement.as_str() {
        "" => Ok(None),
        name => reader.share(name).await,
    }
}

async fn is_known(reader: &mut Reader<'_>, _: &Member, request: &LinkPersonRequest) -> Result<bool, Fault> {
    reader.exists::<Member>(&[("person", &[request.person.as_str()])]).await
}

fn notify(member: &mut Member, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    notification::admit(member, &around, call)?;
    notification::judge(member, &around, &call.principal().subject, call)?;
    notification::record(member, call);
    if let Some(recognition) = around.recognition {
        call.follow(recognition, "beNotified", |consul, _| {
            consul.member.clone_from(&member.name);
            Ok(())
        })?;
    }
    arrivals::serve(around.agrement, member, call)
}

fn correct(member: &mut Member, _: &Member, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    notification::judge(member, &around, &call.principal().subject, call)?;
    arrivals::serve(around.agrement, member, call)
}

fn return_notification(member: &mut Member, request: ReturnNotificationRequest, _: &mut Call) -> Result<(), Fault> {
    member.correction = request.correction;
    Ok(())
}

fn resubmit(member: &mut Member, _: ResubmitRequest, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    notification::judge(member, &around, &call.principal().subject, call)?;
    member.correction.clear();
    Ok(())
}

/// Things may have changed since it was filed: the predecessor may be back, the post filled.
fn pass_validation(
    member: &mut Member,
    _: PassValidationRequest,
    around: Surroundings,
    call: &mut Call,
) -> Result<(), Fault> {
    notification::judge(member, &around, "", call)
}

/// Whoever asks, it is as if nobody signed.
fn assess(member: &mut Member, _: AssessMemberRequest, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    member.findings = notification::assess(member, &around, "", call);
    Ok(())
}

fn link_person(member: &mut Member, request: LinkPersonRequest, known: bool, _: &mut Call) -> Result<(), Fault> {
    refuse_if(!known, Reason::PersonUnknown, "no accreditation names this person")?;
    member.person = request.person;
    member.findings.retain(|finding| finding.reason != Reason::PossibleDuplicate.as_str_name());
    Ok(())
}

fn accredit(member: &mut Member, _: AccreditRequest, agrement: Option<Agrement>, call: &mut Call) -> Result<(), Fault> {
    agrements::holds(agrement.as_ref())?;
    member.accredit_time = Some(call.timestamp());
    member.findings.clear();
    if let Some(limit) = grace::age_limit(member, call.data()) {
        let left = (limit - call.now()).to_std().unwrap_or_default();
        let clock = Clock::new(call.now(), Length::Exactly(left));
        call.timers().set(AGE_TIMER, clock);
    }
    Ok(())
}

/// No reason need be given (art. 9.1). The household of one who is not accepted was never one here.
fn decline(
    member: &mut Member,
    _: DeclineRequest,
    (kin, holdings): (Vec<Held<Members>>, Holdings),
    call: &mut Call,
) -> Result<(), Fault> {
    member.decline_time = Some(call.timestamp());
    member.findings.clear();
    let now = call.now();
    kin.into_iter().try_for_each(|kin| {
        call.follow(kin, "endWithPrincipal", |kin, call| {
            grace::lapse(kin, EndCause::PrincipalEnded, now, call);
            Ok(())
        })
    })?;
    holdings.end(RevocationCause::FunctionsEnded, call)
}

fn notify_change(
    member: &mut Member,
    request: NotifyChangeRequest,
    household: Vec<String>,
    call: &mut Call,
) -> Result<(), Fault> {
    notification::signed_by_another(member, &household, call)?;
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

fn effective(fact: &Fact) -> Option<DateTime<Utc>> {
    fact.effective_time.as_ref().and_then(instant)
}
