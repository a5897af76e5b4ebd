//! The standard forms of text the contract can ask for: pure tests of one string each.

use crate::time;
use regex::Regex;
use std::sync::LazyLock;

/// ISO 3166-1 alpha-2, or one of the codes XA to XZ that the standard leaves to users (Kosovo goes by XK).
pub(crate) fn is_country(text: &str) -> bool {
    matches!(text.as_bytes(), [b'X', b'A'..=b'Z']) || rust_iso3166::ALPHA2_MAP.contains_key(text)
}

/// A day of the calendar: `2026-11-21`.
pub(crate) fn is_date(text: &str) -> bool {
    time::read_date(text.as_bytes()).is_some()
}

/// An address as mail servers of today take it: RFC 5321 without quoted local parts and address literals.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| !atom.is_empty() && atom.chars().all(|c| c.is_alphanumeric() || is_atom_sign(c));
    text.len() <= 254 && local.len() <= 64 && local.split('.').all(atom) && domain.contains('.') && is_host(domain)
}

/// What stands in a local part besides letters and digits (RFC 5322, `atext`).
fn is_atom_sign(c: char) -> bool {
    matches!(c, '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~')
}

/// A host name: labels of letters, digits and inner hyphens, in any script.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// A number with its country code, in groups as people write them (ITU-T E.123, E.164: at most 15 digits).
pub(crate) fn is_phone(text: &str) -> bool {
    let Some(number) = text.strip_prefix('+') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    number.starts_with(|c: char| matches!(c, '1'..='9'))
        && number.ends_with(|c: char| c.is_ascii_digit())
        && (5..=15).contains(&digits)
        && number.bytes().all(|byte| byte.is_ascii_digit() || b" -.()/".contains(&byte))
}

/// An absolute http or https address (RFC 3986) without a user's name in it.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = address.map_or_else(|| is_host(host), |address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let port = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    host && port && tail.chars().all(is_address_sign)
}

/// What may stand in an address after its host: no space, and none of the signs that RFC 3986 leaves out.
fn is_address_sign(c: char) -> bool {
    let left_out = matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    !left_out && if c.is_ascii() { c.is_ascii_graphic() } else { !c.is_whitespace() && !c.is_control() }
}

static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| {
    let parts = [
        "(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})",
        "(?:-[a-z]{4})?",
        "(?:-(?:[a-z]{2}|[0-9]{3}))?",
        "(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
        "(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*",
        "(?:-x(?:-[a-z0-9]{1,8})+)?",
    ];
    Regex::new(&format!(r"(?i-u)\A{}\z", parts.concat())).expect("the pattern is RFC 5646, section 2.1")
});

/// The shape of a BCP 47 tag (RFC 5646, section 2.1); whether the subtags are registered is not asked.
pub(crate) fn is_language(text: &str) -> bool {
    text.len() <= 64 && LANGUAGE.is_match(text)
}

/// The shape of a resource name of any type: pairs of a collection and an identifier (AIP-122).
pub(crate) fn is_resource_name(text: &str) -> bool {
    text.contains('/') && text.split('/').all(is_segment)
}

/// Whether the text is a name of this pattern.
pub(crate) fn is_name_of(text: &str, pattern: &[Option<String>]) -> bool {
    let mut segments = text.split('/');
    let fits = |segment: &Option<String>| match (segment, segments.next()) {
        (Some(literal), Some(found)) => literal == found,
        (None, Some(found)) => is_segment(found),
        (_, None) => false,
    };
    pattern.iter().all(fits) && segments.next().is_none()
}

/// One identifier in a name: neither empty nor with spaces or signs that cannot be seen.
fn is_segment(text: &str) -> bool {
    let seen = |c: char| if c.is_ascii() { c.is_ascii_graphic() } else { !c.is_whitespace() && !c.is_control() };
    !text.is_empty() && text.len() <= 200 && text.chars().all(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(test: fn(&str) -> bool, right: &[&str], wrong: &[&str]) {
        right.iter().for_each(|text| assert!(test(text), "{text}"));
        wrong.iter().chain(&["", " "]).for_each(|text| assert!(!test(text), "{text}"));
    }

    #[test]
    fn countries() {
        holds(is_country, &["FR", "US", "XK", "XA", "XZ"], &["fr", "UK", "FRA", "XX1", "ZZ", "EU"]);
    }

    #[test]
    fn dates() {
        let wrong = ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "1900-02-29", "0000-01-01", "2026-11-21Z"];
        holds(is_date, &["2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01"], &wrong);
    }

    #[test]
    fn emails() {
        let right = ["a@b.org", "info.paris@amb-usa.fr", "o'neil+x@mail.example.co.uk", "jürgen@münchen.de"];
        let wrong = ["a", "a@b", "@b.org", "a@", "a..b@c.org", ".a@c.org", "a b@c.org", "a@-c.org", "a@c.org.", "a@b@"];
        holds(is_email, &right, &wrong);
    }

    #[test]
    fn phones() {
        let right = ["+1 202 555 0100", "+33 (0)1 43 12 22 22", "+49-30-83050", "+12025550100"];
        let wrong =
            ["202 555 0100", "+0 202 555", "+1 202 555 0100 x5", "+1234", "+1234567890123456", "+1 202 ", "++1"];
        holds(is_phone, &right, &wrong);
    }

    #[test]
    fn uris() {
        let right = [
            "https://example.org",
            "http://a.b:8080/x?y=z#f",
            "https://[::1]/",
            "https://münchen.de/ä",
            "http://localhost",
        ];
        let wrong = [
            "example.org",
            "ftp://example.org",
            "https://",
            "https:///x",
            "https://a b",
            "https://a/b c",
            "https://user@a.org",
            "https://a.org:99999",
            "javascript:alert(1)",
            "https://a.org/<x>",
            "https://[x]/",
        ];
        holds(is_uri, &right, &wrong);
    }

    #[test]
    fn languages() {
        let right = ["fr", "zh-Hant", "de-CH-1996", "es-419", "sl-rozaj-biske", "en-a-bbb-x-a-ccc", "cmn"];
        let wrong = ["f", "fr_FR", "fr-", "de-419-DE", "a-DE", "französisch", "en-"];
        holds(is_language, &right, &wrong);
    }

    #[test]
    fn names() {
        let mission = [Some("missions".to_owned()), None];
        let test = |text: &str| is_name_of(text, &mission);
        assert!(test("missions/fra") && test("missions/a:b"));
        assert!(
            !test("missions/")
                && !test("missions")
                && !test("missions/a/b")
                && !test("members/a")
                && !test("missions/a b")
        );
        holds(is_resource_name, &["missions/fra", "a/b/c/d"], &["missions", "a/", "/a", "a//b"]);
    }
}
