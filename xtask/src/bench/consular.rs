//! The consular engines and tables, each measured by its own example in a process of its own, against what it is held to.
//!
//! An example prints for people, and each figure once more as a line `figure name value`, which is read here.

use super::table::Table;
use crate::local::cargo;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// The most that one query among a million names takes, in milliseconds, for 99 of 100.
const SCREENING_MS: f64 = 5.0;
/// The most that the index of a million names takes, in megabytes.
const INDEX_MB: f64 = 1_500.0;
/// The least share of the entries found that comparing with every name finds alike.
const RECALL: f64 = 0.99;
/// The least F1 on labelled pairs of names.
const F1: f64 = 0.85;
/// The most that finding the people in an area takes, in milliseconds.
const AREA_MS: f64 = 50.0;
/// The least machine-readable zones that one core reads in a second.
const ZONES: f64 = 1_000_000.0;
/// The least share of pgbench's rate, on the same rows, that bookings reach.
const BOOKINGS: f64 = 0.5;

/// Names: how long one query takes, how large the index is, that it is rebuilt without a pause, how well it tells apart.
pub(super) fn screening(names: Option<u32>, table: &mut Table) -> Result<()> {
    let speed = figures("screening", "screening_speed", names)?;
    let names = speed.get("names")?;
    table.title(&format!("screening one name against {names:.0}, on one core"));
    table.held("one query, p99 (at most)", speed.get("query_p99_ms")?, "ms", -SCREENING_MS);
    table.held(
        "one query while the index is rebuilt, p99 (at most)",
        speed.get("rebuilding_p99_ms")?,
        "ms",
        -SCREENING_MS,
    );
    table.figure("the slowest query while the index is rebuilt", speed.get("rebuilding_most_ms")?, "ms");
    table.held("the index and its entries (at most)", speed.get("index_mb")?, "MB", -INDEX_MB);
    let recall = figures("screening", "screening_recall", None)?;
    table.held(
        "of who is alike by comparing with 50,000 names, found (at least)",
        recall.get("recall_alike")?,
        "",
        RECALL,
    );
    let quality = figures("screening", "screening_quality", None)?;
    table.held("F1 on labelled pairs, all (at least)", quality.get("f1_all")?, "", F1);
    table.held("F1 on the half that nothing was fitted to (at least)", quality.get("f1_held_out")?, "", F1);
    for (figure, value) in quality.below("precision ") {
        table.figure(&format!("precision, {figure}"), value, "");
        table.figure(&format!("recall, {figure}"), quality.get(&format!("recall {figure}"))?, "");
    }
    Ok(())
}

/// Who is in a polygon or circle. Each answer of some is compared with that of looking at every row.
pub(super) fn area(registrations: Option<u32>, table: &mut Table) -> Result<()> {
    let measured = figures("consular", "people_in_area", registrations)?;
    table.title(&format!("finding who is in an area among {:.0} registrations", measured.get("registrations")?));
    for kilometres in ["10", "50", "100", "300"] {
        let p99 = measured.get(&format!("polygons_{kilometres}_p99_ms"))?;
        table.held(&format!("polygons of {kilometres} km, p99 (at most)"), p99, "ms", -AREA_MS);
    }
    table.figure("polygons of 1000 km, p99", measured.get("polygons_1000_p99_ms")?, "ms");
    Ok(())
}

/// Machine-readable zones of all five formats.
pub(super) fn mrz(table: &mut Table) -> Result<()> {
    let measured = figures("mrz", "speed", None)?;
    table.title("reading machine-readable zones on one core");
    table.held("zones a second (at least)", measured.get("zones_per_second")?, "/s", ZONES);
    Ok(())
}

/// 200 callers book at once; the example itself fails if a slot is overbooked.
pub(super) fn booking(seconds: Option<u32>, table: &mut Table) -> Result<()> {
    let measured = figures("consular", "booking_speed", seconds)?;
    table.title("bookings by 200 callers at once, five to a slot, none overbooked");
    table.figure("bookings", measured.get("bookings_per_second")?, "/s");
    table.figure("pgbench, the same questions and rows", measured.get("pgbench_transaction_per_second")?, "/s");
    table.figure("pgbench, the same rows in one statement", measured.get("pgbench_statement_per_second")?, "/s");
    let ratio = |name: &str| Ok::<_, anyhow::Error>(measured.get("bookings_per_second")? / measured.get(name)?);
    table.ratio(
        "bookings / pgbench, the same rows in one statement",
        ratio("pgbench_statement_per_second")?,
        Some(BOOKINGS),
    );
    table.ratio("bookings / pgbench, the same questions and rows", ratio("pgbench_transaction_per_second")?, None);
    Ok(())
}

/// What an example measured, by name.
struct Figures(BTreeMap<String, f64>);

impl Figures {
    fn get(&self, name: &str) -> Result<f64> {
        self.0.get(name).copied().with_context(|| format!("the example printed no figure {name}"))
    }

    /// The figures whose names begin so, by the rest of their names.
    fn below(&self, prefix: &str) -> Vec<(String, f64)> {
        let all = self.0.iter();
        all.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), *value))).collect()
    }
}

/// Runs an example, shows what it prints for people, and gives its figures. The size leaves the example's own if not given.
fn figures(package: &str, example: &str, size: Option<u32>) -> Result<Figures> {
    let size = size.map(|size| size.to_string());
    println!("\n{package}: {example} {}", size.as_deref().unwrap_or_default());
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "-p", package, "--example", example, "--"]).args(size);
    let mut child = command.stdout(Stdio::piped()).spawn().context("run cargo")?;
    let output = child.stdout.take().context("the example's output")?;
    let mut figures = BTreeMap::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("read what the example prints")?;
        match line.strip_prefix("figure ").and_then(|figure| figure.rsplit_once(' ')) {
            Some((name, value)) => drop(figures.insert(name.to_owned(), value.parse()?)),
            None => println!("{line}"),
        }
    }
    ensure!(child.wait()?.success(), "{package}'s example {example} found something wrong");
    Ok(Figures(figures))
}
