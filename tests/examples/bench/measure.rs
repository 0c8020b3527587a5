//! Timing, order statistics, and the one table.

use std::time::{Duration, Instant};

/// Reads the clock.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub fn now() -> Instant {
    Instant::now()
}

/// How long something takes, and what it answers.
pub fn time<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    let began = now();
    let done = work()?;
    Ok((began.elapsed(), done))
}

/// Measured values, sorted.
#[derive(Clone, Debug)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Takes at least one value.
    pub fn new(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "a sample has values");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// Of durations, in milliseconds.
    pub fn of_times(times: &[Duration]) -> Self {
        Self::new(times.iter().map(|time| time.as_secs_f64() * 1e3).collect())
    }

    /// The value below which this part of the sample lies, by the nearest rank.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Median and, in brackets, the least and the greatest.
    pub fn text(&self, unit: &str) -> String {
        let (low, high) = (self.quantile(0.0), self.quantile(1.0));
        match self.0.len() {
            1 => format!("{} {unit}", short(self.median())),
            _ => format!("{} {unit} ({}–{})", short(self.median()), short(low), short(high)),
        }
    }
}

/// Three significant digits.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e5 => format!("{:.0}k", value / 1e3),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Ours over the limit, pair by pair.
pub fn ratios(ours: &[Duration], limit: &[Duration]) -> Sample {
    let pairs = ours.iter().zip(limit);
    Sample::new(pairs.map(|(ours, limit)| ours.as_secs_f64() / limit.as_secs_f64()).collect())
}

/// One line of the table.
struct Line {
    what: String,
    ours: String,
    limit: String,
    ratio: String,
}

/// What was measured.
#[derive(Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// Adds a line and shows it at once, for whoever waits.
    #[expect(clippy::print_stderr, reason = "progress goes past the table")]
    pub fn add(&mut self, what: &str, ours: String, limit: String, ratio: String) {
        eprintln!("{what}: {ours} | {limit} | {ratio}");
        self.0.push(Line { what: what.to_owned(), ours, limit, ratio });
    }

    /// Adds a line of paired times.
    pub fn add_times(&mut self, what: &str, limit_is: &str, ours: &[Duration], limit: &[Duration]) {
        let bare = format!("{} {limit_is}", Sample::of_times(limit).text("ms"));
        self.add(what, Sample::of_times(ours).text("ms"), bare, ratios(ours, limit).text("×"));
    }

    /// The table in Markdown, with even columns.
    pub fn text(&self) -> String {
        let head = ["what", "ours", "limit", "ratio"].map(str::to_owned);
        let mut rows = vec![head];
        rows.extend(
            self.0.iter().map(|line| [&line.what, &line.ours, &line.limit, &line.ratio].map(Clone::clone)),
        );
        let widths: Vec<usize> =
            (0..4).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
        rows.insert(1, std::array::from_fn(|at| "-".repeat(widths[at])));
        let lines = rows.iter().map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
