//! Published vectors and every exception of the conventions.

use super::{RULES, category, lines, person, question, residence, standing, status, subject};
use accreditation::immunity::{Subject, determine};
use proto::accreditation::v1::{Category, Immune, Residence};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Line {
    set: String,
    who: String,
    of: String,
    residence: String,
    status: String,
    asked: String,
    immune: String,
    rests_on: String,
    source: String,
}

#[test]
fn every_vector_is_answered_with_its_provisions() {
    for line in lines::<Line>(include_str!("cases.csv")) {
        let timeline = standing(status(&line.status));
        let principal = (!line.of.is_empty()).then(|| person(category(&line.of), Residence::Foreign, timeline));
        let subject = subject(person(category(&line.who), residence(&line.residence), timeline), principal);
        let answer = determine(&RULES, &subject, &question(&line.asked));
        let what = format!("{} {} {} ({})", line.set, line.who, line.asked, line.source);
        assert_eq!(answer.immune.as_str_name(), line.immune, "{what}");
        let cited: Vec<_> =
            answer.citations.iter().map(|cited| format!("{} {}", cited.instrument, cited.provision)).collect();
        let mut rest = cited.iter();
        for wanted in line.rests_on.split(';').filter(|wanted| !wanted.is_empty()) {
            assert!(rest.any(|cited| cited == wanted), "{what}: {wanted} is not cited, or not in order, in {cited:?}");
        }
        if answer.immune == Immune::Conditional {
            assert!(!answer.conditions.is_empty(), "{what}: it does not say on what it depends");
        }
    }
}

#[test]
fn an_answer_says_on_what_it_depends_and_nothing_else() {
    let consul = person(Category::ConsularOfficer, Residence::Foreign, standing(status("ACTIVE")));
    let subject = subject(consul, None);
    let of_contract = determine(&RULES, &subject, &question("CIVIL_SUIT civil_action=CONTRACT"));
    assert_eq!(of_contract.conditions.len(), 1, "{:?}", of_contract.conditions);
    assert!(of_contract.conditions[0].contains("agent of the sending state"));
    let of_anything = determine(&RULES, &subject, &question("CIVIL_SUIT"));
    assert_eq!(of_anything.conditions.len(), 3, "contract, accident, counter-claim");
}

#[test]
fn an_officer_is_told_what_to_do() {
    let active = standing(status("ACTIVE"));
    let told = |who, asked| {
        let subject = subject(person(who, Residence::Foreign, active), None);
        determine(&RULES, &subject, &question(asked)).advice.to_owned()
    };
    assert!(told(Category::DiplomaticStaff, "ARREST_OR_DETENTION").starts_with("Do not arrest"));
    assert!(told(Category::DiplomaticStaff, "TRAFFIC_CITATION").starts_with("Issue the citation; do not arrest."));
    assert!(
        told(Category::ConsularOfficer, "ARREST_OR_DETENTION").starts_with("Do not arrest unless the crime is grave")
    );
    let warrant = told(Category::ConsularOfficer, "ARREST_OR_DETENTION grave_crime=true judicial_decision=true");
    assert!(warrant.starts_with("Arrest on the judge's order is allowed."));
    assert!(told(Category::HonoraryConsularOfficer, "ARREST_OR_DETENTION").starts_with("Arrest is allowed"));
    let bag = told(Category::DiplomaticStaff, "BAGGAGE_INSPECTION serious_grounds=true");
    assert!(bag.contains("only in the person's or an agent's presence"));
}

/// VCCR art. 1.2: chapter II does not govern such posts, and chapter III lists article 43, 44.3 and 55.1, and nothing for
/// families (art. 58.2, 58.3).
#[test]
fn at_a_post_of_an_honorary_officer_nobody_has_what_a_career_post_gives() {
    use Category as C;
    let active = standing(status("ACTIVE"));
    let asked = |who, of: Option<Category>, honorary_post, what| {
        let principal = of.map(|of| person(of, Residence::Foreign, active));
        let subject = Subject { honorary_post, ..subject(person(who, Residence::Foreign, active), principal) };
        determine(&RULES, &subject, &question(what)).immune
    };
    for (who, of) in [
        (C::ConsularEmployee, None),
        (C::ConsularServiceStaff, None),
        (C::FamilyMember, Some(C::ConsularEmployee)),
        (C::FamilyMember, Some(C::ConsularServiceStaff)),
    ] {
        for what in ["SOCIAL_SECURITY", "PUBLIC_SERVICE", "TAXATION tax_kind=OTHER_TAX"] {
            assert_eq!(asked(who, of, true, what), Immune::No, "{who:?} of {of:?}: {what}");
        }
        assert_eq!(asked(who, of, false, "PUBLIC_SERVICE"), Immune::Yes, "{who:?} of {of:?} at a career post");
    }
    let private = |post| asked(C::ConsularPrivateStaff, Some(C::ConsularEmployee), post, "SOCIAL_SECURITY");
    assert_eq!((private(false), private(true)), (Immune::Conditional, Immune::No));
    let employee = |what| asked(C::ConsularEmployee, None, true, what);
    assert_eq!(employee("CRIMINAL_PROSECUTION"), Immune::OfficialActsOnly);
    assert_eq!(employee("TESTIMONY official_matters=true"), Immune::Yes);
    assert_eq!(employee("CIVIL_SUIT civil_action=VEHICLE_ACCIDENT"), Immune::No);
    assert_eq!(
        asked(C::HonoraryConsularOfficer, None, true, "PUBLIC_SERVICE"),
        Immune::Yes,
        "article 67 is the officer's"
    );
}
