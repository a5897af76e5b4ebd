//! Rules of reciprocity: who clears them, when they are in force, that no two are, and whom one would affect.

use crate::benefits::{benefits, for_missions, restricted, signatory_of, tax_rule};
use crate::world::{World, at, decider, fields, reason, registrar, relative, secretary, stamp, world};
use accreditation::benefits::Practice;
use accreditation::reciprocity::{self, Seeker};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use proptest::prelude::*;
use proto::accreditation::v1::quota::Period;
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level, State};
use proto::accreditation::v1::restriction::{Purchase, Tax};
use proto::accreditation::v1::{self as pb, Category, Member, Quota, ReciprocityRule, Relation, Restriction, tax_card};

#[tokio::test]
async fn a_rule_is_cleared_by_another_and_in_force_from_its_date() {
    let world = world().await;
    let name = world.draft_rule(tax_rule("FR")).await.unwrap().name;
    assert_eq!(reason(world.rule_step(&registrar(), "clear", &name).await), "SAME_PERSON");
    world.rule_step(&decider(), "clear", &name).await.unwrap();
    assert_eq!(reason(world.activate(&name, "2026-05-04T12:59:59Z").await), "EFFECTIVE_TIME_UNFIT");
    let rule = world.activate(&name, "2026-06-01T00:00:00Z").await.unwrap();
    assert_eq!((rule.state(), rule.effective_time), (State::Active, stamp("2026-06-01T00:00:00Z")));
    let rules = [rule];
    let granted = |instant: &str| {
        let seeker = Seeker { state: "FR", category: Category::DiplomaticStaff, family: false };
        reciprocity::granted(&rules, &seeker, Benefit::TaxExemption, at(instant)).is_some()
    };
    assert!(!granted("2026-05-31T23:59:59.999999Z"));
    assert!(granted("2026-06-01T00:00:00Z"));
}

#[tokio::test]
async fn a_draft_is_changed_until_it_is_cleared_and_again_when_it_is_returned() {
    let world = world().await;
    let draft = world.draft_rule(tax_rule("FR")).await.unwrap();
    let update = async |rule: &ReciprocityRule| {
        let request = pb::UpdateReciprocityRuleRequest {
            reciprocity_rule: Some(ReciprocityRule { basis: "Other notes".into(), ..rule.clone() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["basis".into()] }),
            etag: rule.etag.clone(),
            ..Default::default()
        };
        world.rules(&registrar()).update_reciprocity_rule(request).await
    };
    let changed = update(&draft).await.unwrap().into_inner();
    assert_eq!(changed.basis, "Other notes");
    let cleared = world.rule_step(&decider(), "clear", &draft.name).await.unwrap();
    assert_eq!(reason(update(&cleared).await), "WRONG_STATE");
    let returned = world.rule_step(&decider(), "return", &draft.name).await.unwrap();
    update(&returned).await.unwrap();
}

#[tokio::test]
async fn a_rule_gives_way_to_the_next_at_an_instant_and_never_overlaps_it() {
    let world = world().await;
    let first = world.enact(tax_rule("FR")).await.name;
    let next = world.cleared(restricted(tax_rule("FR"))).await;
    let turn = "2026-07-01T00:00:00Z";
    assert_eq!(reason(world.activate(&next, turn).await), "RULE_ALREADY_IN_FORCE");
    let ending = world.supersede(&first, turn).await.unwrap();
    assert_eq!((ending.state(), ending.end_time), (State::Active, stamp(turn)), "in force until then");
    assert_eq!(reason(world.activate(&next, "2026-06-30T23:59:59Z").await), "RULE_ALREADY_IN_FORCE");
    world.activate(&next, turn).await.unwrap();
    world.enact(tax_rule("BE")).await;
    world.enact(ReciprocityRule { category: Category::ServiceStaff.into(), ..tax_rule("FR") }).await;
    world.enact(ReciprocityRule { benefit: Benefit::FuelTax.into(), ..tax_rule("FR") }).await;
    world.clock.set(at(turn));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(world.rule(&first).await.state(), State::Superseded);
    assert_eq!(reason(world.supersede(&next, "2026-06-30T00:00:00Z").await), "EFFECTIVE_TIME_UNFIT");
    let third = world.cleared(tax_rule("FR")).await;
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(world.rule_step(&benefits(), "supersede", &next).await.unwrap().state(), State::Superseded);
    world.rule_step(&benefits(), "activate", &third).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_rules_activated_at_once_one_is_in_force() {
    let world = world().await;
    let mut names = Vec::new();
    for _ in 0..8 {
        names.push(world.cleared(tax_rule("FR")).await);
    }
    let by = benefits();
    let answers = join_all(names.iter().map(|name| world.rule_step(&by, "activate", name))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 7));
    assert!(refused.into_iter().all(|answer| reason(answer) == "RULE_ALREADY_IN_FORCE"));
}

#[tokio::test]
async fn a_restriction_fits_its_level_and_itself() {
    let world = world().await;
    let unrestricted = ReciprocityRule { restriction: Some(Restriction::default()), ..tax_rule("FR") };
    assert_eq!(fields(world.draft_rule(unrestricted).await), ["reciprocityRule.restriction"]);
    let bare = ReciprocityRule { level: Level::Restricted.into(), ..tax_rule("FR") };
    assert_eq!(reason(world.draft_rule(bare).await), "RESTRICTION_CONTRADICTS");
    let both = Restriction {
        excluded: vec![Purchase::Lodging.into()],
        included: vec![Purchase::Lodging.into()],
        ..Restriction::default()
    };
    let both = ReciprocityRule { restriction: Some(both), ..restricted(tax_rule("FR")) };
    assert_eq!(fields(world.draft_rule(both).await), ["reciprocityRule.restriction.included"]);
    assert_eq!(reason(world.draft_rule(tax_rule("US")).await), "SENDING_STATE_IS_OURS");
    for (benefit, period, fits) in [
        (Benefit::VehicleRegistration, Period::AtOnce, true),
        (Benefit::VehicleRegistration, Period::CalendarYear, false),
        (Benefit::CustomsClearance, Period::CalendarMonth, true),
        (Benefit::CustomsClearance, Period::AtOnce, false),
        (Benefit::TaxExemption, Period::CalendarYear, false),
    ] {
        let quota = Some(Quota { amount: 3, period: period.into() });
        let drafted = world.draft_rule(ReciprocityRule { benefit: benefit.into(), quota, ..tax_rule("FR") }).await;
        assert_eq!(drafted.is_ok(), fits, "{benefit:?} {period:?}");
    }
}

async fn preview(world: &World, name: &str) -> pb::PreviewReciprocityRuleResponse {
    let request = pb::PreviewReciprocityRuleRequest { name: name.into(), effective_time: None };
    world.rules(&benefits()).preview_reciprocity_rule(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_dry_run_names_the_cards_a_rule_would_touch_and_changes_nothing() {
    let world = world().await;
    let (mission, principal) = world.reciprocal().await;
    let in_force = world.count("reciprocity_rules where state = 'ACTIVE'").await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    let own = world.tax_card(&mission, &principal.name).await.unwrap().name;
    let of_spouse = world.tax_card(&mission, &spouse.name).await.unwrap().name;
    let elsewhere = world.embassy("BE").await;
    let belgian = Member { nationality: "BE".into(), ..secretary(&elsewhere) };
    let belgian = world.accredited("janssens", belgian).await;
    world.enact(tax_rule("BE")).await;
    world.tax_card(&elsewhere, &belgian.name).await.unwrap();
    let rows = world.count("history").await;

    let same = world.cleared(tax_rule("FR")).await;
    let answer = preview(&world, &same).await;
    assert_eq!((answer.mission_count, answer.member_count, answer.card_count), (1, 1, 0), "nothing would change");
    assert!(!answer.replaced_rule.is_empty());

    let strict = world.cleared(ReciprocityRule { family: false, ..restricted(tax_rule("FR")) }).await;
    let answer = preview(&world, &strict).await;
    assert_eq!(answer.card_count, 2);
    let mut cards: Vec<_> =
        answer.cards.iter().map(|card| (card.card.clone(), card.level(), card.new_level())).collect();
    let mut expected = vec![
        (own.clone(), tax_card::Level::PersonalUnrestricted, tax_card::Level::PersonalRestricted),
        (of_spouse, tax_card::Level::PersonalUnrestricted, tax_card::Level::Unspecified),
    ];
    cards.sort();
    expected.sort();
    assert_eq!(cards, expected);
    let named = answer.cards.iter().find(|card| card.card == own).unwrap();
    assert_eq!(named.holder, principal.name);
    assert!(named.new_restriction.contains("USD 300.00 or more"), "{named:?}");

    let general = world.cleared(restricted(tax_rule(""))).await;
    let answer = preview(&world, &general).await;
    assert_eq!((answer.mission_count, answer.card_count), (0, 0), "every state has a rule of its own");
    assert_eq!(world.count("history").await, rows + 6, "only the drafts and their clearance were written");
    assert_eq!(world.count("reciprocity_rules where state = 'ACTIVE'").await, in_force + 1);
    let unknown = pb::PreviewReciprocityRuleRequest { name: "reciprocityRules/none".into(), effective_time: None };
    assert_eq!(reason(world.rules(&benefits()).preview_reciprocity_rule(unknown).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_dry_run_of_a_rule_for_missions_looks_at_their_own_cards() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    world.enact(for_missions(tax_rule("FR"))).await;
    world.tax_card(&mission, &member.name).await.unwrap();
    let card = world.tax_card(&mission, "").await.unwrap().name;
    let denied = ReciprocityRule { level: Level::Denied.into(), ..for_missions(tax_rule("FR")) };
    let answer = preview(&world, &world.cleared(denied).await).await;
    assert_eq!((answer.member_count, answer.card_count), (0, 1));
    assert_eq!((answer.cards[0].card.as_str(), answer.cards[0].holder.as_str()), (card.as_str(), mission.as_str()));
}

#[tokio::test]
async fn a_missions_staff_see_no_rules() {
    let world = world().await;
    let (_, _) = world.reciprocal().await;
    let page =
        world.rules(&signatory_of("fr")).list_reciprocity_rules(pb::ListReciprocityRulesRequest::default()).await;
    assert!(page.unwrap().into_inner().reciprocity_rules.is_empty());
}

/// A rule as the register keeps it, in force from the `from`th hour until the `end`th.
fn kept(country: &str, level: Level, from: i64, end: Option<i64>) -> ReciprocityRule {
    let hour = |hours: i64| registry::timestamp(dawn() + TimeDelta::hours(hours));
    ReciprocityRule {
        name: format!("reciprocityRules/{country}-{from}"),
        state: if end.is_some() { State::Superseded } else { State::Active }.into(),
        level: level.into(),
        effective_time: Some(hour(from)),
        end_time: end.map(hour),
        ..tax_rule(country)
    }
}

fn dawn() -> DateTime<Utc> {
    crate::world::dawn()
}

#[test]
fn a_states_own_rule_stands_before_the_one_for_all_also_where_it_denies() {
    let rules = [kept("", Level::Unrestricted, 0, None), kept("FR", Level::Denied, 2, Some(4))];
    let granted = |state: &str, hour: i64| {
        let seeker = Seeker { state, category: Category::DiplomaticStaff, family: false };
        let found = reciprocity::granted(&rules, &seeker, Benefit::TaxExemption, dawn() + TimeDelta::hours(hour));
        found.map(|rule| rule.country.clone())
    };
    assert_eq!(granted("FR", 1).as_deref(), Some(""));
    assert_eq!(granted("FR", 2), None);
    assert_eq!(granted("FR", 3), None);
    assert_eq!(granted("FR", 4).as_deref(), Some(""));
    assert_eq!(granted("BE", 3).as_deref(), Some(""));
}

proptest! {
    /// Against the plainest reading: the rule of the state that is in force, else the one for all that is.
    #[test]
    fn at_any_instant_the_rule_found_is_the_one_in_force(
        own in proptest::collection::vec(1_i64..20, 0..6),
        general in proptest::collection::vec(1_i64..20, 0..6),
        asked in -5_i64..150,
    ) {
        // Periods that follow one another, each ending where the next begins, the last open.
        let periods = |country: &str, lengths: &[i64]| {
            let mut from = 0;
            let mut rules = Vec::new();
            for (n, length) in lengths.iter().enumerate() {
                let end = (n + 1 < lengths.len()).then_some(from + length);
                rules.push(kept(country, Level::Unrestricted, from, end));
                from += length;
            }
            rules
        };
        let rules: Vec<_> = periods("", &general).into_iter().chain(periods("FR", &own)).collect();
        let at = dawn() + TimeDelta::hours(asked);
        let found = reciprocity::in_force(&rules, "FR", Category::DiplomaticStaff, Benefit::TaxExemption, at);
        let standing: Vec<_> = rules.iter().filter(|rule| reciprocity::holds(rule, at)).collect();
        prop_assert!(standing.iter().filter(|rule| rule.country == "FR").count() <= 1);
        let expected = standing.iter().find(|rule| rule.country == "FR").or(standing.first());
        prop_assert_eq!(found.map(|rule| &rule.name), expected.map(|rule| &rule.name));
        prop_assert_eq!(found.is_none(), asked < 0 || (own.is_empty() && general.is_empty()));
    }
}

#[test]
fn a_card_says_what_it_is_for_in_words() {
    let practice = Practice::of_home("US").unwrap();
    let restriction = Restriction {
        minimum_amount: 5_005,
        excluded: vec![Purchase::Lodging.into()],
        included: vec![],
        taxes: vec![Tax::Sales.into()],
    };
    let rule = ReciprocityRule { restriction: Some(restriction), ..restricted(tax_rule("FR")) };
    let worth = reciprocity::worth(&rule, true, &practice, "USD");
    assert_eq!(worth.level, tax_card::Level::PersonalRestricted);
    assert_eq!(
        worth.restriction,
        "Exempt from tax on sales. Only for purchases of USD 50.05 or more before tax. Never for lodging, motor fuel, \
         vehicles, utilities, air travel and cruises. For the holder's own purchases; not transferable."
    );
    let plain = reciprocity::worth(&for_missions(tax_rule("FR")), false, &practice, "USD");
    assert_eq!(plain.level, tax_card::Level::MissionUnrestricted);
    assert!(plain.restriction.starts_with("Exempt from tax on sales, lodging and meals. Never for"), "{plain:?}");
    assert_eq!(practice.tax_cards.name(plain.level), "Owl");
}

#[test]
fn a_practice_file_is_checked_whole() {
    let text = include_str!("../../data/benefits/US.toml");
    let bad = text.replace("\"CRUISES\"", "\"BALLOONS\"").replace("hold_days = 30", "hold_days = 0");
    let bad = bad.replace("PERSONAL_RESTRICTED =", "PERSONAL_ODD =");
    let errors = Practice::read(&bad, "US").unwrap_err().0;
    for part in ["BALLOONS", "greater than 0", "PERSONAL_RESTRICTED has none", "`PERSONAL_ODD` is no level"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part} is not in {errors:?}");
    }
    assert!(Practice::read(text, "FR").is_err(), "the file of another home");
    Practice::of_home("FR").expect("a home without a file has the default");
}
