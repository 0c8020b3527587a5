//! The fields of a person, which contacts and leads share.

use super::*;

/// Name, work and how to reach the person.
pub(super) fn fields() -> Vec<FieldDef> {
    vec![
        field("name", D, line(), "Name", "نام").access(Access::Command).searched(),
        field("salutation", R, choices(SALUTATIONS), "Salutation", "عنوان"),
        field("first_name", R, line(), "First name", "نام کوچک").searched(),
        field("last_name", R, line(), "Last name", "نام خانوادگی").searched(),
        field("job_title", R, line(), "Job title", "سمت").searched(),
        field("department", R, line(), "Department", "واحد").searched(),
        contact_points("phones", "Phones", "تلفن‌ها"),
        contact_points("emails", "Emails", "رایانامه‌ها"),
        field("address", RA, FieldKind::Address, "Address", "نشانی"),
        field("birthdate", R, FieldKind::Date, "Date of birth", "تاریخ تولد"),
        // Nobody is called against their will because of a merge.
        field("do_not_call", R, FieldKind::Bool, "Do not call", "تماس نگیرید").prevailing(true),
    ]
}

const SALUTATIONS: &[(&str, &str, &str)] =
    &[("ms", "Ms", "خانم"), ("mr", "Mr", "آقای"), ("dr", "Dr", "دکتر"), ("eng", "Eng", "مهندس")];
