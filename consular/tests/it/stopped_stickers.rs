//! Stickers of visas and emergency documents that were lost or stolen: out of use at once, for ever, and in every screening.

use crate::travel_bench::{CLERK, DECIDER};
use crate::visa_applications::{single, tourist};
use crate::world::{World, officer, reason, world};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::hit::Band;
use proto::consular::v1::screening::State as Check;
use proto::consular::v1::verify_seal_response::{Document, Finding};
use proto::consular::v1::visa::State;
use proto::consular::v1::{self as pb, Visa};

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    async fn visa_of(&self, person: &str, number: &str) -> Visa {
        let application = self.in_checks(tourist(person), &[]).await;
        self.granted(DECIDER, single(&application)).await.unwrap();
        let name = self.valid_visa(&application, number).await;
        let get = pb::GetVisaRequest { name, as_of: None };
        self.visas(CLERK).get_visa(get).await.unwrap().into_inner()
    }

    async fn found_by(&self, number: &str) -> Vec<(String, Vec<String>, Band)> {
        let hits = self.shows(number, "US").await.hits;
        hits.into_iter().map(|hit| (hit.entry.clone(), hit.programmes.clone(), hit.band())).collect()
    }
}

#[tokio::test]
async fn a_lost_visa_is_out_of_use_at_once_and_for_ever() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_of("T-1", "V00000001").await;
    let ask = || pb::VerifySealRequest { barcode: visa.seal.clone(), json: String::new() };
    assert_eq!(world.verified_seal(ask()).await.document(), Document::InForce);
    let pending = world.shows("V00000001", "US").await;
    assert_eq!(pending.state(), Check::Clear, "nothing is wrong with it yet");
    let report = || pb::ReportVisaLossRequest {
        name: visa.name.clone(),
        place: "At the station.".into(),
        police_reference: "PR 7/2026".into(),
        ..Default::default()
    };
    let mut visas = world.visas(CLERK);
    let lost = visas.report_visa_loss(report()).await.unwrap().into_inner();
    assert_eq!((lost.state(), lost.report_place.as_str()), (State::Lost, "At the station."));
    let told = world.verified_seal(ask()).await;
    assert_eq!((told.finding(), told.valid, told.document()), (Finding::Valid, false, Document::ReportedLost));
    assert_eq!(told.report_time, lost.report_time, "since when");
    let strong = vec![(visa.name.clone(), vec!["LOST".to_owned()], Band::Strong)];
    assert_eq!(world.found_by("v0000 0001").await, strong);
    assert_eq!(world.again().await, 1, "who was clear with it before is looked up again");
    for undone in [
        reason(visas.report_visa_loss(report()).await),
        reason(visas.report_visa_theft(about!(ReportVisaTheftRequest, visa.name)).await),
        reason(
            visas
                .record_entry(pb::RecordEntryRequest {
                    date: "2026-05-04".into(),
                    ..about!(RecordEntryRequest, visa.name)
                })
                .await,
        ),
        reason(
            world
                .visas(DECIDER)
                .cancel_visa(pb::CancelVisaRequest {
                    grounds: "Another was issued.".into(),
                    ..about!(CancelVisaRequest, visa.name)
                })
                .await,
        ),
        reason(visas.seal_visa(pb::SealVisaRequest { name: visa.name.clone() }).await),
        reason(visas.print_visa(pb::PrintVisaRequest { name: visa.name.clone() }).await),
    ] {
        assert_eq!(undone, "WRONG_STATE");
    }
    // Its last day changes nothing, and nor does another program.
    world.clock.set("2026-08-05T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 0);
    let text = "update visas set doc = jsonb_set(doc, '{state}', '\"VALID\"') where name = $1";
    let undone = sqlx::query(text).bind(&visa.name).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&undone), Some("visas_irreversible"));
}

#[tokio::test]
async fn a_stolen_visa_that_was_used_is_found_and_its_copy_is_worth_nothing() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_of("T-1", "V00000001").await;
    let seal = pb::SealVisaRequest { name: visa.name.clone() };
    let json = world.visas(CLERK).seal_visa(seal).await.unwrap().into_inner().json;
    let ask = || pb::VerifySealRequest { json: json.clone(), barcode: Vec::new() };
    assert_eq!(world.verified_seal(ask()).await.document(), Document::InForce);
    world.clock.set("2026-07-20T20:00:00Z".parse().unwrap());
    world.enters(&visa.name, "2026-07-02").await.unwrap();
    assert_eq!(world.leaves(&visa.name, "2026-07-20").await.unwrap().state(), State::Used);
    let theft = about!(ReportVisaTheftRequest, visa.name);
    let stolen = world.visas(CLERK).report_visa_theft(theft).await.unwrap().into_inner();
    assert_eq!(stolen.state(), State::Stolen);
    assert_eq!(world.verified_seal(ask()).await.document(), Document::ReportedStolen);
    assert_eq!(world.found_by("V00000001").await, [(visa.name, vec!["STOLEN".to_owned()], Band::Strong)]);
    let unentitled = officer("people/nobody");
    let unentitled = identity::Principal {
        permissions: identity::Permissions::of(["consular.visas.read", "consular.visas.border"]),
        ..unentitled
    };
    let mut visas = proto::consular::v1::visa_service_client::VisaServiceClient::new(world.signed(&unentitled));
    let refused = visas.report_visa_loss(about!(ReportVisaLossRequest, "visas/V00000002")).await;
    assert_eq!(reason(refused), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_lost_emergency_document_is_found_by_its_number() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(crate::emergency::asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    world.urgently(&name, &sticker).await.unwrap();
    assert_eq!(world.found_by("E00000001").await, []);
    let report = about!(ReportEmergencyDocumentTheftRequest, name);
    world.emergency(CLERK).report_emergency_document_theft(report).await.unwrap();
    assert_eq!(world.found_by("E00000001").await, [(name, vec!["STOLEN".to_owned()], Band::Strong)]);
}
