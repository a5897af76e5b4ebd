//! Agréments: our consent to a head of mission, asked for before the appointment and kept confidential until the sending
//! state announces it (VCDR art. 4, 8.2).

use crate::ending::IN_FUNCTIONS;
use crate::practice::Practice;
use calendar::{Clock, Length, due};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use prost_types::Timestamp;
use proto::accreditation::v1::agrement::{Disclosure, State};
use proto::accreditation::v1::agrement_service_server::AgrementService;
use proto::accreditation::v1::mission::{self, Type};
use proto::accreditation::v1::{
    Agrement, AnnounceAgrementRequest, Category, ConsultOnAgrementRequest, CreateAgrementRequest, GetAgrementRequest,
    GrantAgrementRequest, ListAgrementRevisionsRequest, ListAgrementRevisionsResponse, ListAgrementsRequest,
    ListAgrementsResponse, Member, Mission, Reason, RecordNomineeArrivalRequest, RefuseAgrementRequest,
    SubmitAgrementRequest, UpdateAgrementRequest, WatchAgrementsRequest, WatchAgrementsResponse,
    WithdrawAgrementRequest,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The permission of those who decide, and so know of every request.
const DECIDE: &str = "accreditation.agrements.decide";
/// The end of the time in which the person arrives.
const LAPSE_TIMER: &str = "lapse";

/// The agréments.
#[derive(Clone, Debug)]
pub struct Agrements {
    registry: Registry<Self>,
}

impl Keep for Agrements {
    type Record = Agrement;

    /// Confidential until announced: the mission and those who decide, nobody else.
    fn visible(to: &Principal) -> Visible {
        match &to.mission {
            Some(mission) => Visible::having("mission", mission),
            None if to.may(DECIDE) => Visible::All,
            None => Visible::having("disclosure", &Disclosure::Announced.as_str_name().into()),
        }
    }

    fn amend(agrement: &mut Agrement, _: &Agrement, call: &mut Call) -> Result<(), Fault> {
        check_nominee(agrement, call)
    }

    /// The time to arrive is over; the contract says what that does.
    fn fire(_: &mut Agrement, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this mission has a request before us already";
        (name == "agrements_one_before_us").then(|| Fault::new(Reason::AgrementAlreadyAsked, words))
    }
}

impl Agrements {
    /// The agréments that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AgrementService for Agrements {
    async fn get_agrement(&self, request: Request<GetAgrementRequest>) -> Answer<Agrement> {
        self.registry.get(request).await
    }

    async fn list_agrements(&self, request: Request<ListAgrementsRequest>) -> Answer<ListAgrementsResponse> {
        self.registry.list(request).await
    }

    async fn create_agrement(&self, request: Request<CreateAgrementRequest>) -> Answer<Agrement> {
        self.registry.create_with(request, sending_mission, prepare).await
    }

    async fn update_agrement(&self, request: Request<UpdateAgrementRequest>) -> Answer<Agrement> {
        self.registry.update(request).await
    }

    async fn submit_agrement(&self, request: Request<SubmitAgrementRequest>) -> Answer<Agrement> {
        self.registry.act(request, submit).await
    }

    async fn consult_on_agrement(&self, request: Request<ConsultOnAgrementRequest>) -> Answer<Agrement> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn grant_agrement(&self, request: Request<GrantAgrementRequest>) -> Answer<Agrement> {
        self.registry.act(request, grant).await
    }

    async fn refuse_agrement(&self, request: Request<RefuseAgrementRequest>) -> Answer<Agrement> {
        self.registry.act(request, refuse).await
    }

    async fn withdraw_agrement(&self, request: Request<WithdrawAgrementRequest>) -> Answer<Agrement> {
        self.registry.act_with(request, is_notified, withdraw).await
    }

    async fn announce_agrement(&self, request: Request<AnnounceAgrementRequest>) -> Answer<Agrement> {
        self.registry.act(request, announce).await
    }

    async fn record_nominee_arrival(&self, request: Request<RecordNomineeArrivalRequest>) -> Answer<Agrement> {
        self.registry.act(request, record_arrival).await
    }

    async fn list_agrement_revisions(
        &self,
        request: Request<ListAgrementRevisionsRequest>,
    ) -> Answer<ListAgrementRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAgrementsStream = Feed<WatchAgrementsResponse>;

    async fn watch_agrements(&self, request: Request<WatchAgrementsRequest>) -> Answer<Self::WatchAgrementsStream> {
        self.registry.watch(request).await
    }
}

async fn sending_mission(reader: &mut Reader<'_>, agrement: &Agrement) -> Result<Option<Mission>, Fault> {
    reader.share(&agrement.mission).await
}

/// Asked for by a mission that has, or is to have, a head; its own staff ask for it alone.
fn prepare(agrement: &mut Agrement, mission: Option<Mission>, call: &mut Call) -> Result<(), Fault> {
    let own = |mission: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == mission.name);
    let Some(mission) = mission.filter(own) else {
        let fault = Fault::new(House::BrokenReference, "there is no such mission");
        return Err(fault.at("agrement.mission", "does not exist"));
    };
    let ended = matches!(
        mission.state(),
        mission::State::Closing | mission::State::Closed | mission::State::Refused | mission::State::Severed
    );
    let headed = needs_agrement(mission.r#type()) && !ended;
    refuse_if(!headed, Reason::MissionHasNoHead, "no head of mission is appointed to such a mission")?;
    agrement.set_disclosure(Disclosure::Confidential);
    check_nominee(agrement, call)
}

fn check_nominee(agrement: &Agrement, call: &Call) -> Result<(), Fault> {
    let born: Option<NaiveDate> = agrement.birth_date.parse().ok();
    let past = born.is_some_and(|born| born < call.now().date_naive());
    refuse_if(!past, Reason::DatesImplausible, "the date of birth lies in the future")
        .map_err(|fault| fault.at("agrement.birthDate", "lies in the future"))
}

fn submit(agrement: &mut Agrement, request: SubmitAgrementRequest, call: &mut Call) -> Result<(), Fault> {
    agrement.note_reference = request.note_reference;
    agrement.submit_time = Some(call.timestamp());
    Ok(())
}

/// One of our own nationals may be appointed only with our consent, given expressly (art. 8.2).
fn grant(agrement: &mut Agrement, request: GrantAgrementRequest, call: &mut Call) -> Result<(), Fault> {
    let national = agrement.nationality == call.home().state;
    let words = "the person is a national of our own state, and the consent does not say that it extends to that";
    refuse_if(national && !request.consent_to_national, Reason::NomineeIsNational, words)?;
    let clock = Clock::new(call.now(), Length::Months(Practice::of(call.home()).agrement_months));
    agrement.decide_time = Some(call.timestamp());
    agrement.consent_to_national = national;
    agrement.lapse_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(LAPSE_TIMER, clock);
    Ok(())
}

/// We are not obliged to give reasons (art. 4.2), and there is nowhere to put them.
fn refuse(agrement: &mut Agrement, _: RefuseAgrementRequest, call: &mut Call) -> Result<(), Fault> {
    agrement.decide_time = Some(call.timestamp());
    Ok(())
}

/// Whether a head of mission is notified under it. Who notifies one holds the agrément.
async fn is_notified<R>(reader: &mut Reader<'_>, agrement: &Agrement, _: &R) -> Result<bool, Fault> {
    reader.exists::<Member>(&[("agrement", &[agrement.name.as_str()]), ("state", &IN_FUNCTIONS)]).await
}

fn withdraw(agrement: &mut Agrement, _: WithdrawAgrementRequest, notified: bool, call: &mut Call) -> Result<(), Fault> {
    refuse_if(notified, Reason::AgrementInUse, "a head of mission is notified under this agrément")?;
    agrement.withdraw_time = Some(call.timestamp());
    call.timers().clear(LAPSE_TIMER);
    Ok(())
}

/// Announced once; said again, it changes nothing.
fn announce(agrement: &mut Agrement, _: AnnounceAgrementRequest, call: &mut Call) -> Result<(), Fault> {
    if agrement.announce_time.is_none() {
        agrement.announce_time = Some(call.timestamp());
        agrement.set_disclosure(Disclosure::Announced);
    }
    Ok(())
}

fn record_arrival(agrement: &mut Agrement, request: RecordNomineeArrivalRequest, call: &mut Call) -> Result<(), Fault> {
    let arrived = request.arrival_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(arrived > call.now(), Reason::DatesImplausible, "the arrival is a fact and lies in the past")?;
    agrement.arrival_time = Some(timestamp(arrived));
    call.timers().clear(LAPSE_TIMER);
    Ok(())
}

/// The head of mission was notified as arrived: the agrément has served, and no longer lapses.
pub(crate) fn arrive(agrement: &mut Agrement, arrival: Option<Timestamp>, call: &mut Call) -> Result<(), Fault> {
    agrement.arrival_time = arrival;
    call.timers().clear(LAPSE_TIMER);
    Ok(())
}

/// Whether the head of such a mission needs an agrément: those that the convention on diplomatic relations governs.
/// Offices without diplomatic relations have none (VCDR art. 2, 4).
pub(crate) fn needs_agrement(mission: Type) -> bool {
    matches!(mission, Type::Embassy | Type::Delegation)
}

/// A head of mission is notified under an agrément that was granted to this very person at this mission and is announced.
/// What is wrong with one that does not fit is not told: it may be another's, and confidential.
pub(crate) fn opens(member: &Member, mission: Type, agrement: Option<&Agrement>) -> Result<(), Fault> {
    let head = member.category() == Category::HeadOfMission && needs_agrement(mission);
    let unasked = head && member.agrement.is_empty();
    refuse_if(unasked, Reason::AgrementRequired, "a head of mission is notified under an agrément")?;
    let fits = match agrement {
        Some(agrement) => {
            head && agrement.mission == member.mission
                && matches!(agrement.state(), State::Granted | State::Arrived)
                && agrement.disclosure() == Disclosure::Announced
                && same_person(&nominee(agrement), &notified(member))
        }
        None => !head && member.agrement.is_empty(),
    };
    refuse_if(!fits, Reason::AgrementUnfit, "no announced agrément of this name opens this notification")
        .map_err(|fault| fault.at("member.agrement", "does not open this notification"))
}

/// A head of mission is accredited while our consent stands (art. 4.1).
pub(crate) fn holds(agrement: Option<&Agrement>) -> Result<(), Fault> {
    let gone = agrement.is_some_and(|agrement| !matches!(agrement.state(), State::Granted | State::Arrived));
    refuse_if(gone, Reason::AgrementUnfit, "the agrément was withdrawn or has lapsed")
}

/// A head of mission stays the person that the agrément names, whatever is corrected.
pub(crate) fn still_opens(member: &Member, before: &Member) -> Result<(), Fault> {
    let other = !member.agrement.is_empty() && !same_person(&notified(member), &notified(before));
    refuse_if(other, Reason::AgrementUnfit, "the agrément was granted to another person")
}

/// What tells a person in an agrément and in a notification: family name, date of birth, nationality.
type Identity<'a> = (&'a str, &'a str, &'a str);

fn nominee(agrement: &Agrement) -> Identity<'_> {
    (&agrement.family_name, &agrement.birth_date, &agrement.nationality)
}

fn notified(member: &Member) -> Identity<'_> {
    (&member.family_name, &member.birth_date, &member.nationality)
}

/// Capitals do not count: passports have them.
fn same_person(one: &Identity<'_>, other: &Identity<'_>) -> bool {
    one.0.to_lowercase() == other.0.to_lowercase() && (one.1, one.2) == (other.1, other.2)
}
