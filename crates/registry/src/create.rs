//! Create: one statement writes the record and all that goes with it, or finds that its key was used before.

use crate::asked::Asked;
use crate::call::Call;
use crate::column;
use crate::effect::{Change, Deed, Effect, Keyed};
use crate::idempotency;
use crate::keep::{Keep, Visible};
use crate::reader::Reader;
use crate::ready::{Version, stamp};
use crate::registry::{Answer, Kept, Registry};
use crate::update::carrier;
use ::fault::Fault;
use proto::contract::contract;
use proto::policy::v1::{Reason, Rule};
use proto::shape::{Carries, Record};
use std::collections::BTreeMap;
use tonic::Request;
use uuid::Uuid;

impl<K: Keep> Registry<K> {
    /// Makes the record that the request brings, if the contract and [`Keep::admit`] allow it. The request's key, if
    /// it has one, makes a repetition answer as the first time.
    ///
    /// # Errors
    /// `INVALID_FIELDS` with every violation; the rule or constraint it breaks; `ALREADY_EXISTS`;
    /// `IDEMPOTENCY_KEY_REUSED`.
    pub async fn create<R: Carries<K::Record>>(&self, request: Request<R>) -> Answer<K::Record> {
        let asked = Asked::of(request)?;
        let kept = pg::retrying(|| self.created(&asked)).await;
        let kept = self.settled(&asked, kept).await?;
        Ok(tonic::Response::new(self.shown(kept.record, &asked)?))
    }

    /// As [`Registry::create`], for an answer that is more than the record: it says whether it is a repetition, and
    /// the record is whole.
    ///
    /// # Errors
    /// As [`Registry::create`].
    pub async fn create_kept<R: Carries<K::Record>>(&self, request: Request<R>) -> Result<Kept<K::Record>, Fault> {
        let asked = Asked::of(request)?;
        let kept = pg::retrying(|| self.created(&asked)).await;
        self.settled(&asked, kept).await
    }

    /// As [`Registry::create`], with facts about other records: `gather` reads them, and may lock them, in the
    /// transaction that then writes the record; `admit` decides by them, after [`Keep::admit`]. As for
    /// [`Registry::act_with`], `gather` captures nothing.
    ///
    /// # Errors
    /// As [`Registry::create`], and what `gather` and `admit` refuse.
    pub async fn create_with<R, G>(
        &self,
        request: Request<R>,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record) -> Result<G, Fault>,
        admit: impl Fn(&mut K::Record, G, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record>
    where
        R: Carries<K::Record>,
    {
        let asked = Asked::of(request)?;
        let kept = pg::retrying(|| self.created_with(&asked, &gather, &admit)).await;
        let kept = self.settled(&asked, kept).await?;
        Ok(tonic::Response::new(self.shown(kept.record, &asked)?))
    }

    async fn created<R: Carries<K::Record>>(&self, asked: &Asked<R>) -> Result<Kept<K::Record>, Fault> {
        let (mut record, version) = self.candidate(asked)?;
        let (deed, keyed) = (asked.deed(), asked.keyed(self.store()));
        let mut call = Call::new(self.store(), &deed, version.at, BTreeMap::new());
        let admitted = K::admit(&mut record, &mut call);
        let written =
            match admitted.and_then(|()| self.first(&mut record, version, asked.rule(), &deed, keyed.clone(), call)) {
                Ok(effect) => {
                    let written = self.insert_alone(&effect).await;
                    self.store().signal().committed(effect.is_timed());
                    written
                }
                Err(fault) => Err(fault),
            };
        self.or_replay(record, written, &deed, keyed).await
    }

    async fn created_with<R, G>(
        &self,
        asked: &Asked<R>,
        gather: &impl AsyncFn(&mut Reader<'_>, &K::Record) -> Result<G, Fault>,
        admit: &impl Fn(&mut K::Record, G, &mut Call) -> Result<(), Fault>,
    ) -> Result<Kept<K::Record>, Fault>
    where
        R: Carries<K::Record>,
    {
        let (mut record, version) = self.candidate(asked)?;
        let (deed, keyed) = (asked.deed(), asked.keyed(self.store()));
        let mut tx = pg::begin(self.store().pool()).await?;
        let mut call = Call::new(self.store(), &deed, version.at, BTreeMap::new());
        let written = async {
            let gathered = gather(&mut Reader::new(&mut tx, self.store()), &record).await?;
            K::admit(&mut record, &mut call)?;
            admit(&mut record, gathered, &mut call)?;
            let effect = self.first(&mut record, version, asked.rule(), &deed, keyed.clone(), call)?;
            effect.meet(&mut tx, self.store()).await?;
            if !self.insert(&effect, &mut *tx).await? {
                // The request was made before: what was written beside it has its effect already.
                return Ok(false);
            }
            effect.write_follows(&mut tx, self.store()).await?;
            tx.commit().await.map_err(pg::fault)?;
            self.store().signal().committed(effect.is_timed_at_all());
            Ok(true)
        };
        let written = written.await;
        self.or_replay(record, written, &deed, keyed).await
    }

    /// The record as the caller brought it, checked, with a name and a first version.
    pub(crate) fn candidate<R: Carries<K::Record>>(&self, asked: &Asked<R>) -> Result<(K::Record, Version), Fault> {
        asked.check()?;
        let missing = || Fault::new(Reason::InvalidFields, "the record is missing");
        let mut record = asked.ask.record().cloned().ok_or_else(missing)?;
        record.copy_outputs(&K::Record::default());
        let version = Version::first(self.kind(), self.store().now())?;
        record.set_name(match asked.ask.id() {
            "" => format!("{}{}", self.kind().prefix, id_of(version.uid)),
            id => format!("{}{id}", self.kind().prefix),
        });
        Ok((record, version))
    }

    /// The effect of making a record that was admitted.
    pub(crate) fn first(
        &self,
        record: &mut K::Record,
        version: Version,
        rule: &Rule,
        deed: &Deed,
        keyed: Option<Keyed>,
        call: Call,
    ) -> Result<Effect, Fault> {
        self.check_name(record)?;
        let state = record.state();
        self.kind().lead(record, &rule.to, state)?;
        stamp(record, version, Change::Insert);
        let effect = self.kind().effect(record, version, deed, keyed, call, self.store().days())?;
        self.within_sight(&effect)?;
        Ok(effect)
    }

    /// Nobody makes or changes a record into one that they could not see: the file of another post, of another mission.
    pub(crate) fn within_sight(&self, effect: &Effect) -> Result<(), Fault> {
        let Visible::Where(pairs) = K::visible(&effect.deed.principal) else { return Ok(()) };
        let unreadable = |error| Fault::new(Reason::Internal, "the record cannot be read").caused_by(error);
        let doc: serde_json::Value = serde_json::from_slice(effect.doc.json()).map_err(unreadable)?;
        let method = contract().method(&effect.deed.method);
        let carrier = carrier::<K::Record>(method.map(|method| method.descriptor().input()));
        let mut fault = Fault::new(Reason::PermissionDenied, "this record would not be yours to see");
        for (field, value) in pairs {
            let column = column::open(&self.kind().columns, field)?;
            if doc[column.json].as_str() != Some(&*value) {
                fault = fault.at(format!("{carrier}.{}", column.json), format!("must be {value} for you"));
            }
        }
        if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
    }

    /// Writes a new record. Whether it was written: not if its key was used before.
    pub(crate) async fn insert<'e>(&self, effect: &Effect, on: impl sqlx::PgExecutor<'e>) -> Result<bool, Fault> {
        let text = self.kind().texts.write(Change::Insert, effect.keyed.is_some(), effect.is_timed());
        effect.write(on, text).await.map_err(Self::broken)
    }

    /// As [`Registry::insert`], on a connection of its own.
    pub(crate) async fn insert_alone(&self, effect: &Effect) -> Result<bool, Fault> {
        if effect.codes.is_none() {
            return self.insert(effect, self.store().pool()).await;
        }
        let mut tx = pg::begin(self.store().pool()).await?;
        effect.meet(&mut tx, self.store()).await?;
        let written = self.insert(effect, &mut *tx).await?;
        if written {
            tx.commit().await.map_err(pg::fault)?;
        }
        Ok(written)
    }

    /// The record if it was written; otherwise the answer that was given to the same request before, if it was. It is
    /// looked for after a refusal too: what refuses a repetition may be the effect of the first time.
    pub(crate) async fn or_replay(
        &self,
        record: K::Record,
        written: Result<bool, Fault>,
        deed: &Deed,
        keyed: Option<Keyed>,
    ) -> Result<Kept<K::Record>, Fault> {
        match (written, keyed) {
            (Ok(true), _) => Ok(Kept::new(record)),
            (Ok(false), None) => Err(Fault::new(Reason::Internal, "the record was not written")),
            (Err(fault), None) => Err(fault),
            (refused, Some(keyed)) => match idempotency::replay_anew(self.kind(), self.store(), deed, &keyed).await? {
                Some(record) => Ok(Kept::replayed(record)),
                None => Err(refused
                    .err()
                    .unwrap_or_else(|| Fault::new(Reason::Contended, "the first request with this key was undone"))),
            },
        }
    }
}

/// The id made for a record that came without: its identity in small letters and digits, 26 of them (Crockford's
/// base 32), which sort by time.
pub(crate) fn id_of(uid: Uuid) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let number = uid.as_u128();
    (0..26).rev().map(|place| char::from(DIGITS[(number >> (5 * place) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_their_identities_do_and_differ() {
        let low = Uuid::from_u128(1);
        let high = Uuid::from_u128(u128::MAX);
        assert_eq!(id_of(low), "00000000000000000000000001");
        assert_eq!(id_of(high), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        assert!(id_of(first) < id_of(second));
    }
}
