//! Who calls: the principal, its permissions and clearance, and the signed token that carries it between services.

mod api_key;
mod called;
mod key;
mod principal;
mod signer;
mod token;
mod verifier;

pub use api_key::ApiKeyText;
pub use called::Called;
pub use key::KeyError;
pub use principal::{Clearance, Permissions, Principal};
pub use signer::Signer;
pub use token::{LIFETIME, METADATA_KEY, SKEW};
pub use verifier::Verifier;
