//! Partner agencies: proposed, approved by another person, suspended and resumed, closed.

use crate::key_rules::networks_fit;
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::gateway::v1::agency::State;
use proto::gateway::v1::agency_service_server::AgencyService;
use proto::gateway::v1::{
    Agency, ApproveAgencyRequest, AssignProductsRequest, CloseAgencyRequest, CreateAgencyRequest, GetAgencyRequest,
    ListAgenciesRequest, ListAgenciesResponse, ListAgencyRevisionsRequest, ListAgencyRevisionsResponse, Product,
    Reason, ResumeAgencyRequest, SuspendAgencyRequest, UpdateAgencyRequest, WatchAgenciesRequest,
    WatchAgenciesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use std::collections::BTreeSet;
use tonic::Request;

/// What stands before an agency's id in its name.
pub(crate) const PREFIX: &str = "agencies/";
/// The end of the agreement under which an agency calls.
const AGREEMENT_TIMER: &str = "agreementEnd";

/// The agencies.
#[derive(Clone, Debug)]
pub(crate) struct Agencies {
    registry: Registry<Self>,
}

impl Keep for Agencies {
    type Record = Agency;

    /// An agency sees itself and none of the others.
    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("name", &name(agency).into()))
    }

    fn admit(agency: &mut Agency, _: &mut Call) -> Result<(), Fault> {
        networks_fit("agency.allowedNetworks", &agency.allowed_networks)
    }

    fn amend(agency: &mut Agency, _: &Agency, call: &mut Call) -> Result<(), Fault> {
        networks_fit("agency.allowedNetworks", &agency.allowed_networks)?;
        if agency.state() != State::Active {
            return Ok(());
        }
        await_end(agency, call)
    }

    /// That it is suspended, the contract says.
    fn fire(_: &mut Agency, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }
}

/// The name of the agency with this id.
pub(crate) fn name(id: &str) -> String {
    format!("{PREFIX}{id}")
}

impl Agencies {
    /// The agencies that a registry keeps.
    pub(crate) fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AgencyService for Agencies {
    async fn get_agency(&self, request: Request<GetAgencyRequest>) -> Answer<Agency> {
        self.registry.get(request).await
    }

    async fn list_agencies(&self, request: Request<ListAgenciesRequest>) -> Answer<ListAgenciesResponse> {
        self.registry.list(request).await
    }

    async fn create_agency(&self, request: Request<CreateAgencyRequest>) -> Answer<Agency> {
        self.registry.create(request).await
    }

    async fn update_agency(&self, request: Request<UpdateAgencyRequest>) -> Answer<Agency> {
        self.registry.update(request).await
    }

    async fn approve_agency(&self, request: Request<ApproveAgencyRequest>) -> Answer<Agency> {
        self.registry.act(request, |agency, _, call| await_end(agency, call)).await
    }

    async fn assign_products(&self, request: Request<AssignProductsRequest>) -> Answer<Agency> {
        self.registry.act_with(request, published, assign).await
    }

    async fn suspend_agency(&self, request: Request<SuspendAgencyRequest>) -> Answer<Agency> {
        self.registry.act(request, without_end).await
    }

    async fn resume_agency(&self, request: Request<ResumeAgencyRequest>) -> Answer<Agency> {
        self.registry.act(request, |agency, _, call| await_end(agency, call)).await
    }

    async fn close_agency(&self, request: Request<CloseAgencyRequest>) -> Answer<Agency> {
        self.registry.act(request, without_end).await
    }

    async fn list_agency_revisions(
        &self,
        request: Request<ListAgencyRevisionsRequest>,
    ) -> Answer<ListAgencyRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAgenciesStream = Feed<WatchAgenciesResponse>;

    async fn watch_agencies(&self, request: Request<WatchAgenciesRequest>) -> Answer<Self::WatchAgenciesStream> {
        self.registry.watch(request).await
    }
}

/// An agency calls as long as its agreement runs, and no longer.
fn await_end(agency: &Agency, call: &mut Call) -> Result<(), Fault> {
    let Some(end) = agency.agreement_end_time.as_ref().and_then(instant) else {
        call.timers().clear(AGREEMENT_TIMER);
        return Ok(());
    };
    let left = (end - call.now()).to_std().unwrap_or_default();
    refuse_if(left.is_zero(), Reason::AgreementOver, "the agreement with the agency is over")?;
    let clock = Clock::new(call.now(), Length::Exactly(left));
    call.timers().set(AGREEMENT_TIMER, clock);
    Ok(())
}

/// An agency that does not call has no agreement to wait for.
fn without_end<R>(_: &mut Agency, _: R, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear(AGREEMENT_TIMER);
    Ok(())
}

/// How many of the products asked for are on offer.
async fn published(reader: &mut Reader<'_>, _: &Agency, request: &AssignProductsRequest) -> Result<i64, Fault> {
    let names: Vec<_> = request.products.iter().map(String::as_str).collect();
    reader.count::<Product>(&[("name", &names), ("state", &["PUBLISHED"])]).await
}

fn assign(agency: &mut Agency, request: AssignProductsRequest, found: i64, _: &mut Call) -> Result<(), Fault> {
    let products: BTreeSet<_> = request.products.into_iter().collect();
    let words = "not all of these are products on offer";
    refuse_if(usize::try_from(found) != Ok(products.len()), Reason::ProductNotAssigned, words)?;
    agency.products = products.into_iter().collect();
    Ok(())
}
