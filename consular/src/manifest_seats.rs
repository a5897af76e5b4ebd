//! Seats of manifests. A human has one live seat on all manifests together, by however many records, which the table's own
//! index holds.

use crate::manifests::Manifests;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::manifest::State as Departure;
use proto::consular::v1::manifest_seat_service_server::ManifestSeatService;
use proto::consular::v1::{
    CreateManifestSeatRequest, CrisisPerson, GetManifestSeatRequest, ListManifestSeatRevisionsRequest,
    ListManifestSeatRevisionsResponse, ListManifestSeatsRequest, ListManifestSeatsResponse, ManifestSeat, Reason,
    WaiveDocumentRequest, WatchManifestSeatsRequest, WatchManifestSeatsResponse, crisis_person,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The seats.
#[derive(Clone, Debug)]
pub struct ManifestSeats {
    registry: Registry<Self>,
}

impl Keep for ManifestSeats {
    type Record = ManifestSeat;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let seated = "the person is listed or aboard already, here or on another manifest";
        let bare = "no travel document was shown, and none was waived";
        match name {
            "manifest_seats_one_live" => Some(Fault::new(Reason::PersonAlreadySeated, seated)),
            "manifest_seats_document" => Some(Fault::new(Reason::DocumentOrWaiverNeeded, bare)),
            _ => None,
        }
    }
}

impl ManifestSeats {
    /// The seats that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ManifestSeatService for ManifestSeats {
    async fn get_manifest_seat(&self, request: Request<GetManifestSeatRequest>) -> Answer<ManifestSeat> {
        self.registry.get(request).await
    }

    async fn list_manifest_seats(
        &self,
        request: Request<ListManifestSeatsRequest>,
    ) -> Answer<ListManifestSeatsResponse> {
        self.registry.list(request).await
    }

    async fn create_manifest_seat(&self, request: Request<CreateManifestSeatRequest>) -> Answer<ManifestSeat> {
        self.registry.create_with(request, surroundings, list).await
    }

    async fn waive_document(&self, request: Request<WaiveDocumentRequest>) -> Answer<ManifestSeat> {
        let waive = |seat: &mut ManifestSeat, ask: WaiveDocumentRequest, _: &mut Call| {
            seat.waiver = ask.grounds;
            Ok(())
        };
        self.registry.act(request, waive).await
    }

    async fn list_manifest_seat_revisions(
        &self,
        request: Request<ListManifestSeatRevisionsRequest>,
    ) -> Answer<ListManifestSeatRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchManifestSeatsStream = Feed<WatchManifestSeatsResponse>;

    async fn watch_manifest_seats(
        &self,
        request: Request<WatchManifestSeatsRequest>,
    ) -> Answer<Self::WatchManifestSeatsStream> {
        self.registry.watch(request).await
    }
}

/// The manifest, locked, and the person.
async fn surroundings(
    reader: &mut Reader<'_>,
    seat: &ManifestSeat,
) -> Result<(Option<Held<Manifests>>, Option<CrisisPerson>), Fault> {
    let manifest = reader.hold::<Manifests>(&[("name", &[&seat.manifest])]).await?.pop();
    Ok((manifest, reader.share::<CrisisPerson>(&seat.person).await?))
}

fn list(
    seat: &mut ManifestSeat,
    (manifest, person): (Option<Held<Manifests>>, Option<CrisisPerson>),
    call: &mut Call,
) -> Result<(), Fault> {
    let unknown = |field: &str| Fault::new(House::InvalidFields, "1 field is wrong").at(field, "names no record");
    let manifest = manifest.ok_or_else(|| unknown("manifestSeat.manifest"))?;
    let person = person.ok_or_else(|| unknown("manifestSeat.person"))?;
    let differ = manifest.crisis != person.crisis;
    refuse_if(differ, Reason::CrisesDiffer, "the person is on the list of another crisis than the manifest")?;
    let open = matches!(manifest.state(), Departure::Planned | Departure::Boarding);
    refuse_if(!open, Reason::ManifestNotOpen, "the manifest takes nobody any more")?;
    use crisis_person::State::{Deceased, Departed, Merged};
    refuse_if(person.state() == Merged, Reason::PersonIsMerged, "another record stands for the same human")?;
    let here = !matches!(person.state(), Deceased | Departed);
    refuse_if(!here, Reason::PersonNotEvacuable, "the person is recorded as dead or as departed")?;
    seat.human = person.name;
    call.follow(manifest, "list", |manifest, _| {
        manifest.listed += 1;
        Ok(())
    })
}
