//! The crate from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bind;
mod check;
mod differ;
mod json;
mod merge;
mod random;
mod redact;
mod routes;

use prost_reflect::DescriptorPool;
use std::path::Path;
use std::sync::LazyLock;
use transcode::{Message, Tables};

/// Five thousand here; `cargo run -p transcode --example differential --release -- 300000` for more.
#[test]
fn the_tables_agree_with_dynamic_messages() {
    let pool = random::pool();
    let tables = Tables::of(&pool);
    let types = random::types(&pool);
    let mut count = differ::Count::default();
    for seed in 0..5_000 {
        if let Err(difference) = differ::compare(&mut random::Random::new(seed), &tables, &types, &mut count) {
            panic!("seed {seed}: {difference}");
        }
    }
    assert_eq!(count.messages, 5_000);
    assert!(count.damaged > 500, "{count:?}");
}

/// The descriptors of a file beside this one, with the house options.
fn compile(file: &str) -> DescriptorPool {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto = here.join("../../proto");
    let mut compiler = protox::Compiler::new([here.join("tests/it"), proto.clone(), proto.join("vendor")]).unwrap();
    compiler.include_imports(true).open_file(file).unwrap();
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
}

static KINDS: LazyLock<Tables> = LazyLock::new(|| Tables::of(&random::pool()));
static RULES: LazyLock<DescriptorPool> = LazyLock::new(|| compile("rules.proto"));
static TRIAL: LazyLock<Tables> = LazyLock::new(|| Tables::of(&RULES));

/// A message of `kinds.proto`.
fn kinds(name: &str) -> Message<'static> {
    KINDS.message(&format!("kinds.{name}")).unwrap()
}

/// A message of `rules.proto`.
fn trial(name: &str) -> Message<'static> {
    TRIAL.message(&format!("legation.trial.v1.{name}")).unwrap()
}

/// The wire bytes of JSON that is right.
fn wire(message: Message<'_>, json: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    message.to_wire(json.as_bytes(), &mut wire).unwrap_or_else(|refusal| panic!("{refusal:?} of {json}"));
    wire
}

/// The JSON of wire bytes that are right.
fn json(message: Message<'_>, wire: &[u8]) -> serde_json::Value {
    let mut out = Vec::new();
    message.to_json(wire, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Violations as lines.
fn lines(violations: &[fault::Violation]) -> Vec<String> {
    violations.iter().map(|violation| format!("{}: {}", violation.field, violation.description)).collect()
}
