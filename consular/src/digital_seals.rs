//! Visible digital seals as a question: whether one is good, by the certificates that this house trusts, and what the register
//! says at this instant of the document that bears it.

use crate::emergency_travel_documents::EmergencyTravelDocuments;
use crate::travel_documents::{self, TravelDocuments};
use crate::travel_papers::TravelPapers;
use crate::travel_papers::copies::{self, Copied, Said};
use crate::visas::Visas;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::digital_seal_service_server::DigitalSealService;
use proto::consular::v1::verify_seal_response::{Document, Finding};
use proto::consular::v1::{
    DigitalSealKey, EmergencyTravelDocument, GetDigitalSealKeysRequest, GetDigitalSealKeysResponse, Reason,
    TravelDocument, VerifySealRequest, VerifySealResponse, Visa as VisaRecord, emergency_travel_document,
    travel_document, visa,
};
use registry::{Answer, Registry, Store};
use seal::{Certificate, Emergency, Passport, Sealed, SealedJson, Unreadable, Unverified, Visa};
use tonic::{Request, Response};

/// How many characters of a zone's second line the number is.
const NUMBER: usize = 9;

/// The verifier; it keeps nothing.
#[derive(Clone, Debug)]
pub struct DigitalSeals {
    store: Store,
    passports: Registry<TravelDocuments>,
    visas: Registry<Visas>,
    emergencies: Registry<EmergencyTravelDocuments>,
    papers: TravelPapers,
}

impl DigitalSeals {
    /// One that goes by these registers, this clock and these papers' certificates.
    pub fn new(store: &Store, papers: TravelPapers) -> Self {
        let (passports, visas, emergencies) = (store.keep(), store.keep(), store.keep());
        Self { store: store.clone(), passports, visas, emergencies, papers }
    }

    /// What a barcode is worth: by its seal, and if that is good, by the register itself and no copy of it.
    async fn barcode(&self, bytes: &[u8], today: NaiveDate) -> Result<VerifySealResponse, Fault> {
        let sealed = match seal::read(bytes) {
            Ok(sealed) => sealed,
            Err(unreadable) => return Ok(unread(&unreadable)),
        };
        let header = &sealed.seal.header;
        let answer = VerifySealResponse {
            issuer: header.issuer.clone(),
            signer: format!("{} {}", header.signer, header.certificate),
            issued_date: header.issued.to_string(),
            zone: self.zone(&sealed),
            ..Default::default()
        };
        let answer = judged(answer, self.papers.trust().judge(&sealed, today).map(drop));
        if answer.finding() != Finding::Valid {
            return Ok(answer);
        }
        if header.issuer != self.papers.issuer().code {
            return Ok(registered(answer, Document::NotOurs));
        }
        self.in_register(answer, &sealed, bytes, today).await
    }

    /// The lines that are sealed, of the kinds of document that have some. Passports are of a profile of our own, which says
    /// something else, or nothing, under another's name.
    fn zone(&self, sealed: &Sealed) -> Vec<String> {
        let visa = Visa::of(sealed).map(|visa| visa.zone.to_vec());
        let zone = visa.or_else(|_| Emergency::of(sealed).map(|document| document.zone.to_vec()));
        let ours = sealed.seal.header.issuer == self.papers.issuer().code;
        let passport = || Passport::of(sealed).ok().filter(|_| ours).map(|passport| passport.zone.to_vec());
        zone.ok().or_else(passport).unwrap_or_default()
    }

    /// The document that has this very seal. Its number alone would not do: who had our key could seal another.
    async fn in_register(
        &self,
        mut answer: VerifySealResponse,
        sealed: &Sealed,
        bytes: &[u8],
        today: NaiveDate,
    ) -> Result<VerifySealResponse, Fault> {
        let number = answer.zone.get(1).and_then(|line| line.get(..NUMBER)).unwrap_or_default().to_owned();
        let document = if Passport::of(sealed).is_ok() {
            let found = self.passports.load(&format!("travelDocuments/{number}")).await?;
            let found = found.filter(|passport| passport.seal == bytes);
            answer.report_time = found.as_ref().and_then(|passport| passport.report_time);
            found.map_or(Document::NotInRegister, |passport| of_passport(&passport, today))
        } else if Visa::of(sealed).is_ok() {
            let visa = self.visas.load(&format!("visas/{number}")).await?.filter(|visa| visa.seal == bytes);
            answer.report_time = visa.as_ref().and_then(|visa| visa.report_time);
            visa.map_or(Document::NotInRegister, |visa| of_visa(&visa, today))
        } else if Emergency::of(sealed).is_ok() {
            let found = self.emergencies.all(&[("number", &[number.as_str()])]).await?;
            let found = found.into_iter().find(|document| document.seal == bytes);
            answer.report_time = found.as_ref().and_then(|document| document.report_time);
            found.map_or(Document::NotInRegister, |document| of_emergency(&document, today))
        } else {
            Document::NotOurs
        };
        Ok(registered(answer, document))
    }

    /// What a copy is worth: as a barcode. No copy is kept, so its message is made anew from the register.
    async fn json(&self, text: &str, today: NaiveDate) -> Result<VerifySealResponse, Fault> {
        let sealed = match SealedJson::read(text) {
            Ok(sealed) => sealed,
            Err(unreadable) => return Ok(unread(&unreadable)),
        };
        let said = Said::of(&sealed);
        let answer = VerifySealResponse {
            issuer: sealed.issuer.clone(),
            message: sealed.message.clone(),
            issued_date: said.as_ref().map(|said| said.issued.clone()).unwrap_or_default(),
            zone: said.as_ref().map(|said| said.zone.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let answer = judged(answer, sealed.judge(self.papers.trust(), today));
        if answer.finding() != Finding::Valid {
            return Ok(answer);
        }
        let ours = sealed.issuer == self.papers.issuer().code;
        match Copied::of(&sealed, &self.papers).filter(|_| ours) {
            None => Ok(registered(answer, Document::NotOurs)),
            Some(copied) => self.of_copy(answer, &sealed, copied, said, today).await,
        }
    }

    async fn of_copy(
        &self,
        mut answer: VerifySealResponse,
        sealed: &SealedJson,
        copied: Copied,
        said: Option<Said>,
        today: NaiveDate,
    ) -> Result<VerifySealResponse, Fault> {
        let Some(said) = said else { return Ok(registered(answer, Document::NotInRegister)) };
        let document = match copied {
            Copied::Passport => {
                let found = self.passports.load(&said.name).await?;
                let found =
                    found.filter(|passport| copies::is_message(sealed, &copies::passport(passport, said.sealed)));
                answer.report_time = found.as_ref().and_then(|passport| passport.report_time);
                found.map_or(Document::NotInRegister, |passport| of_passport(&passport, today))
            }
            Copied::Visa => {
                let found = self.visas.load(&said.name).await?;
                let found = found.filter(|visa| copies::is_message(sealed, &copies::visa(visa, said.sealed)));
                answer.report_time = found.as_ref().and_then(|visa| visa.report_time);
                found.map_or(Document::NotInRegister, |visa| of_visa(&visa, today))
            }
        };
        Ok(registered(answer, document))
    }
}

/// By the register, and by the calendar, should its timer be late.
fn of_passport(passport: &TravelDocument, today: NaiveDate) -> Document {
    use travel_document::State;
    match passport.state() {
        State::Active if travel_documents::is_over(passport, today) => Document::ValidityOver,
        State::Active => Document::InForce,
        State::Produced | State::Unspecified => Document::NotDelivered,
        State::Lost => Document::ReportedLost,
        State::Stolen => Document::ReportedStolen,
        State::Revoked => Document::Revoked,
        State::Expired => Document::ValidityOver,
        State::Cancelled => Document::ReplacedOrReturned,
    }
}

/// As for passports.
fn of_visa(visa: &VisaRecord, today: NaiveDate) -> Document {
    use visa::State;
    match visa.state() {
        State::Valid if over(&visa.valid_until, today) => Document::ValidityOver,
        State::Valid => Document::InForce,
        State::Printed | State::Unspecified => Document::NotDelivered,
        State::Used => Document::EntriesUsed,
        State::Expired => Document::ValidityOver,
        State::Revoked => Document::Revoked,
        State::Annulled => Document::Annulled,
        State::Cancelled => Document::Cancelled,
        State::Spoilt => Document::Spoilt,
        State::Lost => Document::ReportedLost,
        State::Stolen => Document::ReportedStolen,
    }
}

/// As for visas.
fn of_emergency(document: &EmergencyTravelDocument, today: NaiveDate) -> Document {
    use emergency_travel_document::State;
    match document.state() {
        State::Issued if over(&document.expire_date, today) => Document::ValidityOver,
        State::Issued => Document::InForce,
        State::Expired => Document::ValidityOver,
        State::Withdrawn => Document::Withdrawn,
        State::Returned | State::Destroyed => Document::GivenBack,
        State::ReportedLost => Document::ReportedLost,
        State::ReportedStolen => Document::ReportedStolen,
        State::Received | State::Consulted | State::Confirmed | State::Objected | State::Unspecified => {
            Document::NotDelivered
        }
    }
}

fn over(last: &str, today: NaiveDate) -> bool {
    last.parse().is_ok_and(|last: NaiveDate| last < today)
}

/// The answer about a good seal, with what the register says.
fn registered(mut answer: VerifySealResponse, document: Document) -> VerifySealResponse {
    answer.valid = matches!(document, Document::InForce | Document::NotOurs);
    answer.set_document(document);
    let says = match document {
        Document::Unspecified | Document::NotOurs => return answer,
        Document::InForce => "the document is in force",
        Document::NotInRegister => "no document of ours has it: keep it, and tell the issuing authority",
        Document::NotDelivered => "the document was never given to its holder: keep it, and tell the issuing authority",
        Document::EntriesUsed => "every entry of the document is used",
        Document::ValidityOver => "the document has expired",
        Document::Revoked => "the document is revoked",
        Document::Annulled => "the document is annulled",
        Document::Cancelled => "the document is cancelled, without prejudice to its holder",
        Document::Spoilt => "the document is spoilt: keep it, and tell the issuing authority",
        Document::Withdrawn => "the document is withdrawn: keep it, and tell the issuing authority",
        Document::ReportedLost | Document::ReportedStolen => {
            "the document is stopped, also if its holder has found it: keep it, and tell the issuing authority"
        }
        Document::GivenBack => "the document was given back: keep it, and tell the issuing authority",
        Document::ReplacedOrReturned => {
            "the document was replaced or given back: keep it, and tell the issuing authority"
        }
    };
    answer.words = format!("{}; {says}", answer.words);
    answer
}

#[tonic::async_trait]
impl DigitalSealService for DigitalSeals {
    async fn verify_seal(&self, request: Request<VerifySealRequest>) -> Answer<VerifySealResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let one = ask.barcode.is_empty() != ask.json.is_empty();
        refuse_if(!one, Reason::SealAmbiguous, "either a barcode or JSON is asked about")?;
        let today = self.store.days().date(self.store.now());
        let answer = if ask.json.is_empty() {
            self.barcode(&ask.barcode, today).await?
        } else {
            self.json(&ask.json, today).await?
        };
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
