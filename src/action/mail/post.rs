//! A letter as it goes through the wire: addresses read, subject and body encoded (RFC 2047, MIME). It sends nothing.

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, Message, MessageBuilder};

use crate::base::Confidential;

/// A letter that is still to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Post {
    /// The sender.
    pub from: String,
    /// To whom; an entry may hold several addresses with commas between them.
    pub to: Vec<Confidential>,
    /// Who gets a copy.
    pub cc: Vec<Confidential>,
    /// Who gets a copy that the others do not know of.
    pub bcc: Vec<Confidential>,
    /// To whom answers go.
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    /// Any number of lines.
    pub body: String,
    /// What names it for ever: the part of its `Message-ID` before the `@`.
    pub id: String,
}

/// A letter as it goes through the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    /// Where complaints about it go.
    pub from: Address,
    /// Everybody who gets it.
    pub to: Vec<Address>,
    /// Its head and its body.
    pub text: Vec<u8>,
}

impl Post {
    /// Writes the letter. `host` is the name of this machine.
    ///
    /// # Errors
    /// What of it cannot be sent: an address that is none, nobody to send it to, a line break in a line.
    pub fn write(&self, host: &str) -> Result<Posted, String> {
        let from = one_line(&self.from).and_then(mailbox)?;
        let groups = [&self.to, &self.cc, &self.bcc].map(|list| mailboxes(list));
        let [to, cc, bcc] = groups;
        let (to, cc, bcc) = (to?, cc?, bcc?);
        if to.is_empty() {
            return Err(crate::t!("the mail has nobody in `to`", "メールの `to` が空です"));
        }
        let subject = one_line(&self.subject)?;
        let mut builder = Message::builder().from(from.clone()).subject(subject);
        builder = to.iter().cloned().fold(builder, MessageBuilder::to);
        builder = cc.iter().cloned().fold(builder, MessageBuilder::cc);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(one_line(reply_to).and_then(mailbox)?);
        }
        let message = builder
            .message_id(Some(format!("<{}@{host}>", plain(&self.id))))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(own("Auto-Submitted", "auto-generated"))
            .raw_header(own("User-Agent", concat!("toban/", env!("CARGO_PKG_VERSION"))))
            .body(self.body.clone());
        let message = message.map_err(|e| e.to_string())?;
        let everybody = to.into_iter().chain(cc).chain(bcc).map(|one| one.email);
        Ok(Posted { from: from.email, to: everybody.collect(), text: message.formatted() })
    }
}

/// Everybody of these entries. What is no address is not repeated: it may be a secret.
fn mailboxes(list: &[Confidential]) -> Result<Vec<Mailbox>, String> {
    let mut all = Vec::new();
    for entry in list {
        let wrong = |why: String| format!("`{}`: {why}", entry.shown());
        let text = one_line(entry.expose()).map_err(wrong)?;
        let found: Mailboxes = text.parse().map_err(|_| wrong(no_address()))?;
        if found.iter().next().is_none() {
            return Err(wrong(no_address()));
        }
        all.extend(found);
    }
    Ok(all)
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| format!("`{text}`: {}", no_address()))
}

fn no_address() -> String {
    crate::t!("this is no mail address", "メールアドレスではありません")
}

/// Text that may stand in the head of a mail: a line break in it would begin another field.
fn one_line(text: &str) -> Result<&str, String> {
    match text.contains(|c: char| c.is_control() && c != '\t') {
        false => Ok(text),
        true => Err(crate::t!(
            "a line break cannot stand in the head of a mail",
            "メールのヘッダーに改行は使えません"
        )),
    }
}

/// A field of the engine's own.
fn own(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string())
}

/// The characters of an id that can stand in a `Message-ID` as they are.
fn plain(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> Post {
        Post {
            from: "当番 <toban@example.org>".into(),
            to: vec![Confidential::plain("佐藤 <sato@example.org>, ops@example.org")],
            subject: "バックアップ完了 ✓".into(),
            body: "終わりました。\n.\n次の行\n".into(),
            id: "run/a b.1".into(),
            ..Post::default()
        }
    }

    fn text(post: &Post) -> String {
        let posted = post.write("host").unwrap_or_else(|e| panic!("{e}"));
        assert!(posted.text.is_ascii(), "everything is encoded");
        String::from_utf8(posted.text).expect("text")
    }

    #[test]
    fn japanese_is_encoded_in_the_head_and_in_the_body() {
        let text = text(&post());
        assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
        assert!(text.contains("Message-ID: <run.a.b.1@host>"), "{text}");
        assert!(text.contains("Content-Type: text/plain; charset=utf-8"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated") && text.contains("Date: "), "{text}");
    }

    #[test]
    fn who_gets_a_hidden_copy_is_told_to_the_server_alone() {
        let hidden = Post { bcc: vec![Confidential::plain("boss@example.org")], ..post() };
        let posted = hidden.write("host").expect("a letter");
        let to: Vec<String> = posted.to.iter().map(ToString::to_string).collect();
        assert_eq!(to, ["sato@example.org", "ops@example.org", "boss@example.org"]);
        assert!(!text(&hidden).contains("boss@"));
    }

    #[test]
    fn a_line_break_in_the_head_is_refused_wherever_it_stands() {
        let breaks = [
            Post { subject: "a\r\nBcc: x@example.org".into(), ..post() },
            Post { to: vec![Confidential::plain("a@b.example\nBcc: x@example.org")], ..post() },
            Post { from: "a@b.example\n".into(), ..post() },
            Post { reply_to: Some("a@b.example\r".into()), ..post() },
        ];
        for post in breaks {
            let refused = post.write("host");
            assert!(refused.as_ref().is_err_and(|e| e.contains("line break")), "{refused:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_said_and_a_secret_one_is_not_repeated() {
        let to = |one: Confidential| Post { to: vec![one], ..post() }.write("host").expect_err("no address");
        assert!(to(Confidential::plain("nobody")).starts_with("`nobody`: "));
        assert!(to(Confidential::plain("")).contains("no mail address"));
        let secret = to(Confidential::new("s3cret-nobody".into(), "•••".into()));
        assert!(secret.starts_with("`•••`: "), "{secret}");
        assert!(Post { to: Vec::new(), ..post() }.write("host").is_err());
    }
}
