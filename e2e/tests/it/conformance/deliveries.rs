//! Deliveries as the suite makes them: lines of the ledger that were given up, of a webhook that is no more.

use serde_json::{Value, json};
use sqlx::types::Json;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct Deliveries;

/// As the ledger writes it.
const GIVEN_UP: &str = "
    insert into deliveries (name, uid, version, doc, created_at, updated_at, seq, record, round)
    select 'deliveries/' || id.uid, id.uid, 1, jsonb_build_object('name', 'deliveries/' || id.uid, 'uid', id.uid,
        'etag', '1-' || right(id.uid::text, 8), 'webhook', 'webhooks/none', 'agency', '', 'event', 'a:1:' || $1,
        'eventType', 'gateway.apiKeys.create', 'cursor', '1', 'state', 'FAILED', 'attempts', 8, 'lastStatus', 500,
        'lastError', 'the endpoint answered 500', 'createTime', made.text, 'updateTime', made.text),
        made.at, made.at, 1, 'apiKeys/a', 0
    from (select gen_random_uuid() as uid) id, (select at, to_char(at at time zone 'utc',
        'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as text from (select clock_timestamp() as at) now) made
    returning doc";

impl Fixture for Deliveries {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Delivery"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("deliveries come from events, and are not brought by a request".into())) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made = sqlx::query_scalar(GIVEN_UP).bind(suite.number().to_string());
            let made: Result<Json<Value>, _> = made.fetch_one(&suite.bench().pool).await;
            let Json(made) = made.map_err(|error| Unprepared(error.to_string()))?;
            Ok(json!({"name": made["name"], "etag": made["etag"], "createTime": made["createTime"]}))
        })
    }

    fn begins_in(&self) -> Option<&'static str> {
        Some("FAILED")
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["DELIVERED"]
    }
}
