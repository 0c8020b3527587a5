//! `forsat` alone: the welcome, the day, and the words of errors in Persian.

use super::device::Device;

#[test]
fn a_person_without_a_store_is_welcomed_and_a_program_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::at(dir.path().join("none"));
    let welcome = device.run(&["--lang", "fa"]);
    assert_eq!(welcome.code, Some(0), "{welcome:?}");
    assert!(welcome.out.contains("forsat init --user") && welcome.out.contains("forsat join"), "{welcome:?}");
    device.fails(5, &[]);
}

#[test]
fn the_day_shows_what_is_due_overdue_to_decide_and_unsent() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    device.ok(&["account", "add", "name=Arya"]);
    let late = device.add("opp", &["name=Late", "account=Arya", "close_date=1404/01/01", "amount=5"]);
    device.add("opp", &["name=Far", "account=Arya", "close_date=+300d", "amount=5"]);
    let closed = device.add("opp", &["name=Closed", "account=Arya", "close_date=1404/01/01", "amount=5"]);
    device.ok(&["opp", "win", &closed]);
    let about = format!("parents=opportunity:{late}");
    let call = device.add("act", &["kind=call", "subject=Ring", &about, "due_date=today"]);
    device.add("act", &["kind=task", "subject=Done", &about, "due_date=-1d", "status=completed"]);
    let day = device.ok(&[]);
    assert_eq!((day["overdue"]["total"].as_u64(), day["due"]["total"].as_u64()), (Some(1), Some(1)), "{day}");
    assert_eq!(day["overdue"]["items"][0]["short"], late.as_str());
    assert_eq!(day["due"]["items"][0]["short"], call.as_str());
    assert_eq!(day["due"]["items"][0]["about"], "Late");
    assert_eq!(day["unsent"], device.unsent());
    let told = device.run(&["--lang", "fa"]);
    for words in ["گذشته از موعد: ۱", "امروز: ۱", "Ring", "تماس", "ارسال‌نشده"]
    {
        assert!(told.out.contains(words), "{words}: {told:?}");
    }
}

#[test]
fn errors_are_told_in_the_readers_language_and_in_english_to_programs() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    device.ok(&["account", "add", "name=Arya"]);
    let fields = ["opp", "add", "name=x", "account=Arya", "close_date=1404/12/30"];
    let mut persian = fields.to_vec();
    persian.extend(["--lang", "fa"]);
    let told = device.says(4, &persian);
    assert!(told.contains("خطا:") && told.contains("تخمین تاریخ فروش") && told.contains("۲۹ روز"), "{told}");
    persian.push("--json");
    let error = device.run(&persian).parsed();
    assert_eq!(error["code"], "input");
    assert!(error["error"].as_str().unwrap().contains("that month has 29 days"), "{error}");
    let told = device.says(3, &["account", "show", "نیست", "--lang", "fa"]);
    assert!(told.contains("هیچ حساب"), "{told}");
}

#[test]
fn every_shell_gets_its_completions() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::at(dir.path().join("none"));
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef forsat"),
        ("fish", "complete -c forsat"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = device.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains(mark) && ran.out.contains("pipeline"), "{shell}");
    }
}
