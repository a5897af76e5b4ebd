//! Compares the tables with dynamic messages on random ones, in both directions and on damaged input.
//!
//! Where the two are known to differ:
//! - a non-finite `DoubleValue` or `FloatValue` is `null` in their JSON, and its name in ours, as proto3 JSON says;
//! - they accept duplicate keys, NUL in text, unknown enum numbers, numbers as text with a plus sign or leading zeros,
//!   and base64 with stray bits, all of which we refuse: so what we accept they must accept, not the reverse;
//! - a duration with seconds and nanoseconds of different signs (here: merged from two) they make sense of; we do not;
//! - the greatest float and double, in digits that only rounding brings into range, they refuse; we read them;
//! - they refuse a field mask in the contract's own names, which we accept.

use crate::random::Random;
use prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use rand::RngExt as _;
use serde_json::Value;
use transcode::{Message, Tables};

/// What they refuse and we read.
const ONLY_THEIRS: [&str; 3] = ["float value out of range", "number out of range", "invalid field mask"];

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Count {
    /// Messages.
    pub(crate) messages: usize,
    /// Their bytes on the wire.
    pub(crate) bytes: usize,
    /// Damaged inputs that both sides could still read, and read alike.
    pub(crate) damaged: usize,
}

/// Compares on one random message; an error says where they differ.
pub(crate) fn compare(
    random: &mut Random,
    tables: &Tables,
    types: &[MessageDescriptor],
    count: &mut Count,
) -> Result<(), String> {
    let descriptor = random.pick(types);
    let ours = tables.message(descriptor.full_name()).expect("every type has a table");
    let pair = Pair { ours, descriptor };

    random.unknown_enums = true;
    let open = random.message(&pair.descriptor, 4).encode_to_vec();
    pair.stays_readable(&open)?;

    random.unknown_enums = false;
    let message = random.message(&pair.descriptor, 4);
    let wire = message.encode_to_vec();
    let json = pair.wire_to_json(&wire)?;
    if let Some(violation) = ours.check(&wire).first() {
        return Err(format!("{violation:?} of {}", String::from_utf8_lossy(&json)));
    }
    pair.json_to_wire(&json, &message)?;

    // Two messages one after the other are the first with the second merged into it: every odd form at once.
    let mut odd = random.message(&pair.descriptor, 3).encode_to_vec();
    odd.extend_from_slice(&wire);
    match pair.stays_readable(&odd) {
        Err(error) if error.contains("a duration is out of range") => {}
        // An `Any` merged from two has the type of one and the bytes of the other.
        Err(error) if error.starts_with("theirs: error decoding") => {}
        done => done?,
    }

    count.damaged += pair.damaged(random, &wire, &json)?;
    count.messages += 1;
    count.bytes += wire.len();
    Ok(())
}

struct Pair<'t> {
    ours: Message<'t>,
    descriptor: MessageDescriptor,
}

impl Pair<'_> {
    fn wire_to_json(&self, wire: &[u8]) -> Result<Vec<u8>, String> {
        let theirs = DynamicMessage::decode(self.descriptor.clone(), wire).map_err(|e| format!("theirs: {e}"))?;
        let theirs = json_of(&theirs)?;
        let mut out = Vec::new();
        self.ours.to_json(wire, &mut out).map_err(|e| format!("{}: {e}: {wire:?}", self.descriptor.full_name()))?;
        let ours: Value = serde_json::from_slice(&out).map_err(|e| format!("ours is no JSON: {e}: {out:?}"))?;
        same(&ours, &theirs, "").map_err(|at| format!("{}: {at}: {wire:?}", self.descriptor.full_name()))?;
        Ok(out)
    }

    /// What passes the check can be kept as a document: shown as JSON and read again.
    fn stays_readable(&self, wire: &[u8]) -> Result<(), String> {
        let json = self.wire_to_json(wire)?;
        if self.ours.check(wire).is_empty() {
            let done = self.ours.to_wire(&json, &mut Vec::new());
            done.map_err(|e| format!("passed, and yet refused: {e:?}: {}", String::from_utf8_lossy(&json)))?;
        }
        Ok(())
    }

    fn json_to_wire(&self, json: &[u8], message: &DynamicMessage) -> Result<(), String> {
        let mut wire = Vec::new();
        let text = String::from_utf8_lossy(json);
        self.ours.to_wire(json, &mut wire).map_err(|e| format!("refused: {e}: {:?}: {text}", e.violations()))?;
        let back =
            DynamicMessage::decode(self.descriptor.clone(), wire.as_slice()).map_err(|e| format!("{e}: {text}"))?;
        same(&json_of(&back)?, &json_of(message)?, "").map_err(|at| format!("{at}: {text}"))?;
        let mut again = Vec::new();
        self.ours.to_json(&wire, &mut again).map_err(|e| format!("{e}: {text}"))?;
        let value = |json: &[u8]| serde_json::from_slice::<Value>(json).map_err(|e| e.to_string());
        same(&value(&again)?, &value(json)?, "").map_err(|at| format!("came back otherwise: {at}: {text}"))
    }

    /// Damages both forms. Neither may panic, and what both sides accept they must read alike.
    fn damaged(&self, random: &mut Random, wire: &[u8], json: &[u8]) -> Result<usize, String> {
        let mut alike = 0;
        let damaged = damage(random, wire);
        let mut out = Vec::new();
        let ours = self.ours.to_json(&damaged, &mut out);
        let theirs = DynamicMessage::decode(self.descriptor.clone(), damaged.as_slice());
        if let (Ok(()), Ok(theirs)) = (ours, theirs)
            && let Ok(theirs) = json_of(&theirs)
        {
            let ours: Value = serde_json::from_slice(&out).map_err(|e| format!("ours is no JSON: {e}: {out:?}"))?;
            same(&ours, &theirs, "")
                .map_err(|at| format!("{}: damaged: {at}: {damaged:?}", self.descriptor.full_name()))?;
            alike += 1;
        }

        let damaged = damage(random, json);
        let mut wire = Vec::new();
        if self.ours.to_wire(&damaged, &mut wire).is_ok() {
            let text = String::from_utf8_lossy(&damaged);
            let ours =
                DynamicMessage::decode(self.descriptor.clone(), wire.as_slice()).map_err(|e| format!("{e}: {text}"))?;
            let mut reader = serde_json::Deserializer::from_slice(&damaged);
            let options = DeserializeOptions::new();
            let theirs = DynamicMessage::deserialize_with_options(self.descriptor.clone(), &mut reader, &options);
            let theirs = match theirs {
                Err(error) if ONLY_THEIRS.iter().any(|known| error.to_string().contains(known)) => return Ok(alike),
                theirs => theirs.map_err(|e| format!("we accept and they refuse, {e}: {text}"))?,
            };
            match (json_of(&ours), json_of(&theirs)) {
                // A damaged `Any` can be nothing of its type.
                (Err(_), Err(_)) => return Ok(alike),
                (ours, theirs) => same(&ours?, &theirs?, "").map_err(|at| format!("damaged: {at}: {text}"))?,
            }
            alike += 1;
        } else if !wire.is_empty() {
            return Err("a refusal left something behind".to_owned());
        }
        Ok(alike)
    }
}

/// Cuts, flips, doubles or swaps some bytes.
fn damage(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.rng.random_range(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.rng.random_range(0..bytes.len());
        match random.rng.random_range(0..4) {
            0 => bytes.truncate(at),
            1 => bytes[at] = random.rng.random(),
            2 => bytes[at] ^= 1 << random.rng.random_range(0..8),
            _ => {
                let copied = bytes[at..(at + 9).min(bytes.len())].to_vec();
                bytes.splice(at..at, copied);
            }
        }
    }
    bytes
}

fn json_of(message: &DynamicMessage) -> Result<Value, String> {
    let options = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).map_err(|e| format!("theirs: {e}"))
}

/// Whether two JSON values say the same; an error says where they do not.
fn same(ours: &Value, theirs: &Value, at: &str) -> Result<(), String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            let missing = |key: &String| format!("{at}.{key} is missing");
            a.iter().try_for_each(|(key, value)| {
                same(value, b.get(key).ok_or_else(|| missing(key))?, &format!("{at}.{key}"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().try_for_each(|(n, (a, b))| same(a, b, &format!("{at}[{n}]")))
        }
        // Their non-finite wrappers.
        (Value::String(name), Value::Null) if matches!(&**name, "NaN" | "Infinity" | "-Infinity") => Ok(()),
        // Their floats take the way through a double.
        (Value::Number(a), Value::Number(b)) if a.as_f64().map(|a| a as f32) == b.as_f64().map(|b| b as f32) => Ok(()),
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{at}: {a} is not {b}")),
    }
}
