//! Gives the words of a condition their meaning in a module.

use std::collections::BTreeSet;

use chrono::{NaiveTime, TimeZone};
use rust_decimal::Decimal;

use super::evaluate::{Known, Node, Row, Wanted};
use super::{Expr, FilterError, Operator, Problem, Test, Word};
use crate::currency::Currency;
use crate::date::{CivilDate, Tz, parse_date, parse_moment};
use crate::id::RecordId;
use crate::number::{NumberError, parse_money, parse_number, parse_percent};
use crate::record::Scalar;
use crate::schema::input::{Expected, Find, InputError, ParseContext, ReferenceError, pick};
use crate::schema::{ACTIVITY, FieldDef, FieldKind, LEAD, Label, ModuleDef, OPPORTUNITY, USER};
use crate::settings::{CUSTOM_PREFIX, Settings};
use crate::text::fold;

/// Basis points of one percent.
const PERCENT_BP: Decimal = Decimal::ONE_HUNDRED;

/// What the meaning of words depends on.
pub struct BindContext<'a> {
    /// The module whose records are asked.
    pub module: &'a ModuleDef,
    /// The settings, for stages, lists and the time zone.
    pub settings: &'a Settings,
    /// The organisation's current day.
    pub today: CivilDate,
    /// Who asks, for `me` and `mine`.
    pub user: Option<RecordId>,
    /// Finds the record that a reference names.
    pub find: &'a Find<'a>,
    /// Follows the aliases of merged duplicates.
    pub survivor: &'a dyn Fn(RecordId) -> RecordId,
}

/// A condition that can be asked of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    root: Node,
    references: BTreeSet<String>,
}

impl Filter {
    /// Reads the words of a condition as they are meant in a module.
    pub fn bind(expr: &Expr, ctx: &BindContext<'_>) -> Result<Self, FilterError> {
        let mut references = BTreeSet::new();
        let root = bind(expr, ctx, &mut references)?;
        Ok(Self { root, references })
    }

    /// Tells whether a record is taken; what can't be known isn't.
    pub fn takes(&self, row: &dyn Row, known: &dyn Known) -> bool {
        self.root.holds(row, known) == Some(true)
    }

    /// The modules whose records' aliases and names it asks for.
    pub fn references(&self) -> &BTreeSet<String> {
        &self.references
    }
}

fn bind(expr: &Expr, ctx: &BindContext<'_>, references: &mut BTreeSet<String>) -> Result<Node, FilterError> {
    let mut each =
        |parts: &[Expr]| parts.iter().map(|part| bind(part, ctx, references)).collect::<Result<Vec<_>, _>>();
    Ok(match expr {
        Expr::And(parts) => Node::All(each(parts)?),
        Expr::Or(parts) => Node::Any(each(parts)?),
        Expr::Not(inner) => Node::Not(Box::new(bind(inner, ctx, references)?)),
        Expr::Test(test) => bind_test(test, ctx, references)?,
    })
}

fn bind_test(
    test: &Test,
    ctx: &BindContext<'_>,
    references: &mut BTreeSet<String>,
) -> Result<Node, FilterError> {
    match test {
        Test::Open(word) if !matches!(ctx.module.name.as_ref(), OPPORTUNITY | LEAD | ACTIVITY) => {
            let module = ctx.module.name.to_string();
            Err(FilterError::new(word.at.clone(), Problem::NotOpen { module }))
        }
        Test::Open(_) => Ok(Node::Open),
        Test::Mine(word) => {
            let owner = field_of(ctx, &Word { text: "assigned_user_id".to_owned(), at: word.at.clone() })?;
            let me = Word { text: "me".to_owned(), at: word.at.clone() };
            node(ctx, owner, Operator::Is, &me, references)
        }
        Test::Empty { field } => Ok(Node::Empty(field_of(ctx, field)?.name.to_string())),
        Test::Compare { field, operator, value } => {
            node(ctx, field_of(ctx, field)?, *operator, value, references)
        }
        Test::In { field, values } => {
            let field = field_of(ctx, field)?;
            let nodes = values.iter().map(|value| node(ctx, field, Operator::Is, value, references));
            Ok(Node::Any(nodes.collect::<Result<_, _>>()?))
        }
    }
}

fn node(
    ctx: &BindContext<'_>,
    field: &FieldDef,
    operator: Operator,
    value: &Word,
    references: &mut BTreeSet<String>,
) -> Result<Node, FilterError> {
    let takes = operators(&field.kind);
    if !takes.allows(operator) {
        let problem = Problem::Operator {
            field: field.name.to_string(),
            operator: operator.sign(),
            known: takes.words(),
        };
        return Err(FilterError::new(value.at.clone(), problem));
    }
    if value.text.trim().is_empty() {
        let empty = Node::Empty(field.name.to_string());
        return Ok(if operator == Operator::IsNot { Node::Not(Box::new(empty)) } else { empty });
    }
    let wanted =
        wanted(ctx, field, operator, value).map_err(|problem| FilterError::new(value.at.clone(), problem))?;
    references.extend(referred(field));
    Ok(Node::Test { field: field.name.to_string(), operator, wanted })
}

/// The modules that a field's values lead to.
fn referred(field: &FieldDef) -> Vec<String> {
    match &field.kind {
        FieldKind::Reference(module)
        | FieldKind::NamedReference(module)
        | FieldKind::ReferenceSet(module) => {
            vec![module.to_string()]
        }
        FieldKind::References(modules) => modules.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Finds a field by its name, its option's name or its label in either language; a workspace's own also by its name
/// without the prefix.
pub fn find_field<'m>(module: &'m ModuleDef, text: &str) -> Result<&'m FieldDef, Problem> {
    let folded = fold(text);
    let key = folded.replace([' ', '-'], "_");
    let named = |field: &&FieldDef| field.name == key || field.name.strip_suffix("_id") == Some(&key);
    if let Some(field) = module.field(text).or_else(|| module.fields.iter().find(named)) {
        return Ok(field);
    }
    let says = |label: &Label| fold(&label.en) == folded || fold(&label.fa) == folded;
    let labelled: Vec<&FieldDef> = module.fields.iter().filter(|field| says(&field.label)).collect();
    let names =
        |fields: &[&FieldDef]| fields.iter().map(|field| field.name.as_ref()).collect::<Vec<_>>().join(", ");
    match labelled.as_slice() {
        [field] => Ok(field),
        [] => own_field(module, &key).ok_or_else(|| {
            let known: Vec<&FieldDef> = module.fields.iter().filter(|field| is_filtered(field)).collect();
            Problem::UnknownField {
                module: module.name.to_string(),
                field: text.to_owned(),
                known: names(&known),
            }
        }),
        several => Err(Problem::AmbiguousField { field: text.to_owned(), options: names(several) }),
    }
}

fn own_field<'m>(module: &'m ModuleDef, key: &str) -> Option<&'m FieldDef> {
    module.field(&format!("{CUSTOM_PREFIX}{key}"))
}

fn field_of<'c>(ctx: &BindContext<'c>, word: &Word) -> Result<&'c FieldDef, FilterError> {
    let found = find_field(ctx.module, &word.text).and_then(|field| match is_filtered(field) {
        true => Ok(field),
        false => Err(Problem::NotFiltered { field: field.name.to_string() }),
    });
    found.map_err(|problem| FilterError::new(word.at.clone(), problem))
}

/// Whether cells of a field say anything to a filter.
fn is_filtered(field: &FieldDef) -> bool {
    match field.kind {
        FieldKind::Composite | FieldKind::Position | FieldKind::Discount => false,
        FieldKind::Entries => field.entry_value().is_some(),
        _ => true,
    }
}

/// Which operators a kind takes.
#[derive(Clone, Copy)]
struct Takes {
    order: bool,
    part: bool,
}

impl Takes {
    fn allows(self, operator: Operator) -> bool {
        let is_part = matches!(operator, Operator::Holds | Operator::HoldsNot);
        (self.order || !operator.is_order()) && (self.part || !is_part)
    }

    fn words(self) -> &'static str {
        match (self.order, self.part) {
            (true, _) => "= != < <= > >=",
            (false, true) => "= != ~ !~",
            (false, false) => "= and !=",
        }
    }
}

fn operators(kind: &FieldKind) -> Takes {
    let order = matches!(
        kind,
        FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Quantity { .. }
            | FieldKind::Rate
            | FieldKind::Percent
            | FieldKind::TaxRate
            | FieldKind::Date
            | FieldKind::Timestamp
            | FieldKind::Moment
            | FieldKind::Money
    );
    Takes { order, part: !order && !matches!(kind, FieldKind::Bool | FieldKind::Currency) }
}

fn wanted(
    ctx: &BindContext<'_>,
    field: &FieldDef,
    operator: Operator,
    word: &Word,
) -> Result<Wanted, Problem> {
    let text = word.text.trim();
    let is_part = matches!(operator, Operator::Holds | Operator::HoldsNot);
    let name = || field.name.to_string();
    let number = |source| Problem::from(InputError::Number { field: name(), source });
    match &field.kind {
        FieldKind::Integer { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Quantity { .. }
        | FieldKind::Rate => parse_number(text).map(Wanted::Number).map_err(number),
        FieldKind::Percent => parse_percent(text).map(Wanted::Number).map_err(number),
        FieldKind::TaxRate => {
            let percent = parse_percent(text).map_err(number)?;
            let points = percent.checked_mul(PERCENT_BP);
            points.map(Wanted::Number).ok_or_else(|| number(NumberError::TooLong(text.to_owned())))
        }
        FieldKind::Money => match parse_number(text) {
            Ok(number) => Ok(Wanted::Number(number)),
            Err(_) => parse_money(text, ctx.settings.currency).map(Wanted::Money).map_err(number),
        },
        FieldKind::Date => day(ctx, field, text).map(Wanted::Date),
        FieldKind::Timestamp | FieldKind::Moment => span(ctx, field, text),
        FieldKind::Bool => truth(ctx, field, text),
        FieldKind::Currency => Currency::from_code(text)
            .map(|currency| Wanted::Text(fold(currency.code())))
            .map_err(|source| InputError::Currency { field: name(), source }.into()),
        FieldKind::Choice(_) | FieldKind::Setting(_) | FieldKind::Stage => {
            choices(ctx, field, text, is_part).map(Wanted::Choices)
        }
        FieldKind::Reference(_)
        | FieldKind::NamedReference(_)
        | FieldKind::ReferenceSet(_)
        | FieldKind::References(_) => match is_part {
            true => Ok(Wanted::NamePart(fold(text))),
            false => record(ctx, field, text).map(Wanted::Record),
        },
        _ => Ok(Wanted::Text(fold(text))),
    }
}

fn truth(ctx: &BindContext<'_>, field: &FieldDef, text: &str) -> Result<Wanted, Problem> {
    let parse = ParseContext {
        today: ctx.today,
        currency: ctx.settings.currency,
        settings: ctx.settings,
        find: ctx.find,
    };
    match field.parse(text, &parse) {
        Ok(Scalar::Bool(value)) => Ok(Wanted::Truth(value)),
        Ok(_) => Err(InputError::Range {
            field: field.name.to_string(),
            text: text.to_owned(),
            expected: Expected::YesNo,
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// The ids that a text chooses: one, or for a part of a label all that hold it. A stage stands for the archived ones
/// that it replaces.
fn choices(
    ctx: &BindContext<'_>,
    field: &FieldDef,
    text: &str,
    is_part: bool,
) -> Result<BTreeSet<String>, Problem> {
    let options = field.options(ctx.settings);
    let mut ids: BTreeSet<String> = if is_part {
        let part = fold(text);
        let holds = |(id, label): &(String, Label)| {
            id.contains(&part) || fold(&label.en).contains(&part) || fold(&label.fa).contains(&part)
        };
        options.iter().filter(|option| holds(option)).map(|(id, _)| id.clone()).collect()
    } else {
        BTreeSet::from([pick(text, &options, &field.name)?])
    };
    if field.kind == FieldKind::Stage {
        let stages = &ctx.settings.stages;
        let replaced = stages
            .all()
            .filter(|stage| stages.effective(&stage.id).is_some_and(|effective| ids.contains(&effective.id)));
        let replaced: Vec<String> = replaced.map(|stage| stage.id.clone()).collect();
        ids.extend(replaced);
    }
    Ok(ids)
}

/// The record that a text names: `me`, or what the field's own modules have under it.
fn record(ctx: &BindContext<'_>, field: &FieldDef, text: &str) -> Result<RecordId, Problem> {
    let modules = referred(field);
    let is_me = matches!(fold(text).as_str(), "me" | "من") && modules.iter().any(|module| module == USER);
    if let Some(user) = ctx.user.filter(|_| is_me) {
        return Ok((ctx.survivor)(user));
    }
    let named = text.split_once(':').filter(|(module, _)| modules.iter().any(|known| known == module.trim()));
    let found: Vec<_> = match named {
        Some((module, rest)) => vec![(ctx.find)(module.trim(), rest.trim())],
        None => modules.iter().map(|module| (ctx.find)(module, text)).collect(),
    };
    let hits: BTreeSet<RecordId> = found.iter().flatten().map(|(id, _)| (ctx.survivor)(*id)).collect();
    match (hits.len(), found.into_iter().find_map(Result::err)) {
        (1, _) => Ok(hits.into_iter().next().expect("one was counted")),
        (0, Some(source)) => Err(InputError::Reference { field: field.name.to_string(), source }.into()),
        (_, _) => {
            let options = modules.iter().map(|module| format!("\"{module}:{text}\"")).collect::<Vec<_>>();
            let source =
                ReferenceError::SeveralModules { text: text.to_owned(), options: options.join(", ") };
            Err(InputError::Reference { field: field.name.to_string(), source }.into())
        }
    }
}

fn day(ctx: &BindContext<'_>, field: &FieldDef, text: &str) -> Result<CivilDate, Problem> {
    let day = parse_date(text, ctx.today);
    day.map_err(|source| InputError::Date { field: field.name.to_string(), source }.into())
}

/// A day as its instants in the organisation's time zone, or the minute that is named.
fn span(ctx: &BindContext<'_>, field: &FieldDef, text: &str) -> Result<Wanted, Problem> {
    const MINUTE_MS: i64 = 60_000;
    let zone = ctx.settings.time_zone;
    if text.contains(':') {
        let begin = parse_moment(text, ctx.today, zone)
            .map_err(|source| InputError::Moment { field: field.name.to_string(), source })?;
        return Ok(Wanted::Span(begin, begin.saturating_add(MINUTE_MS)));
    }
    let day = day(ctx, field, text)?;
    let next = day.add_days(1).unwrap_or(day);
    Ok(Wanted::Span(day_begins(day, zone), day_begins(next, zone)))
}

/// The first instant of a day; clocks may skip its first hours.
fn day_begins(day: CivilDate, zone: Tz) -> i64 {
    let at = |hour| {
        let time = NaiveTime::from_hms_opt(hour, 0, 0)?;
        zone.from_local_datetime(&day.naive().and_time(time)).earliest()
    };
    (0..24).find_map(at).map_or(i64::MIN, |instant| instant.timestamp_millis())
}
