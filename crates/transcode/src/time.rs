//! Dates, instants and durations as text: RFC 3339 as proto3 JSON narrows it, on the proleptic Gregorian calendar.

use crate::wire::Broken;

/// Seconds of 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;
/// Seconds of 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;
/// About 10,000 years, the most a Duration may hold.
const LONGEST: i64 = 315_576_000_000;

/// Whether it is an instant that a Timestamp may hold.
pub(crate) fn is_instant(seconds: i64, nanos: i64) -> bool {
    (FIRST..=LAST).contains(&seconds) && (0..1_000_000_000).contains(&nanos)
}

/// Whether it is a span that a Duration may hold: both parts of one sign.
pub(crate) fn is_span(seconds: i64, nanos: i64) -> bool {
    seconds.abs() <= LONGEST && nanos.abs() < 1_000_000_000 && seconds.signum() * nanos.signum() >= 0
}

/// Writes `2026-11-21T08:30:00.250Z`; the fraction has 0, 3, 6 or 9 digits.
pub(crate) fn write_instant(out: &mut Vec<u8>, seconds: i64, nanos: i64) -> Result<(), Broken> {
    if !is_instant(seconds, nanos) {
        return Err(Broken("an instant is out of range"));
    }
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let mut text = *b"0000-00-00T00:00:00";
    digits(&mut text[..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], second / 3_600);
    digits(&mut text[14..16], second / 60 % 60);
    digits(&mut text[17..], second % 60);
    out.extend_from_slice(&text);
    fraction(out, nanos);
    out.push(b'Z');
    Ok(())
}

/// Writes `-1.500s`; the fraction has 0, 3, 6 or 9 digits.
pub(crate) fn write_span(out: &mut Vec<u8>, seconds: i64, nanos: i64) -> Result<(), Broken> {
    if !is_span(seconds, nanos) {
        return Err(Broken("a duration is out of range"));
    }
    if seconds < 0 || nanos < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(seconds.abs()).as_bytes());
    fraction(out, nanos.abs());
    out.push(b's');
    Ok(())
}

/// Reads an instant with `Z` or an offset; none if it is not one that a Timestamp may hold.
pub(crate) fn read_instant(text: &str) -> Option<(i64, i64)> {
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at_checked(10)?;
    let (clock, rest) = rest.split_at_checked(9)?;
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = read_fraction(rest)?;
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3_600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = read_date(date)? * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    is_instant(seconds, nanos).then_some((seconds, nanos))
}

/// Reads `1.5s`; none if it is not a span that a Duration may hold.
pub(crate) fn read_span(text: &str) -> Option<(i64, i64)> {
    let text = text.strip_suffix('s')?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    if whole > 12 {
        return None;
    }
    let seconds = number(&text.as_bytes()[..whole])?;
    let (nanos, rest) = read_fraction(&text.as_bytes()[whole..])?;
    (rest.is_empty() && is_span(seconds, nanos)).then_some((sign * seconds, sign * nanos))
}

/// Reads `2026-11-21` as days since 1970-01-01; none if the calendar has no such day.
pub(crate) fn read_date(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (year > 0 && (1..=length).contains(&day)).then(|| days(year, month, day))
}

/// Days since 1970-01-01, counted in eras of 400 years that begin in March, so that the leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day of a count of days since 1970-01-01; the reverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn digits(place: &mut [u8], mut value: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn fraction(out: &mut Vec<u8>, nanos: i64) {
    if nanos == 0 {
        return;
    }
    let mut text = *b".000000000";
    digits(&mut text[1..], nanos);
    let length = match nanos {
        n if n % 1_000_000 == 0 => 4,
        n if n % 1_000 == 0 => 7,
        _ => 10,
    };
    out.extend_from_slice(&text[..length]);
}

/// Nanoseconds from an optional `.` and 1 to 9 digits, and what follows.
fn read_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let scale = 10_i64.pow(9 - length as u32);
    Some((number(&text[..length])? * scale, &text[length..]))
}

fn number(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: i64, nanos: i64) -> String {
        let mut out = Vec::new();
        write_instant(&mut out, seconds, nanos).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn instants_are_written_with_as_many_digits_as_they_need() {
        assert_eq!(written(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(written(1_795_249_800, 250_000_000), "2026-11-21T08:30:00.250Z");
        assert_eq!(written(951_782_400, 1_000), "2000-02-29T00:00:00.000001Z");
        assert_eq!(written(-1, 999_999_999), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(written(FIRST, 0), "0001-01-01T00:00:00Z");
        assert_eq!(written(LAST, 0), "9999-12-31T23:59:59Z");
        assert!(write_instant(&mut Vec::new(), LAST + 1, 0).is_err());
        assert!(write_instant(&mut Vec::new(), 0, -1).is_err());
    }

    #[test]
    fn instants_are_read_with_any_offset() {
        assert_eq!(read_instant("2026-11-21T08:30:00.25Z"), Some((1_795_249_800, 250_000_000)));
        assert_eq!(read_instant("2026-11-21T10:30:00+02:00"), Some((1_795_249_800, 0)));
        assert_eq!(read_instant("2026-11-21T03:00:00-05:30"), Some((1_795_249_800, 0)));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T08:30:60Z",
            "2026-11-21t08:30:00Z",
            "2026-11-21T08:30:00z",
            "2026-11-21T08:30:00",
            "2026-11-21T08:30:00.Z",
            "2026-11-21T08:30:00.1234567890Z",
            "2026-11-21T08:30:00+24:00",
            "2026-11-21 08:30:00Z",
            "0001-01-01T00:00:00+00:01",
            "0000-12-31T00:00:00Z",
            "2026-11-21T08:30:00Z ",
            "２026-11-21T08:30:00Z",
            "",
        ] {
            assert_eq!(read_instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_survives() {
        for day in (FIRST / 86_400..=LAST / 86_400).step_by(61) {
            let seconds = day * 86_400 + 3_723;
            assert_eq!(read_instant(&written(seconds, 5)), Some((seconds, 5)));
        }
    }

    #[test]
    fn spans_keep_their_sign_in_the_fraction() {
        let written = |seconds, nanos| {
            let mut out = Vec::new();
            write_span(&mut out, seconds, nanos).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(written(0, -500_000_000), Ok("-0.500s".to_owned()));
        assert_eq!(written(LONGEST, 0), Ok("315576000000s".to_owned()));
        assert!(written(1, -1).is_err());
        assert_eq!(read_span("-0.5s"), Some((0, -500_000_000)));
        assert_eq!(read_span("1.000000001s"), Some((1, 1)));
        for wrong in ["1", "s", ".5s", "1.s", "1s ", "+1s", "315576000001s", "1e3s", "9999999999999999999999s"] {
            assert_eq!(read_span(wrong), None, "{wrong}");
        }
    }
}
