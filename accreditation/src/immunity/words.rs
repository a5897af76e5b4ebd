//! The words: advice for officers and the texts on cards, from the files to the table.

use super::file::{self, Table};
use super::reader::Reader;
use super::rules::advice_index;
use super::{ANSWERS, MATTERS};
use proto::accreditation::v1::{Immune, Tier};
use std::sync::Arc;

const TIERS: usize = 6;

impl Reader<'_> {
    pub(super) fn advice(&self, table: &Table) -> Vec<Arc<str>> {
        let mut lines: Vec<Arc<str>> =
            vec!["".into(); advice_index(MATTERS[MATTERS.len() - 1], Immune::Conditional, Tier::Diplomatic) + 1];
        for (matter, answers) in &table.advice {
            let at = format!("advice for {matter}");
            let Some(matter) = self.matter(&at, matter) else { continue };
            for (answer, advice) in answers {
                let immune = Immune::from_str_name(answer).filter(|immune| *immune != Immune::Unspecified);
                let Some(immune) = self.named(immune, &at, "answer", answer) else { continue };
                let by_tier = |tier: Tier| match advice {
                    file::Advice::Same(line) => Some(line),
                    file::Advice::ByTier(lines) => lines.get(tier.as_str_name()).or(lines.get("otherwise")),
                };
                for tier in (0..TIERS).filter_map(|tier| Tier::try_from(i32::try_from(tier).ok()?).ok()) {
                    lines[advice_index(matter, immune, tier)] =
                        by_tier(tier).map_or("".into(), |line| line.as_str().into());
                }
                if let file::Advice::ByTier(lines) = advice {
                    lines.keys().filter(|tier| *tier != "otherwise").for_each(|tier| _ = self.tier(&at, tier));
                }
            }
        }
        for (matter, answer) in MATTERS.iter().flat_map(|matter| ANSWERS.map(|answer| (matter, answer))) {
            let complete =
                (0..TIERS).all(|tier| !lines[advice_index(*matter, answer, Tier::Unspecified) + tier].is_empty());
            self.demand(complete, || {
                format!("advice for {} {}: it is missing", matter.as_str_name(), answer.as_str_name())
            });
        }
        lines
    }

    pub(super) fn levels(&self, table: &Table) -> Vec<Arc<str>> {
        let mut levels: Vec<Arc<str>> = vec!["".into(); TIERS];
        for (name, text) in &table.level {
            levels[self.tier("level", name) as usize] = text.as_str().into();
        }
        self.demand(levels[1..].iter().all(|text| !text.is_empty()), || "level: a tier has no text".to_owned());
        levels
    }
}
