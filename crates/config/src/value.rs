//! Values: how one variable's text becomes a typed setting.

use chrono::Weekday;
use chrono_tz::Tz;
use secrecy::SecretString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

/// A type that one variable's text becomes.
pub trait Value: Sized {
    /// Whether the text is a secret: it may then also stand in a file, and no description shows it.
    const SECRET: bool = false;

    /// The value, or what is wrong with the text, to follow the variable's name: `is not a number`.
    fn parse(text: &str) -> Result<Self, String>;

    /// The value of a variable that is neither set nor has a default, if there is such a value.
    fn absent() -> Option<Self> {
        None
    }

    /// The type in words, for the docs.
    fn kind() -> String;
}

macro_rules! parsed {
    ($($type:ty: $kind:literal),* $(,)?) => {
        $(impl Value for $type {
            fn parse(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|_| concat!("is not ", $kind).to_owned())
            }

            fn kind() -> String {
                $kind.to_owned()
            }
        })*
    };
}

parsed! {
    u16: "a number from 0 to 65535",
    u32: "a whole number",
    u64: "a whole number",
    usize: "a whole number",
    i64: "a whole number, negative or not",
    f64: "a number",
    NonZeroU32: "a whole number above 0",
    NonZeroUsize: "a whole number above 0",
    IpAddr: "an IP address",
    SocketAddr: "an IP address with a port",
    Tz: "a time zone of the IANA database",
    Weekday: "a day of the week",
    PathBuf: "a path",
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn kind() -> String {
        "text".into()
    }
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("is neither true nor false".into()),
        }
    }

    fn kind() -> String {
        "true or false".into()
    }
}

/// A number with its unit: `250ms`, `10s`, `5m`, `12h`, `30d`.
impl Value for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_at);
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err("is not a number with ms, s, m, h or d after it".into()),
        };
        let number: u64 = number.parse().map_err(|_| "does not begin with a number")?;
        number.checked_mul(milliseconds).map(Self::from_millis).ok_or_else(|| "is too long".into())
    }

    fn kind() -> String {
        "a time: `250ms`, `10s`, `5m`, `12h`, `30d`".into()
    }
}

impl Value for SecretString {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }

    fn kind() -> String {
        "a secret".into()
    }
}

/// Absent if the variable is not set.
impl<T: Value> Value for Option<T> {
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn kind() -> String {
        format!("{}, or not set", T::kind())
    }
}

/// Several, separated by commas; blanks around each do not count. Empty if the variable is not set.
impl<T: Value> Value for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let numbered = items.enumerate();
        numbered.map(|(n, item)| T::parse(item).map_err(|message| format!("{message} (item {})", n + 1))).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn kind() -> String {
        format!("any number of these, separated by commas: {}", T::kind())
    }
}

/// An absolute address with a scheme and a host. `Debug` and `Display` hide a user and password within it.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Value for Url {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.parse::<http::Uri>() {
            Ok(uri) if uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("is not an address such as https://host:port/path".into()),
        }
    }

    fn kind() -> String {
        "an absolute address".into()
    }
}

impl Deref for Url {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority_at = self.0.find("://").map_or(0, |at| at + 3);
        let (scheme, rest) = self.0.split_at(authority_at);
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest[..authority_end].rfind('@') {
            Some(at) => write!(f, "{scheme}…{}", &rest[at..]),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The check that a value lies within bounds, both included.
pub fn between<T: PartialOrd + fmt::Display>(least: T, most: T) -> impl Fn(&T) -> Result<(), String> {
    move |value| {
        if (&least..=&most).contains(&value) { Ok(()) } else { Err(format!("is not between {least} and {most}")) }
    }
}
