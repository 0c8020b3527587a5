//! Visual order for terminals that show letters in the order they come: `--bidi=app`.
//!
//! Off by default: a terminal with bidi would reorder a second time. Pipes and JSON are never reordered. Columns stay
//! where they are: two spaces or more stand between columns, and each column is reordered by itself. Letters are not
//! joined here; that is the terminal's font.

use unicode_bidi::BidiInfo;
use unicode_width::UnicodeWidthChar as _;

/// Who brings right-to-left text into visual order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Bidi {
    /// The terminal.
    #[default]
    Off,
    /// This program, for terminals that don't.
    App,
}

/// Brackets whose mirror image stands in right-to-left text.
const MIRRORED: &[(char, char)] = &[('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»')];

/// A letter with what has no width of its own behind it, in its style.
#[derive(Clone, Debug)]
struct Cluster {
    text: String,
    style: String,
    /// Where it begins in the text without styles.
    at: usize,
}

/// Brings each line of a text into visual order; styles stay with their letters.
pub fn visual(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let clusters = clusters(line);
    let mut shown = Vec::new();
    let mut column = Vec::new();
    let mut spaces = Vec::new();
    for cluster in clusters {
        if cluster.text == " " {
            spaces.push(cluster);
            continue;
        }
        if spaces.len() > 1 {
            shown.extend(reordered(&std::mem::take(&mut column)));
            shown.append(&mut spaces);
        }
        column.append(&mut spaces);
        column.push(cluster);
    }
    shown.extend(reordered(&column));
    shown.extend(spaces);
    styled(&shown)
}

/// Splits a line into clusters; control sequences become the style of what follows.
fn clusters(line: &str) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let (mut style, mut at) = (String::new(), 0);
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        if let Some(end) = rest.strip_prefix("\x1b[").and_then(|rest| rest.find('m')) {
            let (sequence, after) = rest.split_at(end + 3);
            if sequence == "\x1b[0m" {
                style.clear()
            } else {
                style.push_str(sequence)
            }
            rest = after;
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match clusters.last_mut().filter(|_| letter.width() == Some(0)) {
            Some(last) => last.text.push(letter),
            None => clusters.push(Cluster { text: letter.to_string(), style: style.clone(), at }),
        }
        at += letter.len_utf8();
    }
    clusters
}

/// Brings the clusters of one column into visual order.
fn reordered(column: &[Cluster]) -> Vec<Cluster> {
    let Some(first) = column.first() else { return Vec::new() };
    let text: String = column.iter().map(|cluster| cluster.text.as_str()).collect();
    let bidi = BidiInfo::new(&text, None);
    let Some(paragraph) = bidi.paragraphs.first().filter(|_| bidi.has_rtl()) else { return column.to_vec() };
    let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
    let mut shown = Vec::new();
    for run in runs {
        let inside = |cluster: &&Cluster| run.contains(&(cluster.at - first.at));
        let letters = column.iter().filter(inside).cloned();
        if levels[run.start].is_rtl() {
            shown.extend(letters.rev().map(mirrored));
        } else {
            shown.extend(letters);
        }
    }
    shown
}

fn mirrored(mut cluster: Cluster) -> Cluster {
    let mirror = |letter: char| {
        let pair = MIRRORED.iter().find(|(open, close)| letter == *open || letter == *close);
        pair.map_or(letter, |(open, close)| if letter == *open { *close } else { *open })
    };
    cluster.text = cluster.text.chars().map(mirror).collect();
    cluster
}

fn styled(clusters: &[Cluster]) -> String {
    let (mut text, mut style) = (String::new(), "");
    for cluster in clusters {
        if cluster.style != style {
            if !style.is_empty() {
                text.push_str("\x1b[0m");
            }
            text.push_str(&cluster.style);
            style = &cluster.style;
        }
        text.push_str(&cluster.text);
    }
    if !style.is_empty() {
        text.push_str("\x1b[0m");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persian_runs_from_the_right_and_latin_and_digits_do_not() {
        assert_eq!(visual("plain text 12"), "plain text 12");
        assert_eq!(visual("سلام"), "مالس");
        assert_eq!(visual("مبلغ ۱۲۳ ریال"), "لایر ۱۲۳ غلبم");
        assert_eq!(visual("سرور GTX (نو)"), "(ون) GTX رورس");
        assert_eq!(visual("id سلام"), "id مالس");
    }

    #[test]
    fn columns_stay_and_marks_stay_on_their_letters() {
        assert_eq!(visual("k7  آب  نان"), "k7  بآ  نان");
        // A mark of no width follows its letter also in visual order.
        assert_eq!(visual("بَد"), "دبَ");
        assert_eq!(visual("سلام\nx"), "مالس\nx");
    }

    #[test]
    fn styles_stay_with_their_letters() {
        assert_eq!(visual("\x1b[1mآب\x1b[0m نان"), "نان \x1b[1mبآ\x1b[0m");
        assert_eq!(visual("\x1b[1m\x1b[33mok\x1b[0m"), "\x1b[1m\x1b[33mok\x1b[0m");
    }
}
