//! The public intake of a crisis: whoever is there says so from an address that is proven, and is on the list, once.
//!
//! Nobody learns here who is on a list: an intake answers the same whether its people were known or not. Of those who were,
//! what an address says counts that is proven to be the registrant's; what others say is put down as hearsay, because anyone
//! can give another's name.

use crate::contact_codes::{self, Addressee, Guess};
use crate::crisis_arrivals::{Arrivals, arrivals, arrive};
use crate::parcels::Parcel;
use crate::register_practice::RegisterPractice;
use crate::registration_rules::RETENTION;
use crate::registrations::own_or_all;
use calendar::{Clock, Length};
use chrono::TimeDelta;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::crisis_intake_service_server::CrisisIntakeService;
use proto::consular::v1::{
    CreateCrisisIntakeRequest, Crisis, CrisisIntake, GetCrisisIntakeRequest, ListCrisisIntakeRevisionsRequest,
    ListCrisisIntakeRevisionsResponse, ListCrisisIntakesRequest, ListCrisisIntakesResponse, ProveCrisisIntakeRequest,
    Reason, WatchCrisisIntakesRequest, WatchCrisisIntakesResponse, crisis,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use tonic::Request;

/// The right of those who keep the list: they see every intake.
const RECORD: &str = "consular.crisisPersons.record";
/// When the address must be proven.
const PROOF: &str = "proof";

/// The intakes.
#[derive(Clone, Debug)]
pub struct CrisisIntakes {
    registry: Registry<Self>,
}

impl Keep for CrisisIntakes {
    type Record = CrisisIntake;

    /// Whoever filed it, a person or an app of ours, and who keeps the list.
    fn visible(to: &Principal) -> Visible {
        own_or_all(to, RECORD)
    }

    fn admit(intake: &mut CrisisIntake, call: &mut Call) -> Result<(), Fault> {
        call.principal().subject.as_ref().clone_into(&mut intake.owner);
        intake.contact = address(intake).to_owned();
        Ok(())
    }

    /// Nothing personal is left, whether it lapses or its time is over.
    async fn fire_with(intake: &mut CrisisIntake, _: &str, reader: &mut Reader<'_>, _: &mut Call) -> Result<(), Fault> {
        forget(reader, intake).await?;
        *intake = CrisisIntake {
            name: intake.name.clone(),
            crisis: intake.crisis.clone(),
            state: intake.state,
            said: intake.said,
            prove_time: intake.prove_time,
            uid: intake.uid.clone(),
            etag: intake.etag.clone(),
            create_time: intake.create_time,
            update_time: intake.update_time,
            ..CrisisIntake::default()
        };
        Ok(())
    }
}

impl CrisisIntakes {
    /// The intakes that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// Counts a guess at the code of an intake that the caller sees.
    async fn guessed(&self, request: &Request<ProveCrisisIntakeRequest>) -> Result<(), Fault> {
        let by = &Called::of(request)?.principal;
        match self.registry.load_for(by, &request.get_ref().name).await? {
            Some(known) => contact_codes::count_guess(self.registry.store().pool(), &known.name, &known.contact).await,
            None => Ok(()),
        }
    }
}

/// The address to be proven: the e-mail address, or the telephone.
fn address(intake: &CrisisIntake) -> &str {
    if intake.email.is_empty() { &intake.phone } else { &intake.email }
}

/// The crisis, and how many intakes this address has filed of late. One address files one after another.
async fn surroundings(reader: &mut Reader<'_>, intake: &CrisisIntake) -> Result<(Option<Crisis>, usize), Fault> {
    let (crisis, contact) = (reader.share::<Crisis>(&intake.crisis).await?, address(intake));
    if contact.is_empty() {
        return Ok((crisis, 0));
    }
    reader.alone(&format!("intakes of {contact}")).await?;
    let since = reader.now() - TimeDelta::days(1);
    let filed: Vec<CrisisIntake> = reader.all(&[("contact", &[contact])]).await?;
    let recent = |one: &&CrisisIntake| one.create_time.as_ref().and_then(instant).is_some_and(|time| time > since);
    let recent = filed.iter().filter(recent).count();
    let to = Addressee { record: &intake.name, language: &intake.language };
    let parcel = Parcel { about: intake.name.clone(), ..Parcel::default() };
    contact_codes::send_to(reader, to, contact, parcel).await?;
    Ok((crisis, recent))
}

fn file(intake: &mut CrisisIntake, (crisis, recent): (Option<Crisis>, usize), call: &mut Call) -> Result<(), Fault> {
    let unknown = || Fault::new(House::InvalidFields, "1 field is wrong").at("crisisIntake.crisis", "names no record");
    let open = crisis.ok_or_else(unknown)?.state() == crisis::State::Open;
    refuse_if(!open, Reason::CrisisClosed, "the crisis is closed")?;
    let nowhere = intake.contact.is_empty();
    refuse_if(nowhere, Reason::NoContact, "nobody can be told without an e-mail address or a telephone")?;
    let practice = RegisterPractice::get();
    let often = recent >= practice.intakes_a_day;
    refuse_if(often, Reason::TooManyIntakes, "enough intakes were filed with this address today")?;
    let clock = Clock::new(call.now(), Length::Days(practice.intake_days));
    call.timers().set(PROOF, clock);
    Ok(())
}

async fn proof(
    reader: &mut Reader<'_>,
    intake: &CrisisIntake,
    ask: &ProveCrisisIntakeRequest,
) -> Result<(Guess, Arrivals), Fault> {
    let guess = contact_codes::guess(reader, &intake.name, &intake.contact, &ask.code).await?;
    Ok((guess, arrivals(reader, intake).await?))
}

fn prove(
    intake: &mut CrisisIntake,
    _: ProveCrisisIntakeRequest,
    (guess, arrivals): (Guess, Arrivals),
    call: &mut Call,
) -> Result<(), Fault> {
    guess.must_be_right()?;
    intake.prove_time = Some(call.timestamp());
    call.timers().clear(PROOF);
    let clock = Clock::new(call.now(), Length::Days(RegisterPractice::get().retention_days));
    call.timers().set(RETENTION, clock);
    arrive(intake, arrivals, call)
}

/// Erases what stands of an intake beside the record: code, parcel and what was delivered, and its history.
async fn forget(reader: &mut Reader<'_>, intake: &CrisisIntake) -> Result<(), Fault> {
    for text in [
        "delete from contact_codes where registration = $1",
        "update parcels set address = '', others = '{}', subject = '', body = '', state = \
             case when state = 'QUEUED' then 'CANCELLED' else state end where about = $1",
        "update mailbox_messages set doc = doc || '{\"address\": \"\", \"subject\": \"\", \"body\": \"\"}' \
             where source = $1",
        "update history set doc = doc || '{\"people\": [], \"whereabouts\": \"\", \"note\": \"\", \"email\": \"\", \
             \"phone\": \"\", \"contact\": \"\", \"owner\": \"\"}' where kind = 'crisisIntakes' and name = $1",
    ] {
        sqlx::query(text).bind(&intake.name).execute(reader.beside()).await.map_err(pg::fault)?;
    }
    Ok(())
}

#[tonic::async_trait]
impl CrisisIntakeService for CrisisIntakes {
    async fn get_crisis_intake(&self, request: Request<GetCrisisIntakeRequest>) -> Answer<CrisisIntake> {
        self.registry.get(request).await
    }

    async fn list_crisis_intakes(
        &self,
        request: Request<ListCrisisIntakesRequest>,
    ) -> Answer<ListCrisisIntakesResponse> {
        self.registry.list(request).await
    }

    async fn create_crisis_intake(&self, request: Request<CreateCrisisIntakeRequest>) -> Answer<CrisisIntake> {
        self.registry.create_with(request, surroundings, file).await
    }

    async fn prove_crisis_intake(&self, request: Request<ProveCrisisIntakeRequest>) -> Answer<CrisisIntake> {
        self.guessed(&request).await?;
        self.registry.act_with(request, proof, prove).await
    }

    async fn list_crisis_intake_revisions(
        &self,
        request: Request<ListCrisisIntakeRevisionsRequest>,
    ) -> Answer<ListCrisisIntakeRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCrisisIntakesStream = Feed<WatchCrisisIntakesResponse>;

    async fn watch_crisis_intakes(
        &self,
        request: Request<WatchCrisisIntakesRequest>,
    ) -> Answer<Self::WatchCrisisIntakesStream> {
        self.registry.watch(request).await
    }
}
