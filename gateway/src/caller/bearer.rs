//! People: bearer tokens of one OpenID Connect issuer, their roles turned into permissions.

use super::jwt::{Terms, Unverified};
use super::partners::Partners;
use super::{Found, Issuer, Refusal};
use crate::key_rules::Rules;
use chrono::Utc;
use identity::{Permissions, Principal};
use std::sync::Arc;
use std::time::Duration;

/// The longest that a token found good is not looked at again, however long it lasts.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Knows people by the tokens of one issuer.
#[derive(Debug)]
pub(crate) struct People {
    issuer: Arc<Issuer>,
    terms: Terms,
    rules: Arc<Rules>,
    partners: Partners,
}

impl People {
    /// People of this issuer whose tokens are made on these terms. Those of agencies as their agencies stand.
    pub(crate) fn new(issuer: Arc<Issuer>, terms: Terms, rules: Arc<Rules>, partners: Partners) -> Self {
        Self { issuer, terms, rules, partners }
    }

    /// Whose token the text is.
    pub(super) async fn find(&self, text: &str) -> Result<Found, Refusal> {
        let token = Unverified::read(text).ok_or(Refusal::Unknown)?;
        let now = Utc::now().timestamp();
        // A key found whose signature does not fit is an answer; only a key not found is worth asking the issuer for.
        let verified = self.issuer.with_keys(|keys| {
            let key = keys.find(token.key_id.as_deref())?;
            Some(token.verify(key, self.issuer.url(), &self.terms, now))
        });
        let claims = verified.await?.ok_or(Refusal::Unknown)?;
        let expires = claims.good_until();
        let left = Duration::from_secs(u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
        let principal = Principal {
            subject: format!("people/{}", claims.sub).into(),
            agency: claims.agency.filter(|agency| !agency.is_empty()).map(Into::into),
            mission: claims.mission.filter(|mission| !mission.is_empty()).map(Into::into),
            post: claims.post.filter(|post| !post.is_empty()).map(Into::into),
            permissions: self.rules.roles.permissions(claims.roles.iter().map(String::as_str)),
            clearance: claims.clearance,
            elevation: None,
            expires,
        };
        let Some(agency) = &principal.agency else { return Ok(Found::plain(principal, false, GOOD_FOR.min(left))) };
        // A partner's own people call while their agency may, and for what it was assigned, whatever roles they have.
        let bound = self.partners.terms(agency).await?;
        let permissions: Permissions = self.rules.held_by_people(&principal.permissions, &bound.permissions);
        let found = Found::plain(Principal { permissions, ..principal }, true, Partners::GOOD_FOR.min(left));
        Ok(Found { networks: bound.networks, rate: bound.rate, quota: bound.quota, ..found })
    }
}
