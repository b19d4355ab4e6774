//! A file on another host that waits under a hidden name for the verdict on its step. It does not know how that is
//! found.

use std::time::Duration;

use crate::event::Failure;
use crate::process::{Ended, Sink, Stop, StopReason, Stopper};
use crate::ssh::{Address, Command, Hosts};

/// How long a renaming may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A file on another host, whole, under a hidden name beside its place.
#[derive(Clone)]
pub struct FarFile {
    /// The host's name.
    pub host: String,
    /// Where it is.
    pub address: Address,
    /// The user who wrote the file.
    pub user: Option<String>,
    /// The file's final place.
    pub target: String,
    /// Its hidden name.
    pub hidden: String,
}

impl FarFile {
    /// The file appears at its place.
    ///
    /// # Errors
    /// When it cannot; it is then removed as far as the host is reached.
    pub async fn commit(self, hosts: &Hosts) -> Result<(), Failure> {
        let script = r#"mv -f -- "$1" "$2" && { sync -- "$(dirname -- "$2")" 2>/dev/null || :; }"#;
        match self.shell(script, hosts).await {
            Ok(()) => Ok(()),
            Err(why) => {
                let (host, target) = (self.host.clone(), self.target.clone());
                self.discard(hosts).await;
                Err(Failure::Unavailable {
                    message: crate::t!(
                        "`{target}` could not be put in its place on the host `{host}`: {why}",
                        "ホスト `{host}` の `{target}` を所定の場所に置けません: {why}"
                    ),
                })
            }
        }
    }

    /// The file is removed. Where the host is not reached any more, it stays under its hidden name.
    pub async fn discard(self, hosts: &Hosts) {
        if let Err(why) = self.shell(r#"rm -f -- "$1""#, hosts).await {
            tracing::warn!(host = self.host, file = self.hidden, why, "a hidden file could not be removed");
        }
    }

    async fn shell(&self, script: &str, hosts: &Hosts) -> Result<(), String> {
        let (stopper, stop) = Stopper::new();
        let work = self.run(script, hosts, stop);
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(LIMIT) => stopper.stop(StopReason::Killed),
        }
        work.await
    }

    async fn run(&self, script: &str, hosts: &Hosts, stop: Stop) -> Result<(), String> {
        let late = || crate::t!("the host does not answer", "ホストが応答しません");
        let made = hosts.connect(&self.host, &self.address, stop.clone()).await;
        let connection = made.map_err(|why| why.unwrap_or_else(late))?;
        let words = ["sh", "-c", script, "sh", &self.hidden, &self.target].map(String::from);
        let marker = ("TOBAN_FILE".to_string(), format!("{};", self.hidden));
        let command = Command { user: self.user.clone(), ..Command::new(words.to_vec(), marker) };
        let mut said = String::new();
        let sink: &mut Sink<'_> = &mut |_, bytes| {
            said.push_str(&String::from_utf8_lossy(bytes));
            Ok(())
        };
        let answer = connection.run(&command, |_, _| (), sink, stop).await?;
        match (answer.exit.ended, answer.exit.stopped) {
            (Ended::Code(0), None) => Ok(()),
            (_, Some(_)) => Err(late()),
            _ => Err(said.trim().to_string()),
        }
    }
}
