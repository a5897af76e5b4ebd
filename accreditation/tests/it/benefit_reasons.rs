//! Every reason that benefits are refused for, produced by what it is for.

use crate::benefits::{benefits, for_missions, grant_of, restricted, shipment, tax_rule};
use crate::driving::{insurance, licence_of, sedan, violation};
use crate::world::{World, decider, embassy, registrar, secretary, stamp};
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level};
use proto::accreditation::v1::{
    self as pb, Category, CustomsClearance, Extent, Insurance, Member, Mission, PrivilegeGrant, Reason,
    ReciprocityRule, Relation, Vehicle, mission, quota,
};
use tonic::Status;

/// Does what is refused for this reason.
pub(crate) async fn provoke(reason: Reason, world: &World) -> Result<(), Status> {
    match reason {
        Reason::RuleAlreadyInForce => {
            world.enact(tax_rule("FR")).await;
            let second = world.cleared(tax_rule("FR")).await;
            world.rule_step(&benefits(), "activate", &second).await.map(drop)
        }
        Reason::EffectiveTimeUnfit => {
            let name = world.cleared(tax_rule("FR")).await;
            world.activate(&name, "2026-05-04T12:59:59Z").await.map(drop)
        }
        Reason::RestrictionContradicts => {
            let rule = ReciprocityRule { level: Level::Denied.into(), ..restricted(tax_rule("FR")) };
            world.draft_rule(rule).await.map(drop)
        }
        Reason::BenefitNotReciprocated => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.eligible(&member.mission, &member.name).await.map(drop)
        }
        Reason::HolderNotInStanding => {
            let member = world.notify("a", secretary("missions/fr")).await?;
            world.ask_for_card(&registrar(), &member.mission, &member.name).await.map(drop)
        }
        Reason::HolderMismatch => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            let other = world.embassy("BE").await;
            world.ask_for_card(&registrar(), &other, &member.name).await.map(drop)
        }
        Reason::HolderAgeUnfit => {
            let principal = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            let child =
                Member { birth_date: "2010-01-01".into(), ..crate::world::relative(&principal, Relation::Child) };
            let child = world.accredited("b", child).await;
            world.eligible(&child.mission, &child.name).await.map(drop)
        }
        Reason::TaxCardAlreadyLive => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            world.tax_card(&member.mission, &member.name).await?;
            world.tax_card(&member.mission, &member.name).await.map(drop)
        }
        Reason::TaxCardLimitReached => {
            world.enact(for_missions(tax_rule("FR"))).await;
            world.tax_card("missions/fr", "").await?;
            world.tax_card("missions/fr", "").await?;
            world.tax_card("missions/fr", "").await.map(drop)
        }
        Reason::TaxCardOnHold => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            let lost = world.tax_card(&member.mission, &member.name).await?;
            world.tax_step(&registrar(), "reportLost", &lost.name).await?;
            world.tax_card(&member.mission, &member.name).await.map(drop)
        }
        Reason::PrivilegeAlreadyGranted => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            for _ in 0..2 {
                let name = world.propose(grant_of(&member, "2026-06-01T00:00:00Z", None)).await?.name;
                world.grant_step(&decider(), "grant", &name).await?;
            }
            Ok(())
        }
        Reason::GrantContradicts => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            let grant = grant_of(&member, "2026-06-01T00:00:00Z", None);
            world.propose(PrivilegeGrant { extent: Extent::Limited.into(), ..grant }).await.map(drop)
        }
        Reason::InsuranceTooLow | Reason::InsuranceNotRunning => {
            let low = reason == Reason::InsuranceTooLow;
            let name = world.apply(&registrar(), sedan("missions/fr", "", 1)).await?.name;
            let end_time = stamp(if low { "2027-01-01T00:00:00Z" } else { "2026-05-01T00:00:00Z" });
            let insurance = Insurance { combined: if low { 1 } else { 300_000 }, end_time, ..insurance() };
            world.insure(&registrar(), &name, insurance).await.map(drop)
        }
        Reason::VehicleQuotaReached => {
            let servant = Member { category: Category::ServiceStaff.into(), ..secretary("missions/fr") };
            let servant = world.accredited("a", servant).await.name;
            for number in [1, 2] {
                let name = world.insured(sedan("missions/fr", &servant, number)).await?;
                world.vehicle_step(&benefits(), "title", &name).await?;
            }
            Ok(())
        }
        Reason::PlateTaken => {
            for number in [1, 2] {
                let name = world.insured(sedan("missions/fr", "", number)).await?;
                world.vehicle_step(&benefits(), "title", &name).await?;
                world.register(&name, "0042").await?;
            }
            Ok(())
        }
        Reason::VehicleAlreadyRegistered => {
            world.apply(&registrar(), sedan("missions/fr", "", 1)).await?;
            world.apply(&registrar(), sedan("missions/fr", "", 1)).await.map(drop)
        }
        Reason::PlateCodeUnknown => {
            let mission =
                world.mission("dj", Mission { title: "Embassy".into(), ..embassy("DJ") }, mission::State::Open).await;
            let name = world.insured(sedan(&mission, "", 1)).await?;
            world.vehicle_step(&benefits(), "title", &name).await?;
            world.register(&name, "0042").await.map(drop)
        }
        Reason::HoldingPeriodRuns => {
            let free = Vehicle { duty_free: true, ..sedan("missions/fr", "", 1) };
            let vehicle = world.driven(free, "0042", &insurance()).await;
            world.vehicle_step(&registrar(), "transfer", &vehicle.name).await.map(drop)
        }
        Reason::AirWaybillUnreadable => {
            let clearance =
                CustomsClearance { air_waybill: "020-00000012".into(), ..shipment("missions/fr", "", 1, 1) };
            world.file(&registrar(), clearance).await.map(drop)
        }
        Reason::AirWaybillAlreadyFiled => {
            world.file(&registrar(), shipment("missions/fr", "", 1, 1)).await?;
            world.file(&registrar(), shipment("missions/fr", "", 1, 1)).await.map(drop)
        }
        Reason::GoodsNotArrived => {
            let name = world.file(&registrar(), shipment("missions/fr", "", 1, 1)).await?.name;
            world.clearance_step(&benefits(), "certify", &name).await.map(drop)
        }
        Reason::ClearanceTooOld => {
            let quota = pb::Quota { amount: 1, period: quota::Period::CalendarYear.into() };
            let rule = for_missions(tax_rule("FR"));
            let rule = ReciprocityRule { benefit: Benefit::CustomsClearance.into(), quota: Some(quota), ..rule };
            world.enact(rule).await;
            let name = world.file(&registrar(), shipment("missions/fr", "", 1, 1)).await?.name;
            world.clearance_step(&registrar(), "recordArrival", &name).await?;
            world.clock.advance(chrono::TimeDelta::days(4 * 365));
            world.clearance_step(&benefits(), "certify", &name).await.map(drop)
        }
        Reason::LicenceAlreadyLive => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            world.apply_for_licence(&registrar(), licence_of(&member)).await?;
            world.apply_for_licence(&registrar(), licence_of(&member)).await.map(drop)
        }
        Reason::PointsStillStand => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            let name = world.licensed(&member).await.name;
            let drunk = violation(&name, "DRIVING_UNDER_THE_INFLUENCE", "2026-05-03T00:00:00Z");
            world.record(drunk).await?;
            world.licence_step(&benefits(), "reinstate", &name).await.map(drop)
        }
        Reason::OffenceUnknown => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            let name = world.licensed(&member).await.name;
            world.record(violation(&name, "SNORING", "2026-05-03T00:00:00Z")).await.map(drop)
        }
        Reason::LicenceNotOut => {
            let member = world.accredited("a", secretary("missions/fr")).await.name;
            let name = world.apply_for_licence(&registrar(), licence_of(&member)).await?.name;
            world.record(violation(&name, "SPEEDING", "2026-05-03T00:00:00Z")).await.map(drop)
        }
        other => panic!("{other:?} is no reason of benefits"),
    }
}
