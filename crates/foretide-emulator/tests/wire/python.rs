//! The AWS CLI, boto3 and moto.
//!
//! They come from a Python environment with the packages of `tests/requirements.txt`, at
//! `target/python` or at the path in `TEST_PYTHON_ENV`. Without the environment the tests that need
//! it fail if `CI` is set, and otherwise report that they did not run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The Python environment.
pub(crate) struct Python(PathBuf);

impl Python {
    pub(crate) fn find() -> Option<Self> {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
        let env = std::env::var_os("TEST_PYTHON_ENV").map_or_else(default, PathBuf::from);
        let found = env.join("bin/aws").exists() && env.join("bin/moto_server").exists();
        assert!(
            found || std::env::var_os("CI").is_none(),
            "no AWS CLI and moto in {}: python3 -m venv there, then pip install -r tests/requirements.txt",
            env.display()
        );
        if !found {
            println!("not run: no AWS CLI and moto in {}", env.display());
        }
        found.then_some(Self(env))
    }

    /// Runs the AWS CLI. Its words are apart by spaces.
    pub(crate) async fn aws(&self, endpoint: &str, command: &str) -> Result<Value, String> {
        self.run(
            endpoint,
            None,
            &command.split_whitespace().collect::<Vec<_>>(),
        )
        .await
    }

    /// Runs the AWS CLI with these words. `home` is the folder of its configuration.
    pub(crate) async fn run(
        &self,
        endpoint: &str,
        home: Option<&Path>,
        words: &[&str],
    ) -> Result<Value, String> {
        let mut command = Command::new(self.0.join("bin/aws"));
        command
            .args(words)
            .args(["--output", "json"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_MAX_ATTEMPTS", "1");
        if let Some(home) = home {
            command.env("HOME", home);
        }
        let output = command.output().await.unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().into());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        Ok(if text.trim().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        })
    }

    /// Runs a script. Returns what it printed.
    pub(crate) async fn script(&self, text: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.0.join("bin/python"))
            .args(["-c", text])
            .args(arguments)
            .output()
            .await
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a moto server, which ends when the child is dropped, and gives its address.
    pub(crate) async fn moto(&self) -> (Child, String) {
        let mut server = Command::new(self.0.join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, url)) = line.split_once("Running on ") {
                let url = url.split_whitespace().next().unwrap().to_owned();
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return (server, url);
            }
        }
        panic!("moto did not start");
    }
}
