//! Arguments of `export` and `import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The form of an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For spreadsheets: Excel opens it with Persian intact
    #[default]
    Csv,
    /// One JSON object a line, with everything
    Jsonl,
}

/// Arguments of `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The module, such as opp or account
    pub module: String,
    /// Only records that meet this condition, such as "stage=negotiation and amount>1M"; may be given again
    #[arg(long = "where", value_name = "CONDITION")]
    pub conditions: Vec<String>,
    /// Only records that a saved filter takes, by its name
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Only records that hold all of these words
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// Only these fields [default: every field]
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Columns to sort by; a leading - turns the order round
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// The form [default: by the file's ending, else csv]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write to this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Only records assigned to me
    #[arg(long)]
    pub mine: bool,
    /// Only deals that are open
    #[arg(long)]
    pub open: bool,
    /// What is in the trash instead
    #[arg(long)]
    pub trashed: bool,
}

/// Arguments of `import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// A file, or a folder: with --map CSV files that the mapping names, without it what `forsat export` wrote
    pub file: PathBuf,
    /// The mapping file (TOML); an export of Forsat needs none
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Say what would be taken and refused; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The folder for files of refused rows [default: beside the file]
    #[arg(long, value_name = "DIR")]
    pub refused_dir: Option<PathBuf>,
}
