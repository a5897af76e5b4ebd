//! What a plate is worth at an instant, whatever timers have done by then; pure.

use crate::insurance;
use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use proto::accreditation::v1::Vehicle;
use proto::accreditation::v1::vehicle::State;
use proto::accreditation::v1::verify_plate_response::Finding;
use registry::instant;

/// A plate as it is kept: capitals and digits, without what stands between them.
pub(crate) fn read(plate: &str) -> String {
    let read: String = plate.chars().filter(char::is_ascii_alphanumeric).collect();
    read.to_ascii_uppercase()
}

/// What the plate of a vehicle is worth, whose holder keeps its standing or not. What is stolen or gone is told before all
/// else; a clock that has run out counts though its timer has not fired.
pub(crate) fn worth(vehicle: &Vehicle, keeps: bool, now: DateTime<Utc>) -> Finding {
    let over = |end: &Option<Timestamp>| end.as_ref().and_then(instant).is_none_or(|end| end <= now);
    let insured = vehicle.insurance.as_ref().and_then(insurance::end).is_some_and(|end| now < end);
    match vehicle.state() {
        State::Stolen => Finding::VehicleStolen,
        State::Transferred | State::Exported | State::Scrapped => Finding::PlateToReturn,
        _ if !keeps => Finding::HolderEnded,
        State::Suspended => Finding::PlateSuspended,
        State::InsuranceLapsed if over(&vehicle.cure_end_time) => Finding::PlateSuspended,
        _ if over(&vehicle.registration_end_time) => Finding::PlateSuspended,
        State::InsuranceLapsed => Finding::Uninsured,
        _ if !insured => Finding::Uninsured,
        _ => Finding::PlateValid,
    }
}
