//! Reads files of our own export: CSV by its first columns, JSON lines by their keys.

use super::super::RefusedFiles;
use super::super::reader::{self, Table};
use crate::error::{ClientError, ExportReason, FileProblem, RowReason, UnknownField};
use crate::exchange::{
    Content, ID_COLUMN, MODULE_COLUMN, NAME_SUFFIX, VERSION_COLUMN, from_cell, is_carried,
};
use forsat_domain::MergeCode;
use forsat_domain::RecordId;
use forsat_domain::schema::{FieldDef, ModuleDef, Schema};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bytes of a file that are looked at to tell its form.
const HEAD_BYTES: usize = 4_096;
/// Heads that a version may name.
const HEADS_MAX: usize = 64;

/// One record as a file says it.
pub(super) struct Row {
    /// Its place in the file, from 0.
    pub at: usize,
    pub id: RecordId,
    /// The heads that it had when it was exported; empty where the file doesn't say.
    pub version: Vec<[u8; 32]>,
    /// What the file says of each field that it has.
    pub contents: BTreeMap<String, Content>,
}

/// A file of one module.
pub(super) struct OwnFile {
    path: PathBuf,
    pub module: String,
    pub rows: Vec<Row>,
    /// Rows that can't be read: place → reason.
    pub refused: BTreeMap<usize, RowReason>,
    source: Source,
}

/// The rows as they stand in the file, for those that are refused.
enum Source {
    Csv(Table),
    Lines(Vec<String>),
}

/// Tells whether a file is of our own form.
pub(super) fn is_own(path: &Path) -> Result<bool, ClientError> {
    use std::io::Read as _;
    let file_error = |source| ClientError::File { path: path.display().to_string(), source };
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(file_error)?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(file_error)?;
    Ok(is_own_text(&reader::decode_head(&head)))
}

fn is_own_text(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim_start_matches(['\u{feff}', '"', ' ']);
    line.starts_with(MODULE_COLUMN)
        || (line.starts_with('{') && line.contains(&format!("\"{MODULE_COLUMN}\"")))
}

impl OwnFile {
    /// Reads a file; what is wrong with one row refuses that row only.
    pub(super) fn read(path: &Path, schema: &Schema) -> Result<OwnFile, ClientError> {
        let wrong = |problem| ClientError::Import { file: path.display().to_string(), problem };
        let text = reader::read_text(path, None)?;
        if !is_own_text(&text) {
            return Err(wrong(FileProblem::NotAnExport(format!("{MODULE_COLUMN},{ID_COLUMN}"))));
        }
        let mut file = match text.trim_start_matches('\u{feff}').starts_with('{') {
            true => lines(path, &text, schema),
            false => csv(path, &text, schema),
        }
        .map_err(wrong)?;
        file.refuse_doubles();
        Ok(file)
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub(super) fn total(&self) -> usize {
        match &self.source {
            Source::Csv(table) => table.rows.len(),
            Source::Lines(lines) => lines.len(),
        }
    }

    /// The records that the file brings.
    pub(super) fn ids(&self) -> impl Iterator<Item = (RecordId, String)> {
        self.rows.iter().map(|row| (row.id, self.module.clone()))
    }

    fn refuse_doubles(&mut self) {
        let mut seen = BTreeSet::new();
        for row in &self.rows {
            if !seen.insert(row.id) {
                self.refused.insert(row.at, ExportReason::DoubleRecord.into());
            }
        }
    }

    /// Hands over the rows that were refused, as they stood in the file.
    pub(super) fn keep_refused(self, refused: &BTreeMap<usize, RowReason>, files: &mut RefusedFiles) {
        let refused: Vec<(usize, RowReason)> =
            refused.iter().map(|(at, reason)| (*at, reason.clone())).collect();
        match self.source {
            Source::Csv(table) => files.add(&self.path, table, &refused),
            Source::Lines(lines) => {
                let with_reason = |(at, reason): &(usize, RowReason)| {
                    let line = lines.get(*at)?;
                    let mut object: Value =
                        serde_json::from_str(line).unwrap_or_else(|_| line.as_str().into());
                    if let Some(fields) = object.as_object_mut() {
                        fields.insert(super::super::REASON.to_owned(), reason.to_string().into());
                    }
                    Some(object.to_string())
                };
                files.add_lines(&self.path, refused.iter().filter_map(with_reason).collect());
            }
        }
    }
}

/// The one module of a file.
fn module<'s>(schema: &'s Schema, name: &str) -> Result<&'s ModuleDef, FileProblem> {
    let unknown = || FileProblem::UnknownModule { column: MODULE_COLUMN, module: name.to_owned() };
    schema.module(name).ok_or_else(unknown)
}

/// What a column is read into; none for what is only for the reader.
struct Column<'s> {
    at: usize,
    field: &'s FieldDef,
    name: Option<usize>,
}

fn csv(path: &Path, text: &str, schema: &Schema) -> Result<OwnFile, FileProblem> {
    let table = Table::parse_as_is(text, reader::delimiter_of(text))?;
    let marker = table.column(MODULE_COLUMN).ok_or(FileProblem::NoColumn(MODULE_COLUMN))?;
    let id = table.column(ID_COLUMN).ok_or(FileProblem::NoColumn(ID_COLUMN))?;
    let first = table.rows.first().map(|row| row[marker].clone()).ok_or(FileProblem::NoRows)?;
    let table_of = module(schema, &first)?;
    let columns = columns(&table, table_of)?;
    let version = table.column(VERSION_COLUMN);
    let (mut rows, mut refused) = (Vec::new(), BTreeMap::new());
    for (at, cells) in table.rows.iter().enumerate() {
        let row = own_module(&cells[marker], &first).and_then(|()| {
            let mut contents = BTreeMap::new();
            for column in &columns {
                let name = column.name.map(|at| cells[at].as_str());
                let content = from_cell(column.field, &cells[column.at], name);
                let content = content.map_err(RowReason::within(&column.field.name))?;
                contents.insert(column.field.name.to_string(), content);
            }
            let version = version.map_or("", |at| cells[at].as_str());
            Ok(Row { at, id: record(&cells[id])?, version: heads(version.split(' ')), contents })
        });
        match row {
            Ok(row) => rows.push(row),
            Err(reason) => {
                refused.insert(at, reason);
            }
        }
    }
    Ok(OwnFile { path: path.to_owned(), module: first, rows, refused, source: Source::Csv(table) })
}

fn own_module(said: &str, first: &str) -> Result<(), RowReason> {
    if said == first {
        Ok(())
    } else {
        let (said, first) = (said.to_owned(), first.to_owned());
        Err(ExportReason::OtherModule { column: MODULE_COLUMN, said, first }.into())
    }
}

fn columns<'s>(table: &Table, module: &'s ModuleDef) -> Result<Vec<Column<'s>>, FileProblem> {
    let mut columns = Vec::new();
    for (at, header) in table.header.iter().enumerate() {
        let is_frame =
            [MODULE_COLUMN, ID_COLUMN, VERSION_COLUMN, super::super::REASON, ""].contains(&header.as_str());
        if is_frame || header.strip_suffix(NAME_SUFFIX).is_some_and(|field| module.field(field).is_some()) {
            continue;
        }
        let unknown = || FileProblem::UnknownField(UnknownField::of(module, header));
        let field = module.field(header).ok_or_else(unknown)?;
        if field.merge != MergeCode::D && is_carried(field) {
            columns.push(Column { at, field, name: table.column(&format!("{header}{NAME_SUFFIX}")) });
        }
    }
    Ok(columns)
}

fn lines(path: &Path, text: &str, schema: &Schema) -> Result<OwnFile, FileProblem> {
    let lines: Vec<String> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    let first: Value =
        serde_json::from_str(&lines[0]).map_err(|error| FileProblem::NotJson(error.to_string()))?;
    let name = first[MODULE_COLUMN].as_str().unwrap_or_default().to_owned();
    let table = module(schema, &name)?;
    let (mut rows, mut refused) = (Vec::new(), BTreeMap::new());
    for (at, line) in lines.iter().enumerate() {
        match object(at, line, table) {
            Ok(row) => rows.push(row),
            Err(reason) => {
                refused.insert(at, reason);
            }
        }
    }
    Ok(OwnFile { path: path.to_owned(), module: name, rows, refused, source: Source::Lines(lines) })
}

fn object(at: usize, line: &str, module: &ModuleDef) -> Result<Row, RowReason> {
    let value: Value =
        serde_json::from_str(line).map_err(|error| ExportReason::NotJson(error.to_string()))?;
    own_module(value[MODULE_COLUMN].as_str().unwrap_or_default(), &module.name)?;
    let id = record(value[ID_COLUMN].as_str().unwrap_or_default())?;
    let said = value["fields"].as_object().ok_or(ExportReason::NoFields)?;
    let mut contents = BTreeMap::new();
    for (name, value) in said {
        let field = module.field(name).filter(|field| is_carried(field));
        let unknown = || ExportReason::UnknownField(UnknownField::of(module, name));
        let field = field.ok_or_else(unknown)?;
        let content = Content::from_json(field, value).map_err(RowReason::within(name))?;
        contents.insert(name.clone(), content);
    }
    let version = value[VERSION_COLUMN].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(Row { at, id, version: heads(version), contents })
}

fn record(text: &str) -> Result<RecordId, RowReason> {
    let unreadable = |_| ExportReason::RecordId { text: text.to_owned(), column: ID_COLUMN }.into();
    text.trim().parse().map_err(unreadable)
}

/// Heads by their hex; a version that can't be read says nothing.
fn heads<'t>(spelled: impl Iterator<Item = &'t str>) -> Vec<[u8; 32]> {
    let read = |text: &str| hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let heads: Option<Vec<_>> = spelled.filter(|text| !text.is_empty()).take(HEADS_MAX).map(read).collect();
    heads.unwrap_or_default()
}
