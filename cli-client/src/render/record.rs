//! How one record reads, and what a command saved.

use std::collections::BTreeMap;

use forsat_client::{DeletePreview, Engine, RecordView, Saved};
use forsat_domain::composite::reference_id;
use forsat_domain::opportunity::{Line, ProbabilitySource};
use forsat_domain::schema::display::{NOTHING, contact_words, set_words};
use forsat_domain::schema::{FieldDef, OPPORTUNITY};
use forsat_domain::{Currency, Deal, FieldKind, FieldState, MergeCode, Money, Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// Fields that are shown in the heading or by lines of their own.
const SHOWN_ELSEWHERE: &[&str] = &[
    "id",
    "module",
    "lifecycle",
    "merged_into",
    "dismissed_duplicates",
    "lines",
    "amount_mode",
    "manual_amount",
    "probability_override",
    "stage_history",
    "checks",
];

/// The lines of `show`.
pub fn lines(app: &App, engine: &Engine, view: &RecordView) -> Result<Vec<String>, CliError> {
    let today = engine.today()?;
    let lines = engine.with_world(|world| {
        let mut lines = vec![heading(app, view)];
        if let Some(survivor) = &view.merged_into {
            let (id, name) = (super::typed_id(&survivor.short, survivor.prefix), survivor.name.as_str());
            lines.push(paint(WARN, tr!(app.messages, "show-merged-into", name = name, id = id)));
        }
        let deal = (view.module == OPPORTUNITY).then(|| Deal::read(&view.state, world, today));
        lines.extend(fields(app, world, view));
        if let Some(deal) = &deal {
            lines.extend(derived(app, deal));
            lines.extend(line_items(app, deal));
            let checks = view.opportunity.as_ref().map(|deal| deal.checklist.as_slice());
            lines.extend(super::settings::deal_checks(app, checks.unwrap_or_default()));
        }
        for issue in &view.issues {
            lines.push(String::new());
            lines.extend(super::issue::with_world(app, world, issue));
        }
        lines
    })?;
    Ok(lines)
}

fn heading(app: &App, view: &RecordView) -> String {
    let mut parts = vec![
        super::id(&view.short, view.prefix),
        paint(STRONG, &view.name),
        paint(FAINT, super::module_label(app, &view.module)),
    ];
    match view.lifecycle.as_str() {
        "trashed" => parts.push(paint(BAD, tr!(app.messages, "show-trashed"))),
        "disputed" => parts.push(paint(WARN, tr!(app.messages, "show-disputed"))),
        _ => {}
    }
    if view.unsent > 0 {
        parts.push(paint(WARN, tr!(app.messages, "show-unsent", count = view.unsent)));
    }
    parts.join("  ")
}

/// A line for each field that holds something.
fn fields(app: &App, world: &dyn World, view: &RecordView) -> Vec<String> {
    let Some(module) = app.schema.module(&view.module) else {
        return Vec::new();
    };
    let shown = module
        .fields
        .iter()
        .filter(|field| field.merge != MergeCode::D && !SHOWN_ELSEWHERE.contains(&field.name.as_ref()));
    let rows: Vec<(String, String)> = shown
        .filter_map(|field| {
            let value = field_value(app, world, view, field)?;
            Some((field.label.get(app.locale.language()).to_owned(), value))
        })
        .collect();
    let width = rows
        .iter()
        .map(|(label, _)| unicode_width::UnicodeWidthStr::width(label.as_str()))
        .max()
        .unwrap_or(0);
    let pad = |label: &str| " ".repeat(width - unicode_width::UnicodeWidthStr::width(label));
    rows.iter().map(|(label, value)| format!("  {}{}  {value}", paint(FAINT, label), pad(label))).collect()
}

fn field_value(app: &App, world: &dyn World, view: &RecordView, field: &FieldDef) -> Option<String> {
    let text = match view.state.fields.get(field.name.as_ref())? {
        FieldState::Register(_) => register_text(app, world, field, field.winner(&view.state)),
        FieldState::Text(text) => text.clone(),
        FieldState::Set(keys) => set_words(field, keys.iter().map(String::as_str), &app.locale.values, world),
        FieldState::Map(entries) => entries
            .iter()
            .filter(|(_, entry)| forsat_domain::lifecycle::Presence::of(entry).is_kept())
            .map(|(key, entry)| match field.name.as_ref() {
                "contacts" => contact_words(key, entry, world),
                _ => entry_text(app, world, field, entry),
            })
            .collect::<Vec<_>>()
            .join(" · "),
        FieldState::Grow(_) => return None,
    };
    (!text.is_empty() && text != NOTHING).then_some(text)
}

/// A value; a reference to a record that is not on this device says so beside the name that it had.
fn register_text(app: &App, world: &dyn World, field: &FieldDef, value: &Scalar) -> String {
    let text = field.format(value, &app.locale.values, world);
    let refers = matches!(field.kind, FieldKind::Reference(_) | FieldKind::NamedReference(_));
    match reference_id(value).filter(|id| refers && world.record(*id).is_none()) {
        Some(_) => format!("{text} {}", paint(FAINT, tr!(app.messages, "show-not-here"))),
        None => text,
    }
}

/// The registers of an entry that say something, in the schema's order.
fn entry_text(app: &App, world: &dyn World, field: &FieldDef, entry: &forsat_domain::Entry) -> String {
    let parts = field.entries.iter().filter(|part| part.name != "removed" && part.merge != MergeCode::D);
    let texts = parts.map(|part| part.format(entry.winner(&part.name), &app.locale.values, world));
    texts.filter(|text| text != NOTHING).collect::<Vec<_>>().join(" ")
}

/// What a deal comes to: amount, probability, weighted amount.
fn derived(app: &App, deal: &Deal) -> Vec<String> {
    let amount = worth(app, deal.amount.worth);
    let probability = app.locale.values.percent(deal.probability.pct.into());
    let source = match deal.probability.source {
        ProbabilitySource::Override => tr!(app.messages, "show-by-hand"),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "  {}  {}   {}  {probability} {source}",
        paint(FAINT, tr!(app.messages, "pipeline-amount")),
        paint(STRONG, amount),
        paint(FAINT, tr!(app.messages, "show-probability")),
    )];
    if let Some(booked) = deal.stage.booked() {
        let booked = forsat_domain::Money::rounded(booked.amount, booked.currency);
        lines.push(format!(
            "  {}  {}",
            paint(FAINT, tr!(app.messages, "show-booked")),
            app.locale.money(booked)
        ));
    }
    lines
}

/// An amount, or why there is none.
pub fn worth(app: &App, worth: forsat_domain::opportunity::Worth) -> String {
    use forsat_domain::opportunity::Worth;
    match worth {
        Worth::Known(money) => app.locale.money(money),
        Worth::Empty => NOTHING.to_owned(),
        Worth::NoRate(currency) => tr!(app.messages, "show-no-rate", currency = currency.to_string()),
        Worth::Overflow => tr!(app.messages, "too-large"),
    }
}

fn line_items(app: &App, deal: &Deal) -> Option<String> {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        ("#".to_owned(), Align::End),
        (text("line-product"), Align::Start),
        (text("line-quantity"), Align::End),
        (text("line-price"), Align::End),
        (text("line-discount"), Align::End),
        (text("line-tax"), Align::End),
        (text("line-net"), Align::End),
    ];
    let rows: Vec<Vec<String>> =
        (1_usize..).zip(deal.amount.kept_lines()).map(|(number, line)| line_row(app, number, line)).collect();
    (!rows.is_empty()).then(|| table(&headings, rows, app.out.width()))
}

fn line_row(app: &App, number: usize, line: &Line) -> Vec<String> {
    let (discount, tax, net) = match &line.figures {
        Ok(figures) => {
            let nothing_off = figures.discount.is_zero();
            let discount = if nothing_off { NOTHING.to_owned() } else { app.locale.money(figures.discount) };
            let tax = if figures.tax.is_zero() { NOTHING.to_owned() } else { app.locale.money(figures.tax) };
            (discount, tax, app.locale.money(figures.net))
        }
        Err(_) => (NOTHING.to_owned(), NOTHING.to_owned(), paint(WARN, "?")),
    };
    let quantity = line.qty.map_or_else(|| NOTHING.to_owned(), |qty| app.locale.values.number(qty));
    vec![
        app.locale.digits(&number.to_string()),
        line.name.clone(),
        format!("{quantity} {}", line.unit).trim_end().to_owned(),
        line.unit_price.map_or_else(|| NOTHING.to_owned(), |price| app.locale.money(price)),
        discount,
        tax,
        net,
    ]
}

/// What a command that wrote says on standard error.
pub fn saved_lines(app: &App, saved: &Saved) -> Vec<String> {
    let mut lines: Vec<String> = saved
        .echoed
        .iter()
        .map(|(field, value)| format!("{} = {value}", super::field_label(app, &saved.module, field)))
        .collect();
    let id = super::typed_id(&saved.short, saved.prefix);
    lines.push(if saved.changed {
        tr!(app.messages, "saved", id = id, unsent = saved.unsent)
    } else {
        tr!(app.messages, "unchanged", id = id)
    });
    if saved.changed
        && let Some(last) = lines.last_mut()
    {
        *last = paint(GOOD, &last);
    }
    lines
}

/// What `delete` asks: how many records, and what hangs on them.
pub fn delete_question(app: &App, previews: &[DeletePreview]) -> String {
    let mut question = match previews {
        [one] => tr!(app.messages, "delete-one", name = one.name.as_str()),
        many => tr!(app.messages, "delete-many", count = many.len()),
    };
    let deals: u64 = previews.iter().map(|preview| preview.open_deals).sum();
    if deals > 0 {
        let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
        for sum in previews.iter().flat_map(open_sums) {
            let so_far = sums.entry(sum.currency()).or_insert(Money::zero(sum.currency()));
            // A sum that does not fit stays as it is: the question is asked all the same.
            *so_far = so_far.checked_add(sum).unwrap_or(*so_far);
        }
        let sums: Vec<String> = sums.values().map(|sum| app.locale.money(*sum)).collect();
        let sums = sums.join(" + ");
        question.push(' ');
        question.push_str(&tr!(app.messages, "delete-deals", count = deals, sums = sums));
    }
    question
}

fn open_sums(preview: &DeletePreview) -> impl Iterator<Item = Money> {
    preview.open_sums.iter().filter_map(|(code, sum)| {
        let value = forsat_domain::canonical::parse_decimal(sum).ok()?;
        Money::new(value, Currency::from_code(code).ok()?).ok()
    })
}

/// A stored value without a definition, as it is.
pub fn raw(value: &Scalar) -> String {
    match value {
        Scalar::Null => NOTHING.to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}
