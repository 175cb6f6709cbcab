//! What a simulated Xero leaves behind for a later run: all that it remembers, in one file.
//!
//! Owns the file and its form. Not in it are what belongs to one run (the log of calls, the recorder, slowness, held
//! calls, calls in flight), the clock, which is the caller's, and the signing key, which is the same in every run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ports::Clock;
use serde::{Deserialize, Serialize};

use super::Xero;
use super::state::State;

/// Counted up whenever a file of before can no longer be read.
const FORM: u32 = 1;
const BUFFER_BYTES: usize = 1 << 20;

#[derive(Serialize)]
struct Left<'a> {
    form: u32,
    state: &'a State,
}

#[derive(Deserialize)]
struct Found {
    form: u32,
    state: State,
}

/// Why a Xero could not be kept or taken up again.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The machine refused the file.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The file is damaged, or of something else.
    #[error("it is not what a simulated Xero left")]
    Unreadable(#[from] serde_json::Error),
    /// Another version wrote the file.
    #[error("its form is {0} and not {FORM}")]
    Form(u32),
}

impl Xero {
    /// Writes everything to a file: whole, or not at all. Calls wait meanwhile.
    pub fn save(&self, file: &Path) -> Result<(), KeepError> {
        let fresh = beside(file);
        let written = self.write(&fresh).and_then(|()| Ok(std::fs::rename(&fresh, file)?));
        if written.is_err() {
            // What is half written is of no use; that it cannot be removed changes nothing.
            let _ = std::fs::remove_file(&fresh);
        }
        written
    }

    fn write(&self, file: &Path) -> Result<(), KeepError> {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, File::create(file)?);
        serde_json::to_writer(&mut out, &Left { form: FORM, state: &self.lock() })?;
        out.flush()?;
        // Before the new file takes the old one's place its content must be on the disk.
        out.get_ref().sync_all()?;
        Ok(())
    }

    /// The Xero that `save` left in a file. It goes on where that one stopped, at whatever the clock says now.
    pub fn restore(file: &Path, clock: Arc<dyn Clock>) -> Result<Self, KeepError> {
        let found: Found = serde_json::from_slice(&std::fs::read(file)?)?;
        if found.form != FORM {
            return Err(KeepError::Form(found.form));
        }
        Ok(Self::with(found.state, clock))
    }
}

/// The name under which the next version of a file is written.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Raw bytes as base64.
pub(super) mod bytes_as_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(bytes: &Bytes, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

/// A map whose keys are no texts, as rows of key and value.
pub(super) mod pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<K, V, S>(map: &HashMap<K, V>, out: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        out.collect_seq(map)
    }

    pub(in super::super) fn deserialize<'de, K, V, D>(from: D) -> Result<HashMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
