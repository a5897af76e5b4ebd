//! Rates as the suite makes them: each for a currency of its own, and one in force that is asked for.

use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
const EXCHANGE_RATE: &str = "legation.consular.v1.ExchangeRate";
/// The currency whose rate is asked for.
const QUOTED: &str = "ZZZ";

#[derive(Default)]
pub(super) struct ExchangeRates {
    /// The rate that is in force.
    quoted: OnceCell<Value>,
}

/// A rate that is not approved.
fn rate(local: &str) -> Value {
    json!({
        "post": "posts/example",
        "baseCurrency": "USD",
        "localCurrency": local,
        "rate": "1.5",
        "effectiveDate": "2020-01-01",
        "rounding": "NEAREST",
        "source": "Table of the central bank",
    })
}

/// A code of three letters that only this number has; `Z` never comes first.
fn code(number: u32) -> String {
    let letter = |place: u32| char::from(b'A' + u8::try_from(place).unwrap_or_default());
    [number / 676 % 25, number / 26 % 26, number % 26].map(letter).iter().collect()
}

impl Fixture for ExchangeRates {
    fn resource(&self) -> &'static str {
        EXCHANGE_RATE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let in_force = async || {
                let recorded = suite.create(suite.method_of(EXCHANGE_RATE, &Kind::Create)?, rate(QUOTED)).await?;
                let approve = suite.method_of(EXCHANGE_RATE, &Kind::Verb("approve".into()))?;
                suite.call_about(approve, &recorded).await
            };
            self.quoted.get_or_try_init(in_force).await?;
            Ok(rate(&code(suite.number())))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "QuoteExchangeRate" => {
                Some(json!({ "post": "posts/example", "baseCurrency": "USD", "localCurrency": QUOTED }))
            }
            _ => plain(method),
        }
    }
}
