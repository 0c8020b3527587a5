//! Keys that are pressed between two questions: they wait for the next one as they are.

use std::io;

use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// While it lives, the terminal hands on each key as it was pressed.
///
/// A question ends with the terminal as it found it. In the usual mode the system edits lines itself: Enter would come
/// through as another key, and Backspace could cut a letter in two. So the mode between questions is one that leaves the
/// keys alone, Ctrl-C among them: the next question hears it, and a draft is kept.
#[derive(Debug)]
pub struct Keys {
    before: Option<Termios>,
}

impl Keys {
    /// Keeps keys from now on; where standard input is no terminal, nothing changes.
    pub fn keep() -> Self {
        let Ok(before) = tcgetattr(io::stdin()) else { return Self { before: None } };
        let mut kept = before.clone();
        kept.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG;
        kept.input_modes -= InputModes::ICRNL | InputModes::IXON;
        let changed = tcsetattr(io::stdin(), OptionalActions::Now, &kept);
        Self { before: changed.is_ok().then_some(before) }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // Nobody is left to tell, and the shell sets its own mode.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
