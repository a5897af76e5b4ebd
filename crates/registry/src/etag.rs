//! The etag: which version of which record, so that one made after another was erased does not answer to its etags.

use uuid::Uuid;

/// The etag of a version: `3-9f86d081`.
pub(crate) fn etag(version: i64, uid: Uuid) -> String {
    // The last digits of the identity are random; the first are its time.
    let (_, random) = uid.as_u64_pair();
    format!("{version}-{:08x}", random & 0xffff_ffff)
}

/// The version that an etag stands for; none if it is no etag of ours.
pub fn version(etag: &str) -> Option<i64> {
    etag.split_once('-')?.0.parse().ok()
}
