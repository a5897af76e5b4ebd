//! The header `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Requests").

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

const MOST: u128 = 99_999_999;

/// How long the caller waits, if the header says so properly.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.is_empty() || number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Says how long we wait, in the finest unit that holds it, rounded down.
pub(crate) fn write(headers: &mut HeaderMap, wait: Duration) {
    let units = [(wait.as_micros(), 'u'), (wait.as_millis(), 'm'), (u128::from(wait.as_secs()), 'S')];
    let fitting = units.into_iter().find(|(number, _)| *number <= MOST);
    let (number, unit) = fitting.unwrap_or((MOST, 'S'));
    let value = HeaderValue::try_from(format!("{number}{unit}")).expect("digits and a letter are good in a header");
    headers.insert(GRPC_TIMEOUT, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, text.parse().unwrap());
        read(&headers)
    }

    #[test]
    fn every_unit_is_read() {
        assert_eq!(reading("2H"), Some(Duration::from_secs(7_200)));
        assert_eq!(reading("3M"), Some(Duration::from_secs(180)));
        assert_eq!(reading("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(reading("250m"), Some(Duration::from_millis(250)));
        assert_eq!(reading("7u"), Some(Duration::from_micros(7)));
        assert_eq!(reading("0n"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for bad in ["", "S", "1", "1s", "123456789S", "-1S", "+1S", "1.5S", "1 S", "1é"] {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_bytes(bad.as_bytes()).unwrap());
            assert_eq!(read(&headers), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_never_grows() {
        for wait in [
            Duration::ZERO,
            Duration::from_nanos(1_500),
            Duration::from_millis(250),
            Duration::from_micros(99_999_999),
            Duration::from_micros(100_000_001),
            Duration::from_secs(100_000),
            Duration::MAX,
        ] {
            let mut headers = HeaderMap::new();
            write(&mut headers, wait);
            let read = read(&headers).unwrap();
            assert!(read <= wait, "{wait:?} became {read:?}");
            assert!(
                read >= wait
                    .min(Duration::from_secs(99_999_999))
                    .mul_f64(0.98)
                    .saturating_sub(Duration::from_micros(1))
            );
        }
    }
}
