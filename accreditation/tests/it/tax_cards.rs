//! Tax cards: who is eligible, what a merchant learns, and that a card is worth nothing the instant its ground is gone.

use crate::benefits::{benefits, for_missions, merchant, restricted, signatory_of, tax_rule};
use crate::shown::json_of;
use crate::world::{World, at, decider, fields, reason, registrar, relative, secretary, stamp, world};
use chrono::TimeDelta;
use futures::future::join_all;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::reciprocity_rule::Level as Granted;
use proto::accreditation::v1::tax_card::{Level, State};
use proto::accreditation::v1::{self as pb, Category, Member, ReciprocityRule, Relation};

async fn state_of(world: &World, name: &str) -> State {
    let request = pb::GetTaxCardRequest { name: name.into(), as_of: None };
    world.tax_cards(&benefits()).get_tax_card(request).await.unwrap().into_inner().state()
}

#[tokio::test]
async fn a_card_is_asked_for_examined_and_issued_by_another() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let asked = world.ask_for_card(&signatory_of("fr"), &mission, &member.name).await.unwrap();
    assert_eq!((asked.sending_state.as_str(), asked.category()), ("FR", Category::DiplomaticStaff));
    assert_eq!(world.sold_to(&asked.name).await, (false, String::new()), "a request is no card");
    let eligible = world.tax_step(&benefits(), "examine", &asked.name).await.unwrap();
    assert_eq!((eligible.level(), eligible.published_name.as_str()), (Level::PersonalUnrestricted, "Eagle"));
    assert!(!eligible.rule.is_empty());
    let card = world.tax_step(&benefits(), "issue", &asked.name).await.unwrap();
    assert_eq!((card.state(), card.issue_time), (State::Issued, stamp("2026-05-04T13:00:01.000002Z")));
    assert_eq!(card.expire_time, stamp("2030-05-04T13:00:01.000002Z"));
    assert_eq!(world.sold_to(&card.name).await, (true, card.restriction));
    let own = world.ask_for_card(&registrar(), &mission, "").await.unwrap().name;
    world.enact(for_missions(tax_rule("FR"))).await;
    world.tax_step(&registrar(), "examine", &own).await.unwrap();
    assert_eq!(reason(world.tax_step(&registrar(), "issue", &own).await), "SAME_PERSON");
}

#[tokio::test]
async fn a_merchant_learns_validity_and_restriction_and_cannot_tell_numbers_apart() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap();
    let verify = async |name: String| {
        let request = pb::VerifyTaxCardRequest { name };
        json_of(&world.tax_cards(&merchant()).verify_tax_card(request).await.unwrap().into_inner())
    };
    let good = verify(card.name.clone()).await;
    assert_eq!(
        good,
        serde_json::json!({ "valid": true, "restriction": card.restriction }),
        "these two and nothing else"
    );
    assert_eq!(verify(card.name.to_lowercase().replace("taxcards", "taxCards")).await, good, "typed in small letters");
    let number = card.name.strip_prefix("taxCards/").unwrap();
    let last: u8 = number[8..].parse().unwrap();
    let slip = format!("taxCards/{}{}", &number[..8], (last + 1) % 10);
    world.tax_step(&benefits(), "recall", &card.name).await.unwrap();
    let never = world.tax_card(&mission, &member.name).await.unwrap().name;
    sqlx::query("delete from tax_cards where name = $1").bind(&never).execute(&world.db.pool).await.unwrap();
    let nothing = serde_json::json!({ "valid": false, "restriction": "" });
    for (what, name) in
        [("recalled", card.name.clone()), ("misread", slip), ("never issued", never), ("nonsense", "x".into())]
    {
        assert_eq!(verify(name).await, nothing, "{what}");
    }
    let noted = format!("audit where name = '{}' and agency = 'merchant' and method like '%VerifyTaxCard'", card.name);
    assert_eq!(world.count(&noted).await, 2);
    let request = pb::GetTaxCardRequest { name: card.name, as_of: None };
    assert_eq!(reason(world.tax_cards(&merchant()).get_tax_card(request).await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn nobody_is_eligible_without_a_rule_in_force_that_grants_it() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await;
    let asked = world.ask_for_card(&registrar(), &mission, &member.name).await.unwrap().name;
    let examine = async || world.tax_step(&benefits(), "examine", &asked).await;
    assert_eq!(reason(examine().await), "BENEFIT_NOT_RECIPROCATED", "no rule");
    world.enact(tax_rule("BE")).await;
    world.enact(ReciprocityRule { category: Category::ServiceStaff.into(), ..tax_rule("FR") }).await;
    assert_eq!(reason(examine().await), "BENEFIT_NOT_RECIPROCATED", "rules for others");
    let later = world.cleared(tax_rule("FR")).await;
    world.activate(&later, "2026-05-05T00:00:00Z").await.unwrap();
    assert_eq!(reason(examine().await), "BENEFIT_NOT_RECIPROCATED", "not yet in force");
    world.clock.set(at("2026-05-05T00:00:00Z"));
    assert_eq!(examine().await.unwrap().state(), State::Eligibility);
    world.clock.advance(TimeDelta::days(1));
    world.rule_step(&benefits(), "supersede", &later).await.unwrap();
    let denied = ReciprocityRule { level: Granted::Denied.into(), ..tax_rule("FR") };
    world.enact(denied).await;
    assert_eq!(reason(world.tax_step(&benefits(), "issue", &asked).await), "BENEFIT_NOT_RECIPROCATED", "no longer");
    assert_eq!(world.tax_step(&benefits(), "decline", &asked).await.unwrap().state(), State::Declined);
}

#[tokio::test]
async fn a_family_is_eligible_if_the_rule_says_so_and_children_between_two_birthdays() {
    let world = world().await;
    let (mission, principal) = world.reciprocal().await;
    let dependant = async |id: &str, relation: Relation, born: &str| {
        let member = Member { birth_date: born.into(), ..relative(&principal, relation) };
        world.accredited(id, member).await.name
    };
    let spouse = dependant("spouse", Relation::Spouse, "1990-01-01").await;
    let card = world.tax_card(&mission, &spouse).await.unwrap();
    assert!(card.family);
    assert_eq!(card.category(), Category::DiplomaticStaff, "derived from the principal");
    // Eighteen tomorrow, eighteen today, nearly twenty-one; a student is nearly twenty-three.
    let young = dependant("young", Relation::Child, "2008-05-05").await;
    assert_eq!(reason(world.tax_card(&mission, &young).await), "HOLDER_AGE_UNFIT");
    let grown = dependant("grown", Relation::Child, "2008-05-04").await;
    let card = world.tax_card(&mission, &grown).await.unwrap();
    assert_eq!(card.expire_time, stamp("2029-05-04T00:00:00Z"), "until the child is twenty-one");
    let student = dependant("student", Relation::StudentChild, "2003-05-20").await;
    let card = world.tax_card(&mission, &student).await.unwrap();
    assert_eq!(card.expire_time, stamp("2026-05-20T00:00:00Z"), "until the student is twenty-three");
    world.clock.set(at("2026-05-20T00:00:00Z"));
    assert!(!world.sold_to(&card.name).await.0, "the instant counts, not the timer");
    world.store.fire_due().await.unwrap();
    assert_eq!(state_of(&world, &card.name).await, State::Expired);
}

#[tokio::test]
async fn a_card_is_good_in_the_grace_period_and_not_an_instant_longer() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap().name;
    world.terminate(&member.name, EndCause::Recalled).await;
    assert_eq!(reason(world.ask_for_card(&registrar(), &mission, &member.name).await), "HOLDER_NOT_IN_STANDING");
    // Thirty days, to the end of the last one in Washington. No timer fires, no cascade runs.
    world.clock.set(at("2026-06-04T03:59:59.999999Z"));
    assert!(world.sold_to(&card).await.0);
    world.clock.set(at("2026-06-04T04:00:00Z"));
    assert!(!world.sold_to(&card).await.0);
    assert_eq!(state_of(&world, &card).await, State::Issued, "the record has not moved");
}

#[tokio::test]
async fn a_card_is_worth_what_the_rule_in_force_now_says() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap();
    world.supersede(&card.rule, "2026-07-01T00:00:00Z").await.unwrap();
    let next = world.cleared(restricted(tax_rule("FR"))).await;
    world.activate(&next, "2026-08-01T00:00:00Z").await.unwrap();
    world.clock.set(at("2026-06-30T23:59:59Z"));
    assert_eq!(world.sold_to(&card.name).await, (true, card.restriction));
    world.clock.set(at("2026-07-01T00:00:00Z"));
    assert_eq!(world.sold_to(&card.name).await, (false, String::new()), "no rule grants it any more");
    world.clock.set(at("2026-08-01T00:00:00Z"));
    let (valid, restriction) = world.sold_to(&card.name).await;
    assert!(valid && restriction.contains("USD 300.00 or more"), "{restriction}");
}

#[tokio::test]
async fn a_suspended_mission_buys_nothing_free_of_tax_itself_while_its_people_do() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    world.enact(for_missions(tax_rule("FR"))).await;
    let (own, personal) =
        (world.tax_card(&mission, "").await.unwrap(), world.tax_card(&mission, &member.name).await.unwrap());
    assert_eq!((own.level(), own.published_name.as_str()), (Level::MissionUnrestricted, "Owl"));
    world.mission_step(&decider(), "suspend", &mission).await.unwrap();
    assert!(!world.sold_to(&own.name).await.0);
    assert!(world.sold_to(&personal.name).await.0, "persons keep their status");
    assert_eq!(reason(world.ask_for_card(&registrar(), &mission, "").await), "HOLDER_NOT_IN_STANDING");
    world.mission_step(&decider(), "resume", &mission).await.unwrap();
    assert!(world.sold_to(&own.name).await.0);
}

#[tokio::test]
async fn a_suspended_card_is_not_good_until_it_is_reinstated() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap().name;
    world.tax_step(&benefits(), "suspend", &card).await.unwrap();
    assert!(!world.sold_to(&card).await.0);
    assert_eq!(reason(world.tax_card(&mission, &member.name).await), "TAX_CARD_ALREADY_LIVE");
    world.tax_step(&benefits(), "reinstate", &card).await.unwrap();
    assert!(world.sold_to(&card).await.0);
    world.tax_step(&benefits(), "suspend", &card).await.unwrap();
    world.clock.set(at("2030-05-04T13:00:02Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(state_of(&world, &card).await, State::Expired, "also while suspended");
}

#[tokio::test]
async fn a_lost_card_is_held_thirty_days_before_another_takes_its_place() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap().name;
    let lost = world.tax_step(&signatory_of("fr"), "reportLost", &card).await.unwrap();
    assert_eq!((lost.state(), lost.loss_note.as_str()), (State::Lost, "Note 44/2026"));
    assert_eq!(lost.hold_end_time, stamp("2026-06-04T04:00:00Z"));
    assert!(!world.sold_to(&card).await.0);
    let next = world.eligible(&mission, &member.name).await.unwrap();
    let issue = async || world.tax_step(&benefits(), "issue", &next).await;
    assert_eq!(reason(issue().await), "TAX_CARD_ON_HOLD");
    world.clock.set(at("2026-06-04T03:59:59Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    assert_eq!(reason(issue().await), "TAX_CARD_ON_HOLD");
    world.clock.set(at("2026-06-04T04:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(state_of(&world, &card).await, State::Replaced);
    let issued = issue().await.unwrap();
    assert!(world.sold_to(&issued.name).await.0);
    assert!(!world.sold_to(&card).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_cards_at_once_a_mission_has_two_and_a_member_one() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    world.enact(for_missions(tax_rule("FR"))).await;
    for (holder, most, refusal) in [("", 2, "TAX_CARD_LIMIT_REACHED"), (&*member.name, 1, "TAX_CARD_ALREADY_LIVE")] {
        let mut names = Vec::new();
        for _ in 0..6 {
            names.push(world.eligible(&mission, holder).await.unwrap());
        }
        let by = benefits();
        let answers = join_all(names.iter().map(|name| world.tax_step(&by, "issue", name))).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (most, 6 - most), "{holder}");
        assert!(refused.into_iter().all(|answer| reason(answer) == refusal), "{refusal}");
    }
}

#[tokio::test]
async fn a_mission_asks_for_its_own_and_sees_its_own() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let other = world.embassy("BE").await;
    let asked = world.ask_for_card(&signatory_of("be"), &mission, &member.name).await;
    assert_eq!(fields(asked), ["taxCard.mission"], "as if there were no such mission");
    assert_eq!(fields(world.ask_for_card(&registrar(), &mission, "members/nobody").await), ["taxCard.member"]);
    assert_eq!(fields(world.ask_for_card(&registrar(), &other, &member.name).await), ["taxCard.member"]);
    let card = world.tax_card(&mission, &member.name).await.unwrap().name;
    for (by, seen) in [(signatory_of("fr"), 1), (signatory_of("be"), 0)] {
        let page = world.tax_cards(&by).list_tax_cards(pb::ListTaxCardsRequest::default()).await.unwrap().into_inner();
        assert_eq!(page.tax_cards.len(), seen);
    }
    assert_eq!(reason(world.tax_step(&signatory_of("be"), "reportLost", &card).await), "NOT_FOUND");
    assert_eq!(reason(world.tax_step(&signatory_of("fr"), "recall", &card).await), "PERMISSION_DENIED");
}
