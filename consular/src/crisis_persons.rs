//! The people of a crisis: what is known of each, by whom it was said.

use crate::crisis_likeness::name_key;
use crate::crisis_merging::{both, merge, own_seat, separate};
use crate::passenger_lists;
use crate::registrations::own_or_all;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::crisis_person_service_server::CrisisPersonService;
use proto::consular::v1::{
    CreateCrisisPersonRequest, Crisis, CrisisPerson, GetCrisisPersonRequest, ImportCrisisPersonsRequest,
    ImportCrisisPersonsResponse, ListCrisisPersonRevisionsRequest, ListCrisisPersonRevisionsResponse,
    ListCrisisPersonsRequest, ListCrisisPersonsResponse, MergeCrisisPersonRequest, Reason, RecordPersonDeathRequest,
    Registration, ReportPersonAboardRequest, ReportPersonDeclinedRequest, ReportPersonDepartedRequest,
    ReportPersonInjuredRequest, ReportPersonMissingRequest, ReportPersonNeedsHelpRequest, ReportPersonSafeRequest,
    ReportPersonUnknownRequest, RetractPersonDeathRequest, SeparateCrisisPersonRequest, WatchCrisisPersonsRequest,
    WatchCrisisPersonsResponse, crisis, crisis_person,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Streaming};

/// The right of those who keep the list.
const RECORD: &str = "consular.crisisPersons.record";

/// The people.
#[derive(Clone, Debug)]
pub struct CrisisPersons {
    registry: Registry<Self>,
}

impl Keep for CrisisPersons {
    type Record = CrisisPerson;

    /// A registrant sees those of the own registration; who keeps the list sees all.
    fn visible(to: &Principal) -> Visible {
        own_or_all(to, RECORD)
    }

    /// What officers note of a person, and what others say, a registrant does not read.
    fn of_office(to: &Principal) -> bool {
        to.may(RECORD)
    }

    fn admit(person: &mut CrisisPerson, call: &mut Call) -> Result<(), Fault> {
        person.status_time = Some(call.timestamp());
        person.name_key = name_key(&person.family_name, &person.given_names);
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this person of the registration is on the list already";
        (name == "crisis_persons_once").then(|| Fault::new(Reason::PersonAlreadyListed, words))
    }
}

impl CrisisPersons {
    /// The people that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// Notes what a report says beside the state itself.
fn report(person: &mut CrisisPerson, note: String, whereabouts: String, call: &Call) -> Result<(), Fault> {
    person.status_time = Some(call.timestamp());
    person.note = note;
    if !whereabouts.is_empty() {
        person.whereabouts = whereabouts;
    }
    Ok(())
}

/// The methods that bring a person into a state and say from where it is known.
macro_rules! reports {
    ($service:ty: $($method:ident($request:ident),)*) => {
        #[tonic::async_trait]
        impl CrisisPersonService for $service {
            async fn get_crisis_person(&self, request: Request<GetCrisisPersonRequest>) -> Answer<CrisisPerson> {
                self.registry.get(request).await
            }

            async fn list_crisis_persons(
                &self,
                request: Request<ListCrisisPersonsRequest>,
            ) -> Answer<ListCrisisPersonsResponse> {
                self.registry.list(request).await
            }

            async fn create_crisis_person(&self, request: Request<CreateCrisisPersonRequest>) -> Answer<CrisisPerson> {
                self.registry.create_with(request, surroundings, list).await
            }

            $(
                async fn $method(&self, request: Request<$request>) -> Answer<CrisisPerson> {
                    let verb = |person: &mut CrisisPerson, ask: $request, call: &mut Call| {
                        report(person, ask.note, ask.whereabouts, call)
                    };
                    self.registry.act(request, verb).await
                }
            )*

            async fn report_person_aboard(&self, request: Request<ReportPersonAboardRequest>) -> Answer<CrisisPerson> {
                self.registry.act(request, passenger_lists::note).await
            }

            type ImportCrisisPersonsStream = Feed<ImportCrisisPersonsResponse>;

            async fn import_crisis_persons(
                &self,
                request: Request<Streaming<ImportCrisisPersonsRequest>>,
            ) -> Answer<Self::ImportCrisisPersonsStream> {
                passenger_lists::import(self.registry.clone(), request).await
            }

            async fn record_person_death(&self, request: Request<RecordPersonDeathRequest>) -> Answer<CrisisPerson> {
                self.registry.act(request, record_death).await
            }

            async fn retract_person_death(&self, request: Request<RetractPersonDeathRequest>) -> Answer<CrisisPerson> {
                self.registry.act(request, retract_death).await
            }

            async fn merge_crisis_person(&self, request: Request<MergeCrisisPersonRequest>) -> Answer<CrisisPerson> {
                self.registry.act_with(request, both, merge).await
            }

            async fn separate_crisis_person(
                &self,
                request: Request<SeparateCrisisPersonRequest>,
            ) -> Answer<CrisisPerson> {
                self.registry.act_with(request, own_seat, separate).await
            }

            async fn list_crisis_person_revisions(
                &self,
                request: Request<ListCrisisPersonRevisionsRequest>,
            ) -> Answer<ListCrisisPersonRevisionsResponse> {
                self.registry.revisions(request).await
            }

            type WatchCrisisPersonsStream = Feed<WatchCrisisPersonsResponse>;

            async fn watch_crisis_persons(
                &self,
                request: Request<WatchCrisisPersonsRequest>,
            ) -> Answer<Self::WatchCrisisPersonsStream> {
                self.registry.watch(request).await
            }
        }
    };
}

reports! { CrisisPersons:
    report_person_safe(ReportPersonSafeRequest),
    report_person_needs_help(ReportPersonNeedsHelpRequest),
    report_person_injured(ReportPersonInjuredRequest),
    report_person_missing(ReportPersonMissingRequest),
    report_person_departed(ReportPersonDepartedRequest),
    report_person_declined(ReportPersonDeclinedRequest),
    report_person_unknown(ReportPersonUnknownRequest),
}

/// The crisis, which cannot close meanwhile, and the registration.
pub(crate) async fn surroundings(
    reader: &mut Reader<'_>,
    person: &CrisisPerson,
) -> Result<(Option<Crisis>, Option<Registration>), Fault> {
    let crisis = reader.share::<Crisis>(&person.crisis).await?;
    let registration = match person.registration.as_str() {
        "" => None,
        name => Some(reader.share::<Registration>(name).await?.unwrap_or_default()),
    };
    Ok((crisis, registration))
}

pub(crate) fn list(
    person: &mut CrisisPerson,
    (crisis, registration): (Option<Crisis>, Option<Registration>),
    _: &mut Call,
) -> Result<(), Fault> {
    person.set_state(crisis_person::State::Unknown);
    let unknown = |field: &str| Fault::new(House::InvalidFields, "1 field is wrong").at(field, "names no record");
    let crisis = crisis.ok_or_else(|| unknown("crisisPerson.crisis"))?;
    refuse_if(crisis.state() != crisis::State::Open, Reason::CrisisClosed, "the crisis is closed")?;
    if let Some(registration) = registration {
        if registration.name.is_empty() {
            return Err(unknown("crisisPerson.registration"));
        }
        person.owner = registration.owner;
    }
    Ok(())
}

fn record_death(person: &mut CrisisPerson, request: RecordPersonDeathRequest, call: &mut Call) -> Result<(), Fault> {
    person.evidence = request.evidence;
    person.status_time = Some(call.timestamp());
    Ok(())
}

fn retract_death(person: &mut CrisisPerson, _: RetractPersonDeathRequest, call: &mut Call) -> Result<(), Fault> {
    person.evidence.clear();
    person.status_time = Some(call.timestamp());
    Ok(())
}
