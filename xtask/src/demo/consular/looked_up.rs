//! Who is looked up: entries of the published lists as they or others write them, and beside each somebody who is another.

/// An entry of both lists, and how it is asked for.
pub(super) struct Listed {
    /// Its references: list and entry.
    pub(super) entries: [(&'static str, &'static str); 2],
    /// Who it is, in a word.
    pub(super) who: &'static str,
    pub(super) asked: Vec<Asked>,
}

/// One question.
pub(super) struct Asked {
    /// The script, or what sets the question apart.
    pub(super) how: &'static str,
    pub(super) name: &'static str,
    /// The date of birth; empty if it is not known.
    pub(super) birth: &'static str,
    /// The number of a document; empty if it is not known.
    pub(super) document: &'static str,
    /// What must be answered about each of the entries.
    pub(super) must: [Must; 2],
}

/// What must be answered about an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Must {
    /// It is found, and not strong: it was a name alone.
    Found,
    /// It is found, and strong.
    Strong,
    /// It is not strong, and below what was found of it with the same name and what is known beside it.
    Lower,
    /// It is not found.
    Nothing,
    /// It would be good to find it, and nobody promises to: letters without vowels against Latin letters, another romanisation.
    /// Shown for what it is, and not counted.
    Beyond,
}

/// Every question, in the order in which it is asked. The first about an entry is its name alone in Latin letters.
pub(super) fn all() -> Vec<Listed> {
    use Must::{Beyond, Found, Lower, Nothing, Strong};
    let by_name = |how, name, must| Asked { how, name, birth: "", document: "", must };
    let born = |how, name, birth, must| Asked { how, name, birth, document: "", must };
    vec![
        Listed {
            entries: [("un-sc", "QDi.136"), ("ofac-sdn", "8084")],
            who: "a leader of Al-Mourabitoun",
            asked: vec![
                by_name("Latin", "Mokhtar Belmokhtar", [Found; 2]),
                by_name("Cyrillic", "Мохтар Бельмохтар", [Found; 2]),
                // As the Security Council prints it; OFAC has it in Latin letters alone.
                by_name("Arabic", "مختار بلمختار", [Found; 2]),
                born("Arabic, with the date of birth", "مختار بلمختار", "1972-06-01", [Strong; 2]),
                born("a namesake, thirty years younger", "مختار بلمختار", "2002-10-09", [Lower; 2]),
                by_name("an artificial near-name", "مختار المثال", [Nothing; 2]),
            ],
        },
        Listed {
            entries: [("un-sc", "QDi.290"), ("ofac-sdn", "12110")],
            who: "a leader of the Caucasus Emirate",
            asked: vec![
                by_name("Latin", "Doku Khamatovich Umarov", [Found; 2]),
                // As the Security Council prints it; OFAC has it in Latin letters alone.
                by_name("Cyrillic", "Умаров Доку Хаматович", [Found; 2]),
                by_name("Arabic", "دوكو عمروف", [Beyond; 2]),
                born("Cyrillic, with the date of birth", "Доку Умаров", "1964-04-13", [Strong; 2]),
                born("a namesake, forty years younger", "Доку Умаров", "2004-09-30", [Lower; 2]),
                by_name("an artificial near-name", "Доку Образцов-Пример", [Nothing; 2]),
            ],
        },
        Listed {
            entries: [("un-sc", "QDi.006"), ("ofac-sdn", "2676")],
            who: "a leader of Al-Qaida",
            asked: vec![
                by_name("Latin", "Ayman al-Zawahiri", [Found; 2]),
                by_name("Cyrillic", "Айман аз-Завахири", [Found; 2]),
                // As the Security Council prints it; OFAC has it in Latin letters alone.
                by_name("Arabic", "أيمن محمد ربيع الظواهري", [Found, Beyond]),
                born("Arabic, with the date of birth", "أيمن محمد ربيع الظواهري", "1951-06-19", [Strong, Beyond]),
                born("a namesake, forty years younger", "أيمن محمد ربيع الظواهري", "1991-11-02", [Lower; 2]),
                by_name("an artificial near-name", "أيمن محمد المثال", [Nothing; 2]),
            ],
        },
        Listed {
            entries: [("un-sc", "KPi.033"), ("ofac-sdn", "19609")],
            who: "an official of the DPRK; short names that many have",
            asked: vec![
                by_name("Latin", "Ri Won Ho", [Found; 2]),
                by_name("Cyrillic", "Ри Вон Хо", [Found; 2]),
                by_name("Cyrillic, as it is usually written", "Ли Вон Хо", [Beyond; 2]),
                Asked {
                    how: "Latin, with the passport",
                    name: "Ri Won Ho",
                    birth: "",
                    document: "381310014",
                    must: [Strong; 2],
                },
                born("a namesake, thirty years younger", "Ri Won Ho", "1994-02-11", [Lower; 2]),
                by_name("an artificial near-name", "Ri Won Sample", [Nothing; 2]),
            ],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_first_asked_for_by_its_name_alone_and_has_an_innocent_beside_it() {
        for listed in all() {
            let first = &listed.asked[0];
            assert!(
                first.must == [Must::Found; 2] && first.birth.is_empty() && first.document.is_empty(),
                "{}",
                first.name
            );
            for must in [Must::Strong, Must::Lower, Must::Nothing] {
                assert!(listed.asked.iter().any(|asked| asked.must.contains(&must)), "{}: {must:?}", first.name);
            }
        }
    }

    #[test]
    fn three_scripts_are_asked_in() {
        for range in ['A'..='Z', 'А'..='Я', '\u{600}'..='\u{6ff}'] {
            let asked = all().into_iter().flat_map(|listed| listed.asked);
            assert!(asked.into_iter().any(|asked| asked.name.chars().any(|letter| range.contains(&letter))));
        }
    }
}
