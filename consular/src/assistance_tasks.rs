//! Tasks of assistance cases: each by its time; what is late is escalated until it is done.

use crate::assistance::Rules;
use crate::assistance::rules::Task;
use crate::assistance_cases::{days_of, running};
use calendar::{Clock, Length};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::assistance_task::State;
use proto::consular::v1::assistance_task_service_server::AssistanceTaskService;
use proto::consular::v1::{
    AssignAssistanceTaskRequest, AssistanceCase, AssistanceTask, CompleteAssistanceTaskRequest,
    CreateAssistanceTaskRequest, GetAssistanceTaskRequest, ListAssistanceTaskRevisionsRequest,
    ListAssistanceTaskRevisionsResponse, ListAssistanceTasksRequest, ListAssistanceTasksResponse, Reason,
    WaiveAssistanceTaskRequest, WatchAssistanceTasksRequest, WatchAssistanceTasksResponse, assistance_case,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::collections::BTreeSet;
use tonic::Request;

/// The end of the time in which it is to be done.
const DUE: &str = "due";

/// The tasks.
#[derive(Clone, Debug)]
pub struct AssistanceTasks {
    registry: Registry<Self>,
}

impl Keep for AssistanceTasks {
    type Record = AssistanceTask;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// Late, and so it stays until it is done. Of a case that was closed at the same moment as the task before it was done,
    /// it ends.
    async fn fire_with(
        task: &mut AssistanceTask,
        _: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let case = reader.glance::<AssistanceCase>(&task.case).await?;
        let over = case.is_none_or(|case| case.state() == assistance_case::State::Closed);
        if over {
            task.set_state(State::Waived);
            return Ok(());
        }
        task.late = true;
        task.escalations = task.escalations.saturating_add(1);
        task.escalate_time = Some(call.timestamp());
        let again = Clock::new(call.now(), Rules::get().escalation());
        call.timers().set(DUE, again);
        Ok(())
    }
}

impl AssistanceTasks {
    /// The tasks that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AssistanceTaskService for AssistanceTasks {
    async fn get_assistance_task(&self, request: Request<GetAssistanceTaskRequest>) -> Answer<AssistanceTask> {
        self.registry.get(request).await
    }

    async fn list_assistance_tasks(
        &self,
        request: Request<ListAssistanceTasksRequest>,
    ) -> Answer<ListAssistanceTasksResponse> {
        self.registry.list(request).await
    }

    async fn create_assistance_task(&self, request: Request<CreateAssistanceTaskRequest>) -> Answer<AssistanceTask> {
        self.registry.create_with(request, its_case, add).await
    }

    async fn assign_assistance_task(&self, request: Request<AssignAssistanceTaskRequest>) -> Answer<AssistanceTask> {
        self.registry.act(request, assign).await
    }

    async fn complete_assistance_task(
        &self,
        request: Request<CompleteAssistanceTaskRequest>,
    ) -> Answer<AssistanceTask> {
        self.registry.act_with(request, the_case, complete).await
    }

    async fn waive_assistance_task(&self, request: Request<WaiveAssistanceTaskRequest>) -> Answer<AssistanceTask> {
        self.registry.act_with(request, the_case, waive).await
    }

    async fn list_assistance_task_revisions(
        &self,
        request: Request<ListAssistanceTaskRevisionsRequest>,
    ) -> Answer<ListAssistanceTaskRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAssistanceTasksStream = Feed<WatchAssistanceTasksResponse>;

    async fn watch_assistance_tasks(
        &self,
        request: Request<WatchAssistanceTasksRequest>,
    ) -> Answer<Self::WatchAssistanceTasksStream> {
        self.registry.watch(request).await
    }
}

/// Opens a task of a case by its rule, due at an instant.
///
/// # Errors
/// The registry's.
pub(crate) fn open(
    case: &AssistanceCase,
    rule: &Task,
    due: Option<DateTime<Utc>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let task = AssistanceTask {
        case: case.name.clone(),
        post: case.post.clone(),
        kind: rule.kind().into(),
        title: rule.title.clone(),
        due_time: due.map(timestamp),
        source: rule.source.clone(),
        regular: rule.again_days.is_some() || rule.kind() == Rules::get().rest_task.kind(),
        ..AssistanceTask::default()
    };
    call.open::<AssistanceTasks>(task, start).map(drop)
}

/// Starts its clock.
fn start(task: &mut AssistanceTask, call: &mut Call) -> Result<(), Fault> {
    let now = call.now();
    if let Some(due) = task.due_time.as_ref().and_then(instant) {
        // What was due before the record was made is late at once.
        let left = (due - now).to_std().unwrap_or_default();
        call.timers().set(DUE, Clock::new(now, Length::Exactly(left)));
    }
    Ok(())
}

/// It comes no more.
pub(crate) fn end(_: &mut AssistanceTask, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear(DUE);
    Ok(())
}

/// It was done at an instant. A regular one comes again.
///
/// # Errors
/// The registry's.
pub(crate) fn finish(
    task: &mut AssistanceTask,
    case: &AssistanceCase,
    at: DateTime<Utc>,
    call: &mut Call,
) -> Result<(), Fault> {
    task.done_time = Some(timestamp(at));
    come_again(task, case, at, call)
}

/// It is no longer due. A regular one is opened anew.
fn come_again(task: &AssistanceTask, case: &AssistanceCase, at: DateTime<Utc>, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear(DUE);
    let Some(rule) = rule(task, case).filter(|rule| rule.again_days.is_some()) else { return Ok(()) };
    let next = rule.due_again(at, &days_of(case, call));
    open(case, rule, next, call)
}

/// The rule that it was opened by; none if an officer thought of it.
pub(crate) fn rule(task: &AssistanceTask, case: &AssistanceCase) -> Option<&'static Task> {
    if task.source.is_empty() { None } else { Rules::get().task(case.r#type(), task.kind()) }
}

async fn its_case(reader: &mut Reader<'_>, task: &AssistanceTask) -> Result<Option<AssistanceCase>, Fault> {
    reader.share(&task.case).await
}

fn add(task: &mut AssistanceTask, case: Option<AssistanceCase>, call: &mut Call) -> Result<(), Fault> {
    let case = running(case, "assistanceTask.case")?;
    let past = task.due_time.as_ref().and_then(instant).is_some_and(|due| due <= call.now());
    refuse_if(past, Reason::CaseTimesUnfit, "a task is due in the time to come")?;
    task.post = case.post;
    start(task, call)
}

fn assign(task: &mut AssistanceTask, request: AssignAssistanceTaskRequest, _: &mut Call) -> Result<(), Fault> {
    task.assignee = request.assignee;
    Ok(())
}

/// The case, whose kind and country never change. It is not locked: it lies above the task, and cannot be closed while the
/// task is open.
async fn the_case<R>(reader: &mut Reader<'_>, task: &AssistanceTask, _: &R) -> Result<Option<AssistanceCase>, Fault> {
    reader.glance(&task.case).await
}

fn complete(
    task: &mut AssistanceTask,
    request: CompleteAssistanceTaskRequest,
    case: Option<AssistanceCase>,
    call: &mut Call,
) -> Result<(), Fault> {
    let case = case.ok_or_else(no_case)?;
    let wanted = rule(task, &case).map_or(0, |rule| rule.witnesses);
    let names: BTreeSet<String> = request.witnesses.iter().map(|name| name.trim().to_lowercase()).collect();
    let given = names.iter().filter(|name| !name.is_empty()).count();
    refuse_if(given < wanted, Reason::TaskWitnessesMissing, format!("{given} witnesses are named, {wanted} needed"))
        .map_err(|fault| fault.with("witnesses", wanted.to_string()))?;
    task.outcome = request.outcome;
    task.witnesses = request.witnesses;
    let now = call.now();
    finish(task, &case, now, call)
}

/// This once: a regular one comes again all the same, until the case is closed.
fn waive(
    task: &mut AssistanceTask,
    request: WaiveAssistanceTaskRequest,
    case: Option<AssistanceCase>,
    call: &mut Call,
) -> Result<(), Fault> {
    let case = case.ok_or_else(no_case)?;
    task.outcome = request.grounds;
    let now = call.now();
    come_again(task, &case, now, call)
}

fn no_case() -> Fault {
    Fault::new(House::Internal, "a task has no case")
}
