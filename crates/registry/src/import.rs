//! Import: records from elsewhere, one a message, each made, brought up to date, found unchanged or refused.

use crate::act::Locked;
use crate::asked::{Asked, refused};
use crate::call::Call;
use crate::codec::Sight;
use crate::effect::Change;
use crate::keep::Keep;
use crate::ready::Version;
use crate::registry::{Answer, Feed, Registry};
use crate::update::fixed;
use ::fault::{Fault, Reason as _};
use futures::{Stream, StreamExt as _};
use identity::Called;
use proto::policy::v1::Reason;
use proto::registry::v1::{FieldViolation, ImportFailure, ImportOutcome};
use proto::shape::{Carries, ImportAnswer, Record as _};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::oneshot;
use tonic::{Request, Status};

/// How many lines are worked on side by side.
const SIDE_BY_SIDE: usize = 8;
/// From how many names on those no longer worked on are forgotten.
const MANY_NAMES: usize = 1_000;

/// What a service does to a record that is new in an import, before it is admitted.
type Prepare<T> = dyn Fn(&mut T, &mut Call) -> Result<(), Fault> + Send + Sync;

impl<K: Keep> Registry<K> {
    /// Takes records in, and answers each line in its turn. A line with an id that is known brings that record up to
    /// date, as an update of all its fields would; sent again it changes nothing and writes nothing. `prepare` sets
    /// what the line cannot say of a record that is new; its state is that of the rule. A line that is refused does
    /// not stop the others.
    ///
    /// # Errors
    /// Only what is wrong with the stream as a whole, or with us, ends it.
    pub async fn import<S, R, A>(
        &self,
        request: Request<S>,
        prepare: impl Fn(&mut K::Record, &mut Call) -> Result<(), Fault> + Send + Sync + 'static,
    ) -> Answer<Feed<A>>
    where
        S: Stream<Item = Result<R, Status>> + Send + 'static,
        R: Carries<K::Record>,
        A: ImportAnswer,
    {
        let called = Called::of(&request)?.clone();
        let (registry, prepare): (_, Arc<Prepare<K::Record>>) = (self.clone(), Arc::new(prepare));
        let mut turns = Turns::default();
        let answers = request.into_inner().enumerate().map(move |(n, line)| {
            let (registry, prepare, called) = (registry.clone(), Arc::clone(&prepare), called.clone());
            let turn = line.as_ref().ok().map(|line| turns.after(line.id()));
            async move {
                let asked = Asked { called, ask: line? };
                let mut turn = turn.expect("every line has a turn");
                turn.comes().await;
                let name = format!("{}{}", registry.kind().prefix, asked.ask.id());
                let outcome = pg::retrying(|| registry.line(&asked, &name, prepare.as_ref())).await;
                let number = i64::try_from(n + 1).unwrap_or(i64::MAX);
                match outcome {
                    Ok(outcome) => Ok(A::answer(number, name, outcome, None)),
                    Err(fault) if fault.is_ours() => Err(Status::from(fault)),
                    Err(fault) => Ok(A::answer(number, name, ImportOutcome::Rejected, Some(import_failure(&fault)))),
                }
            }
        });
        Ok(tonic::Response::new(answers.buffered(SIDE_BY_SIDE).boxed()))
    }

    async fn line<R: Carries<K::Record>>(
        &self,
        asked: &Asked<R>,
        name: &str,
        prepare: &Prepare<K::Record>,
    ) -> Result<ImportOutcome, Fault> {
        asked.check()?;
        let missing = || Fault::new(Reason::InvalidFields, "the record is missing");
        let brought = asked.ask.record().cloned().ok_or_else(missing)?;
        let visible = K::visible(asked.principal());
        let Some(before) = self.visible(name, &visible, Sight::WHOLE).await? else {
            return self.line_new(asked, prepare).await;
        };
        if with_outputs::<K>(brought.clone(), &before) == before {
            return Ok(ImportOutcome::Unchanged);
        }
        let mut tx = pg::begin(self.store().pool()).await?;
        let gone = || Fault::new(Reason::Contended, "the record was deleted meanwhile");
        let before = self.lock(&mut tx, name, &visible).await?.ok_or_else(gone)?;
        let (outcome, timed) = self.line_known(&mut tx, asked, brought, before).await?;
        tx.commit().await.map_err(pg::fault)?;
        self.store().signal().committed(timed);
        Ok(outcome)
    }

    async fn line_new<R: Carries<K::Record>>(
        &self,
        asked: &Asked<R>,
        prepare: &Prepare<K::Record>,
    ) -> Result<ImportOutcome, Fault> {
        let (mut record, version) = self.candidate(asked)?;
        let deed = asked.deed();
        let mut call = Call::new(self.store(), &deed, version.at, BTreeMap::new());
        prepare(&mut record, &mut call)?;
        K::admit(&mut record, &mut call)?;
        let effect = self.first(&mut record, version, asked.rule(), &deed, None, call)?;
        match self.insert_alone(&effect).await {
            Ok(_) => {
                self.store().signal().committed(effect.is_timed());
                Ok(ImportOutcome::Created)
            }
            Err(fault) if fault.reason() == Reason::AlreadyExists.name() => {
                // Made by another import meanwhile, and so to be compared; or deleted, or not this caller's to see.
                match self.visible(record.name(), &K::visible(asked.principal()), Sight::WHOLE).await? {
                    Some(_) => Err(Fault::new(Reason::Contended, "the record was made meanwhile")),
                    None => Err(fault),
                }
            }
            Err(fault) => Err(fault),
        }
    }

    /// What became of the line, and whether timers were touched.
    async fn line_known<R: Carries<K::Record>>(
        &self,
        connection: &mut sqlx::PgConnection,
        asked: &Asked<R>,
        brought: K::Record,
        before: Locked<K::Record>,
    ) -> Result<(ImportOutcome, bool), Fault> {
        let mut record = with_outputs::<K>(brought, &before.record);
        if record == before.record {
            return Ok((ImportOutcome::Unchanged, false));
        }
        let changed = record.changed_immutables(&before.record);
        if !changed.is_empty() {
            return Err(refused(fixed::<K::Record, R>(changed)));
        }
        let (deed, version): (_, Version) = (asked.deed(), before.next(self.store().now()));
        let clocks = self.clocks(connection, record.name()).await?;
        let mut call = Call::new(self.store(), &deed, version.at, clocks);
        K::amend(&mut record, &before.record, &mut call)?;
        let written = self.alter(connection, &mut record, version, Change::Update, &deed, None, call).await?;
        let unwritten = || Fault::new(Reason::Internal, "a locked record was not written");
        Ok((ImportOutcome::Updated, written.ok_or_else(unwritten)?.timed))
    }
}

/// What the line brings, with all that lines cannot say as it is kept.
fn with_outputs<K: Keep>(mut brought: K::Record, before: &K::Record) -> K::Record {
    brought.copy_outputs(before);
    brought.set_name(before.name().to_owned());
    brought
}

/// Why a line was refused, as its answer tells it.
pub fn import_failure(fault: &Fault) -> ImportFailure {
    let violation = |violation: &::fault::Violation| FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    };
    ImportFailure {
        reason: fault.reason().to_owned(),
        message: fault.message().to_owned(),
        violations: fault.violations().iter().map(violation).collect(),
    }
}

/// Lines with the same id are worked on one after the other, in the order they came.
#[derive(Default)]
struct Turns(HashMap<String, oneshot::Receiver<()>>);

/// A line's turn: it comes when the line before it with the same id is done, and ends when this is dropped.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _end: oneshot::Sender<()>,
}

impl Turns {
    fn after(&mut self, id: &str) -> Turn {
        if self.0.len() >= MANY_NAMES {
            self.0.retain(|_, line| matches!(line.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let (end, ended) = oneshot::channel();
        Turn { before: self.0.insert(id.to_owned(), ended), _end: end }
    }
}

impl Turn {
    async fn comes(&mut self) {
        if let Some(before) = self.before.take() {
            // It never says anything; it is done when its end is dropped.
            before.await.unwrap_or(());
        }
    }
}
