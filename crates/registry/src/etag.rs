//! The etag: which version of which record, so that one made after another was erased does not answer to its etags.

use uuid::Uuid;

/// The etag of a version: `3-9f86d081`.
pub(crate) fn etag(version: i64, uid: Uuid) -> String {
    // The last digits of the identity are random; the first are its time.
    let (_, random) = uid.as_u64_pair();
    format!("{version}-{:08x}", random & 0xffff_ffff)
}

/// The version that an etag of ours names; none if it is not one.
pub fn version(etag: &str) -> Option<i64> {
    etag.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_names_its_version_and_its_record() {
        let (one, other) = (Uuid::from_u128(0x1234_abcd), Uuid::from_u128(0x1234_abce));
        assert_eq!(etag(3, one), "3-1234abcd");
        assert_ne!(etag(3, one), etag(3, other));
        assert_eq!(version("3-1234abcd"), Some(3));
        assert_eq!(version("3"), None);
    }
}
