//! Travel papers: pages as they are read, seals as a scanner and a verifier read them, and what is never printed.

use crate::travel_bench::{CLERK, DECIDER};
use crate::visa_applications::{single, tourist};
use crate::world::{World, officer, reason, world};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::digital_seal_service_client::DigitalSealServiceClient;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::verify_seal_response::Finding;
use proto::consular::v1::visa_application::RefusalGround;
use proto::consular::v1::{self as pb, Visa};
use proto::google::api::HttpBody;
use std::path::PathBuf;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned() }
    };
}

/// What was printed is a PDF; with `TRAVEL_PAPERS` set it is put there, to be looked at.
pub(crate) fn is_pdf(name: &str, page: &HttpBody) {
    assert_eq!(page.content_type, "application/pdf");
    assert!(page.data.starts_with(b"%PDF-"));
    if let Ok(folder) = std::env::var("TRAVEL_PAPERS") {
        std::fs::write(PathBuf::from(folder).join(format!("{name}.pdf")), &page.data).unwrap();
    }
}

impl World {
    async fn verified_seal(&self, ask: pb::VerifySealRequest) -> pb::VerifySealResponse {
        let mut seals = DigitalSealServiceClient::new(self.signed(&officer(CLERK)));
        seals.verify_seal(ask).await.unwrap().into_inner()
    }

    pub(crate) async fn visa_on(&self, number: &str) -> Visa {
        let name = self.in_checks(tourist("T-1"), "r/1", &[]).await;
        self.granted(DECIDER, single(&name)).await.unwrap();
        let blank = self.blank(Blank::VisaSticker, number).await;
        let visa = Visa { application: name, blank, ..Visa::default() };
        let create = pb::CreateVisaRequest { visa: Some(visa), ..Default::default() };
        self.visas("people/press").create_visa(create).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_data_page_is_printed_until_the_passport_is_stopped() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "", "receipts/1").await;
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    let passport = world.produce(&application, &blank).await.unwrap().name;
    let print = || about!(PrintTravelDocumentRequest, passport);
    let mut documents = world.travel_documents("people/press");
    let page = documents.print_travel_document(print()).await.unwrap().into_inner();
    is_pdf("passport", &page);
    let again = documents.print_travel_document(print()).await.unwrap().into_inner();
    assert_eq!(again, page, "every copy is the same");
    documents.report_loss(pb::ReportLossRequest { name: passport.clone(), ..Default::default() }).await.unwrap();
    assert_eq!(reason(documents.print_travel_document(print()).await), "WRONG_STATE");
}

#[tokio::test]
async fn a_visa_is_sealed_when_it_is_made_and_anyone_can_tell_whether_it_is_ours() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_on("V00000001").await;
    let page = world.visas("people/press").print_visa(about!(PrintVisaRequest, visa.name)).await.unwrap().into_inner();
    is_pdf("visa", &page);
    let ask = |barcode: Vec<u8>| pb::VerifySealRequest { barcode, json: String::new() };
    let told = world.verified_seal(ask(visa.seal.clone())).await;
    assert!(told.valid, "{told:?}");
    assert_eq!(
        (told.issuer.as_str(), told.signer.as_str(), told.issued_date.as_str()),
        ("USA", "USFS 1", "2026-05-04")
    );
    assert_eq!((told.zone[0].as_str(), told.zone[1].as_str()), (visa.zone[0].as_str(), &visa.zone[1][..28]));
    let mut forged = visa.seal.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(world.verified_seal(ask(forged)).await.finding(), Finding::InvalidSignature);
    assert_eq!(world.verified_seal(ask(visa.seal[..40].to_vec())).await.finding(), Finding::Unreadable);
    let sealed =
        seal::Signer::from_pkcs8(&key_of_another()).unwrap().seal_json("icao.test", "USA", "{}", b"cert").unwrap();
    let json = |json: String| pb::VerifySealRequest { barcode: Vec::new(), json };
    assert_eq!(world.verified_seal(json(sealed)).await.finding(), Finding::UnknownKey);
    assert_eq!(world.verified_seal(json(" ".repeat(3000))).await.finding(), Finding::PayloadTooLarge);
    let mut seals = DigitalSealServiceClient::new(world.signed(&officer(CLERK)));
    assert_eq!(reason(seals.verify_seal(json(String::new())).await), "SEAL_AMBIGUOUS");
    let keys = seals.get_digital_seal_keys(pb::GetDigitalSealKeysRequest {}).await.unwrap().into_inner().keys;
    // Whoever has the public key alone can tell too.
    let key = seal::PublicKey::from_point(&keys[0].public_key).unwrap();
    assert_eq!(seal::read(&visa.seal).unwrap().verify(&key), Ok(()));
}

/// A key that nobody was told of.
fn key_of_another() -> Vec<u8> {
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap().as_ref().to_vec()
}

#[tokio::test]
async fn no_sticker_is_printed_while_a_hit_is_unresolved() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_on("V00000001").await;
    let print = || about!(PrintVisaRequest, visa.name);
    let mut visas = world.visas("people/press");
    visas.print_visa(print()).await.unwrap();
    world.list_of(&[("SAMPLE, Other", ""), ("TRAVELLER, Ravi", "DOB 12 Aug 1974.")]).await;
    world.again().await;
    assert_eq!(reason(visas.print_visa(print()).await), "HIT_UNRESOLVED");
}

#[tokio::test]
async fn an_emergency_document_is_sealed() {
    let world = world().await;
    let name = world.received(crate::emergency::asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    let issued = world.urgently(&name, &sticker).await.unwrap();
    let print = about!(PrintEmergencyTravelDocumentRequest, name);
    let page = world.emergency(DECIDER).print_emergency_travel_document(print).await.unwrap().into_inner();
    is_pdf("emergency", &page);
    let ask = pb::VerifySealRequest { barcode: issued.seal.clone(), json: String::new() };
    let told = world.verified_seal(ask).await;
    assert_eq!((told.finding(), &told.zone), (Finding::Valid, &issued.zone));
}

#[tokio::test]
async fn a_refusal_is_told_on_the_standard_form() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), "r/1", &[]).await;
    let print = || about!(PrintRefusalRequest, name);
    assert_eq!(reason(world.visa_applications(DECIDER).print_refusal(print()).await), "WRONG_STATE");
    let refuse = pb::RefuseVisaRequest {
        name: name.clone(),
        grounds: vec![RefusalGround::MeansInsufficient.into(), RefusalGround::DoubtIntentToLeave.into()],
        remarks: "No account of the costs of the stay was given, and no return journey is booked.".into(),
        remedy: "An appeal can be lodged with the administrative court within one month of this notice.".into(),
        ..Default::default()
    };
    world.visa_applications(DECIDER).refuse_visa(refuse).await.unwrap();
    let page = world.visa_applications(DECIDER).print_refusal(print()).await.unwrap().into_inner();
    is_pdf("refusal", &page);
}
