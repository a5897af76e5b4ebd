//! Waivers of immunity: asked of the sending state, always express, each for one scope and one proceeding (VCDR art. 32;
//! VCCR art. 45; CPIUN s. 14, 20, 23).

use crate::incidents::{self, Incidents};
use crate::members::Members;
use crate::persona_non_grata::Unwanted;
use crate::terms::Terms;
use calendar::{Clock, due};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::incident::WaiverOutcome;
use proto::accreditation::v1::waiver::State;
use proto::accreditation::v1::waiver_service_server::WaiverService;
use proto::accreditation::v1::{
    CloseWaiverRequest, CreateWaiverRequest, GetWaiverRequest, GrantWaiverRequest, Incident,
    ListWaiverRevisionsRequest, ListWaiverRevisionsResponse, ListWaiversRequest, ListWaiversResponse, Member, Reason,
    RefuseWaiverRequest, RemindWaiverRequest, SendWaiverRequest, WaivedImmunity, Waiver, WaiverScope,
    WatchWaiversRequest, WatchWaiversResponse, member,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The end of the time we wait for an answer.
const REPLY_TIMER: &str = "reply";

/// The states in which the sending state is being asked.
pub(crate) const UNANSWERED: [&str; 4] = ["OPENED", "SENT", "REMINDED", "NO_REPLY"];

/// The waivers.
#[derive(Clone, Debug)]
pub struct Waivers {
    registry: Registry<Self>,
}

impl Keep for Waivers {
    type Record = Waiver;

    /// What we mean to ask is not a mission's to read before we ask it, and then it has our note.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    /// Silence waives nothing; the contract says what it leads to.
    fn fire(_: &mut Waiver, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the sending state is being asked for this waiver already";
        (name == "waivers_one_request").then(|| Fault::new(Reason::WaiverAlreadyAsked, words))
    }
}

impl Waivers {
    /// The waivers that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl WaiverService for Waivers {
    async fn get_waiver(&self, request: Request<GetWaiverRequest>) -> Answer<Waiver> {
        self.registry.get(request).await
    }

    async fn list_waivers(&self, request: Request<ListWaiversRequest>) -> Answer<ListWaiversResponse> {
        self.registry.list(request).await
    }

    async fn create_waiver(&self, request: Request<CreateWaiverRequest>) -> Answer<Waiver> {
        let member = async |reader: &mut Reader<'_>, waiver: &Waiver| reader.share::<Member>(&waiver.member).await;
        self.registry.create_with(request, member, open).await
    }

    async fn send_waiver(&self, request: Request<SendWaiverRequest>) -> Answer<Waiver> {
        self.registry.act(request, send).await
    }

    async fn remind_waiver(&self, request: Request<RemindWaiverRequest>) -> Answer<Waiver> {
        self.registry.act(request, remind).await
    }

    async fn grant_waiver(&self, request: Request<GrantWaiverRequest>) -> Answer<Waiver> {
        self.registry.act_with(request, touched, grant).await
    }

    async fn refuse_waiver(&self, request: Request<RefuseWaiverRequest>) -> Answer<Waiver> {
        self.registry.act_with(request, led_from, refuse).await
    }

    async fn close_waiver(&self, request: Request<CloseWaiverRequest>) -> Answer<Waiver> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_waiver_revisions(
        &self,
        request: Request<ListWaiverRevisionsRequest>,
    ) -> Answer<ListWaiverRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchWaiversStream = Feed<WatchWaiversResponse>;

    async fn watch_waivers(&self, request: Request<WatchWaiversRequest>) -> Answer<Self::WatchWaiversStream> {
        self.registry.watch(request).await
    }
}

/// The member, and the incident that led to the request. Nothing that holds a member asks for its waivers, so that this lock
/// is the lower one, though the waiver came first.
async fn touched(
    reader: &mut Reader<'_>,
    waiver: &Waiver,
    _: &GrantWaiverRequest,
) -> Result<(Vec<Held<Members>>, Vec<Held<Incidents>>), Fault> {
    Ok((reader.hold(&[("name", &[waiver.member.as_str()])]).await?, incident(reader, waiver).await?))
}

/// The incident that led to the request, and the member who would have to leave.
async fn led_from(
    reader: &mut Reader<'_>,
    waiver: &Waiver,
    _: &RefuseWaiverRequest,
) -> Result<(Vec<Held<Incidents>>, Unwanted), Fault> {
    Ok((incident(reader, waiver).await?, Unwanted::of(reader, &waiver.member).await?))
}

/// The incident that waits for the answer to this very request.
async fn incident(reader: &mut Reader<'_>, waiver: &Waiver) -> Result<Vec<Held<Incidents>>, Fault> {
    let fields: [(&str, &[&str]); 2] = [("member", &[&waiver.member]), ("state", &["CHARGE_STATED"])];
    let mut held: Vec<Held<Incidents>> = reader.hold(&fields).await?;
    held.retain(|incident| incident.waiver == waiver.name);
    Ok(held)
}

/// Tells the incident what was answered; whether it opens a declaration is the incident's to know.
fn tell(
    incidents: Vec<Held<Incidents>>,
    outcome: WaiverOutcome,
    mut unwanted: Unwanted,
    call: &mut Call,
) -> Result<(), Fault> {
    incidents.into_iter().try_for_each(|incident| {
        let learn = |incident: &mut Incident, call: &mut Call| incidents::learn(incident, outcome, &mut unwanted, call);
        call.follow(incident, "learnOfAnswer", learn)
    })
}

/// Immunity can be waived that someone has, or will keep for official acts for ever.
fn open(waiver: &mut Waiver, member: Option<Member>, _: &mut Call) -> Result<(), Fault> {
    let Some(member) = member else {
        let fault = Fault::new(House::BrokenReference, "there is no such member");
        return Err(fault.at("waiver.member", "does not exist"));
    };
    let never = member.state() == member::State::Declined;
    refuse_if(never, Reason::MemberWithoutStatus, "the person was not accepted and has no immunity to waive")?;
    waiver.mission = member.mission;
    Ok(())
}

fn send(waiver: &mut Waiver, request: SendWaiverRequest, call: &mut Call) -> Result<(), Fault> {
    waiver.note = request.note;
    waiver.send_time = Some(call.timestamp());
    wait(waiver, call);
    Ok(())
}

fn remind(waiver: &mut Waiver, _: RemindWaiverRequest, call: &mut Call) -> Result<(), Fault> {
    waiver.reminders += 1;
    wait(waiver, call);
    Ok(())
}

fn wait(waiver: &mut Waiver, call: &mut Call) {
    let clock = Clock::new(call.now(), call.data::<Terms>().waiver_reply);
    waiver.reply_due_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(REPLY_TIMER, clock);
}

/// The waiver is the sending state's, in words, and holds from when it was declared (art. 32.2).
fn grant(
    waiver: &mut Waiver,
    request: GrantWaiverRequest,
    (holder, incidents): (Vec<Held<Members>>, Vec<Held<Incidents>>),
    call: &mut Call,
) -> Result<(), Fault> {
    let effective = request.effective_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let sent = waiver.send_time.as_ref().and_then(instant);
    let implausible = effective > call.now() || sent.is_some_and(|sent| effective < sent);
    refuse_if(implausible, Reason::WaiverDateImplausible, "a waiver is declared after it was asked for, and by now")?;
    let beyond = request.inviolability && waiver.scope() != WaiverScope::Criminal;
    refuse_if(beyond, Reason::InviolabilityOutOfScope, "inviolability is waived with criminal immunity only")?;
    let partial = !request.limits.is_empty();
    waiver.set_state(if partial { State::Partial } else { State::Granted });
    waiver.text = request.text;
    waiver.authority = request.authority;
    waiver.limits = request.limits;
    waiver.inviolability = request.inviolability;
    waiver.effective_time = Some(timestamp(effective));
    call.timers().clear(REPLY_TIMER);
    let waived = WaivedImmunity {
        waiver: waiver.name.clone(),
        scope: waiver.scope,
        proceedings: waiver.proceedings.clone(),
        effective_time: waiver.effective_time,
        partial,
        inviolability: waiver.inviolability,
    };
    holder.into_iter().try_for_each(|member| {
        call.follow(member, "waive", |member, _| {
            member.waived.push(waived.clone());
            Ok(())
        })
    })?;
    tell(incidents, WaiverOutcome::WaiverGranted, Unwanted::default(), call)
}

/// After a refusal in a serious case the person should leave: that is proposed, opened by the incident if one led here, and
/// decided by others.
fn refuse(
    waiver: &mut Waiver,
    _: RefuseWaiverRequest,
    (incidents, unwanted): (Vec<Held<Incidents>>, Unwanted),
    call: &mut Call,
) -> Result<(), Fault> {
    waiver.departure_proposed = waiver.serious;
    call.timers().clear(REPLY_TIMER);
    tell(incidents, WaiverOutcome::WaiverRefused, unwanted, call)
}
