//! Whether a mail could be sent: somebody answers, is believed, and lets us in. Nothing is sent.

use super::perform::office;
use crate::action::Context;
use crate::action::could::{Could, Looked};

/// Asks the mail server.
pub async fn could_start(cx: &Context<'_>) -> Looked {
    let office = office(cx)?;
    let server = office.server()?;
    let mut talk = office.within(office.open()).await?;
    drop(talk.quit().await);
    let (host, port) = (&server.host, server.port);
    Ok(Could::yes(match &office.mail.user {
        Some(user) => crate::t!("{host}:{port} lets {user} in", "{host}:{port} に {user} でログインできます"),
        None => crate::t!("{host}:{port} answers", "{host}:{port} が応答します"),
    }))
}
