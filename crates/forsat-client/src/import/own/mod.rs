//! Import of our own export: rows that say which record they are, and which version of it was exported.
//!
//! A cell counts as changed in the file where it differs from what the record said when it was exported. Changed cells
//! are written unless someone has edited the same place since; then the newer edit stays and is counted. A record that
//! isn't here is made, with its id and all that the file says of it.

mod change;
mod check;
mod file;
mod row;

use super::{Counts, RefusedFiles};
use crate::engine::Engine;
use crate::error::{ClientError, RowReason};
use crate::journal::JournalChange;
use crate::model::{FileSummary, ImportOptions, ImportProgress, ImportSummary};
use crate::turn::Turn;
use file::{OwnFile, Row};
use forsat_domain::RecordId;
use forsat_store::{Access, Tx};
use row::{Planner, Work};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The order in which modules of a folder are taken, so that what is referred to comes first.
const ORDER: &[&str] = &[
    "user",
    "settings",
    "product",
    "campaign",
    "lead",
    "account",
    "contact",
    "opportunity",
    "activity",
    "filter",
];

impl Engine {
    /// Tells whether a file is of the form that [`Engine::export`] writes; of a folder, whether it holds such files.
    pub fn is_export(&self, path: &Path) -> Result<bool, ClientError> {
        if path.is_dir() {
            return Ok(!own_files(path)?.is_empty());
        }
        file::is_own(path)
    }

    /// Imports a file that [`Engine::export`] wrote, or every such file of a folder.
    ///
    /// Rows that can't be taken go to `<name>.refused.csv` (or `.jsonl`) with the reason.
    pub fn import_export(
        &self,
        path: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(&ImportProgress),
    ) -> Result<ImportSummary, ClientError> {
        let paths = if path.is_dir() { own_files(path)? } else { vec![path.to_owned()] };
        let mut files = Vec::new();
        for path in paths {
            files.push(OwnFile::read(&path, self.schema())?);
        }
        files.sort_by_key(|file| {
            ORDER.iter().position(|module| *module == file.module).unwrap_or(ORDER.len())
        });
        let mut run = Run { engine: self, options, progress, in_files: BTreeMap::new(), changes: Vec::new() };
        run.in_files.extend(files.iter().flat_map(OwnFile::ids));
        let mut summary = ImportSummary { dry_run: options.dry_run, ..ImportSummary::default() };
        let mut refused = RefusedFiles::default();
        for file in files {
            let done = run.file(file, &mut refused)?;
            summary.files.push(done);
        }
        if !options.dry_run {
            refused.write(options, &mut summary)?;
            let changes = run.changes;
            self.turn(|turn| turn.write_journal_of(&format!("import {}", path.display()), changes))?;
        }
        summary.unsent = self.unsent()?;
        Ok(summary)
    }
}

fn own_files(folder: &Path) -> Result<Vec<PathBuf>, ClientError> {
    let file_error = |source| ClientError::File { path: folder.display().to_string(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file_error)? {
        let path = entry.map_err(file_error)?.path();
        let is_data = path.extension().is_some_and(|end| end == "csv" || end == "jsonl");
        let is_refused = path.to_string_lossy().contains(".refused.");
        if is_data && !is_refused && file::is_own(&path)? {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

struct Run<'a> {
    engine: &'a Engine,
    options: &'a ImportOptions,
    progress: &'a mut dyn FnMut(&ImportProgress),
    /// The records that the files bring, with their modules.
    in_files: BTreeMap<RecordId, String>,
    changes: Vec<JournalChange>,
}

impl Run<'_> {
    fn file(&mut self, file: OwnFile, refused_files: &mut RefusedFiles) -> Result<FileSummary, ClientError> {
        let mut summary = FileSummary {
            file: file.name(),
            module: file.module.clone(),
            rows: file.total() as u64,
            ..FileSummary::default()
        };
        let mut refused = file.refused.clone();
        self.leave_out(&refused, &file);
        let tried = self.try_rows(&file, &mut refused)?;
        if self.options.dry_run {
            tried.add_to(&mut summary);
        } else {
            let rows: Vec<&Row> = file.rows.iter().filter(|row| !refused.contains_key(&row.at)).collect();
            self.write(&rows, &file.module, &mut summary, &mut refused)?;
        }
        for reason in refused.values() {
            summary.refuse(reason);
        }
        file.keep_refused(&refused, refused_files);
        Ok(summary)
    }

    /// Plans every row; refuses what names a refused row, until no row does.
    fn try_rows(
        &mut self,
        file: &OwnFile,
        refused: &mut BTreeMap<usize, RowReason>,
    ) -> Result<Counts, ClientError> {
        let tx = self.engine.read()?;
        loop {
            let known = refused.len();
            let mut counts = Counts::default();
            {
                let planner = Planner::new(self.engine, &tx, &self.in_files)?;
                for row in &file.rows {
                    if refused.contains_key(&row.at) {
                        continue;
                    }
                    match planner.plan(row, &file.module)? {
                        Ok(work) => work.count(&mut counts),
                        Err(reason) => {
                            refused.insert(row.at, reason);
                        }
                    }
                }
                planner.check()?;
            }
            if refused.len() == known {
                return Ok(counts);
            }
            self.leave_out(refused, file);
        }
    }

    /// Forgets refused rows that would have made records: nothing may point at them.
    fn leave_out(&mut self, refused: &BTreeMap<usize, RowReason>, file: &OwnFile) {
        let rows = file.rows.iter().filter(|row| refused.contains_key(&row.at));
        for row in rows {
            self.in_files.remove(&row.id);
        }
    }

    fn write(
        &mut self,
        rows: &[&Row],
        module: &str,
        summary: &mut FileSummary,
        refused: &mut BTreeMap<usize, RowReason>,
    ) -> Result<(), ClientError> {
        let total = rows.len() as u64;
        let mut done = 0;
        for batch in rows.chunks(self.options.batch.max(1)) {
            (self.progress)(&ImportProgress { file: summary.file.clone(), done, total });
            let (counts, changes) = self.engine.turn(|turn| {
                let counts = write_batch(turn, batch, module, &self.in_files, refused)?;
                Ok((counts, turn.take_changes()))
            })?;
            self.changes.extend(changes);
            counts.add_to(summary);
            done += batch.len() as u64;
        }
        (self.progress)(&ImportProgress { file: summary.file.clone(), done, total });
        Ok(())
    }
}

fn write_batch(
    turn: &mut Turn<'_, '_, '_>,
    batch: &[&Row],
    module: &str,
    in_files: &BTreeMap<RecordId, String>,
    refused: &mut BTreeMap<usize, RowReason>,
) -> Result<Counts, ClientError> {
    let mut counts = Counts::default();
    let works = {
        let planner = Planner::new(turn.engine, &*turn.tx, in_files)?;
        let works = batch.iter().map(|row| Ok((*row, planner.plan(row, module)?)));
        let works = works.collect::<Result<Vec<_>, ClientError>>()?;
        planner.check()?;
        works
    };
    for (row, work) in works {
        match work {
            Ok(work) => {
                work.count(&mut counts);
                match work {
                    Work::Create(edits) => {
                        turn.create(row.id, module, &edits)?;
                    }
                    Work::Update { edits, .. } => {
                        turn.edit(row.id, &edits)?;
                    }
                    Work::Nothing { .. } => {}
                }
            }
            Err(reason) => {
                refused.insert(row.at, reason);
            }
        }
    }
    Ok(counts)
}

/// Whether a record of a module is here, or comes with the files.
fn is_known<A: Access>(
    tx: &Tx<A>,
    in_files: &BTreeMap<RecordId, String>,
    modules: &BTreeSet<&str>,
    id: RecordId,
) -> Result<bool, ClientError> {
    if let Some(module) = in_files.get(&id) {
        return Ok(modules.contains(module.as_str()));
    }
    let row = tx.document(&crate::ids::document_id(id))?;
    Ok(row.and_then(|row| row.module).is_some_and(|module| modules.contains(module.as_str())))
}
