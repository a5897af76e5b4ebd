//! How much is told, to whom, and in which form.

use config::{Url, Value};
use tracing_subscriber::EnvFilter;

config::settings! {
    /// What the process tells of itself. The prefix is `TELEMETRY`.
    pub struct Settings {
        /// The collector that spans are sent to, OTLP over gRPC without TLS: `http://collector:4317`. If it is not
        /// set, nothing is sent; traces are followed and named in the log all the same.
        pub otlp_endpoint: Option<Url> => plain_http,
        /// The share of the traces begun here that is sent, from 0 to 1. A caller's own decision is kept.
        pub sample: f64 = "1" => config::between(0.0, 1.0),
        /// The form of the log on standard error: `json`, `text`, or `auto`, which is text on a terminal.
        pub logs: Logs = "auto",
        /// What is logged, as directives of tracing's `EnvFilter`: `info,registry=debug`.
        pub filter: String = "info" => directives,
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Value for Logs {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("is none of auto, json, text".into()),
        }
    }

    fn kind() -> String {
        "`auto`, `json` or `text`".into()
    }
}

fn plain_http(endpoint: &Option<Url>) -> Result<(), String> {
    let plain = endpoint.as_ref().is_none_or(|endpoint| endpoint.starts_with("http://"));
    if plain { Ok(()) } else { Err("is not an address that begins with http://".into()) }
}

fn directives(filter: &impl AsRef<str>) -> Result<(), String> {
    EnvFilter::try_new(filter.as_ref()).map(drop).map_err(|error| format!("is not a filter: {error}"))
}
