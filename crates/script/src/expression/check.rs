//! From the tree as written to one that runs: names found, types met, constants folded.
//!
//! Types that are known before the run decide as in Java: `(true ? 1 : 2.5) / 2` divides doubles. What is not known (`def`) is decided
//! by the values.

use std::sync::Arc;

use model::error::ErrorKind;

use super::Purpose;
use super::fault::Fault;
use super::math;
use super::moving::MovingFunction;
use super::node::{Convert, Form, Node, Step};
use super::operate;
use super::run::convert;
use super::tree::{self, Binary, Cast, Deed, Expr, Statement, Unary};
use super::value::{Type, Value};

/// The steps of a script, and how many variables it has.
pub(crate) fn script(statements: &[Statement], purpose: Purpose) -> Result<(Vec<Step>, usize), Fault> {
    let mut check = Check { purpose, scope: Vec::new(), locals: 0 };
    let steps = check.steps(statements, true)?;
    Ok((steps, check.locals))
}

struct Variable {
    name: String,
    kind: Type,
    local: usize,
}

struct Check {
    purpose: Purpose,
    /// Those that can be named here, the innermost last.
    scope: Vec<Variable>,
    locals: usize,
}

fn node(at: usize, kind: Type, form: Form) -> Node {
    Node { at, kind, form }
}

fn no_cast(at: usize, from: Type, to: &str) -> Fault {
    Fault::cast(at, format!("Cannot cast from [{}] to [{to}].", from.name()))
}

/// `of` in the type `to`, where it may stand.
fn widen(of: Node, to: Type) -> Result<Node, Fault> {
    let from = of.kind;
    let fits = match (from, to) {
        (_, Type::Def) => true,
        (from, to) if from == to => true,
        (Type::Def, _) | (Type::Null, Type::Text) => false,
        (from, to) if from.is_number() && to.is_number() && from.wider(to) == to => false,
        (from, to) => return Err(no_cast(of.at, from, to.name())),
    };
    if fits { Ok(of) } else { converted(Convert::Widen(to), of, to) }
}

fn converted(how: Convert, of: Node, to: Type) -> Result<Node, Fault> {
    let at = of.at;
    if let Form::Constant(value) = &of.form {
        return Ok(node(at, to, Form::Constant(convert(how, value.clone(), at)?)));
    }
    Ok(node(at, to, Form::Convert { how, of: Box::new(of) }))
}

impl Check {
    /// `last`: the script may end here, so that an expression is its value.
    fn steps(&mut self, statements: &[Statement], last: bool) -> Result<Vec<Step>, Fault> {
        let known = self.scope.len();
        let mut steps = Vec::new();
        let mut ended = false;
        for (index, statement) in statements.iter().enumerate() {
            if ended {
                return Err(Fault::syntax(statement.at, "unreachable statement"));
            }
            let step = self.step(statement, last && index + 1 == statements.len())?;
            ended = escapes(&step);
            steps.push(step);
        }
        self.scope.truncate(known);
        Ok(steps)
    }

    fn step(&mut self, statement: &Statement, last: bool) -> Result<Step, Fault> {
        let at = statement.at;
        Ok(match &statement.form {
            Deed::Declare { kind, name, value } => return self.declare(at, (*kind, name), value.as_ref()),
            Deed::Assign { name, operator, value } => return self.assign(at, (name, *operator), value),
            Deed::If { condition, yes, no } => {
                let condition = widen(self.expr(condition)?, Type::Bool)?;
                if matches!(condition.form, Form::Constant(_)) {
                    return Err(Fault::syntax(at, "extraneous if block"));
                }
                let yes = self.steps(yes, last)?;
                let no = match no {
                    Some(no) => self.steps(no, last)?,
                    None => Vec::new(),
                };
                Step::If { condition, yes, no }
            }
            Deed::Block(inner) => Step::Block(self.steps(inner, last)?),
            Deed::Return(value) => Step::Return(self.result(value)?),
            Deed::Evaluate(value) if last => Step::Return(self.result(value)?),
            Deed::Evaluate(value) => {
                if !matches!(value.form, tree::Form::Call { .. }) {
                    return Err(Fault::syntax(at, "not a statement: the result of the expression is not used"));
                }
                Step::Evaluate(self.expr(value)?)
            }
        })
    }

    fn declare(&mut self, at: usize, (kind, name): (Type, &str), value: Option<&Expr>) -> Result<Step, Fault> {
        let value = match value {
            Some(value) => widen(self.expr(value)?, kind)?,
            None => node(at, kind, Form::Constant(initial(kind))),
        };
        if self.find(name).is_some() || self.is_reserved(name) {
            return Err(Fault::syntax(at, format!("variable [{name}] is already defined")));
        }
        let local = self.locals;
        self.locals += 1;
        self.scope.push(Variable { name: name.to_owned(), kind, local });
        Ok(Step::Set { local, value })
    }

    fn assign(&mut self, at: usize, (name, operator): (&str, Option<Binary>), value: &Expr) -> Result<Step, Fault> {
        let Some((kind, local)) = self.find(name) else {
            return Err(Fault::syntax(at, format!("cannot assign a value to the symbol [{name}]")));
        };
        let value = self.expr(value)?;
        let value = match operator {
            None => widen(value, kind)?,
            Some(operator) => {
                // A compound assignment narrows by itself.
                let joined = self.join(operator, node(at, kind, Form::Local(local)), value, at)?;
                if kind.is_number() { converted(Convert::Cast(kind), joined, kind)? } else { widen(joined, kind)? }
            }
        };
        Ok(Step::Set { local, value })
    }

    fn find(&self, name: &str) -> Option<(Type, usize)> {
        let found = self.scope.iter().rev().find(|variable| variable.name == name);
        found.map(|variable| (variable.kind, variable.local))
    }

    fn is_reserved(&self, name: &str) -> bool {
        name == "params" || (name == "values" && self.purpose == Purpose::Moving)
    }

    /// What is returned, refused where its type can never do.
    fn result(&mut self, value: &Expr) -> Result<Node, Fault> {
        let found = self.expr(value)?;
        match self.purpose {
            Purpose::Any => Ok(found),
            Purpose::Boolean if found.kind == Type::Null => Err(no_cast(found.at, found.kind, "boolean")),
            Purpose::Boolean => widen(found, Type::Bool),
            Purpose::Number if found.kind.is_number() || found.kind == Type::Def => Ok(found),
            Purpose::Number => Err(no_cast(found.at, found.kind, "java.lang.Number")),
            Purpose::Moving => widen(found, Type::Double),
        }
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, Fault> {
        self.expr(expr).map(Box::new)
    }

    fn expr(&mut self, expr: &Expr) -> Result<Node, Fault> {
        let at = expr.at;
        match &expr.form {
            tree::Form::Constant(value) => Ok(node(at, value.kind(), Form::Constant(value.clone()))),
            tree::Form::Name(name) => self.name(at, name),
            tree::Form::Member { of, name, null_safe } => self.member(at, of, (name, *null_safe)),
            tree::Form::Index { of, index } => self.index(at, of, index),
            tree::Form::Call { of, name, arguments, null_safe } => self.call(at, of, (name, *null_safe), arguments),
            tree::Form::Unary { operator, of } => {
                let of = self.expr(of)?;
                unary(*operator, of, at)
            }
            tree::Form::Binary { operator, left, right } => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.join(*operator, left, right, at)
            }
            tree::Form::Conditional { condition, yes, no } => {
                let condition = Box::new(widen(self.expr(condition)?, Type::Bool)?);
                let (yes, no) = promoted(self.expr(yes)?, self.expr(no)?)?;
                let kind = yes.kind;
                let (yes, no) = (Box::new(yes), Box::new(no));
                Ok(node(at, kind, Form::Conditional { condition, yes, no }))
            }
            tree::Form::Elvis { left, right } => {
                let left = self.expr(left)?;
                if left.kind == Type::Null || left.kind.is_number() || left.kind == Type::Bool {
                    return Err(Fault::syntax(at, "Extraneous elvis operator. LHS is null or a primitive."));
                }
                let right = self.boxed(right)?;
                Ok(node(at, Type::Def, Form::Elvis { left: Box::new(left), right }))
            }
            tree::Form::Cast { to, of } => {
                let of = self.expr(of)?;
                cast(*to, of)
            }
        }
    }

    fn name(&self, at: usize, name: &str) -> Result<Node, Fault> {
        if let Some((kind, local)) = self.find(name) {
            return Ok(node(at, kind, Form::Local(local)));
        }
        if name == "values" && self.purpose == Purpose::Moving {
            return Ok(node(at, Type::Doubles, Form::Window));
        }
        if name == "params" {
            return Err(Fault::missing(at, "[params] as a value"));
        }
        if name == "doc" || name == "ctx" || name == "_score" || name == "_source" {
            return Err(Fault::missing(at, &format!("[{name}]")));
        }
        Err(Fault::syntax(at, format!("cannot resolve symbol [{name}]")))
    }

    /// The name of a class or of `params`, where nothing hides it.
    fn outer<'a>(&self, of: &'a Expr) -> Option<&'a str> {
        match &of.form {
            tree::Form::Name(name) if self.find(name).is_none() => Some(name),
            _ => None,
        }
    }

    fn member(&mut self, at: usize, of: &Expr, (name, null_safe): (&str, bool)) -> Result<Node, Fault> {
        match self.outer(of) {
            Some("params") => return Ok(node(at, Type::Def, Form::Param(Arc::from(name)))),
            Some(class) if math::is_class(class) => {
                let value = math::constant(class, name)
                    .ok_or_else(|| Fault::syntax(at, format!("field [java.lang.{class}, {name}] not found")))?;
                return Ok(node(at, value.kind(), Form::Constant(value)));
            }
            Some(symbol) if symbol != "values" => {
                self.name(at, symbol).map_err(|fault| match fault.kind {
                    ErrorKind::NotImplemented => fault,
                    _ => Fault::syntax(at, format!("cannot resolve symbol [{symbol}.{name}]")),
                })?;
            }
            _ => {}
        }
        let of = self.boxed(of)?;
        let kind = match of.kind {
            Type::Doubles if name == "length" => Type::Int,
            Type::Def => Type::Def,
            kind => return Err(Fault::syntax(at, format!("field [{}, {name}] not found", kind.name()))),
        };
        let (name, arguments) = (Arc::from(name), Vec::new());
        Ok(node(at, kind, Form::Method { of, name, arguments, is_field: true, null_safe }))
    }

    fn index(&mut self, at: usize, of: &Expr, index: &Expr) -> Result<Node, Fault> {
        let key = self.boxed(index)?;
        if self.outer(of) == Some("params") {
            if let Form::Constant(Value::Text(name)) = key.form {
                return Ok(node(at, Type::Def, Form::Param(name)));
            }
            return Ok(node(at, Type::Def, Form::ParamOf(key)));
        }
        let of = self.boxed(of)?;
        let kind = match of.kind {
            Type::Doubles => Type::Double,
            Type::Def => Type::Def,
            kind => {
                let reason = format!("Attempting to address a non-array type [{}] as an array.", kind.name());
                return Err(Fault::syntax(at, reason));
            }
        };
        Ok(node(at, kind, Form::Index { of, index: key }))
    }

    fn call(
        &mut self,
        at: usize,
        of: &Expr,
        (name, null_safe): (&str, bool),
        arguments: &[Expr],
    ) -> Result<Node, Fault> {
        let arity = arguments.len();
        let given: Result<Vec<Node>, Fault> = arguments.iter().map(|argument| self.expr(argument)).collect();
        let mut given = given?;
        match self.outer(of) {
            Some("params") => return params_call(at, name, given),
            Some("MovingFunctions") if self.purpose == Purpose::Moving => {
                let class = "org.opensearch.search.aggregations.pipeline.MovingFunctions";
                let function = MovingFunction::named(name, arity)
                    .ok_or_else(|| Fault::syntax(at, format!("static method [{class}, {name}/{arity}] not found")))?;
                let types = function.types().iter();
                let arguments: Result<Vec<Node>, Fault> =
                    given.into_iter().zip(types).map(|(a, t)| widen(a, *t)).collect();
                return Ok(node(at, Type::Double, Form::Moving { function, arguments: arguments? }));
            }
            Some(class) if math::is_class(class) => {
                let Some(function) = math::function(class, name, arity) else {
                    if math::is_missing(class, name) {
                        return Err(Fault::missing(at, &format!("[{class}.{name}]")));
                    }
                    let reason = format!("static method [java.lang.{class}, {name}/{arity}] not found");
                    return Err(Fault::syntax(at, reason));
                };
                let arguments: Result<Vec<Node>, Fault> = given.into_iter().map(|a| widen(a, Type::Double)).collect();
                let kind = match function {
                    math::Function::Round => Type::Long,
                    math::Function::Test(_) => Type::Bool,
                    _ => Type::Double,
                };
                return Ok(node(at, kind, Form::Math { function, arguments: arguments? }));
            }
            _ => {}
        }
        let of = self.boxed(of)?;
        if of.kind.is_number() || matches!(of.kind, Type::Bool | Type::Null | Type::Doubles) {
            let reason = format!("member method [{}, {name}/{arity}] not found", of.kind.name());
            return Err(Fault::syntax(at, reason));
        }
        given.shrink_to_fit();
        let name = Arc::from(name);
        Ok(node(at, Type::Def, Form::Method { of, name, arguments: given, is_field: false, null_safe }))
    }

    /// An operator between two values.
    fn join(&self, operator: Binary, left: Node, right: Node, at: usize) -> Result<Node, Fault> {
        let kind = joined_kind(operator, &left, &right, at)?;
        let (left, right) = match operator {
            Binary::And | Binary::Or => (widen(left, Type::Bool)?, widen(right, Type::Bool)?),
            _ => (left, right),
        };
        if let (Form::Constant(a), Form::Constant(b)) = (&left.form, &right.form) {
            let value = operate::binary(operator, a, b, at)?;
            return Ok(node(at, value.kind(), Form::Constant(value)));
        }
        Ok(node(at, kind, Form::Binary { operator, left: Box::new(left), right: Box::new(right) }))
    }
}

/// `params.get(..)` and its kin.
fn params_call(at: usize, name: &str, mut given: Vec<Node>) -> Result<Node, Fault> {
    let arity = given.len();
    let form = match (name, given.pop(), given.pop()) {
        ("get", Some(key), None) => Form::ParamOf(Box::new(key)),
        ("containsKey", Some(key), None) => {
            return Ok(node(at, Type::Bool, Form::HasParam(Box::new(key))));
        }
        ("getOrDefault", Some(default), Some(key)) => {
            let condition = Box::new(node(at, Type::Bool, Form::HasParam(Box::new(key.clone()))));
            let yes = Box::new(node(at, Type::Def, Form::ParamOf(Box::new(key))));
            Form::Conditional { condition, yes, no: Box::new(default) }
        }
        ("size" | "isEmpty" | "entrySet" | "keySet" | "values" | "put" | "forEach", ..) => {
            return Err(Fault::missing(at, &format!("[params.{name}]")));
        }
        _ => return Err(Fault::syntax(at, format!("member method [java.util.Map, {name}/{arity}] not found"))),
    };
    Ok(node(at, Type::Def, form))
}

fn initial(kind: Type) -> Value {
    match kind {
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(0),
        Type::Long => Value::Long(0),
        Type::Float => Value::Float(0.0),
        Type::Double => Value::Double(0.0),
        _ => Value::Null,
    }
}

/// Whether nothing behind this step can run.
fn escapes(step: &Step) -> bool {
    match step {
        Step::Return(_) => true,
        Step::Block(inner) => inner.last().is_some_and(escapes),
        Step::If { yes, no, .. } => yes.last().is_some_and(escapes) && no.last().is_some_and(escapes),
        Step::Set { .. } | Step::Evaluate(_) => false,
    }
}

fn unary(operator: Unary, of: Node, at: usize) -> Result<Node, Fault> {
    let kind = match (operator, of.kind) {
        (Unary::Not, _) => Type::Bool,
        (_, Type::Def) => Type::Def,
        (Unary::Complement, kind) if kind.is_whole() => kind,
        (Unary::Plus | Unary::Minus, kind) if kind.is_number() => kind,
        (_, kind) => {
            let mark = match operator {
                Unary::Plus => "+",
                Unary::Minus => "-",
                _ => "~",
            };
            return Err(Fault::cast(at, format!("cannot apply [{mark}] to the type [{}]", kind.name())));
        }
    };
    let of = if operator == Unary::Not { widen(of, Type::Bool)? } else { of };
    if let Form::Constant(value) = &of.form {
        return Ok(node(at, kind, Form::Constant(operate::unary(operator, value, at)?)));
    }
    Ok(node(at, kind, Form::Unary { operator, of: Box::new(of) }))
}

fn cast(to: Cast, of: Node) -> Result<Node, Fault> {
    let (how, kind) = match to {
        Cast::To(Type::Def) => return Ok(Node { kind: Type::Def, ..of }),
        Cast::To(kind) => (Convert::Cast(kind), kind),
        Cast::Byte => (Convert::Byte, Type::Int),
        Cast::Short => (Convert::Short, Type::Int),
    };
    let fits = of.kind == Type::Def || of.kind == kind || (of.kind.is_number() && kind.is_number());
    if fits { converted(how, of, kind) } else { Err(no_cast(of.at, of.kind, kind.name())) }
}

/// The two branches of a condition in one type.
fn promoted(yes: Node, no: Node) -> Result<(Node, Node), Fault> {
    let kind = match (yes.kind, no.kind) {
        (a, b) if a == b => a,
        (a, b) if a.is_number() && b.is_number() => a.wider(b),
        _ => Type::Def,
    };
    if kind == Type::Def {
        return Ok((Node { kind, ..yes }, Node { kind, ..no }));
    }
    Ok((widen(yes, kind)?, widen(no, kind)?))
}

/// The type of what an operator gives; refused where the types can never fit.
fn joined_kind(operator: Binary, left: &Node, right: &Node, at: usize) -> Result<Type, Fault> {
    use Binary::*;
    let (a, b) = (left.kind, right.kind);
    let numbers = a.is_number() && b.is_number();
    let either_def = a == Type::Def || b == Type::Def;
    let refused = |what: &str| {
        let (mark, a, b) = (operator.mark(), a.name(), b.name());
        Err(Fault::cast(at, format!("cannot apply the {what} operator [{mark}] to the types [{a}] and [{b}]")))
    };
    match operator {
        And | Or => Ok(Type::Bool),
        Add if a == Type::Text || b == Type::Text => Ok(Type::Text),
        Add | Subtract | Multiply | Divide | Remainder if numbers => Ok(a.wider(b)),
        BitAnd | BitOr | BitXor if a.is_whole() && b.is_whole() => Ok(a.wider(b)),
        BitAnd | BitOr | BitXor if a == Type::Bool && b == Type::Bool => Ok(Type::Bool),
        ShiftLeft | ShiftRight | ShiftRightUnsigned if a.is_whole() && b.is_whole() => Ok(a),
        Less | LessEqual | Greater | GreaterEqual if numbers || either_def => Ok(Type::Bool),
        Less | LessEqual | Greater | GreaterEqual => refused("relational"),
        Equal | NotEqual if a == Type::Null && b == Type::Null => {
            Err(Fault::syntax(at, "extraneous comparison of [null] constants"))
        }
        Equal | NotEqual if numbers || either_def || a == b => Ok(Type::Bool),
        Equal | NotEqual if a == Type::Bool && b.is_number() || b == Type::Bool && a.is_number() => {
            Err(no_cast(at, Type::Bool, if a == Type::Bool { b.name() } else { a.name() }))
        }
        Equal | NotEqual => {
            let primitive = |kind: Type| kind.is_number() || kind == Type::Bool;
            if primitive(a) || primitive(b) {
                return Err(no_cast(at, if primitive(a) { a } else { b }, "java.lang.Object"));
            }
            Ok(Type::Bool)
        }
        _ if either_def => Ok(Type::Def),
        _ => refused("binary"),
    }
}
