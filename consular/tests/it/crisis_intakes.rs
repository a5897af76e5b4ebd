//! The public intake: from an address that is proven, limited, onto the list once, and nobody learns who was on it.

use crate::crises::told_of;
use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join;
use identity::{Permissions, Principal};
use proto::consular::v1::crisis_intake::{Person, Said, State};
use proto::consular::v1::crisis_intake_service_client::CrisisIntakeServiceClient;
use proto::consular::v1::crisis_person::State as Fate;
use proto::consular::v1::{self as pb, CrisisIntake, CrisisPerson};
use tonic::{Response, Status};

/// An app of ours by its key.
fn app() -> Principal {
    Principal {
        subject: "apiKeys/app".into(),
        permissions: Permissions::of(["consular.crisisIntakes.file"]),
        ..testkit::principal::<&str>([])
    }
}

fn someone(family: &str, given: &str) -> Person {
    Person {
        family_name: family.into(),
        given_names: given.into(),
        birth_date: "1974-08-12".into(),
        nationality: "US".into(),
        document_number: String::new(),
    }
}

fn intake(crisis: &str, email: &str, people: &[Person]) -> CrisisIntake {
    CrisisIntake {
        crisis: crisis.into(),
        people: people.to_vec(),
        said: Said::NeedsHelp.into(),
        whereabouts: "A school in Hualien".into(),
        note: "No water.".into(),
        email: email.into(),
        ..CrisisIntake::default()
    }
}

impl World {
    fn intakes(&self, by: &Principal) -> CrisisIntakeServiceClient<Signed> {
        CrisisIntakeServiceClient::new(self.signed(by))
    }

    async fn file(&self, by: &Principal, intake: CrisisIntake) -> Result<String, Status> {
        let ask = pb::CreateCrisisIntakeRequest { crisis_intake: Some(intake), ..Default::default() };
        Ok(self.intakes(by).create_crisis_intake(ask).await?.into_inner().name)
    }

    async fn prove(&self, by: &Principal, name: &str, code: &str) -> Result<CrisisIntake, Status> {
        let ask = pb::ProveCrisisIntakeRequest { name: name.into(), code: code.into(), ..Default::default() };
        self.intakes(by).prove_crisis_intake(ask).await.map(Response::into_inner)
    }

    async fn intake_code(&self, name: &str) -> String {
        self.mailbox_of(name).await.last().unwrap().body[..6].to_owned()
    }

    /// Filed and proven.
    async fn taken(&self, by: &Principal, intake: CrisisIntake) -> CrisisIntake {
        let name = self.file(by, intake).await.unwrap();
        let code = self.intake_code(&name).await;
        self.prove(by, &name, &code).await.unwrap()
    }

    async fn listed(&self) -> Vec<CrisisPerson> {
        self.people(&officer("people/operator")).await
    }
}

#[tokio::test]
async fn who_is_not_registered_comes_onto_the_list_with_the_family_from_a_proven_address() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let family = [someone("Example", "Person"), someone("Example", "Other")];
    let name = world.file(&app(), intake(&crisis, "person@example.org", &family)).await.unwrap();
    assert!(world.listed().await.is_empty(), "nobody is listed from an address that is not proven");
    let code = world.intake_code(&name).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(reason(world.prove(&app(), &name, wrong).await), "CODE_WRONG");
    assert_eq!(reason(world.prove(&citizen("stranger"), &name, &code).await), "PERMISSION_DENIED");
    assert_eq!(world.prove(&app(), &name, &code).await.unwrap().state(), State::Listed);
    let listed = world.listed().await;
    assert_eq!(listed.len(), 2);
    for person in &listed {
        assert_eq!((person.state(), person.source()), (Fate::NeedsHelp, pb::crisis_person::Source::SelfReport));
        assert_eq!((person.whereabouts.as_str(), person.owner.as_str()), ("A school in Hualien", ""));
    }
    assert_eq!(reason(world.prove(&app(), &name, &code).await), "WRONG_STATE");
    // The app files and reads nothing.
    let get = pb::GetCrisisIntakeRequest { name, as_of: None };
    assert_eq!(reason(world.intakes(&app()).get_crisis_intake(get).await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn an_address_files_a_few_a_day_and_an_intake_has_an_address() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let one = || [someone("Example", "Person")];
    assert_eq!(reason(world.file(&app(), intake(&crisis, "", &one())).await), "NO_CONTACT");
    assert_eq!(reason(world.file(&app(), intake(&crisis, "person@example.org", &[])).await), "INVALID_FIELDS");
    assert_eq!(reason(world.file(&app(), intake("crises/none", "person@example.org", &one())).await), "INVALID_FIELDS");
    let by = app();
    let many = (0..8).map(|_| world.file(&by, intake(&crisis, "person@example.org", &one())));
    let many = futures::future::join_all(many);
    let many = many.await;
    assert_eq!(many.iter().filter(|filed| filed.is_ok()).count(), 3);
    assert!(many.into_iter().filter(Result::is_err).all(|refused| reason(refused) == "TOO_MANY_INTAKES"));
    world.file(&app(), intake(&crisis, "other@example.org", &one())).await.unwrap();
    world.clock.advance(TimeDelta::days(2));
    world.file(&app(), intake(&crisis, "person@example.org", &one())).await.unwrap();
}

/// Without the question whose address it is, anyone could say of another that all is well.
#[tokio::test]
async fn who_is_registered_is_not_listed_again_and_speaks_from_the_own_address_alone() {
    let world = world().await;
    let me = citizen("traveller");
    world.registered(&me, journey(HUALIEN)).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let mine = world.people(&me).await.into_iter().find(|one| one.party_number == 0).unwrap();
    let same = [someone("EXAMPLE", "PERSON")];
    let known = world.taken(&app(), intake(&crisis, "stranger@example.org", &same)).await;
    let stranger = world.taken(&app(), intake(&crisis, "new@example.org", &[someone("New", "Person")])).await;
    let bare = |intake: CrisisIntake| (intake.state(), intake.said(), intake.crisis, intake.prove_time.is_some());
    assert_eq!(bare(known), bare(stranger), "nobody learns who was on the list");
    let listed = world.listed().await;
    assert_eq!(listed.len(), 3, "the two of the registration, and the new one");
    let heard = listed.iter().find(|one| one.name == mine.name).unwrap();
    assert_eq!((heard.state(), heard.whereabouts.as_str()), (Fate::Unknown, "Hualien, TW"));
    assert!(heard.hearsay.contains("NEEDS_HELP; A school in Hualien; No water."), "{}", heard.hearsay);
    let own = world.people(&me).await.into_iter().find(|one| one.name == mine.name).unwrap();
    assert!(own.hearsay.is_empty(), "what others say is the office's");
    // From the address that the registrant has proven, it is the registrant's word.
    world.taken(&app(), intake(&crisis, "person@example.org", &same)).await;
    let spoken = world.listed().await.into_iter().find(|one| one.name == mine.name).unwrap();
    assert_eq!((spoken.state(), spoken.whereabouts.as_str()), (Fate::NeedsHelp, "A school in Hualien"));
    assert_eq!(world.listed().await.len(), 3);
}

/// Without the lock on the arrivals of a crisis, two intakes of one family at once find nobody, and list everyone twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_intakes_of_one_family_at_once_list_everyone_once() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    for round in 0..8 {
        let family = [someone("Example", &format!("Person {round}")), someone("Example", &format!("Other {round}"))];
        let addresses = [format!("one{round}@example.org"), format!("other{round}@example.org")];
        let filed = addresses.map(|address| intake(&crisis, &address, &family));
        let [one, other] = filed;
        let (one, other) = (world.file(&app(), one).await.unwrap(), world.file(&app(), other).await.unwrap());
        let (code, second) = (world.intake_code(&one).await, world.intake_code(&other).await);
        let by = app();
        let (one, other) = join(world.prove(&by, &one, &code), world.prove(&by, &other, &second)).await;
        assert!(one.is_ok() && other.is_ok());
    }
    assert_eq!(world.listed().await.len(), 16);
}

#[tokio::test]
async fn what_is_not_proven_lapses_and_what_is_listed_is_forgotten_in_time() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let me = citizen("traveller");
    let by = Principal { permissions: Permissions::of(["consular.crisisIntakes.*", "consular.personal.read"]), ..me };
    let unproven =
        world.file(&by, intake(&crisis, "person@example.org", &[someone("Quenneville", "Person")])).await.unwrap();
    let proven = world.taken(&by, intake(&crisis, "other@example.org", &[someone("Zylberstajn", "Person")])).await.name;
    assert_eq!(world.listed().await[0].owner, "", "whoever is named need not be who files");
    let of = async |name: &str| {
        let get = pb::GetCrisisIntakeRequest { name: name.into(), as_of: None };
        world.intakes(&officer("people/operator")).get_crisis_intake(get).await.unwrap().into_inner()
    };
    let trace = |what: &str| {
        format!(
            "(select doc::text as t from crisis_intakes union all select doc::text from history where kind = 'crisisIntakes' \
             union all select address || body from parcels union all select doc::text from mailbox_messages) x where t ~ '{what}'"
        )
    };
    world.clock.advance(TimeDelta::days(2));
    world.store.fire_due().await.unwrap();
    assert_eq!((of(&unproven).await.state(), of(&proven).await.state()), (State::Lapsed, State::Listed));
    assert_eq!(world.rows_of(&trace("Quenneville|person@example.org")).await, 0);
    world.clock.advance(TimeDelta::days(91));
    world.store.fire_due().await.unwrap();
    assert_eq!(of(&proven).await.state(), State::Erased);
    assert_eq!(world.rows_of(&trace("Zylberstajn|other@example.org")).await, 0);
}

#[tokio::test]
async fn nobody_is_taken_in_by_a_crisis_that_is_closed() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let name =
        world.file(&app(), intake(&crisis, "person@example.org", &[someone("Example", "Person")])).await.unwrap();
    let code = world.intake_code(&name).await;
    let other = world.list_person(told_of(&crisis, "Example")).await.unwrap().name;
    world.safe(&officer("people/operator"), &other).await.unwrap();
    world.close_crisis(&crisis).await.unwrap();
    assert_eq!(reason(world.prove(&app(), &name, &code).await), "CRISIS_CLOSED");
    let late = intake(&crisis, "late@example.org", &[someone("Example", "Person")]);
    assert_eq!(reason(world.file(&app(), late).await), "CRISIS_CLOSED");
}

/// An account that had what it listed would learn by that who was not on the list, and see what becomes of them.
#[tokio::test]
async fn an_account_learns_from_its_intakes_neither_who_was_listed_nor_what_becomes_of_them() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let known =
        CrisisPerson { given_names: "Person".into(), birth_date: "1974-08-12".into(), ..told_of(&crisis, "Example") };
    let known = world.list_person(known).await.unwrap().name;
    let rights = [
        "consular.crisisIntakes.*",
        "consular.crisisPersons.read",
        "consular.crisisPersons.report",
        "consular.personal.read",
    ];
    let by = Principal { permissions: Permissions::of(rights), ..citizen("asker") };
    for (family, address) in [("Example", "one@example.org"), ("Newcomer", "two@example.org")] {
        world.taken(&by, intake(&crisis, address, &[someone(family, "Person")])).await;
    }
    let listed = world.listed().await;
    assert_eq!(listed.len(), 2, "one was known, one was not");
    let sees_nothing = async || {
        assert!(world.people(&by).await.is_empty());
        for person in &listed {
            let get = pb::GetCrisisPersonRequest { name: person.name.clone(), as_of: None };
            assert_eq!(reason(world.crisis_persons(&by).get_crisis_person(get).await), "NOT_FOUND");
            assert_eq!(reason(world.safe(&by, &person.name).await), "NOT_FOUND");
        }
    };
    sees_nothing().await;
    let new = listed.iter().find(|person| person.name != known).unwrap();
    let merge = pb::MergeCrisisPersonRequest {
        name: new.name.clone(),
        into: known,
        grounds: "Two names of one human.".into(),
        ..Default::default()
    };
    world.crisis_persons(&officer("people/operator")).merge_crisis_person(merge).await.unwrap();
    sees_nothing().await;
}
