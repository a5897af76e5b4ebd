//! The rule table is checked whole: nothing missing, nothing unknown, nothing unused, and every error at once.

use accreditation::immunity::{ANSWERS, MATTERS, Rules};
use proto::accreditation::v1::{Immune, Matter, Tier};

const ADVICE: &str = include_str!("../../../data/immunity/advice.toml");
const DIPLOMATIC: &str = include_str!("../../../data/immunity/vcdr.toml");
const CONSULAR: &str = include_str!("../../../data/immunity/vccr.toml");
const ORGANISATIONS: &str = include_str!("../../../data/immunity/organisations.toml");

fn errors_of(parts: &[&str]) -> Vec<String> {
    Rules::parse(parts, "XA", "").err().map(|invalid| invalid.0).unwrap_or_default()
}

#[test]
fn every_row_cites_a_provision_with_words_and_every_answer_has_advice() {
    let rules = Rules::of_home("US").expect("the table shipped is complete");
    let mut rows = 0;
    for (class, matter, row) in rules.table() {
        rows += 1;
        assert!(!row.cite.is_empty(), "{} {matter:?}", class.name);
        assert!(row.cite.iter().all(|cited| cited.effect.ends_with('.')), "{} {matter:?}", class.name);
        assert!(row.cases.iter().all(|case| case.condition.ends_with('.')), "{} {matter:?}", class.name);
    }
    assert_eq!(rows % MATTERS.len(), 0);
    assert!(rows / MATTERS.len() > 40, "{rows} rows");
    for tier in (1..).map_while(|number| Tier::try_from(number).ok()) {
        assert!(!rules.level_text(tier).is_empty(), "{tier:?}");
    }
    assert_eq!(ANSWERS.len(), 4);
}

#[test]
fn a_table_is_known_by_its_version_and_its_bytes() {
    let identity = |parts: &[&str]| Rules::parse(parts, "XA", "").expect("complete").identity().to_owned();
    let shipped = identity(&[ADVICE, DIPLOMATIC, CONSULAR, ORGANISATIONS]);
    let (version, digits) = shipped.split_once(' ').expect("a version and digits");
    assert!(!version.is_empty() && digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let reworded = DIPLOMATIC.replace("no arrest or detention in any form", "neither arrest nor detention");
    assert_ne!(identity(&[ADVICE, &reworded, CONSULAR, ORGANISATIONS]), shipped);
    let of_home = |home| Rules::of_home(home).expect("complete").identity().to_owned();
    assert_ne!(of_home("US"), of_home("XA"), "the agreements count");
}

#[test]
fn everything_wrong_with_a_table_is_said_at_once() {
    let diplomatic = DIPLOMATIC
        .replace("PUBLIC_SERVICE = { value = \"YES\", cite = [\"VCDR 35\"] }", "")
        .replace(
            "ARREST_OR_DETENTION = { value = \"YES\", cite = [\"VCDR 29\"]",
            "ARREST_OR_DETENTION = { value = \"YES\", cite = [\"VCDR 99\"]",
        )
        .replace(
            "CIVIL_SUIT = { value = \"YES\", cite = [\"VCDR 31.1\"], except = \"X1\"",
            "CIVIL_SUIT = { value = \"MAYBE\", cite = [\"VCDR 31.1\"], except = \"X3\"",
        )
        .replace("former = \"FORMER_MISSION_MEMBER\"", "former = \"FORMER_MEMBER\"")
        .replace("categories = [\"SERVICE_STAFF\"]", "categories = [\"DIPLOMATIC_STAFF\"]")
        .replace("civil_action = \"SUCCESSION\" }", "civil_action = \"DIVORCE\" }");
    let errors = errors_of(&[ADVICE, &diplomatic, CONSULAR, ORGANISATIONS]);
    let said = errors.join("\n");
    for part in [
        "DIPLOMATIC_AGENT`, PUBLIC_SERVICE: there is no row",
        "`VCDR 99` is no provision",
        "`MAYBE` is no decided answer",
        "`X3` is no exception",
        "`FORMER_MEMBER` is no class",
        "DIPLOMATIC_STAFF begins in two classes",
        "category SERVICE_STAFF: it begins in no class",
        "`DIVORCE` is no civil action",
    ] {
        assert!(said.contains(part), "{part} is not among\n{said}");
    }
    assert!(errors_of(&[ADVICE, DIPLOMATIC, CONSULAR, ORGANISATIONS]).is_empty());
}

#[test]
fn no_table_can_immunise_against_a_citation_or_before_and_after() {
    let citation = DIPLOMATIC.replacen(
        "TRAFFIC_CITATION = { value = \"NO\", cite = [\"VCDR 41.1\"] }",
        "TRAFFIC_CITATION = { value = \"YES\", cite = [\"VCDR 41.1\"] }",
        1,
    );
    let said = errors_of(&[ADVICE, &citation, CONSULAR, ORGANISATIONS]).join("\n");
    assert!(said.contains("a citation may be issued to anyone"), "{said}");
    let for_ever = CONSULAR.replace(
        "CRIMINAL_PROSECUTION = { value = \"OFFICIAL_ACTS_ONLY\", cite = [\"VCCR 53.4\"] }",
        "CRIMINAL_PROSECUTION = { value = \"YES\", cite = [\"VCCR 53.4\"] }",
    );
    let said = errors_of(&[ADVICE, DIPLOMATIC, &for_ever, ORGANISATIONS]).join("\n");
    assert!(said.contains("before and after, nobody is immune but for official acts"), "{said}");
}

#[test]
fn a_table_given_twice_or_not_at_all_is_refused() {
    let twice = errors_of(&[ADVICE, DIPLOMATIC, CONSULAR, ORGANISATIONS, CONSULAR]).join("\n");
    assert!(twice.contains("class `CONSULAR_OFFICER`: it is given twice"), "{twice}");
    let silent = errors_of(&["", DIPLOMATIC, CONSULAR, ORGANISATIONS]).join("\n");
    assert!(
        silent.contains("version: it is missing") && silent.contains("advice for TESTIMONY NO: it is missing"),
        "{silent}"
    );
    assert!(!errors_of(&["class = 3"]).is_empty());
    assert!(!errors_of(&[]).is_empty());
}

#[test]
fn a_class_like_itself_has_no_rows() {
    let circle = DIPLOMATIC
        .replace("[class.TEMPORARY]", "[class.TEMPORARY]\nlike = \"TEMPORARY\"")
        .replace("all = { value = \"NO\", cite = [\"VCDR 1(b)\"] }", "");
    let said = errors_of(&[ADVICE, &circle, CONSULAR, ORGANISATIONS]).join("\n");
    assert!(said.contains("class `TEMPORARY`, TESTIMONY: there is no row"), "{said}");
}

#[test]
fn rows_decide_and_only_cases_make_an_answer_conditional() {
    let rules = Rules::of_home("US").expect("the table shipped is complete");
    for (class, matter, row) in rules.table() {
        let values = row.cases.iter().map(|case| case.value).chain([row.value]);
        assert!(values.clone().all(|value| value != Immune::Conditional), "{} {matter:?}", class.name);
        assert!(matter != Matter::TrafficCitation || values.clone().all(|value| value == Immune::No), "{}", class.name);
    }
}
