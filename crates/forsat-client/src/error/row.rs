//! Why a row of an imported file is refused, as data: each language puts it into words of its own.

use super::file::UnknownField;
use forsat_domain::Currency;
use forsat_domain::command::Refusal;
use forsat_domain::currency::UnknownCurrency;
use forsat_domain::date::{DateError, MomentError};
use forsat_domain::money::MoneyError;
use forsat_domain::number::NumberError;
use forsat_domain::schema::input::InputError;
use thiserror::Error;

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowReason {
    /// What is wrong is in one field.
    #[error("{field}: {reason}")]
    Field {
        /// The field, or the register of an entry.
        field: String,
        /// What is wrong.
        reason: Box<RowReason>,
    },
    /// What the mapping says of such rows.
    #[error("{0}")]
    Said(String),
    /// The row names a record that neither is here nor comes with the file.
    #[error("no {module} \"{text}\" was imported; import it first, or correct the cell")]
    NotImported {
        /// The module.
        module: String,
        /// What the cell says.
        text: String,
    },
    /// The row's record was erased, and its id is never taken again.
    #[error("its record was erased for good and can't be made again; make a new record")]
    Erased,
    /// A typed value can't be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A rule of the domain refuses the change.
    #[error(transparent)]
    Rule(#[from] Box<Refusal>),
    /// A cell can't be read.
    #[error(transparent)]
    Cell(#[from] CellProblem),
    /// A row doesn't fit its mapping.
    #[error(transparent)]
    Mapping(#[from] MappingReason),
    /// A row of an export can't be taken.
    #[error(transparent)]
    Export(#[from] ExportReason),
    /// The store failed meanwhile.
    #[error("{0}")]
    Store(String),
}

impl RowReason {
    /// Says in which field a problem is.
    pub(crate) fn within<E: Into<RowReason>>(field: &str) -> impl Fn(E) -> RowReason {
        let field = field.to_owned();
        move |reason| RowReason::Field { field: field.clone(), reason: Box::new(reason.into()) }
    }
}

/// Why a cell can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CellProblem {
    /// Not a number, or not an amount.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Not an amount that can be kept.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Not a date.
    #[error(transparent)]
    Date(#[from] DateError),
    /// Not a point in time.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// Not a currency.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
    /// Not the name of a time zone.
    #[error("\"{0}\" is not an IANA time zone, such as Asia/Tehran")]
    TimeZone(String),
    /// The field takes no cell.
    #[error("the field {0} can't be filled from a cell")]
    Unfillable(String),
    /// None of the values that the field has.
    #[error("\"{cell}\" is none of {known}")]
    NoneOf {
        /// The cell.
        cell: String,
        /// What it may say.
        known: String,
    },
    /// Too large to compute with.
    #[error("\"{0}\" is too large to compute with")]
    TooLarge(String),
    /// Not a percentage.
    #[error("\"{0}\" is not a percentage from 0 to 100")]
    Percentage(String),
    /// Too long.
    #[error("has {letters} letters, and {max} are taken at most")]
    Letters {
        /// How many it has.
        letters: usize,
        /// The most.
        max: usize,
    },
    /// A line break, or another letter that isn't seen.
    #[error("holds a line break or another control letter; write it in one line")]
    ControlLetter,
    /// Not a whole number within bounds.
    #[error("\"{cell}\" is not a whole number from {min} to {max}")]
    Whole {
        /// The cell.
        cell: String,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Zero or less.
    #[error("\"{0}\" is not above zero")]
    NotPositive(String),
    /// Too many decimals.
    #[error("\"{cell}\" has more than {max} decimals")]
    Decimals {
        /// The cell.
        cell: String,
        /// The most.
        max: u32,
    },
    /// Neither yes nor no.
    #[error("\"{0}\" is neither yes nor no")]
    Truth(String),
    /// A date in another order than the mapping says.
    #[error("\"{cell}\" is not a date of the form {order}")]
    DateOrder {
        /// The cell.
        cell: String,
        /// The order that the mapping says.
        order: String,
    },
    /// A date that no calendar has.
    #[error("\"{0}\" is no day of either calendar")]
    NoDay(String),
    /// A value of another kind than the field's.
    #[error("{value} is no value of {field}")]
    NoValue {
        /// The value.
        value: String,
        /// The field.
        field: String,
    },
    /// A cell with JSON that is cut or changed.
    #[error("the cell is not whole JSON ({0}); was it cut by a spreadsheet?")]
    Json(String),
    /// Something else than a list.
    #[error("it must be a list of texts")]
    NotAList,
    /// Something else than an object.
    #[error("it must be a JSON object")]
    NotAnObject,
    /// Something else than a text.
    #[error("{0} is not a text")]
    NotAText(String),
    /// A number with decimals as a JSON number.
    #[error("{0} is not a whole number; write decimals as texts")]
    NotWhole(String),
    /// A list where one value stands.
    #[error("a list is no value of this field")]
    AList,
    /// What no entry is called.
    #[error("\"{0}\" can't be the id of an entry")]
    EntryId(String),
    /// An object that has no one form.
    #[error("{0}")]
    NotCanonical(String),
}

/// Why a row doesn't fit its mapping.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MappingReason {
    /// Two rows of one key that say different things.
    #[error("its key stands in the file already, with other values")]
    DoubleKey,
    /// The row gives its record no name.
    #[error("it has no {}", .0.join(" or "))]
    Nameless(Vec<String>),
    /// A column of the key is empty.
    #[error("the key column {0} is empty")]
    EmptyKey(String),
    /// A template that doesn't end.
    #[error("a template has a {{ without its }}")]
    Template,
    /// A factor that isn't a number.
    #[error("times = \"{0}\" is not a number")]
    Times(String),
    /// The mapping fills a field that isn't there.
    #[error("{module} has no field {field}")]
    UnknownField {
        /// The module, or the field with entries.
        module: String,
        /// What the mapping names.
        field: String,
    },
    /// Entries are mapped in their own part.
    #[error("it is filled by [[file.entry]] of the mapping")]
    Entries,
    /// Not a quantity.
    #[error("the quantity \"{0}\" must be above zero, with at most 6 decimals")]
    Quantity(String),
    /// A line needs a price.
    #[error("the product \"{product}\" has no price in {currency}; give it one first")]
    NoPrice {
        /// The product's name.
        product: String,
        /// The deal's currency.
        currency: Currency,
    },
    /// The mapping doesn't say which stage a word means.
    #[error("{column}: \"{word}\" is not in the mapping's stages")]
    Stage {
        /// The column.
        column: String,
        /// The cell.
        word: String,
    },
    /// A closed deal without a date.
    #[error("a deal in the stage {0} needs the date on which it closed")]
    NoClosingDate(String),
    /// A column that the mapping reads is missing.
    #[error("the file has no column {0}")]
    NoColumn(String),
    /// A reference doesn't say of which module.
    #[error("\"{word}\" names no module; write module = \"…\" into the mapping, one of {modules}")]
    NoModule {
        /// The cell.
        word: String,
        /// The modules that it can be of.
        modules: String,
    },
    /// No record has the name.
    #[error("no {module} is named \"{name}\"; add it first, or correct the cell")]
    NoneNamed {
        /// The module.
        module: String,
        /// The cell.
        name: String,
    },
    /// Several records have the name.
    #[error("{count} records of {module} are named \"{name}\"")]
    SeveralNamed {
        /// How many.
        count: usize,
        /// The module.
        module: String,
        /// The cell.
        name: String,
    },
}

/// Why a row of an export can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportReason {
    /// Two rows of one record.
    #[error("its record stands in the file already; keep one of the rows")]
    DoubleRecord,
    /// A row of another module than the file's first.
    #[error("it says {column} \"{said}\" in a file of {first}")]
    OtherModule {
        /// The column that says the module.
        column: &'static str,
        /// What it says.
        said: String,
        /// The first row's module.
        first: String,
    },
    /// A line that isn't JSON.
    #[error("the line is not JSON: {0}")]
    NotJson(String),
    /// A line without fields.
    #[error("the line has no object \"fields\"")]
    NoFields,
    /// A field that isn't imported.
    #[error("{0}")]
    UnknownField(UnknownField),
    /// Not the id of a record.
    #[error("\"{text}\" is not the id of a record; leave the column {column} as it was exported")]
    RecordId {
        /// The cell.
        text: String,
        /// The column.
        column: &'static str,
    },
    /// The id is that of another module's record.
    #[error("its id belongs to a record of {0}; leave the column id as it was exported")]
    IdOfAnother(String),
    /// The record is a merged duplicate.
    #[error("it was merged into another record; change that one")]
    Merged,
    /// The record is deleted.
    #[error("the record is in the trash; take it out with `forsat trash restore` first")]
    Trashed,
    /// Settings of another workspace.
    #[error("settings belong to their workspace; this one has its own")]
    Settings,
    /// A new record without a name.
    #[error("it isn't here yet, and has no {}", .0.join(" or "))]
    Nameless(Vec<String>),
    /// A new deal without its account.
    #[error("it isn't here yet, and a deal needs its account_id")]
    NoAccount,
    /// The field only grows.
    #[error("it only grows by what people do; put the cell back as it was exported")]
    GrowsOnly,
    /// A stage changes by commands.
    #[error("a deal moves with `forsat opp stage`, `win` or `lose`; put the cell back as it was")]
    StageCommands,
    /// No file changes the field.
    #[error("it can't be changed by a file; put the cell back as it was exported")]
    Fixed,
    /// A set that may not be empty.
    #[error("it is required; leave at least one")]
    Required,
    /// An entry lacks what it must have.
    #[error("an entry needs its {0}")]
    EntryNeeds(String),
    /// Entries that stay.
    #[error("its entries can't be taken out; put the cell back as it was exported")]
    EntriesStay,
    /// What no entry of the field has.
    #[error("its entries have no \"{0}\"")]
    UnknownRegister(String),
    /// A record is pointed at that isn't here.
    #[error("there is no {} {id} here; import it first, or clear the cell", .modules.join(" or "))]
    NoRecord {
        /// The modules that it could be of.
        modules: Vec<String>,
        /// Its id.
        id: String,
    },
    /// A member without its module.
    #[error("\"{0}\" is not of the form module:id")]
    Member(String),
    /// A member that isn't an id.
    #[error("\"{0}\" is not an id")]
    MemberId(String),
    /// Not a tag.
    #[error("\"{key}\": tags have at most {max} letters and no `/`")]
    Tag {
        /// The member.
        key: String,
        /// The most letters.
        max: usize,
    },
}
