//! Makes a record ready to be written: identity, version, instants, state by the rule; and the effect of writing it.

use crate::call::Call;
use crate::effect::{Change, Deed, Effect, Keyed};
use crate::etag::etag;
use crate::keep::Keep;
use crate::registry::Registry;
use crate::time::timestamp;
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::policy::v1::Reason;
use proto::shape::Record;
use uuid::Uuid;

/// Which version of which record, as of when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    pub(crate) uid: Uuid,
    pub(crate) version: i64,
    pub(crate) at: DateTime<Utc>,
}

impl Version {
    /// The first version of a new record. Identities sort by time, so that records made together lie together.
    pub(crate) fn first(at: DateTime<Utc>) -> Self {
        Self { uid: Uuid::now_v7(), version: 1, at }
    }
}

impl<K: Keep> Registry<K> {
    /// Sets what callers and verbs have no say in.
    pub(crate) fn stamp(record: &mut K::Record, version: Version, change: Change) {
        record.set_uid(version.uid.to_string());
        record.set_etag(etag(version.version, version.uid));
        record.set_update_time(timestamp(version.at));
        match change {
            Change::Insert => record.set_create_time(timestamp(version.at)),
            Change::Update => {}
            Change::Delete => record.set_delete_time(timestamp(version.at)),
        }
    }

    /// Brings the record into the state that the rule says: the only one of `to`, or one of several that the verb
    /// chose. A rule that names none leaves the state as it was.
    pub(crate) fn lead(&self, record: &mut K::Record, to: &[String], before: i32) -> Result<(), Fault> {
        let kind = self.kind();
        match to {
            [] => record.set_state(before),
            [only] => record.set_state(kind.state_number(only)?),
            several => {
                let chosen = kind.state_name(record.state());
                if !several.contains(&chosen) {
                    let words = format!("the verb chose {chosen}, which its rule does not name");
                    return Err(Fault::new(Reason::Internal, words));
                }
            }
        }
        Ok(())
    }

    /// The effect of writing a record that is ready.
    pub(crate) fn effect(
        &self,
        record: &K::Record,
        version: Version,
        deed: &Deed,
        keyed: Option<Keyed>,
        call: Call,
    ) -> Result<Effect, Fault> {
        use prost::Message as _;
        let kind = self.kind();
        let (timers_set, timers_cleared) =
            call.into_timers().changes(self.store().days(), |timer| kind.automatic(timer).is_some())?;
        Ok(Effect {
            kind: kind.name,
            name: record.name().to_owned(),
            uid: version.uid,
            version: version.version,
            at: version.at,
            doc: kind.codec.doc(record)?,
            event: kind.codec.event_doc(record)?,
            deed: deed.clone(),
            keyed: keyed.map(|keyed| Keyed { answer: record.encode_to_vec(), ..keyed }),
            timers_set,
            timers_cleared,
        })
    }
}
