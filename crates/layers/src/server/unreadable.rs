//! Unreadable: a message that cannot be read is the caller's fault, and is told as one.
//!
//! tonic answers bytes that are no message, and a body that ends too early, with INTERNAL, as gRPC's list of codes has
//! it. To our callers that would be a failure of ours, and to our log an error anyone can cause. What a handler of ours
//! answers carries details always; what carries none is tonic's own word about the request.

use crate::{Response, answer};
use fault::Fault;
use proto::policy::v1::Reason;
use tonic::{Code, Status};

const DETAILS: &str = "grpc-status-details-bin";

/// The answer, unless it is tonic's complaint about the request.
pub(crate) fn told(response: Response) -> Response {
    let status = response.headers().get(Status::GRPC_STATUS);
    let internal = status.is_some_and(|code| Code::from_bytes(code.as_bytes()) == Code::Internal);
    if !internal || response.headers().contains_key(DETAILS) {
        return response;
    }
    answer::refusal(Fault::new(Reason::MalformedRequest, "the message cannot be read as what this method takes"))
}
