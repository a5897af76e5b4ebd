//! The posts of the world as `data/posts.csv` has them, and which of them a state hosts.

use super::countries::Countries;
use super::missions::{Mapped, Seats, Types};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file.
const POSTS: &str = include_str!("../../data/posts.csv");

/// One row of the file.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    /// The line in the file; the first post stands in line 2.
    #[serde(skip)]
    pub(super) line: usize,
    /// Who sends it, as the file calls it: `People's Republic of China`.
    pub(super) operator: String,
    /// Where it stands.
    pub(super) country: String,
    /// What it is competent for: `Australia|Fiji`.
    pub(super) jurisdictions: String,
    /// Its city; empty for some.
    pub(super) city: String,
    /// Its address; empty for most.
    pub(super) address: String,
    /// Degrees north; none for some.
    pub(super) latitude: Option<f64>,
    /// Degrees east; none for some.
    pub(super) longitude: Option<f64>,
    /// Telephone, with hyphens.
    pub(super) phone: String,
    /// `mailto:…`.
    pub(super) email: String,
    /// Website.
    pub(super) website: String,
    /// What kind of post: `consulate general`.
    pub(super) r#type: String,
    /// The Wikidata identifier: `Q106450319`.
    pub(super) wikidata: String,
}

/// Every post of the file, in its order.
///
/// # Errors
/// A row cannot be read.
pub(super) fn all() -> Result<Vec<Post>> {
    let rows = csv::Reader::from_reader(POSTS.as_bytes()).into_deserialize();
    let read = |(at, row): (usize, Result<Post, csv::Error>)| {
        let post = row.with_context(|| format!("read line {} of posts.csv", at + 2))?;
        Ok(Post { line: at + 2, ..post })
    };
    rows.enumerate().map(read).collect()
}

/// What a state hosts, line by line.
#[derive(Debug)]
pub(super) struct Hosted {
    /// Posts of other states in our country, as the file has them.
    pub(super) posts: usize,
    /// Different names of senders among them, as the file has them.
    pub(super) senders: usize,
    /// Those we can take in.
    pub(super) mapped: Vec<Mapped>,
    /// Those we cannot: the line, what it is, why not.
    pub(super) unmapped: Vec<(usize, String, String)>,
    /// How many posts of the whole file stand in each place that has no code, and so in no state's register.
    pub(super) nowhere: BTreeMap<String, usize>,
}

/// The foreign posts in the state with this code, mapped to missions of the contract.
///
/// # Errors
/// A data file of ours is not sound.
pub(super) fn hosted_by(home: &str) -> Result<Hosted> {
    let (countries, types, posts) = (Countries::read()?, Types::read()?, all()?);
    let mut nowhere: BTreeMap<String, usize> = BTreeMap::new();
    let mut here = Vec::new();
    for post in &posts {
        match countries.code(&post.country) {
            Ok(code) if code == home => here.push(post),
            Ok(_) => {}
            Err(_) => *nowhere.entry(post.country.clone()).or_default() += 1,
        }
    }
    // A state's own posts in its own country are errors of the file, not foreign missions.
    here.retain(|post| countries.code(&post.operator) != Ok(home));
    let seats = Seats::of(&here, &types);
    let mut senders: Vec<_> = here.iter().map(|post| post.operator.as_str()).collect();
    senders.sort_unstable();
    senders.dedup();
    let mut hosted =
        Hosted { posts: here.len(), senders: senders.len(), mapped: Vec::new(), unmapped: Vec::new(), nowhere };
    for post in here {
        match Mapped::of(post, home, &countries, &types, &seats) {
            Ok(mission) => hosted.mapped.push(mission),
            Err(reason) => hosted.unmapped.push((post.line, post.what(), reason)),
        }
    }
    super::missions::name(&mut hosted.mapped);
    Ok(hosted)
}

impl Post {
    /// What the row is about: `embassy of France in Washington, D.C.`.
    pub(super) fn what(&self) -> String {
        let place = if self.city.is_empty() { &self.country } else { &self.city };
        format!("{} of {} in {place}", self.r#type, self.operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_there_and_every_country_and_type_is_mapped_or_explained() {
        let (posts, countries, types) =
            (all().unwrap(), Countries::read().expect("it is sound"), Types::read().expect("it is sound"));
        assert_eq!(posts.len(), 7193);
        for post in &posts {
            for name in [&post.operator, &post.country] {
                if let Err(reason) = countries.code(name) {
                    assert!(reason.contains("has no code"), "line {}: {reason}", post.line);
                }
            }
            assert!(types.of(&post.r#type).is_some(), "line {}: {} is not listed", post.line, post.r#type);
        }
    }

    #[test]
    fn the_united_states_host_262_posts_of_169_senders() {
        let hosted = hosted_by("US").expect("the files are sound");
        assert_eq!((hosted.posts, hosted.senders), (262, 169));
        let reasons: Vec<_> = hosted.unmapped.iter().map(|(line, what, _)| (*line, what.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (4639, "Quebec Government Office of Quebec in New York City"),
                (6196, "embassy of Turkish Republic of Northern Cyprus in Washington, D.C."),
            ]
        );
        let ids: BTreeSet<_> = hosted.mapped.iter().map(|mission| mission.id.as_str()).collect();
        assert_eq!(ids.len(), 260, "an id is used twice");
        let states: BTreeSet<_> = hosted.mapped.iter().map(|mission| mission.sending_state.as_str()).collect();
        assert_eq!(states.len(), 167);
        assert!(ids.contains("fr-embassy") && ids.contains("fr-consulate-general-los-angeles"), "{ids:?}");
    }

    #[test]
    fn any_state_can_be_home() {
        for home in ["FR", "DE", "BR", "JP", "VA", "XK"] {
            let hosted = hosted_by(home).expect("the files are sound");
            let ids: BTreeSet<_> = hosted.mapped.iter().map(|mission| &mission.id).collect();
            assert_eq!(ids.len(), hosted.mapped.len(), "an id is used twice in {home}");
            assert_eq!(hosted.mapped.len() + hosted.unmapped.len(), hosted.posts);
            assert!(hosted.mapped.iter().all(|mission| mission.sending_state != home));
        }
    }
}
