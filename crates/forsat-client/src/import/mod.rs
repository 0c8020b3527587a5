//! Import of CSV files by a mapping: each row becomes one record, whole or not at all.
//!
//! A file is planned as a whole, so that rows may refer to rows further down, and then written some hundred rows a
//! commit. Ids are derived from the source and the key, so a row that comes again finds its record; the cells that it
//! brought last time are kept on this device, and only those that differ now are written, unless someone has edited
//! the field since.

mod known;
mod mapping;
mod own;
mod plan;
mod reader;
mod reimport;
mod value;

pub(crate) use known::FORMER_WORKSPACES;
pub(crate) use reimport::forget_cells;

use crate::engine::Engine;
use crate::erased;
use crate::error::{ClientError, FileProblem, MappingReason, RowReason, UnknownField};
use crate::journal::JournalChange;
use crate::model::{FileSummary, ImportOptions, ImportProgress, ImportSummary};
use crate::turn::Turn;
use crate::world;
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::schema::{DefaultValue, ModuleDef};
use known::{Known, Taken};
use mapping::{FileMapping, Mapping};
use plan::{Cells, Planned, Planner, cells_of};
use reader::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use value::Reading;

/// The column of a file of refused rows that says why.
const REASON: &str = "reason";

impl Engine {
    /// Imports a file, or every file of a directory that the mapping names, in the mapping's order.
    ///
    /// Rows that can't be taken go to `<name>.refused.csv` with a column that says why; corrected there, they can be
    /// imported with the same mapping. The journal gets one entry, so that undo takes the whole import back.
    pub fn import(
        &self,
        file_or_dir: &Path,
        mapping: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(&ImportProgress),
    ) -> Result<ImportSummary, ClientError> {
        let mapping = Mapping::read(mapping)?;
        let parts = parts(&mapping, file_or_dir)?;
        let mut run = Run {
            engine: self,
            mapping: &mapping,
            options,
            progress,
            taken: BTreeMap::new(),
            changes: Vec::new(),
        };
        let mut summary = ImportSummary { dry_run: options.dry_run, ..ImportSummary::default() };
        let mut refused_files = RefusedFiles::default();
        for (path, part) in &parts {
            let done = run.file(path, part, &mut refused_files)?;
            summary.files.push(done);
        }
        if !options.dry_run {
            refused_files.write(options, &mut summary)?;
            let changes = run.changes;
            self.turn(|turn| turn.write_journal_of(&format!("import {}", file_or_dir.display()), changes))?;
        }
        summary.unsent = self.unsent()?;
        Ok(summary)
    }
}

/// The files to read with their parts of the mapping, in the mapping's order.
fn parts<'m>(mapping: &'m Mapping, path: &Path) -> Result<Vec<(PathBuf, &'m FileMapping)>, ClientError> {
    let wrong = |problem| ClientError::Import { file: path.display().to_string(), problem };
    if path.is_dir() {
        let parts = mapping.files.iter().map(|part| (path.join(&part.name), part));
        return Ok(parts.collect());
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let parts = mapping.parts_for(name);
    if parts.is_empty() {
        let known: BTreeSet<&str> = mapping.files.iter().map(|part| part.name.as_str()).collect();
        let known: Vec<&str> = known.into_iter().collect();
        return Err(wrong(FileProblem::NotMapped(known.join(", "))));
    }
    Ok(parts.into_iter().map(|part| (path.to_owned(), part)).collect())
}

struct Run<'a> {
    engine: &'a Engine,
    mapping: &'a Mapping,
    options: &'a ImportOptions,
    progress: &'a mut dyn FnMut(&ImportProgress),
    taken: BTreeMap<RecordId, Taken>,
    /// What was written so far, for undo.
    changes: Vec<JournalChange>,
}

/// The rows of a file as planned, and those that can't be taken with their reason.
struct FilePlan {
    planned: Vec<(usize, Planned)>,
    refused: Vec<(usize, RowReason)>,
}

impl Run<'_> {
    fn file(
        &mut self,
        path: &Path,
        part: &FileMapping,
        refused_files: &mut RefusedFiles,
    ) -> Result<FileSummary, ClientError> {
        let table = Table::read(path, self.mapping.encoding.as_deref(), self.mapping.delimiter)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let module = crate::find::module(self.engine.schema(), &part.module)?;
        check_columns(path, &table, part)?;
        check_fields(path, part, module)?;
        let plan = self.plan(&table, part, module)?;
        let mut summary = FileSummary {
            file: name,
            module: module.name.to_string(),
            rows: table.rows.len() as u64,
            ..FileSummary::default()
        };
        for (_, reason) in &plan.refused {
            summary.refuse(reason);
        }
        for (_, row) in &plan.planned {
            let taken = self.taken.entry(row.id).or_default();
            *taken = Taken { name: row.name.clone(), prices: row.prices.clone() };
            if let Some(stage) = &row.stage {
                *summary.by_stage.entry(stage.clone()).or_default() += 1;
            }
        }
        self.commit(&plan.planned, part, module, &mut summary)?;
        refused_files.add(path, table, &plan.refused);
        Ok(summary)
    }

    fn plan(&self, table: &Table, part: &FileMapping, module: &ModuleDef) -> Result<FilePlan, ClientError> {
        let tx = self.engine.read()?;
        let settings = world::settings(&tx)?;
        let now_ms = self.engine.ambient().now_ms();
        let known = Known::new(&tx, &self.mapping.source, &self.taken)?;
        let reading = Reading {
            settings: &settings,
            today: world::today(&settings, now_ms),
            date_order: self.mapping.date.as_deref(),
        };
        let planner = Planner { mapping: self.mapping, file: part, module, reading, known: &known, now_ms };
        let mut plan = FilePlan { planned: Vec::new(), refused: Vec::new() };
        let columns = part.columns();
        let mut first: BTreeMap<RecordId, Cells> = BTreeMap::new();
        for (at, row) in table.rows.iter().enumerate() {
            let cells = cells_of(table, row, &columns);
            match planner.plan(&cells) {
                Ok(row) if erased::is_erased(&tx, &crate::ids::document_id(row.id))? => {
                    plan.refused.push((at, RowReason::Erased));
                }
                Ok(row) if first.get(&row.id).is_some_and(|first| *first != cells) => {
                    plan.refused.push((at, MappingReason::DoubleKey.into()));
                }
                Ok(row) => {
                    first.entry(row.id).or_insert(cells);
                    plan.planned.push((at, row));
                }
                Err(reason) => plan.refused.push((at, reason)),
            }
        }
        second_pass(&mut plan, &part.module);
        Ok(plan)
    }

    fn commit(
        &mut self,
        planned: &[(usize, Planned)],
        part: &FileMapping,
        module: &ModuleDef,
        summary: &mut FileSummary,
    ) -> Result<(), ClientError> {
        let total = planned.len() as u64;
        let mut done = 0;
        for batch in planned.chunks(self.options.batch.max(1)) {
            (self.progress)(&ImportProgress { file: summary.file.clone(), done, total });
            let (counts, changes) = match self.options.dry_run {
                true => (self.try_batch(batch)?, Vec::new()),
                false => self.engine.turn(|turn| {
                    let counts = self.write_batch(turn, batch, part, module)?;
                    Ok((counts, turn.take_changes()))
                })?,
            };
            self.changes.extend(changes);
            counts.add_to(summary);
            done += batch.len() as u64;
        }
        (self.progress)(&ImportProgress { file: summary.file.clone(), done, total });
        Ok(())
    }

    fn try_batch(&self, batch: &[(usize, Planned)]) -> Result<Counts, ClientError> {
        let tx = self.engine.read()?;
        let mut counts = Counts::default();
        let mut seen = BTreeSet::new();
        for (_, row) in batch {
            let is_here = !seen.insert(row.id) || tx.document(&crate::ids::document_id(row.id))?.is_some();
            match is_here {
                false => counts.created += 1,
                true if reimport::former_cells(&tx, row.id)?.is_none_or(|cells| cells == row.cells) => {
                    counts.unchanged += 1;
                }
                true => counts.updated += 1,
            }
        }
        Ok(counts)
    }

    fn write_batch(
        &self,
        turn: &mut Turn<'_, '_, '_>,
        batch: &[(usize, Planned)],
        part: &FileMapping,
        module: &ModuleDef,
    ) -> Result<Counts, ClientError> {
        let mut counts = Counts::default();
        for (_, row) in batch {
            if turn.tx.document(&crate::ids::document_id(row.id))?.is_none() {
                let edits = with_owner(&row.edits, module, turn);
                turn.create(row.id, &module.name, &edits)?;
                reimport::keep_cells(turn.tx, row.id, &row.cells)?;
                counts.created += 1;
                continue;
            }
            let former = match reimport::former_cells(turn.tx, row.id)? {
                Some(cells) if cells == row.cells => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(cells) => self.plan_again(turn, &cells, part, module)?.map(|before| before.edits),
                // Another device imported it: what its first change says is what the row said then.
                None => Some(reimport::edits_at_creation(turn, row)?),
            };
            let written = reimport::write_changed(turn, row, &former.unwrap_or_default(), &module.name)?;
            counts.kept_local += written.kept_local;
            counts.updated += u64::from(written.is_changed);
            counts.unchanged += u64::from(!written.is_changed);
            reimport::keep_cells(turn.tx, row.id, &row.cells)?;
        }
        Ok(counts)
    }

    /// What the row became last time, as today's records have it; none where it couldn't be taken any more.
    fn plan_again(
        &self,
        turn: &Turn<'_, '_, '_>,
        cells: &Cells,
        part: &FileMapping,
        module: &ModuleDef,
    ) -> Result<Option<Planned>, ClientError> {
        let settings = world::settings(&*turn.tx)?;
        let known = Known::new(&*turn.tx, &self.mapping.source, &self.taken)?;
        let reading =
            Reading { settings: &settings, today: turn.today, date_order: self.mapping.date.as_deref() };
        let planner = Planner {
            mapping: self.mapping,
            file: part,
            module,
            reading,
            known: &known,
            now_ms: turn.now_ms,
        };
        Ok(planner.plan(cells).ok())
    }
}

/// Refuses rows that name a row of the same file which isn't taken, until none is left that does.
fn second_pass(plan: &mut FilePlan, module: &str) {
    loop {
        let taken: BTreeSet<RecordId> = plan.planned.iter().map(|(_, row)| row.id).collect();
        let mut dropped = Vec::new();
        plan.planned.retain(|(at, row)| match row.needs.iter().find(|(id, _)| !taken.contains(id)) {
            Some((_, said)) => {
                let (module, text) = (module.to_owned(), said.clone());
                dropped.push((*at, RowReason::NotImported { module, text }));
                false
            }
            None => true,
        });
        if dropped.is_empty() {
            return;
        }
        plan.refused.extend(dropped);
        plan.refused.sort_by_key(|(at, _)| *at);
    }
}

/// A record that names nobody as its owner belongs to whoever imports it.
fn with_owner(edits: &[Edit], module: &ModuleDef, turn: &Turn<'_, '_, '_>) -> Vec<Edit> {
    let mut edits = edits.to_vec();
    let creator = module.fields.iter().filter(|field| field.default == DefaultValue::Creator);
    for field in creator {
        if !edits.iter().any(|edit| edit.field() == field.name) {
            edits.push(Edit::set(field.name.as_ref(), turn.user.0.to_string()));
        }
    }
    edits
}

/// Refuses a file that lacks a column which the mapping reads, before any row is.
fn check_columns(path: &Path, table: &Table, part: &FileMapping) -> Result<(), ClientError> {
    let lacking: Vec<String> =
        part.columns().into_iter().filter(|name| table.column(name).is_none()).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ClientError::Import {
        file: path.display().to_string(),
        problem: FileProblem::LacksColumns(lacking.join(", ")),
    })
}

/// Refuses a mapping that names a field which the module doesn't have, or one field by two names.
fn check_fields(path: &Path, part: &FileMapping, module: &ModuleDef) -> Result<(), ClientError> {
    let wrong = |problem| ClientError::Import { file: path.display().to_string(), problem };
    let mut named: BTreeMap<&str, &String> = BTreeMap::new();
    for name in part.fields.keys() {
        let unknown = || wrong(FileProblem::UnknownField(UnknownField::of(module, name)));
        let field = module.find_field(name).ok_or_else(unknown)?;
        if let Some(other) = named.insert(&field.name, name) {
            let field = field.name.to_string();
            let (first, second) = (other.clone(), name.clone());
            return Err(wrong(FileProblem::FilledTwice { field, first, second }));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    created: u64,
    updated: u64,
    unchanged: u64,
    kept_local: u64,
}

impl Counts {
    fn add_to(&self, summary: &mut FileSummary) {
        summary.created += self.created;
        summary.updated += self.updated;
        summary.unchanged += self.unchanged;
        summary.kept_local += self.kept_local;
    }
}

/// The rows that were refused, by the file that they go to.
#[derive(Default)]
struct RefusedFiles {
    by_source: BTreeMap<PathBuf, RefusedFile>,
    lines: BTreeMap<PathBuf, Vec<String>>,
}

/// The rows of one file that were refused: its header, and by row number the cells and the reason.
#[derive(Default)]
struct RefusedFile {
    header: Vec<String>,
    rows: BTreeMap<usize, (Vec<String>, String)>,
}

impl RefusedFiles {
    fn add(&mut self, source: &Path, table: Table, refused: &[(usize, RowReason)]) {
        if refused.is_empty() {
            return;
        }
        let at = table.column(REASON);
        let without_reason = |cells: &[String]| -> Vec<String> {
            let kept = cells.iter().enumerate().filter(|(index, _)| Some(*index) != at);
            kept.map(|(_, cell)| cell.clone()).collect()
        };
        let header = without_reason(&table.header);
        let file = self.by_source.entry(source.to_owned()).or_default();
        file.header = header;
        for (row, reason) in refused {
            file.rows.entry(*row).or_insert_with(|| (without_reason(&table.rows[*row]), reason.to_string()));
        }
    }

    /// Adds lines of a JSON lines file, each with its reason.
    fn add_lines(&mut self, source: &Path, lines: Vec<String>) {
        if !lines.is_empty() {
            self.lines.insert(source.to_owned(), lines);
        }
    }

    /// Writes each file of refused rows, readable by office programs with Persian intact.
    fn write(&self, options: &ImportOptions, summary: &mut ImportSummary) -> Result<(), ClientError> {
        let tables = self.by_source.iter().map(|(source, file)| (source, "csv", refused_csv(file)));
        let lines = self
            .lines
            .iter()
            .map(|(source, lines)| (source, "jsonl", (lines.join("\n") + "\n").into_bytes()));
        for (source, ending, bytes) in tables.chain(lines) {
            let target = refused_path(source, ending, options);
            std::fs::write(&target, bytes)
                .map_err(|error| ClientError::File { path: target.display().to_string(), source: error })?;
            let name = source.file_name().map(|name| name.to_string_lossy().into_owned());
            for file in &mut summary.files {
                if Some(&file.file) == name.as_ref() && !file.refused.is_empty() {
                    file.refused_file = Some(target.display().to_string());
                }
            }
        }
        Ok(())
    }
}

fn refused_path(source: &Path, ending: &str, options: &ImportOptions) -> PathBuf {
    let stem = source.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = format!("{}.refused.{ending}", stem.trim_end_matches(".refused"));
    match &options.refused_dir {
        Some(dir) => dir.join(name),
        None => source.with_file_name(name),
    }
}

fn refused_csv(refused: &RefusedFile) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let mut write = |cells: &[String], last: &str| {
        let record = cells.iter().map(String::as_str).chain([last]);
        writer.write_record(record).expect("writing into memory can't fail");
    };
    write(&refused.header, REASON);
    for (cells, reason) in refused.rows.values() {
        write(cells, reason);
    }
    writer.into_inner().expect("writing into memory can't fail")
}
