//! From ink to letters: those of one bitmap font in four sizes, each recognised exactly or not at all.

use std::collections::HashMap;
use std::sync::LazyLock;

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

use super::raster::Raster;

/// A letter is so many dots wide and high.
const DOTS: usize = 8;
/// Pixels of a dot's side, at most.
const SCALE_MAX: usize = 4;
/// Ink is darker than this.
const PAPER_DARKNESS_MAX: u8 = 55;

/// Words that stand together, with where they stand in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    /// The ink, of 255.
    pub(super) darkness: u8,
}

static LETTERS: LazyLock<HashMap<[u8; DOTS], char>> = LazyLock::new(|| {
    let mut letters = HashMap::new();
    for letter in (' '..='~').chain('\u{a1}'..='ÿ') {
        if let Some(shape) = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter)) {
            letters.entry(shape).or_insert(letter);
        }
    }
    letters
});

/// The grid on which a line's letters stand.
#[derive(Clone, Copy)]
struct Grid {
    scale: usize,
    top: usize,
    /// Where a column of letters began before, so that letters are cut apart alike.
    phase: Option<usize>,
}

/// The lines of a picture from its top, each as words that stand apart.
pub(super) fn lines(raster: &Raster) -> Vec<Vec<Printed>> {
    let (mut lines, mut phase, mut y) = (Vec::new(), None, 0);
    while let Some(first) = (y..raster.height).find(|y| has_ink(raster, *y, 1)) {
        let found = (1..=SCALE_MAX).rev().find_map(|scale| {
            (0..DOTS).find_map(|above| {
                let top = first.checked_sub(above * scale)?;
                line(raster, Grid { scale, top, phase })
            })
        });
        match found {
            Some(line) => {
                phase = phase.or(line.first().map(|printed| printed.left));
                y = line.first().map_or(first + 1, |printed| printed.top + printed.height);
                lines.push(line);
            }
            None => y = (first..raster.height).find(|y| !has_ink(raster, *y, 1)).unwrap_or(raster.height),
        }
    }
    lines
}

fn is_ink(raster: &Raster, x: usize, y: usize) -> bool {
    raster.darkness(x, y) > PAPER_DARKNESS_MAX
}

fn has_ink(raster: &Raster, top: usize, rows: usize) -> bool {
    (top..top + rows).any(|y| (0..raster.width).any(|x| is_ink(raster, x, y)))
}

/// Every word of a line, or nothing if any of it is no letter.
fn line(raster: &Raster, grid: Grid) -> Option<Vec<Printed>> {
    let column = |x: usize| (grid.top..grid.top + DOTS * grid.scale).any(|y| is_ink(raster, x, y));
    let (mut found, mut x) = (Vec::new(), 0);
    while let Some(first) = (x..raster.width).find(|x| column(*x)) {
        let size = DOTS * grid.scale;
        let starts = (0..DOTS).filter_map(|before| first.checked_sub(before * grid.scale));
        let (alike, others): (Vec<usize>, Vec<usize>) =
            starts.partition(|start| grid.phase.is_some_and(|phase| start % size == phase % size));
        let words = alike.into_iter().chain(others).find_map(|start| words(raster, grid, start))?;
        x = words.left + words.width;
        found.push(words);
    }
    (!found.is_empty()).then_some(found)
}

/// Letters from a column on until two in a row are blank.
fn words(raster: &Raster, grid: Grid, left: usize) -> Option<Printed> {
    let size = DOTS * grid.scale;
    let (mut text, mut darkness, mut x) = (String::new(), 0, left);
    while x < raster.width && !text.ends_with("  ") {
        let shape = shape(raster, grid, x)?;
        text.push(*LETTERS.get(&shape)?);
        let ink = (x..x + size).flat_map(|x| (grid.top..grid.top + size).map(move |y| (x, y)));
        darkness = ink.map(|(x, y)| raster.darkness(x, y)).max().unwrap_or_default().max(darkness);
        x += size;
    }
    let text = text.trim_end().to_owned();
    let (width, top) = (text.chars().count() * size, grid.top);
    (!text.is_empty()).then_some(Printed { text, left, top, width, height: size, darkness })
}

/// The dots of one letter; none where a dot is half ink, half paper.
fn shape(raster: &Raster, grid: Grid, left: usize) -> Option<[u8; DOTS]> {
    let mut rows = [0; DOTS];
    for (y, row) in rows.iter_mut().enumerate() {
        for x in 0..DOTS {
            let (from, top) = (left + x * grid.scale, grid.top + y * grid.scale);
            let is_dot = is_ink(raster, from, top);
            let whole =
                (0..grid.scale).all(|dy| (0..grid.scale).all(|dx| is_ink(raster, from + dx, top + dy) == is_dot));
            if !whole {
                return None;
            }
            *row |= u8::from(is_dot) << x;
        }
    }
    Some(rows)
}
