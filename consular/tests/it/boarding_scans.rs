//! Boarding and arriving by document: whoever is scanned is found, or the failure is named; counts come out at both ends.

use crate::crises::told_of;
use crate::world::{Signed, World, officer, reason, world};
use futures::future::join_all;
use mrz::{Format, Sex, Zone};
use proto::consular::v1::manifest::State;
use proto::consular::v1::manifest_seat::State as Seat;
use proto::consular::v1::manifest_seat_service_client::ManifestSeatServiceClient;
use proto::consular::v1::manifest_service_client::ManifestServiceClient;
use proto::consular::v1::{self as pb, CrisisPerson, Manifest, ManifestSeat, crisis_person};
use tonic::Status;

/// The lines of a passport of this state with this number, of someone born on this day.
fn lines(issuer: &str, number: &str, born: &str) -> String {
    let zone = Zone {
        format: Format::Td3,
        document_code: "P".into(),
        issuer: issuer.into(),
        primary: "EXAMPLE".into(),
        secondary: "PERSON".into(),
        number: number.into(),
        nationality: issuer.into(),
        birth: born.parse::<chrono::NaiveDate>().unwrap().into(),
        sex: Sex::Unspecified,
        expiry: "2030-01-01".parse::<chrono::NaiveDate>().unwrap().into(),
        optional: String::new(),
        more_optional: String::new(),
    };
    mrz::generate(&zone).unwrap()
}

const BORN: &str = "1974-08-12";

impl World {
    fn gate(&self) -> ManifestServiceClient<Signed> {
        ManifestServiceClient::new(self.signed(&officer("people/gate")))
    }

    async fn known(&self, crisis: &str, of: &str, number: &str) -> String {
        let person = CrisisPerson {
            document_number: number.into(),
            birth_date: BORN.into(),
            nationality: of.into(),
            ..told_of(crisis, "Example")
        };
        self.list_person(person).await.unwrap().name
    }

    async fn scan(&self, manifest: &str, lines: &str) -> Result<Manifest, Status> {
        let (name, lines) = (manifest.to_owned(), lines.to_owned());
        let ask = pb::BoardByDocumentRequest { name, lines, ..Default::default() };
        Ok(self.gate().board_by_document(ask).await?.into_inner())
    }

    async fn arrives(&self, manifest: &str, lines: &str, seat: &str) -> Result<Manifest, Status> {
        let (name, lines, seat) = (manifest.to_owned(), lines.to_owned(), seat.to_owned());
        let ask = pb::RecordArrivalRequest { name, lines, seat, ..Default::default() };
        Ok(self.gate().record_arrival(ask).await?.into_inner())
    }

    async fn comes_unlisted(&self, manifest: &str, lines: &str, family_name: &str) -> Result<Manifest, Status> {
        let (name, lines, family_name) = (manifest.to_owned(), lines.to_owned(), family_name.to_owned());
        let ask = pb::RecordUnlistedArrivalRequest { name, lines, family_name, ..Default::default() };
        Ok(self.gate().record_unlisted_arrival(ask).await?.into_inner())
    }

    async fn reconciled(&self, manifest: &str, explanation: &str) -> Result<Manifest, Status> {
        let (name, explanation) = (manifest.to_owned(), explanation.to_owned());
        let ask = pb::ReconcileManifestRequest { name, explanation, ..Default::default() };
        Ok(self.gate().reconcile_manifest(ask).await?.into_inner())
    }

    async fn landed(&self, manifest: &str) {
        self.depart(manifest).await.unwrap();
        let ask = pb::ArriveManifestRequest { name: manifest.into(), ..Default::default() };
        self.gate().arrive_manifest(ask).await.unwrap();
    }

    async fn seat_now(&self, name: &str) -> ManifestSeat {
        let get = pb::GetManifestSeatRequest { name: name.into(), as_of: None };
        let mut seats = ManifestSeatServiceClient::new(self.signed(&officer("people/gate")));
        seats.get_manifest_seat(get).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn whoever_is_scanned_boards_the_own_seat_or_is_told_why_not() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let (ours, theirs) = (world.known(&crisis, "US", "P1234567").await, world.known(&crisis, "FR", "P1234567").await);
    world.known(&crisis, "US", "P7654321").await;
    let flight = world.flight(&crisis, 5).await;
    let (our_seat, their_seat) =
        (world.seat(&flight, &ours).await.unwrap(), world.seat(&flight, &theirs).await.unwrap());
    let good = lines("USA", "P1234567", BORN);
    assert_eq!(reason(world.scan(&flight, &good).await), "WRONG_STATE", "boarding has not begun");
    world.begin_boarding(&flight).await;
    // What does not read right is named, and boards nobody.
    let wrong = good.replace("P1234567", "P1234561");
    let refused = world.scan(&flight, &wrong).await.unwrap_err();
    let fault = fault::Fault::from(&refused);
    assert_eq!(fault.reason(), "ZONE_UNREADABLE");
    assert!(fault.violations().iter().any(|one| one.description.contains("number")), "{fault:?}");
    assert_eq!(reason(world.scan(&flight, &lines("USA", "P9999999", BORN)).await), "DOCUMENT_NOT_LISTED");
    assert_eq!(reason(world.scan(&flight, &lines("USA", "P7654321", BORN)).await), "DOCUMENT_NOT_LISTED", "no seat");
    assert_eq!(reason(world.scan(&flight, &lines("BEL", "P1234567", BORN)).await), "DOCUMENT_NOT_LISTED");
    assert_eq!(reason(world.scan(&flight, &lines("USA", "P1234567", "1974-12-08")).await), "DOCUMENT_OF_ANOTHER");
    // One number, two states: each boards the own seat.
    assert_eq!(world.scan(&flight, &good).await.unwrap().boarded, 1);
    let seat = world.seat_now(&our_seat).await;
    assert_eq!(
        (seat.state(), seat.document_number.as_str(), seat.document_issuer.as_str()),
        (Seat::Boarded, "P1234567", "USA")
    );
    assert_eq!(world.seat_now(&their_seat).await.state(), Seat::Listed);
    assert_eq!(reason(world.scan(&flight, &good).await), "SEAT_UNFIT", "once");
    world.scan(&flight, &lines("FRA", "P1234567", BORN)).await.unwrap();
    assert_eq!(world.seat_now(&their_seat).await.state(), Seat::Boarded);
}

/// What holds it is that the manifest is locked before the seat is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn one_document_scanned_at_twenty_gates_boards_once() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let person = world.known(&crisis, "US", "P1234567").await;
    let flight = world.flight(&crisis, 5).await;
    world.seat(&flight, &person).await.unwrap();
    world.begin_boarding(&flight).await;
    let good = lines("USA", "P1234567", BORN);
    let all = join_all((0..20).map(|_| world.scan(&flight, &good))).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(world.depart(&flight).await.unwrap().boarded, 1);
}

#[tokio::test]
async fn who_boarded_and_did_not_arrive_and_who_came_unlisted_is_known_at_the_end() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let flight = world.flight(&crisis, 5).await;
    let (mut people, mut seats) = (Vec::new(), Vec::new());
    for number in ["P0000001", "P0000002", "P0000003", "P0000004"] {
        people.push(world.known(&crisis, "US", number).await);
        seats.push(world.seat(&flight, people.last().unwrap()).await.unwrap());
    }
    world.begin_boarding(&flight).await;
    for number in ["P0000001", "P0000002"] {
        world.scan(&flight, &lines("USA", number, BORN)).await.unwrap();
    }
    world.board(&flight, &seats[2], "X7777777").await.unwrap();
    assert_eq!(reason(world.arrives(&flight, &lines("USA", "P0000001", BORN), "").await), "WRONG_STATE");
    world.landed(&flight).await;
    world.arrives(&flight, &lines("USA", "P0000001", BORN), "").await.unwrap();
    assert_eq!(reason(world.arrives(&flight, &lines("USA", "P0000001", BORN), "").await), "SEAT_UNFIT", "once");
    // The number that was typed at the gate, or the seat, is as good.
    assert_eq!(world.arrives(&flight, "", &seats[2]).await.unwrap().arrived, 2);
    let never = world.arrives(&flight, &lines("USA", "P0000004", BORN), "").await;
    assert_eq!(reason(never), "SEAT_UNFIT", "was listed, and is not aboard as the counts go");
    assert_eq!(reason(world.comes_unlisted(&flight, &lines("USA", "P0000002", BORN), "").await), "SEAT_UNFIT");
    assert_eq!(reason(world.comes_unlisted(&flight, "", "").await), "ARRIVAL_UNNAMED");
    world.comes_unlisted(&flight, &lines("USA", "P0000004", BORN), "").await.unwrap();
    assert_eq!(reason(world.comes_unlisted(&flight, &lines("USA", "P0000004", BORN), "").await), "SEAT_UNFIT");
    let told = world.comes_unlisted(&flight, "", "Stranger").await.unwrap();
    let came: Vec<_> = told.unlisted_arrivals.iter().map(|one| one.document_number.as_str()).collect();
    assert_eq!(came, ["P0000004", ""]);
    let refused = world.reconciled(&flight, " ").await.unwrap_err();
    let fault = fault::Fault::from(&refused);
    assert_eq!(fault.reason(), "ARRIVALS_UNEXPLAINED");
    let told: Vec<_> = fault.metadata().filter(|(name, _)| ["missing", "unlisted"].contains(name)).collect();
    assert_eq!(told, [("missing", "1"), ("unlisted", "2")]);
    let done = world.reconciled(&flight, "One got off in Taipei; two were put aboard by the crew.").await.unwrap();
    assert_eq!(done.state(), State::Reconciled);
    assert_eq!((done.boarded, done.arrived, done.missing, done.unlisted), (3, 2, 1, 2));
    let states = [Seat::Arrived, Seat::NotArrived, Seat::Arrived, Seat::NoShow];
    for (seat, state) in seats.iter().zip(states) {
        assert_eq!(world.seat_now(seat).await.state(), state);
    }
    let get = |name: &String| pb::GetCrisisPersonRequest { name: name.clone(), as_of: None };
    for (person, state) in people.iter().zip([crisis_person::State::Departed, crisis_person::State::Missing]) {
        let found = world.crisis_persons(&officer("people/operator")).get_crisis_person(get(person)).await.unwrap();
        assert_eq!(found.into_inner().state(), state);
    }
    assert_eq!(reason(world.arrives(&flight, &lines("USA", "P0000002", BORN), "").await), "WRONG_STATE", "it is final");
    // Nor do the table's counts let anything else be final.
    let text = "update manifests set doc = doc || '{\"missing\": 0}'";
    let wrong = sqlx::query(text).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&wrong), Some("manifests_arrivals"));
}

#[tokio::test]
async fn where_everyone_arrives_nothing_is_to_be_explained() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let person = world.known(&crisis, "US", "P0000001").await;
    let flight = world.flight(&crisis, 5).await;
    world.seat(&flight, &person).await.unwrap();
    world.begin_boarding(&flight).await;
    world.scan(&flight, &lines("USA", "P0000001", BORN)).await.unwrap();
    world.landed(&flight).await;
    world.arrives(&flight, &lines("USA", "P0000001", BORN), "").await.unwrap();
    assert_eq!(world.reconciled(&flight, "").await.unwrap().missing, 0);
}
