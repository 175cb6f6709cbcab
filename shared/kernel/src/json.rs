//! What may be said of JSON that cannot be read: where and what kind, never what stands there.

/// The kind of fault and its place. serde's own words quote values, and a value may be a name or a token.
pub fn place_of(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Io => "a read that failed",
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Data => "another shape than expected",
        serde_json::error::Category::Eof => "a text that ends too early",
    };
    format!("{kind} at line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_value_is_quoted() {
        let error = serde_json::from_str::<u32>(r#""hunter2""#).unwrap_err();
        assert!(error.to_string().contains("hunter2"), "what would be said otherwise");
        assert_eq!(super::place_of(&error), "another shape than expected at line 1, column 9");
    }
}
