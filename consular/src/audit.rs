//! What auditors read: the audit log, and whether it is as it was sealed.

use events::chain::Key;
use proto::consular::v1::audit_service_server::AuditService;
use proto::registry::v1::{
    ExportAuditRequest, ExportAuditResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListReadingsRequest,
    ListReadingsResponse, VerifyAuditRequest, VerifyAuditResponse,
};
use registry::{Answer, Feed, Store};
use serve::AuditLog;
use tonic::Request;

/// The audit log of this service.
#[derive(Clone, Debug)]
pub struct Audit {
    log: AuditLog,
    key: Key,
}

impl Audit {
    /// The log of a register, sealed with this key.
    pub fn new(store: Store, key: Key) -> Self {
        Self { log: AuditLog::new(store, "consular"), key }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_entries(&self, request: Request<ListAuditEntriesRequest>) -> Answer<ListAuditEntriesResponse> {
        self.log.entries(request).await
    }

    async fn list_readings(&self, request: Request<ListReadingsRequest>) -> Answer<ListReadingsResponse> {
        self.log.readings(request).await
    }

    type ExportAuditStream = Feed<ExportAuditResponse>;

    async fn export_audit(&self, request: Request<ExportAuditRequest>) -> Answer<Self::ExportAuditStream> {
        self.log.export(request).await
    }

    async fn verify_audit(&self, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        self.log.verify(&self.key, request).await
    }
}
