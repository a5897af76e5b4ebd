//! Jobs: exports and imports that run by themselves, and go on where a killed gateway was.

use crate::rig::{Answer, Rig, plan, send, start};
use serde_json::{Value, json};
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
        until("the job has ended", async || {
            let job = send(self.rig.get(&self.key, &format!("/v1/gateway/{job}"))).await.json();
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
    let other = desk.rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await.1;
    let state = async |job: &str| send(desk.rig.get(&other, &format!("/v1/gateway/{job}"))).await.json();
    until("the job has failed", async || state(&job).await["state"] == "FAILED").await;
    assert!(state(&job).await["failure"].as_str().unwrap().contains("not in force"));
    assert_eq!(state(&cancelled).await["state"], "CANCELLED");
    drop(second);
}
