//! Figures on visas by post and month (Visa Code, art. 46): counted once, when the month is over, and never changed.

use chrono::{Datelike as _, NaiveDate};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::visa_application::{State, VisaClass};
use proto::consular::v1::visa_statistic_service_server::VisaStatisticService;
use proto::consular::v1::{
    CreateVisaStatisticRequest, Figures, GetVisaStatisticRequest, ListVisaStatisticRevisionsRequest,
    ListVisaStatisticRevisionsResponse, ListVisaStatisticsRequest, ListVisaStatisticsResponse, Reason, VisaApplication,
    VisaStatistic, WatchVisaStatisticsRequest, WatchVisaStatisticsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::Request;

/// What is counted, in this order.
const CLASSES: [VisaClass; 3] = [VisaClass::A, VisaClass::C, VisaClass::D];

/// The figures.
#[derive(Clone, Debug)]
pub struct VisaStatistics {
    registry: Registry<Self>,
}

impl Keep for VisaStatistics {
    type Record = VisaStatistic;

    /// Our own officers; what is published is published elsewhere.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// A month that is over.
    fn admit(statistic: &mut VisaStatistic, call: &mut Call) -> Result<(), Fault> {
        let today = call.days().date(call.now());
        let first: Option<NaiveDate> = format!("{}-01", statistic.month).parse().ok();
        let over = first.is_some_and(|first| (first.year(), first.month()) < (today.year(), today.month()));
        refuse_if(!over, Reason::FiguresUnfit, "the figures of a month are taken when it is over")
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the figures of this post and month were taken";
        (name == "visa_statistics_once").then(|| Fault::new(Reason::FiguresUnfit, words))
    }
}

impl VisaStatistics {
    /// The figures that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl VisaStatisticService for VisaStatistics {
    async fn get_visa_statistic(&self, request: Request<GetVisaStatisticRequest>) -> Answer<VisaStatistic> {
        self.registry.get(request).await
    }

    async fn list_visa_statistics(
        &self,
        request: Request<ListVisaStatisticsRequest>,
    ) -> Answer<ListVisaStatisticsResponse> {
        self.registry.list(request).await
    }

    async fn create_visa_statistic(&self, request: Request<CreateVisaStatisticRequest>) -> Answer<VisaStatistic> {
        self.registry.create_with(request, figures, take).await
    }

    async fn list_visa_statistic_revisions(
        &self,
        request: Request<ListVisaStatisticRevisionsRequest>,
    ) -> Answer<ListVisaStatisticRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchVisaStatisticsStream = Feed<WatchVisaStatisticsResponse>;

    async fn watch_visa_statistics(
        &self,
        request: Request<WatchVisaStatisticsRequest>,
    ) -> Answer<Self::WatchVisaStatisticsStream> {
        self.registry.watch(request).await
    }
}

async fn figures(reader: &mut Reader<'_>, statistic: &VisaStatistic) -> Result<Vec<Figures>, Fault> {
    let (post, month) = (statistic.post.as_str(), statistic.month.as_str());
    let granted_states = [State::Granted.as_str_name(), State::Issued.as_str_name()];
    let mut all = Vec::with_capacity(CLASSES.len());
    for class in CLASSES {
        let (own, class_name) = (("post", &[post][..]), [class.as_str_name()]);
        let of_class = ("visa_class", &class_name[..]);
        let lodged = reader.count::<VisaApplication>(&[own, of_class, ("lodged_month", &[month])]).await?;
        let decided = ("decided_month", &[month][..]);
        let granted = reader.count::<VisaApplication>(&[own, of_class, decided, ("state", &granted_states)]).await?;
        let refused = [State::Refused.as_str_name()];
        let refused = reader.count::<VisaApplication>(&[own, of_class, decided, ("state", &refused)]).await?;
        let multiple = reader
            .count::<VisaApplication>(&[
                own,
                of_class,
                decided,
                ("state", &granted_states),
                ("entry_rule", &["MULTIPLE"]),
            ])
            .await?;
        let refused_per_mille = i32::try_from(refused * 1000 / (granted + refused).max(1)).unwrap_or_default();
        all.push(Figures { visa_class: class.into(), lodged, granted, multiple, refused, refused_per_mille });
    }
    Ok(all)
}

fn take(statistic: &mut VisaStatistic, figures: Vec<Figures>, _: &mut Call) -> Result<(), Fault> {
    statistic.figures = figures;
    Ok(())
}
