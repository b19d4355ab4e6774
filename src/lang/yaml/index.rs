//! The places of every key and value of one YAML document, in bytes. It reads no value.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser};

use super::limits::{MAX_ALIASED, MAX_DEPTH};
use super::syntax::{Trouble, of_scan_error, of_tag};

/// A key of a mapping.
#[derive(Debug)]
pub struct KeyNode {
    /// Where it stands.
    pub span: Range<u32>,
    /// Its text, where that is not what stands there.
    unescaped: Option<Box<str>>,
    /// Its value.
    pub value: u32,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// A scalar.
    Scalar,
    /// A list.
    Seq(Vec<u32>),
    /// A mapping, in the order of the file.
    Map(Vec<KeyNode>),
    /// Another node, by its anchor.
    Alias(u32),
}

/// A value and its place.
#[derive(Debug)]
pub struct Node {
    /// Where it stands.
    pub span: Range<u32>,
    /// What it is.
    pub kind: Kind,
}

/// All nodes of a document.
#[derive(Debug, Default)]
pub struct Index {
    nodes: Vec<Node>,
    root: Option<u32>,
}

/// A list or mapping that has begun.
struct Open {
    start: usize,
    anchor: usize,
    flow: bool,
    weight: u64,
    body: Body,
}

enum Body {
    Seq(Vec<u32>),
    Map(Vec<KeyNode>, Option<(Range<u32>, Option<Box<str>>)>),
}

struct Builder<'a> {
    text: &'a str,
    index: Index,
    open: Vec<Open>,
    anchors: HashMap<usize, (u32, u64)>,
    aliased: u64,
    documents: usize,
    troubles: Vec<Trouble>,
}

impl Index {
    /// Reads the places of a text. What can be passed over is told in the second part and the reading goes on.
    ///
    /// # Errors
    /// What makes the rest of the text unreadable.
    pub fn of(text: &str) -> Result<(Index, Vec<Trouble>), Trouble> {
        let mut builder = Builder {
            text,
            index: Index::default(),
            open: Vec::new(),
            anchors: HashMap::new(),
            aliased: 0,
            documents: 0,
            troubles: Vec::new(),
        };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| of_scan_error(text, &e))?;
            let range = span.byte_range().unwrap_or(0..0);
            builder.take(event, range)?;
        }
        Ok((builder.index, builder.troubles))
    }

    /// The document itself; none when it is empty.
    pub fn root(&self) -> Option<u32> {
        self.root
    }

    /// A node, aliases followed.
    pub fn node(&self, mut id: u32) -> &Node {
        while let Kind::Alias(target) = self.nodes[id as usize].kind {
            id = target;
        }
        &self.nodes[id as usize]
    }

    /// A node as it is written, aliases not followed.
    pub fn written(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    fn push(&mut self, span: Range<usize>, kind: Kind) -> u32 {
        self.nodes.push(Node { span: short(&span), kind });
        (self.nodes.len() - 1) as u32
    }
}

impl KeyNode {
    /// The key's text.
    pub fn text<'a>(&'a self, source: &'a str) -> &'a str {
        match &self.unescaped {
            Some(text) => text,
            None => source.get(self.span.start as usize..self.span.end as usize).unwrap_or_default(),
        }
    }
}

fn short(span: &Range<usize>) -> Range<u32> {
    span.start as u32..span.end as u32
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), Trouble> {
        match event {
            Event::Scalar(value, _, anchor, tag) => {
                of_tag(self.text, tag.as_deref(), &at)?;
                self.scalar(&value, anchor, at)
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::SequenceStart(style, anchor, tag) => {
                of_tag(self.text, tag.as_deref(), &at)?;
                let flow = style == granit_parser::StructureStyle::Flow;
                self.begin(at, anchor, flow, Body::Seq(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                of_tag(self.text, tag.as_deref(), &at)?;
                let flow = style == granit_parser::StructureStyle::Flow;
                self.begin(at, anchor, flow, Body::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::DocumentStart(..) => self.document(at),
            _ => Ok(()),
        }
    }

    fn document(&mut self, at: Range<usize>) -> Result<(), Trouble> {
        self.documents += 1;
        if self.documents > 1 { Err(Trouble::second_document(at)) } else { Ok(()) }
    }

    fn scalar(&mut self, value: &str, anchor: usize, at: Range<usize>) -> Result<(), Trouble> {
        if let Some(Open { body: Body::Map(_, key @ None), .. }) = self.open.last_mut() {
            let same = self.text.get(at.clone()) == Some(value);
            *key = Some((short(&at), (!same).then(|| value.into())));
            return Ok(());
        }
        let id = self.index.push(at, Kind::Scalar);
        self.keep(anchor, id, 1);
        self.place(id, 1)
    }

    fn alias(&mut self, anchor: usize, at: Range<usize>) -> Result<(), Trouble> {
        let Some(&(target, weight)) = self.anchors.get(&anchor) else {
            return Err(Trouble::alias_inside_itself(at));
        };
        self.aliased = self.aliased.saturating_add(weight);
        if self.aliased > MAX_ALIASED {
            return Err(Trouble::too_many_aliases(at));
        }
        if let Some(Open { body: Body::Map(_, None), .. }) = self.open.last() {
            return Err(Trouble::complex_key(at));
        }
        let id = self.index.push(at, Kind::Alias(target));
        self.place(id, weight)
    }

    fn begin(&mut self, at: Range<usize>, anchor: usize, flow: bool, body: Body) -> Result<(), Trouble> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Trouble::too_deep(at));
        }
        self.open.push(Open { start: at.start, anchor, flow, weight: 1, body });
        Ok(())
    }

    fn end(&mut self, at: Range<usize>) -> Result<(), Trouble> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = self.trimmed_end(open.start, at.end, open.flow);
        let kind = match open.body {
            Body::Seq(items) => Kind::Seq(items),
            Body::Map(keys, _) => {
                self.duplicates(&keys);
                Kind::Map(keys)
            }
        };
        if let Some(Open { body: Body::Map(keys, None), start, flow: outer_flow, .. }) = self.open.last() {
            // `{{ x }}` without quotes: YAML reads a mapping whose only key is a mapping.
            if open.flow && *outer_flow && keys.is_empty() && open.start == start + 1 {
                return self.unquoted_template();
            }
            return Err(Trouble::complex_key(open.start..end));
        }
        let id = self.index.push(open.start..end, kind);
        self.keep(open.anchor, id, open.weight);
        self.place(id, open.weight)
    }

    /// The mapping that is open stands for a template: its key is done, its value will follow.
    fn unquoted_template(&mut self) -> Result<(), Trouble> {
        if let Some(Open { body: Body::Map(_, key), start, .. }) = self.open.last_mut() {
            *key = Some((*start as u32..*start as u32 + 2, Some(Box::from("{{"))));
            let start = *start;
            let end = self.text[start..].find("}}").map_or(self.text.len(), |i| start + i + 2);
            self.troubles.push(Trouble::unquoted_template(start..end));
        }
        Ok(())
    }

    /// A block ends where its last value ends, not where the next token begins.
    fn trimmed_end(&self, start: usize, end: usize, flow: bool) -> usize {
        if flow {
            return end;
        }
        self.text.get(start..end).map_or(end, |t| start + t.trim_end().len())
    }

    fn keep(&mut self, anchor: usize, id: u32, weight: u64) {
        if anchor != 0 {
            self.anchors.insert(anchor, (id, weight));
        }
    }

    fn place(&mut self, id: u32, weight: u64) -> Result<(), Trouble> {
        let Some(open) = self.open.last_mut() else {
            self.index.root = Some(id);
            return Ok(());
        };
        open.weight = open.weight.saturating_add(weight);
        match &mut open.body {
            Body::Seq(items) => items.push(id),
            Body::Map(keys, key) => {
                if let Some((span, unescaped)) = key.take() {
                    keys.push(KeyNode { span, unescaped, value: id });
                }
            }
        }
        Ok(())
    }

    fn duplicates(&mut self, keys: &[KeyNode]) {
        let mut seen: HashMap<&str, &KeyNode> = HashMap::new();
        for (i, key) in keys.iter().enumerate() {
            let text = key.text(self.text);
            let first = if keys.len() <= 12 {
                keys[..i].iter().find(|k| k.text(self.text) == text)
            } else {
                seen.insert(text, key)
            };
            if let Some(first) = first {
                self.troubles.push(Trouble::duplicate_key(text, &first.span, &key.span));
            }
        }
    }
}
