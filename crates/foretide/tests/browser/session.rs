//! The few calls of WebDriver that these tests make, as W3C's recommendation and chromedriver have
//! them. A client library would do no more, and those there are switch on features of JSON that the
//! shipped program does not have: what was tested would not be what ships.

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::driver::Driver;

/// One browser under a driver; both end with the value.
pub(crate) struct Session {
    http: reqwest::Client,
    runtime: Runtime,
    url: String,
    _driver: Driver,
}

impl Session {
    /// A browser with these capabilities.
    pub(crate) fn new(driver: Driver, wanted: &Value) -> Self {
        let mut session = Self {
            http: reqwest::Client::new(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            url: format!("{}/session", driver.url),
            _driver: driver,
        };
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let made = session.send(session.http.post(&session.url).json(&wanted));
        let id = made.unwrap()["sessionId"].as_str().unwrap().to_owned();
        session.url = format!("{}/{id}", session.url);
        session
    }

    /// The value that a command answers with; fails on the error that it answers with.
    #[track_caller]
    pub(crate) fn post(&self, command: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/{command}", self.url)).json(body);
        match self.send(request) {
            Ok(value) => value,
            Err(error) => panic!("{command} {body}: {error}"),
        }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let answer = async {
            let answer = request.send().await?;
            let failed = !answer.status().is_success();
            Ok::<_, reqwest::Error>((failed, answer.json::<Value>().await?))
        };
        let (failed, mut body) = self.runtime.block_on(answer).map_err(|e| e.to_string())?;
        if failed {
            return Err(body["value"]["message"].to_string());
        }
        Ok(body["value"].take())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A browser that is gone already needs no end; the test has said why.
        self.send(self.http.delete(&self.url)).ok();
    }
}
