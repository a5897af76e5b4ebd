//! Entries of trust accounts, in double entry: posted for ever, reversed once, approved by another above a limit.

use crate::trust_accounts::{self, TrustAccounts};
use crate::trust_books::{Practice, change, ledgers};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::trust_entry::{Kind, Ledger, State};
use proto::consular::v1::trust_entry_service_server::TrustEntryService;
use proto::consular::v1::{
    ApproveTrustEntryRequest, CreateTrustEntryRequest, GetTrustEntryRequest, ListTrustEntriesRequest,
    ListTrustEntriesResponse, ListTrustEntryRevisionsRequest, ListTrustEntryRevisionsResponse, Reason,
    RejectTrustEntryRequest, TrustEntry, WatchTrustEntriesRequest, WatchTrustEntriesResponse, trust_account,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use tonic::Request;

/// What was paid out of an account since an instant.
const PAID: &str = "select coalesce(sum((doc->>'minorUnits')::bigint), 0)::bigint from trust_entries
    where account = $1 and state = 'POSTED' and debit = 'OWED' and post_time > $2";

/// The entries.
#[derive(Clone, Debug)]
pub struct TrustEntries {
    registry: Registry<Self>,
}

impl Keep for TrustEntries {
    type Record = TrustEntry;

    /// Our own people, each the entries of the post they serve at.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the entry was reversed";
        (name == "trust_entries_reversed_once").then(|| Fault::new(Reason::TrustEntryAlreadyReversed, words))
    }
}

impl TrustEntries {
    /// The entries that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl TrustEntryService for TrustEntries {
    async fn get_trust_entry(&self, request: Request<GetTrustEntryRequest>) -> Answer<TrustEntry> {
        self.registry.get(request).await
    }

    async fn list_trust_entries(&self, request: Request<ListTrustEntriesRequest>) -> Answer<ListTrustEntriesResponse> {
        self.registry.list(request).await
    }

    async fn create_trust_entry(&self, request: Request<CreateTrustEntryRequest>) -> Answer<TrustEntry> {
        self.registry.create_with(request, books, enter).await
    }

    async fn approve_trust_entry(&self, request: Request<ApproveTrustEntryRequest>) -> Answer<TrustEntry> {
        self.registry.act_with(request, its_account, approve).await
    }

    async fn reject_trust_entry(&self, request: Request<RejectTrustEntryRequest>) -> Answer<TrustEntry> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_trust_entry_revisions(
        &self,
        request: Request<ListTrustEntryRevisionsRequest>,
    ) -> Answer<ListTrustEntryRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchTrustEntriesStream = Feed<WatchTrustEntriesResponse>;

    async fn watch_trust_entries(
        &self,
        request: Request<WatchTrustEntriesRequest>,
    ) -> Answer<Self::WatchTrustEntriesStream> {
        self.registry.watch(request).await
    }
}

/// What an entry is made by.
struct Books {
    account: Option<Held<TrustAccounts>>,
    /// What is reversed: posted entries never change, so that it needs no lock.
    original: Option<TrustEntry>,
    /// What was paid out within the window.
    paid: i64,
}

async fn books(reader: &mut Reader<'_>, entry: &TrustEntry) -> Result<Books, Fault> {
    let account = account(reader, entry).await?;
    let original = match entry.reverses.as_str() {
        "" => None,
        name => reader.glance(name).await?,
    };
    let since = reader.now() - Practice::get().window();
    let paid = sqlx::query_scalar(PAID).bind(&entry.account).bind(since).fetch_one(reader.beside()).await;
    Ok(Books { account, original, paid: paid.map_err(pg::fault)? })
}

async fn account(reader: &mut Reader<'_>, entry: &TrustEntry) -> Result<Option<Held<TrustAccounts>>, Fault> {
    Ok(reader.hold::<TrustAccounts>(&[("name", &[&entry.account])]).await?.pop())
}

fn enter(entry: &mut TrustEntry, books: Books, call: &mut Call) -> Result<(), Fault> {
    let account = open(books.account)?;
    let unfit = |words: &str| Fault::new(Reason::TrustEntryUnfit, words);
    entry.currency.clone_from(&account.currency);
    entry.post.clone_from(&account.post);
    let (debit, credit) = match ledgers(entry.kind()) {
        Some(ledgers) => {
            let whole = entry.minor_units > 0 && entry.reverses.is_empty();
            let named = entry.kind() == Kind::Fee || !entry.counterparty.trim().is_empty();
            refuse_if(
                !whole || !named,
                Reason::TrustEntryUnfit,
                "an entry has its amount, and whom it is from or for",
            )?;
            ledgers
        }
        None => {
            let original = books.original.ok_or_else(|| unfit("a reversal names the entry that it takes back"))?;
            let fits = original.account == entry.account
                && original.state() == State::Posted
                && original.kind() != Kind::Reversal
                && [0, original.minor_units].contains(&entry.minor_units);
            refuse_if(!fits, Reason::TrustEntryUnfit, "only what was posted to this account is reversed, and whole")?;
            entry.minor_units = original.minor_units;
            entry.counterparty.clone_from(&original.counterparty);
            (original.credit(), original.debit())
        }
    };
    entry.set_debit(debit);
    entry.set_credit(credit);
    let paid_out = debit == Ledger::Owed;
    if paid_out && Practice::get().needs_another(&entry.currency, entry.minor_units, books.paid) {
        entry.set_state(State::Proposed);
        return Ok(());
    }
    post(entry, account, call)
}

/// The account, if it is in use.
fn open(account: Option<Held<TrustAccounts>>) -> Result<Held<TrustAccounts>, Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such account");
    let account = account.ok_or_else(|| missing().at("trustEntry.account", "does not exist"))?;
    let closed = account.state() == trust_account::State::Closed;
    refuse_if(closed, Reason::TrustAccountIsClosed, "the account is closed").map(|()| account)
}

/// Puts the entry in the books, and the account with it.
fn post(entry: &mut TrustEntry, account: Held<TrustAccounts>, call: &mut Call) -> Result<(), Fault> {
    let change = change((entry.debit(), entry.credit()), entry.minor_units);
    entry.set_state(State::Posted);
    entry.post_time = Some(call.timestamp());
    entry.balance_minor_units = account.balance_minor_units.saturating_add(change);
    call.follow(account, "post", |account, _| {
        trust_accounts::post(account, change);
        Ok(())
    })
}

async fn its_account(
    reader: &mut Reader<'_>,
    entry: &TrustEntry,
    _: &ApproveTrustEntryRequest,
) -> Result<Option<Held<TrustAccounts>>, Fault> {
    account(reader, entry).await
}

fn approve(
    entry: &mut TrustEntry,
    _: ApproveTrustEntryRequest,
    account: Option<Held<TrustAccounts>>,
    call: &mut Call,
) -> Result<(), Fault> {
    post(entry, open(account)?, call)
}
