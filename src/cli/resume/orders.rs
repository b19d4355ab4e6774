//! What the operator says of unknown steps by flags. It does not know which steps are unknown.

use std::collections::BTreeMap;

use clap::ArgMatches;
use serde_json::Value;

use crate::base::StepId;
use crate::cli::error::Error;
use crate::event::{Gives, Resolution, Unit};
use crate::state::{Machine, UnitRef};

/// What is said of one unit.
#[derive(Clone, Debug)]
pub struct Order {
    /// What becomes of it.
    pub how: Resolution,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// What later steps need of it.
    pub gives: Gives,
}

/// What is said of each unit that is named.
pub type Orders = BTreeMap<UnitRef, Order>;

/// The flags as orders.
pub fn orders(matches: &ArgMatches, machine: &Machine, by: &str) -> Result<Orders, Error> {
    let reason = matches.get_one::<String>("reason").cloned();
    let mut orders = Orders::new();
    for (flag, how) in
        [("rerun", Resolution::Rerun), ("skip", Resolution::Skip), ("done-by-hand", Resolution::ByHand)]
    {
        for name in many(matches, flag) {
            if how != Resolution::Rerun && reason.is_none() {
                let error = Error::usage(crate::t!(
                    "`--{flag} {name}` needs a reason",
                    "`--{flag} {name}` には理由が必要です"
                ));
                return Err(error.help(crate::t!("add --reason '…'", "--reason '…' を付けてください")));
            }
            let order = Order { how, by: by.to_string(), reason: reason.clone(), gives: Gives::new() };
            if orders.insert(unit(machine, &name)?, order).is_some() {
                return Err(Error::usage(crate::t!(
                    "two things are said of `{name}`",
                    "`{name}` に二つの指示があります"
                )));
            }
        }
    }
    outputs(matches, machine, &mut orders)?;
    Ok(orders)
}

fn outputs(matches: &ArgMatches, machine: &Machine, orders: &mut Orders) -> Result<(), Error> {
    for text in many(matches, "output") {
        let parts = text.split_once('=').and_then(|(place, value)| {
            let (step, key) = place.rsplit_once('.')?;
            Some((step, key, value))
        });
        let Some((step, key, value)) = parts.filter(|(step, key, _)| !step.is_empty() && !key.is_empty())
        else {
            return Err(Error::usage(crate::t!(
                "`--output {text}`: write --output STEP.KEY=VALUE",
                "`--output {text}`: --output STEP.KEY=VALUE の形で書いてください"
            )));
        };
        let order = orders.get_mut(&unit(machine, step)?).filter(|order| order.how == Resolution::ByHand);
        let Some(order) = order else {
            return Err(Error::usage(crate::t!(
                "`--output {text}`: outputs are given with --done-by-hand {step}",
                "`--output {text}`: 出力は --done-by-hand {step} と共に指定します"
            )));
        };
        order.gives.insert(key.to_string(), value_of(value));
    }
    Ok(())
}

/// A value as typed: JSON where it is some, else text.
pub fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()))
}

fn many(matches: &ArgMatches, flag: &str) -> Vec<String> {
    matches.get_many::<String>(flag).into_iter().flatten().cloned().collect()
}

/// The unit of a name: `swap`, `restore[2]/swap`, or `drop[2]` for an item.
fn unit(machine: &Machine, name: &str) -> Result<UnitRef, Error> {
    let step = Unit::step(StepId::new(name));
    let item = StepId::new(name).iteration().map(|(step, item)| Unit::item(step, item));
    let found = machine.unit(&step).or_else(|| item.and_then(|unit| machine.unit(&unit)));
    found.filter(|unit| machine.plan().at(unit.node).is_shown()).ok_or_else(|| {
        Error::usage(crate::t!("the run has no step `{name}`", "この実行にステップ `{name}` はありません"))
            .help(crate::t!("`toban status` lists its steps", "`toban status` で一覧できます"))
    })
}
