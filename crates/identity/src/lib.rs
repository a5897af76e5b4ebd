//! Who calls: the principal, its permissions and clearance, and the signed token that carries it between services.

mod principal;

pub use principal::{Clearance, Permissions, Principal};
