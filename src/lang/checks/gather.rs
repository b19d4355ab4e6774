//! Every template and expression of a playbook, with its place and the names it may use. It judges none.

use std::convert::Infallible;
use std::rc::Rc;

use super::outputs::{Outputs, of_action, of_step};
use super::site::{Site, segs};
use crate::base::StepId;
use crate::lang::calls::Calls;
use crate::lang::languages::Others;
use crate::lang::yaml::Seg;
use crate::model::{
    Action, Condition, Field, Key, Place, Playbook, Slot, Staged, Stager, Step, StepBody, System, Template,
    Templated, Tree, has_template,
};
use crate::template::Form;

/// Names beyond those of the whole playbook that a text may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `item` and `index`.
    pub item: bool,
    /// The step's own outputs.
    pub own: Option<Rc<Outputs>>,
    /// Whether results of steps are there at all.
    pub no_steps: bool,
    /// Whether the steps that the step holds have ended, as one iteration of its loop.
    pub within: bool,
    /// Whether the step itself has ended.
    pub ended: bool,
}

/// One template or expression.
pub struct Text {
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// Its path in the file.
    pub path: Vec<Seg>,
    /// What stands there.
    pub source: String,
    /// How it is written.
    pub form: Form,
    /// Where its values land.
    pub place: Place,
    /// What it may use.
    pub names: Names,
}

/// Collects templates on a walk over staged things, those of texts that were not taken included.
struct Inspector<'a> {
    others: &'a Others,
    /// Where the things stand.
    base: &'a [Seg],
    keys: &'a [&'a str],
    path: Vec<Seg>,
    found: Vec<(Vec<Seg>, Place, String)>,
}

impl Inspector<'_> {
    fn whole_path(&self) -> Vec<Seg> {
        [self.base, &segs(self.keys), &self.path].concat()
    }

    /// What stands at the same place in other languages.
    fn others(&mut self, place: Place) {
        let path = self.whole_path();
        for (lang, text) in self.others.get(&path).into_iter().flatten() {
            if has_template(text) {
                let path = [path.as_slice(), &[Seg::name(lang.key())]].concat();
                self.found.push((path, place, text.clone()));
            }
        }
    }
}

impl Stager<Templated, Templated> for Inspector<'_> {
    type Error = Infallible;

    fn field<T: Field>(&mut self, place: Place, value: &Template<T>) -> Result<Template<T>, Infallible> {
        if let Template::Source(text) = value {
            self.found.push((self.whole_path(), place, text.clone()));
        }
        if !self.others.is_empty() {
            self.others(place);
        }
        Ok(value.clone())
    }

    fn enter(&mut self, key: Key<'_>) {
        self.path.push(match key {
            Key::Name(name) => Seg::name(name.strip_prefix("r#").unwrap_or(name)),
            Key::Index(i) => Seg::Index(i),
        });
    }

    fn leave(&mut self) {
        self.path.pop();
    }
}

/// Everything found so far.
pub struct Gather<'a> {
    system: Option<&'a System>,
    calls: &'a Calls,
    others: &'a Others,
    step: Option<StepId>,
    base: Vec<Seg>,
    /// The texts.
    pub texts: Vec<Text>,
}

impl<'a> Gather<'a> {
    /// Nothing found yet. `others` are the texts of the file that were not taken.
    pub fn new(system: Option<&'a System>, calls: &'a Calls, others: &'a Others) -> Gather<'a> {
        Gather { system, calls, others, step: None, base: Vec::new(), texts: Vec::new() }
    }

    /// Every text of a playbook.
    pub fn playbook(&mut self, playbook: &Playbook, site: &Site<'_>) {
        let before = Names { no_steps: true, ..Names::default() };
        for (name, tree) in &playbook.vars {
            self.tree(&["vars", name], tree, &Names::default());
        }
        self.base = segs(&["defaults"]);
        self.staged(&[], &playbook.defaults, &before);
        self.base.clear();
        if let Some(clock) = &playbook.clock {
            self.staged(&["clock"], clock, &before);
        }
        for (name, tree) in &playbook.outputs {
            self.tree(&["outputs", name], tree, &Names::default());
        }
        playbook.all_lists().for_each(|(_, list)| self.steps(list, false, site));
    }

    fn steps(&mut self, steps: &[Step], item: bool, site: &Site<'_>) {
        for step in steps {
            self.step = Some(step.id.clone());
            self.base = site.path(&step.id, &[]);
            self.one(step, item);
            for (_, inner) in step.lists() {
                self.steps(inner, item || step.for_each.is_some(), site);
            }
        }
        self.step = None;
        self.base.clear();
    }

    fn one(&mut self, step: &Step, outer_item: bool) {
        let plain = Names { item: outer_item, ..Names::default() };
        let inside = Names { item: outer_item || step.for_each.is_some(), ..Names::default() };
        let needs_own = !step.expect.is_empty() || step.for_each.as_ref().is_some_and(|f| !f.stop.is_empty());
        let own =
            needs_own.then(|| Rc::new(Outputs { loops: false, ..of_step(step, self.system, self.calls) }));
        let after = Names { own, ..inside.clone() };
        if let Some(title) = &step.title {
            self.staged(&["title"], title, &plain);
        }
        self.conditions(&["when"], &step.when, &plain);
        if let Some(each) = &step.for_each {
            self.tree(&["for_each", "list"], &each.list, &plain);
            let stop = Names { within: true, ..after.clone() };
            self.conditions(&["for_each", "stop"], &each.stop, &stop);
        }
        self.conditions(&["expect"], &step.expect, &after);
        if let Some(confirm) = &step.confirm {
            self.staged(&["confirm", "question"], &confirm.question, &plain);
            self.staged(&["confirm", "facts"], &confirm.facts, &plain);
            self.staged(&["confirm", "type"], &confirm.typed, &plain);
        }
        self.staged(&[], &step.around, &inside);
        if let StepBody::Act(action) = &step.body {
            self.action(&[], action, &inside);
        }
        if let Some(verify) = &step.verify {
            self.action(&["verify"], verify, &inside);
        }
        if let Some(undo) = &step.undo {
            // It runs when the step is over: what the step gave is there.
            self.action(&["undo"], &undo.action, &Names { ended: true, ..inside });
        }
    }

    /// Every text of an action that stands behind these keys.
    pub fn action(&mut self, keys: &[&str], action: &Action<Templated>, names: &Names) {
        self.staged(keys, action, names);
        let below = |more: &[&'static str]| [keys, more].concat();
        match action {
            Action::Assert(list) => self.conditions(&below(&["assert"]), &list.0, names),
            Action::Wait(wait) => {
                let reading = wait.action().map(|a| of_action(&a, self.system, self.calls));
                let names =
                    Names { own: Some(Rc::new(reading.unwrap_or_else(Outputs::unknown))), ..names.clone() };
                self.conditions(&below(&["wait", "until"]), &wait.until, &names);
            }
            Action::Decide(decide) => {
                if let Some(from) = &decide.from {
                    let names = Names { item: true, ..names.clone() };
                    self.expression(&below(&["decide", "from", "value"]), &from.value, &names);
                    self.expression(&below(&["decide", "from", "label"]), &from.label, &names);
                }
            }
            _ => {}
        }
    }

    fn conditions(&mut self, keys: &[&str], conditions: &[Condition], names: &Names) {
        for (i, condition) in conditions.iter().enumerate() {
            let number = i.to_string();
            let below = |key| [keys, &[number.as_str(), key]].concat();
            let names = Names { item: names.item || condition.each.is_some(), ..names.clone() };
            self.expression(&below("that"), &condition.that, &names);
            if let Some(message) = &condition.message {
                self.staged(&below("message"), message, &names);
            }
            if let Some(each) = &condition.each {
                self.tree(&below("each"), each, &names);
            }
        }
    }

    fn expression(&mut self, keys: &[&str], source: &str, names: &Names) {
        let path = [self.base.as_slice(), &segs(keys)].concat();
        let step = self.step.clone();
        let (form, place) = (Form::Expression, Place::Text);
        self.texts.push(Text { step, path, source: source.to_string(), form, place, names: names.clone() });
    }

    fn tree(&mut self, keys: &[&str], tree: &Tree<Templated>, names: &Names) {
        self.staged(keys, tree, names);
    }

    /// Every text of something that stands behind these keys.
    pub fn staged<X: Staged<Templated>>(&mut self, keys: &[&str], x: &X, names: &Names) {
        let (others, base) = (self.others, self.base.as_slice());
        let mut inspector = Inspector { others, base, keys, path: Vec::new(), found: Vec::new() };
        let Ok(_) = x.stage::<Templated, _>(&mut inspector);
        for (path, place, source) in inspector.found {
            let step = self.step.clone();
            self.texts.push(Text { step, path, source, form: Form::Text, place, names: names.clone() });
        }
    }
}

/// A slot that holds plain text, for those who only look at literals.
pub fn literal<const P: u8>(slot: &Slot<Templated, String, P>) -> Option<&str> {
    match &slot.0 {
        Template::Literal(text) => Some(text),
        Template::Source(_) => None,
    }
}
