//! Tables whose columns line up beside Persian text: width is counted in cells, marks of no width included.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use crate::output::STRONG;

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Start,
    /// Numbers.
    End,
}

/// Lays rows out under headings, without rules, cut to `width` cells where one is given.
pub fn table(headings: &[(String, Align)], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(headings.iter().map(|(text, align)| cell(format!("{STRONG}{text}{STRONG:#}"), *align)));
    for row in rows {
        let cells = row.into_iter().zip(headings).map(|(text, (_, align))| cell(text, *align));
        table.add_row(cells.collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn cell(text: String, align: Align) -> Cell {
    Cell::new(text).set_alignment(match align {
        Align::Start => CellAlignment::Left,
        Align::End => CellAlignment::Right,
    })
}
