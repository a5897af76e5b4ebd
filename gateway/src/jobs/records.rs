//! Jobs as records: what it takes to make one, the parts it is given, and its results.

use super::book::Book;
use crate::caller::is_key;
use crate::errand::may;
use crate::settings::Settings;
use crate::webhooks::method;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::contract;
use proto::gateway::v1::job_service_server::JobService;
use proto::gateway::v1::{
    AppendJobLinesRequest, CancelJobRequest, CreateJobRequest, GetJobRequest, Job, ListJobsRequest, ListJobsResponse,
    ReadJobResultsRequest, ReadJobResultsResponse, Reason, StartJobRequest, WatchJobsRequest, WatchJobsResponse, job,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use std::time::Duration;
use tonic::{Request, Response};

/// The jobs.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    registry: Registry<Self>,
    book: Book,
    most: Most,
}

/// How many jobs there may be that are not at their end.
#[derive(Clone, Copy, Debug)]
struct Most {
    of_key: u32,
    of_agency: u32,
}

/// How many there are, of keys with their agencies; our own house has no name.
type Counted = Vec<(String, String, i64)>;

/// What each key has. One job is made after the other, so that two at once are not both the last.
async fn counted(reader: &mut Reader<'_>, _: &Job) -> Result<Counted, Fault> {
    reader.alone("jobs").await?;
    let text = "select agency, key, count(*) from jobs \
                where state in ('COLLECTING', 'QUEUED', 'RUNNING') and deleted_at is null group by agency, key";
    sqlx::query_as(text).fetch_all(reader.beside()).await.map_err(pg::fault)
}

impl Most {
    /// Refuses one more than there may be. When there is room again depends on what its caller does, so it is told to come
    /// again in a while.
    fn check(self, job: &Job, counted: &Counted) -> Result<(), Fault> {
        let count = |is_meant: &dyn Fn(&str, &str) -> bool| -> i64 {
            counted.iter().filter(|(agency, key, _)| is_meant(agency, key)).map(|(.., jobs)| jobs).sum()
        };
        let of_key = count(&|_, key| key == job.key);
        let of_agency = count(&|agency, _| !agency.is_empty() && agency == job.agency);
        let bounds = [(of_key, self.of_key, "key"), (of_agency, self.of_agency, "agency")];
        bounds.into_iter().try_for_each(|(jobs, most, whose)| {
            let words = format!("there are {most} jobs not at their end, which is as many as the {whose} may have");
            refuse_if(jobs >= i64::from(most), Reason::TooManyJobs, words).map_err(|fault| fault.retry_after(LATER))
        })
    }
}

/// When to try again to make a job.
const LATER: Duration = Duration::from_secs(30);

impl Keep for Jobs {
    type Record = Job;

    /// A key sees its own. What a job is about, and what it found, is as much as its key may know, and another key of the
    /// same agency, or of our own house, may know less.
    fn visible(to: &Principal) -> Visible {
        if oversees(to) { Visible::All } else { Visible::having("key", &to.subject) }
    }

    fn admit(job: &mut Job, call: &mut Call) -> Result<(), Fault> {
        let caller = call.principal();
        refuse_if(!is_key(caller), Reason::JobNeedsKey, "a job acts for a key, and you called without one")?;
        let method = of(job.kind(), &job.collection);
        let words = format!("there is no {} of {}", job.kind().as_str_name().to_lowercase(), job.collection);
        let method =
            method.ok_or_else(|| Fault::new(Reason::JobUnfit, words).at("job.collection", "has no such bulk"))?;
        let allowed = may(caller, caller.agency.is_some(), method);
        refuse_if(!allowed, House::PermissionDenied, "the job would need a permission that you do not hold")
            .map_err(|fault| fault.with("permission", &method.rule().permission))?;
        job.agency = caller.agency.as_deref().unwrap_or_default().to_owned();
        job.key = caller.subject.as_ref().to_owned();
        job.set_state(if job.kind() == job::Kind::Import { job::State::Collecting } else { job::State::Queued });
        Ok(())
    }
}

/// Sees all jobs and may cancel them. What a job found, and what it is given, is its key's alone: as that key sees records,
/// with its post, its agency, and its right to what is personal.
pub(crate) const OVERSEE: &str = "gateway.jobs.oversee";

/// Whether a caller sees the jobs of others: one of our own who is bound to no post, if it may.
fn oversees(caller: &Principal) -> bool {
    caller.agency.is_none() && caller.mission.is_none() && caller.post.is_none() && caller.may(OVERSEE)
}

/// Whoever deals with the lines of a job holds what the job itself needs, today.
fn may_see_lines(caller: &Principal, job: &Job) -> Result<(), Fault> {
    let method = of(job.kind(), &job.collection);
    let allowed = method.is_some_and(|method| may(caller, caller.agency.is_some(), method));
    let permission = method.map_or("", |method| &method.rule().permission);
    refuse_if(!allowed, House::PermissionDenied, "the lines of this job need a permission that you do not hold")
        .map_err(|fault| fault.with("permission", permission))
}

/// A job acts for its key: what it is given, that key has done, and what it found, that key may see. So nobody else gives it
/// anything or reads its lines.
fn is_own(caller: &Principal, job: &Job) -> Result<(), Fault> {
    let words = "the job acts for another key";
    refuse_if(*caller.subject != *job.key, Reason::JobOfAnother, words)?;
    may_see_lines(caller, job)
}

/// The method that a job calls: the import itself, or for an export the list, whose pages can be gone on with.
pub(super) fn of(kind: job::Kind, collection: &str) -> Option<&'static contract::Method> {
    let (service, collection) = collection.split_once('.')?;
    let wanted = if kind == job::Kind::Import { contract::Kind::Import } else { contract::Kind::List };
    method(service, collection, &wanted)
}

impl Jobs {
    pub(crate) fn new(registry: Registry<Self>, settings: &Settings) -> Self {
        let book = Book::new(registry.store().pool().clone(), settings.database.sealing_keys.clone());
        let most = Most { of_key: settings.jobs_of_key.get(), of_agency: settings.jobs_of_agency.get() };
        Self { registry, book, most }
    }
}

#[tonic::async_trait]
impl JobService for Jobs {
    async fn get_job(&self, request: Request<GetJobRequest>) -> Answer<Job> {
        self.registry.get(request).await
    }

    async fn list_jobs(&self, request: Request<ListJobsRequest>) -> Answer<ListJobsResponse> {
        self.registry.list(request).await
    }

    async fn create_job(&self, request: Request<CreateJobRequest>) -> Answer<Job> {
        let most = self.most;
        let admit = |job: &mut Job, counted: Counted, _: &mut Call| most.check(job, &counted);
        self.registry.create_with(request, counted, admit).await
    }

    /// The lines are kept before the job knows of them: a part counts once the record says so, and not before.
    async fn append_job_lines(&self, request: Request<AppendJobLinesRequest>) -> Answer<Job> {
        let ask = request.get_ref();
        registry::check(ask)?;
        let called = Called::of(&request)?;
        if let Some(job) = self.registry.load_for(&called.principal, &ask.name).await?
            && is_own(&called.principal, &job).is_ok()
            && job.state() == job::State::Collecting
            && ask.part == job.parts + 1
        {
            self.book.keep_part(&ask.name, ask.part, &ask.lines).await.map_err(pg::fault)?;
        }
        self.registry.act(request, append).await
    }

    async fn start_job(&self, request: Request<StartJobRequest>) -> Answer<Job> {
        self.registry.act(request, start).await
    }

    async fn cancel_job(&self, request: Request<CancelJobRequest>) -> Answer<Job> {
        self.registry.act(request, cancel).await
    }

    async fn read_job_results(&self, request: Request<ReadJobResultsRequest>) -> Answer<ReadJobResultsResponse> {
        let ask = request.get_ref();
        registry::check(ask)?;
        let called = Called::of(&request)?;
        let found = self.registry.load_for(&called.principal, &ask.name).await?;
        let missing = || Fault::new(House::NotFound, format!("there is no {}", ask.name)).with("name", &ask.name);
        let job = found.ok_or_else(missing)?;
        is_own(&called.principal, &job)?;
        self.registry.audit_read(called, ask).await?;
        let (lines, last, more) = self.book.results(&ask.name, ask.after).await.map_err(pg::fault)?;
        let ended = matches!(job.state(), job::State::Done | job::State::Failed | job::State::Cancelled);
        let last = if lines.is_empty() { ask.after } else { last };
        Ok(Response::new(ReadJobResultsResponse { lines, last, complete: ended && !more }))
    }

    type WatchJobsStream = Feed<WatchJobsResponse>;

    async fn watch_jobs(&self, request: Request<WatchJobsRequest>) -> Answer<Self::WatchJobsStream> {
        self.registry.watch(request).await
    }
}

/// Parts come in their order, so that none is missing at the end.
fn append(job: &mut Job, request: AppendJobLinesRequest, call: &mut Call) -> Result<(), Fault> {
    is_own(call.principal(), job)?;
    let next = job.parts + 1;
    let words = format!("part {next} is the next one");
    refuse_if(request.part > next, Reason::JobPartMissing, words)?;
    job.parts = job.parts.max(request.part);
    Ok(())
}

fn start(job: &mut Job, _: StartJobRequest, call: &mut Call) -> Result<(), Fault> {
    is_own(call.principal(), job)?;
    refuse_if(job.parts == 0, Reason::JobPartMissing, "the import was given no lines")
}

fn cancel(job: &mut Job, _: CancelJobRequest, call: &mut Call) -> Result<(), Fault> {
    job.end_time = Some(call.timestamp());
    Ok(())
}
