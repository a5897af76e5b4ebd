//! Cards: issued with a number that can be checked, one active a person, and what an officer learns from one.

use crate::shown::json_of;
use crate::world::{World, at, decider, fields, police, reason, registrar, relative, secretary, stamp, world};
use chrono::TimeDelta;
use proto::accreditation::v1::identity_card::{RevocationCause, State};
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::verify_identity_card_response::Finding;
use proto::accreditation::v1::{self as pb, Immune, Matter, Member, Relation, Tier};

const EXPIRES: &str = "2028-05-01T00:00:00Z";

async fn card(world: &World) -> (Member, pb::IdentityCard) {
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", Member { person: "people/garnier".into(), ..secretary(&mission) }).await;
    let card = world.issue(&member.name, EXPIRES).await.unwrap();
    (member, card)
}

async fn state(world: &World, name: &str) -> State {
    let request = pb::GetIdentityCardRequest { name: name.into(), as_of: None };
    world.cards(&registrar()).get_identity_card(request).await.unwrap().into_inner().state()
}

async fn revoke(world: &World, name: &str, cause: RevocationCause) -> pb::IdentityCard {
    let request = pb::RevokeIdentityCardRequest { name: name.into(), cause: cause.into(), ..Default::default() };
    world.cards(&registrar()).revoke_identity_card(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_card_carries_a_number_a_tier_and_its_text() {
    let world = world().await;
    let (_, card) = card(&world).await;
    let number = card.name.strip_prefix("identityCards/").unwrap();
    assert_eq!(number.len(), 9);
    assert!(number.as_bytes()[0].is_ascii_alphabetic() || number.as_bytes()[0].is_ascii_digit());
    assert!(number.ends_with(check_digit(&number[..8])), "{number}");
    assert_eq!(card.tier(), Tier::Diplomatic);
    insta::assert_json_snapshot!("a_card_is_issued", world.traces(&card.name, &card).await);
}

/// The check digit, computed apart from the code (ICAO Doc 9303-3, 4.9).
fn check_digit(text: &str) -> char {
    let value = |letter: char| letter.to_digit(36).unwrap();
    let sum: u32 = text.chars().zip([7, 3, 1].iter().cycle()).map(|(letter, weight)| value(letter) * weight).sum();
    char::from_digit(sum % 10, 10).unwrap()
}

#[tokio::test]
async fn a_card_is_valid_for_four_years_at_most() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let longest = world.store.now() + world.store.data::<accreditation::terms::Terms>().card_validity;
    let past = (longest + TimeDelta::microseconds(1)).to_rfc3339();
    assert_eq!(reason(world.issue(&member, &past).await), "VALIDITY_UNFIT");
    let card = world.issue(&member, &longest.to_rfc3339()).await.unwrap();
    assert_eq!(card.expire_time, Some(registry::timestamp(longest)));
}

#[tokio::test]
async fn cards_are_for_the_accredited_and_the_text_follows_the_tier() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let notified = world.notify("notified", secretary(&mission)).await.unwrap().name;
    assert_eq!(reason(world.issue(&notified, EXPIRES).await), "MEMBER_NOT_ACCREDITED");
    assert_eq!(reason(world.issue("members/nobody", EXPIRES).await), "BROKEN_REFERENCE");
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await.name;
    let servant = Member { category: pb::Category::ServiceStaff.into(), ..secretary(&mission) };
    let servant = world.accredited("driver", servant).await.name;
    let of_spouse = world.issue(&spouse, EXPIRES).await.unwrap();
    let of_servant = world.issue(&servant, EXPIRES).await.unwrap();
    assert_eq!((of_spouse.tier(), of_servant.tier()), (Tier::Diplomatic, Tier::OfficialActs));
    assert_ne!(of_spouse.level_text, of_servant.level_text);
    world.terminate(&principal.name, EndCause::Recalled).await;
    assert_eq!(reason(world.issue(&principal.name, EXPIRES).await), "MEMBER_NOT_ACCREDITED");
}

#[tokio::test]
async fn a_revoked_card_makes_room_for_the_next() {
    let world = world().await;
    let (member, first) = card(&world).await;
    assert_eq!(reason(world.issue(&member.name, EXPIRES).await), "CARD_ALREADY_ACTIVE");
    let lost = revoke(&world, &first.name, RevocationCause::Lost).await;
    assert_eq!((lost.state(), lost.revoke_time), (State::Revoked, lost.update_time));
    let second = world.issue(&member.name, EXPIRES).await.unwrap();
    assert_ne!(first.name, second.name);
    assert_eq!(world.verify(&first.name).await.finding(), Finding::CardRevoked);
    assert_eq!(world.verify(&second.name).await.finding(), Finding::Valid);
}

#[tokio::test]
async fn an_officer_learns_what_is_needed_and_no_more() {
    let world = world().await;
    let (member, card) = card(&world).await;
    let answer = world.verify(&card.name).await;
    assert!(answer.valid);
    assert_eq!(answer.holder_name, "Élise Garnier");
    assert_eq!((answer.photo.as_str(), answer.mission.as_str()), ("photos/garnier", "Embassy of FR"));
    assert_eq!((answer.member.as_str(), answer.level_text.as_str()), (member.name.as_str(), card.level_text.as_str()));
    let summary: Vec<_> = answer.immunity.iter().map(|summary| (summary.matter(), summary.immune())).collect();
    assert_eq!(
        summary,
        [
            (Matter::ArrestOrDetention, Immune::Yes),
            (Matter::SearchOfResidence, Immune::Yes),
            (Matter::CriminalProsecution, Immune::Yes),
            (Matter::TrafficCitation, Immune::No),
            (Matter::Testimony, Immune::Yes),
        ]
    );
    let shown = json_of(&answer).to_string();
    for secret in ["1988-04-12", "20AB12345", "people/garnier"] {
        assert!(!shown.contains(secret), "{secret} is none of an officer's business");
    }
    let noted =
        format!("audit where name = '{}' and agency = 'mpd' and outcome = 'OK' and method like '%Verify%'", card.name);
    assert_eq!(world.count(&noted).await, 1, "the look is on record");
}

#[tokio::test]
async fn a_number_misread_is_told_from_one_never_issued() {
    let world = world().await;
    let (_, card) = card(&world).await;
    let number = card.name.strip_prefix("identityCards/").unwrap();
    let last = number[8..].parse::<u8>().unwrap();
    let slip = format!("identityCards/{}{}", &number[..8], (last + 1) % 10);
    let misread = world.verify(&slip).await;
    assert_eq!((misread.finding(), misread.valid, misread.holder_name.as_str()), (Finding::MisreadNumber, false, ""));
    let other = if number.starts_with("BCDFGHJK") { "BCDFGHJL" } else { "BCDFGHJK" };
    let never = world.verify(&format!("identityCards/{other}{}", check_digit(other))).await;
    assert_eq!((never.finding(), never.valid, never.immunity.len()), (Finding::UnknownNumber, false, 0));
    for odd in ["identityCards/x", "identityCards/'; drop table members; --", "cards/7"] {
        assert_eq!(world.verify(odd).await.finding(), Finding::MisreadNumber, "{odd}");
    }
    let small = world.verify(&format!("identityCards/{}", number.to_ascii_lowercase())).await;
    assert_eq!(small.finding(), Finding::Valid, "typed in small letters");
    let unnoted = "audit where name like 'identityCards/%' and method like '%Verify%'";
    assert!(world.count(unnoted).await >= 4, "whoever tries numbers is on record");
}

#[tokio::test]
async fn a_card_expires_by_itself_and_at_the_second() {
    let world = world().await;
    let (_, card) = card(&world).await;
    let end = at(EXPIRES);
    world.clock.set(end - TimeDelta::microseconds(1));
    assert_eq!(world.verify(&card.name).await.finding(), Finding::Valid);
    world.clock.set(end);
    let before_the_timer = world.verify(&card.name).await;
    assert_eq!(before_the_timer.finding(), Finding::CardExpired, "the instant counts, not the timer");
    assert_eq!(before_the_timer.immunity[0].immune(), Immune::Yes, "the status counts, not the plastic");
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let request = pb::GetIdentityCardRequest { name: card.name.clone(), as_of: None };
    let expired = world.cards(&registrar()).get_identity_card(request).await.unwrap().into_inner();
    assert_eq!(expired.state(), State::Expired);
    assert_eq!(world.verify(&card.name).await.finding(), Finding::CardExpired);
    insta::assert_json_snapshot!("a_card_expires", world.traces(&card.name, &expired).await);
}

#[tokio::test]
async fn a_good_card_of_one_who_has_left_proves_nothing() {
    let world = world().await;
    let (member, card) = card(&world).await;
    world.terminate(&member.name, EndCause::Recalled).await;
    assert_eq!(world.verify(&card.name).await.finding(), Finding::Valid, "in the grace period all goes on");
    world.clock.set(at("2027-01-04T12:00:00Z"));
    let after = world.verify(&card.name).await;
    assert_eq!((after.finding(), after.valid), (Finding::HolderEnded, false));
    let prosecution = after.immunity.iter().find(|summary| summary.matter() == Matter::CriminalProsecution).unwrap();
    assert_eq!(prosecution.immune(), Immune::OfficialActsOnly);
    assert_eq!(prosecution.citations, ["VCDR 39.2"]);
    world.store.fire_due().await.unwrap();
    assert_eq!(state(&world, &card.name).await, State::Revoked, "the card ends with the privileges");
    assert_eq!(world.verify(&card.name).await.finding(), Finding::HolderEnded, "and the officer learns why");
}

#[tokio::test]
async fn verifying_needs_its_permission_and_nothing_else_comes_with_it() {
    let world = world().await;
    let (_, card) = card(&world).await;
    let blind = identity::Principal { permissions: identity::Permissions::default(), ..police("blind") };
    let request = pb::VerifyIdentityCardRequest { name: card.name.clone() };
    assert_eq!(reason(world.cards(&blind).verify_identity_card(request).await), "PERMISSION_DENIED");
    let request = pb::GetIdentityCardRequest { name: card.name, as_of: None };
    assert_eq!(reason(world.cards(&police("mpd")).get_identity_card(request).await), "PERMISSION_DENIED");
    assert_eq!(stamp(EXPIRES), card.expire_time);
}

#[tokio::test]
async fn a_card_from_before_the_register_is_entered_with_its_own_dates() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let enter = async |issued: &str, expires: &str| {
        let card = pb::IdentityCard {
            member: member.clone(),
            issue_time: stamp(issued),
            expire_time: stamp(expires),
            ..Default::default()
        };
        let request = pb::CreateIdentityCardRequest { identity_card: Some(card), ..Default::default() };
        world.cards(&registrar()).create_identity_card(request).await.map(tonic::Response::into_inner)
    };
    assert_eq!(fields(enter("2026-05-04T13:00:01Z", "2028-01-01T00:00:00Z").await), ["identityCard.issueTime"]);
    assert_eq!(
        reason(enter("2024-01-01T00:00:00Z", "2023-01-01T00:00:00Z").await),
        "VALIDITY_UNFIT",
        "over before it began"
    );
    assert_eq!(reason(enter("2024-01-01T00:00:00Z", "2029-01-01T00:00:00Z").await), "VALIDITY_UNFIT", "five years");
    assert_eq!(reason(world.issue(&member, "2026-04-01T00:00:00Z").await), "VALIDITY_UNFIT", "over, and issued now");
    let card = enter("2022-05-01T00:00:00Z", "2026-04-01T00:00:00Z").await.unwrap();
    assert_eq!(card.issue_time, stamp("2022-05-01T00:00:00Z"));
    world.store.fire_due().await.unwrap();
    let verified = world.verify(&card.name).await;
    assert!(!verified.valid);
}

#[tokio::test]
async fn an_officer_is_told_the_level_of_today_and_not_the_one_on_the_card() {
    let world = world().await;
    let (member, card) = card(&world).await;
    world.member_step(&registrar(), "notifyChange", &member.name).await.unwrap();
    world.member_step(&decider(), "confirmChange", &member.name).await.unwrap();
    let answer = world.verify(&card.name).await;
    assert_eq!(
        (answer.finding(), answer.valid),
        (Finding::CardOutdated, false),
        "a permanent resident (VCDR art. 38.1)"
    );
    assert_ne!(answer.level_text, card.level_text);
    let shown = answer.immunity.iter().map(|summary| summary.immune());
    assert!(shown.clone().all(|immune| immune != Immune::Yes), "{:?}", shown.collect::<Vec<_>>());
    assert_eq!(reason(world.print_card(&registrar(), &card.name).await), "CARD_OUTDATED");
    revoke(&world, &card.name, RevocationCause::Replaced).await;
    let next = world.issue(&member.name, EXPIRES).await.unwrap();
    assert_eq!((next.tier(), &next.level_text), (Tier::OfficialActs, &answer.level_text));
    assert_eq!(world.verify(&next.name).await.finding(), Finding::Valid);
    world.print_card(&registrar(), &next.name).await.unwrap();
}
