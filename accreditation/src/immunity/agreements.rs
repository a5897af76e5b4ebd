//! What the home state has agreed with others, from its file to the table.

use super::MATTERS;
use super::file::{self, Agreements, Table};
use super::reader::Reader;
use super::rules::{Override, Row};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use proto::accreditation::v1::{Matter, Residence};

impl Reader<'_> {
    pub(super) fn overrides(&self, agreements: &Agreements, table: &Table) -> Vec<(String, Override)> {
        let mut overrides = Vec::new();
        for (number, found) in (1..).zip(&agreements.r#override) {
            let at = format!("override {number}");
            for state in &found.sending_states {
                let code = state.len() == 2 && state.bytes().all(|byte| byte.is_ascii_uppercase());
                self.demand(code || state == "*", || format!("{at}: `{state}` is no ISO 3166-1 alpha-2 code"));
                let key = if state == "*" { String::new() } else { state.clone() };
                overrides.push((key, self.read_override(&at, found, table)));
            }
            let complete =
                [&found.sending_states, &found.categories, &found.persons].iter().all(|list| !list.is_empty());
            self.demand(complete && !found.rules.is_empty(), || {
                format!("{at}: `sending_states`, `categories`, `persons` and `rules` are all needed")
            });
        }
        overrides.sort_by(|(one, _), (other, _)| one.cmp(other));
        overrides
    }

    pub(super) fn read_override(&self, at: &str, found: &file::Override, table: &Table) -> Override {
        for person in &found.persons {
            self.demand(["MEMBER", "FAMILY"].contains(&person.as_str()), || {
                format!("{at}: `{person}` is neither MEMBER nor FAMILY")
            });
        }
        let mut rows: Vec<Option<Row>> = MATTERS.iter().map(|_| None).collect();
        for (name, row) in &found.rules {
            let Some(matter) = self.matter(at, name) else { continue };
            self.demand(matter != Matter::TrafficCitation, || format!("{at}: a citation may be issued to anyone"));
            let row = self.row(&format!("{at}, {name}"), row, table);
            self.demand(!row.cite.is_empty(), || format!("{at}, {name}: the row cites no provision"));
            rows[matter as usize - 1] = Some(row);
        }
        let residence = |name: &String| {
            let residence = Residence::from_str_name(name).filter(|residence| *residence != Residence::Unspecified);
            self.named(residence, at, "residence", name)
        };
        let (from, until) = (found.from.map(midnight), found.until.map(|date| midnight(date + Days::new(1))));
        let (from, until) = (from.unwrap_or(DateTime::<Utc>::MIN_UTC), until.unwrap_or(DateTime::<Utc>::MAX_UTC));
        self.demand(from < until, || format!("{at}: it ends before it begins"));
        Override {
            categories: found.categories.iter().filter_map(|name| self.category(at, name)).collect(),
            members: found.persons.iter().any(|person| person == "MEMBER"),
            family: found.persons.iter().any(|person| person == "FAMILY"),
            residence: match found.residence.as_slice() {
                [] => vec![Residence::Foreign],
                names => names.iter().filter_map(residence).collect(),
            },
            from,
            until,
            tier: found.tier.as_ref().map(|tier| self.tier(at, tier)),
            rows,
        }
    }
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}
