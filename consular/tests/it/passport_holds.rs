//! Holds on passports: the alert for a child out of its case, orders of courts, decisions in writing, and two persons to lift.

use crate::assistance::{case, fact};
use crate::passports::application;
use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{Signed, World, officer, reason, world};
use proto::consular::v1::assistance_case::Type as Case;
use proto::consular::v1::assistance_task::Kind as Task;
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::case_fact;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::passport_hold::{Kind, State};
use proto::consular::v1::passport_hold_service_client::PassportHoldServiceClient;
use proto::consular::v1::{self as pb, ParentalConsent, PassportApplication, PassportHold};
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    fn holds(&self, by: &str) -> PassportHoldServiceClient<Signed> {
        PassportHoldServiceClient::new(self.signed(&officer(by)))
    }

    pub(crate) async fn hold(&self, hold: PassportHold) -> Result<PassportHold, Status> {
        let create = pb::CreatePassportHoldRequest { passport_hold: Some(hold), ..Default::default() };
        Ok(self.holds(CLERK).create_passport_hold(create).await?.into_inner())
    }

    async fn lift(&self, by: &str, name: &str) -> Result<PassportHold, Status> {
        let grounds = "The proceedings are over.".into();
        let lift = pb::LiftPassportHoldRequest { grounds, ..about!(LiftPassportHoldRequest, name) };
        Ok(self.holds(by).lift_passport_hold(lift).await?.into_inner())
    }

    pub(crate) async fn decide_hold(
        &self,
        by: &str,
        application: &str,
        hold: &str,
    ) -> Result<PassportApplication, Status> {
        let decide = pb::DecidePassportHoldRequest {
            hold: hold.into(),
            grounds: "The court has permitted this journey.".into(),
            ..about!(DecidePassportHoldRequest, application)
        };
        Ok(self.passport_applications(by).decide_passport_hold(decide).await?.into_inner())
    }

    async fn abduction(&self) -> String {
        let facts = [(case_fact::Kind::HabitualResidence, "Zenith"), (case_fact::Kind::Removal, "By a parent.")];
        let facts = facts.into_iter().map(|(kind, text)| fact(kind, text)).collect();
        self.open_case(case(Case::ChildAbduction, facts)).await.unwrap().name
    }

    /// A child's application, before who decides.
    async fn childs(&self, person: &str, given_names: &str) -> String {
        let consent = |parent: &str| ParentalConsent {
            parent: parent.into(),
            given_date: "2026-05-01".into(),
            evidence: "in person".into(),
        };
        let asked = PassportApplication {
            given_names: given_names.into(),
            birth_date: "2015-01-31".into(),
            consents: vec![consent("Parent One"), consent("Parent Two")],
            ..application(Type::Child, person)
        };
        let name = self.apply(asked).await.unwrap().name;
        self.taken_in(&name).await;
        let screening = self.screened(&format!("{given_names} Example"), "2015-01-31", "").await.name;
        let put = pb::AdjudicatePassportApplicationRequest {
            screening,
            ..about!(AdjudicatePassportApplicationRequest, name)
        };
        self.passport_applications(CLERK).adjudicate_passport_application(put).await.unwrap();
        name
    }
}

pub(crate) fn order(person: &str) -> PassportHold {
    PassportHold {
        kind: Kind::CourtOrder.into(),
        person: person.into(),
        authority: "Example Court".into(),
        authority_reference: "7/26".into(),
        grounds: "Not to leave the country before the hearing.".into(),
        ..PassportHold::default()
    }
}

fn alert(case: &str) -> PassportHold {
    PassportHold { kind: Kind::ChildAlert.into(), case: case.into(), ..order("") }
}

#[tokio::test]
async fn a_child_on_the_alert_list_gets_no_passport_without_a_decision() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let case = world.abduction().await;
    assert!(world.open_tasks(&case).await.contains(&Task::PassportAlert));
    let hold = world.hold(alert(&case)).await.unwrap();
    assert_eq!((hold.family_name.as_str(), hold.birth_date.as_str()), ("Example", "2015-01-31"), "as the case has it");
    assert_eq!(hold.expire_date, "2033-01-30", "the eve of the day the child is of age");
    assert!(!world.open_tasks(&case).await.contains(&Task::PassportAlert), "the task is done");
    // Under another number, with the name spelt otherwise.
    let application = world.childs("P-9", "Ana").await;
    let refused = world.try_approve(&application).await.unwrap_err();
    let told = fault::Fault::from(&refused);
    let named = told.metadata().find(|(key, _)| *key == "holds").map(|(_, value)| value.to_owned());
    assert_eq!((told.reason(), named), ("PASSPORT_HELD", Some(format!("CHILD_ALERT {}", hold.name))));
    assert_eq!(reason(world.decide_hold(CLERK, &application, &hold.name).await), "SAME_PERSON");
    let decided = world.decide_hold(DECIDER, &application, &hold.name).await.unwrap();
    let decision = &decided.hold_decisions[0];
    assert_eq!((decision.officer.as_str(), decision.grounds.is_empty()), (DECIDER, false));
    world.try_approve(&application).await.unwrap();
    // It stands for this application alone.
    let another = world.childs("P-10", "Anna").await;
    assert_eq!(reason(world.try_approve(&another).await), "PASSPORT_HELD");
    let namesake = world.childs("P-11", "Ricarda").await;
    world.try_approve(&namesake).await.expect("born on the same day, of the same family name, and another child");
    assert_eq!(reason(world.decide_hold(DECIDER, &another, "passportHolds/none").await), "BROKEN_REFERENCE");
    let stranger = world.hold(order("P-77")).await.unwrap().name;
    assert_eq!(reason(world.decide_hold(DECIDER, &another, &stranger).await), "HOLD_OF_ANOTHER");
}

#[tokio::test]
async fn an_order_stops_a_passport_at_each_step_until_a_second_officer_lifts_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.adjudicated_application(Type::First, "P-1").await;
    let first = world.hold(order("P-1")).await.unwrap().name;
    assert_eq!(reason(world.try_approve(&application).await), "PASSPORT_HELD");
    assert_eq!(reason(world.lift(CLERK, &first).await), "SAME_PERSON");
    assert_eq!(world.lift(DECIDER, &first).await.unwrap().state(), State::Lifted);
    world.try_approve(&application).await.unwrap();
    // One that comes later stops what is approved, and what is made.
    let second = world.hold(order("P-1")).await.unwrap().name;
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    assert_eq!(reason(world.produce(&application, &blank).await), "PASSPORT_HELD");
    world.lift(DECIDER, &second).await.unwrap();
    world.produce(&application, &blank).await.unwrap();
    world.on_its_way(&application).await;
    let third = world.hold(PassportHold { expire_date: "2026-05-20".into(), ..order("P-1") }).await.unwrap().name;
    assert_eq!(reason(world.deliver(&application).await), "PASSPORT_HELD");
    world.clock.set("2026-05-21T12:00:00Z".parse().unwrap());
    while world.store.fire_due().await.unwrap() > 0 {}
    let get = pb::GetPassportHoldRequest { name: third, as_of: None };
    let ended = world.holds(CLERK).get_passport_hold(get).await.unwrap().into_inner();
    assert_eq!(ended.state(), State::Expired);
    world.deliver(&application).await.unwrap();
}

#[tokio::test]
async fn a_hold_says_whom_it_means_and_an_alert_is_for_a_child() {
    let world = world().await;
    let case = world.abduction().await;
    let grown = PassportHold { birth_date: "1974-08-12".into(), ..alert(&case) };
    let past = PassportHold { expire_date: "2026-01-01".into(), ..order("P-1") };
    for unfit in [order(""), alert(""), grown, past] {
        assert_eq!(reason(world.hold(unfit).await), "HOLD_UNFIT");
    }
    assert!(world.open_tasks(&case).await.contains(&Task::PassportAlert), "what was refused completes nothing");
}
