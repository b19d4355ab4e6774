//! Templates as a playbook's author meets them, over one small scope.

mod engine;
mod names;
mod place;
mod plan;
mod stager;

use serde_json::json;

use super::Scope;
use crate::base::Confidential;

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope
        .set("inputs", json!({"n": 7, "name": "花 子's", "on": true, "nothing": null, "list": ["a b", "c"]}));
    scope.set("steps", json!({"dump": {"file": "/b/x.gz", "rows": [{"n": 1}], "size": 1536}}));
    scope.set("run", json!({"started": "2026-03-01T05:00:00+09:00[Asia/Tokyo]"}));
    scope.secret("secrets", "db", Confidential::new("p\u{e9}ss'word".into(), "•••".into()));
    scope
}
