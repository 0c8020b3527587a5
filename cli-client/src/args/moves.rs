//! Arguments of `move`.

use clap::Args;

/// Arguments of `move`.
#[derive(Args, Clone, Debug)]
pub struct MoveArgs {
    /// The records: the beginning of an id, or a name
    #[arg(required = true, value_name = "RECORD")]
    pub records: Vec<String>,
    /// The space that they are to live in
    #[arg(required = true, value_name = "SPACE")]
    pub space: String,
    /// Leave where it is what hangs on them
    #[arg(long)]
    pub alone: bool,
    /// Say what would move; ask for nothing
    #[arg(long)]
    pub dry_run: bool,
}
