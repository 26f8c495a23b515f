//! How much is read of what a webhook answers.

use std::sync::atomic::Ordering;

use foretide_http::Webhook;
use foretide_outbound::Outbound;
use foretide_testing::{BUFFERS, endless};

#[tokio::test]
async fn the_body_of_a_webhooks_answer_is_not_read() {
    let (origin, sent) = endless().await;
    let webhook = Webhook::new(origin.parse().unwrap(), &Outbound::default()).unwrap();
    assert_eq!(webhook.post(b"{}".to_vec()).await.unwrap(), 200);
    assert!(sent.load(Ordering::SeqCst) <= BUFFERS);
}
