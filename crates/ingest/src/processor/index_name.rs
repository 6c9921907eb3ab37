//! `date_index_name`: the document goes to the index whose name a date of it says, as an expression that is resolved where it is written.

use model::date::{DateFormat, Zone};
use model::error::Error;

use super::dates::{Format, formats, unread};
use crate::document::{Document, text};
use crate::options::Options;
use crate::text::Text;

#[derive(Clone, Debug)]
pub(crate) struct IndexName {
    field: String,
    prefix: Text,
    rounding: Text,
    /// How dates are written in names.
    layout: Text,
    formats: Vec<(String, Format)>,
    zone: (String, Zone),
}

impl IndexName {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let read =
            |options: &Options, name: &str, text: &str| Text::read(text).map_err(|why| options.refused(name, &why));
        let zone = options.text("timezone")?.unwrap_or_else(|| "UTC".to_owned());
        let parsed = Zone::parse(&zone).map_err(|why| options.refused("timezone", &why.reason))?;
        // Month and day names are English.
        options.text("locale")?;
        let given = options.texts("date_formats")?.unwrap_or_else(|| vec!["yyyy-MM-dd'T'HH:mm:ss.SSSXX".to_owned()]);
        let formats = formats(options, "date_formats", given)?;
        let field = options.required_text("field")?;
        let prefix = options.text("index_name_prefix")?.unwrap_or_default();
        let prefix = read(options, "index_name_prefix", &prefix)?;
        let rounding = options.template("date_rounding")?;
        let layout = options.text("index_name_format")?.unwrap_or_else(|| "yyyy-MM-dd".to_owned());
        let layout = read(options, "index_name_format", &layout)?;
        Ok(Self { field, prefix, rounding, layout, formats, zone: (zone, parsed) })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let value = document.get(&self.field)?;
        let given = text(value).unwrap_or_else(|| value.to_string());
        let (name, zone) = (&self.zone.0, &self.zone.1);
        let mut first = None;
        for (format_name, format) in &self.formats {
            match format.read(&given, zone) {
                Ok(moment) => {
                    let layout = self.layout.of(document)?;
                    let written = DateFormat::parse_pattern(&layout)?.format(moment, Some(zone));
                    let (prefix, rounding) = (self.prefix.of(document)?, self.rounding.of(document)?);
                    let index = format!("<{prefix}{{{written}||/{rounding}{{{layout}|{name}}}}}>");
                    document.meta.insert("_index".to_owned(), index.into());
                    return Ok(());
                }
                Err(why) if first.is_none() => first = Some((format_name, why)),
                Err(_) => {}
            }
        }
        Err(unread(&given, first))
    }
}
