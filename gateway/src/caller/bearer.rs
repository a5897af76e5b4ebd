//! People: bearer tokens of one OpenID Connect issuer, their roles turned into permissions.

use super::jwt::Unverified;
use super::{Found, Issuer, Refusal};
use crate::roles::Roles;
use chrono::Utc;
use identity::Principal;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a token found good is not looked at again, however long it lasts.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Knows people by the tokens of one issuer.
#[derive(Debug)]
pub(crate) struct People {
    issuer: Arc<Issuer>,
    audience: String,
    roles: Arc<Roles>,
}

impl People {
    /// People of this issuer whose tokens are made for us, as `aud` says.
    pub(crate) fn new(issuer: Arc<Issuer>, audience: String, roles: Arc<Roles>) -> Self {
        Self { issuer, audience, roles }
    }

    /// Whose token the text is.
    pub(super) async fn find(&self, text: &str) -> Result<Found, Refusal> {
        let token = Unverified::read(text).ok_or(Refusal::Unknown)?;
        let now = Utc::now().timestamp();
        // A key found whose signature does not fit is an answer; only a key not found is worth asking the issuer for.
        let verified = self.issuer.with_keys(|keys| {
            let key = keys.find(token.key_id.as_deref())?;
            Some(token.verify(key, self.issuer.url(), &self.audience, now))
        });
        let claims = verified.await?.ok_or(Refusal::Unknown)?;
        let expires = claims.good_until();
        let left = Duration::from_secs(u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
        let principal = Principal {
            subject: format!("people/{}", claims.sub).into(),
            agency: claims.agency.filter(|agency| !agency.is_empty()).map(Into::into),
            mission: claims.mission.filter(|mission| !mission.is_empty()).map(Into::into),
            permissions: self.roles.permissions(claims.roles.iter().map(String::as_str)),
            clearance: claims.clearance,
            elevation: None,
            expires,
        };
        // A partner's own people may call what is open to partners, whatever roles they have.
        let partner = principal.agency.is_some();
        Ok(Found::plain(principal, partner, GOOD_FOR.min(left)))
    }
}
