//! "A diplomat is stopped": who stands before the officer, and what the answer must be.

use serde_json::{Value, json};

/// One stop.
pub(super) struct Scene {
    /// What the officer sees.
    pub(super) title: &'static str,
    /// The card that is shown.
    pub(super) card: Card,
    /// The finding that the register must give.
    pub(super) finding: &'static str,
    /// What the officer goes on to ask.
    pub(super) questions: Vec<Question>,
}

/// The card that is shown.
pub(super) enum Card {
    /// The card of a person of the demonstration, by id.
    Of(&'static str),
    /// The same, read with one character wrong.
    MisreadOf(&'static str),
    /// A number in good form that was never issued.
    NeverIssued,
}

/// One question about the holder.
pub(super) struct Question {
    /// The matter: `ARREST_OR_DETENTION`.
    pub(super) matter: &'static str,
    /// The circumstances in words; empty if none.
    pub(super) supposing: &'static str,
    /// The circumstances as the contract has them.
    pub(super) circumstances: Value,
    /// The answer that must come.
    pub(super) immune: &'static str,
    /// A provision that must be among those it rests on.
    pub(super) rests_on: &'static str,
}

/// Every stop of the demonstration, in the order in which they are played.
pub(super) fn all() -> Vec<Scene> {
    let ask = |matter, immune, rests_on| Question { matter, supposing: "", circumstances: json!({}), immune, rests_on };
    let ask_if = |matter, supposing, circumstances, immune, rests_on| Question {
        matter,
        supposing,
        circumstances,
        immune,
        rests_on,
    };
    vec![
        Scene {
            title: "A number misread over the radio",
            card: Card::MisreadOf("diplomat"),
            finding: "MISREAD_NUMBER",
            questions: vec![],
        },
        Scene {
            title: "A card that was never issued",
            card: Card::NeverIssued,
            finding: "UNKNOWN_NUMBER",
            questions: vec![],
        },
        Scene {
            title: "A diplomat whose card has expired",
            card: Card::Of("attache"),
            finding: "CARD_EXPIRED",
            questions: vec![ask("ARREST_OR_DETENTION", "YES", "VCDR 29")],
        },
        Scene {
            title: "A card that was reported stolen",
            card: Card::Of("counsellor"),
            finding: "CARD_REVOKED",
            questions: vec![],
        },
        Scene {
            title: "A diplomat",
            card: Card::Of("diplomat"),
            finding: "VALID",
            questions: vec![
                ask("ARREST_OR_DETENTION", "YES", "VCDR 29"),
                ask("TRAFFIC_CITATION", "NO", "VCDR 41.1"),
                ask("CRIMINAL_PROSECUTION", "YES", "VCDR 31.1"),
                ask_if("CIVIL_SUIT", "over an inheritance", json!({"civilAction": "SUCCESSION"}), "NO", "VCDR 31.1(b)"),
            ],
        },
        Scene {
            title: "Her spouse",
            card: Card::Of("spouse"),
            finding: "VALID",
            questions: vec![
                ask("ARREST_OR_DETENTION", "YES", "VCDR 37.1"),
                ask("SEARCH_OF_RESIDENCE", "YES", "VCDR 37.1"),
            ],
        },
        Scene {
            title: "A member of the technical staff",
            card: Card::Of("technician"),
            finding: "VALID",
            questions: vec![
                ask("ARREST_OR_DETENTION", "YES", "VCDR 37.2"),
                ask_if(
                    "CIVIL_SUIT",
                    "over a traffic accident",
                    json!({"civilAction": "VEHICLE_ACCIDENT"}),
                    "OFFICIAL_ACTS_ONLY",
                    "VCDR 37.2",
                ),
            ],
        },
        Scene {
            title: "A consular officer",
            card: Card::Of("consul"),
            finding: "VALID",
            questions: vec![
                ask("ARREST_OR_DETENTION", "CONDITIONAL", "VCCR 41.1"),
                ask_if(
                    "ARREST_OR_DETENTION",
                    "for a grave crime, on a judge's order",
                    json!({"graveCrime": true, "judicialDecision": true}),
                    "NO",
                    "VCCR 41.1",
                ),
                ask_if("ARREST_OR_DETENTION", "for anything less", json!({"graveCrime": false}), "YES", "VCCR 41.1"),
                ask("CRIMINAL_PROSECUTION", "OFFICIAL_ACTS_ONLY", "VCCR 43.1"),
            ],
        },
        Scene {
            title: "An honorary consul, resident here",
            card: Card::Of("honorary-consul"),
            finding: "VALID",
            questions: vec![
                ask("ARREST_OR_DETENTION", "NO", "VCCR 63"),
                ask("CRIMINAL_PROSECUTION", "OFFICIAL_ACTS_ONLY", "VCCR 43.1"),
            ],
        },
        Scene {
            title: "A former ambassador, eight months gone",
            card: Card::Of("predecessor"),
            finding: "HOLDER_ENDED",
            questions: vec![
                ask("ARREST_OR_DETENTION", "NO", "VCDR 39.2"),
                ask("CRIMINAL_PROSECUTION", "OFFICIAL_ACTS_ONLY", "VCDR 39.2"),
            ],
        },
    ]
}

/// The number with a check digit as ICAO Doc 9303-3, section 4.9, computes it: weights 7, 3, 1 over the values of the
/// characters, modulo 10.
pub(super) fn with_check_digit(body: &str) -> String {
    let value = |letter: char| letter.to_digit(36).unwrap_or_default();
    let sum: u32 = body.chars().zip([7, 3, 1].into_iter().cycle()).map(|(letter, weight)| value(letter) * weight).sum();
    format!("{body}{}", sum % 10)
}

/// The number with its first character mistaken for the next one.
pub(super) fn misread(number: &str) -> String {
    let mut letters = number.chars();
    let first = match letters.next() {
        Some('9') => '0',
        Some('Z') => 'A',
        Some(letter) => char::from_u32(u32::from(letter) + 1).unwrap_or('X'),
        None => 'X',
    };
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_of_icao_has_its_check_digit() {
        // Doc 9303-4, appendix A: the specimen passport of Utopia.
        assert_eq!(with_check_digit("L898902C3"), "L898902C36");
    }

    #[test]
    fn a_misread_number_fails_its_check() {
        for number in ["L898902C3", "9898902C0", "Z00000001"].map(|number| with_check_digit(&number[..8])) {
            let wrong = misread(&number);
            assert_ne!(with_check_digit(&wrong[..8]), wrong, "{number} read as {wrong}");
        }
    }
}
