//! What a database says when it refuses, in words for a person: the server's own sentence, the place, the hint.
//! It never shows a password, and never the place in the server's own source that drivers append.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use super::statement::Spot;
use crate::event::Failure;

/// A refusal of a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// The server's words.
    pub message: String,
    /// Its code, such as `42P01`.
    pub code: Option<String>,
    /// Its further words: detail and hint, a line each.
    pub notes: Vec<String>,
    /// The place in the statement: a character of the sent text, from 0.
    pub at: Option<usize>,
    /// The same place as a person sees it.
    pub spot: Option<Box<Spot>>,
    /// The connection is gone.
    pub lost: bool,
}

impl Trouble {
    /// A refusal in words alone.
    pub fn new(message: impl Into<String>) -> Trouble {
        Trouble { message: message.into(), ..Trouble::default() }
    }

    /// The whole as text: several lines where there is a place or a hint.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(code) = &self.code {
            text.push_str(&format!(" ({code})"));
        }
        if let Some(Spot { line, text: source, before }) = self.spot.as_deref() {
            let head = crate::t!("line {line}: ", "{line} 行目: ");
            let indent = " ".repeat(unicode_width::UnicodeWidthStr::width(head.as_str()) + before);
            text.push_str(&format!("\n{head}{source}\n{indent}^"));
        }
        for note in &self.notes {
            text.push_str(&format!("\n{note}"));
        }
        text
    }

    /// The refusal as the reason why a step failed.
    pub fn failure(&self) -> Failure {
        let message = self.text();
        if self.lost { Failure::Unavailable { message } } else { Failure::Rejected { message } }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Trouble {
        match error {
            sqlx::Error::Database(said) => from_database(said.as_ref()),
            sqlx::Error::Io(cause) => Trouble { lost: true, ..Trouble::new(lost(&cause.to_string())) },
            sqlx::Error::Tls(cause) => Trouble {
                lost: true,
                ..Trouble::new(crate::t!(
                    "no secure connection: {cause}; give the authority's certificate in the address (sslrootcert or ssl-ca), or choose sslmode",
                    "暗号化接続を確立できません: {cause}。アドレスに認証局の証明書(sslrootcert / ssl-ca)を指定するか、sslmode を選んでください"
                ))
            },
            sqlx::Error::Configuration(cause) => Trouble::new(crate::t!(
                "the address of the connection is wrong: {cause}",
                "接続先の書き方が正しくありません: {cause}"
            )),
            other => Trouble::new(crate::t!(
                "the answer of the database could not be read: {other}",
                "データベースの応答を読み取れません: {other}"
            )),
        }
    }
}

fn lost(cause: &str) -> String {
    crate::t!("the connection to the database broke: {cause}", "データベースとの接続が切れました: {cause}")
}

fn from_database(said: &dyn DatabaseError) -> Trouble {
    let mut trouble = Trouble::new(said.message());
    trouble.code = said.code().map(|c| c.to_string());
    if let Some(pg) = said.try_downcast_ref::<PgDatabaseError>() {
        if let Some(PgErrorPosition::Original(at)) = pg.position() {
            trouble.at = Some(at.saturating_sub(1));
        }
        trouble.lost = pg.code().starts_with("57P");
        trouble.notes.extend(pg.detail().map(|d| crate::t!("detail: {d}", "詳細: {d}")));
        trouble.notes.extend(pg.hint().map(|h| crate::t!("hint: {h}", "ヒント: {h}")));
        trouble.notes.extend(pg.r#where().map(|w| crate::t!("where: {w}", "場所: {w}")));
    }
    if let Some(my) = said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        trouble.code = Some(my.number().to_string());
    }
    trouble
}

/// Why no connection came about, with what to do. `place` is the address without its password.
pub(super) fn no_connection(error: sqlx::Error, place: &str) -> Failure {
    let code = error.as_database_error().and_then(|e| {
        let my = e.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(|e| e.number().to_string());
        my.or_else(|| e.code().map(|c| c.to_string()))
    });
    if let Some(reason) = untrusted(&error) {
        return Failure::Unavailable {
            message: crate::t!(
                "{place} shows a certificate that is not trusted: {reason}; give its authority in the address (sslrootcert or ssl-ca), or choose another sslmode",
                "{place} の証明書を信頼できません: {reason}。アドレスに認証局の証明書(sslrootcert / ssl-ca)を指定するか、別の sslmode を選んでください"
            ),
        };
    }
    let io = matches!(error, sqlx::Error::Io(_));
    let said = match &error {
        sqlx::Error::Io(cause) => cause.to_string(),
        _ => Trouble::from(error).text(),
    };
    let message = match code.as_deref() {
        Some("28000" | "28P01" | "1045" | "1698") => crate::t!(
            "{place} refused the login: {said}; check the user and the connection's `password`",
            "{place} にログインを拒否されました: {said}。ユーザー名と接続の `password` を確認してください"
        ),
        Some("3D000" | "1049") => crate::t!(
            "{place} has no such database: {said}",
            "{place} にそのデータベースはありません: {said}"
        ),
        Some("53300" | "1040") => crate::t!(
            "{place} takes no more connections: {said}",
            "{place} の接続数が上限に達しています: {said}"
        ),
        _ if io => crate::t!(
            "no database answers at {place}: {said}; is the server running, and are host and port right?",
            "{place} のデータベースが応答しません: {said}。サーバーが起動しているか、ホストとポートが正しいか確認してください"
        ),
        _ => crate::t!("no connection to {place}: {said}", "{place} に接続できません: {said}"),
    };
    Failure::Unavailable { message }
}

/// Why a server's certificate is not trusted, if that is the trouble.
fn untrusted(error: &sqlx::Error) -> Option<String> {
    use rustls::CertificateError as Wrong;
    let cause: &(dyn std::error::Error + 'static) = match error {
        sqlx::Error::Io(cause) => cause.get_ref()?,
        sqlx::Error::Tls(cause) => cause.as_ref(),
        _ => return None,
    };
    let rustls::Error::InvalidCertificate(wrong) = cause.downcast_ref::<rustls::Error>()? else {
        return None;
    };
    Some(match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => crate::t!("it has expired", "期限切れです"),
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            crate::t!("it is not valid yet", "まだ有効期間前です")
        }
        Wrong::UnknownIssuer => crate::t!("its authority is unknown", "発行した認証局が不明です"),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            crate::t!("it is for another host", "別のホスト用の証明書です")
        }
        _ => crate::t!(
            "it is not a server's (self-signed, perhaps)",
            "サーバー用ではありません(自己署名の可能性があります)"
        ),
    })
}
