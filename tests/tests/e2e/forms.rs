//! Forms in a real terminal, in Persian: arrow keys, type-ahead, wrong answers, drafts that survive.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::device::Device;
use super::terminal::{Terminal, key};

fn shop() -> (tempfile::TempDir, Device) {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "سارا");
    device.ok(&["account", "add", "name=شرکت آریا"]);
    device.ok(&["account", "add", "name=بهنام"]);
    device.ok(&["product", "add", "name=سرور", "code=S1", "prices=100"]);
    (dir, device)
}

fn persian(device: &Device, arguments: &[&str]) -> Command {
    let mut command = device.command(arguments);
    command.args(["--lang", "fa"]);
    command
}

/// Types the account and takes the proposed name.
fn begin(terminal: &mut Terminal) {
    terminal.sees("نام حساب");
    terminal.press(&["آری"]);
    terminal.sees("شرکت آریا");
    terminal.press(&[key::DOWN, key::ENTER]);
    terminal.sees("محصول (اختیاری)");
}

// R5, R11, R43 of docs/requirements.md.
#[test]
fn r5_r43_a_deal_is_added_by_arrow_keys_and_a_draft_survives_ctrl_c() {
    let (_dir, device) = shop();
    let mut terminal = Terminal::run(persian(&device, &["opp", "add"]));
    begin(&mut terminal);
    terminal.press(&["سر"]);
    terminal.sees("سرور");
    terminal.press(&[key::DOWN, key::ENTER]);
    terminal.sees("شرکت آریا/سرور");
    terminal.press(&[key::ENTER]);
    terminal.sees("تخمین تاریخ فروش");
    terminal.press(&["1404/12/30", key::ENTER]);
    terminal.sees("آن ماه ۲۹ روز دارد");
    terminal.sees("1404/12/30");
    terminal.press(&[key::CTRL_C]);
    terminal.sees("forsat drafts resume 1");
    assert_eq!(terminal.ends().0, Some(1));
    assert!(device.names("opportunity").is_empty(), "nothing is saved before the end of the form");
    let drafts = device.ok(&["drafts"]);
    assert_eq!(drafts[0]["fields"][2], serde_json::json!(["name", "شرکت آریا/سرور"]), "{drafts}");

    let mut terminal = Terminal::run(persian(&device, &["drafts", "resume", "1"]));
    terminal.sees("تخمین تاریخ فروش");
    terminal.press(&["۱۴۰۵/۰۱/۰۱", key::ENTER]);
    terminal.sees("فیلدهای دیگر؟");
    terminal.press(&["نوع کسب", key::ENTER]);
    terminal.sees("کسب و کار جدید");
    terminal.press(&[key::DOWN, key::DOWN, key::ENTER]);
    terminal.sees("فیلدهای دیگر؟");
    terminal.press(&[key::ENTER]);
    terminal.sees("ذخیره شد");
    assert_eq!(terminal.ends().0, Some(0));
    let name = "شرکت آریا/سرور";
    assert_eq!(device.names("opportunity"), [name]);
    assert_eq!(device.field("opportunity", name, "business_type"), "new");
    assert_eq!(device.field("opportunity", name, "close_date"), "2026-03-21");
    assert_eq!(device.show("opportunity", name)["opportunity"]["amount"]["value"], "100");
    assert_eq!(device.ok(&["drafts"]), serde_json::json!([]), "a saved form leaves no draft");
}

// R18 of docs/requirements.md.
#[test]
fn amounts_are_echoed_in_full_and_a_killed_form_is_kept() {
    let (_dir, device) = shop();
    let mut terminal = Terminal::run(persian(&device, &["opp", "add"]));
    begin(&mut terminal);
    terminal.press(&[key::ENTER]);
    terminal.sees("نام فرصت");
    terminal.press(&[key::ENTER]);
    terminal.sees("مبلغ (اختیاری)");
    terminal.press(&["۱.۲ میلیارد تومان", key::ENTER]);
    terminal.sees("= ۱۲٬۰۰۰٬۰۰۰٬۰۰۰ ریال");
    terminal.sees("تخمین تاریخ فروش");
    terminal.kill();
    let drafts = device.ok(&["drafts"]);
    assert_eq!(drafts[0]["fields"][2], serde_json::json!(["amount", "۱.۲ میلیارد تومان"]), "{drafts}");
    // Without a terminal nothing is asked: what is missing is refused, and the draft stays.
    let refused = device.fails(4, &["drafts", "resume", "1"]);
    assert_eq!(refused["code"], "required_missing");
    device.ok(&["drafts", "drop", "1"]);
    device.fails(2, &["drafts", "drop", "1"]);
}

// R4 of docs/requirements.md.
#[test]
fn a_loss_is_asked_for_its_reason_in_a_terminal_only() {
    let (_dir, device) = shop();
    let fields = ["name=معامله", "account=بهنام", "close_date=1405/01/01", "amount=5"];
    let (lost, won) = (device.add("opp", &fields), device.add("opp", &fields));
    let told = device.says(2, &["opp", "lose", &lost]);
    assert!(told.contains("competitor"), "{told}");
    let mut terminal = Terminal::run(persian(&device, &["opp", "lose", &lost]));
    terminal.sees("چرا از دست رفت؟");
    terminal.press(&[key::DOWN, key::ENTER]);
    terminal.sees("ذخیره شد");
    assert_eq!(terminal.ends().0, Some(0));
    assert_eq!(device.show("opp", &lost)["opportunity"]["reason"], "competitor");

    let mut terminal = Terminal::run(persian(&device, &["opp", "win", &won]));
    terminal.sees("چرا موفق شد؟");
    terminal.press(&[key::ENTER]);
    terminal.sees("ذخیره شد");
    assert_eq!(terminal.ends().0, Some(0));
    assert_eq!(device.show("opp", &won)["opportunity"]["standing"], "won");
}

#[test]
fn nothing_is_asked_where_a_program_reads_the_answer() {
    let (_dir, device) = shop();
    let mut json = persian(&device, &["account", "add", "--json"]);
    json.stdin(Stdio::null());
    let (code, screen) = Terminal::run(json).ends();
    assert_eq!(code, Some(4), "{screen}");
    assert!(screen.contains("required_missing"), "{screen}");
    let mut wrong = Terminal::run(persian(&device, &["contact", "add"]));
    wrong.sees("نام خانوادگی");
    wrong.press(&[key::ENTER]);
    wrong.sees("این لازم است");
    wrong.press(&["کریمی", key::BACK, "ی", key::ENTER]);
    wrong.sees("نام کوچک (اختیاری)");
    wrong.press(&[key::ENTER]);
    wrong.sees("فیلدهای دیگر؟");
    wrong.press(&[key::ENTER]);
    assert_eq!(wrong.ends().0, Some(0));
    assert_eq!(device.names("contact"), ["کریمی"]);
}

#[test]
fn what_is_typed_before_the_next_question_stands_is_not_lost() {
    let (_dir, device) = shop();
    for pause_ms in [0, 1, 2, 4, 8, 16] {
        let mut form = Terminal::run(persian(&device, &["contact", "add"]));
        form.sees("نام خانوادگی");
        form.press(&["کریمی", key::ENTER]);
        form.sees("نام کوچک");
        form.press(&["رضا", key::ENTER]);
        thread::sleep(Duration::from_millis(pause_ms));
        // The last question takes a while to come: it offers every other field.
        form.press(&["ک", key::BACK, key::ENTER]);
        let (code, screen) = form.ends();
        assert_eq!(code, Some(0), "{screen}");
    }
    assert_eq!(device.names("contact"), ["رضا کریمی"; 6]);
}
