//! The ScanReader port in memory: answers what a test lays out for a file's bytes, and counts what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::{Blobs, ScanError, ScanReader, ScanRefusal, Scanned};

use super::blobs::MemoryBlobs;
use super::faults::{Faults, Verdict, crash};

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanTrouble {
    /// Too many calls; nothing is read.
    Throttled,
    /// No answer comes, though the page may be charged for.
    Unanswered,
    /// The service does not let the caller in.
    NotAllowed,
    /// The file cannot be opened.
    Refused(ScanRefusal),
}

#[derive(Default)]
struct Script {
    /// Bytes of a file and what is found in them.
    pages: Vec<(Vec<u8>, Scanned)>,
    troubles: VecDeque<ScanTrouble>,
    calls: usize,
    jobs: BTreeMap<String, Job>,
}

/// A file of several pages, and how often somebody looks before it is read.
struct Job {
    key: String,
    version: Option<String>,
    looks_left: usize,
}

/// Looks at a job before it has ended.
const LOOKS: usize = 2;

/// The reader of pictures.
pub struct MemoryScans {
    script: Mutex<Script>,
    blobs: Arc<MemoryBlobs>,
    faults: Arc<Faults>,
}

/// Longest file that is looked at.
const BYTES_MAX: usize = 10_000_000;

impl MemoryScans {
    pub(crate) fn new(blobs: Arc<MemoryBlobs>, faults: Arc<Faults>) -> Self {
        Self { script: Mutex::default(), blobs, faults }
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these bytes show this; all others show nothing.
    pub fn show(&self, bytes: impl Into<Vec<u8>>, scanned: Scanned) {
        self.lock().pages.push((bytes.into(), scanned));
    }

    /// The next calls end like this, one each.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = ScanTrouble>) {
        self.lock().troubles.extend(troubles);
    }

    /// Jobs there are, each charged for once.
    pub fn jobs(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Calls that reached it.
    pub fn calls(&self) -> usize {
        self.lock().calls
    }
}

impl MemoryScans {
    /// Counts a call, and says what goes wrong at it and whether its answer is lost.
    fn call(&self) -> Result<bool, ScanError> {
        let verdict = self.faults.judge();
        if verdict == Verdict::Dead {
            return Err(ScanError::Unavailable(crash()));
        }
        let mut script = self.lock();
        script.calls += 1;
        match script.troubles.pop_front() {
            None => Ok(verdict == Verdict::LoseAnswer),
            Some(ScanTrouble::Throttled) => Err(ScanError::Throttled),
            Some(ScanTrouble::Unanswered) => Err(ScanError::Unavailable("no answer came".into())),
            Some(ScanTrouble::NotAllowed) => Err(ScanError::NotAllowed("AccessDeniedException".into())),
            Some(ScanTrouble::Refused(refusal)) => Err(ScanError::Refused(refusal)),
        }
    }

    async fn look(&self, key: &str, version: Option<&str>) -> Result<Scanned, ScanError> {
        let body = self.blobs.read(key, version, BYTES_MAX).await;
        let body = body.map_err(|_| ScanError::Refused(ScanRefusal::Unreachable))?;
        let script = self.lock();
        let page = script.pages.iter().find(|(bytes, _)| bytes.as_slice() == body.as_ref());
        Ok(page.map_or_else(|| Scanned { pages: 1, expenses: Vec::new() }, |(_, scanned)| scanned.clone()))
    }
}

#[async_trait]
impl ScanReader for MemoryScans {
    async fn read_scan(&self, key: &str, version: Option<&str>) -> Result<Scanned, ScanError> {
        if self.call()? {
            return Err(ScanError::Unavailable(crash()));
        }
        self.look(key, version).await
    }

    async fn start_scan(&self, key: &str, version: Option<&str>, token: &str) -> Result<String, ScanError> {
        let is_lost = self.call()?;
        let job = format!("job-{token}");
        let new = Job { key: key.to_owned(), version: version.map(str::to_owned), looks_left: LOOKS };
        self.lock().jobs.entry(job.clone()).or_insert(new);
        if is_lost { Err(ScanError::Unavailable(crash())) } else { Ok(job) }
    }

    async fn finished_scan(&self, job: &str) -> Result<Option<Scanned>, ScanError> {
        if self.call()? {
            return Err(ScanError::Unavailable(crash()));
        }
        let (key, version) = {
            let mut script = self.lock();
            let job = script.jobs.get_mut(job).ok_or(ScanError::Refused(ScanRefusal::Unreachable))?;
            if job.looks_left > 0 {
                job.looks_left -= 1;
                return Ok(None);
            }
            (job.key.clone(), job.version.clone())
        };
        self.look(&key, version.as_deref()).await.map(Some)
    }
}
