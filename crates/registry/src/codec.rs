//! Records as JSON documents and back, and what of them a caller may read.

use crate::doc::Doc;
use fault::Fault;
use identity::{Clearance, Principal};
use prost::Message;
use proto::policy::v1::Reason;
use std::borrow::Cow;
use transcode::{Beside, Which, tables};

/// From what clearance on classified fields are shown.
const CLEARED: Clearance = Clearance::Secret;
/// What is never kept.
const SHOWN_ONCE: Which = Which { personal: false, classified: false, shown_once: true, internal: false };

/// How one type of record is written and read. Costs nothing to copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    message: transcode::Message<'static>,
    /// Whether some of its fields are not for everyone.
    sensitive: bool,
}

impl Codec {
    pub(crate) fn of(full_name: &str) -> Self {
        let message = tables().message(full_name).expect("every resource is in the contract");
        // Redaction hands back what it was given if the type has nothing to redact.
        let sensitive = matches!(message.redact(&[], Which::ALL), Cow::Owned(_));
        Self { message, sensitive }
    }

    /// The document to keep of a record on the wire: all of it but secrets that are shown once.
    pub(crate) fn written(self, wire: &[u8]) -> Result<Doc, Fault> {
        self.written_json(wire).map(Doc::new)
    }

    /// As [`Codec::written`], to be added to.
    pub(crate) fn written_json(self, wire: &[u8]) -> Result<Vec<u8>, Fault> {
        self.without(wire, SHOWN_ONCE)
    }

    /// The document that events carry, where it is not the same.
    pub(crate) fn event_doc<T: Message>(self, record: &T) -> Result<Option<Doc>, Fault> {
        self.sensitive.then(|| self.without(&record.encode_to_vec(), Which::ALL).map(Doc::new)).transpose()
    }

    /// The record that a document says.
    pub(crate) fn record<T: Message + Default>(self, json: &[u8], sight: Sight) -> Result<T, Fault> {
        let mut wire = Vec::new();
        self.message.to_wire(json, &mut wire).map_err(unreadable)?;
        T::decode(&*self.seen(&wire, sight)).map_err(unreadable)
    }

    /// As [`Codec::record`], of a document that has more than the record: with the JSON of what else it has of `names`.
    pub(crate) fn record_beside<'j, T: Message + Default>(
        self,
        json: &'j [u8],
        sight: Sight,
        names: &'j [&'j str],
    ) -> Result<(T, Beside<'j>), Fault> {
        let mut wire = Vec::new();
        let beside = self.message.to_wire_beside(json, &mut wire, names).map_err(unreadable)?;
        Ok((T::decode(&*self.seen(&wire, sight)).map_err(unreadable)?, beside))
    }

    /// Adds to the record fields that were kept apart, as far as they may be seen.
    pub(crate) fn add<T: Message>(self, record: &mut T, wire: &[u8], sight: Sight) -> Result<(), Fault> {
        record.merge(&*self.seen(wire, sight)).map_err(unreadable)
    }

    /// The record as far as it may be seen.
    pub(crate) fn shown<T: Message + Default>(self, record: T, sight: Sight) -> Result<T, Fault> {
        if !self.sensitive || sight == Sight::WHOLE {
            return Ok(record);
        }
        T::decode(&*self.seen(&record.encode_to_vec(), sight)).map_err(unreadable)
    }

    /// The names, in the contract, of the record's own fields that are kept from one with this sight.
    pub(crate) fn hidden(self, sight: Sight) -> Vec<&'static str> {
        self.message.redacted(sight.hides()).collect()
    }

    fn seen(self, wire: &[u8], sight: Sight) -> Cow<'_, [u8]> {
        if !self.sensitive || sight == Sight::WHOLE {
            return Cow::Borrowed(wire);
        }
        self.message.redact(wire, sight.hides())
    }

    fn without(self, wire: &[u8], which: Which) -> Result<Vec<u8>, Fault> {
        let mut json = Vec::new();
        self.message.to_json(&self.message.redact(wire, which), &mut json).map_err(unwritable)?;
        Ok(json)
    }
}

/// What a caller may read of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) personal: bool,
    pub(crate) classified: bool,
    /// What the office that keeps the records has for itself.
    pub(crate) internal: bool,
}

impl Sight {
    /// Everything.
    pub(crate) const WHOLE: Self = Self { personal: true, classified: true, internal: true };
    /// What everyone may read.
    pub(crate) const PUBLIC: Self = Self { personal: false, classified: false, internal: false };

    fn hides(self) -> Which {
        let Self { personal, classified, internal } = self;
        Which { personal: !personal, classified: !classified, shown_once: false, internal: !internal }
    }

    /// What this caller may read of a service's records, being of the office that keeps them or not.
    pub(crate) fn of(principal: &Principal, service: &str, internal: bool) -> Self {
        let personal = principal.may_read_personal(service);
        Self { personal, classified: personal && principal.clearance >= CLEARED, internal }
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(Reason::Internal, "a kept record cannot be read").caused_by(error)
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(Reason::Internal, "a record cannot be written").caused_by(error)
}
