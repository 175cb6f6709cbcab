//! Objects and their versions, in memory and, where there is a folder, in files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use md5::{Digest, Md5};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// One version of an object.
#[derive(Clone)]
pub(in crate::embedded) struct Object {
    pub(in crate::embedded) body: Bytes,
    pub(super) content_type: String,
    pub(super) etag: String,
    /// Where the bucket keeps versions.
    pub(super) version: Option<String>,
    /// It hides the versions before it.
    is_deletion: bool,
}

impl Object {
    pub(super) fn new(body: Bytes, content_type: &str) -> Self {
        let etag = Md5::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { body, content_type: content_type.to_owned(), etag, version: None, is_deletion: false }
    }
}

/// Bucket and key.
type Name = (String, String);

pub(in crate::embedded) struct Objects {
    /// Versions oldest first.
    all: Mutex<BTreeMap<Name, Vec<Object>>>,
    folder: Option<PathBuf>,
}

/// What a kept file begins with.
#[derive(Serialize, Deserialize)]
struct Label {
    bucket: String,
    key: String,
    content_type: String,
    #[serde(default)]
    version: Option<String>,
    /// Orders the versions of one object.
    #[serde(default)]
    place: usize,
    #[serde(default)]
    is_deletion: bool,
}

impl Objects {
    /// What is kept in a folder.
    pub(in crate::embedded) fn open(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let objects = Self { all: Mutex::default(), folder };
        objects.read_kept()?;
        Ok(objects)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Vec<Object>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores an object: in the place of the former one, or as a version beside it. Answers it as it is stored.
    pub(super) fn put(&self, bucket: &str, key: &str, mut object: Object, versioned: bool) -> anyhow::Result<Object> {
        object.version = versioned.then(new_version);
        self.add(bucket, key, object.clone())?;
        Ok(object)
    }

    fn add(&self, bucket: &str, key: &str, object: Object) -> anyhow::Result<()> {
        let mut all = self.lock();
        let versions = all.entry((bucket.to_owned(), key.to_owned())).or_default();
        if object.version.is_none() {
            versions.clear();
        }
        self.keep(bucket, key, versions.len(), &object)?;
        versions.push(object);
        Ok(())
    }

    /// The newest version, or the one of a name.
    pub(in crate::embedded) fn find(&self, bucket: &str, key: &str, version: Option<&str>) -> Option<Object> {
        let all = self.lock();
        let versions = all.get(&(bucket.to_owned(), key.to_owned()))?;
        let found = match version {
            Some(version) => versions.iter().find(|each| each.version.as_deref() == Some(version)),
            None => versions.last(),
        };
        found.filter(|object| !object.is_deletion).cloned()
    }

    /// Removes an object, or hides it where versions are kept; answers whether it was there.
    pub(super) fn remove(&self, bucket: &str, key: &str, versioned: bool) -> anyhow::Result<bool> {
        if self.find(bucket, key, None).is_none() {
            return Ok(false);
        }
        if versioned {
            let object = Object { version: Some(new_version()), is_deletion: true, ..Object::new(Bytes::new(), "") };
            self.add(bucket, key, object)?;
            return Ok(true);
        }
        self.lock().remove(&(bucket.to_owned(), key.to_owned()));
        if let Some(folder) = &self.folder {
            std::fs::remove_file(folder.join(file_name(bucket, key, None)))?;
        }
        Ok(true)
    }

    /// Objects whose keys begin so: key and newest version.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Vec<(String, Object)> {
        let all = self.lock();
        let found = all.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix));
        let newest = found.filter_map(|((_, key), versions)| Some((key, versions.last()?)));
        newest.filter(|(_, object)| !object.is_deletion).map(|(key, object)| (key.clone(), object.clone())).collect()
    }

    /// One file a version: its first line says what it is, the rest is the body.
    fn keep(&self, bucket: &str, key: &str, place: usize, object: &Object) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let label = Label {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            content_type: object.content_type.clone(),
            version: object.version.clone(),
            place,
            is_deletion: object.is_deletion,
        };
        let file = folder.join(file_name(bucket, key, object.version.as_deref()));
        std::fs::write(file, [&serde_json::to_vec(&label)?[..], b"\n", &object.body].concat())?;
        Ok(())
    }

    fn read_kept(&self) -> anyhow::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.exists()) else { return Ok(()) };
        let mut found: Vec<(Label, Object)> = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let fault = || format!("{} is damaged; remove it or choose another --data", path.display());
            let kept = std::fs::read(&path).with_context(fault)?;
            let line = kept.iter().position(|byte| *byte == b'\n').with_context(fault)?;
            let label: Label = serde_json::from_slice(&kept[..line]).with_context(fault)?;
            let mut object = Object::new(Bytes::copy_from_slice(&kept[line + 1..]), &label.content_type);
            (object.version, object.is_deletion) = (label.version.clone(), label.is_deletion);
            found.push((label, object));
        }
        found.sort_by_key(|(label, _)| label.place);
        let mut all = self.lock();
        for (label, object) in found {
            all.entry((label.bucket, label.key)).or_default().push(object);
        }
        Ok(())
    }
}

fn new_version() -> String {
    let mut bytes = [0; 24];
    // Without random bytes versions would not be told apart; the system has them.
    SystemRandom::new().fill(&mut bytes).expect("the system has random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A digest, because a key can be longer than a file's name.
fn file_name(bucket: &str, key: &str, version: Option<&str>) -> String {
    let name = match version {
        Some(version) => format!("{bucket}/{key}?{version}"),
        None => format!("{bucket}/{key}"),
    };
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, name.as_bytes()))
}
