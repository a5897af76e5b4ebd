//! One human on the list by several records: found with the reason, merged by an officer, in one live seat; also in a race.

use crate::crises::told_of;
use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{World, officer, reason, world};
use futures::future::{join, join_all};
use proto::consular::v1::crisis_person::{Source, State};
use proto::consular::v1::duplicate_pair::Likeness;
use proto::consular::v1::registration::{Consent, Stay};
use proto::consular::v1::{self as pb, CrisisPerson, DuplicatePair, Registration};
use proto::google::r#type::LatLng;
use tonic::{Response, Status};

/// As an airline writes names.
fn passenger(crisis: &str, number: &str) -> CrisisPerson {
    CrisisPerson {
        source: Source::Airline.into(),
        family_name: "EXAMPLE".into(),
        given_names: "PERSON MR".into(),
        birth_date: "1974-08-12".into(),
        document_number: number.into(),
        ..told_of(crisis, "")
    }
}

impl World {
    async fn pairs(&self, crisis: &str) -> Vec<DuplicatePair> {
        let ask = pb::FindCrisisDuplicatesRequest { name: crisis.into(), ..Default::default() };
        self.crises().find_crisis_duplicates(ask).await.unwrap().into_inner().pairs
    }

    async fn merge(&self, name: &str, into: &str, grounds: &str) -> Result<CrisisPerson, Status> {
        let (name, into, grounds) = (name.to_owned(), into.to_owned(), grounds.to_owned());
        let ask = pb::MergeCrisisPersonRequest { name, into, grounds, ..Default::default() };
        let mut persons = self.crisis_persons(&officer("people/operator"));
        persons.merge_crisis_person(ask).await.map(Response::into_inner)
    }

    async fn separate(&self, name: &str) -> Result<CrisisPerson, Status> {
        let ask = pb::SeparateCrisisPersonRequest { name: name.into(), ..Default::default() };
        let mut persons = self.crisis_persons(&officer("people/operator"));
        persons.separate_crisis_person(ask).await.map(Response::into_inner)
    }

    async fn crisis_person(&self, name: &str) -> CrisisPerson {
        let get = pb::GetCrisisPersonRequest { name: name.into(), as_of: None };
        self.crisis_persons(&officer("people/operator")).get_crisis_person(get).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn people_are_listed_where_they_are_in_the_area_and_not_where_their_journey_began() {
    let world = world().await;
    let stay = |city: &str, at: (f64, f64), from: &str, until: &str| Stay {
        city: city.into(),
        location: Some(LatLng { latitude: at.0, longitude: at.1 }),
        start_date: from.into(),
        end_date: until.into(),
        ..journey(HUALIEN).stays[0].clone()
    };
    let stays = vec![
        stay("Rome", (41.9, 12.5), "2026-05-05", "2026-05-06"),
        stay("Kaohsiung", (22.63, 120.3), "2026-05-06", "2026-05-07"),
        stay("Hualien", HUALIEN, "2026-05-07", "2026-05-20"),
    ];
    let me = citizen("traveller");
    world.registered(&me, Registration { stays, ..journey(HUALIEN) }).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let listed = world.people(&me).await;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|person| person.whereabouts == "Hualien, TW"), "{listed:?}");
}

#[tokio::test]
async fn one_human_by_a_registration_and_an_airline_is_found_explained_and_merged() {
    let world = world().await;
    let me = citizen("traveller");
    let told = Registration {
        passport_number: "P1234567".into(),
        consents: vec![Consent::KeepData.into(), Consent::TellFamily.into()],
        ..journey(HUALIEN)
    };
    world.registered(&me, told).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let registered = world.people(&me).await.into_iter().find(|one| one.party_number == 0).unwrap();
    let by_airline = world.list_person(passenger(&crisis, "P1234567")).await.unwrap();
    let other = world.list_person(told_of(&crisis, "Stranger")).await.unwrap();
    let pairs = world.pairs(&crisis).await;
    assert_eq!(pairs.len(), 1, "the one along and the stranger are nobody else: {pairs:?}");
    assert_eq!(pairs[0].likenesses().collect::<Vec<_>>(), [Likeness::SameDocument, Likeness::SameNamesAndBirth]);
    assert_eq!(pairs[0].explanation, "same document number, same names, same date of birth, same nationality");

    assert_eq!(reason(world.merge(&registered.name, &by_airline.name, "").await), "PERSONS_NOT_MERGEABLE");
    assert_eq!(reason(world.merge(&other.name, &registered.name, "").await), "MERGE_UNEXPLAINED");
    assert_eq!(reason(world.merge(&other.name, &other.name, "").await), "INVALID_FIELDS");
    let elsewhere = world.crisis("elsewhere").await;
    let stranger = world.list_person(passenger(&elsewhere, "P1234567")).await.unwrap();
    assert_eq!(reason(world.merge(&stranger.name, &registered.name, "").await), "CRISES_DIFFER");

    // What the airline's record learnt last holds of the human.
    world.safe(&officer("people/operator"), &by_airline.name).await.unwrap();
    let merged = world.merge(&by_airline.name, &registered.name, "").await.unwrap();
    assert_eq!((merged.state(), merged.merged_into.as_str()), (State::Merged, registered.name.as_str()));
    assert!(merged.merge_grounds.starts_with("same document number"), "{}", merged.merge_grounds);
    assert_eq!(world.crisis_person(&registered.name).await.state(), State::Safe);
    assert!(world.pairs(&crisis).await.is_empty());
    let tally = world.tally(&crisis).await;
    assert_eq!((tally.listed, tally.sources.get("AIRLINE")), (3, None), "a human counts once");
    assert_eq!(reason(world.safe(&officer("people/operator"), &by_airline.name).await), "WRONG_STATE");
    assert_eq!(reason(world.merge(&other.name, &by_airline.name, "Seen together.").await), "PERSON_IS_MERGED");

    // What points at one that gives way points on.
    let third = world.list_person(passenger(&crisis, "X7654321")).await.unwrap();
    world.merge(&other.name, &third.name, "The consul knows them.").await.unwrap();
    world.merge(&third.name, &registered.name, "").await.unwrap();
    assert_eq!(world.crisis_person(&other.name).await.merged_into, registered.name);
    let apart = world.separate(&other.name).await.unwrap();
    assert_eq!((apart.state(), apart.merged_into.as_str()), (State::Unknown, ""));
}

#[tokio::test]
async fn a_human_has_one_seat_by_whatever_record() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let (one, other) = (
        world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
        world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
    );
    let (flight, bus) = (world.flight(&crisis, 5).await, world.flight(&crisis, 5).await);
    let seat = world.seat(&flight, &one).await.unwrap();
    let second = world.seat(&bus, &other).await.unwrap();
    assert_eq!(reason(world.merge(&one, &other, "").await), "BOTH_SEATED");
    world.release_seat(&bus, &second).await.unwrap();
    world.merge(&one, &other, "").await.unwrap();
    assert_eq!(reason(world.seat(&bus, &other).await), "PERSON_ALREADY_SEATED", "the seat is the human's");
    assert_eq!(reason(world.seat(&bus, &one).await), "PERSON_IS_MERGED");
    // Who stands for both departs.
    world.begin_boarding(&flight).await;
    world.board(&flight, &seat, "P1234567").await.unwrap();
    // Separated, the seat is again that of whom it was listed for.
    world.separate(&one).await.unwrap();
    let free = world.seat(&bus, &other).await.unwrap();
    world.release_seat(&bus, &free).await.unwrap();
    world.merge(&one, &other, "").await.unwrap();
    world.depart(&flight).await.unwrap();
    assert_eq!(world.crisis_person(&other).await.state(), State::Departed);
}

/// Without the lock on the record that stays (`glance` in the place of `hold`, and no seats passed on): a seat listed
/// beside the merger is the second of one human in most rounds. Without `manifest_seats_one_live`: two flights that
/// list the same record at once both do.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_merges_and_whoever_lists_at_once_leave_one_seat() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let (flight, bus) = (world.flight(&crisis, 500).await, world.flight(&crisis, 500).await);
    for _ in 0..12 {
        let (one, other) = (
            world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
            world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
        );
        let seated = join(world.seat(&flight, &one), world.seat(&bus, &other));
        let (merged, (first, second)) = join(world.merge(&one, &other, ""), seated).await;
        let live = format!("manifest_seats where human in ('{one}', '{other}') and state in ('LISTED', 'BOARDED')");
        match merged {
            Ok(_) => {
                assert!(world.rows_of(&live).await <= 1, "one human has one seat");
                let strays = format!("manifest_seats where human = '{one}' and state = 'LISTED'");
                assert_eq!(world.rows_of(&strays).await, 0, "and it is that of the record that stays");
                assert!(first.is_err() || second.is_err());
            }
            Err(refused) => {
                assert_eq!(reason::<()>(Err(refused)), "BOTH_SEATED");
                assert!(first.is_ok() && second.is_ok());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_merge_in_opposite_directions_one_does() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    for _ in 0..12 {
        let (one, other) = (
            world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
            world.list_person(passenger(&crisis, "P1234567")).await.unwrap().name,
        );
        let answers = join(world.merge(&one, &other, ""), world.merge(&other, &one, "")).await;
        assert!(answers.0.is_ok() != answers.1.is_ok(), "{answers:?}");
        let standing = format!("crisis_persons where name in ('{one}', '{other}') and state <> 'MERGED'");
        assert_eq!(world.rows_of(&standing).await, 1);
    }
}

/// Without the index two flights that list one human at once, by two records that were merged before, both do: the lock that
/// a listing takes on the record is shared.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_one_human_is_listed_on_many() {
    let world = world().await;
    sqlx::query("drop index manifest_seats_one_live").execute(&world.db.pool).await.unwrap();
    let crisis = world.crisis("hualien").await;
    let person = world.list_person(told_of(&crisis, "Example")).await.unwrap().name;
    let mut flights = Vec::new();
    for _ in 0..8 {
        flights.push(world.flight(&crisis, 100).await);
    }
    let answers = join_all(flights.iter().map(|flight| world.seat(flight, &person))).await;
    assert!(answers.iter().all(Result::is_ok), "nothing else holds it: {answers:?}");
}
