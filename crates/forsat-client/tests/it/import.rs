//! Import: the sample set's totals, and rows that come again.

use crate::support::{dollars, sample_set};
use forsat_client::{Engine, FieldInput, FileSummary, ImportOptions, ImportSummary, ListQuery};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn import_with(engine: &Engine, from: &Path, mapping: &Path, refused: &Path) -> ImportSummary {
    let options = ImportOptions { refused_dir: Some(refused.to_owned()), ..ImportOptions::default() };
    engine.import(from, mapping, &options, &mut |_| {}).expect("imports")
}

fn import(engine: &Engine, from: &Path, refused: &Path) -> ImportSummary {
    import_with(engine, from, &sample_set().join("crm-sales.toml"), refused)
}

/// The first rows of each file of the sample set, with edits to their text, beside its mapping.
fn excerpt(dir: &TempDir, name: &str, edit: impl Fn(&str, String) -> String) -> PathBuf {
    let target = dir.path().join(name);
    std::fs::create_dir(&target).expect("a new directory");
    for file in ["sales_teams.csv", "accounts.csv", "products.csv", "sales_pipeline.csv"] {
        let text =
            std::fs::read_to_string(sample_set().join(file)).expect("the sample set is in the repository");
        let kept: Vec<&str> = if file == "sales_pipeline.csv" {
            text.lines().take(60).collect()
        } else {
            text.lines().collect()
        };
        std::fs::write(target.join(file), edit(file, kept.join("\n"))).expect("writes");
    }
    target
}

fn deals(summary: &ImportSummary) -> &FileSummary {
    summary.files.last().expect("the deals come last")
}

fn amount(money: Option<forsat_domain::Money>) -> String {
    money.map(|money| forsat_domain::canonical::decimal_text(money.value())).unwrap_or_default()
}

#[test]
fn the_sample_set_comes_to_the_totals_counted_by_hand() {
    let (dir, engine) = dollars(1);
    let summary = import(&engine, &sample_set(), dir.path());
    let taken = deals(&summary);
    assert_eq!((taken.rows, taken.created), (8_800, 7_375));
    assert_eq!(taken.refused.values().sum::<u64>(), 1_425);
    let stages: Vec<(&str, u64)> =
        taken.by_stage.iter().map(|(stage, count)| (stage.as_str(), *count)).collect();
    assert_eq!(stages, [("identification", 163), ("lost", 2_473), ("needs", 501), ("won", 4_238)]);

    let report = engine.pipeline().expect("a report");
    let open: Vec<(&str, u64, String, String)> = report
        .stages
        .iter()
        .filter(|row| row.open.count > 0)
        .map(|row| (row.stage_id.as_str(), row.open.count, amount(row.open.amount), amount(row.weighted)))
        .collect();
    let counted = [
        ("identification", 163, "365612".to_owned(), "36561.2".to_owned()),
        ("needs", 501, "1269836".to_owned(), "317459".to_owned()),
    ];
    assert_eq!(open, counted);
    assert_eq!(amount(report.weighted), "354020.2");
    assert_eq!((report.won.count, amount(report.won.amount)), (4_238, "10005534".to_owned()));
    assert_eq!((report.lost.count, amount(report.lost.amount)), (2_473, "0".to_owned()));
    let quarters: Vec<(Option<i32>, Option<u8>, String)> =
        report.quarters.iter().map(|row| (row.year, row.quarter, amount(row.won.amount))).collect();
    let won = [
        (1395, 4, "753398"),
        (1396, 1, "3007000"),
        (1396, 2, "3094327"),
        (1396, 3, "2748526"),
        (1396, 4, "402283"),
    ];
    assert_eq!(quarters, won.map(|(year, quarter, sum)| (Some(year), Some(quarter), sum.to_owned())));

    let issues = engine.issues(true).expect("lists").issues;
    let codes: BTreeSet<&str> = issues.iter().map(|issue| issue.issue.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["missing_reason", "required_missing"]));
    assert_eq!(issues.len(), 2_473 + 664);

    let refused =
        std::fs::read_to_string(dir.path().join("sales_pipeline.refused.csv")).expect("the refused rows");
    assert_eq!(refused.lines().count(), 1_426);
    assert!(refused.starts_with('\u{feff}'));
    let refused_open = |stage: &str| refused.lines().filter(|line| line.contains(stage)).count();
    assert_eq!((refused_open(",Prospecting,"), refused_open(",Engaging,")), (337, 1_088));
}

#[test]
fn a_second_import_changes_nothing() {
    let (dir, engine) = dollars(2);
    let from = excerpt(&dir, "set", |_, text| text);
    let first = import(&engine, &from, dir.path());
    let unsent = engine.unsent().expect("counts");
    let second = import(&engine, &from, dir.path());
    assert_eq!(engine.unsent().expect("counts"), unsent);
    assert_eq!(deals(&second).created, 0);
    assert_eq!(deals(&second).unchanged, deals(&first).created);
    assert!(second.files.iter().all(|file| file.created == 0 && file.updated == 0));
}

#[test]
fn only_cells_that_changed_in_the_file_are_written_and_local_edits_win() {
    let (dir, engine) = dollars(3);
    let from = excerpt(&dir, "set", |_, text| text);
    import(&engine, &from, dir.path());
    engine.edit("account", "Acme Corporation", &[FieldInput::new("industry", "rockets")]).expect("edits");
    engine
        .edit("account", "Betatech", &[FieldInput::new("website", "https://betatech.example")])
        .expect("edits");
    let changed = excerpt(&dir, "changed", |file, text| match file {
        "accounts.csv" => text
            .replace(
                "Acme Corporation,technolgy,1996,1100.04,2822",
                "Acme Corporation,retail,1996,1100.04,3000",
            )
            .replace("Betatech,medical", "Betatech,retail"),
        _ => text,
    });
    let summary = import(&engine, &changed, dir.path());
    let accounts = summary.files.iter().find(|file| file.module == "account").expect("the accounts");
    assert_eq!((accounts.created, accounts.updated, accounts.kept_local), (0, 2, 1));
    let acme = engine.show("account", "Acme Corporation").expect("shows");
    let field = |name: &str| {
        acme.fields
            .iter()
            .find(|field| field.field == name)
            .map(|field| field.value.clone())
            .expect("a field")
    };
    assert_eq!(field("industry"), "rockets");
    assert_eq!(field("employees"), 3_000);
    let betatech = engine.show("account", "Betatech").expect("shows");
    let text = |name: &str| {
        betatech
            .fields
            .iter()
            .find(|field| field.field == name)
            .map(|field| field.text.clone())
            .expect("a field")
    };
    assert_eq!((text("industry").as_str(), text("website").as_str()), ("retail", "https://betatech.example"));
}

#[test]
fn a_device_that_did_not_import_first_still_writes_only_what_changed() {
    let (dir, engine) = dollars(7);
    let from = excerpt(&dir, "set", |_, text| text);
    import(&engine, &from, dir.path());
    forget_imports(&engine);
    let unsent = engine.unsent().expect("counts");
    let changed = excerpt(&dir, "changed", |file, text| match file {
        "accounts.csv" => text.replace("Betatech,medical", "Betatech,retail"),
        _ => text,
    });
    let summary = import(&engine, &changed, dir.path());
    assert_eq!(summary.files.iter().map(|file| file.updated).sum::<u64>(), 1);
    assert_eq!(engine.unsent().expect("counts"), unsent + 1);
}

/// Takes away what this device keeps of its imports, as on a device that only received the records.
fn forget_imports(engine: &Engine) {
    let ids: Vec<_> = engine.store().read().and_then(|tx| tx.documents_after(None, 10_000)).expect("reads");
    engine
        .store()
        .write::<_, forsat_store::StoreError>(|tx| {
            for (id, _) in &ids {
                tx.remove_client_value(&format!("imported/{id}"))?;
            }
            Ok(())
        })
        .expect("writes");
}

#[test]
fn refused_rows_can_be_corrected_and_imported_again() {
    let (dir, engine) = dollars(4);
    let from = excerpt(&dir, "set", |_, text| text);
    let first = import(&engine, &from, &from);
    let refused = deals(&first).refused.values().sum::<u64>();
    assert!(refused > 0);
    let file = from.join("sales_pipeline.refused.csv");
    let text = std::fs::read_to_string(&file).expect("the refused rows");
    assert_eq!(text.lines().count() as u64, refused + 1);
    let corrected: Vec<String> = text
        .lines()
        .map(|line| {
            line.replace(",,Engaging", ",Isdom,Engaging").replace(",,Prospecting", ",Isdom,Prospecting")
        })
        .collect();
    std::fs::write(&file, corrected.join("\n")).expect("writes");
    let again = import(&engine, &file, dir.path());
    assert_eq!(deals(&again).created, refused);
    assert!(deals(&again).refused.is_empty());
}

#[test]
fn a_dry_run_writes_nothing() {
    let (dir, engine) = dollars(5);
    let from = excerpt(&dir, "set", |_, text| text);
    let before = engine.commit_seq().expect("counts");
    let options =
        ImportOptions { dry_run: true, refused_dir: Some(dir.path().to_owned()), ..ImportOptions::default() };
    let mut seen = Vec::new();
    let mapping = sample_set().join("crm-sales.toml");
    let summary =
        engine.import(&from, &mapping, &options, &mut |progress| seen.push(progress.done)).expect("tries");
    assert!(summary.dry_run && deals(&summary).created > 0 && !seen.is_empty());
    assert_eq!(engine.commit_seq().expect("counts"), before);
    assert!(!dir.path().join("sales_pipeline.refused.csv").exists());
}

#[test]
fn a_parent_further_down_the_file_is_found_and_a_missing_one_refuses_the_row_whole() {
    let (dir, engine) = dollars(6);
    let mapping = dir.path().join("map.toml");
    std::fs::write(
        &mapping,
        "source = 'test'\n[[file]]\nname = 'a.csv'\nmodule = 'account'\nkey = ['name']\n\
         [file.fields]\nname = 'name'\nparent_id = 'parent'\nemployees = 'staff'\n",
    )
    .expect("writes");
    let file = dir.path().join("a.csv");
    std::fs::write(
        &file,
        "name,parent,staff\nChild,Mother,3\nMother,,9\nOrphan,Nobody,1\nGrand,Orphan,1\nOdd,,many\n",
    )
    .expect("writes");
    let summary = import_with(&engine, &file, &mapping, dir.path());
    assert_eq!(summary.files[0].created, 2);
    assert_eq!(summary.files[0].refused.values().sum::<u64>(), 3);
    let child = engine.show("account", "Child").expect("shows");
    let parent = child.fields.iter().find(|field| field.field == "parent_id").expect("a field");
    assert_eq!(parent.reference.as_deref(), Some("Mother"));
    let page = engine.list("account", &ListQuery::default()).expect("lists");
    let names: Vec<&str> = page.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Child", "Mother"]);
}
