//! The rates at which posts take fees in their local currency: recorded, approved by another person, one for a day.

use crate::exchange::is_rate;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::exchange_rate_service_server::ExchangeRateService;
use proto::consular::v1::{
    ApproveExchangeRateRequest, CreateExchangeRateRequest, ExchangeRate, GetExchangeRateRequest,
    ListExchangeRateRevisionsRequest, ListExchangeRateRevisionsResponse, ListExchangeRatesRequest,
    ListExchangeRatesResponse, QuoteExchangeRateRequest, Reason, WatchExchangeRatesRequest, WatchExchangeRatesResponse,
    WithdrawExchangeRateRequest,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use sqlx::PgConnection;
use tonic::{Request, Response};

/// The rates.
#[derive(Clone, Debug)]
pub struct ExchangeRates {
    registry: Registry<Self>,
}

impl Keep for ExchangeRates {
    type Record = ExchangeRate;

    /// At which rate fees are taken is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn admit(rate: &mut ExchangeRate, _: &mut Call) -> Result<(), Fault> {
        rate.smallest_minor_units = rate.smallest_minor_units.max(1);
        refuse_if(!is_rate(rate), Reason::ExchangeRateUnfit, "a rate is of two currencies, and more than nothing")
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "there is a rate of this post for these currencies from this day on";
        (name == "exchange_rates_once").then(|| Fault::new(Reason::ExchangeRateAlreadySet, words))
    }
}

impl ExchangeRates {
    /// The rates that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    async fn quote(&self, request: Request<QuoteExchangeRateRequest>) -> Answer<ExchangeRate> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let store = self.registry.store();
        let date = ask.date.parse().unwrap_or_else(|_| store.days().date(store.now()));
        let mut connection = store.pool().acquire().await.map_err(pg::fault)?;
        let bases = [ask.base_currency.as_str()];
        let name = names(&mut connection, &ask.post, &bases, &ask.local_currency, date).await?.pop();
        drop(connection);
        let found = match name {
            Some(name) => self.registry.load(&name).await?,
            None => None,
        };
        Ok(Response::new(found.ok_or_else(|| unknown(&ask.base_currency, &ask.local_currency))?))
    }
}

/// Nothing says at which rate one currency is taken in another.
pub(crate) fn unknown(base: &str, local: &str) -> Fault {
    let words = format!("no rate in force says how {base} are taken in {local}");
    Fault::new(Reason::ExchangeRateUnknown, words).with("base", base).with("local", local)
}

/// Of each of these currencies the rate that holds at a post on a day. None is approved until this change is committed.
///
/// # Errors
/// The database's.
pub(crate) async fn in_force(
    reader: &mut Reader<'_>,
    post: &str,
    bases: &[&str],
    local: &str,
    date: NaiveDate,
) -> Result<Vec<ExchangeRate>, Fault> {
    reader.alone(&turn(post)).await?;
    let names = names(reader.beside(), post, bases, local, date).await?;
    let mut rates = Vec::with_capacity(names.len());
    for name in names {
        rates.extend(reader.glance::<ExchangeRate>(&name).await?);
    }
    Ok(rates)
}

/// Who takes fees at a rate and who approves one wait for each other.
fn turn(post: &str) -> String {
    format!("exchange rates of {post}")
}

async fn names(
    connection: &mut PgConnection,
    post: &str,
    bases: &[&str],
    local: &str,
    date: NaiveDate,
) -> Result<Vec<String>, Fault> {
    let text = "select distinct on (base_currency) name from exchange_rates \
        where state = 'APPROVED' and post = $1 and base_currency = any ($2) and local_currency = $3 \
        and effective_date <= $4 order by base_currency, effective_date desc";
    let found = sqlx::query_scalar(text).bind(post).bind(bases).bind(local).bind(date.to_string());
    found.fetch_all(connection).await.map_err(pg::fault)
}

/// Whether fees were taken at another rate on the day that this one begins, or after it.
async fn is_late(reader: &mut Reader<'_>, rate: &ExchangeRate, _: &ApproveExchangeRateRequest) -> Result<bool, Fault> {
    reader.alone(&turn(&rate.post)).await?;
    let text = "select exists (select from cash_days join receipts on receipts.cash_day = cash_days.name \
        where cash_days.post = $1 and cash_days.currency = $2 and cash_days.date >= $3 \
        and receipts.doc->'lines' \
            @> jsonb_build_array(jsonb_build_object('due', jsonb_build_object('currency', $4::text))) \
        and (receipts.doc->'total'->>'minorUnits')::bigint > 0)";
    let late = sqlx::query_scalar(text)
        .bind(&rate.post)
        .bind(&rate.local_currency)
        .bind(&rate.effective_date)
        .bind(&rate.base_currency);
    late.fetch_one(reader.beside()).await.map_err(pg::fault)
}

fn approve(_: &mut ExchangeRate, _: ApproveExchangeRateRequest, late: bool, _: &mut Call) -> Result<(), Fault> {
    let words = "fees were taken at another rate on that day or after it";
    refuse_if(late, Reason::ExchangeRateLate, words)
}

#[tonic::async_trait]
impl ExchangeRateService for ExchangeRates {
    async fn get_exchange_rate(&self, request: Request<GetExchangeRateRequest>) -> Answer<ExchangeRate> {
        self.registry.get(request).await
    }

    async fn list_exchange_rates(
        &self,
        request: Request<ListExchangeRatesRequest>,
    ) -> Answer<ListExchangeRatesResponse> {
        self.registry.list(request).await
    }

    async fn create_exchange_rate(&self, request: Request<CreateExchangeRateRequest>) -> Answer<ExchangeRate> {
        self.registry.create(request).await
    }

    async fn approve_exchange_rate(&self, request: Request<ApproveExchangeRateRequest>) -> Answer<ExchangeRate> {
        self.registry.act_with(request, is_late, approve).await
    }

    async fn withdraw_exchange_rate(&self, request: Request<WithdrawExchangeRateRequest>) -> Answer<ExchangeRate> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn quote_exchange_rate(&self, request: Request<QuoteExchangeRateRequest>) -> Answer<ExchangeRate> {
        self.quote(request).await
    }

    async fn list_exchange_rate_revisions(
        &self,
        request: Request<ListExchangeRateRevisionsRequest>,
    ) -> Answer<ListExchangeRateRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchExchangeRatesStream = Feed<WatchExchangeRatesResponse>;

    async fn watch_exchange_rates(
        &self,
        request: Request<WatchExchangeRatesRequest>,
    ) -> Answer<Self::WatchExchangeRatesStream> {
        self.registry.watch(request).await
    }
}
