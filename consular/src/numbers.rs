//! Numbers of law and practice: each with the rule it comes from, so that nobody has to guess.

use serde::Deserialize;

/// A number and its source.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Written")]
pub struct Number {
    /// The number; never 0.
    pub value: u32,
    /// The rule it comes from: `Reg. (EC) 810/2009, art. 23(1)`.
    pub source: String,
}

/// As it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    value: u32,
    source: String,
}

impl TryFrom<Written> for Number {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written { value: 0, source } => Err(format!("the number of {source:?} is 0")),
            Written { value, source } if source.is_empty() => Err(format!("the number {value} has no source")),
            Written { value, source } => Ok(Self { value, source }),
        }
    }
}

impl Number {
    /// The number of days, months or years, as clocks take it.
    pub fn short(&self) -> u16 {
        u16::try_from(self.value).unwrap_or(u16::MAX)
    }

    /// So many days.
    pub fn days(&self) -> chrono::Days {
        chrono::Days::new(self.value.into())
    }

    /// So many months.
    pub fn months(&self) -> chrono::Months {
        chrono::Months::new(self.value)
    }

    /// So many years.
    pub fn years(&self) -> chrono::Months {
        chrono::Months::new(self.value.saturating_mul(12))
    }
}
