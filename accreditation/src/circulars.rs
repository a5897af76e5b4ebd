//! Circulars to all missions, or all of some kinds: numbered, issued, withdrawn, and who has read them.

use crate::papers::{Papers, circular, speaks};
use chrono::Datelike as _;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::circular_service_server::CircularService;
use proto::accreditation::v1::{
    Circular, CircularReading, CreateCircularRequest, DeleteCircularRequest, GetCircularRequest, IssueCircularRequest,
    ListCircularRevisionsRequest, ListCircularRevisionsResponse, ListCircularsRequest, ListCircularsResponse,
    PrintCircularRequest, Reason, ReportCircularReceiptsRequest, ReportCircularReceiptsResponse, UpdateCircularRequest,
    WatchCircularsRequest, WatchCircularsResponse, WithdrawCircularRequest, circular::State, mission,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use sqlx::Row as _;
use std::sync::Arc;
use tonic::{Request, Response};

/// What `shown_to` says once missions may read a circular.
pub(crate) const MISSIONS: &str = "missions";

/// The missions that a circular is for, and when each confirmed it: those at work, and those that confirmed although they
/// no longer are.
const READINGS: &str = "select m.name, m.title, r.read_time
    from missions m left join circular_receipts r on r.mission = m.name and r.circular = $1 and r.deleted_at is null
    where m.deleted_at is null and (cardinality($2::text[]) = 0 or m.type = any ($2))
        and (m.state in ('OPEN', 'RESTRICTED') or r.read_time is not null)
    order by m.name";

/// The circulars.
#[derive(Clone, Debug)]
pub struct Circulars {
    registry: Registry<Self>,
    papers: Papers,
}

impl Keep for Circulars {
    type Record = Circular;

    /// Missions read what was issued, whomever it is addressed to; drafts are for those who write them.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |_| Visible::having("shown_to", &Arc::from(MISSIONS)))
    }

    fn admit(circular: &mut Circular, _: &mut Call) -> Result<(), Fault> {
        well_formed(circular)
    }

    fn amend(circular: &mut Circular, _: &Circular, _: &mut Call) -> Result<(), Fault> {
        well_formed(circular)
    }
}

impl Circulars {
    /// The circulars that a registry keeps.
    pub fn new(registry: Registry<Self>, papers: Papers) -> Self {
        Self { registry, papers }
    }

    async fn readings(&self, circular: &Circular) -> Result<Vec<CircularReading>, Fault> {
        let kinds: Vec<_> = circular.audience().map(|kind| kind.as_str_name()).collect();
        let query = sqlx::query(READINGS).bind(&circular.name).bind(kinds);
        let rows = query.fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        let (confirm_by, now) = (circular.confirm_by.as_ref().and_then(instant), self.registry.store().now());
        let reading = |row: &sqlx::postgres::PgRow| {
            let read: Option<chrono::DateTime<chrono::Utc>> = row.try_get("read_time").map_err(pg::fault)?;
            Ok(CircularReading {
                mission: row.try_get("name").map_err(pg::fault)?,
                title: row.try_get("title").map_err(pg::fault)?,
                read_time: read.map(timestamp),
                late: confirm_by.is_some_and(|confirm_by| read.unwrap_or(now) > confirm_by),
            })
        };
        rows.iter().map(reading).collect()
    }
}

/// A circular is in a language whose forms of courtesy we have, since it is printed as a circular note.
fn well_formed(circular: &Circular) -> Result<(), Fault> {
    let words = "we have no forms of courtesy in this language";
    refuse_if(!speaks(&circular.language), Reason::NoteLanguageUnknown, words)
        .map_err(|fault| fault.at("circular.language", "is none of ours"))
}

/// The year, and how many numbers of it are taken: given one after another, without gaps.
async fn series(reader: &mut Reader<'_>, _: &Circular, _: &IssueCircularRequest) -> Result<(i32, i64), Fault> {
    let year = reader.now().with_timezone(&reader.home().timezone).year();
    reader.alone(&format!("circulars/{year}")).await?;
    Ok((year, reader.count::<Circular>(&[("series", &[year.to_string().as_str()])]).await?))
}

fn issue(circular: &mut Circular, _: IssueCircularRequest, next: (i32, i64), call: &mut Call) -> Result<(), Fault> {
    let (year, taken) = next;
    let over = circular.confirm_by.as_ref().and_then(instant).is_some_and(|confirm_by| confirm_by <= call.now());
    refuse_if(over, Reason::DatesImplausible, "the time to confirm it is over before it is issued")?;
    let too_many = |_| Fault::new(House::Internal, "a series of circulars is too long");
    circular.number = i32::try_from(taken + 1).map_err(too_many)?;
    circular.series = year.to_string();
    circular.reference = format!("{}/{year}", circular.number);
    circular.issue_time = Some(call.timestamp());
    circular.shown_to = MISSIONS.to_owned();
    Ok(())
}

fn withdraw(circular: &mut Circular, _: WithdrawCircularRequest, call: &mut Call) -> Result<(), Fault> {
    circular.withdraw_time = Some(call.timestamp());
    Ok(())
}

/// Whether the circular asks this kind of mission to confirm it.
pub(crate) fn is_for(circular: &Circular, kind: mission::Type) -> bool {
    circular.audience.is_empty() || circular.audience().any(|known| known == kind)
}

#[tonic::async_trait]
impl CircularService for Circulars {
    async fn get_circular(&self, request: Request<GetCircularRequest>) -> Answer<Circular> {
        self.registry.get(request).await
    }

    async fn list_circulars(&self, request: Request<ListCircularsRequest>) -> Answer<ListCircularsResponse> {
        self.registry.list(request).await
    }

    async fn create_circular(&self, request: Request<CreateCircularRequest>) -> Answer<Circular> {
        self.registry.create(request).await
    }

    async fn update_circular(&self, request: Request<UpdateCircularRequest>) -> Answer<Circular> {
        self.registry.update(request).await
    }

    async fn delete_circular(&self, request: Request<DeleteCircularRequest>) -> Answer<Circular> {
        self.registry.delete(request).await
    }

    async fn issue_circular(&self, request: Request<IssueCircularRequest>) -> Answer<Circular> {
        self.registry.act_with(request, series, issue).await
    }

    async fn withdraw_circular(&self, request: Request<WithdrawCircularRequest>) -> Answer<Circular> {
        self.registry.act(request, withdraw).await
    }

    async fn report_circular_receipts(
        &self,
        request: Request<ReportCircularReceiptsRequest>,
    ) -> Answer<ReportCircularReceiptsResponse> {
        let circular = self.registry.get(request).await?.into_inner();
        let readings = if circular.state() == State::Draft { Vec::new() } else { self.readings(&circular).await? };
        let read = readings.iter().filter(|reading| reading.read_time.is_some()).count();
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let (read_count, unread_count) = (count(read), count(readings.len() - read));
        Ok(Response::new(ReportCircularReceiptsResponse { readings, read_count, unread_count }))
    }

    async fn print_circular(&self, request: Request<PrintCircularRequest>) -> Answer<HttpBody> {
        let circular = self.registry.get(request).await?.into_inner();
        let order = circular::order(&self.papers, &circular, self.registry.store().home());
        Ok(Response::new(self.papers.print(order).await?))
    }

    async fn list_circular_revisions(
        &self,
        request: Request<ListCircularRevisionsRequest>,
    ) -> Answer<ListCircularRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCircularsStream = Feed<WatchCircularsResponse>;

    async fn watch_circulars(&self, request: Request<WatchCircularsRequest>) -> Answer<Self::WatchCircularsStream> {
        self.registry.watch(request).await
    }
}
