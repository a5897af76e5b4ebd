//! When it begins, when it ends, and what is left: to the microsecond.

use super::{RULES, ask, at, person, residing, subject};
use accreditation::immunity::{Person, Question, Residing, Subject, Timeline, determine};
use chrono::{DateTime, TimeDelta, Utc};
use proto::accreditation::v1::{Category, Immune, Matter, Residence, Status, member::EndCause};

const MICROSECOND: TimeDelta = TimeDelta::microseconds(1);

fn criminal(subject: &Subject<'_>, instant: DateTime<Utc>) -> (Status, Immune) {
    let answer = determine(&RULES, subject, &Question { instant, ..ask(Matter::CriminalProsecution) });
    (answer.status, answer.immune)
}

fn cited(subject: &Subject<'_>, instant: DateTime<Utc>) -> Vec<String> {
    let answer = determine(&RULES, subject, &Question { instant, ..ask(Matter::CriminalProsecution) });
    answer.citations.iter().map(|cited| format!("{} {}", cited.instrument, cited.provision)).collect()
}

fn full_life() -> Timeline {
    Timeline {
        arrival: Some(at("2025-03-01T09:30:00Z")),
        notification: Some(at("2025-03-11T12:00:00Z")),
        termination: Some(at("2026-05-15T14:00:00Z")),
        cause: EndCause::Recalled,
        grace_end: Some(at("2026-06-15T04:00:00Z")),
        ..Timeline::default()
    }
}

#[test]
fn each_boundary_belongs_to_what_begins_there() {
    let diplomat = subject(person(Category::DiplomaticStaff, Residence::Foreign, full_life()), None);
    for (boundary, before, after) in [
        ("2025-03-01T09:30:00Z", (Status::Before, Immune::No), (Status::Active, Immune::Yes)),
        ("2026-05-15T14:00:00Z", (Status::Active, Immune::Yes), (Status::GracePeriod, Immune::Yes)),
        ("2026-06-15T04:00:00Z", (Status::GracePeriod, Immune::Yes), (Status::Residual, Immune::OfficialActsOnly)),
    ] {
        assert_eq!(criminal(&diplomat, at(boundary) - MICROSECOND), before, "just before {boundary}");
        assert_eq!(criminal(&diplomat, at(boundary)), after, "at {boundary}");
    }
    assert_eq!(
        criminal(&diplomat, at("2126-01-01T00:00:00Z")),
        (Status::Residual, Immune::OfficialActsOnly),
        "for ever"
    );
}

#[test]
fn departure_ends_the_period_early_and_never_late() {
    let left = |departure: &str| {
        let timeline = Timeline { departure: Some(at(departure)), ..full_life() };
        subject(person(Category::DiplomaticStaff, Residence::Foreign, timeline), None)
    };
    let early = left("2026-05-20T08:00:00Z");
    assert_eq!(criminal(&early, at("2026-05-20T08:00:00Z") - MICROSECOND).0, Status::GracePeriod);
    assert_eq!(criminal(&early, at("2026-05-20T08:00:00Z")).0, Status::Residual);
    let late = left("2026-08-01T00:00:00Z");
    assert_eq!(criminal(&late, at("2026-06-15T04:00:00Z")).0, Status::Residual);
    let before_the_end = left("2026-05-01T00:00:00Z");
    assert_eq!(criminal(&before_the_end, at("2026-05-10T00:00:00Z")).0, Status::Active, "on leave, still in functions");
    assert_eq!(criminal(&before_the_end, at("2026-05-15T14:00:00Z")).0, Status::Residual);
}

#[test]
fn one_already_here_begins_with_the_notification() {
    let timeline = Timeline { already_present: true, arrival: None, ..full_life() };
    for category in [Category::DiplomaticStaff, Category::ConsularOfficer] {
        let present = subject(person(category, Residence::Foreign, timeline), None);
        assert_eq!(criminal(&present, at("2025-03-11T12:00:00Z") - MICROSECOND).0, Status::Before);
        assert_eq!(criminal(&present, at("2025-03-11T12:00:00Z")).0, Status::Active);
    }
    let never = subject(person(Category::DiplomaticStaff, Residence::Foreign, Timeline::default()), None);
    assert_eq!(criminal(&never, at("2026-01-01T00:00:00Z")), (Status::Before, Immune::No), "never entered");
}

#[test]
fn one_declined_is_no_member_from_then_on() {
    let timeline =
        Timeline { termination: None, grace_end: None, decline: Some(at("2025-04-01T00:00:00Z")), ..full_life() };
    let declined = subject(person(Category::DiplomaticStaff, Residence::Foreign, timeline), None);
    assert_eq!(criminal(&declined, at("2025-04-01T00:00:00Z") - MICROSECOND), (Status::Active, Immune::Yes));
    assert_eq!(criminal(&declined, at("2025-04-01T00:00:00Z")), (Status::Residual, Immune::OfficialActsOnly));
    let granted = Timeline { grace_end: Some(at("2025-04-11T00:00:00Z")), ..timeline };
    let given_time = subject(person(Category::DiplomaticStaff, Residence::Foreign, granted), None);
    assert_eq!(criminal(&given_time, at("2025-04-10T00:00:00Z")).0, Status::GracePeriod);
}

#[test]
fn a_period_that_nobody_fixed_lasts_until_departure() {
    let timeline = Timeline { grace_end: None, ..full_life() };
    let leaving = subject(person(Category::DiplomaticStaff, Residence::Foreign, timeline), None);
    assert_eq!(criminal(&leaving, at("2026-12-01T00:00:00Z")).0, Status::GracePeriod);
}

fn spouse_of(principal: Timeline, own: Timeline) -> Subject<'static> {
    let principal = person(Category::DiplomaticStaff, Residence::Foreign, principal);
    subject(person(Category::FamilyMember, Residence::Foreign, own), Some(principal))
}

fn accompanying() -> Timeline {
    Timeline {
        arrival: Some(at("2025-06-01T00:00:00Z")),
        notification: Some(at("2025-06-02T00:00:00Z")),
        ..Timeline::default()
    }
}

#[test]
fn a_widow_keeps_what_she_had_for_a_reasonable_period() {
    let died = Timeline { cause: EndCause::Death, ..full_life() };
    let widow = spouse_of(died, accompanying());
    let ten_days_on = at("2026-05-25T14:00:00Z");
    assert_eq!(criminal(&widow, ten_days_on), (Status::GracePeriod, Immune::Yes));
    assert!(cited(&widow, ten_days_on).ends_with(&["VCDR 39.3".to_owned()]), "{:?}", cited(&widow, ten_days_on));
    assert_eq!(criminal(&widow, at("2026-06-15T04:00:00Z") - MICROSECOND).0, Status::GracePeriod);
    assert_eq!(criminal(&widow, at("2026-06-15T04:00:00Z")), (Status::Residual, Immune::No));
    let left = spouse_of(died, Timeline { departure: Some(ten_days_on), ..accompanying() });
    assert_eq!(criminal(&left, ten_days_on).0, Status::Residual, "her own departure ends it");
}

#[test]
fn a_family_begins_and_ends_with_the_principal_and_by_itself() {
    let spouse = spouse_of(full_life(), accompanying());
    assert_eq!(
        criminal(&spouse, at("2025-06-01T00:00:00Z") - MICROSECOND).0,
        Status::Before,
        "the principal alone is here"
    );
    assert_eq!(criminal(&spouse, at("2025-06-01T00:00:00Z")), (Status::Active, Immune::Yes));
    assert_eq!(criminal(&spouse, at("2026-05-15T14:00:00Z")).0, Status::GracePeriod);
    assert!(cited(&spouse, at("2026-05-20T00:00:00Z")).ends_with(&["VCDR 39.2".to_owned()]));
    assert_eq!(criminal(&spouse, at("2026-06-15T04:00:00Z")), (Status::Residual, Immune::No), "nothing residual");

    let ahead = Timeline { arrival: Some(at("2025-01-01T00:00:00Z")), ..accompanying() };
    assert_eq!(
        criminal(&spouse_of(full_life(), ahead), at("2025-02-01T00:00:00Z")).0,
        Status::Before,
        "the family is ahead"
    );

    let separated = Timeline {
        termination: Some(at("2025-10-01T00:00:00Z")),
        cause: EndCause::LeftHousehold,
        grace_end: Some(at("2025-11-01T05:00:00Z")),
        ..accompanying()
    };
    let former = spouse_of(full_life(), separated);
    assert_eq!(criminal(&former, at("2025-10-01T00:00:00Z")).0, Status::GracePeriod);
    assert_eq!(criminal(&former, at("2025-11-01T05:00:00Z")), (Status::Residual, Immune::No));
}

#[test]
fn the_principals_departure_does_not_strand_the_household() {
    let gone = Timeline { departure: Some(at("2026-05-16T00:00:00Z")), ..full_life() };
    let spouse = spouse_of(gone, accompanying());
    assert_eq!(criminal(&spouse, at("2026-06-01T00:00:00Z")), (Status::GracePeriod, Immune::Yes));
}

#[test]
fn what_held_when_is_asked_of_the_facts_in_force_then() {
    let facts = [
        Residing { from: at("2025-03-11T12:00:00Z"), residence: Residence::Foreign },
        Residing { from: at("2025-12-01T00:00:00Z"), residence: Residence::PermanentResident },
    ];
    let member = Person { category: Category::DiplomaticStaff, residence: &facts, timeline: full_life() };
    let settled = Subject {
        sending_state: "FR",
        honorary_post: false,
        member,
        relation: Default::default(),
        principal: None,
        waived: &[],
    };
    assert_eq!(criminal(&settled, at("2025-03-05T00:00:00Z")).1, Immune::Yes, "what came first holds before it too");
    assert_eq!(criminal(&settled, at("2025-12-01T00:00:00Z") - MICROSECOND).1, Immune::Yes);
    assert_eq!(criminal(&settled, at("2025-12-01T00:00:00Z")).1, Immune::OfficialActsOnly);
}

#[test]
fn who_settles_here_afterwards_keeps_the_immunity_of_former_acts() {
    let facts = [
        residing(Residence::Foreign)[0],
        Residing { from: at("2027-01-01T00:00:00Z"), residence: Residence::National },
    ];
    let staff =
        Person { category: Category::AdministrativeAndTechnicalStaff, residence: &facts, timeline: full_life() };
    let former = Subject {
        sending_state: "FR",
        honorary_post: false,
        member: staff,
        relation: Default::default(),
        principal: None,
        waived: &[],
    };
    assert_eq!(criminal(&former, at("2028-01-01T00:00:00Z")), (Status::Residual, Immune::OfficialActsOnly));
}

#[test]
fn consular_people_follow_their_own_convention_in_time() {
    let consul = subject(person(Category::ConsularOfficer, Residence::Foreign, full_life()), None);
    assert!(cited(&consul, at("2026-05-20T00:00:00Z")).contains(&"VCCR 53.3".to_owned()));
    assert!(cited(&consul, at("2026-07-20T00:00:00Z")).contains(&"VCCR 53.4".to_owned()));
    assert!(cited(&consul, at("2025-02-20T00:00:00Z")).contains(&"VCCR 53.1".to_owned()));
}
