//! `add` as a form: in a terminal what is missing is asked for; elsewhere nothing ever is.

use forsat_client::{Engine, FieldInput};
use forsat_domain::schema::display::NOTHING;
use forsat_domain::schema::{
    ACCOUNT, DefaultValue, FieldDef, FieldKind, ModuleDef, OPPORTUNITY, PRODUCT, naming,
};

use super::record::saved;
use crate::app::App;
use crate::ask::{self, Keys, Line};
use crate::drafts::{Draft, Drafts};
use crate::error::{CliError, Place};
use crate::i18n::{errors, tr};
use crate::output::{BAD, FAINT, paint};

/// Adds a record; asks for what is missing where a person sits at a terminal.
pub fn add(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    given: Vec<FieldInput>,
    space: Option<String>,
) -> Result<(), CliError> {
    if !app.out.is_interactive() || !is_incomplete(module, &given) {
        return saved(app, engine.create_in(&module.name, &given, space.as_deref())?);
    }
    let drafts = Drafts::of(&app.store_dir()?);
    let mut draft = drafts.begin(&module.name, app.ambient.now_ms()).map_err(unusable)?;
    draft.space = space;
    for input in &given {
        let name = module.find_field(&input.name).map_or(input.name.clone(), |field| field.name.to_string());
        draft.set(&name, &input.value);
    }
    fill(app, engine, module, draft)
}

/// Asks for the rest of a draft and saves the record; whatever ends it early, the draft stays.
pub fn fill(app: &mut App, engine: &Engine, module: &ModuleDef, draft: Draft) -> Result<(), CliError> {
    let drafts = Drafts::of(&app.store_dir()?);
    let number = draft.number;
    let mut form = Form { app, engine, module, drafts: &drafts, draft };
    let keys = Keys::keep();
    let outcome = form.run();
    drop(keys);
    let typed = !form.draft.fields.is_empty();
    match outcome {
        Ok(answer) => {
            drafts.remove(number).map_err(unusable)?;
            saved(app, answer)
        }
        Err(error) => {
            if typed {
                drafts.save(&form.draft).map_err(unusable)?;
                app.out.note(tr!(
                    app.messages,
                    "draft-kept",
                    number = app.locale.integer(number),
                    typed = number.to_string()
                ));
            }
            Err(error)
        }
    }
}

/// Whether a form would have something to ask.
pub fn is_incomplete(module: &ModuleDef, given: &[FieldInput]) -> bool {
    let has = |name: &str| {
        given.iter().any(|input| {
            !input.value.is_empty() && module.find_field(&input.name).is_some_and(|field| field.name == name)
        })
    };
    let required = module.fields.iter().any(|field| is_asked(field) && !has(&field.name));
    let named = naming(&module.name).iter().any(|fields| fields.iter().any(|field| has(field)));
    let by_convention =
        module.field(&module.name_field).is_some_and(|field| field.default == DefaultValue::NamingConvention);
    required || !(named || by_convention)
}

/// Whether a form asks for a field first: it is required and nothing stands in for it.
fn is_asked(field: &FieldDef) -> bool {
    field.required
        && field.is_settable()
        && field.default == DefaultValue::Empty
        && field.name != "amount_mode"
}

fn unusable(source: std::io::Error) -> CliError {
    CliError::Io { what: Place::Drafts, source }
}

/// A form that is being filled.
struct Form<'a> {
    app: &'a mut App,
    engine: &'a Engine,
    module: &'a ModuleDef,
    drafts: &'a Drafts,
    draft: Draft,
}

impl Form<'_> {
    fn run(&mut self) -> Result<forsat_client::Saved, CliError> {
        self.keep()?;
        if self.module.name == OPPORTUNITY {
            self.deal()?;
        }
        let module = self.module;
        for field in module.fields.iter().filter(|field| is_asked(field)) {
            if self.draft.value(&field.name).is_none() {
                self.ask(field, true)?;
            }
        }
        self.names()?;
        self.more()?;
        let space = self.draft.space.as_deref();
        Ok(self.engine.create_in(&self.module.name, &self.draft.inputs(), space)?)
    }

    /// The account and the product come before the name that is proposed from them.
    fn deal(&mut self) -> Result<(), CliError> {
        let module = self.module;
        let field = |name: &str| module.field(name);
        if let Some(account) = field("account_id").filter(|_| self.draft.value("account_id").is_none()) {
            self.ask(account, true)?;
        }
        // A draft that has its name has been asked for the product before.
        if self.draft.value("product").is_none() && self.draft.value("name").is_none() {
            self.product()?;
        }
        if let Some(name) = field("name").filter(|_| self.draft.value("name").is_none()) {
            let account = self.record_name(ACCOUNT, "account_id")?;
            let product = self.record_name(PRODUCT, "product")?;
            let proposed = self.engine.proposed_name(&account, &product)?;
            self.ask_with(name, true, &proposed)?;
        }
        let priced = self.draft.value("product").is_some() || self.draft.value("amount").is_some();
        if let Some(amount) = field("amount").filter(|_| !priced) {
            self.ask(amount, false)?;
        }
        Ok(())
    }

    fn product(&mut self) -> Result<(), CliError> {
        let label =
            self.app.schema.module(PRODUCT).map(|module| module.label.get(self.app.locale.language()));
        let label = self.optional_label(label.unwrap_or(PRODUCT));
        let names_of = vec![PRODUCT.to_owned()];
        let mut typed = String::new();
        loop {
            let help = tr!(self.app.messages, "ask-name-help");
            let asked = Line {
                label: &label,
                typed: &typed,
                help: &help,
                names_of: names_of.clone(),
                ..Line::default()
            };
            let Some(answer) = ask::line(self.app, self.engine, &asked)? else { return Ok(()) };
            if answer.trim().is_empty() {
                return Ok(());
            }
            match self.engine.show(PRODUCT, answer.trim()) {
                Ok(_) => return self.answer("product", answer.trim()),
                Err(error) => self.refuse(error.into()),
            }
            typed = answer;
        }
    }

    /// The name of the record that an answer leads to.
    fn record_name(&self, module: &str, field: &str) -> Result<String, CliError> {
        let Some(typed) = self.draft.value(field) else { return Ok(String::new()) };
        Ok(self.engine.show(module, typed)?.name)
    }

    /// Fields of which one is enough to name the record, where none has an answer.
    fn names(&mut self) -> Result<(), CliError> {
        let ways = naming(&self.module.name);
        let module = self.module;
        let named = |draft: &Draft| ways.iter().any(|way| way.iter().any(|name| draft.value(name).is_some()));
        for (place, way) in ways.iter().enumerate() {
            for name in way.iter() {
                let last = place + 1 == ways.len() && way.last() == Some(name);
                if named(&self.draft) && place > 0 {
                    return Ok(());
                }
                let field = module.field(name).filter(|field| field.is_settable());
                if let Some(field) =
                    field.filter(|_| self.draft.value(name).is_none() && !is_convention(module))
                {
                    self.ask(field, last && !named(&self.draft))?;
                }
            }
        }
        Ok(())
    }

    /// Offers the fields that may stay empty, until the person is done.
    fn more(&mut self) -> Result<(), CliError> {
        let module = self.module;
        let fields: Vec<&FieldDef> = module.fields.iter().filter(|field| field.is_settable()).collect();
        loop {
            let mut options = vec![tr!(self.app.messages, "ask-save")];
            for field in &fields {
                options.push(self.menu_line(field)?);
            }
            let label = tr!(self.app.messages, "ask-more");
            match ask::choice(self.app, &label, options, 0)? {
                None | Some(0) => return Ok(()),
                Some(place) => {
                    let field = fields[place - 1];
                    self.ask(field, field.required)?;
                }
            }
        }
    }

    /// A field with its answer, or with what it gets without one.
    fn menu_line(&self, field: &FieldDef) -> Result<String, CliError> {
        let label = field.label.get(self.app.locale.language());
        let value = match self.draft.value(&field.name) {
            Some(typed) => self.read(field, typed).map_or_else(|_| typed.to_owned(), |read| read.text),
            None => {
                let text =
                    self.engine.default_text(&self.module.name, &field.name, &self.app.locale.values)?;
                if text == NOTHING { String::new() } else { text }
            }
        };
        Ok(if value.is_empty() { label.to_owned() } else { format!("{label}: {value}") })
    }

    fn ask(&mut self, field: &FieldDef, required: bool) -> Result<(), CliError> {
        self.ask_with(field, required, "")
    }

    fn ask_with(&mut self, field: &FieldDef, required: bool, proposed: &str) -> Result<(), CliError> {
        match options(self.engine, field)? {
            Some(options) => self.choose(field, required, &options),
            None => self.type_in(field, required, proposed),
        }
    }

    fn choose(
        &mut self,
        field: &FieldDef,
        required: bool,
        options: &[(String, String, String)],
    ) -> Result<(), CliError> {
        let persian = self.app.locale.language() == forsat_domain::schema::Language::Persian;
        let mut labels: Vec<String> =
            options.iter().map(|(_, en, fa)| if persian { fa.clone() } else { en.clone() }).collect();
        let own = field.label.get(self.app.locale.language()).to_owned();
        let (label, skip) = if required { (own, 0) } else { (self.optional_label(&own), 1) };
        if !required {
            labels.insert(0, tr!(self.app.messages, "ask-none"));
        }
        let default = match &field.default {
            DefaultValue::Value(value) => value.as_text().map(str::to_owned),
            _ => None,
        };
        let current = self.draft.value(&field.name).map(str::to_owned).or(default);
        let start =
            options.iter().position(|(id, ..)| Some(id) == current.as_ref()).map_or(0, |at| at + skip);
        match ask::choice(self.app, &label, labels, start)? {
            None if required => Err(CliError::Interrupted),
            None => Ok(()),
            Some(place) if place < skip => self.answer(&field.name, ""),
            Some(place) => self.answer(&field.name, &options[place - skip].0),
        }
    }

    fn type_in(&mut self, field: &FieldDef, required: bool, proposed: &str) -> Result<(), CliError> {
        let own = field.label.get(self.app.locale.language());
        let label = if required { own.to_owned() } else { self.optional_label(own) };
        let help = self.help(field);
        let mut typed = self.draft.value(&field.name).unwrap_or_default().to_owned();
        loop {
            let names_of = names_of(field);
            let asked = Line { label: &label, typed: &typed, default: Some(proposed), help: &help, names_of };
            let answer = match ask::line(self.app, self.engine, &asked)? {
                None if required => return Err(CliError::Interrupted),
                None => return Ok(()),
                Some(answer) => answer.trim().to_owned(),
            };
            if answer.is_empty() && required {
                self.app.out.note(paint(BAD, tr!(self.app.messages, "ask-needed")));
                continue;
            }
            match self.read(field, &answer) {
                Ok(read) => {
                    if !answer.is_empty() && read.text != answer && read.text != NOTHING {
                        self.app.out.note(paint(FAINT, format!("  = {}", read.text)));
                    }
                    return self.answer(&field.name, &answer);
                }
                Err(error) => self.refuse(error),
            }
            typed = answer;
        }
    }

    /// Reads an answer as a save would.
    fn read(&self, field: &FieldDef, typed: &str) -> Result<forsat_client::ReadValue, CliError> {
        let (module, locale) = (&self.module.name, &self.app.locale.values);
        let currency = self.draft.value("currency");
        Ok(self.engine.read_value(module, &field.name, typed, currency, locale)?)
    }

    fn answer(&mut self, field: &str, value: &str) -> Result<(), CliError> {
        self.draft.set(field, value);
        self.keep()
    }

    fn keep(&self) -> Result<(), CliError> {
        if self.draft.fields.is_empty() { Ok(()) } else { self.drafts.save(&self.draft).map_err(unusable) }
    }

    fn refuse(&mut self, error: CliError) {
        let why = errors::describe(self.app, &error);
        self.app.out.failure(paint(BAD, why));
    }

    fn optional_label(&self, label: &str) -> String {
        tr!(self.app.messages, "ask-optional", label = label)
    }

    fn help(&self, field: &FieldDef) -> String {
        match field.kind {
            FieldKind::Date => tr!(self.app.messages, "ask-date-help"),
            FieldKind::Moment => tr!(self.app.messages, "ask-moment-help"),
            FieldKind::Money => tr!(self.app.messages, "ask-money-help"),
            FieldKind::Reference(_) | FieldKind::NamedReference(_) | FieldKind::References(_) => {
                tr!(self.app.messages, "ask-name-help")
            }
            _ => String::new(),
        }
    }
}

fn is_convention(module: &ModuleDef) -> bool {
    module.field(&module.name_field).is_some_and(|field| field.default == DefaultValue::NamingConvention)
}

/// The modules whose names a field takes.
fn names_of(field: &FieldDef) -> Vec<String> {
    match &field.kind {
        FieldKind::Reference(module) | FieldKind::NamedReference(module) => vec![module.to_string()],
        FieldKind::References(modules) => modules.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// A choice: id, English and Persian label.
type Choice = (String, String, String);

/// What a field is chosen from; none where it is typed.
fn options(engine: &Engine, field: &FieldDef) -> Result<Option<Vec<Choice>>, CliError> {
    let row = |id: &str, label: &forsat_domain::schema::Label| {
        (id.to_owned(), label.en.to_string(), label.fa.to_string())
    };
    let settings = engine.settings()?;
    Ok(match &field.kind {
        FieldKind::Choice(choices) => {
            Some(choices.iter().map(|choice| row(&choice.slug, &choice.label)).collect())
        }
        FieldKind::Setting(list) => {
            let items = settings.items(*list).iter().filter(|item| !item.archived);
            Some(items.map(|item| row(&item.id, &item.label)).collect())
        }
        FieldKind::Stage => {
            let open = forsat_domain::composite::Outcome::Open;
            let stages = settings.stages.live().into_iter().filter(|stage| stage.kind == open);
            Some(stages.map(|stage| row(&stage.id, &stage.label)).collect())
        }
        FieldKind::Bool => Some(vec![
            ("yes".to_owned(), "yes".to_owned(), "بله".to_owned()),
            ("no".to_owned(), "no".to_owned(), "خیر".to_owned()),
        ]),
        _ => None,
    })
}
