//! Entries of trust accounts as the suite makes them: payments above the limit, out of one account that holds enough.

use super::trust_accounts::TRUST_ACCOUNT;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};
use tokio::sync::OnceCell;

/// The resource.
const TRUST_ENTRY: &str = "legation.consular.v1.TrustEntry";

#[derive(Default)]
pub(super) struct TrustEntries {
    /// The account.
    account: OnceCell<Value>,
}

impl Fixture for TrustEntries {
    fn resource(&self) -> &'static str {
        TRUST_ENTRY
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let fill = async || {
                let account = suite.make(TRUST_ACCOUNT).await?;
                let deposit = json!({
                    "account": account["name"],
                    "kind": "DEPOSIT",
                    "minorUnits": "1000000000",
                    "counterparty": "Example Relative",
                    "purpose": "For the way home.",
                });
                suite.create(suite.method_of(TRUST_ENTRY, &Kind::Create)?, deposit).await?;
                Ok(account)
            };
            let account = self.account.get_or_try_init(fill).await?;
            Ok(json!({
                "account": account["name"],
                "kind": "PAYMENT",
                "minorUnits": "60000",
                "counterparty": format!("Example Hotel {}", suite.number()),
                "purpose": "Lodging.",
            }))
        })
    }

    /// The account.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "ApproveTrustEntry")
    }
}
