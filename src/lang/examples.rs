//! One example of each type that people write: shown in the schemas and in the reference. It checks nothing.

use serde_json::Value;

const EXAMPLES: &[(&str, &str)] = &[
    ("Step", "{ id: disk, probe: { disk: { path: /var } }, expect: used_percent < 80 }"),
    ("Step", "{ id: dump, shell: pg_dump app, stdout: { file: app.sql.gz, compress: gzip }, timeout: 30m }"),
    ("Shell", "df -h {{ vars.folder }}"),
    ("Shell", "[systemctl, restart, '{{ inputs.service }}']"),
    ("Shell", "{ run: echo hello, with: [sh, -eu] }"),
    ("Docker", "{ exec: { container: web, command: [nginx, -t] } }"),
    ("Docker", "{ restart: [web, worker] }"),
    ("Docker", "{ prune: { what: [images], filters: { until: 168h } } }"),
    ("Compose", "{ exec: { service: db, command: [pg_dump, -U, app, app] } }"),
    ("Compose", "{ restart: { services: all } }"),
    ("Sql", "{ connection: main, query: SELECT count(*) AS total FROM papers }"),
    ("Http", "{ get: 'https://example.org/health', timeout: 5s }"),
    ("Probe", "{ tls: { host: example.org } }"),
    ("Probe", "memory"),
    (
        "FileAction",
        "{ prune: { glob: /backup/*.gz, older_than: 7d, keep_at_least: 3, verified_by: [gzip] } }",
    ),
    ("FileAction", "{ read: /etc/hostname }"),
    ("SecretGenerate", "{ file: /etc/shop/session.key, length: 48 }"),
    ("Manual", "{ instruction: Look at the dashboard., evidence: { red: { type: integer } } }"),
    ("Decide", "{ question: What now?, choices: { restore: Restore it, stop: Stop here } }"),
    ("LocalizedText", "Look at the dashboard."),
    ("LocalizedText", "{ ja: ダッシュボードを確認する。, en: Look at the dashboard. }"),
    ("Wait", "10s"),
    ("Wait", "{ until: status == 200, every: 2s, limit: 3m, http: { get: 'https://example.org/' } }"),
    ("PlaybookCall", "{ run: refnet/backup, inputs: { keep_days: 14 } }"),
    ("Condition", "rows[0].total > 0"),
    ("Condition", "{ that: elapsed_ms < 2000, otherwise: warn, message: 'slow: {{ elapsed_ms }} ms' }"),
    ("ForEach", "{ list: '{{ vars.services }}', max_parallel: 2 }"),
    ("Confirm", "{ question: Restore it?, type: '{{ system.target }}' }"),
    ("Retry", "{ attempts: 3, delay: 10s, backoff: 2 }"),
    ("InputDecl", "{ type: integer, default: 7, minimum: 1, description: Age at which a dump may go }"),
    ("Schedule", "{ cron: 0 2 * * *, missed: skip }"),
    ("Lock", "{ name: refnet-database, busy: fail }"),
    ("Stdin", "{ file: dump.sql.gz, decompress: gzip }"),
    ("StdoutFile", "{ file: dump.sql.gz, compress: gzip, mode: '0600' }"),
    (
        "Connection",
        "{ url: 'postgres://app@/app', password: db_password, through: { compose: { service: db } } }",
    ),
    ("SecretDecl", "{ from: 'env:DB_PASSWORD' }"),
    ("SecretDecl", "{ generate: { length: 32, alphabet: url } }"),
    ("Window", "{ cron: 0 3 * * *, for: 2h }"),
    (
        "Window",
        "{ cron: 0 3 * * *, for: 2h, blackouts: [2026-12-29/2027-01-03, { cron: 0 0 1 * *, for: 24h }] }",
    ),
    ("Host", "{ ssh: ops@app-1, become: sudo }"),
    ("Ssh", "ssh://ops@app-1:2222"),
    ("Ssh", "{ to: ops@app-1, identity: ~/.ssh/ops, options: { ProxyJump: gate } }"),
    ("Notify", "{ mail: { to: [ops@example.org], subject: 'Backup: {{ steps.dump.state }}' } }"),
    ("Notify", "{ webhook: { url: '{{ secrets.chat }}', json: { text: Backup done } }, when_changed: true }"),
    ("Letter", "{ to: ['当番 <ops@example.org>'], subject: Done, body: 'See {{ run.dir }}' }"),
    (
        "Mail",
        "{ server: 'smtp://mail.example.org:587', from: toban@example.org, user: toban, password: smtp }",
    ),
    (
        "Notifications",
        "{ on: [failure, recovery, person], mail: { to: [ops@example.org] }, webhook: { secret: chat } }",
    ),
    ("Escalate", "{ message: '{{ inputs.what }} is down', contacts: [On duty, Manager] }"),
    ("Deadline", "{ within: 10m, until: restored, otherwise: tell_managers }"),
    ("Deadline", "{ within: 2h, otherwise: stop }"),
    ("Contact", "{ role: On duty, mail: ops@example.org, acknowledge_within: 5m }"),
];

/// The examples of a type.
pub fn of(name: &str) -> Vec<Value> {
    EXAMPLES.iter().filter(|e| e.0 == name).filter_map(|e| serde_yaml::from_str(e.1).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, of};

    #[test]
    fn every_example_is_valid_where_it_stands() {
        let schemas = [super::super::schema_playbook(), super::super::schema_system()];
        for (name, text) in EXAMPLES {
            let value = serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            let whole = schemas.iter().find(|s| s.pointer(&format!("/$defs/{name}")).is_some());
            let mut schema = whole.unwrap_or_else(|| panic!("no type {name}")).clone();
            let map = schema.as_object_mut().expect("a mapping");
            for key in ["properties", "required", "type", "additionalProperties"] {
                map.remove(key);
            }
            map.insert("$ref".into(), format!("#/$defs/{name}").into());
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let found: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
            assert!(found.is_empty(), "{name}: {text}: {found:?}");
        }
        assert_eq!(of("Wait").len(), 2);
    }
}
