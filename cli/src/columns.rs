//! Which columns a table of records has, chosen from the contract.

use crate::catalogue::kebab;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use proto::contract::{Resource, contract};
use serde_json::Value;

/// The most columns of a table, unless they are named.
const MOST: usize = 7;
/// The most characters of a cell.
const WIDEST: usize = 44;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The heading: `SENDING STATE`.
    pub(crate) title: String,
    /// Where the value is: `revision.time`.
    path: Vec<String>,
}

impl Column {
    fn of(field: &FieldDescriptor, within: Option<&FieldDescriptor>) -> Self {
        let path = within.into_iter().chain([field]).map(|field| field.json_name().to_owned()).collect();
        Self { title: kebab(field.name()).replace('-', " ").to_ascii_uppercase(), path }
    }

    /// A column that somebody asked for: `address.locality`.
    pub(crate) fn named(path: &str) -> Self {
        let title = kebab(path).replace(['-', '.'], " ").to_ascii_uppercase();
        Self { title, path: path.split('.').map(str::to_owned).collect() }
    }

    /// The cell.
    pub(crate) fn cell(&self, row: &Value) -> String {
        let value = self.path.iter().try_fold(row, |value, part| value.get(part));
        let text = text(value.unwrap_or(&Value::Null));
        if text.chars().count() <= WIDEST {
            return text;
        }
        text.chars().take(WIDEST - 1).chain(['…']).collect()
    }
}

/// A value in one line.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.ends_with("_UNSPECIFIED") => String::new(),
        Value::String(text) => text.replace(['\n', '\t', '\r'], " "),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
        other => other.to_string(),
    }
}

/// The columns for messages of this type.
pub(crate) fn columns(message: &MessageDescriptor) -> Vec<Column> {
    if let Some(resource) = contract().resource(message.full_name()) {
        return of_resource(resource);
    }
    let mut columns = Vec::new();
    for field in message.fields().filter(|field| !field.is_list() && !field.is_map()) {
        match field.kind().as_message() {
            None if field.name() != "cursor" => columns.push(Column::of(&field, None)),
            None => {}
            Some(inner) if is_time(inner) => columns.push(Column::of(&field, None)),
            Some(inner) if contract().resource(inner.full_name()).is_some() => {
                let wanted = ["name", "state"].into_iter().filter_map(|name| inner.get_field_by_name(name));
                columns.extend(wanted.map(|inner| Column::of(&inner, Some(&field))));
            }
            Some(inner) => {
                columns.extend(inner.fields().filter(is_plain).map(|inner| Column::of(&inner, Some(&field))));
            }
        }
    }
    columns
}

/// The name, the state, then what can be filtered by: that is what people look for.
fn of_resource(resource: &Resource) -> Vec<Column> {
    let fields = || resource.fields().iter().filter(|field| is_plain(field.descriptor()));
    let is_of_every_record =
        |name: &str| ["name", "state", "uid", "etag", "create_time", "update_time", "delete_time"].contains(&name);
    let first = ["name", "state"].into_iter().filter_map(|name| resource.message().get_field_by_name(name));
    let mut columns: Vec<_> = first.map(|field| Column::of(&field, None)).collect();
    let own = || fields().filter(|field| !is_of_every_record(field.descriptor().name()));
    let sought = own().filter(|field| field.policy().filterable);
    let needed = own().filter(|field| field.policy().required && !field.policy().filterable);
    columns.extend(sought.chain(needed).map(|field| Column::of(field.descriptor(), None)));
    columns.truncate(MOST);
    columns
}

fn is_plain(field: &FieldDescriptor) -> bool {
    let one = !field.is_list() && !field.is_map();
    one && field.kind().as_message().is_none_or(is_time) && !matches!(field.kind(), Kind::Bytes)
}

fn is_time(message: &MessageDescriptor) -> bool {
    matches!(message.full_name(), "google.protobuf.Timestamp" | "google.protobuf.Duration")
}

/// Rows under their headings, each column as wide as its widest cell.
pub(crate) fn table(columns: &[Column], rows: &[Value]) -> String {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| column.cell(row)).collect()).collect();
    let width = |at: usize| {
        let widest = cells.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
        widest.max(columns[at].title.chars().count())
    };
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let titles = columns.iter().map(|column| column.title.clone()).collect();
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(&cells) {
        text.push_str(&line(row, &widths));
    }
    text
}

/// One line of a table.
pub(crate) fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    let joined = padded.collect::<Vec<_>>().join("  ");
    joined.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn titles(message: &str) -> Vec<String> {
        let message = contract().pool().get_message_by_name(message).unwrap();
        columns(&message).into_iter().map(|column| column.title).collect()
    }

    #[test]
    fn columns_are_what_the_contract_lets_people_look_for() {
        let mission = ["NAME", "STATE", "SENDING STATE", "TYPE", "TITLE", "SEAT", "EXTERNAL ID"];
        assert_eq!(titles("legation.accreditation.v1.Mission"), mission);
        let change = ["VERSION", "VERB", "ACTOR", "TIME", "REASON", "CAUSE", "NAME", "STATE"];
        assert_eq!(titles("legation.accreditation.v1.WatchMissionsResponse"), change);
    }

    #[test]
    fn a_table_lines_up_whatever_the_script() {
        let columns = [Column::named("name"), Column::named("seat")];
        let rows = [json!({"name": "missions/jp", "seat": "東京"}), json!({"name": "x", "seat": "y\nz"})];
        assert_eq!(table(&columns, &rows), "NAME         SEAT\nmissions/jp  東京\nx            y z\n");
    }
}
