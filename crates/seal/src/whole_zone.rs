//! Seals that say one thing, a whole machine-readable zone of two lines: those of emergency travel documents and passports.

use crate::{Feature, Header, Misfit, Seal, Sealed, Unreadable, c40};

/// A kind of document whose seal has its whole zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeZone {
    /// The profile.
    pub(crate) profile: u8,
    /// The category of the document within it.
    pub(crate) category: u8,
    /// The tag of the zone.
    pub(crate) tag: u8,
    /// The length of each line.
    pub(crate) line: usize,
}

impl WholeZone {
    /// The seal of this zone under a header, whose profile and category are set.
    pub(crate) fn seal(self, zone: &[String; 2], header: Header) -> Result<Seal, Misfit> {
        let [first, second] = zone;
        if first.len() != self.line || second.len() != self.line {
            return Err(Misfit::Field("zone"));
        }
        let value = c40::encoded(&format!("{first}{second}")).ok_or(Misfit::Field("zone"))?;
        let header = Header { profile: self.profile, category: self.category, ..header };
        Ok(Seal { header, features: vec![Feature { tag: self.tag, value }] })
    }

    /// The zone that a seal has.
    pub(crate) fn of(self, sealed: &Sealed) -> Result<[String; 2], Unreadable> {
        let seal = &sealed.seal;
        if (seal.header.profile, seal.header.category) != (self.profile, self.category) {
            return Err(Unreadable::Feature("kind of document"));
        }
        let found = seal.features.iter().find(|feature| feature.tag == self.tag);
        let zone = found.and_then(|feature| c40::decoded(&feature.value)).filter(|zone| zone.len() == 2 * self.line);
        let zone = zone.ok_or(Unreadable::Feature("zone"))?;
        let (first, second) = zone.split_at(self.line);
        Ok([first.to_owned(), second.to_owned()])
    }
}
