//! Lines in, what they say out, or everything that is wrong with them.

use crate::layout::{self, Layout};
use crate::{Cause, Date, Failure, Field, Format, Place, Refusal, Sex, Window, Zone, check_digit, is_state};

/// Reads a zone.
///
/// Lines may end in any line break; blanks around them do not count, and a zone without line breaks, as chips store it,
/// is read as well.
///
/// # Errors
///
/// Everything that is not as Doc 9303 has it, see [`Refusal`].
pub fn parse(text: &str, window: &Window) -> Result<Zone, Refusal> {
    let (format, flat) = shape(text).map_err(|failure| refused(None, vec![failure]))?;
    let layout = layout::of(format);
    let strange = strange_characters(layout, &flat);
    if !strange.is_empty() {
        return Err(refused(Some(format), strange));
    }
    let mut reader = Reader { layout, flat: &flat, failures: Vec::new() };
    let reading = reader.zone(format, window);
    match (reader.failures, reading) {
        (failures, Some(zone)) if failures.is_empty() => Ok(zone),
        (failures, reading) => Err(Refusal { format: Some(format), failures, reading: reading.map(Box::new) }),
    }
}

fn refused(format: Option<Format>, failures: Vec<Failure>) -> Refusal {
    Refusal { format, failures, reading: None }
}

/// Which format the lines have, and the lines in one.
fn shape(text: &str) -> Result<(Format, String), Failure> {
    let mut flat = String::with_capacity(96);
    let mut widths = [0; 4];
    let mut count = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        flat.push_str(line);
        if let Some(width) = widths.get_mut(count) {
            *width = line.chars().count();
        }
        count += 1;
    }
    let visa = flat.starts_with('V');
    let format = match (&widths[..count.min(widths.len())], visa) {
        ([30, 30, 30] | [90], _) => Format::Td1,
        ([44, 44] | [88], false) => Format::Td3,
        ([44, 44] | [88], true) => Format::MrvA,
        ([36, 36] | [72], false) => Format::Td2,
        ([36, 36] | [72], true) => Format::MrvB,
        _ => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let found = lines.map(|line| line.chars().count()).collect();
            return Err(Failure { field: Field::Zone, place: None, cause: Cause::Shape { found } });
        }
    };
    Ok((format, flat))
}

/// Every character that stands in no zone.
fn strange_characters(layout: &Layout, flat: &str) -> Vec<Failure> {
    let strange = |character: char| !matches!(character, 'A'..='Z' | '0'..='9' | '<');
    if flat.bytes().all(|byte| !strange(byte.into())) {
        return Vec::new();
    }
    let found = flat.chars().enumerate().filter(|(_, character)| strange(*character));
    let failure = |(index, found)| {
        let (line, column) = (index / layout.width + 1, index % layout.width + 1);
        let place = Place { line, first: column, last: column };
        Failure { field: Field::Zone, place: Some(place), cause: Cause::Character { found } }
    };
    found.map(failure).collect()
}

struct Reader<'a> {
    layout: &'static Layout,
    flat: &'a str,
    failures: Vec<Failure>,
}

impl<'a> Reader<'a> {
    fn zone(&mut self, format: Format, window: &Window) -> Option<Zone> {
        let layout = self.layout;
        let document_code = self.document_code();
        let issuer = self.state(Field::Issuer, layout.issuer);
        let name = self.name();
        let (number, optional) = self.number();
        let nationality = self.state(Field::Nationality, layout.nationality);
        let birth = self.date(Field::Birth, layout.birth, |six| window.read_birth(six));
        self.check(Field::BirthCheck, layout.birth_check, &[layout.birth]);
        let sex = self.sex();
        let expiry = self.date(Field::Expiry, layout.expiry, |six| window.read_expiry(six));
        self.check(Field::ExpiryCheck, layout.expiry_check, &[layout.expiry]);
        if let Some(place) = layout.optional_check {
            // Nothing to check: the digit may be a filler (Doc 9303-4, 4.2.2.2).
            if !(self.unfilled(layout.optional).is_empty() && self.at(place) == "<") {
                self.check(Field::OptionalCheck, place, &[layout.optional]);
            }
        }
        if let Some((place, over)) = layout.composite {
            self.check(Field::Composite, place, over);
        }
        let (primary, secondary) = name?;
        Some(Zone {
            format,
            document_code,
            issuer,
            primary,
            secondary,
            number: number?,
            nationality,
            birth: birth?,
            sex: sex?,
            expiry: expiry?,
            optional,
            more_optional: layout.more_optional.map(|place| spaced(self.unfilled(place))).unwrap_or_default(),
        })
    }

    fn at(&self, place: Place) -> &'a str {
        let from = (place.line - 1) * self.layout.width + place.first - 1;
        &self.flat[from..from + place.len()]
    }

    fn unfilled(&self, place: Place) -> &'a str {
        self.at(place).trim_end_matches('<')
    }

    fn fail(&mut self, field: Field, place: Place, cause: Cause) {
        self.failures.push(Failure { field, place: Some(place), cause });
    }

    fn check(&mut self, field: Field, place: Place, over: &[Place]) {
        let expected = check_digit(over.iter().map(|place| self.at(*place)));
        self.expect_digit(field, place, expected);
    }

    fn expect_digit(&mut self, field: Field, place: Place, expected: char) {
        let found = self.at(place).chars().next().unwrap_or('<');
        if found != expected {
            self.fail(field, place, Cause::CheckDigit { found, expected });
        }
    }

    /// A letter of this format, then a letter or nothing; a second V is kept for visas (Doc 9303-5, 4.2.2).
    fn document_code(&mut self) -> String {
        let place = self.layout.document_code;
        let code = self.unfilled(place);
        let mut letters = code.chars();
        if !letters.next().is_some_and(|first| self.layout.first_letters.contains(first)) {
            self.fail(Field::DocumentCode, place, Cause::DocumentCode { expected: self.layout.first_letters });
        }
        let visa = self.layout.first_letters == "V";
        if let Some(found) = letters.next().filter(|second| !second.is_ascii_uppercase() || *second == 'V' && !visa) {
            self.fail(Field::DocumentCode, place, Cause::Character { found });
        }
        code.to_owned()
    }

    fn state(&mut self, field: Field, place: Place) -> String {
        let code = self.unfilled(place);
        if !is_state(code) {
            self.fail(field, place, Cause::State { found: self.at(place).to_owned() });
        }
        code.to_owned()
    }

    fn name(&mut self) -> Option<(String, String)> {
        let place = self.layout.name;
        let name = self.unfilled(place);
        let before = self.failures.len();
        for (index, found) in name.bytes().enumerate().filter(|(_, character)| character.is_ascii_digit()) {
            let column = place.first + index;
            let place = Place { first: column, last: column, ..place };
            self.fail(Field::Name, place, Cause::Character { found: found.into() });
        }
        let (primary, secondary) = name.split_once("<<").unwrap_or((name, ""));
        if primary.is_empty() {
            let cause = if name.is_empty() { Cause::Empty } else { Cause::NoPrimaryIdentifier };
            self.fail(Field::Name, place, cause);
        }
        if secondary.starts_with('<') || secondary.contains("<<") || primary.starts_with('<') {
            self.fail(Field::Name, place, Cause::Fillers);
        }
        let readable = self.failures[before..].iter().all(|failure| failure.cause == Cause::NoPrimaryIdentifier);
        readable.then(|| (spaced(primary), spaced(secondary)))
    }

    /// The number and the optional data that are left when the number has taken its part of them.
    fn number(&mut self) -> (Option<String>, String) {
        let layout = self.layout;
        let (head, optional) = (self.at(layout.number), self.unfilled(layout.optional));
        let runs_on = layout.long_number
            && self.at(layout.number_check) == "<"
            && !head.contains('<')
            && optional.split('<').next().is_some_and(|tail| tail.len() > 1);
        if runs_on {
            return self.long_number(head, optional);
        }
        self.check(Field::NumberCheck, layout.number_check, &[layout.number]);
        let number = self.unfilled(layout.number);
        if number.is_empty() {
            self.fail(Field::Number, layout.number, Cause::Empty);
        }
        ((!number.is_empty()).then(|| spaced(number)), spaced(optional))
    }

    /// A number of more than nine characters (Doc 9303-5, 4.2.2, note j): a filler stands for its check digit, the rest
    /// begins the optional data, then come the check digit of all of it and a filler.
    fn long_number(&mut self, head: &str, optional: &str) -> (Option<String>, String) {
        let (run, left) = optional.split_once('<').unwrap_or((optional, ""));
        let (tail, _) = run.split_at(run.len() - 1);
        let place = self.layout.optional;
        let column = place.first + tail.len();
        let check = Place { first: column, last: column, ..place };
        // Belgian cards of the first years count the filler between the two parts; the standard's table does not.
        let early = check_digit([head, "<", tail]);
        if !run.ends_with(early) {
            self.expect_digit(Field::NumberCheck, check, check_digit([head, tail]));
        }
        (Some(format!("{head}{tail}")), spaced(left))
    }

    fn date(&mut self, field: Field, place: Place, read: impl Fn(&str) -> Option<Date>) -> Option<Date> {
        let six = self.at(place);
        let date = read(six);
        if date.is_none() {
            self.fail(field, place, Cause::Date { found: six.to_owned() });
        }
        date
    }

    fn sex(&mut self) -> Option<Sex> {
        let place = self.layout.sex;
        match self.at(place) {
            "F" => Some(Sex::Female),
            "M" => Some(Sex::Male),
            "<" => Some(Sex::Unspecified),
            other => {
                let found = other.chars().next().unwrap_or('<');
                self.fail(Field::Sex, place, Cause::Character { found });
                None
            }
        }
    }
}

fn spaced(field: &str) -> String {
    field.replace('<', " ")
}
