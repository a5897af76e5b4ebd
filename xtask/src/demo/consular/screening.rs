//! Looks entries up in three scripts, prints every hit with its score and what makes it, and holds both against what they
//! must be.

use super::looked_up::{self, Asked, Listed, Must};
use super::tally::Tally;
use super::{COUNTER, House, text};
use anyhow::Result;
use serde_json::{Value, json};

/// Asks every question.
pub(super) async fn play(house: &House<'_>, tally: &mut Tally) -> Result<()> {
    let role = house.door.holder(&COUNTER, "consular.screenings.screen").await?;
    println!(
        "\nLooked up by the {role}. A score is in thousandths, what makes it in log-odds, bias being where each begins.\n  A name alone is never strong. Marked limit: beyond what is promised, and not counted."
    );
    for listed in looked_up::all() {
        let [first, second] = listed.entries.map(|(list, entry)| format!("{list} {entry}"));
        println!("\n  {first} and {second}: {}", listed.who);
        // What was found of each with something known beside the name.
        let mut known = [i64::MAX; 2];
        for (at, asked) in listed.asked.iter().enumerate() {
            let found = look_up(house, role, &listed, at, asked).await?;
            for ((must, hit), known) in asked.must.iter().zip(&found.hits).zip(&mut known) {
                if let (Must::Strong, Some(hit)) = (must, hit) {
                    *known = hit.score();
                }
            }
            show(&listed, asked, &found, known, tally);
        }
    }
    Ok(())
}

/// What was found of the two entries, and how many others there were.
struct Found {
    hits: [Option<Hit>; 2],
    others: usize,
}

/// What was found of an entry.
struct Hit(Value);

impl Hit {
    fn score(&self) -> i64 {
        self.0["score"].as_i64().unwrap_or_default()
    }

    fn is_strong(&self) -> bool {
        text(&self.0, "band") == "STRONG"
    }

    /// `agreement +1.29, likeness +2.23`, the weightiest first.
    fn explained(&self) -> String {
        let features = self.0["features"].as_array().into_iter().flatten();
        let mut features: Vec<_> = features
            .map(|feature| (text(feature, "feature"), feature["contribution"].as_i64().unwrap_or_default()))
            .filter(|(_, contribution)| *contribution != 0)
            .collect();
        features.sort_by_key(|(_, contribution)| std::cmp::Reverse(contribution.abs()));
        let words = features.into_iter().map(|(feature, contribution)| {
            let logit = f64::from(i32::try_from(contribution).unwrap_or_default()) / 1000.0;
            format!("{} {logit:+.2}", feature.replace('_', " "))
        });
        let words = words.collect::<Vec<_>>().join(", ");
        // The contract keeps this score for it; no feature says it.
        if self.score() == 1000 { format!("the number of a document agrees; of the name {words}") } else { words }
    }
}

/// Makes a screening, and picks what it says of the two entries.
async fn look_up(house: &House<'_>, role: &str, listed: &Listed, at: usize, asked: &Asked) -> Result<Found> {
    let mut subject = json!({ "kind": "PERSON", "names": [asked.name] });
    if !asked.birth.is_empty() {
        subject["birthDate"] = asked.birth.into();
    }
    if !asked.document.is_empty() {
        subject["documentNumbers"] = json!([asked.document]);
    }
    let body = json!({ "subject": subject, "occasion": "demonstration" });
    let key = format!("screen:{}:{at}", listed.entries[0].1);
    let screening = house.post(role, "screenings", &key, &body).await?;
    let all = screening["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let hits = listed.entries.map(|(list, entry)| {
        let list = format!("watchLists/{list}");
        all.iter().find(|hit| text(hit, "list") == list && text(hit, "entry") == entry).cloned().map(Hit)
    });
    let others = all.len() - hits.iter().flatten().count();
    Ok(Found { hits, others })
}

fn show(listed: &Listed, asked: &Asked, found: &Found, known: [i64; 2], tally: &mut Tally) {
    let beside = [("born", asked.birth), ("document", asked.document)];
    let beside = beside.iter().filter(|(_, what)| !what.is_empty()).map(|(label, what)| format!(", {label} {what}"));
    println!("    {}: {}{}", asked.how, asked.name, beside.collect::<String>());
    for (at, ((list, entry), hit)) in listed.entries.iter().zip(&found.hits).enumerate() {
        let (must, known) = (asked.must[at], known[at]);
        let mark = match must {
            Must::Beyond => tally.beyond(),
            _ => tally.mark(holds(must, hit.as_ref(), known)),
        };
        match hit {
            Some(hit) => {
                let (band, score) = (text(&hit.0, "band"), hit.score());
                println!("{mark:>7}  {band:8} {score:>4}  {list} {entry}: {}", text(&hit.0, "matchedName"));
                println!("{:24}{}", "", hit.explained());
            }
            None => println!("{mark:>7}  no hit         {list} {entry}"),
        }
        if mark == "WRONG" {
            println!("{:24}must be {must:?}; with what is known beside the name the score was {known}", "");
        }
    }
    if found.others > 0 {
        println!("{:24}other entries that an officer would have to rule out: {}", "", found.others);
    }
}

fn holds(must: Must, hit: Option<&Hit>, known: i64) -> bool {
    match must {
        Must::Found => hit.is_some_and(|hit| !hit.is_strong()),
        Must::Strong => hit.is_some_and(Hit::is_strong),
        Must::Lower => hit.is_none_or(|hit| !hit.is_strong() && hit.score() < known),
        Must::Nothing => hit.is_none(),
        Must::Beyond => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_is_held_against_what_it_must_be() {
        let hit = |score: i64, band: &str| Hit(json!({ "score": score, "band": band }));
        let (possible, strong) = (hit(700, "POSSIBLE"), hit(900, "STRONG"));
        for (must, hit, expected) in [
            (Must::Found, Some(&possible), true),
            (Must::Found, Some(&strong), false),
            (Must::Found, None, false),
            (Must::Strong, Some(&strong), true),
            (Must::Strong, Some(&possible), false),
            (Must::Lower, Some(&possible), true),
            (Must::Lower, Some(&strong), false),
            (Must::Lower, None, true),
            (Must::Nothing, None, true),
            (Must::Nothing, Some(&possible), false),
        ] {
            assert_eq!(holds(must, hit, 701), expected, "{must:?}");
        }
        assert!(!holds(Must::Lower, Some(&possible), 700), "not lower than it");
    }

    #[test]
    fn an_explanation_begins_with_what_weighs_most() {
        let features = json!([
            { "feature": "agreement", "contribution": 860 },
            { "feature": "order", "contribution": 0 },
            { "feature": "birth_conflict", "contribution": -2500 },
        ]);
        assert_eq!(Hit(json!({ "features": features })).explained(), "birth conflict -2.50, agreement +0.86");
    }
}
