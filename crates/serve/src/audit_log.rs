//! What every service's audit service answers: its log read, exported and held against its seals. Each package of the
//! contract has an audit service of its own, which passes its questions on to this.

use events::chain::{self, Key, Progress};
use fault::Fault;
use futures::StreamExt as _;
use identity::Called;
use proto::policy::v1::Reason;
use proto::registry::v1::{
    ExportAuditRequest, ExportAuditResponse, ListAuditEntriesRequest, ListAuditEntriesResponse, ListReadingsRequest,
    ListReadingsResponse, VerifyAuditRequest, VerifyAuditResponse,
};
use proto::shape::Ask;
use registry::{Answer, Feed, Store};
use std::fmt;
use std::str::FromStr;
use tonic::{Request, Response, Status};

/// The fewest and the most rows of a part of a check: each part is itself on record, so that it must check more than it adds, and
/// be done well within the time that an answer may take.
const PART: (i64, i64) = (100, 100_000);

/// Whose question it is, and about what: a part of a check is gone on with by who began it, with the same anchors.
#[derive(Clone, Debug)]
pub struct PartOf {
    question: Vec<String>,
    most: i64,
}

impl PartOf {
    /// How many rows to check in one part.
    pub fn most(&self) -> i64 {
        self.most
    }

    fn words(&self) -> Vec<&str> {
        self.question.iter().map(String::as_str).collect()
    }
}

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

    /// Whether a part of the log is as it was sealed with this key.
    ///
    /// # Errors
    /// `INVALID_FIELDS`, also for anchors that are none; `INVALID_PAGE_TOKEN`; the database's.
    pub async fn verify(&self, key: &Key, request: Request<VerifyAuditRequest>) -> Answer<VerifyAuditResponse> {
        let (ask, question) = self.asked_part(request).await?;
        let from = self.place(&question, &ask.part)?;
        let (mut said, next) = self.verified(key, &ask, from, question.most).await?;
        said.next_part = next.map(|next| self.part(&question, &next)).unwrap_or_default();
        Ok(Response::new(said))
    }

    /// The same for a request that was taken up before ([`Self::asked_part`]): from a place on, so many links at most, and where
    /// to go on if there are more.
    ///
    /// # Errors
    /// `INVALID_FIELDS` for anchors that are none; the database's.
    pub async fn verified(
        &self,
        key: &Key,
        ask: &VerifyAuditRequest,
        from: Progress,
        most: i64,
    ) -> Result<(VerifyAuditResponse, Option<Progress>), Fault> {
        let anchors = chain::read_anchors(self.service, &ask.anchors)?;
        let verified = chain::verify(self.store.pool(), key, &anchors, from, most).await;
        verified.map(|(report, next)| (report.into(), next)).map_err(pg::fault)
    }

    /// Takes up the question whether a part of the log is as it was sealed.
    ///
    /// # Errors
    /// As [`Self::asked`].
    pub async fn asked_part(
        &self,
        request: Request<VerifyAuditRequest>,
    ) -> Result<(VerifyAuditRequest, PartOf), Status> {
        let caller = Called::of(&request)?.principal.subject.to_string();
        let ask = self.asked(request).await?;
        let mut question = vec!["audit:verify".to_owned(), self.service.to_owned(), caller];
        question.extend(ask.anchors.iter().cloned());
        let (least, most) = PART;
        let most = if ask.most == 0 { most } else { i64::from(ask.most).clamp(least, most) };
        Ok((ask, PartOf { question, most }))
    }

    /// The token by which a check is gone on with.
    pub fn part(&self, of: &PartOf, place: &impl fmt::Display) -> String {
        self.store.token(&of.words(), &place.to_string())
    }

    /// Where a token says to go on; the beginning without one.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`: it is none, or of another question.
    pub fn place<P: FromStr + Default>(&self, of: &PartOf, token: &str) -> Result<P, Fault> {
        if token.is_empty() {
            return Ok(P::default());
        }
        let place = self.store.place(&of.words(), token)?;
        place.parse().map_err(|_| Fault::new(Reason::InvalidPageToken, "the part is not one of this log"))
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
