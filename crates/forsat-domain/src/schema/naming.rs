//! What a record is called: by one field, or by several together.

use crate::record::RecordState;

/// The ways to name a record of a module, the usual one first: each a list of fields whose texts are joined by spaces.
pub fn naming(module: &str) -> &'static [&'static [&'static str]] {
    match module {
        super::CONTACT => &[&["first_name", "last_name"]],
        super::LEAD => &[&["first_name", "last_name"], &["company"]],
        super::ACTIVITY => &[&["subject"]],
        super::SETTINGS => &[&["organisation"]],
        _ => &[&["name"]],
    }
}

/// A record's name; empty when it has none.
pub fn record_name(state: &RecordState) -> String {
    let texts = |fields: &&[&str]| {
        let words = fields.iter().filter_map(|field| state.winner(field).as_text()).map(str::trim);
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    naming(&state.module).iter().map(texts).find(|name| !name.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Edit, preview};
    use crate::id::RecordId;
    use crate::schema::{LEAD, Schema};

    #[test]
    fn a_lead_is_named_by_the_person_or_else_by_the_company() {
        let named = |edits: &[Edit]| {
            record_name(&preview(&RecordState::new(RecordId::from_bytes([1; 16]), LEAD), edits))
        };
        let company = Edit::set("company", "آریا");
        assert_eq!(named(&[]), "");
        assert_eq!(named(std::slice::from_ref(&company)), "آریا");
        let person = [Edit::set("first_name", "سارا"), Edit::set("last_name", " کریمی "), company];
        assert_eq!(named(&person), "سارا کریمی");
    }

    #[test]
    fn every_module_is_named_by_fields_of_its_own() {
        for module in Schema::builtin().modules() {
            for field in naming(&module.name).iter().copied().flatten() {
                assert!(module.field(field).is_some(), "{} has no {field}", module.name);
            }
        }
    }
}
