//! A request's fields as flags, and flags as a request's fields: by their kinds in the contract.

use crate::catalogue::kebab;
use crate::failure::Failure;
use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches};
use prost_reflect::{FieldDescriptor, Kind};
use proto::contract::Field;
use serde_json::{Map, Number, Value};

/// Flags that commands have of themselves; a field of the same name is `--field-…`.
pub(crate) const RESERVED: [&str; 10] =
    ["address", "all", "columns", "file", "from", "help", "limit", "output", "profile", "version"];

/// A field that a command takes as a flag.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    field: Field,
    /// The flag and the argument's id: `sending-state`.
    long: String,
}

impl Flag {
    /// The flag for a field; `taken` are flags that the command has already.
    pub(crate) fn of(field: Field, taken: &[Flag]) -> Self {
        let short = kebab(field.descriptor().name());
        let is_taken = RESERVED.contains(&short.as_str()) || taken.iter().any(|flag| flag.long == short);
        let long = if is_taken { format!("field-{short}") } else { short };
        Self { field, long }
    }

    /// The argument.
    pub(crate) fn arg(&self) -> Arg {
        let descriptor = self.field.descriptor();
        let arg = Arg::new(self.long.clone()).long(self.long.clone()).help(self.help());
        if descriptor.is_map() {
            return arg.value_name("KEY=VALUE").action(ArgAction::Append);
        }
        let arg = match descriptor.kind() {
            Kind::Bool => arg
                .value_name("true|false")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(clap::value_parser!(bool)),
            Kind::Enum(values) => {
                let known = values.values().filter(|value| value.number() != 0);
                let known = known.map(|value| PossibleValue::new(value.name().to_owned()));
                let parser = clap::builder::PossibleValuesParser::new(known.collect::<Vec<_>>());
                arg.value_name(shout(values.name())).value_parser(parser).ignore_case(true)
            }
            Kind::Message(_) => arg.value_name(self.message_value()),
            Kind::Double | Kind::Float => arg.value_name("NUMBER").allow_negative_numbers(true),
            Kind::String | Kind::Bytes => arg.value_name("TEXT"),
            _ => arg.value_name("NUMBER").allow_negative_numbers(true),
        };
        if descriptor.is_list() { arg.action(ArgAction::Append) } else { arg }
    }

    fn help(&self) -> String {
        let doc = self.field.doc();
        let sentence = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let sentence = sentence.trim().trim_end_matches('.').replace("; `Idempotency-Key` in HTTP", "");
        if self.field.policy().required { format!("{sentence} (required)") } else { sentence }
    }

    fn message_value(&self) -> &'static str {
        match self.field.descriptor().kind().as_message().map(|message| message.full_name().to_owned()).as_deref() {
            Some("google.protobuf.Timestamp") => "TIME",
            Some("google.protobuf.Duration") => "SECONDS",
            Some("google.protobuf.FieldMask") => "FIELDS",
            _ => "YAML",
        }
    }

    /// Puts what was given into the request's object, if anything was.
    ///
    /// # Errors
    /// It is not what the field takes.
    pub(crate) fn put(&self, matches: &ArgMatches, into: &mut Map<String, Value>) -> Result<(), Failure> {
        let descriptor = self.field.descriptor();
        let Some(value) = self.value(matches)? else { return Ok(()) };
        into.insert(descriptor.json_name().to_owned(), value);
        Ok(())
    }

    fn value(&self, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
        let descriptor = self.field.descriptor();
        if matches!(descriptor.kind(), Kind::Bool) && !descriptor.is_list() {
            return Ok(matches.get_one::<bool>(&self.long).map(|value| Value::Bool(*value)));
        }
        let Some(given) = matches.get_many::<String>(&self.long) else { return Ok(None) };
        if descriptor.is_map() {
            let pair = |pair: &String| {
                let (key, value) = pair.split_once('=').ok_or_else(|| self.wrong(pair, "is not KEY=VALUE"))?;
                Ok((key.to_owned(), Value::String(value.to_owned())))
            };
            return given.map(pair).collect::<Result<Map<_, _>, Failure>>().map(|map| Some(Value::Object(map)));
        }
        let values = given.map(|text| self.one(descriptor, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(if descriptor.is_list() { Some(Value::Array(values)) } else { values.into_iter().next_back() })
    }

    /// One value. Numbers go as they were typed: the service says whether they are in range.
    fn one(&self, descriptor: &FieldDescriptor, text: &str) -> Result<Value, Failure> {
        match descriptor.kind() {
            Kind::Message(_) if self.message_value() == "YAML" => {
                crate::documents::one(text).map_err(|failure| self.wrong(text, &failure.to_string()))
            }
            Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => Ok(Value::String(text.to_owned())),
            Kind::Double | Kind::Float => {
                let number = text.parse().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| self.wrong(text, "is no number"))
            }
            Kind::Bool => text.parse().map(Value::Bool).map_err(|_| self.wrong(text, "is neither true nor false")),
            _ => text.parse::<i64>().map(Value::from).map_err(|_| self.wrong(text, "is no whole number")),
        }
    }

    fn wrong(&self, text: &str, words: &str) -> Failure {
        Failure::usage(format!("--{}: {text:?} {words}", self.long))
    }
}

/// `Type` as what a flag takes: `TYPE`.
fn shout(name: &str) -> String {
    kebab(name).to_ascii_uppercase()
}
