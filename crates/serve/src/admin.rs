//! The admin port: `/livez`, `/readyz`, `/metrics`. It is for the orchestrator, never for the public.

use crate::readiness::Readiness;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Opens the port. It answers also while the process drains, so nothing ends it but the process.
pub(crate) async fn listen(address: SocketAddr, readiness: Readiness) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let routes = Router::new()
        // Alive is who answers; whether a database is away is no reason to be restarted.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(readiness);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "the admin port is closed");
        }
    });
    Ok(bound)
}

/// 200, or 503 with a reason on each line.
async fn ready(State(readiness): State<Readiness>) -> (StatusCode, String) {
    let reasons = readiness.reasons();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::metrics())
}
