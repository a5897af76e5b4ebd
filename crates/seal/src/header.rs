//! The header: who sealed, with which certificate, when, and what kind of document it is (Doc 9303-13, 2.2).

use crate::{Misfit, Unreadable, c40};
use chrono::{Datelike as _, NaiveDate};

/// What every seal begins with.
const MAGIC: u8 = 0xdc;

/// The versions of the header; they differ in the reference of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Written 0x02: a reference of five characters.
    Three,
    /// Written 0x03: a reference of up to 255 characters, its length before it.
    Four,
}

/// The header of a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version.
    pub version: Version,
    /// The issuing country, by Doc 9303-3: `UTO`, `D`.
    pub issuer: String,
    /// Who signs: two letters of the country and two of the signer.
    pub signer: String,
    /// The signer's certificate, by its reference: `32`, in version three of five characters, `00027`.
    pub certificate: String,
    /// The day the document was issued.
    pub issued: NaiveDate,
    /// The day the seal was signed.
    pub signed: NaiveDate,
    /// Which profile says what the features mean: 0x5D for visas.
    pub profile: u8,
    /// The category of the document within the profile.
    pub category: u8,
}

impl Header {
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Misfit> {
        let text = |field: &'static str, text: &str| c40::encoded(text).ok_or(Misfit::Field(field));
        let fits = |field, fits: bool| if fits { Ok(()) } else { Err(Misfit::Field(field)) };
        fits("issuer", (1..=3).contains(&self.issuer.len()))?;
        fits("signer", self.signer.len() == 4)?;
        let reference = match self.version {
            Version::Three => {
                fits("certificate", self.certificate.len() == 5)?;
                self.certificate.clone()
            }
            Version::Four => {
                fits("certificate", (1..=255).contains(&self.certificate.len()))?;
                format!("{:02X}{}", self.certificate.len(), self.certificate)
            }
        };
        let version = match self.version {
            Version::Three => 2,
            Version::Four => 3,
        };
        let mut bytes = vec![MAGIC, version];
        bytes.extend(text("issuer", &format!("{:<<3}", self.issuer))?);
        bytes.extend(text("certificate", &format!("{}{reference}", self.signer))?);
        bytes.extend(date(self.issued).ok_or(Misfit::Field("issued"))?);
        bytes.extend(date(self.signed).ok_or(Misfit::Field("signed"))?);
        bytes.extend([self.profile, self.category]);
        Ok(bytes)
    }

    /// The header that bytes begin with, and the bytes after it.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let mut rest = Rest(bytes);
        if rest.take(1, "the first byte")? != [MAGIC] {
            return Err(Unreadable::NoSeal);
        }
        let version = match rest.take(1, "the version")?[0] {
            2 => Version::Three,
            3 => Version::Four,
            other => return Err(Unreadable::Version(other)),
        };
        let issuer = rest.text(3, "the issuer")?.trim_end_matches('<').to_owned();
        let (signer, certificate) = match version {
            Version::Three => {
                let all = rest.text(9, "the certificate")?;
                (all[..4].to_owned(), all[4..].to_owned())
            }
            Version::Four => {
                let head = rest.text(6, "the signer")?;
                let length = usize::from_str_radix(&head[4..], 16).map_err(|_| Unreadable::Text("the certificate"))?;
                (head[..4].to_owned(), rest.text(length, "the certificate")?)
            }
        };
        let issued = rest.date("the day of issue")?;
        let signed = rest.date("the day of signing")?;
        let kind = rest.take(2, "the kind of document")?;
        let (profile, category) = (kind[0], kind[1]);
        Ok((Self { version, issuer, signer, certificate, issued, signed, profile, category }, rest.0))
    }
}

/// `MMDDYYYY` as a number in three bytes; none past the year 9999.
fn date(day: NaiveDate) -> Option<[u8; 3]> {
    let year = u32::try_from(day.year()).ok().filter(|year| (1..=9999).contains(year))?;
    let [_, bytes @ ..] = (day.month() * 1_000_000 + day.day() * 10_000 + year).to_be_bytes();
    Some(bytes)
}

/// What has not been read yet.
pub(crate) struct Rest<'b>(pub(crate) &'b [u8]);

impl<'b> Rest<'b> {
    pub(crate) fn take(&mut self, count: usize, what: &'static str) -> Result<&'b [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unreadable::Cut(what))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A text of so many characters.
    fn text(&mut self, characters: usize, what: &'static str) -> Result<String, Unreadable> {
        let text = c40::decoded(self.take(c40::length(characters), what)?).ok_or(Unreadable::Text(what))?;
        if text.len() == characters { Ok(text) } else { Err(Unreadable::Text(what)) }
    }

    fn date(&mut self, what: &'static str) -> Result<NaiveDate, Unreadable> {
        let bytes = self.take(3, what)?;
        let number = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        let year = i32::try_from(number % 10_000).map_err(|_| Unreadable::Date(what))?;
        NaiveDate::from_ymd_opt(year, number / 1_000_000, number / 10_000 % 100).ok_or(Unreadable::Date(what))
    }
}
