//! A partial update: the fields that a mask names, taken from the request's record into the one that is kept.

use fault::Violation;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value};
use proto::contract::contract;
use proto::shape::Record;

/// The record with the fields of the mask as the patch has them; without a mask, with those the patch has set.
///
/// # Errors
/// Paths of the mask that lead nowhere, all at once.
pub(crate) fn merged<T: Record>(before: &T, patch: &T, mask: &[String]) -> Result<T, Vec<Violation>> {
    if mask == ["*"] {
        return Ok(patch.clone());
    }
    let descriptor = contract().pool().get_message_by_name(&T::full_name());
    let descriptor = descriptor.expect("every generated message is in the contract it was generated from");
    let (mut record, patch) = (dynamic(before, &descriptor), dynamic(patch, &descriptor));
    if mask.is_empty() {
        for (field, value) in patch.fields() {
            record.set_field(&field, value.clone());
        }
    }
    let wrong = |(path, words): (&String, String)| Violation {
        field: "updateMask".to_owned(),
        description: format!("{path} {words}"),
    };
    let refused = mask.iter().filter_map(|path| apply(&mut record, &patch, path).err().map(|words| (path, words)));
    let violations: Vec<_> = refused.map(wrong).collect();
    if !violations.is_empty() {
        return Err(violations);
    }
    Ok(record.transcode_to().expect("a message of the same type reads it"))
}

fn dynamic<T: Record>(record: &T, descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    message.transcode_from(record).expect("the descriptor is the record's own");
    message
}

/// Takes what stands at one path, or its absence.
fn apply(record: &mut DynamicMessage, patch: &DynamicMessage, path: &str) -> Result<(), String> {
    let (head, tail) = path.split_once('.').map_or((path, None), |(head, tail)| (head, Some(tail)));
    let descriptor = record.descriptor();
    let field = field(&descriptor, head).ok_or("is no field of the record")?;
    let Some(tail) = tail else {
        if patch.has_field(&field) {
            record.set_field(&field, patch.get_field(&field).into_owned());
        } else {
            record.clear_field(&field);
        }
        return Ok(());
    };
    if field.is_list() || field.is_map() || !matches!(field.kind(), Kind::Message(_)) {
        return Err("leads into a field that can only be replaced whole".to_owned());
    }
    let inner = patch.get_field(&field);
    let (Some(inner), Value::Message(target)) = (inner.as_message(), record.get_field_mut(&field)) else {
        return Err("is no field of the record".to_owned());
    };
    apply(target, inner, tail)
}

/// The field by its name in the contract or in JSON.
fn field(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::accreditation::v1::Mission;
    use proto::google::r#type::PostalAddress;

    fn mission() -> Mission {
        let address = PostalAddress { region_code: "US".into(), postal_code: "20007".into(), ..Default::default() };
        Mission {
            title: "Embassy".into(),
            phone: "+1 202".into(),
            jurisdictions: vec!["Ohio".into(), "Iowa".into()],
            address: Some(address),
            ..Default::default()
        }
    }

    fn merge(patch: &Mission, mask: &[&str]) -> Result<Mission, Vec<Violation>> {
        merged(&mission(), patch, &mask.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_path_takes_its_value_or_its_absence_and_nothing_else() {
        let patch = Mission { title: "Chancery".into(), jurisdictions: vec!["Utah".into()], ..Default::default() };
        let merged = merge(&patch, &["title", "phone", "jurisdictions"]).unwrap();
        let expected =
            Mission { title: "Chancery".into(), phone: String::new(), jurisdictions: vec!["Utah".into()], ..mission() };
        assert_eq!(merged, expected);
    }

    #[test]
    fn a_nested_path_leaves_its_neighbours() {
        let address = PostalAddress { postal_code: "20008".into(), region_code: "FR".into(), ..Default::default() };
        let patch = Mission { address: Some(address), ..Default::default() };
        for path in ["address.postal_code", "address.postalCode"] {
            let address = merge(&patch, &[path]).unwrap().address.unwrap();
            assert_eq!((address.postal_code.as_str(), address.region_code.as_str()), ("20008", "US"));
        }
        let cleared = merge(&Mission::default(), &["address.postal_code"]).unwrap().address.unwrap();
        assert_eq!((cleared.postal_code.as_str(), cleared.region_code.as_str()), ("", "US"));
    }

    #[test]
    fn without_a_mask_what_is_set_counts_and_a_star_means_all() {
        let patch = Mission { seat: "Washington".into(), ..Default::default() };
        assert_eq!(merge(&patch, &[]).unwrap(), Mission { seat: "Washington".into(), ..mission() });
        assert_eq!(merge(&patch, &["*"]).unwrap(), patch);
    }

    #[test]
    fn every_path_that_leads_nowhere_is_named() {
        let violations = merge(&mission(), &["titel", "jurisdictions.x", "title", "address.zip"]).unwrap_err();
        let words: Vec<_> = violations.iter().map(|violation| violation.description.as_str()).collect();
        assert_eq!(
            words,
            [
                "titel is no field of the record",
                "jurisdictions.x leads into a field that can only be replaced whole",
                "address.zip is no field of the record",
            ]
        );
    }
}
