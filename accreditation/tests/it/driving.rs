//! Vehicles and drivers in the test's register: insurance, plates, licences, violations, and every verb on the way.

use crate::benefits::benefits;
use crate::world::{Signed, World, registrar, stamp};
use identity::Principal;
use proto::accreditation::v1::driver_licence_service_client::DriverLicenceServiceClient;
use proto::accreditation::v1::traffic_violation_service_client::TrafficViolationServiceClient;
use proto::accreditation::v1::vehicle_service_client::VehicleServiceClient;
use proto::accreditation::v1::{self as pb, DriverLicence, Insurance, TrafficViolation, Vehicle, vehicle};
use tonic::{Response, Status};

/// The requests of verbs that need nothing but a name.
macro_rules! plain {
    ($client:expr, $name:expr, $method:ident, $request:ident) => {
        $client.$method(pb::$request { name: $name, ..Default::default() }).await
    };
}

/// An insurance that suffices for every kind of vehicle, and runs for a year.
pub(crate) fn insurance() -> Insurance {
    Insurance {
        insurer: "Example Mutual".into(),
        policy_number: "P-1".into(),
        combined: 300_000,
        start_time: stamp("2026-01-01T00:00:00Z"),
        end_time: stamp("2027-06-01T00:00:00Z"),
        ..Insurance::default()
    }
}

/// A car of a member or, without one, of the mission.
pub(crate) fn sedan(mission: &str, member: &str, number: u32) -> Vehicle {
    Vehicle {
        mission: mission.into(),
        member: member.into(),
        vin: format!("EXAMPXE{number:010}"),
        kind: vehicle::Kind::Car.into(),
        make: "Example".into(),
        model: "Sedan".into(),
        year: 2025,
        colour: "blue".into(),
        ..Vehicle::default()
    }
}

/// A licence for cars.
pub(crate) fn licence_of(member: &str) -> DriverLicence {
    DriverLicence { member: member.into(), classes: vec!["B".into()], ..DriverLicence::default() }
}

/// A violation against a licence.
pub(crate) fn violation(licence: &str, offence: &str, at: &str) -> TrafficViolation {
    TrafficViolation {
        licence: licence.into(),
        offence: offence.into(),
        violation_time: stamp(at),
        citation: "Citation 7".into(),
        ..TrafficViolation::default()
    }
}

impl World {
    pub(crate) fn vehicles(&self, by: &Principal) -> VehicleServiceClient<Signed> {
        VehicleServiceClient::new(self.signed(by))
    }

    pub(crate) async fn apply(&self, by: &Principal, vehicle: Vehicle) -> Result<Vehicle, Status> {
        let request = pb::CreateVehicleRequest { vehicle: Some(vehicle), ..Default::default() };
        self.vehicles(by).create_vehicle(request).await.map(Response::into_inner)
    }

    pub(crate) async fn insure(&self, by: &Principal, name: &str, insurance: Insurance) -> Result<Vehicle, Status> {
        let insurance = Some(insurance);
        let request = pb::InsureVehicleRequest { name: name.into(), insurance, ..Default::default() };
        self.vehicles(by).insure_vehicle(request).await.map(Response::into_inner)
    }

    pub(crate) async fn renew_insurance(&self, name: &str, insurance: Insurance) -> Result<Vehicle, Status> {
        let insurance = Some(insurance);
        let request = pb::RenewInsuranceRequest { name: name.into(), insurance, ..Default::default() };
        self.vehicles(&registrar()).renew_insurance(request).await.map(Response::into_inner)
    }

    pub(crate) async fn cure(&self, name: &str, insurance: Insurance) -> Result<Vehicle, Status> {
        let insurance = Some(insurance);
        let request = pb::CureInsuranceRequest { name: name.into(), insurance, ..Default::default() };
        self.vehicles(&registrar()).cure_insurance(request).await.map(Response::into_inner)
    }

    /// A vehicle applied for and insured.
    pub(crate) async fn insured(&self, vehicle: Vehicle) -> Result<String, Status> {
        let name = self.apply(&registrar(), vehicle).await?.name;
        self.insure(&registrar(), &name, insurance()).await.map(|vehicle| vehicle.name)
    }

    pub(crate) async fn register(&self, name: &str, serial: &str) -> Result<Vehicle, Status> {
        let request = pb::RegisterVehicleRequest { name: name.into(), serial: serial.into(), ..Default::default() };
        self.vehicles(&benefits()).register_vehicle(request).await.map(Response::into_inner)
    }

    /// A vehicle registered under this number.
    pub(crate) async fn driven(&self, vehicle: Vehicle, serial: &str, insurance: &Insurance) -> Vehicle {
        let name = self.apply(&registrar(), vehicle).await.unwrap().name;
        self.insure(&registrar(), &name, insurance.clone()).await.unwrap();
        self.vehicle_step(&benefits(), "title", &name).await.unwrap();
        self.register(&name, serial).await.unwrap()
    }

    pub(crate) async fn vehicle_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Vehicle, Status> {
        let (mut client, name) = (self.vehicles(by), name.to_owned());
        let answer = match verb {
            "insure" => return self.insure(by, &name, insurance()).await,
            "renewInsurance" => return self.renew_insurance(&name, insurance()).await,
            "cure" => return self.cure(&name, insurance()).await,
            "register" => return self.register(&name, "0042").await,
            "noteLapse" => plain!(client, name, note_insurance_lapse, NoteInsuranceLapseRequest),
            "title" => plain!(client, name, title_vehicle, TitleVehicleRequest),
            "renew" => plain!(client, name, renew_vehicle, RenewVehicleRequest),
            "transfer" => plain!(client, name, transfer_vehicle, TransferVehicleRequest),
            "export" => plain!(client, name, export_vehicle, ExportVehicleRequest),
            "scrap" => plain!(client, name, scrap_vehicle, ScrapVehicleRequest),
            "reportStolen" => {
                let police_reference = "Report 9".into();
                let request = pb::ReportVehicleStolenRequest { name, police_reference, ..Default::default() };
                client.report_vehicle_stolen(request).await
            }
            "returnPlates" => plain!(client, name, return_plates, ReturnPlatesRequest),
            _ => panic!("vehicles have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn vehicle(&self, name: &str) -> Vehicle {
        let request = pb::GetVehicleRequest { name: name.into(), as_of: None };
        self.vehicles(&benefits()).get_vehicle(request).await.unwrap().into_inner()
    }

    pub(crate) fn licences(&self, by: &Principal) -> DriverLicenceServiceClient<Signed> {
        DriverLicenceServiceClient::new(self.signed(by))
    }

    pub(crate) fn violations(&self, by: &Principal) -> TrafficViolationServiceClient<Signed> {
        TrafficViolationServiceClient::new(self.signed(by))
    }

    pub(crate) async fn apply_for_licence(
        &self,
        by: &Principal,
        licence: DriverLicence,
    ) -> Result<DriverLicence, Status> {
        let request = pb::CreateDriverLicenceRequest { driver_licence: Some(licence), ..Default::default() };
        self.licences(by).create_driver_licence(request).await.map(Response::into_inner)
    }

    pub(crate) async fn licence_step(&self, by: &Principal, verb: &str, name: &str) -> Result<DriverLicence, Status> {
        let (mut client, name) = (self.licences(by), name.to_owned());
        let answer = match verb {
            "issue" => plain!(client, name, issue_driver_licence, IssueDriverLicenceRequest),
            "decline" => plain!(client, name, decline_driver_licence, DeclineDriverLicenceRequest),
            "review" => plain!(client, name, review_driver_licence, ReviewDriverLicenceRequest),
            "closeReview" => plain!(client, name, close_licence_review, CloseLicenceReviewRequest),
            "suspend" => plain!(client, name, suspend_driver_licence, SuspendDriverLicenceRequest),
            "reinstate" => plain!(client, name, reinstate_driver_licence, ReinstateDriverLicenceRequest),
            "revoke" => plain!(client, name, revoke_driver_licence, RevokeDriverLicenceRequest),
            _ => panic!("licences have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    /// A licence issued to a member.
    pub(crate) async fn licensed(&self, member: &str) -> DriverLicence {
        let name = self.apply_for_licence(&registrar(), licence_of(member)).await.unwrap().name;
        self.licence_step(&benefits(), "issue", &name).await.unwrap()
    }

    pub(crate) async fn licence(&self, name: &str) -> DriverLicence {
        let request = pb::GetDriverLicenceRequest { name: name.into(), as_of: None };
        self.licences(&benefits()).get_driver_licence(request).await.unwrap().into_inner()
    }

    pub(crate) async fn record(&self, violation: TrafficViolation) -> Result<TrafficViolation, Status> {
        let request = pb::CreateTrafficViolationRequest { traffic_violation: Some(violation), ..Default::default() };
        self.violations(&benefits()).create_traffic_violation(request).await.map(Response::into_inner)
    }

    pub(crate) async fn void(&self, name: &str) -> Result<TrafficViolation, Status> {
        let request = pb::VoidTrafficViolationRequest { name: name.into(), ..Default::default() };
        self.violations(&benefits()).void_traffic_violation(request).await.map(Response::into_inner)
    }
}
