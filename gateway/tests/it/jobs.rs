//! Jobs: exports and imports that run by themselves, and go on where a killed gateway was.

use crate::rig::{Answer, Rig, plan, send, start};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::until;

const PERMISSIONS: [&str; 4] =
    ["gateway.jobs.read", "gateway.jobs.manage", "accreditation.missions.read", "accreditation.missions.import"];

struct Desk {
    rig: Rig,
    key: String,
    key_name: String,
}

impl Desk {
    async fn new(rig: Rig) -> Self {
        let (key_name, key) = rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await;
        Self { rig, key, key_name }
    }

    async fn make(&self, job: Value) -> Answer {
        send(self.rig.post(&self.key, "/v1/gateway/jobs", &job)).await
    }

    async fn named(&self, job: Value) -> String {
        let made = self.make(job).await;
        assert_eq!(made.status, 200, "{made:?}");
        made.json()["name"].as_str().unwrap().to_owned()
    }

    async fn act(&self, job: &str, verb: &str, ask: Value) -> Answer {
        send(self.rig.post(&self.key, &format!("/v1/gateway/{job}:{verb}"), &ask)).await
    }

    /// The job once it has come to its end.
    async fn ended(&self, job: &str) -> Value {
        self.ended_for(&self.key, job).await
    }

    async fn ended_for(&self, key: &str, job: &str) -> Value {
        until("the job has ended", async || {
            let job = send(self.rig.get(key, &format!("/v1/gateway/{job}"))).await.json();
            ["DONE", "FAILED"].contains(&job["state"].as_str().unwrap()).then_some(job)
        })
        .await
    }

    /// All results, read to their end.
    async fn results(&self, job: &str) -> Vec<Value> {
        let (mut after, mut lines) = ("0".to_owned(), Vec::new());
        loop {
            let read = self.rig.get(&self.key, &format!("/v1/gateway/{job}:results?after={after}"));
            let read = send(read).await.json();
            let page = read["lines"].as_array().cloned().unwrap();
            lines.extend(page.iter().map(|line| serde_json::from_str(line.as_str().unwrap()).unwrap()));
            after = read["last"].as_str().unwrap().to_owned();
            if read["complete"] == true {
                return lines;
            }
        }
    }
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["name"].as_str().unwrap()).collect()
}

const ALL: [&str; 6] = ["missions/1", "missions/2", "missions/3", "missions/4", "missions/5", "missions/6"];

#[tokio::test]
async fn an_export_runs_by_itself_and_keeps_what_it_found() {
    let desk = Desk::new(start().await).await;
    let job = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    let ended = desk.ended(&job).await;
    assert_eq!((&ended["state"], &ended["lines"]), (&json!("DONE"), &json!(6)), "{ended}");
    assert_eq!(names(&desk.results(&job).await), ALL);
    let refused = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions", "filter": "bad"})).await;
    let refused = desk.ended(&refused).await;
    assert_eq!(refused["state"], "FAILED");
    assert!(refused["failure"].as_str().unwrap().contains("INVALID_FILTER"), "{refused}");
}

/// The next changes of a stream of events.
async fn changes(watch: &mut reqwest::Response, count: usize) -> Vec<Value> {
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(20), watch.chunk()).await.expect("a change comes");
        text.push_str(std::str::from_utf8(&chunk.unwrap().expect("the stream goes on")).unwrap());
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn whoever_watches_a_job_is_told_of_its_begin_and_end() {
    let desk = Desk::new(start().await).await;
    let export = json!({"kind": "EXPORT", "collection": "accreditation.missions"});
    let other = desk.rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await.1;
    let mut watch = desk.rig.get(&desk.key, "/v1/gateway/jobs:watch").send().await.unwrap();
    assert_eq!(watch.status(), 200);
    assert_eq!(send(desk.rig.post(&other, "/v1/gateway/jobs", &export)).await.status, 200);
    let job = desk.named(export).await;
    let told = changes(&mut watch, 3).await;
    let steps = ["create QUEUED", "run RUNNING", "finish DONE"].map(|step| format!("{job} {step}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let step =
        |told: &Value| [&told["job"]["name"], &told["revision"]["verb"], &told["job"]["state"]].map(text).join(" ");
    assert_eq!(told.iter().map(step).collect::<Vec<_>>(), steps, "another key's job is not told of");
    assert_eq!(told[2]["job"]["lines"], 6);
    // Whoever came too late, or was cut off, goes on behind what it has.
    let again = desk.rig.get(&desk.key, "/v1/gateway/jobs:watch");
    let mut again = again.header("last-event-id", told[0]["cursor"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(changes(&mut again, 2).await, told[1..]);
    let events = "select verb from outbox where name = $1 order by seq";
    let events: Vec<String> = sqlx::query_scalar(events).bind(&job).fetch_all(&desk.rig.db.pool).await.unwrap();
    assert_eq!(events, ["create", "run", "finish"]);
}

#[tokio::test]
async fn a_killed_gateways_job_goes_on_behind_its_last_step() {
    let desk = Desk::new(plan().set("JOBS_AT_ONCE", "0").start().await).await;
    let job = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    // As it is when a gateway dies after the first page: that page is kept, and the job is held for a while yet.
    let died = "update jobs set holder = gen_random_uuid(), held_until = clock_timestamp() + interval '500 ms', \
                place = '2', doc = doc || '{\"state\": \"RUNNING\", \"lines\": 2}' where name = $1";
    sqlx::query(died).bind(&job).execute(&desk.rig.db.pool).await.unwrap();
    let key = registry::data_key(&desk.rig.db.pool, &testkit::vault(), &job).await.unwrap();
    for n in ["1", "2"] {
        let line = key.seal(&["result", &job, n], format!(r#"{{"name": "kept/{n}"}}"#).as_bytes()).unwrap();
        let kept = "insert into job_results (job, number, line) values ($1, $2::bigint, $3)";
        let kept = sqlx::query(kept).bind(&job).bind(n.parse::<i64>().unwrap()).bind(line);
        kept.execute(&desk.rig.db.pool).await.unwrap();
    }
    let second = plan().beside(&desk.rig).start().await;
    assert_eq!(desk.ended(&job).await["lines"], 6);
    let results = desk.results(&job).await;
    assert_eq!(names(&results)[..2], ["kept/1", "kept/2"]);
    assert_eq!(names(&results)[2..], ALL[2..]);
    drop(second);
}

#[tokio::test]
async fn an_import_takes_its_parts_and_tells_what_became_of_each_line() {
    let desk = Desk::new(start().await).await;
    let job = desk.named(json!({"kind": "IMPORT", "collection": "accreditation.missions"})).await;
    let line = |id: &str| json!({"missionId": id, "mission": {"seat": "Paris"}}).to_string();
    let early = desk.act(&job, "start", json!({})).await;
    assert_eq!(early.reason(), "JOB_PART_MISSING");
    let gap = desk.act(&job, "append", json!({"part": 2, "lines": [line("a")]})).await;
    assert_eq!((gap.status, &*gap.reason()), (409, "JOB_PART_MISSING"), "{gap:?}");
    let first = json!({"part": 1, "lines": [line("a"), "no JSON", line("")]});
    for _ in 0..2 {
        // A part sent again changes nothing.
        assert_eq!(desk.act(&job, "append", first.clone()).await.status, 200);
    }
    assert_eq!(desk.act(&job, "append", json!({"part": 2, "lines": [line("b"), line("c")]})).await.json()["parts"], 2);
    assert_eq!(desk.act(&job, "start", json!({})).await.json()["state"], "QUEUED");
    let ended = desk.ended(&job).await;
    assert_eq!(
        (&ended["state"], &ended["created"], &ended["rejected"]),
        (&json!("DONE"), &json!(3), &json!(2)),
        "{ended}"
    );
    let results = desk.results(&job).await;
    let lines: Vec<_> = results.iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5"]);
    let outcomes: Vec<_> = results.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["CREATED", "REJECTED", "REJECTED", "CREATED", "CREATED"]);
    assert_eq!(results[1]["failure"]["reason"], "MALFORMED_REQUEST");
}

#[tokio::test]
async fn what_a_job_was_given_and_what_came_of_it_lies_nowhere_open() {
    let desk = Desk::new(start().await).await;
    let export = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    desk.ended(&export).await;
    let import = desk.named(json!({"kind": "IMPORT", "collection": "accreditation.missions"})).await;
    let line = json!({"missionId": "a", "mission": {"seat": "Confided Street"}}).to_string();
    assert_eq!(desk.act(&import, "append", json!({"part": 1, "lines": [line]})).await.status, 200);
    let all = desk.rig.db.dump().await;
    assert!(!names(&desk.results(&export).await).is_empty());
    for told in ["missions/1", "Confided Street"] {
        assert!(!all.contains(told), "{told} lies open");
    }
    // A line that was put in another's place does not open.
    let swap = "update job_results set line = (select line from job_results where job = $1 and number = 2) \
                where job = $1 and number = 1";
    sqlx::query(swap).bind(&export).execute(&desk.rig.db.pool).await.unwrap();
    let read = send(desk.rig.get(&desk.key, &format!("/v1/gateway/{export}:results"))).await;
    assert_eq!(read.status, 500, "{read:?}");
}

#[tokio::test]
async fn a_job_does_what_its_key_may_and_ends_with_it() {
    let desk = Desk::new(plan().set("JOBS_AT_ONCE", "0").start().await).await;
    let unfit = desk.make(json!({"kind": "IMPORT", "collection": "gateway.apiKeys"})).await;
    assert_eq!((unfit.status, &*unfit.reason()), (400, "JOB_UNFIT"), "{unfit:?}");
    let beyond = desk.make(json!({"kind": "EXPORT", "collection": "accreditation.members"})).await;
    assert_eq!((beyond.status, &*beyond.reason()), (403, "PERMISSION_DENIED"), "{beyond:?}");
    let job = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    let cancelled = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    assert_eq!(desk.act(&cancelled, "cancel", json!({})).await.json()["state"], "CANCELLED");
    let partner = json!({"permissions": ["gateway.jobs.read", "gateway.jobs.manage", "accreditation.missions.read"]});
    let partner = desk.rig.key(partner).await.1;
    assert_eq!(send(desk.rig.get(&partner, &format!("/v1/gateway/{job}:results"))).await.status, 404);
    let revoke = format!("/v1/gateway/{}:revoke", desk.key_name);
    assert_eq!(send(desk.rig.post(&desk.rig.admin, &revoke, &json!({}))).await.status, 200);
    let second = plan().beside(&desk.rig).start().await;
    let overseer = json!({"permissions": ["gateway.jobs.read", "gateway.jobs.oversee"], "internal": true});
    let other = desk.rig.key(overseer).await.1;
    let state = async |job: &str| send(desk.rig.get(&other, &format!("/v1/gateway/{job}"))).await.json();
    until("the job has failed", async || state(&job).await["state"] == "FAILED").await;
    assert!(state(&job).await["failure"].as_str().unwrap().contains("not in force"));
    assert_eq!(state(&cancelled).await["state"], "CANCELLED");
    drop(second);
}

/// What a caller is answered who asks for something of a job.
async fn asked(rig: &Rig, key: &str, job: &str, verb: &str, ask: Value) -> (u16, String) {
    let path = format!("/v1/gateway/{job}:{verb}");
    let answer =
        if verb == "results" { send(rig.get(key, &path)).await } else { send(rig.post(key, &path, &ask)).await };
    let reason = if answer.status == 200 { String::new() } else { answer.reason() };
    (answer.status, reason)
}

/// A job does what its key may. So whoever could read or steer another's would have that key's rights.
#[tokio::test]
async fn a_job_is_its_keys_own_within_one_house_and_within_one_agency() {
    let desk = Desk::new(plan().set("JOBS_AT_ONCE", "0").start().await).await;
    let rig = &desk.rig;
    let all = ["gateway.jobs.read", "gateway.jobs.manage"];
    let partner = ["gateway.jobs.read", "gateway.jobs.manage", "accreditation.missions.read"];
    let (ours, of_agency) =
        (rig.key(json!({"permissions": partner})).await.1, rig.key(json!({"permissions": partner})).await.1);
    let lines = json!({"part": 1, "lines": ["{}"]});
    let import = desk.named(json!({"kind": "IMPORT", "collection": "accreditation.missions"})).await;
    let export = json!({"kind": "EXPORT", "collection": "accreditation.missions"});
    let of_partner =
        send(rig.post(&ours, "/v1/gateway/jobs", &export)).await.json()["name"].as_str().unwrap().to_owned();

    // Another key of our house with the same rights, one with none but jobs', another of the same agency.
    let same = rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await.1;
    let jobs_alone = rig.key(json!({"permissions": all, "internal": true})).await.1;
    for (who, key, job) in [
        ("the same rights", &same, &import),
        ("jobs' rights", &jobs_alone, &import),
        ("the agency", &of_agency, &of_partner),
    ] {
        for verb in ["results", "append", "start", "cancel"] {
            let ask = if verb == "append" { lines.clone() } else { json!({}) };
            assert_eq!(asked(rig, key, job, verb, ask).await, (404, "NOT_FOUND".to_owned()), "{who}: {verb}");
        }
        assert_eq!(send(rig.get(key, &format!("/v1/gateway/{job}"))).await.status, 404, "{who}");
        assert_eq!(send(rig.get(key, "/v1/gateway/jobs")).await.json()["jobs"], json!([]), "{who}");
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from job_parts").fetch_one(&rig.db.pool).await.unwrap();
    assert_eq!(kept, 0, "nothing of another's lines is kept");
    assert_eq!(send(rig.get(&ours, &format!("/v1/gateway/{of_partner}:results"))).await.status, 200);

    // Whoever oversees sees that there are jobs, and may end them; their lines are their keys' own, which may see more.
    let overseer = rig.role("tenant-admin").await;
    assert_eq!(send(rig.get(&overseer, "/v1/gateway/jobs")).await.json()["jobs"].as_array().unwrap().len(), 2);
    for job in [&import, &of_partner] {
        assert_eq!(asked(rig, &overseer, job, "results", json!({})).await, (403, "JOB_OF_ANOTHER".to_owned()));
    }
    let able = [PERMISSIONS.as_slice(), &["gateway.jobs.oversee"]].concat();
    let able = json!({"permissions": able, "internal": true});
    let able = rig.key(able).await.1;
    for (verb, ask) in [("append", lines), ("start", json!({})), ("results", json!({}))] {
        assert_eq!(asked(rig, &able, &import, verb, ask).await, (403, "JOB_OF_ANOTHER".to_owned()), "{verb}");
    }
    assert_eq!(asked(rig, &able, &of_partner, "results", json!({})).await, (403, "JOB_OF_ANOTHER".to_owned()));
    assert_eq!(asked(rig, &overseer, &import, "cancel", json!({})).await.0, 200);
    // Every reading of results is on record.
    let read = "select count(*) from audit where method like '%ReadJobResults' and outcome = 'OK'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&rig.db.pool).await.unwrap();
    assert_eq!(read, 1);
}

/// The key of the settings is in no table. What it asked for is done all the same, as long as the settings name it.
#[tokio::test]
async fn a_job_of_the_first_key_is_done() {
    let desk = Desk::new(start().await).await;
    let rig = &desk.rig;
    let wish = json!({"kind": "EXPORT", "collection": "gateway.apiKeys"});
    let job = rig.done(&rig.admin, "/v1/gateway/jobs", &wish).await["name"].as_str().unwrap().to_owned();
    let job = desk.ended_for(&rig.admin, &job).await;
    assert_eq!((&job["state"], &job["lines"]), (&json!("DONE"), &json!(1)), "{job}");
}

#[tokio::test]
async fn what_jobs_were_given_and_found_goes_with_them() {
    let desk = Desk::new(start().await).await;
    let import = desk.named(json!({"kind": "IMPORT", "collection": "accreditation.missions"})).await;
    let line = json!({"missionId": "a", "mission": {"seat": "Paris"}}).to_string();
    assert_eq!(desk.act(&import, "append", json!({"part": 1, "lines": [line]})).await.status, 200);
    assert_eq!(desk.act(&import, "start", json!({})).await.status, 200);
    let export = desk.named(json!({"kind": "EXPORT", "collection": "accreditation.missions"})).await;
    desk.ended(&import).await;
    desk.ended(&export).await;
    let waits = desk.named(json!({"kind": "IMPORT", "collection": "accreditation.missions"})).await;
    let pool = &desk.rig.db.pool;
    // The export has ended long ago.
    let aged = "update jobs set updated_at = now() - interval '8 days' where name = $1";
    sqlx::query(aged).bind(&export).execute(pool).await.unwrap();
    let left = async |table: &str| -> Vec<String> {
        let text = match table {
            "jobs" => "select name from jobs order by name",
            "job_parts" => "select distinct job from job_parts",
            _ => "select distinct job from job_results",
        };
        sqlx::query_scalar(text).fetch_all(pool).await.unwrap()
    };
    assert_eq!((left("job_parts").await.len(), left("job_results").await.len()), (1, 2));
    // A gateway sweeps when it starts, and every hour.
    let second = plan().beside(&desk.rig).start().await;
    until("the old job is gone", async || left("jobs").await.len() == 2).await;
    assert!(left("jobs").await.contains(&waits) && left("jobs").await.contains(&import));
    assert_eq!(left("job_results").await, std::slice::from_ref(&import), "with what it found");
    assert!(left("job_parts").await.is_empty(), "what was given goes when the job is over");
    assert_eq!(send(desk.rig.get(&desk.key, &format!("/v1/gateway/{export}:results"))).await.status, 404);
    drop(second);
}

#[tokio::test]
async fn whoever_has_fewer_jobs_under_way_comes_first() {
    let desk = Desk::new(plan().set("JOBS_AT_ONCE", "0").start().await).await;
    let (_, other) = desk.rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await;
    let export = json!({"kind": "EXPORT", "collection": "accreditation.missions"});
    let (under_way, next) = (desk.named(export.clone()).await, desk.named(export.clone()).await);
    // Made last.
    let of_other = send(desk.rig.post(&other, "/v1/gateway/jobs", &export)).await.json();
    let of_other = of_other["name"].as_str().unwrap();
    let held = "update jobs set holder = gen_random_uuid(), held_until = clock_timestamp() + interval '1 hour', \
                doc = doc || '{\"state\": \"RUNNING\"}' where name = $1";
    sqlx::query(held).bind(&under_way).execute(&desk.rig.db.pool).await.unwrap();
    let second = plan().beside(&desk.rig).set("JOBS_AT_ONCE", "1").start().await;
    desk.ended(&next).await;
    let ends = "select name from jobs where end_time is not null order by end_time";
    let ends: Vec<String> = sqlx::query_scalar(ends).fetch_all(&desk.rig.db.pool).await.unwrap();
    assert_eq!(ends, [of_other.to_owned(), next]);
    drop(second);
}
