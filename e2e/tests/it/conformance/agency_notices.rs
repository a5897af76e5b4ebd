//! Notices as the suite makes them: they come of what happens to keys and webhooks, and are not brought by a request.

use serde_json::{Value, json};
use sqlx::types::Json;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct AgencyNotices;

/// As the gateway gives it.
const GIVEN: &str = "
    with given as (
        select name, uid, at, jsonb_build_object('name', name, 'uid', uid, 'etag', '1-' || right(uid::text, 8),
            'agency', 'example-agency', 'kind', 'KEY_EXPIRES', 'subject', 'apiKeys/' || $1, 'text', 'The key ends.',
            'createTime', to_char(at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) as doc
        from (select gen_random_uuid() as uid, clock_timestamp() as at) made,
            lateral (select 'agencyNotices/' || uid as name) named),
    kept as (insert into agency_notices (name, uid, version, doc, created_at, updated_at)
        select name, uid, 1, doc, at, at from given),
    version as (insert into history (kind, name, version, verb, actor, at, doc)
        select 'agencyNotices', name, 1, 'create', 'gateway', at, doc from given)
    select doc from given";

impl Fixture for AgencyNotices {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.AgencyNotice"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("notices come of what happens, and are not brought by a request".into())) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made = sqlx::query_scalar(GIVEN).bind(suite.number().to_string());
            let made: Result<Json<Value>, _> = made.fetch_one(&suite.bench().pool).await;
            let Json(made) = made.map_err(|error| Unprepared(error.to_string()))?;
            Ok(json!({"name": made["name"], "etag": made["etag"], "createTime": made["createTime"]}))
        })
    }
}
