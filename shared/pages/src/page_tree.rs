//! The pages of a document in their order (ISO 32000, 7.7.3).
//!
//! Owns the walk through the tree of pages, which in a hostile file is no tree. Counts pages; never believes a count.

use std::collections::HashSet;

use crate::error::{PAGES_COUNTED_MAX, PdfError, TREE_DEPTH_MAX};
use crate::file::File;
use crate::object::{Dict, Object};

/// A page: its dictionary, and the resources it has of itself or from above.
pub(crate) struct PageNode {
    pub page: Dict,
    pub resources: Object,
}

struct Walk<'f, 'b> {
    file: &'f File<'b>,
    seen: HashSet<u32>,
    pages: Vec<PageNode>,
    pages_max: usize,
}

/// All pages. A document without a page is damaged: there is nothing to see.
pub(crate) fn pages(file: &File<'_>, pages_max: usize) -> Result<Vec<PageNode>, PdfError> {
    let root = file.catalog()?.get("Pages").clone();
    let mut walk = Walk { file, seen: HashSet::new(), pages: Vec::new(), pages_max };
    walk.node(&root, &Object::Null, 0)?;
    if walk.pages.is_empty() { Err(PdfError::Damaged) } else { Ok(walk.pages) }
}

impl Walk<'_, '_> {
    fn node(&mut self, node: &Object, resources: &Object, depth: usize) -> Result<(), PdfError> {
        let twice = matches!(node, Object::Reference(id) if !self.seen.insert(*id));
        if twice || depth > TREE_DEPTH_MAX {
            return Err(PdfError::Damaged);
        }
        let Some(dict) = self.file.dict(node)? else { return Ok(()) };
        let own = dict.get("Resources");
        let resources = if *own == Object::Null { resources } else { own };
        let kids = self.file.entry(&dict, "Kids")?;
        if kids == Object::Null {
            return self.page(&dict, resources);
        }
        kids.array().iter().try_for_each(|kid| self.node(kid, resources, depth + 1))
    }

    fn page(&mut self, page: &Dict, resources: &Object) -> Result<(), PdfError> {
        if self.pages.len() == self.pages_max {
            return Err(PdfError::TooManyPages { pages_max: self.pages_max });
        }
        // Whoever only counts needs no page twice in memory.
        let counting = self.pages_max == PAGES_COUNTED_MAX;
        let page = if counting { Dict::default() } else { page.clone() };
        let resources = if counting { Object::Null } else { resources.clone() };
        self.pages.push(PageNode { page, resources });
        Ok(())
    }
}
