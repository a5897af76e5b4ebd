//! How a name fills its field, and what is left of it when it is too long (Doc 9303-4, 4.2.2 and 4.2.3).

use crate::Format;

/// Stands between the primary and the secondary identifier.
const BETWEEN: &str = "<<";

/// Whether a name may have been longer than what the zone has of it: its field is full to the last column, which says so
/// (Doc 9303-4, 4.2.3). A name that fits exactly looks the same.
pub fn may_be_truncated(format: Format, primary: &str, secondary: &str) -> bool {
    joined(primary, secondary).len() >= format.name_width()
}

fn joined(primary: &str, secondary: &str) -> String {
    let between = if secondary.is_empty() { "" } else { BETWEEN };
    format!("{primary}{between}{secondary}").replace(' ', "<")
}

/// The name in at most `width` characters.
///
/// What fits stands whole. Otherwise the field is filled to its last column with a letter. The secondary identifier is
/// cut at its end; if the primary one leaves no room for the first letter of the secondary one, the longest of its parts
/// give up letters until it does.
pub(crate) fn fit(primary: &str, secondary: &str, width: usize) -> String {
    let whole = joined(primary, secondary);
    if whole.len() <= width {
        return whole;
    }
    let primary: Vec<_> = primary.split(' ').collect();
    if secondary.is_empty() {
        return cut_to_letter(primary, width);
    }
    let primary = shorten(&primary, width - BETWEEN.len() - 1).join("<");
    let room = width - primary.len() - BETWEEN.len();
    let secondary = cut_to_letter(secondary.split(' ').collect(), room);
    format!("{primary}{BETWEEN}{secondary}")
}

/// Takes letters from the longest parts, the last of equals first, until they fit with a filler between each two. Every
/// part keeps its initial; if even the initials do not fit, the last parts go.
fn shorten<'a>(parts: &[&'a str], most: usize) -> Vec<&'a str> {
    let mut parts = parts.to_vec();
    while parts.iter().map(|part| part.len() + 1).sum::<usize>() > most + 1 {
        let longest = (0..parts.len()).max_by_key(|&index| parts[index].len()).expect("a name has a part");
        match parts[longest].len() {
            0 | 1 => drop(parts.pop()),
            length => parts[longest] = &parts[longest][..length - 1],
        }
    }
    parts
}

/// The parts cut at `width`, the last column a letter: where the cut falls between two parts, the one before gives up its
/// last letter to the initial of the one after. Parts of one letter give way to none, and the field ends before them.
fn cut_to_letter(mut parts: Vec<&str>, width: usize) -> String {
    let whole = parts.join("<");
    if whole.len() <= width || !whole[..width].ends_with('<') {
        return whole[..whole.len().min(width)].to_owned();
    }
    let mut end = 0;
    let before = parts.iter().take_while(|part| {
        end += part.len() + 1;
        end <= width
    });
    let before = before.count();
    match (0..before).rev().find(|&index| parts[index].len() > 1) {
        Some(index) => {
            parts[index] = &parts[index][..parts[index].len() - 1];
            parts.join("<")[..width].to_owned()
        }
        None => whole[..width - 1].to_owned(),
    }
}
