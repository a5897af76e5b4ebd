//! Papers: what is printed of passports, visas, emergency documents, apostilles and the civil register, and the key that
//! seals travel documents.

mod apostille;
mod cash_day;
pub(crate) mod copies;
mod extract;
mod office;
#[cfg(test)]
mod page_tests;
mod pages;
mod refusal;
mod register_pages;
mod sealing;

pub(crate) use apostille::apostille;
pub(crate) use cash_day::cash_day;
pub use copies::X509;
pub(crate) use extract::extract;
pub(crate) use office::{legalisation, notarial_act, receipt};
pub(crate) use pages::{emergency, passport, visa};
pub(crate) use refusal::refusal;
pub use sealing::SealKey;

use crate::travel::zone;
use anyhow::{Context as _, ensure};
use config::{Home, Url};
use documents::{Order, Press};
use fault::Fault;
use proto::consular::v1::Reason;
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use seal::{Certificate, Trust};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait when the press is busy.
const PAUSE: Duration = Duration::from_secs(2);

config::settings! {
    /// What travel documents are printed and sealed with. The prefix is `CONSULAR_TRAVEL_PAPERS`.
    pub struct Settings {
        /// The ministry's name, as the issuing authority.
        pub ministry: String = "Ministry of Foreign Affairs",
        /// For which territory a visa is good: our own state if unset, `Schengen States` where that is so.
        pub territory: Option<String>,
        /// The key of visible digital seals: base64 of a private key on P-256 or P-384 in PKCS #8, as
        /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER |
        /// base64 -w0` makes it. Without it passports, visas and emergency documents are not printed.
        pub seal_key: Option<SealKey>,
        /// The signer's certificate of that key, which sealed copies have in them: base64 of X.509 in DER, as
        /// `openssl x509 -outform DER | base64 -w0` makes it. Without it no sealed copies are given.
        pub seal_x509: Option<X509>,
        /// The signer beside our country's two letters: two letters or digits.
        pub seal_signer: String = "FS" => two_characters,
        /// The reference of the signer's certificate, in hexadecimal capitals.
        pub seal_certificate: String = "1" => hexadecimal,
        /// The file with the certificates of others that are trusted, in TOML; our own alone if unset.
        pub seal_trust: Option<PathBuf>,
        /// The public page where anyone asks the register of apostilles. Apostilles bear it, and a barcode of it with
        /// `reference`, `date` and `code` added. Without it they have no barcode.
        pub apostille_register: Option<Url> => register_pages::is_page,
        /// The public page where anyone asks about extracts of the civil register, as above with `reference` and `code`.
        pub civil_register: Option<Url> => register_pages::is_page,
        /// Marks every page as a specimen, good for nothing.
        pub specimen: bool = false,
    }
}

fn two_characters(text: &impl AsRef<str>) -> Result<(), String> {
    let text = text.as_ref();
    let good = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if good { Ok(()) } else { Err("is not two capital letters or digits".into()) }
}

fn hexadecimal(text: &impl AsRef<str>) -> Result<(), String> {
    let text = text.as_ref();
    let good = (1..=40).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    if good { Ok(()) } else { Err("is not a number in hexadecimal capitals".into()) }
}

/// Where travel papers are printed. A clone is the same press.
#[derive(Clone, Debug)]
pub struct TravelPapers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    press: Press,
    issuer: Issuer,
    key: Option<SealKey>,
    signer: String,
    certificate: String,
    x509: Option<X509>,
    trust: Trust,
    apostille_register: Option<Url>,
    civil_register: Option<Url>,
    specimen: bool,
}

/// Who issues.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    /// The ministry's name.
    pub(crate) ministry: String,
    /// The state's name.
    pub(crate) state: String,
    /// The state as zones have it.
    pub(crate) code: String,
    /// For which territory visas are good.
    pub(crate) territory: String,
}

impl TravelPapers {
    /// The papers of a house, by its settings.
    ///
    /// # Errors
    /// The state is none of ISO 3166-1; the file of trusted certificates cannot be read; the certificate is not the key's.
    pub fn new(settings: &Settings, home: &Home) -> anyhow::Result<Self> {
        let country = rust_iso3166::from_alpha2(&home.state);
        let state = country.with_context(|| format!("{} is no state of ISO 3166-1", home.state))?.name.to_owned();
        let issuer = Issuer {
            ministry: settings.ministry.clone(),
            territory: settings.territory.clone().unwrap_or_else(|| state.clone()),
            state,
            code: zone::code(&home.state),
        };
        let signer = format!("{}{}", home.state, settings.seal_signer);
        let mut trust = match &settings.seal_trust {
            Some(file) => sealing::trusted(file).with_context(|| format!("read {}", file.display()))?,
            None => Trust::default(),
        };
        let fits = settings.seal_x509.as_ref().is_none_or(|x509| {
            // Half of the two would be refused at the first copy.
            settings.seal_key.as_ref().is_some_and(|key| x509.is_of(key))
        });
        ensure!(fits, "the seal's certificate (SEAL_X509) is not that of the seal key");
        // Our own certificate is good while its key is in the settings.
        trust.certificates.extend(settings.seal_key.as_ref().map(|key| Certificate {
            issuer: issuer.code.clone(),
            signer: signer.clone(),
            reference: settings.seal_certificate.clone(),
            key: key.public(),
            from: chrono::NaiveDate::MIN,
            until: chrono::NaiveDate::MAX,
            revoked: None,
            der: settings.seal_x509.as_ref().map(|x509| x509.0.clone()).unwrap_or_default(),
        }));
        Ok(Self(Arc::new(Inner {
            press: Press::default(),
            issuer,
            key: settings.seal_key.clone(),
            signer,
            certificate: settings.seal_certificate.clone(),
            x509: settings.seal_x509.clone(),
            trust,
            apostille_register: settings.apostille_register.clone(),
            civil_register: settings.civil_register.clone(),
            specimen: settings.specimen,
        })))
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// Whether all that is printed is marked as a specimen.
    pub(crate) fn specimen(&self) -> bool {
        self.0.specimen
    }

    /// The certificates whose seals are believed.
    pub(crate) fn trust(&self) -> &Trust {
        &self.0.trust
    }

    /// Our own certificate, if there is a key.
    pub(crate) fn own(&self) -> Option<&Certificate> {
        self.0.key.as_ref().and(self.0.trust.certificates.last())
    }

    /// Prints.
    ///
    /// # Errors
    /// `TRAVEL_PAPER_UNPRINTABLE`; `OVERLOADED` or `DEADLINE_EXCEEDED` if it is not ready in time.
    pub(crate) async fn print(&self, order: Order) -> Result<HttpBody, Fault> {
        let data = self.0.press.print(order).await.map_err(unprinted)?;
        Ok(HttpBody { content_type: documents::PDF.to_owned(), data, extensions: Vec::new() })
    }
}

/// Why a page was not printed, as callers learn it.
fn unprinted(error: documents::Error) -> Fault {
    use documents::Error;
    match error {
        Error::Unprintable(character) => {
            let words = format!("the character {character:?} cannot be printed");
            Fault::new(Reason::TravelPaperUnprintable, words)
        }
        Error::Busy => Fault::new(House::Overloaded, "too many pages are being printed").retry_after(PAUSE),
        Error::TooLate => Fault::new(House::DeadlineExceeded, "the page was not ready in time"),
        other => Fault::new(House::Internal, "a page could not be printed").caused_by(other),
    }
}
