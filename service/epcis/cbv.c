// cbv.c - the words of CBV 2.0 section 7, spelled out at compile time: words are looked up for
// every event, never put together.
#include "service/epcis/cbv.h"
#include <string.h>

// clang-format off
#define ERROR_REASONS(X)                                                                     \
    X("did_not_occur") X("incorrect_data")

#define MEASUREMENTS(X)                                                                      \
    X("AbsoluteHumidity") X("AbsorbedDose") X("AbsorbedDoseRate") X("Acceleration") X("Altitude")  \
    X("AmountOfSubstance") X("AmountOfSubstancePerUnitVolume") X("Angle")                          \
    X("AngularAcceleration") X("AngularMomentum") X("AngularVelocity") X("Area") X("Capacitance")  \
    X("Conductance") X("Conductivity") X("Count") X("Density") X("Dimensionless")                  \
    X("DoseEquivalent") X("DoseEquivalentRate") X("DynamicViscosity") X("ElectricCharge")          \
    X("ElectricCurrent") X("ElectricCurrentDensity") X("ElectricFieldStrength") X("Energy")        \
    X("Exposure") X("Force") X("Frequency") X("Illuminance") X("Inductance") X("Irradiance")       \
    X("KinematicViscosity") X("Length") X("LinearMomentum") X("Luminance") X("LuminousFlux")       \
    X("LuminousIntensity") X("MagneticFlux") X("MagneticFluxDensity")                              \
    X("MagneticVectorPotential") X("Mass") X("MassConcentration") X("MassFlowRate")                \
    X("MassPerAreaTime") X("MemoryCapacity") X("MolalityOfSolute") X("MolarEnergy")                \
    X("MolarMass") X("MolarVolume") X("Power") X("Pressure") X("RadiantFlux")                      \
    X("RadiantIntensity") X("Radioactivity") X("RelativeHumidity") X("Resistance")                 \
    X("Resistivity") X("SolidAngle") X("SpecificVolume") X("Speed") X("SurfaceDensity")            \
    X("SurfaceTension") X("Temperature") X("Time") X("Torque") X("Voltage") X("Volume")            \
    X("VolumeFlowRate") X("VolumeFraction") X("VolumetricFlux") X("Wavenumber")
#define ALERTS(X)                                                                            \
    X("ALARM_CONDITION") X("ERROR_CONDITION")
#define COMPONENTS(X)                                                                        \
    X("altitude") X("axial_distance") X("azimuth") X("easting") X("elevation_angle") X("height")   \
    X("latitude") X("longitude") X("northing") X("polar_angle") X("spherical_radius") X("x")       \
    X("y") X("z")
// clang-format on

struct word {
    const char *urn, *web; // the bare word is the tail of each
    uint8_t urn_n, web_n, word_n, since;
};

#define WORD(urn, web, word, since_)                                                               \
    {                                                                                              \
        urn word, web word, sizeof(urn word) - 1, sizeof(web word) - 1, sizeof(word) - 1, since_   \
    }

#define CBV "https://ref.gs1.org/cbv/"
#define VOC "https://gs1.org/voc/"

static const struct word steps[] = {
#define X(name, word, since) WORD("urn:epcglobal:cbv:bizstep:", CBV "BizStep-", word, since),
    EPCIS_STEPS(X)
#undef X
};
static const struct word dispositions[] = {
#define X(name, word, since) WORD("urn:epcglobal:cbv:disp:", CBV "Disp-", word, since),
    EPCIS_DISPOSITIONS(X)
#undef X
};
static const struct word trades[] = {
#define X(name, word, since) WORD("urn:epcglobal:cbv:btt:", CBV "BTT-", word, since),
    EPCIS_TRADES(X)
#undef X
};
static const struct word ends[] = {
#define X(name, word, since) WORD("urn:epcglobal:cbv:sdt:", CBV "SDT-", word, since),
    EPCIS_ENDS(X)
#undef X
};
static const struct word errors[] = {
#define X(word) WORD("urn:epcglobal:cbv:er:", CBV "ER-", word, 1),
    ERROR_REASONS(X)
#undef X
};
static const struct word measurements[] = {
#define X(word) WORD(VOC, VOC, word, 2),
    MEASUREMENTS(X)
#undef X
};
static const struct word alerts[] = {
#define X(word) WORD(VOC, VOC, word, 2),
    ALERTS(X)
#undef X
};
static const struct word components[] = {
#define X(word) WORD(CBV "Comp-", CBV "Comp-", word, 2),
    COMPONENTS(X)
#undef X
};

static const struct vocabulary {
    const struct word *words;
    unsigned n;
    str urn, web, curie; // what stands before the word
    const char *says;
} vocabularies[EPCIS_VOC_COUNT] = {
#define VOCABULARY(words, urn, web, curie, says)                                                   \
    {                                                                                              \
        words, LEN(words), {urn, sizeof(urn) - 1}, {web, sizeof(web) - 1},                         \
            {curie, sizeof(curie) - 1}, says                                                       \
    }
    [EPCIS_VOC_STEP] = VOCABULARY(steps, "urn:epcglobal:cbv:bizstep:", CBV "BizStep-",
                                  "cbv:BizStep-", "business step"),
    [EPCIS_VOC_DISP] = VOCABULARY(dispositions, "urn:epcglobal:cbv:disp:", CBV "Disp-", "cbv:Disp-",
                                  "disposition"),
    [EPCIS_VOC_TRADE] = VOCABULARY(trades, "urn:epcglobal:cbv:btt:", CBV "BTT-", "cbv:BTT-",
                                   "type of business transactions"),
    [EPCIS_VOC_END] = VOCABULARY(ends, "urn:epcglobal:cbv:sdt:", CBV "SDT-", "cbv:SDT-",
                                 "type of sources and destinations"),
    [EPCIS_VOC_ERROR] =
        VOCABULARY(errors, "urn:epcglobal:cbv:er:", CBV "ER-", "cbv:ER-", "reason of an error"),
    [EPCIS_VOC_MEASUREMENT] = VOCABULARY(measurements, "", VOC, "gs1:", "type of measurements"),
    [EPCIS_VOC_ALERT] = VOCABULARY(alerts, "", VOC, "gs1:", "exception of sensors"),
    [EPCIS_VOC_COMPONENT] =
        VOCABULARY(components, "", CBV "Comp-", "cbv:Comp-", "component of values"),
};

static const struct word *word_at(enum epcis_vocabulary v, unsigned word)
{
    assert(v < EPCIS_VOC_COUNT && word > 0 && word <= vocabularies[v].n);
    return &vocabularies[v].words[word - 1];
}

static str bare(const struct word *w) { return (str){w->web + (w->web_n - w->word_n), w->word_n}; }

unsigned epcis_word_count(enum epcis_vocabulary v) { return vocabularies[v].n; }

str epcis_word(enum epcis_vocabulary v, unsigned word) { return bare(word_at(v, word)); }

str epcis_word_urn(enum epcis_vocabulary v, unsigned word)
{
    const struct word *w = word_at(v, word);

    return (str){w->urn, w->urn_n};
}

str epcis_word_web(enum epcis_vocabulary v, unsigned word)
{
    const struct word *w = word_at(v, word);

    return (str){w->web, w->web_n};
}

bool epcis_word_in_1_2(enum epcis_vocabulary v, unsigned word)
{
    return word_at(v, word)->since < 2;
}

unsigned epcis_word_find(enum epcis_vocabulary v, str word)
{
    assert(v < EPCIS_VOC_COUNT);
    const struct word *words = vocabularies[v].words;
    unsigned low = 0, high = vocabularies[v].n;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = str_cmp(bare(&words[middle]), word);
        if (order == 0) return middle + 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

// ---- reading

static status unknown(const struct vocabulary *v, str in)
{
    str shown = str_shown(in, 40);

    return fail(ST_BAD_INPUT, "epcis.word", 0, "\"%.*s\" is no %s of CBV", STR(shown), v->says);
}

bool epcis_step_is_misspelt(str step)
{
    return str_eq(step, S("urn:epcglobal:cbv:bizstep:decomissioning"));
}

// What is spelled like a word of CBV but is none. JSON refuses more than XML: its schema does.
static status foreign(const struct vocabulary *v, str in, unsigned spellings, str *out)
{
    static const str in_json[] = {
        {"https://ns.gs1.org/cbv/",  23},
        {"http://ns.gs1.org/cbv/",   22},
        {"https://gs1.org/voc/",     20},
        {"http://gs1.org/voc/",      19},
        {"https://www.gs1.org/voc/", 24},
        {"http://www.gs1.org/voc/",  23},
    };

    if (str_starts(in, S("urn:epcglobal:cbv:")) && !epcis_step_is_misspelt(in))
        return unknown(v, in);
    for (size_t i = 0; i < LEN(in_json) && (spellings & EPCIS_SPELT_URN) == 0; i++)
        if (str_starts(in, in_json[i])) return unknown(v, in);
    *out = in;
    return OK;
}

static bool cut_head(str in, str head, str *word)
{
    if (head.n == 0 || !str_starts(in, head)) return false;
    *word = str_from(in, head.n);
    return true;
}

status epcis_word_read(enum epcis_vocabulary v, str in, unsigned spellings, str *out)
{
    assert(v < EPCIS_VOC_COUNT);
    const struct vocabulary *voc = &vocabularies[v];
    enum epcis_spelling spelt = EPCIS_SPELT_BARE;
    str word = in;

    if (in.n > 0 && memchr(in.p, ':', in.n) != NULL) {
        if (cut_head(in, voc->urn, &word))
            spelt = EPCIS_SPELT_URN;
        else if (cut_head(in, voc->web, &word))
            spelt = EPCIS_SPELT_WEB;
        else if (cut_head(in, voc->curie, &word))
            spelt = EPCIS_SPELT_CURIE;
        else
            return foreign(voc, in, spellings, out);
    }
    unsigned found = epcis_word_find(v, word);
    if (found == 0)
        return spelt == EPCIS_SPELT_BARE ? unknown(voc, in) : foreign(voc, in, spellings, out);
    if ((spellings & spelt) == 0)
        return fail(ST_BAD_INPUT, "epcis.word_spelling", 0,
                    "here the %s \"%.*s\" is not spelled like that", voc->says, STR(word));
    *out = epcis_word(v, found);
    return OK;
}
