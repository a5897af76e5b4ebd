//! Seals of other states: believed when their authority certified the signer, whatever file told us of which.

use crate::travel_bench::{CLERK, papers_with};
use crate::world::{officer, world};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consular::TravelPapers;
use proto::consular::v1 as pb;
use proto::consular::v1::digital_seal_service_client::DigitalSealServiceClient;
use proto::consular::v1::verify_seal_response::{Document, Finding};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use seal::{Emergency, Header, Signer, Version};

/// A state's authority, which has certified one signer.
struct State {
    der: Vec<u8>,
    signer: Signer,
    certificate: Vec<u8>,
}

fn params(country: &str, name: &str, usage: KeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, country);
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2027, 1, 1));
    params.key_usages = vec![usage];
    params
}

fn state(country: &str) -> State {
    let (own, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut authority = params(country, "CSCA", KeyUsagePurpose::KeyCertSign);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let der = authority.self_signed(&own).unwrap().der().to_vec();
    let made = params(country, "UTCS", KeyUsagePurpose::DigitalSignature);
    let certificate = made.signed_by(&key, &Issuer::new(authority, own)).unwrap().der().to_vec();
    State { der, signer: Signer::from_pkcs8(&key.serialize_der()).unwrap(), certificate }
}

/// Papers that trust what this file says; the file goes with them.
fn trusting(text: &str) -> anyhow::Result<TravelPapers> {
    let file = std::env::temp_dir().join(format!("legation-trust-{}.toml", uuid::Uuid::now_v7()));
    std::fs::write(&file, text).unwrap();
    let papers = papers_with(&[("P_SEAL_TRUST", file.to_str().unwrap())]);
    std::fs::remove_file(&file).unwrap();
    papers
}

fn authority(issuer: &str, state: &State) -> String {
    format!("[[authority]]\nissuer = \"{issuer}\"\nder = \"{}\"\n", STANDARD.encode(&state.der))
}

fn certificate(state: &State) -> String {
    let der = STANDARD.encode(&state.certificate);
    format!("[[certificate]]\nissuer = \"UTO\"\nsigner = \"UTCS\"\nreference = \"1A\"\nder = \"{der}\"\n")
}

#[tokio::test]
async fn a_signer_that_its_authority_certified_is_believed_and_another_is_not() {
    let world = world().await;
    let (utopia, other) = (state("UT"), state("UT"));
    let papers = trusting(&format!("{}{}", authority("UTO", &utopia), certificate(&utopia))).unwrap();
    let mut seals = DigitalSealServiceClient::new(world.signed_on(&papers, &officer(CLERK)));
    let json = |state: &State| state.signer.seal_json("icao.test", "UTO", "{\"n\":1}", &state.certificate).unwrap();
    for (state, finding) in [(&utopia, Finding::Valid), (&other, Finding::UntrustedCertificate)] {
        let ask = pb::VerifySealRequest { json: json(state), barcode: Vec::new() };
        assert_eq!(seals.verify_seal(ask).await.unwrap().into_inner().finding(), finding);
    }
    // A barcode names its certificate, which the file has from the same authority.
    let day = "2026-05-01".parse().unwrap();
    let header = Header {
        version: Version::Four,
        issuer: "UTO".into(),
        signer: "UTCS".into(),
        certificate: "1A".into(),
        issued: day,
        signed: day,
        profile: 0,
        category: 0,
    };
    let zone = ["PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];
    let sealed = Emergency { zone: zone.map(Into::into) }.seal(header).unwrap();
    for (signer, finding) in [(&utopia.signer, Finding::Valid), (&other.signer, Finding::InvalidSignature)] {
        let ask = pb::VerifySealRequest { barcode: signer.seal(&sealed).unwrap(), json: String::new() };
        let told = seals.verify_seal(ask).await.unwrap().into_inner();
        assert_eq!(told.finding(), finding);
        assert_eq!(told.document() == Document::NotOurs, finding == Finding::Valid);
    }
}

#[test]
fn what_a_file_of_trust_cannot_mean_keeps_the_service_from_starting() {
    let (utopia, other) = (state("UT"), state("UT"));
    let refused = |text: &str| format!("{:#}", trusting(text).unwrap_err());
    let alone = refused(&certificate(&utopia));
    assert!(alone.contains("UTCS 1A") && alone.contains("no authority of its issuer"), "{alone}");
    let forged = refused(&format!("{}{}", authority("UTO", &other), certificate(&utopia)));
    assert!(forged.contains("not signed by the authority it names"), "{forged}");
    let foreign = refused(&authority("USA", &state("FR")));
    assert!(foreign.contains("says that it is one of FR"), "{foreign}");
    let half = certificate(&utopia) + "from = \"2026-01-01\"\n";
    assert!(refused(&half).contains("or none of them"));
    let signer = State { der: utopia.certificate, ..other };
    assert!(refused(&authority("UTO", &signer)).contains("authority of UTO"));
}
