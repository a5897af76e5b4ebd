//! The immunity engine: the conventions' own matrix, published vectors, time, agreements, the table's checks, properties.

mod agreements;
mod cases;
mod matrix;
mod properties;
mod table;
mod time;

use accreditation::immunity::{Circumstances, Person, Question, Residing, Rules, Subject, Timeline};
use chrono::{DateTime, TimeDelta, Utc};
use proto::accreditation::v1::{Category, CivilAction, Matter, Relation, Residence, Status, TaxKind, member::EndCause};
use std::sync::LazyLock;

/// The table shipped, for a home state without agreements of its own.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::of_home("XA").expect("the table shipped is complete"));

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The instant the questions of the tables are asked at.
fn now() -> DateTime<Utc> {
    at("2026-11-21T02:14:00Z")
}

/// One fact of residence, from long ago.
fn residing(residence: Residence) -> &'static [Residing] {
    static FACTS: LazyLock<[[Residing; 1]; 4]> = LazyLock::new(|| {
        [Residence::Unspecified, Residence::Foreign, Residence::National, Residence::PermanentResident]
            .map(|residence| [Residing { from: at("2020-01-01T00:00:00Z"), residence }])
    });
    &FACTS[residence as usize]
}

/// A timeline that stands so at [`now`].
fn standing(status: Status) -> Timeline {
    let days = TimeDelta::days;
    let begun =
        Timeline { arrival: Some(now() - days(300)), notification: Some(now() - days(290)), ..Timeline::default() };
    let ended = |ago: i64| Timeline {
        termination: Some(now() - days(ago)),
        cause: EndCause::Recalled,
        grace_end: Some(now() - days(ago) + days(30)),
        ..begun
    };
    match status {
        Status::Before => {
            Timeline { arrival: Some(now() + days(1)), notification: Some(now() - days(9)), ..Timeline::default() }
        }
        Status::GracePeriod => ended(10),
        Status::Residual => ended(240),
        Status::Active | Status::Unspecified => begun,
    }
}

fn person(category: Category, residence: Residence, timeline: Timeline) -> Person<'static> {
    Person { category, residence: residing(residence), timeline }
}

fn subject(member: Person<'static>, principal: Option<Person<'static>>) -> Subject<'static> {
    let relation = if member.category == Category::FamilyMember { Relation::Spouse } else { Relation::Unspecified };
    Subject { sending_state: "FR", honorary_post: false, member, relation, principal, waived: &[] }
}

fn ask(matter: Matter) -> Question {
    Question { matter, instant: now(), circumstances: Circumstances::default() }
}

/// `CIVIL_SUIT civil_action=CONTRACT contract_as_agent=true` as a question.
fn question(text: &str) -> Question {
    let mut words = text.split(' ');
    let matter = words.next().and_then(Matter::from_str_name).unwrap_or_else(|| panic!("no matter in `{text}`"));
    let mut question = ask(matter);
    let known = &mut question.circumstances;
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("no value in `{word}`"));
        let fact = || Some(value.parse().unwrap_or_else(|_| panic!("`{value}` is neither true nor false")));
        match name {
            "civil_action" => known.civil_action = Some(CivilAction::from_str_name(value).expect("a civil action")),
            "tax_kind" => known.tax_kind = Some(TaxKind::from_str_name(value).expect("a kind of tax")),
            "grave_crime" => known.grave_crime = fact(),
            "judicial_decision" => known.judicial_decision = fact(),
            "held_for_mission" => known.held_for_mission = fact(),
            "contract_as_agent" => known.contract_as_agent = fact(),
            "official_matters" => known.official_matters = fact(),
            "infringes_inviolability" => known.infringes_inviolability = fact(),
            "serious_grounds" => known.serious_grounds = fact(),
            _ => panic!("no circumstance `{name}`"),
        }
    }
    question
}

/// Reads a CSV file of cases: `#` begins a comment.
fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("the file of cases is well formed")
}

fn category(name: &str) -> Category {
    Category::from_str_name(name).unwrap_or_else(|| panic!("no category `{name}`"))
}

fn residence(name: &str) -> Residence {
    Residence::from_str_name(name).unwrap_or_else(|| panic!("no residence `{name}`"))
}

fn status(name: &str) -> Status {
    Status::from_str_name(name).unwrap_or_else(|| panic!("no status `{name}`"))
}
