//! What a change leaves behind, for snapshots: the answer, the history, the audit rows and the events together.

use crate::world::World;
use prost::{Message, Name};
use serde_json::{Value, json};
use sqlx::Row as _;
use std::collections::BTreeMap;

/// A message as JSON, as the gateway would send it.
pub(crate) fn json_of<T: Message + Name>(message: &T) -> Value {
    let mut out = Vec::new();
    transcode::tables().message(&T::full_name()).unwrap().to_json(&message.encode_to_vec(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

impl World {
    /// The answer, and every row that the record has left, in order. What differs from run to run is masked; the
    /// instants do not, since tests move the clock.
    pub(crate) async fn traces<T: Message + Name>(&self, name: &str, answer: &T) -> Value {
        let mut found = json!({ "answer": json_of(answer) });
        for (what, text) in [
            (
                "history",
                "select jsonb_strip_nulls(to_jsonb(h) - 'tx' - 'seq' - 'doc') as row from history h where name = $1 order by version",
            ),
            ("audit", "select to_jsonb(a) - 'tx' - 'seq' - 'trace' as row from audit a where name = $1 order by seq"),
            (
                "outbox",
                "select to_jsonb(o) - 'tx' - 'seq' - 'traceparent' as row from outbox o where name = $1 order by version",
            ),
        ] {
            let rows = sqlx::query(text).bind(name).fetch_all(&self.db.pool).await.unwrap();
            found[what] = rows.iter().map(|row| row.get::<Value, _>("row")).collect();
        }
        Mask::default().over(found)
    }
}

/// Puts the same mark for the same thing wherever it stands.
#[derive(Default)]
struct Mask(BTreeMap<String, usize>);

impl Mask {
    fn over(&mut self, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let masked = fields.into_iter().map(|(key, value)| {
                    let masked = match key.as_str() {
                        "uid" | "etag" if value.as_str().is_some_and(|text| !text.is_empty()) => {
                            json!(format!("[{key}]"))
                        }
                        "rules" => json!("[rules]"),
                        _ => self.over(value),
                    };
                    (key, masked)
                });
                Value::Object(masked.collect())
            }
            Value::Array(items) => items.into_iter().map(|item| self.over(item)).collect(),
            Value::String(text) => json!(self.text(&text)),
            other => other,
        }
    }

    /// Names that were made for a record: of persons, cards and answers.
    fn text(&mut self, text: &str) -> String {
        let made =
            [("people/", 36), ("identityCards/", 9), ("determinations/", 20), ("taxCards/", 9), ("driverLicences/", 9)];
        let made = made.into_iter().find(|(prefix, least)| {
            let id = text.strip_prefix(prefix);
            id.is_some_and(|id| id.len() >= *least && id.bytes().any(|byte| byte.is_ascii_digit()))
        });
        let Some((prefix, _)) = made else { return text.to_owned() };
        let next = self.0.len() + 1;
        format!("{prefix}[{}]", self.0.entry(text.to_owned()).or_insert(next))
    }
}
