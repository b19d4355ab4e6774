//! What the lab's mail server was handed.

use serde_json::Value;

use super::harness::{Lab, place};

/// Reads headers and text as a mail program does, and gives them as JSON.
const READ: &str = "import email, email.policy, json, sys
found = []
for line in open(sys.argv[1]).read().splitlines():
    kept = json.loads(line)
    mail = email.message_from_string(kept['data'], policy=email.policy.default)
    found.append({'to': ', '.join(kept['to']), 'subject': str(mail['Subject']), 'text': mail.get_content()})
print(json.dumps(found))";

/// A mail that was taken.
#[derive(Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Forgets what came before.
pub fn forget() {
    std::fs::write(place("mail/mail.jsonl"), "").expect("the lab's mails");
}

/// Every mail since, in its order.
pub fn mails(lab: &Lab) -> Vec<Mail> {
    let said = lab.enter(&["/usr/bin/python3", "-c", READ, &place("mail/mail.jsonl").display().to_string()]);
    let all: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{said}: {e}"));
    let text = |mail: &Value, key: &str| mail[key].as_str().unwrap_or_default().to_owned();
    let read = |mail| Mail { to: text(mail, "to"), subject: text(mail, "subject"), text: text(mail, "text") };
    all.iter().map(read).collect()
}
