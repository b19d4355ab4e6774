//! Where a template's value lands, and so how it is encoded. It encodes nothing itself.

/// The places of a playbook that take templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// Text that a person or a file format reads; inserted as it is.
    Text,
    /// A shell script: each value becomes one quoted word.
    Shell,
    /// One argument of a program; a list becomes several.
    Argv,
    /// A SQL text: each value is bound.
    Sql,
    /// A URL.
    Url,
    /// A header or mail field: line breaks are refused.
    Header,
    /// A variable of a child's environment; secrets allowed.
    Env,
    /// What a child reads; secrets allowed.
    Stdin,
    /// The path of a file.
    Path,
    /// A value that keeps its type: a variable, a JSON body, an input, an item.
    Value,
    /// A login: user, password, token; secrets allowed.
    Auth,
    /// The address of a database; secrets allowed.
    Connection,
    /// One line that people read, such as the subject of a mail: line breaks are refused, and so are secrets.
    Line,
}

impl Place {
    /// The place of a number made by `as u8`.
    pub const fn of(number: u8) -> Place {
        use Place::*;
        const ALL: [Place; 13] =
            [Text, Shell, Argv, Sql, Url, Header, Env, Stdin, Path, Value, Auth, Connection, Line];
        ALL[number as usize]
    }

    /// Whether a secret may stand here.
    pub const fn allows_secrets(self) -> bool {
        matches!(
            self,
            Place::Env | Place::Stdin | Place::Auth | Place::Header | Place::Sql | Place::Connection
        )
    }
}

/// Names for use as const parameters of `Slot`.
pub mod at {
    use super::Place;
    pub const SHELL: u8 = Place::Shell as u8;
    pub const ARGV: u8 = Place::Argv as u8;
    pub const SQL: u8 = Place::Sql as u8;
    pub const URL: u8 = Place::Url as u8;
    pub const HEADER: u8 = Place::Header as u8;
    pub const ENV: u8 = Place::Env as u8;
    pub const STDIN: u8 = Place::Stdin as u8;
    pub const PATH: u8 = Place::Path as u8;
    pub const VALUE: u8 = Place::Value as u8;
    pub const AUTH: u8 = Place::Auth as u8;
    pub const CONNECTION: u8 = Place::Connection as u8;
    pub const LINE: u8 = Place::Line as u8;
}
