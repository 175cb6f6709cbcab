//! An XML document as a tree, within limits.
//!
//! Owns what of an XML is let in: no DTD, no entity but XML's own five, and bounds on depth, elements, names and text.
//! Elements are known by the URI of their namespace, never by their prefix. Knows no invoice.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};

use crate::outcome::{NotReadable, Refusal};

/// Elements inside each other; UBL nests up to about ten.
pub(crate) const DEPTH_MAX: usize = 64;
/// A line has about forty elements, so this is a document of some 5,000 lines.
pub(crate) const ELEMENTS_MAX: usize = 200_000;
/// Attributes of one element, declarations of namespaces among them. UBL roots declare up to about thirty.
pub(crate) const ATTRIBUTES_MAX: usize = 64;
/// Namespaces declared at once, in all open elements.
pub(crate) const NAMESPACES_MAX: usize = 256;
/// Bytes of one text or one attribute. Notes of a page or two fit.
pub(crate) const TEXT_BYTES_MAX: usize = 64 << 10;
/// Attached files, in base64, are passed over however long; nothing else in an invoice is.
const PASSED_OVER: [&str; 2] = ["EmbeddedDocumentBinaryObject", "AttachmentBinaryObject"];

/// Attributes that readers ask for; others are not kept.
const KEPT: [&str; 4] = ["currencyID", "unitCode", "schemeID", "format"];

/// A namespace that invoices use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    UblInvoice,
    UblCreditNote,
    Cac,
    Cbc,
    Rsm,
    RsmZugferd1,
    Ram,
    Udt,
    Qdt,
    Other,
}

/// Each namespace with the prefix that people know it by.
const SPACES: [(&str, &str, Space); 11] = [
    ("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", "", Space::UblInvoice),
    ("urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", "", Space::UblCreditNote),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2", "cac:", Space::Cac),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2", "cbc:", Space::Cbc),
    ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", "rsm:", Space::Rsm),
    ("urn:ferd:CrossIndustryDocument:invoice:1p0", "rsm:", Space::RsmZugferd1),
    ("urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100", "ram:", Space::Ram),
    ("urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12", "ram:", Space::Ram),
    ("urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100", "udt:", Space::Udt),
    ("urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15", "udt:", Space::Udt),
    ("urn:un:unece:uncefact:data:standard:QualifiedDataType:100", "qdt:", Space::Qdt),
];

/// A document.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// How many elements of a name a parent has. Counted on the way in: to count for each place takes the square of them.
    twins: HashMap<(usize, Space, u32), usize>,
    /// Each name once; elements know its place here.
    names: Vec<String>,
}

struct Node {
    parent: Option<usize>,
    space: Space,
    name: u32,
    text: String,
    attributes: Vec<(&'static str, String)>,
    children: Vec<usize>,
    /// Which of its twins it is, from one.
    position: usize,
}

/// One element of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Element<'t> {
    tree: &'t Tree,
    index: usize,
}

struct Growing {
    tree: Tree,
    open: Vec<usize>,
    /// Prefix, namespace, and the depth at which it was declared.
    namespaces: Vec<(String, Space, usize)>,
    /// Where each name is among the tree's.
    known: HashMap<String, u32>,
}

impl Tree {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, NotReadable> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let tree = Self { nodes: Vec::new(), twins: HashMap::new(), names: Vec::new() };
        let mut growing = Growing { tree, open: Vec::new(), namespaces: Vec::new(), known: HashMap::new() };
        loop {
            let event = reader.read_event().map_err(|_| broken())?;
            if !growing.take(event)? {
                return Ok(growing.tree);
            }
        }
    }

    /// The outermost element.
    pub fn root(&self) -> Element<'_> {
        Element { tree: self, index: 0 }
    }
}

impl Growing {
    /// Whether there is more to come.
    fn take(&mut self, event: Event<'_>) -> Result<bool, NotReadable> {
        match event {
            Event::Start(start) => self.start(&start)?,
            Event::End(_) => {
                self.open.pop();
                let depth = self.open.len();
                self.namespaces.retain(|(_, _, declared)| *declared < depth + 1);
            }
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => self.text(&resolve(&reference)?)?,
            Event::DocType(_) => return Err(dtd()),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => (),
            Event::Eof if !self.open.is_empty() || self.tree.nodes.is_empty() => return Err(broken()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), NotReadable> {
        let second_root = self.open.is_empty() && !self.tree.nodes.is_empty();
        if second_root {
            return Err(broken());
        }
        let (nodes, depth) = (self.tree.nodes.len(), self.open.len());
        if depth == DEPTH_MAX || nodes == ELEMENTS_MAX || start.name().0.len() > TEXT_BYTES_MAX {
            return Err(too_large("the XML has more elements than an invoice has, or nests them deeper"));
        }
        let attributes = self.attributes(start)?;
        let name = start.name();
        let prefix = name.prefix().map(|prefix| prefix.into_inner()).unwrap_or_default();
        let declared = self.namespaces.iter().rev().find(|(known, _, _)| known == prefix);
        let space = declared.map_or(Space::Other, |(_, space, _)| *space);
        let (parent, name) = (self.open.last().copied(), self.name(name.local_name().into_inner()));
        let twins = self.tree.twins.entry((parent.unwrap_or(usize::MAX), space, name)).or_default();
        *twins += 1;
        let (position, text, children) = (*twins, String::new(), Vec::new());
        self.tree.nodes.push(Node { parent, space, name, text, attributes, children, position });
        if let Some(parent) = parent.and_then(|parent| self.tree.nodes.get_mut(parent)) {
            parent.children.push(nodes);
        }
        self.open.push(nodes);
        Ok(())
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let next = u32::try_from(self.tree.names.len()).unwrap_or(u32::MAX);
        self.known.insert(name.to_owned(), next);
        self.tree.names.push(name.to_owned());
        next
    }

    /// The attributes that readers ask for. Declarations are taken in.
    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Vec<(&'static str, String)>, NotReadable> {
        let mut kept = Vec::new();
        let depth = self.open.len() + 1;
        // Without the check for names given twice, which takes the square of their number.
        for (count, attribute) in start.attributes().with_checks(false).enumerate() {
            let attribute = attribute.map_err(|_| broken())?;
            if count == ATTRIBUTES_MAX || attribute.value.len() > TEXT_BYTES_MAX {
                return Err(too_large("an element of the XML has more or longer attributes than an invoice has"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| dtd())?;
            match attribute.key.0 {
                "xmlns" => self.declare("", &value, depth)?,
                name => match name.strip_prefix("xmlns:") {
                    Some(prefix) => self.declare(prefix, &value, depth)?,
                    None => {
                        let name = attribute.key.local_name().into_inner();
                        let known = KEPT.iter().find(|known| **known == name);
                        kept.extend(known.map(|known| (*known, value.into_owned())));
                    }
                },
            }
        }
        Ok(kept)
    }

    fn declare(&mut self, prefix: &str, uri: &str, depth: usize) -> Result<(), NotReadable> {
        if self.namespaces.len() == NAMESPACES_MAX {
            return Err(too_large("the XML declares more namespaces than an invoice has"));
        }
        let known = SPACES.iter().find(|(known, _, _)| *known == uri);
        self.namespaces.push((prefix.to_owned(), known.map_or(Space::Other, |(_, _, space)| *space), depth));
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), NotReadable> {
        let Some(node) = self.open.last().and_then(|open| self.tree.nodes.get_mut(*open)) else {
            return if text.trim().is_empty() { Ok(()) } else { Err(broken()) };
        };
        let name = self.tree.names.get(node.name as usize).map(String::as_str);
        if name.is_some_and(|name| PASSED_OVER.contains(&name)) {
            return Ok(());
        }
        if node.text.len() + text.len() > TEXT_BYTES_MAX {
            return Err(too_large("a text in the XML is longer than an invoice has any"));
        }
        node.text.push_str(text);
        Ok(())
    }
}

fn resolve<'e>(reference: &'e BytesRef<'_>) -> Result<Cow<'e, str>, NotReadable> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|_| broken())? {
        return Ok(letter.to_string().into());
    }
    escape::resolve_predefined_entity(reference).map(Cow::Borrowed).ok_or_else(dtd)
}

fn broken() -> NotReadable {
    NotReadable::new(Refusal::Damaged, "The XML is cut off or not well-formed.")
}

fn dtd() -> NotReadable {
    NotReadable::new(
        Refusal::DtdRefused,
        "The XML brings a document type or entities of its own. Invoices have none, and files that do can be attacks.",
    )
}

fn too_large(what: &str) -> NotReadable {
    NotReadable::new(Refusal::TooLarge, format!("Not read: {what}."))
}

impl<'t> Element<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.index]
    }

    /// Its namespace.
    pub fn space(self) -> Space {
        self.node().space
    }

    /// Its name without a prefix.
    pub fn name(self) -> &'t str {
        self.tree.names.get(self.node().name as usize).map_or("", String::as_str)
    }

    /// Its own text without white space around it; none when there is none.
    pub fn text(self) -> Option<&'t str> {
        Some(self.node().text.trim()).filter(|text| !text.is_empty())
    }

    /// An attribute by its name without a prefix.
    pub fn attribute(self, name: &str) -> Option<&'t str> {
        let mut all = self.node().attributes.iter();
        all.find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The elements directly in it.
    pub fn inside(self) -> impl Iterator<Item = Self> {
        self.node().children.iter().map(move |index| Self { tree: self.tree, index: *index })
    }

    /// The elements directly in it of a name with its usual prefix, such as `cac:InvoiceLine`.
    pub fn each(self, name: &str) -> impl Iterator<Item = Self> {
        self.inside().filter(move |child| child.is(name))
    }

    /// The first element on a path of usual names, such as `cac:Price/cbc:PriceAmount`.
    pub fn at(self, path: &str) -> Option<Self> {
        path.split('/').try_fold(self, |element, name| element.each(name).next())
    }

    fn is(self, name: &str) -> bool {
        name.strip_prefix(usual(self.space())).is_some_and(|rest| rest == self.name())
    }

    /// Where it stands: the names from the root, counted where several have one name.
    pub fn path(self) -> String {
        let mut steps = Vec::new();
        let mut next = Some(self);
        while let Some(element) = next {
            steps.push(element.step());
            next = element.node().parent.map(|index| Self { tree: self.tree, index });
        }
        steps.reverse();
        steps.join("/")
    }

    fn step(self) -> String {
        let node = self.node();
        let key = (node.parent.unwrap_or(usize::MAX), node.space, node.name);
        let name = format!("{}{}", usual(node.space), self.name());
        match self.tree.twins.get(&key) {
            Some(2..) => format!("{name}[{}]", node.position),
            _ => name,
        }
    }
}

fn usual(space: Space) -> &'static str {
    SPACES.iter().find(|(_, _, known)| *known == space).map_or("", |(_, prefix, _)| prefix)
}
