//! Seats at table by precedence; pure.
//!
//! The place of honour is at the host's right, the next at the host's left, and so on outwards; where a second host sits
//! opposite, the places beside the two alternate: right of the host, right of the second host, left of the host, left of
//! the second host (J. Wood and J. Serres, Diplomatic Ceremonial and Protocol, chapter on precedence at table).

use std::cmp::Ordering;

/// How a table is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// One host in the middle of a side, or at the head: all places count from there.
    OneHost,
    /// Two hosts who face each other in the middle of the long sides.
    TwoHosts,
    /// Round tables of so many places each, the first with the host; each table is filled before the next.
    Round(usize),
    /// Rows of so many chairs before a rostrum, filled from the middle of the first row outwards.
    Rows(usize),
}

/// A place: where, by whom it is counted, and how far from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The table or row, from 1.
    pub(crate) table: usize,
    /// By whom it is counted.
    pub(crate) beside: Beside,
    /// Which side of them, as they sit; of the middle of a row, as the guests sit.
    pub(crate) side: Side,
    /// How many places away; 0 for the middle of a row itself.
    pub(crate) distance: usize,
}

/// By whom a place is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Beside {
    /// The host, or whoever holds the host's place at a further table.
    Host,
    /// The second host, who sits opposite.
    SecondHost,
    /// The middle of a row.
    Middle,
}

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    /// The right, which is the side of honour.
    Right,
    /// The left.
    Left,
}

/// What guests are ordered by: the rank of their office, then since when they hold it, then their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing<'g, T> {
    /// The office's rank; 1 goes first.
    pub(crate) rank: u32,
    /// Since when; who is longer in office goes first, and who is not known to be goes last.
    pub(crate) since: Option<T>,
    /// The name, where nothing else decides.
    pub(crate) name: &'g str,
}

impl<T: Ord> Standing<'_, T> {
    /// Who goes before whom.
    pub(crate) fn before(&self, other: &Self) -> Ordering {
        let since = match (&self.since, &other.since) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        self.rank.cmp(&other.rank).then(since).then_with(|| self.name.cmp(other.name))
    }
}

/// The places of so many guests, the first in precedence first.
pub(crate) fn seats(table: Table, guests: usize) -> Vec<Place> {
    let place = |number: usize| match table {
        Table::OneHost => beside(1, Beside::Host, number),
        Table::TwoHosts => {
            let hosts = [Beside::Host, Beside::SecondHost];
            let (pair, which) = (number / 2, number % 2);
            beside(1, hosts[which], pair)
        }
        Table::Round(places) => {
            // The host has a place at the first table; at a further one its first guest has the host's place.
            let first = places.saturating_sub(1).max(1);
            match number.checked_sub(first) {
                None => beside(1, Beside::Host, number),
                Some(rest) => {
                    let (table, number) = (2 + rest / places.max(1), rest % places.max(1));
                    around(table, Beside::Host, number)
                }
            }
        }
        Table::Rows(chairs) => around(1 + number / chairs.max(1), Beside::Middle, number % chairs.max(1)),
    };
    (0..guests).map(place).collect()
}

/// The places beside someone: right, left, further right, further left.
fn beside(table: usize, beside: Beside, number: usize) -> Place {
    let side = if number.is_multiple_of(2) { Side::Right } else { Side::Left };
    Place { table, beside, side, distance: 1 + number / 2 }
}

/// The places around a middle that is a place itself.
fn around(table: usize, whom: Beside, number: usize) -> Place {
    match number.checked_sub(1) {
        None => Place { table, beside: whom, side: Side::Right, distance: 0 },
        Some(number) => beside(table, whom, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn told(table: Table, guests: usize) -> Vec<String> {
        let one = |place: Place| {
            let whom = match place.beside {
                Beside::Host => "host",
                Beside::SecondHost => "second host",
                Beside::Middle => "middle",
            };
            let side = if place.side == Side::Right { "right" } else { "left" };
            format!("{}: {} {side} of {whom}", place.table, place.distance)
        };
        seats(table, guests).into_iter().map(one).collect()
    }

    #[test]
    fn honour_is_at_the_hosts_right() {
        let wanted = ["1: 1 right of host", "1: 1 left of host", "1: 2 right of host", "1: 2 left of host"];
        assert_eq!(told(Table::OneHost, 4), wanted);
    }

    #[test]
    fn with_two_hosts_the_places_alternate() {
        let wanted = [
            "1: 1 right of host",
            "1: 1 right of second host",
            "1: 1 left of host",
            "1: 1 left of second host",
            "1: 2 right of host",
        ];
        assert_eq!(told(Table::TwoHosts, 5), wanted);
    }

    #[test]
    fn a_full_table_is_followed_by_the_next() {
        let wanted = [
            "1: 1 right of host",
            "1: 1 left of host",
            "2: 0 right of host",
            "2: 1 right of host",
            "2: 1 left of host",
        ];
        assert_eq!(told(Table::Round(3), 5), wanted);
        let wanted = ["1: 0 right of middle", "1: 1 right of middle", "1: 1 left of middle", "2: 0 right of middle"];
        assert_eq!(told(Table::Rows(3), 4), wanted);
    }

    #[test]
    fn who_is_longer_in_office_goes_first_within_a_rank() {
        let standing = |rank, since, name| Standing { rank, since, name };
        let (old, new) = (standing(2, Some(2020), "B"), standing(2, Some(2024), "A"));
        assert_eq!(old.before(&new), Ordering::Less);
        assert_eq!(standing(1, Some(2026), "Z").before(&old), Ordering::Less, "rank before time");
        assert_eq!(standing(2, None, "A").before(&new), Ordering::Greater, "the unknown go last");
        assert_eq!(standing(2, Some(2020), "A").before(&old), Ordering::Less);
    }

    fn tables() -> impl Strategy<Value = Table> {
        let size = 1..12_usize;
        prop_oneof![
            Just(Table::OneHost),
            Just(Table::TwoHosts),
            size.clone().prop_map(Table::Round),
            size.prop_map(Table::Rows)
        ]
    }

    proptest! {
        #[test]
        fn everyone_has_a_place_and_nobody_two(table in tables(), guests in 0..300_usize) {
            let seats = seats(table, guests);
            prop_assert_eq!(seats.len(), guests);
            prop_assert_eq!(seats.iter().collect::<HashSet<_>>().len(), guests);
        }

        #[test]
        fn no_table_has_more_guests_than_places(places in 2..12_usize, guests in 0..300_usize) {
            let seats = seats(Table::Round(places), guests);
            for table in seats.iter().map(|place| place.table).collect::<HashSet<_>>() {
                let here = seats.iter().filter(|place| place.table == table).count();
                let room = if table == 1 { places - 1 } else { places };
                prop_assert!(here <= room);
            }
        }

        #[test]
        fn who_goes_first_sits_no_further_out(table in tables(), guests in 0..300_usize) {
            for pair in seats(table, guests).windows(2) {
                prop_assert!((pair[0].table, pair[0].distance) <= (pair[1].table, pair[1].distance));
            }
        }
    }
}
