//! What a kind of record adds to the registry: who sees it, what it takes to be admitted, what its timers do.

use crate::call::Call;
use crate::reader::Reader;
use fault::Fault;
use identity::Principal;
use proto::policy::v1::Reason;
use proto::shape::Record;
use std::sync::Arc;

/// The rules of one kind of record, on a type of the service's own (the one that implements the gRPC service).
///
/// All of them are pure: they see the record and the call, and decide. Facts about other records are gathered
/// beforehand, in the same transaction ([`Registry::create_with`](crate::Registry::create_with),
/// [`Registry::act_with`](crate::Registry::act_with)).
pub trait Keep: Send + Sync + 'static {
    /// The records.
    type Record: Record;

    /// Which records a caller may see. The same answer rules reads, lists, watchers, exports and verbs, and is asked
    /// of the database, so that nothing shows through a page or a count.
    fn visible(to: &Principal) -> Visible;

    /// Whether a caller is of the office that keeps these records. Whoever is not, and sees some of them because they are
    /// the caller's own, reads them without the contract's `internal` fields and without who did what in the office.
    fn of_office(to: &Principal) -> bool {
        let _ = to;
        true
    }

    /// What it takes to become a record. Every way to make one passes here: create and import. The record has its
    /// name, unless the caller left it to us; setting `name` here gives it one.
    ///
    /// # Errors
    /// The rule that the record breaks.
    fn admit(record: &mut Self::Record, call: &mut Call) -> Result<(), Fault> {
        let _ = (record, call);
        Ok(())
    }

    /// What an update must not do, beyond the contract's own rules.
    ///
    /// # Errors
    /// The rule that the change breaks.
    fn amend(record: &mut Self::Record, before: &Self::Record, call: &mut Call) -> Result<(), Fault> {
        let _ = (record, before, call);
        Ok(())
    }

    /// What happens when a timer is due. The contract says in which states it fires, and to which it leads.
    ///
    /// # Errors
    /// If it cannot happen now; it is tried again later.
    fn fire(record: &mut Self::Record, timer: &str, call: &mut Call) -> Result<(), Fault> {
        let _ = (record, call);
        Err(Fault::new(Reason::Internal, format!("nothing is to be done for the timer {timer}")))
    }

    /// As [`Keep::fire`], with facts about other records, and with consequences for them. It gathers, then leaves the
    /// decision to a plain function; the record is locked, and `reader` locks further ones from the top down.
    ///
    /// # Errors
    /// As [`Keep::fire`], and what the reader gives.
    fn fire_with(
        record: &mut Self::Record,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = reader;
        async move { Self::fire(record, timer, call) }
    }

    /// What it means that a named constraint of the table is broken; none leaves it to the registry.
    fn constraint(name: &str) -> Option<Fault> {
        let _ = name;
        None
    }
}

/// Which records a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Every one.
    All,
    /// None.
    None,
    /// Those that have all of these values: a filterable field of text, or `name`, and its value.
    Where(Vec<(&'static str, Arc<str>)>),
}

impl Visible {
    /// The records that have this value in this field.
    pub fn having(field: &'static str, value: &Arc<str>) -> Self {
        Self::Where(vec![(field, Arc::clone(value))])
    }

    /// Every record, to our own people; none to partner agencies and to the staff of foreign missions.
    pub fn ours_alone(to: &Principal) -> Self {
        if to.mission.is_some() || to.agency.is_some() { Self::None } else { Self::All }
    }

    /// As [`Visible::ours_alone`], for records that a post of ours keeps, named in their field `post`: who serves at one
    /// post sees its own, headquarters every one.
    pub fn of_our_post(to: &Principal) -> Self {
        match (&to.post, Self::ours_alone(to)) {
            (Some(post), Self::All) => Self::having("post", post),
            (_, sight) => sight,
        }
    }
}
