//! Where the files are.

use std::path::PathBuf;

use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};

/// Which folder a [`FileStore`](super::FileStore) uses.
#[derive(Clone, Debug)]
pub struct FileConfig {
    pub(super) path: PathBuf,
    pub(super) durable: bool,
}

impl FileConfig {
    /// Reads the options:
    ///
    /// - `path` (required): the folder. One that is missing is made, the folder around it is not.
    /// - `durable` (default `false`): whether a write is acknowledged only once it is on the disk.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let path = fields.required_string("path")?;
        if path.trim().is_empty() || path.contains('\0') {
            return Err(Error::argument("path", "path must be the name of a folder"));
        }
        // A later change of the working directory does not move it.
        let path = std::path::absolute(&path).map_err(|cause| {
            Error::argument("path", format!("path '{path}' cannot be resolved: {cause}")).caused_by(cause)
        })?;
        Ok(Self { path, durable: fields.boolean("durable")?.unwrap_or(false) })
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
