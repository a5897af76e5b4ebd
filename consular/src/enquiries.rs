//! Enquiries after people in a crisis: matched by an officer, answered by what the person agreed to.

use crate::registrations::own_or_all;
use crate::whereabouts::{Enquirer, NOTHING, ground};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::enquiry::{Ground, State};
use proto::consular::v1::enquiry_service_server::EnquiryService;
use proto::consular::v1::registration::{Consent, ContactPerson};
use proto::consular::v1::{
    AnswerEnquiryForSafetyRequest, AnswerEnquiryRequest, CloseEnquiryRequest, CreateEnquiryRequest, Crisis,
    CrisisPerson, Enquiry, GetEnquiryRequest, ListEnquiriesRequest, ListEnquiriesResponse, ListEnquiryRevisionsRequest,
    ListEnquiryRevisionsResponse, MatchEnquiryRequest, ReadEnquiryAnswerRequest, ReadEnquiryAnswerResponse, Reason,
    Registration, WatchEnquiriesRequest, WatchEnquiriesResponse, crisis, crisis_person,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The right of those who answer.
const HANDLE: &str = "consular.enquiries.handle";

/// The enquiries.
#[derive(Clone, Debug)]
pub struct Enquiries {
    registry: Registry<Self>,
}

impl Keep for Enquiries {
    type Record = Enquiry;

    /// Who asks sees the own enquiries; who answers sees all.
    fn visible(to: &Principal) -> Visible {
        own_or_all(to, HANDLE)
    }

    fn admit(enquiry: &mut Enquiry, call: &mut Call) -> Result<(), Fault> {
        if !call.principal().may(HANDLE) {
            enquiry.owner = call.principal().subject.as_ref().to_owned();
        }
        let reachable = !enquiry.enquirer_email.is_empty() || !enquiry.enquirer_phone.is_empty();
        refuse_if(!reachable, Reason::NoContact, "nobody can be answered without an e-mail address or a telephone")
    }
}

impl Enquiries {
    /// The enquiries that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl EnquiryService for Enquiries {
    async fn get_enquiry(&self, request: Request<GetEnquiryRequest>) -> Answer<Enquiry> {
        self.registry.get(request).await
    }

    async fn list_enquiries(&self, request: Request<ListEnquiriesRequest>) -> Answer<ListEnquiriesResponse> {
        self.registry.list(request).await
    }

    async fn create_enquiry(&self, request: Request<CreateEnquiryRequest>) -> Answer<Enquiry> {
        self.registry.create_with(request, the_crisis, file).await
    }

    async fn match_enquiry(&self, request: Request<MatchEnquiryRequest>) -> Answer<Enquiry> {
        self.registry.act_with(request, wanted, is_about).await
    }

    async fn answer_enquiry(&self, request: Request<AnswerEnquiryRequest>) -> Answer<Enquiry> {
        let gather = async |reader: &mut Reader<'_>, enquiry: &Enquiry, _: &AnswerEnquiryRequest| {
            Subject::of(reader, enquiry).await
        };
        self.registry.act_with(request, gather, answer).await
    }

    async fn answer_enquiry_for_safety(&self, request: Request<AnswerEnquiryForSafetyRequest>) -> Answer<Enquiry> {
        let gather = async |reader: &mut Reader<'_>, enquiry: &Enquiry, _: &AnswerEnquiryForSafetyRequest| {
            Subject::of(reader, enquiry).await
        };
        self.registry.act_with(request, gather, answer_for_safety).await
    }

    async fn close_enquiry(&self, request: Request<CloseEnquiryRequest>) -> Answer<Enquiry> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn read_enquiry_answer(
        &self,
        request: Request<ReadEnquiryAnswerRequest>,
    ) -> Answer<ReadEnquiryAnswerResponse> {
        let (ask, called) = (request.get_ref(), Called::of(&request)?);
        registry::check(ask)?;
        let missing = || Fault::new(House::NotFound, format!("there is no {}", ask.name)).with("name", &ask.name);
        let enquiry = self.registry.load_for(&called.principal, &ask.name).await?.ok_or_else(missing)?;
        self.registry.audit_read(called, ask).await?;
        Ok(Response::new(as_told(&enquiry)))
    }

    async fn list_enquiry_revisions(
        &self,
        request: Request<ListEnquiryRevisionsRequest>,
    ) -> Answer<ListEnquiryRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchEnquiriesStream = Feed<WatchEnquiriesResponse>;

    async fn watch_enquiries(&self, request: Request<WatchEnquiriesRequest>) -> Answer<Self::WatchEnquiriesStream> {
        self.registry.watch(request).await
    }
}

/// The answer as the enquirer reads it. Until there is one, it is the same whether anybody was matched or not.
fn as_told(enquiry: &Enquiry) -> ReadEnquiryAnswerResponse {
    let words = match enquiry.ground() {
        Ground::Unspecified => "Your enquiry is being looked into.",
        Ground::NoConsent => NOTHING,
        Ground::LifeOrSafety if enquiry.told_status() == crisis_person::State::Unspecified => NOTHING,
        Ground::ConsentToContactPerson | Ground::ConsentToFamily => "The person agreed that you are told this.",
        Ground::LifeOrSafety => "You are told this because life or safety is at stake.",
    };
    ReadEnquiryAnswerResponse {
        answered: enquiry.ground() != Ground::Unspecified,
        status: enquiry.told_status,
        whereabouts: enquiry.told_whereabouts.clone(),
        words: words.to_owned(),
    }
}

async fn the_crisis(reader: &mut Reader<'_>, enquiry: &Enquiry) -> Result<Option<Crisis>, Fault> {
    reader.share::<Crisis>(&enquiry.crisis).await
}

fn file(_: &mut Enquiry, crisis: Option<Crisis>, _: &mut Call) -> Result<(), Fault> {
    let unknown = || Fault::new(House::InvalidFields, "1 field is wrong").at("enquiry.crisis", "names no record");
    let open = crisis.ok_or_else(unknown)?.state() == crisis::State::Open;
    refuse_if(!open, Reason::CrisisClosed, "the crisis is closed")
}

async fn wanted(
    reader: &mut Reader<'_>,
    _: &Enquiry,
    request: &MatchEnquiryRequest,
) -> Result<Option<CrisisPerson>, Fault> {
    reader.share::<CrisisPerson>(&request.person).await
}

fn is_about(
    enquiry: &mut Enquiry,
    request: MatchEnquiryRequest,
    person: Option<CrisisPerson>,
    _: &mut Call,
) -> Result<(), Fault> {
    let unknown = || Fault::new(House::InvalidFields, "1 field is wrong").at("person", "names no record");
    let person = person.ok_or_else(unknown)?;
    refuse_if(person.crisis != enquiry.crisis, Reason::CrisesDiffer, "the person is on the list of another crisis")?;
    enquiry.person = request.person;
    Ok(())
}

/// Whom an enquiry is about, and what that person agreed to: of one along with a registrant, what the registrant did.
#[derive(Default)]
struct Subject {
    person: Option<CrisisPerson>,
    consents: Vec<Consent>,
    contacts: Vec<ContactPerson>,
}

impl Subject {
    async fn of(reader: &mut Reader<'_>, enquiry: &Enquiry) -> Result<Self, Fault> {
        if enquiry.person.is_empty() {
            return Ok(Self::default());
        }
        let mut person = reader.share::<CrisisPerson>(&enquiry.person).await?;
        if let Some(stands) = person.as_ref().map(|one| one.merged_into.clone()).filter(|name| !name.is_empty()) {
            person = reader.share::<CrisisPerson>(&stands).await?;
        }
        let known = person.as_ref().map(|person| person.registration.clone()).filter(|name| !name.is_empty());
        let registration = match known {
            Some(name) => reader.share::<Registration>(&name).await?.unwrap_or_default(),
            None => Registration::default(),
        };
        Ok(Self { person, consents: registration.consents().collect(), contacts: registration.contact_persons })
    }
}

fn answer(
    enquiry: &mut Enquiry,
    request: AnswerEnquiryRequest,
    subject: Subject,
    call: &mut Call,
) -> Result<(), Fault> {
    let enquirer = Enquirer {
        relation: enquiry.relation(),
        email: &enquiry.enquirer_email,
        phone: &enquiry.enquirer_phone,
        proven: request.identity_proven,
    };
    let found = ground(enquirer, &subject.consents, &subject.contacts);
    enquiry.set_ground(found);
    enquiry.answer_time = Some(call.timestamp());
    if let Some(person) = subject.person.filter(|_| found != Ground::NoConsent) {
        enquiry.set_told_status(person.state());
        enquiry.told_whereabouts = person.whereabouts;
    }
    Ok(())
}

/// How the person is, and no more: not where; and no death, which the next of kin are told of in person.
fn answer_for_safety(
    enquiry: &mut Enquiry,
    request: AnswerEnquiryForSafetyRequest,
    subject: Subject,
    call: &mut Call,
) -> Result<(), Fault> {
    debug_assert_eq!(enquiry.state(), State::Matched, "the rule of the contract");
    let lives = |state: &crisis_person::State| *state != crisis_person::State::Deceased;
    let status = subject.person.map(|person| person.state()).filter(lives).unwrap_or_default();
    enquiry.set_ground(Ground::LifeOrSafety);
    enquiry.set_told_status(status);
    enquiry.safety_grounds = request.grounds;
    enquiry.answer_time = Some(call.timestamp());
    Ok(())
}
