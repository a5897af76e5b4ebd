//! The book of jobs as runners write it: whose turn it is, how far it is, and what came of each line.
//!
//! Lines are records of services, with what is personal in them: each lies sealed under its job's data key, for its place.

use chrono::{SecondsFormat, Utc};
use fault::Fault;
use prost::Name as _;
use proto::contract::contract;
use proto::gateway::v1::Job;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;
use vault::{DataKey, Vault};

/// For how long a job is one runner's alone, from its last step on.
const HOLD: Duration = Duration::from_secs(30);
/// The most results that are read at once.
const AT_ONCE: i64 = 1_000;

/// Takes one job that waits, or whose runner gave no sign: of the agency, or of the key of our own, that has fewest under
/// way, and of those whoever has waited longest.
const CLAIM: &str = "
    with busy as (
        select coalesce(nullif(agency, ''), key) as party, count(*) as jobs from jobs
        where state = 'RUNNING' and held_until >= clock_timestamp() group by 1),
    next as (
        select j.name, j.state from jobs j left join busy b on b.party = coalesce(nullif(j.agency, ''), j.key)
        where j.state in ('QUEUED', 'RUNNING') and j.deleted_at is null
            and (j.held_until is null or j.held_until < clock_timestamp())
        order by coalesce(b.jobs, 0), j.held_until nulls first, j.name limit 1 for update of j skip locked)
    update jobs j set holder = $1, held_until = clock_timestamp() + make_interval(secs => $2),
        version = version + 1, updated_at = clock_timestamp(),
        doc = doc || jsonb_build_object('state', 'RUNNING', 'updateTime', $3::text,
            'etag', (version + 1) || '-' || right(uid::text, 8))
    from next where j.name = next.name returning j.doc, j.place, j.late, next.state = 'QUEUED'";

/// Writes one step, if the job is still this runner's and not cancelled.
const STEP: &str = "
    update jobs set version = version + 1, updated_at = clock_timestamp(), place = $3, late = $6,
        held_until = clock_timestamp() + make_interval(secs => $4),
        doc = doc || $5::jsonb || jsonb_build_object('etag', (version + 1) || '-' || right(uid::text, 8))
    where name = $1 and holder = $2 and state = 'RUNNING'";

/// Tells of a job's begin and of its end: to those who watch it, and as events. How far it is in between is not told.
const TELL: &str = "
    with step as (select name, version, updated_at as at, doc from jobs where name = $1),
    told as (insert into history (kind, name, version, verb, actor, reason, at, doc)
        select 'jobs', name, version, $2, $3, $4, at, doc from step)
    insert into outbox (at, kind, name, version, verb, actor, doc)
        select at, 'jobs', name, version, $2, $3, doc from step";

const KEEP: &str = "
    insert into job_results (job, number, line) select $1, n, line from unnest($2::bigint[], $3::bytea[]) t (n, line)
    on conflict (job, number) do update set line = excluded.line";

const PART: &str = "insert into job_parts (job, part, lines) values ($1, $2, $3) \
                    on conflict (job, part) do update set lines = excluded.lines";

const RESULTS: &str = "select number, line from job_results where job = $1 and number > $2 order by number limit $3";

/// Lines that were given are needed until they are done.
const SWEEP_PARTS: &str = "
    delete from job_parts p using jobs j
    where j.name = p.job and j.state in ('DONE', 'FAILED', 'CANCELLED')";

/// A job that nothing has happened to for so long is over, or its caller has given it up; its lines go with it. Some at a
/// time, since one can have a million.
const SWEEP_JOBS: &str = "
    delete from jobs where name in (
        select name from jobs where updated_at < clock_timestamp() - make_interval(secs => $1)
            and state in ('COLLECTING', 'DONE', 'FAILED', 'CANCELLED')
        order by updated_at limit 16 for update skip locked)";

/// What a runner reads of a job.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) collection: String,
    #[serde(default)]
    pub(super) filter: String,
    pub(super) key: String,
    pub(super) parts: i32,
    pub(super) lines: i32,
    pub(super) created: i32,
    pub(super) updated: i32,
    pub(super) unchanged: i32,
    pub(super) rejected: i32,
    /// Where to go on.
    #[serde(skip)]
    pub(super) place: String,
    /// How many times in a row its service answered too late.
    #[serde(skip)]
    pub(super) late: i32,
}

/// The book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pool: PgPool,
    vault: Vault,
    holder: Uuid,
}

impl Book {
    pub(super) fn new(pool: PgPool, vault: Vault) -> Self {
        Self { pool, vault, holder: Uuid::now_v7() }
    }

    /// The same book for another runner.
    pub(super) fn another(&self) -> Self {
        Self::new(self.pool.clone(), self.vault.clone())
    }

    /// A job to run, for a while.
    pub(super) async fn claim(&self) -> Result<Option<Task>, sqlx::Error> {
        let mut tx = pg::begin(&self.pool).await.map_err(broken_off)?;
        let query = sqlx::query_as(CLAIM).bind(self.holder).bind(HOLD.as_secs_f64()).bind(now());
        let found: Option<(Json<Task>, String, i32, bool)> = query.fetch_optional(&mut *tx).await?;
        let Some((Json(task), place, late, begins)) = found else { return Ok(None) };
        if begins {
            tell(&mut tx, &task.name, "run").await?;
        }
        tx.commit().await?;
        if begins {
            self.ring().await;
        }
        Ok(Some(Task { place, late, ..task }))
    }

    /// Writes a step with its results, and holds on. Whether the job is still this runner's.
    pub(super) async fn step(&self, task: &Task, first: i64, lines: &[String]) -> Result<bool, sqlx::Error> {
        let (key, numbers) = (self.key(&task.name).await?, (first..).take(lines.len()));
        let sealed = seal(&key, RESULT, &task.name, numbers.clone().zip(lines))?;
        let mut tx = pg::begin(&self.pool).await.map_err(broken_off)?;
        let numbers: Vec<i64> = numbers.collect();
        sqlx::query(KEEP).bind(&task.name).bind(numbers).bind(sealed).execute(&mut *tx).await?;
        let progress = json!({
            "lines": task.lines, "created": task.created, "updated": task.updated, "unchanged": task.unchanged,
            "rejected": task.rejected, "updateTime": now(),
        });
        let ours = self.write(&mut tx, task, HOLD, &progress).await?;
        // A job that is another's or cancelled keeps nothing of this step.
        if ours {
            tx.commit().await?
        } else {
            tx.rollback().await?
        }
        Ok(ours)
    }

    /// Ends a job: done, or failed and why.
    pub(super) async fn end(&self, task: &Task, failure: Option<&str>) -> Result<(), sqlx::Error> {
        let state = if failure.is_some() { "FAILED" } else { "DONE" };
        let end =
            json!({"state": state, "failure": failure.unwrap_or_default(), "endTime": now(), "updateTime": now()});
        let mut tx = pg::begin(&self.pool).await.map_err(broken_off)?;
        if !self.write(&mut tx, task, Duration::ZERO, &end).await? {
            return Ok(());
        }
        tell(&mut tx, &task.name, "finish").await?;
        tx.commit().await?;
        self.ring().await;
        Ok(())
    }

    /// Lets a job go for a while: another runner, or this one, goes on with it then.
    pub(super) async fn release(&self, task: &Task, pause: Duration) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        self.write(&mut connection, task, pause, &json!({})).await.map(drop)
    }

    /// Wakes whoever waits for what was committed; a statement of its own, as the registry's ring is. Unheard, it costs a
    /// moment: whoever waits also looks by itself.
    async fn ring(&self) {
        let ring = sqlx::query("select pg_notify($1, '')").bind(registry::CHANNEL);
        if let Err(error) = ring.execute(&self.pool).await {
            tracing::debug!(%error, "watchers were not told of a job; they look by themselves");
        }
    }

    async fn write(
        &self,
        connection: &mut sqlx::PgConnection,
        task: &Task,
        hold: Duration,
        change: &Value,
    ) -> Result<bool, sqlx::Error> {
        let query = sqlx::query(STEP).bind(&task.name).bind(self.holder).bind(&task.place).bind(hold.as_secs_f64());
        Ok(query.bind(Json(change)).bind(task.late).execute(connection).await?.rows_affected() == 1)
    }

    /// Keeps the next part of an import, in the place of one that was kept and never counted.
    pub(super) async fn keep_part(&self, job: &str, part: i32, lines: &[String]) -> Result<(), sqlx::Error> {
        let sealed = seal(&self.key(job).await?, &of_part(part), job, (0..).zip(lines))?;
        sqlx::query(PART).bind(job).bind(part).bind(sealed).execute(&self.pool).await.map(drop)
    }

    /// A part of an import.
    pub(super) async fn part(&self, job: &str, part: i32) -> Result<Vec<String>, sqlx::Error> {
        let query = sqlx::query_scalar("select lines from job_parts where job = $1 and part = $2");
        let sealed: Vec<Vec<u8>> = query.bind(job).bind(part).fetch_one(&self.pool).await?;
        open(&self.key(job).await?, &of_part(part), job, (0..).zip(sealed))
    }

    /// Removes what jobs were given once they are over, and jobs with all they found once they are kept no longer.
    pub(super) async fn sweep(&self, keep: Duration) -> Result<(), sqlx::Error> {
        sqlx::query(SWEEP_PARTS).execute(&self.pool).await?;
        loop {
            let swept = sqlx::query(SWEEP_JOBS).bind(keep.as_secs_f64()).execute(&self.pool).await?;
            if swept.rows_affected() == 0 {
                return Ok(());
            }
        }
    }

    /// Results behind a line, the number of the last, and whether there are more.
    pub(super) async fn results(&self, job: &str, after: i64) -> Result<(Vec<String>, i64, bool), sqlx::Error> {
        let query = sqlx::query_as(RESULTS).bind(job).bind(after).bind(AT_ONCE + 1);
        let mut rows: Vec<(i64, Vec<u8>)> = query.fetch_all(&self.pool).await?;
        let more = rows.len() as i64 > AT_ONCE;
        rows.truncate(AT_ONCE as usize);
        let last = rows.last().map_or(after, |(number, _)| *number);
        Ok((open(&self.key(job).await?, RESULT, job, rows)?, last, more))
    }

    async fn key(&self, job: &str) -> Result<DataKey, sqlx::Error> {
        registry::data_key(&self.pool, &self.vault, job).await.map_err(broken_off)
    }
}

/// Tells of a job's step by a verb that its contract says no caller makes.
async fn tell(connection: &mut sqlx::PgConnection, job: &str, verb: &str) -> Result<(), sqlx::Error> {
    let mut steps = contract().resource(&Job::full_name()).into_iter().flat_map(|job| &job.policy().automatic);
    let doc = steps.find(|step| step.verb == verb).map_or("", |step| step.doc.as_str());
    let told = sqlx::query(TELL).bind(job).bind(verb).bind(RUNNER).bind(doc);
    told.execute(connection).await.map(drop)
}

/// Who does what no caller does, as history names it.
const RUNNER: &str = "timers/jobs";

/// Where a result lies.
const RESULT: &str = "result";

/// Where a line of this part lies.
fn of_part(part: i32) -> String {
    format!("part {part}")
}

fn seal<'l>(
    key: &DataKey,
    lies: &str,
    job: &str,
    lines: impl Iterator<Item = (i64, &'l String)>,
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    let sealed = lines.map(|(number, line)| key.seal(&[lies, job, &number.to_string()], line.as_bytes()));
    sealed.collect::<Result<_, _>>().map_err(|error| sqlx::Error::Encode(error.into()))
}

fn open(
    key: &DataKey,
    lies: &str,
    job: &str,
    lines: impl IntoIterator<Item = (i64, Vec<u8>)>,
) -> Result<Vec<String>, sqlx::Error> {
    let line = |(number, sealed): (i64, Vec<u8>)| {
        let line =
            key.open(&[lies, job, &number.to_string()], &sealed).map_err(|error| sqlx::Error::Decode(error.into()))?;
        String::from_utf8(line).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    lines.into_iter().map(line).collect()
}

fn broken_off(fault: Fault) -> sqlx::Error {
    sqlx::Error::Protocol(fault.to_string())
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true)
}
