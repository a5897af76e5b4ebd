//! Several new records that one request stands for: all of them or none, written by one statement.

use crate::asked::Asked;
use crate::call::Call;
use crate::create::id_of;
use crate::effect::{Change, Deed, Effect};
use crate::idempotency;
use crate::keep::Keep;
use crate::many;
use crate::reader::Reader;
use crate::ready::{Version, stamp};
use crate::registry::Registry;
use ::fault::{Fault, refuse_if};
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record as _};
use std::collections::BTreeMap;
use tonic::Request;

impl<K: Keep> Registry<K> {
    /// Makes all the records that a request stands for. `make` says which, by facts that it reads and may lock in the transaction
    /// that then writes them; each passes [`Keep::admit`], begins in the state of the contract's create method, and has a history,
    /// an audit row and an event of its own. A request sent again makes nothing, and is given back as the first time; so what is
    /// answered follows from the request alone.
    ///
    /// # Errors
    /// `INVALID_FIELDS`; what `make` and [`Keep::admit`] refuse; the constraint that one of them breaks;
    /// `IDEMPOTENCY_KEY_REUSED`.
    pub async fn create_several<R: Ask>(
        &self,
        request: Request<R>,
        make: impl AsyncFn(&mut Reader<'_>, &R) -> Result<Vec<K::Record>, Fault>,
    ) -> Result<R, Fault> {
        let asked = Asked::of(request)?;
        let made = async {
            asked.check()?;
            let made = pg::retrying(|| self.several(&asked, &make)).await;
            self.or_made_before(&asked, made).await
        };
        let made = made.await;
        self.settled(&asked, made).await?;
        Ok(asked.ask)
    }

    /// What refuses a repetition may be the effect of the first time, which was not committed yet when its key was looked for.
    async fn or_made_before<R: Ask>(&self, asked: &Asked<R>, made: Result<(), Fault>) -> Result<(), Fault> {
        let Some(keyed) = asked.keyed(self.store()).filter(|_| made.is_err()) else { return made };
        let before = idempotency::replay_anew::<K::Record>(self.kind(), self.store(), &asked.deed(), &keyed).await?;
        if before.is_some() { Ok(()) } else { made }
    }

    async fn several<R: Ask>(
        &self,
        asked: &Asked<R>,
        make: &impl AsyncFn(&mut Reader<'_>, &R) -> Result<Vec<K::Record>, Fault>,
    ) -> Result<(), Fault> {
        let (kind, store) = (self.kind(), self.store());
        // The records are made, whatever the method that makes them is called.
        let deed = Deed { verb: "create".into(), ..asked.deed() };
        let mut keyed = asked.keyed(store);
        let mut tx = pg::begin(store.pool()).await?;
        if let Some(keyed) = &keyed
            && idempotency::replay::<K::Record>(&mut tx, kind, store, &deed, keyed).await?.is_some()
        {
            return Ok(());
        }
        let records = make(&mut Reader::new(&mut tx, store), &asked.ask).await?;
        let mut effects = Vec::with_capacity(records.len());
        for mut record in records {
            let version = Version::first(kind, store.now())?;
            if record.name().is_empty() {
                record.set_name(format!("{}{}", kind.prefix, id_of(version.uid)));
            }
            let mut call = Call::new(store, &deed, version.at, BTreeMap::new());
            K::admit(&mut record, &mut call)?;
            self.check_name(&record)?;
            let state = record.state();
            kind.lead(&mut record, kind.made_in, state)?;
            stamp(&mut record, version, Change::Insert);
            // The key is kept with the first of them: it is used once.
            let effect = kind.effect(&record, version, &deed, keyed.take(), call, store.days())?;
            self.within_sight(&effect)?;
            effect.meet(&mut tx, store).await?;
            effects.push(effect);
        }
        let written = many::write(kind, &effects, &mut *tx).await.map_err(Self::broken)?;
        let all = written.new.len() == effects.len();
        refuse_if(!all, Reason::Contended, "the same request is under way")?;
        for effect in &effects {
            effect.write_follows(&mut tx, store).await?;
        }
        tx.commit().await.map_err(pg::fault)?;
        store.signal().committed(effects.iter().any(Effect::is_timed_at_all));
        Ok(())
    }
}
