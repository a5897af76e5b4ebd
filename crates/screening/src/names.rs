//! The names of all entries, one after another, as numbers of words.

use crate::Folded;

/// The most words of a name; those after them are not looked at.
pub(super) const MOST_WORDS: usize = 64;
/// How many names are looked at together: so many looks at memory are under way at once.
const TOGETHER: usize = 32;

/// All names: those of persons first, and of either kind those of few words first, so that where a search must stop it has seen the
/// closest.
#[derive(Debug, Default)]
pub(super) struct Names {
    rows: Box<[Row]>,
    /// Where each name begins in `words`; one more at the end.
    firsts: Box<[u32]>,
    /// Of each name the weight of its words together, as the bits of an `f32`, and then its words.
    words: Box<[u32]>,
    persons: u32,
}

/// What is known of a name beside its words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) entry: u32,
    /// Which of the entry's names it is.
    pub(super) name: u16,
    pub(super) forms: u8,
    pub(super) inverted: bool,
}

/// Names as they come in.
#[derive(Debug, Default)]
pub(super) struct Collector {
    lines: Vec<Line>,
    words: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    row: Row,
    person: bool,
    weight: f32,
    first: u32,
    words: u32,
}

impl Collector {
    /// One name more, by the numbers of its words.
    pub(super) fn add(&mut self, row: Row, person: bool, folded: &Folded, words: impl Iterator<Item = u32>) {
        let first = number(self.words.len());
        self.words.extend(words);
        let weight = folded.tokens.iter().take(MOST_WORDS).map(|token| token.weight).sum();
        self.lines.push(Line { row, person, weight, first, words: number(self.words.len()) - first });
    }

    pub(super) fn finish(mut self) -> Names {
        self.lines.sort_by_key(|line| (!line.person, line.words));
        let mut firsts = Vec::with_capacity(self.lines.len() + 1);
        let mut words = Vec::with_capacity(self.words.len() + self.lines.len());
        for line in &self.lines {
            firsts.push(number(words.len()));
            words.push(line.weight.to_bits());
            words.extend_from_slice(&self.words[line.first as usize..][..line.words as usize]);
        }
        firsts.push(number(words.len()));
        Names {
            rows: self.lines.iter().map(|line| line.row).collect(),
            firsts: firsts.into(),
            words: words.into(),
            persons: number(self.lines.partition_point(|line| line.person)),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer words and names than numbers")
}

impl Names {
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// What is known of a name; none if it is no number of a name.
    pub(super) fn row(&self, name: u32) -> Option<&Row> {
        self.rows.get(name as usize)
    }

    /// The numbers of a name's words.
    pub(super) fn words(&self, name: u32) -> &[u32] {
        let [first, end] = [name, name + 1].map(|name| self.firsts[name as usize] as usize);
        &self.words[first + 1..end]
    }

    /// Of names, those of persons, or those of others.
    pub(super) fn of_kind<'n>(&self, names: &'n [u32], person: bool) -> &'n [u32] {
        let (persons, others) = names.split_at(names.partition_point(|&name| name < self.persons));
        if person { persons } else { others }
    }

    /// Calls `each` with every one of the names, the weight of its words, and their numbers.
    pub(super) fn each(&self, mut names: impl Iterator<Item = u32>, mut each: impl FnMut(u32, f32, &[u32])) {
        let (mut these, mut firsts, mut weights) = ([0; TOGETHER], [0; TOGETHER], [0.0; TOGETHER]);
        loop {
            let many = these.iter_mut().zip(&mut names).map(|(this, name)| *this = name).count();
            // Each a step of its own, in which no look waits for another.
            for (first, &name) in firsts.iter_mut().zip(&these[..many]) {
                *first = self.firsts[name as usize] as usize;
            }
            for (weight, &first) in weights.iter_mut().zip(&firsts[..many]) {
                *weight = f32::from_bits(self.words[first]);
            }
            for (&name, &weight) in these.iter().zip(&weights).take(many) {
                each(name, weight, self.words(name));
            }
            if many < TOGETHER {
                return;
            }
        }
    }
}
