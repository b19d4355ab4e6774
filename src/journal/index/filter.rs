//! Which runs are asked for, as SQL. Every value is bound; none stands in the text.

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::row::{Row, from_table};
use crate::base::RunId;

/// Which runs are asked for; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The system: `refnet` of `refnet/daily`.
    pub system: Option<String>,
    /// The playbook, with or without its system.
    pub playbook: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// Who started it.
    pub operator: Option<String>,
    /// How it ended, or `running` or `dead`: any of these; all where there are none.
    pub results: Vec<String>,
    /// It began then or later.
    pub since: Option<Timestamp>,
    /// It began before.
    pub until: Option<Timestamp>,
    /// A step, in any iteration, with the state it ended in where that matters.
    pub step: Option<(String, Option<String>)>,
}

impl Filter {
    /// Up to `limit` runs of one database, the newest first, each with its number and the length of its journal.
    pub(super) fn query(&self, db: &Connection, limit: usize) -> rusqlite::Result<Vec<(i64, i64, Row)>> {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        let mut from = "runs";
        let mut order = "runs.no";
        if let Some((step, state)) = &self.step {
            // Both begin with the step, so that its runs come in their order and the walk ends at the limit.
            from = "words CROSS JOIN steps ON steps.step = words.id CROSS JOIN runs ON runs.no = steps.run";
            order = "steps.run";
            conditions.push("words.word = ?".to_string());
            values.push(Value::from(step.clone()));
            if let Some(state) = state {
                conditions.push("steps.state = ?".to_string());
                values.push(Value::from(state.clone()));
            }
        }
        self.texts(&mut conditions, &mut values);
        for (at, sign) in [(self.since, ">="), (self.until, "<")] {
            if let Some(at) = at {
                conditions.push(format!("{order} {sign} ?"));
                values.push(Value::from(RunId::number_from(at)));
            }
        }
        let conditions = if conditions.is_empty() { "1".to_string() } else { conditions.join(" AND ") };
        values.push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX)));
        // A step can stand in several states of one run.
        let group = if self.step.is_some() { format!("GROUP BY {order}") } else { String::new() };
        let sql =
            format!("SELECT runs.* FROM {from} WHERE {conditions} {group} ORDER BY {order} DESC LIMIT ?");
        let mut statement = db.prepare(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), from_table)?;
        rows.collect()
    }

    fn texts(&self, conditions: &mut Vec<String>, values: &mut Vec<Value>) {
        let playbook = match &self.playbook {
            Some(text) if !text.contains('/') => "runs.name",
            _ => "runs.playbook",
        };
        let texts = [
            ("runs.system", &self.system),
            (playbook, &self.playbook),
            ("runs.environment", &self.environment),
            ("runs.operator", &self.operator),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                conditions.push(format!("{column} = ?"));
                values.push(Value::from(text.clone()));
            }
        }
        if !self.results.is_empty() {
            let places = vec!["?"; self.results.len()].join(", ");
            conditions.push(format!("runs.result IN ({places})"));
            values.extend(self.results.iter().cloned().map(Value::from));
        }
    }
}
