//! Incidents, disputes, debts and service requests in the test's register.

use crate::affairs::signatory_of;
use crate::world::{Signed, World, decider, police, registrar, secretary, stamp};
use identity::{Permissions, Principal};
use proto::accreditation::v1::debt_service_client::DebtServiceClient;
use proto::accreditation::v1::dispute_service_client::DisputeServiceClient;
use proto::accreditation::v1::incident::{OffenceClass, Severity};
use proto::accreditation::v1::incident_service_client::IncidentServiceClient;
use proto::accreditation::v1::service_request_service_client::ServiceRequestServiceClient;
use proto::accreditation::v1::{
    self as pb, Debt, Dispute, Incident, Reason, ServiceRequest, debt, dispute, service_request,
};
use tonic::{Response, Status};

/// A mission's own staff who sign for it in these matters too.
pub(crate) fn party_of(mission: &str) -> Principal {
    let permissions = [
        "incidents.read",
        "disputes.read",
        "disputes.file",
        "debts.read",
        "debts.contest",
        "serviceRequests.read",
        "serviceRequests.file",
        "personal.read",
    ];
    Principal {
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..signatory_of(mission)
    }
}

/// An agency that reports incidents and answers requests.
pub(crate) fn agency(name: &str) -> Principal {
    let permissions =
        ["incidents.read", "incidents.report", "serviceRequests.read", "serviceRequests.handle", "personal.read"];
    Principal {
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..police(name)
    }
}

/// A crash at night, with someone hurt gravely.
pub(crate) fn crash(member: &str) -> Incident {
    Incident {
        member: member.into(),
        offence: "Vehicular assault under the influence".into(),
        offence_class: OffenceClass::Felony.into(),
        severity: Severity::S4.into(),
        place: "Dupont Circle".into(),
        occur_time: stamp("2026-05-03T06:10:00Z"),
        agency: "metropolitan-police".into(),
        agency_reference: "26-0412".into(),
        ..Incident::default()
    }
}

pub(crate) fn lease(mission: &str) -> Dispute {
    Dispute {
        mission: mission.into(),
        kind: dispute::Kind::Landlord.into(),
        party: Some(pb::DisputeParty { full_name: "Example Landlord".into(), contact: String::new() }),
        subject: "Rent of three months".into(),
        claim: Some(dollars(900_000)),
        ..Dispute::default()
    }
}

pub(crate) fn offer(terms: &str, cents: i64) -> pb::DisputeOffer {
    let by = dispute::Side::MissionSide.into();
    pb::DisputeOffer { by, terms: terms.into(), amount: Some(dollars(cents)), ..Default::default() }
}

pub(crate) fn dollars(minor_units: i64) -> pb::Sum {
    pb::Sum { currency: "USD".into(), minor_units }
}

/// Parking fines of 100.00, due on 1 April.
pub(crate) fn fines(mission: &str) -> Debt {
    Debt {
        mission: mission.into(),
        kind: debt::Kind::ParkingFines.into(),
        creditor: "Example City".into(),
        amount: Some(dollars(10_000)),
        incur_date: "2026-03-01".into(),
        due_date: "2026-04-01".into(),
        ..Debt::default()
    }
}

pub(crate) fn question(mission: &str, kind: service_request::Kind) -> ServiceRequest {
    ServiceRequest {
        mission: mission.into(),
        kind: kind.into(),
        subject: "Plates of three cars".into(),
        detail: "They were ordered in March".into(),
        ..ServiceRequest::default()
    }
}

impl World {
    pub(crate) fn incidents(&self, by: &Principal) -> IncidentServiceClient<Signed> {
        IncidentServiceClient::new(self.signed(by))
    }

    pub(crate) fn disputes(&self, by: &Principal) -> DisputeServiceClient<Signed> {
        DisputeServiceClient::new(self.signed(by))
    }

    pub(crate) fn debts(&self, by: &Principal) -> DebtServiceClient<Signed> {
        DebtServiceClient::new(self.signed(by))
    }

    pub(crate) fn requests(&self, by: &Principal) -> ServiceRequestServiceClient<Signed> {
        ServiceRequestServiceClient::new(self.signed(by))
    }

    pub(crate) async fn report(&self, by: &Principal, incident: Incident) -> Result<Incident, Status> {
        let request = pb::CreateIncidentRequest { incident: Some(incident), ..Default::default() };
        self.incidents(by).create_incident(request).await.map(Response::into_inner)
    }

    pub(crate) async fn dispute(&self, by: &Principal, dispute: Dispute) -> Result<Dispute, Status> {
        let request = pb::CreateDisputeRequest { dispute: Some(dispute), ..Default::default() };
        self.disputes(by).create_dispute(request).await.map(Response::into_inner)
    }

    /// A dispute in mediation, with one offer made.
    pub(crate) async fn mediated(&self, dispute: Dispute) -> Dispute {
        let name = self.dispute(&registrar(), dispute).await.unwrap().name;
        let mut client = self.disputes(&registrar());
        let screening = Some(pb::DisputeScreening {
            jurisdiction: true,
            finding: "The head of mission is immune".into(),
            ..Default::default()
        });
        let request = pb::ScreenDisputeRequest { name: name.clone(), screening, ..Default::default() };
        client.screen_dispute(request).await.unwrap();
        let request = pb::ContactPartiesRequest { name: name.clone(), ..Default::default() };
        client.contact_parties(request).await.unwrap();
        let offers = vec![offer("Half of it", 450_000)];
        let request = pb::BeginMediationRequest { name, offers, ..Default::default() };
        client.begin_mediation(request).await.unwrap().into_inner()
    }

    pub(crate) async fn answer_offer(&self, name: &str, number: i32, accept: bool) -> Result<Dispute, Status> {
        let request = pb::AnswerOfferRequest { name: name.into(), number, accept, ..Default::default() };
        self.disputes(&registrar()).answer_offer(request).await.map(Response::into_inner)
    }

    pub(crate) async fn settle(&self, name: &str, offer: i32, terms: &str) -> Result<Dispute, Status> {
        let request = pb::SettleDisputeRequest { name: name.into(), offer, terms: terms.into(), ..Default::default() };
        self.disputes(&registrar()).settle_dispute(request).await.map(Response::into_inner)
    }

    pub(crate) async fn escalate(&self, name: &str, step: dispute::Step) -> Result<Dispute, Status> {
        let (name, step, reference) = (name.into(), step.into(), "118/2026".into());
        let request = pb::EscalateDisputeRequest { name, step, reference, ..Default::default() };
        self.disputes(&decider()).escalate_dispute(request).await.map(Response::into_inner)
    }

    pub(crate) async fn owe(&self, debt: Debt) -> Result<Debt, Status> {
        let request = pb::CreateDebtRequest { debt: Some(debt), ..Default::default() };
        self.debts(&registrar()).create_debt(request).await.map(Response::into_inner)
    }

    pub(crate) async fn pay(&self, name: &str, minor_units: i64, on: &str) -> Result<Debt, Status> {
        let (name, payment_date) = (name.into(), on.into());
        let request = pb::RecordPaymentRequest { name, minor_units, payment_date, ..Default::default() };
        self.debts(&registrar()).record_payment(request).await.map(Response::into_inner)
    }

    pub(crate) async fn ask(&self, by: &Principal, request: ServiceRequest) -> Result<ServiceRequest, Status> {
        let request = pb::CreateServiceRequestRequest { service_request: Some(request), ..Default::default() };
        self.requests(by).create_service_request(request).await.map(Response::into_inner)
    }
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(reason: Reason, world: &World) -> Result<(), Status> {
    let mission = "missions/fr".to_owned();
    match reason {
        Reason::DeterminationUnrelated => {
            let driver = world.notify("a", secretary(&mission)).await?.name;
            let other = world.notify("b", secretary(&mission)).await?.name;
            let answer = world.determine(&police("mpd"), &other, pb::Matter::ArrestOrDetention).await?;
            let name = world.report(&registrar(), crash(&driver)).await?.name;
            let request = pb::LinkDeterminationRequest { name, determination: answer.name, ..Default::default() };
            world.incidents(&registrar()).link_determination(request).await.map(drop)
        }
        Reason::OfferNotOpen => {
            let name = world.mediated(lease(&mission)).await.name;
            world.answer_offer(&name, 1, false).await?;
            world.answer_offer(&name, 1, true).await.map(drop)
        }
        Reason::OfferNotAccepted => {
            let name = world.mediated(lease(&mission)).await.name;
            world.settle(&name, 1, "").await.map(drop)
        }
        Reason::SettlementUnclear => {
            let name = world.mediated(lease(&mission)).await.name;
            world.settle(&name, 1, "and flowers").await.map(drop)
        }
        Reason::EscalationOutOfOrder => {
            let name = world.mediated(lease(&mission)).await.name;
            let request = pb::DeclareUnresolvedRequest { name: name.clone(), ..Default::default() };
            world.disputes(&registrar()).declare_unresolved(request).await?;
            world.escalate(&name, dispute::Step::Summon).await.map(drop)
        }
        Reason::PaymentExceedsBalance => {
            let name = world.owe(fines(&mission)).await?.name;
            world.pay(&name, 10_001, "").await.map(drop)
        }
        Reason::AgencyUnknown => {
            let name = world.ask(&registrar(), question(&mission, service_request::Kind::Vehicles)).await?.name;
            let agency = "ministry-of-magic".into();
            let request = pb::RerouteServiceRequestRequest { name, agency, ..Default::default() };
            world.requests(&registrar()).reroute_service_request(request).await.map(drop)
        }
        other => panic!("{other:?} is provoked elsewhere"),
    }
}
