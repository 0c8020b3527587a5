//! A pseudo-terminal with a program in it, and a person at its keys.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::program::Running;

/// How long a program may take to show what is awaited.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keys that are more than a letter.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\r";
    /// Arrow down.
    pub const DOWN: &str = "\x1b[B";
    /// Ctrl-C, which a program in raw mode reads as a byte.
    pub const CTRL_C: &str = "\x03";
    /// Backspace.
    pub const BACK: &str = "\x7f";
}

/// A program that runs in a terminal of its own.
#[derive(Debug)]
pub struct Terminal {
    keys: File,
    screen: Receiver<Vec<u8>>,
    process: Running,
    /// What was printed and not yet awaited, without the marks of colour and place.
    seen: String,
    rest: Vec<u8>,
}

impl Terminal {
    /// Starts a command with the terminal as its input and both outputs.
    pub fn run(mut command: Command) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has pseudo-terminals");
        grantpt(&keys).and_then(|()| unlockpt(&keys)).expect("a new terminal can be opened");
        tcsetwinsize(&keys, Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 })
            .expect("a terminal has a size");
        let name = ptsname(&keys, Vec::new()).expect("a terminal has a name");
        let end = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())
            .expect("the program's end opens");
        let copy = |end: &OwnedFd| Stdio::from(end.try_clone().expect("a descriptor can be copied"));
        command.stdin(copy(&end)).stdout(copy(&end)).stderr(copy(&end)).env("NO_COLOR", "1");
        let process = Running(command.spawn().expect("the program starts"));
        // The command holds copies of the program's end: while they are open, the screen never ends.
        drop((command, end));
        let keys = File::from(keys);
        let mut screen = keys.try_clone().expect("a descriptor can be copied");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { keys, screen: receiver, process, seen: String::new(), rest: Vec::new() }
    }

    /// Waits until a text is on the screen, and forgets what stood before it.
    pub fn sees(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE) else {
                panic!("waited in vain for {text:?}; there is {:?}", self.seen);
            };
            self.show(&bytes);
        }
    }

    /// Presses keys, one text after the other.
    pub fn press(&mut self, keys: &[&str]) {
        for each in keys {
            self.keys.write_all(each.as_bytes()).expect("the terminal takes keys");
        }
    }

    /// Waits for the end of the program; answers its exit code and what is still on the screen.
    pub fn ends(mut self) -> (Option<i32>, String) {
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.show(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end; there is {:?}", self.seen),
            }
        }
        let status = self.process.0.wait().expect("a process of this test can be awaited");
        (status.code(), std::mem::take(&mut self.seen))
    }

    /// Ends the program as a closed terminal or a kill does.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Adds output without its control sequences; a letter or a sequence that is cut in two waits for its rest.
    fn show(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&self.rest[..whole]).into_owned();
        let mut taken = 0;
        while let Some(letter) = text[taken..].chars().next() {
            if letter != '\x1b' {
                self.seen.push(letter);
                taken += letter.len_utf8();
                continue;
            }
            let rest = text[taken + 1..].strip_prefix('[');
            let Some(end) = rest.and_then(|rest| rest.find(|letter: char| letter.is_ascii_alphabetic()))
            else {
                break;
            };
            taken += 2 + end + 1;
        }
        self.rest.drain(..taken);
    }
}
