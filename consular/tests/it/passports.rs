//! Passports from application to delivery: four eyes, children, name checks, and loss that is never undone.

use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::world::{World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join;
use identity::{Permissions, Principal};
use proto::consular::v1::blank_book::{Kind as Blank, SpoilCause, State as BlankState};
use proto::consular::v1::passport_application::{DenialGround, Sex, State, Type};
use proto::consular::v1::travel_document::State as Document;
use proto::consular::v1::travel_document_service_client::TravelDocumentServiceClient;
use proto::consular::v1::verify_travel_document_response::Finding;
use proto::consular::v1::{self as pb, ParentalConsent, PassportApplication, TravelDocument};
use tonic::Status;

pub(crate) const BORN: &str = "1974-08-12";

pub(crate) fn application(kind: Type, person: &str) -> PassportApplication {
    PassportApplication {
        r#type: kind.into(),
        post: POST.into(),
        person: person.into(),
        family_name: "Example".into(),
        given_names: "Anna Maria".into(),
        birth_date: BORN.into(),
        birth_place: "Zenith".into(),
        sex: Sex::Female.into(),
        ..PassportApplication::default()
    }
}

/// A request with a name and nothing else.
macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    pub(crate) async fn drafted_passport(&self, application: PassportApplication) -> Result<String, Status> {
        let create =
            pb::CreatePassportApplicationRequest { passport_application: Some(application), ..Default::default() };
        Ok(self.passport_applications(CLERK).create_passport_application(create).await?.into_inner().name)
    }

    pub(crate) async fn submitted(&self, name: &str, receipt: &str) -> Result<PassportApplication, Status> {
        let submit = pb::SubmitPassportApplicationRequest {
            name: name.into(),
            fee_receipt: receipt.into(),
            ..Default::default()
        };
        Ok(self.passport_applications(CLERK).submit_passport_application(submit).await?.into_inner())
    }

    /// Begun, paid for and submitted.
    pub(crate) async fn apply(&self, application: PassportApplication) -> Result<PassportApplication, Status> {
        let child = application.birth_date.as_str() > "2010";
        let code = match application.r#type() {
            Type::Diplomatic | Type::Service => "PASSPORT_OFFICIAL",
            _ if child => "PASSPORT_CHILD",
            _ => "PASSPORT_ADULT",
        };
        self.costs(code, 13_000).await;
        let name = self.drafted_passport(application).await?;
        let receipt = self.receipt_of(code, &name, "", POST).await;
        self.submitted(&name, &receipt.name).await
    }

    pub(crate) async fn taken_in(&self, name: &str) -> PassportApplication {
        let take = pb::TakeInPassportApplicationRequest {
            name: name.into(),
            identity_evidence: "identity card X1".into(),
            citizenship_evidence: "certificate of birth".into(),
            photo: "photos/1".into(),
            biometrics: "biometrics/1".into(),
            ..Default::default()
        };
        self.passport_applications(CLERK).take_in_passport_application(take).await.unwrap().into_inner()
    }

    /// Before who decides, with a name check.
    pub(crate) async fn adjudicated(&self, name: &str) -> String {
        let screening = self.screened("Anna Maria EXAMPLE", BORN, "").await.name;
        let put = pb::AdjudicatePassportApplicationRequest {
            name: name.into(),
            screening: screening.clone(),
            ..Default::default()
        };
        self.passport_applications(CLERK).adjudicate_passport_application(put).await.unwrap();
        screening
    }

    pub(crate) async fn approved(&self, kind: Type, person: &str, previous: &str) -> String {
        let asked = PassportApplication { previous_document: previous.into(), ..application(kind, person) };
        let name = self.apply(asked).await.unwrap().name;
        self.taken_in(&name).await;
        self.adjudicated(&name).await;
        self.try_approve(&name).await.unwrap();
        name
    }

    /// An application before who decides.
    pub(crate) async fn adjudicated_application(&self, kind: Type, person: &str) -> String {
        let name = self.apply(application(kind, person)).await.unwrap().name;
        self.taken_in(&name).await;
        self.adjudicated(&name).await;
        name
    }

    pub(crate) async fn try_approve(&self, name: &str) -> Result<PassportApplication, Status> {
        let approve = about!(ApprovePassportApplicationRequest, name);
        Ok(self.passport_applications(DECIDER).approve_passport_application(approve).await?.into_inner())
    }

    pub(crate) async fn produce(&self, application: &str, blank: &str) -> Result<TravelDocument, Status> {
        let document =
            TravelDocument { application: application.into(), blank: blank.into(), ..TravelDocument::default() };
        let create = pb::CreateTravelDocumentRequest { travel_document: Some(document), ..Default::default() };
        Ok(self.travel_documents("people/press").create_travel_document(create).await?.into_inner())
    }

    /// A passport in its holder's hands.
    pub(crate) async fn delivered(&self, kind: Type, person: &str, previous: &str, number: &str) -> String {
        let application = self.approved(kind, person, previous).await;
        let blank = self.blank(Blank::PassportBook, number).await;
        let document = self.produce(&application, &blank).await.unwrap().name;
        self.on_its_way(&application).await;
        self.deliver(&application).await.unwrap();
        document
    }

    pub(crate) async fn on_its_way(&self, name: &str) {
        let mut applications = self.passport_applications("people/press");
        applications.inspect_passport(about!(InspectPassportRequest, name)).await.unwrap();
        let ship = pb::ShipPassportRequest { name: name.into(), shipment: "bag 7".into(), ..Default::default() };
        applications.ship_passport(ship).await.unwrap();
        applications.receive_passport(about!(ReceivePassportRequest, name)).await.unwrap();
    }

    pub(crate) async fn deliver(&self, name: &str) -> Result<PassportApplication, Status> {
        let deliver =
            pb::DeliverPassportRequest { name: name.into(), evidence: "identity card X1".into(), ..Default::default() };
        Ok(self.passport_applications(CLERK).deliver_passport(deliver).await?.into_inner())
    }

    async fn verified(&self, name: &str) -> pb::VerifyTravelDocumentResponse {
        let partner = Principal {
            agency: Some("border-guard".into()),
            permissions: Permissions::of(["consular.travelDocuments.verify"]),
            ..testkit::principal::<&str>([])
        };
        let mut documents = TravelDocumentServiceClient::new(self.signed(&partner));
        let ask = pb::VerifyTravelDocumentRequest { name: name.into() };
        documents.verify_travel_document(ask).await.unwrap().into_inner()
    }

    pub(crate) async fn passport(&self, name: &str) -> TravelDocument {
        let get = pb::GetTravelDocumentRequest { name: name.into(), as_of: None };
        self.travel_documents(CLERK).get_travel_document(get).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_passport_is_made_and_handed_over() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    let made = world.produce(&application, &blank).await.unwrap();
    assert_eq!((made.name.as_str(), made.state()), ("travelDocuments/C01X00T47", Document::Produced));
    assert_eq!((made.issue_date.as_str(), made.expire_date.as_str()), ("2026-05-04", "2036-05-03"));
    let window = mrz::Window::on("2026-05-04".parse().unwrap());
    let zone = mrz::parse(&made.zone.join("\n"), &window).unwrap();
    assert_eq!((zone.number.as_str(), zone.primary.as_str()), ("C01X00T47", "EXAMPLE"));
    let used = world.blank_now(&blank).await;
    assert_eq!((used.state(), used.document.as_str()), (BlankState::Issued, made.name.as_str()));
    assert_eq!(world.verified(&made.name).await.finding(), Finding::NotDelivered);
    world.on_its_way(&application).await;
    assert_eq!(world.deliver(&application).await.unwrap().state(), State::Delivered);
    let told = world.verified(&made.name).await;
    assert!(told.valid && told.issuer == "USA" && told.expire_date == "2036-05-03", "{told:?}");
    assert_eq!(world.verified("travelDocuments/C99999999").await.finding(), Finding::UnknownNumber);
    world.clock.set("2036-05-04T04:00:00Z".parse().unwrap());
    assert_eq!(world.verified(&made.name).await.finding(), Finding::ValidityOver, "before its timer fires too");
    assert_eq!(world.fired().await, 1);
    assert_eq!(world.passport(&made.name).await.state(), Document::Expired);
}

#[tokio::test]
async fn who_takes_in_does_not_decide() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    world.taken_in(&name).await;
    world.adjudicated(&name).await;
    let approve = || about!(ApprovePassportApplicationRequest, name);
    let own = world.passport_applications(CLERK).approve_passport_application(approve()).await;
    assert_eq!(reason(own), "SAME_PERSON");
    let deny = |words: &str| pb::DenyPassportApplicationRequest {
        name: name.clone(),
        ground: DenialGround::CourtOrder.into(),
        words: words.into(),
        remedy: "Appeal to the court within a month.".into(),
        ..Default::default()
    };
    let own = world.passport_applications(CLERK).deny_passport_application(deny("A court forbids it.")).await;
    assert_eq!(reason(own), "SAME_PERSON");
    let wordless = world.passport_applications(DECIDER).deny_passport_application(deny("")).await;
    assert_eq!(reason(wordless), "INVALID_FIELDS");
    world.passport_applications(DECIDER).approve_passport_application(approve()).await.unwrap();
}

#[tokio::test]
async fn a_hit_stands_in_the_way_also_one_that_comes_later() {
    let world = world().await;
    world.list_of(&[("EXAMPLE, Anna Maria", "DOB 12 Aug 1974.")]).await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    world.taken_in(&name).await;
    let other = world.screened("Somebody Else", BORN, "").await.name;
    let put = pb::AdjudicatePassportApplicationRequest { name: name.clone(), screening: other, ..Default::default() };
    let refused = world.passport_applications(CLERK).adjudicate_passport_application(put).await;
    assert_eq!(reason(refused), "SCREENING_OF_ANOTHER");
    let screening = world.adjudicated(&name).await;
    let approve = || about!(ApprovePassportApplicationRequest, name);
    let refused = world.passport_applications(DECIDER).approve_passport_application(approve()).await;
    assert_eq!(reason(refused), "HIT_UNRESOLVED");
    world.cleared(&screening).await;
    world.passport_applications(DECIDER).approve_passport_application(approve()).await.unwrap();
    // The list changes, and has someone new of that name: nothing is printed until that is looked at too.
    world.list_of(&[("EXAMPLE, Anna Maria", "DOB 12 Aug 1974."), ("EXAMPLE, Maria Anna", "DOB 12 Aug 1974.")]).await;
    assert_eq!(world.again().await, 1);
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    assert_eq!(reason(world.produce(&name, &blank).await), "HIT_UNRESOLVED");
    assert_eq!(world.blank_now(&blank).await.state(), BlankState::Received);
}

#[tokio::test]
async fn both_parents_consent_to_a_childs_passport() {
    let world = world().await;
    let consent = |parent: &str| ParentalConsent {
        parent: parent.into(),
        given_date: "2026-05-01".into(),
        evidence: "in person".into(),
    };
    let child = |consents: Vec<ParentalConsent>, sole_custody: &str| PassportApplication {
        birth_date: "2015-01-01".into(),
        consents,
        sole_custody: sole_custody.into(),
        ..application(Type::Child, "P-2")
    };
    for (asked, expected) in [
        (child(vec![], ""), "CONSENT_MISSING"),
        (child(vec![consent("A Parent")], ""), "CONSENT_MISSING"),
        (child(vec![consent("A Parent"), consent(" A Parent ")], ""), "CONSENT_MISSING"),
        (child(vec![consent("Chloé Parent"), consent("CHLOE PARENT")], ""), "CONSENT_MISSING"),
        (PassportApplication { birth_date: BORN.into(), ..child(vec![], "") }, "APPLICATION_UNFIT"),
    ] {
        assert_eq!(reason(world.apply(asked).await), expected);
    }
    let both = child(vec![consent("A Parent"), consent("Other Parent")], "");
    assert_eq!(world.apply(both).await.unwrap().state(), State::Submitted);
    let one = child(vec![consent("A Parent")], "Family court 2024/17");
    assert_eq!(world.apply(one).await.unwrap().state(), State::Submitted);
}

#[tokio::test]
async fn an_application_that_nobody_follows_up_is_abandoned() {
    let world = world().await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    world.taken_in(&name).await;
    let ask =
        pb::RequestPassportInformationRequest { name: name.clone(), wanted: "A photo.".into(), ..Default::default() };
    world.passport_applications(CLERK).request_passport_information(ask).await.unwrap();
    world.clock.set("2026-08-02T12:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 0, "the ninetieth day counts whole");
    world.clock.set("2026-08-03T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let get = pb::GetPassportApplicationRequest { name, as_of: None };
    let found = world.passport_applications(CLERK).get_passport_application(get).await.unwrap().into_inner();
    assert_eq!(found.state(), State::Abandoned);
}

#[tokio::test]
async fn a_loss_is_in_force_at_once_and_for_ever() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let passport = world.delivered(Type::First, "P-1", "", "C00000001").await;
    assert!(world.verified(&passport).await.valid);
    let mut documents = world.travel_documents(CLERK);
    let reported = documents.report_theft(about!(ReportTheftRequest, passport)).await.unwrap().into_inner();
    let told = world.verified(&passport).await;
    assert_eq!((told.finding(), told.valid), (Finding::ReportedStolen, false), "the very next question");
    assert_eq!(told.report_time, reported.report_time);
    for undone in [
        reason(documents.report_loss(about!(ReportLossRequest, passport)).await),
        reason(
            documents
                .cancel_travel_document(pb::CancelTravelDocumentRequest {
                    grounds: "found".into(),
                    ..about!(CancelTravelDocumentRequest, passport)
                })
                .await,
        ),
    ] {
        assert_eq!(undone, "WRONG_STATE");
    }
    // Not by the database either.
    let text = "update travel_documents set doc = jsonb_set(doc, '{state}', '\"ACTIVE\"') where name = $1";
    let undone = sqlx::query(text).bind(&passport).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&undone), Some("travel_documents_irreversible"));
    // A new one needs the report, and nothing else of the old one.
    let renewal = PassportApplication { previous_document: passport.clone(), ..application(Type::Renewal, "P-1") };
    assert_eq!(reason(world.apply(renewal).await), "APPLICATION_UNFIT");
    world.delivered(Type::LostOrStolen, "P-1", &passport, "C00000002").await;
    assert_eq!(world.passport(&passport).await.state(), Document::Stolen);
}

#[tokio::test]
async fn a_new_passport_takes_the_place_of_the_old_one_and_a_second_does_not() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let first = world.delivered(Type::First, "P-1", "", "C00000001").await;
    let unreported = PassportApplication { previous_document: first.clone(), ..application(Type::LostOrStolen, "P-1") };
    assert_eq!(reason(world.apply(unreported).await), "LOSS_NOT_REPORTED");
    let stranger = PassportApplication { previous_document: first.clone(), ..application(Type::Renewal, "P-2") };
    assert_eq!(reason(world.apply(stranger).await), "APPLICATION_UNFIT");
    let next = world.delivered(Type::Renewal, "P-1", &first, "C00000002").await;
    assert_eq!(world.passport(&first).await.state(), Document::Cancelled);
    let second = world.delivered(Type::Second, "P-1", "", "C00000003").await;
    let diplomatic = world.delivered(Type::Diplomatic, "P-1", "", "C00000004").await;
    for valid in [next, second, diplomatic] {
        assert_eq!(world.passport(&valid).await.state(), Document::Active, "{valid}");
    }
}

#[tokio::test]
async fn one_book_becomes_one_passport_and_a_failed_one_is_spoilt() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let one = world.approved(Type::First, "P-1", "").await;
    let other = world.approved(Type::First, "P-2", "").await;
    let blank = world.blank(Blank::PassportBook, "C00000001").await;
    let sticker = world.blank(Blank::VisaSticker, "V00000001").await;
    assert_eq!(reason(world.produce(&one, &sticker).await), "BLANK_UNFIT");
    let (first, second) = join(world.produce(&one, &blank), world.produce(&other, &blank)).await;
    assert!(first.is_ok() != second.is_ok(), "one of two gets the book");
    let (made, loser, winner) = match (first, second) {
        (Ok(made), loser) => (made.name, loser, one),
        (loser, made) => (made.unwrap().name, loser, other),
    };
    assert_eq!(reason(loser), "BLANK_UNFIT");
    let more = world.blank(Blank::PassportBook, "C00000002").await;
    assert_eq!(reason(world.produce(&winner, &more).await), "DOCUMENT_ALREADY_MADE");
    let fail = about!(FailPassportInspectionRequest, winner);
    let back = world.passport_applications("people/press").fail_passport_inspection(fail).await.unwrap().into_inner();
    assert_eq!((back.state(), back.document.as_str()), (State::Approved, ""));
    let spoilt = world.blank_now(&blank).await;
    assert_eq!((spoilt.state(), spoilt.spoil_cause()), (BlankState::Spoiled, SpoilCause::FailedInspection));
    assert_eq!(world.passport(&made).await.state(), Document::Cancelled);
    assert_eq!(world.produce(&winner, &more).await.unwrap().number, "C00000002");
}

#[tokio::test]
async fn a_passport_lost_on_its_way_is_not_handed_over() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let blank = world.blank(Blank::PassportBook, "C00000001").await;
    let passport = world.produce(&application, &blank).await.unwrap().name;
    world.on_its_way(&application).await;
    world.travel_documents(CLERK).report_loss(about!(ReportLossRequest, passport)).await.unwrap();
    assert_eq!(reason(world.deliver(&application).await), "PASSPORT_OUT_OF_USE");
}

#[tokio::test]
async fn who_may_not_read_personal_data_sees_none() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let passport = world.delivered(Type::First, "P-1", "", "C00000001").await;
    world.clock.advance(TimeDelta::seconds(1));
    let reader =
        Principal { permissions: Permissions::of(["consular.travelDocuments.read"]), ..officer("people/reader") };
    let mut documents = TravelDocumentServiceClient::new(world.signed(&reader));
    let get = pb::GetTravelDocumentRequest { name: passport, as_of: None };
    let seen = documents.get_travel_document(get).await.unwrap().into_inner();
    assert_eq!((seen.number.as_str(), seen.state()), ("C00000001", Document::Active));
    assert!(seen.family_name.is_empty() && seen.zone.is_empty() && seen.person.is_empty(), "{seen:?}");
}
