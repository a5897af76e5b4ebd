//! One message type: its fields by number and by name, and the text of those that are absent.

use super::{Field, Index, Kind, Values};
use prost_reflect::MessageDescriptor;
use std::collections::HashMap;

/// Numbers up to here are looked up by index, larger ones by search.
const DENSE: u32 = 1_024;
/// Stands for no field in the dense index.
const NONE: u16 = u16::MAX;

/// Types with a JSON form of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// None: an object of its fields.
    Plain,
    /// `"2026-01-01T00:00:00Z"`.
    Timestamp,
    /// `"1.5s"`.
    Duration,
    /// `"title,address.locality"`.
    FieldMask,
    /// The wrapped value itself.
    Wrapper,
    /// `Any`, `Struct`, `Value`, `ListValue`: carried by dynamic messages.
    Dynamic,
}

/// One message type.
pub(crate) struct Table {
    pub(crate) descriptor: MessageDescriptor,
    pub(crate) known: Known,
    /// By number.
    pub(crate) fields: Vec<Field>,
    /// From a number to the place among the fields.
    dense: Vec<u16>,
    /// From either name to the place among the fields.
    names: HashMap<Box<str>, u16>,
    /// What JSON shows of each field that is absent, one after another.
    absent: Vec<u8>,
    /// Where each field's part of `absent` begins, and where the last one ends.
    absent_at: Vec<usize>,
    /// The places of the fields that must be there.
    required: Vec<u16>,
    /// The marks of all fields, and of all that is inside them.
    pub(crate) marks: u8,
    /// For a request with an `update_mask`: the place of the mask and that of the record it speaks of.
    pub(crate) update: Option<(usize, usize)>,
}

impl Table {
    pub(super) fn of(descriptor: MessageDescriptor, index: &Index, enums: &[Values]) -> Self {
        let mut fields: Vec<_> = descriptor.fields().map(|field| Field::of(&field, index)).collect();
        fields.sort_by_key(|field| field.number);
        let place = |n: usize| u16::try_from(n).expect("a message has fewer than 65,535 fields");

        let top = fields.last().map_or(0, |field| field.number).min(DENSE);
        let mut dense = vec![NONE; top as usize + 1];
        let mut names = HashMap::new();
        let (mut absent, mut absent_at) = (Vec::new(), vec![0]);
        for (n, field) in fields.iter().enumerate() {
            if let Some(slot) = dense.get_mut(field.number as usize) {
                *slot = place(n);
            }
            names.insert(field.json.clone(), place(n));
            absent.extend(field.absent(enums).unwrap_or_default());
            absent_at.push(absent.len());
        }
        for (n, field) in fields.iter().enumerate() {
            names.entry(field.name.clone()).or_insert(place(n));
        }
        let required = (0..fields.len()).filter(|&n| fields[n].rule.required).map(place).collect();
        let update = update(&descriptor, &fields);
        let known = Known::of(descriptor.full_name());
        Self { known, fields, dense, names, absent, absent_at, required, marks: 0, update, descriptor }
    }

    /// The place of the field with this number.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<usize> {
        match self.dense.get(number as usize) {
            Some(&NONE) => None,
            Some(&place) => Some(usize::from(place)),
            None => self.fields.binary_search_by_key(&number, |field| field.number).ok(),
        }
    }

    /// The place of the field with this name, in JSON or in the contract.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).map(|&place| usize::from(place))
    }

    /// As [`Self::find`], trying first where the field would be if the names came in our order.
    #[inline]
    pub(crate) fn find_near(&self, name: &str, likely: usize) -> Option<usize> {
        match self.fields.get(likely) {
            Some(field) if *field.json == *name => Some(likely),
            _ => self.find(name),
        }
    }

    /// What JSON shows of absent fields, from one place up to another.
    #[inline]
    pub(crate) fn absent(&self, from: usize, to: usize) -> &[u8] {
        &self.absent[self.absent_at[from]..self.absent_at[to]]
    }

    /// The fields that must be there, with their places.
    pub(crate) fn required(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.required.iter().map(|&place| (usize::from(place), &self.fields[usize::from(place)]))
    }

    /// The field that a wrapper wraps, the key of a map's entry.
    pub(crate) fn first(&self) -> &Field {
        &self.fields[0]
    }
}

impl Known {
    fn of(full_name: &str) -> Self {
        match full_name.strip_prefix("google.protobuf.") {
            Some("Timestamp") => Self::Timestamp,
            Some("Duration") => Self::Duration,
            Some("FieldMask") => Self::FieldMask,
            Some(
                "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
                | "BoolValue" | "StringValue" | "BytesValue",
            ) => Self::Wrapper,
            Some("Any" | "Struct" | "Value" | "ListValue") => Self::Dynamic,
            _ => Self::Plain,
        }
    }
}

/// The mask and the record of an update request: AIP-134 has one of each.
fn update(descriptor: &MessageDescriptor, fields: &[Field]) -> Option<(usize, usize)> {
    let mask = descriptor.get_field_by_name("update_mask")?;
    let mask = fields.iter().position(|field| field.number == mask.number())?;
    let record = fields.iter().position(|field| {
        let message = descriptor.get_field(field.number).and_then(|field| field.kind().as_message().cloned());
        field.is_singular()
            && matches!(field.kind, Kind::Message(_))
            && message.is_some_and(|message| Known::of(message.full_name()) == Known::Plain)
    })?;
    Some((mask, record))
}
