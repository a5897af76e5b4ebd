//! The register of our citizens abroad: told by themselves, proven, confirmed from time to time, erased in the end.

use crate::contact_codes::{self, Guess};
use crate::crisis_forgetting::{self, of_registration};
use crate::places::{Place, who_is_at};
use crate::register_practice::RegisterPractice;
use crate::registration_end::{forget, remind};
use crate::registration_rules::{
    CONFIRMATION, EXPIRY, RETENTION, VERIFICATION, agrees, confirm, end, erased, in_time, settle, still_runs,
};
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::registration::{Consent, State, VerifiedContact};
use proto::consular::v1::registration_service_server::RegistrationService;
use proto::consular::v1::{
    ActivateRegistrationRequest, ConfirmRegistrationRequest, CreateRegistrationRequest, EraseRegistrationRequest,
    ExportRegistrationsRequest, ExportRegistrationsResponse, GetRegistrationRequest, ImportRegistrationsRequest,
    ImportRegistrationsResponse, ListRegistrationRevisionsRequest, ListRegistrationRevisionsResponse,
    ListRegistrationsRequest, ListRegistrationsResponse, LocateRegistrationsRequest, LocateRegistrationsResponse,
    Reason, Registration, SendContactCodeRequest, UpdateRegistrationRequest, VerifyContactRequest,
    VerifyRegistrationRequest, WatchRegistrationsRequest, WatchRegistrationsResponse, WithdrawRegistrationRequest,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response, Streaming};

/// The right of those who serve others: they see every registration, and register for whoever asks them.
const SURVEY: &str = "consular.registrations.survey";
/// The most names of a page.
const MOST_NAMES: usize = 1_000;
/// How many names a page has if the caller does not say.
const NAMES: usize = 50;

/// The registrations.
#[derive(Clone, Debug)]
pub struct Registrations {
    registry: Registry<Self>,
}

impl Keep for Registrations {
    type Record = Registration;

    fn visible(to: &Principal) -> Visible {
        own_or_all(to, SURVEY)
    }

    /// Who registers is the owner, unless someone who serves others does it for somebody.
    fn admit(registration: &mut Registration, call: &mut Call) -> Result<(), Fault> {
        if !call.principal().may(SURVEY) {
            registration.owner = call.principal().subject.as_ref().to_owned();
        }
        settle(registration, call)
    }

    /// What is in force stands on the consent to keep it. Who takes that back withdraws the registration, which ends it.
    fn amend(registration: &mut Registration, _: &Registration, call: &mut Call) -> Result<(), Fault> {
        let kept = matches!(registration.state(), State::Active | State::Stale);
        let words = "without the consent to keep the data a registration is withdrawn, not changed";
        refuse_if(kept && !agrees(registration, Consent::KeepData), Reason::ConsentMissing, words)?;
        settle(registration, call)
    }

    /// Reminds, ends, erases.
    async fn fire_with(
        registration: &mut Registration,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        match timer {
            CONFIRMATION => remind(reader, registration).await,
            VERIFICATION | EXPIRY => {
                end(registration, call);
                Ok(())
            }
            RETENTION => {
                forget(reader, registration).await?;
                call.erase();
                let people = of_registration(reader, &registration.name).await?;
                *registration = erased(registration);
                crisis_forgetting::forget(people, call)
            }
            other => Err(Fault::new(proto::policy::v1::Reason::Internal, format!("nothing is done for {other}"))),
        }
    }
}

/// Those who hold the right see all; other people see what is their own; partner agencies and missions see nothing.
pub(crate) fn own_or_all(to: &Principal, right: &str) -> Visible {
    if to.agency.is_some() || to.mission.is_some() {
        return Visible::None;
    }
    if to.may(right) { Visible::All } else { Visible::having("owner", &to.subject) }
}

impl Registrations {
    /// The registrations that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// Counts a guess at a code of a registration that the caller sees.
    async fn guessed<R>(&self, request: &Request<R>, name: &str, address: &str) -> Result<(), Fault> {
        let called = Called::of(request)?;
        match self.registry.load_for(&called.principal, name).await? {
            Some(known) => contact_codes::count_guess(self.registry.store().pool(), &known.name, address).await,
            None => Ok(()),
        }
    }
}

#[tonic::async_trait]
impl RegistrationService for Registrations {
    async fn get_registration(&self, request: Request<GetRegistrationRequest>) -> Answer<Registration> {
        self.registry.get(request).await
    }

    async fn list_registrations(
        &self,
        request: Request<ListRegistrationsRequest>,
    ) -> Answer<ListRegistrationsResponse> {
        self.registry.list(request).await
    }

    async fn create_registration(&self, request: Request<CreateRegistrationRequest>) -> Answer<Registration> {
        self.registry.create_with(request, first_codes, begin).await
    }

    async fn update_registration(&self, request: Request<UpdateRegistrationRequest>) -> Answer<Registration> {
        self.registry.update(request).await
    }

    async fn send_contact_code(&self, request: Request<SendContactCodeRequest>) -> Answer<Registration> {
        self.registry.act_with(request, new_code, |_, _, (), _| Ok(())).await
    }

    async fn verify_registration(&self, request: Request<VerifyRegistrationRequest>) -> Answer<Registration> {
        self.guessed(&request, &request.get_ref().name, &request.get_ref().address).await?;
        let gather = async |reader: &mut Reader<'_>, known: &Registration, ask: &VerifyRegistrationRequest| {
            contact_codes::guess(reader, &known.name, &ask.address, &ask.code).await
        };
        let verify = |registration: &mut Registration, ask: VerifyRegistrationRequest, guess, call: &mut Call| {
            prove(registration, ask.address, guess, call)?;
            call.timers().clear(VERIFICATION);
            Ok(())
        };
        self.registry.act_with(request, gather, verify).await
    }

    async fn verify_contact(&self, request: Request<VerifyContactRequest>) -> Answer<Registration> {
        self.guessed(&request, &request.get_ref().name, &request.get_ref().address).await?;
        let gather = async |reader: &mut Reader<'_>, known: &Registration, ask: &VerifyContactRequest| {
            contact_codes::guess(reader, &known.name, &ask.address, &ask.code).await
        };
        let verify = |registration: &mut Registration, ask: VerifyContactRequest, guess, call: &mut Call| {
            prove(registration, ask.address, guess, call)
        };
        self.registry.act_with(request, gather, verify).await
    }

    async fn activate_registration(&self, request: Request<ActivateRegistrationRequest>) -> Answer<Registration> {
        self.registry.act(request, activate).await
    }

    async fn confirm_registration(&self, request: Request<ConfirmRegistrationRequest>) -> Answer<Registration> {
        let still = |registration: &mut Registration, _: ConfirmRegistrationRequest, call: &mut Call| {
            still_runs(registration, call)?;
            confirm(registration, call);
            Ok(())
        };
        self.registry.act(request, still).await
    }

    async fn withdraw_registration(&self, request: Request<WithdrawRegistrationRequest>) -> Answer<Registration> {
        let withdraw = |registration: &mut Registration, _: WithdrawRegistrationRequest, call: &mut Call| {
            end(registration, call);
            Ok(())
        };
        self.registry.act(request, withdraw).await
    }

    async fn erase_registration(&self, request: Request<EraseRegistrationRequest>) -> Answer<Registration> {
        let gather = async |reader: &mut Reader<'_>, known: &Registration, _: &EraseRegistrationRequest| {
            forget(reader, known).await?;
            of_registration(reader, &known.name).await
        };
        let erase = |registration: &mut Registration, _: EraseRegistrationRequest, people, call: &mut Call| {
            call.timers().clear_all();
            call.erase();
            *registration = erased(registration);
            crisis_forgetting::forget(people, call)
        };
        self.registry.act_with(request, gather, erase).await
    }

    async fn locate_registrations(
        &self,
        request: Request<LocateRegistrationsRequest>,
    ) -> Answer<LocateRegistrationsResponse> {
        let ask = request.get_ref();
        registry::check(ask)?;
        let place = Place::read(&ask.polygon, &ask.circle, &ask.country, &ask.post)?;
        let store = self.registry.store();
        let day = ask.day.parse().unwrap_or_else(|_| store.days().date(store.now()));
        let mut connection = store.pool().acquire().await.map_err(pg::fault)?;
        let there = who_is_at(&mut connection, &place, day).await?;
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let size = usize::try_from(ask.page_size).ok().filter(|size| *size > 0).unwrap_or(NAMES).min(MOST_NAMES);
        let mut rest = there.keys().filter(|name| **name > ask.after);
        let names: Vec<String> = rest.by_ref().take(size).cloned().collect();
        self.registry.audit_given(Called::of(&request)?, ask, names.clone()).await?;
        Ok(Response::new(LocateRegistrationsResponse {
            registrations: count(there.len()),
            people: there.values().map(|one| i32::from(one.people)).sum(),
            stale: count(there.values().filter(|one| one.stale).count()),
            more: rest.next().is_some(),
            names,
        }))
    }

    async fn list_registration_revisions(
        &self,
        request: Request<ListRegistrationRevisionsRequest>,
    ) -> Answer<ListRegistrationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchRegistrationsStream = Feed<WatchRegistrationsResponse>;

    async fn watch_registrations(
        &self,
        request: Request<WatchRegistrationsRequest>,
    ) -> Answer<Self::WatchRegistrationsStream> {
        self.registry.watch(request).await
    }

    type ImportRegistrationsStream = Feed<ImportRegistrationsResponse>;

    async fn import_registrations(
        &self,
        request: Request<Streaming<ImportRegistrationsRequest>>,
    ) -> Answer<Self::ImportRegistrationsStream> {
        self.registry.import(request, take_over).await
    }

    type ExportRegistrationsStream = Feed<ExportRegistrationsResponse>;

    async fn export_registrations(
        &self,
        request: Request<ExportRegistrationsRequest>,
    ) -> Answer<Self::ExportRegistrationsStream> {
        self.registry.export(request).await
    }
}

/// A code to each address.
async fn first_codes(reader: &mut Reader<'_>, registration: &Registration) -> Result<(), Fault> {
    for address in [&registration.email, &registration.phone].into_iter().filter(|address| !address.is_empty()) {
        contact_codes::send(reader, registration, address).await?;
    }
    Ok(())
}

async fn new_code(
    reader: &mut Reader<'_>,
    registration: &Registration,
    request: &SendContactCodeRequest,
) -> Result<(), Fault> {
    contact_codes::send(reader, registration, &request.address).await
}

fn begin(registration: &mut Registration, (): (), call: &mut Call) -> Result<(), Fault> {
    in_time(registration, call)?;
    let clock = Clock::new(call.now(), Length::Days(RegisterPractice::get().unverified_days));
    call.timers().set(VERIFICATION, clock);
    Ok(())
}

/// What another register has is in force: its addresses were proven there, and it is confirmed as of now.
fn take_over(registration: &mut Registration, call: &mut Call) -> Result<(), Fault> {
    let addresses = [&registration.email, &registration.phone].into_iter().filter(|address| !address.is_empty());
    let proven = |address: &String| VerifiedContact { address: address.clone(), verify_time: Some(call.timestamp()) };
    registration.verified = addresses.map(proven).collect();
    confirm(registration, call);
    Ok(())
}

fn prove(registration: &mut Registration, address: String, guess: Guess, call: &mut Call) -> Result<(), Fault> {
    guess.must_be_right()?;
    registration.verified.retain(|proven| proven.address != address);
    registration.verified.push(VerifiedContact { address, verify_time: Some(call.timestamp()) });
    Ok(())
}

fn activate(registration: &mut Registration, _: ActivateRegistrationRequest, call: &mut Call) -> Result<(), Fault> {
    let words = "without the consent to keep the data nothing is kept for longer than it takes to prove an address";
    refuse_if(!agrees(registration, Consent::KeepData), Reason::ConsentMissing, words)?;
    in_time(registration, call)?;
    confirm(registration, call);
    Ok(())
}
