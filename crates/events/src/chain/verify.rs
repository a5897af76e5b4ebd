//! Reads the audit log against its chain and the anchors, whole or part by part, and finds what was changed.

use super::row::{self, columns};
use super::{Anchor, GENESIS, Hash, Key, Progress};
use crate::position::Position;
use ::chain::Row;
use proto::registry::v1::VerifyAuditResponse;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use std::collections::HashMap;
use std::fmt;

/// How many rows are read at once.
const AT_ONCE: i64 = 5_000;
/// The most findings that are listed; what is more is counted.
const MOST_FINDINGS: usize = 1_000;

const SEALED: &str = concat!(
    "select audit_chain.position, audit_chain.seq, audit_chain.hash, audit_chain.digest, ",
    columns!(),
    " from audit_chain left join audit on audit.seq = audit_chain.seq
      where audit_chain.position > $1 order by audit_chain.position limit $2"
);

/// Rows outside the chain that stand between two of it.
const INSERTED: &str = "
    select seq from audit
    where (tx, seq) > ($1::text::xid8, $2) and (tx, seq) < ($3::text::xid8, $4)
      and not exists (select from audit_chain where audit_chain.seq = audit.seq)
    order by seq limit $5";

/// Rows outside the chain that claim a transaction yet to come.
const TO_COME: &str = "
    select seq from audit
    where tx >= pg_snapshot_xmax(pg_current_snapshot())
      and not exists (select from audit_chain where audit_chain.seq = audit.seq)
    order by seq limit $1";

const UNSEALED: &str = "
    select count(*) from audit
    where (tx, seq) > ($1::text::xid8, $2) and not exists (select from audit_chain where audit_chain.seq = audit.seq)";

/// Something in the audit log that is not as the relay sealed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A column of the row, or the hash over it, was changed.
    Altered {
        /// The place in the chain.
        position: i64,
        /// The row's number.
        seq: i64,
    },
    /// The row stands at a place where it was not sealed.
    Moved {
        /// The place in the chain.
        position: i64,
        /// The row's number.
        seq: i64,
    },
    /// The row was deleted; its link is still there.
    Deleted {
        /// The place in the chain.
        position: i64,
        /// The row's number.
        seq: i64,
    },
    /// Links of the chain were deleted.
    Gap {
        /// The first place that is empty.
        from: i64,
        /// The last place that is empty.
        to: i64,
    },
    /// A row was put where sealing had been already.
    Inserted {
        /// The row's number.
        seq: i64,
    },
    /// The end was cut off: an anchor stands past the last link.
    Truncated {
        /// The newest anchor's place.
        anchored: i64,
        /// The last place there is.
        found: i64,
    },
    /// The link at an anchor's place is not the one that was anchored: the chain was sealed anew.
    Resealed {
        /// The anchor's place.
        position: i64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { position, seq } => write!(f, "row {seq} at position {position} was altered"),
            Self::Moved { position, seq } => write!(f, "row {seq} was moved to position {position}"),
            Self::Deleted { position, seq } => write!(f, "row {seq} at position {position} was deleted"),
            Self::Gap { from, to } => write!(f, "positions {from} to {to} are missing"),
            Self::Inserted { seq } => write!(f, "row {seq} was inserted afterwards"),
            Self::Truncated { anchored, found } => {
                write!(f, "the log ends at position {found} and was anchored at {anchored}")
            }
            Self::Resealed { position } => write!(f, "position {position} does not have the hash that was anchored"),
        }
    }
}

/// What a check of the audit log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many links were checked.
    pub sealed: u64,
    /// How many rows are not sealed yet; they are as open to change as any row.
    pub unsealed: u64,
    /// How many sealed rows stand past the newest anchor; that they were cut off could not be seen.
    pub unanchored: u64,
    /// What is wrong, in the order of the chain. Empty when the log is intact.
    pub findings: Vec<Finding>,
    /// How many findings there are past those listed.
    pub more: u64,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

impl From<Report> for VerifyAuditResponse {
    fn from(report: Report) -> Self {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            intact: report.is_intact(),
            sealed: number(report.sealed),
            unsealed: number(report.unsealed),
            unanchored: number(report.unanchored),
            findings: report.findings.iter().map(ToString::to_string).collect(),
            more: number(report.more),
            ..Self::default()
        }
    }
}

/// Checks the audit log of a service against its chain and against anchors kept elsewhere, from where an earlier part came to
/// an end, as many links as `most`; and says where to go on, if there is more. Each part is of one snapshot; sealing and
/// writing go on meanwhile. Anchors must be those of this service, and the same for each part.
///
/// # Errors
/// When the database fails.
pub async fn verify(
    pool: &PgPool,
    key: &Key,
    anchors: &[Anchor],
    from: Progress,
    most: i64,
) -> Result<(Report, Option<Progress>), sqlx::Error> {
    // A session of its own: a check that is given up leaves no open transaction in the pool.
    let mut session = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("set statement_timeout = 0").execute(&mut session).await?;
    sqlx::query("begin transaction isolation level repeatable read, read only").execute(&mut session).await?;
    let mut walk = Walk::new(key, anchors, from);
    let mut left = most;
    let is_end = loop {
        if left <= 0 {
            break false;
        }
        let at_once = AT_ONCE.min(left);
        let links = sqlx::query(SEALED).bind(walk.at.position).bind(at_once).fetch_all(&mut session).await?;
        for link in &links {
            let stored = Stored { hash: link.try_get("hash")?, digest: link.try_get("digest")? };
            walk.step(link.try_get("position")?, link.try_get("seq")?, &stored, row::read(link)?.as_ref());
        }
        let found = i64::try_from(links.len()).unwrap_or(i64::MAX);
        left -= found;
        if found < at_once {
            break true;
        }
    };
    let (at, mut report) = walk.end(is_end);
    // What stands before the first row was inserted too, whatever number it gave itself.
    let begin = if from.position == 0 { Position { tx: 0, seq: i64::MIN } } else { from.last };
    let inserted = sqlx::query_scalar(INSERTED).bind(begin.tx.to_string()).bind(begin.seq);
    let inserted = inserted.bind(at.last.tx.to_string()).bind(at.last.seq).bind(AT_ONCE);
    for seq in inserted.fetch_all(&mut session).await? {
        report.find(Finding::Inserted { seq });
    }
    if is_end {
        for seq in sqlx::query_scalar(TO_COME).bind(AT_ONCE).fetch_all(&mut session).await? {
            report.find(Finding::Inserted { seq });
        }
        let unsealed = sqlx::query_scalar::<_, i64>(UNSEALED).bind(at.last.tx.to_string()).bind(at.last.seq);
        report.unsealed = unsealed.fetch_one(&mut session).await?.unsigned_abs();
    }
    session.close().await?;
    Ok((report, (!is_end).then_some(at)))
}

/// The two links of a row as they are stored; rows sealed before there were public links have none.
struct Stored {
    hash: Vec<u8>,
    digest: Option<Vec<u8>>,
}

/// A walk along the chain. Each link is checked against the stored one before it, so that one change is one finding.
struct Walk<'a> {
    key: &'a Key,
    anchors: HashMap<i64, Vec<&'a Anchor>>,
    newest: i64,
    at: Progress,
    report: Report,
}

impl<'a> Walk<'a> {
    fn new(key: &'a Key, anchors: &'a [Anchor], at: Progress) -> Self {
        let mut places: HashMap<i64, Vec<&Anchor>> = HashMap::new();
        for anchor in anchors {
            places.entry(anchor.position).or_default().push(anchor);
        }
        let newest = anchors.iter().map(|anchor| anchor.position).max().unwrap_or(0);
        Self { key, anchors: places, newest, at, report: Report::default() }
    }

    fn step(&mut self, position: i64, seq: i64, stored: &Stored, row: Option<&Row>) {
        if position != self.at.position + 1 {
            self.report.find(Finding::Gap { from: self.at.position + 1, to: position - 1 });
        }
        match row {
            None => self.report.find(Finding::Deleted { position, seq }),
            Some(row) => {
                let (canonical, place) = (row.canonical(), Position { tx: row.tx, seq: row.seq });
                let keyed = self.key.link(&self.at.before, &canonical) == *stored.hash;
                let holds = keyed && self.digests(stored, &canonical);
                // After a gap the link before it is not known, and the gap is told already.
                if !holds && position == self.at.position + 1 {
                    let is_in_order = place > self.at.place;
                    let altered = Finding::Altered { position, seq };
                    self.report.find(if is_in_order { altered } else { Finding::Moved { position, seq } });
                }
                if holds {
                    self.at.last = place;
                }
                self.at.place = place;
            }
        }
        let (hash, digest) = (&stored.hash, stored.digest.as_deref());
        if self.anchors.get(&position).is_some_and(|told| told.iter().any(|anchor| !anchor.is_of(hash, digest))) {
            self.report.find(Finding::Resealed { position });
        }
        self.report.sealed += 1;
        self.report.unanchored += u64::from(position > self.newest);
        self.at.position = position;
        self.at.before = Hash::try_from(hash.as_slice()).unwrap_or(GENESIS);
        if let Some(digest) = digest {
            self.at.public = Some(Hash::try_from(digest).unwrap_or(GENESIS));
        }
    }

    /// Whether the public link holds: it may be missing only as long as none was made.
    fn digests(&self, stored: &Stored, canonical: &[u8]) -> bool {
        match &stored.digest {
            Some(digest) => ::chain::link(&self.at.public.unwrap_or(self.at.before), canonical) == **digest,
            None => self.at.public.is_none(),
        }
    }

    fn end(mut self, is_end: bool) -> (Progress, Report) {
        if is_end && self.newest > self.at.position {
            self.report.find(Finding::Truncated { anchored: self.newest, found: self.at.position });
        }
        (self.at, self.report)
    }
}
