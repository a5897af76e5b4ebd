//! Who on the lists may be meant: candidates by sound, the closest of them compared, evidence weighed.

use crate::chosen::Chosen;
use crate::entry::document_alike;
use crate::index::{pair, run_together};
use crate::postings::key;
use crate::score::logistic;
use crate::vocabulary::Meant;
use crate::{Band, Entry, Feature, Folded, Index, Scorer, Subject};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The most sounds that one word is looked up as; of two words together, the ranks of their sounds add up to less.
const SOUNDS: usize = 10;
/// A word in so many names at most is looked up by itself.
const RARE: usize = 600;
/// The most names looked at that sound like the query when run together.
const WHOLE: usize = 4_000;
/// The most names that candidates are chosen from.
const CHOSEN_FROM: usize = 10_000;
/// The most names that are compared word by word.
const COMPARED: usize = 100;

/// An entry that may be who is looked for.
#[derive(Clone, Debug)]
pub struct Hit<'i> {
    /// The entry.
    pub entry: &'i Entry,
    /// The name of it that comes closest.
    pub name: &'i str,
    /// 0 to 1; 1 is kept for the number of a document.
    pub score: f64,
    /// How strong it is. By the name alone it is never [`Band::Strong`].
    pub band: Band,
    /// What makes the score.
    pub features: Vec<Feature>,
}

/// The closest name of an entry.
struct Closest {
    row: u32,
    odds: f64,
    /// Which of the subject's names it is close to.
    asked: usize,
}

impl Index {
    /// The entries that may be who is looked for, the closest first, `most` at most.
    pub fn search(&self, scorer: &Scorer, subject: &Subject, most: usize) -> Vec<Hit<'_>> {
        let asked: Vec<Folded> = subject.names.iter().map(|name| scorer.folded(name, subject.kind)).collect();
        let mut closest: ByNumber<Closest> = ByNumber::default();
        for (number, folded) in asked.iter().enumerate() {
            for row in self.candidates(scorer, folded, subject) {
                self.keep_closest(scorer, &mut closest, row, folded, number, subject);
            }
        }
        for entry in self.with_documents(subject) {
            closest.entry(entry).or_insert(Closest { row: u32::MAX, odds: f64::NEG_INFINITY, asked: 0 });
        }
        let mut hits: Vec<_> =
            closest.into_iter().filter_map(|(entry, close)| self.weighed(scorer, subject, entry, close)).collect();
        hits.sort_by(|(a, _), (b, _)| {
            b.score.total_cmp(&a.score).then_with(|| a.entry.reference.cmp(&b.entry.reference))
        });
        hits.truncate(most);
        for (hit, close) in &mut hits {
            // Explained last: only what is shown needs words.
            if let (Some(name), Some(folded)) = (self.folded(close.row), asked.get(close.asked)) {
                let (_, features) = scorer.compare(folded, &name, subject.kind);
                hit.features.splice(0..0, features);
            }
        }
        hits.into_iter().map(|(hit, _)| hit).collect()
    }

    fn keep_closest(
        &self,
        scorer: &Scorer,
        closest: &mut ByNumber<Closest>,
        row: u32,
        folded: &Folded,
        asked: usize,
        subject: &Subject,
    ) {
        let (Some(entry), Some(name)) = (self.names.row(row).map(|row| row.entry), self.folded(row)) else { return };
        let odds = scorer.name_odds(folded, &name, subject.kind);
        let best = closest.entry(entry).or_insert(Closest { row, odds, asked });
        if odds > best.odds {
            *best = Closest { row, odds, asked };
        }
    }

    fn weighed(&self, scorer: &Scorer, subject: &Subject, entry: u32, close: Closest) -> Option<(Hit<'_>, Closest)> {
        let entry = &self.entries[entry as usize];
        let evidence = scorer.evidence(subject, entry);
        let more: f64 = evidence.features.iter().map(|feature| feature.contribution).sum();
        let score = match logistic(close.odds + more) {
            _ if evidence.document => 1.0,
            score if evidence.document_alike => score.max(scorer.document_alike()),
            score => score,
        };
        let band = scorer.band(score, evidence.corroborated)?;
        let name = self.names.row(close.row).map_or(0, |row| usize::from(row.name));
        let name = entry.names.get(name).map_or("", String::as_str);
        Some((Hit { entry, name, score, band, features: evidence.features }, close))
    }

    /// Entries that have one of the subject's documents, or one whose number is taken for it.
    fn with_documents(&self, subject: &Subject) -> Vec<u32> {
        let numbers = subject.documents.iter().map(|number| document_alike(number)).filter(|number| !number.is_empty());
        let found = numbers.flat_map(|number| {
            let entries = self.documents.get(key(number.as_bytes())).iter().copied();
            let has = move |entry: u32| {
                self.entries[entry as usize].documents.iter().any(|listed| document_alike(listed) == number)
            };
            entries.filter(|&entry| has(entry)).collect::<Vec<_>>()
        });
        found.collect()
    }

    /// The names worth comparing: the closest, and of those that are equally close the ones of whoever else is known of
    /// fits.
    fn candidates(&self, scorer: &Scorer, asked: &Folded, subject: &Subject) -> Vec<u32> {
        let meant: Vec<Vec<Meant>> = asked.tokens.iter().map(|token| self.vocabulary.meant(token)).collect();
        let meanings = Meanings::of(&meant);
        let weights: Vec<f32> = asked.tokens.iter().map(|token| token.weight).collect();
        let total: f32 = weights.iter().sum();
        let mut scored = Vec::new();
        self.names.each(self.looked_up(asked, &meant, subject.kind.is_person()).into_names(), |row, weight, words| {
            let (found, seen) = meanings.found_in(words);
            let counterparts = weights.iter().enumerate().filter(|(index, _)| seen >> (*index).min(63) & 1 == 1);
            let counterparts: f32 = counterparts.map(|(_, weight)| weight).sum();
            scored.push(((found + counterparts) / (total + weight), row));
        });
        if scored.len() <= COMPARED {
            return scored.into_iter().map(|(_, row)| row).collect();
        }
        scored.select_nth_unstable_by(COMPARED - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let least = scored[COMPARED - 1].0;
        let mut closest: Vec<u32> = scored.iter().filter(|(score, _)| *score > least).map(|(_, row)| *row).collect();
        let tied = scored.iter().filter(|(score, _)| *score == least).map(|(_, row)| *row);
        let mut tied: Vec<(f64, u32)> = tied.map(|row| (self.known_beside(scorer, subject, row), row)).collect();
        tied.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        tied.truncate(COMPARED - closest.len());
        closest.extend(tied.into_iter().map(|(_, row)| row));
        closest
    }

    /// What is known beside the name, and how much it says that the entry of this row is meant.
    fn known_beside(&self, scorer: &Scorer, subject: &Subject, row: u32) -> f64 {
        let Some(row) = self.names.row(row) else { return 0.0 };
        let evidence = scorer.evidence(subject, &self.entries[row.entry as usize]);
        evidence.features.iter().map(|feature| feature.contribution).sum()
    }

    fn looked_up(&self, asked: &Folded, meant: &[Vec<Meant>], person: bool) -> Chosen {
        let of_kind = |names| self.names.of_kind(names, person);
        let mut chosen = Chosen::of(self.names.count());
        chosen.take(of_kind(self.whole.get(run_together(asked.tokens.iter()))), WHOLE);
        let telling = asked.tokens.iter().zip(meant).filter(|(token, _)| token.tells());
        let mut sounds: Vec<Vec<u32>> = telling.map(|(_, meant)| self.sounds(meant)).collect();
        if sounds.is_empty() {
            sounds = meant.iter().map(|meant| self.sounds(meant)).collect();
        }
        let alone = sounds.len() == 1;
        for sounds in &sounds {
            let names: Vec<_> = sounds.iter().map(|&sound| of_kind(self.single.get(u64::from(sound)))).collect();
            if alone || names.iter().map(|names| names.len()).sum::<usize>() <= RARE {
                chosen.share(names, CHOSEN_FROM);
            }
        }
        let mut lists = Vec::new();
        for (at, one) in sounds.iter().enumerate() {
            for other in &sounds[at + 1..] {
                for (rank, &one) in one.iter().enumerate() {
                    let others = other.iter().take(SOUNDS - rank);
                    lists.extend(others.map(|&other| of_kind(self.pairs.get(pair(one, other)))));
                }
            }
        }
        lists.retain(|names| !names.is_empty());
        chosen.share(lists, CHOSEN_FROM.saturating_sub(chosen.count()));
        chosen
    }

    /// The sounds of the words that are meant: the most alike first, of these the most frequent.
    fn sounds(&self, meant: &[Meant]) -> Vec<u32> {
        let mut best: ByNumber<f32> = ByNumber::default();
        for found in meant {
            let like = best.entry(self.vocabulary.sound(found.word)).or_insert(0.0);
            *like = like.max(found.like);
        }
        let mut sounds: Vec<_> = best.into_iter().collect();
        let frequency = |sound: u32| self.vocabulary.frequency(sound);
        sounds
            .sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| frequency(b.0).cmp(&frequency(a.0))).then(a.0.cmp(&b.0)));
        sounds.into_iter().take(SOUNDS).map(|(sound, _)| sound).collect()
    }
}

/// Hashes numbers that nobody outside chooses, in one multiplication.
#[derive(Default)]
struct Numbers(u64);

impl Hasher for Numbers {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32((*byte).into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type ByNumber<T> = HashMap<u32, T, BuildHasherDefault<Numbers>>;

/// The words of the vocabulary that the words of the query may be meant for.
struct Meanings {
    words: ByNumber<Meaning>,
    /// A bit for each of them, by the lowest bits of its number: most words of a name are none of them.
    near: Vec<u64>,
}

struct Meaning {
    /// Which word of the query.
    asked: u8,
    like: f32,
    /// What it says about who is meant, as far as it is alike.
    weight: f32,
}

/// How many bits say whether a word may be one that is meant.
const NEAR: u32 = 1 << 16;

impl Meanings {
    fn of(meant: &[Vec<Meant>]) -> Self {
        let many = meant.iter().map(Vec::len).sum();
        let mut words = ByNumber::with_capacity_and_hasher(many, BuildHasherDefault::default());
        let mut near = vec![0; NEAR as usize / 64];
        for (asked, &Meant { word, like, weight }) in
            meant.iter().enumerate().flat_map(|(n, all)| all.iter().map(move |one| (n, one)))
        {
            near[(word % NEAR / 64) as usize] |= 1 << (word % 64);
            let meaning = || Meaning { asked: u8::try_from(asked).unwrap_or(u8::MAX), like, weight: like * weight };
            let known = words.entry(word).or_insert_with(meaning);
            if like > known.like {
                *known = meaning();
            }
        }
        Self { words, near }
    }

    /// The weight of those words that may be meant, and which words of the query they are, a bit each.
    fn found_in(&self, words: &[u32]) -> (f32, u64) {
        let near = |word: u32| self.near[(word % NEAR / 64) as usize] >> (word % 64) & 1 == 1;
        let known = words.iter().filter(|&&word| near(word)).filter_map(|word| self.words.get(word));
        known.fold((0.0, 0), |(weight, seen), known| (weight + known.weight, seen | 1 << known.asked.min(63)))
    }
}
