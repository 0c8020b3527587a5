//! Help texts in Persian: the command tree with every text replaced by its words.
//!
//! English is what the tree itself says. Persian lies in a file of its own, under keys that follow from the tree:
//! `help-opportunity-line-add` is a command, `help-opportunity-line-add--product` an argument of it, and
//! `help-pipeline--by-owner` a value of an argument. What every module has is written once, under `help-record-…`; an
//! argument that many commands have, under `help-any--…`. The labels of fields come from the schema table.

use clap::builder::{PossibleValue, PossibleValuesParser, Resettable, StyledStr};
use clap::{Arg, Command};
use forsat_domain::schema::{FieldDef, SETTINGS, Schema, USER};

use crate::args::EVERYWHERE;
use crate::i18n::Messages;

/// A command as clap prints it, with a heading of its own before the usage.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n{USAGE} {usage}\n\n{all-args}{after-help}";

/// What a field's option is called within a command: this and the field's name.
const FIELD: &str = "field:";

/// The command tree with its texts in Persian. It is for printing help: the values of its arguments are names only.
pub fn in_persian(mut root: Command, schema: &Schema) -> Command {
    // Only a tree that is built has the options and commands that clap adds by itself.
    root.build();
    let texts = Texts { messages: Messages::of_help(), schema };
    texts.command(root, &[])
}

struct Texts<'a> {
    messages: Messages,
    schema: &'a Schema,
}

impl Texts<'_> {
    fn command(&self, command: Command, path: &[String]) -> Command {
        let keys = command_keys(path, self.schema);
        let usage = self.said("help-heading-usage");
        let mut command = command
            .help_template(TEMPLATE.replace("{USAGE}", &usage))
            .subcommand_help_heading(self.said("help-heading-commands"))
            .mut_args(|argument| self.argument(argument, path));
        if let Some(about) = module_label(path, self.schema).or_else(|| self.first(&keys)) {
            command = command.about(about);
        }
        if path.is_empty() {
            command = command.after_help(self.said("help-exit-codes"));
        }
        command.mut_subcommands(|sub| {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            match sub.get_name() {
                // What clap adds repeats the whole tree below it.
                "help" => sub.about(self.said("help-help")),
                _ => self.command(sub, &path),
            }
        })
    }

    fn argument(&self, argument: Arg, path: &[String]) -> Arg {
        let heading = match argument.get_help_heading() {
            Some("Fields") => "help-heading-fields",
            Some(EVERYWHERE) => "help-heading-everywhere",
            Some(_) => "help-heading-own-fields",
            None if argument.is_positional() => "help-heading-arguments",
            None => "help-heading-options",
        };
        let keys = argument_keys(path, argument.get_id().as_str(), self.schema);
        let mut argument = argument.help_heading(self.said(heading));
        if let Some(text) = field_label(path, &argument, self.schema).or_else(|| self.first(&keys)) {
            // The help option alone has a longer text, of clap's own.
            argument = argument.help(text).long_help(Resettable::Reset);
        }
        let values = argument.get_possible_values();
        if !values.iter().any(|value| value.get_help().is_some()) {
            return argument;
        }
        let values = values.into_iter().map(|value| match self.first(&value_keys(&keys, &value)) {
            Some(text) => value.help(text),
            None => value,
        });
        argument.value_parser(PossibleValuesParser::new(values))
    }

    fn said(&self, key: &str) -> String {
        self.messages.text(key, &[])
    }

    /// The text of the first key that has one.
    fn first(&self, keys: &[String]) -> Option<StyledStr> {
        keys.iter().find_map(|key| self.messages.known(key)).map(StyledStr::from)
    }
}

/// The keys that a command's text may lie under, the most telling first.
fn command_keys(path: &[String], schema: &Schema) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else { return vec!["help-forsat".to_owned()] };
    let mut keys = vec![format!("help-{}", path.join("-"))];
    if schema.module(first).is_some() && first != SETTINGS {
        keys.push(format!("help-{}", [&["record".to_owned()], rest].concat().join("-")));
    }
    keys
}

fn argument_keys(path: &[String], id: &str, schema: &Schema) -> Vec<String> {
    let of_command = command_keys(path, schema).into_iter().map(|key| format!("{key}--{id}"));
    of_command.chain([format!("help-any--{id}")]).collect()
}

fn value_keys(argument: &[String], value: &PossibleValue) -> Vec<String> {
    argument.iter().map(|key| format!("{key}-{}", value.get_name())).collect()
}

/// What the records of a module are called, for the command of the module.
fn module_label(path: &[String], schema: &Schema) -> Option<StyledStr> {
    let [name] = path else { return None };
    let module = schema.module(name).filter(|module| module.name != SETTINGS)?;
    Some(StyledStr::from(module.plural.fa.to_string()))
}

/// The label of the field that an option writes.
fn field_label(path: &[String], argument: &Arg, schema: &Schema) -> Option<StyledStr> {
    let name = argument.get_id().as_str().strip_prefix(FIELD)?;
    let module = match path.first()?.as_str() {
        "me" => schema.module(USER),
        module => schema.module(module),
    }?;
    let of_line = || module.fields.iter().find_map(|field| field.entry_field(name));
    let is_line = path.get(1).is_some_and(|command| command == "line");
    let found: Option<&FieldDef> =
        if is_line { of_line().or_else(|| module.field(name)) } else { module.field(name).or_else(of_line) };
    found.map(|field| StyledStr::from(field.label.fa.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::i18n::HELP;

    /// Every text of the English tree with the keys that its Persian may lie under.
    fn texts(schema: &Schema) -> Vec<(Vec<String>, String)> {
        let mut root = crate::args::command(schema);
        root.build();
        let mut found = Vec::new();
        collect(&root, &[], schema, &mut found);
        found
    }

    fn collect(command: &Command, path: &[String], schema: &Schema, found: &mut Vec<(Vec<String>, String)>) {
        if module_label(path, schema).is_none() {
            found.push((command_keys(path, schema), said(command.get_about())));
        }
        assert!(command.get_long_about().is_none(), "{path:?} says more than this knows of");
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(id == "help" || argument.get_long_help().is_none(), "{path:?} {id} says more");
            if field_label(path, argument, schema).is_some() {
                continue;
            }
            let keys = argument_keys(path, argument.get_id().as_str(), schema);
            for value in argument.get_possible_values() {
                if value.get_help().is_some() {
                    found.push((value_keys(&keys, &value), said(value.get_help())));
                }
            }
            found.push((keys, said(argument.get_help())));
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            collect(sub, &[path, &[sub.get_name().to_owned()]].concat(), schema, found);
        }
    }

    fn said(text: Option<&StyledStr>) -> String {
        text.map(ToString::to_string).unwrap_or_default()
    }

    /// The keys of the file of Persian texts.
    fn written() -> BTreeSet<String> {
        let lines = HELP.lines().filter(|line| line.starts_with("help-"));
        lines.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect()
    }

    #[test]
    fn every_text_of_the_tree_is_there_in_persian_and_none_is_left_over() {
        let (written, persian) = (written(), Messages::of_help());
        let mut english_of = BTreeMap::<String, BTreeSet<String>>::new();
        for (keys, english) in texts(&Schema::builtin()) {
            let found = keys.iter().find(|key| written.contains(*key));
            let key = found.unwrap_or_else(|| panic!("no Persian for \"{english}\": {keys:?}"));
            let text = persian.text(key, &[]);
            assert!(text.chars().any(|letter| ('\u{0600}'..='\u{06FF}').contains(&letter)), "{key}: {text}");
            // Where long help has more to say, clap's own text of the option differs.
            let english = if key == "help-any--help" { String::new() } else { english };
            english_of.entry(key.clone()).or_default().insert(english);
        }
        for (key, english) in &english_of {
            assert_eq!(
                english.len(),
                1,
                "{key} stands for texts that differ; write one of its own: {english:?}"
            );
        }
        let own = written.iter().filter(|key| !key.starts_with("help-heading-"));
        let own = own.filter(|key| !matches!(key.as_str(), "help-help" | "help-exit-codes"));
        let unused: Vec<_> = own.filter(|key| !english_of.contains_key(*key)).collect();
        assert!(unused.is_empty(), "no text of the tree is under {unused:?}");
    }

    #[test]
    fn help_is_persian_down_to_its_headings() {
        let schema = Schema::builtin();
        let mut root = in_persian(crate::args::command(&schema), &schema);
        let whole = root.render_help().to_string();
        for text in ["کاربرد: forsat", "فرمان‌ها:", "گزینه‌ها:", "فرصت‌ها", "کدهای خروج"]
        {
            assert!(whole.contains(text), "{text}: {whole}");
        }
        let add = root.find_subcommand_mut("opportunity").and_then(|opp| opp.find_subcommand_mut("add"));
        let add = add.expect("deals can be added").render_long_help().to_string();
        for text in ["افزودن رکورد", "آرگومان‌ها:", "فیلدها:", "تخمین تاریخ فروش", "نمایش این راهنما"]
        {
            assert!(add.contains(text), "{text}: {add}");
        }
        for heading in ["Usage", "Commands", "Options:", "Arguments:", "Fields", "Print help"] {
            assert!(!whole.contains(heading) && !add.contains(heading), "{heading}");
        }
    }
}
