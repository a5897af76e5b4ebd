//! An export of an audit log, checked with nothing trusted but what the checker kept: each line against the one before it, and
//! the chain against heads that were told earlier.

use crate::{GENESIS, Hash, Row, link};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::fmt;

/// A line of an export, as services write it (`ExportAuditResponse`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Line {
    /// Whose log it is.
    pub service: String,
    /// The place in the chain.
    #[serde(deserialize_with = "number")]
    pub position: i64,
    /// The public link, in hexadecimal; empty for a row that was sealed before there were any.
    pub digest: String,
    /// The keyed link, in hexadecimal.
    pub seal: String,
    /// The row; none if it is gone.
    pub row: Option<Entry>,
}

/// A row as it stands in an export.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry {
    #[serde(deserialize_with = "number")]
    number: i64,
    #[serde(deserialize_with = "number")]
    transaction: u64,
    time: Option<DateTime<Utc>>,
    actor: String,
    agency: String,
    method: String,
    record: String,
    outcome: String,
    reason: String,
    trace: String,
    records: Vec<String>,
    elevation: String,
    withheld: bool,
}

/// A number as JSON of the contract has it: 64 bits in quotes.
fn number<'de, D: Deserializer<'de>, N: std::str::FromStr + TryFrom<i64>>(deserializer: D) -> Result<N, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(i64),
        Quoted(String),
    }
    let read = match Number::deserialize(deserializer)? {
        Number::Plain(plain) => N::try_from(plain).ok(),
        Number::Quoted(text) => text.parse().ok(),
    };
    read.ok_or_else(|| serde::de::Error::custom("is no whole number"))
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        let Entry { actor, agency, method, record, outcome, reason, trace, records, elevation, withheld, .. } = entry;
        Self {
            tx: entry.transaction,
            seq: entry.number,
            micros: entry.time.map(|time| time.timestamp_micros()),
            texts: [actor, agency, method, record, outcome, reason, trace],
            records,
            elevation,
            withheld,
        }
    }
}

/// A head of a chain that was told earlier, and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Whose log it is.
    pub service: String,
    /// How many rows were sealed.
    pub position: i64,
    /// The link of the last of them, in hexadecimal: the public one, or for older rows the keyed one.
    pub hash: String,
}

impl Anchor {
    /// Reads `accreditation=120:6c1f…`, or the line that an earlier check ended with.
    pub fn read(text: &str) -> Option<Self> {
        let (service, place) = text.trim().strip_prefix("head ").unwrap_or(text.trim()).split_once('=')?;
        let (position, hash) = place.split_once(':')?;
        let shaped = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let position = position.parse().ok().filter(|_| shaped && !service.is_empty())?;
        Some(Self { service: service.to_owned(), position, hash: hash.to_owned() })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}", self.service, self.position, self.hash)
    }
}

/// What is wrong, and where the chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A row is not the one that was sealed, or its link was changed.
    Altered(i64, i64),
    /// A row stands where another was sealed: it comes before its predecessor in commit order.
    Moved(i64, i64),
    /// The row is gone; its link is there.
    Deleted(i64),
    /// Lines are missing, from this place to that.
    Missing(i64, i64),
    /// A line stands behind one that comes later.
    OutOfOrder(i64),
    /// The link at a place is not the one that was told.
    Rewritten(i64),
    /// The log ends before a place that was told.
    CutOff(i64, i64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(position, seq) => write!(f, "row {seq} at position {position} was altered"),
            Self::Moved(position, seq) => write!(f, "row {seq} was moved to position {position}"),
            Self::Deleted(position) => write!(f, "the row at position {position} was deleted"),
            Self::Missing(from, to) => write!(f, "positions {from} to {to} are missing"),
            Self::OutOfOrder(position) => write!(f, "position {position} stands behind a later one"),
            Self::Rewritten(position) => write!(f, "position {position} does not have the hash that was anchored"),
            Self::CutOff(anchored, found) => {
                write!(f, "the log ends at position {found} and was anchored at {anchored}")
            }
        }
    }
}

/// What a check of one service's export found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Links that were computed and hold.
    pub checked: u64,
    /// Rows sealed before there was a public chain; without the service's key they cannot be checked here.
    pub unchecked: u64,
    /// Rows past the newest head that was kept; that they were cut off or written anew could not be seen.
    pub unanchored: u64,
    /// Every place where the chain breaks, in its order.
    pub findings: Vec<Finding>,
    /// The head: to be kept for the next check.
    pub head: Option<Anchor>,
}

/// A check of one service's export, line by line.
#[derive(Clone, Debug)]
pub struct Check {
    service: String,
    anchors: HashMap<i64, Vec<String>>,
    newest: i64,
    position: i64,
    before: Hash,
    /// Whether links without a key have begun.
    public: bool,
    place: (u64, i64),
    report: Report,
}

impl Check {
    /// A check of this service's log, against heads of it that were kept.
    pub fn new(service: &str, anchors: &[Anchor]) -> Self {
        let own = || anchors.iter().filter(|anchor| anchor.service == service);
        let mut places: HashMap<i64, Vec<String>> = HashMap::new();
        own().for_each(|anchor| places.entry(anchor.position).or_default().push(anchor.hash.clone()));
        Self {
            service: service.to_owned(),
            newest: own().map(|anchor| anchor.position).max().unwrap_or(0),
            anchors: places,
            position: 0,
            before: GENESIS,
            public: false,
            place: (0, 0),
            report: Report::default(),
        }
    }

    /// Looks at the next line.
    pub fn line(&mut self, line: Line) {
        let Line { position, digest, seal, row, .. } = line;
        if position <= self.position {
            self.report.findings.push(Finding::OutOfOrder(position));
            return;
        }
        let follows = position == self.position + 1;
        if !follows {
            self.report.findings.push(Finding::Missing(self.position + 1, position - 1));
        }
        match row.map(Row::from) {
            None => self.report.findings.push(Finding::Deleted(position)),
            Some(row) => self.row(position, follows, &digest, &row),
        }
        let told = self.anchors.get(&position);
        if told.is_some_and(|told| told.iter().any(|hash| *hash != digest && (*hash != seal || !digest.is_empty()))) {
            self.report.findings.push(Finding::Rewritten(position));
        }
        self.public |= !digest.is_empty();
        let link = if digest.is_empty() { &seal } else { &digest };
        self.report.unanchored += u64::from(position > self.newest);
        self.report.head = Some(Anchor { service: self.service.clone(), position, hash: link.clone() });
        self.before = hex::decode(link).ok().and_then(|bytes| Hash::try_from(bytes).ok()).unwrap_or(GENESIS);
        self.position = position;
    }

    fn row(&mut self, position: i64, follows: bool, digest: &str, row: &Row) {
        let moved = (row.tx, row.seq) <= self.place;
        self.place = (row.tx, row.seq);
        if digest.is_empty() && !self.public {
            self.report.unchecked += 1;
            return;
        }
        if hex::encode(link(&self.before, &row.canonical())) == digest {
            self.report.checked += 1;
            return;
        }
        // Behind lines that are missing the link before is not known, and that they are is told already.
        if follows {
            let broken = if moved { Finding::Moved } else { Finding::Altered };
            self.report.findings.push(broken(position, row.seq));
        }
    }

    /// What was found.
    pub fn end(mut self) -> Report {
        if self.newest > self.position {
            self.report.findings.push(Finding::CutOff(self.newest, self.position));
        }
        self.report
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
