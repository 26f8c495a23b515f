//! Credentials that take longer to load than an attempt may last.
//!
//! The SDK looks for credentials within an attempt, and stops looking when the attempt ends. A slow
//! provider (a `credential_process`, instance metadata through a slow hop) would begin anew with
//! every attempt and never end. Here the loading goes on, and the next attempt finds the result.

use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result, SharedCredentialsProvider, future,
};
use tokio::sync::watch;

/// Loads credentials from another provider, one loading at a time, each to its end.
#[derive(Debug)]
pub(crate) struct SteadyCredentials {
    provider: SharedCredentialsProvider,
    loading: Mutex<Option<watch::Receiver<Option<Loaded>>>>,
}

type Loaded = std::result::Result<Credentials, Arc<CredentialsError>>;

impl SteadyCredentials {
    pub(crate) const fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            loading: Mutex::new(None),
        }
    }

    async fn load(&self) -> Result {
        let mut loading = self.loading();
        let loaded = match loading.wait_for(Option::is_some).await {
            Ok(loaded) => loaded.clone(),
            Err(_) => None,
        };
        // This caller takes the result; the next caller starts a new loading.
        *self.loading.lock().unwrap_or_else(PoisonError::into_inner) = None;
        match loaded {
            Some(Ok(credentials)) => Ok(credentials),
            Some(Err(error)) => Err(again(error)),
            None => Err(CredentialsError::unhandled("loading credentials broke off")),
        }
    }

    /// The loading under way, or a new loading.
    fn loading(&self) -> watch::Receiver<Option<Loaded>> {
        let mut loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        loading
            .get_or_insert_with(|| begin(self.provider.clone()))
            .clone()
    }
}

fn begin(provider: SharedCredentialsProvider) -> watch::Receiver<Option<Loaded>> {
    let (result, loading) = watch::channel(None);
    tokio::spawn(async move {
        let loaded = provider.provide_credentials().await.map_err(Arc::new);
        result.send_replace(Some(loaded));
    });
    loading
}

/// An error of the same kind as `error`, for one of several waiting callers.
fn again(error: Arc<CredentialsError>) -> CredentialsError {
    match *error {
        CredentialsError::CredentialsNotLoaded(_) => CredentialsError::not_loaded(error),
        CredentialsError::InvalidConfiguration(_) => CredentialsError::invalid_configuration(error),
        _ => CredentialsError::provider_error(error),
    }
}

impl ProvideCredentials for SteadyCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    #[derive(Debug, Default)]
    struct Slow {
        asked: AtomicU32,
        go: Notify,
    }

    #[derive(Debug)]
    struct Shared(Arc<Slow>);

    impl ProvideCredentials for Shared {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                self.0.asked.fetch_add(1, Ordering::SeqCst);
                self.0.go.notified().await;
                Ok(Credentials::new("id", "secret", None, None, "test"))
            })
        }
    }

    #[tokio::test]
    async fn loading_goes_on_after_who_asked_gave_up() {
        let slow = Arc::new(Slow::default());
        let provider = SharedCredentialsProvider::new(Shared(Arc::clone(&slow)));
        let steady = SteadyCredentials::new(provider);
        let given_up = tokio::time::timeout(Duration::ZERO, steady.load()).await;
        assert!(given_up.is_err());
        slow.go.notify_one();
        assert_eq!(steady.load().await.unwrap().access_key_id(), "id");
        assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
        slow.go.notify_one();
        assert!(steady.load().await.is_ok());
        assert_eq!(
            slow.asked.load(Ordering::SeqCst),
            2,
            "fresh ones once they were taken"
        );
    }
}
