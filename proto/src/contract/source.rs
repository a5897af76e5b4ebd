//! The comments of the contract: what people read in the docs.

use prost::Message as _;
use prost_reflect::FileDescriptor;
use prost_types::FileDescriptorSet;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The comments by file and by place in it. They are most of the descriptors, and a service that answers calls needs
/// none: they are read when something is first described.
static COMMENTS: LazyLock<HashMap<String, HashMap<Vec<i32>, String>>> = LazyLock::new(|| {
    let files = FileDescriptorSet::decode(crate::DESCRIPTORS).expect("the build compiled these descriptors").file;
    files.into_iter().map(|file| (file.name.clone().unwrap_or_default(), comments(file))).collect()
});

fn comments(file: prost_types::FileDescriptorProto) -> HashMap<Vec<i32>, String> {
    let locations = file.source_code_info.unwrap_or_default().location.into_iter();
    let commented = locations.filter(|location| location.leading_comments.is_some());
    commented.map(|location| (location.path.clone(), paragraphs(location.leading_comments()))).collect()
}

/// The comment before the element at `path` of a file of the contract, joined to paragraphs; empty if there is none.
pub fn comment(file: &FileDescriptor, path: &[i32]) -> &'static str {
    COMMENTS.get(file.name()).and_then(|comments| comments.get(path)).map_or("", String::as_str)
}

fn paragraphs(comment: &str) -> String {
    let mut text = String::new();
    for line in comment.lines().map(str::trim) {
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.trim().to_owned()
}
