//! The order of a list: nothing comes last, numbers by size, choices as their labels read, texts as a dictionary has them.

use super::select::Surroundings;
use crate::briefs::Brief;
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use forsat_domain::cells::Cell;
use forsat_domain::filter::{Known, find_field};
use forsat_domain::schema::{FieldDef, FieldKind, ModuleDef};
use forsat_domain::settings::Settings;
use forsat_domain::{Money, RecordId, canonical, collate};
use forsat_store::Access;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

/// The column of a module that a text means.
pub(super) fn column<'m>(table: &'m ModuleDef, name: &str) -> Result<&'m FieldDef, ClientError> {
    find_field(table, name).map_err(|problem| ArgumentError::Column(problem).into())
}

/// What a list is sorted by.
pub(super) struct Sorting<'m> {
    columns: Vec<Column<'m>>,
}

struct Column<'m> {
    field: &'m FieldDef,
    down: bool,
    /// Keys of the labels of choices, by id.
    labels: HashMap<String, SortKey>,
}

/// What records are compared by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SortKey {
    Number(Decimal),
    Text(Vec<u8>),
    Nothing,
}

impl SortKey {
    fn text(text: &str) -> SortKey {
        if text.is_empty() { SortKey::Nothing } else { SortKey::Text(collate::sort_key(text)) }
    }

    fn compare(&self, other: &SortKey, down: bool) -> Ordering {
        let order = match (self, other) {
            (SortKey::Number(left), SortKey::Number(right)) => left.cmp(right),
            (SortKey::Text(left), SortKey::Text(right)) => left.cmp(right),
            (SortKey::Number(_), SortKey::Text(_)) => Ordering::Less,
            (SortKey::Text(_), SortKey::Number(_)) => Ordering::Greater,
            (SortKey::Nothing, SortKey::Nothing) => return Ordering::Equal,
            (SortKey::Nothing, _) => return Ordering::Greater,
            (_, SortKey::Nothing) => return Ordering::Less,
        };
        if down { order.reverse() } else { order }
    }
}

impl<'m> Sorting<'m> {
    /// Reads columns such as `-amount,name`; by name when none is asked for.
    pub(super) fn read(
        engine: &Engine,
        settings: &Settings,
        table: &'m ModuleDef,
        asked: &[String],
    ) -> Result<Self, ClientError> {
        let names = asked.iter().flat_map(|sort| sort.split([',', '،'])).map(str::trim);
        let mut names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            names.push(&table.name_field);
        }
        let columns = names.into_iter().map(|name| {
            let (name, down) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name.trim_start_matches('+'), false),
            };
            let field = column(table, name)?;
            Ok(Column { field, down, labels: labels(engine, settings, field) })
        });
        Ok(Sorting { columns: columns.collect::<Result<_, ClientError>>()? })
    }

    /// The modules whose names it asks for.
    pub(super) fn references(&self) -> BTreeSet<String> {
        let kinds = self.columns.iter().map(|column| &column.field.kind);
        let modules = kinds.filter_map(|kind| match kind {
            FieldKind::Reference(module) | FieldKind::NamedReference(module) => Some(module.to_string()),
            _ => None,
        });
        modules.collect()
    }

    /// What a record is compared by.
    pub(super) fn keys<A: Access>(&self, brief: &Brief<'_>, known: &Surroundings<'_, '_, A>) -> Vec<SortKey> {
        self.columns.iter().map(|column| column.key(brief.cell(&column.field.name), known)).collect()
    }

    fn compare(&self, left: &[SortKey], right: &[SortKey]) -> Ordering {
        let pairs = self.columns.iter().zip(left).zip(right);
        let mut orders = pairs.map(|((column, left), right)| left.compare(right, column.down));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Sorts by keys; what is alike goes by id, so that every replica shows the same order.
pub(super) fn sort<T>(
    items: &mut [T],
    keys: impl Fn(&T) -> (&Vec<SortKey>, RecordId),
    sorting: &Sorting<'_>,
) {
    items.sort_unstable_by(|left, right| {
        let ((left, left_id), (right, right_id)) = (keys(left), keys(right));
        sorting.compare(left, right).then(left_id.cmp(&right_id))
    });
}

/// The keys of a field's choices: stages by their place, others by their labels.
fn labels(engine: &Engine, settings: &Settings, field: &FieldDef) -> HashMap<String, SortKey> {
    let language = engine.locale().language;
    match &field.kind {
        FieldKind::Stage => {
            let place = |id: &str| settings.stages.effective(id).map(|stage| stage.position.into());
            let stages = settings.stages.all();
            let keys =
                stages.filter_map(|stage| Some((stage.id.clone(), SortKey::Number(place(&stage.id)?))));
            keys.collect()
        }
        FieldKind::Choice(choices) => {
            let keys = choices.iter().map(|choice| (choice.slug.to_string(), choice.label.get(language)));
            keys.map(|(id, label)| (id, SortKey::text(label))).collect()
        }
        FieldKind::Setting(list) => {
            let items = settings.items(*list).iter();
            items.map(|item| (item.id.clone(), SortKey::text(item.label.get(language)))).collect()
        }
        _ => HashMap::new(),
    }
}

impl Column<'_> {
    fn key<A: Access>(&self, cell: &Cell<'_>, known: &Surroundings<'_, '_, A>) -> SortKey {
        match cell {
            Cell::Nothing => SortKey::Nothing,
            Cell::Bool(value) => SortKey::Number(i64::from(*value).into()),
            Cell::Int(number) => SortKey::Number((*number).into()),
            Cell::Money(money) => SortKey::Number(comparable(*money, known)),
            Cell::Reference { id, name } => match known.name(*id) {
                Some(current) => SortKey::text(&current),
                None => SortKey::text(name),
            },
            Cell::List(texts) => texts.first().map_or(SortKey::Nothing, |text| SortKey::text(text)),
            Cell::Text(text) => match &self.field.kind {
                FieldKind::Decimal { .. } | FieldKind::Quantity { .. } | FieldKind::Rate => {
                    canonical::parse_decimal(text).map_or(SortKey::Nothing, SortKey::Number)
                }
                // The stored form of a date is in the order of days.
                FieldKind::Date => SortKey::Text(text.as_bytes().to_vec()),
                FieldKind::Choice(_) | FieldKind::Setting(_) | FieldKind::Stage => {
                    self.labels.get(text.as_ref()).cloned().unwrap_or_else(|| SortKey::text(text))
                }
                _ => SortKey::text(text),
            },
        }
    }
}

/// An amount by its size: in the organisation's currency at today's rate, or as it is where there is no rate.
fn comparable<A: Access>(money: Money, known: &Surroundings<'_, '_, A>) -> Decimal {
    let settings = known.settings();
    let base = settings.rates.convert(money, settings.currency, known.today());
    base.map_or(money.value(), |base| base.value())
}
