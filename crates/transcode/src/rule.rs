//! What the contract's field rules ask of a field, compiled: patterns to automata, formats to functions.

use crate::format;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::contract::Field;
use proto::policy::v1::Format;
use regex::Regex;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Characters of text where the contract names no other limit.
const MOST_CHARACTERS: usize = 2_000;
/// Items of a list or map where the contract names no other limit.
const MOST_ITEMS: usize = 1_000;

/// The rules of one field.
pub(crate) struct Rule {
    /// It must be there. Never so for what callers cannot set, and for a record's own name.
    pub(crate) required: bool,
    /// It is the record's own name.
    pub(crate) identifier: bool,
    /// The least number of characters.
    pub(crate) least: usize,
    /// The greatest number of characters.
    pub(crate) most: usize,
    /// The limit for bytes, which the house does not limit of itself.
    pub(crate) most_bytes: Option<usize>,
    pub(crate) most_items: usize,
    /// The range of a number, if it has one.
    pub(crate) range: Option<RangeInclusive<f64>>,
    pub(crate) forms: Vec<Form>,
}

/// A form text must have.
pub(crate) enum Form {
    /// A pattern that the whole text matches, and as the contract writes it.
    Pattern(Regex, String),
    /// A standard form, and how to ask for it.
    Standard(fn(&str) -> bool, &'static str),
    /// A resource name of one of these patterns, by segment.
    Name(Vec<NamePattern>, String),
}

/// `missions/{mission}` by segment: a literal, or none for a variable.
pub(crate) type NamePattern = Vec<Option<String>>;

impl Rule {
    pub(crate) fn of(field: &Field, names: &Names) -> Self {
        let policy = field.policy();
        let or = |limit: u32, house: usize| if limit == 0 { house } else { limit as usize };
        let ours = field.is_output_only() || field.is_identifier();
        let range = policy.minimum.unwrap_or(f64::NEG_INFINITY)..=policy.maximum.unwrap_or(f64::INFINITY);
        let mut forms = Vec::new();
        forms.extend(standard(policy.format()).map(|(test, wanted)| Form::Standard(test, wanted)));
        if policy.format() == Format::ResourceName {
            forms.push(names.form(field.reference().unwrap_or_default()));
        }
        if !policy.pattern.is_empty() {
            let whole = Regex::new(&format!(r"\A(?:{})\z", policy.pattern))
                .unwrap_or_else(|error| panic!("the pattern of {}: {error}", field.descriptor().full_name()));
            forms.push(Form::Pattern(whole, policy.pattern.clone()));
        }
        Self {
            required: policy.required && !ours,
            identifier: field.is_identifier(),
            least: policy.min_length as usize,
            most: or(policy.max_length, MOST_CHARACTERS),
            most_bytes: (policy.max_length > 0).then_some(policy.max_length as usize),
            most_items: or(policy.max_items, MOST_ITEMS),
            range: (policy.minimum.is_some() || policy.maximum.is_some()).then_some(range),
            forms,
        }
    }
}

/// A test of a standard form, and how to ask for the form.
type Standard = (fn(&str) -> bool, &'static str);

fn standard(format: Format) -> Option<Standard> {
    Some(match format {
        Format::Country => (format::is_country, "must be an ISO 3166-1 alpha-2 country code such as FR"),
        Format::Date => (format::is_date, "must be a calendar date such as 2026-11-21"),
        Format::Email => (format::is_email, "must be an e-mail address"),
        Format::Phone => (format::is_phone, "must be a telephone number with its country code such as +1 202 555 0100"),
        Format::Uri => (format::is_uri, "must be an absolute http or https address"),
        Format::Language => (format::is_language, "must be a BCP 47 language tag such as fr or zh-Hant"),
        Format::Unspecified | Format::ResourceName => return None,
    })
}

/// The patterns of every type's resource names.
pub(crate) struct Names(HashMap<String, Vec<String>>);

impl Names {
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        let Some(option) = pool.get_extension_by_name("google.api.resource") else { return Self(HashMap::new()) };
        let read = |resource: &DynamicMessage| {
            let kind = resource.get_field_by_name("type")?.as_str()?.to_owned();
            let patterns = resource.get_field_by_name("pattern")?;
            let patterns = patterns.as_list()?.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
            Some((kind, patterns))
        };
        let all = pool.all_messages().filter(|message| message.options().has_extension(&option));
        Self(all.filter_map(|message| read(message.options().get_extension(&option).as_message()?)).collect())
    }

    /// The form of a name of this type; `*` and types outside the contract only have the shape of a name.
    fn form(&self, kind: &str) -> Form {
        let Some(patterns) = self.0.get(kind) else {
            return Form::Standard(format::is_resource_name, "must be a resource name such as missions/fra");
        };
        let segment = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        let compiled = patterns.iter().map(|pattern| pattern.split('/').map(segment).collect()).collect();
        Form::Name(compiled, format!("must be a name of the form {}", patterns.join(" or ")))
    }
}

impl Form {
    /// What to say if the text does not have the form.
    pub(crate) fn complaint(&self, text: &str) -> Option<String> {
        match self {
            Self::Pattern(whole, _) if whole.is_match(text) => None,
            Self::Pattern(_, pattern) => Some(format!("must match {pattern}")),
            Self::Standard(test, _) if test(text) => None,
            Self::Standard(_, wanted) => Some((*wanted).to_owned()),
            Self::Name(patterns, _) if patterns.iter().any(|pattern| format::is_name_of(text, pattern)) => None,
            Self::Name(_, wanted) => Some(wanted.clone()),
        }
    }
}
