//! Where the repository is and what it holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The repository's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in a folder of the root")
        .to_path_buf()
}

/// A path as the repository's documents write it: relative to the root, with `/`.
pub fn name(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("the path is inside the repository");
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Every file of the repository in order of its path, without build output and git's own.
pub fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("folders of the repository can be read") {
            let entry = entry.expect("entries can be read");
            let kind = entry.file_type().expect("entries have a type");
            let ignored = [".git", "target"].iter().any(|name| entry.file_name() == *name);
            // In a worktree `.git` is a file.
            if ignored {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// The text files whose name ends with `.md`, each with its text.
pub fn documents() -> Vec<(PathBuf, String)> {
    let markdown =
        files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    markdown.map(|path| (path.clone(), read(&path))).collect()
}

/// A file's text.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `cargo metadata` says of the workspace; with what everything resolves to on this platform, where asked.
pub fn metadata(resolved: bool) -> Value {
    let mut arguments = vec!["metadata".to_owned(), "--format-version=1".to_owned(), "--offline".to_owned()];
    if resolved {
        arguments.push(format!("--filter-platform={}", host()));
    } else {
        arguments.push("--no-deps".to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    serde_json::from_str(&cargo(&arguments)).expect("cargo metadata prints JSON")
}

fn host() -> String {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    host.to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The objects of an array inside a JSON object.
pub fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is an array"))
}

/// A text inside a JSON object.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is a text"))
}
