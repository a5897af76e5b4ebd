//! The ledger of deliveries as records: read, listed, and asked for once more.

use fault::Fault;
use identity::Principal;
use proto::gateway::v1::delivery_service_server::DeliveryService;
use proto::gateway::v1::{
    Delivery, GetDeliveryRequest, ListDeliveriesRequest, ListDeliveriesResponse, RedeliverDeliveryRequest,
};
use registry::{Answer, Call, Keep, Registry, Visible};
use tonic::Request;

/// The deliveries.
#[derive(Clone, Debug)]
pub(crate) struct Deliveries {
    registry: Registry<Self>,
}

impl Keep for Deliveries {
    type Record = Delivery;

    /// An agency sees those to its own webhooks; our own applications see all.
    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("agency", agency))
    }
}

impl Deliveries {
    pub(crate) fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl DeliveryService for Deliveries {
    async fn get_delivery(&self, request: Request<GetDeliveryRequest>) -> Answer<Delivery> {
        self.registry.get(request).await
    }

    async fn list_deliveries(&self, request: Request<ListDeliveriesRequest>) -> Answer<ListDeliveriesResponse> {
        self.registry.list(request).await
    }

    async fn redeliver_delivery(&self, request: Request<RedeliverDeliveryRequest>) -> Answer<Delivery> {
        self.registry.act(request, redeliver).await
    }
}

/// From the ladder's first step on.
fn redeliver(delivery: &mut Delivery, _: RedeliverDeliveryRequest, call: &mut Call) -> Result<(), Fault> {
    delivery.attempts = 0;
    delivery.next_time = Some(call.timestamp());
    delivery.deliver_time = None;
    Ok(())
}
