//! EU Emergency Travel Documents (Directive (EU) 2019/997): consulted on, confirmed, issued for one journey, given back and
//! destroyed.

use crate::clearance;
use crate::emergency_issue::{issue, issue_urgently, materials, urgent_materials};
use crate::screenings::Screenings;
use crate::travel::{Emergency, day};
use crate::travel_papers::{self, TravelPapers};
use calendar::{Clock, Length, WorkingDays, due};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::emergency_travel_document::{State, Step};
use proto::consular::v1::emergency_travel_document_service_server::EmergencyTravelDocumentService;
use proto::consular::v1::{
    AnnounceAnswerRequest, ConfirmAfterIssueRequest, ConfirmNationalityRequest, ConsultAfterIssueRequest,
    ConsultMemberStateRequest, CreateEmergencyTravelDocumentRequest, DestroyEmergencyTravelDocumentRequest,
    EmergencyTravelDocument, GetEmergencyTravelDocumentRequest, IssueEmergencyTravelDocumentRequest,
    IssueUrgentlyRequest, ListEmergencyTravelDocumentRevisionsRequest, ListEmergencyTravelDocumentRevisionsResponse,
    ListEmergencyTravelDocumentsRequest, ListEmergencyTravelDocumentsResponse, ObjectToIssueRequest,
    PrintEmergencyTravelDocumentRequest, Reason, ReportEmergencyDocumentLossRequest,
    ReportEmergencyDocumentTheftRequest, TakeBackEmergencyTravelDocumentRequest, WatchEmergencyTravelDocumentsRequest,
    WatchEmergencyTravelDocumentsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Registry, Visible, timestamp};
use tonic::{Request, Response};

/// The ends of the times that the Directive gives each side, and of the document's validity.
const CONSULTATION: &str = "consultation";
const ANSWER: &str = "answer";
pub(crate) const ISSUE: &str = "issue";
pub(crate) const EXPIRY: &str = "expiry";

/// The documents.
#[derive(Clone, Debug)]
pub struct EmergencyTravelDocuments {
    registry: Registry<Self>,
    screenings: Registry<Screenings>,
    papers: TravelPapers,
}

impl Keep for EmergencyTravelDocuments {
    type Record = EmergencyTravelDocument;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// For a national of another Member State, who is to make a journey.
    fn admit(document: &mut EmergencyTravelDocument, call: &mut Call) -> Result<(), Fault> {
        let numbers = Emergency::shipped();
        let other = numbers.binds(&document.nationality) && document.nationality != call.home().state;
        refuse_if(!other, Reason::NationalityUnfit, "the document is for nationals of another Member State")?;
        let (from, until) = (day(&document.journey_from)?, day(&document.journey_until)?);
        let implausible = until < from || until < call.days().date(call.now());
        refuse_if(implausible, Reason::JourneyImplausible, "the journey is over, or ends before it begins")?;
        let days = posts_days(document, call);
        document.consult_due_time = start(CONSULTATION, numbers.consult_days.short(), &days, call);
        Ok(())
    }

    /// A time is over: the contract says what that leads to, and the record which step is late.
    fn fire(document: &mut EmergencyTravelDocument, timer: &str, _: &mut Call) -> Result<(), Fault> {
        let step = match timer {
            CONSULTATION => Step::Consultation,
            ANSWER => Step::Answer,
            ISSUE => Step::Issue,
            _ => return Ok(()),
        };
        document.late.push(step.into());
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let fault = |reason, words: &str| Some(Fault::new(reason, words));
        match name {
            "emergency_travel_documents_one_a_blank" => {
                fault(Reason::BlankUnfit, "a document was made of this sticker already")
            }
            "emergency_travel_documents_one_receipt" => {
                fault(Reason::ReceiptAlreadyUsed, "the receipt was used for another document")
            }
            _ => None,
        }
    }
}

impl EmergencyTravelDocuments {
    /// The documents that a registry keeps.
    pub fn new(registry: Registry<Self>, screenings: Registry<Screenings>, papers: TravelPapers) -> Self {
        Self { registry, screenings, papers }
    }

    /// The sticker of a document that is in use. The lists may have changed since it was made, so that the newest name check
    /// is asked about again; documents older than that rule have none.
    async fn sticker(&self, request: Request<PrintEmergencyTravelDocumentRequest>) -> Answer<HttpBody> {
        let document = self.registry.get(request).await?.into_inner();
        refuse_if(document.state() != State::Issued, House::WrongState, "only a document in use is printed")
            .map_err(|fault| fault.with("state", document.state().as_str_name()).with("allowed", "ISSUED"))?;
        if !document.screening.is_empty() {
            clearance::settled(clearance::newest_of(&self.screenings, &document.screening).await?.as_ref())?;
        }
        Ok(Response::new(self.papers.print(travel_papers::emergency(&self.papers, &document)?).await?))
    }
}

/// The working days of the post: those of our own state that are working days where it stands too. The Directive counts
/// by the authority required to act (art. 2(6)).
fn posts_days(document: &EmergencyTravelDocument, call: &Call) -> WorkingDays {
    WorkingDays::of([call.home().state.as_str(), document.country.as_str()], call.days().zone())
}

/// The working days of the Member State that is asked.
fn members_days(document: &EmergencyTravelDocument, call: &Call) -> WorkingDays {
    WorkingDays::of([document.nationality.as_str()], call.days().zone())
}

/// Starts a clock of so many working days; when it is due.
fn start(timer: &str, count: u16, days: &WorkingDays, call: &mut Call) -> Option<prost_types::Timestamp> {
    let now = call.now();
    let end = due(&Clock::new(now, Length::WorkingDays(count)), days)?;
    // The timer itself runs by the second: the registry would count by the capital's days alone.
    call.timers().set(timer, until(now, end));
    Some(timestamp(end))
}

/// A clock that is due at an instant.
pub(crate) fn until(now: DateTime<Utc>, end: DateTime<Utc>) -> Clock {
    Clock::new(now, Length::Exactly((end - now).to_std().unwrap_or_default()))
}

#[tonic::async_trait]
impl EmergencyTravelDocumentService for EmergencyTravelDocuments {
    async fn get_emergency_travel_document(
        &self,
        request: Request<GetEmergencyTravelDocumentRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.get(request).await
    }

    async fn list_emergency_travel_documents(
        &self,
        request: Request<ListEmergencyTravelDocumentsRequest>,
    ) -> Answer<ListEmergencyTravelDocumentsResponse> {
        self.registry.list(request).await
    }

    async fn create_emergency_travel_document(
        &self,
        request: Request<CreateEmergencyTravelDocumentRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.create(request).await
    }

    async fn consult_member_state(
        &self,
        request: Request<ConsultMemberStateRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, consult).await
    }

    async fn announce_answer(&self, request: Request<AnnounceAnswerRequest>) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, announce).await
    }

    async fn confirm_nationality(
        &self,
        request: Request<ConfirmNationalityRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, confirm).await
    }

    async fn object_to_issue(&self, request: Request<ObjectToIssueRequest>) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, object).await
    }

    async fn issue_emergency_travel_document(
        &self,
        request: Request<IssueEmergencyTravelDocumentRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        let issue = |document: &mut _, ask, with, call: &mut _| issue(document, ask, with, &self.papers, call);
        self.registry.act_with(request, materials, issue).await
    }

    async fn issue_urgently(&self, request: Request<IssueUrgentlyRequest>) -> Answer<EmergencyTravelDocument> {
        let issue = |document: &mut _, ask, with, call: &mut _| issue_urgently(document, ask, with, &self.papers, call);
        self.registry.act_with(request, urgent_materials, issue).await
    }

    async fn consult_after_issue(&self, request: Request<ConsultAfterIssueRequest>) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, consult_late).await
    }

    async fn confirm_after_issue(&self, request: Request<ConfirmAfterIssueRequest>) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, confirm_late).await
    }

    async fn report_emergency_document_loss(
        &self,
        request: Request<ReportEmergencyDocumentLossRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, lose).await
    }

    async fn report_emergency_document_theft(
        &self,
        request: Request<ReportEmergencyDocumentTheftRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, steal).await
    }

    async fn take_back_emergency_travel_document(
        &self,
        request: Request<TakeBackEmergencyTravelDocumentRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, take_back).await
    }

    async fn destroy_emergency_travel_document(
        &self,
        request: Request<DestroyEmergencyTravelDocumentRequest>,
    ) -> Answer<EmergencyTravelDocument> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn print_emergency_travel_document(
        &self,
        request: Request<PrintEmergencyTravelDocumentRequest>,
    ) -> Answer<HttpBody> {
        self.sticker(request).await
    }

    async fn list_emergency_travel_document_revisions(
        &self,
        request: Request<ListEmergencyTravelDocumentRevisionsRequest>,
    ) -> Answer<ListEmergencyTravelDocumentRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchEmergencyTravelDocumentsStream = Feed<WatchEmergencyTravelDocumentsResponse>;

    async fn watch_emergency_travel_documents(
        &self,
        request: Request<WatchEmergencyTravelDocumentsRequest>,
    ) -> Answer<Self::WatchEmergencyTravelDocumentsStream> {
        self.registry.watch(request).await
    }
}

fn consult(document: &mut EmergencyTravelDocument, _: ConsultMemberStateRequest, call: &mut Call) -> Result<(), Fault> {
    ask_member_state(document, call);
    Ok(())
}

/// The Member State of whoever was issued a document in urgency is consulted as soon as possible after it; its answer has its
/// time as ever.
fn consult_late(
    document: &mut EmergencyTravelDocument,
    _: ConsultAfterIssueRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let consulted = document.consult_time.is_some();
    refuse_if(consulted, Reason::ConsultedAlready, "the Member State was consulted already")?;
    refuse_if(document.confirmed, Reason::AnswerAlreadyGiven, "the Member State has confirmed the nationality")?;
    ask_member_state(document, call);
    Ok(())
}

fn ask_member_state(document: &mut EmergencyTravelDocument, call: &mut Call) {
    document.consult_time = Some(call.timestamp());
    call.timers().clear(CONSULTATION);
    let days = members_days(document, call);
    document.answer_due_time = start(ANSWER, Emergency::shipped().answer_days.short(), &days, call);
}

/// Late or not is counted by the Directive's days, whatever is announced (art. 4(3)).
fn announce(document: &mut EmergencyTravelDocument, request: AnnounceAnswerRequest, _: &mut Call) -> Result<(), Fault> {
    document.answer_expected_time = request.expected_time;
    Ok(())
}

fn confirm(document: &mut EmergencyTravelDocument, _: ConfirmNationalityRequest, call: &mut Call) -> Result<(), Fault> {
    note_answer(document, call);
    document.confirmed = true;
    let days = posts_days(document, call);
    document.issue_due_time = start(ISSUE, Emergency::shipped().issue_days.short(), &days, call);
    Ok(())
}

/// An objection blocks the issue, also of a state that had confirmed (Dir. (EU) 2019/997, art. 4); a document that was
/// issued in urgency is withdrawn.
fn object(document: &mut EmergencyTravelDocument, request: ObjectToIssueRequest, call: &mut Call) -> Result<(), Fault> {
    let issued = document.state() == State::Issued;
    let answered = issued && document.confirmed;
    refuse_if(answered, Reason::AnswerAlreadyGiven, "the Member State has confirmed the nationality")?;
    note_answer(document, call);
    document.confirmed = false;
    document.objection = request.objection;
    call.timers().clear(ISSUE);
    document.set_state(if issued { State::Withdrawn } else { State::Objected });
    if issued {
        call.timers().clear(EXPIRY);
    }
    Ok(())
}

fn note_answer(document: &mut EmergencyTravelDocument, call: &mut Call) {
    document.answer_time = Some(call.timestamp());
    // Who has answered need not be consulted any more.
    call.timers().clear(CONSULTATION);
    call.timers().clear(ANSWER);
}

fn confirm_late(
    document: &mut EmergencyTravelDocument,
    _: ConfirmAfterIssueRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    refuse_if(document.confirmed, Reason::AnswerAlreadyGiven, "the Member State has confirmed the nationality")?;
    note_answer(document, call);
    document.confirmed = true;
    Ok(())
}

fn take_back(
    _: &mut EmergencyTravelDocument,
    _: TakeBackEmergencyTravelDocumentRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    call.timers().clear_all();
    Ok(())
}

fn lose(
    document: &mut EmergencyTravelDocument,
    request: ReportEmergencyDocumentLossRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    stop(document, request.place, request.police_reference, call);
    Ok(())
}

fn steal(
    document: &mut EmergencyTravelDocument,
    request: ReportEmergencyDocumentTheftRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    stop(document, request.place, request.police_reference, call);
    Ok(())
}

/// It is no longer good from this instant.
fn stop(document: &mut EmergencyTravelDocument, place: String, police_reference: String, call: &mut Call) {
    document.report_time = Some(call.timestamp());
    document.report_place = place;
    document.police_reference = police_reference;
    call.timers().clear_all();
}
