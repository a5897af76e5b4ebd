//! Where each field stands in each of the five zones: the tables of Doc 9303 parts 4 to 7.

use crate::Format;
use std::fmt;

/// A field of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The zone as a whole.
    Zone,
    /// Document code.
    DocumentCode,
    /// Issuing state or organisation.
    Issuer,
    /// Both identifiers of the name.
    Name,
    /// Document number.
    Number,
    /// Check digit of the document number.
    NumberCheck,
    /// Nationality.
    Nationality,
    /// Date of birth.
    Birth,
    /// Check digit of the date of birth.
    BirthCheck,
    /// Sex.
    Sex,
    /// Date of expiry.
    Expiry,
    /// Check digit of the date of expiry.
    ExpiryCheck,
    /// Optional data.
    Optional,
    /// Check digit of the optional data (TD3).
    OptionalCheck,
    /// The second optional data (TD1).
    MoreOptional,
    /// The composite check digit.
    Composite,
}

impl Field {
    /// The field in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::DocumentCode => "document code",
            Self::Issuer => "issuing state",
            Self::Name => "name",
            Self::Number => "document number",
            Self::NumberCheck => "check digit of the document number",
            Self::Nationality => "nationality",
            Self::Birth => "date of birth",
            Self::BirthCheck => "check digit of the date of birth",
            Self::Sex => "sex",
            Self::Expiry => "date of expiry",
            Self::ExpiryCheck => "check digit of the date of expiry",
            Self::Optional => "optional data",
            Self::OptionalCheck => "check digit of the optional data",
            Self::MoreOptional => "second optional data",
            Self::Composite => "composite check digit",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Columns of a line; both count from 1, as the standard's tables do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The first column.
    pub first: usize,
    /// The last column, which belongs to the field.
    pub last: usize,
}

impl Place {
    pub(crate) const fn len(&self) -> usize {
        self.last + 1 - self.first
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(out, "line {}, column {}", self.line, self.first)
        } else {
            write!(out, "line {}, columns {}-{}", self.line, self.first, self.last)
        }
    }
}

pub(crate) struct Layout {
    pub(crate) lines: usize,
    pub(crate) width: usize,
    /// What the document code begins with.
    pub(crate) first_letters: &'static str,
    pub(crate) document_code: Place,
    pub(crate) issuer: Place,
    pub(crate) name: Place,
    pub(crate) number: Place,
    pub(crate) number_check: Place,
    pub(crate) nationality: Place,
    pub(crate) birth: Place,
    pub(crate) birth_check: Place,
    pub(crate) sex: Place,
    pub(crate) expiry: Place,
    pub(crate) expiry_check: Place,
    pub(crate) optional: Place,
    pub(crate) optional_check: Option<Place>,
    pub(crate) more_optional: Option<Place>,
    /// The composite check digit and what it is computed over, in this order.
    pub(crate) composite: Option<(Place, &'static [Place])>,
    /// Whether a number of more than nine characters runs on into the optional data.
    pub(crate) long_number: bool,
}

const fn at(line: usize, first: usize, last: usize) -> Place {
    Place { line, first, last }
}

/// What every zone of two lines has in common.
const fn two_lines(width: usize) -> Layout {
    Layout {
        lines: 2,
        width,
        first_letters: "V",
        document_code: at(1, 1, 2),
        issuer: at(1, 3, 5),
        name: at(1, 6, width),
        number: at(2, 1, 9),
        number_check: at(2, 10, 10),
        nationality: at(2, 11, 13),
        birth: at(2, 14, 19),
        birth_check: at(2, 20, 20),
        sex: at(2, 21, 21),
        expiry: at(2, 22, 27),
        expiry_check: at(2, 28, 28),
        optional: at(2, 29, width),
        optional_check: None,
        more_optional: None,
        composite: None,
        long_number: false,
    }
}

const TD1: Layout = Layout {
    lines: 3,
    width: 30,
    first_letters: "ACI",
    document_code: at(1, 1, 2),
    issuer: at(1, 3, 5),
    number: at(1, 6, 14),
    number_check: at(1, 15, 15),
    optional: at(1, 16, 30),
    birth: at(2, 1, 6),
    birth_check: at(2, 7, 7),
    sex: at(2, 8, 8),
    expiry: at(2, 9, 14),
    expiry_check: at(2, 15, 15),
    nationality: at(2, 16, 18),
    more_optional: Some(at(2, 19, 29)),
    composite: Some((at(2, 30, 30), &[at(1, 6, 30), at(2, 1, 7), at(2, 9, 15), at(2, 19, 29)])),
    name: at(3, 1, 30),
    optional_check: None,
    long_number: true,
};

const TD2: Layout = Layout {
    first_letters: "ACI",
    optional: at(2, 29, 35),
    composite: Some((at(2, 36, 36), &[at(2, 1, 10), at(2, 14, 20), at(2, 22, 35)])),
    long_number: true,
    ..two_lines(36)
};

const TD3: Layout = Layout {
    first_letters: "P",
    optional: at(2, 29, 42),
    optional_check: Some(at(2, 43, 43)),
    composite: Some((at(2, 44, 44), &[at(2, 1, 10), at(2, 14, 20), at(2, 22, 43)])),
    ..two_lines(44)
};

const MRV_A: Layout = two_lines(44);
const MRV_B: Layout = two_lines(36);

pub(crate) const fn of(format: Format) -> &'static Layout {
    match format {
        Format::Td1 => &TD1,
        Format::Td2 => &TD2,
        Format::Td3 => &TD3,
        Format::MrvA => &MRV_A,
        Format::MrvB => &MRV_B,
    }
}
