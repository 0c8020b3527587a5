//! Materialised rows for lists and reports, and the names that records are found by. Both can be rebuilt.

use std::ops::{Bound, ControlFlow};

use forsat_sync::id::DocumentId;

use crate::access::{Access, Direction, Prefix, Tx, WriteTx, key_text};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// (module, document) → names, payload.
pub(crate) const ROWS: Table = Table::new("rows");
/// (module, name, document) → nothing.
pub(crate) const NAMES: Table = Table::new("names");

/// The longest name in the index, in bytes; longer ones are cut at a character, so compare what is found.
pub const NAME_BYTES_MAX: usize = 255;
/// The most names of one row.
pub const NAMES_MAX: usize = 255;

pub(crate) struct Row {
    pub(crate) names: Vec<String>,
    payload: Vec<u8>,
}

impl Row {
    pub(crate) fn decode(input: &mut In<'_>) -> Result<Self, Malformed> {
        let count = input.u8()?;
        let names = (0..count).map(|_| input.text()).collect::<Result<_, _>>()?;
        Ok(Self { names, payload: input.rest().to_vec() })
    }
}

fn module_prefix(module: &str) -> Out {
    Out::new().raw(module).u8(0)
}

pub(crate) fn row_key(module: &str, document: &DocumentId) -> Vec<u8> {
    module_prefix(module).raw(document).done()
}

pub(crate) fn name_key(module: &str, name: &str, document: &DocumentId) -> Vec<u8> {
    module_prefix(module).raw(name).u8(0).raw(document).done()
}

/// The last 16 bytes of a key.
pub(crate) fn document_of(key: &[u8]) -> Result<DocumentId, Malformed> {
    key.split_last_chunk::<16>().map(|(_, id)| DocumentId::from_bytes(*id)).ok_or(Malformed("row key"))
}

/// A name as the index holds it: no zero bytes, cut at [`NAME_BYTES_MAX`].
fn index_form(name: &str) -> String {
    let mut name = name.replace('\0', " ");
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// The names of a row as the store keeps them: in the form of the index, in order, each once.
pub fn names_as_kept(names: &[impl AsRef<str>]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| index_form(name.as_ref())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl<A: Access> Tx<A> {
    /// The payload of a row.
    pub fn row(&self, module: &str, document: &DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_as(ROWS, &row_key(module, document), Row::decode)?.map(|row| row.payload))
    }

    /// The names that a row is found by.
    pub fn row_names(&self, module: &str, document: &DocumentId) -> Result<Option<Vec<String>>, StoreError> {
        Ok(self.get_as(ROWS, &row_key(module, document), Row::decode)?.map(|row| row.names))
    }

    /// The modules and documents of all rows, whether or not these can be read.
    pub fn row_places(&self) -> Result<Vec<(String, DocumentId)>, StoreError> {
        let mut places = Vec::new();
        self.0.scan(ROWS, crate::access::ALL, Direction::Up, &mut |key, _| {
            if let Some((module, id)) = key.split_last_chunk::<16>() {
                let module = module.strip_suffix(&[0]).unwrap_or(module);
                places.push((String::from_utf8_lossy(module).into_owned(), DocumentId::from_bytes(*id)));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(places)
    }

    /// Walks the rows of a module in the order of ids, until `visit` breaks off.
    ///
    /// In a writing transaction `visit` must not touch rows: the walk has them open.
    pub fn each_row(
        &self,
        module: &str,
        visit: &mut dyn FnMut(DocumentId, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let prefix = Prefix::new(module_prefix(module).done());
        self.scan_as(ROWS, prefix.range(), Direction::Up, decode_keyed, &mut |(id, payload)| {
            visit(id, &payload)
        })
    }

    /// Rows of a module whose ids lie from `low` to `high` (both included), at most `limit`: those of an id prefix.
    pub fn rows_between(
        &self,
        module: &str,
        low: &DocumentId,
        high: &DocumentId,
        limit: usize,
    ) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        let (low, high) = (row_key(module, low), row_key(module, high));
        let mut found = Vec::new();
        if limit == 0 || low > high {
            return Ok(found);
        }
        let range = (Bound::Included(low.as_slice()), Bound::Included(high.as_slice()));
        self.scan_as(ROWS, range, Direction::Up, decode_keyed, &mut |item| {
            found.push(item);
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }

    /// Documents of a module that have exactly this name, as the caller folded it.
    pub fn named(&self, module: &str, name: &str) -> Result<Vec<DocumentId>, StoreError> {
        let prefix = module_prefix(module).raw(index_form(name)).u8(0).done();
        let mut found = Vec::new();
        self.scan_as(
            NAMES,
            Prefix::new(prefix).range(),
            Direction::Up,
            |key, _| document_of(key),
            &mut |id| {
                found.push(id);
                ControlFlow::Continue(())
            },
        )?;
        Ok(found)
    }

    /// Names of a module that begin so, with their documents, in the order of names, at most `limit`.
    pub fn names_beginning(
        &self,
        module: &str,
        beginning: &str,
        limit: usize,
    ) -> Result<Vec<(String, DocumentId)>, StoreError> {
        let skip = module.len() + 1;
        let decode = |key: &[u8], _: &mut In<'_>| {
            let name = key.get(skip..key.len().saturating_sub(17)).ok_or(Malformed("name key"))?;
            let name = std::str::from_utf8(name).map_err(|_| Malformed("name key"))?;
            Ok((name.to_owned(), document_of(key)?))
        };
        let prefix = Prefix::new(module_prefix(module).raw(index_form(beginning)).done());
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.scan_as(NAMES, prefix.range(), Direction::Up, decode, &mut |item| {
            found.push(item);
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }
}

pub(crate) fn decode_keyed(key: &[u8], input: &mut In<'_>) -> Result<(DocumentId, Vec<u8>), Malformed> {
    Ok((document_of(key)?, Row::decode(input)?.payload))
}

impl WriteTx<'_> {
    /// Keeps the row of a document under its module, found by `names` (folded by the caller).
    pub fn put_row(
        &mut self,
        module: &str,
        document: &DocumentId,
        names: &[&str],
        payload: &[u8],
    ) -> Result<(), StoreError> {
        key_text("the name of a module", module)?;
        if names.len() > NAMES_MAX {
            return Err(StoreError::TooLarge {
                what: "names of a row",
                found: names.len(),
                limit: NAMES_MAX,
            });
        }
        let names = names_as_kept(names);
        let key = row_key(module, document);
        let before = self.get_as(ROWS, &key, Row::decode)?.map(|row| row.names).unwrap_or_default();
        for name in before.iter().filter(|name| !names.contains(name)) {
            self.remove(NAMES, &name_key(module, name, document))?;
        }
        for name in names.iter().filter(|name| !before.contains(name)) {
            self.put(NAMES, &name_key(module, name, document), &[])?;
        }
        let count = u8::try_from(names.len()).expect("a row has at most NAMES_MAX names");
        let body = names.iter().fold(Out::new().u8(count), Out::bytes).raw(payload).done();
        self.put(ROWS, &key, &body)
    }

    /// Removes the row of a document and its names; answers whether there was one.
    pub fn remove_row(&mut self, module: &str, document: &DocumentId) -> Result<bool, StoreError> {
        let key = row_key(module, document);
        let Some(row) = self.get_as(ROWS, &key, Row::decode)? else { return Ok(false) };
        for name in &row.names {
            self.remove(NAMES, &name_key(module, name, document))?;
        }
        self.remove(ROWS, &key)
    }

    /// Drops all rows and names, to be rebuilt from the documents; [`Tx::row_version`] is `None` until set again.
    pub fn clear_rows(&mut self) -> Result<(), StoreError> {
        self.clear(ROWS)?;
        self.clear(NAMES)?;
        self.remove_row_version()
    }
}
