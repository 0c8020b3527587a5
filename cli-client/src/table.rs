//! Tables whose columns line up beside Persian text: width is counted in cells, marks of no width included.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use crate::clean;
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
    Cell::new(clean::value(&text)).set_alignment(match align {
        Align::Start => CellAlignment::Left,
        Align::End => CellAlignment::Right,
    })
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    /// The cells before a column's text in a line.
    fn column_of(line: &str, text: &str) -> usize {
        line[..line.find(text).expect("the text is in its line")].width()
    }

    #[test]
    fn columns_line_up_beside_joiners_marks_persian_digits_and_latin() {
        let names = ["فرصت‌ها", "مُؤسّسهٔ آریا", "۱۲۳٬۴۵۶", "GTX-Pro سرور", "Arya", "می\u{200d}روم"];
        let rows = names.iter().map(|name| vec![(*name).to_owned(), "x|".to_owned()]).collect();
        let headings = [("نام".to_owned(), Align::Start), ("y".to_owned(), Align::Start)];
        let text = anstream::adapter::strip_str(&table(&headings, rows, None)).to_string();
        let starts: Vec<usize> = text.lines().skip(1).map(|line| column_of(line, "x|")).collect();
        assert_eq!(starts.len(), names.len());
        let widest = names.iter().map(|name| name.width()).max().unwrap();
        assert!(starts.iter().all(|start| *start == widest + 2), "{starts:?} {widest}\n{text}");
    }

    #[test]
    fn a_narrow_terminal_wraps_without_breaking_the_columns() {
        let rows = vec![vec!["شرکت بسیار طولانی‌نام آریا".to_owned(), "۱٬۲۰۰٬۰۰۰ ریال".to_owned()]];
        let headings = [("نام".to_owned(), Align::Start), ("مبلغ".to_owned(), Align::End)];
        let text = anstream::adapter::strip_str(&table(&headings, rows, Some(30))).to_string();
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.lines().count() > 2, "{text}");
    }
}
