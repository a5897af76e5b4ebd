//! The README's session is what the program prints: every `$ legation …` line of it is run and compared.

use crate::world::World;
use std::fs;
use std::path::Path;

/// Writes what was printed into the README instead of comparing.
const WRITE: &str = "LEGATION_README";

/// What differs from run to run, each with what stands for it.
fn settled(text: &str, address: &str) -> String {
    let mut settled = String::new();
    for word in text.replace(address, "http://localhost:8080").split_inclusive([' ', '\n']) {
        let bare = word.trim_end();
        let is_instant = bare.len() >= 20 && bare.ends_with('Z') && bare.as_bytes()[4] == b'-' && bare.contains('T');
        let is_hexadecimal = bare.len() == 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_etag = bare.len() > 9
            && bare.split_once('-').is_some_and(|(version, random)| {
                version.parse::<u32>().is_ok()
                    && random.len() == 8
                    && random.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
        let is_uid = bare.len() == 36 && bare.bytes().filter(|byte| *byte == b'-').count() == 4;
        let is_key = bare.starts_with("apiKeys/");
        settled += match () {
            () if is_instant => "2026-11-22T09:30:00Z",
            () if is_hexadecimal => "4bf92f3577b34da6a3ce929d0e0e4736",
            () if is_etag => "2-9f86d081",
            () if is_uid => "01935e2a-7c3b-7d15-9c4e-2f6b9f86d081",
            () if is_key => "apiKeys/k3y2of4example",
            () => bare,
        };
        settled += &word[bare.len()..];
    }
    // Columns that held such a word are as wide as it was.
    settled.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// The arguments of a command line with single quotes.
fn arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            arguments.push(part.to_owned());
        } else {
            arguments.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    arguments
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_in_the_readme_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let world = World::new().await;
    let address = format!("http://{}", world.address);
    let (_, yaml) = readme.split_once("```yaml\n").unwrap();
    world.file("mission.yaml", yaml.split_once("```").unwrap().0);
    let (before, session) = readme.split_once("```console\n").unwrap();
    let (session, after) = session.split_once("```").unwrap();

    let mut printed = String::new();
    for line in session.lines().filter_map(|line| line.strip_prefix("$ legation ")) {
        let arguments = arguments(&line.replace("http://localhost:8080", &address));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let ran = world.run_with(&world.officer, &arguments).await;
        printed += &format!("$ legation {line}\n{}{}", ran.out, ran.err.replace(world.folder.to_str().unwrap(), "~"));
    }
    if std::env::var_os(WRITE).is_some() {
        let shown = printed.replace(&address, "http://localhost:8080");
        fs::write(&path, format!("{before}```console\n{shown}```{after}")).unwrap();
        return;
    }
    assert!(printed.lines().count() > 20, "the session was found");
    assert_eq!(settled(&printed, &address), settled(session, &address));
}
