//! The etag: which version of which record, so that one made after another was erased does not answer to its etags.

use uuid::Uuid;

/// The etag of a version: `3-9f86d081`.
pub(crate) fn etag(version: i64, uid: Uuid) -> String {
    // The last digits of the identity are random; the first are its time.
    let (_, random) = uid.as_u64_pair();
    format!("{version}-{:08x}", random & 0xffff_ffff)
}
