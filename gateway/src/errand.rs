//! Calls that the gateway makes by itself, with the rights of a key that asked for them earlier.

use crate::agencies;
use crate::caller::{Bootstrap, InForce, KeyTable};
use crate::door::Messages;
use crate::rate::{Quota, Quotas};
use crate::upstream::Upstreams;
use chrono::Utc;
use fault::Fault;
use http::header::{self, HeaderValue};
use http::{Method, Request, Uri, Version};
use identity::{METADATA_KEY, Principal, Signer};
use layers::client::Deadline;
use proto::contract;
use proto::gateway::v1 as gateway;
use proto::policy::v1::Reason;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::body::Body;

/// What calls on behalf of keys are made with.
#[derive(Clone)]
pub(crate) struct Errands {
    keys: KeyTable,
    /// The key of the settings, which is in no table and in force as long as they name it.
    bootstrap: Option<Bootstrap>,
    quotas: Arc<Quotas>,
    upstreams: Upstreams,
    signer: Arc<Signer>,
}

/// A key that is in force.
#[derive(Debug)]
pub(crate) struct Bearer {
    principal: Principal,
    partner: bool,
    /// What it may ask for in a month, if that is limited: it is one quota with what it asks for at the door.
    quota: Option<Arc<Quota>>,
}

impl Bearer {
    /// Whether the key may call a method.
    pub(crate) fn may(&self, method: &contract::Method) -> bool {
        may(&self.principal, self.partner, method)
    }

    /// Counts one call in the key's quota, as the door does.
    ///
    /// # Errors
    /// It is used up.
    pub(crate) async fn count(&self) -> Result<(), Fault> {
        let Some(quota) = &self.quota else { return Ok(()) };
        let words = "the agency's requests of this month are used up";
        let used_up = |pause| Fault::new(gateway::Reason::QuotaUsedUp, words).retry_after(pause);
        quota.take().await.map_err(used_up)
    }
}

/// Whether a caller may call a method.
pub(crate) fn may(caller: &Principal, partner: bool, method: &contract::Method) -> bool {
    method.admits(partner, |permission| caller.may(permission))
}

impl Errands {
    pub(crate) fn new(
        keys: KeyTable,
        bootstrap: Option<Bootstrap>,
        quotas: Arc<Quotas>,
        upstreams: Upstreams,
        signer: Arc<Signer>,
    ) -> Self {
        Self { keys, bootstrap, quotas, upstreams, signer }
    }

    /// Whom a key stands for, if it is in force.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn bearer(&self, key: &str) -> Result<Option<Bearer>, Fault> {
        if let Some(own) = self.bootstrap.as_ref().filter(|own| own.subject() == key) {
            return Ok(Some(Bearer { principal: own.principal(), partner: false, quota: None }));
        }
        let found = self.keys.in_force(key).await.map_err(pg::fault)?;
        Ok(found.map(|InForce { principal, partner, quota }| {
            let holder = principal.agency.as_deref().map_or_else(|| principal.subject.to_string(), agencies::name);
            let quota = quota.map(|(product, limit)| self.quotas.of(&holder, &product, limit));
            Bearer { principal, partner, quota }
        }))
    }

    /// Calls a method for a key. What comes are the answer's messages.
    ///
    /// # Errors
    /// The service cannot be reached, or refuses.
    pub(crate) async fn call(
        &self,
        bearer: &Bearer,
        method: &contract::Method,
        body: Body,
        patience: Duration,
    ) -> Result<Messages, Fault> {
        let away = || Fault::new(Reason::Unavailable, "this gateway does not reach the service");
        let upstream = self.upstreams.get(method.service()).ok_or_else(away)?;
        let token = self.signer.mint(&bearer.principal, Utc::now());
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(method.path()).expect("a method's path is a path");
        *request.version_mut() = Version::HTTP_2;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(METADATA_KEY, HeaderValue::try_from(token).expect("a token is base64 and dots"));
        request.extensions_mut().insert(Deadline(Instant::now() + patience));
        Messages::of(upstream.call(request).await?)
    }
}
