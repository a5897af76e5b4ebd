//! A partial update: the fields that a mask names, taken from the request's record into the one that is kept.

use fault::Violation;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use proto::contract::contract;
use proto::shape::Record;
use transcode::tables;

/// The record with the fields of the mask as the patch has them; without a mask, with those the patch has set. A star
/// means all fields but the hidden ones: whoever read them blank did not mean to make them so.
///
/// # Errors
/// A path of the mask that leads nowhere.
pub(crate) fn merged<T: Record>(before: &T, patch: &T, mask: &[String], hidden: &[&str]) -> Result<T, Violation> {
    let named;
    let paths = if mask.is_empty() {
        named = set_fields(patch);
        &named
    } else if mask.iter().any(|path| path == "*") {
        named = fields::<T>().filter(|field| !hidden.contains(&field.as_str())).collect();
        &named
    } else {
        mask
    };
    let message = tables().message(&T::full_name()).expect("every resource is in the contract");
    let wire = message.merge(&before.encode_to_vec(), &patch.encode_to_vec(), paths)?;
    let unreadable = |error| Violation { field: "updateMask".to_owned(), description: format!("{error}") };
    T::decode(wire.as_slice()).map_err(unreadable)
}

fn descriptor<T: Record>() -> MessageDescriptor {
    contract().pool().get_message_by_name(&T::full_name()).expect("every resource is in the contract")
}

/// The names of all fields.
fn fields<T: Record>() -> impl Iterator<Item = String> {
    descriptor::<T>().fields().map(|field| field.name().to_owned()).collect::<Vec<_>>().into_iter()
}

/// The names of the fields that a record has set.
fn set_fields<T: Record>(record: &T) -> Vec<String> {
    let mut message = DynamicMessage::new(descriptor::<T>());
    message.transcode_from(record).expect("the descriptor is the record's own");
    message.fields().map(|(field, _)| field.name().to_owned()).collect()
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

    fn merge(patch: &Mission, mask: &[&str]) -> Result<Mission, Violation> {
        merged(&mission(), patch, &mask.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>(), &["phone"])
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
    }

    #[test]
    fn without_a_mask_what_is_set_counts_and_a_star_means_all() {
        let patch = Mission { seat: "Washington".into(), jurisdictions: vec!["Utah".into()], ..Default::default() };
        let expected = Mission { seat: "Washington".into(), jurisdictions: vec!["Utah".into()], ..mission() };
        assert_eq!(merge(&patch, &[]).unwrap(), expected);
        assert_eq!(merge(&patch, &["*"]).unwrap(), Mission { phone: mission().phone, ..patch.clone() });
    }

    #[test]
    fn a_path_that_leads_nowhere_is_a_violation() {
        assert_eq!(merge(&mission(), &["titel"]).unwrap_err().field, "updateMask");
        assert_eq!(merge(&mission(), &["jurisdictions.x"]).unwrap_err().field, "updateMask");
    }
}
