//! The table of products: the catalogue.

use super::*;

/// The module of products.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: PRODUCT,
        short: "product",
        label: Label::new("Product", "محصول"),
        plural: Label::new("Products", "محصول‌ها"),
        name_field: "name",
        list_columns: &["name", "code", "category", "prices", "unit", "active"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام").required().searched(),
        field("code", R, line(), "Code", "کد کالا").searched(),
        field("category", R, line(), "Category", "دسته").searched(),
        field("type", R, choices(TYPES), "Type", "نوع"),
        by_currency("prices", "Prices", "قیمت‌ها").required(),
        by_currency("cost", "Cost", "بهای تمام‌شده"),
        field("tax_rate", R, FieldKind::TaxRate, "Tax rate", "نرخ مالیات"),
        field("unit", R, line(), "Unit", "واحد"),
        field("active", R, FieldKind::Bool, "Active", "فعال").default(value(true)),
        field("url", R, line(), "Web address", "نشانی وب"),
        dismissed_duplicates(PRODUCT),
    ]
}

/// One amount a currency; the entry's id is the currency's code.
fn by_currency(name: &'static str, en: &'static str, fa: &'static str) -> FieldDef {
    field(name, M, FieldKind::Entries, en, fa)
        .entries(vec![field("value", RA, FieldKind::Money, "Amount", "مبلغ").required(), removed()])
}

const TYPES: &[(&str, &str, &str)] = &[("good", "Good", "کالا"), ("service", "Service", "خدمت")];
