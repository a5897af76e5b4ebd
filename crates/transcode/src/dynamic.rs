//! The few types the tables do not carry (`Any`, `Struct`, `Value`, `ListValue`), by dynamic messages.

use crate::wire::Broken;
use prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};

/// Appends the message as JSON.
pub(crate) fn to_json(descriptor: &MessageDescriptor, wire: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let message =
        DynamicMessage::decode(descriptor.clone(), wire).map_err(|_| Broken("a dynamic value is malformed"))?;
    let options = SerializeOptions::new().skip_default_fields(false);
    message
        .serialize_with_options(&mut serde_json::Serializer::new(out), &options)
        .map_err(|_| Broken("a dynamic value has no JSON form"))
}

/// The wire bytes of one JSON value, or what is wrong with it.
pub(crate) fn to_wire(descriptor: &MessageDescriptor, json: &str) -> Result<Vec<u8>, String> {
    let mut reader = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize_with_options(descriptor.clone(), &mut reader, &DeserializeOptions::new())
        .map(|message| message.encode_to_vec())
        .map_err(|error| format!("must be a {}: {error}", descriptor.full_name()))
}
