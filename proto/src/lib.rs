//! The contract, compiled: messages and services by package, and [`contract`] to read what they promise.
//!
//! Each service's messages are behind a feature of its name, so that a service compiles what it speaks.

pub mod contract;
pub mod shape;

/// The descriptors of everything in `proto/`, with options and comments, as protoc would write them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same without the comments, which are most of it: for all that does not describe.
pub const DESCRIPTORS_UNCOMMENTED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors_uncommented.bin"));

macro_rules! package {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

#[cfg_attr(
    any(feature = "accreditation", feature = "consular", feature = "gateway"),
    expect(clippy::allow_attributes_without_reason, reason = "generated services carry them")
)]
#[expect(missing_docs, clippy::all, unreachable_pub, reason = "generated from the contract, where the comments are")]
mod generated {
    pub mod google {
        pub mod api {
            package!("google.api");
        }
        pub mod rpc {
            package!("google.rpc");
        }
        pub mod r#type {
            package!("google.r#type");
        }
    }
    pub mod legation {
        pub mod policy {
            pub mod v1 {
                package!("legation.policy.v1");
            }
        }
        pub mod registry {
            pub mod v1 {
                package!("legation.registry.v1");
            }
        }
        #[cfg(feature = "accreditation")]
        pub mod accreditation {
            pub mod v1 {
                package!("legation.accreditation.v1");
            }
        }
        #[cfg(feature = "consular")]
        pub mod consular {
            pub mod v1 {
                package!("legation.consular.v1");
            }
        }
        #[cfg(feature = "gateway")]
        pub mod gateway {
            pub mod v1 {
                package!("legation.gateway.v1");
            }
        }
    }
}

pub use generated::google;
pub use generated::legation::*;

include!(concat!(env!("OUT_DIR"), "/reasons.rs"));
