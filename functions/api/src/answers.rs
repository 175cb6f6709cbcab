//! Bad requests named precisely, and failures of ours turned into one answer.

use lambda_kit::{ApiRequest, Problem, chain};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest body of any command.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Deepest JSON of any command.
const JSON_DEPTH_MAX: usize = 16;

/// Reads a command's JSON. An empty body reads as an empty object.
pub fn body<T: DeserializeOwned>(request: &ApiRequest) -> Result<T, Problem> {
    if request.body.len() > BODY_BYTES_MAX {
        let detail = format!("Send at most {BODY_BYTES_MAX} bytes.");
        return Err(Problem::new(413, "body-too-large", "Body too large", detail));
    }
    let bytes: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    if depth(bytes) > JSON_DEPTH_MAX {
        let detail = format!("Nest objects and lists at most {JSON_DEPTH_MAX} levels deep.");
        return Err(Problem::bad_request("json-too-deep", detail));
    }
    // A list would be read as an object's fields in their order: nobody means that.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::bad_request("malformed-json", "The body must be a JSON object."));
    }
    // Names of fields and positions only: serde quotes no values of texts longer than it must.
    serde_json::from_slice(bytes).map_err(|error| Problem::bad_request("malformed-json", format!("{error}.")))
}

/// The deepest nesting of brackets outside of texts.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => (),
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A number of rows asked for, within bounds.
pub fn limit(request: &ApiRequest, default: usize, most: usize) -> Result<usize, Problem> {
    let Some(text) = request.query.get("limit") else { return Ok(default) };
    let wanted = text.parse().ok().filter(|wanted| (1..=most).contains(wanted));
    wanted.ok_or_else(|| Problem::bad_request("bad-limit", format!("limit must be 1 to {most}.")))
}

/// Part of a list that is at hand whole: rows from the place of `from`, and where to go on.
pub fn part<'a, T>(
    request: &ApiRequest,
    all: &'a [T],
    default: usize,
    most: usize,
) -> Result<(&'a [T], Option<usize>), Problem> {
    let most = limit(request, default, most)?;
    let from: usize = match request.query.get("from") {
        None => 0,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-from", "from must be the next_from of an earlier answer.");
            text.parse().map_err(bad)?
        }
    };
    let end = from.saturating_add(most).min(all.len());
    Ok((all.get(from..end).unwrap_or_default(), (end < all.len()).then_some(end)))
}

/// Why something is dismissed, in a person's words.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DismissBody {
    reason: Option<String>,
}

/// Reads it, of so many characters at most.
pub fn reason(request: &ApiRequest, chars_max: usize) -> Result<Option<String>, Problem> {
    let DismissBody { reason } = body(request)?;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > chars_max) {
        let detail = format!("reason must have at most {chars_max} characters.");
        return Err(Problem::bad_request("malformed-json", detail));
    }
    Ok(reason)
}

/// An id in the path. What has not its form is as unknown as any other.
pub fn path_id<T: std::str::FromStr>(request: &ApiRequest, name: &str) -> Result<T, Problem> {
    request.path.get(name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// Our side failed: logged once, here, and answered without particulars.
pub fn failed<E: std::error::Error + 'static>(error: E) -> Problem {
    tracing::error!(error = %chain(&error), "A request could not be answered");
    Problem::unavailable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_not_depth() {
        assert_eq!(depth(br#"{"a":"[[[\"[["}"#), 1);
        assert_eq!(depth(br#"{"a":[[{"b":1}]]}"#), 4);
    }
}
