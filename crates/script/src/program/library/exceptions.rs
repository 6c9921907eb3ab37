//! What is thrown and caught: Java's classes of exceptions, and the kinds of errors that they are told as.

use std::sync::Arc;

use model::error::ErrorKind;

use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;

/// Something that was thrown, as whoever catches it sees it.
#[derive(Debug)]
pub struct Thrown {
    pub(crate) kind: ErrorKind,
    pub(crate) message: Option<Arc<str>>,
}

/// Each kind with its class, in its package, and the class that it is a part of.
const CLASSES: [(ErrorKind, &str, &str); 15] = [
    (ErrorKind::Generic, "java.lang.Exception", ""),
    (ErrorKind::Runtime, "java.lang.RuntimeException", "Exception"),
    (ErrorKind::IllegalArgument, "java.lang.IllegalArgumentException", "RuntimeException"),
    (ErrorKind::NumberFormat, "java.lang.NumberFormatException", "IllegalArgumentException"),
    (ErrorKind::PatternSyntax, "java.util.regex.PatternSyntaxException", "IllegalArgumentException"),
    (ErrorKind::IllegalState, "java.lang.IllegalStateException", "RuntimeException"),
    (ErrorKind::Arithmetic, "java.lang.ArithmeticException", "RuntimeException"),
    (ErrorKind::ClassCast, "java.lang.ClassCastException", "RuntimeException"),
    (ErrorKind::NullPointer, "java.lang.NullPointerException", "RuntimeException"),
    (ErrorKind::IndexOutOfBounds, "java.lang.IndexOutOfBoundsException", "RuntimeException"),
    (ErrorKind::ArrayIndexOutOfBounds, "java.lang.ArrayIndexOutOfBoundsException", "IndexOutOfBoundsException"),
    (ErrorKind::UnsupportedOperation, "java.lang.UnsupportedOperationException", "RuntimeException"),
    (ErrorKind::NoSuchElement, "java.util.NoSuchElementException", "RuntimeException"),
    (ErrorKind::DateTime, "java.time.DateTimeException", "RuntimeException"),
    (ErrorKind::DateTimeParse, "java.time.format.DateTimeParseException", "DateTimeException"),
];

fn short(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

fn row(kind: ErrorKind) -> (ErrorKind, &'static str, &'static str) {
    CLASSES.into_iter().find(|row| row.0 == kind).unwrap_or(CLASSES[2])
}

/// The kind of a class of this name.
pub(crate) fn kind_of(class: &str) -> Option<ErrorKind> {
    CLASSES.iter().find(|(_, name, _)| short(name) == class).map(|row| row.0)
}

/// Whether what is of this kind is also of the class.
pub(crate) fn is_a(kind: ErrorKind, class: &str) -> bool {
    let (_, name, parent) = row(kind);
    short(name) == class || kind_of(parent).is_some_and(|parent| is_a(parent, class))
}

impl Thrown {
    pub(crate) fn class(&self) -> &'static str {
        row(self.kind).1
    }

    /// As an uncaught error.
    pub(crate) fn fault(&self, at: usize) -> Fault {
        Fault::new(at, self.kind, self.message.as_deref().unwrap_or_default())
    }

    pub(crate) fn shown(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.class()),
            None => self.class().to_owned(),
        }
    }

    /// A method of it; `None`: there is no such one.
    pub(crate) fn call(&self, name: &str) -> Option<Object> {
        match name {
            "getMessage" | "getLocalizedMessage" => {
                Some(self.message.clone().map_or(Object::NULL, |message| Object::Plain(Value::Text(message))))
            }
            "getCause" => Some(Object::NULL),
            _ => None,
        }
    }
}

/// `new Class(arguments)` of an exception; `None`: it is none.
pub(crate) fn made(class: &str, arguments: &[Object]) -> Option<Object> {
    let kind = kind_of(class)?;
    let message = match arguments {
        [] => None,
        [message, ..] => message.as_text().map(Arc::from),
    };
    Some(Object::Thrown(Arc::new(Thrown { kind, message })))
}

/// What a catch sees of an error.
pub(crate) fn caught(fault: &Fault) -> Object {
    let message = Some(fault.reason.as_str()).filter(|reason| !reason.is_empty()).map(Arc::from);
    Object::Thrown(Arc::new(Thrown { kind: row(fault.kind).0, message }))
}
