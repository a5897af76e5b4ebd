//! What a zone shall say in, its lines out, or everything that does not fit.

use crate::layout::{self, Layout};
use crate::{Cause, Failure, Field, Place, Sex, Zone, check_digit, is_state, name};

/// Writes a zone: its lines, with a line break between each two.
///
/// A name that is too long for its field is truncated as Doc 9303-4, 4.2.3 has it; nothing else is ever cut. Names must be
/// in the letters A to Z with single spaces between their parts, see [`transliterate`](crate::transliterate); the other
/// texts may have digits too.
///
/// # Errors
///
/// Everything that cannot be written.
pub fn generate(zone: &Zone) -> Result<String, Vec<Failure>> {
    let layout = layout::of(zone.format);
    let flat = "<".repeat(layout.lines * layout.width);
    let mut writer = Writer { layout, flat, failures: Vec::new() };
    writer.write(zone);
    if !writer.failures.is_empty() {
        return Err(writer.failures);
    }
    let lines: Vec<_> =
        (0..layout.lines).map(|line| &writer.flat[line * layout.width..(line + 1) * layout.width]).collect();
    Ok(lines.join("\n"))
}

struct Writer {
    layout: &'static Layout,
    flat: String,
    failures: Vec<Failure>,
}

impl Writer {
    fn write(&mut self, zone: &Zone) {
        let layout = self.layout;
        self.document_code(&zone.document_code);
        self.state(Field::Issuer, layout.issuer, &zone.issuer);
        self.state(Field::Nationality, layout.nationality, &zone.nationality);
        self.name(&zone.primary, &zone.secondary);
        self.number(&zone.number, &zone.optional);
        for (field, place, date) in
            [(Field::Birth, layout.birth, zone.birth), (Field::Expiry, layout.expiry, zone.expiry)]
        {
            match date.real() {
                Some(date) => self.put(place, &date.six()),
                None => self.fail(field, place, Cause::Date { found: date.to_string() }),
            }
        }
        let sex = match zone.sex {
            Sex::Female => "F",
            Sex::Male => "M",
            Sex::Unspecified => "<",
        };
        self.put(layout.sex, sex);
        match layout.more_optional {
            Some(place) => self.text(Field::MoreOptional, place, &zone.more_optional),
            None if zone.more_optional.is_empty() => {}
            None => self.failures.push(Failure { field: Field::MoreOptional, place: None, cause: Cause::NoSuchField }),
        }
        self.check(layout.birth_check, &[layout.birth]);
        self.check(layout.expiry_check, &[layout.expiry]);
        if let Some(place) = layout.optional_check.filter(|_| !zone.optional.is_empty()) {
            self.check(place, &[layout.optional]);
        }
        if let Some((place, over)) = layout.composite {
            self.check(place, over);
        }
    }

    fn from(&self, place: Place) -> usize {
        (place.line - 1) * self.layout.width + place.first - 1
    }

    /// Writes ASCII that is known to fit.
    fn put(&mut self, place: Place, text: &str) {
        let from = self.from(place);
        self.flat.replace_range(from..from + text.len(), text);
    }

    fn fail(&mut self, field: Field, place: Place, cause: Cause) {
        self.failures.push(Failure { field, place: Some(place), cause });
    }

    fn check(&mut self, place: Place, over: &[Place]) {
        let piece = |place: &Place| &self.flat[self.from(*place)..self.from(*place) + place.len()];
        let digit = check_digit(over.iter().map(piece));
        self.put(place, digit.encode_utf8(&mut [0; 4]));
    }

    /// Letters, digits and spaces, which become fillers; a space at the end would be lost and is refused.
    fn text(&mut self, field: Field, place: Place, text: &str) {
        let strange = |character: &char| !matches!(character, 'A'..='Z' | '0'..='9' | ' ');
        if let Some(found) = text.chars().find(strange).or_else(|| text.chars().next_back().filter(|last| *last == ' '))
        {
            self.fail(field, place, Cause::Character { found });
        } else if text.len() > place.len() {
            self.fail(field, place, Cause::TooLong { found: text.len(), most: place.len() });
        } else {
            self.put(place, &text.replace(' ', "<"));
        }
    }

    fn document_code(&mut self, code: &str) {
        let place = self.layout.document_code;
        let (first, second) = code.split_at(code.chars().next().map_or(0, char::len_utf8));
        let strange = |found: &char| !found.is_ascii_uppercase() || *found == 'V' && self.layout.first_letters != "V";
        if first.is_empty() || !self.layout.first_letters.contains(first) {
            self.fail(Field::DocumentCode, place, Cause::DocumentCode { expected: self.layout.first_letters });
        } else if let Some(found) = second.chars().find(strange) {
            self.fail(Field::DocumentCode, place, Cause::Character { found });
        } else {
            self.text(Field::DocumentCode, place, code);
        }
    }

    fn state(&mut self, field: Field, place: Place, code: &str) {
        if is_state(code) {
            self.put(place, code);
        } else {
            self.fail(field, place, Cause::State { found: code.to_owned() });
        }
    }

    fn name(&mut self, primary: &str, secondary: &str) {
        let place = self.layout.name;
        let mut sound = true;
        for identifier in [primary, secondary] {
            let found = identifier.chars().find(|letter| !matches!(letter, 'A'..='Z' | ' '));
            let parted = identifier.is_empty() || identifier.split(' ').all(|part| !part.is_empty());
            let cause = found.map(|found| Cause::Character { found }).or((!parted).then_some(Cause::Fillers));
            if let Some(cause) = cause {
                self.fail(Field::Name, place, cause);
                sound = false;
            }
        }
        if primary.is_empty() {
            self.fail(Field::Name, place, Cause::NoPrimaryIdentifier);
        } else if sound {
            self.put(place, &name::fit(primary, secondary, place.len()));
        }
    }

    /// Nine characters and their check digit; on a card, a longer number runs on (Doc 9303-5, 4.2.2, note j).
    fn number(&mut self, number: &str, optional: &str) {
        let layout = self.layout;
        if number.is_empty() {
            self.fail(Field::Number, layout.number, Cause::Empty);
        } else if number.len() > layout.number.len() && layout.long_number {
            self.long_number(number, optional);
        } else {
            self.text(Field::Number, layout.number, number);
            self.text(Field::Optional, layout.optional, optional);
            self.check(layout.number_check, &[layout.number]);
        }
    }

    fn long_number(&mut self, number: &str, optional: &str) {
        let layout = self.layout;
        if let Some(found) = number.chars().find(|character| !matches!(character, 'A'..='Z' | '0'..='9')) {
            return self.fail(Field::Number, layout.number, Cause::Character { found });
        }
        let (head, tail) = number.split_at(layout.number.len());
        let run = format!("{tail}{}", check_digit([number]));
        // The filler after the check digit ends the number; without it the number would run to the end of the field.
        let most = layout.number.len() + layout.optional.len() - 2;
        if number.len() > most {
            return self.fail(Field::Number, layout.number, Cause::TooLong { found: number.len(), most });
        }
        self.put(layout.number, head);
        self.put(layout.optional, &run);
        let first = layout.optional.first + run.len() + 1;
        self.text(Field::Optional, Place { first, ..layout.optional }, optional);
    }
}
