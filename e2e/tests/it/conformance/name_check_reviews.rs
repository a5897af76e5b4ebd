//! Reviews of documents in use as the suite makes them: of a passport each, for one screening that two officers cleared.

use super::travel_documents::TRAVEL_DOCUMENT;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct NameCheckReviews {
    /// The screening.
    screening: OnceCell<Value>,
}

impl Fixture for NameCheckReviews {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.NameCheckReview"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let cleared = async || suite.in_state("legation.consular.v1.Screening", "CLEARED").await;
            let screening = self.screening.get_or_try_init(cleared).await?;
            let document = suite.make(TRAVEL_DOCUMENT).await?;
            Ok(json!({ "document": document["name"], "screening": screening["name"] }))
        })
    }

    /// A review ends with a document that is out of use.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "EndReviewedDocument" {
                let get = suite.method_of(TRAVEL_DOCUMENT, &Kind::Get)?;
                let document = suite.call(get, json!({ "name": record["document"] })).await?;
                suite
                    .call_about(suite.method_of(TRAVEL_DOCUMENT, &Kind::Verb("reportLoss".into()))?, &document)
                    .await?;
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "KeepReviewedDocument" | "EndReviewedDocument" => Some(json!({ "findings": "The file was read again." })),
            _ => plain(method),
        }
    }
}
