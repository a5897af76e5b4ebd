//! The chain's head at some moment, told outside the database.

use chrono::{DateTime, Utc};
use fault::Fault;
use proto::policy::v1::Reason;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// The kind of the events that carry anchors.
pub const ANCHOR_KIND: &str = "audit.anchor";

/// The chain's head at some moment. Whoever keeps anchors elsewhere can show that nothing up to them was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Whose audit log it is.
    pub service: String,
    /// How many rows were sealed.
    pub position: i64,
    /// The keyed hash of the last of them, in hexadecimal; of one that an auditor kept, that or the public one.
    pub hash: String,
    /// The public hash, in hexadecimal; empty if it is not known.
    #[serde(default)]
    pub digest: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Anchors that an auditor kept, as `position:hash`.
///
/// # Errors
/// `INVALID_FIELDS`, each that is none.
pub fn read_anchors(service: &str, texts: &[String]) -> Result<Vec<Anchor>, Fault> {
    let mut fault = Fault::new(Reason::InvalidFields, "not all of these are anchors");
    let mut anchors = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        match Anchor::read(service, text) {
            Some(anchor) => anchors.push(anchor),
            None => fault = fault.at(format!("anchors[{n}]"), "is not position:hash"),
        }
    }
    if fault.violations().is_empty() { Ok(anchors) } else { Err(fault) }
}

impl Anchor {
    fn read(service: &str, text: &str) -> Option<Self> {
        let (position, hash) = text.split_once(':')?;
        let shaped = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let position = position.parse().ok().filter(|_| shaped)?;
        let (service, hash) = (service.to_owned(), hash.to_owned());
        Some(Self { service, position, hash, digest: String::new(), at: DateTime::default() })
    }

    /// Whether it is of these links at its place.
    pub(super) fn is_of(&self, hash: &[u8], digest: Option<&[u8]>) -> bool {
        let (hash, digest) = (hex::encode(hash), digest.map(hex::encode).unwrap_or_default());
        match self.digest.as_str() {
            "" => self.hash == hash || self.hash == digest,
            told => self.hash == hash && told == digest,
        }
    }

    /// Puts the anchor among the events, in the transaction of the rows it covers, so that it is published as surely
    /// as they are sealed.
    pub(super) async fn publish(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into outbox (at, kind, name, version, verb, actor, doc)
             values ($1, $2, $3, $4, 'anchor', 'relay', $5)",
        )
        .bind(self.at)
        .bind(ANCHOR_KIND)
        .bind(&self.service)
        .bind(self.position)
        .bind(sqlx::types::Json(self))
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Writes the anchor to the log, which is kept elsewhere than the database.
    pub(super) fn tell(&self) {
        tracing::info!(
            service = self.service,
            position = self.position,
            hash = self.hash,
            digest = self.digest,
            at = self.at.to_rfc3339(),
            "the audit chain is anchored"
        );
    }
}
