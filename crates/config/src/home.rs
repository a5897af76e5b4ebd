//! Whose foreign service it is: our own state, its language, clock, capital, currency and days of rest.

use chrono::Weekday;
use chrono_tz::Tz;

crate::settings! {
    /// Our own state. Nothing in the code knows a country's name; it stands here.
    pub struct Home {
        /// Our own state, as an ISO 3166-1 alpha-2 code.
        pub state: String = "US" => capitals::<2>,
        /// The language of our documents, as a BCP 47 tag.
        pub language: String = "en" => language_tag,
        /// The time zone of the capital, in which days begin and end.
        pub timezone: Tz = "America/New_York",
        /// The seat of the foreign ministry.
        pub capital: String = "Washington",
        /// The currency of our fees, as an ISO 4217 code.
        pub currency: String = "USD" => capitals::<3>,
        /// The days on which offices are closed.
        pub weekend: Vec<Weekday> = "Sat,Sun" => some_working_day,
    }
}

/// The home of the defaults.
impl Default for Home {
    fn default() -> Self {
        crate::read(&crate::Env::default(), "HOME").expect("every default is a good setting: a test holds it")
    }
}

fn capitals<const N: usize>(text: &impl AsRef<str>) -> Result<(), String> {
    let text = text.as_ref();
    let good = text.len() == N && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if good { Ok(()) } else { Err(format!("is not {N} capital letters")) }
}

fn language_tag(text: &impl AsRef<str>) -> Result<(), String> {
    let mut parts = text.as_ref().split('-');
    let primary = parts.next().unwrap_or_default();
    let good = (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if good { Ok(()) } else { Err("is not a language tag such as fr or zh-Hant".into()) }
}

fn some_working_day(weekend: &impl AsRef<[Weekday]>) -> Result<(), String> {
    let all = (0..7_u8).filter_map(|day| Weekday::try_from(day).ok()).all(|day| weekend.as_ref().contains(&day));
    if all { Err("leaves no working day".into()) } else { Ok(()) }
}
