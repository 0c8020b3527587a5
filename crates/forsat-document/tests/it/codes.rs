//! Each merge code, by three replicas of one record merged in every order.

use forsat_document::Document;
use forsat_domain::{Edit, FieldState, Scalar};

use crate::support::*;

fn set(field: &str, value: &str) -> Vec<Edit> {
    vec![Edit::set(field, value)]
}

#[test]
fn i_reads_the_earliest_of_values_that_meet() {
    // The same derived id is created on three devices.
    let replicas: Vec<_> = (1..4u8)
        .map(|number| {
            let created = i64::from(number) * 1_000;
            let edits = set("name", "same");
            Document::create(record_id(1), "opportunity", &author(number), created, &edits, &schema())
                .unwrap()
        })
        .collect();
    let (_, genesis) = replicas[0].1.split_last().unwrap();
    let genesis = genesis.to_vec();
    let own: Vec<_> =
        replicas.into_iter().map(|(document, chunks)| (document, chunks[genesis.len()..].to_vec())).collect();
    let state = converge_chunks(&genesis, &own);
    assert_eq!(values(&state, "created_at"), [Scalar::Int(1_000)]);
    assert_eq!(values(&state, "created_by"), [Scalar::text(user(1).0.to_string())]);
    assert_eq!(values(&state, "name"), [Scalar::text("same")], "equal values are no conflict");
}

#[test]
fn r_shows_every_distinct_value_with_the_winner_first() {
    let (_, base) = opportunity(&[]);
    let state = converge(&base, [&set("name", "b"), &set("name", "a"), &set("name", "b")]);
    assert_eq!(values(&state, "name"), [Scalar::text("b"), Scalar::text("a")]);
    let sides = state.sides("name");
    assert_eq!(sides[0].stamp.author, Some(user(3)), "the winner is the highest actor");
    assert_eq!(sides[1].stamp.author, Some(user(2)));
}

#[test]
fn ra_keeps_composites_whole() {
    let (_, base) = opportunity(&[]);
    let euros = r#"{"currency":"EUR","value":"20000"}"#;
    let rials = r#"{"currency":"IRR","value":"11000000000"}"#;
    let state = converge(&base, [&set("manual_amount", euros), &set("manual_amount", rials), &[]]);
    assert_eq!(values(&state, "manual_amount"), [Scalar::text(rials), Scalar::text(euros)]);
}

#[test]
fn t_merges_character_by_character() {
    let text = |value: &str| Edit::SetText { field: "description".into(), value: value.into() };
    let (_, base) = opportunity(&[text("call her on Monday")]);
    let state = converge(
        &base,
        [&[text("please call her on Monday")], &[text("call her on Friday")], &[text("call her on Monday!")]],
    );
    assert_eq!(state.text("description"), "please call her on Friday!");
}

#[test]
fn s_lets_additions_win() {
    let add = |key: &str| Edit::Add { field: "tags".into(), key: key.into() };
    let remove = |key: &str| Edit::Remove { field: "tags".into(), key: key.into() };
    let (_, base) = opportunity(&[add("old"), add("kept")]);
    let state = converge(&base, [&[remove("old")], &[remove("old"), add("new")], &[add("third")]]);
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["kept", "new", "third"]);

    // Removed here and added anew there: the addition was not seen by the removal.
    let mut gone = of_chunks(&base);
    let removal = write(&mut gone, &author(1), &[remove("old")]);
    let base: Vec<_> = base.into_iter().chain([removal]).collect();
    let state = converge(&base, [&[add("old")], &[add("old")], &[remove("kept")]]);
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["old"]);
}

#[test]
fn m_merges_entries_field_by_field() {
    let (_, base) = opportunity(&[
        Edit::set_entry("lines", "one", "qty", "1"),
        Edit::set_entry("lines", "one", "note", "as agreed"),
    ]);
    let state = converge(
        &base,
        [
            &[Edit::set_entry("lines", "one", "qty", "2")],
            &[Edit::set_entry("lines", "one", "note", "in red"), Edit::set_entry("lines", "two", "qty", "5")],
            &[Edit::set_entry("lines", "one", "qty", "3")],
        ],
    );
    let one = state.entry("lines", "one").unwrap();
    let quantities: Vec<_> = one.fields["qty"].sides.iter().map(|side| side.value.clone()).collect();
    assert_eq!(quantities, [Scalar::text("3"), Scalar::text("2")]);
    assert_eq!(one.winner("note"), &Scalar::text("in red"));
    assert_eq!(state.entry("lines", "two").unwrap().winner("qty"), &Scalar::text("5"));
}

#[test]
fn m_keeps_an_edit_of_an_entry_that_was_removed_elsewhere() {
    let (document, base) = opportunity(&[Edit::set_entry("lines", "one", "qty", "1")]);
    let seen: Vec<String> = document.heads().iter().map(hex::encode).collect();
    let removed = serde_json::json!({"seen_heads": seen, "value": true}).to_string();
    let remove = [Edit::set_entry("lines", "one", "removed", removed)];
    let state = converge(&base, [&remove, &[Edit::set_entry("lines", "one", "qty", "2")], &[]]);
    let one = state.entry("lines", "one").unwrap();
    assert_eq!(one.winner("qty"), &Scalar::text("2"));
    assert_eq!(one.late.iter().map(|stamp| stamp.author).collect::<Vec<_>>(), [Some(user(2))]);

    let state = converge(&base, [&remove, &[], &[]]);
    assert_eq!(state.entry("lines", "one").unwrap().late, []);
}

#[test]
fn g_only_grows_and_keeps_the_first_value_of_a_key() {
    let insert = |key: &str, value: &str| Edit::Insert {
        field: "stage_history".into(),
        key: key.into(),
        value: value.into(),
    };
    let (_, base) = opportunity(&[insert("a", "first")]);
    let state = converge(
        &base,
        [&[insert("b", "left"), insert("a", "again")], &[insert("b", "right")], &[insert("c", "third")]],
    );
    let grown: Vec<_> = state.grown("stage_history").map(|(key, value)| (key, value.clone())).collect();
    assert_eq!(
        grown,
        [("a", Scalar::text("first")), ("b", Scalar::text("left")), ("c", Scalar::text("third"))]
    );
}

#[test]
fn equal_ids_begin_with_equal_heads_and_merge_cleanly() {
    let tag = |key: &str| Edit::Add { field: "tags".into(), key: key.into() };
    let create = |number: u8| {
        let edits = [tag(&number.to_string()), Edit::set("name", "same")];
        Document::create(record_id(1), "account", &author(number), NOW_MS, &edits, &schema()).unwrap()
    };
    let (first, second) = (create(1), create(2));
    assert_eq!(first.1[0], second.1[0]);
    let mut merged = first.0;
    take(&mut merged, &second.1);
    let state = merged.read(&schema());
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["1", "2"]);
    assert!(state.fields.values().all(|field| match field {
        FieldState::Register(register) => !register.is_conflicted(),
        _ => true,
    }));
}

#[test]
fn a_deletion_lists_what_others_did_without_its_knowledge() {
    let (document, base) = opportunity(&[]);
    let seen: Vec<String> = document.heads().iter().map(hex::encode).collect();
    let trashed = serde_json::json!({"at": NOW_MS, "by": user(1).0, "seen_heads": seen, "state": "trashed"});
    let delete = [Edit::set("lifecycle", trashed.to_string())];
    let state = converge(&base, [&delete, &set("next_step", "call"), &delete]);
    let late: Vec<_> = state.late_lifecycle.iter().map(|stamp| stamp.author).collect();
    assert_eq!(late, [Some(user(2))], "two deletions do not dispute each other");
    assert_eq!(converge(&base, [&delete, &[], &[]]).late_lifecycle, []);
}
