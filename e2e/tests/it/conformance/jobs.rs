//! Jobs as the suite makes them: imports that have a part, in a house that runs none.

use serde_json::{Value, json};
use sqlx::types::Json;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct Jobs;

/// A job that takes parts, as an import is, but of a collection that the suite's callers may read: they may import
/// nothing here. It acts for the key `$1`.
const COLLECTING: &str = "
    with made as (insert into jobs (name, uid, version, doc, created_at, updated_at)
        select 'jobs/' || id.uid, id.uid, 1, jsonb_build_object('name', 'jobs/' || id.uid, 'uid', id.uid,
            'etag', '1-' || right(id.uid::text, 8), 'kind', 'EXPORT', 'collection', 'gateway.apiKeys', 'filter', '',
            'state', 'COLLECTING', 'agency', '', 'key', $1::text, 'parts', 1, 'lines', 0, 'created', 0, 'updated', 0,
            'unchanged', 0, 'rejected', 0, 'failure', '', 'createTime', now.text, 'updateTime', now.text), now.at, now.at
        from (select gen_random_uuid() as uid) id, (select at, to_char(at at time zone 'utc',
            'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as text from (select clock_timestamp() as at) now) now
        returning name, doc, created_at)
    insert into history (kind, name, version, verb, actor, at, doc)
    select 'jobs', name, 1, 'create', $1, created_at, doc from made returning doc";

impl Fixture for Jobs {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Job"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let filter = format!("agency = \"agency-{}\"", suite.number());
        Box::pin(async move { Ok(json!({"kind": "EXPORT", "collection": "gateway.apiKeys", "filter": filter})) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let bench = suite.bench();
            let collecting = sqlx::query_scalar(COLLECTING).bind(&*bench.officers[0].principal.subject);
            let made: Result<Json<Value>, _> = collecting.fetch_one(&bench.pool).await;
            let Json(made) = made.map_err(|error| Unprepared(error.to_string()))?;
            Ok(json!({"name": made["name"], "etag": made["etag"], "createTime": made["createTime"]}))
        })
    }

    fn ask(&self, method: &proto::contract::Method) -> Option<Value> {
        match method.name() {
            "AppendJobLines" => Some(json!({"part": 1, "lines": ["{}"]})),
            "ReadJobResults" => Some(json!({})),
            _ => testkit::conformance::plain(method),
        }
    }

    fn refuses_others(&self, method: &proto::contract::Method) -> Option<&'static str> {
        (method.name() == "ReadJobResults").then_some("JOB_OF_ANOTHER")
    }

    fn begins_in(&self) -> Option<&'static str> {
        Some("COLLECTING")
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["RUNNING", "DONE", "FAILED"]
    }
}
