//! The table of saved filters: a list's question under a name, which syncs like any record.

use super::*;

/// The module of saved filters.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: FILTER,
        short: "filter",
        label: Label::new("Saved filter", "فیلتر ذخیره‌شده"),
        plural: Label::new("Saved filters", "فیلترهای ذخیره‌شده"),
        name_field: "name",
        list_columns: &["name", "list", "condition", "sort", "assigned_user_id"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام").required().searched(),
        field("list", R, line(), "List", "فهرست").required(),
        field("condition", R, FieldKind::Text { letters_max: CONDITION_LETTERS_MAX }, "Condition", "شرط"),
        field("columns", R, line(), "Columns", "ستون‌ها"),
        field("sort", R, line(), "Sort by", "ترتیب"),
    ]
}

/// Letters of a condition.
const CONDITION_LETTERS_MAX: usize = 4000;
