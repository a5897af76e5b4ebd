//! The part of the contract that a peer's code is generated from, written out as a `.proto` of its own.
//!
//! Debian's generator for Go is older than `optional` in proto3 and knows nothing of the house's options. What is
//! written here has neither, and the same names, numbers and types, so the bytes on the wire are the same.

use anyhow::{Context as _, Result};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use proto::contract::{Method, contract};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The file of these methods of one service, with all messages they reach; the Go package is `peer/mission`.
pub(super) fn proto(paths: &[&str]) -> Result<String> {
    let methods: Vec<_> = paths
        .iter()
        .map(|path| contract().method(path).with_context(|| format!("the contract has no {path}")))
        .collect::<Result<_>>()?;
    let mut reached = Reached::default();
    for method in &methods {
        reached.message(&method.descriptor().input());
        reached.message(&method.descriptor().output());
    }
    let service = methods.first().context("there is a method")?.descriptor().parent_service();
    let mut text = format!("syntax = \"proto3\";\n\npackage {};\n\n", service.package_name());
    for file in &reached.files {
        writeln!(text, "import \"{file}\";")?;
    }
    write!(text, "import \"google/api/annotations.proto\";\n\noption go_package = \"peer/mission\";\n\n")?;
    writeln!(text, "service {} {{\n{}}}", service.name(), methods.iter().map(|one| rpc(one)).collect::<String>())?;
    text.extend(reached.messages.values().map(message));
    text.extend(reached.enums.values().map(enumeration));
    Ok(text)
}

/// What the methods reach, directly or through others.
#[derive(Default)]
struct Reached {
    messages: BTreeMap<String, MessageDescriptor>,
    /// Those that lie in no message.
    enums: BTreeMap<String, EnumDescriptor>,
    files: BTreeSet<String>,
}

impl Reached {
    fn message(&mut self, message: &MessageDescriptor) {
        if message.package_name().starts_with("google.") {
            self.files.insert(message.parent_file().name().to_owned());
            return;
        }
        let outermost = message.parent_message();
        if let Some(outer) = outermost.filter(|_| !message.is_map_entry()) {
            return self.message(&outer);
        }
        if !message.is_map_entry() && self.messages.insert(message.full_name().to_owned(), message.clone()).is_some() {
            return;
        }
        self.fields(message);
    }

    fn fields(&mut self, message: &MessageDescriptor) {
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => self.message(&inner),
                Kind::Enum(kind) if kind.parent_message().is_none() => {
                    self.enums.insert(kind.full_name().to_owned(), kind);
                }
                _ => {}
            }
        }
        message.child_messages().filter(|child| !child.is_map_entry()).for_each(|child| self.fields(&child));
    }
}

fn rpc(method: &Method) -> String {
    let binding = &method.bindings()[0];
    let body = if binding.body.is_empty() { String::new() } else { format!(" body: \"{}\"", binding.body) };
    format!(
        "  rpc {}(.{}) returns (.{}) {{\n    option (google.api.http) = {{{}: \"{}\"{body}}};\n  }}\n",
        method.name(),
        method.descriptor().input().full_name(),
        method.descriptor().output().full_name(),
        binding.method.to_lowercase(),
        binding.template,
    )
}

fn message(message: &MessageDescriptor) -> String {
    let inner: String = message
        .child_messages()
        .filter(|child| !child.is_map_entry())
        .map(|child| self::message(&child))
        .chain(message.child_enums().map(|child| enumeration(&child)))
        .chain(message.fields().map(|field| self::field(&field)))
        .collect();
    format!("\nmessage {} {{\n{inner}}}\n", message.name())
}

fn enumeration(kind: &EnumDescriptor) -> String {
    let values: String = kind.values().map(|value| format!("  {} = {};\n", value.name(), value.number())).collect();
    format!("enum {} {{\n{values}}}\n", kind.name())
}

fn field(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => {
            format!("map<{}, {}>", of(&entry.map_entry_key_field()), of(&entry.map_entry_value_field()))
        }
        _ if field.is_list() => format!("repeated {}", of(field)),
        _ => of(field),
    };
    format!("  {kind} {} = {};\n", field.name(), field.number())
}

/// A field's type by its name: `string`, `.google.protobuf.Timestamp`.
fn of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => format!(".{}", message.full_name()),
        Kind::Enum(kind) => format!(".{}", kind.full_name()),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_the_names_numbers_and_routes_of_the_contract() {
        let text = proto(&super::super::METHODS).unwrap();
        for line in [
            "import \"google/type/latlng.proto\";",
            "    option (google.api.http) = {get: \"/v1/accreditation/{name=missions/*}\"};",
            "    option (google.api.http) = {post: \"/v1/accreditation/missions\" body: \"mission\"};",
            "  repeated string jurisdictions = 9;",
            "  .legation.accreditation.v1.Mission.State state = 6;",
            "  OPEN = 5;",
            "message CategoryLimit {",
            "enum Category {",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
        assert!(!text.contains("legation.policy") && !text.contains("optional "));
    }
}
