//! What a form asks of the engine before anything is saved: reading one typed value, names to choose from, proposals.

use crate::commands::finder;
use crate::engine::Engine;
use crate::error::ClientError;
use crate::find::{self, Hit};
use crate::ids::record_id;
use crate::world::{self, StoreWorld};
use forsat_domain::command::proposed_name;
use forsat_domain::composite::reference_id;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::Life;
use forsat_domain::record::Scalar;
use forsat_domain::schema::display::{Locale, set_words};
use forsat_domain::schema::input::{Assignment, Input, ParseContext};
use forsat_domain::schema::{FieldKind, record_name};
use forsat_domain::world::World;
use forsat_domain::{Currency, text};
use forsat_store::Access;

/// A typed value as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadValue {
    /// The value in full, as a person reads it.
    pub text: String,
    /// The name of the record that a reference leads to.
    pub name: Option<String>,
}

/// A record to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Its name.
    pub name: String,
    /// Its short id, as far as it names it alone.
    pub id: String,
    /// The module's name.
    pub module: String,
}

impl Engine {
    /// Reads one typed value of a module's field as a save would; writes nothing.
    ///
    /// `currency` is that of amounts without a unit; none: the organisation's.
    pub fn read_value(
        &self,
        module: &str,
        field: &str,
        typed: &str,
        currency: Option<&str>,
        locale: &Locale,
    ) -> Result<ReadValue, ClientError> {
        let table = find::module(self.schema(), module)?;
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?;
        let find = finder(&tx, self.schema());
        let parse = ParseContext {
            today: world::today(world.settings(), self.ambient().now_ms()),
            currency: currency
                .and_then(|code| Currency::from_code(code).ok())
                .unwrap_or(world.settings().currency),
            settings: world.settings(),
            find: &find,
        };
        let Assignment { field, input } = table.assignment(field, typed, &parse)?;
        let (Input::Value(value) | Input::Add(value) | Input::Remove(value)) = input;
        let definition = table.field(&field);
        let text = definition.map_or_else(String::new, |field| match field.kind {
            FieldKind::References(_) | FieldKind::Tags => {
                set_words(field, value.as_text().unwrap_or_default().split(','), locale, &world)
            }
            FieldKind::Entries => match field.entry_value() {
                Some(entry) => entry.format(&value, locale, &world),
                None => String::new(),
            },
            _ => field.format(&value, locale, &world),
        });
        let name = reference_id(&value).and_then(|id| world.name(id));
        world.check()?;
        Ok(ReadValue { text, name })
    }

    /// Visible records of modules whose name holds every word of the text, folded; at most `limit`, in the order of
    /// names.
    pub fn suggest(
        &self,
        modules: &[String],
        words: &str,
        limit: usize,
    ) -> Result<Vec<Suggestion>, ClientError> {
        let tx = self.read()?;
        let folded = text::fold(words);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let mut found = Vec::new();
        for module in modules {
            for (name, id) in tx.names_beginning(module, "", usize::MAX)? {
                if found.len() >= limit {
                    return Ok(found);
                }
                if words.iter().all(|word| name.contains(word)) {
                    let hit = Hit { id: record_id(&id), module: module.clone() };
                    found.extend(self.suggestion(&tx, &hit)?);
                }
            }
        }
        Ok(found)
    }

    fn suggestion<A: Access>(
        &self,
        tx: &forsat_store::Tx<A>,
        hit: &Hit,
    ) -> Result<Option<Suggestion>, ClientError> {
        let state = self.state_of(tx, hit)?;
        if !Life::of(&state).is_visible() {
            return Ok(None);
        }
        let (id, prefix) = (encode_id(hit.id.as_bytes()), find::prefix_len(tx, hit.id)?);
        let id = id.get(..prefix).unwrap_or(&id).to_owned();
        Ok(Some(Suggestion { name: record_name(&state), id, module: hit.module.clone() }))
    }

    /// The name that the workspace's convention gives a deal.
    pub fn proposed_name(&self, account: &str, product: &str) -> Result<String, ClientError> {
        Ok(proposed_name(&self.settings()?, account, product))
    }

    /// A stored default in words, for the form that offers it.
    pub fn default_text(&self, module: &str, field: &str, locale: &Locale) -> Result<String, ClientError> {
        use forsat_domain::schema::DefaultValue;
        let table = find::module(self.schema(), module)?;
        let Some(field) = table.field(field) else { return Ok(String::new()) };
        let settings = self.settings()?;
        let value = match &field.default {
            DefaultValue::Value(value) => value.clone(),
            DefaultValue::Today => Scalar::text(self.today()?.to_string()),
            DefaultValue::OrganisationCurrency => Scalar::text(settings.currency.code()),
            DefaultValue::FirstStage => {
                let first = settings.stages.live().first().map(|stage| stage.id.clone());
                first.map_or(Scalar::Null, Scalar::Text)
            }
            DefaultValue::Creator => return Ok(self.status()?.user_name),
            DefaultValue::Empty | DefaultValue::NamingConvention => return Ok(String::new()),
        };
        self.with_world(|world| field.format(&value, locale, world))
    }
}
