//! A script that is tried on a document which lies in no index.

use std::sync::Arc;

use model::error::Error;
use search::bind::BindContext;
use search::bound::{BoundQuery, BoundScript};

use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts};
use crate::loose::{self, Loose};
use crate::reader::Reader;
use crate::score::script::ScriptRun;

/// What the document is called, in errors.
const NAME: &str = "_id";

/// A document, and the reader that holds it alone.
pub struct Trial {
    reader: Reader,
}

impl Trial {
    /// # Errors
    /// `mapper_parsing_exception` for what does not fit the mapping.
    pub fn new(context: &BindContext, document: Arc<[u8]>) -> Result<Self, Error> {
        let (fields, block) = Loose::read(context, &[document], NAME)?.block();
        Ok(Self { reader: Reader::of([loose::view(block)].into(), Arc::new(fields)) })
    }

    /// Whether a script says so of it.
    ///
    /// # Errors
    /// What the script fails with; `illegal_argument_exception` for what is neither true nor false.
    pub fn holds(&self, script: Arc<BoundScript>) -> Result<bool, Error> {
        Ok(self.run(script).holds(self.doc())?)
    }

    /// The number that a script gives for it, which `query` has scored (`None`: with 0).
    ///
    /// # Errors
    /// What the script fails with; `illegal_argument_exception` for what is no number, and for a query that does not match.
    pub fn number(&self, script: Arc<BoundScript>, query: Option<&BoundQuery>) -> Result<f64, Error> {
        let score = match query {
            Some(query) => {
                let weight = Compiler::new(&mut Counts::new(&self.reader, None)).compile(query, true)?;
                let mut scorer = Leaf::new(&self.reader, 0).scorer(&weight)?;
                if scorer.seek(self.doc())? != self.doc() {
                    return Err(Error::illegal_argument("the query does not match the document"));
                }
                scorer.score()?
            }
            None => 0.0,
        };
        Ok(self.run(script).number(self.doc(), score)?)
    }

    /// Those inside of it come before it.
    fn doc(&self) -> u32 {
        self.reader.segments[0].segment.doc_count() - 1
    }

    fn run(&self, script: Arc<BoundScript>) -> ScriptRun {
        ScriptRun::new(script, self.reader.segments[0].segment.clone(), self.reader.fields.clone())
    }
}
