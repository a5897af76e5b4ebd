//! One field of a message: all that the hot paths ask of it, ready to be copied out or compared.

use super::{Index, Values};
use crate::rule::Rule;
use crate::wire;
use prost_reflect::FieldDescriptor;
use std::fmt;

/// Personal data.
pub(crate) const MARK_PERSONAL: u8 = 1;
/// Classified.
pub(crate) const MARK_CLASSIFIED: u8 = 2;
/// Shown in the first answer only.
pub(crate) const MARK_SHOWN_ONCE: u8 = 4;
/// Set by us alone.
pub(crate) const MARK_OUTPUT_ONLY: u8 = 8;
/// The office's own.
pub(crate) const MARK_INTERNAL: u8 = 16;

/// What one value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    /// An enum, by its place in the tables.
    Enum(u32),
    /// A message, by its place in the tables.
    Message(u32),
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// One, which is the default if it is not on the wire.
    Implicit,
    /// One or none: messages, `optional`, members of a oneof.
    Explicit,
    /// A list.
    Repeated,
    /// A map; the kind is its entry's message.
    Map,
}

/// One field.
pub(crate) struct Field {
    pub(crate) number: u32,
    /// The name in the contract: `sending_state`.
    pub(crate) name: Box<str>,
    /// The name in JSON: `sendingState`.
    pub(crate) json: Box<str>,
    /// A comma and the name as JSON writes it: `,"sendingState":`.
    pub(crate) key: Box<[u8]>,
    pub(crate) kind: Kind,
    pub(crate) label: Label,
    /// Whether a list is written packed.
    pub(crate) packed: bool,
    /// The oneof it is a member of, by its place in the message.
    pub(crate) oneof: Option<usize>,
    /// The tag before one value.
    pub(crate) tag: Box<[u8]>,
    /// The tag before a packed list, and before anything with a length.
    pub(crate) length_tag: Box<[u8]>,
    pub(crate) marks: u8,
    pub(crate) rule: Rule,
}

impl Field {
    pub(super) fn of(descriptor: &FieldDescriptor, index: &Index) -> Self {
        let kind = Kind::of(descriptor, index);
        let label = if descriptor.is_map() {
            Label::Map
        } else if descriptor.is_list() {
            Label::Repeated
        } else if descriptor.supports_presence() {
            Label::Explicit
        } else {
            Label::Implicit
        };
        let in_oneof = |oneof: &prost_reflect::OneofDescriptor| {
            let mut all = oneof.parent_message().oneofs();
            all.position(|other| other == *oneof)
        };
        let promised = proto::contract::Field::read(descriptor.clone());
        let policy = promised.policy();
        let mark = |set: bool, mark: u8| if set { mark } else { 0 };
        let json = descriptor.json_name();
        let quoted = serde_json::to_string(json).expect("text can always be written");
        Self {
            number: descriptor.number(),
            name: descriptor.name().into(),
            json: json.into(),
            key: format!(",{quoted}:").into_bytes().into_boxed_slice(),
            kind,
            label,
            packed: descriptor.is_packed(),
            oneof: descriptor.containing_oneof().filter(|oneof| !oneof.is_synthetic()).as_ref().and_then(in_oneof),
            tag: wire::tag(descriptor.number(), kind.wire_type()),
            length_tag: wire::tag(descriptor.number(), 2),
            marks: mark(policy.personal, MARK_PERSONAL)
                | mark(policy.classified, MARK_CLASSIFIED)
                | mark(policy.shown_once, MARK_SHOWN_ONCE)
                | mark(promised.is_output_only(), MARK_OUTPUT_ONLY)
                | mark(policy.internal, MARK_INTERNAL),
            rule: Rule::of(&promised, index.names()),
        }
    }

    pub(crate) fn is_singular(&self) -> bool {
        matches!(self.label, Label::Implicit | Label::Explicit)
    }

    /// What JSON shows when the field is not on the wire; none if it is left out.
    pub(super) fn absent(&self, enums: &[Values]) -> Option<Vec<u8>> {
        let value: &[u8] = match (self.label, self.kind) {
            (Label::Explicit, _) => return None,
            (Label::Repeated, _) => b"[]",
            (Label::Map, _) => b"{}",
            (Label::Implicit, kind) => match kind {
                Kind::Double | Kind::Float => b"0.0",
                Kind::Bool => b"false",
                Kind::String | Kind::Bytes => b"\"\"",
                Kind::Enum(n) => enums[n as usize].default_text(),
                Kind::Message(_) => return None,
                kind if kind.is_64_bit_integer() => b"\"0\"",
                _ => b"0",
            },
        };
        Some([&self.key, value].concat())
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Kind {
    fn of(descriptor: &FieldDescriptor, index: &Index) -> Self {
        use prost_reflect::Kind as K;
        match descriptor.kind() {
            K::Double => Self::Double,
            K::Float => Self::Float,
            K::Int32 => Self::Int32,
            K::Int64 => Self::Int64,
            K::Uint32 => Self::Uint32,
            K::Uint64 => Self::Uint64,
            K::Sint32 => Self::Sint32,
            K::Sint64 => Self::Sint64,
            K::Fixed32 => Self::Fixed32,
            K::Fixed64 => Self::Fixed64,
            K::Sfixed32 => Self::Sfixed32,
            K::Sfixed64 => Self::Sfixed64,
            K::Bool => Self::Bool,
            K::String => Self::String,
            K::Bytes => Self::Bytes,
            K::Message(message) => Self::Message(index.message(message.full_name())),
            K::Enum(values) => Self::Enum(index.values(values.full_name())),
        }
    }

    pub(crate) fn wire_type(self) -> u8 {
        match self {
            Self::Double | Self::Fixed64 | Self::Sfixed64 => 1,
            Self::Float | Self::Fixed32 | Self::Sfixed32 => 5,
            Self::String | Self::Bytes | Self::Message(_) => 2,
            _ => 0,
        }
    }

    /// Whether a list of it may be packed.
    pub(crate) fn is_packable(self) -> bool {
        self.wire_type() != 2
    }

    pub(crate) fn is_64_bit_integer(self) -> bool {
        matches!(self, Self::Int64 | Self::Uint64 | Self::Sint64 | Self::Fixed64 | Self::Sfixed64)
    }
}
