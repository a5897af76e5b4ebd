//! Consular districts: which of our posts serves which part of a country (VCCR, art. 1(1)(b)), read from data.

use crate::area::Area;
use crate::shipped::{Shipped, in_words};
use proto::consular::v1::registration::Stay;
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = include_str!("../data/districts.toml");

pub(crate) static DISTRICTS: Shipped<Districts> = Shipped::new("districts.toml", || in_words(Districts::read(FILE)));

/// The districts of all our posts.
#[derive(Debug)]
pub(crate) struct Districts(Vec<District>);

#[derive(Debug)]
struct District {
    post: String,
    country: String,
    subdivisions: Vec<String>,
    area: Option<Area>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    district: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    post: String,
    country: String,
    #[serde(default)]
    subdivisions: Vec<String>,
    #[serde(default)]
    area: String,
    source: String,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsound {
    #[error(transparent)]
    Unreadable(#[from] toml::de::Error),
    #[error("{0}: {1}")]
    Row(String, &'static str),
}

impl Districts {
    /// Two posts have no part of a country in common, as far as names tell; areas are looked at in the order they stand.
    fn read(file: &str) -> Result<Self, Unsound> {
        let rows = toml::from_str::<File>(file)?.district;
        let (mut named, mut districts) = (BTreeSet::new(), Vec::new());
        for row in rows {
            let wrong = |words| Unsound::Row(format!("{} in {}", row.post, row.country), words);
            if !row.post.starts_with("posts/") || row.country.len() != 2 || row.source.is_empty() {
                return Err(wrong("a row has a post, a country and its source"));
            }
            let inside = |name: &String| is_within(name, &row.country);
            if !row.subdivisions.iter().all(inside) {
                return Err(wrong("a subdivision is of another country"));
            }
            let whole = row.subdivisions.is_empty() && row.area.is_empty();
            let mut parts = row.subdivisions.iter().cloned().chain(whole.then(|| row.country.clone()));
            if !parts.all(|part| named.insert(part)) {
                return Err(wrong("a part of the country is another row's"));
            }
            let area = match row.area.as_str() {
                "" => None,
                text => Some(Area::polygon(text).map_err(|_| wrong("the area is none"))?),
            };
            districts.push(District { post: row.post, country: row.country, subdivisions: row.subdivisions, area });
        }
        Ok(Self(districts))
    }

    /// The post that serves where a stay is; none if we have none for the country.
    fn competent(&self, stay: &Stay) -> Option<&str> {
        let rows = || self.0.iter().filter(|row| row.country == stay.country);
        let named = rows().find(|row| row.subdivisions.contains(&stay.subdivision));
        let around = || {
            // Where it is said by name, a point does not say otherwise.
            let at = stay.location.filter(|_| stay.subdivision.is_empty())?;
            rows().find(|row| row.area.as_ref().is_some_and(|area| area.contains(at.latitude, at.longitude)))
        };
        let whole = || rows().find(|row| row.subdivisions.is_empty() && row.area.is_none());
        named.or_else(around).or_else(whole).map(|row| row.post.as_str())
    }

    /// The post that serves each stay: the one given with it, else that of its district; empty where there is neither.
    pub(crate) fn posts(&self, stays: &[Stay]) -> Vec<String> {
        let post = |stay: &Stay| match stay.post.as_str() {
            "" => self.competent(stay).unwrap_or_default().to_owned(),
            given => given.to_owned(),
        };
        stays.iter().map(post).collect()
    }
}

/// Whether a code of ISO 3166-2 is one of this country: `FR-ARA` of `FR`.
pub(crate) fn is_within(subdivision: &str, country: &str) -> bool {
    subdivision.strip_prefix(country).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::google::r#type::LatLng;

    fn stay(subdivision: &str, at: Option<(f64, f64)>, post: &str) -> Stay {
        Stay {
            country: "XA".into(),
            subdivision: subdivision.into(),
            location: at.map(|(latitude, longitude)| LatLng { latitude, longitude }),
            post: post.into(),
            ..Stay::default()
        }
    }

    #[test]
    fn a_stay_is_served_by_name_then_by_place_then_by_country() {
        let served = |stay: Stay| DISTRICTS.get().posts(&[stay]).remove(0);
        for (subdivision, at, post) in [
            ("XA-N", None, "posts/example-north"),
            ("XA-S", None, "posts/example"),
            ("", Some((11.0, 22.0)), "posts/example-north"),
            ("", Some((1.0, 2.0)), "posts/example"),
            ("XA-S", Some((11.0, 22.0)), "posts/example"),
            ("", None, "posts/example"),
        ] {
            assert_eq!(served(stay(subdivision, at, "")), post, "{subdivision} {at:?}");
        }
        assert_eq!(served(stay("XA-N", None, "posts/own")), "posts/own", "an officer's word stands");
        let elsewhere = Stay { country: "XB".into(), ..stay("", None, "") };
        assert_eq!(served(elsewhere), "", "we have no post there");
    }

    #[test]
    fn a_part_of_a_country_is_one_rows_and_of_that_country() {
        let row = |more: &str| format!("[[district]]\npost = \"posts/a\"\ncountry = \"XA\"\nsource = \"s\"\n{more}\n");
        let read = |rows: &[&str]| Districts::read(&rows.iter().map(|more| row(more)).collect::<String>());
        assert!(read(&["", "subdivisions = [\"XA-N\"]"]).is_ok());
        for unsound in [
            &["", ""][..],
            &["subdivisions = [\"XA-N\"]", "subdivisions = [\"XA-N\"]"],
            &["subdivisions = [\"XB-N\"]"],
            &["subdivisions = [\"XAN\"]"],
            &["area = \"10,20 12,20\""],
        ] {
            assert!(read(unsound).is_err(), "{unsound:?}");
        }
    }
}
