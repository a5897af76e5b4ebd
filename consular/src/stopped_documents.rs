//! Documents that are out of use as a feed for other registers: what changed since the call before, none of it left out.
//!
//! It is read from the history by transaction and step, as everything is that goes on from a cursor: what commits later than
//! another may have begun before it, so that nothing is given from behind the oldest transaction that is still open.

use crate::reported_documents::ReportedDocuments;
use fault::{Fault, refuse_if};
use futures::{StreamExt as _, TryStreamExt as _};
use identity::Called;
use proto::consular::v1::reported_document::{Kind, Loss};
use proto::consular::v1::stopped_document::Change;
use proto::consular::v1::stopped_document_service_server::StoppedDocumentService;
use proto::consular::v1::{ExportStoppedDocumentsRequest, ExportStoppedDocumentsResponse, StoppedDocument};
use proto::policy::v1::Reason as House;
use registry::{Answer, Feed, Registry, Store, timestamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tonic::{Request, Response, Status};

/// How many changes are read at once.
const AT_ONCE: i64 = 500;

/// Up to where everything is committed or undone: below the oldest transaction that is open anywhere in the cluster.
const HORIZON: &str = "select pg_snapshot_xmin(pg_current_snapshot())::text";

/// Changes of documents that are out of use, behind a place and before the horizon. Which they are is the condition of
/// the index `history_of_stopped_documents`, too: without it a call would walk through all of the history. Ours have no
/// number of the contract for what became of them but their state.
const CHANGES: &str = "select h.tx::text as tx, h.seq, h.kind, h.name, h.at, h.doc->>'number' as number,
        h.doc->>'state' as state, h.doc->>'issuer' as issuer, h.doc->>'kind' as type, h.doc->>'loss' as loss,
        exists (select from history b where b.name = h.name and b.version = h.version - 1
            and (h.kind = 'reportedDocuments' or b.doc->>'state' = h.doc->>'state')) as again
    from history h
    where h.tx < $1::text::xid8 and (h.tx, h.seq) > ($2::text::xid8, $3)
        and (h.kind = 'reportedDocuments'
            or h.kind = 'travelDocuments' and h.doc->>'state' in ('LOST', 'STOLEN', 'REVOKED')
            or h.kind = 'visas' and h.doc->>'state' in ('LOST', 'STOLEN')
            or h.kind = 'emergencyTravelDocuments' and h.doc->>'state' in ('REPORTED_LOST', 'REPORTED_STOLEN'))
    order by h.tx, h.seq limit $4";

/// The feed.
#[derive(Clone, Debug)]
pub struct StoppedDocuments {
    store: Store,
    reports: Registry<ReportedDocuments>,
}

/// Where a call stands: behind this step of this transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    tx: u64,
    seq: i64,
}

impl Place {
    /// What a caller sends back, its form checked by the contract; the beginning if it is empty.
    fn read(cursor: &str) -> Result<Self, Fault> {
        if cursor.is_empty() {
            return Ok(Self::default());
        }
        let place =
            cursor.split_once('-').and_then(|(tx, seq)| Some(Self { tx: tx.parse().ok()?, seq: seq.parse().ok()? }));
        place.ok_or_else(|| Fault::new(House::InvalidPageToken, "the cursor is none of this feed"))
    }

    fn cursor(&self) -> String {
        format!("{}-{}", self.tx, self.seq)
    }
}

impl StoppedDocuments {
    /// The feed of a register.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), reports: store.keep() }
    }

    /// Up to where this call reads. A cursor beyond it is of another database, as before one was put back from a copy: going on
    /// from there would leave out whatever happens until then.
    async fn horizon(&self, from: &Place) -> Result<u64, Fault> {
        let found: String = sqlx::query_scalar(HORIZON).fetch_one(self.store.pool()).await.map_err(pg::fault)?;
        let horizon = found.parse().map_err(|error: std::num::ParseIntError| {
            Fault::new(House::Internal, "the database's snapshot cannot be read").caused_by(error)
        })?;
        refuse_if(from.tx > horizon, House::InvalidPageToken, "the cursor is of another register: begin anew")?;
        Ok(horizon)
    }

    async fn page(&self, from: &Place, horizon: u64) -> Result<Vec<(Place, StoppedDocument)>, Fault> {
        let text =
            sqlx::query(CHANGES).bind(horizon.to_string()).bind(from.tx.to_string()).bind(from.seq).bind(AT_ONCE);
        let rows = text.fetch_all(self.store.pool()).await.map_err(pg::fault)?;
        rows.iter().map(|row| change(row, &self.store.home().state).map_err(pg::fault)).collect()
    }

    /// The lines behind a place, and the one that says where to go on.
    async fn lines(
        &self,
        request: Request<ExportStoppedDocumentsRequest>,
    ) -> Answer<Feed<ExportStoppedDocumentsResponse>> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let from = Place::read(&ask.cursor)?;
        let horizon = self.horizon(&from).await?;
        let begin = (self.clone(), called, ask, Some(from));
        let pages = futures::stream::try_unfold(begin, move |(feed, called, ask, from)| async move {
            let Some(from) = from else { return Ok(None) };
            let changes = feed.page(&from, horizon).await?;
            // Before any of it is handed out.
            let records = changes.iter().map(|(_, document)| document.record.clone()).collect();
            feed.reports.audit_given(&called, &ask, records).await?;
            let full = i64::try_from(changes.len()).is_ok_and(|count| count == AT_ONCE);
            let next = changes.last().filter(|_| full).map(|(place, _)| place.clone());
            let end = next.is_none().then(|| line(&Place { tx: horizon, seq: 0 }, None));
            let lines: Vec<_> =
                changes.into_iter().map(|(place, document)| line(&place, Some(document))).chain(end).collect();
            let lines = futures::stream::iter(lines.into_iter().map(Ok));
            Ok::<_, Status>(Some((lines, (feed, called, ask, next))))
        });
        Ok(Response::new(pages.try_flatten().boxed()))
    }
}

fn line(place: &Place, document: Option<StoppedDocument>) -> ExportStoppedDocumentsResponse {
    ExportStoppedDocumentsResponse { cursor: place.cursor(), document }
}

fn change(row: &PgRow, home: &str) -> Result<(Place, StoppedDocument), sqlx::Error> {
    let unreadable = |error: std::num::ParseIntError| sqlx::Error::Decode(Box::new(error));
    let place = Place { tx: row.try_get::<&str, _>("tx")?.parse().map_err(unreadable)?, seq: row.try_get("seq")? };
    let (kind, state): (&str, &str) = (row.try_get("kind")?, row.try_get("state")?);
    let (said, loss): (Option<&str>, Option<&str>) = (row.try_get("type")?, row.try_get("loss")?);
    let (what, fate) = match kind {
        "travelDocuments" => (Kind::Passport, state),
        "visas" => (Kind::VisaSticker, state),
        "emergencyTravelDocuments" => (Kind::OtherTravelDocument, state.trim_start_matches("REPORTED_")),
        _ => (said.and_then(Kind::from_str_name).unwrap_or_default(), loss.unwrap_or_default()),
    };
    let change = match (kind, state) {
        ("reportedDocuments", "WITHDRAWN") => Change::TakenBack,
        _ if row.try_get("again")? => Change::Corrected,
        _ => Change::Entered,
    };
    let document = StoppedDocument {
        change: change.into(),
        number: row.try_get("number")?,
        issuer: row
            .try_get::<Option<String>, _>("issuer")?
            .filter(|_| kind == "reportedDocuments")
            .unwrap_or_else(|| home.to_owned()),
        kind: what.into(),
        loss: Loss::from_str_name(fate).unwrap_or_default().into(),
        time: Some(timestamp(row.try_get("at")?)),
        record: row.try_get("name")?,
    };
    Ok((place, document))
}

#[tonic::async_trait]
impl StoppedDocumentService for StoppedDocuments {
    type ExportStoppedDocumentsStream = Feed<ExportStoppedDocumentsResponse>;

    async fn export_stopped_documents(
        &self,
        request: Request<ExportStoppedDocumentsRequest>,
    ) -> Answer<Self::ExportStoppedDocumentsStream> {
        self.lines(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_was_given() {
        let place = Place { tx: 7_401, seq: 12 };
        assert_eq!(Place::read(&place.cursor()).unwrap(), place);
        assert_eq!(Place::read("").unwrap(), Place::default());
        for wrong in ["7", "7-", "-7", "7-x", "99999999999999999999-1"] {
            assert_eq!(Place::read(wrong).unwrap_err().reason(), "INVALID_PAGE_TOKEN", "{wrong}");
        }
    }
}
