//! Lists of carriers in a crisis: who is known is noted to have been aboard, who is new is listed, and a list that comes
//! again changes nothing, also at the same instant.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{World, officer, world};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use proto::consular::v1::crisis_person::{Source, State};
use proto::consular::v1::{self as pb, CrisisPerson, Passage};
use proto::registry::v1::ImportOutcome::{self, Created, Rejected, Unchanged, Updated};

const OPERATOR: &str = "people/operator";

fn passage(seat: &str) -> Passage {
    Passage { carriage: "BR101".into(), date: "2026-05-08".into(), seat: seat.into() }
}

/// A line as a carrier writes it.
fn line(
    crisis: &str,
    id: &str,
    names: (&str, &str),
    birth_date: &str,
    document: &str,
) -> pb::ImportCrisisPersonsRequest {
    let person = CrisisPerson {
        crisis: crisis.into(),
        source: Source::Airline.into(),
        family_name: names.0.into(),
        given_names: names.1.into(),
        birth_date: birth_date.into(),
        nationality: "US".into(),
        document_number: document.into(),
        passages: vec![passage(id)],
        ..CrisisPerson::default()
    };
    pb::ImportCrisisPersonsRequest {
        crisis_person_id: format!("br101-{}", id.to_lowercase()),
        crisis_person: Some(person),
    }
}

impl World {
    async fn take_in(&self, lines: &[pb::ImportCrisisPersonsRequest]) -> Vec<pb::ImportCrisisPersonsResponse> {
        let mut persons = self.crisis_persons(&officer(OPERATOR));
        let answers = persons.import_crisis_persons(stream::iter(lines.to_vec())).await.unwrap().into_inner();
        answers.map(Result::unwrap).collect().await
    }

    async fn all_listed(&self) -> Vec<CrisisPerson> {
        self.people(&officer(OPERATOR)).await
    }
}

fn outcomes(answers: &[pb::ImportCrisisPersonsResponse]) -> Vec<ImportOutcome> {
    answers.iter().map(pb::ImportCrisisPersonsResponse::outcome).collect()
}

#[tokio::test]
async fn who_is_known_was_aboard_and_who_is_new_is_listed_where_the_flight_was() {
    let world = world().await;
    let me = citizen("traveller");
    world.registered(&me, journey(HUALIEN)).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let mine = world.people(&me).await.into_iter().find(|one| one.party_number == 0).unwrap();
    world.safe(&me, &mine.name).await.unwrap();
    let lines = [
        line(&crisis, "12A", ("EXAMPLE", "PERSON MR"), "1974-08-12", ""),
        line(&crisis, "12B", ("NEWCOMER", "ANNA MRS"), "1980-01-01", "P7654321"),
        line(&crisis, "12C", ("EXAMPLE", "PERSON"), "", ""),
    ];
    let answers = world.take_in(&lines).await;
    assert_eq!(outcomes(&answers), [Updated, Created, Created], "a name alone is nobody known");
    assert_eq!(answers.iter().map(|answer| answer.line).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((answers[0].name.as_str(), answers[1].name.as_str()), (mine.name.as_str(), "crisisPersons/br101-12b"));
    let listed = world.all_listed().await;
    let now = |name: &str| listed.iter().find(|one| one.name == name).unwrap();
    let known = now(&mine.name);
    assert_eq!((known.state(), known.passages.as_slice()), (State::Safe, &[passage("12A")][..]), "how they are stays");
    assert_eq!((known.source(), &known.whereabouts), (Source::Registration, &mine.whereabouts));
    let new = now(&answers[1].name);
    assert_eq!((new.state(), new.source()), (State::Unknown, Source::Airline));
    assert_eq!(new.whereabouts, "BR101, 2026-05-08, seat 12B");
    // The same list again changes nothing; who stands on another is noted once more, and both lists stay known.
    let versions = async || world.count("history where kind = 'crisisPersons'").await;
    let before = versions().await;
    assert_eq!(outcomes(&world.take_in(&lines).await), [Unchanged; 3]);
    assert_eq!(versions().await, before);
    let mut onward = lines[1].clone();
    onward.crisis_person_id = "br22-1".into();
    onward.crisis_person.as_mut().unwrap().passages = vec![Passage { carriage: "BR22".into(), ..Passage::default() }];
    let answers = world.take_in(&[onward, lines[1].clone()]).await;
    assert_eq!(outcomes(&answers), [Updated, Unchanged]);
    assert_eq!(answers[0].name, "crisisPersons/br101-12b", "by the document");
    assert_eq!(world.all_listed().await.len(), 4, "two of the registration, and two of the list");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_by_line_and_stops_no_other() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let good = |id: &str| line(&crisis, id, ("EXAMPLE", "PERSON"), "1974-08-12", "");
    let changed = |change: fn(&mut CrisisPerson)| {
        let mut line = good("9A");
        change(line.crisis_person.as_mut().unwrap());
        line
    };
    let lines = [
        changed(|one| one.family_name.clear()),
        changed(|one| one.birth_date = "12.08.1974".into()),
        changed(|one| one.source = Source::SelfReport.into()),
        changed(|one| one.crisis = "crises/none".into()),
        good("9B"),
    ];
    let answers = world.take_in(&lines).await;
    assert_eq!(outcomes(&answers), [Rejected, Rejected, Rejected, Rejected, Created]);
    let fields: Vec<_> =
        answers[..4].iter().map(|one| one.failure.as_ref().unwrap().violations[0].field.as_str()).collect();
    let expected = ["familyName", "birthDate", "source", "crisis"].map(|field| format!("crisisPerson.{field}"));
    assert_eq!(fields, expected);
    // An id means one line for ever.
    let other = line(&crisis, "9B", ("ANOTHER", "PERSON"), "1990-01-01", "");
    let answers = world.take_in(&[other]).await;
    assert_eq!(answers[0].failure.as_ref().unwrap().reason, "ALREADY_EXISTS");
    world.safe(&officer(OPERATOR), "crisisPersons/br101-9b").await.unwrap();
    world.close_crisis(&crisis).await.unwrap();
    let late = line(&crisis, "9D", ("LATE", "PERSON"), "1974-08-12", "");
    assert_eq!(world.take_in(&[late]).await[0].failure.as_ref().unwrap().reason, "CRISIS_CLOSED");
}

/// Two officers are sent the same list, number its lines each in their own way, and hand it in at once.
#[tokio::test]
async fn a_list_handed_in_twice_at_once_lists_everyone_once() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let list = |of: &str| -> Vec<_> {
        let name = |seat: usize| format!("PASSENGER{seat}");
        (0..6)
            .map(|seat| {
                let mut one = line(&crisis, &format!("{seat}A"), (&name(seat), "PERSON"), "1974-08-12", "");
                one.crisis_person_id = format!("{of}-{seat}");
                one
            })
            .collect()
    };
    let lists: Vec<_> = ["a", "b", "c", "d"].map(list).into();
    let answers = join_all(lists.iter().map(|lines| world.take_in(lines))).await;
    let made = answers.iter().flatten().filter(|answer| answer.outcome() == Created).count();
    assert_eq!((made, world.all_listed().await.len()), (6, 6));
    assert!(answers.iter().flatten().all(|answer| answer.outcome() != Rejected), "{answers:?}");
}
