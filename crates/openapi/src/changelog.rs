//! The changelog as the page at `/docs/changelog`: headings, paragraphs and lists, which is all that it is made of.

use crate::errors::inline;

const TEXT: &str = include_str!("../../../CHANGELOG.md");

/// The page at `/docs/changelog`.
pub(crate) fn changelog_page() -> String {
    include_str!("page/changelog.html").replace("{{changes}}", &html(TEXT))
}

/// Markdown as HTML, as far as a changelog needs it.
fn html(text: &str) -> String {
    let mut page = String::new();
    let mut block: Vec<&str> = Vec::new();
    let mut in_list = false;
    for line in text.lines().chain([""]) {
        let begins = line.is_empty() || line.starts_with("- ") || line.starts_with('#');
        if begins && !block.is_empty() {
            write_block(&mut page, &block.join(" "), &mut in_list);
            block.clear();
        }
        if !line.is_empty() {
            block.push(line.trim());
        }
    }
    if in_list {
        page.push_str("</ul>");
    }
    page
}

fn write_block(page: &mut String, text: &str, in_list: &mut bool) {
    let item = text.strip_prefix("- ");
    if item.is_some() != *in_list {
        page.push_str(if *in_list { "</ul>" } else { "<ul>" });
        *in_list = item.is_some();
    }
    let (tag, words) = match (item, text.trim_start_matches('#').len()) {
        (Some(item), _) => ("li", item),
        (None, length) if length < text.len() => {
            let tag = ["h1", "h2", "h3"][(text.len() - length - 1).min(2)];
            (tag, text.trim_start_matches('#').trim())
        }
        _ => ("p", text),
    };
    page.push_str(&format!("<{tag}>{}</{tag}>", linked(&inline(words))));
}

/// `[words](address)` as links, to addresses that are https or our own.
fn linked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, words, address, after)) = next_link(rest) {
        out.push_str(before);
        let safe = address.starts_with("https://") || address.starts_with('/');
        out.push_str(&if safe { format!("<a href=\"{address}\">{words}</a>") } else { words.to_owned() });
        rest = after;
    }
    out + rest
}

fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (words, rest) = rest.split_once("](")?;
    let (address, after) = rest.split_once(')')?;
    Some((before, words, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_code_and_links_are_shown_and_markup_is_not_run() {
        let text = "# Log\n\nOf [that](https://a.example) and\n[this](javascript:x).\n\n- One `a`\n  goes on.\n- <b>\n\n## Next\n";
        let expected = "<h1>Log</h1><p>Of <a href=\"https://a.example\">that</a> and this.</p>\
                        <ul><li>One <code>a</code> goes on.</li><li>&lt;b&gt;</li></ul><h2>Next</h2>";
        assert_eq!(html(text), expected);
    }

    #[test]
    fn our_own_changelog_is_a_page() {
        let page = changelog_page();
        assert!(page.contains("<h2>Unreleased</h2>") && !page.contains("{{"), "{page:.300}");
    }
}
