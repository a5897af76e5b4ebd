//! What lies in the mailbox, as the suite makes it: as the channel writes it.

use serde_json::{Value, json};
use sqlx::types::Json;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct MailboxMessages;

/// As the channel writes it.
const DELIVERED: &str = "
    insert into mailbox_messages (name, uid, version, doc, created_at, updated_at, key)
    select 'mailboxMessages/' || id.uid, id.uid, 1, jsonb_build_object('name', 'mailboxMessages/' || id.uid,
        'uid', id.uid, 'etag', '1-' || right(id.uid::text, 8), 'source', 'messages/none', 'registration',
        'registrations/none', 'channel', 'EMAIL', 'address', 'person@example.org', 'subject', 'Are you safe?', 'body',
        'Call us.', 'createTime', made.text), made.at, made.at, id.uid::text
    from (select gen_random_uuid() as uid) id, (select at, to_char(at at time zone 'utc',
        'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as text from (select clock_timestamp() as at) now) made
    returning doc";

impl Fixture for MailboxMessages {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.MailboxMessage"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("the mailbox is written to by senders, not by a request".into())) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made: Result<Json<Value>, _> = sqlx::query_scalar(DELIVERED).fetch_one(&suite.bench().pool).await;
            let Json(made) = made.map_err(|error| Unprepared(error.to_string()))?;
            Ok(json!({"name": made["name"], "etag": made["etag"], "createTime": made["createTime"]}))
        })
    }
}
