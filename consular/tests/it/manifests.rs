//! Manifests: one live seat for a person, never more aboard than it carries, counts that come out; also when 200 ask at once.

use crate::crises::told_of;
use crate::world::{Signed, World, officer, reason, world};
use futures::future::join_all;
use proto::consular::v1::manifest::{Means, State};
use proto::consular::v1::manifest_seat::{Eligibility, State as Seat};
use proto::consular::v1::manifest_seat_service_client::ManifestSeatServiceClient;
use proto::consular::v1::manifest_service_client::ManifestServiceClient;
use proto::consular::v1::{self as pb, Manifest, ManifestSeat, crisis_person};
use std::collections::BTreeMap;
use tonic::Status;

impl World {
    fn manifests(&self) -> ManifestServiceClient<Signed> {
        ManifestServiceClient::new(self.signed(&officer("people/operator")))
    }

    fn seats(&self, by: &str) -> ManifestSeatServiceClient<Signed> {
        ManifestSeatServiceClient::new(self.signed(&officer(by)))
    }

    pub(crate) async fn flight(&self, crisis: &str, capacity: i32) -> String {
        let manifest = Manifest {
            crisis: crisis.into(),
            means: Means::Flight.into(),
            designation: "EX 100".into(),
            capacity,
            origin: "Hualien".into(),
            safe_haven: "Okinawa".into(),
            ..Manifest::default()
        };
        let ask = pb::CreateManifestRequest { manifest: Some(manifest), ..Default::default() };
        self.manifests().create_manifest(ask).await.unwrap().into_inner().name
    }

    pub(crate) async fn seat(&self, manifest: &str, person: &str) -> Result<String, Status> {
        let seat = ManifestSeat {
            manifest: manifest.into(),
            person: person.into(),
            eligibility: Eligibility::National.into(),
            ..ManifestSeat::default()
        };
        let ask = pb::CreateManifestSeatRequest { manifest_seat: Some(seat), ..Default::default() };
        Ok(self.seats("people/operator").create_manifest_seat(ask).await?.into_inner().name)
    }

    pub(crate) async fn begin_boarding(&self, manifest: &str) {
        let ask = pb::BeginBoardingRequest { name: manifest.into(), ..Default::default() };
        self.manifests().begin_boarding(ask).await.unwrap();
    }

    pub(crate) async fn board(&self, manifest: &str, seat: &str, document: &str) -> Result<Manifest, Status> {
        let (name, seat, document_number) = (manifest.to_owned(), seat.to_owned(), document.to_owned());
        let ask = pb::BoardPersonRequest { name, seat, document_number, ..Default::default() };
        Ok(self.manifests().board_person(ask).await?.into_inner())
    }

    pub(crate) async fn depart(&self, manifest: &str) -> Result<Manifest, Status> {
        let ask = pb::DepartManifestRequest { name: manifest.into(), ..Default::default() };
        Ok(self.manifests().depart_manifest(ask).await?.into_inner())
    }

    pub(crate) async fn release_seat(&self, manifest: &str, seat: &str) -> Result<Manifest, Status> {
        let ask = pb::ReleaseSeatRequest { name: manifest.into(), seat: seat.into(), ..Default::default() };
        Ok(self.manifests().release_seat(ask).await?.into_inner())
    }

    async fn seat_state(&self, name: &str) -> Seat {
        let get = pb::GetManifestSeatRequest { name: name.into(), as_of: None };
        self.seats("people/operator").get_manifest_seat(get).await.unwrap().into_inner().state()
    }

    async fn people_listed(&self, crisis: &str, count: usize) -> Vec<String> {
        let listed = (0..count).map(|number| self.list_person(told_of(crisis, &format!("Example {number}"))));
        join_all(listed).await.into_iter().map(|person| person.unwrap().name).collect()
    }
}

fn tally<T: std::fmt::Debug>(answers: Vec<Result<T, Status>>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let what = if answer.is_ok() { "OK".to_owned() } else { reason(answer) };
        *tally.entry(what).or_default() += 1;
    }
    tally
}

#[tokio::test]
async fn whoever_departs_is_accounted_for() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let people = world.people_listed(&crisis, 5).await;
    let flight = world.flight(&crisis, 3).await;
    let mut seats = Vec::new();
    for person in &people {
        seats.push(world.seat(&flight, person).await.unwrap());
    }
    assert_eq!(reason(world.board(&flight, &seats[0], "P1234567").await), "WRONG_STATE", "boarding has not begun");
    world.begin_boarding(&flight).await;
    assert_eq!(reason(world.board(&flight, &seats[0], "").await), "DOCUMENT_OR_WAIVER_NEEDED");
    let waive = pb::WaiveDocumentRequest {
        name: seats[0].clone(),
        grounds: "Known to the consul.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.seats("people/operator").waive_document(waive.clone()).await), "SAME_PERSON");
    world.seats("people/supervisor").waive_document(waive).await.unwrap();
    world.board(&flight, &seats[0], "").await.unwrap();
    world.board(&flight, &seats[1], "P1234567").await.unwrap();
    assert_eq!(reason(world.board(&flight, &seats[1], "P1234567").await), "SEAT_UNFIT");
    let refuse = pb::RefuseBoardingRequest {
        name: flight.clone(),
        seat: seats[2].clone(),
        cause: "Violent.".into(),
        ..Default::default()
    };
    world.manifests().refuse_boarding(refuse).await.unwrap();
    assert_eq!(world.release_seat(&flight, &seats[3]).await.unwrap().listed, 4);
    let gone = world.depart(&flight).await.unwrap();
    assert_eq!(gone.state(), State::Departed);
    assert_eq!((gone.listed, gone.boarded, gone.no_show, gone.refused), (4, 2, 1, 1));
    let states = [Seat::Boarded, Seat::Boarded, Seat::Refused, Seat::Released, Seat::NoShow];
    for (seat, state) in seats.iter().zip(states) {
        assert_eq!(world.seat_state(seat).await, state);
    }
    let get = pb::GetCrisisPersonRequest { name: people[0].clone(), as_of: None };
    let person = world.crisis_persons(&officer("people/operator")).get_crisis_person(get).await.unwrap().into_inner();
    assert_eq!((person.state(), person.whereabouts.as_str()), (crisis_person::State::Departed, "EX 100 to Okinawa"));
    assert_eq!(reason(world.seat(&flight, &people[4]).await), "MANIFEST_NOT_OPEN");
    // Who was refused, released or not there can go on another; who went cannot.
    let bus = world.flight(&crisis, 10).await;
    for person in &people[2..] {
        world.seat(&bus, person).await.unwrap();
    }
    assert_eq!(reason(world.seat(&bus, &people[0]).await), "PERSON_NOT_EVACUABLE");
}

#[tokio::test]
async fn who_is_aboard_one_is_not_listed_on_another() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let person = world.people_listed(&crisis, 1).await.remove(0);
    let (first, second) = (world.flight(&crisis, 5).await, world.flight(&crisis, 5).await);
    let seat = world.seat(&first, &person).await.unwrap();
    assert_eq!(reason(world.seat(&second, &person).await), "PERSON_ALREADY_SEATED");
    world.begin_boarding(&first).await;
    world.board(&first, &seat, "P1234567").await.unwrap();
    assert_eq!(reason(world.seat(&second, &person).await), "PERSON_ALREADY_SEATED");
    assert_eq!(reason(world.board(&second, &seat, "P1234567").await), "WRONG_STATE");
    world.begin_boarding(&second).await;
    assert_eq!(reason(world.board(&second, &seat, "P1234567").await), "SEAT_UNFIT", "it is a seat of the other");
    let cancel = pb::CancelManifestRequest { name: first.clone(), ..Default::default() };
    assert_eq!(world.manifests().cancel_manifest(cancel).await.unwrap().into_inner().state(), State::Cancelled);
    assert_eq!(world.seat_state(&seat).await, Seat::Released);
    world.seat(&second, &person).await.unwrap();
    let other = world.crisis("other").await;
    let stranger = world.people_listed(&other, 1).await.remove(0);
    assert_eq!(reason(world.seat(&second, &stranger).await), "CRISES_DIFFER");
}

/// What holds it is the index: without it each flight lists the person (`crisis_humans::without_the_guard…`).
#[tokio::test(flavor = "multi_thread")]
async fn of_200_who_list_one_person_at_once_one_does() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let person = world.people_listed(&crisis, 1).await.remove(0);
    let mut flights = Vec::new();
    for _ in 0..8 {
        flights.push(world.flight(&crisis, 100).await);
    }
    let answers = join_all((0..200).map(|number| world.seat(&flights[number % 8], &person))).await;
    let expected = BTreeMap::from([("OK".to_owned(), 1), ("PERSON_ALREADY_SEATED".to_owned(), 199)]);
    assert_eq!(tally(answers), expected);
    assert_eq!(world.rows_of("manifest_seats where state = 'LISTED'").await, 1);
    assert_eq!(world.rows_of("manifests where listed > 0").await, 1, "no count without its seat");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_who_board_at_once_as_many_do_as_it_carries() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let people = world.people_listed(&crisis, 200).await;
    let flight = world.flight(&crisis, 5).await;
    let seats = join_all(people.iter().map(|person| world.seat(&flight, person))).await;
    let seats: Vec<_> = seats.into_iter().map(Result::unwrap).collect();
    world.begin_boarding(&flight).await;
    let answers = join_all(seats.iter().map(|seat| world.board(&flight, seat, "P1234567"))).await;
    assert_eq!(tally(answers), BTreeMap::from([("MANIFEST_FULL".to_owned(), 195), ("OK".to_owned(), 5)]));
    assert_eq!(world.rows_of("manifest_seats where state = 'BOARDED'").await, 5);
    let numbers = "(select from manifest_seats where state = 'BOARDED' group by doc->>'boardingNumber') numbers";
    assert_eq!(world.rows_of(numbers).await, 5, "each has a number of its own");
    let gone = world.depart(&flight).await.unwrap();
    assert_eq!((gone.listed, gone.boarded, gone.no_show), (200, 5, 195));
}

/// What holds the places is the table's check: without it all 20 board what carries 5.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_more_go_aboard_than_it_carries() {
    let world = world().await;
    sqlx::query("alter table manifests drop constraint manifests_capacity").execute(&world.db.pool).await.unwrap();
    let crisis = world.crisis("hualien").await;
    let people = world.people_listed(&crisis, 20).await;
    let flight = world.flight(&crisis, 5).await;
    let seats = join_all(people.iter().map(|person| world.seat(&flight, person))).await;
    let seats: Vec<_> = seats.into_iter().map(Result::unwrap).collect();
    world.begin_boarding(&flight).await;
    let answers = join_all(seats.iter().map(|seat| world.board(&flight, seat, "P1234567"))).await;
    assert_eq!(tally(answers), BTreeMap::from([("OK".to_owned(), 20)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_boards_what_departs_meanwhile() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    for person in world.people_listed(&crisis, 12).await {
        let flight = world.flight(&crisis, 5).await;
        let seat = world.seat(&flight, &person).await.unwrap();
        world.begin_boarding(&flight).await;
        let (boarded, gone) =
            futures::future::join(world.board(&flight, &seat, "P1234567"), world.depart(&flight)).await;
        let gone = gone.unwrap();
        assert_eq!(gone.boarded + gone.no_show, 1);
        let aboard = world.seat_state(&seat).await == Seat::Boarded;
        assert_eq!(aboard, boarded.is_ok());
        assert_eq!(aboard, gone.boarded == 1);
    }
}

#[tokio::test]
async fn nobody_boards_under_the_number_of_another() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let people = world.people_listed(&crisis, 3).await;
    let flight = world.flight(&crisis, 3).await;
    let mut seats = Vec::new();
    for person in &people {
        seats.push(world.seat(&flight, person).await.unwrap());
    }
    world.begin_boarding(&flight).await;
    world.board(&flight, &seats[0], "P1234567").await.unwrap();
    world.board(&flight, &seats[1], "P1234568").await.unwrap();
    world.release_seat(&flight, &seats[0]).await.unwrap();
    assert_eq!(world.board(&flight, &seats[2], "P1234569").await.unwrap().boarded, 2);
    let mut numbers = Vec::new();
    for seat in &seats[1..] {
        let get = pb::GetManifestSeatRequest { name: seat.clone(), as_of: None };
        let seat = world.seats("people/operator").get_manifest_seat(get).await.unwrap().into_inner();
        numbers.push(seat.boarding_number);
    }
    assert_eq!(numbers, [2, 3]);
}
