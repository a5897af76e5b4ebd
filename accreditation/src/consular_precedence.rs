//! The order among heads of consular posts; pure (VCCR art. 9, 16).

use chrono::{DateTime, Utc};

/// What a head of post's place rests on. What stands first in it weighs most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PostClaim {
    /// The class, counted from 1 for consuls-general (art. 9.1, 16.1).
    pub(crate) class: i32,
    /// Honorary heads rank in each class after career heads (art. 16.5).
    pub(crate) honorary: bool,
    /// The grant of the exequatur, or the provisional admission before it (art. 16.1, 16.2).
    pub(crate) admitted: DateTime<Utc>,
    /// The presentation of the commission, for those admitted at one instant (art. 16.3).
    pub(crate) presented: DateTime<Utc>,
    /// The post's title in the language of our protocol.
    pub(crate) title: String,
    /// The record behind it. No two claims have the same.
    pub(crate) record: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(class: i32, honorary: bool, admitted: i64, presented: i64, record: &str) -> PostClaim {
        let at = |days: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::days(days);
        let (title, record) = ("Consulate".into(), record.into());
        PostClaim { class, honorary, admitted: at(admitted), presented: at(presented), title, record }
    }

    #[test]
    fn class_then_career_then_admission_then_commission_decide() {
        let mut claims = [
            claim(2, false, 1, 1, "consul"),
            claim(1, true, 1, 1, "honorary consul-general"),
            claim(1, false, 9, 5, "admitted together, commission later"),
            claim(1, false, 9, 4, "admitted together, commission earlier"),
            claim(1, false, 3, 9, "admitted first"),
        ];
        claims.sort();
        let order: Vec<_> = claims.iter().map(|claim| claim.record.as_str()).collect();
        assert_eq!(
            order,
            [
                "admitted first",
                "admitted together, commission earlier",
                "admitted together, commission later",
                "honorary consul-general",
                "consul"
            ]
        );
    }
}
