//! What auditors read at the door: the audit log, the calls, and whether both are as they were sealed.

use crate::calls;
use events::chain::{self, Anchor, Key};
use fault::{Fault, refuse_if};
use futures::StreamExt as _;
use identity::Called;
use proto::gateway::v1::audit_service_server::AuditService;
use proto::gateway::v1::{ExportCallsRequest, ExportCallsResponse, Reason};
use proto::policy::v1::Reason as House;
use proto::registry::v1::{ListAuditEntriesRequest, ListAuditEntriesResponse, VerifyAuditRequest, VerifyAuditResponse};
use registry::{Answer, Feed, Store, instant};
use tonic::{Request, Response};

/// The most findings that are listed; what is more is counted.
const MOST_FINDINGS: usize = 1_000;

/// The audit log of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    store: Store,
    /// What it is sealed with; none if this gateway does not seal.
    key: Option<Key>,
}

impl Audit {
    pub(crate) fn new(store: Store, key: Option<Key>) -> Self {
        Self { store, key }
    }

    async fn verified(&self, ask: &VerifyAuditRequest) -> Result<VerifyAuditResponse, Fault> {
        let words = "this gateway does not seal its audit log";
        let key = self.key.as_ref().ok_or_else(|| Fault::new(Reason::AuditNotSealed, words))?;
        let anchors = ask.anchors.iter().enumerate().map(|(n, text)| anchor(n, text)).collect::<Result<Vec<_>, _>>()?;
        let pool = self.store.pool();
        let report = chain::verify(pool, key, &anchors).await.map_err(pg::fault)?;
        let (calls, of_calls) = calls::check(pool).await.map_err(pg::fault)?;
        let mut findings: Vec<_> = report.findings.iter().map(ToString::to_string).chain(of_calls).collect();
        let beyond = findings.len().saturating_sub(MOST_FINDINGS);
        findings.truncate(MOST_FINDINGS);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(VerifyAuditResponse {
            intact: findings.is_empty(),
            sealed: number(report.sealed),
            unsealed: number(report.unsealed),
            unanchored: number(report.unanchored),
            calls,
            findings,
            more: number(report.more + beyond as u64),
        })
    }
}

/// An anchor as `position:hash`.
fn anchor(n: usize, text: &str) -> Result<Anchor, Fault> {
    let wrong =
        || Fault::new(House::InvalidFields, "1 field is wrong").at(format!("anchors[{n}]"), "is not position:hash");
    let (position, hash) = text.split_once(':').ok_or_else(wrong)?;
    let shaped = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let position = position.parse().ok().filter(|_| shaped).ok_or_else(wrong)?;
    Ok(Anchor { service: "gateway".to_owned(), position, hash: hash.to_owned(), at: chrono::DateTime::default() })
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_entries(&self, request: Request<ListAuditEntriesRequest>) -> Answer<ListAuditEntriesResponse> {
        self.store.trail(request).await
    }

    type ExportCallsStream = Feed<ExportCallsResponse>;

    async fn export_calls(&self, request: Request<ExportCallsRequest>) -> Answer<Self::ExportCallsStream> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let (from, until) = (ask.from_time.as_ref().and_then(instant), ask.until_time.as_ref().and_then(instant));
        let empty = from.zip(until).is_some_and(|(from, until)| from >= until);
        refuse_if(empty, House::InvalidFields, "the time ends before it begins")?;
        self.store.note_read(&called, "").await?;
        Ok(Response::new(calls::export(self.store.pool().clone(), ask, from, until).boxed()))
    }

    async fn verify_audit(&self, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        self.store.note_read(&called, "").await?;
        Ok(Response::new(self.verified(&ask).await?))
    }
}
