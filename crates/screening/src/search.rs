//! Who on the lists may be meant: candidates by sound, the closest of them compared, evidence weighed.

use crate::entry::document_alike;
use crate::index::{Row, pair, run_together};
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
/// The most names looked at for a query of one word.
const ALONE: usize = 4_000;
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
            for row in self.candidates(folded, subject.kind.is_person()) {
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
            if let (Some(row), Some(folded)) = (self.rows.get(close.row as usize), asked.get(close.asked)) {
                let (_, features) = scorer.compare(folded, &self.folded(row), subject.kind);
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
        let found = &self.rows[row as usize];
        let odds = scorer.name_odds(folded, &self.folded(found), subject.kind);
        let best = closest.entry(found.entry).or_insert(Closest { row, odds, asked });
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
        let name = self.rows.get(close.row as usize).map_or(0, |row| usize::from(row.name));
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

    /// The names worth comparing.
    fn candidates(&self, asked: &Folded, person: bool) -> Vec<u32> {
        let meant: Vec<Vec<Meant>> = asked.tokens.iter().map(|token| self.vocabulary.meant(token)).collect();
        let mut rows = self.looked_up(asked, &meant);
        rows.sort_unstable();
        rows.dedup();
        let by_word = by_word(&meant);
        let total: f32 = asked.tokens.iter().map(|token| token.weight).sum();
        let of_kind = rows.into_iter().filter(|&row| self.rows[row as usize].person == person);
        let mut scored: Vec<(f32, u32)> =
            of_kind.map(|row| (self.agreement(asked, total, &by_word, &self.rows[row as usize]), row)).collect();
        if scored.len() > COMPARED {
            scored.select_nth_unstable_by(COMPARED, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            scored.truncate(COMPARED);
        }
        scored.into_iter().map(|(_, row)| row).collect()
    }

    fn looked_up(&self, asked: &Folded, meant: &[Vec<Meant>]) -> Vec<u32> {
        let mut rows =
            self.whole.get(run_together(asked.tokens.iter())).iter().copied().take(ALONE).collect::<Vec<_>>();
        let telling = asked.tokens.iter().zip(meant).filter(|(token, _)| token.tells());
        let mut sounds: Vec<Vec<u32>> = telling.map(|(_, meant)| self.sounds(meant)).collect();
        if sounds.is_empty() {
            sounds = meant.iter().map(|meant| self.sounds(meant)).collect();
        }
        let alone = sounds.len() == 1;
        for sounds in &sounds {
            let names = || sounds.iter().map(|&sound| self.single.get(u64::from(sound)));
            if alone || names().map(<[u32]>::len).sum::<usize>() <= RARE {
                rows.extend(names().flat_map(|names| names.iter().take(ALONE)).copied());
            }
        }
        for (at, one) in sounds.iter().enumerate() {
            for other in &sounds[at + 1..] {
                for (rank, &one) in one.iter().enumerate() {
                    for &other in other.iter().take(SOUNDS - rank) {
                        let room = CHOSEN_FROM.saturating_sub(rows.len());
                        rows.extend(self.pairs.get(pair(one, other)).iter().take(room));
                    }
                }
            }
        }
        rows
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

    /// The share of weight of the words of both names that have a counterpart, as far as the vocabulary says.
    fn agreement(&self, asked: &Folded, total: f32, by_word: &ByNumber<Known>, row: &Row) -> f32 {
        let (mut found, mut all, mut seen) = (0.0, total, 0_u64);
        for &word in self.words_of(row) {
            let weight = self.vocabulary.word(word).weight;
            all += weight;
            if let Some(known) = by_word.get(&word) {
                found += weight * known.like;
                seen |= 1 << known.asked.min(63);
            }
        }
        let counterparts = asked.tokens.iter().enumerate().filter(|(index, _)| seen >> (*index).min(63) & 1 == 1);
        found += counterparts.map(|(_, token)| token.weight).sum::<f32>();
        found / all
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

/// A word of the vocabulary that one of the query may be meant for.
struct Known {
    asked: usize,
    like: f32,
}

fn by_word(meant: &[Vec<Meant>]) -> ByNumber<Known> {
    let mut words: ByNumber<Known> = ByNumber::default();
    for (asked, found) in meant.iter().enumerate().flat_map(|(asked, all)| all.iter().map(move |found| (asked, found)))
    {
        let known = words.entry(found.word).or_insert(Known { asked, like: found.like });
        if found.like > known.like {
            *known = Known { asked, like: found.like };
        }
    }
    words
}
