//! An error in AWS's terms. Each protocol renders the error in its own way.

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The caller's input is invalid (Auto Scaling).
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// The caller's input is invalid (`CloudWatch`).
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    /// A limit of the account, or of the emulator, is reached.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(400, "LimitExceeded", message)
    }

    /// The operation does not implement the parameter `name`.
    pub(crate) fn unknown_parameter(name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        Self::validation(format!(
            "the emulator does not implement the parameter {name} of this operation"
        ))
    }

    /// The operation is not emulated.
    pub(crate) fn action(name: &str) -> Self {
        let name: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(80)
            .collect();
        Self::new(
            400,
            "InvalidAction",
            format!("the emulator does not know the action {name}"),
        )
    }

    /// The party at fault, in AWS's words.
    pub(crate) const fn fault(&self) -> &'static str {
        if self.status >= 500 {
            "Receiver"
        } else {
            "Sender"
        }
    }
}
