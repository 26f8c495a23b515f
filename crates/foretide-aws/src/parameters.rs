//! Parameters of Systems Manager: read with decryption, set and removed.

use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use foretide_domain::{CallFailure, FailureKind};

use crate::clients::{AwsClients, Turn};
use crate::failure::failure;

/// Parameters a page, and names a removal: the service's limits.
const PAGE: i32 = 10;
/// Most pages read: 20,000 parameters. An account has at most 10,000 standard ones.
const PAGES_MAX: usize = 2000;

impl AwsClients {
    /// The decrypted value of a parameter; none if there is none of this name.
    ///
    /// # Errors
    /// The call failed after its retries.
    pub async fn parameter(&self, name: &str) -> Result<Option<String>, CallFailure> {
        let request = self
            .systems
            .get_parameter()
            .name(name)
            .with_decryption(true);
        match self.call(Turn::Aside, "GetParameter", request.send()).await {
            Ok(answer) => Ok(answer.parameter.and_then(|it| it.value)),
            Err(failure) if failure.detail.contains("ParameterNotFound") => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Names and decrypted values of all parameters below `path`, at any depth.
    ///
    /// # Errors
    /// A call failed after its retries, or there are more than can be read.
    pub async fn parameters_below(&self, path: &str) -> Result<Vec<(String, String)>, CallFailure> {
        const OPERATION: &str = "GetParametersByPath";
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .systems
                .get_parameters_by_path()
                .path(path)
                .recursive(true)
                .with_decryption(true)
                .max_results(PAGE)
                .set_next_token(token);
            let answer = self.call(Turn::Aside, OPERATION, request.send()).await?;
            let page = answer.parameters.unwrap_or_default().into_iter();
            found.extend(page.filter_map(|it| Some((it.name?, it.value?))));
            token = answer.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
        let what = format!("{OPERATION}: more than {PAGES_MAX} pages below {path}");
        Err(failure(FailureKind::Malformed, what))
    }

    /// Makes a standard parameter. False if there is one of this name.
    ///
    /// # Errors
    /// The call failed.
    pub async fn create_parameter(&self, name: &str, value: &str) -> Result<bool, CallFailure> {
        let request = self
            .systems
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .tier(ParameterTier::Standard)
            .overwrite(false);
        match self.call(Turn::Aside, "PutParameter", request.send()).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.detail.contains("ParameterAlreadyExists") => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Sets a standard parameter; encrypted by the account's key if `secret`.
    ///
    /// # Errors
    /// The call failed.
    pub async fn put_parameter(
        &self,
        name: &str,
        value: &str,
        secret: bool,
    ) -> Result<(), CallFailure> {
        let kind = if secret {
            ParameterType::SecureString
        } else {
            ParameterType::String
        };
        let request = self
            .systems
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(kind)
            .tier(ParameterTier::Standard)
            .overwrite(true);
        let put = self.call(Turn::Aside, "PutParameter", request.send());
        put.await.map(drop)
    }

    /// Removes parameters. One that is not there is no error.
    ///
    /// # Errors
    /// A call failed; some may be removed.
    pub async fn remove_parameters(&self, names: &[String]) -> Result<(), CallFailure> {
        for names in names.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            let request = self
                .systems
                .delete_parameters()
                .set_names(Some(names.to_vec()));
            self.call(Turn::Aside, "DeleteParameters", request.send())
                .await?;
        }
        Ok(())
    }
}
