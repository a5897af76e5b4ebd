//! Points for traffic violations: which of them stand at an instant, and what they do to a licence; pure.

use crate::benefits::DrivingPractice;
use chrono::{DateTime, Months, Utc};

/// A violation, as far as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offence {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Its points.
    pub points: i32,
    /// Whether it suspends a licence by itself.
    pub suspends: bool,
    /// Whether it was voided.
    pub voided: bool,
}

/// What the points do to a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// Nothing.
    None,
    /// It is reviewed.
    Review,
    /// It is suspended.
    Suspension,
}

/// The points that stand at an instant: of violations after the same instant so many months before, and none in the future;
/// those that were voided do not count.
pub fn standing(offences: &[Offence], now: DateTime<Utc>, practice: &DrivingPractice) -> i32 {
    in_window(offences, now, practice).map(|offence| offence.points).fold(0, i32::saturating_add)
}

/// What the points that stand do to a licence. An offence that suspends by itself does so while it stands.
pub fn consequence(offences: &[Offence], now: DateTime<Utc>, practice: &DrivingPractice) -> Consequence {
    let points = standing(offences, now, practice);
    if points >= practice.suspend_at || in_window(offences, now, practice).any(|offence| offence.suspends) {
        Consequence::Suspension
    } else if points >= practice.review_at {
        Consequence::Review
    } else {
        Consequence::None
    }
}

fn in_window<'o>(
    offences: &'o [Offence],
    now: DateTime<Utc>,
    practice: &DrivingPractice,
) -> impl Iterator<Item = &'o Offence> {
    let since = now.checked_sub_months(Months::new(practice.window_months)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    offences.iter().filter(move |offence| !offence.voided && since < offence.at && offence.at <= now)
}
