//! Numbers of a register that begins anew each year: one after another, none twice, none left out.

use chrono::Datelike as _;
use fault::Fault;
use proto::policy::v1::Reason as House;
use proto::shape::Record;
use registry::Reader;

/// The next number of a series.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    /// The register and the year: `lyon N/2026`.
    pub(crate) series: String,
    /// The year, by the calendar of the capital.
    pub(crate) year: i32,
    /// The number.
    pub(crate) number: i32,
}

/// The next number of a register whose records have `series` among their filterable fields. Whoever asks next waits until
/// this change is committed or undone, so that a change that is undone leaves no gap.
///
/// # Errors
/// The database's.
pub(crate) async fn next<T: Record>(reader: &mut Reader<'_>, register: &str) -> Result<Next, Fault> {
    let year = reader.now().with_timezone(&reader.home().timezone).year();
    let series = format!("{register}/{year}");
    reader.alone(&format!("{} of {series}", T::full_name())).await?;
    let taken = reader.count::<T>(&[("series", &[series.as_str()])]).await?;
    let number = i32::try_from(taken + 1).map_err(|_| Fault::new(House::Internal, "a series is too long"))?;
    Ok(Next { series, year, number })
}

/// The last part of a post's name, as numbers of its registers are written.
pub(crate) fn short(post: &str) -> &str {
    post.rsplit('/').next().unwrap_or_default()
}
