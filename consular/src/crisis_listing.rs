//! The people of a registration as the list of a crisis has them, and where they were when it began. Pure.

use crate::places::Place;
use chrono::NaiveDate;
use proto::consular::v1::crisis_person::Source;
use proto::consular::v1::registration::Stay;
use proto::consular::v1::{Crisis, CrisisPerson, Registration};

/// The people: the registrant first, then those along.
pub(crate) fn people_of(registration: &Registration, crisis: &Crisis, day: NaiveDate) -> Vec<CrisisPerson> {
    let whereabouts = stay_of(registration, crisis, day).map_or_else(String::new, |stay| {
        let words = [&stay.address, &stay.city, &stay.country].map(String::as_str);
        words.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    });
    let listed = |party_number| CrisisPerson {
        crisis: crisis.name.clone(),
        registration: registration.name.clone(),
        party_number,
        source: Source::Registration.into(),
        whereabouts: whereabouts.clone(),
        ..CrisisPerson::default()
    };
    let own = registration.nationalities.first().cloned().unwrap_or_default();
    let mut people = vec![CrisisPerson {
        family_name: registration.family_name.clone(),
        given_names: registration.given_names.clone(),
        birth_date: registration.birth_date.clone(),
        document_number: registration.passport_number.clone(),
        nationality: own,
        ..listed(0)
    }];
    people.extend((1..).zip(&registration.party).map(|(number, member)| CrisisPerson {
        family_name: member.family_name.clone(),
        given_names: member.given_names.clone(),
        birth_date: member.birth_date.clone(),
        document_number: member.passport_number.clone(),
        nationality: member.nationality.clone(),
        ..listed(number)
    }));
    people
}

/// The stay inside the area on that day; if none is any more, because either was told anew since, the stay of that day.
fn stay_of<'r>(registration: &'r Registration, crisis: &Crisis, day: NaiveDate) -> Option<&'r Stay> {
    let is_then = |stay: &&Stay| {
        let from = stay.start_date.parse().is_ok_and(|from: NaiveDate| from <= day);
        from && stay.end_date.parse().map_or(true, |until: NaiveDate| day <= until)
    };
    let inside = Place::area(&crisis.polygon, &crisis.circle).ok().and_then(|place| {
        let Place::Area(area) = place else { return None };
        let inside = registration.positions.iter().filter(|at| area.contains(at.latitude, at.longitude));
        let stays = inside.filter_map(|at| registration.stays.get(usize::try_from(at.stay).ok()?));
        stays.into_iter().find(|stay| is_then(stay))
    });
    inside.or_else(|| registration.stays.iter().find(is_then))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::consular::v1::registration::Position;

    fn stay(city: &str, from: &str, until: &str) -> Stay {
        Stay { city: city.into(), start_date: from.into(), end_date: until.into(), ..Stay::default() }
    }

    fn journey() -> Registration {
        let at = |stay, latitude, longitude| Position { stay, latitude, longitude, ..Position::default() };
        Registration {
            stays: vec![
                stay("Rome", "2026-05-01", "2026-05-05"),
                stay("Taipei", "2026-05-05", "2026-05-09"),
                stay("Hualien", "2026-05-07", "2026-05-12"),
                stay("Hualien again", "2026-06-01", ""),
            ],
            positions: vec![at(0, 41.9, 12.5), at(1, 25.03, 121.56), at(2, 23.98, 121.6), at(3, 23.98, 121.6)],
            ..Registration::default()
        }
    }

    fn whereabouts(circle: &str, day: &str) -> String {
        let crisis = Crisis { circle: circle.into(), ..Crisis::default() };
        people_of(&journey(), &crisis, day.parse().expect("a day")).remove(0).whereabouts
    }

    #[test]
    fn people_are_where_they_are_in_the_area_on_that_day_and_not_where_they_began() {
        let hualien = "23.977,121.604 60";
        assert_eq!(whereabouts(hualien, "2026-05-08"), "Hualien");
        assert_eq!(whereabouts(hualien, "2027-01-01"), "Hualien again");
        assert_eq!(whereabouts("25,121.5 20", "2026-05-08"), "Taipei");
        // Nothing is inside on that day: where they are by then.
        assert_eq!(whereabouts(hualien, "2026-05-02"), "Rome");
        assert_eq!(whereabouts(hualien, "2026-05-20"), "");
    }
}
