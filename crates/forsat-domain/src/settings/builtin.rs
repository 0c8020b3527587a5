//! The built-in stages and lists. Their ids are stored in records and never change.

use super::BuiltinItem;
use crate::composite::Outcome;

/// Proposes the customer and the first product.
pub(super) const NAMING_CONVENTION: &str = "{account}/{product}";

/// A row of the built-in stages: id, English label, Persian label, kind, probability.
pub(super) type BuiltinStage = (&'static str, &'static str, &'static str, Outcome, u8);

/// The stages of the default pipeline in order.
pub(super) const STAGES: &[BuiltinStage] = &[
    ("identification", "Identification", "شناسایی اولیه", Outcome::Open, 10),
    ("needs", "Needs analysis and evaluation", "تحلیل نیازها و ارزیابی", Outcome::Open, 25),
    ("proposal", "Proposal/pro forma sent", "ارسال پیشنهاد/پیش‌فاکتور", Outcome::Open, 65),
    ("negotiation", "Final negotiation", "انجام مذاکرات نهایی", Outcome::Open, 80),
    ("won", "Won", "فروش موفق", Outcome::Won, 100),
    ("lost", "Lost", "شکست فروش", Outcome::Lost, 0),
];

/// Where deals come from.
pub(super) const LEAD_SOURCES: &[BuiltinItem] = &[
    ("cold_call", "Cold call", "تماس سرد"),
    ("existing_customer", "Existing customer", "مشتری موجود"),
    ("self_generated", "Self generated", "خودیافته"),
    ("employee", "Employee", "کارمند"),
    ("partner", "Partner", "شریک تجاری"),
    ("public_relations", "Public relations", "روابط عمومی"),
    ("direct_mail", "Direct mail", "پست مستقیم"),
    ("conference", "Conference", "همایش"),
    ("trade_show", "Trade show", "نمایشگاه"),
    ("web_site", "Web site", "وب‌سایت"),
    ("word_of_mouth", "Word of mouth", "معرفی دیگران"),
    ("email", "Email", "رایانامه"),
    ("campaign", "Campaign", "کمپین"),
    ("other", "Other", "سایر"),
];

/// Why deals are won; giving one is optional.
pub(super) const WIN_REASONS: &[BuiltinItem] = &[
    ("price", "Price", "قیمت"),
    ("quality", "Quality", "کیفیت"),
    ("features", "Features", "امکانات"),
    ("relationship", "Relationship", "ارتباط با مشتری"),
    ("service", "Service and support", "خدمات و پشتیبانی"),
    ("delivery", "Delivery time", "زمان تحویل"),
    ("other", "Other", "سایر"),
];

/// Why deals are lost; giving one is required.
pub(super) const LOSS_REASONS: &[BuiltinItem] = &[
    ("price", "Price", "قیمت"),
    ("competitor", "Competitor", "رقیب"),
    ("budget", "Budget", "بودجه"),
    ("missing_features", "Missing features", "نبود امکانات لازم"),
    ("long_cycle", "Long cycle", "طولانی‌شدن فرایند"),
    ("no_decision_maker", "No decision maker", "نبود تصمیم‌گیرنده"),
    ("unresponsive", "Unresponsive", "پاسخ ندادن"),
    ("poor_fit", "Poor fit", "نامتناسب بودن"),
    ("other", "Other", "سایر"),
];
