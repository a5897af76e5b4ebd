//! Every category, derived and limited, in every matter, against values written from the conventions.

use super::{RULES, ask, category, lines, now, person, residence, standing, status, subject};
use accreditation::immunity::{MATTERS, determine};
use proto::accreditation::v1::{Category, Immune, Matter, Status};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Line {
    category: String,
    of: String,
    residence: String,
    of_residence: String,
    status: String,
    arrest: char,
    search: char,
    criminal: char,
    civil: char,
    testimony: char,
    citation: char,
    execution: char,
    tax: char,
    baggage: char,
    social: char,
    service: char,
    source: String,
}

fn read() -> Vec<Line> {
    lines(include_str!("matrix.csv"))
}

impl Line {
    fn expected(&self) -> [(Matter, Immune); 11] {
        let letters = [
            self.arrest,
            self.search,
            self.criminal,
            self.civil,
            self.testimony,
            self.citation,
            self.execution,
            self.tax,
            self.baggage,
            self.social,
            self.service,
        ];
        std::array::from_fn(|index| {
            let value = match letters[index] {
                'Y' => Immune::Yes,
                'N' => Immune::No,
                'O' => Immune::OfficialActsOnly,
                'C' => Immune::Conditional,
                other => panic!("`{other}` is no answer"),
            };
            (MATTERS[index], value)
        })
    }
}

#[test]
fn everyone_enjoys_what_the_conventions_say() {
    let mut wrong = Vec::new();
    for line in read() {
        let timeline = standing(status(&line.status));
        let principal =
            (!line.of.is_empty()).then(|| person(category(&line.of), residence(&line.of_residence), timeline));
        let subject = subject(person(category(&line.category), residence(&line.residence), timeline), principal);
        for (matter, expected) in line.expected() {
            let answer = determine(&RULES, &subject, &ask(matter));
            if answer.immune != expected {
                wrong.push(format!(
                    "{} {} {} {} {}: {} is {:?}, not {expected:?} ({})",
                    line.category,
                    line.residence,
                    line.of,
                    line.of_residence,
                    line.status,
                    matter.as_str_name(),
                    answer.immune,
                    line.source
                ));
            }
            assert_eq!(answer.status, status(&line.status), "{}", line.source);
            assert!(!answer.citations.is_empty() && !answer.advice.is_empty(), "{} {matter:?}", line.category);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_category_and_no_family_is_left_out_of_the_matrix() {
    let lines = read();
    let active = |line: &&Line| line.status == "ACTIVE";
    let own: BTreeSet<_> = lines.iter().filter(active).map(|line| line.category.as_str()).collect();
    let families: BTreeSet<_> = lines
        .iter()
        .filter(active)
        .filter(|line| line.category == "FAMILY_MEMBER")
        .map(|line| line.of.as_str())
        .collect();
    for category in (1..).map_while(|number| Category::try_from(number).ok()) {
        assert!(own.contains(category.as_str_name()), "{} is not in the matrix", category.as_str_name());
        assert!(families.contains(category.as_str_name()), "the family of {} is not", category.as_str_name());
    }
}

#[test]
fn a_tier_is_what_the_matrix_comes_to() {
    for line in read().iter().filter(|line| line.status == "ACTIVE") {
        let timeline = standing(Status::Active);
        let principal =
            (!line.of.is_empty()).then(|| person(category(&line.of), residence(&line.of_residence), timeline));
        let subject = subject(person(category(&line.category), residence(&line.residence), timeline), principal);
        let tier = accreditation::immunity::standing(&RULES, &subject, now()).tier;
        let expected = match (line.arrest, line.criminal, line.testimony, line.civil) {
            ('Y', 'Y', _, 'C') if line.baggage == 'C' => "DIPLOMATIC",
            ('Y', 'Y', ..) => "ADMINISTRATIVE_AND_TECHNICAL",
            ('C', ..) => "CONSULAR",
            (_, 'O', ..) => "OFFICIAL_ACTS",
            _ => "NONE",
        };
        assert_eq!(tier.as_str_name(), expected, "{} of {:?} ({})", line.category, line.of, line.source);
    }
}
