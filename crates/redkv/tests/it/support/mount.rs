//! File systems of a test's own: small ones, to be full, and such as become read-only. Linux lets anybody have them in a
//! namespace of mounts, so the test runs once more in a process that has one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the second process finds its file system.
const FOLDER: &str = "REDKV_TEST_MOUNT";

/// A file system of `kibibytes`, for the test called `name`. `None` in the process that only had to start the one that
/// tests.
pub(crate) fn file_system(name: &str, kibibytes: u32) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Some(folder.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "mount -t tmpfs -o size={kibibytes}k,mode=755 redkv-test \"$0\" && exec \"$1\" --exact \"$2\" --nocapture --test-threads 1"
    );
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
    command.arg(folder.path()).arg(std::env::current_exe().unwrap()).arg(name);
    let output = command.env(FOLDER, folder.path()).output();
    let output = output.unwrap_or_else(|cause| panic!("unshare, of util-linux, is needed: {cause}"));
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "there is no test '{name}': {said}");
    None
}

/// Takes the right to write from the file system at `folder`.
pub(crate) fn make_read_only(folder: &Path) {
    remount(folder, "ro");
}

fn remount(folder: &Path, how: &str) {
    let status = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(folder).status().unwrap();
    assert!(status.success());
}
