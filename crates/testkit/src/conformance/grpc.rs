//! gRPC to the service itself, as the gateway would call it.

use super::bench::Bench;
use super::codec::DynamicCodec;
use super::door::Ask;
use super::message;
use super::outcome::{Outcome, Refusal};
use crate::token;
use identity::METADATA_KEY;
use proto::contract::Method;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};

/// Sends a request and reads its answers. Every method is called as a stream: on the wire there is no difference.
pub(super) async fn send(bench: &Bench, method: &Method, ask: Ask) -> Outcome {
    call(bench, method, ask).await.map_err(|status| Refusal::from(&status))
}

async fn call(bench: &Bench, method: &Method, ask: Ask) -> Result<Vec<serde_json::Value>, Status> {
    let input = method.descriptor().input();
    let mut messages = Vec::with_capacity(ask.messages.len());
    for json in &ask.messages {
        let read = message::from_json(&input, json);
        messages.push(read.map_err(|wrong| Status::unknown(format!("the suite's own request: {wrong}")))?);
    }
    let mut request = Request::new(futures::stream::iter(messages));
    if let Some(caller) = &ask.caller {
        let token = token(&caller.principal).parse().expect("a token is ASCII");
        request.metadata_mut().insert(METADATA_KEY, token);
    }
    if let Some(deadline) = ask.deadline {
        request.set_timeout(deadline);
    }
    let path = PathAndQuery::try_from(method.path()).expect("a method's path is a path");
    let codec = DynamicCodec { output: method.descriptor().output() };
    let mut grpc = Grpc::new(bench.service.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let mut stream = grpc.streaming(request, path, codec).await?.into_inner();
    let mut answers = Vec::new();
    while answers.len() < ask.most {
        let Some(answer) = stream.message().await? else { break };
        answers.push(message::to_json(&answer));
    }
    Ok(answers)
}
