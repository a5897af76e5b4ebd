//! Which courtesies of the port a traveller's rank gives a claim to, and why; pure, by the table of our practice.

use crate::usage::Courtesies;
use chrono::NaiveDate;
use proto::accreditation::v1::port_courtesy::{Courtesy, Direction, Rank};
use proto::accreditation::v1::{Companion, CourtesyClaim, PortCourtesy, Relation};

/// Of each courtesy asked for, whether there is a claim to it.
pub(crate) fn claims(asked: &PortCourtesy, practice: &Courtesies) -> Vec<CourtesyClaim> {
    let mut courtesies: Vec<Courtesy> = asked.courtesies().collect();
    courtesies.sort_unstable();
    courtesies.dedup();
    courtesies.into_iter().map(|courtesy| claim(asked, courtesy, practice)).collect()
}

fn claim(asked: &PortCourtesy, courtesy: Courtesy, practice: &Courtesies) -> CourtesyClaim {
    let (direction, rank) = (asked.direction(), asked.rank());
    let answer = |eligible, explanation: String, source: &str| CourtesyClaim {
        courtesy: courtesy.into(),
        eligible,
        explanation,
        source: source.to_owned(),
    };
    let Some(rule) = practice.claim.iter().find(|rule| rule.courtesy == courtesy.as_str_name()) else {
        return answer(false, format!("{} is not granted at all", courtesy.as_str_name()), "");
    };
    let way = Direction::from_str_name(&rule.direction).unwrap_or_default();
    if way != Direction::Unspecified && way != direction {
        let words = format!("{} is granted on {} only", courtesy.as_str_name(), way.as_str_name());
        return answer(false, words, &rule.source);
    }
    // Ranks are numbered from the highest down.
    let least = Rank::from_str_name(&rule.least_rank).unwrap_or_default();
    let ranked = rank != Rank::Unspecified && rank <= least;
    let words = format!("{} is held against {} and above", rank.as_str_name(), least.as_str_name());
    if ranked && rule.without_protective_detail && asked.protective_detail {
        return answer(false, format!("{words}; not with a protective detail of ours"), &rule.source);
    }
    answer(ranked, words, &rule.source)
}

/// Whether the traveller's courtesies cover one who travels along on that day.
pub(crate) fn covers(companion: &Companion, day: NaiveDate, practice: &Courtesies) -> bool {
    match companion.relation() {
        Relation::Spouse | Relation::Partner => true,
        Relation::Child | Relation::StudentChild | Relation::DisabledChild => {
            let born: Option<NaiveDate> = companion.birth_date.parse().ok();
            born.and_then(|born| day.years_since(born)).is_some_and(|age| age < practice.child_under)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::usage;

    fn asked(rank: Rank, direction: Direction, courtesy: Courtesy, protective_detail: bool) -> bool {
        let (rank, direction) = (rank.into(), direction.into());
        let courtesies = vec![courtesy.into()];
        let asked = PortCourtesy { rank, direction, courtesies, protective_detail, ..PortCourtesy::default() };
        let claims = claims(&asked, &usage().courtesies);
        assert_eq!(claims.len(), 1);
        assert!(!claims[0].explanation.is_empty());
        claims[0].eligible
    }

    #[test]
    fn screening_under_escort_is_for_ministers_who_leave_without_our_detail() {
        use Courtesy::EscortScreening as Escort;
        let ranks: Vec<_> = (1..=9).map(|number| Rank::try_from(number).expect("it is a rank")).collect();
        let eligible: Vec<_> = ranks.iter().filter(|rank| asked(**rank, Direction::Departure, Escort, false)).collect();
        assert_eq!(eligible.len(), 5, "cabinet-equivalent and above: {eligible:?}");
        assert!(!asked(Rank::CabinetMinister, Direction::Arrival, Escort, false));
        assert!(!asked(Rank::CabinetMinister, Direction::Departure, Escort, true));
    }

    #[test]
    fn every_courtesy_has_its_rule() {
        for number in 1..=5 {
            let courtesy = Courtesy::try_from(number).expect("it is a courtesy");
            let either = [Direction::Arrival, Direction::Departure];
            assert!(either.into_iter().any(|way| asked(Rank::HeadOfState, way, courtesy, false)), "{courtesy:?}");
            assert!(either.into_iter().all(|way| !asked(Rank::OtherRank, way, courtesy, false)), "{courtesy:?}");
        }
    }

    #[test]
    fn a_spouse_is_covered_and_a_child_until_its_twelfth_birthday() {
        let day = "2026-05-10".parse().expect("a date");
        let one = |relation: Relation, born: &str| {
            let (relation, birth_date) = (relation.into(), born.to_owned());
            covers(&Companion { relation, birth_date, ..Companion::default() }, day, &usage().courtesies)
        };
        assert!(one(Relation::Spouse, ""));
        assert!(one(Relation::Child, "2014-05-11"), "twelve tomorrow");
        assert!(!one(Relation::Child, "2014-05-10"), "twelve today");
        assert!(!one(Relation::Child, ""), "of unknown age");
        assert!(!one(Relation::OtherHousehold, "2020-01-01"));
    }
}
