//! Full-screen output on the alternate screen. Only changed lines are written again, so that
//! nothing flickers. The terminal is restored however the command ends.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

/// Style of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// The terminal's default.
    #[default]
    Usual,
    /// Dimmed.
    Dim,
    /// Bold.
    Bold,
    /// Colour of load.
    Load,
    /// Colour of capacity.
    Capacity,
    /// Colour of alarms.
    Alarm,
}

/// A line: pieces of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Line(pub Vec<(Look, String)>);

impl Line {
    /// A line of one piece.
    pub fn of(look: Look, text: impl Into<String>) -> Self {
        Self(vec![(look, text.into())])
    }

    /// Adds a piece.
    pub fn and(mut self, look: Look, text: impl Into<String>) -> Self {
        self.0.push((look, text.into()));
        self
    }

    /// The line, cut to `width` columns.
    fn cut(&self, width: usize) -> Self {
        let mut left = width;
        let mut pieces = Vec::with_capacity(self.0.len());
        for (look, text) in &self.0 {
            let kept: String = text.chars().take(left).collect();
            left -= kept.chars().count();
            pieces.push((*look, kept));
        }
        Self(pieces)
    }
}

/// A key with a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Quit.
    Quit,
    /// Ctrl-C, which raw mode delivers as a key.
    Interrupt,
    /// Pause and continue.
    Pause,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// Run to the end without the screen.
    End,
}

/// The screen in full-screen mode.
#[derive(Debug)]
pub struct Screen {
    out: io::Stdout,
    colour: bool,
    shown: Vec<Line>,
}

impl Screen {
    /// Switches the terminal to full-screen mode.
    pub fn take(colour: bool) -> io::Result<Self> {
        let mut screen = Self {
            out: io::stdout(),
            colour,
            shown: Vec::new(),
        };
        enable_raw_mode()?;
        execute!(screen.out, EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Columns and rows.
    pub fn size() -> (usize, usize) {
        let (columns, rows) = size().unwrap_or((80, 24));
        (usize::from(columns.max(1)), usize::from(rows.max(1)))
    }

    /// Shows `lines` from the top; lines that do not fit are left out.
    pub fn show(&mut self, lines: &[Line]) -> io::Result<()> {
        let (columns, rows) = Self::size();
        queue!(self.out, BeginSynchronizedUpdate)?;
        let visible = lines.len().min(rows);
        for (row, line) in lines.iter().take(rows).enumerate() {
            let line = line.cut(columns);
            if self.shown.get(row) != Some(&line) {
                self.write(row, &line)?;
                if row < self.shown.len() {
                    self.shown[row] = line;
                } else {
                    self.shown.push(line);
                }
            }
        }
        if self.shown.len() > visible {
            self.shown.truncate(visible);
            queue!(
                self.out,
                MoveTo(0, row_number(visible)),
                Clear(ClearType::FromCursorDown)
            )?;
        }
        queue!(self.out, EndSynchronizedUpdate)?;
        self.out.flush()
    }

    fn write(&mut self, row: usize, line: &Line) -> io::Result<()> {
        queue!(self.out, MoveTo(0, row_number(row)))?;
        for (look, text) in &line.0 {
            if self.colour {
                self.paint(*look)?;
            }
            queue!(self.out, Print(text))?;
        }
        if self.colour {
            queue!(self.out, ResetColor, SetAttribute(Attribute::Reset))?;
        }
        queue!(self.out, Clear(ClearType::UntilNewLine))
    }

    fn paint(&mut self, look: Look) -> io::Result<()> {
        queue!(self.out, ResetColor, SetAttribute(Attribute::Reset))?;
        match look {
            Look::Usual => Ok(()),
            Look::Dim => queue!(self.out, SetAttribute(Attribute::Dim)),
            Look::Bold => queue!(self.out, SetAttribute(Attribute::Bold)),
            Look::Load => queue!(self.out, SetForegroundColor(Color::DarkCyan)),
            Look::Capacity => queue!(self.out, SetForegroundColor(Color::Yellow)),
            Look::Alarm => queue!(self.out, SetForegroundColor(Color::Red)),
        }
    }

    /// Waits for a key for at most `span`. A change of the window's size redraws all lines.
    pub fn key(&mut self, span: Duration) -> io::Result<Option<Key>> {
        if !event::poll(span)? {
            return Ok(None);
        }
        match event::read()? {
            Event::Resize(..) => {
                self.shown.clear();
                queue!(self.out, Clear(ClearType::All))?;
                Ok(None)
            }
            Event::Key(key) if key.kind != KeyEventKind::Release => Ok(meaning(key)),
            _ => Ok(None),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Whatever fails here, the rest is still worth trying.
        drop(execute!(self.out, Show, LeaveAlternateScreen));
        drop(disable_raw_mode());
    }
}

fn row_number(row: usize) -> u16 {
    u16::try_from(row).unwrap_or(u16::MAX)
}

fn meaning(key: KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => Some(Key::Interrupt),
        KeyCode::Char('q') | KeyCode::Esc => Some(Key::Quit),
        KeyCode::Char(' ' | 'p') => Some(Key::Pause),
        KeyCode::Char('+' | '=') => Some(Key::Faster),
        KeyCode::Char('-') => Some(Key::Slower),
        KeyCode::Char('e') => Some(Key::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_edge() {
        let line = Line::of(Look::Bold, "abc").and(Look::Dim, "dé█");
        assert_eq!(
            line.cut(5),
            Line::of(Look::Bold, "abc").and(Look::Dim, "dé")
        );
    }
}
