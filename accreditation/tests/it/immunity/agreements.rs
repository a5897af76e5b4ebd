//! What the home state agreed with single states comes first, and what limits a convention limits an agreement.

use super::{RULES, ask, at, now, person, standing, subject};
use accreditation::immunity::{Question, Rules, Subject, determine};
use proto::accreditation::v1::{Category, Immune, Matter, Residence, Status, Tier};

const TEST_ROWS: &str = r#"
    home = "XA"
    [provision."XA-XB 5"]
    instrument = "Consular Convention between XA and XB"
    provision = "5"
    effect = "Consular officers and their families may not be prosecuted."
    [provision."XA-XB 6"]
    instrument = "Consular Convention between XA and XB"
    provision = "6"
    effect = "Nationals serving as consular officers are taxed as others are."
    [[override]]
    sending_states = ["XB"]
    categories = ["CONSULAR_OFFICER"]
    persons = ["MEMBER", "FAMILY"]
    from = "2020-01-01"
    until = "2026-11-21"
    tier = "ADMINISTRATIVE_AND_TECHNICAL"
    [override.rules]
    CRIMINAL_PROSECUTION = { value = "YES", cite = ["XA-XB 5"] }
    [[override]]
    sending_states = ["*"]
    categories = ["IO_OFFICIAL"]
    persons = ["MEMBER"]
    residence = ["NATIONAL", "PERMANENT_RESIDENT"]
    [override.rules]
    PUBLIC_SERVICE = { value = "NO", cite = ["XA-XB 6"] }
"#;

fn rules() -> Rules {
    Rules::with_agreements("XA", TEST_ROWS).expect("the test's agreements are in order")
}

fn from(state: &'static str, subject: Subject<'static>) -> Subject<'static> {
    Subject { sending_state: state, ..subject }
}

fn officer(residence: Residence, status: Status) -> Subject<'static> {
    subject(person(Category::ConsularOfficer, residence, standing(status)), None)
}

#[test]
fn an_agreement_is_for_its_state_its_people_and_its_time() {
    let rules = rules();
    let immune = |subject: &Subject<'_>, question| determine(&rules, subject, &question).immune;
    let prosecution = ask(Matter::CriminalProsecution);
    let theirs = from("XB", officer(Residence::Foreign, Status::Active));
    assert_eq!(immune(&theirs, prosecution), Immune::Yes);
    assert_eq!(immune(&from("XC", theirs), prosecution), Immune::OfficialActsOnly, "another state's");
    let employee =
        from("XB", subject(person(Category::ConsularEmployee, Residence::Foreign, standing(Status::Active)), None));
    assert_eq!(immune(&employee, prosecution), Immune::OfficialActsOnly, "another category");
    assert_eq!(immune(&theirs, ask(Matter::SearchOfResidence)), Immune::No, "another matter");
    let last_instant = at("2026-11-21T23:59:59.999999Z");
    assert_eq!(immune(&theirs, Question { instant: last_instant, ..prosecution }), Immune::Yes);
    let after = at("2026-11-22T00:00:00Z");
    assert_eq!(immune(&theirs, Question { instant: after, ..prosecution }), Immune::OfficialActsOnly, "after its time");

    let answer = determine(&rules, &theirs, &prosecution);
    assert_eq!(answer.citations[0].instrument, "Consular Convention between XA and XB");
    assert_eq!(answer.tier, Tier::AdministrativeAndTechnical);
}

#[test]
fn nationality_family_and_time_limit_an_agreement() {
    let rules = rules();
    let immune = |subject: &Subject<'_>| determine(&rules, subject, &ask(Matter::CriminalProsecution)).immune;
    assert_eq!(immune(&from("XB", officer(Residence::National, Status::Active))), Immune::OfficialActsOnly);
    assert_eq!(immune(&from("XB", officer(Residence::Foreign, Status::Before))), Immune::No);
    assert_eq!(immune(&from("XB", officer(Residence::Foreign, Status::GracePeriod))), Immune::Yes);
    assert_eq!(immune(&from("XB", officer(Residence::Foreign, Status::Residual))), Immune::OfficialActsOnly);
    let spouse = |own, principal| {
        let active = standing(Status::Active);
        let principal = person(Category::ConsularOfficer, principal, active);
        from("XB", subject(person(Category::FamilyMember, own, active), Some(principal)))
    };
    assert_eq!(immune(&spouse(Residence::Foreign, Residence::Foreign)), Immune::Yes);
    assert_eq!(immune(&spouse(Residence::National, Residence::Foreign)), Immune::No);
    assert_eq!(immune(&spouse(Residence::Foreign, Residence::National)), Immune::No);
}

#[test]
fn a_rule_for_every_state_reaches_those_it_names() {
    let rules = rules();
    let official = |residence| subject(person(Category::IoOfficial, residence, standing(Status::Active)), None);
    let immune = |subject: &Subject<'_>| determine(&rules, subject, &ask(Matter::PublicService)).immune;
    assert_eq!(immune(&official(Residence::National)), Immune::No);
    assert_eq!(immune(&from("", official(Residence::National))), Immune::No, "an organisation's own people too");
    assert_eq!(immune(&official(Residence::Foreign)), Immune::Yes);
}

#[test]
fn the_agreements_of_a_home_are_not_anothers() {
    let chinese_consul = from("CN", officer(Residence::Foreign, Status::Active));
    let washington = Rules::of_home("US").expect("the agreements shipped are in order");
    let question = Question { instant: now(), ..ask(Matter::ArrestOrDetention) };
    let there = determine(&washington, &chinese_consul, &question);
    assert_eq!((there.immune, there.tier), (Immune::Yes, Tier::AdministrativeAndTechnical));
    assert_eq!(determine(&RULES, &chinese_consul, &question).immune, Immune::Conditional);
    let envoy = subject(person(Category::ResidentRepresentative, Residence::Foreign, standing(Status::Active)), None);
    assert_eq!(determine(&washington, &envoy, &question).citations[0].provision, "s. 15");
    assert_eq!(determine(&RULES, &envoy, &question).citations[0].instrument, "Headquarters agreement");
    assert!(Rules::with_agreements("XC", TEST_ROWS).is_err());
}

#[test]
fn everything_wrong_with_agreements_is_said_at_once() {
    let wrong = r#"
        home = "XA"
        [provision."UNUSED 1"]
        instrument = "I"
        provision = "1"
        effect = "It is never cited."
        [[override]]
        sending_states = ["France"]
        categories = ["AMBASSADOR", "FAMILY_MEMBER"]
        persons = ["EVERYONE"]
        residence = ["ABROAD"]
        from = "2026-01-01"
        until = "2025-01-01"
        tier = "HIGH"
        [override.rules]
        CRIMINAL_PROSECUTION = { value = "CONDITIONAL", cite = ["XA-XB 9"], except = "X9", limits = ["none"] }
        PARKING = { value = "NO", cite = ["VCDR 29"] }
        TESTIMONY = { value = "NO", cite = [] }
        TRAFFIC_CITATION = { value = "NO", cite = ["VCDR 29"] }
    "#;
    let errors = Rules::with_agreements("XA", wrong).expect_err("hardly anything in it is right").0;
    let said = errors.join("\n");
    for part in [
        "`France`",
        "`AMBASSADOR`",
        "`FAMILY_MEMBER`",
        "`EVERYONE`",
        "`ABROAD`",
        "ends before",
        "`HIGH`",
        "`CONDITIONAL`",
        "`XA-XB 9`",
        "`X9`",
        "`none`",
        "`PARKING`",
        "cites no provision",
        "citation may be issued",
        "`UNUSED 1`: nothing refers",
    ] {
        assert!(said.contains(part), "{part} is not among\n{said}");
    }
}
