//! Where an edit lands: the place in the document and its merge code, from the schema table.

use std::collections::BTreeMap;

use forsat_domain::schema::{FieldDef, MergeCode, ModuleDef, Schema};

/// The fields of one module by name, for many look-ups.
pub(crate) struct Fields<'a> {
    by_name: BTreeMap<&'a str, &'a FieldDef>,
}

impl<'a> Fields<'a> {
    /// The fields of a module; empty for a module that the schema does not know.
    pub(crate) fn of(schema: &'a Schema, module: &str) -> Self {
        let fields = schema.module(module).map_or(&[][..], |module: &ModuleDef| &module.fields);
        Self { by_name: fields.iter().map(|field| (field.name.as_ref(), field)).collect() }
    }

    /// How concurrent writes of a field meet; `None` for an unknown field.
    pub(crate) fn code(&self, field: &str) -> Option<MergeCode> {
        self.by_name.get(field).map(|field| field.merge)
    }

    /// How concurrent writes of an entry's register meet; names that the table lacks are plain registers.
    pub(crate) fn entry_code(&self, field: &str, name: &str) -> MergeCode {
        let known = self.by_name.get(field).and_then(|field| field.entry_field(name));
        known.map_or(MergeCode::R, |field| field.merge)
    }
}

/// What a field is, for a person.
pub(crate) fn in_words(code: MergeCode) -> &'static str {
    match code {
        MergeCode::I => "a value that is set once",
        MergeCode::R => "a single value",
        MergeCode::RA => "a single value with parts",
        MergeCode::T => "a text",
        MergeCode::S => "a set of keys",
        MergeCode::M => "a list of entries",
        MergeCode::G => "a list that only grows",
        MergeCode::D => "a computed value",
    }
}
