//! `login`, `logout`, `profiles`: a key taken in without being shown, held against the service, and kept.

use crate::client::Client;
use crate::device;
use crate::failure::Failure;
use crate::output::print;
use crate::profile::{Profile, Profiles};
use crate::request::Outgoing;
use clap::ArgMatches;
use reqwest::Method;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

/// The profile if none is named.
const DEFAULT: &str = "default";

/// Takes a key in, asks the service whose it is, and keeps it.
///
/// # Errors
/// The service does not know the key, or it cannot be kept.
pub(crate) async fn login(matches: &ArgMatches) -> Result<(), Failure> {
    let mut profiles = Profiles::read()?;
    let name = matches.get_one::<String>("profile").map_or(DEFAULT, String::as_str);
    let known = profiles.get(name).map(|profile| profile.address);
    let address = matches.get_one::<String>("address").cloned().or(known);
    let address = address.ok_or_else(|| Failure::usage("say where to log in: --address https://…"))?;
    crate::client::address(&address)?;
    let (key, session) = match matches.get_one::<String>("issuer") {
        Some(issuer) => {
            let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
            let (key, session) = device::login(issuer, text("client-id"), text("scope")).await?;
            (key, Some(session))
        }
        None => (key()?, None),
    };
    let profile = Profile { address: address.trim_end_matches('/').to_owned(), key, session };
    let who = Outgoing {
        method: Method::GET,
        path: "/v1/gateway/whoami".to_owned(),
        query: Vec::new(),
        body: None,
        is_repeatable: true,
    };
    let who = Client::new(&profile)?.json(&who).await?;
    profiles.keep(name, &profile);
    let path = profiles.write()?;
    let subject = who["subject"].as_str().unwrap_or_default();
    let agency = who["agency"].as_str().filter(|agency| !agency.is_empty());
    let agency = agency.map(|agency| format!(" of {agency}")).unwrap_or_default();
    eprintln!("logged in as {subject}{agency}; profile {name} in {}", path.display());
    if let Some(expires) = who["expireTime"].as_str() {
        eprintln!("the key is good until {expires}");
    }
    Ok(())
}

/// Forgets a profile.
///
/// # Errors
/// There is none.
pub(crate) fn logout(matches: &ArgMatches) -> Result<(), Failure> {
    let mut profiles = Profiles::read()?;
    let name = matches.get_one::<String>("profile").cloned().unwrap_or_else(|| profiles.current.clone());
    if !profiles.forget(&name) {
        return Err(Failure::usage("there is no such profile"));
    }
    profiles.write()?;
    eprintln!("forgot profile {name}; its key is good until it is revoked");
    Ok(())
}

/// Lists the profiles, or changes the current one.
///
/// # Errors
/// There is none of that name.
pub(crate) fn profiles(matches: &ArgMatches) -> Result<(), Failure> {
    let mut profiles = Profiles::read()?;
    if let Some(name) = matches.get_one::<String>("switch") {
        profiles.get(name).ok_or_else(|| Failure::usage(format!("there is no profile {name}")))?;
        profiles.current.clone_from(name);
        profiles.write()?;
    }
    let line = |(name, address): (&str, &str)| {
        let mark = if name == profiles.current { "*" } else { " " };
        format!("{mark} {name}  {address}\n")
    };
    print(&profiles.iter().map(line).collect::<String>())
}

/// The key, from a terminal that does not show it or from the first line of the standard input.
fn key() -> Result<SecretString, Failure> {
    let stdin = std::io::stdin();
    let mut line = String::new();
    if stdin.is_terminal() {
        eprint!("key: ");
        std::io::stderr().flush()?;
        let _hidden = Hidden::new()?;
        stdin.lock().read_line(&mut line)?;
        eprintln!();
    } else {
        stdin.lock().read_line(&mut line)?;
    }
    match line.trim() {
        "" => Err(Failure::NoKey("no key was given".to_owned())),
        key => Ok(key.into()),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn new() -> Result<Self, Failure> {
        let before = tcgetattr(std::io::stdin()).map_err(std::io::Error::from)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden).map_err(std::io::Error::from)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to show.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
