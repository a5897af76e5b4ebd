//! What services cost, each row from its day on: proposed, approved by another person, never overwritten.

use crate::fee_choice::{choose, displaced};
use chrono::{DateTime, NaiveDate, Utc};
use fault::Fault;
use identity::Principal;
use proto::consular::v1::fee_schedule_service_server::FeeScheduleService;
use proto::consular::v1::{
    ApproveFeeScheduleRequest, CreateFeeScheduleRequest, FeeSchedule, GetFeeScheduleRequest,
    ListFeeScheduleRevisionsRequest, ListFeeScheduleRevisionsResponse, ListFeeSchedulesRequest,
    ListFeeSchedulesResponse, QuoteFeeRequest, Reason, WatchFeeSchedulesRequest, WatchFeeSchedulesResponse,
    WithdrawFeeScheduleRequest,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The rows.
#[derive(Clone, Debug)]
pub struct FeeSchedules {
    registry: Registry<Self>,
}

impl Keep for FeeSchedules {
    type Record = FeeSchedule;

    /// What a service costs is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "there is a row for this service, post and nationality from this day on";
        (name == "fee_schedules_once").then(|| Fault::new(Reason::FeeAlreadySet, words))
    }
}

impl FeeSchedules {
    /// The rows that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    async fn quote(&self, request: Request<QuoteFeeRequest>) -> Answer<FeeSchedule> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let rows = self.registry.all(&[("code", &[ask.code.as_str()]), ("state", &["APPROVED"])]).await?;
        let store = self.registry.store();
        let date = ask.date.parse().unwrap_or_else(|_| store.days().date(store.now()));
        let row = choose(&rows, &ask.post, &ask.nationality, date).ok_or_else(|| unknown(&ask.code))?;
        Ok(Response::new(row.clone()))
    }
}

/// Nothing says what the service costs.
pub(crate) fn unknown(code: &str) -> Fault {
    Fault::new(Reason::FeeUnknown, format!("nothing in force says what {code} costs")).with("code", code)
}

/// The rows of these services that are in force. None of them is approved until this change is committed.
///
/// # Errors
/// The database's.
pub(crate) async fn in_force(reader: &mut Reader<'_>, codes: &[&str]) -> Result<Vec<FeeSchedule>, Fault> {
    let turns: Vec<_> = codes.iter().map(|code| turn(code)).collect();
    reader.together(&turns).await?;
    reader.all(&[("code", codes), ("state", &["APPROVED"])]).await
}

/// Who approves a row of a service waits for whoever takes a fee for it, for another who approves one, and they for them.
fn turn(code: &str) -> String {
    format!("fees of {code}")
}

/// What an approval is held against.
struct Standing {
    rows: Vec<FeeSchedule>,
    /// The last day that somebody paid for by a row of the service, on the new row's first day or after it.
    paid: Option<NaiveDate>,
    /// When it was looked: not before nobody else could pay or approve.
    at: DateTime<Utc>,
}

async fn standing(
    reader: &mut Reader<'_>,
    row: &FeeSchedule,
    _: &ApproveFeeScheduleRequest,
) -> Result<Standing, Fault> {
    reader.alone(&turn(&row.code)).await?;
    let rows = reader.all(&[("code", &[row.code.as_str()]), ("state", &["APPROVED"])]).await?;
    let paid = if displaced(&rows, row, NaiveDate::MAX).is_some() { last_paid(reader, row).await? } else { None };
    Ok(Standing { rows, paid, at: reader.now() })
}

async fn last_paid(reader: &mut Reader<'_>, row: &FeeSchedule) -> Result<Option<NaiveDate>, Fault> {
    let text = "select max(doc->>'orderDate') from receipts where doc->>'orderDate' >= $1 \
        and doc->'lines' @> jsonb_build_array(jsonb_build_object('code', $2::text)) \
        and $3 in ('', post) and $4 in ('', doc->>'nationality') and (doc->'total'->>'minorUnits')::bigint > 0";
    let last =
        sqlx::query_scalar(text).bind(&row.effective_date).bind(&row.code).bind(&row.post).bind(&row.nationality);
    let last: Option<String> = last.fetch_one(reader.beside()).await.map_err(pg::fault)?;
    Ok(last.and_then(|day| day.parse().ok()))
}

/// What something cost on a day that is over, or that somebody paid for, is not changed afterwards. A row may begin in the past
/// where nothing cost anything until now.
fn approve(
    row: &mut FeeSchedule,
    _: ApproveFeeScheduleRequest,
    standing: Standing,
    call: &mut Call,
) -> Result<(), Fault> {
    let over = call.days().date(standing.at).pred_opt();
    let Some(last) = over.max(standing.paid) else { return Ok(()) };
    let Some(other) = displaced(&standing.rows, row, last) else { return Ok(()) };
    let words = format!("until {last} another row says what it costs, and that stands");
    Err(Fault::new(Reason::FeeBackdated, words).with("feeSchedule", other.name.clone()).with("last", last.to_string()))
}

#[tonic::async_trait]
impl FeeScheduleService for FeeSchedules {
    async fn get_fee_schedule(&self, request: Request<GetFeeScheduleRequest>) -> Answer<FeeSchedule> {
        self.registry.get(request).await
    }

    async fn list_fee_schedules(&self, request: Request<ListFeeSchedulesRequest>) -> Answer<ListFeeSchedulesResponse> {
        self.registry.list(request).await
    }

    async fn create_fee_schedule(&self, request: Request<CreateFeeScheduleRequest>) -> Answer<FeeSchedule> {
        self.registry.create(request).await
    }

    async fn approve_fee_schedule(&self, request: Request<ApproveFeeScheduleRequest>) -> Answer<FeeSchedule> {
        self.registry.act_with(request, standing, approve).await
    }

    async fn withdraw_fee_schedule(&self, request: Request<WithdrawFeeScheduleRequest>) -> Answer<FeeSchedule> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn quote_fee(&self, request: Request<QuoteFeeRequest>) -> Answer<FeeSchedule> {
        self.quote(request).await
    }

    async fn list_fee_schedule_revisions(
        &self,
        request: Request<ListFeeScheduleRevisionsRequest>,
    ) -> Answer<ListFeeScheduleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchFeeSchedulesStream = Feed<WatchFeeSchedulesResponse>;

    async fn watch_fee_schedules(
        &self,
        request: Request<WatchFeeSchedulesRequest>,
    ) -> Answer<Self::WatchFeeSchedulesStream> {
        self.registry.watch(request).await
    }
}
