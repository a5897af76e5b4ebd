//! Whose webhooks are worked for next: those of the agency that has fewest in hand, so that one with many slow endpoints
//! keeps its own waiting and nobody else's.

use super::ledger::Due;
use std::collections::HashMap;

/// Chooses webhooks for so many free hands, beside those in hand already (with their agencies). Of one agency at most
/// `share` are in hand at a time.
pub(super) fn choose(due: Vec<Due>, in_hand: &HashMap<String, String>, free: usize, share: usize) -> Vec<Due> {
    let mut load: HashMap<String, usize> = HashMap::new();
    in_hand.values().for_each(|agency| *load.entry(agency.clone()).or_default() += 1);
    let mut left: Vec<Due> = due.into_iter().filter(|due| !in_hand.contains_key(&due.webhook)).collect();
    let mut chosen = Vec::new();
    while chosen.len() < free {
        let of = |due: &Due| load.get(&due.agency).copied().unwrap_or_default();
        // Among equals, whose has waited longest: the order they came in.
        let next = left.iter().enumerate().min_by_key(|(at, due)| (of(due), *at)).map(|(at, _)| at);
        let Some(next) = next.filter(|at| of(&left[*at]) < share) else { break };
        let next = left.remove(next);
        *load.entry(next.agency.clone()).or_default() += 1;
        chosen.push(next);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(names: &[&str]) -> Vec<Due> {
        let of = |name: &&str| Due { webhook: (*name).to_owned(), agency: name[..1].to_owned() };
        names.iter().map(of).collect()
    }

    fn chosen(names: &[&str], in_hand: &[&str], free: usize, share: usize) -> Vec<String> {
        let in_hand = in_hand.iter().map(|name| ((*name).to_owned(), name[..1].to_owned())).collect();
        choose(due(names), &in_hand, free, share).into_iter().map(|due| due.webhook).collect()
    }

    #[test]
    fn an_agency_with_many_webhooks_waits_for_itself() {
        assert_eq!(chosen(&["a1", "a2", "a3", "b1", "c1"], &[], 3, 8), ["a1", "b1", "c1"]);
        assert_eq!(chosen(&["a1", "a2", "b1"], &[], 9, 8), ["a1", "b1", "a2"]);
        assert_eq!(chosen(&["a1", "b1"], &["a8", "a9"], 1, 8), ["b1"]);
        assert_eq!(
            chosen(&["a1", "a2", "a3"], &["a9"], 9, 2),
            ["a1"],
            "a part of the hands, also while nobody else is there"
        );
        assert_eq!(chosen(&["a1", "b1"], &["a1"], 9, 8), ["b1"], "what is in hand is not taken twice");
    }
}
