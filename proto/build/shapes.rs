//! Which messages have which shape (`src/shape.rs`), found in the descriptors and written as trait implementations.

use crate::{feature, module};
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;

/// Values of `google.api.FieldBehavior`.
const OUTPUT_ONLY: i32 = 3;
const IMMUTABLE: i32 = 5;

/// The type of an instant.
const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// The getters of a request that hand out text, and the fields they read.
const TEXTS: [&str; 6] = ["name", "reason", "page_token", "filter", "order_by", "q"];

/// The implementations of every shape.
pub(crate) fn code(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for message in pool.all_messages().filter(is_resource) {
        record(&mut code, &message)?;
    }
    let (mut asks, mut answers) = (BTreeSet::new(), BTreeSet::new());
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    for method in methods.filter(|method| module(method.input().package_name()).is_some()) {
        if asks.insert(method.input().full_name().to_owned()) {
            ask(&mut code, &method.input())?;
        }
        if answers.insert(method.output().full_name().to_owned()) {
            answer(&mut code, &method)?;
        }
    }
    Ok(code)
}

fn record(code: &mut String, message: &MessageDescriptor) -> Result<(), Box<dyn Error>> {
    open(code, message, "Record")?;
    for name in ["name", "uid", "etag"] {
        message.get_field_by_name(name).ok_or_else(|| format!("{} has no {name}", message.full_name()))?;
        writeln!(code, "    fn {name}(&self) -> &str {{ &self.{name} }}")?;
        writeln!(code, "    fn set_{name}(&mut self, {name}: String) {{ self.{name} = {name}; }}")?;
    }
    if message.get_field_by_name("state").is_some() {
        writeln!(code, "    fn state(&self) -> i32 {{ self.state }}")?;
        writeln!(code, "    fn set_state(&mut self, state: i32) {{ self.state = state; }}")?;
    }
    for name in ["create_time", "update_time", "delete_time"] {
        if message.get_field_by_name(name).is_some() {
            let time = "::prost_types::Timestamp";
            writeln!(code, "    fn {name}(&self) -> Option<&{time}> {{ self.{name}.as_ref() }}")?;
            writeln!(code, "    fn set_{name}(&mut self, time: {time}) {{ self.{name} = Some(time); }}")?;
        }
    }
    let erased = message.get_field_by_name("erase_time");
    if erased.is_some_and(|field| field.kind().as_message().is_some_and(|kind| kind.full_name() == TIMESTAMP)) {
        let time = "::prost_types::Timestamp";
        writeln!(code, "    fn set_erase_time(&mut self, time: {time}) {{ self.erase_time = Some(time); }}")?;
    }
    writeln!(code, "    fn copy_outputs(&mut self, from: &Self) {{")?;
    for field in message.fields().filter(|field| behaves(field, OUTPUT_ONLY)) {
        let name = ident(&field)?;
        writeln!(code, "        self.{name}.clone_from(&from.{name});")?;
    }
    writeln!(code, "    }}")?;
    let immutables = message.fields().filter(|field| behaves(field, IMMUTABLE)).collect::<Vec<_>>();
    if !immutables.is_empty() {
        writeln!(code, "    fn changed_immutables(&self, before: &Self) -> Vec<&'static str> {{")?;
        writeln!(code, "        let mut changed = Vec::new();")?;
        for field in &immutables {
            let (name, json) = (ident(field)?, field.json_name());
            writeln!(code, "        if self.{name} != before.{name} {{ changed.push(\"{json}\"); }}")?;
        }
        writeln!(code, "        changed\n    }}")?;
    }
    writeln!(code, "}}")?;
    Ok(())
}

fn ask(code: &mut String, message: &MessageDescriptor) -> Result<(), Box<dyn Error>> {
    let carried = single(message, is_resource);
    let has = |name: &str, kind: Kind| message.get_field_by_name(name).is_some_and(|field| field.kind() == kind);
    open(code, message, "Ask")?;
    for name in TEXTS.into_iter().filter(|name| has(name, Kind::String)) {
        writeln!(code, "    fn {name}(&self) -> &str {{ &self.{name} }}")?;
    }
    if let Some(field) = carried.as_ref().filter(|_| !has("name", Kind::String)) {
        let field = ident(field)?;
        writeln!(code, "    fn name(&self) -> &str {{ self.{field}.as_ref().map_or(\"\", |record| &record.name) }}")?;
    }
    // An update may say the version it means beside the record or in it.
    match carried.as_ref().filter(|_| message.get_field_by_name("update_mask").is_some()) {
        Some(field) => {
            let field = ident(field)?;
            writeln!(code, "    fn etag(&self) -> &str {{")?;
            writeln!(code, "        let within = self.{field}.as_ref().map_or(\"\", |record| &record.etag);")?;
            writeln!(code, "        if self.etag.is_empty() {{ within }} else {{ &self.etag }}\n    }}")?;
        }
        None if has("etag", Kind::String) => writeln!(code, "    fn etag(&self) -> &str {{ &self.etag }}")?,
        None => {}
    }
    if has("request_id", Kind::String) {
        writeln!(code, "    fn request_id(&self) -> &str {{ &self.request_id }}")?;
        writeln!(code, "    fn clear_request_id(&mut self) {{ self.request_id.clear(); }}")?;
    }
    if has("cursor", Kind::String) {
        writeln!(code, "    fn cursor(&self) -> &str {{ &self.cursor }}")?;
    }
    if message.get_field_by_name("as_of").is_some() {
        writeln!(code, "    fn as_of(&self) -> Option<&::prost_types::Timestamp> {{ self.as_of.as_ref() }}")?;
    }
    if has("page_size", Kind::Int32) {
        writeln!(code, "    fn page_size(&self) -> i32 {{ self.page_size }}")?;
    }
    if has("show_deleted", Kind::Bool) {
        writeln!(code, "    fn show_deleted(&self) -> bool {{ self.show_deleted }}")?;
    }
    writeln!(code, "}}")?;
    let Some(field) = carried else { return Ok(()) };
    let (name, kept) = (ident(&field)?, rust_path(&message_of(&field))?);
    open(code, message, &format!("Carries<{kept}>"))?;
    writeln!(code, "    fn record(&self) -> Option<&{kept}> {{ self.{name}.as_ref() }}")?;
    let id = format!("{}_id", field.name());
    if has(&id, Kind::String) {
        writeln!(code, "    fn id(&self) -> &str {{ &self.{id} }}")?;
    }
    if message.get_field_by_name("update_mask").is_some() {
        writeln!(code, "    fn mask(&self) -> Option<&::prost_types::FieldMask> {{ self.update_mask.as_ref() }}")?;
    }
    writeln!(code, "}}")?;
    Ok(())
}

fn answer(code: &mut String, method: &MethodDescriptor) -> Result<(), Box<dyn Error>> {
    let message = method.output();
    if is_resource(&message) || module(message.package_name()).is_none() {
        return Ok(());
    }
    let revision = "crate::registry::v1::Revision";
    if message.get_field_by_name("next_page_token").is_some() {
        let Some(items) = message.fields().find(|field| field.is_list() && matches!(field.kind(), Kind::Message(_)))
        else {
            return Ok(());
        };
        let (list, item) = (ident(&items)?, message_of(&items));
        if is_resource(&item) {
            let kept = rust_path(&item)?;
            open(code, &message, &format!("Page<{kept}>"))?;
            writeln!(code, "    fn page(records: Vec<{kept}>, next: String) -> Self {{")?;
            writeln!(code, "        Self {{ {list}: records, next_page_token: next }}\n    }}\n}}")?;
        } else if let Some(field) = single(&item, is_resource) {
            let (kept, name, step) = (rust_path(&message_of(&field))?, ident(&field)?, rust_path(&item)?);
            open(code, &message, &format!("History<{kept}>"))?;
            writeln!(code, "    fn page(steps: Vec<({revision}, {kept})>, next: String) -> Self {{")?;
            writeln!(code, "        let step = |(revision, record)| {step} {{")?;
            writeln!(code, "            revision: Some(revision),\n            {name}: Some(record),\n        }};")?;
            writeln!(code, "        let {list} = steps.into_iter().map(step).collect();")?;
            writeln!(code, "        Self {{ {list}, next_page_token: next }}\n    }}\n}}")?;
        }
    } else if method.is_server_streaming() && method.is_client_streaming() {
        open(code, &message, "ImportAnswer")?;
        let (outcome, failure) = ("crate::registry::v1::ImportOutcome", "crate::registry::v1::ImportFailure");
        writeln!(
            code,
            "    fn answer(line: i64, name: String, outcome: {outcome}, failure: Option<{failure}>) -> Self {{"
        )?;
        writeln!(code, "        Self {{ line, name, outcome: outcome.into(), failure }}\n    }}\n}}")?;
    } else if let Some(field) = single(&message, is_resource).filter(|_| method.is_server_streaming()) {
        let (kept, name) = (rust_path(&message_of(&field))?, ident(&field)?);
        if message.get_field_by_name("cursor").is_some() {
            open(code, &message, &format!("Change<{kept}>"))?;
            writeln!(code, "    fn change(cursor: String, revision: {revision}, record: {kept}) -> Self {{")?;
            writeln!(code, "        Self {{ cursor, revision: Some(revision), {name}: Some(record) }}\n    }}\n}}")?;
        } else {
            open(code, &message, &format!("Line<{kept}>"))?;
            writeln!(
                code,
                "    fn line(record: {kept}) -> Self {{\n        Self {{ {name}: Some(record) }}\n    }}\n}}"
            )?;
        }
    }
    Ok(())
}

/// Begins `impl crate::shape::<shape> for <message>`, behind the feature of the message's service.
fn open(code: &mut String, message: &MessageDescriptor, shape: &str) -> Result<(), Box<dyn Error>> {
    if let Some(feature) = feature(message.package_name()) {
        writeln!(code, "#[cfg(feature = \"{feature}\")]")?;
    }
    writeln!(code, "impl crate::shape::{shape} for {} {{", rust_path(message)?)?;
    Ok(())
}

fn is_resource(message: &MessageDescriptor) -> bool {
    let pool = message.parent_pool();
    pool.get_extension_by_name("legation.policy.v1.resource")
        .is_some_and(|option| message.options().has_extension(&option))
}

/// The only field that holds one message of a kind.
fn single(message: &MessageDescriptor, kind: impl Fn(&MessageDescriptor) -> bool) -> Option<FieldDescriptor> {
    let mut found = message
        .fields()
        .filter(|field| field.cardinality() != Cardinality::Repeated && field.kind().as_message().is_some_and(&kind));
    found.next().filter(|_| found.next().is_none())
}

fn behaves(field: &FieldDescriptor, behavior: i32) -> bool {
    let pool = field.parent_message().parent_pool().clone();
    let Some(option) = pool.get_extension_by_name("google.api.field_behavior") else { return false };
    let options = field.options();
    let value = options.get_extension(&option);
    value.as_list().is_some_and(|list| list.iter().filter_map(Value::as_enum_number).any(|found| found == behavior))
}

fn message_of(field: &FieldDescriptor) -> MessageDescriptor {
    field.kind().as_message().expect("only fields that hold messages come here").clone()
}

/// The generated type of a top-level message.
fn rust_path(message: &MessageDescriptor) -> Result<String, Box<dyn Error>> {
    let module = module(message.package_name()).ok_or_else(|| format!("{} is not ours", message.full_name()))?;
    Ok(format!("crate::{module}::{}", message.name()))
}

/// The generated field: prost escapes Rust's keywords, and keeps a oneof under the oneof's name.
fn ident(field: &FieldDescriptor) -> Result<String, Box<dyn Error>> {
    if field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic()) {
        return Err(format!("{}: a oneof in a record must be in a message of its own", field.full_name()).into());
    }
    let keyword = ["type", "match", "move", "ref", "use", "where", "abstract", "final", "override", "box"];
    Ok(if keyword.contains(&field.name()) { format!("r#{}", field.name()) } else { field.name().to_owned() })
}
