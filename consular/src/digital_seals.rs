//! Visible digital seals as a question: whether one is good, by the certificates that this house trusts.

use crate::travel_papers::TravelPapers;
use chrono::NaiveDate;
use fault::refuse_if;
use proto::consular::v1::digital_seal_service_server::DigitalSealService;
use proto::consular::v1::verify_seal_response::Finding;
use proto::consular::v1::{
    DigitalSealKey, GetDigitalSealKeysRequest, GetDigitalSealKeysResponse, Reason, VerifySealRequest,
    VerifySealResponse,
};
use registry::{Answer, Store};
use seal::{Certificate, Emergency, Sealed, SealedJson, Trust, Unreadable, Unverified, Visa};
use tonic::{Request, Response};

/// The verifier; it keeps nothing.
#[derive(Clone, Debug)]
pub struct DigitalSeals {
    store: Store,
    papers: TravelPapers,
}

impl DigitalSeals {
    /// One that goes by this register's clock and these papers' certificates.
    pub fn new(store: &Store, papers: TravelPapers) -> Self {
        Self { store: store.clone(), papers }
    }
}

#[tonic::async_trait]
impl DigitalSealService for DigitalSeals {
    async fn verify_seal(&self, request: Request<VerifySealRequest>) -> Answer<VerifySealResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let one = ask.barcode.is_empty() != ask.json.is_empty();
        refuse_if(!one, Reason::SealAmbiguous, "either a barcode or JSON is asked about")?;
        let today = self.store.days().date(self.store.now());
        let trust = self.papers.trust();
        let answer =
            if ask.json.is_empty() { barcode(&ask.barcode, trust, today) } else { json(&ask.json, trust, today) };
        Ok(Response::new(answer))
    }

    async fn get_digital_seal_keys(&self, _: Request<GetDigitalSealKeysRequest>) -> Answer<GetDigitalSealKeysResponse> {
        let shown = |certificate: &Certificate| DigitalSealKey {
            issuer: certificate.issuer.clone(),
            signer: certificate.signer.clone(),
            certificate: certificate.reference.clone(),
            public_key: certificate.key.point().to_vec(),
        };
        let keys = self.papers.own().map(shown).into_iter().collect();
        Ok(Response::new(GetDigitalSealKeysResponse { keys }))
    }
}

fn barcode(bytes: &[u8], trust: &Trust, today: NaiveDate) -> VerifySealResponse {
    let sealed = match seal::read(bytes) {
        Ok(sealed) => sealed,
        Err(unreadable) => return unread(&unreadable),
    };
    let header = &sealed.seal.header;
    let answer = VerifySealResponse {
        issuer: header.issuer.clone(),
        signer: format!("{} {}", header.signer, header.certificate),
        issued_date: header.issued.to_string(),
        zone: zone(&sealed),
        ..Default::default()
    };
    judged(answer, trust.judge(&sealed, today).map(drop))
}

/// The lines that are sealed, of the kinds of document that have some.
fn zone(sealed: &Sealed) -> Vec<String> {
    let visa = Visa::of(sealed).map(|visa| visa.zone.to_vec());
    visa.or_else(|_| Emergency::of(sealed).map(|document| document.zone.to_vec())).unwrap_or_default()
}

fn json(text: &str, trust: &Trust, today: NaiveDate) -> VerifySealResponse {
    let sealed = match SealedJson::read(text) {
        Ok(sealed) => sealed,
        Err(unreadable) => return unread(&unreadable),
    };
    let worth = sealed.judge(trust, today);
    let answer = VerifySealResponse { issuer: sealed.issuer, message: sealed.message, ..Default::default() };
    judged(answer, worth)
}

fn unread(unreadable: &Unreadable) -> VerifySealResponse {
    let large = matches!(unreadable, Unreadable::TooLarge(_));
    let finding = if large { Finding::PayloadTooLarge } else { Finding::Unreadable };
    VerifySealResponse { finding: finding.into(), words: unreadable.to_string(), ..Default::default() }
}

fn judged(mut answer: VerifySealResponse, worth: Result<(), Unverified>) -> VerifySealResponse {
    let finding = match worth {
        Ok(()) => Finding::Valid,
        Err(Unverified::UnknownKey) => Finding::UnknownKey,
        Err(Unverified::UntrustedCertificate) => Finding::UntrustedCertificate,
        Err(Unverified::NotYetValid) => Finding::NotYetValid,
        Err(Unverified::Expired) => Finding::Expired,
        Err(Unverified::Revoked) => Finding::Revoked,
        Err(_) => Finding::InvalidSignature,
    };
    answer.valid = finding == Finding::Valid;
    answer.words = worth.err().map_or_else(|| "the seal is good".to_owned(), |doubt| doubt.to_string());
    answer.set_finding(finding);
    answer
}
