//! What is to be printed: a template, its data, the files that go with it, and the date the document bears.

use crate::Template;
use crate::seal;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

/// A document to be printed. Two orders that are equal print the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub(crate) template: &'static Template,
    pub(crate) data: Vec<u8>,
    pub(crate) identity: String,
    pub(crate) date: NaiveDate,
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    /// The first character of the data that cannot be printed.
    pub(crate) unprintable: Option<char>,
}

impl Order {
    /// A document of this template. `data` is what the template reads from `data.json`; `identity` is the record's own
    /// name, from which the document's id is made; `date` is the day that the document bears, never the clock's.
    ///
    /// # Panics
    /// If the data cannot be written as JSON: a map with keys that are no text.
    pub fn new(template: &'static Template, data: &impl Serialize, identity: &str, date: NaiveDate) -> Self {
        let value = serde_json::to_value(data).expect("data of documents can be written as JSON");
        let data = serde_json::to_vec(&value).expect("a value can be written as JSON");
        let unprintable = first_unprintable(&value);
        Self { template, data, identity: identity.to_owned(), date, files: Vec::new(), unprintable }
    }

    /// The same with a barcode of a text or of bytes, which the template shows by `barcode(…)` of `house.typ`.
    ///
    /// # Errors
    /// The text is too long for a barcode.
    pub fn with_barcode(self, text: impl AsRef<[u8]>) -> Result<Self, seal::TooLong> {
        Ok(self.with_file("barcode.svg", seal::barcode(text)?.into_bytes()))
    }

    /// The same with a file that the template reads by this name: a photograph.
    #[must_use]
    pub fn with_file(mut self, name: &'static str, bytes: Vec<u8>) -> Self {
        self.files.push((name, bytes));
        self
    }
}

fn first_unprintable(value: &Value) -> Option<char> {
    match value {
        Value::String(text) => crate::unprintable(text),
        Value::Array(items) => items.iter().find_map(first_unprintable),
        Value::Object(fields) => fields.values().find_map(first_unprintable),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
