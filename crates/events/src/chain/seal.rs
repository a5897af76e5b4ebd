//! Seals audit rows in commit order, in batches, by the relay that leads.

use super::row::{self, columns};
use super::{Anchor, GENESIS, Hash, Key};
use crate::position::Position;
use crate::relay::Settings;
use ::chain::Row;
use chrono::Utc;
use sqlx::{Connection as _, PgConnection};
use std::time::{Duration, Instant};

const HEAD: &str = "select position, hash, digest from audit_chain order by position desc limit 1";

/// The last sealed row that is still there.
const LAST: &str = "
    select audit.tx::text, audit.seq from audit_chain join audit using (seq)
    order by audit_chain.position desc limit 1";

/// Below the oldest open transaction everything is decided: what is read here is all there will ever be before it.
const UNSEALED: &str = concat!(
    "select ",
    columns!(),
    " from audit
      where (tx, seq) > ($1::text::xid8, $2) and tx < pg_snapshot_xmin(pg_current_snapshot())
        and not exists (select from audit_chain where audit_chain.seq = audit.seq)
      order by tx, seq limit $3"
);

const SEAL: &str = "
    insert into audit_chain (position, seq, hash, digest)
    select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])";

/// The end of the chain: its place, the keyed link, and the public one, or the keyed one if there is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    position: i64,
    hash: Hash,
    digest: Hash,
}

/// Extends the chain.
pub(crate) struct Sealer {
    service: String,
    key: Key,
    batch: i64,
    anchor_rows: u64,
    anchor_every: Duration,
    /// The head as this relay last wrote or read it.
    known: Option<Head>,
    /// When this relay last told an anchor, and how many rows it has sealed since.
    anchored: Option<(Instant, u64)>,
}

impl Sealer {
    pub(crate) fn new(service: &str, settings: &Settings) -> Self {
        Self {
            service: service.to_owned(),
            key: settings.audit_key.clone(),
            batch: settings.batch.into(),
            anchor_rows: settings.anchor_rows,
            anchor_every: settings.anchor_every,
            known: None,
            anchored: None,
        }
    }

    /// Seals one batch, and says how many rows it was.
    pub(crate) async fn seal(&mut self, session: &mut PgConnection) -> Result<usize, sqlx::Error> {
        let mut tx = session.begin().await?;
        let mut head = head(&mut tx).await?;
        self.compare(head);
        let rows = self.unsealed(&mut tx).await?;
        let (mut positions, mut numbers) = (Vec::new(), Vec::new());
        let (mut hashes, mut digests) = (Vec::new(), Vec::new());
        for row in &rows {
            let canonical = row.canonical();
            head = Head {
                position: head.position + 1,
                hash: self.key.link(&head.hash, &canonical),
                digest: ::chain::link(&head.digest, &canonical),
            };
            positions.push(head.position);
            numbers.push(row.seq);
            hashes.push(head.hash.to_vec());
            digests.push(head.digest.to_vec());
        }
        if !rows.is_empty() {
            let seal = sqlx::query(SEAL).bind(positions).bind(numbers).bind(hashes).bind(digests);
            seal.execute(&mut *tx).await?;
        }
        let position = head.position;
        let anchor = self.is_anchor_due(rows.len() as u64, position).then(|| Anchor {
            service: self.service.clone(),
            position,
            hash: hex::encode(head.hash),
            digest: hex::encode(head.digest),
            at: Utc::now(),
        });
        if let Some(anchor) = &anchor {
            anchor.publish(&mut tx).await?;
        }
        tx.commit().await?;
        self.known = Some(head);
        match (&anchor, &mut self.anchored) {
            (Some(anchor), anchored) => {
                anchor.tell();
                *anchored = Some((Instant::now(), 0));
            }
            (None, Some((_, since))) => *since += rows.len() as u64,
            (None, None) => {}
        }
        Ok(rows.len())
    }

    async fn unsealed(&self, tx: &mut PgConnection) -> Result<Vec<Row>, sqlx::Error> {
        let last: Option<(String, i64)> = sqlx::query_as(LAST).fetch_optional(&mut *tx).await?;
        let (transaction, seq) = last.unwrap_or_else(|| (Position::default().tx.to_string(), 0));
        let rows = sqlx::query(UNSEALED).bind(transaction).bind(seq).bind(self.batch).fetch_all(tx).await?;
        rows.iter().filter_map(|row| row::read(row).transpose()).collect()
    }

    /// The head that this relay left is the head it finds, or somebody else has written to the chain.
    fn compare(&self, found: Head) {
        if let Some(known) = self.known
            && known != found
        {
            let (left, found) = (known.position, found.position);
            tracing::error!(
                service = self.service,
                left,
                found,
                "the audit chain's head is not where the relay left it"
            );
        }
    }

    /// An anchor is due after so many rows or so long, and when a relay that begins to lead finds or seals something.
    fn is_anchor_due(&self, sealed: u64, position: i64) -> bool {
        match self.anchored {
            None => position > 0,
            Some((at, since)) => {
                let rows = since + sealed;
                rows >= self.anchor_rows || (rows > 0 && at.elapsed() >= self.anchor_every)
            }
        }
    }
}

async fn head(tx: &mut PgConnection) -> Result<Head, sqlx::Error> {
    let found: Option<(i64, Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(HEAD).fetch_optional(tx).await?;
    // A hash of another length was not written by a relay; a chain goes on from nothing, and `verify` shows where.
    let read = |bytes: Vec<u8>| Hash::try_from(bytes).unwrap_or(GENESIS);
    Ok(found.map_or(Head { position: 0, hash: GENESIS, digest: GENESIS }, |(position, hash, digest)| {
        let hash = read(hash);
        Head { position, hash, digest: digest.map_or(hash, read) }
    }))
}
