//! Jobs of StartExpenseAnalysis, by their tokens.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

struct Job {
    token: Option<String>,
    place: Value,
    /// What is on each page; none where the file cannot be opened.
    pages: Option<Vec<Value>>,
    looked_at: bool,
}

/// The jobs, oldest first.
#[derive(Default)]
pub(super) struct Jobs(Mutex<Vec<Job>>);

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, Vec<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Begins a job, or names the one that has the token. A file that cannot be opened is told of when the job has ended.
    pub(super) fn start(
        &self,
        token: Option<&str>,
        place: &Value,
        pages: impl FnOnce() -> Option<Vec<Value>>,
    ) -> Result<Value, &'static str> {
        let mut jobs = self.lock();
        let known = jobs.iter().position(|job| token.is_some() && job.token.as_deref() == token);
        if known.is_some_and(|at| jobs[at].place != *place) {
            return Err("IdempotentParameterMismatchException");
        }
        let at = known.unwrap_or(jobs.len());
        if known.is_none() {
            jobs.push(Job { token: token.map(str::to_owned), place: place.clone(), pages: pages(), looked_at: false });
        }
        Ok(json!({ "JobId": format!("{at:064x}") }))
    }

    /// The state of a job, and what is on one of its pages: the first, or the one that a token names.
    pub(super) fn look(&self, id: &str, next: Option<&str>) -> Result<Value, &'static str> {
        let mut jobs = self.lock();
        let at = usize::from_str_radix(id, 16).map_err(|_| "InvalidJobIdException")?;
        let job = jobs.get_mut(at).ok_or("InvalidJobIdException")?;
        if !std::mem::replace(&mut job.looked_at, true) {
            return Ok(json!({ "JobStatus": "IN_PROGRESS" }));
        }
        let Some(pages) = &job.pages else {
            return Ok(json!({ "JobStatus": "FAILED", "StatusMessage": "INVALID_IMAGE_TYPE" }));
        };
        let page = next.map_or(Some(0), |next| next.parse().ok()).ok_or("InvalidParameterException")?;
        let mut answer = json!({
            "JobStatus": "SUCCEEDED", "DocumentMetadata": { "Pages": pages.len() },
            "ExpenseDocuments": pages.get(page).into_iter().collect::<Vec<_>>(),
        });
        if page + 1 < pages.len() {
            answer["NextToken"] = json!((page + 1).to_string());
        }
        Ok(answer)
    }
}
