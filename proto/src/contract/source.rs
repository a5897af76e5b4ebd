//! The comments of the contract: what people read in the docs.

use prost_reflect::FileDescriptor;

/// The comment before the element at `path` of the file, joined to paragraphs; empty if there is none.
pub fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let proto = file.file_descriptor_proto();
    let Some(info) = &proto.source_code_info else { return String::new() };
    let Some(location) = info.location.iter().find(|location| location.path == path) else { return String::new() };
    let lines = location.leading_comments().lines().map(str::trim);
    let mut text = String::new();
    for line in lines {
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
