//! C40 (ISO/IEC 16022) as Doc 9303-13 uses it: three of A to Z, 0 to 9 and the filler in two bytes.

/// Says that one character follows in ASCII.
const UNLATCH: u8 = 0xfe;

/// The bytes of a text; none if it has other characters than A to Z, 0 to 9 and `<`.
pub(crate) fn encoded(text: &str) -> Option<Vec<u8>> {
    let values: Vec<u16> = text.bytes().map(value).collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(length(values.len()));
    for (index, three) in values.chunks(3).enumerate() {
        let pair = match *three {
            [one, two, three] => one * 1600 + two * 40 + three + 1,
            // Filled up with a shift that shifts nothing.
            [one, two] => one * 1600 + two * 40 + 1,
            _ => {
                let character = text.as_bytes()[3 * index];
                bytes.extend([UNLATCH, if character == b'<' { b' ' } else { character } + 1]);
                continue;
            }
        };
        bytes.extend(pair.to_be_bytes());
    }
    Some(bytes)
}

/// How many bytes so many characters take.
pub(crate) fn length(characters: usize) -> usize {
    characters.div_ceil(3) * 2
}

/// The text of bytes; none if they are none.
pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len() / 2 * 3);
    let last = (bytes.len() / 2).checked_sub(1);
    for (index, pair) in bytes.chunks(2).enumerate() {
        let &[high, low] = pair else { return None };
        if high == UNLATCH {
            let character = low.checked_sub(1).filter(|_| Some(index) == last)?;
            text.push(if character == b' ' { '<' } else { char::from(character) });
            continue;
        }
        let three = u16::from_be_bytes([high, low]).checked_sub(1)?;
        let values = [three / 1600, three / 40 % 40, three % 40];
        for (place, value) in values.into_iter().enumerate() {
            match character(value) {
                Some(character) => text.push(character),
                None if value == 0 && place == 2 && Some(index) == last => {}
                None => return None,
            }
        }
    }
    text.bytes().all(|byte| value(byte).is_some()).then_some(text)
}

fn value(character: u8) -> Option<u16> {
    match character {
        b'<' => Some(3),
        b'0'..=b'9' => Some(u16::from(character - b'0') + 4),
        b'A'..=b'Z' => Some(u16::from(character - b'A') + 14),
        _ => None,
    }
}

fn character(value: u16) -> Option<char> {
    let small = u8::try_from(value).ok()?;
    match value {
        3 => Some('<'),
        4..=13 => Some(char::from(b'0' + small - 4)),
        14..=39 => Some(char::from(b'A' + small - 14)),
        _ => None,
    }
}
