//! Certificates of status: what held at the instant, kept as given, printed the same each time.

use crate::printed_cards::leave;
use crate::world::{Signed, World, at, decider, reason, registrar, secretary, staff_of, stamp, world};
use identity::{Permissions, Principal};
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::status_certificate_service_client::StatusCertificateServiceClient;
use proto::accreditation::v1::{self as pb, Immune, Matter, Status as Standing, StatusCertificate, Tier};
use tonic::{Response, Status};

fn reader_at(mission: &str) -> Principal {
    let permissions = ["accreditation.statusCertificates.read", "accreditation.personal.read"];
    Principal { permissions: Permissions::of(permissions), ..staff_of(mission) }
}

impl World {
    pub(crate) fn certificates(&self, by: &Principal) -> StatusCertificateServiceClient<Signed> {
        StatusCertificateServiceClient::new(self.signed(by))
    }

    async fn certify(&self, member: &str, instant: &str) -> Result<StatusCertificate, Status> {
        let request = pb::CertifyStatusRequest {
            name: member.into(),
            instant: stamp(instant),
            court: "Superior Court of the District of Columbia".into(),
            court_reference: "2026 CMD 001234".into(),
            ..Default::default()
        };
        self.certificates(&decider()).certify_status(request).await.map(Response::into_inner)
    }
}

fn immune(certificate: &StatusCertificate, matter: Matter) -> Immune {
    certificate.immunities.iter().find(|found| found.matter() == matter).unwrap().immune()
}

#[tokio::test]
async fn a_certificate_speaks_of_the_instant() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let member = world.accredited("a", secretary(&france)).await.name;
    world.clock.set(at("2026-06-01T13:00:00Z"));
    world.terminate(&member, EndCause::Recalled).await;
    world.clock.set(at("2026-09-01T13:00:00Z"));
    world.store.fire_due().await.unwrap();
    let before = world.certify(&member, "2026-05-10T02:14:00Z").await.unwrap();
    assert_eq!((before.status(), before.tier()), (Standing::Active, Tier::Diplomatic));
    assert_eq!((before.title.as_str(), before.mission_title.as_str()), ("Second Secretary", "Embassy of FR"));
    assert_eq!(immune(&before, Matter::CriminalProsecution), Immune::Yes);
    assert!(before.immunities.iter().all(|found| !found.provisions.is_empty()), "{:?}", before.immunities);
    assert_eq!(before.immunities.len(), 11, "every matter");
    let grace = world.certify(&member, "2026-06-10T02:14:00Z").await.unwrap();
    assert_eq!(grace.status(), Standing::GracePeriod);
    let after = world.certify(&member, "2026-08-01T02:14:00Z").await.unwrap();
    assert_eq!(
        (after.status(), immune(&after, Matter::CriminalProsecution)),
        (Standing::Residual, Immune::OfficialActsOnly)
    );
    assert_eq!(reason(world.certify(&member, "2026-09-01T13:00:01Z").await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(world.certify("members/none", "2026-05-10T02:14:00Z").await), "NOT_FOUND");
}

#[tokio::test]
async fn a_certificate_stands_and_is_printed_the_same_each_time() {
    let world = world().await;
    let france = world.embassy("FR").await;
    world.embassy("IT").await;
    let member = world.accredited("a", secretary(&france)).await.name;
    let certificate = world.certify(&member, "2026-05-04T13:00:00Z").await.unwrap();
    let print = async |by: &Principal| {
        let request = pb::PrintStatusCertificateRequest { name: certificate.name.clone() };
        world.certificates(by).print_status_certificate(request).await.map(Response::into_inner)
    };
    let first = print(&registrar()).await.unwrap();
    assert!(first.data.starts_with(b"%PDF-1.7"));
    leave("status-certificate.pdf", &first.data);
    world.terminate(&member, EndCause::Recalled).await;
    assert!(first.data == print(&reader_at("fr")).await.unwrap().data, "whatever happened since");
    assert_eq!(reason(print(&reader_at("it")).await), "NOT_FOUND");
    for text in ["update status_certificates set doc = doc", "delete from status_certificates"] {
        let refused = sqlx::query(text).execute(&world.db.pool).await.unwrap_err();
        assert!(refused.to_string().contains("stands"), "{refused}");
    }
}
