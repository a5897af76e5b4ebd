//! What every service's audit service answers: its log read, exported and held against its seals. Each package of the
//! contract has an audit service of its own, which passes its questions on to this.

use events::chain::{self, Key};
use fault::Fault;
use futures::StreamExt as _;
use identity::Called;
use proto::registry::v1::{
    ExportAuditRequest, ExportAuditResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListReadingsRequest,
    ListReadingsResponse, VerifyAuditRequest, VerifyAuditResponse,
};
use proto::shape::Ask;
use registry::{Answer, Feed, Store};
use tonic::{Request, Response, Status};

/// The audit log of one service.
#[derive(Clone, Debug)]
pub struct AuditLog {
    store: Store,
    service: &'static str,
}

impl AuditLog {
    /// The log of a service's register.
    pub fn new(store: Store, service: &'static str) -> Self {
        Self { store, service }
    }

    /// The register whose log it is.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A page of what was done, read and refused.
    ///
    /// # Errors
    /// See [`Store::trail`].
    pub async fn entries(&self, request: Request<ListAuditEntriesRequest>) -> Answer<ListAuditEntriesResponse> {
        self.store.trail(request).await
    }

    /// A page of who read a person's record.
    ///
    /// # Errors
    /// See [`Store::readings`].
    pub async fn readings(&self, request: Request<ListReadingsRequest>) -> Answer<ListReadingsResponse> {
        self.store.readings(request).await
    }

    /// Every entry as it was sealed, for who checks it without us.
    ///
    /// # Errors
    /// `INVALID_FIELDS`; the database's.
    pub async fn export(&self, request: Request<ExportAuditRequest>) -> Answer<Feed<ExportAuditResponse>> {
        let ask = self.asked(request).await?;
        Ok(Response::new(chain::export(self.store.pool().clone(), self.service, ask.after).boxed()))
    }

    /// Whether the log is as it was sealed with this key.
    ///
    /// # Errors
    /// `INVALID_FIELDS`, also for anchors that are none; the database's.
    pub async fn verify(&self, key: &Key, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        let ask = self.asked(request).await?;
        Ok(Response::new(self.verified(key, &ask).await?))
    }

    /// The same for a request that was taken up before ([`Self::asked`]).
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verified(&self, key: &Key, ask: &VerifyAuditRequest) -> Result<VerifyAuditResponse, Fault> {
        let anchors = chain::read_anchors(self.service, &ask.anchors)?;
        Ok(chain::verify(self.store.pool(), key, &anchors).await.map_err(pg::fault)?.into())
    }

    /// Takes an auditor's question up: checked, and noted in the log before it is answered.
    ///
    /// # Errors
    /// `INVALID_FIELDS`; the database's.
    pub async fn asked<R: Ask>(&self, request: Request<R>) -> Result<R, Status> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        self.store.note_read(&called, "").await?;
        Ok(ask)
    }
}
