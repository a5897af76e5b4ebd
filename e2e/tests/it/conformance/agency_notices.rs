//! Notices as the suite makes them: they come of what happens to keys and webhooks, and are not brought by a request.

use serde_json::{Value, json};
use sqlx::types::Json;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct AgencyNotices;

/// As the gateway gives it.
const GIVEN: &str = "
    insert into agency_notices (name, uid, version, doc, created_at, updated_at)
    select 'agencyNotices/' || id.uid, id.uid, 1, jsonb_build_object('name', 'agencyNotices/' || id.uid, 'uid', id.uid,
        'etag', '1-' || right(id.uid::text, 8), 'agency', 'example-agency', 'kind', 'KEY_EXPIRES', 'subject', 'apiKeys/' || $1,
        'text', 'The key ends.', 'createTime', made.text), made.at, made.at
    from (select gen_random_uuid() as uid) id, (select at, to_char(at at time zone 'utc',
        'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as text from (select clock_timestamp() as at) now) made
    returning doc";

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
