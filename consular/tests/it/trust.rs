//! Trust accounts: double entry, never overdrawn, reversed once, two officers above the limit.

use crate::assistance::case;
use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use futures::future::join_all;
use identity::Principal;
use proto::consular::v1::assistance_case::Type;
use proto::consular::v1::trust_account_service_client::TrustAccountServiceClient;
use proto::consular::v1::trust_entry::{Kind, Ledger, State};
use proto::consular::v1::trust_entry_service_client::TrustEntryServiceClient;
use proto::consular::v1::{self as pb, TrustAccount, TrustEntry};
use tonic::Status;

const CASHIER: &str = "people/cashier";
const HEAD: &str = "people/head";

impl World {
    fn accounts(&self) -> TrustAccountServiceClient<Signed> {
        TrustAccountServiceClient::new(self.signed(&officer(CASHIER)))
    }

    fn entries(&self, by: &str) -> TrustEntryServiceClient<Signed> {
        TrustEntryServiceClient::new(self.signed(&officer(by)))
    }

    async fn account_of(&self, case: &str, currency: &str) -> Result<TrustAccount, Status> {
        let account = TrustAccount { case: case.into(), currency: currency.into(), ..TrustAccount::default() };
        let create = pb::CreateTrustAccountRequest { trust_account: Some(account), ..Default::default() };
        Ok(self.accounts().create_trust_account(create).await?.into_inner())
    }

    /// An account with so much in it.
    async fn filled(&self, minor_units: i64) -> String {
        let case = self.open_case(case(Type::Other, vec![])).await.unwrap().name;
        let account = self.account_of(&case, "USD").await.unwrap().name;
        self.enter(entry(&account, Kind::Deposit, minor_units)).await.unwrap();
        account
    }

    async fn enter(&self, entry: TrustEntry) -> Result<TrustEntry, Status> {
        let create = pb::CreateTrustEntryRequest { trust_entry: Some(entry), ..Default::default() };
        Ok(self.entries(CASHIER).create_trust_entry(create).await?.into_inner())
    }

    async fn approve_entry(&self, by: &str, name: &str) -> Result<TrustEntry, Status> {
        let approve = pb::ApproveTrustEntryRequest { name: name.into(), ..Default::default() };
        Ok(self.entries(by).approve_trust_entry(approve).await?.into_inner())
    }

    async fn held(&self, account: &str) -> i64 {
        let get = pb::GetTrustAccountRequest { name: account.into(), as_of: None };
        self.accounts().get_trust_account(get).await.unwrap().into_inner().balance_minor_units
    }

    async fn close_account(&self, account: &str) -> Result<TrustAccount, Status> {
        let close = pb::CloseTrustAccountRequest { name: account.into(), ..Default::default() };
        Ok(self.accounts().close_trust_account(close).await?.into_inner())
    }
}

fn entry(account: &str, kind: Kind, minor_units: i64) -> TrustEntry {
    TrustEntry {
        account: account.into(),
        kind: kind.into(),
        minor_units,
        counterparty: "Example, Mary".into(),
        purpose: "Food and lodging".into(),
        ..TrustEntry::default()
    }
}

fn reversal(of: &TrustEntry) -> TrustEntry {
    TrustEntry {
        account: of.account.clone(),
        kind: Kind::Reversal.into(),
        purpose: "Entered for the wrong person".into(),
        reverses: of.name.clone(),
        ..TrustEntry::default()
    }
}

#[tokio::test]
async fn money_comes_and_goes_in_double_entry_and_what_remains_is_given_back() {
    let world = world().await;
    let account = world.filled(10_000).await;
    let paid = world.enter(entry(&account, Kind::Payment, 6_000)).await.unwrap();
    assert_eq!((paid.debit(), paid.credit(), paid.state()), (Ledger::Owed, Ledger::Held, State::Posted));
    assert_eq!((paid.balance_minor_units, paid.currency.as_str()), (4_000, "USD"));
    let fee =
        world.enter(TrustEntry { counterparty: String::new(), ..entry(&account, Kind::Fee, 1_500) }).await.unwrap();
    assert_eq!((fee.debit(), fee.credit()), (Ledger::Owed, Ledger::Earned));
    assert_eq!(reason(world.enter(entry(&account, Kind::Payment, 2_501)).await), "TRUST_FUNDS_SHORT");
    assert_eq!(reason(world.close_account(&account).await), "TRUST_ACCOUNT_NOT_EMPTY");
    world.enter(entry(&account, Kind::Refund, 2_500)).await.unwrap();
    assert_eq!(world.held(&account).await, 0);
    world.close_account(&account).await.unwrap();
    assert_eq!(reason(world.enter(entry(&account, Kind::Deposit, 1)).await), "TRUST_ACCOUNT_IS_CLOSED");
    // What is held for others is what is owed to them and what was earned of it.
    let books = "(select sum(case debit when 'HELD' then 1 else 0 end * (doc->>'minorUnits')::bigint \
        - case credit when 'HELD' then 1 else 0 end * (doc->>'minorUnits')::bigint) as held, \
        sum(case credit when 'EARNED' then 1 else 0 end * (doc->>'minorUnits')::bigint) as earned \
        from trust_entries) b where held = 1500 and earned = 1500";
    assert_eq!(world.count(books).await, 1);
}

#[tokio::test]
async fn an_entry_says_what_its_kind_asks_for() {
    let world = world().await;
    let account = world.filled(10_000).await;
    for unfit in [
        entry(&account, Kind::Payment, 0),
        TrustEntry { counterparty: " ".into(), ..entry(&account, Kind::Payment, 10) },
        TrustEntry { reverses: "trustEntries/none".into(), ..entry(&account, Kind::Payment, 10) },
        entry(&account, Kind::Reversal, 10),
    ] {
        assert_eq!(reason(world.enter(unfit).await), "TRUST_ENTRY_UNFIT");
    }
    assert_eq!(reason(world.enter(entry("trustAccounts/none", Kind::Deposit, 1)).await), "BROKEN_REFERENCE");
    let of = world.count("assistance_cases").await;
    assert_eq!(of, 1);
    let get = pb::GetTrustAccountRequest { name: account, as_of: None };
    let case = world.accounts().get_trust_account(get).await.unwrap().into_inner().case;
    assert_eq!(reason(world.account_of(&case, "USD").await), "TRUST_ACCOUNT_ALREADY_OPEN");
    world.account_of(&case, "EUR").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_payments_at_once_only_those_are_made_that_the_account_holds() {
    let world = world().await;
    let account = world.filled(100).await;
    let race = || join_all((0..12).map(|_| world.enter(entry(&account, Kind::Payment, 40))));
    let payments = race().await;
    assert_eq!(payments.iter().filter(|payment| payment.is_ok()).count(), 2);
    assert!(payments.into_iter().filter(Result::is_err).all(|refused| reason(refused) == "TRUST_FUNDS_SHORT"));
    assert_eq!(world.held(&account).await, 20);
    // It is the table that refuses: without its check the same race overdraws.
    let unguarded = "alter table trust_accounts drop constraint trust_accounts_never_negative";
    sqlx::query(unguarded).execute(&world.db.pool).await.unwrap();
    assert_eq!(race().await.iter().filter(|payment| payment.is_ok()).count(), 12);
    assert_eq!(world.held(&account).await, 20 - 12 * 40);
}

#[tokio::test]
async fn another_program_cannot_change_an_account_or_its_entries() {
    let world = world().await;
    let account = world.filled(100).await;
    let refused = async |text: &'static str| sqlx::query(text).execute(&world.db.pool).await.unwrap_err().to_string();
    let richer = "update trust_accounts set doc = doc || '{\"balanceMinorUnits\": \"900\"}'";
    assert!(refused(richer).await.contains("its entries say 100"));
    let more = "update trust_entries set doc = doc || '{\"minorUnits\": \"900\"}'";
    assert!(refused(more).await.contains("an entry stands"));
    assert!(refused("delete from trust_entries").await.contains("an entry stands"));
    let beside = "insert into trust_entries (name, uid, version, doc, created_at, updated_at) select 'trustEntries/beside', \
        gen_random_uuid(), 1, doc || '{\"name\": \"trustEntries/beside\"}', now(), now() from trust_entries";
    assert!(refused(beside).await.contains("holds 100 and its entries say 200"));
    let lopsided = "insert into trust_entries (name, uid, version, doc, created_at, updated_at) select 'trustEntries/l', \
        gen_random_uuid(), 1, doc || '{\"name\": \"trustEntries/l\", \"credit\": \"HELD\"}', now(), now() from trust_entries";
    assert!(refused(lopsided).await.contains("trust_entries_double"));
    assert_eq!(world.held(&account).await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_corrected_by_a_reversal_and_reversed_once() {
    let world = world().await;
    let account = world.filled(100).await;
    let wrong = world.enter(entry(&account, Kind::Payment, 60)).await.unwrap();
    let reversals = join_all((0..8).map(|_| world.enter(reversal(&wrong)))).await;
    let done: Vec<_> = reversals.iter().flatten().cloned().collect();
    assert_eq!(done.len(), 1);
    let refused = reversals.into_iter().filter(Result::is_err);
    assert!(refused.map(reason).all(|reason| reason == "TRUST_ENTRY_ALREADY_REVERSED"));
    assert_eq!((done[0].debit(), done[0].credit(), done[0].minor_units), (Ledger::Held, Ledger::Owed, 60));
    assert_eq!(world.held(&account).await, 100);
    assert_eq!(reason(world.enter(reversal(&done[0])).await), "TRUST_ENTRY_UNFIT", "a reversal is not reversed");
    let other = world.filled(100).await;
    let elsewhere = TrustEntry { account: other, ..reversal(&wrong) };
    assert_eq!(reason(world.enter(elsewhere).await), "TRUST_ENTRY_UNFIT");
    // What was paid out since cannot be taken back with the deposit.
    let deposit = world.enter(entry(&account, Kind::Deposit, 50)).await.unwrap();
    world.enter(entry(&account, Kind::Payment, 120)).await.unwrap();
    assert_eq!(reason(world.enter(reversal(&deposit)).await), "TRUST_FUNDS_SHORT");
}

#[tokio::test]
async fn above_the_limit_another_officer_approves_also_what_is_paid_in_parts() {
    let world = world().await;
    let account = world.filled(200_000).await;
    assert_eq!(world.enter(entry(&account, Kind::Payment, 50_000)).await.unwrap().state(), State::Posted);
    let more = world.enter(entry(&account, Kind::Payment, 1)).await.unwrap();
    assert_eq!((more.state(), world.held(&account).await), (State::Proposed, 150_000), "in parts on one day");
    world.clock.advance(TimeDelta::hours(25));
    assert_eq!(world.enter(entry(&account, Kind::Payment, 1)).await.unwrap().state(), State::Posted);
    let large = world.enter(entry(&account, Kind::Payment, 149_999)).await.unwrap();
    assert_eq!(large.state(), State::Proposed);
    assert_eq!(reason(world.approve_entry(CASHIER, &large.name).await), "SAME_PERSON");
    assert_eq!(reason(world.close_account(&account).await), "TRUST_ACCOUNT_NOT_EMPTY");
    let posted = world.approve_entry(HEAD, &large.name).await.unwrap();
    assert_eq!((posted.state(), posted.balance_minor_units), (State::Posted, 0));
    assert_eq!(reason(world.approve_entry(HEAD, &large.name).await), "WRONG_STATE");
    assert_eq!(
        reason(world.approve_entry(HEAD, &more.name).await),
        "TRUST_FUNDS_SHORT",
        "it is looked at when it is posted"
    );
    let unposted = TrustEntry { reverses: more.name.clone(), ..reversal(&more) };
    assert_eq!(reason(world.enter(unposted).await), "TRUST_ENTRY_UNFIT");
    assert_eq!(reason(world.close_account(&account).await), "TRUST_ACCOUNT_NOT_EMPTY", "something is proposed");
    let reject = pb::RejectTrustEntryRequest { name: more.name, ..Default::default() };
    world.entries(HEAD).reject_trust_entry(reject).await.unwrap();
    world.close_account(&account).await.unwrap();
}

#[tokio::test]
async fn no_case_closes_while_it_holds_money() {
    let world = world().await;
    let name = world.finished_case().await;
    let account = world.account_of(&name, "USD").await.unwrap().name;
    assert_eq!(reason(world.close_finished(&name).await), "CASE_MONEY_HELD");
    world.close_account(&account).await.unwrap();
    world.close_finished(&name).await.unwrap();
    assert_eq!(reason(world.account_of(&name, "USD").await), "CASE_IS_CLOSED");
}

#[tokio::test]
async fn entries_are_of_the_post_that_holds_the_money() {
    let world = world().await;
    let account = world.filled(100_000).await;
    let large = world.enter(entry(&account, Kind::Payment, 60_000)).await.unwrap();
    assert_eq!((large.state(), large.post.as_str()), (State::Proposed, "posts/example"));
    let serving = |post: &str| {
        let by = Principal { post: Some(post.into()), ..officer(HEAD) };
        TrustEntryServiceClient::new(world.signed(&by))
    };
    let (mut own, mut other) = (serving("posts/example"), serving("posts/other"));
    for (entries, seen) in [(&mut own, 2), (&mut other, 0)] {
        let list = entries.list_trust_entries(pb::ListTrustEntriesRequest::default()).await.unwrap().into_inner();
        assert_eq!(list.trust_entries.len(), seen);
    }
    let get = pb::GetTrustEntryRequest { name: large.name.clone(), as_of: None };
    assert_eq!(reason(other.get_trust_entry(get).await), "NOT_FOUND");
    let approve = || pb::ApproveTrustEntryRequest { name: large.name.clone(), ..Default::default() };
    assert_eq!(reason(other.approve_trust_entry(approve()).await), "NOT_FOUND");
    let payment =
        || pb::CreateTrustEntryRequest { trust_entry: Some(entry(&account, Kind::Payment, 10)), ..Default::default() };
    assert_eq!(reason(other.create_trust_entry(payment()).await), "PERMISSION_DENIED");
    assert_eq!(world.held(&account).await, 100_000, "another post takes nothing out");
    own.approve_trust_entry(approve()).await.unwrap();
    own.create_trust_entry(payment()).await.unwrap();
    assert_eq!(world.held(&account).await, 40_000);
}
