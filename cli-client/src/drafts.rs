//! What was typed into a form and not saved yet: one small file a form, beside the store, for its user alone.
//!
//! A draft is written after every answer, so that Ctrl-C, a killed terminal or a refusal loses nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use forsat_client::FieldInput;
use serde::{Deserialize, Serialize};

/// Drafts that are kept; a new one beyond that takes the place of the oldest.
const DRAFTS_MAX: usize = 20;

/// One unfinished form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The number to name it by.
    pub number: u64,
    /// The module of the record that was to be added.
    pub module: String,
    /// When it was begun, in milliseconds since 1970 UTC.
    pub begun_ms: i64,
    /// The space that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,
    /// Field and value as typed, in the order of the answers.
    pub fields: Vec<(String, String)>,
}

impl Draft {
    /// What was typed, for the engine.
    pub fn inputs(&self) -> Vec<FieldInput> {
        self.fields.iter().map(|(name, value)| FieldInput::new(name.clone(), value.clone())).collect()
    }

    /// The answer to a field.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// Notes an answer in place of an earlier one; an empty answer takes it away.
    pub fn set(&mut self, field: &str, value: &str) {
        self.fields.retain(|(name, _)| name != field);
        if !value.is_empty() {
            self.fields.push((field.to_owned(), value.to_owned()));
        }
    }
}

/// The drafts of one store.
#[derive(Clone, Debug)]
pub struct Drafts {
    folder: PathBuf,
}

impl Drafts {
    /// The drafts beside a store.
    pub fn of(store: &Path) -> Self {
        Self { folder: store.join("drafts") }
    }

    /// Every draft, the oldest first. A file that can't be read is left alone.
    pub fn list(&self) -> io::Result<Vec<Draft>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut drafts = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                drafts.extend(fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()));
            }
        }
        drafts.sort_by_key(|draft: &Draft| draft.number);
        Ok(drafts)
    }

    /// The draft of a number.
    pub fn get(&self, number: u64) -> io::Result<Option<Draft>> {
        Ok(self.list()?.into_iter().find(|draft| draft.number == number))
    }

    /// Begins a draft under the next number.
    pub fn begin(&self, module: &str, begun_ms: i64) -> io::Result<Draft> {
        let drafts = self.list()?;
        let surplus = (drafts.len() + 1).saturating_sub(DRAFTS_MAX);
        for old in &drafts[..surplus] {
            self.remove(old.number)?;
        }
        let number = drafts.last().map_or(1, |last| last.number + 1);
        Ok(Draft { number, module: module.to_owned(), begun_ms, space: None, fields: Vec::new() })
    }

    /// Writes a draft whole: beside its place first, then into it.
    pub fn save(&self, draft: &Draft) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let beside = self.folder.join(format!("{}.new", draft.number));
        let mut file = private_file(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(draft).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&beside, self.path(draft.number))
    }

    /// Removes a draft; answers whether it was there.
    pub fn remove(&self, number: u64) -> io::Result<bool> {
        match fs::remove_file(self.path(number)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.json"))
    }
}

/// Creates a file that only its user reads.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_survives_and_is_its_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        let drafts = Drafts::of(dir.path());
        assert_eq!(drafts.list().unwrap(), []);
        let mut draft = drafts.begin("opportunity", 7).unwrap();
        draft.set("account_id", "آریا");
        draft.set("account_id", "بهنام");
        draft.set("name", "x");
        draft.set("name", "");
        drafts.save(&draft).unwrap();
        assert_eq!(drafts.list().unwrap(), [draft.clone()]);
        assert_eq!(draft.fields, [("account_id".to_owned(), "بهنام".to_owned())]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(drafts.path(draft.number)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(drafts.remove(1).unwrap());
        assert!(!drafts.remove(1).unwrap());
    }

    #[test]
    fn the_oldest_gives_way_and_a_strange_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let drafts = Drafts::of(dir.path());
        for _ in 0..=DRAFTS_MAX {
            let draft = drafts.begin("account", 0).unwrap();
            drafts.save(&draft).unwrap();
        }
        let strange = dir.path().join("drafts/x.json");
        fs::write(&strange, "{").unwrap();
        let numbers: Vec<u64> = drafts.list().unwrap().iter().map(|draft| draft.number).collect();
        assert_eq!((numbers.first(), numbers.last(), numbers.len()), (Some(&2), Some(&21), DRAFTS_MAX));
        assert!(strange.exists());
    }
}
