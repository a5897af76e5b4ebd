//! Loans for the way home: for those who are destitute, promised in writing, approved by another, repaid or waived; the
//! passport is limited meanwhile (22 U.S.C. 2671(b)(2)(B); 22 CFR 51.60(a)(1)).

use crate::assistance_cases::running;
use crate::loan_terms::{NotDestitute, Terms, shortfall};
use calendar::due;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::repatriation_loan::State;
use proto::consular::v1::repatriation_loan_service_server::RepatriationLoanService;
use proto::consular::v1::{
    ApproveRepatriationLoanRequest, AssessRepatriationLoanRequest, AssistanceCase, CreateRepatriationLoanRequest,
    DisburseRepatriationLoanRequest, GetRepatriationLoanRequest, ListRepatriationLoanRevisionsRequest,
    ListRepatriationLoanRevisionsResponse, ListRepatriationLoansRequest, ListRepatriationLoansResponse, LoanRepayment,
    Reason, RefuseRepatriationLoanRequest, RepatriationLoan, RepayRepatriationLoanRequest, SignPromissoryNoteRequest,
    WaiveRepatriationLoanRequest, WatchRepatriationLoansRequest, WatchRepatriationLoansResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The end of the time in which an instalment is repaid, with its days of grace.
const INSTALMENT: &str = "instalment";

/// The loans.
#[derive(Clone, Debug)]
pub struct RepatriationLoans {
    registry: Registry<Self>,
}

impl Keep for RepatriationLoans {
    type Record = RepatriationLoan;

    /// Our own people.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// An instalment was not repaid: the contract says what that leads to.
    fn fire(loan: &mut RepatriationLoan, _: &str, call: &mut Call) -> Result<(), Fault> {
        loan.default_time = Some(call.timestamp());
        loan.passport_limited = Terms::get().limits(State::InDefault);
        Ok(())
    }
}

impl RepatriationLoans {
    /// The loans that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl RepatriationLoanService for RepatriationLoans {
    async fn get_repatriation_loan(&self, request: Request<GetRepatriationLoanRequest>) -> Answer<RepatriationLoan> {
        self.registry.get(request).await
    }

    async fn list_repatriation_loans(
        &self,
        request: Request<ListRepatriationLoansRequest>,
    ) -> Answer<ListRepatriationLoansResponse> {
        self.registry.list(request).await
    }

    async fn create_repatriation_loan(
        &self,
        request: Request<CreateRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.create_with(request, its_case, apply).await
    }

    async fn assess_repatriation_loan(
        &self,
        request: Request<AssessRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.act(request, assess).await
    }

    async fn refuse_repatriation_loan(
        &self,
        request: Request<RefuseRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry
            .act(request, |loan, ask: RefuseRepatriationLoanRequest, call| ended(loan, ask.grounds, call))
            .await
    }

    async fn sign_promissory_note(&self, request: Request<SignPromissoryNoteRequest>) -> Answer<RepatriationLoan> {
        self.registry.act(request, sign).await
    }

    async fn approve_repatriation_loan(
        &self,
        request: Request<ApproveRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn disburse_repatriation_loan(
        &self,
        request: Request<DisburseRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.act(request, disburse).await
    }

    async fn repay_repatriation_loan(
        &self,
        request: Request<RepayRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.act(request, repay).await
    }

    async fn waive_repatriation_loan(
        &self,
        request: Request<WaiveRepatriationLoanRequest>,
    ) -> Answer<RepatriationLoan> {
        self.registry.act(request, |loan, ask: WaiveRepatriationLoanRequest, call| ended(loan, ask.grounds, call)).await
    }

    async fn list_repatriation_loan_revisions(
        &self,
        request: Request<ListRepatriationLoanRevisionsRequest>,
    ) -> Answer<ListRepatriationLoanRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchRepatriationLoansStream = Feed<WatchRepatriationLoansResponse>;

    async fn watch_repatriation_loans(
        &self,
        request: Request<WatchRepatriationLoansRequest>,
    ) -> Answer<Self::WatchRepatriationLoansStream> {
        self.registry.watch(request).await
    }
}

async fn its_case(reader: &mut Reader<'_>, loan: &RepatriationLoan) -> Result<Option<AssistanceCase>, Fault> {
    reader.share(&loan.case).await
}

fn apply(loan: &mut RepatriationLoan, case: Option<AssistanceCase>, _: &mut Call) -> Result<(), Fault> {
    loan.post = running(case, "repatriationLoan.case")?.post;
    Ok(())
}

/// What family, friends and others give comes first; what is lent is what is missing then.
fn assess(loan: &mut RepatriationLoan, request: AssessRepatriationLoanRequest, _: &mut Call) -> Result<(), Fault> {
    loan.principal_minor_units = shortfall(loan).map_err(|why| {
        let words = match why {
            NotDestitute::FamilyNotAsked => "family and friends were not asked",
            NotDestitute::Provided => "the way home can be paid without a loan",
        };
        Fault::new(Reason::LoanNotDestitute, words)
    })?;
    loan.findings = request.findings;
    Ok(())
}

fn sign(loan: &mut RepatriationLoan, request: SignPromissoryNoteRequest, _: &mut Call) -> Result<(), Fault> {
    loan.promissory_note = request.note;
    Ok(())
}

fn disburse(
    loan: &mut RepatriationLoan,
    request: DisburseRepatriationLoanRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    loan.payee = request.payee;
    loan.voucher = request.voucher;
    loan.disburse_time = Some(call.timestamp());
    loan.instalment_minor_units = Terms::get().instalment(loan.principal_minor_units);
    loan.passport_limited = Terms::get().limits(State::Disbursed);
    await_next(loan, call);
    Ok(())
}

/// Sets the clock of the next instalment, and says whether its time is over already.
fn await_next(loan: &mut RepatriationLoan, call: &mut Call) -> bool {
    let disbursed = loan.disburse_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let repaid = loan.repaid_minor_units / loan.instalment_minor_units.max(1);
    let next = Terms::get().clock(disbursed, repaid, false);
    loan.next_due_time = due(&next, call.days()).map(timestamp);
    let last = Terms::get().clock(disbursed, repaid, true);
    let over = due(&last, call.days()).is_some_and(|at| at <= call.now());
    if over {
        call.timers().clear(INSTALMENT);
    } else {
        call.timers().set(INSTALMENT, last);
    }
    over
}

fn repay(loan: &mut RepatriationLoan, request: RepayRepatriationLoanRequest, call: &mut Call) -> Result<(), Fault> {
    let owed = loan.principal_minor_units - loan.repaid_minor_units;
    refuse_if(request.minor_units > owed, Reason::LoanRepaymentTooGreat, "more would be repaid than is owed")
        .map_err(|fault| fault.with("owed", owed.to_string()))?;
    let twice = loan.repayments.iter().any(|repayment| repayment.voucher == request.voucher);
    refuse_if(twice, Reason::LoanVoucherUsed, "the repayment of this paper is noted")?;
    loan.repaid_minor_units += request.minor_units;
    let repay_time = Some(call.timestamp());
    loan.repayments.push(LoanRepayment { minor_units: request.minor_units, voucher: request.voucher, repay_time });
    if loan.repaid_minor_units == loan.principal_minor_units {
        loan.set_state(State::Repaid);
        return ended(loan, String::new(), call);
    }
    let state = if await_next(loan, call) { State::InDefault } else { State::Disbursed };
    loan.default_time = match state {
        State::InDefault => loan.default_time.take().or_else(|| Some(call.timestamp())),
        _ => None,
    };
    loan.passport_limited = Terms::get().limits(state);
    loan.set_state(state);
    Ok(())
}

/// Nothing is owed any more, and the passport is free.
fn ended(loan: &mut RepatriationLoan, grounds: String, call: &mut Call) -> Result<(), Fault> {
    loan.grounds = grounds;
    loan.end_time = Some(call.timestamp());
    loan.next_due_time = None;
    loan.passport_limited = false;
    call.timers().clear_all();
    Ok(())
}
