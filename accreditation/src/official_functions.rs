//! Official functions: the guest list, the answers, and the seats by precedence.

use crate::protocol::Offices;
use crate::protocol::seating::{Beside, Place, Side, Standing, Table, seats};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::guest::Reply;
use proto::accreditation::v1::official_function_service_server::OfficialFunctionService;
use proto::accreditation::v1::table::Form;
use proto::accreditation::v1::{
    AnswerOfficialFunctionRequest, CancelOfficialFunctionRequest, CreateOfficialFunctionRequest,
    GetOfficialFunctionRequest, Guest, HoldOfficialFunctionRequest, InviteToOfficialFunctionRequest,
    ListOfficialFunctionRevisionsRequest, ListOfficialFunctionRevisionsResponse, ListOfficialFunctionsRequest,
    ListOfficialFunctionsResponse, OfficialFunction, Reason, Seat, SeatOfficialFunctionRequest,
    UpdateOfficialFunctionRequest, WatchOfficialFunctionsRequest, WatchOfficialFunctionsResponse, seat,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible, instant};
use std::collections::HashMap;
use tonic::Request;

/// The functions.
#[derive(Clone, Debug)]
pub struct OfficialFunctions {
    registry: Registry<Self>,
    offices: &'static Offices,
}

impl Keep for OfficialFunctions {
    type Record = OfficialFunction;

    /// A mission sees the functions that are given for it or with it.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn admit(function: &mut OfficialFunction, _: &mut Call) -> Result<(), Fault> {
        well_formed(function)
    }

    fn amend(function: &mut OfficialFunction, _: &OfficialFunction, _: &mut Call) -> Result<(), Fault> {
        well_formed(function)
    }
}

impl OfficialFunctions {
    /// The functions that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry, offices: Offices::shipped() }
    }
}

/// Guests are told apart by their ids; who accompanies someone accompanies a guest who accompanies nobody.
fn well_formed(function: &mut OfficialFunction) -> Result<(), Fault> {
    let mut known: HashMap<&str, &Guest> = HashMap::new();
    for guest in &function.guests {
        let twice = known.insert(&guest.id, guest).is_some();
        refuse_if(twice, Reason::GuestsUnfit, "two guests have the same id")
            .map_err(|fault| fault.with("guest", guest.id.clone()))?;
    }
    for guest in function.guests.iter().filter(|guest| !guest.accompanies.is_empty()) {
        let principal = known.get(guest.accompanies.as_str());
        let fits = principal.is_some_and(|principal| principal.accompanies.is_empty() && principal.id != guest.id);
        refuse_if(
            !fits,
            Reason::GuestsUnfit,
            "a guest accompanies one who is not on the list, or who accompanies another",
        )
        .map_err(|fault| fault.with("guest", guest.id.clone()))?;
    }
    let sized = function
        .table
        .as_ref()
        .is_some_and(|table| matches!(table.form(), Form::Round | Form::Rows) == (table.size > 0));
    refuse_if(!sized, Reason::TableUnfit, "round tables and rows have a size, and other tables have none")
        .map_err(|fault| fault.at("officialFunction.table.size", "does not fit the form"))?;
    // Answers come after the invitations.
    function.guests.iter_mut().for_each(|guest| guest.set_reply(Reply::Unspecified));
    Ok(())
}

/// Who does not come gives the seat back, and so does who comes with them.
fn answer(function: &mut OfficialFunction, request: AnswerOfficialFunctionRequest, _: &mut Call) -> Result<(), Fault> {
    let reply = request.reply();
    let guest = function.guests.iter_mut().find(|guest| guest.id == request.guest);
    let unknown = || Fault::new(Reason::GuestUnknown, "nobody with this id is on the guest list");
    let guest = guest.ok_or_else(unknown).map_err(|fault| fault.at("guest", "is not on the list"))?;
    guest.set_reply(reply);
    let comes = |guest: &Guest| guest.reply() == Reply::Accepted;
    let coming: Vec<_> = function.guests.iter().filter(|guest| comes(guest)).map(|guest| guest.id.clone()).collect();
    function.seats.retain(|seat| coming.contains(&seat.guest));
    Ok(())
}

fn hold(function: &mut OfficialFunction, _: HoldOfficialFunctionRequest, call: &mut Call) -> Result<(), Fault> {
    let ahead = function.start_time.as_ref().and_then(instant).is_none_or(|start| start > call.now());
    refuse_if(ahead, Reason::FunctionAhead, "the function has not begun")
}

/// Those who have accepted, the first in precedence first; a companion after the guest accompanied.
fn in_order<'g>(guests: &'g [Guest], offices: &Offices) -> Vec<&'g Guest> {
    let coming: Vec<_> = guests.iter().filter(|guest| guest.reply() == Reply::Accepted).collect();
    let leads = |guest: &Guest| !coming.iter().any(|other| other.id == guest.accompanies);
    let mut leading: Vec<_> = coming.iter().copied().filter(|guest| leads(guest)).collect();
    let standing = |guest: &'g Guest| -> Standing<'g, DateTime<Utc>> {
        let since = guest.since_time.as_ref().and_then(instant);
        Standing { rank: offices.rank(guest.office()), since, name: &guest.full_name }
    };
    leading.sort_by(|&one, &other| standing(one).before(&standing(other)).then_with(|| one.id.cmp(&other.id)));
    let with = |guest: &'g Guest| {
        let companions = coming.iter().copied().filter(move |other| other.accompanies == guest.id);
        std::iter::once(guest).chain(companions).collect::<Vec<_>>()
    };
    leading.into_iter().flat_map(with).collect()
}

/// Gives every guest who comes a seat, anew.
fn give_seats(function: &mut OfficialFunction, offices: &Offices) -> Result<(), Fault> {
    let size = |table: &proto::accreditation::v1::Table| usize::try_from(table.size).unwrap_or_default();
    let table = function.table.as_ref().map(|table| match table.form() {
        Form::TwoHosts => Table::TwoHosts,
        Form::Round => Table::Round(size(table)),
        Form::Rows => Table::Rows(size(table)),
        Form::OneHost | Form::Unspecified => Table::OneHost,
    });
    let order = in_order(&function.guests, offices);
    refuse_if(order.is_empty(), Reason::NobodyAccepted, "nobody has accepted yet")?;
    let places = seats(table.unwrap_or(Table::OneHost), order.len());
    let seats = order.iter().zip(places).zip(1..).map(|((guest, place), precedence)| seat(guest, place, precedence));
    function.seats = seats.collect();
    Ok(())
}

fn seat(guest: &Guest, place: Place, precedence: i32) -> Seat {
    let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let beside = match place.beside {
        Beside::Host => seat::Beside::Host,
        Beside::SecondHost => seat::Beside::SecondHost,
        Beside::Middle => seat::Beside::Middle,
    };
    let side = if place.side == Side::Right { seat::Side::Right } else { seat::Side::Left };
    Seat {
        guest: guest.id.clone(),
        precedence,
        table: number(place.table),
        beside: beside.into(),
        side: side.into(),
        distance: number(place.distance),
    }
}

#[tonic::async_trait]
impl OfficialFunctionService for OfficialFunctions {
    async fn get_official_function(&self, request: Request<GetOfficialFunctionRequest>) -> Answer<OfficialFunction> {
        self.registry.get(request).await
    }

    async fn list_official_functions(
        &self,
        request: Request<ListOfficialFunctionsRequest>,
    ) -> Answer<ListOfficialFunctionsResponse> {
        self.registry.list(request).await
    }

    async fn create_official_function(
        &self,
        request: Request<CreateOfficialFunctionRequest>,
    ) -> Answer<OfficialFunction> {
        self.registry.create(request).await
    }

    async fn update_official_function(
        &self,
        request: Request<UpdateOfficialFunctionRequest>,
    ) -> Answer<OfficialFunction> {
        self.registry.update(request).await
    }

    async fn invite_to_official_function(
        &self,
        request: Request<InviteToOfficialFunctionRequest>,
    ) -> Answer<OfficialFunction> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn answer_official_function(
        &self,
        request: Request<AnswerOfficialFunctionRequest>,
    ) -> Answer<OfficialFunction> {
        self.registry.act(request, answer).await
    }

    async fn seat_official_function(&self, request: Request<SeatOfficialFunctionRequest>) -> Answer<OfficialFunction> {
        self.registry.act(request, |function, _, _| give_seats(function, self.offices)).await
    }

    async fn hold_official_function(&self, request: Request<HoldOfficialFunctionRequest>) -> Answer<OfficialFunction> {
        self.registry.act(request, hold).await
    }

    async fn cancel_official_function(
        &self,
        request: Request<CancelOfficialFunctionRequest>,
    ) -> Answer<OfficialFunction> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_official_function_revisions(
        &self,
        request: Request<ListOfficialFunctionRevisionsRequest>,
    ) -> Answer<ListOfficialFunctionRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchOfficialFunctionsStream = Feed<WatchOfficialFunctionsResponse>;

    async fn watch_official_functions(
        &self,
        request: Request<WatchOfficialFunctionsRequest>,
    ) -> Answer<Self::WatchOfficialFunctionsStream> {
        self.registry.watch(request).await
    }
}
