//! The mapping file: which columns of which files become which fields of which modules (TOML).
//!
//! One mapping describes a whole set of files in the order in which they are taken, so that a later file can refer to
//! records of an earlier one. A file may occur twice with different modules or keys.

use crate::error::{ClientError, FileProblem};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A mapping file is larger than anyone writes by hand beyond this, bytes.
const MAPPING_BYTES_MAX: u64 = 1024 * 1024;

/// A mapping of a set of files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The name of the source: part of every derived id, so it must stay the same between imports.
    pub source: String,
    /// The encoding's label; none: found out by a byte order mark or the bytes.
    #[serde(default)]
    pub encoding: Option<String>,
    /// The order of a date's parts in the files, such as `M/D/Y`; none: as people type dates.
    #[serde(default)]
    pub date: Option<String>,
    /// The column separator; none: found out by the header.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Named value maps: cell → value; a cell that isn't in the map stays as it is.
    #[serde(default)]
    pub maps: BTreeMap<String, BTreeMap<String, String>>,
    /// The files, in order.
    #[serde(rename = "file")]
    pub files: Vec<FileMapping>,
}

/// How the rows of one file become records of one module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMapping {
    /// The file's name.
    pub name: String,
    /// The module's name.
    pub module: String,
    /// The columns that together name a row for good.
    pub key: Vec<KeyPart>,
    /// Field → where its value comes from.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldSource>,
    /// Entries of keyed maps, such as prices.
    #[serde(default)]
    pub entry: Vec<EntryMapping>,
    /// The one product line of a deal.
    #[serde(default)]
    pub line: Option<LineMapping>,
    /// The stage of a deal.
    #[serde(default)]
    pub stage: Option<StageMapping>,
    /// Column → why a row without it is refused.
    #[serde(default)]
    pub require: BTreeMap<String, String>,
    /// Rows that are refused for what they say.
    #[serde(default)]
    pub refuse: Vec<RefuseRule>,
}

/// A part of a row's key: a column, or a column through a value map.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyPart {
    Column(String),
    Mapped { column: String, map: String },
}

/// Where a value comes from: a column's name alone, or a column or constant with what is done to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum FieldSource {
    Column(String),
    Detailed(ValueSource),
}

/// A column or a constant, and what is done to it, in this order: value map, default, multiplication.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueSource {
    /// The column.
    #[serde(default)]
    pub column: Option<String>,
    /// A constant in place of a column.
    #[serde(default)]
    pub value: Option<String>,
    /// Columns put into a text: `{account}/{product}`, each through the map of its name's own where `{product:map}`.
    #[serde(default)]
    pub template: Option<String>,
    /// The name of a value map.
    #[serde(default)]
    pub map: Option<String>,
    /// What stands for an empty cell.
    #[serde(default)]
    pub default: Option<String>,
    /// Multiplies a number, such as `1000000` for a column in millions.
    #[serde(default)]
    pub times: Option<String>,
    /// The currency of a money column; none: the organisation's.
    #[serde(default)]
    pub currency: Option<String>,
    /// How a reference is looked up; by key unless it says by name.
    #[serde(default)]
    pub by: Lookup,
    /// The module of the records that a cell names, where the field takes several; a cell may also say `module:key`.
    #[serde(default)]
    pub module: Option<String>,
}

/// How a reference is looked up.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lookup {
    /// The cell is the key of a row of the same source.
    #[default]
    Key,
    /// The cell is the name of a record that is here.
    Name,
}

/// One entry of a keyed map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryMapping {
    /// The field, such as `prices`.
    pub field: String,
    /// The entry's key, such as `USD`.
    pub key: String,
    /// The entry's registers.
    pub fields: BTreeMap<String, FieldSource>,
}

/// The one product line that a row brings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineMapping {
    /// The product, by key or name.
    pub product: FieldSource,
    /// How many; none: 1.
    #[serde(default)]
    pub quantity: Option<FieldSource>,
    /// The price of one; none: the product's list price.
    #[serde(default)]
    pub unit_price: Option<FieldSource>,
}

/// How a column becomes a deal's stage.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageMapping {
    /// The column.
    pub column: String,
    /// Cell → stage id or label.
    pub values: BTreeMap<String, String>,
    /// The column with the date on which an open stage was entered.
    #[serde(default)]
    pub entered: Option<String>,
    /// The column with the date on which a deal closed.
    #[serde(default)]
    pub closed: Option<String>,
    /// The column with the reason's id or label.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A rule that refuses rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseRule {
    /// The column.
    pub column: String,
    /// The cell's text that the rule is about.
    pub equals: String,
    /// Why such a row is refused.
    pub reason: String,
}

impl FieldSource {
    /// The source with all that is done to it.
    pub(crate) fn detailed(&self) -> ValueSource {
        match self {
            FieldSource::Column(column) => {
                ValueSource { column: Some(column.clone()), ..ValueSource::default() }
            }
            FieldSource::Detailed(source) => source.clone(),
        }
    }
}

impl KeyPart {
    pub(crate) fn column(&self) -> &str {
        match self {
            KeyPart::Column(column) | KeyPart::Mapped { column, .. } => column,
        }
    }

    pub(crate) fn map(&self) -> Option<&str> {
        match self {
            KeyPart::Column(_) => None,
            KeyPart::Mapped { map, .. } => Some(map),
        }
    }
}

impl Mapping {
    /// Reads a mapping file and checks that the maps that it names are there.
    pub(crate) fn read(path: &Path) -> Result<Mapping, ClientError> {
        let wrong = |problem| ClientError::Import { file: path.display().to_string(), problem };
        let file_error = |source| ClientError::File { path: path.display().to_string(), source };
        let size = std::fs::metadata(path).map_err(file_error)?.len();
        if size > MAPPING_BYTES_MAX {
            return Err(wrong(FileProblem::LargeMapping(MAPPING_BYTES_MAX)));
        }
        let text = std::fs::read_to_string(path).map_err(file_error)?;
        Mapping::parse(&text).map_err(wrong)
    }

    /// Reads a mapping's text.
    pub(crate) fn parse(text: &str) -> Result<Mapping, FileProblem> {
        let mapping: Mapping =
            toml::from_str(text).map_err(|error| FileProblem::Syntax(error.to_string()))?;
        if mapping.source.trim().is_empty() || mapping.source.contains('\0') {
            return Err(FileProblem::NoSource);
        }
        for file in &mapping.files {
            if file.key.is_empty() {
                return Err(FileProblem::NoKey(file.name.clone()));
            }
            for map in file.maps_named() {
                if !mapping.maps.contains_key(&map) {
                    return Err(FileProblem::NoMap { file: file.name.clone(), map });
                }
            }
        }
        Ok(mapping)
    }

    /// The parts that take a file of this name; a file of refused rows is taken like the file it came from.
    pub(crate) fn parts_for(&self, file_name: &str) -> Vec<&FileMapping> {
        let original = file_name.replace(".refused.csv", ".csv");
        self.files.iter().filter(|file| file.name == file_name || file.name == original).collect()
    }
}

impl FileMapping {
    /// The columns that are read.
    pub(crate) fn columns(&self) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for source in self.sources() {
            columns.extend(source.column.iter().cloned());
            columns.extend(template_columns(source.template.as_deref().unwrap_or_default()));
        }
        columns.extend(self.key.iter().map(|part| part.column().to_owned()));
        columns.extend(self.require.keys().cloned());
        columns.extend(self.refuse.iter().map(|rule| rule.column.clone()));
        if let Some(stage) = &self.stage {
            columns.insert(stage.column.clone());
            columns.extend(stage.entered.iter().chain(&stage.closed).chain(&stage.reason).cloned());
        }
        columns
    }

    fn sources(&self) -> Vec<ValueSource> {
        let mut sources: Vec<ValueSource> = self.fields.values().map(FieldSource::detailed).collect();
        sources.extend(self.entry.iter().flat_map(|entry| entry.fields.values().map(FieldSource::detailed)));
        if let Some(line) = &self.line {
            sources.push(line.product.detailed());
            sources.extend(line.quantity.iter().chain(&line.unit_price).map(FieldSource::detailed));
        }
        sources
    }

    fn maps_named(&self) -> Vec<String> {
        let mut named: Vec<String> = self.sources().into_iter().filter_map(|source| source.map).collect();
        named.extend(self.key.iter().filter_map(|part| part.map().map(str::to_owned)));
        named
    }
}

/// The columns that a template names.
fn template_columns(template: &str) -> Vec<String> {
    let named = template.split('{').skip(1).filter_map(|part| part.split_once('}'));
    named.map(|(inside, _)| inside.split(':').next().unwrap_or(inside).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_names_its_mistakes() {
        let empty_key = "source = 's'\n[[file]]\nname = 'a.csv'\nmodule = 'account'\nkey = []\n";
        assert_eq!(Mapping::parse(empty_key).expect_err("refused"), FileProblem::NoKey("a.csv".to_owned()));
        let missing_map =
            "source = 's'\n[[file]]\nname = 'a.csv'\nmodule = 'account'\nkey = [{column='x', map='m'}]\n";
        assert!(Mapping::parse(missing_map).expect_err("refused").to_string().contains("[maps.m]"));
        assert!(Mapping::parse("source = 's'\nfiles = 3").is_err());
    }

    #[test]
    fn refused_rows_are_taken_like_their_file() {
        let text = "source = 's'\n[[file]]\nname = 'a.csv'\nmodule = 'account'\nkey = ['x']\n";
        let mapping = Mapping::parse(text).expect("good");
        assert_eq!(mapping.parts_for("a.refused.csv").len(), 1);
        assert_eq!(mapping.parts_for("b.csv").len(), 0);
    }
}
