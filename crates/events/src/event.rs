//! What travels in a stream: something that happened to a record.

use chrono::{DateTime, SecondsFormat, Utc};
use redis::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

/// The stream into which a service's events go.
pub fn stream(service: &str) -> String {
    format!("legation:events:{service}")
}

/// Something that happened to a record.
#[derive(Clone, Debug)]
pub struct Event {
    /// Unique for ever: `<service>:<transaction>:<number>`. The same event published twice has the same id.
    pub id: String,
    /// What kind of record it happened to.
    pub kind: String,
    /// The record's name: `missions/fra`.
    pub name: String,
    /// The record's version after it, starting at 1.
    pub version: i64,
    /// What was done: `create`, `open`, `delete`.
    pub verb: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The record after it, as JSON, without personal and classified fields.
    pub doc: Box<RawValue>,
    /// The W3C trace context of the request that did it; empty if it had none.
    pub traceparent: String,
}

impl Event {
    /// The record after the event, as a type of the consumer's.
    ///
    /// # Errors
    /// When the document does not have that shape.
    pub fn document<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.doc.get())
    }

    /// The fields of the stream's entry, in the order they are written.
    pub(crate) fn fields(&self) -> [(&'static str, String); 9] {
        [
            ("id", self.id.clone()),
            ("kind", self.kind.clone()),
            ("name", self.name.clone()),
            ("version", self.version.to_string()),
            ("verb", self.verb.clone()),
            ("actor", self.actor.clone()),
            ("at", self.at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            ("doc", self.doc.get().to_owned()),
            ("traceparent", self.traceparent.clone()),
        ]
    }

    /// Reads an event back from a stream's entry.
    ///
    /// # Errors
    /// When a field is missing or is not what it should be.
    pub fn read(fields: &HashMap<String, Value>) -> Result<Self, Malformed> {
        let text = |field: &'static str| match fields.get(field) {
            Some(Value::BulkString(bytes)) => String::from_utf8(bytes.clone()).map_err(|_| Malformed(field)),
            Some(Value::SimpleString(text)) => Ok(text.clone()),
            _ => Err(Malformed(field)),
        };
        let at = DateTime::parse_from_rfc3339(&text("at")?).map_err(|_| Malformed("at"))?;
        Ok(Self {
            id: text("id")?,
            kind: text("kind")?,
            name: text("name")?,
            version: text("version")?.parse().map_err(|_| Malformed("version"))?,
            verb: text("verb")?,
            actor: text("actor")?,
            at: at.with_timezone(&Utc),
            doc: RawValue::from_string(text("doc")?).map_err(|_| Malformed("doc"))?,
            traceparent: text("traceparent")?,
        })
    }
}

/// An entry of a stream that is not an event: the field that is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the entry's field {} is missing or malformed", self.0)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_as_it_went_and_a_broken_one_names_its_field() {
        let event = Event {
            id: "accreditation:7:9".into(),
            kind: "missions".into(),
            name: "missions/fra".into(),
            version: 3,
            verb: "open".into(),
            actor: "users/u1".into(),
            at: DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(),
            doc: RawValue::from_string(r#"{"name":"missions/fra"}"#.into()).unwrap(),
            traceparent: String::new(),
        };
        let mut fields = HashMap::new();
        for (key, value) in event.fields() {
            fields.insert(key.to_owned(), Value::BulkString(value.into_bytes()));
        }
        let back = Event::read(&fields).unwrap();
        assert_eq!(format!("{back:?}"), format!("{event:?}"));
        for (field, value) in [("at", "yesterday"), ("version", "x"), ("doc", "{")] {
            let mut broken = fields.clone();
            broken.insert(field.to_owned(), Value::BulkString(value.into()));
            assert_eq!(Event::read(&broken).unwrap_err(), Malformed(field));
        }
        fields.remove("id");
        assert_eq!(Event::read(&fields).unwrap_err(), Malformed("id"));
    }
}
