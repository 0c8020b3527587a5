//! Progress of long work on standard error: a bar where a person watches, silence elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done before a bar is worth showing.
const SHOWN_FROM: u64 = 200;

/// A bar that appears once the work proves long.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Makes a bar; `shown` says whether anybody watches.
    pub fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}");
        bar.set_style(style.expect("the template is well formed"));
        Self { bar }
    }

    /// Shows how far the work has come.
    pub fn at(&self, what: &str, done: u64, total: u64) {
        if total < SHOWN_FROM {
            return;
        }
        if self.bar.message() != what {
            self.bar.set_message(what.to_owned());
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
