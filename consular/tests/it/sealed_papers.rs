//! Seals on passports, scanned back from the page; and copies of documents in force, sealed for a screen.

use crate::scanner::scanned;
use crate::travel_bench::{CLERK, DECIDER, SEAL_KEY, SEAL_X509, papers_with};
use crate::travel_papers::is_pdf;
use crate::world::{World, officer, reason, world};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::{Permissions, Principal};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::travel_document_service_client::TravelDocumentServiceClient;
use proto::consular::v1::verify_seal_response::{Document, Finding};
use proto::consular::v1::visa_service_client::VisaServiceClient;
use proto::consular::v1::{self as pb, VerifySealResponse};
use seal::{Header, Passport, Signer, Version};
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

macro_rules! only {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned() }
    };
}

impl World {
    async fn barcode_says(&self, barcode: &[u8]) -> VerifySealResponse {
        self.verified_seal(pb::VerifySealRequest { barcode: barcode.to_vec(), json: String::new() }).await
    }

    async fn copy_says(&self, json: &str) -> VerifySealResponse {
        self.verified_seal(pb::VerifySealRequest { barcode: Vec::new(), json: json.to_owned() }).await
    }

    async fn copy_of_passport(&self, name: &str) -> Result<String, Status> {
        let copy = self.travel_documents(CLERK).seal_travel_document(only!(SealTravelDocumentRequest, name)).await?;
        Ok(copy.into_inner().json)
    }

    async fn copy_of_visa(&self, name: &str) -> Result<String, Status> {
        Ok(self.visas(CLERK).seal_visa(only!(SealVisaRequest, name)).await?.into_inner().json)
    }
}

fn signer() -> Signer {
    Signer::from_pkcs8(&STANDARD.decode(SEAL_KEY).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_printed_on_each_paper_is_scanned_back_from_its_page() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let passport = world.delivered(Type::First, "P-1", "", "C01X00T47").await;
    let print = only!(PrintTravelDocumentRequest, passport);
    let page = world.travel_documents("people/press").print_travel_document(print).await.unwrap().into_inner();
    is_pdf("passport", &page);
    let read = scanned(&page);
    assert_eq!(read.bytes, world.passport(&passport).await.seal, "what is printed is what the register has");
    assert!(read.is_sound(), "{} dots a module", read.module);
    assert_eq!(world.barcode_says(&read.bytes).await.document(), Document::InForce);

    let visa = world.visa_on("V00000001").await;
    let print = only!(PrintVisaRequest, visa.name);
    let read = scanned(&world.visas("people/press").print_visa(print).await.unwrap().into_inner());
    assert_eq!(read.bytes, visa.seal);
    assert!(read.is_sound(), "{} dots a module", read.module);

    let name = world.received(crate::emergency::asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    let issued = world.urgently(&name, &sticker).await.unwrap();
    let print = only!(PrintEmergencyTravelDocumentRequest, name);
    let page = world.emergency(DECIDER).print_emergency_travel_document(print).await.unwrap().into_inner();
    let read = scanned(&page);
    assert_eq!(read.bytes, issued.seal);
    assert!(read.is_sound(), "{} dots a module", read.module);
}

#[tokio::test]
async fn the_longest_seal_is_scanned_back_too_and_the_mark_of_a_specimen_leaves_it_readable() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let algorithm = &ring::signature::ECDSA_P384_SHA384_FIXED_SIGNING;
    let key = ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &ring::rand::SystemRandom::new()).unwrap();
    let (key, reference) = (STANDARD.encode(key.as_ref()), "F".repeat(40));
    let settings = [("P_SEAL_KEY", key.as_str()), ("P_SEAL_CERTIFICATE", &reference), ("P_SPECIMEN", "true")];
    let papers = papers_with(&settings).unwrap();
    let mut documents = TravelDocumentServiceClient::new(world.signed_on(&papers, &officer("people/press")));
    let application = world.approved(Type::First, "P-1", "").await;
    let blank = world.blank(Blank::PassportBook, "C00000001").await;
    let document = pb::TravelDocument { application, blank, ..Default::default() };
    let create = pb::CreateTravelDocumentRequest { travel_document: Some(document), ..Default::default() };
    let made = documents.create_travel_document(create).await.unwrap().into_inner();
    let print = only!(PrintTravelDocumentRequest, made.name);
    let page = documents.print_travel_document(print).await.unwrap().into_inner();
    is_pdf("specimen", &page);
    let read = scanned(&page);
    assert_eq!(read.bytes, made.seal);
    assert!(read.is_sound(), "{} dots a module", read.module);
}

#[tokio::test]
async fn the_seal_of_a_passport_is_worth_what_the_register_says_of_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let book = world.blank(Blank::PassportBook, "C00000001").await;
    let made = world.produce(&application, &book).await.unwrap();
    let told = world.barcode_says(&made.seal).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::NotDelivered, false));
    assert_eq!((told.issuer.as_str(), told.issued_date.as_str(), &told.zone), ("USA", "2026-05-04", &made.zone));
    world.on_its_way(&application).await;
    world.deliver(&application).await.unwrap();
    let told = world.barcode_says(&made.seal).await;
    assert_eq!((told.document(), told.valid), (Document::InForce, true), "{told:?}");
    let mut forged = made.seal.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(world.barcode_says(&forged).await.finding(), Finding::InvalidSignature);

    let lost = about!(ReportLossRequest, made.name);
    let lost = world.travel_documents(CLERK).report_loss(lost).await.unwrap().into_inner();
    let told = world.barcode_says(&made.seal).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::ReportedLost, false));
    assert_eq!(told.report_time, lost.report_time);

    let stolen = world.delivered(Type::Second, "P-1", "", "C00000002").await;
    world.travel_documents(CLERK).report_theft(about!(ReportTheftRequest, stolen)).await.unwrap();
    let revoked = world.delivered(Type::First, "P-2", "", "C00000003").await;
    let revoke = pb::RevokeTravelDocumentRequest {
        grounds: "It was obtained by fraud.".into(),
        ..about!(RevokeTravelDocumentRequest, revoked)
    };
    world.travel_documents(DECIDER).revoke_travel_document(revoke).await.unwrap();
    let old = world.delivered(Type::First, "P-3", "", "C00000004").await;
    let new = world.delivered(Type::Renewal, "P-3", &old, "C00000005").await;
    for (name, document) in [
        (&stolen, Document::ReportedStolen),
        (&revoked, Document::Revoked),
        (&old, Document::ReplacedOrReturned),
        (&new, Document::InForce),
    ] {
        let seal = world.passport(name).await.seal;
        assert_eq!(world.barcode_says(&seal).await.document(), document, "{name}");
    }
    // The calendar decides, should the timer be late.
    let seal = world.passport(&new).await.seal;
    world.clock.set("2037-05-04T13:00:00Z".parse().unwrap());
    assert_eq!(world.barcode_says(&seal).await.document(), Document::ValidityOver);
    world.store.fire_due().await.unwrap();
    assert_eq!(world.barcode_says(&seal).await.document(), Document::ValidityOver);
}

#[tokio::test]
async fn a_seal_by_our_key_on_a_passport_that_is_not_in_the_register_is_told() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.delivered(Type::First, "P-1", "", "C00000001").await;
    let genuine = world.passport(&name).await;
    let day = "2026-05-04".parse().unwrap();
    let header = Header {
        version: Version::Four,
        issuer: "USA".into(),
        signer: "USFS".into(),
        certificate: "1".into(),
        issued: day,
        signed: day,
        profile: 0,
        category: 0,
    };
    // Of the same number, with another's name.
    let zone = [genuine.zone[0].replace("ANNA", "EMMA"), genuine.zone[1].clone()];
    assert_ne!(zone[0], genuine.zone[0]);
    let forged = signer().seal(&Passport { zone }.seal(header).unwrap()).unwrap();
    let told = world.barcode_says(&forged).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::NotInRegister, false));
}

#[tokio::test]
async fn a_copy_of_a_passport_is_worth_what_the_register_says_of_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let book = world.blank(Blank::PassportBook, "C00000001").await;
    let made = world.produce(&application, &book).await.unwrap();
    assert_eq!(reason(world.copy_of_passport(&made.name).await), "WRONG_STATE", "nobody was given it");
    world.on_its_way(&application).await;
    world.deliver(&application).await.unwrap();
    let copy = world.copy_of_passport(&made.name).await.unwrap();
    let told = world.copy_says(&copy).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::InForce, true), "{told:?}");
    assert_eq!((told.issuer.as_str(), told.issued_date.as_str(), &told.zone), ("USA", "2026-05-04", &made.zone));
    let read: serde_json::Value = serde_json::from_str(&copy).unwrap();
    assert_eq!(read["data"]["hdr"], serde_json::json!({ "is": "USA", "t": "usa.passport", "v": 1 }));
    assert!(copy.len() < seal::MOST_BYTES, "a telephone shows it as a barcode");
    let changed = copy.replace("ANNA", "EMMA");
    assert_ne!(changed, copy);
    assert_eq!(world.copy_says(&changed).await.finding(), Finding::InvalidSignature);

    // Who asked for it is on record, as for any other reading.
    let noted = "select count(*) from audit where actor = $1 and name = $2 and outcome = 'OK'
        and method = '/legation.consular.v1.TravelDocumentService/SealTravelDocument'";
    let noted = sqlx::query_scalar::<_, i64>(noted).bind(CLERK).bind(&made.name);
    assert_eq!(noted.fetch_one(&world.db.pool).await.unwrap(), 2, "with the one that was refused after a look at it");

    world.travel_documents(CLERK).report_loss(about!(ReportLossRequest, made.name)).await.unwrap();
    let told = world.copy_says(&copy).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::ReportedLost, false));
    assert!(told.report_time.is_some());
    assert_eq!(reason(world.copy_of_passport(&made.name).await), "WRONG_STATE");

    let old = world.delivered(Type::First, "P-2", "", "C00000002").await;
    world.clock.set("2037-05-04T13:00:00Z".parse().unwrap());
    assert_eq!(reason(world.copy_of_passport(&old).await), "DOCUMENT_NOT_IN_FORCE", "its timer is late");
}

#[tokio::test]
async fn a_copy_by_our_key_of_what_is_not_in_the_register_is_told() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.delivered(Type::First, "P-1", "", "C00000001").await;
    let x509 = STANDARD.decode(SEAL_X509).unwrap();
    let told = async |kind: &str, message: String| {
        let copy = signer().seal_json(kind, "USA", &message, &x509).unwrap();
        world.copy_says(&copy).await.document()
    };
    let genuine: serde_json::Value = serde_json::from_str(&world.copy_of_passport(&name).await.unwrap()).unwrap();
    let message = genuine["data"]["msg"].clone();
    assert_eq!(told("usa.passport", message.to_string()).await, Document::InForce);
    for (field, value) in [("expires", "2046-05-03"), ("name", "travelDocuments/C00000009")] {
        let mut message = message.clone();
        message[field] = value.into();
        assert_eq!(told("usa.passport", message.to_string()).await, Document::NotInRegister, "{field}");
    }
    assert_eq!(told("usa.visa", message.to_string()).await, Document::NotInRegister, "no visa has this name");
    assert_eq!(told("usa.passport", "{}".to_owned()).await, Document::NotInRegister);
    assert_eq!(told("icao.test", message.to_string()).await, Document::NotOurs, "another kind of thing");
}

#[tokio::test]
async fn a_copy_of_a_visa_is_given_while_it_is_in_force_and_no_hit_is_open() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_on("V00000001").await;
    assert_eq!(reason(world.copy_of_visa(&visa.name).await), "WRONG_STATE", "printed, and not given to its holder");
    world.visas("people/press").release_visa(about!(ReleaseVisaRequest, visa.name)).await.unwrap();
    let copy = world.copy_of_visa(&visa.name).await.unwrap();
    let told = world.copy_says(&copy).await;
    assert_eq!((told.document(), told.valid, &told.zone), (Document::InForce, true, &visa.zone));
    // What changes with each entry is not in a copy.
    let enter = pb::RecordEntryRequest { date: "2026-07-02".into(), ..about!(RecordEntryRequest, visa.name) };
    world.clock.set("2026-07-03T13:00:00Z".parse().unwrap());
    world.visas("people/border").record_entry(enter).await.unwrap();
    assert_eq!(world.copy_says(&copy).await.document(), Document::InForce);
    let revoke = pb::RevokeVisaRequest {
        grounds: "The invitation was withdrawn.".into(),
        ..about!(RevokeVisaRequest, visa.name)
    };
    world.visas(DECIDER).revoke_visa(revoke).await.unwrap();
    let told = world.copy_says(&copy).await;
    assert_eq!((told.finding(), told.document(), told.valid), (Finding::Valid, Document::Revoked, false));
    assert_eq!(reason(world.copy_of_visa(&visa.name).await), "WRONG_STATE");
}

#[tokio::test]
async fn no_copy_of_a_visa_goes_out_while_a_hit_is_open_or_its_time_is_over() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_on("V00000001").await;
    world.visas("people/press").release_visa(about!(ReleaseVisaRequest, visa.name)).await.unwrap();
    world.copy_of_visa(&visa.name).await.unwrap();
    world.list_of(&[("SAMPLE, Other", ""), ("TRAVELLER, Ravi", "DOB 12 Aug 1974.")]).await;
    world.again().await;
    assert_eq!(reason(world.copy_of_visa(&visa.name).await), "HIT_UNRESOLVED");
    world.clock.set("2026-09-01T13:00:00Z".parse().unwrap());
    assert_eq!(reason(world.copy_of_visa(&visa.name).await), "DOCUMENT_NOT_IN_FORCE", "its timer is late");
}

#[tokio::test]
async fn a_copy_needs_a_certificate_and_a_caller_who_may_read_what_it_says() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.delivered(Type::First, "P-1", "", "C00000001").await;
    let ask = || only!(SealTravelDocumentRequest, name);
    let without = papers_with(&[("P_SEAL_KEY", SEAL_KEY)]).unwrap();
    let mut documents = TravelDocumentServiceClient::new(world.signed_on(&without, &officer(CLERK)));
    assert_eq!(reason(documents.seal_travel_document(ask()).await), "SEAL_CERTIFICATE_MISSING");
    let blind = Principal {
        permissions: Permissions::of(["consular.travelDocuments.seal", "consular.visas.seal"]),
        ..officer("people/blind")
    };
    let mut documents = TravelDocumentServiceClient::new(world.signed(&blind));
    assert_eq!(reason(documents.seal_travel_document(ask()).await), "PERMISSION_DENIED");
    let other =
        Principal { permissions: Permissions::of(["consular.travelDocuments.read"]), ..officer("people/other") };
    let mut visas = VisaServiceClient::new(world.signed(&other));
    assert_eq!(reason(visas.seal_visa(only!(SealVisaRequest, "visas/none")).await), "PERMISSION_DENIED");
}

#[test]
fn a_certificate_of_another_key_keeps_the_house_from_starting() {
    assert!(papers_with(&[("P_SEAL_KEY", SEAL_KEY), ("P_SEAL_X509", SEAL_X509)]).is_ok());
    let alone = papers_with(&[("P_SEAL_X509", SEAL_X509)]).unwrap_err();
    assert!(alone.to_string().contains("is not that of the seal key"), "{alone}");
    let mut other = STANDARD.decode(SEAL_X509).unwrap();
    let point = signer().public().point().to_vec();
    let at = other.windows(point.len()).position(|bytes| bytes == point).unwrap();
    other[at + 9] ^= 1;
    assert!(papers_with(&[("P_SEAL_KEY", SEAL_KEY), ("P_SEAL_X509", &STANDARD.encode(other))]).is_err());
}
