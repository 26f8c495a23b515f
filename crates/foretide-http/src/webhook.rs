//! A webhook: messages posted to one address, which is a secret. Only its origin is ever shown;
//! what it answers is not, since servers quote the path that they were asked for.

use axum::http::StatusCode;
use foretide_domain::{CallFailure, FailureKind};
use foretide_outbound::Outbound;

use crate::client::{HttpClient, NoCertificates, OutboundUrl, failure};

/// Address of a webhook.
pub type WebhookUrl = OutboundUrl;
/// Why a text is no such address.
pub type InvalidWebhookUrl = crate::client::InvalidOutboundUrl;

/// Posts JSON to one address.
#[derive(Clone, Debug)]
pub struct Webhook {
    client: HttpClient,
    url: WebhookUrl,
}

impl Webhook {
    /// The webhook at `url`, called as `outbound` says.
    pub fn new(url: WebhookUrl, outbound: &Outbound) -> Result<Self, NoCertificates> {
        Ok(Self {
            client: HttpClient::new(outbound)?,
            url,
        })
    }

    /// Scheme, host and port: what may be shown of its address.
    pub fn origin(&self) -> String {
        self.url.origin()
    }

    /// Posts `body`; answers the status where it was taken. Takes as long as the other side does:
    /// bound it. What follows the head of the answer is not waited for.
    pub async fn post(&self, body: Vec<u8>) -> Result<u16, CallFailure> {
        let status = self.client.post_unread(self.url.uri(), body).await?;
        if status.is_success() {
            return Ok(status.as_u16());
        }
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FailureKind::Denied,
            StatusCode::NOT_FOUND | StatusCode::GONE => FailureKind::NotFound,
            StatusCode::REQUEST_TIMEOUT => FailureKind::TimedOut,
            StatusCode::TOO_MANY_REQUESTS => FailureKind::Throttled,
            _ if status.is_server_error() => FailureKind::Unavailable,
            _ => FailureKind::Rejected,
        };
        let why = if status.is_redirection() {
            ", and redirects are not followed"
        } else {
            ""
        };
        Err(failure(kind, format!("answered {status}{why}")))
    }
}
