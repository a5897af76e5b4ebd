//! Acts of notaries, specimens, legalisations, apostilles: registers without gaps that stand, and one that anyone can ask.

use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join_all;
use identity::{Permissions, Principal};
use prost::Message as _;
use proto::consular::v1::apostille::{DocumentKind, Finding, State};
use proto::consular::v1::apostille_service_client::ApostilleServiceClient;
use proto::consular::v1::identity_evidence::Kind as EvidenceKind;
use proto::consular::v1::legalisation_service_client::LegalisationServiceClient;
use proto::consular::v1::notarial_act_service_client::NotarialActServiceClient;
use proto::consular::v1::specimen_signature_service_client::SpecimenSignatureServiceClient;
use proto::consular::v1::{self as pb, Apostille, Legalisation, NotarialAct, Receipt, SpecimenSignature};
use tonic::{Response, Status};

fn clerk() -> Principal {
    officer("people/clerk")
}

pub(crate) fn consul() -> Principal {
    officer("people/consul")
}

/// Someone with an apostille in hand and no right here at all.
fn anyone() -> Principal {
    Principal { permissions: Permissions::default(), ..officer("people/anyone") }
}

pub(crate) fn act(post: &str) -> NotarialAct {
    NotarialAct {
        post: post.into(),
        kind: pb::notarial_act::Kind::SignatureWitnessed.into(),
        signer: "Person Example".into(),
        evidence: Some(pb::IdentityEvidence {
            kind: EvidenceKind::Passport.into(),
            number: "P123".into(),
            issuer: "US".into(),
            witnesses: Vec::new(),
        }),
        capacity: "Consul".into(),
        document: "Declaration on a house in Springfield".into(),
        seal: "LYON-3".into(),
        ..NotarialAct::default()
    }
}

pub(crate) fn apostille() -> Apostille {
    Apostille {
        official: "Registrar Example".into(),
        capacity: "Registrar".into(),
        authority: "Office of Vital Records".into(),
        place: "Washington".into(),
        certified_by: "Department of State".into(),
        seal: "DS-1".into(),
        signed_by: "Officer Example".into(),
        kind: DocumentKind::Administrative.into(),
        document: "Birth certificate of Person Example".into(),
        document_date: "2026-03-02".into(),
        destination: "FR".into(),
        applicant: "Person Example".into(),
        ..Apostille::default()
    }
}

fn legalisation() -> Legalisation {
    Legalisation {
        post: "posts/cairo".into(),
        country: "EG".into(),
        kind: DocumentKind::Notarial.into(),
        document: "Power of attorney of Person Example".into(),
        document_date: "2026-01-10".into(),
        official: "Notary Example".into(),
        capacity: "Notary".into(),
        authority: "Cairo Notary Office".into(),
        destination: "US".into(),
        applicant: "Person Example".into(),
        links: vec![pb::ChainLink {
            authority: "Ministry of Foreign Affairs".into(),
            official: "Attaché Example".into(),
            date: "2026-02-01".into(),
        }],
        ..Legalisation::default()
    }
}

impl World {
    pub(crate) fn acts(&self, by: &Principal) -> NotarialActServiceClient<Signed> {
        NotarialActServiceClient::new(self.signed(by))
    }

    fn specimens(&self, by: &Principal) -> SpecimenSignatureServiceClient<Signed> {
        SpecimenSignatureServiceClient::new(self.signed(by))
    }

    fn legalisations(&self, by: &Principal) -> LegalisationServiceClient<Signed> {
        LegalisationServiceClient::new(self.signed(by))
    }

    fn apostilles(&self, by: &Principal) -> ApostilleServiceClient<Signed> {
        ApostilleServiceClient::new(self.signed(by))
    }

    pub(crate) async fn record(&self, act: NotarialAct) -> Result<NotarialAct, Status> {
        let request = pb::CreateNotarialActRequest { notarial_act: Some(act), ..Default::default() };
        self.acts(&consul()).create_notarial_act(request).await.map(Response::into_inner)
    }

    /// A verified specimen of someone who signed from 2020 to March 2026.
    pub(crate) async fn specimen(&self, country: &str, authority: &str, official: &str) -> String {
        let specimen = SpecimenSignature {
            country: country.into(),
            authority: authority.into(),
            official: official.into(),
            capacity: "Registrar".into(),
            image_digest: "0a".repeat(32),
            from_date: "2020-01-01".into(),
            to_date: "2026-03-31".into(),
            source: "Note 12/2020".into(),
            ..SpecimenSignature::default()
        };
        let request = pb::CreateSpecimenSignatureRequest { specimen_signature: Some(specimen), ..Default::default() };
        let entered = self.specimens(&clerk()).create_specimen_signature(request).await.unwrap().into_inner();
        let verify = || pb::VerifySpecimenSignatureRequest { name: entered.name.clone(), ..Default::default() };
        assert_eq!(reason(self.specimens(&clerk()).verify_specimen_signature(verify()).await), "SAME_PERSON");
        self.specimens(&consul()).verify_specimen_signature(verify()).await.unwrap().into_inner().name
    }

    pub(crate) async fn submit(&self, one: Apostille) -> Result<Apostille, Status> {
        let request = pb::CreateApostilleRequest { apostille: Some(one), ..Default::default() };
        self.apostilles(&clerk()).create_apostille(request).await.map(Response::into_inner)
    }

    pub(crate) async fn check(&self, name: &str, specimen: &str) -> Result<Apostille, Status> {
        let request = pb::CheckApostilleRequest { name: name.into(), specimen: specimen.into(), ..Default::default() };
        self.apostilles(&clerk()).check_apostille(request).await.map(Response::into_inner)
    }

    pub(crate) async fn pay(&self, name: &str, receipt: &str) -> Result<Apostille, Status> {
        let request = pb::PayApostilleRequest { name: name.into(), receipt: receipt.into(), ..Default::default() };
        self.apostilles(&clerk()).pay_apostille(request).await.map(Response::into_inner)
    }

    pub(crate) async fn issued(&self, by: &Principal, name: &str) -> Result<Apostille, Status> {
        let request = pb::IssueApostilleRequest { name: name.into(), ..Default::default() };
        self.apostilles(by).issue_apostille(request).await.map(Response::into_inner)
    }

    async fn ask(&self, reference: &str, date: &str, code: &str) -> pb::VerifyApostilleResponse {
        let request = pb::VerifyApostilleRequest { reference: reference.into(), date: date.into(), code: code.into() };
        self.apostilles(&anyone()).verify_apostille(request).await.unwrap().into_inner()
    }

    /// One that only waits to be issued.
    async fn paid(&self, specimen: &str) -> String {
        let name = self.submit(apostille()).await.unwrap().name;
        self.check(&name, specimen).await.unwrap();
        let receipt = self.paid_apostille(&name).await;
        self.pay(&name, &receipt.name).await.unwrap().name
    }

    /// A receipt for an apostille.
    pub(crate) async fn paid_apostille(&self, name: &str) -> Receipt {
        self.costs("APOSTILLE", 2_000).await;
        self.receipt_of("APOSTILLE", name, "", "posts/lyon").await
    }
}

/// Without the lock of `register_numbers::next`: several acts count the same taken numbers, the index refuses all of
/// them but one, and fewer than nine are recorded.
#[tokio::test(flavor = "multi_thread")]
async fn acts_are_numbered_without_gaps_for_each_post_and_year_and_stand() {
    let world = world().await;
    let acts = join_all((0..9).map(|n| world.record(act(if n % 3 == 0 { "posts/rome" } else { "posts/lyon" })))).await;
    let mut references: Vec<_> = acts.iter().map(|act| act.as_ref().unwrap().reference.clone()).collect();
    references.sort_unstable();
    let expected =
        ["lyon N 1", "lyon N 2", "lyon N 3", "lyon N 4", "lyon N 5", "lyon N 6", "rome N 1", "rome N 2", "rome N 3"];
    assert_eq!(references, expected.map(|one| format!("{one}/2026")));
    world.clock.advance(TimeDelta::days(365));
    assert_eq!(world.record(act("posts/lyon")).await.unwrap().reference, "lyon N 1/2027");
    for (by_hand, what) in [
        ("update notarial_acts set doc = doc || '{\"signer\": \"Somebody else\"}'", "another signer"),
        ("delete from notarial_acts", "a gap"),
    ] {
        let refused = sqlx::query(by_hand).execute(&world.db.pool).await.expect_err(what);
        assert!(refused.to_string().contains("stands"), "{refused}");
    }
    let name = acts[0].as_ref().unwrap().name.clone();
    let annul = || pb::AnnulNotarialActRequest {
        name: name.clone(),
        grounds: "The signer was another person.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.acts(&consul()).annul_notarial_act(annul()).await), "SAME_PERSON");
    let annulled = world.acts(&clerk()).annul_notarial_act(annul()).await.unwrap().into_inner();
    assert_eq!(annulled.state(), pb::notarial_act::State::Annulled);
    assert_eq!(annulled.officer, "people/consul");
}

#[tokio::test]
async fn who_signs_before_a_notary_is_known_by_something() {
    let world = world().await;
    let by = |kind: EvidenceKind, number: &str, witnesses: &[&str]| NotarialAct {
        evidence: Some(pb::IdentityEvidence {
            kind: kind.into(),
            number: number.into(),
            issuer: if number.is_empty() { String::new() } else { "US".into() },
            witnesses: witnesses.iter().map(|name| (*name).to_owned()).collect(),
        }),
        ..act("posts/lyon")
    };
    for unfit in [
        by(EvidenceKind::Passport, "", &[]),
        by(EvidenceKind::Witnesses, "", &["Person One"]),
        by(EvidenceKind::PersonallyKnown, "P1", &[]),
    ] {
        assert_eq!(reason(world.record(unfit).await), "EVIDENCE_UNFIT");
    }
    world.record(by(EvidenceKind::Witnesses, "", &["Person One", "Person Two"])).await.unwrap();
    world.record(by(EvidenceKind::PersonallyKnown, "", &[])).await.unwrap();
}

/// Without the lock of `register_numbers::next`: of those issued at once several count the same, and fail.
#[tokio::test(flavor = "multi_thread")]
async fn an_apostille_is_checked_paid_issued_by_another_and_numbered() {
    let world = world().await;
    let specimen = world.specimen("US", "Office of Vital Records", "Registrar Example").await;
    let name = world.submit(apostille()).await.unwrap().name;
    let other = world.specimen("US", "Office of Vital Records", "Other Registrar").await;
    assert_eq!(reason(world.check(&name, &other).await), "SPECIMEN_UNFIT");
    world.check(&name, &specimen).await.unwrap();
    let stranger = world.paid_apostille("apostilles/another").await;
    assert_eq!(reason(world.pay(&name, &stranger.name).await), "RECEIPT_UNFIT");
    let copy = world.receipt_for(&name).await;
    assert_eq!(reason(world.pay(&name, &copy).await), "FEE_NOT_COVERED", "it was paid for something else");
    let receipt = world.paid_apostille(&name).await;
    world.pay(&name, &receipt.name).await.unwrap();
    assert_eq!(reason(world.issued(&clerk(), &name).await), "SAME_PERSON");
    let issued = world.issued(&consul(), &name).await.unwrap();
    assert_eq!((issued.country.as_str(), issued.date.as_str()), ("US", "2026-05-04"));
    assert_eq!((issued.reference.as_str(), issued.code.len()), ("2026-000001", 12));
    let mut more = Vec::new();
    for _ in 0..6 {
        more.push(world.paid(&specimen).await);
    }
    let by = consul();
    let numbers = join_all(more.iter().map(|name| world.issued(&by, name))).await;
    let mut numbers: Vec<_> = numbers.into_iter().map(|one| one.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=7).collect::<Vec<_>>());
    let by_hand = "update apostilles set doc = doc || '{\"document\": \"Another\"}' where state = 'ISSUED'";
    assert!(sqlx::query(by_hand).execute(&world.db.pool).await.unwrap_err().to_string().contains("stands"));
}

#[tokio::test]
async fn where_no_apostille_is_accepted_none_is_issued() {
    let world = world().await;
    let to = |destination: &str| Apostille { destination: destination.into(), ..apostille() };
    assert_eq!(reason(world.submit(to("EG")).await), "LEGALISATION_INSTEAD");
    assert_eq!(reason(world.submit(to("US")).await), "LEGALISATION_INSTEAD", "at home nobody asks for one");
    world.submit(to("CN")).await.unwrap();
    for kind in [DocumentKind::DiplomaticOrConsular, DocumentKind::CommercialOrCustoms, DocumentKind::Private] {
        assert_eq!(reason(world.submit(Apostille { kind: kind.into(), ..apostille() }).await), "NOT_PUBLIC");
    }
    let late = Apostille { document_date: "2026-04-01".into(), ..apostille() };
    let late = world.submit(late).await.unwrap().name;
    let specimen = world.specimen("US", "Office of Vital Records", "Registrar Example").await;
    assert_eq!(reason(world.check(&late, &specimen).await), "SPECIMEN_UNFIT", "the official had left the day before");
}

#[tokio::test]
async fn the_register_says_nothing_to_who_guesses() {
    let world = world().await;
    let specimen = world.specimen("US", "Office of Vital Records", "Registrar Example").await;
    let paid = world.paid(&specimen).await;
    let issued = world.issued(&consul(), &paid).await.unwrap();
    let genuine = world.ask(&issued.reference, &issued.date, "").await;
    assert_eq!(genuine.finding(), Finding::Genuine);
    assert!(genuine.document.is_empty(), "number and date alone open nothing");
    assert_eq!(world.ask(&issued.reference, &issued.date, &issued.code.to_lowercase()).await.document, issued.document);
    let unknown = world.ask("2026-000999", &issued.date, "").await;
    assert_eq!(unknown.finding(), Finding::NotInRegister);
    for (number, date, code) in [
        (issued.reference.as_str(), "2026-05-05", ""),
        (issued.reference.as_str(), "2026-05-05", issued.code.as_str()),
        ("2026-000999", "2026-05-05", ""),
    ] {
        assert_eq!(world.ask(number, date, code).await.encode_to_vec(), unknown.encode_to_vec(), "{number} {date}");
    }
    let wrong_code = world.ask(&issued.reference, &issued.date, "AAAAAAAAAAAA").await;
    assert_eq!(wrong_code.encode_to_vec(), genuine.encode_to_vec());
    // What is not issued yet is not in the register, and its empty number opens nothing.
    world.submit(apostille()).await.unwrap();
    assert_eq!(world.count("apostille_lookups").await, 7);
    assert_eq!(world.count("apostille_lookups where found").await, 3);
    assert_eq!(world.count("audit where method like '%VerifyApostille' and name = ''").await, 7);
    let grounds = "The document was forged.".to_owned();
    let request = pb::RevokeApostilleRequest { name: paid, grounds, ..Default::default() };
    let revoked = world.apostilles(&consul()).revoke_apostille(request).await.unwrap().into_inner();
    assert_eq!(revoked.state(), State::Revoked);
    assert_eq!(world.ask(&issued.reference, &issued.date, "").await.finding(), Finding::NoLongerGood);
}

#[tokio::test]
async fn a_legalisation_is_the_last_link_of_a_chain() {
    let world = world().await;
    let submit = async |one: Legalisation| {
        let request = pb::CreateLegalisationRequest { legalisation: Some(one), ..Default::default() };
        world.legalisations(&clerk()).create_legalisation(request).await.map(Response::into_inner)
    };
    let french = Legalisation { country: "FR".into(), ..legalisation() };
    assert_eq!(reason(submit(french).await), "APOSTILLE_INSTEAD");
    let mut backwards = legalisation();
    backwards.links[0].date = "2026-01-09".into();
    assert_eq!(reason(submit(backwards).await), "CHAIN_BROKEN");
    let name = submit(legalisation()).await.unwrap().name;
    let check = async |specimen: String| {
        let request = pb::CheckLegalisationRequest { name: name.clone(), specimen, ..Default::default() };
        world.legalisations(&clerk()).check_legalisation(request).await
    };
    let notary = world.specimen("EG", "Cairo Notary Office", "Notary Example").await;
    assert_eq!(reason(check(notary).await), "SPECIMEN_UNFIT", "the notary's signature is not the last one");
    let ministry = world.specimen("EG", "Ministry of foreign affairs", "Attaché Example").await;
    check(ministry).await.unwrap();
    world.costs("LEGALISATION", 2_000).await;
    let pay = async |post: &str| {
        let receipt = world.receipt_of("LEGALISATION", &name, "", post).await.name;
        let pay = pb::PayLegalisationRequest { name: name.clone(), receipt, ..Default::default() };
        world.legalisations(&clerk()).pay_legalisation(pay).await
    };
    assert_eq!(reason(pay("posts/lyon").await), "RECEIPT_UNFIT", "of another post");
    pay("posts/cairo").await.unwrap();
    let issue = || pb::IssueLegalisationRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.legalisations(&clerk()).issue_legalisation(issue()).await), "SAME_PERSON");
    let issued = world.legalisations(&consul()).issue_legalisation(issue()).await.unwrap().into_inner();
    assert_eq!(issued.reference, "cairo L 1/2026");
}

#[tokio::test]
async fn the_certificate_is_printed_while_it_is_good_and_every_copy_is_the_same() {
    let world = world().await;
    let specimen = world.specimen("US", "Office of Vital Records", "Registrar Example").await;
    let name = world.paid(&specimen).await;
    let by = consul();
    let print = async || {
        let request = pb::PrintApostilleRequest { name: name.clone() };
        world.apostilles(&by).print_apostille(request).await.map(Response::into_inner)
    };
    assert_eq!(reason(print().await), "WRONG_STATE", "it was not issued");
    world.issued(&consul(), &name).await.unwrap();
    let page = print().await.unwrap();
    crate::travel_papers::is_pdf("apostille", &page);
    assert_eq!(page, print().await.unwrap());
    let grounds = "The document was forged.".to_owned();
    let request = pb::RevokeApostilleRequest { name: name.clone(), grounds, ..Default::default() };
    world.apostilles(&by).revoke_apostille(request).await.unwrap();
    assert_eq!(reason(print().await), "WRONG_STATE", "what was revoked is not printed once more");
}
