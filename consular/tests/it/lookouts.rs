//! Lookouts: two officers to begin, change and end one; found at once in every process; nothing of why to who may not read them.

use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{Signed, World, officer, reason, world};
use identity::{Clearance, Permissions, Principal};
use proto::consular::v1::hit::Band;
use proto::consular::v1::lookout::{Category, State};
use proto::consular::v1::lookout_service_client::LookoutServiceClient;
use proto::consular::v1::screening::State as Screened;
use proto::consular::v1::subject::Kind;
use proto::consular::v1::{self as pb, Lookout, LookoutPerson, Screening, Subject};
use tonic::{Code, Status};

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    fn lookouts(&self, by: &Principal) -> LookoutServiceClient<Signed> {
        LookoutServiceClient::new(self.signed(by))
    }

    async fn draft(&self, lookout: Lookout) -> Result<Lookout, Status> {
        let create = pb::CreateLookoutRequest { lookout: Some(lookout), ..Default::default() };
        Ok(self.lookouts(&officer(CLERK)).create_lookout(create).await?.into_inner())
    }

    async fn lookout_at_work(&self, lookout: Lookout) -> String {
        let name = self.draft(lookout).await.unwrap().name;
        self.lookouts(&officer(CLERK)).submit_lookout(about!(SubmitLookoutRequest, name)).await.unwrap();
        name
    }

    async fn activate(&self, by: &str, name: &str) -> Result<Lookout, Status> {
        let activate = about!(ActivateLookoutRequest, name);
        Ok(self.lookouts(&officer(by)).activate_lookout(activate).await?.into_inner())
    }

    /// A lookout in force.
    pub(crate) async fn looks_out(&self, person: LookoutPerson) -> String {
        let name = self.lookout_at_work(lookout(person)).await;
        self.activate(DECIDER, &name).await.unwrap();
        name
    }

    async fn lookout_now(&self, name: &str) -> Lookout {
        let get = pb::GetLookoutRequest { name: name.into(), as_of: None };
        self.lookouts(&officer(CLERK)).get_lookout(get).await.unwrap().into_inner()
    }
}

pub(crate) fn lookout(person: LookoutPerson) -> Lookout {
    Lookout {
        person: Some(person),
        category: Category::EntryBan.into(),
        grounds: "Removed for smuggling, not to be admitted for five years.".into(),
        authority: "Example Ministry of the Interior".into(),
        handling: "Ask the ministry before anything is decided.".into(),
        review_date: "2026-08-01".into(),
        expire_date: "2026-12-31".into(),
        ..Lookout::default()
    }
}

/// Someone known in two scripts, by a year of birth.
pub(crate) fn someone() -> LookoutPerson {
    LookoutPerson {
        names: vec!["Иван Примеров".into(), "إيفان بريميروف".into()],
        birth_dates: vec!["1974".into()],
        nationalities: vec!["RU".into()],
        document_numbers: vec!["75 0123456".into()],
        ..LookoutPerson::default()
    }
}

fn asked(name: &str, born: &str) -> pb::CreateScreeningRequest {
    let subject =
        Subject { kind: Kind::Person.into(), names: vec![name.into()], birth_date: born.into(), ..Subject::default() };
    let screening = Screening { subject: Some(subject), occasion: "visa".into(), ..Screening::default() };
    pb::CreateScreeningRequest { screening: Some(screening), ..Default::default() }
}

#[tokio::test]
async fn a_lookout_is_found_at_once_and_no_longer_than_it_is_in_force() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let (clerk, ask) = (officer(CLERK), || asked("Ivan Primerov", "1974-08-12"));
    let mut here = world.screenings(&clerk);
    let name = world.lookout_at_work(lookout(someone())).await;
    let before = here.create_screening(ask()).await.unwrap().into_inner();
    assert_eq!(before.state(), Screened::Clear, "what one officer proposes is not in force");
    assert_eq!(reason(world.activate(CLERK, &name).await), "SAME_PERSON");
    assert_eq!(world.activate(DECIDER, &name).await.unwrap().state(), State::Active);
    let found = here.create_screening(ask()).await.unwrap().into_inner();
    let hit = &found.hits[0];
    assert_eq!((found.state(), hit.list.as_str(), &hit.entry), (Screened::Open, "lookouts", &name));
    let search = || pb::SearchScreeningsRequest { subject: ask().screening.unwrap().subject, reason: "a test".into() };
    let lists = |screening: &Screening| screening.lists.iter().find(|list| list.list == "lookouts").cloned().unwrap();
    assert_eq!(hit.version, lists(&found).version);
    assert_ne!(lists(&found), lists(&before), "the version is another");

    let propose = pb::ProposeLookoutWithdrawalRequest {
        grounds: "The order was taken back.".into(),
        ..about!(ProposeLookoutWithdrawalRequest, name)
    };
    world.lookouts(&clerk).propose_lookout_withdrawal(propose).await.unwrap();
    let found = here.search_screenings(search()).await.unwrap().into_inner();
    assert_eq!(found.hits[0].entry, name, "in force until a second officer agrees");
    let withdraw = || about!(WithdrawLookoutRequest, name);
    assert_eq!(reason(world.lookouts(&clerk).withdraw_lookout(withdraw()).await), "SAME_PERSON");
    let ended = world.lookouts(&officer(DECIDER)).withdraw_lookout(withdraw()).await.unwrap().into_inner();
    assert!(ended.state() == State::Withdrawn && ended.end_time.is_some());
    assert_eq!(here.create_screening(ask()).await.unwrap().into_inner().state(), Screened::Clear);
}

#[tokio::test]
async fn a_process_that_starts_and_one_that_runs_know_the_same_lookouts() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let clerk = officer(CLERK);
    let lists = std::sync::Arc::new(consular::Lists::below("/nowhere".into()).unwrap());
    lists.refresh(&world.db.pool).await.unwrap();
    let mut running = world.screenings_on(&lists, &clerk);
    assert!(running.create_screening(asked("Ivan Primerov", "")).await.unwrap().into_inner().hits.is_empty());
    let name = world.looks_out(someone()).await;
    let found = running.create_screening(asked("Ivan Primerov", "")).await.unwrap().into_inner();
    assert_eq!(found.hits[0].entry, name, "without being told, and without a wait");
    let fresh = std::sync::Arc::new(consular::Lists::below("/nowhere".into()).unwrap());
    fresh.refresh(&world.db.pool).await.unwrap();
    let found = world.screenings_on(&fresh, &clerk).create_screening(asked("Ivan Primerov", "")).await.unwrap();
    assert_eq!(found.into_inner().hits[0].entry, name, "after a start");
}

#[tokio::test]
async fn another_description_stands_once_a_second_officer_agrees() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.looks_out(someone()).await;
    let (clerk, decider) = (officer(CLERK), officer(DECIDER));
    let found = async |name: &str| world.screened(name, "1974-08-12", "").await.hits.len();
    let propose = pb::ProposeLookoutChangeRequest {
        person: Some(LookoutPerson { names: vec!["Ana Quuxley".into()], ..someone() }),
        ..about!(ProposeLookoutChangeRequest, name)
    };
    world.lookouts(&clerk).propose_lookout_change(propose.clone()).await.unwrap();
    assert_eq!((found("Ivan Primerov").await, found("Ana Quuxley").await), (1, 0));
    let accept = || about!(AcceptLookoutChangeRequest, name);
    assert_eq!(reason(world.lookouts(&clerk).accept_lookout_change(accept()).await), "SAME_PERSON");
    world.lookouts(&decider).accept_lookout_change(accept()).await.unwrap();
    assert_eq!((found("Ivan Primerov").await, found("Ana Quuxley").await), (0, 1));
    world.lookouts(&clerk).propose_lookout_change(propose).await.unwrap();
    let reject = about!(RejectLookoutChangeRequest, name);
    let kept = world.lookouts(&decider).reject_lookout_change(reject).await.unwrap().into_inner();
    assert!(kept.state() == State::Active && kept.proposed_person.is_none());
}

#[tokio::test]
async fn who_may_not_read_lookouts_learns_that_there_is_one_and_nothing_of_why() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.looks_out(someone()).await;
    let permissions = [
        "consular.screenings.screen",
        "consular.screenings.read",
        "consular.screenings.search",
        "consular.personal.read",
    ];
    let clerk = Principal { permissions: Permissions::of(permissions), ..officer("people/intake") };
    let found = world.screenings(&clerk).create_screening(asked("Ivan Primerov", "1974-08-12")).await.unwrap();
    let hit = found.get_ref().hits[0].clone();
    assert_eq!((hit.entry.as_str(), hit.matched_name.as_str(), hit.programmes.len()), (name.as_str(), "", 0));
    assert!(hit.features.iter().any(|feature| feature.feature == "birth_near"), "by what it was found is told");
    let told = format!("{found:?}");
    for secret in ["smuggling", "Примеров", "Interior", "ENTRY_BAN", "Ask the ministry"] {
        assert!(!told.contains(secret), "{secret} is told");
    }
    let get = || pb::GetLookoutRequest { name: name.clone(), as_of: None };
    assert_eq!(world.lookouts(&clerk).get_lookout(get()).await.unwrap_err().code(), Code::PermissionDenied);
    let partner = Principal { agency: Some("border".into()), ..officer("apiKeys/border") };
    assert_eq!(reason(world.lookouts(&partner).get_lookout(get()).await), "NOT_FOUND");
    // Who keeps them without being cleared sees whom, and not why.
    let uncleared = Principal { clearance: Clearance::Unclassified, ..officer("people/keeper") };
    let seen = world.lookouts(&uncleared).get_lookout(get()).await.unwrap().into_inner();
    assert!(seen.person.is_some() && seen.grounds.is_empty() && seen.handling.is_empty(), "{seen:?}");
    let told = "select count(*) from outbox where doc::text ~ 'smuggling|Примеров|Ask the ministry'";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(told, 0, "no event says whom or why");
}

#[tokio::test]
async fn time_asks_for_a_review_and_ends_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.looks_out(someone()).await;
    world.clock.set("2026-08-03T12:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert!(world.lookout_now(&name).await.review_overdue);
    let review = |day: &str| pb::ReviewLookoutRequest {
        review_date: day.into(),
        findings: "The ban still runs.".into(),
        ..about!(ReviewLookoutRequest, name)
    };
    let mut decider = world.lookouts(&officer(DECIDER));
    assert_eq!(reason(decider.review_lookout(review("2026-08-01")).await), "LOOKOUT_UNFIT", "it is past");
    assert_eq!(reason(decider.review_lookout(review("2027-01-01")).await), "LOOKOUT_UNFIT", "it would have ended");
    let reviewed = decider.review_lookout(review("2026-11-01")).await.unwrap().into_inner();
    assert!(!reviewed.review_overdue && reviewed.state() == State::Active);
    world.clock.set("2027-01-02T12:00:00Z".parse().unwrap());
    while world.store.fire_due().await.unwrap() > 0 {}
    assert_eq!(world.lookout_now(&name).await.state(), State::Expired);
    assert_eq!(world.screened("Ivan Primerov", "1974-08-12", "").await.state(), Screened::Clear);
}

#[tokio::test]
async fn what_nobody_can_be_found_by_is_no_lookout() {
    let world = world().await;
    for person in [
        LookoutPerson { names: vec!["...".into()], ..someone() },
        LookoutPerson { birth_dates: vec!["1974-13".into()], ..someone() },
        LookoutPerson { birth_dates: vec!["1974-02-30".into()], ..someone() },
    ] {
        assert_eq!(reason(world.draft(lookout(person)).await), "LOOKOUT_UNFIT");
    }
    let past = world.lookout_at_work(Lookout { review_date: "2026-01-01".into(), ..lookout(someone()) }).await;
    assert_eq!(reason(world.activate(DECIDER, &past).await), "LOOKOUT_UNFIT");
}

#[tokio::test]
async fn a_number_of_a_lookouts_document_is_found_under_another_name() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.looks_out(someone()).await;
    let found = world.screened("Somebody Else", "1990-01-01", "750123456").await;
    assert_eq!((found.hits[0].entry.as_str(), found.hits[0].score, found.hits[0].band()), (&*name, 1000, Band::Strong));
    let misread = world.screened("Somebody Else", "1990-01-01", "75O12345G").await;
    assert!(misread.hits.is_empty(), "G is no 6 to us");
    let misread = world.screened("Somebody Else", "1990-01-01", "75OI2345 6").await;
    assert_eq!((misread.hits[0].score, misread.hits[0].band()), (700, Band::Possible));
    assert!(misread.hits[0].features.iter().any(|feature| feature.feature == "document_alike"));
}
