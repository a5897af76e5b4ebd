//! The tree of commands: the program's own, then one for each collection of the contract.

use crate::catalogue::{Catalogue, Group};
use crate::failure::EXIT_CODES;
use crate::output::Form;
use crate::shape::Shape;
use clap::{Arg, ArgAction, Command, value_parser};
use clap_complete::Shell;

/// The whole tree.
pub(crate) fn tree(catalogue: &Catalogue) -> Command {
    let own = [login(), logout(), profiles(), get(), apply(), crate::audit::command(), completion()];
    Command::new("legation")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The foreign service from the command line")
        .after_help(format!("Exit codes:\n{}", exit_codes()))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(global())
        .subcommands(own)
        .subcommands(catalogue.groups().iter().map(group))
}

fn exit_codes() -> String {
    EXIT_CODES.iter().map(|(code, meaning)| format!("  {code:2}  {meaning}\n")).collect()
}

fn global() -> [Arg; 4] {
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).global(true).help(help);
    [
        text("output", "How answers are shown").short('o').value_parser(value_parser!(Form)).value_name("FORM"),
        text("columns", "A table's columns: fields by their JSON names, `address.locality`").value_name("FIELDS"),
        text("profile", "The profile to call with").env("LEGATION_PROFILE").value_name("NAME"),
        text("address", "Where to call, instead of the profile's address").env("LEGATION_ADDRESS").value_name("URL"),
    ]
}

fn login() -> Command {
    let text = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let issuer = text("issuer", "URL").requires("client-id");
    let issuer = issuer.help("Log in as a person at this OpenID Connect issuer, in a browser anywhere (RFC 8628)");
    let client = text("client-id", "ID").help("As whom this program is known to the issuer");
    let scope = text("scope", "SCOPES").default_value("openid offline_access").help("What is asked of the issuer");
    Command::new("login").about("Keeps an address and a key, or a person's login, as a profile").args([issuer, client, scope]).long_about(
        "Keeps an address and a key as a profile, after asking the service who the key is. With --issuer a person logs in: \
             what to open and what to type there is shown, and the token that is given is renewed as long as the issuer \
             lets it.\n\n\
             The key is read from the terminal without showing it, or from the standard input; it is written to a file \
             that only you can read ($LEGATION_CONFIG, or legation/profiles.toml among your configuration) and never \
             printed. Without a profile, LEGATION_ADDRESS and LEGATION_KEY are used.",
    )
}

fn logout() -> Command {
    Command::new("logout").about("Forgets a profile and its key; the key itself stays good until it is revoked")
}

fn profiles() -> Command {
    let switch = Arg::new("switch").value_name("NAME").help("Make this one the current one");
    Command::new("profiles").about("Lists the profiles, without keys, or changes the current one").arg(switch)
}

fn get() -> Command {
    let names = Arg::new("names").value_name("NAME").required(true).action(ArgAction::Append).num_args(1..);
    Command::new("get").about("Reads records by their whole names: `missions/fr-embassy`").arg(names)
}

fn apply() -> Command {
    let file = Arg::new("file").long("file").short('f').value_name("FILE").required(true).action(ArgAction::Append);
    let dry = Arg::new("dry-run")
        .long("dry-run")
        .action(ArgAction::SetTrue)
        .help("Say what would change, and change nothing");
    Command::new("apply")
        .about("Makes records as files say: creates those that are missing, changes the fields that differ")
        .long_about(
            "Makes records as files say. Each document is a record with its `name`; one that is missing is created, of \
             one that is there the fields that differ are changed, and fields that the document does not name are left \
             alone. A change made by someone else since the record was read is never written over.",
        )
        .arg(file.help("YAML or JSON, one or many documents; `-` is the standard input"))
        .arg(dry)
}

fn completion() -> Command {
    let shell = Arg::new("shell").required(true).value_parser(value_parser!(Shell));
    Command::new("completion").about("Writes the completion script of a shell").arg(shell)
}

fn group(group: &Group) -> Command {
    let qualified = format!("{}.{}", group.service, crate::catalogue::kebab(&group.collection));
    let command = match group.only() {
        Some(entry) => Shape::of(entry).command().name(group.command.clone()),
        None => {
            let doc = group.resource.map_or("", |resource| resource.doc());
            let sentence = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
            Command::new(group.command.clone())
                .about(format!("{} ({})", sentence.trim().trim_end_matches('.'), group.service))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(group.entries.iter().map(|entry| Shape::of(entry).command()))
        }
    };
    if qualified == group.command { command } else { command.alias(qualified) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    #[test]
    fn the_tree_is_sound_and_every_argument_has_words() {
        let tree = tree(&Catalogue::of(contract()));
        tree.clone().debug_assert();
        let missions = tree.find_subcommand("missions").unwrap();
        for command in missions.get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments().filter(|argument| argument.get_id() != "help") {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
        assert!(tree.find_subcommand("accreditation.missions").is_some());
    }
}
