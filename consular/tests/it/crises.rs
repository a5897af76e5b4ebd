//! Crises: who is in the area comes onto the list once, people say how they are, enquirers learn what was agreed to.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{Signed, World, dawn, officer, reason, world};
use consular::RollCall;
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::consular::v1::crisis_person::{Source, State};
use proto::consular::v1::crisis_person_service_client::CrisisPersonServiceClient;
use proto::consular::v1::crisis_service_client::CrisisServiceClient;
use proto::consular::v1::enquiry::{Ground, Relation};
use proto::consular::v1::enquiry_service_client::EnquiryServiceClient;
use proto::consular::v1::registration::{Consent, ContactPerson};
use proto::consular::v1::{self as pb, Crisis, CrisisPerson, Enquiry, Registration, crisis};
use tonic::Status;

fn quake(id: &str) -> pb::CreateCrisisRequest {
    let crisis = Crisis {
        title: "M 6.4, Hualien".into(),
        kind: crisis::Kind::Earthquake.into(),
        circle: format!("{},{} 120", HUALIEN.0, HUALIEN.1),
        onset_time: Some(registry::timestamp(dawn() + chrono::TimeDelta::days(3))),
        ..Crisis::default()
    };
    pb::CreateCrisisRequest { crisis: Some(crisis), crisis_id: id.into(), ..Default::default() }
}

pub(crate) fn told_of(crisis: &str, name: &str) -> CrisisPerson {
    CrisisPerson {
        crisis: crisis.into(),
        source: Source::LocalList.into(),
        family_name: name.into(),
        nationality: "US".into(),
        ..CrisisPerson::default()
    }
}

impl World {
    pub(crate) fn crises(&self) -> CrisisServiceClient<Signed> {
        CrisisServiceClient::new(self.signed(&officer("people/operator")))
    }

    pub(crate) fn crisis_persons(&self, by: &Principal) -> CrisisPersonServiceClient<Signed> {
        CrisisPersonServiceClient::new(self.signed(by))
    }

    fn enquiries(&self, by: &Principal) -> EnquiryServiceClient<Signed> {
        EnquiryServiceClient::new(self.signed(by))
    }

    pub(crate) async fn crisis(&self, id: &str) -> String {
        self.crises().create_crisis(quake(id)).await.unwrap().into_inner().name
    }

    pub(crate) async fn collect_people(&self, crisis: &str) -> Crisis {
        let ask = pb::CollectCrisisPersonsRequest { name: crisis.into(), ..Default::default() };
        let collected = self.crises().collect_crisis_persons(ask).await.unwrap().into_inner();
        let rolls = RollCall::new(&self.store);
        while rolls.list_some().await.unwrap() > 0 {}
        collected
    }

    pub(crate) async fn tally(&self, crisis: &str) -> pb::TallyCrisisResponse {
        self.crises().tally_crisis(pb::TallyCrisisRequest { name: crisis.into() }).await.unwrap().into_inner()
    }

    pub(crate) async fn close_crisis(&self, crisis: &str) -> Result<Crisis, Status> {
        let ask = pb::CloseCrisisRequest { name: crisis.into(), ..Default::default() };
        Ok(self.crises().close_crisis(ask).await?.into_inner())
    }

    pub(crate) async fn list_person(&self, person: CrisisPerson) -> Result<CrisisPerson, Status> {
        let ask = pb::CreateCrisisPersonRequest { crisis_person: Some(person), ..Default::default() };
        Ok(self.crisis_persons(&officer("people/operator")).create_crisis_person(ask).await?.into_inner())
    }

    pub(crate) async fn people(&self, by: &Principal) -> Vec<CrisisPerson> {
        let ask = pb::ListCrisisPersonsRequest { order_by: "createTime".into(), page_size: 1000, ..Default::default() };
        self.crisis_persons(by).list_crisis_persons(ask).await.unwrap().into_inner().crisis_persons
    }

    pub(crate) async fn safe(&self, by: &Principal, name: &str) -> Result<CrisisPerson, Status> {
        let ask = pb::ReportPersonSafeRequest { name: name.into(), note: "By telephone.".into(), ..Default::default() };
        Ok(self.crisis_persons(by).report_person_safe(ask).await?.into_inner())
    }
}

#[tokio::test]
async fn who_is_registered_in_the_area_comes_onto_the_list_once() {
    let world = world().await;
    let me = citizen("traveller");
    world.registered(&me, journey(HUALIEN)).await;
    world.registered(&citizen("elsewhere"), journey((51.5, 0.0))).await;
    let crisis = world.crisis("hualien").await;
    assert_eq!(world.collect_people(&crisis).await.collected, 1);
    let tally = world.tally(&crisis).await;
    assert_eq!((tally.listed, tally.waiting), (2, 0), "the registrant and the one along");
    assert_eq!((tally.states["UNKNOWN"], tally.sources["REGISTRATION"]), (2, 2));
    // Done again, and with a larger area, it adds who is new and leaves alone who is not.
    let own = world.people(&me).await;
    assert_eq!(own.len(), 2, "a registrant sees those of the own registration");
    world.safe(&me, &own[0].name).await.unwrap();
    world.registered(&citizen("later"), journey(HUALIEN)).await;
    assert_eq!(world.collect_people(&crisis).await.collected, 2);
    let tally = world.tally(&crisis).await;
    assert_eq!((tally.listed, tally.states["SAFE"], tally.states["UNKNOWN"]), (4, 1, 3));
    // Whom a roll names twice is listed once.
    sqlx::query("update crisis_roll set listed = false, due_at = clock_timestamp()")
        .execute(&world.db.pool)
        .await
        .unwrap();
    let rolls = RollCall::new(&world.store);
    join_all((0..3).map(|_| async { while rolls.list_some().await.unwrap() > 0 {} })).await;
    assert_eq!(world.tally(&crisis).await.listed, 4);
    let twice = world.list_person(CrisisPerson { source: Source::Registration.into(), ..own[0].clone() }).await;
    assert_eq!(reason(twice), "PERSON_ALREADY_LISTED");
}

#[tokio::test]
async fn people_say_how_they_are_and_officers_what_they_know() {
    let world = world().await;
    let (me, other) = (citizen("traveller"), citizen("another"));
    world.registered(&me, journey(HUALIEN)).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let name = world.people(&me).await[0].name.clone();
    assert_eq!(world.safe(&me, &name).await.unwrap().state(), State::Safe);
    assert_eq!(reason(world.safe(&other, &name).await), "NOT_FOUND");
    assert!(world.people(&other).await.is_empty());
    let injured = pb::ReportPersonInjuredRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.crisis_persons(&me).report_person_injured(injured).await), "PERMISSION_DENIED");
    let (first, second) = (officer("people/first"), officer("people/second"));
    let death =
        pb::RecordPersonDeathRequest { name: name.clone(), evidence: "Certificate 4".into(), ..Default::default() };
    let dead = world.crisis_persons(&first).record_person_death(death).await.unwrap().into_inner();
    assert_eq!(dead.state(), State::Deceased);
    assert_eq!(reason(world.safe(&me, &name).await), "WRONG_STATE");
    let retract = pb::RetractPersonDeathRequest { name, ..Default::default() };
    assert_eq!(reason(world.crisis_persons(&first).retract_person_death(retract.clone()).await), "SAME_PERSON");
    let alive = world.crisis_persons(&second).retract_person_death(retract).await.unwrap().into_inner();
    assert_eq!((alive.state(), alive.evidence.as_str()), (State::Unknown, ""));
}

#[tokio::test]
async fn a_crisis_closes_when_everyone_is_accounted_for() {
    let world = world().await;
    let crisis = world.crisis("hualien").await;
    let name = world.list_person(told_of(&crisis, "Example")).await.unwrap().name;
    assert_eq!(reason(world.close_crisis(&crisis).await), "CRISIS_HAS_UNKNOWN");
    world.safe(&officer("people/operator"), &name).await.unwrap();
    assert_eq!(world.close_crisis(&crisis).await.unwrap().state(), crisis::State::Closed);
    assert_eq!(reason(world.list_person(told_of(&crisis, "Late")).await), "CRISIS_CLOSED");
    assert_eq!(reason(world.list_person(told_of("crises/none", "Nobody")).await), "INVALID_FIELDS");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_listed_in_a_crisis_that_closes_meanwhile() {
    let world = world().await;
    for round in 0..12 {
        let crisis = world.crisis(&format!("c-{round}")).await;
        let (listed, closed) =
            futures::future::join(world.list_person(told_of(&crisis, "Example")), world.close_crisis(&crisis)).await;
        match (listed, closed) {
            (Ok(_), refused) => assert_eq!(reason(refused), "CRISIS_HAS_UNKNOWN"),
            (refused, Ok(_)) => assert_eq!(reason(refused), "CRISIS_CLOSED"),
            (refused, Err(_)) => panic!("one of them comes first: {refused:?}"),
        }
    }
}

/// A relative with the rights of that role: files enquiries and reads the answers, and has no right to personal data.
fn relative(name: &str) -> Principal {
    Principal {
        subject: format!("people/{name}").as_str().into(),
        permissions: Permissions::of(["consular.enquiries.file"]),
        ..testkit::principal::<&str>([])
    }
}

impl World {
    async fn enquire(&self, by: &Principal, crisis: &str, relation: Relation) -> Result<String, Status> {
        let enquiry = Enquiry {
            crisis: crisis.into(),
            enquirer_name: "Mother Example".into(),
            enquirer_email: "mother@example.org".into(),
            relation: relation.into(),
            family_name: "Example".into(),
            ..Enquiry::default()
        };
        let ask = pb::CreateEnquiryRequest { enquiry: Some(enquiry), ..Default::default() };
        Ok(self.enquiries(by).create_enquiry(ask).await?.into_inner().name)
    }

    async fn match_enquiry(&self, name: &str, person: &str) -> Result<Enquiry, Status> {
        let ask = pb::MatchEnquiryRequest { name: name.into(), person: person.into(), ..Default::default() };
        Ok(self.enquiries(&officer("people/operator")).match_enquiry(ask).await?.into_inner())
    }

    async fn answer_enquiry(&self, name: &str, identity_proven: bool) -> Enquiry {
        let ask = pb::AnswerEnquiryRequest { name: name.into(), identity_proven, ..Default::default() };
        self.enquiries(&officer("people/operator")).answer_enquiry(ask).await.unwrap().into_inner()
    }

    async fn told(&self, by: &Principal, name: &str) -> pb::ReadEnquiryAnswerResponse {
        let ask = pb::ReadEnquiryAnswerRequest { name: name.into() };
        self.enquiries(by).read_enquiry_answer(ask).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn an_enquirer_is_told_what_the_person_agreed_to_and_nothing_else() {
    let world = world().await;
    let me = citizen("traveller");
    let contact = ContactPerson {
        display_name: "Mother Example".into(),
        email: "mother@example.org".into(),
        ..ContactPerson::default()
    };
    let consenting = Registration {
        consents: vec![Consent::KeepData.into(), Consent::TellContactPersons.into()],
        contact_persons: vec![contact],
        ..journey(HUALIEN)
    };
    world.registered(&me, consenting).await;
    let quiet = citizen("quiet");
    world.registered(&quiet, journey(HUALIEN)).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let (open, closed) = (world.people(&me).await[0].name.clone(), world.people(&quiet).await[0].name.clone());
    world.safe(&me, &open).await.unwrap();
    world.safe(&quiet, &closed).await.unwrap();
    let mother = relative("mother");

    let told = world.enquire(&mother, &crisis, Relation::Parent).await.unwrap();
    world.match_enquiry(&told, &open).await.unwrap();
    let waiting = world.told(&mother, &told).await;
    assert_eq!(world.answer_enquiry(&told, true).await.ground(), Ground::ConsentToContactPerson);
    let answer = world.told(&mother, &told).await;
    assert_eq!((answer.status(), answer.whereabouts.as_str()), (State::Safe, "Hualien, TW"));

    // Of one without consent, and of nobody on any list, the enquirer reads the same, before the answer and after it.
    let (refused, nobody) = (
        world.enquire(&mother, &crisis, Relation::Parent).await.unwrap(),
        world.enquire(&mother, &crisis, Relation::Parent).await.unwrap(),
    );
    world.match_enquiry(&refused, &closed).await.unwrap();
    assert_eq!(world.told(&mother, &refused).await, waiting);
    assert_eq!(world.told(&mother, &nobody).await, waiting);
    world.answer_enquiry(&refused, true).await;
    world.answer_enquiry(&nobody, true).await;
    let neither = world.told(&mother, &refused).await;
    assert_eq!(neither, world.told(&mother, &nobody).await);
    assert!(neither.words.contains("neither confirm nor deny") && neither.status() == State::Unspecified);

    // Nobody reads another one's, nor the record itself.
    let ask = pb::ReadEnquiryAnswerRequest { name: told.clone() };
    assert_eq!(reason(world.enquiries(&relative("other")).read_enquiry_answer(ask).await), "NOT_FOUND");
    let get = pb::GetEnquiryRequest { name: told, as_of: None };
    assert_eq!(reason(world.enquiries(&mother).get_enquiry(get).await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn where_life_is_at_stake_a_supervisor_tells_how_and_not_where() {
    let world = world().await;
    let quiet = citizen("quiet");
    world.registered(&quiet, journey(HUALIEN)).await;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let person = world.people(&quiet).await[0].name.clone();
    let mother = relative("mother");
    let name = world.enquire(&mother, &crisis, Relation::Parent).await.unwrap();
    world.match_enquiry(&name, &person).await.unwrap();
    let ask =
        pb::AnswerEnquiryForSafetyRequest { name: name.clone(), grounds: "A transplant.".into(), ..Default::default() };
    let handler =
        Principal { permissions: Permissions::of(["consular.enquiries.handle"]), ..testkit::principal::<&str>([]) };
    assert_eq!(reason(world.enquiries(&handler).answer_enquiry_for_safety(ask.clone()).await), "PERMISSION_DENIED");
    let supervisor = officer("people/supervisor");
    let answered = world.enquiries(&supervisor).answer_enquiry_for_safety(ask).await.unwrap().into_inner();
    assert_eq!((answered.ground(), answered.safety_grounds.as_str()), (Ground::LifeOrSafety, "A transplant."));
    let told = world.told(&mother, &name).await;
    assert_eq!((told.status(), told.whereabouts.as_str()), (State::Unknown, ""));
    let logged = format!("audit where name = '{name}' and method like '%ForSafety' and outcome = 'OK'");
    assert_eq!(world.rows_of(&logged).await, 1);
    // Of a death the next of kin are told in person, whoever asks here.
    let evidence = "Certificate 4".to_owned();
    let death = pb::RecordPersonDeathRequest { name: person.clone(), evidence, ..Default::default() };
    world.crisis_persons(&supervisor).record_person_death(death).await.unwrap();
    let name = world.enquire(&mother, &crisis, Relation::Parent).await.unwrap();
    world.match_enquiry(&name, &person).await.unwrap();
    let ask = pb::AnswerEnquiryForSafetyRequest { name, grounds: "A transplant.".into(), ..Default::default() };
    let answered = world.enquiries(&supervisor).answer_enquiry_for_safety(ask).await.unwrap().into_inner();
    assert_eq!(answered.told_status(), State::Unspecified);
}

#[tokio::test]
async fn an_enquiry_is_about_someone_of_its_own_crisis() {
    let world = world().await;
    let (one, other) = (world.crisis("one").await, world.crisis("other").await);
    let person = world.list_person(told_of(&other, "Example")).await.unwrap().name;
    let name = world.enquire(&relative("mother"), &one, Relation::Parent).await.unwrap();
    assert_eq!(reason(world.match_enquiry(&name, &person).await), "CRISES_DIFFER");
    assert_eq!(reason(world.enquire(&relative("mother"), "crises/none", Relation::Press).await), "INVALID_FIELDS");
}

/// Without the step `forget` the names of erased registrants stand in the lists for ever.
#[tokio::test]
async fn who_is_erased_from_the_register_is_forgotten_on_the_lists() {
    let world = world().await;
    let (safe, missing) = (citizen("safe"), citizen("missing"));
    let named = |family: &str| Registration { family_name: family.into(), party: Vec::new(), ..journey(HUALIEN) };
    let mut registered = Vec::new();
    for (by, family) in [(&safe, "Accounted"), (&missing, "Sought")] {
        registered.push(world.registered(by, named(family)).await.name);
    }
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let (found, sought) = (world.people(&safe).await.remove(0).name, world.people(&missing).await.remove(0).name);
    world.safe(&safe, &found).await.unwrap();
    for (by, name) in [(&safe, &registered[0]), (&missing, &registered[1])] {
        let ask = pb::WithdrawRegistrationRequest { name: name.clone(), ..Default::default() };
        world.registrations(by).withdraw_registration(ask).await.unwrap();
        let ask = pb::EraseRegistrationRequest { name: name.clone(), ..Default::default() };
        world.registrations(by).erase_registration(ask).await.unwrap();
    }
    let of = async |name: &str| {
        let ask = pb::GetCrisisPersonRequest { name: name.into(), as_of: None };
        world.crisis_persons(&officer("people/operator")).get_crisis_person(ask).await.unwrap().into_inner()
    };
    let forgotten = of(&found).await;
    assert_eq!(
        (forgotten.state(), forgotten.family_name.as_str(), forgotten.whereabouts.as_str()),
        (State::Safe, "", "")
    );
    assert!(forgotten.owner.is_empty() && forgotten.name_key.is_empty() && forgotten.note.is_empty());
    assert_eq!(of(&sought).await.family_name, "Sought", "whom we look for is known by name");
    let traces = |family: &str| {
        let family = family.to_uppercase();
        format!(
            "(select doc from crisis_persons union all select doc from history) d where upper(doc::text) ~ '{family}'"
        )
    };
    assert_eq!(world.rows_of(&traces("Accounted")).await, 0, "nor in the history");
    world.safe(&officer("people/operator"), &sought).await.unwrap();
    world.close_crisis(&crisis).await.unwrap();
    assert_eq!(of(&sought).await.family_name, "");
    assert_eq!(world.rows_of(&traces("Sought")).await, 0);
    assert_eq!(world.tally(&crisis).await.listed, 2, "that there were two, stays known");
}

/// Who is aboard may still be missing where they arrive.
#[tokio::test]
async fn who_is_aboard_is_not_forgotten_before_they_arrive() {
    let world = world().await;
    let me = citizen("aboard");
    let journey = Registration { family_name: "Aboard".into(), party: Vec::new(), ..journey(HUALIEN) };
    let registration = world.registered(&me, journey).await.name;
    let crisis = world.crisis("hualien").await;
    world.collect_people(&crisis).await;
    let person = world.people(&me).await.remove(0).name;
    let flight = world.flight(&crisis, 3).await;
    let seat = world.seat(&flight, &person).await.unwrap();
    world.begin_boarding(&flight).await;
    world.board(&flight, &seat, "P1234567").await.unwrap();
    world.depart(&flight).await.unwrap();
    let ask = pb::WithdrawRegistrationRequest { name: registration.clone(), ..Default::default() };
    world.registrations(&me).withdraw_registration(ask).await.unwrap();
    let ask = pb::EraseRegistrationRequest { name: registration, ..Default::default() };
    world.registrations(&me).erase_registration(ask).await.unwrap();
    let of = async || {
        let ask = pb::GetCrisisPersonRequest { name: person.clone(), as_of: None };
        world.crisis_persons(&officer("people/operator")).get_crisis_person(ask).await.unwrap().into_inner()
    };
    let aboard = of().await;
    assert_eq!((aboard.state(), aboard.family_name.as_str()), (State::Departed, "Aboard"));
    world.close_crisis(&crisis).await.unwrap();
    assert_eq!(of().await.family_name, "");
}
