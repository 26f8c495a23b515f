//! Permissions of files that `foretide run` creates, in the octal form of `chmod`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Read and write permission of the owner, which `foretide run` needs.
const OWNER: u32 = 0o600;
/// Permissions that are allowed: read and write for the group, read for others.
const ALLOWED: u32 = 0o664;

/// Permission bits of a new file: `0640`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct FileMode(u32);

impl FileMode {
    /// The bits as the operating system uses them.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl Default for FileMode {
    /// The owner writes, the group reads: log and metrics name instances and decisions.
    fn default() -> Self {
        Self(0o640)
    }
}

impl TryFrom<String> for FileMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let bits = is_octal.then(|| u32::from_str_radix(&text, 8).ok());
        let Some(bits) = bits.flatten() else {
            return Err(format!("`{text}` is no octal mode such as \"0640\""));
        };
        if bits & 0o002 != 0 {
            return Err(format!("`{text}` lets others write the files"));
        }
        if bits & !ALLOWED != 0 {
            return Err(format!(
                "`{text}` has bits to execute or set an identity, which log files do not need"
            ));
        }
        if bits & OWNER != OWNER {
            return Err(format!("`{text}` keeps the owner from reading or writing"));
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_and_let_nobody_else_write_or_execute() {
        let read = |text: &str| FileMode::try_from(text.to_owned()).map(FileMode::bits);
        assert_eq!(read("0640"), Ok(0o640));
        assert_eq!(read("600"), Ok(0o600));
        assert_eq!(read("0664"), Ok(0o664));
        for text in [
            "",
            "64",
            "00640",
            "0o640",
            "+640",
            "0680",
            "0666",
            "0642",
            "0750",
            "0641",
            "4640",
            "1640",
            "0440",
            "0240",
            "0000",
            "rw-r-----",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(FileMode::default().bits(), 0o640);
    }
}
