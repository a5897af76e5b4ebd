//! Assistance cases: nationals in need abroad, by the rules of their kind; what is told of them, to whom, by whose consent
//! (VCCR art. 5, 36, 37).

use crate::assistance::Rules;
use crate::assistance::disclosure::{self, Decision, Question, needs_guardian};
use crate::assistance::rules::Instants;
use crate::assistance_tasks::{self, AssistanceTasks};
use calendar::WorkingDays;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::assistance_case::{CloseCode, Source, State, Type};
use proto::consular::v1::assistance_case_service_server::AssistanceCaseService;
use proto::consular::v1::case_consent::Giver;
use proto::consular::v1::case_disclosure::{Asker, Measure, Topic};
use proto::consular::v1::{
    ActivateAssistanceCaseRequest, AssistanceCase, CaseConsent, CaseDisclosure, CaseFact, CloseAssistanceCaseRequest,
    CreateAssistanceCaseRequest, DiscloseCaseForSafetyRequest, DiscloseCaseRequest, GetAssistanceCaseRequest,
    ListAssistanceCaseRevisionsRequest, ListAssistanceCaseRevisionsResponse, ListAssistanceCasesRequest,
    ListAssistanceCasesResponse, MonitorAssistanceCaseRequest, Reason, RecordCaseConsentRequest,
    RecordCaseFactsRequest, ReopenAssistanceCaseRequest, TriageAssistanceCaseRequest, TrustAccount,
    UpdateAssistanceCaseRequest, WatchAssistanceCasesRequest, WatchAssistanceCasesResponse, WithdrawCaseConsentRequest,
    assistance_task, case_fact,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The cases.
#[derive(Clone, Debug)]
pub struct AssistanceCases {
    registry: Registry<Self>,
}

impl Keep for AssistanceCases {
    type Record = AssistanceCase;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }
}

impl AssistanceCases {
    /// The cases that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AssistanceCaseService for AssistanceCases {
    async fn get_assistance_case(&self, request: Request<GetAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.get(request).await
    }

    async fn list_assistance_cases(
        &self,
        request: Request<ListAssistanceCasesRequest>,
    ) -> Answer<ListAssistanceCasesResponse> {
        self.registry.list(request).await
    }

    async fn create_assistance_case(&self, request: Request<CreateAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.create_with(request, async |_, _| Ok(()), open).await
    }

    async fn update_assistance_case(&self, request: Request<UpdateAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.update(request).await
    }

    async fn triage_assistance_case(&self, request: Request<TriageAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, triage).await
    }

    async fn activate_assistance_case(
        &self,
        request: Request<ActivateAssistanceCaseRequest>,
    ) -> Answer<AssistanceCase> {
        self.registry.act(request, activate).await
    }

    async fn monitor_assistance_case(&self, request: Request<MonitorAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.act_with(request, planned_contacts, monitor).await
    }

    async fn record_case_facts(&self, request: Request<RecordCaseFactsRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, record_facts).await
    }

    async fn record_case_consent(&self, request: Request<RecordCaseConsentRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, record_consent).await
    }

    async fn withdraw_case_consent(&self, request: Request<WithdrawCaseConsentRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, withdraw_consent).await
    }

    async fn disclose_case(&self, request: Request<DiscloseCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, disclose).await
    }

    async fn disclose_case_for_safety(&self, request: Request<DiscloseCaseForSafetyRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, disclose_for_safety).await
    }

    async fn close_assistance_case(&self, request: Request<CloseAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.act_with(request, unfinished, close).await
    }

    async fn reopen_assistance_case(&self, request: Request<ReopenAssistanceCaseRequest>) -> Answer<AssistanceCase> {
        self.registry.act(request, reopen).await
    }

    async fn list_assistance_case_revisions(
        &self,
        request: Request<ListAssistanceCaseRevisionsRequest>,
    ) -> Answer<ListAssistanceCaseRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAssistanceCasesStream = Feed<WatchAssistanceCasesResponse>;

    async fn watch_assistance_cases(
        &self,
        request: Request<WatchAssistanceCasesRequest>,
    ) -> Answer<Self::WatchAssistanceCasesStream> {
        self.registry.watch(request).await
    }
}

/// The working days of a case: of our own state and the receiving one together.
pub(crate) fn days_of(case: &AssistanceCase, call: &Call) -> WorkingDays {
    WorkingDays::of([call.home().state.as_str(), case.country.as_str()], call.days().zone())
}

fn open(case: &mut AssistanceCase, (): (), call: &mut Call) -> Result<(), Fault> {
    let (rules, at) = (Rules::get(), instants(case, call)?);
    let kind = rules.of(case.r#type());
    let facts = std::mem::take(&mut case.facts);
    note(case, facts, call);
    all_known(case, false)?;
    let age = case.birth_date.parse().map(|born| crate::travel::age(born, today(call)));
    let grown = age.is_ok_and(|age| !kind.is_for(age));
    refuse_if(grown, Reason::CaseAgeUnfit, "cases of this kind are for those who are younger")?;
    case.notice_late = case.source() == Source::Authority && kind.is_late(at);
    let mut tasks: Vec<_> = kind.tasks.iter().collect();
    let alone = needs_guardian(case, rules, today(call)) && !disclosure::has_guardian(case);
    if alone && !tasks.iter().any(|task| task.kind() == assistance_task::Kind::Guardian) {
        tasks.push(&rules.guardian_task);
    }
    if case.notice_late {
        tasks.push(&rules.late_notice_task);
    }
    let days = days_of(case, call);
    tasks.into_iter().try_for_each(|task| assistance_tasks::open(case, task, task.due(at, &days), call))
}

/// When it happened and when we were told: now, where it is not said.
fn instants(case: &mut AssistanceCase, call: &Call) -> Result<Instants, Fault> {
    let notice = case.notice_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let event = case.event_time.as_ref().and_then(instant).unwrap_or(notice);
    let wrong = event > notice || notice > call.now();
    refuse_if(wrong, Reason::CaseTimesUnfit, "it happens, then we are told, then the case is opened")?;
    (case.event_time, case.notice_time) = (Some(timestamp(event)), Some(timestamp(notice)));
    Ok(Instants { event, notice, opening: call.now() })
}

fn today(call: &Call) -> NaiveDate {
    call.days().date(call.now())
}

/// Notes facts: one of a kind takes the place of the one before.
fn note(case: &mut AssistanceCase, facts: Vec<CaseFact>, call: &Call) {
    for mut fact in facts {
        fact.record_time = Some(call.timestamp());
        fact.recorder = call.principal().subject.as_ref().to_owned();
        case.facts.retain(|known| known.kind != fact.kind);
        case.facts.push(fact);
    }
}

fn all_known(case: &AssistanceCase, closing: bool) -> Result<(), Fault> {
    let known: Vec<case_fact::Kind> = case.facts.iter().map(CaseFact::kind).collect();
    let missing = Rules::get().of(case.r#type()).missing(&known, closing);
    refuse_if(!missing.is_empty(), Reason::CaseFactsMissing, "not everything is known that must be")
        .map_err(|fault| fault.with("facts", missing.join(", ")))
}

fn triage(case: &mut AssistanceCase, request: TriageAssistanceCaseRequest, _: &mut Call) -> Result<(), Fault> {
    case.priority = request.priority;
    Ok(())
}

fn activate(case: &mut AssistanceCase, request: ActivateAssistanceCaseRequest, call: &mut Call) -> Result<(), Fault> {
    case.officer = match request.officer {
        none if none.is_empty() => call.principal().subject.as_ref().to_owned(),
        named => named,
    };
    case.next_contact_date.clear();
    Ok(())
}

/// The contacts that were planned when the case rested before.
async fn planned_contacts(
    reader: &mut Reader<'_>,
    case: &AssistanceCase,
    _: &MonitorAssistanceCaseRequest,
) -> Result<Vec<Held<AssistanceTasks>>, Fault> {
    let planned = assistance_task::Kind::NextContact.as_str_name();
    reader.hold(&[("case", &[&case.name]), ("state", &["OPEN"]), ("kind", &[planned])]).await
}

/// No case rests without a day; another day takes the place of the one before.
fn monitor(
    case: &mut AssistanceCase,
    request: MonitorAssistanceCaseRequest,
    planned: Vec<Held<AssistanceTasks>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let day = crate::travel::day(&request.next_contact_date)?;
    refuse_if(day < today(call), Reason::CaseTimesUnfit, "the next contact lies ahead")?;
    case.next_contact_date = request.next_contact_date;
    end(planned, call)?;
    let due = call.days().end_of(day);
    assistance_tasks::open(case, &Rules::get().rest_task, Some(due), call)
}

/// Ends what comes again and again.
fn end(regular: Vec<Held<AssistanceTasks>>, call: &mut Call) -> Result<(), Fault> {
    regular.into_iter().try_for_each(|task| call.follow(task, "end", assistance_tasks::end))
}

fn record_facts(case: &mut AssistanceCase, request: RecordCaseFactsRequest, call: &mut Call) -> Result<(), Fault> {
    note(case, request.facts, call);
    Ok(())
}

fn record_consent(case: &mut AssistanceCase, request: RecordCaseConsentRequest, call: &mut Call) -> Result<(), Fault> {
    let mut consent = request.consent.unwrap_or_default();
    refuse_if(case.r#type() == Type::Death, Reason::CaseConsentUnfit, "the dead agree to nothing")?;
    let guarded = needs_guardian(case, Rules::get(), today(call));
    let giver = if guarded { Giver::PersonsGuardian } else { Giver::Person };
    let unfit = consent.given_by() != giver || (guarded && !disclosure::has_guardian(case));
    refuse_if(unfit, Reason::CaseConsentUnfit, "a consent is given by who decides for the person")
        .map_err(|fault| fault.with("giver", giver.as_str_name()))?;
    consent.start_time.get_or_insert_with(|| call.timestamp());
    let span = [&consent.start_time, &consent.end_time].map(|time| time.as_ref().and_then(instant));
    let ends_first = matches!(span, [Some(start), Some(end)] if end <= start);
    refuse_if(ends_first, Reason::CaseTimesUnfit, "a consent begins before it ends")?;
    consent.number = number(case.consents.len());
    case.consents.push(consent);
    Ok(())
}

/// The number after so many.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX).saturating_add(1)
}

/// It ends now: what was told under it was told rightly.
fn withdraw_consent(
    case: &mut AssistanceCase,
    request: WithdrawCaseConsentRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let over = |consent: &CaseConsent| consent.end_time.as_ref().and_then(instant).is_some_and(|end| end <= call.now());
    let found = case.consents.iter_mut().find(|consent| consent.number == request.number && !over(consent));
    let unknown = || Fault::new(Reason::CaseConsentUnknown, "there is no such consent that runs");
    found.ok_or_else(unknown)?.end_time = Some(call.timestamp());
    Ok(())
}

fn disclose(case: &mut AssistanceCase, request: DiscloseCaseRequest, call: &mut Call) -> Result<(), Fault> {
    let (asker, topic) = (request.asker(), request.topic());
    let question = Question { asker, name: &request.asker_name, proven: request.identity_proven, topic };
    let decision = disclosure::decide(case, question, Rules::get(), (today(call), call.now()));
    let silent = decision.measure == Measure::Tell && request.answer.trim().is_empty();
    refuse_if(silent, Reason::CaseAnswerMissing, "it may be told, and there is nothing to tell")?;
    let told = decision.words(request.answer);
    keep(case, decision, (asker, request.asker_name, request.identity_proven), topic, told, call);
    Ok(())
}

/// How the person is at most: alive. Not to whom the person is to be protected from.
fn disclose_for_safety(
    case: &mut AssistanceCase,
    request: DiscloseCaseForSafetyRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let asker = request.asker();
    let decision = disclosure::for_safety(case, &request.asker_name, request.grounds);
    let told = decision.words(String::new());
    keep(case, decision, (asker, request.asker_name, false), Topic::Life, told, call);
    Ok(())
}

/// Keeps what was asked and told, or that nothing was.
fn keep(
    case: &mut AssistanceCase,
    decision: Decision,
    (asker, asker_name, identity_proven): (Asker, String, bool),
    topic: Topic,
    told: String,
    call: &Call,
) {
    case.disclosures.push(CaseDisclosure {
        number: number(case.disclosures.len()),
        asker: asker.into(),
        asker_name,
        identity_proven,
        topic: topic.into(),
        measure: decision.measure.into(),
        ground: decision.ground.into(),
        rule: decision.rule,
        consent: decision.consent,
        told,
        tell_time: Some(call.timestamp()),
        officer: call.principal().subject.as_ref().to_owned(),
    });
}

/// What keeps a case from being closed: its open tasks, and how many accounts hold money of the person.
async fn unfinished(
    reader: &mut Reader<'_>,
    case: &AssistanceCase,
    _: &CloseAssistanceCaseRequest,
) -> Result<(Vec<Held<AssistanceTasks>>, bool), Fault> {
    let open: [(&str, &[&str]); 2] = [("case", &[&case.name]), ("state", &["OPEN"])];
    let tasks = reader.hold(&open).await?;
    Ok((tasks, reader.exists::<TrustAccount>(&open).await?))
}

fn close(
    case: &mut AssistanceCase,
    request: CloseAssistanceCaseRequest,
    (tasks, money): (Vec<Held<AssistanceTasks>>, bool),
    call: &mut Call,
) -> Result<(), Fault> {
    let (regular, others): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| task.regular);
    let open: Vec<&str> = others.iter().map(|task| task.kind().as_str_name()).collect();
    refuse_if(!open.is_empty(), Reason::CaseTasksOutstanding, "not everything is done that the case asks for")
        .map_err(|fault| fault.with("tasks", open.join(", ")))?;
    refuse_if(money, Reason::CaseMoneyHeld, "the case has an open trust account")?;
    all_known(case, true)?;
    let codes: Vec<_> = Rules::get().of(case.r#type()).codes().collect();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str_name()).collect();
    let unfit = !codes.contains(&request.code());
    refuse_if(unfit, Reason::CaseCodeUnfit, "cases of this kind do not end like this")
        .map_err(|fault| fault.with("codes", names.join(", ")))?;
    end(regular, call)?;
    case.set_close_code(request.code());
    case.close_note = request.note;
    case.close_time = Some(call.timestamp());
    case.next_contact_date.clear();
    Ok(())
}

fn reopen(case: &mut AssistanceCase, _: ReopenAssistanceCaseRequest, call: &mut Call) -> Result<(), Fault> {
    let (now, days) = (call.now(), days_of(case, call));
    case.set_close_code(CloseCode::Unspecified);
    case.close_note.clear();
    case.close_time = None;
    let regular = Rules::get().of(case.r#type()).tasks.iter().filter(|task| task.again_days.is_some());
    regular.into_iter().try_for_each(|task| assistance_tasks::open(case, task, task.due_again(now, &days), call))
}

/// The case that something belongs to, if it is not closed.
///
/// # Errors
/// `BROKEN_REFERENCE` if there is none, `CASE_IS_CLOSED`.
pub(crate) fn running(case: Option<AssistanceCase>, field: &str) -> Result<AssistanceCase, Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such case").at(field, "does not exist");
    let case = case.ok_or_else(missing)?;
    refuse_if(case.state() == State::Closed, Reason::CaseIsClosed, "the case is closed").map(|()| case)
}
