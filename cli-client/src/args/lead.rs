//! Arguments of what only leads do, and of the people of deals.

use clap::{Arg, ArgAction, Command};

use super::{flag, record};

/// The commands of leads.
pub(super) fn commands(command: Command) -> Command {
    command.subcommand(
        Command::new("convert")
            .about("Turn a lead into an account, a contact and a deal")
            .arg(record())
            .arg(option("account", "ACCOUNT", "An account that is there").conflicts_with("new-account"))
            .arg(option("new-account", "NAME", "A new account's name [default: the lead's company]"))
            .arg(option(
                "contact",
                "CONTACT",
                "A contact that is there [default: a new one of the lead's person]",
            ))
            .arg(flag("no-opportunity", "Make no deal"))
            .arg(of_deal("opportunity-name", "NAME", "The deal's name [default: the lead's]"))
            .arg(of_deal("amount", "AMOUNT", "The deal's amount [default: the lead's]"))
            .arg(of_deal("close-date", "DATE", "When the deal is expected to close"))
            .arg(
                of_deal("product", "PRODUCT", "A product, as a line of the deal; may be given again")
                    .action(ArgAction::Append),
            ),
    )
}

/// The people of deals.
pub(super) fn contact_commands(command: Command) -> Command {
    let contact = || Arg::new("contact").value_name("CONTACT").required(true).help("A contact by name or id");
    command.subcommand(
        Command::new("contact")
            .about("The people of a deal")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand(
                Command::new("add")
                    .about("Add a contact, or change the role of one")
                    .arg(record())
                    .arg(contact())
                    .arg(option("role", "TEXT", "What the contact is in this deal, such as \"buyer\"")),
            )
            .subcommand(Command::new("remove").about("Take a contact off").arg(record()).arg(contact())),
    )
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn of_deal(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    option(name, value, help).conflicts_with("no-opportunity")
}
