//! Receipts of circulars: each mission confirms once that it has read one.

use crate::circulars::is_for;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::circular_receipt_service_server::CircularReceiptService;
use proto::accreditation::v1::{
    Circular, CircularReceipt, CreateCircularReceiptRequest, GetCircularReceiptRequest, ListCircularReceiptsRequest,
    ListCircularReceiptsResponse, Mission, Reason, WatchCircularReceiptsRequest, WatchCircularReceiptsResponse,
    circular,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The receipts.
#[derive(Clone, Debug)]
pub struct CircularReceipts {
    registry: Registry<Self>,
}

impl Keep for CircularReceipts {
    type Record = CircularReceipt;

    /// A mission sees its own receipts, not who else has read what.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this mission has confirmed this circular already";
        (name == "circular_receipts_once").then(|| Fault::new(Reason::CircularAlreadyConfirmed, words))
    }
}

impl CircularReceipts {
    /// The receipts that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

type Surroundings = (Option<Circular>, Option<Mission>);

async fn surroundings(reader: &mut Reader<'_>, receipt: &CircularReceipt) -> Result<Surroundings, Fault> {
    Ok((reader.share(&receipt.circular).await?, reader.share(&receipt.mission).await?))
}

/// A mission confirms for itself alone, and what was issued, so that it learns of nothing else.
fn confirm(receipt: &mut CircularReceipt, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let (circular, mission) = around;
    let missing =
        |field: &str| Fault::new(House::BrokenReference, "there is no such record").at(field, "does not exist");
    let own = |mission: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == mission.name);
    let mission = mission.filter(own).ok_or_else(|| missing("circularReceipt.mission"))?;
    let shown = |circular: &Circular| call.principal().mission.is_none() || !circular.shown_to.is_empty();
    let circular = circular.filter(shown).ok_or_else(|| missing("circularReceipt.circular"))?;
    let asked = circular.state() == circular::State::Issued && is_for(&circular, mission.r#type());
    refuse_if(!asked, Reason::CircularNotForMission, "the circular does not ask this mission to confirm it")?;
    receipt.read_time = Some(call.timestamp());
    Ok(())
}

#[tonic::async_trait]
impl CircularReceiptService for CircularReceipts {
    async fn get_circular_receipt(&self, request: Request<GetCircularReceiptRequest>) -> Answer<CircularReceipt> {
        self.registry.get(request).await
    }

    async fn list_circular_receipts(
        &self,
        request: Request<ListCircularReceiptsRequest>,
    ) -> Answer<ListCircularReceiptsResponse> {
        self.registry.list(request).await
    }

    async fn create_circular_receipt(&self, request: Request<CreateCircularReceiptRequest>) -> Answer<CircularReceipt> {
        self.registry.create_with(request, surroundings, confirm).await
    }

    type WatchCircularReceiptsStream = Feed<WatchCircularReceiptsResponse>;

    async fn watch_circular_receipts(
        &self,
        request: Request<WatchCircularReceiptsRequest>,
    ) -> Answer<Self::WatchCircularReceiptsStream> {
        self.registry.watch(request).await
    }
}
