//! Applications for visas: lodged in time, admissible, checked, consulted on, and decided by another than who took them in.

use crate::clearance::{self, Applicant};
use crate::travel::{age, day};
use crate::visa::{Fees, Past, Schengen, Traveller, entitlement, shortcomings, window};
use calendar::{Clock, Length, due};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::visa_application::{EntryRule, Purpose, State, VisaClass};
use proto::consular::v1::visa_application_service_server::VisaApplicationService;
use proto::consular::v1::{
    AnswerConsultationRequest, CheckVisaApplicationRequest, Consultation, CreateVisaApplicationRequest,
    ExamineAdmissibilityRequest, ExtendDecisionRequest, GetVisaApplicationRequest, GrantVisaRequest,
    ListVisaApplicationRevisionsRequest, ListVisaApplicationRevisionsResponse, ListVisaApplicationsRequest,
    ListVisaApplicationsResponse, ProvideVisaInformationRequest, QuoteVisaFeeRequest, QuoteVisaFeeResponse, Reason,
    RecordBiometricsRequest, RecordInterviewRequest, RefuseVisaRequest, RequestVisaInformationRequest,
    RetractVisaApplicationRequest, Screening, SubmitVisaApplicationRequest, UpdateVisaApplicationRequest, Visa,
    VisaApplication, visa,
};
use registry::{Answer, Call, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::{Request, Response};

/// The ends of the times for the decision, for the answers of those consulted, and for the applicant's.
const DECISION: &str = "decision";
const CONSULTATION: &str = "consultation";
const INFORMATION: &str = "information";

/// The applications.
#[derive(Clone, Debug)]
pub struct VisaApplications {
    registry: Registry<Self>,
}

impl Keep for VisaApplications {
    type Record = VisaApplication;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() || to.agency.is_some() { Visible::None } else { Visible::All }
    }

    fn admit(application: &mut VisaApplication, _: &mut Call) -> Result<(), Fault> {
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
fn journey_makes_sense(application: &VisaApplication) -> Result<(), Fault> {
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
    /// The applications that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// What a visa costs today.
    fn quote(&self, ask: &QuoteVisaFeeRequest) -> Answer<QuoteVisaFeeResponse> {
        registry::check(ask)?;
        let store = self.registry.store();
        let traveller = Traveller {
            class: ask.visa_class(),
            purpose: ask.purpose(),
            nationality: &ask.nationality,
            born: day(&ask.birth_date)?,
            family_of_citizen: ask.family_of_citizen,
        };
        let fee = Fees::shipped().of(traveller, store.days().date(store.now()));
        let (basis, source) = (fee.basis.to_owned(), fee.source.to_owned());
        Ok(Response::new(QuoteVisaFeeResponse { fee: fee.cents, basis, source }))
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
        self.registry.create(request).await
    }

    async fn update_visa_application(&self, request: Request<UpdateVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.update(request).await
    }

    async fn submit_visa_application(&self, request: Request<SubmitVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, submit).await
    }

    async fn record_biometrics(&self, request: Request<RecordBiometricsRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, record_biometrics).await
    }

    async fn examine_admissibility(&self, request: Request<ExamineAdmissibilityRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, examine).await
    }

    async fn check_visa_application(&self, request: Request<CheckVisaApplicationRequest>) -> Answer<VisaApplication> {
        self.registry.act_with(request, name_check, check).await
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
        self.registry.act_with(request, record_of_visas, grant).await
    }

    async fn refuse_visa(&self, request: Request<RefuseVisaRequest>) -> Answer<VisaApplication> {
        self.registry.act(request, refuse).await
    }

    async fn retract_visa_application(
        &self,
        request: Request<RetractVisaApplicationRequest>,
    ) -> Answer<VisaApplication> {
        self.registry.act(request, retract).await
    }

    async fn quote_visa_fee(&self, request: Request<QuoteVisaFeeRequest>) -> Answer<QuoteVisaFeeResponse> {
        self.quote(&request.into_inner())
    }

    async fn list_visa_application_revisions(
        &self,
        request: Request<ListVisaApplicationRevisionsRequest>,
    ) -> Answer<ListVisaApplicationRevisionsResponse> {
        self.registry.revisions(request).await
    }
}

/// Within the window before the journey (art. 9(1)), the fee paid (art. 16).
fn submit(
    application: &mut VisaApplication,
    request: SubmitVisaApplicationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let today = call.days().date(call.now());
    let (first, last) = window(Schengen::shipped(), application)?;
    let outside = |words: String| Fault::new(Reason::LodgingOutsideWindow, words);
    refuse_if(today < first, Reason::LodgingOutsideWindow, format!("it can be lodged from {first} on"))?;
    let excused = !application.late_reason.is_empty() || application.purpose() == Purpose::MissionPosting;
    if today > last && !excused {
        return Err(outside(format!("as a rule it is lodged by {last}")).at("lateReason", "says why it is late"));
    }
    let traveller = Traveller {
        class: application.visa_class(),
        purpose: application.purpose(),
        nationality: &application.nationality,
        born: day(&application.birth_date)?,
        family_of_citizen: application.family_of_citizen,
    };
    let fee = Fees::shipped().of(traveller, today);
    let words = format!("the fee of {} cents is due: {}", fee.cents, fee.basis);
    refuse_if(fee.cents > 0 && request.fee_receipt.is_empty(), Reason::VisaFeeUnpaid, words)?;
    (application.fee, application.fee_basis) = (fee.cents, fee.basis.to_owned());
    application.fee_receipt = request.fee_receipt;
    application.lodge_time = Some(call.timestamp());
    application.lodged_month = month(today);
    Ok(())
}

fn month(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
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

/// What is admissible is decided within 15 days of its lodging (art. 19, 23(1)).
fn examine(application: &mut VisaApplication, _: ExamineAdmissibilityRequest, call: &mut Call) -> Result<(), Fault> {
    let lodged = application.lodge_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let missing = shortcomings(Schengen::shipped(), application, call.days().date(lodged))?;
    application.set_state(if missing.is_empty() { State::Admissible } else { State::Inadmissible });
    if missing.is_empty() {
        run_decision(application, Schengen::shipped().decision_days.short(), call);
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

async fn name_check(
    reader: &mut Reader<'_>,
    _: &VisaApplication,
    request: &CheckVisaApplicationRequest,
) -> Result<Option<Screening>, Fault> {
    reader.share(&request.screening).await
}

fn check(
    application: &mut VisaApplication,
    request: CheckVisaApplicationRequest,
    screening: Option<Screening>,
    call: &mut Call,
) -> Result<(), Fault> {
    let applicant = Applicant {
        family_name: &application.family_name,
        given_names: &application.given_names,
        birth_date: &application.birth_date,
        document: Some(&application.passport_number),
    };
    clearance::is_of(screening.as_ref(), applicant)?;
    application.screening = request.screening;
    let mut consulted = request.consulted;
    consulted.sort_unstable();
    consulted.dedup();
    if consulted.is_empty() {
        return Ok(());
    }
    let clock = Clock::new(call.now(), Length::Days(Schengen::shipped().consultation_days.short()));
    let until = due(&clock, call.days()).map(timestamp);
    let asked = |authority| Consultation { authority, due_time: until, ..Consultation::default() };
    application.consultations = consulted.into_iter().map(asked).collect();
    call.timers().set(CONSULTATION, clock);
    Ok(())
}

fn answer(application: &mut VisaApplication, request: AnswerConsultationRequest, call: &mut Call) -> Result<(), Fault> {
    let asked = |one: &&mut Consultation| one.authority == request.authority && one.reply() == Reply::Unspecified;
    let Some(one) = application.consultations.iter_mut().find(asked) else {
        let fault = Fault::new(Reason::ConsultationUnknown, "no answer of that authority is outstanding");
        return Err(fault.at("authority", "is not among those who are to answer"));
    };
    one.set_reply(if request.objects { Reply::Objection } else { Reply::NoObjection });
    one.grounds = request.grounds;
    if application.consultations.iter().all(|one| one.reply() != Reply::Unspecified) {
        call.timers().clear(CONSULTATION);
    }
    Ok(())
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

/// The newest name check, and the visas that the applicant has had.
type Background = (Option<Screening>, Vec<Visa>);

async fn record_of_visas(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    _: &GrantVisaRequest,
) -> Result<Background, Fault> {
    let visas = reader.all::<Visa>(&[("person", &[application.person.as_str()])]).await?;
    Ok((clearance::newest(reader, &application.screening).await?, visas))
}

fn grant(
    application: &mut VisaApplication,
    request: GrantVisaRequest,
    (screening, visas): Background,
    call: &mut Call,
) -> Result<(), Fault> {
    clearance::settled(screening.as_ref())?;
    everyone_consulted_agrees(application)?;
    let until = terms(application, &request)?;
    let today = call.days().date(call.now());
    follows_cascade(application, &request, &visas, today)?;
    application.entries = request.entries;
    application.set_entry_rule(if request.entries == 0 { EntryRule::Multiple } else { EntryRule::Limited });
    application.stay_days = request.stay_days;
    application.valid_from = request.valid_from;
    application.valid_until = until.to_string();
    application.derogation = request.derogation;
    decide(application, today, call);
    Ok(())
}

/// Silence counts as no objection once its time is over, not before (art. 22(2)).
fn everyone_consulted_agrees(application: &VisaApplication) -> Result<(), Fault> {
    for one in &application.consultations {
        let words = format!("{} has not answered, and can until its time is over", one.authority);
        refuse_if(one.reply() == Reply::Unspecified, Reason::ConsultationOutstanding, words)?;
        let words = format!("{} objects", one.authority);
        refuse_if(one.reply() == Reply::Objection, Reason::ConsultationObjected, words)?;
    }
    Ok(())
}

/// Days, entries and validity within the rules; the last day of the visa, with the days of grace (art. 24).
fn terms(application: &VisaApplication, request: &GrantVisaRequest) -> Result<NaiveDate, Fault> {
    let numbers = Schengen::shipped();
    let unfit = |words: String| Err(Fault::new(Reason::VisaTermsUnfit, words));
    let (from, until) = (day(&request.valid_from)?, day(&request.valid_until)?);
    let short = application.visa_class() != VisaClass::D;
    if until < from {
        return unfit("the visa would end before it begins".to_owned());
    }
    if short && i64::from(request.stay_days) > i64::from(numbers.stay_days.value) {
        return unfit(format!("a short stay has {} days at most", numbers.stay_days.value));
    }
    let longest = from.checked_add_months(numbers.multiple_years.years()).unwrap_or(NaiveDate::MAX);
    if short && until >= longest {
        return unfit(format!("a visa is valid for {} years at most", numbers.multiple_years.value));
    }
    let grace = if short && request.entries != 0 { numbers.grace_days.days() } else { chrono::Days::new(0) };
    let last = until.checked_add_days(grace).unwrap_or(NaiveDate::MAX);
    let expires = day(&application.passport_expire_date)?;
    if last > expires {
        return unfit(format!("the visa would end on {last}, and the travel document on {expires}"));
    }
    Ok(last)
}

/// Who has had visas and used them lawfully gets a longer one; less is granted with reasons (art. 24(2)).
fn follows_cascade(
    application: &mut VisaApplication,
    request: &GrantVisaRequest,
    visas: &[Visa],
    today: NaiveDate,
) -> Result<(), Fault> {
    if application.visa_class() != VisaClass::C {
        return Ok(());
    }
    let past: Vec<_> = visas.iter().filter_map(past).collect();
    let Some(entitled) = entitlement(Schengen::shipped(), &past, today) else { return Ok(()) };
    let words = format!("a multiple-entry visa valid for {} years ({})", entitled.years, entitled.source);
    application.entitlement.clone_from(&words);
    let (from, until) = (day(&request.valid_from)?, day(&request.valid_until)?);
    let wanted = from.checked_add_months(chrono::Months::new(entitled.years * 12)).and_then(|day| day.pred_opt());
    // A travel document that ends earlier ends the entitlement with it.
    let possible = day(&application.passport_expire_date)?.min(wanted.unwrap_or(NaiveDate::MAX));
    let less = request.entries != 0 || until < possible;
    refuse_if(less && request.derogation.is_empty(), Reason::CascadeNotFollowed, format!("entitled to {words}"))
}

/// A visa that someone had, as the multiple-entry rules look at it.
fn past(visa: &Visa) -> Option<Past> {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let sound = matches!(visa.state(), visa::State::Valid | visa::State::Used | visa::State::Expired);
    let used = !visa.sojourns.is_empty();
    // A stay that lasted past the visa was no lawful one.
    let left_in_time = visa.sojourns.iter().all(|stay| stay.exit_date <= visa.valid_until);
    Some(Past {
        issued: day(&visa.issue_date)?,
        from: day(&visa.valid_from)?,
        until: day(&visa.valid_until)?,
        multiple: visa.entries == 0,
        lawfully_used: sound && used && left_in_time,
    })
}

fn decide(application: &mut VisaApplication, today: NaiveDate, call: &mut Call) {
    application.decision_date = today.to_string();
    application.decided_month = month(today);
    call.timers().clear_all();
}

/// On legal grounds, with the remedy (art. 32).
fn refuse(application: &mut VisaApplication, request: RefuseVisaRequest, call: &mut Call) -> Result<(), Fault> {
    application.refusal_grounds = request.grounds;
    application.remarks = request.remarks;
    application.remedy = request.remedy;
    let today = call.days().date(call.now());
    decide(application, today, call);
    Ok(())
}

fn retract(_: &mut VisaApplication, _: RetractVisaApplicationRequest, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear_all();
    Ok(())
}
