//! The seal of an emergency travel document: profile 0x5E, category 0x03 (Doc 9303-13, 5): its whole zone.

use crate::{Feature, Header, Misfit, Seal, Sealed, Unreadable, c40};

/// The profile and category of emergency travel documents.
const KIND: (u8, u8) = (0x5e, 0x03);
/// The tag of the zone.
const ZONE: u8 = 2;
/// The length of each of its two lines.
const LINE: usize = 36;

/// What the seal of an emergency travel document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// The two lines of the zone, TD2.
    pub zone: [String; 2],
}

impl Emergency {
    /// The seal of this document under a header, whose profile and category are set.
    ///
    /// # Errors
    /// The zone is not of two lines of 36, or has characters that seals have not.
    pub fn seal(&self, header: Header) -> Result<Seal, Misfit> {
        let [first, second] = &self.zone;
        if first.len() != LINE || second.len() != LINE {
            return Err(Misfit::Field("zone"));
        }
        let value = c40::encoded(&format!("{first}{second}")).ok_or(Misfit::Field("zone"))?;
        let (profile, category) = KIND;
        Ok(Seal { header: Header { profile, category, ..header }, features: vec![Feature { tag: ZONE, value }] })
    }

    /// What a seal says of an emergency travel document.
    ///
    /// # Errors
    /// It is the seal of something else, or the zone is missing or not of its form.
    pub fn of(sealed: &Sealed) -> Result<Self, Unreadable> {
        let seal = &sealed.seal;
        if (seal.header.profile, seal.header.category) != KIND {
            return Err(Unreadable::Feature("kind of document"));
        }
        let found = seal.features.iter().find(|feature| feature.tag == ZONE);
        let zone = found.and_then(|feature| c40::decoded(&feature.value)).filter(|zone| zone.len() == 2 * LINE);
        let zone = zone.ok_or(Unreadable::Feature("zone"))?;
        let (first, second) = zone.split_at(LINE);
        Ok(Self { zone: [first.to_owned(), second.to_owned()] })
    }
}
