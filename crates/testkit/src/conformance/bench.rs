//! What is under test, and who calls it.

use http::{Request, Response};
use identity::Principal;
use sqlx::PgPool;
use std::convert::Infallible;
use tonic::body::Body;
use tower::util::BoxCloneSyncService;

/// A service as it is called in its own process, behind its layers.
pub(super) type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// One service under test, at both of its doors.
#[derive(Debug)]
pub struct Bench {
    /// The service's name: `accreditation`.
    pub name: &'static str,
    /// The service itself, which trusts [`crate::signer`].
    pub service: Service,
    /// Where the gateway in front of it is: `127.0.0.1:8080`.
    pub gateway: String,
    /// The service's database.
    pub pool: PgPool,
    /// Two people who may do everything here. The second does what the first may not do again (four eyes).
    pub officers: [Caller; 2],
    /// One more who may, and who never waits for an answer. What is noted of this one's reads in the audit log is not
    /// counted: nobody knows when it comes.
    pub hurried: Caller,
    /// A known caller who may do nothing here.
    pub stranger: Caller,
}

/// A caller who is the same person at both doors.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who the gateway takes the caller for.
    pub principal: Principal,
    /// What the caller shows the gateway: an API key or a token.
    pub credential: String,
}
