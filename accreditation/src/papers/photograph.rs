//! The photograph of a card's holder, from the folder that records refer to.

use std::path::{Component, Path};

/// The most bytes of a photograph.
const MOST: u64 = 2 << 20;
/// What files of the formats we print begin with, and the names by which the template reads them.
const FORMATS: [(&[u8], &str); 2] = [(b"\xff\xd8\xff", "photograph.jpg"), (b"\x89PNG\r\n\x1a\n", "photograph.png")];

/// A photograph, and the name by which a template reads it.
pub(crate) type Photograph = (&'static str, Vec<u8>);

/// The photograph with this reference; none if the folder has none, or none that can be printed: the frame on the card is
/// then empty, and whoever holds the card sees it.
pub(crate) fn photograph(folder: Option<&Path>, reference: &str) -> Option<Photograph> {
    let (folder, reference) = (folder?, Path::new(reference));
    // A reference is what somebody wrote: it leads nowhere but into the folder, and no link leads out of it.
    let is_inside = reference.components().all(|part| matches!(part, Component::Normal(_)));
    let (folder, file) = (folder.canonicalize().ok()?, folder.join(reference).canonicalize().ok()?);
    let kept = file.metadata().ok()?;
    if !is_inside || !file.starts_with(&folder) || !kept.is_file() || kept.len() > MOST {
        return None;
    }
    let bytes = std::fs::read(&file).ok()?;
    let (_, name) = FORMATS.iter().find(|(begins, _)| bytes.starts_with(begins))?;
    Some((*name, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_picture_inside_the_folder_is_taken() {
        let house = std::env::temp_dir().join(format!("legation-photographs-{}", uuid::Uuid::now_v7()));
        let folder = house.join("photos");
        std::fs::create_dir_all(folder.join("a")).unwrap();
        std::fs::write(folder.join("a/portrait"), b"\x89PNG\r\n\x1a\n and more").unwrap();
        std::fs::write(folder.join("a/text"), "no picture").unwrap();
        std::fs::write(house.join("secret"), b"\xff\xd8\xff").unwrap();
        std::os::unix::fs::symlink(house.join("secret"), folder.join("a/link")).unwrap();
        let found = |reference| photograph(Some(&folder), reference).map(|(name, _)| name);
        assert_eq!(found("a/portrait"), Some("photograph.png"));
        for reference in ["", "a", "a/text", "a/none", "a/link", "../secret", "/etc/hostname", "a/../../secret"] {
            assert_eq!(found(reference), None, "{reference}");
        }
        assert!(photograph(None, "a/portrait").is_none());
        std::fs::remove_dir_all(&house).unwrap();
    }
}
