//! Manifests of an evacuation: who goes aboard, who does not, and that the counts come out.
//!
//! Whatever happens to a seat is a step of its manifest, which is locked first: so the counts stand in one record, and the
//! table's own constraints hold them.

use crate::crisis_persons::CrisisPersons;
use crate::document_scan;
use crate::manifest_arrivals::{arrive, arriving, missing, note, reconcile, unlisted};
use crate::manifest_seats::ManifestSeats;
use fault::{Fault, refuse_if};
use identity::Principal;
use mrz::Zone;
use proto::consular::v1::manifest_seat::State as Seat;
use proto::consular::v1::manifest_service_server::ManifestService;
use proto::consular::v1::{
    ArriveManifestRequest, BeginBoardingRequest, BoardByDocumentRequest, BoardPersonRequest, CancelManifestRequest,
    CreateManifestRequest, Crisis, DepartManifestRequest, GetManifestRequest, ListManifestRevisionsRequest,
    ListManifestRevisionsResponse, ListManifestsRequest, ListManifestsResponse, Manifest, ManifestSeat, Reason,
    ReconcileManifestRequest, RecordArrivalRequest, RecordUnlistedArrivalRequest, RefuseBoardingRequest,
    ReleaseSeatRequest, UpdateManifestRequest, WatchManifestsRequest, WatchManifestsResponse, crisis,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use tonic::Request;

/// States from which a person leaves the area with a departure.
const NOT_GONE: [&str; 6] = ["UNKNOWN", "SAFE", "NEEDS_HELP", "INJURED", "MISSING", "DECLINED"];

/// The manifests.
#[derive(Clone, Debug)]
pub struct Manifests {
    registry: Registry<Self>,
}

impl Keep for Manifests {
    type Record = Manifest;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let full = "every place is taken";
        let open = "listed is not boarded, not shown and refused together, or boarded not arrived and missing";
        match name {
            "manifests_capacity" => Some(Fault::new(Reason::ManifestFull, full)),
            "manifests_reconciled" | "manifests_arrivals" => Some(Fault::new(House::Internal, open)),
            _ => None,
        }
    }
}

impl Manifests {
    /// The manifests that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ManifestService for Manifests {
    async fn get_manifest(&self, request: Request<GetManifestRequest>) -> Answer<Manifest> {
        self.registry.get(request).await
    }

    async fn list_manifests(&self, request: Request<ListManifestsRequest>) -> Answer<ListManifestsResponse> {
        self.registry.list(request).await
    }

    async fn create_manifest(&self, request: Request<CreateManifestRequest>) -> Answer<Manifest> {
        self.registry.create_with(request, the_crisis, plan).await
    }

    async fn update_manifest(&self, request: Request<UpdateManifestRequest>) -> Answer<Manifest> {
        self.registry.update(request).await
    }

    async fn begin_boarding(&self, request: Request<BeginBoardingRequest>) -> Answer<Manifest> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn board_person(&self, request: Request<BoardPersonRequest>) -> Answer<Manifest> {
        let gather = async |reader: &mut Reader<'_>, manifest: &Manifest, ask: &BoardPersonRequest| {
            seat(reader, manifest, &ask.seat).await
        };
        self.registry.act_with(request, gather, board).await
    }

    async fn board_by_document(&self, request: Request<BoardByDocumentRequest>) -> Answer<Manifest> {
        self.registry.act_with(request, scanned, board_by_document).await
    }

    async fn refuse_boarding(&self, request: Request<RefuseBoardingRequest>) -> Answer<Manifest> {
        let gather = async |reader: &mut Reader<'_>, manifest: &Manifest, ask: &RefuseBoardingRequest| {
            seat(reader, manifest, &ask.seat).await
        };
        self.registry.act_with(request, gather, refuse).await
    }

    async fn release_seat(&self, request: Request<ReleaseSeatRequest>) -> Answer<Manifest> {
        let gather = async |reader: &mut Reader<'_>, manifest: &Manifest, ask: &ReleaseSeatRequest| {
            seat(reader, manifest, &ask.seat).await
        };
        self.registry.act_with(request, gather, release).await
    }

    async fn depart_manifest(&self, request: Request<DepartManifestRequest>) -> Answer<Manifest> {
        self.registry.act_with(request, everyone, depart).await
    }

    async fn arrive_manifest(&self, request: Request<ArriveManifestRequest>) -> Answer<Manifest> {
        let arrive = |manifest: &mut Manifest, _: ArriveManifestRequest, call: &mut Call| {
            manifest.arrive_time = Some(call.timestamp());
            Ok(())
        };
        self.registry.act(request, arrive).await
    }

    async fn record_arrival(&self, request: Request<RecordArrivalRequest>) -> Answer<Manifest> {
        self.registry.act_with(request, arriving, arrive).await
    }

    async fn record_unlisted_arrival(&self, request: Request<RecordUnlistedArrivalRequest>) -> Answer<Manifest> {
        self.registry.act_with(request, unlisted, note).await
    }

    async fn reconcile_manifest(&self, request: Request<ReconcileManifestRequest>) -> Answer<Manifest> {
        self.registry.act_with(request, missing, reconcile).await
    }

    async fn cancel_manifest(&self, request: Request<CancelManifestRequest>) -> Answer<Manifest> {
        let gather = async |reader: &mut Reader<'_>, manifest: &Manifest, _: &CancelManifestRequest| {
            live_seats(reader, manifest).await
        };
        self.registry.act_with(request, gather, cancel).await
    }

    async fn list_manifest_revisions(
        &self,
        request: Request<ListManifestRevisionsRequest>,
    ) -> Answer<ListManifestRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchManifestsStream = Feed<WatchManifestsResponse>;

    async fn watch_manifests(&self, request: Request<WatchManifestsRequest>) -> Answer<Self::WatchManifestsStream> {
        self.registry.watch(request).await
    }
}

async fn the_crisis(reader: &mut Reader<'_>, manifest: &Manifest) -> Result<Option<Crisis>, Fault> {
    reader.share::<Crisis>(&manifest.crisis).await
}

fn plan(_: &mut Manifest, crisis: Option<Crisis>, _: &mut Call) -> Result<(), Fault> {
    let unknown = || Fault::new(House::InvalidFields, "1 field is wrong").at("manifest.crisis", "names no record");
    let open = crisis.ok_or_else(unknown)?.state() == crisis::State::Open;
    refuse_if(!open, Reason::CrisisClosed, "the crisis is closed")
}

/// The seat that a step is about, if it is one of this manifest.
pub(crate) async fn seat(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    name: &str,
) -> Result<Option<Held<ManifestSeats>>, Fault> {
    Ok(reader.hold::<ManifestSeats>(&[("name", &[name]), ("manifest", &[&manifest.name])]).await?.pop())
}

/// The seats of those who may still go or are aboard.
async fn live_seats(reader: &mut Reader<'_>, manifest: &Manifest) -> Result<Vec<Held<ManifestSeats>>, Fault> {
    reader.hold(&[("manifest", &[&manifest.name]), ("state", &["LISTED", "BOARDED"])]).await
}

/// The seat, in one of these states.
pub(crate) fn fit(seat: Option<Held<ManifestSeats>>, states: &[Seat]) -> Result<Held<ManifestSeats>, Fault> {
    let unfit = |words: &str| Fault::new(Reason::SeatUnfit, words).at("seat", "is not one this can be done with");
    let seat = seat.ok_or_else(|| unfit("the manifest has no such seat"))?;
    if states.contains(&seat.state()) {
        return Ok(seat);
    }
    Err(unfit("the seat's state does not allow it").with("state", seat.state().as_str_name()))
}

/// Nobody boards without a document or a waiver of one. That no more go aboard than it carries, the table holds.
fn board(
    manifest: &mut Manifest,
    request: BoardPersonRequest,
    seat: Option<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let seat = fit(seat, &[Seat::Listed])?;
    let shown = !request.document_number.is_empty() || !seat.waiver.is_empty();
    refuse_if(!shown, Reason::DocumentOrWaiverNeeded, "no travel document was shown, and none was waived")?;
    aboard(manifest, seat, request.document_number, String::new(), call)
}

fn aboard(
    manifest: &mut Manifest,
    seat: Held<ManifestSeats>,
    document_number: String,
    document_issuer: String,
    call: &mut Call,
) -> Result<(), Fault> {
    manifest.boarded += 1;
    // Not the count of who is aboard, which goes down when someone is taken off: two would have one number.
    manifest.boardings += 1;
    let number = manifest.boardings;
    call.follow(seat, "board", |seat: &mut ManifestSeat, call| {
        seat.document_number = document_number;
        seat.document_issuer = document_issuer;
        seat.boarding_number = number;
        seat.board_time = Some(call.timestamp());
        Ok(())
    })
}

/// What the document says, and the seat of whom it is of.
async fn scanned(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    ask: &BoardByDocumentRequest,
) -> Result<(Zone, Option<Held<ManifestSeats>>), Fault> {
    let zone = document_scan::read(&ask.lines, reader.now().date_naive())?;
    let seat = document_scan::seated(reader, manifest, &zone).await?;
    Ok((zone, seat))
}

/// Nobody boards twice, whatever gate they come to.
fn board_by_document(
    manifest: &mut Manifest,
    _: BoardByDocumentRequest,
    (zone, seat): (Zone, Option<Held<ManifestSeats>>),
    call: &mut Call,
) -> Result<(), Fault> {
    let seat = fit(seat, &[Seat::Listed])?;
    aboard(manifest, seat, zone.number, zone.issuer, call)
}

fn refuse(
    manifest: &mut Manifest,
    request: RefuseBoardingRequest,
    seat: Option<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let seat = fit(seat, &[Seat::Listed])?;
    manifest.refused += 1;
    call.follow(seat, "refuse", |seat: &mut ManifestSeat, _| {
        seat.refusal = request.cause;
        Ok(())
    })
}

/// Who is taken off before departure was never on it, as the counts go; a place that was taken is free again.
fn release(
    manifest: &mut Manifest,
    _: ReleaseSeatRequest,
    seat: Option<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let seat = fit(seat, &[Seat::Listed, Seat::Boarded])?;
    manifest.listed -= 1;
    if seat.state() == Seat::Boarded {
        manifest.boarded -= 1;
    }
    call.follow(seat, "release", |_, _| Ok(()))
}

/// Live seats, and the people aboard who have not left the area yet.
async fn everyone(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    _: &DepartManifestRequest,
) -> Result<(Vec<Held<ManifestSeats>>, Vec<Held<CrisisPersons>>), Fault> {
    let seats = live_seats(reader, manifest).await?;
    let aboard: Vec<&str> =
        seats.iter().filter(|seat| seat.state() == Seat::Boarded).map(|seat| seat.human.as_str()).collect();
    let people = reader.hold::<CrisisPersons>(&[("name", &aboard), ("state", &NOT_GONE)]).await?;
    Ok((seats, people))
}

fn depart(
    manifest: &mut Manifest,
    _: DepartManifestRequest,
    (seats, people): (Vec<Held<ManifestSeats>>, Vec<Held<CrisisPersons>>),
    call: &mut Call,
) -> Result<(), Fault> {
    manifest.depart_time = Some(call.timestamp());
    for seat in seats.into_iter().filter(|seat| seat.state() == Seat::Listed) {
        manifest.no_show += 1;
        call.follow(seat, "missDeparture", |_, _| Ok(()))?;
    }
    let way = format!("{} to {}", manifest.designation, manifest.safe_haven);
    people.into_iter().try_for_each(|person| {
        call.follow(person, "departWithManifest", |person, call| {
            person.status_time = Some(call.timestamp());
            person.whereabouts.clone_from(&way);
            Ok(())
        })
    })
}

fn cancel(
    manifest: &mut Manifest,
    _: CancelManifestRequest,
    seats: Vec<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    manifest.boarded = 0;
    seats.into_iter().try_for_each(|seat| call.follow(seat, "release", |_, _| Ok(())))
}
