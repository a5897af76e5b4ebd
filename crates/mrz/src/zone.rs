//! What a machine-readable zone says, in words.

use crate::{Date, layout};

/// The five zones of Doc 9303.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A card of three lines of 30 (part 5).
    Td1,
    /// A card of two lines of 36 (part 6).
    Td2,
    /// A passport, two lines of 44 (part 4).
    Td3,
    /// A visa of two lines of 44 (part 7).
    MrvA,
    /// A visa of two lines of 36 (part 7).
    MrvB,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    /// How many characters the name field has.
    pub fn name_width(self) -> usize {
        layout::of(self).name.len()
    }

    /// As the standard writes it: `TD1`, `MRV-A`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Td1 => "TD1",
            Self::Td2 => "TD2",
            Self::Td3 => "TD3",
            Self::MrvA => "MRV-A",
            Self::MrvB => "MRV-B",
        }
    }
}

/// The holder's sex as a zone has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// `F`
    Female,
    /// `M`
    Male,
    /// The filler; printed as `X` outside the zone.
    Unspecified,
}

/// The data of a zone, without fillers and check digits. A single filler between characters is a space here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Which of the five.
    pub format: Format,
    /// One or two letters: `P`, `PD`, `I`, `AC`, `V`.
    pub document_code: String,
    /// The issuing state or organisation, by the codes of Doc 9303-3 section 5; Germany is `D`.
    pub issuer: String,
    /// The primary identifier, as a rule the surname; its parts are separated by one space.
    pub primary: String,
    /// The secondary identifier, as a rule the given names; empty if there is none.
    pub secondary: String,
    /// The number of the document, on cards of any length that fits. On a visa: the visa's or the passport's number.
    pub number: String,
    /// The holder's nationality.
    pub nationality: String,
    /// The day of birth.
    pub birth: Date,
    /// The sex.
    pub sex: Sex,
    /// The day the document expires, for a visa the last day it may be used to enter. All unknown: it does not expire.
    pub expiry: Date,
    /// The optional data at the issuer's discretion; in TD3 as a rule a personal number.
    pub optional: String,
    /// The second optional field, which TD1 alone has.
    pub more_optional: String,
}
