//! What auditors read at the door: the audit log, the calls, and whether both are as they were sealed.

use crate::calls::{self, Checked};
use events::chain::{Key, Progress};
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
use serve::{AuditLog, PartOf};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
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

    async fn verified(&self, ask: &VerifyAuditRequest, question: &PartOf) -> Result<VerifyAuditResponse, Fault> {
        let words = "this gateway does not seal its audit log";
        let key = self.key.as_ref().ok_or_else(|| Fault::new(Reason::AuditNotSealed, words))?;
        let (mut said, mut left) = (VerifyAuditResponse::default(), question.most());
        let mut next = Some(self.log.place(question, &ask.part)?);
        while let Some(place) = next.filter(|_| left > 0) {
            next = match place {
                Place::Chain(from) => {
                    let (report, next) = self.log.verified(key, ask, from, left).await?;
                    left -= report.sealed;
                    said = report;
                    Some(next.map_or(Place::Calls(calls::Place::BEGIN), Place::Chain))
                }
                Place::Calls(from) => {
                    let (checked, next) = calls::check(self.log.store().pool(), from, left).await.map_err(pg::fault)?;
                    add(&mut said, checked);
                    left = 0;
                    next.map(Place::Calls)
                }
            };
        }
        said.next_part = next.map(|next| self.log.part(question, &next)).unwrap_or_default();
        said.intact = said.findings.is_empty();
        let beyond = said.findings.len().saturating_sub(MOST_FINDINGS);
        said.findings.truncate(MOST_FINDINGS);
        said.more += i64::try_from(beyond).unwrap_or(i64::MAX);
        Ok(said)
    }
}

/// Where a check goes on: along the chain, and then along the calls.
#[derive(Clone, Copy, Debug)]
enum Place {
    Chain(Progress),
    Calls(calls::Place),
}

impl Default for Place {
    fn default() -> Self {
        Self::Chain(Progress::default())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(progress) => write!(f, "chain {progress}"),
            Self::Calls(place) => write!(f, "calls {place}"),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ') {
            Some(("chain", progress)) => progress.parse().map(Self::Chain).map_err(drop),
            Some(("calls", place)) => place.parse().map(Self::Calls),
            _ => Err(()),
        }
    }
}

fn add(said: &mut VerifyAuditResponse, checked: Checked) {
    said.calls += checked.calls;
    said.emptied += checked.emptied;
    said.kept_seconds = checked.kept_seconds;
    said.findings.extend(checked.findings);
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
        let (ask, question) = self.log.asked_part(request).await?;
        Ok(Response::new(self.verified(&ask, &question).await?))
    }
}
