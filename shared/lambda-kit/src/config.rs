//! Configuration from the environment: typed, required, read once.

/// A missing or malformed variable, by name and with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is {fault}; infra/template.yaml sets it")]
pub struct MissingVariable {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
}

/// The function's environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables;

impl Variables {
    /// A variable that must be there and say something.
    pub fn required(self, name: &'static str) -> Result<String, MissingVariable> {
        match std::env::var(name) {
            Ok(value) if !value.trim().is_empty() => Ok(value),
            _ => Err(MissingVariable { name, fault: "missing or empty" }),
        }
    }

    /// An `https://` address, or a plain one on loopback; without a trailing slash.
    pub fn address(self, name: &'static str) -> Result<String, MissingVariable> {
        let value = self.required(name)?;
        let local = ["http://127.0.0.1:", "http://localhost:"].iter().any(|start| value.starts_with(start));
        if value.starts_with("https://") || local {
            Ok(value.trim_end_matches('/').to_owned())
        } else {
            Err(MissingVariable { name, fault: "not an https:// address" })
        }
    }
}
