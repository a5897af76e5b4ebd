//! What services cost, each row from its day on: proposed, approved by another person, never overwritten.

use crate::fee_choice::choose;
use fault::Fault;
use identity::Principal;
use proto::consular::v1::fee_schedule_service_server::FeeScheduleService;
use proto::consular::v1::{
    ApproveFeeScheduleRequest, CreateFeeScheduleRequest, FeeSchedule, GetFeeScheduleRequest,
    ListFeeScheduleRevisionsRequest, ListFeeScheduleRevisionsResponse, ListFeeSchedulesRequest,
    ListFeeSchedulesResponse, QuoteFeeRequest, Reason, WatchFeeSchedulesRequest, WatchFeeSchedulesResponse,
    WithdrawFeeScheduleRequest,
};
use registry::{Answer, Feed, Keep, Registry, Visible};
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
        self.registry.act(request, |_, _, _| Ok(())).await
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
