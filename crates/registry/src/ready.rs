//! Makes a record ready to be written: identity, version, instants, state by the rule; and the effect of writing it.

use crate::call::Call;
use crate::effect::{Change, Deed, Effect, Keyed};
use crate::etag::etag;
use crate::kind::Kind;
use crate::secret::Secret;
use crate::time::timestamp;
use calendar::WorkingDays;
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::policy::v1::Reason;
use proto::shape::Record;
use uuid::Uuid;

/// Which version of which record, as of when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    /// What the record's sealed fields are sealed with.
    pub(crate) secret: Secret,
    pub(crate) uid: Uuid,
    pub(crate) version: i64,
    pub(crate) at: DateTime<Utc>,
}

impl Version {
    /// The first version of a new record. Identities sort by time, so that records made together lie together.
    pub(crate) fn first(kind: &Kind, at: DateTime<Utc>) -> Result<Self, Fault> {
        Ok(Self { secret: Secret::first(kind)?, uid: Uuid::now_v7(), version: 1, at })
    }
}

/// Sets what callers and verbs have no say in.
pub(crate) fn stamp<T: Record>(record: &mut T, version: Version, change: Change) {
    record.set_uid(version.uid.to_string());
    record.set_etag(etag(version.version, version.uid));
    record.set_update_time(timestamp(version.at));
    match change {
        Change::Insert => record.set_create_time(timestamp(version.at)),
        Change::Update => {}
        Change::Delete => record.set_delete_time(timestamp(version.at)),
    }
}

impl Kind {
    /// The verb is allowed in this state.
    pub(crate) fn allowed(&self, state: i32, from: &[String]) -> Result<(), Fault> {
        let state = self.state_name(state);
        if from.is_empty() || from.contains(&state) {
            return Ok(());
        }
        let allowed = from.join(", ");
        let words = format!("this is not allowed in the state {state}; it is in {allowed}");
        Err(Fault::new(Reason::WrongState, words).with("state", state).with("allowed", allowed))
    }

    /// Brings the record into the state that the rule says: the only one of `to`, or one of several that the verb
    /// chose. A rule that names none leaves the state as it was.
    pub(crate) fn lead<T: Record>(&self, record: &mut T, to: &[String], before: i32) -> Result<(), Fault> {
        match to {
            [] => record.set_state(before),
            [only] => record.set_state(self.state_number(only)?),
            several => {
                let chosen = self.state_name(record.state());
                if !several.contains(&chosen) {
                    let words = format!("the verb chose {chosen}, which its rule does not name");
                    return Err(Fault::new(Reason::Internal, words));
                }
            }
        }
        Ok(())
    }

    /// The effect of writing a record that is ready.
    pub(crate) fn effect<T: Record>(
        &'static self,
        record: &T,
        version: Version,
        deed: &Deed,
        keyed: Option<Keyed>,
        call: Call,
        days: &WorkingDays,
    ) -> Result<Effect, Fault> {
        let erases = call.erases();
        let parts = self.parts(record, version.secret, call.store().vault())?;
        ::fault::refuse_if(
            erases && parts.sealed,
            Reason::Internal,
            "what erases a record leaves its sealed fields empty",
        )?;
        let answered = |keyed| -> Result<_, Fault> {
            Ok(Keyed { answer: self.kept_answer(record, version.secret, parts.sealed)?, ..keyed })
        };
        let (timers, follows) = call.into_parts();
        let (timers_set, timers_cleared) = timers.changes(days, |timer| self.automatic(timer).is_some())?;
        Ok(Effect {
            kind: self,
            name: record.name().to_owned(),
            uid: version.uid,
            version: version.version,
            at: version.at,
            doc: parts.doc,
            secret: version.secret,
            data_key: parts.data_key,
            codes: parts.codes,
            erases,
            event: self.codec.event_doc(record)?,
            deed: deed.clone(),
            keyed: keyed.map(answered).transpose()?,
            timers_set,
            timers_cleared,
            follows,
            grounds: Vec::new(),
        })
    }
}
