//! The export: the records of a list, whole, as CSV or JSON lines.

use super::cell::{self, NAME_SUFFIX};
use super::content::Content;
use super::{ID_COLUMN, MODULE_COLUMN, VERSION_COLUMN, is_carried};
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use crate::find;
use crate::model::{ListQuery, json};
use crate::vault;
use crate::view::Viewer;
use crate::world::{self, StoreWorld};
use forsat_domain::composite::{
    Composite, NamedReference, StageEntry, heads_hex, read_typed_reference, reference_id,
};
use forsat_domain::opportunity::Deal;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{ACCOUNT, FieldDef, FieldKind, ModuleDef, OPPORTUNITY, USER};
use forsat_domain::world::World;
use forsat_domain::{MergeCode, Money, RecordId, canonical};
use forsat_store::Access;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Write;

/// The form of an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// CSV that Excel opens with Persian intact: UTF-8 with a byte order mark, RFC 4180.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What an export wrote.
#[derive(Clone, Debug, Serialize)]
pub struct ExportSummary {
    /// The module.
    pub module: String,
    /// How many records.
    pub records: u64,
    /// The form.
    pub format: ExportFormat,
}

impl Engine {
    /// Writes the records that a list holds, in its order; `query.columns` names the fields, none means every field.
    pub fn export(
        &self,
        module: &str,
        query: &ListQuery,
        format: ExportFormat,
        out: &mut dyn Write,
    ) -> Result<ExportSummary, ClientError> {
        let table = find::module(self.schema(), module)?;
        let fields = fields(table, &query.columns)?;
        let listed = ListQuery { columns: vec![ID_COLUMN.to_owned()], limit: query.limit, ..query.clone() };
        let ids = self.list(&table.name, &listed)?.rows.into_iter().map(|row| RecordId(row.id));
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?.with_module(USER)?;
        let world = if table.name == OPPORTUNITY { world.with_module(ACCOUNT)? } else { world };
        let today = world::today(world.settings(), self.ambient().now_ms());
        let viewer = Viewer { world: &world, schema: self.schema(), locale: self.locale(), today };
        let writer = Writer { viewer: &viewer, table, columns: columns(&fields), fields };
        let mut sink = Sink::begin(out, format, writer.header())?;
        let mut records = 0;
        for id in ids {
            // A record that another process has ended since the list was made has nothing to say.
            let Some(state) = vault::state(&tx, &table.name, id)? else { continue };
            let deal = viewer.deal(&state);
            match format {
                ExportFormat::Csv => sink.row(writer.row(&state, deal.as_ref()))?,
                ExportFormat::Jsonl => sink.object(&writer.object(&state, deal.as_ref()))?,
            }
            records += 1;
        }
        world.check()?;
        sink.finish()?;
        Ok(ExportSummary { module: table.name.to_string(), records, format })
    }
}

/// The fields asked for, in the schema's order where every one is.
fn fields<'m>(table: &'m ModuleDef, names: &[String]) -> Result<Vec<&'m FieldDef>, ClientError> {
    let is_exported =
        |field: &&FieldDef| is_carried(field) || (field.merge == MergeCode::D && field.is_shown());
    if names.is_empty() {
        return Ok(table.fields.iter().filter(is_exported).collect());
    }
    let one = |name: &String| {
        table.find_field(name).filter(is_exported).ok_or_else(|| {
            let known = table.fields.iter().filter(is_exported).map(|field| field.name.as_ref());
            let known = known.collect::<Vec<_>>().join(", ");
            ClientError::from(ArgumentError::NotExported {
                module: table.name.to_string(),
                field: name.clone(),
                known,
            })
        })
    };
    names.iter().map(one).collect()
}

/// One column: a field's value, or beside it the name that a person knows it by.
#[derive(Clone, Copy)]
enum Column<'m> {
    Value(&'m FieldDef),
    Name(&'m FieldDef),
}

fn columns<'m>(fields: &[&'m FieldDef]) -> Vec<Column<'m>> {
    let mut columns = Vec::new();
    for field in fields {
        columns.push(Column::Value(field));
        let is_named = matches!(
            field.kind,
            FieldKind::Reference(_)
                | FieldKind::NamedReference(_)
                | FieldKind::References(_)
                | FieldKind::Stage
        );
        if is_named {
            columns.push(Column::Name(field));
        }
    }
    columns
}

struct Writer<'w, 'v, 't, A: Access> {
    viewer: &'w Viewer<'v, 't, A>,
    table: &'w ModuleDef,
    fields: Vec<&'w FieldDef>,
    columns: Vec<Column<'w>>,
}

impl<A: Access> Writer<'_, '_, '_, A> {
    fn header(&self) -> Vec<String> {
        let named = self.columns.iter().map(|column| match column {
            Column::Value(field) => field.name.to_string(),
            Column::Name(field) => format!("{}{NAME_SUFFIX}", field.name),
        });
        [MODULE_COLUMN, ID_COLUMN, VERSION_COLUMN].into_iter().map(str::to_owned).chain(named).collect()
    }

    fn row(&self, state: &RecordState, deal: Option<&Deal>) -> Vec<String> {
        let first = [self.table.name.to_string(), state.id.0.to_string(), heads_hex(&state.heads).join(" ")];
        let cells = self.columns.iter().map(|column| match column {
            Column::Value(field) if field.merge == MergeCode::D => self.derived_cell(state, field, deal),
            Column::Value(field) => cell::to_cell(&Content::of(state, field), field),
            Column::Name(field) => self.name(state, field),
        });
        first.into_iter().chain(cells).collect()
    }

    fn derived_cell(&self, state: &RecordState, field: &FieldDef, deal: Option<&Deal>) -> String {
        let value = self.viewer.value(state, field, deal);
        match (Money::from_scalar(&value), value) {
            // A number that a spreadsheet can add up; its currency stands in the column of that name.
            (Some(money), _) => canonical::decimal_text(money.value()),
            (None, Scalar::Null) => String::new(),
            (None, Scalar::Bool(value)) => value.to_string(),
            (None, Scalar::Int(number)) => number.to_string(),
            (None, Scalar::Text(text)) => cell::guarded(&text),
        }
    }

    /// What a person calls the value of a field: the names of records, the label of a stage.
    fn name(&self, state: &RecordState, field: &FieldDef) -> String {
        let name = match &field.kind {
            FieldKind::References(_) => {
                let ids = state.set(&field.name).filter_map(|key| Some(read_typed_reference(key)?.1));
                let names: Vec<String> = ids.filter_map(|id| self.viewer.world.name(id)).collect();
                cell::joined(&names)
            }
            // The name of then is part of the value, and comes back with it.
            FieldKind::NamedReference(_) => NamedReference::from_scalar(field.winner(state))
                .map(|reference| reference.name)
                .unwrap_or_default(),
            FieldKind::Stage => {
                StageEntry::from_scalar(field.winner(state)).map_or_else(String::new, |entry| {
                    let stage = self.viewer.world.settings().stages.get(&entry.stage_id);
                    stage.map_or(entry.stage_id, |stage| {
                        stage.label.get(self.viewer.locale.language).to_owned()
                    })
                })
            }
            _ => {
                let target = reference_id(field.winner(state));
                target.and_then(|id| self.viewer.world.name(id)).unwrap_or_default()
            }
        };
        if name.is_empty() { name } else { cell::guarded(&name) }
    }

    fn object(&self, state: &RecordState, deal: Option<&Deal>) -> Value {
        let (mut stored, mut derived) = (Map::new(), Map::new());
        for field in &self.fields {
            if field.merge == MergeCode::D {
                let value = json(&self.viewer.value(state, field, deal));
                derived.insert(field.name.to_string(), value);
                continue;
            }
            let content = Content::of(state, field);
            if !content.is_empty() {
                stored.insert(field.name.to_string(), content.to_json(field));
            }
        }
        serde_json::json!({
            MODULE_COLUMN: self.table.name,
            ID_COLUMN: state.id.0,
            VERSION_COLUMN: heads_hex(&state.heads),
            "fields": stored,
            "derived": derived,
        })
    }
}

/// Where rows go.
enum Sink<'o> {
    Csv(Box<csv::Writer<&'o mut dyn Write>>),
    Lines(&'o mut dyn Write),
}

impl<'o> Sink<'o> {
    fn begin(out: &'o mut dyn Write, format: ExportFormat, header: Vec<String>) -> Result<Self, ClientError> {
        if format == ExportFormat::Jsonl {
            return Ok(Sink::Lines(out));
        }
        // Excel takes a file without the mark for one in the code page of the machine.
        out.write_all("\u{feff}".as_bytes()).map_err(failed)?;
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut sink = Sink::Csv(Box::new(writer));
        sink.row(header)?;
        Ok(sink)
    }

    fn row(&mut self, cells: Vec<String>) -> Result<(), ClientError> {
        match self {
            Sink::Csv(writer) => {
                writer.write_record(&cells).map_err(|error| failed(std::io::Error::other(error)))
            }
            Sink::Lines(_) => Ok(()),
        }
    }

    fn object(&mut self, object: &Value) -> Result<(), ClientError> {
        match self {
            Sink::Csv(_) => Ok(()),
            Sink::Lines(out) => writeln!(out, "{object}").map_err(failed),
        }
    }

    fn finish(self) -> Result<(), ClientError> {
        match self {
            Sink::Csv(mut writer) => writer.flush().map_err(failed),
            Sink::Lines(out) => out.flush().map_err(failed),
        }
    }
}

fn failed(source: std::io::Error) -> ClientError {
    ClientError::File { path: "the export".to_owned(), source }
}
