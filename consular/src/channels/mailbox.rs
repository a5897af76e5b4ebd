//! The embedded channel: a table that officers and tests read. A parcel is in it once, however often it is delivered.

use super::{Channel, Parcel, Undelivered};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::future::BoxFuture;
use proto::consular::v1::delivery_receipt::Carrier;
use proto::consular::v1::mailbox_message::Channel as By;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

const PUT: &str = "
    insert into mailbox_messages (name, uid, version, doc, created_at, updated_at, key)
    select doc->>'name', (doc->>'uid')::uuid, 1, doc, $2, $2, key from unnest($1::jsonb[], $3::text[]) t (doc, key)
    on conflict (key) do nothing";

/// The mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pool: PgPool,
}

impl Mailbox {
    /// The mailbox of a database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl Channel for Mailbox {
    fn carrier(&self, _: By) -> Option<Carrier> {
        Some(Carrier::Mailbox)
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(async move {
            let now = Utc::now();
            let docs: Vec<_> = parcels.iter().map(|parcel| sqlx::types::Json(doc(parcel, now))).collect();
            let keys: Vec<_> = parcels.iter().map(|parcel| parcel.key.as_str()).collect();
            let put = sqlx::query(PUT).bind(docs).bind(now).bind(keys).execute(&self.pool).await;
            let outcome = put.map(drop).map_err(|error| Undelivered::ForNow(error.to_string()));
            parcels.iter().map(|_| outcome.clone()).collect()
        })
    }
}

/// The record, as the contract writes it.
fn doc(parcel: &Parcel, now: DateTime<Utc>) -> Value {
    let uid = Uuid::now_v7();
    let sources = [&parcel.message, &parcel.about, &parcel.registration];
    let source = sources.into_iter().find(|source| !source.is_empty()).unwrap_or(&parcel.registration);
    json!({
        "name": format!("mailboxMessages/{}", uid.simple()),
        "source": source,
        "registration": parcel.registration,
        "channel": parcel.channel.as_str_name(),
        "address": parcel.address,
        "subject": parcel.subject,
        "body": parcel.body,
        "uid": uid.to_string(),
        "etag": format!("1-{}", &uid.to_string()[28..]),
        "createTime": now.to_rfc3339_opts(SecondsFormat::Micros, true),
    })
}
