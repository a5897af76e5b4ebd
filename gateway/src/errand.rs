//! Calls that the gateway makes by itself, with the rights of a key that asked for them earlier.

use crate::caller::{Bootstrap, KeyTable};
use crate::door::Messages;
use crate::upstream::Upstreams;
use chrono::Utc;
use fault::Fault;
use http::header::{self, HeaderValue};
use http::{Method, Request, Uri, Version};
use identity::{METADATA_KEY, Principal, Signer};
use layers::client::Deadline;
use proto::contract;
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
    upstreams: Upstreams,
    signer: Arc<Signer>,
}

/// A key that is in force.
#[derive(Debug)]
pub(crate) struct Bearer {
    principal: Principal,
    partner: bool,
}

impl Bearer {
    /// Whether the key may call a method.
    pub(crate) fn may(&self, method: &contract::Method) -> bool {
        may(&self.principal, self.partner, method)
    }
}

/// Whether a caller may call a method.
pub(crate) fn may(caller: &Principal, partner: bool, method: &contract::Method) -> bool {
    method.admits(partner, |permission| caller.may(permission))
}

impl Errands {
    pub(crate) fn new(keys: KeyTable, bootstrap: Option<Bootstrap>, upstreams: Upstreams, signer: Arc<Signer>) -> Self {
        Self { keys, bootstrap, upstreams, signer }
    }

    /// Whom a key stands for, if it is in force.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn bearer(&self, key: &str) -> Result<Option<Bearer>, Fault> {
        if let Some(own) = self.bootstrap.as_ref().filter(|own| own.subject() == key) {
            return Ok(Some(Bearer { principal: own.principal(), partner: false }));
        }
        let found = self.keys.in_force(key).await.map_err(pg::fault)?;
        Ok(found.map(|(principal, partner)| Bearer { principal, partner }))
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
