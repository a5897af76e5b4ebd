//! Assistance cases: what each kind asks for, and tasks that do not lapse.

use crate::disclosures::{asks, to_kin};
use crate::world::{Signed, World, dawn, officer, reason, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::consular::v1::assistance_case::{CloseCode, Priority, Source, State, Type};
use proto::consular::v1::assistance_case_service_client::AssistanceCaseServiceClient;
use proto::consular::v1::assistance_contact::{Channel, Party};
use proto::consular::v1::assistance_contact_service_client::AssistanceContactServiceClient;
use proto::consular::v1::assistance_task::{Kind, State as Task};
use proto::consular::v1::assistance_task_service_client::AssistanceTaskServiceClient;
use proto::consular::v1::case_disclosure::Topic;
use proto::consular::v1::{self as pb, AssistanceCase, AssistanceContact, AssistanceTask, CaseFact, case_fact};
use registry::{instant, timestamp};
use tonic::Status;

/// Who works on cases in these tests.
pub(crate) const CONSUL: &str = "people/consul";

pub(crate) fn fact(kind: case_fact::Kind, text: &str) -> CaseFact {
    CaseFact { kind: kind.into(), text: text.into(), ..CaseFact::default() }
}

/// A case of a kind whose beginning asks for these facts.
pub(crate) fn case(of: Type, facts: Vec<CaseFact>) -> AssistanceCase {
    AssistanceCase {
        post: "posts/example".into(),
        r#type: of.into(),
        country: "GB".into(),
        family_name: "Example".into(),
        given_names: "Anna".into(),
        birth_date: if of == Type::ChildAbduction { "2015-01-31" } else { "1974-08-12" }.into(),
        nationality: "US".into(),
        source: Source::Family.into(),
        facts,
        ..AssistanceCase::default()
    }
}

pub(crate) fn arrest() -> AssistanceCase {
    case(Type::Arrest, vec![fact(case_fact::Kind::Place, "Police station 4")])
}

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    pub(crate) fn cases(&self, by: &Principal) -> AssistanceCaseServiceClient<Signed> {
        AssistanceCaseServiceClient::new(self.signed(by))
    }

    fn tasks(&self, by: &Principal) -> AssistanceTaskServiceClient<Signed> {
        AssistanceTaskServiceClient::new(self.signed(by))
    }

    pub(crate) async fn open_case(&self, case: AssistanceCase) -> Result<AssistanceCase, Status> {
        let create = pb::CreateAssistanceCaseRequest { assistance_case: Some(case), ..Default::default() };
        Ok(self.cases(&officer(CONSUL)).create_assistance_case(create).await?.into_inner())
    }

    async fn active(&self, case: AssistanceCase) -> AssistanceCase {
        let name = self.open_case(case).await.unwrap().name;
        let priority = Priority::High.into();
        let triage = pb::TriageAssistanceCaseRequest { name: name.clone(), priority, ..Default::default() };
        let mut cases = self.cases(&officer(CONSUL));
        cases.triage_assistance_case(triage).await.unwrap();
        cases.activate_assistance_case(about!(ActivateAssistanceCaseRequest, name)).await.unwrap().into_inner()
    }

    /// A case that could be closed.
    pub(crate) async fn finished_case(&self) -> String {
        let name = self.active(case(Type::Other, vec![fact(case_fact::Kind::Outcome, "Helped")])).await.name;
        self.log(spoken(&name, Party::Subject, Channel::Telephone)).await.unwrap();
        name
    }

    pub(crate) async fn close_finished(&self, name: &str) -> Result<AssistanceCase, Status> {
        self.close_case(name, CloseCode::Helped).await
    }

    async fn tasks_of(&self, case: &str, more: &str) -> Vec<AssistanceTask> {
        let filter = format!("case = \"{case}\"{more}");
        let list = pb::ListAssistanceTasksRequest { filter, order_by: "dueTime".into(), ..Default::default() };
        self.tasks(&officer(CONSUL)).list_assistance_tasks(list).await.unwrap().into_inner().assistance_tasks
    }

    pub(crate) async fn open_tasks(&self, case: &str) -> Vec<Kind> {
        self.tasks_of(case, " AND state = OPEN").await.iter().map(AssistanceTask::kind).collect()
    }

    async fn log(&self, contact: AssistanceContact) -> Result<AssistanceContact, Status> {
        let create = pb::CreateAssistanceContactRequest { assistance_contact: Some(contact), ..Default::default() };
        let mut contacts = AssistanceContactServiceClient::new(self.signed(&officer(CONSUL)));
        Ok(contacts.create_assistance_contact(create).await?.into_inner())
    }

    async fn close_case(&self, name: &str, code: CloseCode) -> Result<AssistanceCase, Status> {
        let close = pb::CloseAssistanceCaseRequest { name: name.into(), code: code.into(), ..Default::default() };
        Ok(self.cases(&officer(CONSUL)).close_assistance_case(close).await?.into_inner())
    }

    async fn complete(&self, task: &str, witnesses: &[&str]) -> Result<AssistanceTask, Status> {
        let complete = pb::CompleteAssistanceTaskRequest {
            name: task.into(),
            outcome: "Done.".into(),
            witnesses: witnesses.iter().map(|name| (*name).to_owned()).collect(),
            ..Default::default()
        };
        Ok(self.tasks(&officer(CONSUL)).complete_assistance_task(complete).await?.into_inner())
    }
}

fn spoken(case: &str, party: Party, channel: Channel) -> AssistanceContact {
    AssistanceContact {
        case: case.into(),
        party: party.into(),
        channel: channel.into(),
        reached: true,
        summary: "As well as can be.".into(),
        ..AssistanceContact::default()
    }
}

#[tokio::test]
async fn an_arrest_opens_its_tasks_with_their_times_and_a_late_notice_is_raised() {
    let world = world().await;
    let told_late = AssistanceCase {
        source: Source::Authority.into(),
        event_time: Some(timestamp(dawn() - TimeDelta::hours(80))),
        notice_time: Some(timestamp(dawn() - TimeDelta::hours(2))),
        ..arrest()
    };
    let opened = world.open_case(told_late.clone()).await.unwrap();
    assert!(opened.notice_late && opened.state() == State::Open);
    let tasks = world.tasks_of(&opened.name, "").await;
    let found: Vec<_> = tasks
        .iter()
        .map(|task| (task.kind(), task.due_time.as_ref().and_then(instant).unwrap().to_rfc3339()))
        .collect();
    let expected = [
        (Kind::FirstContact, "2026-05-05T11:00:00+00:00"),
        (Kind::FirstVisit, "2026-05-07T11:00:00+00:00"),
        (Kind::Referrals, "2026-05-07T11:00:00+00:00"),
        // Five working days after the day of the opening.
        (Kind::ProtestLateNotice, "2026-05-12T04:00:00+00:00"),
        (Kind::NextVisit, "2026-08-03T04:00:00+00:00"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(kind, due)| (kind, due.to_owned())).collect();
    let mut sorted = found.clone();
    sorted.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
    assert_eq!(sorted, expected);
    assert!(tasks.iter().all(|task| task.post == "posts/example" && !task.source.is_empty() && !task.title.is_empty()));
    let prompt = AssistanceCase { notice_time: Some(timestamp(dawn() - TimeDelta::hours(79))), ..told_late.clone() };
    assert!(!world.open_case(prompt).await.unwrap().notice_late);
    let backwards = AssistanceCase { notice_time: Some(timestamp(dawn() - TimeDelta::hours(81))), ..told_late };
    assert_eq!(reason(world.open_case(backwards).await), "CASE_TIMES_UNFIT");
    let silent = AssistanceCase { facts: vec![], ..arrest() };
    assert_eq!(reason(world.open_case(silent).await), "CASE_FACTS_MISSING");
    let all = (1..).map_while(|number| case_fact::Kind::try_from(number).ok());
    let facts = all.map(|kind| fact(kind, "known")).collect();
    let grown = AssistanceCase { birth_date: "2010-05-04".into(), ..case(Type::ChildAbduction, facts) };
    assert_eq!(reason(world.open_case(grown).await), "CASE_AGE_UNFIT", "sixteen today");
    let unknown = AssistanceCase { registration: "registrations/none".into(), ..arrest() };
    assert_eq!(reason(world.open_case(unknown).await), "BROKEN_REFERENCE");
}

#[tokio::test]
async fn every_kind_of_case_opens_and_closes_by_its_own_rules() {
    let world = world().await;
    for of in (1..).map_while(|number| Type::try_from(number).ok()) {
        let bare = world.open_case(case(of, vec![])).await;
        let all = (1..).map_while(|number| case_fact::Kind::try_from(number).ok());
        let facts: Vec<_> = all.map(|kind| fact(kind, "known")).collect();
        if of != Type::Other {
            assert_eq!(reason(bare), "CASE_FACTS_MISSING", "{}", of.as_str_name());
        }
        let opened = world.active(case(of, facts)).await;
        let refused = reason(world.close_case(&opened.name, CloseCode::HandedOver).await);
        assert_eq!(refused, "CASE_TASKS_OUTSTANDING", "{}", of.as_str_name());
        for task in world.tasks_of(&opened.name, " AND state = OPEN").await {
            world.complete(&task.name, &["One", "Two"]).await.unwrap();
        }
        let closed = world.close_case(&opened.name, CloseCode::HandedOver).await.unwrap();
        assert_eq!((closed.state(), closed.close_code()), (State::Closed, CloseCode::HandedOver));
        assert!(world.open_tasks(&opened.name).await.is_empty(), "{}", of.as_str_name());
    }
}

#[tokio::test]
async fn what_is_late_is_escalated_every_day_until_it_is_done() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    world.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(world.store.fire_due().await.unwrap(), 1, "again");
    let late = world.tasks_of(&name, " AND late = true AND state = OPEN").await;
    assert_eq!((late.len(), late[0].kind(), late[0].escalations), (1, Kind::FirstContact, 2));
    let events = "outbox where kind = 'assistanceTasks' and verb = 'escalate'";
    assert_eq!(world.count(events).await, 2, "each is an event");
    world.log(spoken(&name, Party::Subject, Channel::Telephone)).await.unwrap();
    let done = world.tasks_of(&name, " AND state = DONE").await;
    assert!(done.len() == 1 && done[0].late, "that it was late stays known");
    world.clock.advance(TimeDelta::hours(23));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_visit_completes_what_waited_for_it_and_the_next_comes_in_a_quarter() {
    let world = world().await;
    let name = world.active(arrest()).await.name;
    let attempt = AssistanceContact { reached: false, ..spoken(&name, Party::Subject, Channel::Visit) };
    assert!(world.log(attempt).await.unwrap().tasks.is_empty(), "an attempt completes nothing");
    let family = world.log(spoken(&name, Party::Family, Channel::Telephone)).await.unwrap();
    assert!(family.tasks.is_empty());
    world.clock.advance(TimeDelta::hours(20));
    let visit = world.log(spoken(&name, Party::Subject, Channel::Visit)).await.unwrap();
    assert_eq!((visit.tasks.len(), visit.officer.as_str()), (3, CONSUL), "first contact, first visit, the regular one");
    assert_eq!(world.open_tasks(&name).await, [Kind::Referrals, Kind::NextVisit]);
    let next = world.tasks_of(&name, " AND kind = NEXT_VISIT AND state = OPEN").await;
    assert_eq!(next[0].due_time.as_ref().and_then(instant), "2026-08-04T04:00:00Z".parse().ok());
    let by = world.tasks_of(&name, " AND kind = FIRST_VISIT").await;
    assert_eq!((by[0].state(), by[0].contact.as_str()), (Task::Done, visit.name.as_str()));
    let ahead = AssistanceContact {
        contact_time: Some(timestamp(dawn() + TimeDelta::days(2))),
        ..spoken(&name, Party::Subject, Channel::Visit)
    };
    assert_eq!(reason(world.log(ahead).await), "CASE_TIMES_UNFIT");
    let changed = "update assistance_contacts set doc = doc || '{\"summary\": \"All is well.\"}'";
    let refused = sqlx::query(changed).execute(&world.db.pool).await.unwrap_err();
    assert!(refused.to_string().contains("stands"), "{refused}");
}

#[tokio::test]
async fn a_case_closes_when_everything_is_done_and_known_and_reopens_with_its_visits() {
    let world = world().await;
    let name = world.active(arrest()).await.name;
    assert_eq!(reason(world.close_case(&name, CloseCode::Released).await), "CASE_TASKS_OUTSTANDING");
    world.log(spoken(&name, Party::Subject, Channel::Visit)).await.unwrap();
    let referrals = world.tasks_of(&name, " AND kind = REFERRALS").await.remove(0).name;
    let waive = pb::WaiveAssistanceTaskRequest {
        name: referrals,
        grounds: "The person has a lawyer.".into(),
        ..Default::default()
    };
    let junior = Principal {
        permissions: Permissions::of(["consular.assistanceTasks.work", "consular.assistanceTasks.read"]),
        ..officer(CONSUL)
    };
    assert_eq!(reason(world.tasks(&junior).waive_assistance_task(waive.clone()).await), "PERMISSION_DENIED");
    world.tasks(&officer("people/head")).waive_assistance_task(waive).await.unwrap();
    assert_eq!(reason(world.close_case(&name, CloseCode::Released).await), "CASE_FACTS_MISSING");
    use case_fact::Kind::{Charge, Outcome, Place, RightsTold};
    let facts = vec![
        fact(Charge, "Theft"),
        fact(RightsTold, "On the day"),
        fact(Outcome, "Acquitted"),
        fact(Place, "Prison 1"),
    ];
    let record = pb::RecordCaseFactsRequest { name: name.clone(), facts, ..Default::default() };
    let known = world.cases(&officer(CONSUL)).record_case_facts(record).await.unwrap().into_inner();
    let places: Vec<_> = known.facts.iter().filter(|fact| fact.kind() == Place).collect();
    assert_eq!((places.len(), places[0].text.as_str(), places[0].recorder.as_str()), (1, "Prison 1", CONSUL));
    assert_eq!(reason(world.close_case(&name, CloseCode::Buried).await), "CASE_CODE_UNFIT");
    world.close_case(&name, CloseCode::Released).await.unwrap();
    assert!(world.open_tasks(&name).await.is_empty(), "the regular visit ends with the case");
    let late = spoken(&name, Party::Subject, Channel::Telephone);
    assert_eq!(reason(world.log(late).await), "CASE_IS_CLOSED");
    let reopen = about!(ReopenAssistanceCaseRequest, name);
    let again = world.cases(&officer(CONSUL)).reopen_assistance_case(reopen).await.unwrap().into_inner();
    assert_eq!((again.state(), again.close_code()), (State::Reopened, CloseCode::Unspecified));
    assert_eq!(world.open_tasks(&name).await, [Kind::NextVisit]);
}

#[tokio::test]
async fn no_case_rests_without_a_day() {
    let world = world().await;
    let name = world.active(arrest()).await.name;
    let monitor = |day: &str| pb::MonitorAssistanceCaseRequest {
        name: name.clone(),
        next_contact_date: day.into(),
        ..Default::default()
    };
    let mut cases = world.cases(&officer(CONSUL));
    assert_eq!(reason(cases.monitor_assistance_case(monitor("2026-05-03")).await), "CASE_TIMES_UNFIT");
    cases.monitor_assistance_case(monitor("2026-05-20")).await.unwrap();
    cases.activate_assistance_case(about!(ActivateAssistanceCaseRequest, name)).await.unwrap();
    let rests = cases.monitor_assistance_case(monitor("2026-05-25")).await.unwrap().into_inner();
    assert_eq!((rests.state(), rests.next_contact_date.as_str()), (State::Monitoring, "2026-05-25"));
    let planned = world.tasks_of(&name, " AND kind = NEXT_CONTACT AND state = OPEN").await;
    assert_eq!(planned.len(), 1, "another day takes the place of the one before");
    assert_eq!(planned[0].due_time.as_ref().and_then(instant), "2026-05-26T04:00:00Z".parse().ok());
}

#[tokio::test]
async fn the_effects_are_listed_before_two_witnesses() {
    let world = world().await;
    let dead = case(Type::Death, vec![fact(case_fact::Kind::Place, "Hospital 2")]);
    let name = world.open_case(dead).await.unwrap().name;
    let inventory = world.tasks_of(&name, " AND kind = EFFECTS").await.remove(0).name;
    for witnesses in [&[][..], &["One"], &["One", " one "], &["One", " "]] {
        assert_eq!(reason(world.complete(&inventory, witnesses).await), "TASK_WITNESSES_MISSING", "{witnesses:?}");
    }
    assert_eq!(world.complete(&inventory, &["One", "Two"]).await.unwrap().state(), Task::Done);
    assert_eq!(reason(world.consent(&name, to_kin(&[Topic::Life])).await), "CASE_CONSENT_UNFIT");
}

#[tokio::test]
async fn cases_are_for_our_officers_and_personal_data_for_those_who_may_read_it() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    world.consent(&name, to_kin(&[Topic::Whereabouts])).await.unwrap();
    world.disclose(asks(&name, Topic::Whereabouts)).await.unwrap();
    let get = || about!(GetAssistanceCaseRequest, name);
    for outsider in [
        Principal { mission: Some("missions/example".into()), ..officer("people/x") },
        Principal { agency: Some("agencies/example".into()), ..officer("people/x") },
    ] {
        assert_eq!(reason(world.cases(&outsider).get_assistance_case(get()).await), "NOT_FOUND");
    }
    let clerk = Principal { permissions: Permissions::of(["consular.assistanceCases.read"]), ..officer("people/y") };
    let seen = world.cases(&clerk).get_assistance_case(get()).await.unwrap().into_inner();
    let blank = seen.family_name.is_empty() && seen.facts.is_empty() && seen.consents.is_empty();
    assert!(blank && seen.disclosures.is_empty() && seen.summary.is_empty(), "{seen:?}");
    let leaked = "outbox where kind like 'assistance%' and doc::text like '%police station%'";
    assert_eq!(world.count(leaked).await, 0, "events carry nothing personal");
}

#[tokio::test]
async fn a_task_of_ones_own_has_its_time_and_another_person() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    let task = |due| AssistanceTask {
        case: name.clone(),
        kind: Kind::SomethingElse.into(),
        title: "Bring the glasses".into(),
        due_time: Some(timestamp(due)),
        ..AssistanceTask::default()
    };
    let create = |task| pb::CreateAssistanceTaskRequest { assistance_task: Some(task), ..Default::default() };
    let mut tasks = world.tasks(&officer(CONSUL));
    let past = tasks.create_assistance_task(create(task(dawn() - TimeDelta::hours(1)))).await;
    assert_eq!(reason(past), "CASE_TIMES_UNFIT");
    let made = tasks.create_assistance_task(create(task(dawn() + TimeDelta::hours(1)))).await.unwrap().into_inner();
    let assign = pb::AssignAssistanceTaskRequest {
        name: made.name.clone(),
        assignee: "people/clerk".into(),
        ..Default::default()
    };
    tasks.assign_assistance_task(assign).await.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let done = world.complete(&made.name, &[]).await.unwrap();
    assert!(done.late && done.assignee == "people/clerk" && done.post == "posts/example");
    assert_eq!(reason(world.complete(&made.name, &[]).await), "WRONG_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_visits_logged_at_once_one_completes_the_first_visit() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    let visits = (0..8).map(|_| world.log(spoken(&name, Party::Subject, Channel::Visit)));
    let logged = futures::future::join_all(visits).await;
    assert!(logged.iter().all(Result::is_ok), "{logged:?}");
    let by = world.tasks_of(&name, " AND kind = FIRST_VISIT").await;
    assert_eq!(by.len(), 1);
    let first = |contact: &&AssistanceContact| contact.tasks.contains(&by[0].name);
    assert_eq!(logged.iter().flatten().filter(first).count(), 1);
    assert_eq!(world.tasks_of(&name, " AND kind = NEXT_VISIT AND state = OPEN").await.len(), 1);
}

#[tokio::test]
async fn a_regular_visit_that_is_waived_once_comes_again() {
    let world = world().await;
    let name = world.active(arrest()).await.name;
    let visit = world.tasks_of(&name, " AND kind = NEXT_VISIT").await.remove(0).name;
    let grounds = "The prison is closed to visitors.".to_owned();
    let waive = pb::WaiveAssistanceTaskRequest { name: visit, grounds, ..Default::default() };
    world.tasks(&officer("people/head")).waive_assistance_task(waive).await.unwrap();
    let next = world.tasks_of(&name, " AND kind = NEXT_VISIT AND state = OPEN").await;
    assert_eq!(next.len(), 1);
    assert!(next[0].due_time.as_ref().and_then(instant).unwrap() > dawn() + TimeDelta::days(89));
}
