//! The seal of a visa: profile 0x5D, category 0x01 (Doc 9303-13, 4).

use crate::{Feature, Header, Misfit, Seal, Sealed, Unreadable, c40};

/// The profile and category of visas.
const KIND: (u8, u8) = (0x5d, 0x01);
/// How many characters of the second line are sealed: all but the optional data.
const SECOND_LINE: usize = 28;

/// How often the holder may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries {
    /// So many times, 1 to 255.
    Times(u8),
    /// As often as wanted.
    Unlimited,
}

/// For how long the holder may stay, each part added to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Days, 0 to 254.
    pub days: u8,
    /// Months.
    pub months: u8,
    /// Years.
    pub years: u8,
}

/// What the seal of a visa says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visa {
    /// The first line of the zone whole and the second to its 28th character, as MRV-A (44 and 28) or MRV-B (36 and 28).
    pub zone: [String; 2],
    /// How often the holder may enter, if it is said.
    pub entries: Option<Entries>,
    /// For how long.
    pub stay: Stay,
    /// The passport the visa is in.
    pub passport: String,
}

impl Visa {
    /// The seal of this visa under a header, whose profile and category are set.
    ///
    /// # Errors
    /// The zone is of neither format, or a text has characters that seals have not.
    pub fn seal(&self, header: Header) -> Result<Seal, Misfit> {
        let [first, second] = &self.zone;
        let tag = match (first.len(), second.len()) {
            (44, SECOND_LINE) => 1,
            (36, SECOND_LINE) => 2,
            _ => return Err(Misfit::Field("zone")),
        };
        let text = |field, text: &str| c40::encoded(text).ok_or(Misfit::Field(field));
        let mut features = vec![Feature { tag, value: text("zone", &format!("{first}{second}"))? }];
        features.extend(self.entries.map(|entries| Feature { tag: 3, value: vec![times(entries)] }));
        features.push(Feature { tag: 4, value: vec![self.stay.days, self.stay.months, self.stay.years] });
        features.push(Feature { tag: 5, value: text("passport", &self.passport)? });
        let (profile, category) = KIND;
        Ok(Seal { header: Header { profile, category, ..header }, features })
    }

    /// What a seal says of a visa.
    ///
    /// # Errors
    /// It is the seal of something else, or a feature is missing or not of its form.
    pub fn of(sealed: &Sealed) -> Result<Self, Unreadable> {
        let seal = &sealed.seal;
        if (seal.header.profile, seal.header.category) != KIND {
            return Err(Unreadable::Feature("kind of document"));
        }
        let found =
            |tag| seal.features.iter().find(|feature| feature.tag == tag).map(|feature| feature.value.as_slice());
        let (zone, width) =
            found(1).map(|zone| (zone, 44)).or(found(2).map(|zone| (zone, 36))).ok_or(Unreadable::Feature("zone"))?;
        let zone =
            c40::decoded(zone).filter(|zone| zone.len() == width + SECOND_LINE).ok_or(Unreadable::Feature("zone"))?;
        let (first, second) = zone.split_at(width);
        let entries = match found(3) {
            None => None,
            Some(&[0]) => Some(Entries::Unlimited),
            Some(&[times]) => Some(Entries::Times(times)),
            Some(_) => return Err(Unreadable::Feature("entries")),
        };
        let Some(&[days, months, years]) = found(4) else { return Err(Unreadable::Feature("stay")) };
        let passport = found(5).and_then(c40::decoded).ok_or(Unreadable::Feature("passport"))?;
        Ok(Self { zone: [first.to_owned(), second.to_owned()], entries, stay: Stay { days, months, years }, passport })
    }
}

fn times(entries: Entries) -> u8 {
    match entries {
        Entries::Times(times) => times,
        Entries::Unlimited => 0,
    }
}
