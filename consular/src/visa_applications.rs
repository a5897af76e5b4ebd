//! Applications for visas: lodged in time, admissible, checked, consulted on, and decided by another than who took them in.

use crate::booking_returns::give_seats_back;
use crate::fee_schedules::FeeSchedules;
use crate::mission_members::Posting;
use crate::own_applications::{VISA_OFFICE, drafts_of, few_enough, hold, of_office, own_or_of_our_post};
use crate::travel::{age, day};
use crate::travel_papers::{self, TravelPapers};
use crate::visa::{Schengen, Traveller, shortcomings, window};
use crate::visa_checks::{CONSULTATION, answer, check, name_check};
use crate::visa_corrections;
use crate::visa_decisions::{background, grant, month, refuse};
use crate::visa_fees::{self, Prices};
use calendar::{Clock, Length, due};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::visa_application::{Purpose, State};
use proto::consular::v1::visa_application_service_server::VisaApplicationService;
use proto::consular::v1::{
    AnswerConsultationRequest, CheckVisaApplicationRequest, CorrectVisaApplicationRequest,
    CreateVisaApplicationRequest, ExamineAdmissibilityRequest, ExtendDecisionRequest, GetVisaApplicationRequest,
    GrantVisaRequest, ListVisaApplicationRevisionsRequest, ListVisaApplicationRevisionsResponse,
    ListVisaApplicationsRequest, ListVisaApplicationsResponse, PrintRefusalRequest, ProvideVisaInformationRequest,
    QuoteVisaFeeRequest, QuoteVisaFeeResponse, Reason, RecordBiometricsRequest, RecordInterviewRequest,
    RefuseVisaRequest, RequestVisaInformationRequest, RetractVisaApplicationRequest, SubmitVisaApplicationRequest,
    UpdateVisaApplicationRequest, VisaApplication, WatchVisaApplicationsRequest, WatchVisaApplicationsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::{Request, Response};

/// The ends of the times for the decision, and for the applicant's answer.
const DECISION: &str = "decision";
pub(crate) const INFORMATION: &str = "information";

/// The applications.
#[derive(Clone, Debug)]
pub struct VisaApplications {
    registry: Registry<Self>,
    fees: Registry<FeeSchedules>,
    papers: TravelPapers,
}

impl Keep for VisaApplications {
    type Record = VisaApplication;

    /// Our own officers; and an account what it applies for itself.
    fn visible(to: &Principal) -> Visible {
        own_or_of_our_post(to, &VISA_OFFICE)
    }

    /// Whom we consult and screen somebody against is not the applicant's to know.
    fn of_office(to: &Principal) -> bool {
        of_office(to, &VISA_OFFICE)
    }

    /// For a post at a mission the mission asks; an account would learn how the accreditation of others stands.
    fn admit(application: &mut VisaApplication, call: &mut Call) -> Result<(), Fault> {
        let posted = application.purpose() == Purpose::MissionPosting || !application.member.is_empty();
        let alone = posted && !of_office(call.principal(), &VISA_OFFICE);
        refuse_if(alone, Reason::PostingThroughOffice, "for a post at a mission the mission asks, by note verbale")?;
        journey_makes_sense(application)
    }

    fn amend(application: &mut VisaApplication, _: &VisaApplication, _: &mut Call) -> Result<(), Fault> {
        journey_makes_sense(application)
    }

    fn fire(application: &mut VisaApplication, timer: &str, _: &mut Call) -> Result<(), Fault> {
        match timer {
            DECISION => application.overdue = true,
            CONSULTATION => {
                let silent = application.consultations.iter_mut().filter(|one| one.reply() == Reply::Unspecified);
                silent.for_each(|one| one.set_reply(Reply::SilentConsent));
            }
            _ => {}
        }
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the receipt was used for another application";
        (name == "visa_applications_one_receipt").then(|| Fault::new(Reason::ReceiptAlreadyUsed, words))
    }
}

/// A journey ends after it begins; a member of a mission comes with a note verbale.
pub(crate) fn journey_makes_sense(application: &VisaApplication) -> Result<(), Fault> {
    let backwards = day(&application.departure_date)? < day(&application.arrival_date)?;
    refuse_if(backwards, Reason::JourneyImplausible, "the journey ends before it begins")?;
    let posted = application.purpose() == Purpose::MissionPosting;
    let without = posted && (application.note_verbale.is_empty() || application.member.is_empty());
    refuse_if(
        without,
        Reason::NoteVerbaleMissing,
        "a member of a mission is announced by note verbale, with their record",
    )
}

impl VisaApplications {
    /// The applications that a registry keeps, paid for by this schedule of fees.
    pub fn new(registry: Registry<Self>, fees: Registry<FeeSchedules>, papers: TravelPapers) -> Self {
        Self { registry, fees, papers }
    }

    /// Whoever is not of the office applies for the own account.
    async fn begin(&self, mut request: Request<CreateVisaApplicationRequest>) -> Answer<VisaApplication> {
        let by = Called::of(&request)?.principal.clone();
        let brought = request.get_mut().visa_application.iter_mut();
        brought.for_each(|application| hold(&mut application.holder, &by, &VISA_OFFICE));
        self.registry.create_with(request, beginning, begin).await
    }

    /// The notice of refusal.
    async fn refusal(&self, request: Request<PrintRefusalRequest>) -> Answer<HttpBody> {
        let application = self.registry.get(request).await?.into_inner();
        refuse_if(application.state() != State::Refused, House::WrongState, "the visa is not refused")
            .map_err(|fault| fault.with("state", application.state().as_str_name()).with("allowed", "REFUSED"))?;
        let order = travel_papers::refusal(&self.papers, &application, self.registry.store().days().zone())?;
        Ok(Response::new(self.papers.print(order).await?))
    }
}

#[tonic::async_trait]
impl VisaApplicationService for VisaApplications {
    async fn get_visa_application(&self, request: Request<GetVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.get(request).await
    }

    async fn list_visa_applications(
        &self,
        request: Request<ListVisaApplicationsRequest>,
    ) -> Answer<ListVisaApplicationsResponse> {
        self.registry.list(request).await
    }

    async fn create_visa_application(&self, request: Request<CreateVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.begin(request).await
    }

    async fn update_visa_application(&self, request: Request<UpdateVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.update(request).await
    }

    async fn submit_visa_application(&self, request: Request<SubmitVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.act_with(request, lodging, submit).await
    }

    async fn record_biometrics(&self, request: Request<RecordBiometricsRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, record_biometrics).await
    }

    async fn examine_admissibility(&self, request: Request<ExamineAdmissibilityRequest>) -> Answer<VisaApplication> {
        self.registry.act_with(request, give_seats_back, examine).await
    }

    async fn check_visa_application(&self, request: Request<CheckVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.act_with(request, name_check, check).await
    }

    async fn correct_visa_application(
        &self,
        request: Request<CorrectVisaApplicationRequest>,
    ) -> Answer<VisaApplication> {
        self.registry.act_with(request, visa_corrections::prices, visa_corrections::correct).await
    }

    async fn answer_consultation(&self, request: Request<AnswerConsultationRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, answer).await
    }

    async fn record_interview(&self, request: Request<RecordInterviewRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, interview).await
    }

    async fn extend_decision(&self, request: Request<ExtendDecisionRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, extend).await
    }

    async fn request_visa_information(
        &self,
        request: Request<RequestVisaInformationRequest>,
    ) -> Answer<VisaApplication> {
        self.registry.act(request, ask).await
    }

    async fn provide_visa_information(
        &self,
        request: Request<ProvideVisaInformationRequest>,
    ) -> Answer<VisaApplication> {
        self.registry.act(request, answered).await
    }

    async fn grant_visa(&self, request: Request<GrantVisaRequest>) -> Answer<VisaApplication> {
        self.registry.act_with(request, background, grant).await
    }

    async fn refuse_visa(&self, request: Request<RefuseVisaRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, refuse).await
    }

    async fn retract_visa_application(
        &self,
        request: Request<RetractVisaApplicationRequest>,
    ) -> Answer<VisaApplication> {
        self.registry.act_with(request, give_seats_back, retract).await
    }

    async fn quote_visa_fee(&self, request: Request<QuoteVisaFeeRequest>) -> Answer<QuoteVisaFeeResponse> {
        Ok(Response::new(visa_fees::quote(&self.fees, request.get_ref()).await?))
    }

    async fn print_refusal(&self, request: Request<PrintRefusalRequest>) -> Answer<HttpBody> {
        self.refusal(request).await
    }

    async fn list_visa_application_revisions(
        &self,
        request: Request<ListVisaApplicationRevisionsRequest>,
    ) -> Answer<ListVisaApplicationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchVisaApplicationsStream = Feed<WatchVisaApplicationsResponse>;

    async fn watch_visa_applications(
        &self,
        request: Request<WatchVisaApplicationsRequest>,
    ) -> Answer<Self::WatchVisaApplicationsStream> {
        self.registry.watch(request).await
    }
}

async fn beginning(reader: &mut Reader<'_>, application: &VisaApplication) -> Result<(usize, Posting), Fault> {
    let drafts = drafts_of::<VisaApplication>(reader, &application.holder).await?;
    Ok((drafts, Posting::of(reader, application).await?))
}

fn begin(_: &mut VisaApplication, (drafts, posting): (usize, Posting), call: &mut Call) -> Result<(), Fault> {
    few_enough(drafts, call.principal(), &VISA_OFFICE)?;
    posting.stands()
}

async fn lodging(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    request: &SubmitVisaApplicationRequest,
) -> Result<(Prices, Posting), Fault> {
    let prices = visa_fees::prices(reader, application, &request.fee_receipt).await?;
    Ok((prices, Posting::of(reader, application).await?))
}

/// Within the window before the journey (art. 9(1)), the fee paid (art. 16), for a post that still stands.
fn submit(
    application: &mut VisaApplication,
    request: SubmitVisaApplicationRequest,
    (prices, posting): (Prices, Posting),
    call: &mut Call,
) -> Result<(), Fault> {
    posting.stands()?;
    let today = call.days().date(call.now());
    let (first, last) = window(Schengen::shipped(), application)?;
    let outside = |words: String| Fault::new(Reason::LodgingOutsideWindow, words);
    refuse_if(today < first, Reason::LodgingOutsideWindow, format!("it can be lodged from {first} on"))?;
    let excused = !application.late_reason.is_empty() || application.purpose() == Purpose::MissionPosting;
    if today > last && !excused {
        return Err(outside(format!("as a rule it is lodged by {last}")).at("lateReason", "says why it is late"));
    }
    visa_fees::charge(application, request.fee_receipt, traveller(application)?, prices, today)?;
    application.lodge_time = Some(call.timestamp());
    application.lodged_month = month(today);
    Ok(())
}

/// Of whom a fee is asked.
pub(crate) fn traveller(application: &VisaApplication) -> Result<Traveller, Fault> {
    Ok(Traveller {
        class: application.visa_class(),
        purpose: application.purpose(),
        born: day(&application.birth_date)?,
        family_of_citizen: application.family_of_citizen,
    })
}

/// Taken now, on file for less than 59 months, or not asked for with the reason why (art. 13).
fn record_biometrics(
    application: &mut VisaApplication,
    request: RecordBiometricsRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let numbers = Schengen::shipped();
    let today = call.days().date(call.now());
    let unfit = |words: String| Err(Fault::new(Reason::BiometricsUnfit, words));
    if request.biometrics.is_empty() {
        let young = age(day(&application.birth_date)?, today) < numbers.biometrics_age.value;
        application.biometrics_exemption = match (request.exemption.is_empty(), young) {
            (false, _) => request.exemption,
            (true, true) => format!("under {} ({})", numbers.biometrics_age.value, numbers.biometrics_age.source),
            (true, false) => return unfit("give the fingerprints, or say why none are asked for".to_owned()),
        };
        return Ok(());
    }
    let taken = if request.taken_date.is_empty() { today } else { day(&request.taken_date)? };
    let until = taken.checked_add_months(numbers.biometrics_months.months()).unwrap_or(NaiveDate::MAX);
    if taken > today || until < today {
        let months = numbers.biometrics_months.value;
        return unfit(format!("fingerprints of {taken} are not used again: for {months} months, until {until}"));
    }
    application.biometrics = request.biometrics;
    application.biometrics_date = taken.to_string();
    Ok(())
}

/// What is admissible is decided within 15 days of its lodging (art. 19, 23(1)). Whoever brought it need not come for it again.
fn examine(
    application: &mut VisaApplication,
    _: ExamineAdmissibilityRequest,
    (): (),
    call: &mut Call,
) -> Result<(), Fault> {
    let lodged = application.lodge_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let missing = shortcomings(Schengen::shipped(), application, call.days().date(lodged))?;
    application.set_state(if missing.is_empty() { State::Admissible } else { State::Inadmissible });
    if missing.is_empty() {
        // What was corrected is examined again; a time that was extended stays so.
        let numbers = Schengen::shipped();
        let days = if application.extended { &numbers.decision_days_extended } else { &numbers.decision_days };
        run_decision(application, days.short(), call);
    }
    application.shortcomings = missing.into_iter().map(Into::into).collect();
    Ok(())
}

/// From the lodging, whatever happened since.
fn run_decision(application: &mut VisaApplication, days: u16, call: &mut Call) {
    let lodged = application.lodge_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let clock = Clock::new(lodged, Length::Days(days));
    application.decision_due_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(DECISION, clock);
}

fn interview(application: &mut VisaApplication, request: RecordInterviewRequest, _: &mut Call) -> Result<(), Fault> {
    application.interview = request.outcome;
    Ok(())
}

/// Once, to 45 days from the lodging (art. 23(2)).
fn extend(application: &mut VisaApplication, _: ExtendDecisionRequest, call: &mut Call) -> Result<(), Fault> {
    refuse_if(application.extended, Reason::DecisionAlreadyExtended, "the time for the decision is extended once")?;
    application.extended = true;
    application.overdue = false;
    run_decision(application, Schengen::shipped().decision_days_extended.short(), call);
    Ok(())
}

fn ask(
    application: &mut VisaApplication,
    request: RequestVisaInformationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    application.information_wanted = request.wanted;
    let clock = Clock::new(call.now(), Length::Months(Schengen::shipped().information_months.short()));
    call.timers().set(INFORMATION, clock);
    Ok(())
}

fn answered(application: &mut VisaApplication, _: ProvideVisaInformationRequest, call: &mut Call) -> Result<(), Fault> {
    application.information_wanted.clear();
    call.timers().clear(INFORMATION);
    Ok(())
}

fn retract(
    application: &mut VisaApplication,
    _: RetractVisaApplicationRequest,
    (): (),
    call: &mut Call,
) -> Result<(), Fault> {
    application.appointment.clear();
    call.timers().clear_all();
    Ok(())
}
