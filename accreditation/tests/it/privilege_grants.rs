//! Privileges: which a member enjoys and why, over every class of the tables; and grants to one member, by date.

use crate::benefits::{benefits, grant_of, signatory_of};
use crate::world::{World, at, consulate, decider, reason, registrar, relative, secretary, stamp, world};
use accreditation::immunity::{MATTERS, Rules};
use accreditation::privileges::{PRIVILEGES, Privileges, matter};
use futures::future::join_all;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::mission::State as Mission;
use proto::accreditation::v1::privilege_grant::State;
use proto::accreditation::v1::{
    self as pb, Category, Extent, Immune, Matter, Member, Privilege, PrivilegeGrant, Relation, Residence, Status,
};
use std::collections::BTreeMap;

async fn query(world: &World, member: &str, instant: Option<&str>) -> pb::QueryPrivilegesResponse {
    let request = pb::QueryPrivilegesRequest { name: member.into(), instant: instant.and_then(stamp) };
    world.grants(&registrar()).query_privileges(request).await.unwrap().into_inner()
}

/// The extent and the citations of each privilege.
fn matrix(answer: &pb::QueryPrivilegesResponse) -> BTreeMap<&'static str, (Extent, String)> {
    let line = |found: &pb::EnjoyedPrivilege| {
        let cited: Vec<_> = found.citations.iter().map(|one| format!("{} {}", one.instrument, one.provision)).collect();
        (found.privilege().as_str_name(), (found.extent(), cited.join(", ")))
    };
    answer.privileges.iter().map(line).collect()
}

#[tokio::test]
async fn a_diplomat_enjoys_all_of_it_and_the_answer_says_by_what() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let answer = query(&world, &member, None).await;
    assert_eq!((answer.status(), answer.derived_from()), (Status::Active, Category::DiplomaticStaff));
    let found = matrix(&answer);
    assert_eq!(found["TAXES"].0, Extent::WithExceptions);
    assert_eq!(found["CUSTOMS_DUTIES"], (Extent::Whole, "VCDR 36.1(b)".into()));
    assert_eq!(found["UNINSPECTED_BAGGAGE"].0, Extent::WithExceptions);
    assert_eq!(found["NO_SOCIAL_SECURITY"], (Extent::Whole, "VCDR 33.1".into()));
    assert_eq!(found["NO_PUBLIC_SERVICE"], (Extent::Whole, "VCDR 35".into()));
    assert_eq!(found["NO_ALIEN_REGISTRATION"].0, Extent::Whole);
    assert_eq!(found["NO_WORK_PERMIT"].0, Extent::Limited);
    let taxes = answer.privileges.iter().find(|one| one.privilege() == Privilege::Taxes).unwrap();
    assert_eq!(taxes.conditions.len(), 6, "the six exceptions of article 34: {taxes:?}");
    for article in ["34", "34(a)", "34(b)", "34(c)", "34(d)", "34(e)", "34(f)"] {
        assert!(taxes.citations.iter().any(|one| one.provision == article), "{article}");
    }
    assert!(answer.rules.contains(", 2026"), "both tables are named: {}", answer.rules);
}

#[tokio::test]
async fn each_category_has_its_own() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let post = world.mission("fr-chicago", consulate("FR"), Mission::Open).await;
    let of = async |id: &str, member: Member| {
        let name = world.accredited(id, member).await.name;
        query(&world, &name, None).await
    };
    let category = |category: Category, mission: &str| Member { category: category.into(), ..secretary(mission) };
    let staff = of("clerk", category(Category::AdministrativeAndTechnicalStaff, &mission)).await;
    assert_eq!(matrix(&staff)["CUSTOMS_DUTIES"], (Extent::FirstInstallation, "VCDR 37.2, VCDR 36.1".into()));
    assert_eq!(matrix(&staff)["UNINSPECTED_BAGGAGE"], (Extent::NotEnjoyed, "VCDR 37.2".into()));
    let driver = of("driver", category(Category::ServiceStaff, &mission)).await;
    assert_eq!(matrix(&driver)["TAXES"].0, Extent::Limited, "on the pay alone");
    assert_eq!(matrix(&driver)["CUSTOMS_DUTIES"].0, Extent::NotEnjoyed);
    assert!(matrix(&driver)["CUSTOMS_DUTIES"].1.contains("VCDR 37.3"));
    let consul = of("consul", category(Category::ConsularOfficer, &post)).await;
    assert_eq!(matrix(&consul)["CUSTOMS_DUTIES"], (Extent::Whole, "VCCR 50.1(b)".into()));
    assert_eq!(matrix(&consul)["NO_ALIEN_REGISTRATION"], (Extent::Whole, "VCCR 46.1".into()));
    assert_eq!(matrix(&consul)["NO_WORK_PERMIT"].1, "VCCR 47.1");
    let employee = of("employee", category(Category::ConsularEmployee, &post)).await;
    assert_eq!(matrix(&employee)["CUSTOMS_DUTIES"], (Extent::FirstInstallation, "VCCR 50.2".into()));
    let honorary =
        of("honorary", Member { nationality_consent: true, ..category(Category::HonoraryConsularOfficer, &post) })
            .await;
    assert_eq!(matrix(&honorary)["NO_ALIEN_REGISTRATION"], (Extent::WithExceptions, "VCCR 65".into()));
    assert_eq!(matrix(&honorary)["NO_PUBLIC_SERVICE"], (Extent::Whole, "VCCR 67".into()));
    let national = Member {
        nationality: "US".into(),
        residence: Residence::National.into(),
        nationality_consent: true,
        ..secretary(&mission)
    };
    let national = of("national", national).await;
    assert!(matrix(&national).values().all(|(extent, _)| *extent == Extent::NotEnjoyed), "{national:?}");
    assert!(matrix(&national)["CUSTOMS_DUTIES"].1.contains("VCDR 38.1"));
}

#[tokio::test]
async fn privileges_begin_go_on_in_the_grace_period_and_end() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await.name;
    let before = query(&world, &principal.name, Some("2026-04-24T09:59:59Z")).await;
    assert_eq!(
        (before.status(), matrix(&before)["TAXES"].clone()),
        (Status::Before, (Extent::NotEnjoyed, "VCDR 39.1".into()))
    );
    world.terminate(&principal.name, EndCause::Recalled).await;
    let grace = query(&world, &spouse, Some("2026-05-20T00:00:00Z")).await;
    assert_eq!((grace.status(), matrix(&grace)["CUSTOMS_DUTIES"].0), (Status::GracePeriod, Extent::Whole));
    let after = query(&world, &spouse, Some("2026-06-04T04:00:00Z")).await;
    assert_eq!(after.status(), Status::Residual);
    assert!(
        matrix(&after).values().all(|(extent, cited)| *extent == Extent::NotEnjoyed && cited.contains("VCDR 39.2"))
    );
}

#[tokio::test]
async fn a_grant_stands_in_the_place_of_the_tables_while_it_holds() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let driver = Member { category: Category::ServiceStaff.into(), ..secretary(&mission) };
    let driver = world.accredited("driver", driver).await.name;
    let grant = world.propose(grant_of(&driver, "2026-06-01T00:00:00Z", Some("2026-07-01T00:00:00Z"))).await.unwrap();
    assert_eq!(reason(world.grant_step(&registrar(), "grant", &grant.name).await), "SAME_PERSON");
    world.grant_step(&decider(), "grant", &grant.name).await.unwrap();
    let customs = async |instant: &str| {
        let answer = query(&world, &driver, Some(instant)).await;
        let found = answer.privileges.into_iter().find(|one| one.privilege() == Privilege::CustomsDuties).unwrap();
        (found.extent(), found.grant)
    };
    assert_eq!(customs("2026-05-31T23:59:59Z").await, (Extent::NotEnjoyed, String::new()));
    assert_eq!(customs("2026-06-01T00:00:00Z").await, (Extent::Whole, grant.name.clone()));
    assert_eq!(customs("2026-07-01T00:00:00Z").await, (Extent::NotEnjoyed, String::new()));
    world.clock.set(at("2026-07-01T00:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(customs("2026-06-15T00:00:00Z").await, (Extent::Whole, grant.name), "what held then still shows");
    let open = world.propose(grant_of(&driver, "2026-07-01T00:00:00Z", None)).await.unwrap().name;
    world.grant_step(&decider(), "grant", &open).await.unwrap();
    world.clock.set(at("2026-07-10T00:00:00Z"));
    let revoked = world.grant_step(&decider(), "revoke", &open).await.unwrap();
    assert_eq!((revoked.state(), revoked.end_time), (State::Revoked, stamp("2026-07-10T00:00:00Z")));
    assert_eq!(customs("2026-07-09T23:59:59Z").await.0, Extent::Whole);
    assert_eq!(customs("2026-07-10T00:00:00Z").await.0, Extent::NotEnjoyed);
    let next = world.propose(grant_of(&driver, "2026-07-10T00:00:00Z", None)).await.unwrap().name;
    world.grant_step(&decider(), "grant", &next).await.unwrap();
    world.clock.set(at("2026-07-11T00:00:00Z"));
    world.terminate(&driver, EndCause::Recalled).await;
    assert_eq!(customs("2026-08-01T00:00:00Z").await.0, Extent::Whole, "in the grace period");
    assert_eq!(customs("2026-09-01T00:00:00Z").await.0, Extent::NotEnjoyed, "no grant outlasts the status");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_grants_of_one_privilege_at_once_one_is_made() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let mut names = Vec::new();
    for _ in 0..6 {
        names.push(world.propose(grant_of(&member, "2026-06-01T00:00:00Z", None)).await.unwrap().name);
    }
    let by = decider();
    let answers = join_all(names.iter().map(|name| world.grant_step(&by, "grant", name))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 5));
    assert!(refused.into_iter().all(|answer| reason(answer) == "PRIVILEGE_ALREADY_GRANTED"));
}

#[tokio::test]
async fn a_grant_fits_itself_and_its_holder() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let grant = || grant_of(&member, "2026-06-01T00:00:00Z", None);
    let bare = PrivilegeGrant { extent: Extent::Limited.into(), ..grant() };
    assert_eq!(reason(world.propose(bare).await), "GRANT_CONTRADICTS");
    let backward = PrivilegeGrant { end_time: stamp("2026-06-01T00:00:00Z"), ..grant() };
    assert_eq!(reason(world.propose(backward).await), "EFFECTIVE_TIME_UNFIT");
    let nobody = PrivilegeGrant { member: "members/nobody".into(), ..grant() };
    assert_eq!(reason(world.propose(nobody).await), "BROKEN_REFERENCE");
    let notified = world.notify("notified", secretary(&mission)).await.unwrap().name;
    assert_eq!(reason(world.propose(PrivilegeGrant { member: notified, ..grant() }).await), "HOLDER_NOT_IN_STANDING");
    let late = world.propose(PrivilegeGrant { end_time: stamp("2026-06-02T00:00:00Z"), ..grant() }).await.unwrap().name;
    world.clock.set(at("2026-06-02T00:00:00Z"));
    assert_eq!(reason(world.grant_step(&decider(), "grant", &late).await), "EFFECTIVE_TIME_UNFIT");
}

#[tokio::test]
async fn a_missions_staff_ask_about_their_own_people() {
    let world = world().await;
    let (mission, _) = (world.embassy("FR").await, world.embassy("BE").await);
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let grant = world.propose(grant_of(&member, "2026-06-01T00:00:00Z", None)).await.unwrap().name;
    let request = pb::QueryPrivilegesRequest { name: member, instant: None };
    world.grants(&signatory_of("fr")).query_privileges(request.clone()).await.unwrap();
    assert_eq!(reason(world.grants(&signatory_of("be")).query_privileges(request).await), "NOT_FOUND");
    let request = pb::GetPrivilegeGrantRequest { name: grant, as_of: None };
    world.grants(&signatory_of("fr")).get_privilege_grant(request.clone()).await.unwrap();
    assert_eq!(reason(world.grants(&signatory_of("be")).get_privilege_grant(request.clone()).await), "NOT_FOUND");
    world.grants(&benefits()).get_privilege_grant(request).await.unwrap();
}

#[test]
fn the_table_is_complete_and_every_slip_in_it_is_told() {
    let rules = Rules::of_home("US").unwrap();
    Privileges::shipped(&rules).expect("what is shipped is good");
    Privileges::shipped(&Rules::of_home("FR").unwrap()).expect("whatever the home has agreed");
    let with_matter = PRIVILEGES.into_iter().filter_map(matter).collect::<Vec<_>>();
    assert_eq!(
        with_matter,
        [Matter::Taxation, Matter::BaggageInspection, Matter::SocialSecurity, Matter::PublicService]
    );
    assert!(with_matter.iter().all(|matter| MATTERS.contains(matter)));
    assert!(rules.table().any(|(_, matter, row)| matter == Matter::Taxation && row.value == Immune::Yes));
    let text = include_str!("../../data/privileges.toml");
    for (from, to, error) in [
        ("\"DIPLOMATIC_AGENT\", \"FAMILY_OF_DIPLOMATIC_AGENT\"]", "\"AMBASSADORS\"]", "`AMBASSADORS` is no class"),
        (
            "\"DIPLOMATIC_AGENT\", \"FAMILY_OF_DIPLOMATIC_AGENT\"]",
            "\"AMBASSADORS\"]",
            "`DIPLOMATIC_AGENT`: it has no row",
        ),
        ("extent = \"WHOLE\"", "extent = \"HALF\"", "`HALF` is no extent"),
        ("cite = [\"VCCR 65\"]", "cite = [\"VCCR 650\"]", "`VCCR 650` is no provision"),
        ("cite = [\"VCCR 65\"]", "cite = [\"VCCR 46.1\"]", "provision `VCCR 65`: nothing refers to it"),
        ("cite = [\"VCCR 65\"]", "cite = []", "cites no provision"),
        ("privilege = \"NO_WORK_PERMIT\"", "privilege = \"TAXES\"", "no privilege with rows of its own"),
        ("conditions = [\"The spouse alone.\"]\n", "", "conditions go with"),
        ("[\"CONSULAR_EMPLOYEE\"]", "[\"CONSULAR_OFFICER\"]", "has two rows"),
    ] {
        assert!(text.contains(from), "{from}");
        let errors = Privileges::parse(&text.replacen(from, to, 1), &rules).unwrap_err().0;
        assert!(errors.iter().any(|found| found.contains(error)), "{error} is not in {errors:#?}");
    }
}
