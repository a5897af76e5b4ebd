//! Cards as they are printed: by whom, which, and the same each time.

use crate::world::{World, decider, police, reason, registrar, secretary, staff_of, world};
use chrono::TimeDelta;
use documents::seal::verify;
use identity::{Permissions, Principal};
use proto::accreditation::v1::seal_service_client::SealServiceClient;
use proto::accreditation::v1::{self as pb, Member, identity_card::RevocationCause};
use proto::google::api::HttpBody;
use tonic::{Response, Status};

/// The card of a member notified, accredited and given one.
pub(crate) async fn card_of(world: &World, member: Member) -> String {
    let member = world.accredited("a", member).await.name;
    world.issue(&member, "2028-05-04T00:00:00Z").await.unwrap().name
}

/// Leaves a paper in the tests' folder, for a person to look at.
pub(crate) fn leave(name: &str, pdf: &[u8]) {
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), pdf).unwrap();
}

impl World {
    pub(crate) async fn print_card(&self, by: &Principal, name: &str) -> Result<HttpBody, Status> {
        let request = pb::PrintIdentityCardRequest { name: name.into() };
        self.cards(by).print_identity_card(request).await.map(Response::into_inner)
    }
}

#[tokio::test]
async fn a_card_is_printed_the_same_each_time_and_each_time_is_on_record() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let card = card_of(&world, secretary(&france)).await;
    let first = world.print_card(&registrar(), &card).await.unwrap();
    assert_eq!(first.content_type, "application/pdf");
    assert!(first.data.starts_with(b"%PDF-1.7") && first.data.len() < 200_000, "{} bytes", first.data.len());
    leave("identity-card.pdf", &first.data);
    world.clock.advance(TimeDelta::days(30));
    assert!(first.data == world.print_card(&decider(), &card).await.unwrap().data);
    let printed = "audit where method like '%/PrintIdentityCard' and outcome = 'OK'";
    assert_eq!(world.count(printed).await, 2);
}

#[tokio::test]
async fn only_those_who_issue_cards_print_them() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let card = card_of(&world, secretary(&france)).await;
    for other in [police("mpd"), staff_of("fr")] {
        assert_eq!(reason(world.print_card(&other, &card).await), "PERMISSION_DENIED");
    }
    let issuer = Permissions::of(["accreditation.identityCards.issue"]);
    let of_mission = Principal { permissions: issuer, ..staff_of("fr") };
    assert_eq!(reason(world.print_card(&of_mission, &card).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_card_that_is_not_in_its_holders_hands_is_not_printed() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let card = card_of(&world, secretary(&france)).await;
    let cause = RevocationCause::Lost.into();
    let request = pb::RevokeIdentityCardRequest { name: card.clone(), cause, ..Default::default() };
    world.cards(&registrar()).revoke_identity_card(request).await.unwrap();
    assert_eq!(reason(world.print_card(&registrar(), &card).await), "WRONG_STATE");
}

#[tokio::test]
async fn the_keys_of_seals_are_anyones_to_have() {
    let world = world().await;
    let mut seals = SealServiceClient::new(world.signed(&staff_of("fr")));
    let keys = seals.get_seal_keys(pb::GetSealKeysRequest {}).await.unwrap().into_inner().keys;
    let [key] = &keys[..] else { panic!("one key: {keys:?}") };
    assert!(key.in_use && key.id.len() == 8 && key.public_key.len() == 32, "{key:?}");
    let own = documents::seal::SealKey::of_seed(&[7; 32]).unwrap();
    assert_eq!(key.public_key, own.public().bytes());
    assert_eq!(verify(&own.seal(b"card"), &[own.public()]).unwrap(), b"card");
}
