//! Visas: printed once, on one sticker, never against a hit; entries counted; longer ones for who used theirs lawfully.

use crate::travel_bench::{CLERK, DECIDER};
use crate::visa_applications::{single, tourist};
use crate::world::{World, reason, world};
use futures::future::join;
use proto::consular::v1::blank_book::{Kind as Blank, State as BlankState};
use proto::consular::v1::visa::State;
use proto::consular::v1::visa_application::State as Application;
use proto::consular::v1::{self as pb, Visa, VisaApplication};
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    pub(crate) async fn print_visa(&self, application: &str, blank: &str) -> Result<Visa, Status> {
        let visa = Visa { application: application.into(), blank: blank.into(), ..Visa::default() };
        let create = pb::CreateVisaRequest { visa: Some(visa), ..Default::default() };
        Ok(self.visas("people/press").create_visa(create).await?.into_inner())
    }

    /// Granted, and not printed.
    pub(crate) async fn granted_visa(&self, person: &str) -> String {
        let name = self.in_checks(tourist(person), &[]).await;
        self.granted(DECIDER, single(&name)).await.unwrap();
        name
    }

    pub(crate) async fn valid_visa(&self, application: &str, number: &str) -> String {
        let sticker = self.blank(Blank::VisaSticker, number).await;
        let visa = self.print_visa(application, &sticker).await.unwrap().name;
        self.visas("people/press").release_visa(about!(ReleaseVisaRequest, visa)).await.unwrap();
        visa
    }

    pub(crate) async fn enters(&self, name: &str, date: &str) -> Result<Visa, Status> {
        let note = pb::RecordEntryRequest { name: name.into(), date: date.into(), ..Default::default() };
        Ok(self.visas(CLERK).record_entry(note).await?.into_inner())
    }

    pub(crate) async fn leaves(&self, name: &str, date: &str) -> Result<Visa, Status> {
        let note = pb::RecordExitRequest { name: name.into(), date: date.into(), ..Default::default() };
        Ok(self.visas(CLERK).record_exit(note).await?.into_inner())
    }

    async fn leaves_late(&self, name: &str, date: &str) -> Result<Visa, Status> {
        let note = pb::RecordExitAfterEndRequest { name: name.into(), date: date.into(), ..Default::default() };
        Ok(self.visas(CLERK).record_exit_after_end(note).await?.into_inner())
    }
}

#[tokio::test]
async fn a_visa_is_not_printed_while_a_hit_is_unresolved() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.granted_visa("T-1").await;
    let sticker = world.blank(Blank::VisaSticker, "V00000001").await;
    world.list_of(&[("SAMPLE, Other", ""), ("TRAVELLER, Ravi", "DOB 12 Aug 1974.")]).await;
    assert_eq!(world.again().await, 1);
    let refused = world.print_visa(&application, &sticker).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "409 at the gateway");
    assert_eq!(reason::<Visa>(Err(refused)), "HIT_UNRESOLVED");
    assert_eq!(world.blank_now(&sticker).await.state(), BlankState::Received);
    let first = world.visa_application(&application).await.screening;
    let all = pb::ListScreeningsRequest { filter: format!("previous = \"{first}\""), ..Default::default() };
    let keeper = crate::world::officer(CLERK);
    let newer = world.screenings(&keeper).list_screenings(all).await.unwrap().into_inner().screenings;
    world.cleared(&newer[0].name).await;
    let printed = world.print_visa(&application, &sticker).await.unwrap();
    assert_eq!((printed.name.as_str(), printed.state()), ("visas/V00000001", State::Printed));
    let window = mrz::Window::on("2026-05-04".parse().unwrap());
    let zone = mrz::parse(&printed.zone.join("\n"), &window).unwrap();
    assert_eq!((zone.number.as_str(), zone.nationality.as_str()), ("V00000001", "IND"));
    assert_eq!(zone.expiry.to_string(), "2026-08-04");
    assert_eq!(world.visa_application(&application).await.state(), Application::Issued);
}

#[tokio::test]
async fn an_application_has_one_visa_and_a_failed_one_is_printed_again() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.granted_visa("T-1").await;
    let one = world.blank(Blank::VisaSticker, "V00000001").await;
    let two = world.blank(Blank::VisaSticker, "V00000002").await;
    let (first, second) = join(world.print_visa(&application, &one), world.print_visa(&application, &two)).await;
    assert!(first.is_ok() != second.is_ok(), "one of two is printed");
    let (visa, loser, left) = match (first, second) {
        (Ok(visa), loser) => (visa, loser, two),
        (loser, visa) => (visa.unwrap(), loser, one),
    };
    assert_eq!(reason(loser), "DOCUMENT_ALREADY_MADE");
    let fail = about!(FailVisaInspectionRequest, visa.name);
    let spoilt = world.visas("people/press").fail_visa_inspection(fail).await.unwrap().into_inner();
    assert_eq!(spoilt.state(), State::Spoilt);
    assert_eq!(world.blank_now(&spoilt.blank).await.state(), BlankState::Spoiled);
    assert_eq!(world.visa_application(&application).await.state(), Application::Granted);
    world.print_visa(&application, &left).await.unwrap();
}

#[tokio::test]
async fn entries_are_counted_and_days_are_plausible() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.granted_visa("T-1").await;
    let visa = world.valid_visa(&application, "V00000001").await;
    world.clock.set("2026-07-25T12:00:00Z".parse().unwrap());
    assert_eq!(reason(world.leaves(&visa, "2026-07-10").await), "CROSSING_IMPLAUSIBLE", "never entered");
    assert_eq!(reason(world.enters(&visa, "2026-06-30").await), "CROSSING_IMPLAUSIBLE", "not valid yet");
    assert_eq!(reason(world.enters(&visa, "2026-07-26").await), "CROSSING_IMPLAUSIBLE", "tomorrow");
    world.enters(&visa, "2026-07-02").await.unwrap();
    assert_eq!(reason(world.enters(&visa, "2026-07-03").await), "CROSSING_IMPLAUSIBLE", "there already");
    assert_eq!(reason(world.leaves(&visa, "2026-07-01").await), "CROSSING_IMPLAUSIBLE", "before the entry");
    assert_eq!(world.leaves(&visa, "2026-07-20").await.unwrap().state(), State::Used);
}

#[tokio::test]
async fn a_visa_ends_by_time_or_by_decision() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let one = world.granted_visa("T-1").await;
    let expires = world.valid_visa(&one, "V00000001").await;
    let other = world.granted_visa("T-2").await;
    let annulled = world.valid_visa(&other, "V00000002").await;
    let annul =
        pb::AnnulVisaRequest { name: annulled, grounds: "The invitation was forged.".into(), ..Default::default() };
    assert_eq!(world.visas(DECIDER).annul_visa(annul).await.unwrap().into_inner().state(), State::Annulled);
    world.clock.set("2026-08-05T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let get = pb::GetVisaRequest { name: expires, as_of: None };
    assert_eq!(world.visas(CLERK).get_visa(get).await.unwrap().into_inner().state(), State::Expired);
}

#[tokio::test]
async fn three_visas_lawfully_used_entitle_to_a_year() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    for (number, month) in [("V00000001", 7), ("V00000002", 9), ("V00000003", 11)] {
        let (first, last) = (format!("2026-{month:02}-01"), format!("2026-{month:02}-20"));
        world.clock.set(format!("2026-{:02}-04T13:00:00Z", month - 2).parse().unwrap());
        let asked = VisaApplication { arrival_date: first.clone(), departure_date: last.clone(), ..tourist("T-1") };
        let name = world.in_checks(asked, &[]).await;
        let grant = pb::GrantVisaRequest { valid_from: first.clone(), valid_until: last.clone(), ..single(&name) };
        world.granted(DECIDER, grant).await.unwrap();
        let visa = world.valid_visa(&name, number).await;
        world.clock.set(format!("2026-{month:02}-25T13:00:00Z").parse().unwrap());
        world.enters(&visa, &first).await.unwrap();
        world.leaves(&visa, &last).await.unwrap();
    }
    world.clock.set("2027-02-01T13:00:00Z".parse().unwrap());
    let asked =
        VisaApplication { arrival_date: "2027-04-01".into(), departure_date: "2027-04-20".into(), ..tourist("T-1") };
    let name = world.in_checks(asked, &[]).await;
    let less =
        pb::GrantVisaRequest { valid_from: "2027-04-01".into(), valid_until: "2027-04-20".into(), ..single(&name) };
    let refused = world.granted(DECIDER, less.clone()).await.unwrap_err();
    assert!(refused.message().contains("1 years (art. 24(2)(a))"), "{refused}");
    assert_eq!(reason::<VisaApplication>(Err(refused)), "CASCADE_NOT_FOLLOWED");
    let year = pb::GrantVisaRequest { entries: 0, valid_until: "2028-03-31".into(), stay_days: 90, ..less };
    let granted = world.granted(DECIDER, year).await.unwrap();
    assert_eq!((granted.valid_until.as_str(), granted.entries), ("2028-03-31", 0), "no grace on many entries");
}

/// Granted for these days and used for those.
impl World {
    async fn used_visa(&self, number: &str, grant: pb::GrantVisaRequest, stays: &[(&str, &str)]) {
        let visa = self.valid_visa(&grant.name, number).await;
        for (entry, exit) in stays {
            self.clock.set(format!("{exit}T20:00:00Z").parse().unwrap());
            self.enters(&visa, entry).await.unwrap();
            self.leaves(&visa, exit).await.unwrap();
        }
    }
}

#[tokio::test]
async fn who_used_the_days_of_grace_to_stay_is_entitled_to_nothing() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    // Three visas of twenty days; on the second the holder stayed for twenty-one, long before its last day.
    for (number, month, last_day) in [("V00000001", 7, "20"), ("V00000002", 9, "21"), ("V00000003", 11, "20")] {
        let (first, last) = (format!("2026-{month:02}-01"), format!("2026-{month:02}-20"));
        world.clock.set(format!("2026-{:02}-04T13:00:00Z", month - 2).parse().unwrap());
        let asked = VisaApplication { arrival_date: first.clone(), departure_date: last.clone(), ..tourist("T-1") };
        let name = world.in_checks(asked, &[]).await;
        let grant = pb::GrantVisaRequest { valid_from: first.clone(), valid_until: last, ..single(&name) };
        world.granted(DECIDER, grant.clone()).await.unwrap();
        world.used_visa(number, grant, &[(&first, &format!("2026-{month:02}-{last_day}"))]).await;
    }
    world.clock.set("2027-02-01T13:00:00Z".parse().unwrap());
    let asked =
        VisaApplication { arrival_date: "2027-04-01".into(), departure_date: "2027-04-20".into(), ..tourist("T-1") };
    let name = world.in_checks(asked, &[]).await;
    let grant =
        pb::GrantVisaRequest { valid_from: "2027-04-01".into(), valid_until: "2027-04-20".into(), ..single(&name) };
    let granted = world.granted(DECIDER, grant).await.unwrap();
    assert_eq!(granted.entitlement, "", "two were lawfully used, and it takes three");
}

#[tokio::test]
async fn no_more_days_are_granted_than_are_left_of_ninety() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    let summer = pb::GrantVisaRequest { entries: 0, stay_days: 90, valid_until: "2026-09-30".into(), ..single(&name) };
    world.granted(DECIDER, summer.clone()).await.unwrap();
    world.used_visa("V00000001", summer, &[("2026-07-01", "2026-09-18")]).await;
    // Eighty days are used. Ten are left in October, all ninety when the summer is out of the period.
    let asked = |arrival: &str, departure: &str| VisaApplication {
        arrival_date: arrival.into(),
        departure_date: departure.into(),
        late_reason: "An invitation.".into(),
        ..tourist("T-1")
    };
    let name = world.in_checks(asked("2026-10-01", "2026-10-20"), &[]).await;
    let october = |stay_days| pb::GrantVisaRequest {
        stay_days,
        valid_from: "2026-10-01".into(),
        valid_until: "2026-10-20".into(),
        ..single(&name)
    };
    let refused = world.granted(DECIDER, october(20)).await.unwrap_err();
    assert!(refused.message().contains("10 days are left"), "{refused}");
    assert_eq!(reason::<VisaApplication>(Err(refused)), "STAY_EXHAUSTED");
    assert_eq!(reason(world.granted(DECIDER, october(11)).await), "STAY_EXHAUSTED");
    world.granted(DECIDER, october(10)).await.unwrap();
    let later = world.in_checks(asked("2027-03-01", "2027-03-20"), &[]).await;
    let spring = pb::GrantVisaRequest {
        stay_days: 90,
        valid_from: "2027-03-20".into(),
        valid_until: "2027-06-17".into(),
        ..single(&later)
    };
    world.granted(DECIDER, spring).await.unwrap();
}

/// Without a way to note it the stay would go on for ever, and no later visa be granted.
#[tokio::test]
async fn whoever_leaves_when_the_visa_has_ended_has_left() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.granted_visa("T-1").await;
    let visa = world.valid_visa(&application, "V00000001").await;
    let application = world.granted_visa("T-2").await;
    let lost = world.valid_visa(&application, "V00000002").await;
    world.clock.set("2026-07-20T20:00:00Z".parse().unwrap());
    for visa in [&visa, &lost] {
        world.enters(visa, "2026-07-20").await.unwrap();
    }
    assert_eq!(reason(world.leaves_late(&visa, "2026-07-20").await), "WRONG_STATE", "it is valid still");
    let loss = pb::ReportVisaLossRequest { name: lost.clone(), place: "At the station.".into(), ..Default::default() };
    world.visas(CLERK).report_visa_loss(loss).await.unwrap();
    world.clock.set("2026-08-06T13:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    assert_eq!(reason(world.leaves(&visa, "2026-08-06").await), "WRONG_STATE");
    assert_eq!(reason(world.leaves_late(&visa, "2026-07-19").await), "CROSSING_IMPLAUSIBLE", "before the entry");
    assert_eq!(reason(world.leaves_late(&visa, "2026-08-07").await), "CROSSING_IMPLAUSIBLE", "tomorrow");
    for (visa, state) in [(&visa, State::Expired), (&lost, State::Lost)] {
        let gone = world.leaves_late(visa, "2026-08-06").await.unwrap();
        assert_eq!((gone.state(), gone.sojourns[0].exit_date.as_str()), (state, "2026-08-06"));
        assert_eq!(reason(world.leaves_late(visa, "2026-08-06").await), "CROSSING_IMPLAUSIBLE", "once");
    }
    // A year later all ninety days are there again.
    world.clock.set("2027-06-01T13:00:00Z".parse().unwrap());
    let asked =
        VisaApplication { arrival_date: "2027-07-01".into(), departure_date: "2027-07-20".into(), ..tourist("T-1") };
    let name = world.in_checks(asked, &[]).await;
    let grant =
        pb::GrantVisaRequest { valid_from: "2027-07-01".into(), valid_until: "2027-07-20".into(), ..single(&name) };
    world.granted(DECIDER, grant).await.unwrap();
}

#[tokio::test]
async fn a_long_stay_does_not_count_for_the_multiple_entry_rules() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    let year = pb::GrantVisaRequest { entries: 0, stay_days: 90, valid_until: "2027-06-30".into(), ..single(&name) };
    world.granted(DECIDER, year.clone()).await.unwrap();
    world.used_visa("V00000001", year, &[("2026-07-01", "2026-07-10")]).await;
    world.clock.set("2027-02-01T13:00:00Z".parse().unwrap());
    let asked =
        VisaApplication { arrival_date: "2027-04-01".into(), departure_date: "2027-04-20".into(), ..tourist("T-1") };
    let name = world.in_checks(asked, &[]).await;
    let once =
        pb::GrantVisaRequest { valid_from: "2027-04-01".into(), valid_until: "2027-04-20".into(), ..single(&name) };
    assert_eq!(
        reason(world.granted(DECIDER, once.clone()).await),
        "CASCADE_NOT_FOLLOWED",
        "after a year of short stays"
    );
    let long = "update visas set doc = doc || '{\"visaClass\": \"D\"}'";
    sqlx::query(long).execute(&world.db.pool).await.unwrap();
    assert_eq!(world.granted(DECIDER, once).await.unwrap().entitlement, "", "after a year of study");
}
