//! A record's JSON on its way to and from the database, as bytes, without a value tree in between.

use bytes::Bytes;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::types::JsonValue;
use sqlx::{Decode, Encode, Postgres, Type};

/// JSON that is well-formed because we wrote it or the database did. Cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doc(Bytes);

/// The version that PostgreSQL puts before the text in its binary form of `jsonb`.
const JSONB_VERSION: u8 = 1;

impl Doc {
    pub(crate) fn new(json: Vec<u8>) -> Self {
        Self(json.into())
    }

    /// The JSON.
    pub(crate) fn json(&self) -> &[u8] {
        &self.0
    }
}

impl Type<Postgres> for Doc {
    fn type_info() -> PgTypeInfo {
        <JsonValue as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Doc {
    fn array_type_info() -> PgTypeInfo {
        <JsonValue as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Doc {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn size_hint(&self) -> usize {
        self.0.len() + 1
    }
}

impl Decode<'_, Postgres> for Doc {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(Bytes::copy_from_slice(json_of(&value)?)))
    }
}

/// The JSON of a `jsonb` value, where it lies in the row.
pub(crate) fn json_of<'r>(value: &PgValueRef<'r>) -> Result<&'r [u8], BoxDynError> {
    let bytes = value.as_bytes()?;
    match (value.format(), bytes.split_first()) {
        (PgValueFormat::Text, _) => Ok(bytes),
        (PgValueFormat::Binary, Some((&JSONB_VERSION, json))) => Ok(json),
        _ => Err("jsonb of an unknown version".into()),
    }
}
