//! Rehearsals: what a verb would do, to its record and to others, with nothing written and nobody kept waiting.

use crate::act::locked;
use crate::asked::Asked;
use crate::call::Call;
use crate::codec::Sight;
use crate::column::Place;
use crate::doc::Doc;
use crate::keep::Keep;
use crate::kind::Kind;
use crate::reader::Reader;
use crate::registry::Registry;
use crate::secret::Secret;
use crate::sql::Sql;
use ::fault::Fault;
use proto::shape::{Ask, Record};
use tonic::Request;

/// What a verb would do.
#[derive(Debug)]
pub struct Rehearsed<T> {
    /// The record as it would be.
    pub record: T,
    /// What would follow for other records, in the order it would be written.
    pub follows: Vec<Foreseen>,
}

/// What would become of another record.
#[derive(Debug)]
pub struct Foreseen {
    /// Its name.
    pub name: String,
    /// The automatic verb.
    pub verb: String,
    kind: &'static Kind,
    doc: Doc,
    secret: Secret,
}

impl Foreseen {
    /// The record as it would be, if it is of this kind.
    ///
    /// # Errors
    /// `INTERNAL` if it cannot be read.
    pub fn record<T: Record>(&self) -> Result<Option<T>, Fault> {
        let kind = Kind::of_record::<T>();
        std::ptr::eq(kind, self.kind)
            .then(|| kind.record(self.doc.json(), self.secret.known(), Sight::WHOLE))
            .transpose()
    }
}

impl<K: Keep> Registry<K> {
    /// Does a verb as [`Registry::act_with`] would, by the same gathering and the same rule, but writes nothing: it
    /// reads one snapshot of the register, locks nothing, and says what would be. The method's own rule says in which
    /// states it may be asked.
    ///
    /// # Errors
    /// As [`Registry::act_with`].
    pub async fn rehearse<R: Ask, G>(
        &self,
        request: Request<R>,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: impl Fn(&mut K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Result<Rehearsed<K::Record>, Fault> {
        let asked = Asked::of(request)?;
        let verb = |record: &mut _, _: &_, ask, gathered, call: &mut _| verb(record, ask, gathered, call);
        let rehearsed = self.rehearsed(&asked, &gather, &verb).await;
        let rehearsed = self.settled(&asked, rehearsed).await?;
        self.noted(&asked, asked.ask.name()).await?;
        Ok(rehearsed)
    }

    async fn rehearsed<R: Ask, G>(
        &self,
        asked: &Asked<R>,
        gather: &impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: &impl Fn(&mut K::Record, &K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Result<Rehearsed<K::Record>, Fault> {
        asked.check()?;
        let (kind, name) = (self.kind(), asked.ask.name());
        let mut tx = pg::begin(self.store().pool()).await?;
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await
            .map_err(pg::fault)?;
        let mut text = Sql::new("select uid, version, updated_at, ");
        text.push(&kind.texts.doc)
            .push(" from ")
            .push(&kind.texts.table)
            .push(" where deleted_at is null and name = ")
            .bind(name.to_owned());
        text.visible(&K::visible(asked.principal()), kind, Place::Table)?;
        let found = text.query().fetch_optional(&mut *tx).await.map_err(pg::fault)?;
        let row = found.ok_or_else(|| kind.not_found(name))?;
        let before = locked::<K::Record>(&row, name, kind, self.store())?;
        let (record, _, call) =
            self.decided(Reader::unlocking(&mut tx, self.store()), asked, &before, gather, verb).await?;
        let (_, follows) = call.into_parts();
        let foreseen = |follow: crate::follow::Follow| Foreseen {
            name: follow.effect.name,
            verb: follow.effect.deed.verb.to_string(),
            kind: follow.kind,
            doc: follow.effect.doc,
            secret: follow.effect.secret,
        };
        Ok(Rehearsed { record, follows: follows.into_iter().map(foreseen).collect() })
    }
}
