//! The admin socket: a Unix socket in the data directory that only its owner may open.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use super::{Answer, Failure, Request};

/// The socket's name in the data directory.
pub const SOCKET_NAME: &str = "admin.sock";
/// The folder in the data directory that the socket is made in.
const MAKING_NAME: &str = "admin.new";
/// The longest line either way, in bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// How long a client waits for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// The longest path that a socket address holds on every system, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// A path to the socket in a folder that is short enough for a socket address; the file keeps the folder open meanwhile.
fn reachable(folder: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = folder.join(SOCKET_NAME);
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX || !cfg!(target_os = "linux") {
        return Ok((path, None));
    }
    let folder = File::open(folder)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}/{SOCKET_NAME}", folder.as_raw_fd())), Some(folder)))
}

/// Opens the socket for a relay that holds the store; what an earlier one left behind is replaced.
///
/// It is made in a folder that nobody else may enter and gets its place when its mode is set, so that there is no moment
/// in which others could open it, whatever the mode of the data directory.
pub fn listen(data: &Path) -> io::Result<UnixListener> {
    let making = data.join(MAKING_NAME);
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::DirBuilder::new().mode(0o700).create(&making)?;
    let listener = bind(&making, &data.join(SOCKET_NAME));
    fs::remove_dir_all(&making)?;
    listener
}

fn bind(making: &Path, place: &Path) -> io::Result<UnixListener> {
    let (path, _folder) = reachable(making)?;
    let listener = UnixListener::bind(path)?;
    let made = making.join(SOCKET_NAME);
    fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
    fs::rename(made, place)?;
    Ok(listener)
}

/// Answers the lines of one client; `answer` carries a request out.
pub(crate) async fn serve<F>(stream: tokio::net::UnixStream, answer: impl Fn(Request) -> F)
where
    F: Future<Output = Answer>,
{
    let (reader, mut writer) = stream.into_split();
    let mut reader = tokio::io::BufReader::new(reader);
    loop {
        let mut line = String::new();
        let read = (&mut reader).take(LINE_BYTES_MAX).read_line(&mut line).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        let reply = match serde_json::from_str(&line) {
            Ok(Request::Verify) => tokio::select! {
                reply = answer(Request::Verify) => reply,
                // Whoever was interrupted doesn't wait any more.
                () = gone(&mut reader) => return,
            },
            Ok(request) => answer(request).await,
            Err(error) => Answer::Failed(Failure::new(
                "bad_request",
                format!("the request could not be read ({error}): use the forsat-relay of this version"),
            )),
        };
        let Ok(mut text) = serde_json::to_vec(&reply) else { return };
        text.push(b'\n');
        if writer.write_all(&text).await.is_err() {
            return;
        }
    }
}

/// Ends when the client has left.
async fn gone(reader: &mut (impl tokio::io::AsyncBufRead + Unpin)) {
    if matches!(reader.fill_buf().await, Ok([_, ..])) {
        std::future::pending::<()>().await;
    }
}

/// Asks the relay that serves a data directory; `None` when none does.
pub fn ask(data: &Path, request: &Request) -> Result<Option<Answer>, Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            "store",
            format!("the relay that serves {} did not answer ({error}): look at its log", data.display()),
        )
    };
    let connected = reachable(data).and_then(|(path, _folder)| UnixStream::connect(path));
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    // A look at the whole store takes as long as it takes.
    let wait = if *request == Request::Verify { None } else { Some(ANSWER_WAIT) };
    stream.set_read_timeout(wait).map_err(failed)?;
    let mut text = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    stream.write_all(&text).map_err(failed)?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line).map_err(failed)?;
    serde_json::from_str(&line).map(Some).map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_is_given_up_when_its_client_leaves() {
        let (mut client, served) = tokio::net::UnixStream::pair().unwrap();
        client.write_all(b"{\"request\":\"verify\"}\n").await.unwrap();
        let (begun, looks) = tokio::sync::oneshot::channel();
        let begun = std::cell::RefCell::new(Some(begun));
        let never = |request| {
            assert_eq!(request, Request::Verify);
            begun.take().unwrap().send(()).unwrap();
            std::future::pending::<Answer>()
        };
        let left = async {
            looks.await.unwrap();
            drop(client);
        };
        tokio::join!(serve(served, never), left);
    }
}
