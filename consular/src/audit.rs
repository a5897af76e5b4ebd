//! What auditors read: the audit log, and whether it is as it was sealed.

use events::chain::{self, Key};
use futures::StreamExt as _;
use identity::Called;
use proto::consular::v1::audit_service_server::AuditService;
use proto::registry::v1::{
    ExportAuditRequest, ExportAuditResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListReadingsRequest,
    ListReadingsResponse, VerifyAuditRequest, VerifyAuditResponse,
};
use registry::{Answer, Feed, Store};
use tonic::{Request, Response};

/// The audit log of this service.
#[derive(Clone, Debug)]
pub struct Audit {
    store: Store,
    key: Key,
}

impl Audit {
    /// The log of a register, sealed with this key.
    pub fn new(store: Store, key: Key) -> Self {
        Self { store, key }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_entries(&self, request: Request<ListAuditEntriesRequest>) -> Answer<ListAuditEntriesResponse> {
        self.store.trail(request).await
    }

    async fn list_readings(&self, request: Request<ListReadingsRequest>) -> Answer<ListReadingsResponse> {
        self.store.readings(request).await
    }

    type ExportAuditStream = Feed<ExportAuditResponse>;

    async fn export_audit(&self, request: Request<ExportAuditRequest>) -> Answer<Self::ExportAuditStream> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        self.store.note_read(&called, "").await?;
        Ok(Response::new(chain::export(self.store.pool().clone(), "consular", ask.after).boxed()))
    }

    async fn verify_audit(&self, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let anchors = chain::read_anchors("consular", &ask.anchors)?;
        self.store.note_read(&called, "").await?;
        let report = chain::verify(self.store.pool(), &self.key, &anchors).await.map_err(pg::fault)?;
        Ok(Response::new(report.into()))
    }
}
