//! Loans for the way home: destitution, two officers, instalments, default and cure, waiver, and the passport meanwhile.

use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{Signed, World, officer, reason, world};
use chrono::TimeDelta;
use identity::Principal;
use proto::consular::v1::passport_application::Type as Passport;
use proto::consular::v1::repatriation_loan::State;
use proto::consular::v1::repatriation_loan_service_client::RepatriationLoanServiceClient;
use proto::consular::v1::{self as pb, RepatriationLoan};
use registry::instant;
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    fn loans(&self, by: &str) -> RepatriationLoanServiceClient<Signed> {
        RepatriationLoanServiceClient::new(self.signed(&officer(by)))
    }

    async fn apply_for(&self, loan: RepatriationLoan) -> String {
        let case = self.finished_case().await;
        let loan = RepatriationLoan { case, ..loan };
        let create = pb::CreateRepatriationLoanRequest { repatriation_loan: Some(loan), ..Default::default() };
        self.loans(CLERK).create_repatriation_loan(create).await.unwrap().into_inner().name
    }

    async fn assess(&self, name: &str) -> Result<RepatriationLoan, Status> {
        let assess = pb::AssessRepatriationLoanRequest {
            findings: "Robbed.".into(),
            ..about!(AssessRepatriationLoanRequest, name)
        };
        Ok(self.loans(CLERK).assess_repatriation_loan(assess).await?.into_inner())
    }

    async fn approve_loan(&self, by: &str, name: &str) -> Result<RepatriationLoan, Status> {
        let approve = about!(ApproveRepatriationLoanRequest, name);
        Ok(self.loans(by).approve_repatriation_loan(approve).await?.into_inner())
    }

    async fn lent(&self, person: &str) -> RepatriationLoan {
        let name = self.apply_for(asked(person)).await;
        self.assess(&name).await.unwrap();
        let sign = pb::SignPromissoryNoteRequest { note: "note 4".into(), ..about!(SignPromissoryNoteRequest, name) };
        self.loans(CLERK).sign_promissory_note(sign).await.unwrap();
        self.approve_loan(DECIDER, &name).await.unwrap();
        let disburse = pb::DisburseRepatriationLoanRequest {
            payee: "Example Airline".into(),
            voucher: "ticket 7".into(),
            ..about!(DisburseRepatriationLoanRequest, name)
        };
        self.loans(CLERK).disburse_repatriation_loan(disburse).await.unwrap().into_inner()
    }

    async fn repay(&self, name: &str, minor_units: i64, voucher: &str) -> Result<RepatriationLoan, Status> {
        let repay = pb::RepayRepatriationLoanRequest {
            minor_units,
            voucher: voucher.into(),
            ..about!(RepayRepatriationLoanRequest, name)
        };
        Ok(self.loans(CLERK).repay_repatriation_loan(repay).await?.into_inner())
    }
}

/// 1,200 dollars are missing.
fn asked(person: &str) -> RepatriationLoan {
    RepatriationLoan {
        person: person.into(),
        currency: "USD".into(),
        cost_minor_units: 150_000,
        own_minor_units: 10_000,
        family_asked: true,
        family_minor_units: 20_000,
        ..RepatriationLoan::default()
    }
}

fn due(loan: &RepatriationLoan) -> String {
    loan.next_due_time.as_ref().and_then(instant).map(|at| at.to_rfc3339()).unwrap_or_default()
}

#[tokio::test]
async fn a_loan_is_for_the_destitute_promised_in_writing_and_approved_by_another() {
    let world = world().await;
    let unasked = world.apply_for(RepatriationLoan { family_asked: false, ..asked("P-1") }).await;
    assert_eq!(reason(world.assess(&unasked).await), "LOAN_NOT_DESTITUTE");
    let insured = world.apply_for(RepatriationLoan { other_minor_units: 120_000, ..asked("P-1") }).await;
    assert_eq!(reason(world.assess(&insured).await), "LOAN_NOT_DESTITUTE");
    let refuse = pb::RefuseRepatriationLoanRequest {
        grounds: "Insured.".into(),
        ..about!(RefuseRepatriationLoanRequest, insured)
    };
    let refused = world.loans(CLERK).refuse_repatriation_loan(refuse).await.unwrap().into_inner();
    assert_eq!((refused.state(), refused.grounds.as_str()), (State::Refused, "Insured."));
    let name = world.apply_for(asked("P-1")).await;
    let assessed = world.assess(&name).await.unwrap();
    assert_eq!((assessed.principal_minor_units, assessed.passport_limited), (120_000, false));
    assert_eq!(reason(world.approve_loan(DECIDER, &name).await), "WRONG_STATE", "nothing is promised yet");
    let sign = pb::SignPromissoryNoteRequest { note: "note 4".into(), ..about!(SignPromissoryNoteRequest, name) };
    world.loans(CLERK).sign_promissory_note(sign).await.unwrap();
    assert_eq!(reason(world.approve_loan(CLERK, &name).await), "SAME_PERSON");
    world.approve_loan(DECIDER, &name).await.unwrap();
}

#[tokio::test]
async fn a_loan_is_repaid_in_instalments_each_paper_once_and_never_more_than_is_owed() {
    let world = world().await;
    let loan = world.lent("P-1").await;
    assert_eq!((loan.instalment_minor_units, loan.passport_limited), (10_000, true));
    assert_eq!(due(&loan), "2026-07-04T04:00:00+00:00", "sixty days after the payment");
    let once = world.repay(&loan.name, 15_000, "transfer 1").await.unwrap();
    assert_eq!((once.state(), due(&once).as_str()), (State::Disbursed, "2026-08-03T04:00:00+00:00"));
    assert_eq!(reason(world.repay(&loan.name, 1, "transfer 1").await), "LOAN_VOUCHER_USED");
    assert_eq!(reason(world.repay(&loan.name, 105_001, "transfer 2").await), "LOAN_REPAYMENT_TOO_GREAT");
    let done = world.repay(&loan.name, 105_000, "transfer 2").await.unwrap();
    assert_eq!((done.state(), done.passport_limited, done.repayments.len()), (State::Repaid, false, 2));
    assert_eq!(reason(world.repay(&loan.name, 1, "transfer 3").await), "WRONG_STATE");
    world.clock.advance(TimeDelta::days(1_000));
    assert_eq!(world.fired().await, 0, "nothing is late of what is repaid");
}

#[tokio::test]
async fn an_instalment_that_is_not_repaid_is_a_default_which_payment_cures() {
    let world = world().await;
    let loan = world.lent("P-1").await;
    world.clock.set("2026-08-03T03:59:59Z".parse().unwrap());
    assert_eq!(world.fired().await, 0, "the days of grace");
    world.clock.set("2026-08-03T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let short = world.repay(&loan.name, 9_999, "transfer 1").await.unwrap();
    assert_eq!((short.state(), short.default_time.is_some()), (State::InDefault, true));
    let cured = world.repay(&loan.name, 1, "transfer 2").await.unwrap();
    assert_eq!((cured.state(), cured.default_time, cured.passport_limited), (State::Disbursed, None, true));
    world.clock.set("2026-09-02T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1, "the second instalment");
    let filter = "state = IN_DEFAULT AND passport_limited = true".to_owned();
    let list = pb::ListRepatriationLoansRequest { filter, ..Default::default() };
    let found = world.loans(DECIDER).list_repatriation_loans(list).await.unwrap().into_inner();
    assert_eq!(found.repatriation_loans.len(), 1);
    let waive = |by: &str| {
        let ask = pb::WaiveRepatriationLoanRequest {
            grounds: "Died.".into(),
            ..about!(WaiveRepatriationLoanRequest, loan.name)
        };
        let mut loans = world.loans(by);
        async move { loans.waive_repatriation_loan(ask).await }
    };
    assert_eq!(reason(waive(CLERK).await), "SAME_PERSON", "who paid it out does not give it up");
    let waived = waive(DECIDER).await.unwrap().into_inner();
    assert_eq!((waived.state(), waived.passport_limited), (State::Waived, false));
}

#[tokio::test]
async fn who_owes_a_loan_gets_a_passport_of_limited_validity_alone() {
    let world = world().await;
    world.list_of(&[("SOMEBODY, Else", "")]).await;
    let loan = world.lent("P-2").await;
    let asked = world.adjudicated_application(Passport::First, "P-2").await;
    assert_eq!(reason(world.try_approve(&asked).await), "PASSPORT_LIMITED_BY_LOAN");
    let limited = world.adjudicated_application(Passport::LimitedValidity, "P-2").await;
    world.try_approve(&limited).await.unwrap();
    let other = world.adjudicated_application(Passport::First, "P-3").await;
    world.try_approve(&other).await.unwrap();
    world.repay(&loan.name, 120_000, "transfer 1").await.unwrap();
    world.try_approve(&asked).await.unwrap();
}

#[tokio::test]
async fn loans_are_for_our_officers() {
    let world = world().await;
    let loan = world.lent("P-1").await;
    let outsider = Principal { agency: Some("agencies/example".into()), ..officer("people/x") };
    let mut loans = RepatriationLoanServiceClient::new(world.signed(&outsider));
    let get = about!(GetRepatriationLoanRequest, loan.name);
    assert_eq!(reason(loans.get_repatriation_loan(get).await), "NOT_FOUND");
}
