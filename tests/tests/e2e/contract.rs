//! The contract of the command line: exit codes, streams, JSON of every command, messages that say what to do, languages.

use std::process::Stdio;

use serde_json::Value;

use super::device::Device;
use super::whole::import;

fn device() -> (tempfile::TempDir, Device) {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    (dir, device)
}

#[test]
fn every_command_prints_one_json_value_on_standard_output() {
    let (_dir, device) = device();
    device.ok(&["product", "add", "name=Server", "code=S1", "prices=100"]);
    device.ok(&["account", "add", "name=Arya"]);
    let deal = device.add("opp", &["name=Deal", "account=Arya", "close_date=1404/06/31", "amount=1.2M"]);
    let deal = deal.as_str();
    let commands: &[&[&str]] = &[
        &["status"],
        &["issues"],
        &["issues", "--all", "--info"],
        &["issues", deal],
        &["history", deal],
        &["pipeline"],
        &["find", "Ary"],
        &["inspect", deal],
        &["inspect", deal, "--raw"],
        &["user", "list"],
        &["product", "list"],
        &["account", "show", "Arya"],
        &["opp", "show", deal],
        &["opp", "list", "--open", "--mine", "--sort=-amount", "--limit=5"],
        &["opp", "edit", deal, "next_step=call"],
        &["opp", "line", "add", deal, "Server", "--qty", "2", "--unit-price", "10", "--discount", "10%"],
        &["opp", "line", "edit", deal, "1", "--qty", "3"],
        &["opp", "line", "remove", deal, "1"],
        &["opp", "stage", deal, "negotiation"],
        &["opp", "win", deal, "--on", "1404/06/30"],
        &["opp", "reopen", deal],
        &["opp", "lose", deal, "--reason", "price"],
        &["undo"],
        &["opp", "delete", deal, "--yes"],
        &["opp", "list", "--trashed"],
        &["opp", "restore", deal],
    ];
    for command in commands {
        let ran = super::program::Ran::of(device.command(command).arg("--json"));
        assert_eq!(ran.code, Some(0), "{command:?}: {ran:?}");
        ran.parsed();
        assert!(ran.err.is_empty(), "{command:?}: {}", ran.err);
    }
    let imported = import(&device, Some(20));
    assert!(imported["files"].is_array());
    let refused: &[(&[&str], i32)] = &[
        (&["opp", "show", "nosuch"], 3),
        (&["opp", "edit", deal, "amont=5"], 4),
        (&["opp", "delete", deal], 7),
        (&["sync"], 6),
        (&["undo", "--store", "/nonexistent/store"], 5),
    ];
    for (command, code) in refused {
        let ran = super::program::Ran::of(device.command(command).arg("--json"));
        assert_eq!(ran.code, Some(*code), "{command:?}: {ran:?}");
        assert_eq!(ran.parsed()["exit"], *code);
    }
}

#[test]
fn data_goes_to_standard_output_and_the_rest_to_standard_error() {
    let (_dir, device) = device();
    let saved = device.run(&["account", "add", "name=Arya"]);
    assert_eq!((saved.code, saved.out.as_str()), (Some(0), ""));
    assert!(saved.err.contains("saved") && saved.err.contains("undo: forsat undo"), "{}", saved.err);
    let quiet = device.run(&["--quiet", "account", "add", "name=Behnam"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (Some(0), "", ""));
    let list = device.run(&["account", "list"]);
    assert!(
        list.out.contains("Arya") && list.out.contains("Behnam") && !list.err.contains("Arya"),
        "{list:?}"
    );
    assert!(!list.out.contains('\u{1b}'), "no colour where nobody sees it");
    let coloured = device.run(&["account", "list", "--color=always"]);
    assert!(coloured.out.contains('\u{1b}'));
    let usage = device.run(&["account", "ad"]);
    assert_eq!((usage.code, usage.out.as_str()), (Some(2), ""));
    assert_eq!(device.run(&["--help"]).code, Some(0));
}

#[test]
fn errors_say_what_happened_and_what_to_do() {
    let (_dir, device) = device();
    for name in ["Arya", "Arya Trading", "Twin", "Twin"] {
        device.add("account", &[&format!("name={name}")]);
    }
    let before = device.unsent();
    let unknown = device.says(4, &["account", "edit", "Arya", "webside=x"]);
    assert!(unknown.contains("webside") && unknown.contains("website"), "{unknown}");
    let ambiguous = device.fails(3, &["account", "show", "Twin"]);
    assert_eq!(ambiguous["candidates"].as_array().map(Vec::len), Some(2), "{ambiguous}");
    let date =
        device.says(4, &["opp", "add", "name=Deal", "account=Arya", "amount=5", "close_date=1404/13/40"]);
    assert!(date.contains("1404/13/40"), "{date}");
    let year = device.says(4, &["opp", "add", "name=D", "account=Arya", "amount=5", "close_date=99/01/01"]);
    assert!(year.contains("1300") && year.contains("1900"), "names both calendars: {year}");
    let column = device.says(4, &["account", "list", "--sort=nosuch"]);
    assert!(column.contains("nosuch"), "{column}");
    let yes = device.says(7, &["account", "delete", "Arya Trading"]);
    assert!(yes.contains("--yes"), "{yes}");
    let nothing = device.says(2, &["account", "edit", "Arya"]);
    assert!(!nothing.is_empty());
    let missing = device.says(3, &["opp", "show", "nosuch"]);
    assert!(missing.contains("forsat find"), "{missing}");
    device.says(6, &["sync"]);
    let bare = Device::at(device.dir().with_extension("bare"));
    let none = bare.says(5, &["opp", "list"]);
    assert!(none.contains("forsat init"), "{none}");
    assert_eq!(device.unsent(), before, "nothing of it was written");
}

#[test]
fn losing_asks_for_its_reason_and_another_reason_for_a_note() {
    let (_dir, device) = device();
    device.add("account", &["name=Arya"]);
    let deal = device.add("opp", &["name=Deal", "account=Arya", "amount=5", "close_date=+30d"]);
    let before = device.unsent();
    device.says(2, &["opp", "lose", &deal]);
    let noted = device.says(4, &["opp", "lose", &deal, "--reason", "other"]);
    assert!(noted.contains("--note"), "{noted}");
    assert_eq!(device.unsent(), before);
    device.ok(&["opp", "lose", &deal, "--reason", "other", "--note", "they moved away"]);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let (_dir, device) = device();
    for number in 0..30 {
        device.add("account", &[&format!("name=Company {number}")]);
    }
    let mut list = device.command(&["account", "list"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(list.stdout.take());
    assert!(list.wait().unwrap().success());
}

#[test]
fn a_value_that_could_never_be_sent_is_refused_before_it_is_saved() {
    let (_dir, device) = device();
    device.add("account", &["name=Arya"]);
    let before = device.unsent();
    let long = "x".repeat(100_000);
    let text = device.says(4, &["account", "edit", "Arya", &format!("description={long}")]);
    assert!(text.contains("smaller parts") && text.len() < 1_000, "{text:.1000}");
    let field = device.says(4, &["account", "edit", "Arya", &format!("website={long}")]);
    assert!(field.contains("255") && field.len() < 1_000, "{field:.1000}");
    assert_eq!(device.unsent(), before);
}

#[test]
fn persian_is_spoken_where_it_is_asked_for() {
    let (_dir, device) = device();
    device.ok(&["account", "add", "name=آریا"]);
    device.ok(&[
        "opp",
        "add",
        "name=آریا/سرور",
        "account=آریا",
        "amount=۱٫۲ میلیارد تومان",
        "close_date=۱۴۰۴/۰۶/۳۱",
    ]);
    let deal = device.show("opp", "آریا/سرور");
    assert_eq!(deal["opportunity"]["amount"]["value"], "12000000000");
    let shown = device.run(&["opp", "show", "آریا/سرور", "--lang", "fa"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("۱۲٬۰۰۰٬۰۰۰٬۰۰۰") && shown.out.contains("۱۴۰۴/۰۶/۳۱"), "{}", shown.out);
    assert!(shown.out.contains("مرحله"), "{}", shown.out);
    let report = device.run(&["pipeline", "--lang", "fa"]);
    assert!(report.out.contains("شناسایی اولیه"), "{}", report.out);
    let error = device.run(&["opp", "show", "nosuch", "--lang", "fa"]);
    assert_eq!(error.code, Some(3));
    assert!(error.err.contains("خطا"), "{}", error.err);
    let status: Value = device.ok(&["status", "--lang", "fa"]);
    assert_eq!(status["user_name"], "Sara", "JSON doesn't change with the language");
}
