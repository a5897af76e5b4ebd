//! Fees in another currency: a rate as it was written, and amounts rounded as it says; exact, and pure.

use crate::shipped::{Shipped, in_words};
use proto::consular::v1::ExchangeRate;
use proto::consular::v1::exchange_rate::Rounding;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is shipped.
pub(crate) static CURRENCIES: Shipped<Currencies> =
    Shipped::new("currencies.toml", || in_words(Currencies::read(include_str!("../data/currencies.toml"))));

/// How many digits of a rate stand after the point, at most: the contract's own.
const PLACES: u32 = 9;
/// How many digits an amount of most currencies has after the point.
const USUAL: u32 = 2;

/// Why the file is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Invalid(String);

/// What the smallest units of currencies are.
#[derive(Debug)]
pub(crate) struct Currencies {
    /// The currencies that have not two digits after the point, and how many they have.
    digits: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The currencies by their number of digits.
    digits: BTreeMap<String, Vec<String>>,
}

impl Currencies {
    fn read(text: &str) -> Result<Self, Invalid> {
        let File { digits: groups } = toml::from_str(text).map_err(|error| Invalid(error.to_string()))?;
        let mut digits = BTreeMap::new();
        for (count, currencies) in groups {
            let count: u32 = count.parse().map_err(|_| Invalid(format!("{count:?} is no number of digits")))?;
            for currency in currencies {
                let code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
                if !code || count > 4 || digits.insert(currency.clone(), count).is_some() {
                    return Err(Invalid(format!("{currency}: no code, too many digits, or there twice")));
                }
            }
        }
        Ok(Self { digits })
    }

    fn digits(&self, currency: &str) -> u32 {
        self.digits.get(currency).copied().unwrap_or(USUAL)
    }

    /// An amount as it is written: `-1,234.50`; of yen `1,234`.
    pub(crate) fn written(&self, currency: &str, minor_units: i64) -> String {
        let digits = self.digits(currency);
        let unit = 10_u64.pow(digits);
        let (whole, part) = (minor_units.unsigned_abs() / unit, minor_units.unsigned_abs() % unit);
        let whole = whole.to_string();
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if minor_units < 0 { "-" } else { "" };
        match usize::try_from(digits).unwrap_or_default() {
            0 => format!("{sign}{grouped}"),
            width => format!("{sign}{grouped}.{part:0width$}"),
        }
    }
}

/// Whether the rate is one at which something can be exchanged.
pub(crate) fn is_rate(rate: &ExchangeRate) -> bool {
    rate.base_currency != rate.local_currency && written(&rate.rate).is_some_and(|rate| rate > 0)
}

/// So many smallest units of the rate's base currency in smallest units of its local one: the exact product, rounded as
/// the rate says to a multiple of its smallest amount. None if it is more than can be written, or no rate.
pub(crate) fn converted(minor_units: i64, rate: &ExchangeRate) -> Option<i64> {
    let currencies = CURRENCIES.get();
    let ten = |digits: u32| 10_i128.checked_pow(digits);
    let product = i128::from(minor_units).checked_mul(written(&rate.rate)?)?;
    let exact = product.checked_mul(ten(currencies.digits(&rate.local_currency))?)?;
    let unit = i128::from(rate.smallest_minor_units.max(1));
    let one = ten(currencies.digits(&rate.base_currency))?.checked_mul(ten(PLACES)?)?.checked_mul(unit)?;
    let added = match rate.rounding() {
        Rounding::Up => one - 1,
        Rounding::Nearest | Rounding::Unspecified => one / 2,
    };
    i64::try_from(exact.checked_add(added)?.div_euclid(one).checked_mul(unit)?).ok()
}

/// A decimal fraction as a whole number of its smallest places.
fn written(rate: &str) -> Option<i128> {
    let (whole, part) = rate.split_once('.').unwrap_or((rate, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let places = PLACES.checked_sub(u32::try_from(part.len()).ok()?)?;
    if !digits(whole) || (rate.contains('.') && !digits(part)) {
        return None;
    }
    let number: i128 = format!("{whole}{part}").parse().ok()?;
    number.checked_mul(10_i128.checked_pow(places)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(base: &str, local: &str, rate: &str, smallest: i32, rounding: Rounding) -> ExchangeRate {
        ExchangeRate {
            base_currency: base.into(),
            local_currency: local.into(),
            rate: rate.into(),
            smallest_minor_units: smallest,
            rounding: rounding.into(),
            ..ExchangeRate::default()
        }
    }

    #[test]
    fn amounts_are_written_with_the_digits_of_their_currency() {
        let written = |currency, minor_units| CURRENCIES.get().written(currency, minor_units);
        assert_eq!((written("USD", 123_450), written("USD", -5)), ("1,234.50".to_owned(), "-0.05".to_owned()));
        assert_eq!((written("JPY", 1_234_567), written("KWD", 1)), ("1,234,567".to_owned(), "0.001".to_owned()));
    }

    #[test]
    fn what_is_shipped_can_be_read_and_a_mistake_is_named() {
        CURRENCIES.check().unwrap();
        assert!(Currencies::read("[digits]\n0 = [\"JPY\"]\n3 = [\"JPY\"]").unwrap_err().to_string().contains("JPY"));
        assert!(Currencies::read("[digits]\nmany = []").unwrap_err().to_string().contains("many"));
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_are_rounded_as_the_rate_says() {
        for (minor_units, base, local, written, smallest, rounding, expected) in [
            // 130.00 USD at 0.9234 is 120.042 EUR.
            (13_000, "USD", "EUR", "0.9234", 0, Rounding::Nearest, 12_004),
            (13_000, "USD", "EUR", "0.9234", 1, Rounding::Up, 12_005),
            // 130.00 USD at 151.25 is 19,662.5 JPY, which has no smaller unit.
            (13_000, "USD", "JPY", "151.25", 1, Rounding::Nearest, 19_663),
            (13_000, "USD", "JPY", "151.25", 100, Rounding::Nearest, 19_700),
            // 19.99 USD at 0.31 is 6.1969 KWD, of a thousand fils.
            (1_999, "USD", "KWD", "0.31", 1, Rounding::Nearest, 6_197),
            (1_999, "USD", "KWD", "0.31", 50, Rounding::Up, 6_200),
            // To five centimes: 10.02 is 10.00, 10.03 is 10.05, 10.025 too.
            (1_002, "EUR", "CHF", "1", 5, Rounding::Nearest, 1_000),
            (1_003, "EUR", "CHF", "1", 5, Rounding::Nearest, 1_005),
            (10_025, "KWD", "CHF", "1.0", 5, Rounding::Nearest, 1_005),
            // What is exact stays, also where it is rounded up.
            (1_000, "USD", "EUR", "0.9", 1, Rounding::Up, 900),
            (0, "USD", "EUR", "0.9", 1, Rounding::Up, 0),
            (500, "JPY", "USD", "0.006612345", 1, Rounding::Nearest, 331),
        ] {
            let rate = rate(base, local, written, smallest, rounding);
            assert_eq!(converted(minor_units, &rate), Some(expected), "{minor_units} {rate:?}");
        }
    }

    #[test]
    fn what_is_no_rate_exchanges_nothing() {
        for wrong in ["", ".5", "5.", "1,5", "-1", "1e3", "0.0000000001"] {
            assert_eq!(converted(100, &rate("USD", "EUR", wrong, 1, Rounding::Up)), None, "{wrong}");
        }
        assert!(!is_rate(&rate("USD", "EUR", "0.000", 1, Rounding::Up)), "at nothing nothing is paid");
        assert!(!is_rate(&rate("USD", "USD", "1", 1, Rounding::Up)));
        assert!(is_rate(&rate("USD", "EUR", "0.000000001", 1, Rounding::Up)));
        assert_eq!(converted(i64::MAX, &rate("USD", "EUR", "999999999.9", 1, Rounding::Up)), None, "too much to write");
    }

    proptest! {
        #[test]
        fn nothing_is_off_by_more_than_its_unit_and_up_is_never_less(
            minor_units in 0_i64..1_000_000_000,
            whole in 0_u32..100_000,
            part in 0_u32..1_000_000,
            smallest in 1_i32..500,
        ) {
            let written = format!("{whole}.{part:06}");
            let of = |rounding| converted(minor_units, &rate("USD", "EUR", &written, smallest, rounding)).unwrap();
            let exact = i128::from(minor_units) * (i128::from(whole) * 1_000_000 + i128::from(part));
            let (near, up) = (i128::from(of(Rounding::Nearest)) * 1_000_000, i128::from(of(Rounding::Up)) * 1_000_000);
            let unit = i128::from(smallest) * 1_000_000;
            prop_assert!(2 * (near - exact).abs() <= unit && near % unit == 0);
            prop_assert!(up >= exact && up - exact < unit && up % unit == 0);
        }
    }
}
