//! The plain types that a value in a playbook can have, and how each is read from text.

use serde_json::Value;

use super::stage::Field;

macro_rules! plain_field {
    ($($t:ty = $en:literal, $ja:literal);* $(;)?) => { $(
        impl Field for $t {
            fn from_value(value: Value) -> Result<$t, String> {
                let given = value.clone();
                let value = match value {
                    Value::String(text) => serde_json::from_str(text.trim()).unwrap_or(Value::String(text)),
                    other => other,
                };
                serde_json::from_value(value).map_err(|_| crate::t!($en, $ja) + &format!(": {given}"))
            }
        }
    )* };
}
plain_field! {
    bool = "expected true or false", "true か false が必要です";
    u64 = "expected a whole number", "整数が必要です";
    u32 = "expected a whole number", "整数が必要です";
    u16 = "expected a whole number up to 65535", "65535 以下の整数が必要です";
    i64 = "expected a whole number", "整数が必要です";
    f64 = "expected a number", "数値が必要です";
}

impl Field for String {
    fn from_value(value: Value) -> Result<String, String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(crate::t!(
                "expected text, found {other}; put it in quotes",
                "文字列が必要ですが {other} です。引用符で囲んでください"
            )),
        }
    }
}

impl Field for crate::base::Confidential {
    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value).map(crate::base::Confidential::plain)
    }
    fn show(&self) -> String {
        self.shown().to_string()
    }
}

impl Field for crate::base::Duration {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => crate::base::Duration::parse(&text),
            other => crate::base::Duration::parse(&other.to_string()),
        }
    }
}

impl Field for crate::base::Size {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => crate::base::Size::parse(&text),
            other => crate::base::Size::parse(&other.to_string()),
        }
    }
}

impl Field for Value {
    fn from_value(value: Value) -> Result<Value, String> {
        Ok(value)
    }
}

impl Field for Vec<String> {}
