//! Reasons: the names a client can rely on, each with its gRPC code and HTTP status.

/// The gRPC codes our services use; a restricted set, so that a client need not guess what the others mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request breaks the contract. HTTP 400.
    InvalidArgument,
    /// No good credential. HTTP 401.
    Unauthenticated,
    /// The caller lacks the permission. HTTP 403.
    PermissionDenied,
    /// No such thing, or none the caller may see. HTTP 404.
    NotFound,
    /// It exists already. HTTP 409.
    AlreadyExists,
    /// Another change came first. HTTP 409.
    Aborted,
    /// The record's state does not allow it. HTTP 409.
    FailedPrecondition,
    /// Rate or quota used up. HTTP 429.
    ResourceExhausted,
    /// The caller went away. HTTP 499.
    Cancelled,
    /// Our fault. HTTP 500.
    Internal,
    /// The method does not exist. HTTP 501.
    Unimplemented,
    /// A part is away for the moment. HTTP 503.
    Unavailable,
    /// The caller's time has passed. HTTP 504.
    DeadlineExceeded,
}

impl Code {
    /// The usual HTTP status of the code.
    pub const fn http(self) -> u16 {
        match self {
            Self::InvalidArgument => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted | Self::FailedPrecondition => 409,
            Self::ResourceExhausted => 429,
            Self::Cancelled => 499,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// The code as tonic has it.
    pub const fn grpc(self) -> tonic::Code {
        match self {
            Self::InvalidArgument => tonic::Code::InvalidArgument,
            Self::Unauthenticated => tonic::Code::Unauthenticated,
            Self::PermissionDenied => tonic::Code::PermissionDenied,
            Self::NotFound => tonic::Code::NotFound,
            Self::AlreadyExists => tonic::Code::AlreadyExists,
            Self::Aborted => tonic::Code::Aborted,
            Self::FailedPrecondition => tonic::Code::FailedPrecondition,
            Self::ResourceExhausted => tonic::Code::ResourceExhausted,
            Self::Cancelled => tonic::Code::Cancelled,
            Self::Internal => tonic::Code::Internal,
            Self::Unimplemented => tonic::Code::Unimplemented,
            Self::Unavailable => tonic::Code::Unavailable,
            Self::DeadlineExceeded => tonic::Code::DeadlineExceeded,
        }
    }

    /// The code a status arrived with; those we do not use count as the nearest that we do.
    pub const fn of(code: tonic::Code) -> Self {
        match code {
            tonic::Code::InvalidArgument | tonic::Code::OutOfRange => Self::InvalidArgument,
            tonic::Code::Unauthenticated => Self::Unauthenticated,
            tonic::Code::PermissionDenied => Self::PermissionDenied,
            tonic::Code::NotFound => Self::NotFound,
            tonic::Code::AlreadyExists => Self::AlreadyExists,
            tonic::Code::Aborted => Self::Aborted,
            tonic::Code::FailedPrecondition => Self::FailedPrecondition,
            tonic::Code::ResourceExhausted => Self::ResourceExhausted,
            tonic::Code::Cancelled => Self::Cancelled,
            tonic::Code::Unimplemented => Self::Unimplemented,
            tonic::Code::Unavailable => Self::Unavailable,
            tonic::Code::DeadlineExceeded => Self::DeadlineExceeded,
            tonic::Code::Ok | tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::DataLoss => Self::Internal,
        }
    }
}

/// A reason the contract declares. The enums named `Reason` in the contract implement it, from their own options.
pub trait Reason: Copy {
    /// The name as in the contract: `MISSION_HAS_MEMBERS`.
    fn name(self) -> &'static str;
    /// The proto package that declares it.
    fn domain(self) -> &'static str;
    /// The gRPC code it travels as.
    fn code(self) -> Code;
    /// The HTTP status; the code's own unless the contract says otherwise.
    fn http(self) -> u16 {
        self.code().http()
    }
}
