//! How the day reads: overdue, due, to decide, and how the store stands with its relay.

use forsat_client::{DueItem, DueList, Engine, TodayIssues, TodayView};
use forsat_domain::issue::IssueCode;
use forsat_domain::schema::ACTIVITY;

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// The lines of `forsat` alone.
pub fn lines(app: &App, engine: &Engine, view: &TodayView) -> Result<Vec<String>, CliError> {
    let day = app.locale.values.date(view.today);
    let mut lines = vec![format!("{}  {day}", paint(STRONG, &view.user_name))];
    let lists = [("today-overdue", &view.overdue, BAD), ("today-due", &view.due, STRONG)];
    for (key, list, style) in lists.into_iter().filter(|(_, list, _)| list.total > 0) {
        lines.push(String::new());
        let count = app.locale.integer(list.total);
        lines.push(paint(style, app.messages.text(key, &[("count", count.into())])));
        lines.push(due_table(app, list));
        let rest = list.total.saturating_sub(list.items.len() as u64);
        if rest > 0 {
            lines.push(paint(FAINT, tr!(app.messages, "today-rest", count = app.locale.integer(rest))));
        }
    }
    if view.overdue.total + view.due.total == 0 {
        lines.push(tr!(app.messages, "today-nothing-due"));
    }
    lines.extend(issues(app, engine, &view.issues)?);
    lines.push(String::new());
    lines.push(standing(app, view));
    Ok(lines)
}

fn due_table(app: &App, list: &DueList) -> String {
    let headings = [
        ("id".to_owned(), Align::Start),
        (tr!(app.messages, "today-day"), Align::Start),
        (tr!(app.messages, "today-what"), Align::Start),
        (tr!(app.messages, "today-name"), Align::Start),
        (tr!(app.messages, "today-about"), Align::Start),
        (tr!(app.messages, "pipeline-amount"), Align::End),
    ];
    let rows = list.items.iter().map(|item| {
        vec![
            super::id(&item.short, item.prefix),
            item.starts_ms.map_or_else(|| app.locale.values.date(item.day), |start| app.locale.moment(start)),
            what(app, item),
            item.name.clone(),
            item.about.clone().unwrap_or_default(),
            item.amount.map_or_else(String::new, |amount| app.locale.money(amount)),
        ]
    });
    table(&headings, rows.collect(), app.out.width())
}

/// The activity's kind, or that a deal should close.
fn what(app: &App, item: &DueItem) -> String {
    let kind = item.kind.as_deref().filter(|_| item.module == ACTIVITY);
    let Some(kind) = kind else { return tr!(app.messages, "today-closes") };
    let field = app.schema.field(ACTIVITY, "kind");
    let choice = field.and_then(|field| match &field.kind {
        forsat_domain::FieldKind::Choice(choices) => choices.iter().find(|choice| choice.slug == kind),
        _ => None,
    });
    choice.map_or_else(|| kind.to_owned(), |choice| choice.label.get(app.locale.language()).to_owned())
}

/// How much there is to decide, and the first of it with the commands that end it.
fn issues(app: &App, engine: &Engine, issues: &TodayIssues) -> Result<Vec<String>, CliError> {
    if issues.total == 0 {
        return Ok(Vec::new());
    }
    let total = app.locale.integer(issues.total);
    let mut lines = vec![String::new(), paint(WARN, tr!(app.messages, "today-issues", count = total))];
    lines.extend(engine.with_world(|world| {
        let each = issues.first.iter().flat_map(|view| super::issue::with_world(app, world, view));
        each.collect::<Vec<_>>()
    })?);
    let shown = |code: IssueCode| issues.first.iter().filter(|view| view.issue.code == code).count() as u64;
    for code in IssueCode::all() {
        let count = issues.by_code.get(code.as_str()).copied().unwrap_or_default();
        if count > shown(code) {
            lines.push(super::issue::crowd_line(app, code, usize::try_from(count).unwrap_or(usize::MAX)));
        }
    }
    Ok(lines)
}

/// What is unsent, and when the store was last level with its relay.
fn standing(app: &App, view: &TodayView) -> String {
    let mut parts = vec![if view.unsent == 0 {
        paint(GOOD, tr!(app.messages, "status-all-sent"))
    } else {
        paint(WARN, tr!(app.messages, "status-unsent", count = app.locale.integer(view.unsent)))
    }];
    let wrong = view.refused + view.sync_issues;
    if wrong > 0 {
        parts.push(paint(BAD, tr!(app.messages, "sync-refused", count = app.locale.integer(wrong))));
    }
    if view.relay.is_none() {
        parts.push(paint(FAINT, tr!(app.messages, "today-no-relay")));
    } else {
        let at =
            view.synced_at_ms.map_or_else(|| tr!(app.messages, "status-never"), |at| app.locale.moment(at));
        parts.push(format!("{}: {at}", tr!(app.messages, "status-synced")));
    }
    parts.join(" · ")
}
