//! The registry of one kind of record: what its gRPC service calls.

use crate::append::{Appended, Appender};
use crate::asked::Asked;
use crate::audit::{self, Note};
use crate::batch::Batcher;
use crate::effect::Deed;
use crate::ground::Ground;
use crate::keep::{Keep, Visible};
use crate::kind::Kind;
use crate::store::Store;
use ::fault::Fault;
use futures::Stream;
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// What a method answers.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// What a method answers that sends many messages.
pub type Feed<M> = Pin<Box<dyn Stream<Item = Result<M, tonic::Status>> + Send>>;

/// The registry of one kind of record. Cheap to clone.
///
/// Its methods are what the methods of the gRPC service are made of: each takes the request as it came in and gives
/// the answer as it goes out.
pub struct Registry<K: Keep>(Arc<Inner<K>>);

struct Inner<K: Keep> {
    store: Store,
    kind: &'static Kind,
    /// Only records that are never changed are appended.
    appender: Option<Batcher<Appender<K>>>,
}

impl<K: Keep> Clone for Registry<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Keep> fmt::Debug for Registry<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.0.kind.name).finish()
    }
}

/// A record, and whether it is the answer given to the same request before.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    /// The record, whole.
    pub record: T,
    /// Whether this is a repetition, with no effect of its own.
    pub replayed: bool,
}

impl<T> Kept<T> {
    pub(crate) fn new(record: T) -> Self {
        Self { record, replayed: false }
    }

    pub(crate) fn replayed(record: T) -> Self {
        Self { record, replayed: true }
    }
}

impl<K: Keep> Registry<K> {
    pub(crate) fn new(store: &Store) -> Self {
        let kind = Kind::of_record::<K::Record>();
        let appends = kind.resource.policy().append_only;
        let appender = appends.then(|| Batcher::new(Appender::new(store.pool().clone(), kind)));
        Self(Arc::new(Inner { store: store.clone(), kind, appender }))
    }

    /// A registry for a single use, which appends nothing.
    pub(crate) fn passing(store: &Store) -> Self {
        Self(Arc::new(Inner { store: store.clone(), kind: Kind::of_record::<K::Record>(), appender: None }))
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    pub(crate) fn appender(&self) -> Option<&Batcher<Appender<K>>> {
        self.0.appender.as_ref()
    }

    /// The register it belongs to.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// A record as the caller may see it.
    pub(crate) fn shown<R: Ask>(&self, record: K::Record, asked: &Asked<R>) -> Result<K::Record, Fault> {
        self.kind().codec.shown(record, asked.sight::<K>())
    }

    /// Notes in the audit log what was refused to the caller, and lets the rest pass.
    pub(crate) async fn settled<T, R: Ask>(&self, asked: &Asked<R>, result: Result<T, Fault>) -> Result<T, Fault> {
        let Err(fault) = result else { return result };
        // To one who may see everything, nothing was denied: there just is no such record.
        let blind = fault.reason() == "NOT_FOUND" && K::visible(asked.principal()) == Visible::All;
        if audit::is_denial(&fault) && !blind {
            self.note(asked.deed(), asked.ask.name(), Vec::new(), fault.reason()).await?;
        }
        Err(fault)
    }

    /// Notes a read of one record in the audit log, if the contract wants it noted, before it is answered.
    pub(crate) async fn noted<R: Ask>(&self, asked: &Asked<R>, name: &str) -> Result<(), Fault> {
        if !asked.rule().audited_read {
            return Ok(());
        }
        self.note(asked.deed(), name, Vec::new(), audit::OK).await
    }

    /// Notes which records are given, of a list, an export or a watch, as [`Registry::noted`]: one row for all of them.
    pub(crate) async fn given<'r, R: Ask>(
        &self,
        asked: &Asked<R>,
        records: impl Iterator<Item = &'r K::Record>,
    ) -> Result<(), Fault>
    where
        K::Record: 'r,
    {
        if !asked.rule().audited_read {
            return Ok(());
        }
        let names = records.map(|record| record.name().to_owned()).collect();
        self.note(asked.deed(), asked.ask.name(), names, audit::OK).await
    }

    async fn note(&self, deed: Deed, name: &str, records: Vec<String>, outcome: &str) -> Result<(), Fault> {
        let withheld = deed.principal.reads_in_secret(self.kind().service());
        let (name, outcome, at) = (name.to_owned(), outcome.to_owned(), self.store().now());
        self.store().auditor().note(Note { at, deed, name, records, outcome, withheld }).await
    }

    /// What a database error on a write means: the resource's own word for a constraint it named, or the house's.
    pub(crate) fn broken(error: sqlx::Error) -> Fault {
        match pg::constraint(&error).and_then(K::constraint) {
            Some(fault) => fault.caused_by(error),
            None => pg::fault(error),
        }
    }

    /// Appends a record of a kind that is only ever added to, with everyone else who is appending: one statement
    /// writes all that wait, and each is answered after its commit. A request sent again gets its first answer.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED`; the rule or constraint that the record breaks; the database's.
    pub async fn append<R: Ask>(
        &self,
        called: &identity::Called,
        ask: &R,
        record: K::Record,
    ) -> Result<Kept<K::Record>, Fault> {
        let stands = || Fault::new(Reason::Internal, "a record that rests on nothing was not appended");
        self.append_on(called, ask, record, Vec::new()).await?.ok_or_else(stands)
    }

    /// As [`Registry::append`], of a record that rests on others: none, and nothing is written, if one of them has changed
    /// since. That is seen by the statement that writes it; so it may be made from what is remembered of them.
    ///
    /// # Errors
    /// As [`Registry::append`].
    pub async fn append_on<R: Ask>(
        &self,
        called: &identity::Called,
        ask: &R,
        record: K::Record,
        grounds: Vec<Ground>,
    ) -> Result<Option<Kept<K::Record>>, Fault> {
        let asked = Asked { called: called.clone(), ask: ask.clone() };
        match self.appended(&asked, record, grounds).await? {
            Appended::New(record) => Ok(Some(Kept::new(record))),
            Appended::Before(record) => Ok(Some(Kept::replayed(record))),
            Appended::Groundless => Ok(None),
        }
    }

    /// Notes in the audit log a read of something that is no record of this kind, before it is answered.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_read<R: Ask>(&self, called: &identity::Called, ask: &R) -> Result<(), Fault> {
        self.audit_given(called, ask, Vec::new()).await
    }

    /// As [`Registry::audit_read`], of what is told from these records though the request does not name them.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_given<R: Ask>(
        &self,
        called: &identity::Called,
        ask: &R,
        records: Vec<String>,
    ) -> Result<(), Fault> {
        self.note(Deed::of(called, ask.reason()), ask.name(), records, audit::OK).await
    }

    /// The record that a request brings must have a name of this kind.
    pub(crate) fn check_name(&self, record: &K::Record) -> Result<(), Fault> {
        let id = record.name().strip_prefix(self.kind().prefix);
        if id.is_some_and(|id| !id.is_empty() && !id.contains('/')) {
            return Ok(());
        }
        let words = format!("{:?} is no name of {}", record.name(), self.kind().name);
        Err(Fault::new(proto::policy::v1::Reason::Internal, words))
    }
}
