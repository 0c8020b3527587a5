//! What a stranger finds in a fresh clone: documents that hold together and commands that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::repo;

/// Beginnings of paths that exist on one machine only. Cut in two, so that this file doesn't hold them.
const PATHS_OF_ONE_MACHINE: &[(&str, &str)] =
    &[("/wo", "rk/"), ("/ho", "me/"), ("/Us", "ers/"), ("/ro", "ot/")];

#[test]
fn no_file_names_a_path_of_one_machine() {
    let needles: Vec<Vec<u8>> =
        PATHS_OF_ONE_MACHINE.iter().map(|(a, b)| format!("{a}{b}").into_bytes()).collect();
    let mut found = Vec::new();
    for path in repo::files() {
        let bytes = std::fs::read(&path).expect("files can be read");
        for needle in &needles {
            if bytes.windows(needle.len()).any(|window| window == needle.as_slice()) {
                found.push(format!("{}: {}", repo::name(&path), String::from_utf8_lossy(needle)));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A link of a document: where it leads to, without what a title adds.
#[derive(Debug)]
struct Link {
    path: String,
    fragment: Option<String>,
}

/// A document's text without what stands in fences, line by line.
fn prose(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push(line);
        }
    }
    lines
}

/// The links of a line, but not those inside `code`.
fn links(line: &str) -> Vec<Link> {
    let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
    let mut found = Vec::new();
    for part in plain.split("](").skip(1) {
        let target = part.split([')', ' ']).next().unwrap_or_default();
        let (path, fragment) = match target.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment.to_owned())),
            None => (target, None),
        };
        if !target.contains("://") && !target.starts_with("mailto:") {
            found.push(Link { path: path.to_owned(), fragment });
        }
    }
    found
}

/// The anchors that a forge makes of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// What is wrong with a link that stands in the document `from`.
fn fault(from: &Path, text: &str, link: &Link) -> Option<String> {
    let target = if link.path.is_empty() {
        from.to_path_buf()
    } else {
        from.parent().expect("a file lies in a folder").join(&link.path)
    };
    if !target.exists() {
        return Some(format!("{}: {} isn't there", repo::name(from), link.path));
    }
    let fragment = link.fragment.as_ref()?;
    let there = if link.path.is_empty() { text.to_owned() } else { repo::read(&target) };
    let known = anchors(&there).contains(fragment);
    (!known).then(|| format!("{}: {}#{fragment} has no such heading", repo::name(from), link.path))
}

#[test]
fn every_relative_link_resolves() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for (path, text) in repo::documents() {
        for link in prose(&text).into_iter().flat_map(links) {
            seen += 1;
            faults.extend(fault(&path, &text, &link));
        }
    }
    assert!(seen > 0, "no link was read");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn links_are_read_outside_code_only() {
    let found = links("see [a](b.md#c) and `[d](e.md)`, [f](https://example.org) and [g](#h)");
    let found: Vec<(&str, Option<&str>)> =
        found.iter().map(|link| (link.path.as_str(), link.fragment.as_deref())).collect();
    assert_eq!(found, [("b.md", Some("c")), ("", Some("h"))]);
    assert!(anchors("## 4. Native protocol (`/sync`)\n").contains("4-native-protocol-sync"));
}

/// The words in `code` of a line that look like a function's name of several words.
fn function_names(line: &str) -> Vec<&str> {
    let is_name = |word: &&str| {
        word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    line.split('`').skip(1).step_by(2).filter(is_name).collect()
}

#[test]
fn the_tests_and_files_that_the_invariants_name_exist() {
    let architecture = repo::read(&repo::root().join("docs/architecture.md"));
    let sources =
        repo::files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let (names, texts): (Vec<String>, Vec<String>) =
        sources.map(|path| (repo::name(&path), repo::read(&path))).unzip();
    let invariants: Vec<&str> = architecture.lines().filter(|line| line.starts_with("| INV-")).collect();
    assert!(!invariants.is_empty(), "no invariant was read");
    for line in invariants {
        for name in function_names(line).into_iter().filter(|name| *name != "catch_unwind") {
            let (function, macro_name) = (format!("fn {name}("), format!("{name}!"));
            let known = texts.iter().any(|text| text.contains(&function) || text.contains(&macro_name));
            assert!(known, "{name} of the line {line:.60} isn't there");
        }
        for file in
            line.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && word.ends_with(".rs"))
        {
            assert!(
                names.iter().any(|name| name.ends_with(file)),
                "{file} of the line {line:.60} isn't there"
            );
        }
    }
}

#[test]
fn every_requirement_has_a_test_that_exists_or_a_reason() {
    let page = repo::read(&repo::root().join("docs/requirements.md"));
    let sources = repo::files().into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    let texts: Vec<String> = sources.map(|path| repo::read(&path)).collect();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| R")).collect();
    for (number, row) in (1..).zip(&rows) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!((cells.len(), cells[0]), (3, format!("R{number}").as_str()), "{row}");
        assert!(!cells[1].is_empty() && !cells[2].is_empty(), "{row} says neither a test nor a reason");
        for name in function_names(cells[2]) {
            let function = format!("fn {name}(");
            assert!(texts.iter().any(|text| text.contains(&function)), "{name} of R{number} isn't there");
        }
    }
    assert_eq!(rows.len(), 43, "one row a requirement");
}

#[test]
fn every_promise_of_security_has_a_test_that_exists() {
    let page = repo::read(&repo::root().join("docs/security.md"));
    let sources = repo::files().into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    let texts: Vec<String> = sources.map(|path| repo::read(&path)).collect();
    let promised = page.split("## ").find(|part| part.starts_with("What is promised")).expect("a chapter");
    let rows: Vec<&str> = promised.lines().filter(|line| line.starts_with("| a")).skip(1).collect();
    assert!(rows.len() > 10, "few promises were read");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = function_names(cells.get(2).copied().unwrap_or_default());
        assert!(!names.is_empty(), "{row} names no test");
        for name in names {
            let function = format!("fn {name}(");
            assert!(texts.iter().any(|text| text.contains(&function)), "{name} isn't there: {row}");
        }
    }
}

/// The decisions by number. Two with one number are a mistake.
fn decisions() -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for path in repo::files().into_iter().filter(|path| repo::name(path).starts_with("docs/decisions/")) {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let number = name.split('-').next().unwrap_or_default().to_owned();
        let numbered = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        assert!(numbered, "docs/decisions/{name} doesn't begin with three digits and a hyphen");
        let other = found.insert(number, path);
        assert!(other.is_none(), "docs/decisions/{name} has the number of {other:?}");
    }
    found
}

#[test]
fn every_decision_is_in_the_index() {
    let index = repo::read(&repo::root().join("docs/decisions/README.md"));
    let listed: BTreeSet<String> = prose(&index).into_iter().flat_map(links).map(|link| link.path).collect();
    let decisions = decisions();
    assert!(!decisions.is_empty(), "no decision was found");
    for (number, path) in decisions {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        assert!(listed.contains(&name), "docs/decisions/README.md doesn't list {name}");
        let heading = format!("# {number} ");
        assert!(repo::read(&path).starts_with(&heading), "{name} doesn't begin with \"{heading}\"");
    }
}

/// The command lines in the README's fences.
fn readme_commands() -> Vec<String> {
    let readme = repo::read(&repo::root().join("README.md"));
    let mut lines = Vec::new();
    let mut shell = false;
    for line in readme.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(kind) => shell = !shell && kind.trim() == "sh",
            None if shell => lines.push(line.trim().to_owned()),
            None => {}
        }
    }
    lines
}

/// The words of a command line as a shell splits it, without variables and escapes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut quoted = false;
    let mut word: Option<String> = None;
    for letter in line.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn the_program_understands_every_line_of_the_readme() {
    let schema = forsat_domain::Schema::builtin();
    let commands = readme_commands();
    let lines: Vec<Vec<String>> = commands
        .iter()
        .map(|line| words(line))
        .filter(|words| words.first().is_some_and(|word| word == "forsat"))
        .collect();
    assert!(lines.len() > 3, "the README shows few commands: {lines:?}");
    for line in lines {
        let read = forsat_cli::command(&schema).try_get_matches_from(&line);
        assert!(read.is_ok(), "{line:?}: {}", read.expect_err("it was refused"));
    }
    assert_eq!(words("a \"b c\" d=\"e f\""), ["a", "b c", "d=e f"]);
}

#[test]
fn the_reference_of_commands_is_that_of_the_program() {
    let made = forsat_cli::reference(&forsat_cli::command(&forsat_domain::Schema::builtin()));
    let kept = repo::read(&repo::root().join("docs/cli.md"));
    let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made.trim_end() == kept.trim_end(),
        "docs/cli.md is old at {differs:?}; make it anew: cargo run --bin forsat -- docs > docs/cli.md"
    );
}

fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path)
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        path.is_file()
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let commands = readme_commands();
    let metadata = repo::metadata(false);
    let targets =
        repo::array(&metadata, "packages").iter().flat_map(|package| repo::array(package, "targets"));
    let programs: BTreeSet<&str> = targets
        .filter(|target| repo::array(target, "kind").iter().any(|kind| kind == "bin"))
        .map(|target| repo::text(target, "name"))
        .collect();
    for command in &commands {
        let mut words = command.split_whitespace();
        match words.next() {
            Some(script) if script.starts_with("scripts/") || script.starts_with(".ci/") => {
                assert!(is_executable(&repo::root().join(script)), "{command}: {script} can't be run");
            }
            Some("cargo") => {
                for program in words.skip_while(|word| *word != "--bin").skip(1).take(1) {
                    assert!(programs.contains(program), "{command}: there is no program {program}");
                }
            }
            Some(program) if program.starts_with("forsat") => {
                assert!(programs.contains(program), "{command}: there is no program {program}");
            }
            _ => {}
        }
    }
    for wanted in ["cargo run --release --bin forsat -- demo", "scripts/test"] {
        assert!(commands.iter().any(|command| command == wanted), "the README doesn't show `{wanted}`");
    }
    assert!(is_executable(&repo::root().join(".ci/run")), ".ci/run can't be run");
}
