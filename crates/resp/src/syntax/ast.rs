//! A query as it was written: words not yet analysed, fields by attribute name.

/// A node with the fields it is restricted to and its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub node: Node,
    /// `@a|b:`; `None`: every text field.
    pub fields: Option<Vec<String>>,
    pub attributes: Attributes,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Nothing was asked (stop words alone): matches nothing.
    Empty,
    /// `*`
    All,
    Word {
        text: String,
        number: bool,
    },
    /// Words that follow one another.
    Exact(Vec<String>),
    /// `""`: the empty text.
    Blank,
    Affix(Affix),
    /// Within 1 to 3 edits.
    Fuzzy {
        text: String,
        edits: u8,
    },
    And(Vec<Clause>),
    Or(Vec<Clause>),
    Not(Box<Clause>),
    Optional(Box<Clause>),
    /// `@field:[..]`: the field stands in `fields`.
    Numeric {
        from: Limit,
        to: Limit,
    },
    /// Longitude and latitude in degrees, radius in `unit`.
    Geo {
        longitude: f64,
        latitude: f64,
        radius: f64,
        unit: String,
    },
    Tag(Vec<TagValue>),
    Missing(String),
    VectorRange(VectorRange),
    Knn(Box<Clause>, Knn),
}

/// One end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub value: f64,
    pub inclusive: bool,
}

/// Words by a part of them, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affix {
    Prefix(String),
    Suffix(String),
    Infix(String),
    /// `*` and `?`; `\` makes them plain.
    Wildcard(String),
}

/// One alternative between the braces of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagValue {
    /// `shown`: its words, as a query's tree names them.
    Whole {
        value: String,
        shown: Vec<String>,
    },
    Affix(Affix),
}

/// `VECTOR_RANGE`. `vector` is the parameter's value, `name` its name.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorRange {
    pub field: String,
    pub radius: f64,
    pub name: String,
    pub vector: Vec<u8>,
}

/// `KNN`.
#[derive(Clone, Debug, PartialEq)]
pub struct Knn {
    pub k: u64,
    pub field: String,
    pub name: String,
    pub vector: Vec<u8>,
    /// `EF_RUNTIME`, `HYBRID_POLICY` .. between the brackets, as given, in order.
    pub options: Vec<(String, String)>,
    /// Name of the field that the distance is put in.
    pub distance_as: Option<String>,
}

/// `=> {$name: value; ..}`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    pub weight: Option<f64>,
    pub slop: Option<i64>,
    pub inorder: Option<bool>,
    pub phonetic: Option<bool>,
    pub yield_distance_as: Option<String>,
    /// Of vectors alone: names and values as given, in order, behind those that stand between the brackets.
    pub vector: Vec<(String, String)>,
}

impl Clause {
    pub fn new(node: Node) -> Self {
        Self { node, fields: None, attributes: Attributes::default() }
    }

    /// Restricts everything in it that is not restricted yet.
    pub fn within(mut self, fields: &[String]) -> Self {
        self.restrict(fields);
        self
    }

    fn restrict(&mut self, fields: &[String]) {
        match &mut self.node {
            Node::And(parts) | Node::Or(parts) => parts.iter_mut().for_each(|part| part.restrict(fields)),
            Node::Not(inner) | Node::Optional(inner) | Node::Knn(inner, _) => inner.restrict(fields),
            _ => {}
        }
        if self.fields.is_none() {
            self.fields = Some(fields.to_vec());
        }
    }
}
