//! Corrections of what is registered: a new edition, with what was wrong told beside what is right; pure.

use fault::{Fault, refuse_if};
use proto::consular::v1::{CivilCorrection, CivilParent, CivilPerson, CivilRecord, CorrectCivilRecordRequest, Reason};

/// Puts right what the request names and the record says otherwise. Who made the correction, and when, is yet to be said.
///
/// # Errors
/// `NOTHING_CORRECTED`.
pub(crate) fn corrected(one: &mut CivilRecord, request: CorrectCivilRecordRequest) -> Result<CivilCorrection, Fault> {
    let mut former: Vec<(&str, String)> = Vec::new();
    let mut text = |field: &'static str, old: &mut String, new: String| {
        if !new.is_empty() && *old != new {
            former.push((field, std::mem::replace(old, new)));
        }
    };
    text("eventDate", &mut one.event_date, request.event_date);
    text("place", &mut one.place, request.place);
    text("foreignNumber", &mut one.foreign_number, request.foreign_number);
    let persons = [("subject", &mut one.subject, request.subject), ("spouse", &mut one.spouse, request.spouse)];
    for (field, old, new) in persons {
        if new.is_some() && *old != new {
            former.push((field, old.as_ref().map(in_words).unwrap_or_default()));
            *old = new;
        }
    }
    if !request.parents.is_empty() && one.parents != request.parents {
        former.push(("parents", one.parents.iter().map(parent_in_words).collect::<Vec<_>>().join("; ")));
        one.parents = request.parents;
    }
    refuse_if(former.is_empty(), Reason::NothingCorrected, "a correction says something else than the register")?;
    one.edition += 1;
    let (fields, former) = former.into_iter().map(|(field, old)| (field.to_owned(), old)).unzip();
    let (edition, grounds) = (one.edition, request.grounds);
    Ok(CivilCorrection { grounds, fields, former, edition, ..CivilCorrection::default() })
}

fn in_words(person: &CivilPerson) -> String {
    let CivilPerson { family_name, given_names, birth_date, birth_place, nationality } = person;
    let parts = [family_name, given_names, birth_date, birth_place, nationality];
    parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

fn parent_in_words(parent: &CivilParent) -> String {
    let person = parent.person.as_ref().map(in_words).unwrap_or_default();
    let citizen = if parent.citizen { "our citizen" } else { "not our citizen" };
    format!("{person}, {citizen}, present {} days", parent.presence_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann(birth_place: &str) -> CivilPerson {
        CivilPerson {
            family_name: "Example".into(),
            given_names: "Ann".into(),
            birth_date: "1990-01-01".into(),
            birth_place: birth_place.into(),
            ..CivilPerson::default()
        }
    }

    #[test]
    fn what_was_wrong_is_told_field_by_field_and_what_is_not_named_stays() {
        let parent = |days| CivilParent { person: Some(ann("")), citizen: true, presence_days: days };
        let mut one = CivilRecord {
            edition: 1,
            place: "Lyon".into(),
            event_date: "2026-03-01".into(),
            parents: vec![parent(1_826)],
            ..CivilRecord::default()
        };
        let same = CorrectCivilRecordRequest { place: "Lyon".into(), ..CorrectCivilRecordRequest::default() };
        assert_eq!(corrected(&mut one, same).unwrap_err().reason(), "NOTHING_CORRECTED");
        let request = CorrectCivilRecordRequest {
            place: "Villeurbanne".into(),
            parents: vec![parent(2_000)],
            ..CorrectCivilRecordRequest::default()
        };
        let correction = corrected(&mut one, request).unwrap();
        assert_eq!(correction.fields, ["place", "parents"]);
        assert_eq!(correction.former, ["Lyon", "Example, Ann, 1990-01-01, our citizen, present 1826 days"]);
        assert_eq!((correction.edition, one.edition, one.event_date.as_str()), (2, 2, "2026-03-01"));
    }
}
