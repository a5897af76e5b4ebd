//! Update: fields of a record by mask and etag, within the contract's rules for the record as a whole.

use crate::act::Etag;
use crate::asked::{Asked, refused, sight};
use crate::call::Call;
use crate::effect::Change;
use crate::keep::Keep;
use crate::merge;
use crate::reader::Reader;
use crate::registry::{Answer, Registry};
use fault::{Fault, Violation};
use identity::Called;
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use proto::contract::contract;
use proto::policy::v1::Reason;
use proto::shape::{Ask, Carries, Record};
use tonic::Request;

impl<K: Keep> Registry<K> {
    /// Changes the fields that the request's mask names, or those its record has set if it has no mask. Fields that
    /// callers cannot set stay as they are; the record as it then is keeps the contract's rules and [`Keep::amend`].
    ///
    /// # Errors
    /// `ETAG_REQUIRED`, `STALE_ETAG`, `NOT_FOUND`, `WRONG_STATE`; `INVALID_FIELDS` with every violation, among them
    /// fields that must stay as they were made.
    pub async fn update<R: Carries<K::Record>>(&self, request: Request<R>) -> Answer<K::Record> {
        self.update_with(request, async |_, _, _| Ok(()), |_, _, (), _| Ok(())).await
    }

    /// As [`Registry::update`], with facts about other records: `gather` reads them, and may lock them, in the
    /// transaction that then writes the change; `amend` decides by them, after [`Keep::amend`]. As for
    /// [`Registry::act_with`], `gather` captures nothing.
    ///
    /// # Errors
    /// As [`Registry::update`], and what `gather` and `amend` refuse.
    pub async fn update_with<R: Carries<K::Record>, G>(
        &self,
        request: Request<R>,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        amend: impl Fn(&mut K::Record, &K::Record, G, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record> {
        // Without a record there is no name to begin with.
        if request.get_ref().record().is_none() {
            Asked::of(request)?.check()?;
            return Err(Fault::new(Reason::InvalidFields, "the record is missing").into());
        }
        let kind = self.kind();
        let hidden = kind.codec.hidden(sight::<K>(&Called::of(&request)?.principal));
        let amend = |record: &mut K::Record, before: &K::Record, ask: R, gathered, call: &mut _| {
            *record = amended(before, &ask, &hidden)?;
            K::amend(record, before, call)?;
            amend(record, before, gathered, call)
        };
        self.answer(request, Change::Update, Etag::Required, gather, amend).await
    }
}

/// The record with the request's fields, if the contract allows it so.
pub(crate) fn amended<T: Record, R: Carries<T>>(before: &T, ask: &R, hidden: &[&str]) -> Result<T, Fault> {
    let patch = ask.record().cloned().unwrap_or_default();
    let mask = ask.mask().map(|mask| mask.paths.clone()).unwrap_or_default();
    let mut record = merge::merged(before, &patch, &mask, hidden).map_err(|violation| refused(vec![violation]))?;
    record.copy_outputs(before);
    record.set_name(before.name().to_owned());
    let changed = record.changed_immutables(before);
    if changed.is_empty() {
        return Ok(record);
    }
    Err(refused(fixed::<T, R>(changed)))
}

/// The violations of changing fields that must stay as they were made.
pub(crate) fn fixed<T: Record, R: Ask>(changed: Vec<&'static str>) -> Vec<Violation> {
    let field = carrier::<T>(contract().pool().get_message_by_name(&R::full_name()));
    let fixed = |name| Violation {
        field: format!("{field}.{name}"),
        description: "cannot be changed once the record is made".to_owned(),
    };
    changed.into_iter().map(fixed).collect()
}

/// The JSON name of the field of a request that holds the record.
pub(crate) fn carrier<T: Record>(request: Option<MessageDescriptor>) -> String {
    let kept = T::full_name();
    let holds = |field: &FieldDescriptor| field.kind().as_message().is_some_and(|message| message.full_name() == kept);
    let field = request.and_then(|request| request.fields().find(holds));
    field.map_or_else(String::new, |field| field.json_name().to_owned())
}
