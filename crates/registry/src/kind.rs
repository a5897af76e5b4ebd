//! What the contract says about one kind of record, made ready once: table, columns, states, timers, SQL texts.

use crate::codec::Codec;
use crate::column::Column;
use crate::sealed::Sealed;
use crate::texts::Texts;
use fault::Fault;
use proto::contract::{Kind as Does, Method, Resource, contract};
use proto::policy::v1::{Automatic, Reason};
use proto::shape::Record;
use std::collections::HashMap;
use std::sync::LazyLock;

/// One kind of record.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The collection, by which history, outbox and timers know it: `identityCards`.
    pub(crate) name: &'static str,
    pub(crate) resource: &'static Resource,
    /// What stands before the id in a name: `identityCards/`.
    pub(crate) prefix: &'static str,
    pub(crate) codec: Codec,
    pub(crate) columns: Vec<Column>,
    /// The fields that are kept as ciphertext, if there are any.
    pub(crate) sealed: Option<Sealed>,
    /// Whether any field is found by `q`.
    pub(crate) searchable: bool,
    /// Whether what `q` finds is personal data.
    pub(crate) searches_personal: bool,
    pub(crate) texts: Texts,
    /// The state, or states, in which records are made.
    pub(crate) made_in: &'static [String],
}

static KINDS: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
    let resources = contract().resources().iter();
    resources.map(|resource| (resource.message().full_name(), Kind::of(resource))).collect()
});

impl Kind {
    /// The kind of a type of record.
    pub(crate) fn of_record<T: Record>() -> &'static Self {
        KINDS.get(T::full_name().as_str()).expect("only messages that are resources implement Record")
    }

    fn of(resource: &'static Resource) -> Self {
        let pattern = resource.pattern();
        let prefix = pattern.split_once('{').map_or("", |(prefix, _)| prefix);
        assert!(
            pattern.strip_prefix(prefix).is_some_and(|id| !id.contains('/')) && prefix.ends_with('/'),
            "{pattern}: names have a collection and one id"
        );
        let searchable = |field: &&proto::contract::Field| field.policy().searchable;
        let hidden = |field: &proto::contract::Field| field.policy().personal || field.policy().classified;
        let makes = |method: &&'static Method| {
            *method.kind() == Does::Create && method.resource() == Some(resource.message().full_name())
        };
        let sealed = Sealed::of(resource);
        Self {
            name: resource.collection(),
            resource,
            prefix,
            codec: Codec::of(resource.message().full_name()),
            columns: Column::all(resource),
            searchable: resource.fields().iter().any(|field| searchable(&field)),
            searches_personal: resource.fields().iter().filter(searchable).any(hidden),
            texts: Texts::of(&resource.policy().table, timed(resource), sealed.is_some()),
            sealed,
            made_in: contract().methods().iter().find(makes).map_or(&[], |method| method.rule().to.as_slice()),
        }
    }

    /// The service whose resource it is: `accreditation`.
    pub(crate) fn service(&self) -> &'static str {
        self.resource.service()
    }

    /// Whether records have timers.
    pub(crate) fn has_timers(&self) -> bool {
        timed(self.resource)
    }

    /// What a timer does when it is due.
    pub(crate) fn automatic(&self, timer: &str) -> Option<&'static Automatic> {
        let automatic = self.resource.policy().automatic.iter();
        automatic.filter(|automatic| !automatic.timer.is_empty()).find(|automatic| automatic.timer == timer)
    }

    /// What follows for such a record from a change of another, by its verb.
    pub(crate) fn following(&self, verb: &str) -> Option<&'static Automatic> {
        let automatic = self.resource.policy().automatic.iter();
        automatic.filter(|automatic| automatic.timer.is_empty()).find(|automatic| automatic.verb == verb)
    }

    /// The name of a state.
    pub(crate) fn state_name(&self, state: i32) -> String {
        let known = self.resource.states().and_then(|states| states.get_value(state));
        known.map_or_else(|| state.to_string(), |value| value.name().to_owned())
    }

    /// The number of a state that a rule names.
    pub(crate) fn state_number(&self, name: &str) -> Result<i32, Fault> {
        let known = self.resource.states().and_then(|states| states.get_value_by_name(name));
        known
            .map(|value| value.number())
            .ok_or_else(|| Fault::new(Reason::Internal, format!("{} have no state {name}", self.name)))
    }

    /// That there is no such record, or none the caller may see: the two are told in the same words.
    pub(crate) fn not_found(&self, name: &str) -> Fault {
        Fault::new(Reason::NotFound, format!("there is no {name}")).with("name", name)
    }
}

fn timed(resource: &Resource) -> bool {
    resource.policy().automatic.iter().any(|automatic| !automatic.timer.is_empty())
}
