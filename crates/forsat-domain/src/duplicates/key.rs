//! The keys of each module: what tells that two records may be one without anybody naming fields.

use super::block::{pair_equal, pair_similar};
use super::pair::Reason;
use crate::composite::reference_id;
use crate::id::RecordId;
use crate::lifecycle::{self, Presence};
use crate::number::ascii_digit;
use crate::record::{RecordState, Scalar};
use crate::schema::{ACCOUNT, ACTIVITY, CONTACT, LEAD, ModuleDef, OPPORTUNITY, PRODUCT, record_name};
use crate::text::{account_key, fold, loose_fold};
use crate::world::World;

/// The fewest digits that make a number somebody's own; shorter ones are extensions and services.
const PHONE_DIGITS_MIN: usize = 7;

/// Iran's calling code.
const IRAN: &str = "98";

/// Digits of an Iranian number with its calling code, without a zero before the area's.
const IRAN_DIGITS: usize = 12;

/// Domains where anybody gets an address: sharing one says nothing.
const PUBLIC_DOMAINS: [&str; 14] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "ymail.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "chmail.ir",
    "mail.com",
];

/// A phone number's digits as dialled inside the country: `+98`, `0098` and a leading zero are one; none for numbers
/// that are too short to be somebody's own.
pub fn phone_key(raw: &str) -> Option<String> {
    let folded: String = fold(raw).chars().map(ascii_digit).collect();
    let is_international = folded.trim_start().starts_with('+');
    let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
    let abroad = digits.strip_prefix("00");
    let digits = match abroad {
        Some(rest) => rest,
        None => digits.as_str(),
    };
    let has_code = is_international || abroad.is_some() || digits.len() == IRAN_DIGITS;
    let national = digits.strip_prefix(IRAN).filter(|_| has_code).unwrap_or(digits);
    let national = national.strip_prefix('0').unwrap_or(national);
    (national.len() >= PHONE_DIGITS_MIN).then(|| national.to_owned())
}

/// An e-mail address for comparing; none for what is no address.
pub fn email_key(raw: &str) -> Option<String> {
    let folded = loose_fold(raw);
    let (name, domain) = folded.split_once('@')?;
    (!name.is_empty() && domain.contains('.')).then(|| folded.clone())
}

/// The domain of a website or an e-mail address that is the company's own; none for one where anybody gets an address.
pub fn own_domain(raw: &str) -> Option<String> {
    let folded = loose_fold(raw);
    let host = folded.rsplit_once('@').map_or(folded.as_str(), |(_, domain)| domain);
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).trim_matches('.');
    let is_own = host.contains('.') && !PUBLIC_DOMAINS.contains(&host);
    is_own.then(|| host.to_owned())
}

/// The name of a record as duplicates are told by.
pub(super) fn name_key(state: &RecordState) -> String {
    let name = record_name(state);
    if state.module == ACCOUNT { account_key(&name) } else { loose_fold(&name) }
}

/// Hands out every pair by the keys of a module.
pub(super) fn pairs(
    table: &ModuleDef,
    live: &[&RecordState],
    world: &dyn World,
    note: &mut dyn FnMut(RecordId, RecordId, Reason),
) {
    let mut equal = |reason: Reason, keys: &dyn Fn(&RecordState) -> Vec<String>| {
        pair_equal(live, keys, &mut |left, right| note(left, right, reason.clone()));
    };
    match table.name.as_ref() {
        ACCOUNT => {
            equal(Reason::NationalId, &|state| text(state, "national_id"));
            contact_points(&mut equal);
            equal(Reason::Domain, &domains);
            equal(Reason::SameName, &|state| filled(name_key(state)));
            pair_similar(live, &name_key, &mut |left, right| note(left, right, Reason::SimilarName));
        }
        CONTACT => {
            contact_points(&mut equal);
            equal(Reason::SameName, &|state| named_at(state, reference(state, "account_id", world)));
        }
        LEAD => {
            contact_points(&mut equal);
            let company =
                |state: &RecordState| account_key(state.winner("company").as_text().unwrap_or_default());
            equal(Reason::SameName, &|state| named_at(state, company(state)));
        }
        OPPORTUNITY => {
            equal(Reason::SameName, &|state| named_at(state, reference(state, "account_id", world)));
        }
        PRODUCT => {
            equal(Reason::Code, &|state| text(state, "code"));
            equal(Reason::SameName, &|state| filled(name_key(state)));
        }
        // Calls and tasks share their subjects by nature; they are compared by chosen fields only.
        ACTIVITY => {}
        _ => equal(Reason::SameName, &|state| filled(name_key(state))),
    }
}

/// The keys of a record under one rule.
type Keys<'k> = &'k dyn Fn(&RecordState) -> Vec<String>;

fn contact_points(equal: &mut dyn FnMut(Reason, Keys<'_>)) {
    equal(Reason::Phone, &|state| listed(state, "phones").filter_map(phone_key).collect());
    equal(Reason::Email, &|state| listed(state, "emails").filter_map(email_key).collect());
}

fn domains(state: &RecordState) -> Vec<String> {
    let website = state.winner("website").as_text();
    website.into_iter().chain(listed(state, "emails")).filter_map(own_domain).collect()
}

/// A name beside what tells its namesakes apart.
fn named_at(state: &RecordState, place: String) -> Vec<String> {
    let name = name_key(state);
    if name.is_empty() { Vec::new() } else { vec![format!("{name}\n{place}")] }
}

fn reference(state: &RecordState, field: &str, world: &dyn World) -> String {
    let id = reference_id(state.winner(field)).map(|id| lifecycle::surviving_id(id, world));
    id.map(|id| id.0.to_string()).unwrap_or_default()
}

fn text(state: &RecordState, field: &str) -> Vec<String> {
    filled(loose_fold(state.winner(field).as_text().unwrap_or_default()))
}

fn filled(key: String) -> Vec<String> {
    if key.is_empty() { Vec::new() } else { vec![key] }
}

/// The values of a list of phones or addresses.
fn listed<'s>(state: &'s RecordState, field: &str) -> impl Iterator<Item = &'s str> {
    let kept = state.entries(field).filter(|(_, entry)| Presence::of(entry).is_kept());
    kept.filter_map(|(_, entry)| entry.winner("raw").as_text())
}

/// The values of any field, folded for comparing.
pub(super) fn values(
    state: &RecordState,
    field: &crate::schema::FieldDef,
    name_field: &str,
    world: &dyn World,
) -> Vec<String> {
    use crate::schema::{FieldKind, MergeCode};
    let plain = |value: &Scalar| match value {
        Scalar::Text(text) => loose_fold(text),
        Scalar::Int(number) => number.to_string(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Null => String::new(),
    };
    let keys: Vec<String> = match (field.name.as_ref(), &field.kind) {
        (name, _) if name == name_field => vec![name_key(state)],
        ("phones", _) => listed(state, "phones").filter_map(phone_key).collect(),
        (name, FieldKind::Entries) => {
            let register = field.entry_value().map(|register| register.name.clone());
            let kept = state.entries(name).filter(|(_, entry)| Presence::of(entry).is_kept());
            kept.filter_map(|(_, entry)| Some(plain(entry.winner(register.as_ref()?)))).collect()
        }
        (name, FieldKind::Reference(_) | FieldKind::NamedReference(_)) => vec![reference(state, name, world)],
        (name, _) if field.merge == MergeCode::S => state.set(name).map(loose_fold).collect(),
        (name, _) if field.merge == MergeCode::T => vec![loose_fold(state.text(name))],
        (name, _) => vec![plain(state.winner(name))],
    };
    keys.into_iter().filter(|key| !key.is_empty()).collect()
}
