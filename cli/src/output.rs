//! Answers as they are shown: a table for people, JSON, YAML or names for programs.

use crate::columns::{self, Column};
use crate::failure::Failure;
use clap::ArgMatches;
use prost_reflect::MessageDescriptor;
use proto::contract::contract;
use serde_json::Value;
use std::io::Write as _;

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// Columns, or one field a line.
    Table,
    /// As the service sent it; of a stream one object a line.
    Json,
    /// The same as YAML; of a stream one document each.
    Yaml,
    /// Names of records, one a line.
    Name,
}

/// Shows answers.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    named: Vec<Column>,
    /// Widths of the columns of a stream, from its first row on.
    widths: Vec<usize>,
}

impl Output {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let form = matches.get_one::<Form>("output").copied().unwrap_or(Form::Table);
        let named = matches.get_one::<String>("columns").into_iter();
        let named = named.flat_map(|names| names.split(',')).map(|name| Column::named(name.trim()));
        Self { form, named: named.collect(), widths: Vec::new() }
    }

    /// One answer, whole: a record as one field a line.
    pub(crate) fn one(&self, message: &MessageDescriptor, answer: &Value) -> Result<(), Failure> {
        match self.form {
            Form::Table if self.named.is_empty() => print(&details(message, answer)),
            Form::Table => self.rows(message, std::slice::from_ref(answer)),
            Form::Json => print(&pretty(answer)),
            Form::Yaml => print(&yaml(answer)?),
            Form::Name => print(&names(std::slice::from_ref(answer))),
        }
    }

    /// What became of a record: one row.
    pub(crate) fn outcome(&self, message: &MessageDescriptor, answer: &Value) -> Result<(), Failure> {
        if self.form == Form::Table && contract().resource(message.full_name()).is_some() {
            return self.rows(message, std::slice::from_ref(answer));
        }
        self.one(message, answer)
    }

    /// A list. `answer` is the whole of it, its rows are in the member `items`.
    pub(crate) fn list(&self, message: &MessageDescriptor, items: &str, answer: &Value) -> Result<(), Failure> {
        let none = Vec::new();
        let rows = answer[items].as_array().unwrap_or(&none);
        match self.form {
            Form::Table => self.rows(message, rows),
            Form::Json => print(&pretty(answer)),
            Form::Yaml => print(&yaml(answer)?),
            Form::Name => print(&names(rows)),
        }
    }

    /// The next answer of a stream.
    pub(crate) fn next(&mut self, message: &MessageDescriptor, answer: &Value) -> Result<(), Failure> {
        match self.form {
            Form::Table => {
                let columns = self.columns(message);
                let cells: Vec<_> = columns.iter().map(|column| column.cell(answer)).collect();
                if self.widths.is_empty() {
                    let titles: Vec<_> = columns.iter().map(|column| column.title.clone()).collect();
                    let width = |(cell, title): (&String, &String)| cell.chars().count().max(title.len());
                    self.widths = cells.iter().zip(&titles).map(width).collect();
                    print(&columns::line(&titles, &self.widths))?;
                }
                print(&columns::line(&cells, &self.widths))
            }
            Form::Json => print(&format!("{answer}\n")),
            Form::Yaml => print(&format!("---\n{}", yaml(answer)?)),
            Form::Name => print(&names(std::slice::from_ref(answer))),
        }
    }

    fn rows(&self, message: &MessageDescriptor, rows: &[Value]) -> Result<(), Failure> {
        if rows.is_empty() {
            eprintln!("none");
            return Ok(());
        }
        print(&columns::table(&self.columns(message), rows))
    }

    fn columns(&self, message: &MessageDescriptor) -> Vec<Column> {
        if self.named.is_empty() { columns::columns(message) } else { self.named.clone() }
    }
}

/// Writes to the standard output. That a reader has heard enough, as `head` has, is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value can be written") + "\n"
}

fn yaml(value: &Value) -> Result<String, Failure> {
    let text = serde_saphyr::to_string(value).map_err(anyhow::Error::from)?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// The names of records, or of the records inside of answers.
fn names(rows: &[Value]) -> String {
    let name = |row: &Value| {
        let own = row["name"].as_str().filter(|name| !name.is_empty());
        let inside = || row.as_object().and_then(|members| members.values().find_map(|value| value["name"].as_str()));
        own.or_else(inside).map(|name| format!("{name}\n"))
    };
    rows.iter().filter_map(name).collect()
}

/// One field a line, in the contract's order; what is empty is left out.
fn details(message: &MessageDescriptor, answer: &Value) -> String {
    let fields: Vec<_> = message
        .fields()
        .filter_map(|field| answer.get(field.json_name()).map(|value| (field.name().replace('_', " "), value)))
        .filter(|(_, value)| !is_empty(value))
        .collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 1;
    let mut text = String::new();
    for (name, value) in fields {
        let label = format!("{name}:");
        match value {
            Value::Object(_) | Value::Array(_) if !is_flat(value) => {
                text += &format!("{label}\n");
                for line in yaml(value).unwrap_or_default().lines() {
                    text += &format!("  {line}\n");
                }
            }
            plain => text += &format!("{label:width$} {}\n", columns::text(plain)),
        }
    }
    text
}

fn is_flat(value: &Value) -> bool {
    matches!(value, Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text.ends_with("_UNSPECIFIED"),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
