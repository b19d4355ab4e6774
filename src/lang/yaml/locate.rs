//! From the path of a value in the model to its place in the file. Short forms are seen through: where the
//! model has a level that the file has not, the level is passed over.

use std::ops::Range;

use super::index::{Index, KeyNode, Kind};

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Seg {
    /// A key.
    Name(Box<str>),
    /// A place in a list.
    Index(usize),
}

impl Seg {
    /// A key.
    pub fn name(text: &str) -> Seg {
        Seg::Name(text.into())
    }
}

fn wide(span: &Range<u32>) -> Range<usize> {
    span.start as usize..span.end as usize
}

impl Index {
    /// The key `name` of a mapping, also through `<<`.
    pub fn key<'a>(&'a self, source: &str, map: u32, name: &str) -> Option<&'a KeyNode> {
        self.key_within(source, map, name, 0)
    }

    fn key_within<'a>(&'a self, source: &str, map: u32, name: &str, depth: usize) -> Option<&'a KeyNode> {
        let Kind::Map(keys) = &self.node(map).kind else { return None };
        if let Some(found) = keys.iter().rev().find(|k| k.text(source) == name) {
            return Some(found);
        }
        if depth > 16 {
            return None;
        }
        let merges = keys.iter().filter(|k| k.text(source) == "<<");
        merges.flat_map(|k| self.merged(k.value)).find_map(|m| self.key_within(source, m, name, depth + 1))
    }

    fn merged(&self, id: u32) -> Vec<u32> {
        match &self.node(id).kind {
            Kind::Seq(items) => items.clone(),
            _ => vec![id],
        }
    }

    /// The deepest node that a path reaches from `from`.
    pub fn follow(&self, source: &str, from: u32, path: &[Seg]) -> u32 {
        let mut at = from;
        for seg in path {
            match (seg, &self.node(at).kind) {
                (Seg::Name(name), Kind::Map(_)) => match self.key(source, at, name) {
                    Some(key) => at = key.value,
                    None => continue,
                },
                (Seg::Index(i), Kind::Seq(items)) => match items.get(*i) {
                    Some(item) => at = *item,
                    None => continue,
                },
                _ => continue,
            }
        }
        at
    }

    /// The scalar that a byte of the file belongs to: its path and its span; none for keys, comments and signs.
    pub fn path_at(&self, source: &str, at: usize) -> Option<(Vec<Seg>, Range<usize>)> {
        let holds = |id: u32| wide(&self.written(id).span).contains(&at);
        let (mut path, mut id) = (Vec::new(), self.root()?);
        loop {
            match &self.written(id).kind {
                Kind::Scalar => return Some((path, wide(&self.written(id).span))),
                Kind::Alias(_) => return None,
                Kind::Map(keys) => {
                    let key = keys.iter().find(|k| holds(k.value))?;
                    path.push(Seg::name(key.text(source)));
                    id = key.value;
                }
                Kind::Seq(items) => {
                    let i = items.partition_point(|item| self.written(*item).span.end as usize <= at);
                    id = *items.get(i).filter(|item| holds(**item))?;
                    path.push(Seg::Index(i));
                }
            }
        }
    }

    /// Whether the file has every level of a path.
    pub fn has(&self, source: &str, from: u32, path: &[Seg]) -> bool {
        let mut at = from;
        path.iter().all(|seg| {
            let next = match (seg, &self.node(at).kind) {
                (Seg::Name(name), Kind::Map(_)) => self.key(source, at, name).map(|k| k.value),
                (Seg::Index(i), Kind::Seq(items)) => items.get(*i).copied(),
                _ => None,
            };
            at = next.unwrap_or(at);
            next.is_some()
        })
    }

    /// The span of the value at a path: of the alias where it is one, of what stands there otherwise.
    pub fn value_span(&self, source: &str, from: u32, path: &[Seg]) -> Range<usize> {
        wide(&self.written(self.follow(source, from, path)).span)
    }

    /// The span of the last key of a path; of the value where there is no such key.
    pub fn key_span(&self, source: &str, from: u32, path: &[Seg]) -> Range<usize> {
        let Some((Seg::Name(name), parents)) = path.split_last() else {
            return self.value_span(source, from, path);
        };
        let parent = self.follow(source, from, parents);
        match self.key(source, parent, name) {
            Some(key) => wide(&key.span),
            None => wide(&self.written(parent).span),
        }
    }

    /// The span of the first key of the mapping at a path: where something is missing.
    pub fn head_span(&self, source: &str, from: u32, path: &[Seg]) -> Range<usize> {
        let id = self.follow(source, from, path);
        match &self.node(id).kind {
            Kind::Map(keys) if !keys.is_empty() => wide(&keys[0].span),
            _ => wide(&self.written(id).span),
        }
    }
}
