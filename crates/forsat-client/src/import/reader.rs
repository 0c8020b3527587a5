//! Reads a CSV file in any of the encodings that office programs write.

use crate::error::{ClientError, FileProblem};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1256};
use std::collections::BTreeMap;
use std::path::Path;

/// The largest file that is taken at once, bytes.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A file's rows with their header.
#[derive(Debug)]
pub(crate) struct Table {
    /// Column names, in order.
    pub header: Vec<String>,
    /// The rows' cells, trimmed, as many as there are columns.
    pub rows: Vec<Vec<String>>,
    index: BTreeMap<String, usize>,
}

impl Table {
    /// Reads a file; `label` names its encoding and `delimiter` its separator, none finds them out.
    pub(crate) fn read(
        path: &Path,
        label: Option<&str>,
        delimiter: Option<char>,
    ) -> Result<Table, ClientError> {
        let text = read_text(path, label)?;
        let delimiter = delimiter.unwrap_or_else(|| delimiter_of(&text));
        Table::parse(&text, delimiter, csv::Trim::All)
            .map_err(|problem| ClientError::Import { file: path.display().to_string(), problem })
    }

    /// Reads decoded text with every blank of its cells, for a form that loses nothing.
    pub(crate) fn parse_as_is(text: &str, delimiter: char) -> Result<Table, FileProblem> {
        Table::parse(text.trim_start_matches('\u{feff}'), delimiter, csv::Trim::None)
    }

    fn parse(text: &str, delimiter: char, trim: csv::Trim) -> Result<Table, FileProblem> {
        let delimiter = u8::try_from(delimiter).map_err(|_| FileProblem::Delimiter)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(trim)
            .from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().map_err(syntax)?.iter().map(str::to_owned).collect();
        let mut index = BTreeMap::new();
        for (at, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if index.insert(name.clone(), at).is_some() {
                return Err(FileProblem::TwoColumns(name.clone()));
            }
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(syntax)?;
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.len() > header.len() {
                return Err(FileProblem::LongRow(rows.len() + 2));
            }
            cells.resize(header.len(), String::new());
            rows.push(cells);
        }
        Ok(Table { header, rows, index })
    }

    /// Where a column is.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }
}

/// Reads a file's text; `label` names its encoding, none finds it out.
pub(crate) fn read_text(path: &Path, label: Option<&str>) -> Result<String, ClientError> {
    let file_error = |source| ClientError::File { path: path.display().to_string(), source };
    let wrong = |problem| ClientError::Import { file: path.display().to_string(), problem };
    if std::fs::metadata(path).map_err(file_error)?.len() > FILE_BYTES_MAX {
        return Err(wrong(FileProblem::TooLarge(FILE_BYTES_MAX)));
    }
    let bytes = std::fs::read(path).map_err(file_error)?;
    decode(&bytes, label).map_err(wrong)
}

/// Decodes the beginning of a file, which may end inside a letter.
pub(crate) fn decode_head(bytes: &[u8]) -> String {
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
    encoding.decode(bytes).0.into_owned()
}

/// The separator of a CSV text: whichever of `,` `;` and tab stands most often in its header, outside of quotes.
pub(crate) fn delimiter_of(text: &str) -> char {
    let mut counts = [(',', 0_usize), (';', 0), ('\t', 0)];
    let mut is_quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '\n' | '\r' if !is_quoted => break,
            letter if !is_quoted => {
                counts.iter_mut().filter(|(known, _)| *known == letter).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count).expect("there are three");
    most.0
}

/// Decodes a file: by its label, its byte order mark, or what the bytes look like.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> Result<String, FileProblem> {
    let encoding = match (Encoding::for_bom(bytes), label) {
        (Some((encoding, _)), _) => encoding,
        (None, Some(label)) => {
            let known = Encoding::for_label(label.as_bytes());
            known.ok_or_else(|| FileProblem::UnknownEncoding(label.to_owned()))?
        }
        (None, None) => guess(bytes),
    };
    let (text, used, damaged) = encoding.decode(bytes);
    if damaged {
        return Err(FileProblem::Encoding(used.name()));
    }
    Ok(text.into_owned())
}

/// What is wrong with a file, in the words of the reader of CSV.
fn syntax(error: csv::Error) -> FileProblem {
    FileProblem::Syntax(error.to_string())
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
        return UTF_8;
    }
    let zeros = |start: usize| bytes.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    match even.max(odd) {
        0 if is_nearly_utf8(bytes) => UTF_8,
        0 => WINDOWS_1256,
        _ if odd >= even => UTF_16LE,
        _ => UTF_16BE,
    }
}

/// Tells whether most letters beyond ASCII are those of UTF-8, of which a part is damaged: it must be refused, as every
/// byte is a letter of Windows-1256.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let beyond_ascii = |part: &[u8]| part.iter().filter(|byte| !byte.is_ascii()).count();
    let whole: usize = bytes.utf8_chunks().map(|chunk| beyond_ascii(chunk.valid().as_bytes())).sum();
    2 * whole > beyond_ascii(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_refused_rather_than_misread() {
        let mut damaged = "نام,کد\nشرکت آریا,1\n".as_bytes().to_vec();
        damaged.remove(1);
        let error = decode(&damaged, None).expect_err("a letter is cut");
        assert_eq!(error, FileProblem::Encoding("UTF-8"));
    }

    #[test]
    fn the_separator_is_the_one_of_the_header() {
        assert_eq!(delimiter_of("a,b;c,d\n1;2;3;4"), ',');
        assert_eq!(delimiter_of("\"a,b,c\";d\n"), ';');
        assert_eq!(delimiter_of("نام\tکد\n1,2,3"), '\t');
        assert_eq!(delimiter_of("one column"), ',');
    }

    #[test]
    fn every_office_encoding_reads_the_same() {
        let text = "نام,کد\nآریا,1\n";
        let utf16 = |little: bool, mark: bool| -> Vec<u8> {
            let marked = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
            marked
                .encode_utf16()
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect()
        };
        let windows = "نام,کد\nآريا,1\n";
        let (windows_bytes, _, _) = WINDOWS_1256.encode(windows);
        for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), utf16(true, true)] {
            assert_eq!(decode(&bytes, None).expect("decodes"), text);
        }
        for bytes in [utf16(false, true), utf16(true, false), utf16(false, false)] {
            assert_eq!(decode(&bytes, None).expect("decodes"), text);
        }
        assert_eq!(decode(&windows_bytes, None).expect("decodes"), windows);
        assert_eq!(decode(&windows_bytes, Some("windows-1256")).expect("decodes"), windows);
        assert!(decode(&windows_bytes, Some("utf-8")).is_err());
    }

    #[test]
    fn short_rows_are_filled_and_long_ones_refused() {
        let table = Table::parse("a,b\n1\n\n2,3\n", ',', csv::Trim::All).expect("good");
        assert_eq!(table.rows, [["1", ""], ["2", "3"]]);
        assert_eq!(table.column("b"), Some(1));
        assert!(Table::parse("a,a\n", ',', csv::Trim::All).is_err());
        assert!(Table::parse("a\n1,2\n", ',', csv::Trim::All).is_err());
    }
}
