//! The seal of a passport's data page: its whole zone, in a profile of the issuing state's own.
//!
//! Doc 9303-13 defines seals of visas and emergency travel documents and none of passports, whose own proof is a chip. It
//! leaves even categories to issuers, as it takes the odd ones for itself: 0x02 of profile 0x70 here, which means a passport
//! under this issuer's certificates and nothing under another's.

use crate::whole_zone::WholeZone;
use crate::{Header, Misfit, Seal, Sealed, Unreadable};

/// TD3. The zone holds the number, the holder and the last day.
const FORM: WholeZone = WholeZone { profile: 0x70, category: 0x02, tag: 1, line: 44 };

/// What the seal of a passport says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passport {
    /// The two lines of the zone, TD3.
    pub zone: [String; 2],
}

impl Passport {
    /// The seal of this passport under a header, whose profile and category are set.
    ///
    /// # Errors
    /// The zone is not of two lines of 44, or has characters that seals have not.
    pub fn seal(&self, header: Header) -> Result<Seal, Misfit> {
        FORM.seal(&self.zone, header)
    }

    /// What a seal says of a passport. Whose profile it is, its issuer says: a caller asks about issuers that use this one.
    ///
    /// # Errors
    /// It is the seal of something else, or the zone is missing or not of its form.
    pub fn of(sealed: &Sealed) -> Result<Self, Unreadable> {
        FORM.of(sealed).map(|zone| Self { zone })
    }
}
