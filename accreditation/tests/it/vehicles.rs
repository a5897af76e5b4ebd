//! Vehicles: insurance before title, quotas, plates and their codes, lapses, disposal, and what an officer learns.

use crate::benefits::{benefits, for_missions, signatory_of, tax_rule};
use crate::driving::{insurance, sedan};
use crate::world::{World, at, decider, embassy, fields, police, reason, registrar, relative, secretary, stamp, world};
use accreditation::benefits::Practice;
use chrono::TimeDelta;
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level};
use proto::accreditation::v1::vehicle::{Kind, State};
use proto::accreditation::v1::verify_plate_response::Finding;
use proto::accreditation::v1::{
    self as pb, Category, Insurance, Member, Quota, ReciprocityRule, Relation, Vehicle, mission, quota,
};

fn officer() -> Principal {
    Principal { permissions: Permissions::of(["accreditation.vehicles.verify"]), ..police("mpd") }
}

async fn plate(world: &World, plate: &str) -> pb::VerifyPlateResponse {
    let request = pb::VerifyPlateRequest { plate: plate.into() };
    world.vehicles(&officer()).verify_plate(request).await.unwrap().into_inner()
}

fn vehicle_rule(amount: i32) -> ReciprocityRule {
    let quota = Some(Quota { amount, period: quota::Period::AtOnce.into() });
    ReciprocityRule { benefit: Benefit::VehicleRegistration.into(), quota, ..tax_rule("FR") }
}

#[tokio::test]
async fn a_vehicle_is_insured_titled_and_registered_under_a_plate() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let applied = world.apply(&signatory_of("fr"), sedan(&mission, &member, 1)).await.unwrap();
    let name = applied.name.clone();
    assert_eq!((applied.state(), applied.category()), (State::Application, Category::DiplomaticStaff));
    assert_eq!(reason(world.vehicle_step(&benefits(), "title", &name).await), "WRONG_STATE");
    let poor = Insurance { combined: 299_999, ..insurance() };
    assert_eq!(reason(world.insure(&signatory_of("fr"), &name, poor).await), "INSURANCE_TOO_LOW");
    let over = Insurance { end_time: stamp("2026-05-04T13:00:00Z"), ..insurance() };
    assert_eq!(reason(world.insure(&signatory_of("fr"), &name, over).await), "INSURANCE_NOT_RUNNING");
    world.insure(&signatory_of("fr"), &name, insurance()).await.unwrap();
    world.vehicle_step(&benefits(), "title", &name).await.unwrap();
    let registered = world.register(&name, "0042").await.unwrap();
    assert_eq!((registered.state(), registered.plate.as_str()), (State::Registered, "DDJ0042"));
    assert_eq!(registered.registration_end_time, stamp("2027-05-05T04:00:00Z"), "a year, to the end of the day");
    let answer = plate(&world, "d dj-0042").await;
    assert_eq!((answer.finding(), answer.valid), (Finding::PlateValid, true));
    assert_eq!((answer.mission.as_str(), answer.vehicle.as_str()), ("Embassy of FR", "Example Sedan"));
    assert_eq!((answer.colour.as_str(), answer.member.as_str()), ("blue", member.as_str()));
    assert_eq!(plate(&world, "DDJ0043").await.finding(), Finding::PlateUnknown);
    assert_eq!(plate(&world, "--").await.finding(), Finding::PlateUnknown);
    assert_eq!(world.count("audit where method like '%VerifyPlate' and agency = 'mpd'").await, 3);
    let request = pb::GetVehicleRequest { name, as_of: None };
    assert_eq!(reason(world.vehicles(&officer()).get_vehicle(request).await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_lapse_is_cured_in_five_working_days_or_the_vehicle_is_suspended() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let short = Insurance { end_time: stamp("2026-05-20T16:00:00Z"), ..insurance() };
    let [cured, lapsed] = [1, 2].map(|n| sedan(&mission, "", n));
    let (cured, lapsed) = (world.driven(cured, "0001", &short).await, world.driven(lapsed, "0002", &short).await);
    world.clock.set(at("2026-05-20T16:00:00Z"));
    assert_eq!(plate(&world, &cured.plate).await.finding(), Finding::Uninsured, "the instant counts, not the timer");
    assert_eq!(world.store.fire_due().await.unwrap(), 2);
    let vehicle = world.vehicle(&lapsed.name).await;
    assert_eq!((vehicle.state(), vehicle.lapse_time), (State::InsuranceLapsed, stamp("2026-05-20T16:00:00Z")));
    // Thursday, Friday, Tuesday (Memorial Day is the Monday), Wednesday, Thursday the 28th, to its end in Washington.
    assert_eq!(vehicle.cure_end_time, stamp("2026-05-29T04:00:00Z"));
    world.clock.set(at("2026-05-29T03:59:59Z"));
    let restored = world.cure(&cured.name, insurance()).await.unwrap();
    assert_eq!((restored.state(), restored.lapse_time), (State::Registered, None));
    assert_eq!(plate(&world, &lapsed.plate).await.finding(), Finding::Uninsured);
    world.clock.set(at("2026-05-29T04:00:00Z"));
    assert_eq!(plate(&world, &lapsed.plate).await.finding(), Finding::PlateSuspended, "before the timer");
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(world.vehicle(&lapsed.name).await.state(), State::Suspended);
    assert_eq!(plate(&world, &cured.plate).await.finding(), Finding::PlateValid);
    assert_eq!(reason(world.cure(&lapsed.name, insurance()).await), "WRONG_STATE");
    assert_eq!(reason(world.vehicle_step(&benefits(), "renew", &lapsed.name).await), "INSURANCE_NOT_RUNNING");
    world.renew_insurance(&lapsed.name, insurance()).await.unwrap();
    assert_eq!(world.vehicle_step(&benefits(), "renew", &lapsed.name).await.unwrap().state(), State::Registered);
}

#[tokio::test]
async fn an_insurance_that_the_insurer_ends_lapses_before_its_time() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let vehicle = world.driven(sedan(&mission, "", 1), "0001", &insurance()).await;
    let noted = world.vehicle_step(&benefits(), "noteLapse", &vehicle.name).await.unwrap();
    assert_eq!((noted.state(), noted.cure_end_time), (State::InsuranceLapsed, stamp("2026-05-12T04:00:00Z")));
    assert_eq!(plate(&world, &vehicle.plate).await.finding(), Finding::Uninsured);
    world.cure(&vehicle.name, insurance()).await.unwrap();
    assert_eq!(plate(&world, &vehicle.plate).await.finding(), Finding::PlateValid);
}

#[tokio::test]
async fn a_registration_ends_after_its_year_and_is_renewed_from_its_end() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let long = Insurance { end_time: stamp("2030-01-01T00:00:00Z"), ..insurance() };
    let vehicle = world.driven(sedan(&mission, "", 1), "0001", &long).await;
    world.clock.set(at("2027-04-01T12:00:00Z"));
    let renewed = world.vehicle_step(&benefits(), "renew", &vehicle.name).await.unwrap();
    assert_eq!(renewed.registration_end_time, stamp("2028-05-05T04:00:00Z"));
    world.clock.set(at("2028-05-05T04:00:00Z"));
    assert_eq!(plate(&world, &vehicle.plate).await.finding(), Finding::PlateSuspended);
    world.store.fire_due().await.unwrap();
    assert_eq!(world.vehicle(&vehicle.name).await.state(), State::Suspended);
}

#[tokio::test]
async fn quotas_are_those_of_the_rule_in_force_or_of_our_practice() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let diplomat = world.accredited("garnier", secretary(&mission)).await;
    let driver = Member { category: Category::ServiceStaff.into(), ..secretary(&mission) };
    let driver = world.accredited("driver", driver).await.name;
    let spouse = world.accredited("spouse", relative(&diplomat, Relation::Spouse)).await.name;
    let titled = async |member: &str, n: u32| {
        let name = world.insured(sedan(&mission, member, n)).await.unwrap();
        world.vehicle_step(&benefits(), "title", &name).await
    };
    for n in [1, 2] {
        titled(&diplomat.name, n).await.unwrap();
    }
    assert_eq!(reason(titled(&diplomat.name, 3).await), "VEHICLE_QUOTA_REACHED", "two, by our practice");
    titled(&driver, 4).await.unwrap();
    assert_eq!(reason(titled(&driver, 5).await), "VEHICLE_QUOTA_REACHED", "one");
    let rule = world.enact(vehicle_rule(3)).await.name;
    titled(&diplomat.name, 6).await.unwrap();
    assert_eq!(reason(titled(&diplomat.name, 7).await), "VEHICLE_QUOTA_REACHED", "three, by the rule");
    world.clock.advance(TimeDelta::days(1));
    world.rule_step(&benefits(), "supersede", &rule).await.unwrap();
    world.enact(ReciprocityRule { family: false, ..vehicle_rule(9) }).await;
    assert_eq!(reason(titled(&spouse, 8).await), "BENEFIT_NOT_RECIPROCATED", "the family has none");
    world.enact(ReciprocityRule { level: Level::Denied.into(), ..for_missions(vehicle_rule(1)) }).await;
    assert_eq!(reason(titled("", 9).await), "BENEFIT_NOT_RECIPROCATED", "the mission neither");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_titles_at_once_as_many_are_given_as_the_quota_has() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    for (holder, most) in [(member.as_str(), 2), ("", 3)] {
        if holder.is_empty() {
            world.enact(for_missions(vehicle_rule(3))).await;
        }
        let mut names = Vec::new();
        for n in 0..6 {
            names.push(world.insured(sedan(&mission, holder, 100 + n + 10 * most)).await.unwrap());
        }
        let by = benefits();
        let answers = join_all(names.iter().map(|name| world.vehicle_step(&by, "title", name))).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (most as usize, 6 - most as usize), "{holder}");
        assert!(refused.into_iter().all(|answer| reason(answer) == "VEHICLE_QUOTA_REACHED"));
    }
}

#[tokio::test]
async fn one_plate_is_on_one_vehicle_and_one_vehicle_is_registered_once() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let first = world.driven(sedan(&mission, "", 1), "0042", &insurance()).await;
    let second = world.insured(sedan(&mission, "", 2)).await.unwrap();
    world.vehicle_step(&benefits(), "title", &second).await.unwrap();
    assert_eq!(reason(world.register(&second, "0042").await), "PLATE_TAKEN");
    assert_eq!(reason(world.apply(&registrar(), sedan(&mission, "", 1)).await), "VEHICLE_ALREADY_REGISTERED");
    world.vehicle_step(&registrar(), "export", &first.name).await.unwrap();
    assert_eq!(plate(&world, &first.plate).await.finding(), Finding::PlateToReturn);
    assert_eq!(reason(world.register(&second, "0042").await), "PLATE_TAKEN", "until it is back");
    world.vehicle_step(&benefits(), "returnPlates", &first.name).await.unwrap();
    assert_eq!(plate(&world, &first.plate).await.finding(), Finding::PlateUnknown);
    world.register(&second, "0042").await.unwrap();
    world.apply(&registrar(), sedan(&mission, "", 1)).await.unwrap();
}

#[tokio::test]
async fn a_vehicle_free_of_duty_is_held_two_years_or_duty_is_due() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let free = |n| Vehicle { duty_free: true, ..sedan(&mission, "", n) };
    let (sold, kept) =
        (world.driven(free(1), "0001", &insurance()).await, world.driven(free(2), "0002", &insurance()).await);
    assert_eq!(sold.holding_end_time, stamp("2028-05-05T04:00:00Z"));
    for verb in ["transfer", "scrap"] {
        assert_eq!(reason(world.vehicle_step(&registrar(), verb, &sold.name).await), "HOLDING_PERIOD_RUNS");
    }
    let request = pb::TransferVehicleRequest {
        name: sold.name.clone(),
        duty_reference: "Entry 117".into(),
        ..Default::default()
    };
    let transferred = world.vehicles(&registrar()).transfer_vehicle(request).await.unwrap().into_inner();
    assert_eq!((transferred.state(), transferred.duty_reference.as_str()), (State::Transferred, "Entry 117"));
    assert_eq!(world.count(&format!("timers where name = '{}'", sold.name)).await, 0);
    world.clock.set(at("2028-05-05T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    world.vehicle_step(&registrar(), "transfer", &kept.name).await.unwrap();
    let taxed = world
        .driven(sedan(&mission, "", 3), "0003", &Insurance { end_time: stamp("2031-01-01T00:00:00Z"), ..insurance() })
        .await;
    world.vehicle_step(&registrar(), "scrap", &taxed.name).await.unwrap();
}

#[tokio::test]
async fn a_plate_is_worth_nothing_once_the_holders_standing_is_over() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let long = Insurance { end_time: stamp("2030-01-01T00:00:00Z"), ..insurance() };
    let own = world.driven(sedan(&mission, &member, 1), "0001", &long).await;
    let official = world.driven(sedan(&mission, "", 2), "0002", &long).await;
    world.terminate(&member, EndCause::PersonaNonGrata).await;
    assert_eq!(plate(&world, &own.plate).await.finding(), Finding::PlateValid);
    world.clock.set(at("2026-06-04T04:00:00Z"));
    assert_eq!(plate(&world, &own.plate).await.finding(), Finding::HolderEnded);
    assert_eq!(plate(&world, &official.plate).await.finding(), Finding::PlateValid);
    world.mission_step(&decider(), "sever", &mission).await.unwrap();
    assert_eq!(plate(&world, &official.plate).await.finding(), Finding::PlateValid, "the mission winds up");
    world.clock.set(at("2026-07-05T04:00:00Z"));
    assert_eq!(plate(&world, &official.plate).await.finding(), Finding::HolderEnded);
    let stolen = world.vehicle_step(&registrar(), "reportStolen", &own.name).await.unwrap();
    assert_eq!((stolen.state(), stolen.police_reference.as_str()), (State::Stolen, "Report 9"));
    assert_eq!(plate(&world, &own.plate).await.finding(), Finding::VehicleStolen, "before all else");
}

#[tokio::test]
async fn a_state_whose_code_is_anothers_has_no_plate() {
    let world = world().await;
    let mission = world.mission("dj", embassy("DJ"), mission::State::Open).await;
    let name = world.insured(sedan(&mission, "", 1)).await.unwrap();
    world.vehicle_step(&benefits(), "title", &name).await.unwrap();
    assert_eq!(reason(world.register(&name, "0001").await), "PLATE_CODE_UNKNOWN", "DJ on a plate is France");
}

#[tokio::test]
async fn a_missions_staff_apply_for_and_see_their_own() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    world.embassy("BE").await;
    assert_eq!(fields(world.apply(&signatory_of("be"), sedan(&mission, "", 1)).await), ["vehicle.mission"]);
    let name = world.apply(&signatory_of("fr"), sedan(&mission, "", 1)).await.unwrap().name;
    let request = pb::GetVehicleRequest { name: name.clone(), as_of: None };
    assert_eq!(reason(world.vehicles(&signatory_of("be")).get_vehicle(request).await), "NOT_FOUND");
    assert_eq!(reason(world.insure(&signatory_of("be"), &name, insurance()).await), "NOT_FOUND");
}

#[test]
fn the_least_insurance_and_the_letters_are_data() {
    let vehicles = Practice::of_home("US").unwrap().vehicles;
    assert_eq!((vehicles.minimum(Kind::Motorcycle).property, vehicles.minimum(Kind::Bus).property), (50_000, 100_000));
    let plates = &vehicles.plates;
    assert_eq!(plates.letter(Category::ConsularOfficer, mission::Type::Consulate), "C");
    assert_eq!(plates.letter(Category::AdministrativeAndTechnicalStaff, mission::Type::Embassy), "S");
    assert_eq!(plates.letter(Category::Unspecified, mission::Type::IoOffice), "A");
    assert_eq!((plates.code("FR"), plates.code("BE"), plates.code("DJ")), (Some("DJ"), Some("BE"), None));
    let text = include_str!("../../data/benefits/US.toml");
    for (from, to, error) in [
        ("AU = \"XZ\"", "AU = \"DJ\"", "stands for two states"),
        ("otherwise = \"S\"", "otherwise = \"SS\"", "is no letter"),
        ("HEAD_OF_MISSION = 3", "HEAD_OF_MISSION = -3", "less than 0"),
        ("MOTORCYCLE =", "SLEIGH =", "no kind of vehicle"),
    ] {
        let errors = Practice::read(&text.replace(from, to), "US").unwrap_err().0;
        assert!(errors.iter().any(|found| found.contains(error)), "{error} is not in {errors:?}");
    }
}

#[tokio::test]
async fn a_registration_ends_also_while_the_insurance_is_lapsed() {
    let world = world().await;
    let (mission, _) = world.reciprocal().await;
    let vehicle = world.driven(sedan(&mission, "", 1), "0001", &insurance()).await;
    let ends = vehicle.registration_end_time.as_ref().and_then(registry::instant).unwrap();
    world.clock.set(ends - chrono::TimeDelta::days(2));
    world.vehicle_step(&benefits(), "noteLapse", &vehicle.name).await.unwrap();
    world.clock.set(ends);
    world.store.fire_due().await.unwrap();
    assert_eq!(world.vehicle(&vehicle.name).await.state(), State::Suspended);
    assert_eq!(reason(world.cure(&vehicle.name, insurance()).await), "WRONG_STATE");
    assert_eq!(world.count("timers where kind = 'vehicles' and timer <> 'insurance'").await, 0);
}
