//! The decision: from a person and a question to the answer, each rule in its order.

use super::rules::{ClassId, Override, Passage, Provision, Row, Rules};
use super::subject::{Question, Stage, Subject};
use chrono::{DateTime, Utc};
use proto::accreditation::v1::{Category, Immune, Matter, Residence, Status, Tier};

/// The answer to one question, borrowed from the rule table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'r> {
    /// Whether the person is immune.
    pub immune: Immune,
    /// What the answer depends on, if it is conditional, and limits that go with it.
    pub conditions: Vec<&'r str>,
    /// The provisions it rests on, in the order they were applied.
    pub citations: Vec<&'r Provision>,
    /// The level of protection.
    pub tier: Tier,
    /// How the status stood.
    pub status: Status,
    /// The category it was derived from: the principal's for a member of the family.
    pub derived_from: Category,
    /// What an officer may and may not do.
    pub advice: &'r str,
}

/// A person's level and status at an instant, whatever the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The level of protection.
    pub tier: Tier,
    /// How the status stood.
    pub status: Status,
    /// The category it was derived from.
    pub derived_from: Category,
}

/// Answers one question about one person.
///
/// The rules apply in this order: an agreement with the sending state, before the instrument; the instrument's rule for
/// the category; nationality and residence here; for the family, what derives from the principal; and time, which decides
/// whether any of it has begun or has ended; and last a waiver by the sending state, which takes away what there would be. A
/// declaration of persona non grata is not known to the engine: it acts through the timeline, as the end of functions.
pub fn determine<'r>(rules: &'r Rules, subject: &Subject<'_>, question: &Question) -> Answer<'r> {
    let found = place(rules, subject, question.instant);
    let row = found.overriding(question).or_else(|| rules.row(found.class, question.matter));
    let mut verdict = row.map_or_else(Verdict::default, |row| weigh(row, question));
    if let Some(passage) = found.passage.filter(|_| row.is_some() && found.stage.status == Status::GracePeriod) {
        verdict.citations.push(if found.stage.bereaved { &passage.death } else { &passage.grace });
    }
    if found.residence_matters_unknown && !matches!(verdict.immune, Immune::No | Immune::Unspecified) {
        verdict.immune = Immune::Conditional;
        verdict.advice = None;
        verdict.conditions.insert(0, &rules.residence_unknown);
    }
    if !subject.waived.is_empty() {
        waive(rules, &found, subject, question, &mut verdict);
    }
    Answer {
        advice: verdict.advice.unwrap_or_else(|| rules.advice(question.matter, verdict.immune, found.tier)),
        immune: verdict.immune,
        conditions: verdict.conditions,
        citations: verdict.citations,
        tier: found.tier,
        status: found.stage.status,
        derived_from: found.derived_from,
    }
}

/// A waiver for the proceeding in question takes the immunity away; one within limits, or for a proceeding that may or may
/// not be the one in question, makes it depend on that.
fn waive<'r>(
    rules: &'r Rules,
    found: &Place<'r>,
    subject: &Subject<'_>,
    question: &Question,
    verdict: &mut Verdict<'r>,
) {
    let bearing = subject.waived.iter().filter(|waived| waived.bears_on(question.matter, question.instant));
    let Some(waived) = bearing.max_by_key(|waived| (waived.is_certain(), waived.covers)) else { return };
    if matches!(verdict.immune, Immune::No | Immune::Unspecified) {
        return;
    }
    verdict.advice = None;
    if waived.is_certain() {
        verdict.immune = Immune::No;
        verdict.conditions.clear();
    } else {
        verdict.immune = Immune::Conditional;
        let words = if waived.partial { &rules.waived_in_part } else { &rules.waived_elsewhere };
        verdict.conditions.insert(0, words);
    }
    let execution = question.matter == Matter::ExecutionOfJudgment;
    let rests_on = found.passage.map(|passage| if execution { &passage.execution } else { &passage.waiver });
    verdict.citations.extend(rests_on.map(|provision| provision.as_ref()));
}

/// A person's level and status at an instant.
pub fn standing(rules: &Rules, subject: &Subject<'_>, instant: DateTime<Utc>) -> Standing {
    let found = place(rules, subject, instant);
    Standing { tier: found.tier, status: found.stage.status, derived_from: found.derived_from }
}

/// The name of the class in which a person stands at an instant: that of the table, and of the tables beside it.
pub fn class<'r>(rules: &'r Rules, subject: &Subject<'_>, instant: DateTime<Utc>) -> &'r str {
    &rules.class(place(rules, subject, instant).class).name
}

/// Where in the table a person stands at an instant.
struct Place<'r> {
    class: ClassId,
    tier: Tier,
    stage: Stage,
    derived_from: Category,
    passage: Option<&'r Passage>,
    overrides: Vec<&'r Override>,
    residence_matters_unknown: bool,
}

impl<'r> Place<'r> {
    fn overriding(&self, question: &Question) -> Option<&'r Row> {
        let index = (question.matter as usize).checked_sub(1)?;
        self.overrides.iter().find_map(|found| found.rows[index].as_ref())
    }
}

fn place<'r>(rules: &'r Rules, subject: &Subject<'_>, at: DateTime<Utc>) -> Place<'r> {
    let member = &subject.member;
    let is_family = member.category == Category::FamilyMember;
    let stage = match &subject.principal {
        Some(principal) => member.timeline.stage_of_dependant(&principal.timeline, at),
        None => member.timeline.stage(at),
    };
    let principal = subject.principal.as_ref().filter(|_| is_family);
    let source = principal.unwrap_or(member);
    let residence = member.residence(stage.residence_at);
    let source_residence = source.residence(stage.residence_at);

    let beginning = rules.beginning(source.category).map(|class| at_post(rules, class, subject));
    let own = beginning.map(|class| limited(rules, class, source_residence));
    let family = |class: ClassId| rules.class(class).family.map(|family| related(rules, family, subject));
    let status_class = match own {
        Some(class) if is_family => family(class).map(|family| limited(rules, family, residence)),
        class => class,
    };
    let class = status_class.unwrap_or(rules.of_nobody);
    let passage = rules.class(class).passage.as_ref();
    let in_force = matches!(stage.status, Status::Active | Status::GracePeriod);
    let class_now = match (stage.status, passage) {
        (Status::Before, Some(passage)) => passage.before,
        (Status::Residual, Some(passage)) => passage.former,
        _ => class,
    };

    let as_foreign = residence.unwrap_or(Residence::Foreign);
    let derives = !is_family || !is_limited(source_residence);
    let overrides: Vec<_> = rules
        .overrides(subject.sending_state)
        .filter(|_| in_force && derives)
        .filter(|found| found.covers(source.category, is_family, as_foreign, at))
        .collect();
    let raised = overrides.iter().find_map(|found| found.tier);
    let unknown = residence.is_none() || source_residence.is_none();
    Place {
        tier: raised.unwrap_or(rules.class(class_now).tier),
        residence_matters_unknown: in_force
            && unknown
            && [Some(class), beginning].into_iter().flatten().any(|class| varies(rules, class)),
        class: class_now,
        stage,
        derived_from: source.category,
        passage,
        overrides,
    }
}

/// The class of someone of this class at the post where the person is.
fn at_post(rules: &Rules, class: ClassId, subject: &Subject<'_>) -> ClassId {
    rules.class(class).honorary_post.filter(|_| subject.honorary_post).unwrap_or(class)
}

/// The class of someone of this class who is a national or resident here.
fn limited(rules: &Rules, class: ClassId, residence: Option<Residence>) -> ClassId {
    match residence {
        Some(Residence::National) => rules.class(class).national,
        Some(Residence::PermanentResident) => rules.class(class).permanent_resident,
        _ => class,
    }
}

/// Whether residence makes a difference to a class.
fn varies(rules: &Rules, class: ClassId) -> bool {
    rules.class(class).national != class || rules.class(class).permanent_resident != class
}

fn is_limited(residence: Option<Residence>) -> bool {
    matches!(residence, Some(Residence::National | Residence::PermanentResident))
}

/// The class of the family, or that of relatives to whom it does not reach.
fn related(rules: &Rules, family: ClassId, subject: &Subject<'_>) -> ClassId {
    match &rules.class(family).relations {
        Some((reached, others)) if !reached.contains(&subject.relation) => *others,
        _ => family,
    }
}

/// What a row says of a question.
struct Verdict<'r> {
    immune: Immune,
    conditions: Vec<&'r str>,
    citations: Vec<&'r Provision>,
    advice: Option<&'r str>,
}

impl Default for Verdict<'_> {
    fn default() -> Self {
        Self { immune: Immune::Unspecified, conditions: Vec::new(), citations: Vec::new(), advice: None }
    }
}

/// Tries the row's exceptions in order. What is not known leaves several outcomes possible; if they agree, that is the
/// answer, and if not, it depends on what is not known.
fn weigh<'r>(row: &'r Row, question: &Question) -> Verdict<'r> {
    let mut open = Vec::new();
    let mut held = None;
    for case in &row.cases {
        match case.when.holds(&question.circumstances) {
            Some(false) => {}
            None => open.push(case),
            Some(true) => {
                held = Some(case);
                break;
            }
        }
    }
    let last = held.map_or(row.value, |case| case.value);
    let mut citations: Vec<&Provision> = row.cite.iter().map(AsRef::as_ref).collect();
    if open.iter().any(|case| case.value != last) {
        citations.extend(open.iter().chain(&held).flat_map(|case| &case.cite).map(AsRef::as_ref));
        let conditions = open.iter().map(|case| case.condition.as_ref());
        let limits = row.limits.iter().map(AsRef::as_ref);
        let conditions = conditions.chain(limits).collect();
        return Verdict { immune: Immune::Conditional, conditions, citations, advice: None };
    }
    let (limits, advice) = match held {
        Some(case) => (&case.limits, case.advice.as_deref()),
        None => (&row.limits, None),
    };
    citations.extend(held.iter().flat_map(|case| &case.cite).map(AsRef::as_ref));
    Verdict { immune: last, conditions: limits.iter().map(AsRef::as_ref).collect(), citations, advice }
}
