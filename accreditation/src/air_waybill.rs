//! Air waybill numbers: three digits of the airline, seven of the serial number, and a check digit (IATA Resolution 600a).

/// The number as it is kept, `123-45678905`; none if its check digit is wrong.
pub(crate) fn read(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (airline, serial) = digits.split_at(3);
    let number: u32 = serial[..7].parse().ok()?;
    let check: u32 = serial[7..].parse().ok()?;
    (number % 7 == check).then(|| format!("{airline}-{serial}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1234567 = 7 x 176366 + 5.
    #[test]
    fn the_check_digit_is_the_serial_number_modulo_seven() {
        assert_eq!(read("020-12345675").as_deref(), Some("020-12345675"));
        assert_eq!(read("02012345675").as_deref(), Some("020-12345675"), "with and without the hyphen");
        for wrong in ["020-12345674", "020-12345657", "020-1234567", "020-123456755", "02O-12345675", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_slip_of_one_digit_is_noticed_unless_it_is_by_seven() {
        let good = "020-12345675";
        for place in 4..11 {
            for digit in b'0'..=b'9' {
                let mut bytes = good.as_bytes().to_vec();
                let by = digit.abs_diff(bytes[place]);
                bytes[place] = digit;
                let slip = String::from_utf8(bytes).expect("digits are text");
                assert_eq!(read(&slip).is_some(), by % 7 == 0, "{slip}");
            }
        }
    }
}
