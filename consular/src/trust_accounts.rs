//! Trust accounts: money of nationals in need that we hold; never overdrawn, and closed empty.

use crate::assistance_cases::running;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::trust_account_service_server::TrustAccountService;
use proto::consular::v1::{
    AssistanceCase, CloseTrustAccountRequest, CreateTrustAccountRequest, GetTrustAccountRequest,
    ListTrustAccountRevisionsRequest, ListTrustAccountRevisionsResponse, ListTrustAccountsRequest,
    ListTrustAccountsResponse, Reason, TrustAccount, TrustEntry, WatchTrustAccountsRequest, WatchTrustAccountsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The accounts.
#[derive(Clone, Debug)]
pub struct TrustAccounts {
    registry: Registry<Self>,
}

impl Keep for TrustAccounts {
    type Record = TrustAccount;

    /// Our own people.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let fault = match name {
            "trust_accounts_never_negative" => (Reason::TrustFundsShort, "the account does not hold as much"),
            "trust_accounts_one_open" => {
                (Reason::TrustAccountAlreadyOpen, "the case has an open account of this currency")
            }
            _ => return None,
        };
        Some(Fault::new(fault.0, fault.1))
    }
}

impl TrustAccounts {
    /// The accounts that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl TrustAccountService for TrustAccounts {
    async fn get_trust_account(&self, request: Request<GetTrustAccountRequest>) -> Answer<TrustAccount> {
        self.registry.get(request).await
    }

    async fn list_trust_accounts(
        &self,
        request: Request<ListTrustAccountsRequest>,
    ) -> Answer<ListTrustAccountsResponse> {
        self.registry.list(request).await
    }

    async fn create_trust_account(&self, request: Request<CreateTrustAccountRequest>) -> Answer<TrustAccount> {
        self.registry.create_with(request, its_case, open).await
    }

    async fn close_trust_account(&self, request: Request<CloseTrustAccountRequest>) -> Answer<TrustAccount> {
        self.registry.act_with(request, proposed, close).await
    }

    async fn list_trust_account_revisions(
        &self,
        request: Request<ListTrustAccountRevisionsRequest>,
    ) -> Answer<ListTrustAccountRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchTrustAccountsStream = Feed<WatchTrustAccountsResponse>;

    async fn watch_trust_accounts(
        &self,
        request: Request<WatchTrustAccountsRequest>,
    ) -> Answer<Self::WatchTrustAccountsStream> {
        self.registry.watch(request).await
    }
}

async fn its_case(reader: &mut Reader<'_>, account: &TrustAccount) -> Result<Option<AssistanceCase>, Fault> {
    reader.share(&account.case).await
}

fn open(account: &mut TrustAccount, case: Option<AssistanceCase>, _: &mut Call) -> Result<(), Fault> {
    account.post = running(case, "trustAccount.case")?.post;
    Ok(())
}

/// Changes what is held. That it is never less than nothing, the table holds.
pub(crate) fn post(account: &mut TrustAccount, change: i64) {
    account.balance_minor_units = account.balance_minor_units.saturating_add(change);
    account.entries = account.entries.saturating_add(1);
}

/// Whether something is proposed. Who enters holds the account.
async fn proposed(
    reader: &mut Reader<'_>,
    account: &TrustAccount,
    _: &CloseTrustAccountRequest,
) -> Result<bool, Fault> {
    reader.exists::<TrustEntry>(&[("account", &[&account.name]), ("state", &["PROPOSED"])]).await
}

fn close(
    account: &mut TrustAccount,
    _: CloseTrustAccountRequest,
    proposed: bool,
    call: &mut Call,
) -> Result<(), Fault> {
    let holds = account.balance_minor_units != 0 || proposed;
    refuse_if(holds, Reason::TrustAccountNotEmpty, "the account holds money, or something is proposed for it")?;
    account.close_time = Some(call.timestamp());
    Ok(())
}
