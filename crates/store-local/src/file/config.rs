//! The options of a store in files.

use std::path::PathBuf;

use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of the store `'file'`, which keeps every entry in a file of its own. Several processes may use one folder.
    ///
    /// Any key is safe, `'../a'` and keys of 10,000 bytes too. A file is replaced as a whole, so a reader, also
    /// after a crash, finds the old entry or the new one. A file that is damaged rejects with `ERR_REDKV_VALUE` until it is
    /// written or deleted.
    ///
    /// @example
    /// ```js
    /// kv.addStore('file', { path: './data/pages', durable: true })
    /// ```
    struct FileOptions is "FileOptions" {
        /// The folder. A missing one is created, for this user alone (0700); its parent is not.
        path as "path": kinds::Required<kinds::Path>,
        /// Whether a write is acknowledged only when its file and its folder are on the disk. Without it, the end of the
        /// process loses nothing; a power failure may lose or damage what was written in the seconds before.
        durable as "durable": kinds::Boolean = "`false`",
    }
}

/// Which folder a [`FileStore`](super::FileStore) uses.
#[derive(Clone, Debug)]
pub struct FileConfig {
    pub(super) path: PathBuf,
    pub(super) durable: bool,
}

impl FileConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[FileOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let FileOptions { path, durable } = FileOptions::read(fields)?;
        if path.trim().is_empty() || path.contains('\0') {
            return Err(Error::argument("path", "path must be the name of a folder"));
        }
        // A later change of the working directory does not move it.
        let path = std::path::absolute(&path).map_err(|cause| {
            Error::argument("path", format!("path '{path}' cannot be resolved: {cause}")).caused_by(cause)
        })?;
        Ok(Self { path, durable: durable.unwrap_or(false) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<FileConfig> {
        let mut fields = Fields::new("file options", options)?;
        let config = FileConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn the_path_is_required_and_becomes_absolute() {
        assert_eq!(read(json!({})).unwrap_err().field(), Some("path"));
        let config = read(json!({ "path": "cache" })).unwrap();
        assert!(config.path.is_absolute() && !config.durable);
    }

    #[test]
    fn what_is_no_folder_name_is_refused() {
        for path in [" ", "nul\0inside"] {
            let error = read(json!({ "path": path })).unwrap_err();
            assert_eq!((error.field(), error.message()), (Some("path"), "path must be the name of a folder"));
        }
    }

    #[test]
    fn an_unknown_option_is_refused() {
        let error = read(json!({ "path": "cache", "durabel": true })).unwrap_err();
        assert!(error.message().contains("did you mean 'durable'?"), "{error}");
    }
}
