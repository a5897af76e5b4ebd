//! A service that gives the answers that accreditation gave, from memory: so that a door is measured and not the
//! database behind it.

use crate::bench::load::Shot;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Answers by method, each a whole gRPC message with its prefix.
pub(super) type Answers = BTreeMap<String, Bytes>;

/// The service; gone when dropped.
pub(super) struct Replay {
    /// Where it listens.
    pub(super) address: String,
    _runtime: Runtime,
}

impl Replay {
    /// Serves these answers on one thread.
    pub(super) fn start(answers: Answers) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?.to_string();
        runtime.spawn(serve(listener, Arc::new(answers)));
        Ok(Self { address, _runtime: runtime })
    }
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    while let Ok((socket, _)) = listener.accept().await {
        // Small answers must not wait for each other; that it cannot be set says that the peer has left.
        let _ = socket.set_nodelay(true);
        let answers = Arc::clone(&answers);
        let answer = service_fn(move |request: Request<Incoming>| answer(request, Arc::clone(&answers)));
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        tokio::spawn(connection.serve_connection(TokioIo::new(socket), answer));
    }
}

type Trailed = http_body_util::combinators::WithTrailers<Full<Bytes>, std::future::Ready<Trailers>>;
type Trailers = Option<Result<HeaderMap, Infallible>>;

async fn answer(request: Request<Incoming>, answers: Arc<Answers>) -> Result<Response<Trailed>, hyper::Error> {
    let known = answers.get(request.uri().path()).cloned();
    request.into_body().collect().await?;
    let mut trailers = HeaderMap::new();
    // 0 is OK, 12 is UNIMPLEMENTED.
    trailers.insert("grpc-status", HeaderValue::from_static(if known.is_some() { "0" } else { "12" }));
    let body = Full::new(known.unwrap_or_default()).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// Calls a gRPC method and keeps its whole answer.
pub(super) fn record(shot: &Shot) -> Result<Bytes> {
    let frame = std::fs::read(shot.body.as_ref().context("a gRPC request has a body")?)?;
    crate::bench::client().block_on(async {
        let client = reqwest::Client::builder().http2_prior_knowledge().build()?;
        let post = client.post(&shot.url).body(frame);
        let post = shot.headers.iter().fold(post, |post, (name, value)| post.header(name, value));
        let answer = post.send().await?;
        let refused = answer.headers().get("grpc-message").cloned();
        let bytes = answer.bytes().await.context("the answer is whole")?;
        ensure!(bytes.len() > 5, "{} was refused: {refused:?}", shot.url);
        Ok(bytes)
    })
}
