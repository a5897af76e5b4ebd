//! Vehicles: title and registration within a quota, plates, insurance that must not lapse, and disposal.

use crate::benefits::Practice;
use crate::holder::{Holder, Holders};
use crate::immunity::Rules;
use crate::insurance::{self, suffices};
use crate::plates;
use crate::reciprocity::{bearing_on, in_force};
use calendar::{Clock, Length, due};
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level};
use proto::accreditation::v1::vehicle::State;
use proto::accreditation::v1::vehicle_service_server::VehicleService;
use proto::accreditation::v1::verify_plate_response::Finding;
use proto::accreditation::v1::{
    CreateVehicleRequest, CureInsuranceRequest, ExportVehicleRequest, GetVehicleRequest, Insurance,
    InsureVehicleRequest, ListVehicleRevisionsRequest, ListVehicleRevisionsResponse, ListVehiclesRequest,
    ListVehiclesResponse, Member, Mission, NoteInsuranceLapseRequest, Reason, ReciprocityRule, RegisterVehicleRequest,
    RenewInsuranceRequest, RenewVehicleRequest, ReportVehicleStolenRequest, ReturnPlatesRequest, ScrapVehicleRequest,
    TitleVehicleRequest, TransferVehicleRequest, Vehicle, VerifyPlateRequest, VerifyPlateResponse,
    WatchVehiclesRequest, WatchVehiclesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// The states in which a vehicle counts against the quota.
const HELD: [&str; 4] = ["TITLED", "REGISTERED", "INSURANCE_LAPSED", "SUSPENDED"];
/// The states in which it may be driven, or could be once its insurance is cured.
pub(crate) const DRIVEN: [&str; 2] = ["REGISTERED", "INSURANCE_LAPSED"];
/// The states in which a plate is out.
pub(crate) const PLATED: [&str; 7] =
    ["REGISTERED", "INSURANCE_LAPSED", "SUSPENDED", "TRANSFERRED", "EXPORTED", "SCRAPPED", "STOLEN"];
/// The end of the insurance on file.
const INSURANCE: &str = "insurance";
/// The working days to cure a lapse.
const CURE: &str = "cure";
/// The end of the registration.
const REGISTRATION: &str = "registration";
/// The benefit, as the register writes it.
const VEHICLES: [&str; 1] = ["VEHICLE_REGISTRATION"];

/// The vehicles.
#[derive(Clone, Debug)]
pub struct Vehicles {
    registry: Registry<Self>,
    holders: Holders,
    rules: Arc<Rules>,
    practice: Arc<Practice>,
}

/// What a title is held against.
#[derive(Clone, Debug)]
struct Grounds {
    holder: Option<Holder>,
    reciprocity: Vec<ReciprocityRule>,
    /// How many vehicles the holder has.
    held: i64,
}

impl Keep for Vehicles {
    type Record = Vehicle;

    /// A mission's own staff see its vehicles; others who may read vehicles see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn fire(vehicle: &mut Vehicle, timer: &str, call: &mut Call) -> Result<(), Fault> {
        match timer {
            INSURANCE => lapsed(vehicle, call),
            REGISTRATION => call.timers().clear(CURE),
            _ => {}
        }
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        match name {
            "vehicles_one_plate" => Some(Fault::new(Reason::PlateTaken, "the plate is out on another vehicle")),
            "vehicles_one_registration" => {
                Some(Fault::new(Reason::VehicleAlreadyRegistered, "this vehicle is applied for or registered already"))
            }
            _ => None,
        }
    }
}

impl Vehicles {
    /// The vehicles that a registry keeps.
    pub fn new(registry: Registry<Self>, holders: Holders, rules: Arc<Rules>, practice: Arc<Practice>) -> Self {
        Self { registry, holders, rules, practice }
    }

    fn apply(&self, vehicle: &mut Vehicle, holder: Option<Holder>, call: &mut Call) -> Result<(), Fault> {
        let holder = Holder::named(holder, &vehicle.mission, "vehicle", call)?;
        holder.may_receive(&self.rules, call.now())?;
        let seeker = holder.seeker(&self.rules, call.now());
        vehicle.sending_state = seeker.state.to_owned();
        vehicle.set_category(seeker.category);
        vehicle.cure_working_days = i32::from(self.practice.vehicles.cure_working_days);
        Ok(())
    }

    /// Puts an insurance on file that suffices, and sets the clock of its end where the vehicle is driven.
    fn insure(&self, vehicle: &mut Vehicle, insurance: Option<Insurance>, call: &mut Call) -> Result<(), Fault> {
        let insurance = insurance.unwrap_or_default();
        suffices(&insurance, &self.practice.vehicles.minimum(vehicle.kind()), call.now())?;
        let end = insurance::end(&insurance);
        vehicle.insurance = Some(insurance);
        if let Some(end) = end.filter(|_| matches!(vehicle.state(), State::Registered | State::InsuranceLapsed)) {
            until(call, INSURANCE, end);
        }
        Ok(())
    }

    fn cure(&self, vehicle: &mut Vehicle, request: CureInsuranceRequest, call: &mut Call) -> Result<(), Fault> {
        self.insure(vehicle, request.insurance, call)?;
        vehicle.lapse_time = None;
        vehicle.cure_end_time = None;
        call.timers().clear(CURE);
        Ok(())
    }

    /// Within the quota: that of the rule of reciprocity in force, or of our practice where no rule says one.
    fn title(&self, vehicle: &mut Vehicle, grounds: &Grounds, call: &mut Call) -> Result<(), Fault> {
        let holder = grounds.holder.as_ref().ok_or_else(orphan)?;
        holder.may_receive(&self.rules, call.now())?;
        let seeker = holder.seeker(&self.rules, call.now());
        let benefit = Benefit::VehicleRegistration;
        let rule = in_force(&grounds.reciprocity, seeker.state, seeker.category, benefit, call.now());
        let denied = rule.is_some_and(|rule| rule.level() == Level::Denied || (seeker.family && !rule.family));
        refuse_if(denied, Reason::BenefitNotReciprocated, "the rule in force does not let them register vehicles")?;
        let quota = rule.and_then(|rule| rule.quota.as_ref()).map(|quota| quota.amount);
        let quota = i64::from(quota.unwrap_or_else(|| self.practice.vehicles.quota(seeker.category)));
        refuse_if(grounds.held >= quota, Reason::VehicleQuotaReached, format!("the holder may have {quota} vehicles"))?;
        if vehicle.duty_free {
            let holding = Clock::new(call.now(), Length::Months(self.practice.vehicles.holding_months));
            vehicle.holding_end_time = due(&holding, call.days()).map(timestamp);
        }
        Ok(())
    }

    fn register(
        &self,
        vehicle: &mut Vehicle,
        request: &RegisterVehicleRequest,
        holder: Option<Holder>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let holder = holder.ok_or_else(orphan)?;
        let plates = &self.practice.vehicles.plates;
        let letter = plates.letter(vehicle.category(), holder.mission.r#type());
        let Some(code) = plates.code(&vehicle.sending_state) else {
            let fault = Fault::new(Reason::PlateCodeUnknown, "our practice has no plate code for the state");
            return Err(fault.with("state", vehicle.sending_state.clone()));
        };
        vehicle.plate = format!("{letter}{code}{}", request.serial);
        vehicle.register_time = Some(call.timestamp());
        self.renew(vehicle, &holder, call)
    }

    /// From the end of the registration that runs, or from now; while the insurance on file runs, and the holder is in
    /// functions.
    fn renew(&self, vehicle: &mut Vehicle, holder: &Holder, call: &mut Call) -> Result<(), Fault> {
        holder.may_receive(&self.rules, call.now())?;
        let insurance = vehicle.insurance.clone().unwrap_or_default();
        suffices(&insurance, &self.practice.vehicles.minimum(vehicle.kind()), call.now())?;
        let running = vehicle.registration_end_time.as_ref().and_then(instant).filter(|end| call.now() < *end);
        // A period that ends with a day goes on from that day, not from the first instant of the next.
        let start = running.map_or_else(|| call.now(), |end| end - TimeDelta::nanoseconds(1));
        let length = Length::Months(self.practice.vehicles.registration_months);
        let end = due(&Clock::new(start, length), call.days()).unwrap_or(start);
        vehicle.registration_end_time = Some(timestamp(end));
        vehicle.lapse_time = None;
        vehicle.cure_end_time = None;
        until(call, REGISTRATION, end);
        if let Some(end) = insurance::end(&insurance) {
            until(call, INSURANCE, end);
        }
        Ok(())
    }

    /// What a plate is worth now.
    async fn verify(&self, plate: &str, now: DateTime<Utc>) -> Result<(VerifyPlateResponse, Option<String>), Fault> {
        let read = plates::read(plate);
        let found = self.registry.all(&[("plate", &[&read]), ("state", &PLATED)]).await?;
        let mut answer = VerifyPlateResponse { verify_time: Some(timestamp(now)), ..Default::default() };
        let Some(vehicle) = found.into_iter().next().filter(|_| !read.is_empty()) else {
            answer.set_finding(Finding::PlateUnknown);
            return Ok((answer, None));
        };
        let holder = self.holders.of(&vehicle.mission, &vehicle.member).await?.ok_or_else(orphan)?;
        let finding = plates::worth(&vehicle, holder.keeps(&self.rules, now), now);
        answer.set_finding(finding);
        answer.valid = finding == Finding::PlateValid;
        answer.mission.clone_from(&holder.mission.title);
        answer.vehicle = format!("{} {}", vehicle.make, vehicle.model);
        answer.colour = vehicle.colour;
        answer.member = vehicle.member;
        Ok((answer, Some(vehicle.name)))
    }
}

/// What a title is held against. The holder is locked: of two titles at once the second sees the first.
async fn grounds(reader: &mut Reader<'_>, vehicle: &Vehicle, _: &TitleVehicleRequest) -> Result<Grounds, Fault> {
    if vehicle.member.is_empty() {
        reader.lock::<Mission>(&vehicle.mission).await?;
    } else {
        reader.lock::<Member>(&vehicle.member).await?;
    }
    let holder = Holder::share(reader, &vehicle.mission, &vehicle.member).await?;
    let (countries, category) = ([vehicle.sending_state.as_str(), ""], [vehicle.category().as_str_name()]);
    let reciprocity = reader.all(&bearing_on(&countries, &category, &VEHICLES)).await?;
    let (mission, member) = (vehicle.mission.as_str(), vehicle.member.as_str());
    let held = reader.count::<Vehicle>(&[("mission", &[mission]), ("member", &[member]), ("state", &HELD)]).await?;
    Ok(Grounds { holder, reciprocity, held })
}

async fn held_by<R>(reader: &mut Reader<'_>, vehicle: &Vehicle, _: &R) -> Result<Option<Holder>, Fault> {
    Holder::share(reader, &vehicle.mission, &vehicle.member).await
}

/// The insurance has ended: the days to cure it run. How many they are was noted with the application, since a timer has
/// no practice at hand.
fn lapsed(vehicle: &mut Vehicle, call: &mut Call) {
    let days = u16::try_from(vehicle.cure_working_days).unwrap_or_default();
    let clock = Clock::new(call.now(), Length::WorkingDays(days));
    vehicle.lapse_time = Some(call.timestamp());
    vehicle.cure_end_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(CURE, clock);
}

fn until(call: &mut Call, timer: &str, end: DateTime<Utc>) {
    let left = (end - call.now()).to_std().unwrap_or_default();
    let clock = Clock::new(call.now(), Length::Exactly(left));
    call.timers().set(timer, clock);
}

/// Disposed of here within the holding period, a vehicle that came in free of duty becomes dutiable.
fn duty_settled(vehicle: &mut Vehicle, reference: String, call: &Call) -> Result<(), Fault> {
    let holding = vehicle.holding_end_time.as_ref().and_then(instant).is_some_and(|end| call.now() < end);
    let words = "the vehicle came in free of duty and its holding period runs: duty is due first";
    refuse_if(holding && reference.is_empty(), Reason::HoldingPeriodRuns, words)?;
    vehicle.duty_reference = reference;
    Ok(())
}

fn disposed(vehicle: &mut Vehicle, call: &mut Call) {
    vehicle.disposal_time = Some(call.timestamp());
    call.timers().clear_all();
}

/// Takes a vehicle off the road with the privileges of its holder; its plates come back.
pub(crate) fn end(_: &mut Vehicle, call: &mut Call) {
    call.timers().clear_all();
}

fn orphan() -> Fault {
    Fault::new(proto::policy::v1::Reason::Internal, "a vehicle is kept without its holder")
}

#[tonic::async_trait]
impl VehicleService for Vehicles {
    async fn get_vehicle(&self, request: Request<GetVehicleRequest>) -> Answer<Vehicle> {
        self.registry.get(request).await
    }

    async fn list_vehicles(&self, request: Request<ListVehiclesRequest>) -> Answer<ListVehiclesResponse> {
        self.registry.list(request).await
    }

    async fn create_vehicle(&self, request: Request<CreateVehicleRequest>) -> Answer<Vehicle> {
        let holder = async |reader: &mut Reader<'_>, vehicle: &Vehicle| {
            Holder::share(reader, &vehicle.mission, &vehicle.member).await
        };
        let apply = |vehicle: &mut Vehicle, holder, call: &mut Call| self.apply(vehicle, holder, call);
        self.registry.create_with(request, holder, apply).await
    }

    async fn insure_vehicle(&self, request: Request<InsureVehicleRequest>) -> Answer<Vehicle> {
        self.registry.act(request, |vehicle, request, call| self.insure(vehicle, request.insurance, call)).await
    }

    async fn renew_insurance(&self, request: Request<RenewInsuranceRequest>) -> Answer<Vehicle> {
        self.registry.act(request, |vehicle, request, call| self.insure(vehicle, request.insurance, call)).await
    }

    async fn note_insurance_lapse(&self, request: Request<NoteInsuranceLapseRequest>) -> Answer<Vehicle> {
        self.registry.act(request, note_lapse).await
    }

    async fn cure_insurance(&self, request: Request<CureInsuranceRequest>) -> Answer<Vehicle> {
        self.registry.act(request, |vehicle, request, call| self.cure(vehicle, request, call)).await
    }

    async fn title_vehicle(&self, request: Request<TitleVehicleRequest>) -> Answer<Vehicle> {
        let title = |vehicle: &mut Vehicle, _, grounds: Grounds, call: &mut Call| self.title(vehicle, &grounds, call);
        self.registry.act_with(request, grounds, title).await
    }

    async fn register_vehicle(&self, request: Request<RegisterVehicleRequest>) -> Answer<Vehicle> {
        let register =
            |vehicle: &mut Vehicle, request, holder, call: &mut Call| self.register(vehicle, &request, holder, call);
        self.registry.act_with(request, held_by, register).await
    }

    async fn renew_vehicle(&self, request: Request<RenewVehicleRequest>) -> Answer<Vehicle> {
        let renew = |vehicle: &mut Vehicle, _, holder: Option<Holder>, call: &mut Call| {
            self.renew(vehicle, &holder.ok_or_else(orphan)?, call)
        };
        self.registry.act_with(request, held_by, renew).await
    }

    async fn transfer_vehicle(&self, request: Request<TransferVehicleRequest>) -> Answer<Vehicle> {
        self.registry.act(request, transfer).await
    }

    async fn export_vehicle(&self, request: Request<ExportVehicleRequest>) -> Answer<Vehicle> {
        self.registry.act(request, export).await
    }

    async fn scrap_vehicle(&self, request: Request<ScrapVehicleRequest>) -> Answer<Vehicle> {
        self.registry.act(request, scrap).await
    }

    async fn report_vehicle_stolen(&self, request: Request<ReportVehicleStolenRequest>) -> Answer<Vehicle> {
        self.registry.act(request, report_stolen).await
    }

    async fn return_plates(&self, request: Request<ReturnPlatesRequest>) -> Answer<Vehicle> {
        self.registry.act(request, return_plates).await
    }

    async fn verify_plate(&self, request: Request<VerifyPlateRequest>) -> Answer<VerifyPlateResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let (answer, vehicle) = self.verify(&ask.plate, self.registry.store().now()).await?;
        self.registry.audit_given(&called, &ask, vehicle.into_iter().collect()).await?;
        Ok(Response::new(answer))
    }

    async fn list_vehicle_revisions(
        &self,
        request: Request<ListVehicleRevisionsRequest>,
    ) -> Answer<ListVehicleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchVehiclesStream = Feed<WatchVehiclesResponse>;

    async fn watch_vehicles(&self, request: Request<WatchVehiclesRequest>) -> Answer<Self::WatchVehiclesStream> {
        self.registry.watch(request).await
    }
}

fn note_lapse(vehicle: &mut Vehicle, _: NoteInsuranceLapseRequest, call: &mut Call) -> Result<(), Fault> {
    if let Some(insurance) = &mut vehicle.insurance {
        insurance.end_time = Some(call.timestamp());
    }
    call.timers().clear(INSURANCE);
    lapsed(vehicle, call);
    Ok(())
}

fn transfer(vehicle: &mut Vehicle, request: TransferVehicleRequest, call: &mut Call) -> Result<(), Fault> {
    duty_settled(vehicle, request.duty_reference, call)?;
    disposed(vehicle, call);
    Ok(())
}

/// What leaves the country was never put to use here for good: no duty is due.
fn export(vehicle: &mut Vehicle, _: ExportVehicleRequest, call: &mut Call) -> Result<(), Fault> {
    disposed(vehicle, call);
    Ok(())
}

fn scrap(vehicle: &mut Vehicle, request: ScrapVehicleRequest, call: &mut Call) -> Result<(), Fault> {
    duty_settled(vehicle, request.duty_reference, call)?;
    disposed(vehicle, call);
    Ok(())
}

fn report_stolen(vehicle: &mut Vehicle, request: ReportVehicleStolenRequest, call: &mut Call) -> Result<(), Fault> {
    vehicle.police_reference = request.police_reference;
    disposed(vehicle, call);
    Ok(())
}

fn return_plates(vehicle: &mut Vehicle, _: ReturnPlatesRequest, call: &mut Call) -> Result<(), Fault> {
    vehicle.plates_return_time = Some(call.timestamp());
    call.timers().clear_all();
    Ok(())
}
