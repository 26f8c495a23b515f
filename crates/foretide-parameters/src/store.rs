//! The calls of a parameter store.

use foretide_domain::CallFailure;

/// A parameter store. Values are decrypted.
pub trait Store: Sync {
    /// The value of a parameter; none if there is none of this name.
    fn get(&self, name: &str) -> impl Future<Output = Result<Option<String>, CallFailure>> + Send;

    /// Names and values of all parameters below `path`, at any depth.
    fn below(
        &self,
        path: &str,
    ) -> impl Future<Output = Result<Vec<(String, String)>, CallFailure>> + Send;

    /// Makes a parameter. False if there is one of this name.
    fn create(
        &self,
        name: &str,
        value: &str,
    ) -> impl Future<Output = Result<bool, CallFailure>> + Send;

    /// Sets a parameter, encrypted if `secret`.
    fn put(
        &self,
        name: &str,
        value: &str,
        secret: bool,
    ) -> impl Future<Output = Result<(), CallFailure>> + Send;

    /// Removes parameters. One that is not there is no error.
    fn remove(&self, names: &[String]) -> impl Future<Output = Result<(), CallFailure>> + Send;
}

/// Whether this build has a client of Systems Manager.
pub const READS_SYSTEMS_MANAGER: bool = cfg!(feature = "parameter-store");

#[cfg(feature = "parameter-store")]
impl Store for foretide_aws::AwsClients {
    async fn get(&self, name: &str) -> Result<Option<String>, CallFailure> {
        self.parameter(name).await
    }

    async fn below(&self, path: &str) -> Result<Vec<(String, String)>, CallFailure> {
        self.parameters_below(path).await
    }

    async fn create(&self, name: &str, value: &str) -> Result<bool, CallFailure> {
        self.create_parameter(name, value).await
    }

    async fn put(&self, name: &str, value: &str, secret: bool) -> Result<(), CallFailure> {
        self.put_parameter(name, value, secret).await
    }

    async fn remove(&self, names: &[String]) -> Result<(), CallFailure> {
        self.remove_parameters(names).await
    }
}

#[cfg(not(feature = "parameter-store"))]
impl Store for foretide_aws::AwsClients {
    async fn get(&self, _: &str) -> Result<Option<String>, CallFailure> {
        Err(absent())
    }

    async fn below(&self, _: &str) -> Result<Vec<(String, String)>, CallFailure> {
        Err(absent())
    }

    async fn create(&self, _: &str, _: &str) -> Result<bool, CallFailure> {
        Err(absent())
    }

    async fn put(&self, _: &str, _: &str, _: bool) -> Result<(), CallFailure> {
        Err(absent())
    }

    async fn remove(&self, _: &[String]) -> Result<(), CallFailure> {
        Err(absent())
    }
}

#[cfg(not(feature = "parameter-store"))]
fn absent() -> CallFailure {
    CallFailure {
        kind: foretide_domain::FailureKind::Rejected,
        detail: "this build has no client of Systems Manager".to_owned(),
    }
}
