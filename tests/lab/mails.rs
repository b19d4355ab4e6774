//! What the lab's mail server was handed by one system or for its people: the tests of the others run beside.

use serde_json::Value;

use super::harness::{Lab, place};

/// Reads headers and text as a mail program does, and gives them as JSON. A line without its end is still being written.
const READ: &str = "import email, email.policy, json, sys
found = []
for line in open(sys.argv[1]).read().split('\\n')[:-1]:
    kept = json.loads(line)
    mail = email.message_from_string(kept['data'], policy=email.policy.default)
    found.append({'from': kept['from'], 'to': ', '.join(kept['to']), 'subject': str(mail['Subject']), 'text': mail.get_content()})
print(json.dumps(found))";

/// A mail that was taken.
#[derive(Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// The mails from or to one domain since it was opened.
pub struct Mailbox<'a> {
    lab: &'a Lab,
    domain: &'static str,
    before: usize,
}

impl<'a> Mailbox<'a> {
    pub fn of(lab: &'a Lab, domain: &'static str) -> Mailbox<'a> {
        let mut opened = Mailbox { lab, domain, before: 0 };
        opened.forget();
        opened
    }

    /// Forgets what came before.
    pub fn forget(&mut self) {
        self.before += self.mails().len();
    }

    /// Every mail since, in its order.
    pub fn mails(&self) -> Vec<Mail> {
        let file = place("mail/mail.jsonl");
        if !file.exists() {
            return Vec::new();
        }
        let said = self.lab.enter(&["/usr/bin/python3", "-c", READ, &file.display().to_string()]);
        let all: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{said}: {e}"));
        let text = |mail: &Value, key: &str| mail[key].as_str().unwrap_or_default().to_owned();
        let read =
            |mail| Mail { to: text(mail, "to"), subject: text(mail, "subject"), text: text(mail, "text") };
        let domain = format!("@{}", self.domain);
        let is_of = |people: String| people.split(", ").any(|one| one.ends_with(&domain));
        let own = |mail: &&Value| is_of(text(mail, "from")) || is_of(text(mail, "to"));
        all.iter().filter(own).map(read).skip(self.before).collect()
    }
}
