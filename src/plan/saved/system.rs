//! The facts of a system as they may stand in a file. It knows no single key.

use serde_json::Value;

use crate::base::MASK;

/// The same facts with the passwords of addresses masked: `postgres://user:•••@host/db`.
pub(super) fn without_passwords(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(address(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_passwords).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(k, v)| (k, without_passwords(v))).collect())
        }
        other => other,
    }
}

fn address(text: String) -> String {
    let masked = || {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (login, host) = rest[..end].rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:{MASK}@{host}{}", &rest[end..]))
    };
    masked().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::without_passwords;

    #[test]
    fn the_password_of_an_address_is_masked_and_nothing_else() {
        let facts = json!({ "url": "postgres://a:hunter22@h:5432/d?x=1", "u": ["http://h/x@y:z", "a:b@c"] });
        let masked = json!({ "url": "postgres://a:•••@h:5432/d?x=1", "u": ["http://h/x@y:z", "a:b@c"] });
        assert_eq!(without_passwords(facts), masked);
    }
}
