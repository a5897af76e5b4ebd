//! Debts: payments that never exceed what is owed, ages, and the statement of a year.

use crate::matters::{dollars, fines, party_of};
use crate::world::{World, at, decider, fields, reason, registrar, world};
use accreditation::debt_ageing::{aged, statement};
use chrono::NaiveDate;
use futures::future::join_all;
use proptest::prelude::*;
use proto::accreditation::v1::debt::{Kind, State};
use proto::accreditation::v1::{self as pb, Debt, DebtPayment};

const BOUNDS: [u16; 2] = [30, 90];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_debt_is_paid_in_parts_and_then_paid() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.owe(fines(&mission)).await.unwrap().name;
    let part = world.pay(&name, 4_000, "2026-05-01").await.unwrap();
    assert_eq!((part.state(), part.balance_minor_units), (State::Outstanding, 6_000));
    assert_eq!(reason(world.pay(&name, 6_001, "").await), "PAYMENT_EXCEEDS_BALANCE");
    assert_eq!(reason(world.pay(&name, 1, "2026-05-05").await), "TIMES_IMPLAUSIBLE", "tomorrow");
    let paid = world.pay(&name, 6_000, "").await.unwrap();
    assert_eq!((paid.state(), paid.balance_minor_units, paid.payments.len()), (State::Paid, 0, 2));
    assert_eq!(paid.payments[1].payment_date, "2026-05-04");
    assert_eq!(reason(world.pay(&name, 1, "").await), "WRONG_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_payments_at_once_no_more_is_taken_than_is_owed() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for _ in 0..8 {
        let name = world.owe(fines(&mission)).await.unwrap().name;
        let answers = join_all((0..8).map(|_| world.pay(&name, 3_000, ""))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
        let refused: Vec<_> = answers.into_iter().filter(Result::is_err).map(reason).collect();
        assert_eq!(refused, ["PAYMENT_EXCEEDS_BALANCE"; 5]);
        let request = pb::GetDebtRequest { name, as_of: None };
        let debt = world.debts(&registrar()).get_debt(request).await.unwrap().into_inner();
        let paid: i64 = debt.payments.iter().map(|payment| payment.minor_units).sum();
        assert_eq!((debt.balance_minor_units, paid), (1_000, 9_000));
    }
}

#[tokio::test]
async fn the_database_itself_holds_that_no_balance_is_below_nothing() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.owe(fines(&mission)).await.unwrap().name;
    let broken = sqlx::query("update debts set doc = doc || '{\"balanceMinorUnits\": \"-1\"}' where name = $1");
    let broken = broken.bind(name).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(broken.as_database_error().unwrap().constraint(), Some("debts_balance"));
}

#[test]
fn a_debt_falls_into_one_age_by_the_days_since_it_was_due() {
    let debt = Debt { due_date: "2026-04-01".into(), ..fines("missions/fr") };
    let place = |on: &str| {
        let ageing = aged(std::slice::from_ref(&debt), day(on), &BOUNDS);
        ageing[0].buckets.iter().position(|bucket| bucket.count == 1).unwrap()
    };
    for (on, expected) in [
        ("2026-03-31", 0),
        ("2026-04-01", 1),
        ("2026-05-01", 1),
        ("2026-05-02", 2),
        ("2026-06-30", 2),
        ("2026-07-01", 3),
        ("2036-07-01", 3),
    ] {
        assert_eq!(place(on), expected, "{on}");
    }
    let ageing = aged(&[debt], day("2026-05-02"), &BOUNDS);
    let spans: Vec<_> = ageing[0].buckets.iter().map(|one| (one.not_due, one.from_days, one.to_days)).collect();
    assert_eq!(spans, [(true, 0, 0), (false, 0, 30), (false, 31, 90), (false, 91, 0)]);
    assert!(aged(&[fines("missions/fr")], day("2026-02-28"), &BOUNDS).is_empty(), "it had not come about");
}

proptest! {
    /// Nothing is lost and nothing counted twice: the ages of each mission and currency add up to what is owed.
    #[test]
    fn ages_add_up(debts in prop::collection::vec((0..3_u8, 0..2_u8, 1..1_000_i64, 0..1_200_i64, 0..2_000_i64), 0..40)) {
        let as_of = day("2028-01-01");
        let debts: Vec<_> = debts.iter().map(|(mission, currency, amount, days, paid)| {
            let due = as_of - chrono::TimeDelta::days(*days - 100);
            let payment = DebtPayment { minor_units: (*paid).min(*amount), payment_date: "2027-01-01".into(), ..Default::default() };
            let mut sum = dollars(*amount);
            if *currency == 1 { sum.currency = "EUR".into(); }
            let payments = if payment.minor_units > 0 { vec![payment] } else { Vec::new() };
            Debt { due_date: due.to_string(), incur_date: "2024-01-01".into(), amount: Some(sum), payments, ..fines(&format!("missions/{mission}")) }
        }).collect();
        let ageing = aged(&debts, as_of, &BOUNDS);
        let buckets = |one: &pb::DebtAgeing| one.buckets.iter().map(|bucket| bucket.minor_units).sum::<i64>();
        prop_assert!(ageing.iter().all(|one| buckets(one) == one.total_minor_units && one.total_minor_units > 0));
        let owed = |debt: &Debt| debt.amount.as_ref().unwrap().minor_units - debt.payments.iter().map(|one| one.minor_units).sum::<i64>();
        prop_assert_eq!(ageing.iter().map(|one| one.total_minor_units).sum::<i64>(), debts.iter().map(owed).sum::<i64>());
        let lines = statement(&debts, 2027, as_of);
        prop_assert_eq!(lines.iter().map(|line| line.owed_minor_units).sum::<i64>(), debts.iter().map(owed).sum::<i64>());
    }
}

async fn ageing(world: &World, by: &identity::Principal, mission: &str, as_of: &str) -> Vec<pb::DebtAgeing> {
    let request = pb::AgeDebtsRequest { mission: mission.into(), as_of_date: as_of.into() };
    world.debts(by).age_debts(request).await.unwrap().into_inner().ageing
}

#[tokio::test]
async fn ages_are_told_of_any_date_and_to_a_mission_of_its_own() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.owe(fines(&ours)).await.unwrap().name;
    world.owe(Debt { kind: Kind::Rent.into(), ..fines(&theirs) }).await.unwrap();
    world.pay(&name, 4_000, "2026-05-02").await.unwrap();
    let totals = |ageing: Vec<pb::DebtAgeing>| {
        ageing.into_iter().map(|one| (one.mission, one.total_minor_units)).collect::<Vec<_>>()
    };
    let (fr, be) = ("missions/fr".to_owned(), "missions/be".to_owned());
    let all = ageing(&world, &registrar(), "", "").await;
    assert_eq!(totals(all), [(be.clone(), 10_000), (fr.clone(), 6_000)]);
    let before = ageing(&world, &registrar(), &fr, "2026-05-01").await;
    assert_eq!(totals(before), [(fr.clone(), 10_000)], "before it was paid");
    assert_eq!(totals(ageing(&world, &party_of("fr"), "", "").await), [(fr, 6_000)]);
    assert!(ageing(&world, &party_of("fr"), &be, "").await.is_empty());
}

#[tokio::test]
async fn the_statement_of_a_year_has_the_kinds_that_are_published() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.owe(fines(&ours)).await.unwrap().name;
    world.owe(Debt { amount: Some(dollars(50_000)), ..fines(&theirs) }).await.unwrap();
    world.owe(Debt { kind: Kind::Rent.into(), ..fines(&theirs) }).await.unwrap();
    world.pay(&name, 4_000, "").await.unwrap();
    world.clock.set(at("2027-02-01T12:00:00Z"));
    world.pay(&name, 1_000, "").await.unwrap();
    let stated = async |year| {
        let request = pb::StateDebtsRequest { year };
        world.debts(&registrar()).state_debts(request).await.unwrap().into_inner()
    };
    let told = |answer: &pb::StateDebtsResponse| {
        let line = |line: &pb::DebtLine| (line.mission.clone(), line.owed_minor_units, line.paid_minor_units);
        answer.lines.iter().map(line).collect::<Vec<_>>()
    };
    let answer = stated(2026).await;
    assert_eq!(answer.as_of_date, "2026-12-31");
    assert_eq!(told(&answer), [("missions/be".to_owned(), 50_000, 0), ("missions/fr".to_owned(), 6_000, 4_000)]);
    let answer = stated(2027).await;
    assert_eq!(answer.as_of_date, "2027-02-01", "not beyond today");
    assert_eq!(told(&answer)[1], ("missions/fr".to_owned(), 5_000, 1_000));
    let request = pb::StateDebtsRequest { year: 2026 };
    assert_eq!(reason(world.debts(&party_of("fr")).state_debts(request).await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_mission_contests_its_own_debt_and_another_person_writes_it_off() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.owe(fines(&ours)).await.unwrap().name;
    let contest = || pb::ContestDebtRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.debts(&party_of("be")).contest_debt(contest()).await), "NOT_FOUND");
    let contested = world.debts(&party_of("fr")).contest_debt(contest()).await.unwrap().into_inner();
    assert_eq!(contested.state(), State::Contested);
    let write_off = || pb::WriteOffDebtRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.debts(&registrar()).write_off_debt(write_off()).await), "SAME_PERSON");
    world.debts(&decider()).write_off_debt(write_off()).await.unwrap();
    assert!(ageing(&world, &registrar(), "", "").await.is_empty());
    let other = world.owe(Debt { incur_date: "2026-06-01".into(), due_date: "2026-07-01".into(), ..fines(&theirs) });
    assert_eq!(reason(other.await), "TIMES_IMPLAUSIBLE");
    let nobody = Debt { member: "members/nobody".into(), ..fines(&ours) };
    assert_eq!(fields(world.owe(nobody).await), ["debt.member"]);
}
