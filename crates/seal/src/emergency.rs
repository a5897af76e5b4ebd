//! The seal of an emergency travel document: profile 0x5E, category 0x03 (Doc 9303-13, 5): its whole zone.

use crate::whole_zone::WholeZone;
use crate::{Header, Misfit, Seal, Sealed, Unreadable};

/// TD2, as the profile has it.
const FORM: WholeZone = WholeZone { profile: 0x5e, category: 0x03, tag: 2, line: 36 };

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
        FORM.seal(&self.zone, header)
    }

    /// What a seal says of an emergency travel document.
    ///
    /// # Errors
    /// It is the seal of something else, or the zone is missing or not of its form.
    pub fn of(sealed: &Sealed) -> Result<Self, Unreadable> {
        FORM.of(sealed).map(|zone| Self { zone })
    }
}
