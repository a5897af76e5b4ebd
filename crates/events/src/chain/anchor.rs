//! The chain's head at some moment, told outside the database.

use chrono::{DateTime, Utc};
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
    /// The hash of the last of them, in hexadecimal.
    pub hash: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Anchor {
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
            at = self.at.to_rfc3339(),
            "the audit chain is anchored"
        );
    }
}
