//! How a word sounds: double metaphone (Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users Journal, 2000).
//!
//! In: a word. Out: its primary code, at most four letters. Not here: secondary codes, which nothing asks for.

use rphonetic::{DoubleMetaphone, Encoder};

/// The code of a word; empty when there is nothing to hear in it.
pub fn sound(word: &str) -> String {
    DoubleMetaphone::default().encode(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `FT.EXPLAIN` of Redis shows them.
    const WORDS: &str = "thumb=0M schmidt=XMT bacher=PKR caesar=SSR chianti=KNT michael=MKL chemistry=KMST chorus=KRS architect=ARKT \
         orchestra=ARKS scheme=SKM science=SNS judge=JJ edge=AJ edgar=ATKR dumb=TM laugh=LF cough=KF night=NT knight=NT \
         gnome=NM pneumonia=NMN psychology=SXLJ wrist=RST write=RT who=A whale=AL xavier=SF xylophone=SLFN bough=P \
         ghost=KST ghoul=KL aggie=AJ danger=TNJR ranger=RNJR rogier=RJ biaggi=PJ mac=MK gregor=KRKR mclelland=MKLL \
         accident=AKST accede=AKST bacchus=PKS bellocchio=PLX zhao=J zoo=S pizza=PS nation=NXN action=AKXN church=XRX \
         schwartz=XRTS school=SKL arnow=ARN filipowicz=FLPT jose=HS san=SN jacinto=JSNT cabrillo=KPRL gallegos=KLKS \
         hochmeier=HKMR island=ALNT isle=AL carlysle=KRLL sugar=XKR richards=RXRT rough=RF tough=TF wachter=AKTR \
         muller=MLR smith=SM0 smyth=SM0 thomas=TMS thames=TMS theatre=0TR teeth=T0 phone=FN haphazard=HFSR \
         campbell=KMPL raspberry=RSPR quick=KK receive=RSF rogers=RKRS resnais=RSN artois=ART sontag=SNTK snider=SNTR \
         fischer=FXR catch=KX match=MX tech=TK bajador=PJTR hugh=H breaux=PR ohio=AH aubrey=APR ubermensch=APRM \
         villa=FL tagliaro=TKLR van=FN gogh=KK von=FN braun=PRN daumas=TMS";

    #[test]
    fn words_sound_as_they_do_to_redis() {
        for (word, code) in WORDS.split(' ').filter_map(|pair| pair.split_once('=')) {
            assert_eq!(sound(word), code, "{word}");
        }
    }
}
