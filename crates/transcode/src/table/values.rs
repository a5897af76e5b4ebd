//! The values of an enum: from number to name as JSON writes it, and back.

use prost_reflect::EnumDescriptor;
use std::collections::HashMap;

/// The most names that a refusal lists.
const LISTED: usize = 30;

/// One enum.
pub(crate) struct Values {
    /// Number and quoted name, by number.
    names: Vec<(i32, Box<[u8]>)>,
    /// Whether the numbers are 0, 1, 2 … without a gap, so that a number is its own index.
    dense: bool,
    numbers: HashMap<Box<str>, i32>,
    /// Whether it is `google.protobuf.NullValue`, which is JSON's null.
    pub(crate) null: bool,
}

impl Values {
    pub(super) fn of(descriptor: &EnumDescriptor) -> Self {
        let null = descriptor.full_name() == "google.protobuf.NullValue";
        let text = |name: &str| if null { "null".to_owned() } else { format!("\"{name}\"") };
        let mut all: Vec<_> = descriptor.values().map(|value| value.number()).collect();
        all.sort_unstable();
        all.dedup();
        // Of a number with several names this is the first declared.
        let name = |number| descriptor.get_value(number).expect("the number is one of a value").name().to_owned();
        let names: Vec<_> = all.into_iter().map(|number| (number, text(&name(number)).into_bytes().into())).collect();
        let dense = (0..).zip(&names).all(|(n, (number, _)): (i32, &(i32, Box<[u8]>))| n == *number);
        let numbers = descriptor.values().map(|value| (value.name().into(), value.number())).collect();
        Self { names, dense, numbers, null }
    }

    /// The name as JSON writes it, in quotes; none for a number the contract does not know.
    pub(crate) fn quoted(&self, number: i32) -> Option<&[u8]> {
        let number = if self.null { 0 } else { number };
        let at = if self.dense {
            usize::try_from(number).ok()?
        } else {
            self.names.binary_search_by_key(&number, |(number, _)| *number).ok()?
        };
        self.names.get(at).map(|(_, name)| &**name)
    }

    pub(crate) fn knows(&self, number: i32) -> bool {
        self.quoted(number).is_some()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        self.numbers.get(name).copied()
    }

    /// What is wrong with a name that there is none of, and which ones there are: all that say something, or the first of many.
    pub(crate) fn unknown(&self, name: &str) -> String {
        let known = self.names.iter().filter(|(number, _)| *number != 0);
        let known: Vec<_> = known.map(|(_, quoted)| String::from_utf8_lossy(quoted).replace('"', "")).collect();
        let listed = known.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if known.len() > LISTED { ", …" } else { "" };
        format!("has no value {name:?}; it has {listed}{more}")
    }

    /// The name of the number 0, as JSON writes it.
    pub(crate) fn default_text(&self) -> &[u8] {
        self.quoted(0).unwrap_or(b"0")
    }
}
