//! What every answer of a method says that is on its way out: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a link to
//! what comes after it.

use anyhow::Context as _;
use chrono::NaiveDate;
use http::{HeaderName, HeaderValue, header};
use proto::policy::v1::Rule;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The headers that a rule asks for; none for a method that stays.
///
/// # Errors
/// A day that is none, a method without a successor, or one that goes before it is deprecated.
pub(super) fn of(rule: &Rule) -> anyhow::Result<Vec<(HeaderName, HeaderValue)>> {
    let Some(going) = &rule.deprecated else { return Ok(Vec::new()) };
    let day = |text: &str| text.parse::<NaiveDate>().with_context(|| format!("{text} is no day"));
    let since = day(&going.since)?;
    let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    let mut headers = vec![(DEPRECATION, HeaderValue::try_from(format!("@{}", midnight(since).timestamp()))?)];
    if !going.sunset.is_empty() {
        let end = day(&going.sunset)?;
        anyhow::ensure!(end > since, "a method ends after it is deprecated, not before");
        let text = midnight(end).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        headers.push((SUNSET, HeaderValue::try_from(text)?));
    }
    anyhow::ensure!(!going.successor.is_empty(), "a deprecated method names what comes after it");
    let link = format!("<{}>; rel=\"successor-version\"", going.successor);
    headers.push((header::LINK, HeaderValue::try_from(link)?));
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::policy::v1::Deprecation;

    fn going(since: &str, sunset: &str, successor: &str) -> anyhow::Result<Vec<(HeaderName, HeaderValue)>> {
        let deprecated = Some(Deprecation { since: since.into(), sunset: sunset.into(), successor: successor.into() });
        of(&Rule { deprecated, ..Rule::default() })
    }

    #[test]
    fn a_method_that_goes_says_since_when_until_when_and_what_comes_after_it() {
        let headers = going("2026-01-01", "2027-07-01", "/v2/a").unwrap();
        let text =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect::<Vec<_>>();
        let expected = [
            "deprecation: @1767225600",
            "sunset: Thu, 01 Jul 2027 00:00:00 GMT",
            "link: </v2/a>; rel=\"successor-version\"",
        ];
        assert_eq!(text, expected);
        assert!(of(&Rule::default()).unwrap().is_empty());
        for (since, sunset, successor) in
            [("soon", "", "/v2/a"), ("2026-01-01", "2025-01-01", "/v2/a"), ("2026-01-01", "", "")]
        {
            assert!(going(since, sunset, successor).is_err(), "{since} {sunset} {successor}");
        }
    }
}
