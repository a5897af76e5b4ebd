//! Whether a vehicle's insurance is enough and runs; pure (VCCR art. 56).

use crate::benefits::Minimum;
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use proto::accreditation::v1::{Insurance, Reason};
use registry::instant;

/// Whether the insurance runs now and covers what is asked at least: by three limits, or by one for all of it.
pub(crate) fn suffices(insurance: &Insurance, minimum: &Minimum, now: DateTime<Utc>) -> Result<(), Fault> {
    let runs = start(insurance).is_some_and(|start| start <= now) && end(insurance).is_some_and(|end| now < end);
    refuse_if(!runs, Reason::InsuranceNotRunning, "the insurance does not run now")?;
    let by_limits = insurance.bodily_per_person >= minimum.per_person
        && insurance.bodily_per_accident >= minimum.per_accident
        && insurance.property >= minimum.property;
    let enough = by_limits || insurance.combined >= minimum.combined;
    let words = format!(
        "the least cover is {} for a person, {} for an accident and {} for property, or {} for all of it",
        minimum.per_person, minimum.per_accident, minimum.property, minimum.combined
    );
    refuse_if(!enough, Reason::InsuranceTooLow, words)
}

/// When it ends.
pub(crate) fn end(insurance: &Insurance) -> Option<DateTime<Utc>> {
    insurance.end_time.as_ref().and_then(instant)
}

fn start(insurance: &Insurance) -> Option<DateTime<Utc>> {
    insurance.start_time.as_ref().and_then(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMUM: Minimum = Minimum { per_person: 100, per_accident: 300, property: 100, combined: 300 };

    fn insurance(limits: [i64; 4]) -> Insurance {
        let [bodily_per_person, bodily_per_accident, property, combined] = limits;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let (start_time, end_time) = (at(100), at(200));
        Insurance {
            bodily_per_person,
            bodily_per_accident,
            property,
            combined,
            start_time,
            end_time,
            ..Default::default()
        }
    }

    fn judged(insurance: &Insurance, seconds: i64) -> String {
        let now = DateTime::from_timestamp(seconds, 0).expect("it is near");
        suffices(insurance, &MINIMUM, now).map_or_else(|fault| fault.reason().to_owned(), |()| "OK".to_owned())
    }

    #[test]
    fn three_limits_or_one_suffice() {
        for (limits, expected) in [
            ([100, 300, 100, 0], "OK"),
            ([0, 0, 0, 300], "OK"),
            ([99, 300, 100, 0], "INSURANCE_TOO_LOW"),
            ([100, 299, 100, 0], "INSURANCE_TOO_LOW"),
            ([100, 300, 99, 0], "INSURANCE_TOO_LOW"),
            ([99, 1000, 1000, 299], "INSURANCE_TOO_LOW"),
        ] {
            assert_eq!(judged(&insurance(limits), 150), expected, "{limits:?}");
        }
    }

    #[test]
    fn it_runs_from_its_first_instant_and_not_at_its_end() {
        let good = insurance([0, 0, 0, 300]);
        for (seconds, expected) in
            [(99, "INSURANCE_NOT_RUNNING"), (100, "OK"), (199, "OK"), (200, "INSURANCE_NOT_RUNNING")]
        {
            assert_eq!(judged(&good, seconds), expected, "{seconds}");
        }
    }
}
