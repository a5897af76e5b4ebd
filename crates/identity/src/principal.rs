//! The caller, as every part of the house sees it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who calls, and what the caller may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// `apiKeys/7f3…` for a key, `people/…` for a person, `timers/grace` for an automatic step.
    #[serde(rename = "sub")]
    pub subject: Arc<str>,
    /// The partner agency a key belongs to: `metropolitan-police`.
    #[serde(rename = "agy", default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Arc<str>>,
    /// The foreign mission a caller belongs to, if it is a mission's own staff: `missions/fr-embassy`.
    #[serde(rename = "msn", default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<Arc<str>>,
    /// The post of ours at which a caller serves and to whose records it is bound: `posts/rome`. None at headquarters.
    #[serde(rename = "pst", default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Arc<str>>,
    /// What the caller may do.
    #[serde(rename = "prm")]
    pub permissions: Permissions,
    /// Up to which classification the caller may read.
    #[serde(rename = "clr", default)]
    pub clearance: Clearance,
    /// The broken glass by which the caller holds some of that: `elevations/7f3…`.
    #[serde(rename = "elv", default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Arc<str>>,
    /// Until when the credential is good, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires: i64,
}

/// Levels of classification, each dominating those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Clearance {
    /// Anyone.
    #[default]
    #[serde(rename = "U")]
    Unclassified,
    /// Confidential.
    #[serde(rename = "C")]
    Confidential,
    /// Secret.
    #[serde(rename = "S")]
    Secret,
    /// Top secret.
    #[serde(rename = "T")]
    TopSecret,
}

/// A set of permissions: `accreditation.missions.read`, or `accreditation.*` for all that begin so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(Arc<[Box<str>]>);

impl Permissions {
    /// The set of these permissions, sorted and without repetition.
    pub fn of<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut list: Vec<Box<str>> = names.into_iter().map(|name| name.as_ref().into()).collect();
        list.sort_unstable();
        list.dedup();
        Self(list.into())
    }

    /// Whether the set holds the permission, by itself or through a `.*`.
    pub fn allow(&self, permission: &str) -> bool {
        self.0.iter().any(|held| match held.strip_suffix('*') {
            Some(prefix) => permission.starts_with(prefix),
            None => held.as_ref() == permission,
        })
    }

    /// Whether the set holds everything the other does.
    pub fn cover(&self, other: &Self) -> bool {
        other.iter().all(|wanted| match wanted.strip_suffix('*') {
            Some(prefix) => self.0.iter().any(|held| held.strip_suffix('*').is_some_and(|own| prefix.starts_with(own))),
            None => self.allow(wanted),
        })
    }

    /// The permissions as they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl Principal {
    /// The principal of an automatic step: `timers/grace`. It may do anything, since nothing but a timer makes it.
    pub fn timer(name: &str) -> Self {
        Self {
            subject: format!("timers/{name}").into(),
            agency: None,
            mission: None,
            post: None,
            permissions: Permissions::of(["*"]),
            clearance: Clearance::TopSecret,
            elevation: None,
            expires: i64::MAX,
        }
    }

    /// Whether the caller may do this.
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.allow(permission)
    }

    /// Whether the caller may read personal data of a service: `accreditation`.
    pub fn may_read_personal(&self, service: &str) -> bool {
        self.permissions.allow(&format!("{service}.personal.read"))
    }

    /// Whether what the caller reads in a service is kept from the report that the person it is about may ask for. No `*`
    /// gives that: whoever may do everything reads openly.
    pub fn reads_in_secret(&self, service: &str) -> bool {
        self.permissions.iter().any(|held| held.strip_prefix(service) == Some(".readings.withhold"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_what_begins_so_and_nothing_else() {
        let set = Permissions::of(["accreditation.missions.*", "gateway.apiKeys.read"]);
        assert!(set.allow("accreditation.missions.read"));
        assert!(!set.allow("accreditation.members.read"));
        assert!(!set.allow("gateway.apiKeys.manage"));
        assert!(!Permissions::default().allow(""));
    }

    #[test]
    fn only_who_holds_the_right_itself_reads_in_secret() {
        let holding = |held: &str| Principal { permissions: Permissions::of([held]), ..Principal::timer("x") };
        assert!(holding("accreditation.readings.withhold").reads_in_secret("accreditation"));
        assert!(!holding("accreditation.readings.withhold").reads_in_secret("consular"));
        for held in ["*", "accreditation.*", "accreditation.readings.*"] {
            assert!(!holding(held).reads_in_secret("accreditation"), "{held}");
        }
    }

    #[test]
    fn a_narrow_set_does_not_cover_a_wide_one() {
        let narrow = Permissions::of(["accreditation.missions.read"]);
        let wide = Permissions::of(["accreditation.*"]);
        assert!(wide.cover(&narrow));
        assert!(!narrow.cover(&wide));
        assert!(wide.cover(&Permissions::of(["accreditation.missions.*"])));
        assert!(!Permissions::of(["accreditation.missions.*"]).cover(&wide));
    }
}
