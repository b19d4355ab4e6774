//! A mail server of the test's own: STARTTLS, TLS from the first byte, AUTH PLAIN and LOGIN; it keeps every mail it
//! takes. Its certificate is made when it begins.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// How it behaves.
#[derive(Clone, Copy, Default)]
pub struct Manners {
    /// TLS from the first byte.
    pub tls: bool,
    /// Whether STARTTLS is offered.
    pub starttls: bool,
    /// The words of `AUTH` in what it offers.
    pub auth: &'static str,
    /// The only login that it lets in; a mail without one is refused then.
    pub login: Option<(&'static str, &'static str)>,
    /// A recipient that it does not know.
    pub unknown: &'static str,
    /// It greets nobody.
    pub mute: bool,
}

/// One mail that it has taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
    pub covered: bool,
    pub user: String,
}

/// A mail server.
pub struct Smtp {
    pub port: u16,
    /// The PEM of its certificate.
    pub certificate: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Smtp {
    pub fn new(manners: Manners) -> Smtp {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()])
            .expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a server");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let kept = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, kept) = (Arc::clone(&config), Arc::clone(&kept));
                std::thread::spawn(move || drop(Talk { manners, config, kept }.begin(stream)));
            }
        });
        Smtp { port, certificate: made.cert.pem(), taken }
    }

    /// What it has taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("mails").clone()
    }
}

/// A mail as another program reads it: its subject, its body and the names of its fields.
pub fn read(text: &str) -> Value {
    let script = "import sys, json, email\nfrom email import policy\nm = email.message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)\nprint(json.dumps({'subject': m['subject'], 'to': m['to'], 'from': m['from'], 'body': m.get_content(), 'fields': [k.lower() for k in m.keys()]}))";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("python3");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let out = child.wait_with_output().expect("an end");
    let text_of = String::from_utf8_lossy(&out.stdout).replace("\\r\\n", "\\n");
    serde_json::from_str(&text_of).unwrap_or_else(|e| panic!("{e}: {text}"))
}

struct Talk {
    manners: Manners,
    config: Arc<ServerConfig>,
    kept: Arc<Mutex<Vec<Taken>>>,
}

/// What a connection is used for next.
enum Next {
    Tls,
    End,
}

impl Talk {
    fn begin(&self, stream: TcpStream) -> std::io::Result<()> {
        if self.manners.mute {
            std::thread::sleep(std::time::Duration::from_secs(60));
            return Ok(());
        }
        if self.manners.tls {
            return self.covered(stream, true);
        }
        let mut clear = BufReader::new(stream);
        clear.get_mut().write_all(b"220 sink ESMTP\r\n")?;
        match self.talk(&mut clear, false)? {
            Next::Tls => self.covered(clear.into_inner(), false),
            Next::End => Ok(()),
        }
    }

    fn covered(&self, stream: TcpStream, greet: bool) -> std::io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(&self.config)).map_err(std::io::Error::other)?;
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        if greet {
            stream.get_mut().write_all(b"220 sink ESMTP\r\n")?;
        }
        self.talk(&mut stream, true).map(drop)
    }

    fn talk<S: Read + Write>(&self, stream: &mut BufReader<S>, covered: bool) -> std::io::Result<Next> {
        let mut mail =
            Taken { from: String::new(), to: Vec::new(), text: String::new(), covered, user: String::new() };
        loop {
            let line = line(stream)?;
            let upper = line.to_ascii_uppercase();
            let answer = match upper.split([' ', ':']).next().unwrap_or_default() {
                "" => return Ok(Next::End),
                "EHLO" => self.offers(covered),
                "STARTTLS" => {
                    stream.get_mut().write_all(b"220 go on\r\n")?;
                    return Ok(Next::Tls);
                }
                "AUTH" => self.login(stream, &line, &mut mail)?,
                "MAIL" if self.manners.login.is_some() && mail.user.is_empty() => "530 log in first".into(),
                "MAIL" => {
                    mail.from = bare(&line);
                    "250 ok".into()
                }
                "RCPT" if !self.manners.unknown.is_empty() && line.contains(self.manners.unknown) => {
                    "550 5.1.1 no such user".into()
                }
                "RCPT" => {
                    mail.to.push(bare(&line));
                    "250 ok".into()
                }
                "DATA" => {
                    stream.get_mut().write_all(b"354 go on\r\n")?;
                    mail.text = data(stream)?;
                    self.kept.lock().expect("mails").push(mail.clone());
                    "250 2.0.0 queued as 4711".into()
                }
                "QUIT" => "221 bye".into(),
                _ => "500 what?".to_string(),
            };
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
            stream.get_mut().flush()?;
        }
    }

    fn offers(&self, covered: bool) -> String {
        let mut words = vec!["sink".to_string(), "8BITMIME".to_string()];
        if self.manners.starttls && !covered {
            words.push("STARTTLS".into());
        }
        if !self.manners.auth.is_empty() {
            words.push(format!("AUTH {}", self.manners.auth));
        }
        let last = words.len() - 1;
        let lines = words
            .iter()
            .enumerate()
            .map(|(i, word)| format!("250{}{word}", if i == last { " " } else { "-" }));
        lines.collect::<Vec<_>>().join("\r\n")
    }

    fn login<S: Read + Write>(
        &self,
        stream: &mut BufReader<S>,
        said: &str,
        mail: &mut Taken,
    ) -> std::io::Result<String> {
        let text = |word: &str| {
            String::from_utf8_lossy(&STANDARD.decode(word.trim()).unwrap_or_default()).into_owned()
        };
        let words: Vec<&str> = said.split_whitespace().collect();
        let ask = |question: &str, stream: &mut BufReader<S>| -> std::io::Result<String> {
            stream.get_mut().write_all(format!("334 {}\r\n", STANDARD.encode(question)).as_bytes())?;
            stream.get_mut().flush()?;
            line(stream).map(|said| text(&said))
        };
        let (user, password) = match (words.get(1).copied(), words.get(2)) {
            (Some("PLAIN"), Some(word)) => {
                let said = text(word);
                let parts: Vec<&str> = said.split('\0').collect();
                (parts.get(1).unwrap_or(&"").to_string(), parts.get(2).unwrap_or(&"").to_string())
            }
            (Some("LOGIN"), _) => (ask("Username:", stream)?, ask("Password:", stream)?),
            _ => return Ok("504 unknown".into()),
        };
        Ok(match self.manners.login {
            Some((u, p)) if (u, p) == (user.as_str(), password.as_str()) => {
                mail.user = user;
                "235 come in".into()
            }
            // Some servers repeat what they were told.
            _ => format!("535 5.7.8 not with {user}/{password}"),
        })
    }
}

fn line(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_string())
}

fn data(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let line = line(stream)?;
        match line.as_str() {
            "." => return Ok(text),
            _ => text.push_str(&format!("{}\r\n", line.strip_prefix('.').unwrap_or(&line))),
        }
    }
}

fn bare(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_string()
}
