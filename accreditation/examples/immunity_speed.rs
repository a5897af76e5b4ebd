//! How long one determination takes: prints nanoseconds per call for a few people, the best of several rounds.

use accreditation::immunity::{
    Circumstances, MATTERS, Person, Question, Residing, Rules, Subject, Timeline, determine,
};
use chrono::{DateTime, TimeDelta, Utc};
use proto::accreditation::v1::{Category, Relation, Residence};
use std::hint::black_box;
use std::time::Instant;

const CALLS: usize = 200_000;
const ROUNDS: usize = 9;

fn main() {
    let started = Instant::now();
    let rules = Rules::of_home("US").expect("the table shipped is complete");
    println!("rules {} read and checked in {:?}", rules.identity(), started.elapsed());

    let now: DateTime<Utc> = Utc::now();
    let arrival = Some(now - TimeDelta::days(100));
    let served = Timeline { arrival, ..Timeline::default() };
    let left =
        Timeline { termination: Some(now - TimeDelta::days(10)), grace_end: Some(now + TimeDelta::days(20)), ..served };
    let foreign = [Residing { from: now - TimeDelta::days(200), residence: Residence::Foreign }];
    let person = |category, timeline| Person { category, residence: &foreign, timeline };
    let of = |state, member, principal| Subject {
        sending_state: state,
        honorary_post: false,
        member,
        relation: Relation::Spouse,
        principal,
        waived: &[],
    };
    let diplomat = person(Category::DiplomaticStaff, served);
    for (who, subject) in [
        ("diplomat", of("FR", diplomat, None)),
        ("diplomat's spouse", of("FR", person(Category::FamilyMember, served), Some(diplomat))),
        ("consular officer", of("FR", person(Category::ConsularOfficer, served), None)),
        ("consular officer under an agreement", of("CN", person(Category::ConsularOfficer, served), None)),
        ("diplomat in the grace period", of("FR", person(Category::DiplomaticStaff, left), None)),
    ] {
        println!("{who:36} {:7.1} ns", best(&rules, &subject, now));
    }
}

/// The best round's mean over all matters, in nanoseconds.
fn best(rules: &Rules, subject: &Subject<'_>, instant: DateTime<Utc>) -> f64 {
    let round = |_| {
        let started = Instant::now();
        for call in 0..CALLS {
            let question =
                Question { matter: MATTERS[call % MATTERS.len()], instant, circumstances: Circumstances::default() };
            black_box(determine(black_box(rules), black_box(subject), black_box(&question)));
        }
        started.elapsed().as_secs_f64() * 1e9 / CALLS as f64
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}
