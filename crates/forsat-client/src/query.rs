//! Queries on records: one in full, lists, search and issues. Each reads one moment of the store.

use crate::commands::{currency_of, finder};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::find::{self, Hit};
use crate::ids::{document_id, record_id};
use crate::model::{Found, IssueList, IssueView, ListPage, ListQuery, ListRow, RecordView, SideView, json};
use crate::view::{self, Viewer};
use crate::world::{self, StoreWorld, each_state};
use crate::{references, status, vault};
use forsat_domain::command::Refusal;
use forsat_domain::composite::reference_id;
use forsat_domain::id::{encode_id, unique_prefix_lens};
use forsat_domain::issue::{Issue, issues, issues_of_deal};
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::opportunity::{Deal, Standing};
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::input::ParseContext;
use forsat_domain::schema::{
    ACCOUNT, FieldDef, FieldKind, MergeCode, ModuleDef, OPPORTUNITY, USER, record_name,
};
use forsat_domain::world::World;
use forsat_domain::{RecordId, collate, text};
use forsat_store::{Access, ReadTx};
use std::cmp::Ordering;

/// Queries. `module` "record" (or empty) means any module.
impl Engine {
    /// The record in full.
    pub fn show(&self, module: &str, reference: &str) -> Result<RecordView, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve(&tx, self.schema(), module, reference)?;
        let state = self.state_of(&tx, &hit)?;
        let world = StoreWorld::new(&tx)?;
        let viewer = self.viewer(&world);
        let deal = viewer.deal(&state);
        let short = encode_id(hit.id.as_bytes());
        let (prefix, name) = (find::prefix_len(&tx, hit.id)?, self.name(&state));
        let found = issues(&state, self.schema(), &world, viewer.today);
        let unsent = tx.document(&document_id(hit.id))?.map_or(0, |row| row.counts.outbox);
        let view = RecordView {
            id: hit.id.0,
            issues: found
                .into_iter()
                .map(|issue| self.issue_view(&viewer, &state, deal.as_ref(), prefix, issue))
                .collect(),
            short,
            prefix,
            module: hit.module,
            name,
            merged_into: self.merged_into(&tx, &world, &state)?,
            lifecycle: view::life(Life::of(&state)).to_owned(),
            fields: viewer.fields(&state, deal.as_ref()),
            opportunity: deal.as_ref().map(|deal| viewer.opportunity(&state, deal)),
            unsent: unsent.into(),
            state,
        };
        world.check()?;
        Ok(view)
    }

    /// Records of a module.
    pub fn list(&self, module: &str, query: &ListQuery) -> Result<ListPage, ClientError> {
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        let world = StoreWorld::new(&tx)?.with_module(USER)?;
        let world = if table.name == OPPORTUNITY { world.with_module(ACCOUNT)? } else { world };
        let viewer = self.viewer(&world);
        let columns = columns(table, query)?;
        let filter = Filter::read(self, &tx, &world, table, query)?;
        let sorting = sorting(table, query)?;
        let mut ids = Vec::new();
        let mut matched = Vec::new();
        each_state(&tx, &table.name, &mut |state| {
            ids.push(*state.id.as_bytes());
            let deal = viewer.deal(&state);
            if filter.takes(&viewer, &state, deal.as_ref()) {
                matched.push((state, deal));
            }
        })?;
        sort(&viewer, &mut matched, &sorting);
        let total = matched.len();
        matched.truncate(query.limit.unwrap_or(usize::MAX));
        let prefixes = unique_prefix_lens(&ids, find::PREFIX_MIN);
        let rows = matched.iter().map(|(state, deal)| {
            let at = ids.binary_search(state.id.as_bytes()).expect("a row's id is among the ids of the rows");
            self.list_row(&viewer, &columns, state, deal.as_ref(), prefixes[at])
        });
        let page = ListPage {
            module: table.name.to_string(),
            rows: rows.collect(),
            columns: columns.iter().map(|field| field.name.to_string()).collect(),
            total,
        };
        world.check()?;
        Ok(page)
    }

    fn list_row<A: Access>(
        &self,
        viewer: &Viewer<'_, '_, A>,
        columns: &[&FieldDef],
        state: &RecordState,
        deal: Option<&Deal>,
        prefix: usize,
    ) -> ListRow {
        let values: Vec<Scalar> = columns.iter().map(|field| viewer.value(state, field, deal)).collect();
        let text = columns.iter().zip(&values).map(|(field, value)| viewer.words(state, field, value));
        let cell = |(field, value): (&&FieldDef, &Scalar)| {
            view::listed_json(state, field).unwrap_or_else(|| json(value))
        };
        let cells = columns.iter().zip(&values).map(cell);
        let found = match deal {
            Some(deal) => issues_of_deal(state, deal, self.schema(), viewer.world),
            None => issues(state, self.schema(), viewer.world, viewer.today),
        };
        ListRow {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix,
            name: self.name(state),
            text: text.collect(),
            cells: cells.collect(),
            issues: found.iter().filter(|issue| !issue.info_only).count(),
        }
    }

    /// Records whose name holds every word of the text, folded; at most `limit`.
    pub fn find(&self, words: &str, limit: usize) -> Result<Vec<Found>, ClientError> {
        let tx = self.read()?;
        let folded = text::fold(words);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let mut found = Vec::new();
        if words.is_empty() {
            return Ok(found);
        }
        for table in self.schema().modules() {
            for (name, id) in tx.names_beginning(&table.name, "", usize::MAX)? {
                if found.len() >= limit {
                    return Ok(found);
                }
                if !references::is_name(&name) || !words.iter().all(|word| name.contains(word)) {
                    continue;
                }
                let hit = Hit { id: record_id(&id), module: table.name.to_string() };
                let state = self.state_of(&tx, &hit)?;
                let away = lifecycle::merged_into(&state).is_some()
                    && lifecycle::is_superseded(&state, &StoreWorld::new(&tx)?);
                if Life::of(&state).is_visible() && !away {
                    found.push(self.found(&tx, hit, &state)?);
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn found(&self, tx: &ReadTx, hit: Hit, state: &RecordState) -> Result<Found, ClientError> {
        Ok(Found {
            id: hit.id.0,
            short: encode_id(hit.id.as_bytes()),
            prefix: find::prefix_len(tx, hit.id)?,
            module: hit.module,
            name: self.name(state),
        })
    }

    /// What someone has to decide or look at; `info` adds what is for information only.
    pub fn issues(&self, info: bool) -> Result<IssueList, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?.with_module(USER)?.with_module(ACCOUNT)?;
        let viewer = self.viewer(&world);
        let mut list = IssueList {
            issues: Vec::new(),
            sync: status::sync_issues(&tx)?,
            refused: status::refused(self, &tx)?,
        };
        for table in self.schema().modules() {
            let mut states = Vec::new();
            each_state(&tx, &table.name, &mut |state| {
                let found = issues(&state, self.schema(), &world, viewer.today);
                let found: Vec<Issue> = found.into_iter().filter(|issue| info || !issue.info_only).collect();
                if !found.is_empty() {
                    states.push((state, found));
                }
            })?;
            states.sort_by_cached_key(|(state, _)| (collate::sort_key(&self.name(state)), state.id));
            for (state, found) in states {
                let prefix = find::prefix_len(&tx, state.id)?;
                let deal = viewer.deal(&state);
                let views = found
                    .into_iter()
                    .map(|issue| self.issue_view(&viewer, &state, deal.as_ref(), prefix, issue));
                list.issues.extend(views);
            }
        }
        world.check()?;
        Ok(list)
    }

    pub(crate) fn viewer<'v, 't, A: Access>(&'v self, world: &'v StoreWorld<'t, A>) -> Viewer<'v, 't, A> {
        let today = world::today(world.settings(), self.ambient().now_ms());
        Viewer { world, schema: self.schema(), locale: self.locale(), today }
    }

    pub(crate) fn state_of<A: Access>(
        &self,
        tx: &forsat_store::Tx<A>,
        hit: &Hit,
    ) -> Result<RecordState, ClientError> {
        let missing = || ClientError::Damaged(format!("the row of {} {} is missing", hit.module, hit.id));
        vault::state(tx, &hit.module, hit.id)?.ok_or_else(missing)
    }

    pub(crate) fn name(&self, state: &RecordState) -> String {
        record_name(state)
    }

    fn issue_view<A: Access>(
        &self,
        viewer: &Viewer<'_, '_, A>,
        state: &RecordState,
        deal: Option<&Deal>,
        prefix: usize,
        issue: Issue,
    ) -> IssueView {
        let field = self.schema().field(&state.module, &issue.field);
        let sides = issue.sides.iter().enumerate().map(|(at, side)| SideView {
            take: at + 1,
            value: json(&side.value),
            field: side.field.clone(),
            text: match (
                side.amount,
                side.field.as_deref().map_or(field, |path| self.schema().field(&state.module, path)),
            ) {
                (Some(amount), _) => viewer.locale.money(amount),
                (None, Some(field)) => field.format(&side.value, viewer.locale, viewer.world),
                (None, None) => String::new(),
            },
            author: side.author.and_then(|author| viewer.user(author)),
            time_ms: side.time_ms.unwrap_or_default(),
        });
        IssueView {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix,
            module: state.module.clone(),
            name: self.name(state),
            sides: sides.collect(),
            amount: deal.and_then(|deal| deal.amount.worth.known()),
            issue,
        }
    }
}

fn columns<'m>(table: &'m ModuleDef, query: &ListQuery) -> Result<Vec<&'m FieldDef>, ClientError> {
    if query.columns.is_empty() {
        return Ok(table.list_columns.iter().filter_map(|name| table.field(name)).collect());
    }
    query.columns.iter().map(|name| column(table, name)).collect()
}

fn column<'m>(table: &'m ModuleDef, name: &str) -> Result<&'m FieldDef, ClientError> {
    view::column(table, name).ok_or_else(|| {
        let known: Vec<&str> = table.fields.iter().map(|field| field.name.as_ref()).collect();
        ClientError::Input(format!("{} has no column \"{name}\"; there are {}", table.name, known.join(", ")))
    })
}

/// Columns to sort by, each with whether it goes down; by name when none is asked for.
fn sorting<'m>(table: &'m ModuleDef, query: &ListQuery) -> Result<Vec<(&'m FieldDef, bool)>, ClientError> {
    if query.sort.is_empty() {
        return Ok(table.field(&table.name_field).map(|field| (field, false)).into_iter().collect());
    }
    let asked = query.sort.iter().flat_map(|sort| sort.split(','));
    asked
        .map(|name| match name.strip_prefix('-') {
            Some(name) => column(table, name).map(|field| (field, true)),
            None => column(table, name.trim_start_matches('+')).map(|field| (field, false)),
        })
        .collect()
}

/// What rows are compared by: nothing comes last, numbers by size, texts as a dictionary has them.
#[derive(Clone, Debug, PartialEq)]
enum SortKey {
    Number(rust_decimal::Decimal),
    Text(Vec<u8>),
    Nothing,
}

impl SortKey {
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

fn sort<A: Access>(
    viewer: &Viewer<'_, '_, A>,
    matched: &mut [(RecordState, Option<Deal>)],
    sorting: &[(&FieldDef, bool)],
) {
    matched.sort_by_cached_key(|(state, deal)| {
        let keys = sorting.iter().map(|(field, down)| (sort_key(viewer, state, field, deal.as_ref()), *down));
        SortRow { keys: keys.collect(), id: state.id }
    });
}

#[derive(PartialEq)]
struct SortRow {
    keys: Vec<(SortKey, bool)>,
    id: RecordId,
}

impl Eq for SortRow {}

impl PartialOrd for SortRow {
    fn partial_cmp(&self, other: &SortRow) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortRow {
    fn cmp(&self, other: &SortRow) -> Ordering {
        let pairs = self.keys.iter().zip(&other.keys);
        let mut orders = pairs.map(|((left, down), (right, _))| left.compare(right, *down));
        orders.find(|order| order.is_ne()).unwrap_or_else(|| self.id.cmp(&other.id))
    }
}

fn sort_key<A: Access>(
    viewer: &Viewer<'_, '_, A>,
    state: &RecordState,
    field: &FieldDef,
    deal: Option<&Deal>,
) -> SortKey {
    use forsat_domain::composite::Composite;
    let value = viewer.value(state, field, deal);
    match (&field.kind, &value) {
        (FieldKind::Money, value) => forsat_domain::Money::from_scalar(value)
            .map_or(SortKey::Nothing, |money| SortKey::Number(money.value())),
        (FieldKind::Quantity { .. } | FieldKind::Rate, Scalar::Text(text)) => {
            forsat_domain::canonical::parse_decimal(text).map_or(SortKey::Nothing, SortKey::Number)
        }
        (FieldKind::Stage, _) => match deal {
            Some(deal) => {
                let stage = viewer.world.settings().stages.effective(&deal.stage.stage_id);
                stage.map_or(SortKey::Nothing, |stage| SortKey::Number(stage.position.into()))
            }
            None => SortKey::Nothing,
        },
        (FieldKind::Date, Scalar::Text(text)) => SortKey::Text(text.clone().into_bytes()),
        (_, Scalar::Int(number)) => SortKey::Number((*number).into()),
        (_, Scalar::Bool(value)) => SortKey::Number(i64::from(*value).into()),
        _ => match viewer.words(state, field, &value) {
            words if words.is_empty() => SortKey::Nothing,
            words => SortKey::Text(collate::sort_key(&words)),
        },
    }
}

/// Which rows a list takes.
struct Filter<'m> {
    fields: Vec<(&'m FieldDef, Scalar, String)>,
    mine: Option<RecordId>,
    open: bool,
    trashed: bool,
}

impl<'m> Filter<'m> {
    fn read(
        engine: &Engine,
        tx: &ReadTx,
        world: &StoreWorld<'_, impl Access>,
        table: &'m ModuleDef,
        query: &ListQuery,
    ) -> Result<Filter<'m>, ClientError> {
        let find = finder(tx, engine.schema());
        let empty = RecordState::new(RecordId::from_bytes([0; 16]), table.name.as_ref());
        let parse = ParseContext {
            today: world::today(world.settings(), engine.ambient().now_ms()),
            currency: currency_of(&empty, world),
            settings: world.settings(),
            find: &find,
        };
        let mut fields = Vec::new();
        for asked in &query.filters {
            let field = column(table, &asked.name)?;
            let is_text =
                matches!(field.kind, FieldKind::Text { .. } | FieldKind::LongText | FieldKind::Tags);
            let value = if is_text || field.merge == MergeCode::D {
                Scalar::text(asked.value.trim())
            } else {
                field.parse(&asked.value, &parse).map_err(Refusal::from)?
            };
            fields.push((field, value, text::fold(&asked.value)));
        }
        let user = tx.identity()?.user.map(|user| RecordId(crate::ids::user_id(&user).0));
        Ok(Filter { fields, mine: user.filter(|_| query.mine), open: query.open, trashed: query.trashed })
    }

    fn takes<A: Access>(&self, viewer: &Viewer<'_, '_, A>, state: &RecordState, deal: Option<&Deal>) -> bool {
        if Life::of(state).is_visible() == self.trashed || lifecycle::is_superseded(state, viewer.world) {
            return false;
        }
        if self.open && deal.is_none_or(|deal| deal.stage.standing != Standing::Open) {
            return false;
        }
        if let Some(user) = self.mine {
            let owner = reference_id(state.winner("assigned_user_id"));
            if owner.map(|owner| lifecycle::surviving_id(owner, viewer.world)) != Some(user) {
                return false;
            }
        }
        self.fields
            .iter()
            .all(|(field, value, folded)| self.matches(viewer, state, deal, field, value, folded))
    }

    fn matches<A: Access>(
        &self,
        viewer: &Viewer<'_, '_, A>,
        state: &RecordState,
        deal: Option<&Deal>,
        field: &FieldDef,
        wanted: &Scalar,
        folded: &str,
    ) -> bool {
        let value = viewer.value(state, field, deal);
        match &field.kind {
            FieldKind::Stage => deal.is_some_and(|deal| wanted.as_text() == Some(&deal.stage.stage_id)),
            FieldKind::Reference(_) | FieldKind::NamedReference(_) => {
                reference_id(&value).is_some() && reference_id(&value) == reference_id(wanted)
            }
            FieldKind::Tags => state.set(&field.name).any(|tag| text::fold(tag) == folded),
            FieldKind::LongText => text::fold(state.text(&field.name)).contains(folded),
            FieldKind::Text { .. } => text::fold(value.as_text().unwrap_or_default()) == folded,
            _ if value == *wanted => true,
            _ => !value.is_blank() && text::fold(&viewer.words(state, field, &value)) == folded,
        }
    }
}
