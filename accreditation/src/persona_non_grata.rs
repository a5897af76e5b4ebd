//! Declarations of persona non grata and of not being acceptable: at any time, without reasons (VCDR art. 9; VCCR art. 23).

use crate::ending::{self, Holdings, IN_FUNCTIONS, Leavers};
use crate::grace;
use crate::members::Members;
use crate::tenure::Tenures;
use calendar::{Clock, Length, due};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::persona_non_grata::State;
use proto::accreditation::v1::persona_non_grata_service_server::PersonaNonGrataService;
use proto::accreditation::v1::{
    ClosePersonaNonGrataRequest, CreatePersonaNonGrataRequest, DecidePersonaNonGrataRequest,
    DepartPersonaNonGrataRequest, GetPersonaNonGrataRequest, ListPersonaNonGrataRequest, ListPersonaNonGrataResponse,
    ListPersonaNonGrataRevisionsRequest, ListPersonaNonGrataRevisionsResponse, Member, NotifyPersonaNonGrataRequest,
    PersonaNonGrata, Reason, RefuseRecognitionRequest, ReviewPersonaNonGrataRequest, WatchPersonaNonGrataRequest,
    WatchPersonaNonGrataResponse, WithdrawPersonaNonGrataRequest, member,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use std::time::Duration;
use tonic::Request;

/// The instant by which the person should have left.
const DEADLINE_TIMER: &str = "deadline";

/// The states of a declaration after which there is not another yet.
const UNDER_WAY: [&str; 4] = ["PROPOSED", "LEGAL_REVIEW", "DECIDED", "NOTIFIED"];

/// The declarations.
#[derive(Clone, Debug)]
pub struct Declarations {
    registry: Registry<Self>,
}

/// The person, those whose functions derive from the person's, and what the person holds of us.
struct Concerned {
    member: Option<Held<Members>>,
    kin: Leavers,
    tenures: Tenures,
    holdings: Holdings,
}

impl Keep for Declarations {
    type Record = PersonaNonGrata;

    /// A sending state learns of a declaration by our note.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    /// What proves a status to others stops at the deadline. The status itself goes on until recall, departure or refusal
    /// of recognition (art. 9, 39.2).
    async fn fire_with(
        declaration: &mut PersonaNonGrata,
        _: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let holdings = Holdings::of(reader, &[&declaration.member]).await?;
        declaration.overdue = true;
        holdings.end(RevocationCause::Recalled, call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the person is declared already, or about to be";
        (name == "persona_non_grata_one").then(|| Fault::new(Reason::AlreadyUnwanted, words))
    }
}

impl Declarations {
    /// The declarations that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl PersonaNonGrataService for Declarations {
    async fn get_persona_non_grata(&self, request: Request<GetPersonaNonGrataRequest>) -> Answer<PersonaNonGrata> {
        self.registry.get(request).await
    }

    async fn list_persona_non_grata(
        &self,
        request: Request<ListPersonaNonGrataRequest>,
    ) -> Answer<ListPersonaNonGrataResponse> {
        self.registry.list(request).await
    }

    async fn create_persona_non_grata(
        &self,
        request: Request<CreatePersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        let member = async |reader: &mut Reader<'_>, declaration: &PersonaNonGrata| {
            reader.share::<Member>(&declaration.member).await
        };
        self.registry.create_with(request, member, propose).await
    }

    async fn review_persona_non_grata(
        &self,
        request: Request<ReviewPersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn decide_persona_non_grata(
        &self,
        request: Request<DecidePersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        self.registry.act(request, decide).await
    }

    async fn notify_persona_non_grata(
        &self,
        request: Request<NotifyPersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        self.registry.act_with(request, concerned, notify).await
    }

    async fn depart_persona_non_grata(
        &self,
        request: Request<DepartPersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        self.registry.act_with(request, concerned, depart).await
    }

    async fn refuse_recognition(&self, request: Request<RefuseRecognitionRequest>) -> Answer<PersonaNonGrata> {
        self.registry.act_with(request, concerned, refuse_recognition).await
    }

    async fn withdraw_persona_non_grata(
        &self,
        request: Request<WithdrawPersonaNonGrataRequest>,
    ) -> Answer<PersonaNonGrata> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn close_persona_non_grata(&self, request: Request<ClosePersonaNonGrataRequest>) -> Answer<PersonaNonGrata> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_persona_non_grata_revisions(
        &self,
        request: Request<ListPersonaNonGrataRevisionsRequest>,
    ) -> Answer<ListPersonaNonGrataRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPersonaNonGrataStream = Feed<WatchPersonaNonGrataResponse>;

    async fn watch_persona_non_grata(
        &self,
        request: Request<WatchPersonaNonGrataRequest>,
    ) -> Answer<Self::WatchPersonaNonGrataStream> {
        self.registry.watch(request).await
    }
}

/// The member who would be asked to leave, and whether that is under way: what one who opens a declaration has to know.
#[derive(Debug, Default)]
pub(crate) struct Unwanted {
    member: Option<Member>,
    under_way: Option<String>,
}

impl Unwanted {
    pub(crate) async fn of(reader: &mut Reader<'_>, member: &str) -> Result<Self, Fault> {
        let found = reader.share::<Member>(member).await?;
        let under_way: Vec<PersonaNonGrata> = reader.all(&[("member", &[member]), ("state", &UNDER_WAY)]).await?;
        Ok(Self { member: found, under_way: under_way.into_iter().next().map(|one| one.name) })
    }

    /// Whether the person has a status here that a declaration could end.
    pub(crate) fn is_here(&self) -> bool {
        self.member.as_ref().is_some_and(|member| !is_over(member))
    }

    /// Opens a declaration and gives its name; that of the one under way if there is one, none if the person has no status
    /// here any more.
    pub(crate) fn declare(&mut self, incident: &str, grounds: String, call: &mut Call) -> Result<String, Fault> {
        if self.under_way.is_none() && self.is_here() {
            let member = self.member.clone();
            let declaration = PersonaNonGrata {
                member: member.as_ref().map(|member| member.name.clone()).unwrap_or_default(),
                incident: incident.to_owned(),
                grounds,
                ..PersonaNonGrata::default()
            };
            let opened = call.open::<Declarations>(declaration, |one, call| propose(one, member, call))?;
            self.under_way = Some(opened);
        }
        Ok(self.under_way.clone().unwrap_or_default())
    }
}

fn is_over(member: &Member) -> bool {
    matches!(member.state(), member::State::Ended | member::State::Declined)
}

/// From the top down, after the declaration itself: nothing that holds a member asks for its declarations.
async fn concerned<R>(reader: &mut Reader<'_>, declaration: &PersonaNonGrata, _: &R) -> Result<Concerned, Fault> {
    let member = reader.hold::<Members>(&[("name", &[declaration.member.as_str()])]).await?.pop();
    let kin = match &member {
        Some(member) => ending::kin(reader, member).await?,
        None => Leavers::default(),
    };
    let tenures = Tenures::of(reader, member.iter().map(|member| &**member)).await?;
    let holdings = Holdings::of(reader, &[&declaration.member]).await?;
    Ok(Concerned { member, kin, tenures, holdings })
}

pub(crate) fn propose(declaration: &mut PersonaNonGrata, member: Option<Member>, _: &mut Call) -> Result<(), Fault> {
    let Some(member) = member else {
        let fault = Fault::new(House::BrokenReference, "there is no such member");
        return Err(fault.at("personaNonGrata.member", "does not exist"));
    };
    refuse_if(is_over(&member), Reason::MemberWithoutStatus, "the person has no status here any more")?;
    declaration.mission = member.mission;
    declaration.person = member.person;
    Ok(())
}

fn decide(declaration: &mut PersonaNonGrata, request: DecidePersonaNonGrataRequest, _: &mut Call) -> Result<(), Fault> {
    declaration.deadline_hours = request.deadline_hours;
    Ok(())
}

/// One who has not arrived is not acceptable, and does not come (art. 9.1); for one who is here the deadline runs.
fn notify(
    declaration: &mut PersonaNonGrata,
    request: NotifyPersonaNonGrataRequest,
    concerned: Concerned,
    call: &mut Call,
) -> Result<(), Fault> {
    declaration.note = request.note;
    declaration.notify_time = Some(call.timestamp());
    declaration.visa_lookout = true;
    let Concerned { member, kin, tenures, holdings } = concerned;
    let member = member.ok_or_else(|| Fault::new(House::Internal, "a declaration is kept without its member"))?;
    if grace::is_here(&member) || !IN_FUNCTIONS.contains(&member.state().as_str_name()) {
        declaration.set_state(State::Notified);
        let hours = u64::try_from(declaration.deadline_hours).unwrap_or_default();
        let clock = Clock::new(call.now(), Length::Exactly(Duration::from_secs(3600 * hours)));
        declaration.deadline = due(&clock, call.days()).map(timestamp);
        call.timers().set(DEADLINE_TIMER, clock);
        return call.follow(member, "becomeUnwanted", |member, call| {
            member.unwanted_time = Some(call.timestamp());
            Ok(())
        });
    }
    let now = call.now();
    declaration.set_state(State::NotAcceptable);
    call.follow(member, "beUnacceptable", |member, call| {
        member.decline_time = Some(call.timestamp());
        member.findings.clear();
        call.timers().clear_all();
        Ok(())
    })?;
    tenures.end(now, call)?;
    kin.end("endWithPrincipal", EndCause::PrincipalEnded, now, call)?;
    holdings.end(RevocationCause::Recalled, call)
}

fn depart(
    declaration: &mut PersonaNonGrata,
    request: DepartPersonaNonGrataRequest,
    concerned: Concerned,
    call: &mut Call,
) -> Result<(), Fault> {
    let left = request.departure_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(left > call.now(), Reason::DatesImplausible, "the departure is a fact and lies in the past")?;
    declaration.departure_time = Some(timestamp(left));
    call.timers().clear(DEADLINE_TIMER);
    let Concerned { member, kin, tenures, holdings } = concerned;
    tenures.end(left, call)?;
    let here = member.filter(|member| {
        !matches!(member.state(), member::State::Ended | member::State::Declined | member::State::Unspecified)
    });
    if let Some(member) = here {
        call.follow(member, "departUnwanted", |member, call| {
            grace::depart(member, EndCause::PersonaNonGrata, left, call);
            Ok(())
        })?;
    }
    kin.end("endWithPrincipal", EndCause::PrincipalEnded, left, call)?;
    holdings.end(RevocationCause::Recalled, call)
}

/// If the sending state refuses to recall, or does not within a reasonable period, the person is no longer recognised as a
/// member of the mission (art. 9.2), and has a last time to leave.
fn refuse_recognition(
    declaration: &mut PersonaNonGrata,
    request: RefuseRecognitionRequest,
    concerned: Concerned,
    call: &mut Call,
) -> Result<(), Fault> {
    let early = !declaration.overdue && !request.recall_refused;
    refuse_if(early, Reason::DeadlineRunning, "the sending state may still recall within the deadline")?;
    call.timers().clear(DEADLINE_TIMER);
    let Concerned { member, kin, tenures, holdings } = concerned;
    tenures.end(call.now(), call)?;
    let in_functions = member.filter(|member| IN_FUNCTIONS.contains(&member.state().as_str_name()));
    if let Some(member) = in_functions {
        call.follow(member, "loseRecognition", |member, call| {
            grace::begin_unwanted(member, EndCause::PersonaNonGrata, call);
            Ok(())
        })?;
    }
    kin.end_by("endWithPrincipal", call, |kin, call| grace::end_unwanted(kin, EndCause::PrincipalEnded, call))?;
    holdings.end(RevocationCause::Recalled, call)
}
