//! What the docs say of the settings.

use crate::Value;
use std::fmt::Write as _;

/// One setting, as the docs list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The variable: `ACCREDITATION_IN_FLIGHT`.
    pub name: String,
    /// Its type, in words.
    pub kind: String,
    /// What it is if it is not set.
    pub default: Option<String>,
    /// Whether it must be set.
    pub required: bool,
    /// Whether its text is a secret, which `NAME_FILE` may name a file of.
    pub secret: bool,
    /// What it is for.
    pub doc: String,
}

impl Entry {
    pub(crate) fn of<T: Value>(name: &str, default: Option<String>, doc: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: T::kind(),
            required: default.is_none() && T::absent().is_none(),
            secret: T::SECRET,
            default,
            doc: doc.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

/// The settings as a table in Markdown.
pub fn table(entries: &[Entry]) -> String {
    let mut text = String::from("| variable | type | default | what it is for |\n| --- | --- | --- | --- |\n");
    for entry in entries {
        let default = match &entry.default {
            Some(default) => format!("`{default}`"),
            None if entry.required => "required".into(),
            None => "-".into(),
        };
        let also = if entry.secret { format!(" or `{}_FILE`", entry.name) } else { String::new() };
        let Entry { name, kind, doc, .. } = entry;
        writeln!(text, "| `{name}`{also} | {kind} | {default} | {doc} |").expect("a String takes any text");
    }
    text
}
