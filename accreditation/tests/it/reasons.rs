//! Every reason the contract declares, produced by what it is for.

use crate::consuls::{commission, notary};
use crate::heads::{charge, head, letters};
use crate::world::{
    World, at, consulate, decider, embassy, reason, registrar, relative, secretary, stamp, world, world_of,
};
use chrono::TimeDelta;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::mission::State;
use proto::accreditation::v1::{
    self as pb, Category, Credential, HeadClass, HonoraryConsul, Member, Mission, PostClass, Reason, Relation,
    Residence,
};
use tonic::Status;

/// Does what is refused for this reason.
async fn provoke(reason: Reason, world: &World) -> Result<(), Status> {
    let mission = world.embassy("FR").await;
    match reason {
        Reason::Unspecified => unreachable!("nothing is refused for no reason"),
        Reason::MissionNotReceiving => {
            let suspended = world.mission("be", embassy("BE"), State::Suspended).await;
            world.notify("a", secretary(&suspended)).await.map(drop)
        }
        Reason::MissionFull => {
            world.notify("a", secretary(&mission)).await?;
            let request = pb::RestrictRequest { name: mission.clone(), size_limit: 1, ..Default::default() };
            world.missions(&decider()).restrict(request).await?;
            world.notify("b", secretary(&mission)).await.map(drop)
        }
        Reason::MissionHasMembers => {
            world.notify("a", secretary(&mission)).await?;
            world.mission_step(&registrar(), "close", &mission).await?;
            world.mission_step(&decider(), "completeClosure", &mission).await.map(drop)
        }
        Reason::ProtectionNotSettled => {
            let request = pb::SeverRequest { name: mission, ..Default::default() };
            world.missions(&decider()).sever(request).await.map(drop)
        }
        Reason::ProtectingPowerUnfit => {
            let request = pb::SeverRequest { name: mission, protecting_power: "FR".into(), ..Default::default() };
            world.missions(&decider()).sever(request).await.map(drop)
        }
        Reason::SendingStateIsOurs => {
            let request = pb::CreateMissionRequest { mission: Some(embassy("US")), ..Default::default() };
            world.missions(&registrar()).create_mission(request).await.map(drop)
        }
        Reason::SenderMismatch => {
            let mission = Mission { organization: "UNHCR".into(), ..embassy("BE") };
            let request = pb::CreateMissionRequest { mission: Some(mission), ..Default::default() };
            world.missions(&registrar()).create_mission(request).await.map(drop)
        }
        Reason::PrincipalMismatch => {
            let child = Member { category: Category::FamilyMember.into(), ..secretary(&mission) };
            world.notify("a", child).await.map(drop)
        }
        Reason::PrincipalUnfit => {
            let elsewhere = world.embassy("BE").await;
            let principal = world.notify("a", secretary(&elsewhere)).await?;
            let spouse = Member { mission, ..relative(&principal, Relation::Spouse) };
            world.notify("b", spouse).await.map(drop)
        }
        Reason::CategoryMismatch => {
            let consul = Member { category: Category::ConsularOfficer.into(), ..secretary(&mission) };
            world.notify("a", consul).await.map(drop)
        }
        Reason::NationalityNeedsConsent => {
            let third = Member { nationality: "BE".into(), ..secretary(&mission) };
            world.notify("a", third).await.map(drop)
        }
        Reason::DatesImplausible => {
            let early = Member { arrival_time: stamp("2026-06-01T00:00:00Z"), ..secretary(&mission) };
            world.notify("a", early).await.map(drop)
        }
        Reason::AgeUnfit => {
            let young = Member { birth_date: "2006-01-01".into(), ..secretary(&mission) };
            world.notify("a", young).await.map(drop)
        }
        Reason::GraceAlreadyExtended => {
            let name = world.accredited("a", secretary(&mission)).await.name;
            world.terminate(&name, EndCause::Recalled).await;
            world.member_step(&decider(), "extendGrace", &name).await?;
            world.member_step(&decider(), "extendGrace", &name).await.map(drop)
        }
        Reason::GraceOver => {
            let name = world.accredited("a", secretary(&mission)).await.name;
            world.terminate(&name, EndCause::Recalled).await;
            world.clock.advance(TimeDelta::days(40));
            world.member_step(&decider(), "extendGrace", &name).await.map(drop)
        }
        Reason::CardAlreadyActive => {
            let name = world.accredited("a", secretary(&mission)).await.name;
            world.issue(&name, "2028-01-01T00:00:00Z").await?;
            world.issue(&name, "2028-01-01T00:00:00Z").await.map(drop)
        }
        Reason::MemberNotAccredited => {
            let name = world.notify("a", secretary(&mission)).await?.name;
            world.issue(&name, "2028-01-01T00:00:00Z").await.map(drop)
        }
        Reason::ValidityUnfit => {
            let name = world.accredited("a", secretary(&mission)).await.name;
            world.issue(&name, "2036-01-01T00:00:00Z").await.map(drop)
        }
        Reason::AgrementRequired => world.notify("a", head(&mission)).await.map(drop),
        Reason::AgrementUnfit => {
            let other = Member { family_name: "Autre".into(), ..world.agreed(head(&mission)).await };
            world.notify("a", other).await.map(drop)
        }
        Reason::AgrementSpent => {
            let head = world.agreed(head(&mission)).await;
            world.notify("a", head.clone()).await?;
            world.notify("b", head).await.map(drop)
        }
        Reason::AgrementAlreadyAsked => {
            let (first, second) = (world.draft(&head(&mission)).await, world.draft(&head(&mission)).await);
            world.agrement_step(&registrar(), "submit", &first).await?;
            world.agrement_step(&registrar(), "submit", &second).await.map(drop)
        }
        Reason::NomineeIsNational => {
            let name = world.draft(&Member { nationality: "US".into(), ..head(&mission) }).await;
            for verb in ["submit", "consult"] {
                world.agrement_step(&registrar(), verb, &name).await?;
            }
            world.agrement_step(&decider(), "grant", &name).await.map(drop)
        }
        Reason::MissionHasNoHead => {
            let post = world.mission("fr-chicago", consulate("FR"), State::Open).await;
            world.ask_for(&head(&post), &registrar()).await.map(drop)
        }
        Reason::SealKeyMissing
        | Reason::PaperUnprintable
        | Reason::ZoneUnfit
        | Reason::NoteNotOurs
        | Reason::NoteReplyUnfit
        | Reason::NoteTranslationUnfit
        | Reason::NoteNotAddressed
        | Reason::NoteLanguageUnknown
        | Reason::CircularAlreadyConfirmed
        | Reason::CircularNotForMission
        | Reason::EditionNotLater
        | Reason::GuidanceNotInForce
        | Reason::GuestsUnfit
        | Reason::TableUnfit
        | Reason::GuestUnknown
        | Reason::NobodyAccepted
        | Reason::FunctionAhead => crate::paper_reasons::provoke(reason, world, &mission).await,
        Reason::SignedByTheHousehold
        | Reason::NameNotAsInPassport
        | Reason::VisaClassUnfit
        | Reason::PassportTypeUnfit
        | Reason::TitleNotRecognised
        | Reason::ResidenceOutsideCapital
        | Reason::HoursTooFew
        | Reason::ChargesNotCleared
        | Reason::PredecessorActive
        | Reason::PositionNotDeclared
        | Reason::CategoryFull
        | Reason::PossibleDuplicate
        | Reason::WorkPermissionMissing
        | Reason::TransportNotDeclared
        | Reason::PhotoTooOld
        | Reason::AttachmentMissing
        | Reason::PriorApprovalMissing
        | Reason::HonoraryUnfit
        | Reason::ServiceDatesImplausible
        | Reason::ResidentDiplomat
        | Reason::PersonUnknown => crate::checks::provoke(reason).await,
        Reason::MemberWithoutStatus
        | Reason::WaiverAlreadyAsked
        | Reason::WaiverDateImplausible
        | Reason::InviolabilityOutOfScope => crate::waivers::provoke(reason, world, &mission).await,
        Reason::AlreadyUnwanted | Reason::DeadlineRunning | Reason::HolderUnwanted => {
            crate::persona_non_grata::provoke(reason, world, &mission).await
        }
        Reason::NotHeadOfMission => {
            let diplomat = world.accredited("a", secretary(&mission)).await;
            world.schedule(letters(&diplomat, HeadClass::Ambassador)).await.map(drop)
        }
        Reason::CredentialsAlreadyLive => {
            let head = world.head_from("BE").await;
            world.schedule(letters(&head, HeadClass::Ambassador)).await?;
            world.schedule(letters(&head, HeadClass::Ambassador)).await.map(drop)
        }
        Reason::ArrivalAlreadyRecorded => {
            let name = world.notify("a", secretary(&mission)).await?.name;
            world.member_step(&registrar(), "recordArrival", &name).await.map(drop)
        }
        Reason::AgrementInUse => {
            let named = world.agreed_before_coming(head(&mission)).await;
            let name = world.notify("a", named).await?.agrement;
            world.agrement_step(&registrar(), "withdraw", &name).await.map(drop)
        }
        Reason::CardOutdated => {
            let member = world.accredited("a", secretary(&mission)).await.name;
            let card = world.issue(&member, "2028-01-01T00:00:00Z").await?.name;
            world.member_step(&registrar(), "notifyChange", &member).await?;
            world.member_step(&decider(), "confirmChange", &member).await?;
            world.print_card(&registrar(), &card).await.map(drop)
        }
        Reason::ArrivalNotNotified => {
            let head = Member { arrival_time: None, ..world.agreed(head(&mission)).await };
            let head = world.notify("a", head).await?;
            let name = world.schedule(letters(&head, HeadClass::Ambassador)).await?.name;
            world.credential_step(&registrar(), "receiveWorkingCopy", &name).await.map(drop)
        }
        Reason::PredecessorNotRecalled => {
            let (head, other) = (world.head_from("BE").await, world.head_from("NL").await);
            let letters = Credential { predecessor: other.name, ..letters(&head, HeadClass::Ambassador) };
            let name = world.schedule(letters).await?.name;
            world.credential_step(&registrar(), "receiveWorkingCopy", &name).await?;
            world.credential_step(&registrar(), "present", &name).await.map(drop)
        }
        Reason::ChargeUnfit => {
            let head = world.head_from("BE").await;
            world.begin_charge(charge(&head)).await.map(drop)
        }
        Reason::HeadInFunctions => {
            let head = world.head_from("BE").await;
            world.presented(&head, HeadClass::Ambassador).await;
            let diplomat = world.accredited("a", secretary(&head.mission)).await;
            world.begin_charge(charge(&diplomat)).await.map(drop)
        }
        Reason::ChargeAlreadyActing => {
            let diplomat = world.accredited("a", secretary(&mission)).await;
            world.begin_charge(charge(&diplomat)).await?;
            world.begin_charge(charge(&diplomat)).await.map(drop)
        }
        Reason::NotHeadOfPost => {
            let diplomat = world.accredited("a", secretary(&mission)).await;
            world.receive(commission(&diplomat)).await.map(drop)
        }
        Reason::CommissionAlreadyLive => {
            let consul = world.consul_from("BE").await;
            world.receive(commission(&consul)).await?;
            world.receive(commission(&consul)).await.map(drop)
        }
        Reason::HonoraryClassClosed => {
            let world = world_of("NZ").await;
            let general =
                HonoraryConsul { post_class: PostClass::ConsulGeneral.into(), ..notary(&world.post("BE").await) };
            world.justify(general).await.map(drop)
        }
        Reason::HonoraryResidenceUnfit => {
            let foreigner = HonoraryConsul { residence: Residence::Foreign.into(), ..notary(&world.post("BE").await) };
            world.justify(foreigner).await.map(drop)
        }
        Reason::RecognitionUnfit => {
            let consul = Member { honorary_consul: "honoraryConsuls/none".into(), ..secretary(&mission) };
            world.notify("a", consul).await.map(drop)
        }
        Reason::EditionExists => {
            world.compile(pb::diplomatic_list::Kind::Diplomatic, "2026/1").await?;
            world.compile(pb::diplomatic_list::Kind::Diplomatic, "2026/1").await.map(drop)
        }
        Reason::MissionHasTaxCards | Reason::MissionHasPlates | Reason::MissionHasProperty => {
            crate::endings::provoke(reason, world, &mission).await
        }
        Reason::CardAlreadyAppliedFor | Reason::PoliceReportMissing => {
            crate::card_applications::provoke(reason, world, &mission).await
        }
        Reason::WaiverPending => crate::incidents::provoke(world, &mission).await,
        Reason::RemedyTimeRuns
        | Reason::NothingToWithhold
        | Reason::FindingWithoutMember
        | Reason::EvidenceUnrelated => crate::compliance_findings::provoke(reason, world, &mission).await,
        Reason::AccreditationAlreadyLive => {
            let person = Member { person: "people/garnier".into(), ..secretary(&mission) };
            world.notify("a", person.clone()).await?;
            world.notify("b", person).await.map(drop)
        }
        of_benefits @ (Reason::RuleAlreadyInForce
        | Reason::EffectiveTimeUnfit
        | Reason::RestrictionContradicts
        | Reason::BenefitNotReciprocated
        | Reason::HolderNotInStanding
        | Reason::HolderMismatch
        | Reason::HolderAgeUnfit
        | Reason::TaxCardAlreadyLive
        | Reason::TaxCardLimitReached
        | Reason::TaxCardOnHold
        | Reason::PrivilegeAlreadyGranted
        | Reason::GrantContradicts
        | Reason::InsuranceTooLow
        | Reason::InsuranceNotRunning
        | Reason::VehicleQuotaReached
        | Reason::PlateTaken
        | Reason::VehicleAlreadyRegistered
        | Reason::PlateCodeUnknown
        | Reason::HoldingPeriodRuns
        | Reason::AirWaybillUnreadable
        | Reason::AirWaybillAlreadyFiled
        | Reason::GoodsNotArrived
        | Reason::ClearanceTooOld
        | Reason::LicenceAlreadyLive
        | Reason::PointsStillStand
        | Reason::OffenceUnknown
        | Reason::LicenceNotOut) => crate::benefit_reasons::provoke(of_benefits, world).await,
        of_affairs @ (Reason::MissionNotAtWork
        | Reason::PropertyUnrelated
        | Reason::PropertyNoteIncomplete
        | Reason::NothingMissing
        | Reason::DecisionOverdue
        | Reason::OpinionMissing
        | Reason::OpinionObjects
        | Reason::ConditionOpen
        | Reason::ConditionUnknown
        | Reason::ZoningNotCleared
        | Reason::CriterionUnknown
        | Reason::CustodyNotNeeded
        | Reason::CourtesyNotForPosts
        | Reason::CourtesyAlreadyRequested
        | Reason::RankNotEligible
        | Reason::WeaponsNotCleared
        | Reason::TimesImplausible
        | Reason::ControlIncomplete
        | Reason::ApprovalNotRequired) => crate::affairs::provoke(of_affairs, world).await,
        of_matters @ (Reason::DeterminationUnrelated
        | Reason::OfferNotOpen
        | Reason::OfferNotAccepted
        | Reason::SettlementUnclear
        | Reason::EscalationOutOfOrder
        | Reason::PaymentExceedsBalance
        | Reason::AgencyUnknown) => crate::matters::provoke(of_matters, world).await,
    }
}

#[test]
fn every_reason_is_given_for_what_it_is_for() {
    // In a debug build the frame of a function that knows every reason outgrows the usual stack of a test.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let given = move || runtime.block_on(every_reason());
    std::thread::Builder::new().stack_size(64 << 20).spawn(given).unwrap().join().unwrap();
}

async fn every_reason() {
    for wanted in (1..1000).filter_map(|number| Reason::try_from(number).ok()) {
        let world = world().await;
        assert_eq!(reason(provoke(wanted, &world).await), wanted.as_str_name());
    }
}

#[tokio::test]
async fn a_refusal_writes_nothing_but_its_audit_row() {
    let world = world().await;
    let consulate = world.mission("chicago", consulate("FR"), State::Open).await;
    let rows = world.count("history").await;
    assert_eq!(reason(world.notify("a", secretary(&consulate)).await), "CATEGORY_MISMATCH");
    assert_eq!(world.count("members").await, 0);
    assert_eq!(world.count("history").await, rows);
    assert_eq!(world.count("outbox where kind = 'members'").await, 0);
    assert_eq!(registry::timestamp(at("2026-05-04T13:00:00Z")), registry::timestamp(world.store.now()));
}
