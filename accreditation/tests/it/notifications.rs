//! What it takes to be notified: the mission, the category, the principal, nationality, age and dates.

use crate::world::{at, consulate, embassy, fields, reason, relative, secretary, stamp, world};
use chrono::TimeDelta;
use proto::accreditation::v1::mission::{State, Type};
use proto::accreditation::v1::{Category, Member, Mission, Relation, Residence};

#[tokio::test]
async fn a_mission_receives_in_three_states() {
    let world = world().await;
    for (number, state) in (1..).map_while(|number| State::try_from(number).ok().map(|state| (number, state))) {
        let mission = Mission { sending_state: "FR".into(), ..embassy("FR") };
        let id = format!("fr-{number}");
        // A broken relation has someone in charge, so it is left by another door.
        if state == State::Severed {
            continue;
        }
        let mission = world.mission(&id, mission, state).await;
        let receives = matches!(state, State::Establishing | State::Open | State::Restricted);
        if state == State::Restricted {
            world.put("missions", &mission, serde_json::json!({ "sizeLimit": 1 })).await;
        }
        let answer = world.notify(&format!("a-{number}"), secretary(&mission)).await;
        if receives {
            answer.unwrap();
        } else {
            assert_eq!(reason(answer), "MISSION_NOT_RECEIVING", "{state:?}");
        }
    }
}

/// The instruments' own division (VCDR art. 1; VCCR art. 1, 58; CPIUN), written apart from the code.
const EXISTS_AT: [(Type, &str); 12] = [
    (Type::Embassy, "diplomatic"),
    (Type::ConsulateGeneral, "consular honorary"),
    (Type::Consulate, "consular honorary"),
    (Type::ViceConsulate, "consular honorary"),
    (Type::ConsularAgency, "consular honorary"),
    (Type::PermanentMission, "to-organisation"),
    (Type::ObserverMission, "to-organisation"),
    (Type::IoOffice, "organisation"),
    (Type::Delegation, "diplomatic"),
    (Type::RepresentativeOffice, "diplomatic"),
    (Type::MiscForeignGovOffice, "diplomatic"),
    (Type::HonoraryPost, "honorary"),
];

fn belongs_to(category: Category) -> &'static [&'static str] {
    match category {
        Category::HeadOfMission
        | Category::DiplomaticStaff
        | Category::ServiceAttache
        | Category::AdministrativeAndTechnicalStaff
        | Category::ServiceStaff => &["diplomatic"],
        Category::HeadOfConsularPost | Category::ConsularOfficer => &["consular"],
        Category::ConsularEmployee | Category::ConsularServiceStaff | Category::HonoraryConsularOfficer => {
            &["consular", "honorary"]
        }
        Category::ResidentRepresentative | Category::PermanentMissionSupportStaff | Category::MeetingRepresentative => {
            &["to-organisation"]
        }
        Category::IoExecutive | Category::IoOfficial | Category::IoExpert => &["organisation"],
        Category::LocallyEngagedStaff | Category::TemporaryDuty => {
            &["diplomatic", "consular", "honorary", "to-organisation", "organisation"]
        }
        // Those derive from a principal and have a test of their own.
        Category::FamilyMember | Category::PrivateServant | Category::ConsularPrivateStaff | Category::Unspecified => {
            &[]
        }
    }
}

#[tokio::test]
async fn every_category_belongs_to_its_kinds_of_mission() {
    let world = world().await;
    for (r#type, kind) in EXISTS_AT {
        let id = format!("fr-{}", r#type as i32);
        let mission = world.mission(&id, Mission { r#type: r#type.into(), ..embassy("FR") }, State::Open).await;
        for category in (1..).map_while(|number| Category::try_from(number).ok()) {
            let kinds = belongs_to(category);
            if kinds.is_empty() {
                continue;
            }
            let mut member = Member { category: category.into(), ..secretary(&mission) };
            if category == Category::HeadOfMission && matches!(r#type, Type::Embassy | Type::Delegation) {
                member = world.agreed(member).await;
            }
            let answer = world.notify(&format!("{id}-{}", category as i32), member).await;
            if kinds.iter().any(|wanted| kind.split(' ').any(|kind| kind == *wanted) || kind == *wanted) {
                assert!(answer.is_ok(), "{category:?} at {type:?}: {answer:?}");
            } else {
                assert_eq!(reason(answer), "CATEGORY_MISMATCH", "{category:?} at {type:?}");
            }
        }
    }
}

#[tokio::test]
async fn dependants_name_their_principal_and_nobody_else_does() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.notify("garnier", secretary(&mission)).await.unwrap();
    let spouse = relative(&principal, Relation::Spouse);
    let servant = Member { category: Category::PrivateServant.into(), ..relative(&principal, Relation::Servant) };
    world.notify("spouse", spouse.clone()).await.unwrap();
    world.notify("servant", servant.clone()).await.unwrap();
    for (why, member) in [
        ("no principal", Member { principal: String::new(), ..spouse.clone() }),
        ("no relation", Member { relation: Relation::Unspecified.into(), ..spouse.clone() }),
        ("a servant in the family", Member { relation: Relation::Servant.into(), ..spouse.clone() }),
        ("a spouse as a servant", Member { relation: Relation::Spouse.into(), ..servant }),
        ("staff with a principal", Member { category: Category::ServiceStaff.into(), ..spouse }),
    ] {
        assert_eq!(reason(world.notify("x", member).await), "PRINCIPAL_MISMATCH", "{why}");
    }
}

#[tokio::test]
async fn a_principal_is_of_the_same_mission_in_functions_and_no_dependant() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.notify("spouse", relative(&principal, Relation::Spouse)).await.unwrap();
    let refused = async |member: Member| reason(world.notify("x", member).await);
    assert_eq!(refused(relative(&spouse, Relation::Child)).await, "PRINCIPAL_UNFIT", "a dependant's dependant");
    let elsewhere = Member { mission: other, ..relative(&principal, Relation::Child) };
    assert_eq!(refused(elsewhere).await, "PRINCIPAL_UNFIT", "another mission's");
    let nobody = Member { principal: "members/nobody".into(), ..relative(&principal, Relation::Child) };
    assert_eq!(refused(nobody).await, "PRINCIPAL_UNFIT", "no one");
    world.terminate(&principal.name, proto::accreditation::v1::member::EndCause::Recalled).await;
    let child = Member { birth_date: "2015-01-01".into(), ..relative(&principal, Relation::Child) };
    assert_eq!(refused(child).await, "PRINCIPAL_UNFIT", "no longer in functions");
}

#[tokio::test]
async fn nationals_of_other_states_need_our_consent_if_they_represent() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let post = world.mission("fr-chicago", consulate("FR"), State::Open).await;
    let third = |category: Category, mission: &str| Member {
        category: category.into(),
        nationality: "BE".into(),
        ..secretary(mission)
    };
    let mut number = 0;
    let mut notify = async |member| {
        number += 1;
        world.notify(&format!("a-{number}"), member).await
    };
    for (category, mission) in [
        (Category::HeadOfMission, &mission),
        (Category::DiplomaticStaff, &mission),
        (Category::ServiceAttache, &mission),
        (Category::HeadOfConsularPost, &post),
        (Category::ConsularOfficer, &post),
    ] {
        assert_eq!(reason(notify(third(category, mission)).await), "NATIONALITY_NEEDS_CONSENT", "{category:?}");
        let mut member = Member { nationality_consent: true, ..third(category, mission) };
        if category == Category::HeadOfMission {
            member = world.agreed(member).await;
        }
        notify(member).await.unwrap();
    }
    notify(third(Category::ServiceStaff, &mission)).await.unwrap();
    let ours = Member {
        nationality: "US".into(),
        residence: Residence::National.into(),
        ..third(Category::DiplomaticStaff, &mission)
    };
    assert_eq!(reason(notify(ours.clone()).await), "NATIONALITY_NEEDS_CONSENT");
    notify(Member { nationality_consent: true, ..ours.clone() }).await.unwrap();
    let contradiction = Member { residence: Residence::Foreign.into(), nationality_consent: true, ..ours };
    assert_eq!(fields(notify(contradiction).await), ["member.residence"]);
}

#[tokio::test]
async fn ages_are_those_of_diplomats_and_of_children() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.notify("garnier", secretary(&mission)).await.unwrap();
    let mut number = 0;
    let mut notify = async |member| {
        number += 1;
        world.notify(&format!("a-{number}"), member).await
    };
    let born = |date: &str, member: Member| Member { birth_date: date.into(), ..member };
    notify(born("2005-05-04", secretary(&mission))).await.unwrap();
    assert_eq!(reason(notify(born("2005-05-05", secretary(&mission))).await), "AGE_UNFIT", "21 tomorrow");
    notify(born("2005-05-05", relative(&principal, Relation::Child))).await.unwrap();
    let grown = born("2005-05-04", relative(&principal, Relation::Child));
    assert_eq!(reason(notify(grown).await), "AGE_UNFIT", "21 today");
    notify(born("2003-05-05", relative(&principal, Relation::StudentChild))).await.unwrap();
    let graduate = born("2003-05-04", relative(&principal, Relation::StudentChild));
    assert_eq!(reason(notify(graduate).await), "AGE_UNFIT", "23 today");
    notify(born("1990-01-01", relative(&principal, Relation::DisabledChild))).await.unwrap();
    assert_eq!(reason(notify(born("2026-05-05", relative(&principal, Relation::Child))).await), "DATES_IMPLAUSIBLE");
    assert_eq!(fields(notify(born("2005-13-05", secretary(&mission))).await), ["member.birthDate"]);
}

#[tokio::test]
async fn a_late_notification_is_accepted_and_marked() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let arrived = |when| Member { arrival_time: Some(registry::timestamp(when)), ..secretary(&mission) };
    let thirty_days = crate::world::dawn() - TimeDelta::days(30);
    assert!(!world.notify("a", arrived(thirty_days)).await.unwrap().notified_late);
    let late = thirty_days - TimeDelta::microseconds(1);
    assert!(world.notify("b", arrived(late)).await.unwrap().notified_late);
    let future = Member { arrival_time: stamp("2026-05-04T13:00:00.000001Z"), ..secretary(&mission) };
    assert_eq!(fields(world.notify("c", future).await), ["member.arrivalTime"]);
    let expected = Member { arrival_time: None, ..secretary(&mission) };
    assert!(!world.notify("d", expected).await.unwrap().notified_late, "not here yet");
    assert_eq!(world.store.now(), at("2026-05-04T13:00:00Z"));
}

#[tokio::test]
async fn a_reference_to_nothing_names_its_field() {
    let world = world().await;
    let orphan = Member { nationality: "FR".into(), ..secretary("missions/nowhere") };
    let refused = world.notify("a", orphan).await.unwrap_err();
    assert_eq!(reason::<Member>(Err(refused.clone())), "BROKEN_REFERENCE");
    assert_eq!(fields::<Member>(Err(refused)), ["member.mission"]);
}
