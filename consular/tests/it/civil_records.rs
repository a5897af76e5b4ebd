//! Births, marriages and deaths: papers, duplicates with their reasons, one registration at all posts, corrections.

use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::consular::v1::civil_document::Kind as Paper;
use proto::consular::v1::civil_record::{Finding, Kind, State};
use proto::consular::v1::civil_record_service_client::CivilRecordServiceClient;
use proto::consular::v1::{self as pb, CivilCertificate, CivilDocument, CivilParent, CivilPerson, CivilRecord};
use tonic::{Response, Status};

fn clerk() -> Principal {
    officer("people/clerk")
}

fn consul() -> Principal {
    officer("people/consul")
}

fn person(given: &str, family: &str, born: &str) -> CivilPerson {
    CivilPerson {
        given_names: given.into(),
        family_name: family.into(),
        birth_date: born.into(),
        ..CivilPerson::default()
    }
}

fn paper(kind: Paper) -> CivilDocument {
    CivilDocument { kind: kind.into(), issuer: "Lyon".into(), ..CivilDocument::default() }
}

fn parent(citizen: bool, presence_days: i32) -> CivilParent {
    CivilParent { person: Some(person("Ann", "Example", "1990-01-01")), citizen, presence_days }
}

fn birth(post: &str, given: &str) -> CivilRecord {
    CivilRecord {
        post: post.into(),
        kind: Kind::Birth.into(),
        event_date: "2026-03-01".into(),
        place: "Lyon".into(),
        country: "FR".into(),
        subject: Some(person(given, "Example", "2026-03-01")),
        parents: vec![parent(true, 0), parent(true, 0)],
        declarant: "Ann Example".into(),
        documents: vec![paper(Paper::LocalCertificate), paper(Paper::ProofOfCitizenship)],
        ..CivilRecord::default()
    }
}

fn death(post: &str, foreign_number: &str) -> CivilRecord {
    CivilRecord {
        kind: Kind::Death.into(),
        subject: Some(person("Bob", "Sample", "1950-06-07")),
        parents: Vec::new(),
        foreign_number: foreign_number.into(),
        ..birth(post, "")
    }
}

/// A verb that needs nothing but a name.
macro_rules! step {
    ($name:ident, $method:ident, $request:ident) => {
        async fn $name(&self, by: &Principal, name: &str) -> Result<CivilRecord, Status> {
            let request = pb::$request { name: name.into(), ..Default::default() };
            self.civil(by).$method(request).await.map(Response::into_inner)
        }
    };
}

impl World {
    fn civil(&self, by: &Principal) -> CivilRecordServiceClient<Signed> {
        CivilRecordServiceClient::new(self.signed(by))
    }

    async fn declare(&self, one: CivilRecord) -> Result<CivilRecord, Status> {
        let request = pb::CreateCivilRecordRequest { civil_record: Some(one), ..Default::default() };
        self.civil(&clerk()).create_civil_record(request).await.map(Response::into_inner)
    }

    step!(complete_papers, complete_civil_record, CompleteCivilRecordRequest);
    step!(compare_civil, compare_civil_record, CompareCivilRecordRequest);
    step!(register_civil, register_civil_record, RegisterCivilRecordRequest);

    async fn certify_civil(&self, by: &Principal, name: &str) -> Result<CivilRecord, Status> {
        let applicant = "Ann Example, mother".to_owned();
        let request = pb::CertifyCivilRecordRequest { name: name.into(), applicant, ..Default::default() };
        self.civil(by).certify_civil_record(request).await.map(Response::into_inner)
    }

    async fn print_extract(&self, name: &str, certificate: i32) -> Result<Vec<u8>, Status> {
        let request = pb::PrintCivilRecordRequest { name: name.into(), certificate };
        let page = self.civil(&consul()).print_civil_record(request).await?.into_inner();
        crate::travel_papers::is_pdf("extract", &page);
        Ok(page.data)
    }

    async fn asked_about(&self, certificate: &CivilCertificate, code: &str) -> pb::VerifyCivilCertificateResponse {
        let anyone = Principal { permissions: Permissions::default(), ..officer("people/anyone") };
        let request =
            pb::VerifyCivilCertificateRequest { reference: certificate.reference.clone(), code: code.to_owned() };
        self.civil(&anyone).verify_civil_certificate(request).await.unwrap().into_inner()
    }

    async fn annul(&self, by: &Principal, name: &str, stays: &str) -> Result<CivilRecord, Status> {
        let request = pb::AnnulCivilRecordRequest {
            name: name.into(),
            grounds: "The same birth, declared at two posts.".into(),
            duplicate_of: stays.into(),
            ..Default::default()
        };
        self.civil(by).annul_civil_record(request).await.map(Response::into_inner)
    }

    async fn compared(&self, one: CivilRecord) -> CivilRecord {
        let name = self.declare(one).await.unwrap().name;
        self.complete_papers(&clerk(), &name).await.unwrap();
        self.compare_civil(&clerk(), &name).await.unwrap()
    }

    async fn review(&self, by: &Principal, name: &str, grounds: &str) -> Result<CivilRecord, Status> {
        let request = pb::ReviewCivilRecordRequest { name: name.into(), grounds: grounds.into(), ..Default::default() };
        self.civil(by).review_civil_record(request).await.map(Response::into_inner)
    }

    /// One that only waits to be registered.
    async fn reviewed(&self, one: CivilRecord) -> String {
        let compared = self.compared(one).await;
        assert_eq!(compared.duplicates, []);
        self.review(&consul(), &compared.name, "").await.unwrap().name
    }

    async fn correct(&self, by: &Principal, request: pb::CorrectCivilRecordRequest) -> Result<CivilRecord, Status> {
        let grounds = "Judgment of the court of Lyon, 12 June 2026".to_owned();
        let request = pb::CorrectCivilRecordRequest { grounds, ..request };
        self.civil(by).correct_civil_record(request).await.map(Response::into_inner)
    }
}

#[tokio::test]
async fn a_birth_is_declared_proven_compared_registered_by_another_and_certified() {
    let world = world().await;
    let bare = CivilRecord { documents: vec![paper(Paper::LocalCertificate)], ..birth("posts/lyon", "Sofia") };
    let bare = world.declare(bare).await.unwrap().name;
    assert_eq!(reason(world.complete_papers(&clerk(), &bare).await), "PAPERS_MISSING");
    let compared = world.compared(birth("posts/lyon", "Maximilian")).await;
    assert_eq!((compared.state(), compared.duplicates.len()), (State::Compared, 0));
    assert_eq!(reason(world.review(&clerk(), &compared.name, "").await), "SAME_PERSON");
    world.review(&consul(), &compared.name, "").await.unwrap();
    assert_eq!(reason(world.register_civil(&clerk(), &compared.name).await), "SAME_PERSON");
    let registered = world.register_civil(&consul(), &compared.name).await.unwrap();
    assert_eq!((registered.reference.as_str(), registered.edition), ("lyon B 1/2026", 1));
    let certified = world.certify_civil(&consul(), &compared.name).await.unwrap();
    assert_eq!((certified.state(), certified.certificates.len()), (State::CertificateIssued, 1));
    let dead = world.reviewed(death("posts/lyon", "")).await;
    assert_eq!(world.register_civil(&consul(), &dead).await.unwrap().reference, "lyon D 1/2026");
}

#[tokio::test]
async fn persons_and_days_are_those_of_the_event() {
    let world = world().await;
    let child = birth("posts/lyon", "Sofia");
    for unfit in [
        CivilRecord { parents: Vec::new(), ..child.clone() },
        CivilRecord { subject: Some(person("Sofia", "Example", "2026-03-02")), ..child.clone() },
        CivilRecord { kind: Kind::Marriage.into(), parents: Vec::new(), ..child.clone() },
        CivilRecord { kind: Kind::Death.into(), ..child.clone() },
    ] {
        assert_eq!(reason(world.declare(unfit).await), "PERSONS_UNFIT");
    }
    let ahead = CivilRecord { event_date: "2026-05-06".into(), ..death("posts/lyon", "") };
    assert_eq!(reason(world.declare(ahead).await), "EVENT_AHEAD");
}

#[tokio::test]
async fn a_child_of_one_citizen_needs_that_parents_presence() {
    let world = world().await;
    let of = async |parents: Vec<CivilParent>, presence: bool| {
        let mut one = CivilRecord { parents, ..birth("posts/lyon", "Sofia") };
        if presence {
            one.documents.push(paper(Paper::ProofOfPresence));
        }
        let name = world.declare(one).await.unwrap().name;
        world.complete_papers(&clerk(), &name).await
    };
    assert_eq!(reason(of(vec![parent(false, 9_000)], true).await), "NOT_TRANSMITTED");
    assert_eq!(reason(of(vec![parent(true, 1_825)], true).await), "NOT_TRANSMITTED");
    assert_eq!(reason(of(vec![parent(true, 1_826), parent(false, 0)], false).await), "NOT_TRANSMITTED");
    of(vec![parent(true, 1_826), parent(false, 0)], true).await.unwrap();
    of(vec![parent(true, 0), parent(true, 0)], false).await.unwrap();
}

#[tokio::test]
async fn what_another_post_has_is_found_explained_and_told_apart_by_two_officers() {
    let world = world().await;
    let first = world.reviewed(birth("posts/lyon", "Sofia")).await;
    let again = world.compared(birth("posts/paris", "Sophia")).await;
    assert_eq!(again.duplicates[0].civil_record, first);
    assert_eq!(again.duplicates[0].reasons, ["names alike", "same parent", "same day"]);
    world.register_civil(&consul(), &first).await.unwrap();
    assert_eq!(reason(world.review(&consul(), &again.name, "").await), "DUPLICATES_UNEXPLAINED");
    world.review(&consul(), &again.name, "Two children: the hospitals and the mothers differ.").await.unwrap();
    world.register_civil(&consul(), &again.name).await.unwrap();
    // The same entry of the same register abroad is no other event, whatever an officer finds.
    let entry = world.reviewed(death("posts/lyon", "Lyon 3/2026/44")).await;
    let same = world.compared(death("posts/paris", "Lyon 3/2026/44")).await;
    assert!(same.duplicates[0].certain);
    assert_eq!(reason(world.review(&consul(), &same.name, "Another man.").await), "EVENT_ALREADY_REGISTERED");
    world.register_civil(&consul(), &entry).await.unwrap();
}

/// Who was declared, compared and registered elsewhere after this one was compared, is found before it is registered.
#[tokio::test]
async fn what_is_registered_since_the_comparison_is_compared_once_more() {
    let world = world().await;
    let slow = world.reviewed(birth("posts/lyon", "Sofia")).await;
    let swift = world.compared(birth("posts/paris", "Sophia")).await;
    world.review(&consul(), &swift.name, "The other post has not registered it.").await.unwrap();
    world.register_civil(&consul(), &swift.name).await.unwrap();
    assert_eq!(reason(world.register_civil(&consul(), &slow).await), "EVENT_ALREADY_REGISTERED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_registered_once() {
    let world = world().await;
    let one = world.reviewed(birth("posts/lyon", "Sofia")).await;
    let by = consul();
    let answers = join_all((0..8).map(|_| world.register_civil(&by, &one))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let copy = "insert into civil_records (name, uid, version, doc, created_at, updated_at) \
        select 'civilRecords/copy', gen_random_uuid(), 1, doc || '{\"post\": \"posts/rome\", \"series\": \"rome B/2026\"}', \
        now(), now() from civil_records";
    let refused = sqlx::query(copy).execute(&world.db.pool).await.unwrap_err();
    assert!(refused.to_string().contains("civil_records_one_event"), "{refused}");
    let many: Vec<_> = ["Ava", "Benjamin", "Charlotte", "Dominic", "Eleonore", "Frederick"].to_vec();
    let mut names = Vec::new();
    for given in many {
        names.push(world.reviewed(birth("posts/lyon", given)).await);
    }
    let registered = join_all(names.iter().map(|name| world.register_civil(&by, name))).await;
    let mut numbers: Vec<_> = registered.into_iter().map(|one| one.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=7).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_correction_is_a_new_edition_and_the_former_stays() {
    let world = world().await;
    let one = world.reviewed(birth("posts/lyon", "Sofia")).await;
    let before = world.register_civil(&consul(), &one).await.unwrap();
    world.certify_civil(&consul(), &one).await.unwrap();
    world.clock.advance(TimeDelta::days(40));
    let right = person("Sofía", "Example", "2026-03-01");
    let change =
        pb::CorrectCivilRecordRequest { name: one.clone(), subject: Some(right.clone()), ..Default::default() };
    assert_eq!(reason(world.correct(&clerk(), change.clone()).await), "SAME_PERSON");
    let nothing = pb::CorrectCivilRecordRequest { name: one.clone(), place: "Lyon".into(), ..Default::default() };
    assert_eq!(reason(world.correct(&consul(), nothing).await), "NOTHING_CORRECTED");
    let corrected = world.correct(&consul(), change).await.unwrap();
    assert_eq!((corrected.state(), corrected.edition), (State::Registered, 2), "a new certificate is to be issued");
    assert_eq!(corrected.subject, Some(right));
    let correction = &corrected.corrections[0];
    assert_eq!(
        (correction.fields[0].as_str(), correction.former[0].as_str()),
        ("subject", "Example, Sofia, 2026-03-01")
    );
    let then = pb::GetCivilRecordRequest { name: one, as_of: before.update_time };
    let former = world.civil(&consul()).get_civil_record(then).await.unwrap().into_inner();
    assert_eq!((former.edition, former.subject.unwrap().given_names.as_str()), (1, "Sofia"));
    for by_hand in [
        "update civil_records set doc = doc || '{\"place\": \"Paris\"}'",
        "update civil_records set doc = doc || '{\"number\": 7}'",
        "delete from civil_records",
    ] {
        let refused = sqlx::query(by_hand).execute(&world.db.pool).await.unwrap_err();
        assert!(refused.to_string().contains("stands"), "{refused}");
    }
}

#[tokio::test]
async fn an_extract_says_what_the_register_says_and_whoever_has_it_can_ask_whether_it_still_does() {
    let world = world().await;
    let one = world.reviewed(birth("posts/lyon", "Sofia")).await;
    world.register_civil(&consul(), &one).await.unwrap();
    assert_eq!(reason(world.print_extract(&one, 0).await), "WRONG_STATE", "none was issued");
    world.certify_civil(&consul(), &one).await.unwrap();
    let certified = world.certify_civil(&consul(), &one).await.unwrap();
    let [first, second] = certified.certificates.as_slice() else { panic!("{certified:?}") };
    assert_eq!((first.reference.as_str(), second.reference.as_str()), ("lyon B 1/2026-1", "lyon B 1/2026-2"));
    let page = world.print_extract(&one, 0).await.unwrap();
    assert_eq!(page, world.print_extract(&one, 2).await.unwrap(), "every copy is the same");
    assert_ne!(page, world.print_extract(&one, 1).await.unwrap());
    assert_eq!(reason(world.print_extract(&one, 3).await), "CERTIFICATE_UNKNOWN");
    assert_eq!(world.asked_about(first, &first.code).await.finding(), Finding::Genuine);
    let unknown =
        world.asked_about(&CivilCertificate { reference: "lyon B 9/2026-1".into(), ..first.clone() }, "AAAA").await;
    for (certificate, code) in [(first, second.code.as_str()), (second, "AAAAAAAAAAAA")] {
        assert_eq!(world.asked_about(certificate, code).await, unknown);
    }
    let change =
        pb::CorrectCivilRecordRequest { name: one.clone(), place: "Villeurbanne".into(), ..Default::default() };
    world.correct(&consul(), change).await.unwrap();
    assert_eq!(world.asked_about(first, &first.code).await.finding(), Finding::Superseded);
    assert_eq!(reason(world.print_extract(&one, 0).await), "WRONG_STATE", "of this edition none was issued");
    world.annul(&consul(), &one, "").await.unwrap();
    assert_eq!(world.asked_about(first, &first.code).await.finding(), Finding::NoLongerGood);
    let by_hand = "update civil_records set doc = jsonb_set(doc, '{certificates,0,applicant}', '\"Another\"')";
    assert!(sqlx::query(by_hand).execute(&world.db.pool).await.unwrap_err().to_string().contains("stands"));
}

/// What is found to be the same event after both were registered: one of them stays, and the event is registered once.
#[tokio::test]
async fn a_second_registration_is_annulled_and_names_the_one_that_stays() {
    let world = world().await;
    let first = world.reviewed(birth("posts/lyon", "Sofia")).await;
    world.register_civil(&consul(), &first).await.unwrap();
    let second = world.compared(birth("posts/paris", "Sophia")).await.name;
    world.review(&consul(), &second, "Another hospital.").await.unwrap();
    world.register_civil(&consul(), &second).await.unwrap();
    assert_eq!(reason(world.annul(&clerk(), &second, &first).await), "SAME_PERSON");
    assert_eq!(reason(world.annul(&consul(), &second, &second).await), "DUPLICATE_UNFIT");
    assert_eq!(reason(world.annul(&consul(), &second, "civilRecords/none").await), "DUPLICATE_UNFIT");
    let annulled = world.annul(&consul(), &second, &first).await.unwrap();
    assert_eq!((annulled.state(), annulled.duplicate_of.as_str()), (State::Annulled, first.as_str()));
    assert_eq!(reason(world.certify_civil(&consul(), &second).await), "WRONG_STATE");
    // Its number is not given again, and the event may be: nothing of what was annulled stands in the way.
    world.annul(&consul(), &first, "").await.unwrap();
    let again = world.reviewed(birth("posts/lyon", "Sofia")).await;
    assert_eq!(world.register_civil(&consul(), &again).await.unwrap().reference, "lyon B 2/2026");
}

#[tokio::test]
async fn a_declaration_that_is_sent_back_is_set_right_and_compared_anew() {
    let world = world().await;
    world.reviewed(birth("posts/lyon", "Sofia")).await;
    let mistaken = world.compared(birth("posts/paris", "Sophia")).await;
    assert_eq!(mistaken.duplicates.len(), 1);
    let back = pb::ReturnCivilRecordRequest {
        name: mistaken.name.clone(),
        grounds: "The name on the local certificate is another.".into(),
        ..Default::default()
    };
    let back = world.civil(&consul()).return_civil_record(back).await.unwrap().into_inner();
    assert_eq!((back.state(), back.duplicates.len()), (State::Declared, 0));
    let right = CivilRecord { subject: Some(person("Maximilian", "Sample", "2026-03-01")), ..back.clone() };
    let update = pb::UpdateCivilRecordRequest {
        civil_record: Some(right),
        update_mask: Some(prost_types::FieldMask { paths: vec!["subject".into()] }),
        etag: back.etag,
        ..Default::default()
    };
    world.civil(&clerk()).update_civil_record(update).await.unwrap();
    world.complete_papers(&clerk(), &back.name).await.unwrap();
    assert_eq!(world.compare_civil(&clerk(), &back.name).await.unwrap().duplicates, []);
}

#[tokio::test]
async fn a_mission_or_an_agency_sees_nothing_of_the_register() {
    let world = world().await;
    let one = world.declare(birth("posts/lyon", "Sofia")).await.unwrap().name;
    let agency = Principal { agency: Some("agencies/example".into()), ..officer("keys/example") };
    let mission = Principal { mission: Some("missions/fra".into()), ..officer("people/foreign") };
    for outsider in [agency, mission] {
        let get = pb::GetCivilRecordRequest { name: one.clone(), as_of: None };
        assert_eq!(reason(world.civil(&outsider).get_civil_record(get).await), "NOT_FOUND");
        let list = world.civil(&outsider).list_civil_records(pb::ListCivilRecordsRequest::default()).await.unwrap();
        assert_eq!(list.into_inner().civil_records, []);
    }
}
