//! The register of citizens abroad: proven addresses, freshness, places, whose it is, and that it is forgotten.

use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::consular::v1::mailbox_message_service_client::MailboxMessageServiceClient;
use proto::consular::v1::registration::{Consent, ContactPerson, Kind, PartyMember, State, Stay};
use proto::consular::v1::registration_service_client::RegistrationServiceClient;
use proto::consular::v1::{self as pb, MailboxMessage, Registration};
use proto::google::r#type::LatLng;
use proto::registry::v1::ImportOutcome;
use std::sync::Arc;
use tonic::Status;

pub(crate) const HUALIEN: (f64, f64) = (23.977, 121.604);

/// A citizen, with the rights of that role.
pub(crate) fn citizen(name: &str) -> Principal {
    Principal {
        subject: format!("people/{name}").as_str().into(),
        permissions: Permissions::of([
            "consular.registrations.read",
            "consular.registrations.register",
            "consular.crisisPersons.read",
            "consular.crisisPersons.report",
            "consular.enquiries.file",
            "consular.personal.read",
        ]),
        ..testkit::principal::<&str>([])
    }
}

/// A journey of two to a place, from two days after the tests begin.
pub(crate) fn journey(place: (f64, f64)) -> Registration {
    Registration {
        kind: Kind::Travel.into(),
        family_name: "Example".into(),
        given_names: "Person".into(),
        birth_date: "1974-08-12".into(),
        nationalities: vec!["US".into()],
        language: "en".into(),
        email: "person@example.org".into(),
        consents: vec![Consent::KeepData.into()],
        party: vec![PartyMember {
            family_name: "Example".into(),
            given_names: "Other".into(),
            nationality: "FR".into(),
            ..PartyMember::default()
        }],
        stays: vec![Stay {
            country: "TW".into(),
            city: "Hualien".into(),
            location: Some(LatLng { latitude: place.0, longitude: place.1 }),
            start_date: "2026-05-06".into(),
            end_date: "2026-05-20".into(),
            ..Stay::default()
        }],
        ..Registration::default()
    }
}

impl World {
    pub(crate) fn registrations(&self, by: &Principal) -> RegistrationServiceClient<Signed> {
        RegistrationServiceClient::new(self.signed(by))
    }

    pub(crate) async fn tell_register(&self, by: &Principal, told: Registration) -> Result<Registration, Status> {
        let request = pb::CreateRegistrationRequest { registration: Some(told), ..Default::default() };
        Ok(self.registrations(by).create_registration(request).await?.into_inner())
    }

    /// Sends what waits to be sent.
    pub(crate) async fn deliver_parcels(&self) {
        let mailbox = consular::channels::Mailbox::new(self.db.pool.clone());
        let messages = consular::Messages::new(self.store.keep());
        let room = consular::PostRoom::new(self.db.pool.clone(), messages, Arc::new(mailbox));
        while room.send_some().await.unwrap() > 0 {}
    }

    /// What was sent for this: a message, or a registration.
    pub(crate) async fn mailbox_of(&self, source: &str) -> Vec<MailboxMessage> {
        self.deliver_parcels().await;
        let mut mailbox = MailboxMessageServiceClient::new(self.signed(&officer("people/officer")));
        let (filter, order_by) = (format!("source = \"{source}\""), "createTime".to_owned());
        let ask = pb::ListMailboxMessagesRequest { filter, order_by, page_size: 1000, ..Default::default() };
        mailbox.list_mailbox_messages(ask).await.unwrap().into_inner().mailbox_messages
    }

    /// The code that came last.
    async fn contact_code(&self, name: &str) -> String {
        self.mailbox_of(name).await.last().unwrap().body[..6].to_owned()
    }

    async fn prove_contact(&self, by: &Principal, name: &str, code: &str) -> Result<Registration, Status> {
        let (name, code, address) = (name.to_owned(), code.to_owned(), "person@example.org".to_owned());
        let ask = pb::VerifyRegistrationRequest { name, code, address, ..Default::default() };
        Ok(self.registrations(by).verify_registration(ask).await?.into_inner())
    }

    async fn put_in_force(&self, by: &Principal, name: &str) -> Result<Registration, Status> {
        let ask = pb::ActivateRegistrationRequest { name: name.into(), ..Default::default() };
        Ok(self.registrations(by).activate_registration(ask).await?.into_inner())
    }

    /// A registration in force, by all the steps of a citizen.
    pub(crate) async fn registered(&self, by: &Principal, told: Registration) -> Registration {
        let name = self.tell_register(by, told).await.unwrap().name;
        let code = self.contact_code(&name).await;
        self.prove_contact(by, &name, &code).await.unwrap();
        self.put_in_force(by, &name).await.unwrap()
    }

    pub(crate) async fn registration_of(&self, name: &str) -> Registration {
        let get = pb::GetRegistrationRequest { name: name.into(), as_of: None };
        self.registrations(&officer("people/officer")).get_registration(get).await.unwrap().into_inner()
    }

    pub(crate) async fn locate(&self, ask: pb::LocateRegistrationsRequest) -> pb::LocateRegistrationsResponse {
        self.registrations(&officer("people/officer")).locate_registrations(ask).await.unwrap().into_inner()
    }

    pub(crate) async fn rows_of(&self, what: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("select count(*) from {what}"));
        sqlx::query_scalar(text).fetch_one(&self.db.pool).await.unwrap()
    }
}

fn circle(radius: u32) -> pb::LocateRegistrationsRequest {
    let circle = format!("{},{} {radius}", HUALIEN.0, HUALIEN.1);
    pb::LocateRegistrationsRequest { circle, day: "2026-05-10".into(), ..Default::default() }
}

#[tokio::test]
async fn an_address_is_proven_by_the_code_that_came_to_it() {
    let world = world().await;
    let me = citizen("traveller");
    let registration = world.tell_register(&me, journey(HUALIEN)).await.unwrap();
    assert_eq!((registration.state(), registration.owner.as_str()), (State::Draft, "people/traveller"));
    let code = world.contact_code(&registration.name).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(reason(world.prove_contact(&me, &registration.name, wrong).await), "CODE_WRONG");
    assert_eq!(reason(world.put_in_force(&me, &registration.name).await), "WRONG_STATE");
    let verified = world.prove_contact(&me, &registration.name, &code).await.unwrap();
    assert_eq!((verified.state(), verified.verified[0].address.as_str()), (State::Verified, "person@example.org"));
    assert_eq!(world.put_in_force(&me, &registration.name).await.unwrap().state(), State::Active);
}

#[tokio::test]
async fn a_code_is_guessed_at_a_few_times_and_lasts_a_while() {
    let world = world().await;
    let me = citizen("traveller");
    let name = world.tell_register(&me, journey(HUALIEN)).await.unwrap().name;
    let code = world.contact_code(&name).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(reason(world.prove_contact(&me, &name, wrong).await), "CODE_WRONG");
    }
    assert_eq!(reason(world.prove_contact(&me, &name, &code).await), "CODE_SPENT", "even the right one");
    let again =
        pb::SendContactCodeRequest { name: name.clone(), address: "person@example.org".into(), ..Default::default() };
    world.clock.advance(TimeDelta::seconds(1));
    world.registrations(&me).send_contact_code(again.clone()).await.unwrap();
    let code = world.contact_code(&name).await;
    world.clock.advance(TimeDelta::minutes(31));
    assert_eq!(reason(world.prove_contact(&me, &name, &code).await), "CODE_WRONG", "its time is over");
    for _ in 0..8 {
        world.clock.advance(TimeDelta::seconds(1));
        world.registrations(&me).send_contact_code(again.clone()).await.unwrap();
    }
    assert_eq!(reason(world.registrations(&me).send_contact_code(again.clone()).await), "TOO_MANY_CODES");
    let foreign = pb::SendContactCodeRequest { address: "another@example.org".into(), ..again };
    assert_eq!(reason(world.registrations(&me).send_contact_code(foreign).await), "CONTACT_UNKNOWN");
}

#[tokio::test]
async fn a_journey_is_told_when_it_is_near_and_makes_sense() {
    let world = world().await;
    let me = citizen("traveller");
    let with = |change: fn(&mut Registration)| {
        let mut told = journey(HUALIEN);
        change(&mut told);
        world.tell_register(&me, told)
    };
    let early = with(|told| told.stays[0].start_date = "2026-05-15".into());
    assert_eq!(reason(early.await), "REGISTRATION_TOO_EARLY", "eleven days before");
    with(|told| told.stays[0].start_date = "2026-05-14".into()).await.unwrap();
    let backward = with(|told| told.stays[0].end_date = "2026-05-05".into());
    assert_eq!(reason(backward.await), "STAY_DATES_IMPLAUSIBLE");
    let endless = with(|told| told.stays[0].end_date.clear());
    assert_eq!(reason(endless.await), "STAY_DATES_IMPLAUSIBLE");
    let over = with(|told| {
        told.stays[0].start_date = "2026-04-01".into();
        told.stays[0].end_date = "2026-04-30".into();
    });
    assert_eq!(reason(over.await), "STAY_OVER");
    assert_eq!(reason(with(|told| told.email.clear()).await), "NO_CONTACT");
    assert_eq!(reason(with(|told| told.medical_needs = "Insulin".into()).await), "CONSENT_MISSING");
    let nowhere = with(|told| told.stays[0].location = Some(LatLng { latitude: 91.0, longitude: 0.0 }));
    assert_eq!(reason(nowhere.await), "INVALID_FIELDS");
    let settled = with(|told| {
        told.kind = Kind::Residence.into();
        told.stays[0].start_date = "2026-09-01".into();
        told.stays[0].end_date.clear();
        told.nationalities.push("TW".into());
    });
    let settled = settled.await.unwrap();
    assert!(settled.dual_national && settled.expire_time.is_none(), "a residence is told at any time");
    let quiet = with(|told| told.consents.clear()).await.unwrap();
    let code = world.contact_code(&quiet.name).await;
    world.prove_contact(&me, &quiet.name, &code).await.unwrap();
    assert_eq!(reason(world.put_in_force(&me, &quiet.name).await), "CONSENT_MISSING");
}

#[tokio::test]
async fn nobody_sees_another_ones_registration() {
    let world = world().await;
    let (me, other) = (citizen("traveller"), citizen("another"));
    let mine = world.tell_register(&me, journey(HUALIEN)).await.unwrap();
    let get = pb::GetRegistrationRequest { name: mine.name.clone(), as_of: None };
    assert_eq!(world.registrations(&me).get_registration(get.clone()).await.unwrap().into_inner().email, mine.email);
    assert_eq!(reason(world.registrations(&other).get_registration(get.clone()).await), "NOT_FOUND");
    assert_eq!(reason(world.prove_contact(&other, &mine.name, "000000").await), "NOT_FOUND");
    let list = pb::ListRegistrationsRequest::default();
    assert!(
        world
            .registrations(&other)
            .list_registrations(list.clone())
            .await
            .unwrap()
            .into_inner()
            .registrations
            .is_empty()
    );
    assert_eq!(reason(world.registrations(&me).locate_registrations(circle(10)).await), "PERMISSION_DENIED");
    // Nobody registers in another one's name.
    let borrowed = Registration { owner: "people/another".into(), ..journey(HUALIEN) };
    assert_eq!(world.tell_register(&me, borrowed.clone()).await.unwrap().owner, "people/traveller");
    assert_eq!(world.tell_register(&officer("people/officer"), borrowed).await.unwrap().owner, "people/another");
    // Partners see nothing, and one without the right to personal data sees none.
    let partner = Principal { agency: Some("border".into()), ..officer("apiKeys/border") };
    assert_eq!(reason(world.registrations(&partner).get_registration(get.clone()).await), "NOT_FOUND");
    let clerk = Principal {
        permissions: Permissions::of(["consular.registrations.read", "consular.registrations.survey"]),
        ..testkit::principal::<&str>([])
    };
    let seen = world.registrations(&clerk).get_registration(get).await.unwrap().into_inner();
    assert!(seen.email.is_empty() && seen.stays.is_empty() && seen.positions.is_empty() && seen.party.is_empty());
    let told = world.rows_of("outbox where kind = 'registrations' and doc::text ~* 'example|121[.]604'").await;
    assert_eq!(told, 0, "no event says who or where");
}

#[tokio::test]
async fn who_is_at_a_place_is_found_by_position_country_and_day() {
    let world = world().await;
    let me = citizen("traveller");
    let near = world.registered(&me, journey(HUALIEN)).await;
    let far = world.registered(&me, journey((22.63, 120.30))).await;
    world.tell_register(&me, journey(HUALIEN)).await.unwrap();
    let found = world.locate(circle(100)).await;
    assert_eq!((found.registrations, found.people, found.stale), (1, 2, 0), "a draft is nowhere yet");
    assert_eq!(found.names, [near.name.as_str()]);
    assert_eq!(world.locate(circle(300)).await.registrations, 2);
    let polygon = "23.5,121 23.5,122 24.5,122 24.5,121 23.5,121".to_owned();
    let day = "2026-05-20".to_owned();
    let inside = pb::LocateRegistrationsRequest { polygon, day, ..Default::default() };
    assert_eq!(world.locate(inside.clone()).await.names, [near.name.as_str()]);
    let after = pb::LocateRegistrationsRequest { day: "2026-05-21".into(), ..inside };
    assert_eq!(world.locate(after).await.registrations, 0, "the stay is over");
    let country = pb::LocateRegistrationsRequest { country: "TW".into(), ..circle(1) };
    assert_eq!(
        reason(world.registrations(&officer("people/officer")).locate_registrations(country).await),
        "PLACE_NOT_ONE"
    );
    let country = pb::LocateRegistrationsRequest {
        country: "TW".into(),
        page_size: 1,
        day: "2026-05-10".into(),
        ..Default::default()
    };
    let page = world.locate(country.clone()).await;
    assert!(page.more && page.names.len() == 1 && page.registrations == 2);
    let rest = world.locate(pb::LocateRegistrationsRequest { after: page.names[0].clone(), ..country }).await;
    assert!(!rest.more && rest.names.len() == 1);
    // A changed stay lies elsewhere at once.
    let mut moved = far.clone();
    moved.stays[0].location = Some(LatLng { latitude: HUALIEN.0, longitude: HUALIEN.1 });
    let change = pb::UpdateRegistrationRequest {
        registration: Some(moved),
        update_mask: Some(prost_types::FieldMask { paths: vec!["stays".into()] }),
        etag: far.etag,
        ..Default::default()
    };
    world.registrations(&me).update_registration(change).await.unwrap();
    assert_eq!(world.locate(circle(100)).await.registrations, 2);
}

#[tokio::test]
async fn a_changed_address_is_proven_again() {
    let world = world().await;
    let me = citizen("traveller");
    let active = world.registered(&me, journey(HUALIEN)).await;
    let change = pb::UpdateRegistrationRequest {
        registration: Some(Registration { phone: "+12025550100".into(), email: String::new(), ..active.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["phone".into(), "email".into()] }),
        etag: active.etag.clone(),
        ..Default::default()
    };
    let changed = world.registrations(&me).update_registration(change).await.unwrap().into_inner();
    assert!(changed.verified.is_empty() && changed.state() == State::Active);
    let (name, address) = (active.name.clone(), "+12025550100".to_owned());
    let send = pb::SendContactCodeRequest { name: name.clone(), address: address.clone(), ..Default::default() };
    world.registrations(&me).send_contact_code(send).await.unwrap();
    let code = world.contact_code(&name).await;
    let verify = pb::VerifyContactRequest { name, address, code, ..Default::default() };
    let verified = world.registrations(&me).verify_contact(verify).await.unwrap().into_inner();
    assert_eq!(verified.verified[0].address, "+12025550100");
}

#[tokio::test]
async fn time_makes_it_stale_over_and_forgotten() {
    let world = world().await;
    let me = citizen("traveller");
    let told = Registration {
        kind: Kind::Residence.into(),
        contact_persons: vec![ContactPerson { display_name: "Mother Example".into(), ..ContactPerson::default() }],
        stays: vec![Stay { end_date: "2027-05-04".into(), ..journey(HUALIEN).stays[0].clone() }],
        ..journey(HUALIEN)
    };
    let name = world.registered(&me, told).await.name;
    let state = async || world.registration_of(&name).await.state();
    world.clock.advance(TimeDelta::days(180));
    world.store.fire_due().await.unwrap();
    assert_eq!(state().await, State::Active, "the last day counts whole");
    world.clock.advance(TimeDelta::days(1));
    world.store.fire_due().await.unwrap();
    assert_eq!(state().await, State::Stale);
    assert!(world.mailbox_of(&name).await.last().unwrap().subject.contains("still right"), "the registrant is asked");
    let found = world.locate(pb::LocateRegistrationsRequest { day: "2026-12-24".into(), ..circle(100) }).await;
    assert_eq!((found.registrations, found.stale), (1, 1));
    let confirm = pb::ConfirmRegistrationRequest { name: name.clone(), ..Default::default() };
    let confirmed = world.registrations(&me).confirm_registration(confirm.clone()).await.unwrap().into_inner();
    assert_eq!(confirmed.state(), State::Active);
    world.clock.set("2027-03-01T12:00:00Z".parse().unwrap());
    world.registrations(&me).confirm_registration(confirm.clone()).await.unwrap();
    world.clock.set("2027-05-12T12:00:00Z".parse().unwrap());
    world.store.fire_due().await.unwrap();
    assert_eq!(state().await, State::Expired, "seven days after the last");
    assert_eq!(reason(world.registrations(&me).confirm_registration(confirm).await), "WRONG_STATE");
    world.clock.advance(TimeDelta::days(92));
    world.store.fire_due().await.unwrap();
    let erased = world.registration_of(&name).await;
    assert_eq!(erased.state(), State::Erased);
    assert!(erased.family_name.is_empty() && erased.owner.is_empty() && erased.contact_persons.is_empty());
    for table in ["registrations", "history", "mailbox_messages", "outbox"] {
        let left = format!("{table} where doc::text ~* 'mother|person@example|1974-08-12'");
        assert_eq!(world.rows_of(&left).await, 0, "{table} has forgotten");
    }
    assert_eq!(world.rows_of("parcels where address <> '' or body <> ''").await, 0);
    let past = pb::GetRegistrationRequest { name, as_of: confirmed.update_time };
    let past = world.registrations(&officer("people/officer")).get_registration(past).await.unwrap().into_inner();
    assert!(past.family_name.is_empty(), "nor does the register of a past day remember");
}

#[tokio::test]
async fn what_nobody_proves_lapses_and_what_is_withdrawn_can_be_erased() {
    let world = world().await;
    let me = citizen("traveller");
    let draft = world.tell_register(&me, journey(HUALIEN)).await.unwrap().name;
    let active = world.registered(&me, journey(HUALIEN)).await.name;
    let withdraw = pb::WithdrawRegistrationRequest { name: active.clone(), ..Default::default() };
    world.registrations(&me).withdraw_registration(withdraw).await.unwrap();
    assert_eq!(world.locate(circle(100)).await.registrations, 0);
    let erase = pb::EraseRegistrationRequest { name: active.clone(), ..Default::default() };
    assert_eq!(world.registrations(&me).erase_registration(erase).await.unwrap().into_inner().state(), State::Erased);
    assert_eq!(world.rows_of("history where name like 'registrations/%' and doc::text like '%1974-08-12%' and doc->>'state' <> 'DRAFT'").await, 0);
    world.clock.advance(TimeDelta::days(15));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.registration_of(&draft).await.state(), State::Expired);
}

#[tokio::test]
async fn another_register_is_taken_over_in_force() {
    let world = world().await;
    let by = officer("people/officer");
    let line = |id: &str, place| pb::ImportRegistrationsRequest {
        registration_id: id.into(),
        registration: Some(Registration { external_id: id.into(), ..journey(place) }),
    };
    for expected in [ImportOutcome::Created, ImportOutcome::Unchanged] {
        let lines = futures::stream::iter([line("a-1", HUALIEN), line("a-2", (35.68, 139.69))]);
        let stream = world.registrations(&by).import_registrations(lines).await.unwrap().into_inner();
        let answers: Vec<_> = futures::StreamExt::collect(stream).await;
        let answers: Vec<pb::ImportRegistrationsResponse> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer.outcome() == expected), "{answers:?}");
    }
    let taken = world.registration_of("registrations/a-1").await;
    assert_eq!((taken.state(), taken.verified.len()), (State::Active, 1));
    assert_eq!(world.locate(circle(50)).await.names, ["registrations/a-1"]);
}
