//! Random messages of any type, as dynamic messages: edges more often than chance would have them.
//!
//! A seed gives the same message again, but dynamic messages write a map's entries in an order of the moment.

use prost::Message as _;
use prost::bytes::Bytes;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::HashMap;
use std::path::Path;

/// The descriptors of `kinds.proto`.
pub(crate) fn pool() -> DescriptorPool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let set = protox::compile(["kinds.proto"], [folder]).expect("the file compiles");
    DescriptorPool::from_file_descriptor_set(set).expect("the compiler's descriptors fit together")
}

/// The messages of `kinds.proto`.
pub(crate) fn types(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages().filter(|found| found.package_name() == "kinds" && !found.is_map_entry()).collect()
}

/// A source of random messages.
pub(crate) struct Random {
    pub(crate) rng: StdRng,
    /// Whether enums may have numbers the contract does not know.
    pub(crate) unknown_enums: bool,
}

const TEXTS: [&str; 8] = [
    "",
    "x",
    "Embassy of France",
    "a \"quoted\" \\ text",
    "tab\there\nthere",
    "été 😀 \u{7f}",
    "\u{1}\u{1f}",
    "12345678",
];
const PATHS: [&str; 4] = ["title", "sending_state", "address.postal_code", "a.b.c"];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), unknown_enums: false }
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    pub(crate) fn message(&mut self, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        let mut set = |name: &str, value| message.set_field_by_name(name, value);
        match of.full_name().strip_prefix("google.protobuf.") {
            Some("Timestamp") => {
                let seconds = [0, -62_135_596_800, 253_402_300_799, -1, 1_795_249_800];
                let random = self.rng.random_range(-62_135_596_800..=253_402_300_799);
                set("seconds", Value::I64(if self.one_in(3) { self.pick(&seconds) } else { random }));
                let nanos = self.nanos();
                set("nanos", Value::I32(nanos));
            }
            Some("Duration") => {
                let seconds = [0, 315_576_000_000, 1, self.rng.random_range(0..=315_576_000_000)];
                let (sign, seconds, nanos) = (self.pick(&[-1, 1]), self.pick(&seconds), self.nanos());
                set("seconds", Value::I64(i64::from(sign) * seconds));
                set("nanos", Value::I32(sign * nanos));
            }
            Some("FieldMask") => {
                let paths = (0..self.rng.random_range(0..4)).map(|_| Value::String(self.pick(&PATHS).to_owned()));
                set("paths", Value::List(paths.collect()));
            }
            Some("Value") => self.json_value(&mut message, depth),
            Some("Any") => {
                let inside: Vec<_> = ["kinds.Scalars", "google.protobuf.Timestamp", "kinds.Choice"]
                    .map(|name| of.parent_pool().get_message_by_name(name).expect("it is in the pool"))
                    .to_vec();
                let inside = self.pick(&inside);
                let value = self.message(&inside, 0).encode_to_vec();
                set("type_url", Value::String(format!("type.googleapis.com/{}", inside.full_name())));
                set("value", Value::Bytes(value.into()));
            }
            _ => {
                for field in of.fields() {
                    if self.rng.random_bool(if depth > 3 { 0.6 } else { 0.35 }) {
                        self.field(&mut message, &field, depth);
                    }
                }
            }
        }
        message
    }

    /// A `google.protobuf.Value` must have one of its kinds, and a finite number.
    fn json_value(&mut self, message: &mut DynamicMessage, depth: usize) {
        let most = if depth == 0 { 4 } else { 6 };
        let value = match self.rng.random_range(0..most) {
            0 => ("null_value", Value::EnumNumber(0)),
            1 => ("number_value", Value::F64(self.rng.random_range(-1e6..1e6))),
            2 => ("string_value", Value::String(self.text())),
            3 => ("bool_value", Value::Bool(self.rng.random())),
            n => {
                let name = if n == 4 { "struct_value" } else { "list_value" };
                let field = message.descriptor().get_field_by_name(name).expect("Value has it");
                let Kind::Message(inside) = field.kind() else { unreachable!("it is a message") };
                (name, Value::Message(self.message(&inside, depth - 1)))
            }
        };
        message.set_field_by_name(value.0, value.1);
    }

    fn field(&mut self, message: &mut DynamicMessage, field: &FieldDescriptor, depth: usize) {
        let recurses = matches!(field.kind(), Kind::Message(_)) && !field.is_map();
        if depth == 0 && recurses {
            return;
        }
        let value = if let Some((key_kind, value_kind)) = map_kinds(field) {
            if depth == 0 && matches!(value_kind, Kind::Message(_)) {
                return;
            }
            let entries =
                (0..self.rng.random_range(0..4)).map(|_| (self.key(&key_kind), self.value(&value_kind, depth)));
            Value::Map(entries.collect::<HashMap<_, _>>())
        } else if field.is_list() {
            let items = if recurses { 0..3 } else { 0..6 };
            Value::List((0..self.rng.random_range(items)).map(|_| self.value(&field.kind(), depth)).collect())
        } else {
            self.value(&field.kind(), depth)
        };
        message.set_field(field, value);
    }

    fn key(&mut self, kind: &Kind) -> MapKey {
        match self.value(kind, 0) {
            Value::Bool(value) => MapKey::Bool(value),
            Value::I32(value) => MapKey::I32(value),
            Value::I64(value) => MapKey::I64(value),
            Value::U32(value) => MapKey::U32(value),
            Value::U64(value) => MapKey::U64(value),
            Value::String(value) => MapKey::String(value),
            other => unreachable!("{other:?} is no key"),
        }
    }

    fn value(&mut self, kind: &Kind, depth: usize) -> Value {
        let number: i64 = match self.rng.random_range(0..4) {
            0 => self.pick(&[0, 1, -1, 127, 128, i64::MAX, i64::MIN, i64::from(i32::MAX), i64::from(i32::MIN)]),
            1 => self.rng.random_range(-300..300),
            _ => self.rng.random(),
        };
        let double = match self.rng.random_range(0..4) {
            0 => self.pick(&[
                0.0,
                -0.0,
                1.0,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MAX,
                f64::MIN_POSITIVE,
                1e-320,
            ]),
            1 => self.rng.random_range(-1e6..1e6),
            _ => f64::from_bits(self.rng.random()),
        };
        match kind {
            Kind::Double => Value::F64(double),
            Kind::Float if self.one_in(4) => Value::F32(self.pick(&[0.0, f32::NAN, f32::INFINITY, 3.4e38, -3.4e38])),
            Kind::Float => Value::F32(f32::from_bits(self.rng.random())),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number.cast_unsigned()),
            Kind::Bool => Value::Bool(self.rng.random()),
            Kind::String => Value::String(self.text()),
            Kind::Bytes => {
                let length = self.rng.random_range(0..40);
                Value::Bytes((0..length).map(|_| self.rng.random::<u8>()).collect::<Bytes>())
            }
            Kind::Enum(values) => {
                let known: Vec<_> = values.values().map(|value| value.number()).collect();
                let wild = self.unknown_enums && values.full_name() != "google.protobuf.NullValue" && self.one_in(10);
                Value::EnumNumber(if wild { number as i32 } else { self.pick(&known) })
            }
            Kind::Message(message) => Value::Message(self.message(message, depth.saturating_sub(1))),
        }
    }

    fn text(&mut self) -> String {
        if self.one_in(2) {
            return self.pick(&TEXTS).to_owned();
        }
        let length = self.rng.random_range(0..60);
        (0..length).map(|_| if self.one_in(30) { self.rng.random_range('\u{1}'..='\u{2fff}') } else { 'e' }).collect()
    }

    fn nanos(&mut self) -> i32 {
        let random = self.rng.random_range(0..1_000_000_000);
        self.pick(&[0, 500_000_000, 1_000, 999_999_999, random])
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from.choose(&mut self.rng).expect("there is something to pick").clone()
    }
}

fn map_kinds(field: &FieldDescriptor) -> Option<(Kind, Kind)> {
    let kind = field.kind();
    let entry = kind.as_message().filter(|_| field.is_map())?;
    Some((entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind()))
}
