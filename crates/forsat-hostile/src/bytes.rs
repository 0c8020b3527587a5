//! Numbers and columns as Automerge writes them.

/// An unsigned number in LEB128.
pub(crate) fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] & 0x7f | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

/// A signed number in LEB128.
pub(crate) fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        let is_last = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        if is_last {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A run of `count` equal values, whatever the count claims.
pub(crate) fn run(count: u64, value: &[u8]) -> Vec<u8> {
    let count = i64::try_from(count).expect("runs are counted in 63 bits");
    [&signed(count), value].concat()
}

/// A text with its length.
pub(crate) fn text(value: &str) -> Vec<u8> {
    [&unsigned(value.len() as u64), value.as_bytes()].concat()
}

/// A run-length column in its shortest form; empty where every row is null.
pub(crate) fn column<T: PartialEq>(rows: &[Option<T>], write: impl Fn(&T) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if rows.iter().all(Option::is_none) {
        return bytes;
    }
    let mut single: Vec<&T> = Vec::new();
    for run in rows.chunk_by(|one, other| one == other) {
        let alone = run.len() == 1 && run[0].is_some();
        if !alone {
            literal(&mut bytes, &mut single, &write);
        }
        match &run[0] {
            None => bytes.extend([vec![0], unsigned(run.len() as u64)].concat()),
            Some(value) if alone => single.push(value),
            Some(value) => bytes.extend(self::run(run.len() as u64, &write(value))),
        }
    }
    literal(&mut bytes, &mut single, &write);
    bytes
}

fn literal<T>(bytes: &mut Vec<u8>, single: &mut Vec<&T>, write: &impl Fn(&T) -> Vec<u8>) {
    if !single.is_empty() {
        bytes.extend(signed(-i64::try_from(single.len()).expect("a short list")));
        single.drain(..).for_each(|value| bytes.extend(write(value)));
    }
}

/// A column of counters, as differences.
pub(crate) fn deltas(rows: &[Option<u64>]) -> Vec<u8> {
    let mut before = 0_i64;
    let rows: Vec<Option<i64>> = rows
        .iter()
        .map(|row| {
            row.map(|value| {
                let value = value.cast_signed();
                let delta = value.wrapping_sub(before);
                before = value;
                delta
            })
        })
        .collect();
    column(&rows, |delta| signed(*delta))
}

/// A column of booleans.
pub(crate) fn booleans(rows: &[bool]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if rows.first() == Some(&true) {
        bytes.push(0);
    }
    for run in rows.chunk_by(|one, other| one == other) {
        bytes.extend(unsigned(run.len() as u64));
    }
    bytes
}
