//! Which database a step means: a named connection of the system or an address, with the step's own database.
//! It opens no connection.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::through;
use super::trouble::Trouble;
use crate::action::Context;
use crate::action::host::There;
use crate::base::sql::Dialect;
use crate::diag::did_you_mean;
use crate::event::Failure;
use crate::model::{Connection, Rendered, Sql, System, Through};

/// A database, with all it takes to reach it.
pub(super) enum Target {
    /// PostgreSQL.
    Postgres(Box<PgConnectOptions>),
    /// MySQL or MariaDB.
    MySql(Box<MySqlConnectOptions>),
    /// A file, or nothing for a database in memory.
    Sqlite(Option<PathBuf>),
}

impl Target {
    /// The dialect that is spoken there.
    pub fn dialect(&self) -> Dialect {
        match self {
            Target::Postgres(_) => Dialect::Postgres,
            Target::MySql(_) => Dialect::MySql,
            Target::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The address as it may be shown.
    pub fn place(&self) -> String {
        match self {
            Target::Postgres(o) => match o.get_socket() {
                Some(socket) => format!("PostgreSQL {}", socket.display()),
                None => format!("PostgreSQL {}:{}", o.get_host(), o.get_port()),
            },
            Target::MySql(o) => match o.get_socket() {
                Some(socket) => format!("MySQL {}", socket.display()),
                None => format!("MySQL {}:{}", o.get_host(), o.get_port()),
            },
            Target::Sqlite(Some(path)) => format!("SQLite {}", path.display()),
            Target::Sqlite(None) => "SQLite :memory:".to_string(),
        }
    }
}

/// The database of a step.
///
/// # Errors
/// When the name is unknown, the address wrong, a secret not to be had, or the container not there.
pub(super) async fn target(action: &Sql<Rendered>, cx: &Context<'_>) -> Result<Target, Failure> {
    let connection = connection(action.connection.expose(), &cx.site.system)?;
    let url = connection.url.clone().ok_or_else(|| {
        let name = action.connection.shown();
        unusable(crate::t!("the connection `{name}` has no url", "接続 `{name}` に url がありません"))
    })?;
    let database = action.database.as_ref().map(|d| d.0.clone()).or_else(|| connection.database.clone());
    if let Some(path) = url.strip_prefix("sqlite:") {
        return sqlite(path, database.as_deref(), cx);
    }
    let address = Address::parse(&url)?;
    let far = beyond(connection.through.as_ref(), cx)?;
    let container = match &connection.through {
        Some(way) if way.host.is_none() => Some(through::container(way, cx).await?),
        _ => None,
    };
    let found = match far {
        None => address.options(container.as_deref())?,
        Some(there) => address.beyond(container.as_deref(), &there, cx).await?,
    };
    let password = connection.password.as_deref().map(|name| (cx.site.secret)(name)).transpose()?;
    Ok(match found {
        Target::Postgres(mut o) => {
            o = database.iter().fold(o, |o, d| Box::new(o.database(d)));
            o = password.iter().fold(o, |o, p| Box::new(o.password(p.expose())));
            Target::Postgres(Box::new(o.application_name("toban").disable_statement_logging()))
        }
        Target::MySql(mut o) => {
            o = database.iter().fold(o, |o, d| Box::new(o.database(d)));
            o = password.iter().fold(o, |o, p| Box::new(o.password(p.expose())));
            let plain = o.pipes_as_concat(false).no_engine_substitution(false);
            Target::MySql(Box::new(plain.disable_statement_logging()))
        }
        file @ Target::Sqlite(_) => file,
    })
}

/// The address of a SQLite database that a step means, and the host it is on where ssh reaches that; none where it is
/// another database.
///
/// # Errors
/// When the name is unknown, or the host.
pub fn lite<'a>(
    action: &Sql<Rendered>,
    cx: &'a Context<'_>,
) -> Result<Option<(String, Option<There<'a>>)>, Failure> {
    let connection = connection(action.connection.expose(), &cx.site.system)?;
    let Some(url) = connection.url.filter(|url| url.starts_with("sqlite:")) else { return Ok(None) };
    let there = beyond(connection.through.as_ref(), cx)?;
    Ok(Some((url, there)))
}

/// The host that the database is reached from, where that is not this machine: the connection's own, else the step's.
fn beyond<'a>(through: Option<&Through>, cx: &'a Context<'_>) -> Result<Option<There<'a>>, Failure> {
    let place = match through.and_then(|t| t.host.as_deref()) {
        Some(name) => cx.host(name)?,
        None => cx.place()?,
    };
    Ok(place.there())
}

fn unusable(message: String) -> Failure {
    Failure::Unavailable { message }
}

fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("sqlite:")
}

/// The facts of a connection, with those it takes over by `like`.
fn connection(name: &str, system: &System) -> Result<Connection, Failure> {
    if is_address(name) {
        return Ok(Connection { url: Some(name.to_string()), ..Connection::default() });
    }
    let mut seen = vec![name.to_string()];
    let mut found = Connection { like: Some(name.to_string()), ..Connection::default() };
    while let Some(next) = found.like.take() {
        let Some(more) = system.connections.get(&next) else { return Err(unknown(&next, system)) };
        if more.like.as_ref().is_some_and(|l| seen.contains(l)) {
            let path = seen.join(" → ");
            return Err(unusable(crate::t!(
                "the connection `{name}` is like itself: {path}",
                "接続 `{name}` の like が循環しています: {path}"
            )));
        }
        seen.extend(more.like.clone());
        found = Connection {
            url: found.url.or_else(|| more.url.clone()),
            like: more.like.clone(),
            database: found.database.or_else(|| more.database.clone()),
            password: found.password.or_else(|| more.password.clone()),
            through: found.through.or_else(|| more.through.clone()),
        };
    }
    Ok(found)
}

fn unknown(name: &str, system: &System) -> Failure {
    let hint = match did_you_mean(name, system.connections.keys().map(String::as_str)) {
        Some(near) => crate::t!("did you mean `{near}`?", "`{near}` のことですか?"),
        None => crate::t!(
            "name it under `connections` of system.yaml, or write postgres://…, mysql://… or sqlite:PATH",
            "system.yaml の `connections` に書くか、postgres://…、mysql://…、sqlite:PATH を書いてください"
        ),
    };
    unusable(crate::t!("there is no connection `{name}`; {hint}", "接続 `{name}` はありません。{hint}"))
}

fn sqlite(path: &str, database: Option<&str>, cx: &Context<'_>) -> Result<Target, Failure> {
    if let Some(database) = database {
        return Err(unusable(crate::t!(
            "SQLite has no database `{database}` beside a file; write its path in the connection",
            "SQLite にはファイルと別のデータベース `{database}` はありません。接続にそのパスを書いてください"
        )));
    }
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        ":memory:" => Ok(Target::Sqlite(None)),
        "" => Err(unusable(crate::t!(
            "the path is missing: write sqlite:PATH or sqlite::memory:",
            "パスがありません。sqlite:PATH か sqlite::memory: と書いてください"
        ))),
        path => Ok(Target::Sqlite(Some(cx.path(path)))),
    }
}

/// An address cut at its host, which may be missing (`postgres://user@/db`) or a folder of a socket
/// (`%2Fvar%2Frun`): both are usual, and neither is read by every driver.
struct Address<'a> {
    scheme: &'a str,
    user: &'a str,
    host: &'a str,
    rest: &'a str,
}

impl Address<'_> {
    fn parse(url: &str) -> Result<Address<'_>, Failure> {
        let Some((scheme, rest)) = url.split_once("://") else { return Err(not_an_address()) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let cut = authority.rfind('@').map_or(0, |at| at + 1);
        let (user, host) = authority.split_at(cut);
        Ok(Address { scheme, user, host, rest })
    }

    /// The options of a driver for a database as another host sees it: the way there begins at a socket here, while
    /// the certificate is still held against the host that was named.
    async fn beyond(
        &self,
        instead: Option<&str>,
        there: &There<'_>,
        cx: &Context<'_>,
    ) -> Result<Target, Failure> {
        let folder = Some(percent_decoded(self.name().0)).filter(|n| n.starts_with('/') && instead.is_none());
        // The driver must not look for sockets of this machine.
        let found = self.options(Some(instead.unwrap_or(if folder.is_some() {
            "localhost"
        } else {
            self.or_local()
        })))?;
        let connection = cx.connect(there).await?;
        let way = async |to: &str, file: &str| connection.way(to, file).await.map_err(unusable);
        Ok(match found {
            Target::Postgres(options) => {
                let file = format!(".s.PGSQL.{}", options.get_port());
                let to = match folder {
                    Some(folder) => format!("{folder}/{file}"),
                    None => format!("{}:{}", bracketed(options.get_host()), options.get_port()),
                };
                let socket = way(&to, &file).await?;
                Target::Postgres(Box::new(options.socket(socket.parent().unwrap_or(&socket))))
            }
            Target::MySql(options) => {
                let to =
                    folder.unwrap_or(format!("{}:{}", bracketed(options.get_host()), options.get_port()));
                let socket = way(&to, "mysql.sock").await?;
                Target::MySql(Box::new(options.socket(socket)))
            }
            file @ Target::Sqlite(_) => file,
        })
    }

    fn or_local(&self) -> &str {
        match self.name().0 {
            "" => "localhost",
            name => name,
        }
    }

    /// The host as it is written, and its port with the colon.
    fn name(&self) -> (&str, String) {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, format!(":{port}")),
            _ => (self.host, String::new()),
        }
    }

    /// The options of a driver; `instead` replaces the host, and with it any socket.
    fn options(&self, instead: Option<&str>) -> Result<Target, Failure> {
        let (name, port) = self.name();
        let folder = Some(percent_decoded(name)).filter(|n| n.starts_with('/') && instead.is_none());
        let host = instead.unwrap_or(if name.is_empty() || folder.is_some() { "localhost" } else { name });
        let url = format!("{}://{}{host}{port}{}", self.scheme, self.user, self.rest);
        let wrong = |e: sqlx::Error| Trouble::from(e).failure();
        match self.scheme {
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(&url).map_err(wrong)?;
                let unnamed = name.is_empty() && instead.is_none() && !self.rest.contains("host=");
                let usual = unnamed.then(|| default_folder(options.get_port())).flatten();
                Ok(Target::Postgres(Box::new(match folder.or(usual) {
                    Some(folder) => options.socket(folder),
                    None => options,
                })))
            }
            "mysql" | "mariadb" => {
                let options = MySqlConnectOptions::from_str(&url).map_err(wrong)?;
                Ok(Target::MySql(Box::new(match folder {
                    Some(file) => options.socket(file),
                    None => options,
                })))
            }
            _ => Err(not_an_address()),
        }
    }
}

/// An IPv6 address as ssh takes it.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_string() }
}

fn not_an_address() -> Failure {
    unusable(crate::t!(
        "the address of the connection must begin with postgres://, mysql:// or sqlite:",
        "接続先は postgres://、mysql://、sqlite: のいずれかで始めてください"
    ))
}

/// Where PostgreSQL's socket is when an address names no host.
fn default_folder(port: u16) -> Option<String> {
    ["/var/run/postgresql", "/tmp"]
        .into_iter()
        .find(|folder| PathBuf::from(folder).join(format!(".s.PGSQL.{port}")).exists())
        .map(str::to_string)
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|c| u8::from_str_radix(c, 16).ok()) {
            Some(byte) => (out.push(byte), at += 3).1,
            None => (out.push(bytes[at]), at += 1).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
