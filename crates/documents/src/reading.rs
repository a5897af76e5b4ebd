//! What a reader of a document reads, for tests of templates: the text of each page, as it stands there.

use crate::error::Error;
use crate::order::Order;
use crate::press::Most;
use crate::typeset::lay_out;
use typst::layout::{Frame, FrameItem};

/// The text of each page, piece by piece in the order it was set, a line each.
///
/// # Errors
/// As [`typeset`](crate::typeset).
pub fn reading(order: &Order, most: &Most) -> Result<Vec<String>, Error> {
    let document = lay_out(order, most)?;
    let page = |page: &typst_layout::Page| {
        let mut text = String::new();
        collect(&page.frame, &mut text);
        text
    };
    let pages = document.pages().iter().map(page).collect();
    typst::comemo::evict(0);
    Ok(pages)
}

fn collect(frame: &Frame, text: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, text),
            FrameItem::Text(piece) => {
                text.push_str(&piece.text);
                text.push('\n');
            }
            FrameItem::Shape(..) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
        }
    }
}
