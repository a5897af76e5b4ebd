//! What auditors read at the door: the audit log, the calls, and whether both are as they were sealed.

use crate::calls;
use events::chain::Key;
use fault::{Fault, refuse_if};
use futures::StreamExt as _;
use identity::Called;
use proto::gateway::v1::audit_service_server::AuditService;
use proto::gateway::v1::{ExportCallsRequest, ExportCallsResponse, Reason};
use proto::policy::v1::Reason as House;
use proto::registry::v1::{
    ExportAuditRequest, ExportAuditResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListReadingsRequest,
    ListReadingsResponse, VerifyAuditRequest, VerifyAuditResponse,
};
use registry::{Answer, Feed, Store, instant};
use serve::AuditLog;
use std::net::IpAddr;
use tonic::{Request, Response};

/// The most findings that are listed; what is more is counted.
const MOST_FINDINGS: usize = 1_000;

/// The audit log of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    log: AuditLog,
    /// What it is sealed with; none if this gateway does not seal.
    key: Option<Key>,
}

impl Audit {
    pub(crate) fn new(store: Store, key: Option<Key>) -> Self {
        Self { log: AuditLog::new(store, "gateway"), key }
    }

    async fn verified(&self, ask: &VerifyAuditRequest) -> Result<VerifyAuditResponse, Fault> {
        let words = "this gateway does not seal its audit log";
        let key = self.key.as_ref().ok_or_else(|| Fault::new(Reason::AuditNotSealed, words))?;
        let report = self.log.verified(key, ask).await?;
        let (calls, of_calls) = calls::check(self.log.store().pool()).await.map_err(pg::fault)?;
        let mut said = VerifyAuditResponse { calls, ..report };
        said.findings.extend(of_calls);
        said.intact = said.findings.is_empty();
        let beyond = said.findings.len().saturating_sub(MOST_FINDINGS);
        said.findings.truncate(MOST_FINDINGS);
        said.more += i64::try_from(beyond).unwrap_or(i64::MAX);
        Ok(said)
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_entries(&self, request: Request<ListAuditEntriesRequest>) -> Answer<ListAuditEntriesResponse> {
        self.log.entries(request).await
    }

    type ExportCallsStream = Feed<ExportCallsResponse>;

    async fn export_calls(&self, request: Request<ExportCallsRequest>) -> Answer<Self::ExportCallsStream> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let (from, until) = (ask.from_time.as_ref().and_then(instant), ask.until_time.as_ref().and_then(instant));
        let empty = from.zip(until).is_some_and(|(from, until)| from >= until);
        refuse_if(empty, House::InvalidFields, "the time ends before it begins")?;
        let whence = match ask.address.parse::<IpAddr>() {
            Ok(address) => Some(calls::whence(self.log.store().pool(), address).await.map_err(pg::fault)?),
            Err(_) if ask.address.is_empty() => None,
            Err(_) => {
                let wrong = Fault::new(House::InvalidFields, "1 field is wrong").at("address", "is no IP address");
                return Err(wrong.into());
            }
        };
        self.log.store().note_read(&called, &ask.record).await?;
        Ok(Response::new(calls::export(self.log.store().pool().clone(), ask, from, until, whence).boxed()))
    }

    async fn list_readings(&self, request: Request<ListReadingsRequest>) -> Answer<ListReadingsResponse> {
        self.log.readings(request).await
    }

    type ExportAuditStream = Feed<ExportAuditResponse>;

    async fn export_audit(&self, request: Request<ExportAuditRequest>) -> Answer<Self::ExportAuditStream> {
        self.log.export(request).await
    }

    async fn verify_audit(&self, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        let ask = self.log.asked(request).await?;
        Ok(Response::new(self.verified(&ask).await?))
    }
}
