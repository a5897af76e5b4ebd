//! Official functions: guests, answers, seats by precedence; forms of address and flags.

use crate::world::{Signed, World, decider, reason, registrar, stamp, world};
use chrono::TimeDelta;
use identity::Principal;
use proto::accreditation::v1::guest::{Office, Reply};
use proto::accreditation::v1::official_function_service_client::OfficialFunctionServiceClient;
use proto::accreditation::v1::protocol_service_client::ProtocolServiceClient;
use proto::accreditation::v1::table::Form;
use proto::accreditation::v1::{self as pb, Guest, OfficialFunction, Seat, Table, official_function, seat};
use tonic::{Response, Status};

fn guest(id: &str, office: Office, since: &str) -> Guest {
    Guest {
        id: id.into(),
        full_name: format!("Person {id}"),
        office: office.into(),
        sending_state: "FR".into(),
        since_time: stamp(since),
        ..Guest::default()
    }
}

/// In the order of their letters: the elder ambassador, his wife, the younger ambassador, a chargé.
pub(crate) fn dinner() -> OfficialFunction {
    let companion =
        Guest { accompanies: "elder".into(), ..guest("companion", Office::OtherOffice, "2020-01-01T00:00:00Z") };
    OfficialFunction {
        title: "Dinner in honour of the diplomatic corps".into(),
        kind: official_function::Kind::Meal.into(),
        start_time: stamp("2026-05-20T23:00:00Z"),
        venue: "State Dining Room".into(),
        host: "The Minister of Foreign Affairs".into(),
        table: Some(Table { form: Form::OneHost.into(), size: 0 }),
        guests: vec![
            guest("charge", Office::ChargeAdInterim, "2015-01-01T00:00:00Z"),
            companion,
            guest("younger", Office::Ambassador, "2024-01-01T00:00:00Z"),
            guest("elder", Office::Ambassador, "2020-01-01T00:00:00Z"),
        ],
        ..OfficialFunction::default()
    }
}

impl World {
    pub(crate) fn functions(&self, by: &Principal) -> OfficialFunctionServiceClient<Signed> {
        OfficialFunctionServiceClient::new(self.signed(by))
    }

    pub(crate) async fn plan(&self, function: OfficialFunction) -> Result<OfficialFunction, Status> {
        let request = pb::CreateOfficialFunctionRequest { official_function: Some(function), ..Default::default() };
        self.functions(&registrar()).create_official_function(request).await.map(Response::into_inner)
    }

    pub(crate) async fn invited(&self, function: OfficialFunction) -> String {
        let name = self.plan(function).await.unwrap().name;
        let request = pb::InviteToOfficialFunctionRequest { name: name.clone(), ..Default::default() };
        self.functions(&registrar()).invite_to_official_function(request).await.unwrap();
        name
    }

    pub(crate) async fn answered(&self, name: &str, guest: &str, reply: Reply) -> Result<OfficialFunction, Status> {
        let request = pb::AnswerOfficialFunctionRequest {
            name: name.into(),
            guest: guest.into(),
            reply: reply.into(),
            ..Default::default()
        };
        self.functions(&registrar()).answer_official_function(request).await.map(Response::into_inner)
    }

    pub(crate) async fn seated(&self, name: &str) -> Result<OfficialFunction, Status> {
        let request = pb::SeatOfficialFunctionRequest { name: name.into(), ..Default::default() };
        self.functions(&decider()).seat_official_function(request).await.map(Response::into_inner)
    }

    pub(crate) async fn held(&self, name: &str) -> Result<OfficialFunction, Status> {
        let request = pb::HoldOfficialFunctionRequest { name: name.into(), ..Default::default() };
        self.functions(&decider()).hold_official_function(request).await.map(Response::into_inner)
    }
}

fn told(seats: &[Seat]) -> Vec<(&str, seat::Side, i32)> {
    seats.iter().map(|seat| (seat.guest.as_str(), seat.side(), seat.distance)).collect()
}

#[tokio::test]
async fn those_who_come_are_seated_by_precedence() {
    let world = world().await;
    let name = world.invited(dinner()).await;
    assert_eq!(reason(world.seated(&name).await), "NOBODY_ACCEPTED");
    for id in ["charge", "companion", "younger", "elder"] {
        world.answered(&name, id, Reply::Accepted).await.unwrap();
    }
    let seats = world.seated(&name).await.unwrap().seats;
    let (right, left) = (seat::Side::Right, seat::Side::Left);
    let wanted = [("elder", right, 1), ("companion", left, 1), ("younger", right, 2), ("charge", left, 2)];
    assert_eq!(told(&seats), wanted);
    // Who declines gives the seat back; the others move up when they are seated anew.
    let left_over = world.answered(&name, "elder", Reply::Declined).await.unwrap();
    assert_eq!(told(&left_over.seats), wanted[1..]);
    let seats = world.seated(&name).await.unwrap().seats;
    assert_eq!(told(&seats), [("younger", right, 1), ("charge", left, 1), ("companion", right, 2)]);
}

#[tokio::test]
async fn a_function_is_held_once_it_has_begun() {
    let world = world().await;
    let name = world.invited(dinner()).await;
    assert_eq!(reason(world.held(&name).await), "FUNCTION_AHEAD");
    assert_eq!(reason(world.answered(&name, "nobody", Reply::Accepted).await), "GUEST_UNKNOWN");
    world.clock.advance(TimeDelta::days(17));
    world.held(&name).await.unwrap();
    let other = world.plan(dinner()).await.unwrap().name;
    let request = pb::CancelOfficialFunctionRequest { name: other, ..Default::default() };
    world.functions(&registrar()).cancel_official_function(request).await.unwrap();
}

#[tokio::test]
async fn a_guest_list_makes_sense() {
    let world = world().await;
    let with = |change: fn(&mut OfficialFunction)| {
        let mut function = dinner();
        change(&mut function);
        function
    };
    for unfit in [
        with(|function| function.guests[0].id = "elder".into()),
        with(|function| function.guests[1].accompanies = "nobody".into()),
        with(|function| function.guests[3].accompanies = "companion".into()),
        with(|function| function.guests[0].accompanies = "charge".into()),
    ] {
        assert_eq!(reason(world.plan(unfit).await), "GUESTS_UNFIT");
    }
    for table in [Table { form: Form::Round.into(), size: 0 }, Table { form: Form::OneHost.into(), size: 8 }] {
        let function = OfficialFunction { table: Some(table), ..dinner() };
        assert_eq!(reason(world.plan(function).await), "TABLE_UNFIT");
    }
    let answered = with(|function| function.guests[0].set_reply(Reply::Accepted));
    let planned = world.plan(answered).await.unwrap();
    assert!(planned.guests.iter().all(|guest| guest.reply() == Reply::Unspecified), "answers come afterwards");
}

#[tokio::test]
async fn protocol_knows_how_to_address_and_how_flags_stand() {
    let world = world().await;
    let mut protocol = ProtocolServiceClient::new(world.signed(&registrar()));
    let request = pb::GetFormOfAddressRequest {
        office: Office::Ambassador.into(),
        full_name: "Anna Example".into(),
        of: "France".into(),
        ..Default::default()
    };
    let form = protocol.get_form_of_address(request).await.unwrap().into_inner();
    assert_eq!(
        (form.spoken.as_str(), form.envelope.last().unwrap().as_str()),
        ("Your Excellency", "Ambassador of France")
    );
    let states = ["FR", "DE"].map(str::to_owned).to_vec();
    let request = pb::ArrangeFlagsRequest { states, half_mast: true, ..Default::default() };
    let flags = protocol.arrange_flags(request).await.unwrap().into_inner();
    assert_eq!(flags.order, ["US", "FR", "DE"], "the house first, then France, Germany");
    assert!(flags.rules.iter().any(|rule| rule.text.contains("half-mast")));
}
