//! File systems of a test's own: small ones, to be full, and such as become read-only. Linux lets anybody have them in a
//! namespace of mounts, so the test runs once more in a process that has one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::again::again_by;

/// Where the second process finds its file system.
const FOLDER: &str = "REDKV_TEST_MOUNT";

/// A file system of `kibibytes`, for the test called `name`. `None` in the process that only had to start the one that
/// tests. Needs `unshare` and `mount`, of util-linux.
pub(crate) fn file_system(name: &str, kibibytes: u32) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Some(folder.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size={kibibytes}k,mode=755 redkv-test \"$0\" && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
    command.arg(folder.path()).arg(std::env::current_exe().unwrap());
    again_by(name, command, &[(FOLDER, folder.path().to_str().unwrap())]);
    None
}

/// Takes the right to write from the file system at `folder`.
pub(crate) fn make_read_only(folder: &Path) {
    let status = Command::new("mount").args(["-o", "remount,ro"]).arg(folder).status().unwrap();
    assert!(status.success());
}

/// Writes a file until there is no room; removing it makes room again.
pub(crate) fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 1024]).is_ok() {}
    path
}
