//! A block of calls: its columns, and the digest that the audit log holds of it.

use super::Call;
use super::addresses::{Addresses, network};
use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;
use telemetry::metric;
use uuid::Uuid;

/// A block of calls, as it is written and read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) keeper: Uuid,
    pub(super) number: i64,
    pub(super) lost: i64,
    pub(super) callers: Vec<String>,
    pub(super) agencies: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) caller: Vec<i32>,
    pub(super) method: Vec<i32>,
    pub(super) micros: Vec<i64>,
    pub(super) code: Vec<i16>,
    pub(super) trace: Vec<String>,
    /// Digests of addresses, each once; empty for one that was not looked at.
    pub(super) addresses: Vec<String>,
    pub(super) address: Vec<i32>,
    pub(super) record: Vec<String>,
    /// Whether its calls are those of strangers, all of which were refused. It goes after a time, and alike calls in it are one.
    pub(super) strangers: bool,
    /// For how many calls each stands, in a block of strangers; in others each stands for itself.
    pub(super) times: Vec<i32>,
}

/// What the audit log says of a block of strangers' calls behind their number.
const STRANGERS: &str = " calls of strangers";

/// The columns of [`Block::read`].
pub(super) const COLUMNS: &str = "b.keeper, b.number, b.lost, b.callers, b.agencies, b.methods, b.caller, b.method, b.micros, b.code, b.trace, \
     b.addresses, b.address, b.record, b.strangers, b.times";

impl Block {
    /// A block of these calls: all of callers that were known, or all of strangers.
    pub(super) fn of(keeper: Uuid, number: i64, lost: u64, calls: &[Call], whence: &Addresses) -> Self {
        let mut block = Self { keeper, number, lost: i64::try_from(lost).unwrap_or(i64::MAX), ..Self::default() };
        block.strangers = calls.iter().all(|call| call.caller.is_none());
        // Strangers refused for the same in one moment and from one network are counted, so that a flood fills no disk.
        let mut alike: HashMap<(i32, i16, i32), usize> = HashMap::new();
        let (now, wall) = (Instant::now(), Utc::now().timestamp_micros());
        let mut callers: HashMap<(&str, &str), i32> = HashMap::new();
        let mut methods: HashMap<&str, i32> = HashMap::new();
        let mut addresses: HashMap<Option<IpAddr>, i32> = HashMap::new();
        for call in calls {
            let principal = call.caller.as_ref().map(|caller| &caller.principal);
            let caller = principal.map_or("unknown", |principal| &principal.subject);
            let agency = principal.and_then(|principal| principal.agency.as_deref()).unwrap_or_default();
            let method = call.method.map_or(metric::OTHER, |method| method.path());
            let caller = *callers.entry((caller, agency)).or_insert_with(|| {
                block.agencies.push(agency.to_owned());
                added(&mut block.callers, caller)
            });
            let method = *methods.entry(method).or_insert_with(|| added(&mut block.methods, method));
            let from = if block.strangers { call.from.map(network) } else { call.from };
            let address = *addresses.entry(from).or_insert_with(|| {
                let digest = |from| if block.strangers { whence.digest_of_stranger(from) } else { whence.digest(from) };
                added(&mut block.addresses, &from.map(digest).unwrap_or_default())
            });
            if block.strangers {
                let place = *alike.entry((method, call.code, address)).or_insert(block.times.len());
                if let Some(times) = block.times.get_mut(place) {
                    *times += 1;
                    continue;
                }
                block.times.push(1);
            }
            block.caller.push(caller);
            block.method.push(method);
            block.address.push(address);
            let ago = now.saturating_duration_since(call.begun).as_micros();
            block.micros.push(wall.saturating_sub(i64::try_from(ago).unwrap_or(0)));
            block.code.push(call.code);
            block.trace.push(format!("{:032x}", call.trace));
            block.record.push(call.record.to_string());
        }
        block
    }

    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            keeper: row.try_get("keeper")?,
            number: row.try_get("number")?,
            lost: row.try_get("lost")?,
            callers: row.try_get("callers")?,
            agencies: row.try_get("agencies")?,
            methods: row.try_get("methods")?,
            caller: row.try_get("caller")?,
            method: row.try_get("method")?,
            micros: row.try_get("micros")?,
            code: row.try_get("code")?,
            trace: row.try_get("trace")?,
            addresses: row.try_get("addresses")?,
            address: row.try_get("address")?,
            record: row.try_get("record")?,
            strangers: row.try_get("strangers")?,
            times: row.try_get("times")?,
        })
    }

    /// How many calls it tells of.
    pub(super) fn calls(&self) -> i64 {
        let counted = |times: &Vec<i32>| times.iter().map(|times| i64::from(*times)).sum();
        Some(&self.times).filter(|times| !times.is_empty()).map_or(self.caller.len() as i64, counted)
    }

    /// From when to when its calls were.
    pub(super) fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let at = |micros: Option<&i64>| {
            micros.and_then(|micros| DateTime::from_timestamp_micros(*micros)).unwrap_or_default()
        };
        (at(self.micros.iter().min()), at(self.micros.iter().max()))
    }

    /// What the audit log says of it: `sha256:… 512 calls`. Each field goes in with its length, so that no two blocks
    /// are the same bytes.
    pub(super) fn seal(&self) -> String {
        let mut digest = Context::new(&SHA256);
        // Blocks from before there were addresses and records are sealed as they were then.
        let later = !self.address.is_empty() || !self.addresses.is_empty() || !self.record.is_empty();
        digest.update(match (self.strangers, later) {
            (true, _) => b"legation.calls.v3",
            (false, true) => b"legation.calls.v2",
            (false, false) => b"legation.calls.v1",
        });
        digest.update(self.keeper.as_bytes());
        digest.update(&self.number.to_be_bytes());
        digest.update(&self.lost.to_be_bytes());
        for texts in [&self.callers, &self.agencies, &self.methods, &self.trace] {
            digest.update(&(texts.len() as u64).to_be_bytes());
            for text in texts {
                digest.update(&(text.len() as u64).to_be_bytes());
                digest.update(text.as_bytes());
            }
        }
        let lengths = [self.caller.len(), self.method.len(), self.micros.len(), self.code.len()];
        lengths.iter().for_each(|length| digest.update(&(*length as u64).to_be_bytes()));
        self.caller.iter().chain(&self.method).for_each(|place| digest.update(&place.to_be_bytes()));
        self.micros.iter().for_each(|micros| digest.update(&micros.to_be_bytes()));
        self.code.iter().for_each(|code| digest.update(&code.to_be_bytes()));
        if later {
            for texts in [&self.addresses, &self.record] {
                digest.update(&(texts.len() as u64).to_be_bytes());
                for text in texts {
                    digest.update(&(text.len() as u64).to_be_bytes());
                    digest.update(text.as_bytes());
                }
            }
            digest.update(&(self.address.len() as u64).to_be_bytes());
            self.address.iter().for_each(|place| digest.update(&place.to_be_bytes()));
        }
        // What counts calls in a block that is none of strangers was put there by somebody else.
        if self.strangers || !self.times.is_empty() {
            digest.update(&(self.times.len() as u64).to_be_bytes());
            self.times.iter().for_each(|times| digest.update(&times.to_be_bytes()));
        }
        let of = if self.strangers { STRANGERS } else { " calls" };
        let lost = if self.lost == 0 { String::new() } else { format!(", {} before them lost", self.lost) };
        format!("sha256:{} {}{of}{lost}", hex::encode(digest.finish()), self.calls())
    }
}

/// Whether a block is one of strangers, by what the audit log says of it.
pub(super) fn is_of_strangers(seal: &str) -> bool {
    seal.contains(STRANGERS)
}

fn added(texts: &mut Vec<String>, text: &str) -> i32 {
    texts.push(text.to_owned());
    i32::try_from(texts.len() - 1).expect("a block has a few thousand calls")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Caller;
    use identity::Permissions;
    use std::sync::Arc;

    fn block() -> Block {
        Block {
            callers: vec!["a".into(), "bc".into()],
            agencies: vec![String::new(), "x".into()],
            methods: vec!["/m".into()],
            caller: vec![0, 1],
            method: vec![0, 0],
            micros: vec![5, 3],
            code: vec![0, 7],
            trace: vec!["1".into(), "2".into()],
            ..Block::default()
        }
    }

    #[test]
    fn every_change_to_a_block_changes_its_seal() {
        let changes: [fn(&mut Block); 17] = [
            |_| {},
            |block| block.number = 1,
            |block| block.lost = 1,
            |block| block.callers = vec!["ab".into(), "c".into()],
            |block| block.agencies[0] = "y".into(),
            |block| block.caller[0] = 1,
            |block| block.micros.swap(0, 1),
            |block| block.code[0] = 1,
            |block| block.trace.swap(0, 1),
            |block| block.addresses = vec!["ab".into()],
            |block| block.addresses = vec!["a".into(), "b".into()],
            |block| block.address = vec![0, 1],
            |block| block.record = vec!["missions/a".into(), String::new()],
            |block| block.record = vec![String::new(), "missions/a".into()],
            |block| block.strangers = true,
            |block| block.times = vec![1, 1],
            |block| (block.strangers, block.times) = (true, vec![1, 2]),
        ];
        let mut seals: Vec<_> = changes
            .iter()
            .map(|change| {
                let mut changed = block();
                change(&mut changed);
                changed.seal()
            })
            .collect();
        seals.sort();
        seals.dedup();
        assert_eq!(seals.len(), 17);
    }

    fn call(caller: Option<&Arc<Caller>>, code: i16, from: &str, record: &str) -> Call {
        Call {
            begun: Instant::now(),
            caller: caller.cloned(),
            method: None,
            code,
            trace: 0xab,
            from: from.parse().ok(),
            record: record.into(),
        }
    }

    #[test]
    fn a_caller_a_method_and_an_address_stand_in_a_block_once() {
        let caller = Arc::new(Caller::of(Permissions::default(), false));
        let call = |code, from, record| call(Some(&caller), code, from, record);
        let whence = Addresses::with(&[1; 32]);
        let calls = [call(0, "192.0.2.1", "missions/a"), call(16, "", ""), call(5, "192.0.2.1", "")];
        let block = Block::of(Uuid::nil(), 1, 0, &calls, &whence);
        assert_eq!((block.callers.len(), block.methods.as_slice()), (1, &["_OTHER".to_owned()][..]));
        assert_eq!((&*block.caller, &*block.code), (&[0, 0, 0][..], &[0, 16, 5][..]));
        let digest = whence.digest("192.0.2.1".parse().unwrap());
        assert_eq!((&block.addresses, &*block.address), (&vec![digest, String::new()], &[0, 1, 0][..]));
        assert_eq!(block.record, ["missions/a", "", ""]);
        assert_eq!(block.trace[0], "000000000000000000000000000000ab");
        assert_eq!((block.strangers, block.times.len(), block.calls()), (false, 0, 3));
        assert!(!is_of_strangers(&block.seal()));
    }

    #[test]
    fn strangers_refused_alike_are_counted_and_not_listed() {
        let whence = Addresses::with(&[1; 32]);
        let calls = [("192.0.2.1", 16), ("192.0.2.1", 16), ("2001:db8::1", 16), ("2001:db8::2", 16), ("192.0.2.1", 8)];
        let calls = calls.map(|(from, code)| call(None, code, from, ""));
        let block = Block::of(Uuid::nil(), 1, 2, &calls, &whence);
        assert_eq!((&*block.times, &*block.code), (&[2, 2, 1][..], &[16, 16, 8][..]));
        assert_eq!((&*block.address, block.addresses.len()), (&[0, 1, 0][..], 2));
        assert_eq!((block.micros.len(), block.trace.len(), block.record.len(), block.method.len()), (3, 3, 3, 3));
        assert!(block.seal().ends_with(" 5 calls of strangers, 2 before them lost"), "{}", block.seal());
        assert!(is_of_strangers(&block.seal()));
    }
}
