//! Applications for identity cards: from the request to the return, and what is revoked when it is lost or stolen.

use crate::benefits::benefits;
use crate::world::{Signed, World, at, decider, embassy, fields, reason, registrar, secretary, staff_of, stamp, world};
use identity::{Permissions, Principal};
use proto::accreditation::v1::card_application::{Cause, State};
use proto::accreditation::v1::card_application_service_client::CardApplicationServiceClient;
use proto::accreditation::v1::identity_card::{RevocationCause, State as Card};
use proto::accreditation::v1::verify_identity_card_response::Finding;
use proto::accreditation::v1::{self as pb, CardApplication, IdentityCard, mission};
use tonic::{Response, Status};

fn asked(member: &str, cause: Cause) -> CardApplication {
    CardApplication { member: member.into(), cause: cause.into(), ..CardApplication::default() }
}

/// A mission's own staff who apply for cards.
fn clerk_of(mission: &str) -> Principal {
    let permissions = ["accreditation.cardApplications.read", "accreditation.cardApplications.submit"];
    Principal { permissions: Permissions::of(permissions), ..staff_of(mission) }
}

impl World {
    pub(crate) fn applications(&self, by: &Principal) -> CardApplicationServiceClient<Signed> {
        CardApplicationServiceClient::new(self.signed(by))
    }

    async fn apply_for(&self, by: &Principal, application: CardApplication) -> Result<CardApplication, Status> {
        let request = pb::CreateCardApplicationRequest { card_application: Some(application), ..Default::default() };
        self.applications(by).create_card_application(request).await.map(Response::into_inner)
    }

    async fn approve_card(&self, by: &Principal, name: &str) -> Result<CardApplication, Status> {
        let request = pb::ApproveCardApplicationRequest { name: name.into(), ..Default::default() };
        self.applications(by).approve_card_application(request).await.map(Response::into_inner)
    }

    async fn plastic(&self, name: &str) -> IdentityCard {
        let request = pb::GetIdentityCardRequest { name: name.into(), as_of: None };
        self.cards(&registrar()).get_identity_card(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_card_is_applied_for_approved_by_another_issued_replaced_and_returned() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let first = world.apply_for(&registrar(), asked(&member, Cause::FirstCard)).await.unwrap();
    assert_eq!((first.state(), first.mission.as_str()), (State::Requested, mission.as_str()));
    assert_eq!(reason(world.approve_card(&registrar(), &first.name).await), "SAME_PERSON");
    let first = world.approve_card(&decider(), &first.name).await.unwrap();
    let card = world.plastic(&first.identity_card).await;
    assert_eq!((card.state(), card.member.as_str()), (Card::Issued, member.as_str()));
    let longest = at("2030-05-04T13:00:00Z").timestamp();
    assert_eq!(card.expire_time.map(|end| end.seconds), Some(longest), "as long as our practice allows");
    assert_eq!(world.verify(&card.name).await.finding(), Finding::Valid);
    assert_eq!(world.count("timers where kind = 'identityCards' and timer = 'expiry'").await, 1);
    let made = format!("history where name = '{}' and verb = 'create' and cause like '{}@%'", card.name, first.name);
    assert_eq!(world.count(&made).await, 1);

    let wish = CardApplication { expire_time: stamp("2028-01-01T00:00:00Z"), ..asked(&member, Cause::Renewal) };
    let renewal = world.apply_for(&registrar(), wish).await.unwrap();
    assert_eq!(
        world.plastic(&card.name).await.state(),
        Card::Issued,
        "the old card is good until the new one is there"
    );
    let renewal = world.approve_card(&decider(), &renewal.name).await.unwrap();
    let old = world.plastic(&card.name).await;
    assert_eq!((old.state(), old.revocation_cause()), (Card::Revoked, RevocationCause::Replaced));
    assert_eq!(renewal.replaced_card, card.name);
    assert_eq!(world.plastic(&renewal.identity_card).await.expire_time, stamp("2028-01-01T00:00:00Z"));
    let back = world.card_step(&benefits(), "return", &card.name).await.unwrap();
    assert_eq!((back.state(), back.return_time), (Card::Returned, back.update_time));
    assert_eq!(world.verify(&card.name).await.finding(), Finding::CardRevoked);
}

#[tokio::test]
async fn what_is_lost_or_stolen_is_revoked_when_it_is_reported() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let lost = world.issue(&member, "2028-01-01T00:00:00Z").await.unwrap().name;
    let application = world.apply_for(&clerk_of("fr"), asked(&member, Cause::LostCard)).await.unwrap();
    assert_eq!(application.replaced_card, lost);
    let card = world.plastic(&lost).await;
    assert_eq!((card.state(), card.revocation_cause()), (Card::Revoked, RevocationCause::Lost));
    assert_eq!(world.verify(&lost).await.finding(), Finding::CardRevoked);
    let again = world.apply_for(&clerk_of("fr"), asked(&member, Cause::Renewal)).await;
    assert_eq!(reason(again), "CARD_ALREADY_APPLIED_FOR");
    let second = world.approve_card(&decider(), &application.name).await.unwrap().identity_card;
    let theft = asked(&member, Cause::StolenCard);
    assert_eq!(fields(world.apply_for(&clerk_of("fr"), theft.clone()).await), ["cardApplication.policeReport"]);
    let theft = CardApplication { police_report: "Report 9".into(), ..theft };
    world.apply_for(&clerk_of("fr"), theft).await.unwrap();
    assert_eq!(world.plastic(&second).await.revocation_cause(), RevocationCause::Stolen);
}

#[tokio::test]
async fn a_mission_applies_for_its_own_people_in_standing_and_sees_its_own() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.mission("be", embassy("BE"), mission::State::Open).await);
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let stranger = world.accredited("peeters", secretary(&other)).await.name;
    assert_eq!(
        fields(world.apply_for(&clerk_of("fr"), asked(&stranger, Cause::FirstCard)).await),
        ["cardApplication.member"]
    );
    let expected = world.notify("expected", secretary(&mission)).await.unwrap().name;
    let early = world.apply_for(&clerk_of("fr"), asked(&expected, Cause::FirstCard)).await;
    assert_eq!(reason(early), "MEMBER_NOT_ACCREDITED");
    let own = world.apply_for(&clerk_of("fr"), asked(&member, Cause::FirstCard)).await.unwrap().name;
    world.apply_for(&clerk_of("be"), asked(&stranger, Cause::FirstCard)).await.unwrap();
    let page = world
        .applications(&clerk_of("fr"))
        .list_card_applications(pb::ListCardApplicationsRequest::default())
        .await
        .unwrap();
    let names: Vec<_> = page.into_inner().card_applications.into_iter().map(|one| one.name).collect();
    assert_eq!(names, [own.as_str()]);
    assert_eq!(reason(world.approve_card(&clerk_of("fr"), &own).await), "PERMISSION_DENIED");
    crate::persona_non_grata::notified(&world, &member).await;
    assert_eq!(reason(world.approve_card(&decider(), &own).await), "HOLDER_UNWANTED");
    let request = pb::WithdrawCardApplicationRequest { name: own, ..Default::default() };
    let taken_back = world.applications(&clerk_of("fr")).withdraw_card_application(request).await.unwrap().into_inner();
    assert_eq!(taken_back.state(), State::Withdrawn);
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(wanted: pb::Reason, world: &World, mission: &str) -> Result<(), Status> {
    let member = world.accredited("garnier", secretary(mission)).await.name;
    match wanted {
        pb::Reason::CardAlreadyAppliedFor => {
            world.apply_for(&registrar(), asked(&member, Cause::FirstCard)).await?;
            world.apply_for(&registrar(), asked(&member, Cause::FirstCard)).await.map(drop)
        }
        pb::Reason::PoliceReportMissing => {
            world.apply_for(&registrar(), asked(&member, Cause::StolenCard)).await.map(drop)
        }
        _ => panic!("{wanted:?} is no application's"),
    }
}
