// Made by scripts/epcis_uom_table.py from schemas/cbv/uom.txt; do not edit.
#include "service/epcis/uom.h"

// clang-format off
const struct epcis_uom epcis_uom_rows[] = {
    {"23", 37, 1000, 1, 0, 1}, // gram per cubic centimetre
    {"2A", 33, 1, 1, 0, 1}, // radian per second
    {"2B", 34, 1, 1, 0, 1}, // radian per second squared
    {"2C", 31, 129, 500000, 0, 1}, // roentgen
    {"2M", 8, 1, 100, 0, 1}, // centimetre per second
    {"2P", 43, 8000, 1, 0, 1}, // kilobyte
    {"2Q", 28, 1000, 1, 0, 1}, // kilobecquerel
    {"2U", 1, 1000, 1, 0, 1}, // megagram
    {"2X", 8, 1, 60, 0, 1}, // metre per minute
    {"2Y", 31, 129, 500000000, 0, 1}, // milliroentgen
    {"2Z", 10, 1, 1000, 0, 1}, // millivolt
    {"3B", 18, 1000000, 1, 0, 1}, // megajoule
    {"40", 40, 1, 1000000, 0, 1}, // millilitre per second
    {"41", 40, 1, 60000000, 0, 1}, // millilitre per minute
    {"4C", 39, 1, 1000000, 0, 1}, // centistokes
    {"4G", 4, 1, 1000000000, 0, 1}, // microlitre
    {"4H", 2, 1, 1000000, 0, 1}, // micrometre
    {"4K", 11, 1, 1000, 0, 1}, // milliampere
    {"4L", 43, 8000000, 1, 0, 1}, // megabyte
    {"4N", 28, 1000000, 1, 0, 1}, // megabecquerel
    {"4O", 13, 1, 1000000, 0, 1}, // microfarad
    {"4P", 45, 1, 1, 0, 1}, // newton per metre
    {"4T", 13, 1, 1000000000000, 0, 1}, // picofarad
    {"59", 7, 1, 1000000, 0, 1}, // part per million
    {"61", 7, 1, 1000000000, 0, 1}, // part per billion (US)
    {"74", 6, 1, 1000, 0, 1}, // millipascal
    {"77", 2, 127, 5000000, 0, 1}, // milli-inch
    {"81", 14, 1, 1, 0, 1}, // henry
    {"89", 38, 1, 10, 0, 1}, // poise
    {"91", 39, 1, 10000, 0, 1}, // stokes
    {"A11", 2, 1, 10000000000, 0, 1}, // angstrom
    {"A24", 23, 1, 1, 0, 1}, // candela per square metre
    {"A39", 47, 1, 1, 0, 1}, // cubic metre per kilogram
    {"A44", 4, 1, 100, 0, 1}, // decalitre
    {"A45", 2, 10, 1, 0, 1}, // decametre
    {"A48", 0, 5, 9, 0, 1}, // degree Rankine
    {"A73", 9, 381, 1250, 0, 1}, // foot per second squared
    {"A76", 9, 1, 100, 0, 1}, // gal
    {"A8", 15, 1, 1, 0, 1}, // ampere second
    {"A86", 20, 1000000000, 1, 0, 1}, // gigahertz
    {"A87", 12, 1000000000, 1, 0, 1}, // gigaohm
    {"A89", 6, 1000000000, 1, 0, 1}, // gigapascal
    {"A90", 17, 1000000000, 1, 0, 1}, // gigawatt
    {"A93", 37, 1, 1000, 0, 1}, // gram per cubic metre
    {"A94", 46, 1, 1000, 0, 1}, // gram per mole
    {"A95", 29, 1, 1, 0, 1}, // gray
    {"A97", 6, 100, 1, 0, 1}, // hectopascal
    {"A99", 43, 1, 1, 0, 1}, // bit
    {"ACR", 3, 316160658, 78125, 0, 1}, // acre
    {"AD", 43, 8, 1, 0, 1}, // byte
    {"AK", 2, 1143, 625, 0, 1}, // fathom
    {"AMH", 15, 3600, 1, 0, 1}, // ampere hour
    {"AMP", 11, 1, 1, 0, 1}, // ampere
    {"ANN", 5, 31557600, 1, 0, 1}, // year of 365.25 days
    {"APZ", 1, 19439673, 625000000, 0, 1}, // troy ounce
    {"ATM", 6, 101325, 1, 0, 1}, // standard atmosphere
    {"B22", 11, 1000, 1, 0, 1}, // kiloampere
    {"B31", 50, 1, 1, 0, 1}, // kilogram metre per second
    {"B33", 51, 1, 1, 0, 1}, // kilogram metre squared per second
    {"B34", 37, 1000, 1, 0, 1}, // kilogram per cubic decimetre
    {"B35", 37, 1000, 1, 0, 1}, // kilogram per litre
    {"B37", 19, 196133, 20000, 0, 1}, // kilogram-force
    {"B45", 36, 1000, 1, 0, 1}, // kilomole
    {"B47", 19, 1000, 1, 0, 1}, // kilonewton
    {"B48", 21, 1000, 1, 0, 1}, // kilonewton metre
    {"B49", 12, 1000, 1, 0, 1}, // kiloohm
    {"B73", 19, 1000000, 1, 0, 1}, // meganewton
    {"B75", 12, 1000000, 1, 0, 1}, // megaohm
    {"B78", 10, 1000000, 1, 0, 1}, // megavolt
    {"B84", 11, 1, 1000000, 0, 1}, // microampere
    {"B86", 15, 1, 1000000, 0, 1}, // microcoulomb
    {"B90", 14, 1, 1000000, 0, 1}, // microhenry
    {"B92", 19, 1, 1000000, 0, 1}, // micronewton
    {"B94", 12, 1, 1000000, 0, 1}, // microohm
    {"B98", 5, 1, 1000000, 0, 1}, // microsecond
    {"B99", 16, 1, 1000000, 0, 1}, // microsiemens
    {"BAR", 6, 100000, 1, 0, 1}, // bar
    {"BLL", 4, 9936705933, 62500000000, 0, 1}, // barrel (US)
    {"BQL", 28, 1, 1, 0, 1}, // becquerel
    {"C10", 13, 1, 1000, 0, 1}, // millifarad
    {"C11", 9, 1, 100000, 0, 1}, // milligal
    {"C13", 29, 1, 1000, 0, 1}, // milligray
    {"C14", 14, 1, 1000, 0, 1}, // millihenry
    {"C15", 18, 1, 1000, 0, 1}, // millijoule
    {"C16", 8, 1, 1000, 0, 1}, // millimetre per second
    {"C17", 39, 1, 1000000, 0, 1}, // square millimetre per second
    {"C18", 36, 1, 1000, 0, 1}, // millimole
    {"C20", 19, 1, 1000, 0, 1}, // millinewton
    {"C22", 45, 1, 1000, 0, 1}, // millinewton per metre
    {"C24", 38, 1, 1000, 0, 1}, // millipascal second
    {"C25", 32, 1, 1000, 0, 1}, // milliradian
    {"C26", 5, 1, 1000, 0, 1}, // millisecond
    {"C27", 16, 1, 1000, 0, 1}, // millisiemens
    {"C28", 30, 1, 1000, 0, 1}, // millisievert
    {"C29", 27, 1, 1000, 0, 1}, // millitesla
    {"C31", 17, 1, 1000, 0, 1}, // milliwatt
    {"C33", 26, 1, 1000, 0, 1}, // milliweber
    {"C34", 36, 1, 1, 0, 1}, // mole
    {"C39", 11, 1, 1000000000, 0, 1}, // nanoampere
    {"C41", 13, 1, 1000000000, 0, 1}, // nanofarad
    {"C43", 14, 1, 1000000000, 0, 1}, // nanohenry
    {"C45", 2, 1, 1000000000, 0, 1}, // nanometre
    {"C47", 5, 1, 1000000000, 0, 1}, // nanosecond
    {"C48", 27, 1, 1000000000, 0, 1}, // nanotesla
    {"C52", 2, 1, 1000000000000, 0, 1}, // picometre
    {"C62", 7, 1, 1, 0, 1}, // one
    {"C65", 38, 1, 1, 0, 1}, // pascal second
    {"C7", 38, 1, 1000, 0, 1}, // centipoise
    {"C78", 19, 8896443230521, 2000000000000, 0, 1}, // pound-force
    {"C80", 29, 1, 100, 0, 1}, // rad
    {"C81", 32, 1, 1, 0, 1}, // radian
    {"C92", 49, 1, 1, 0, 1}, // reciprocal metre
    {"CDL", 25, 1, 1, 0, 1}, // candela
    {"CEL", 0, 1, 1, 5463, 20}, // degree Celsius
    {"CGM", 1, 1, 100000, 0, 1}, // centigram
    {"CKG", 31, 1, 1, 0, 1}, // coulomb per kilogram
    {"CLT", 4, 1, 100000, 0, 1}, // centilitre
    {"CMK", 3, 1, 10000, 0, 1}, // square centimetre
    {"CMQ", 4, 1, 1000000, 0, 1}, // cubic centimetre
    {"CMT", 2, 1, 100, 0, 1}, // centimetre
    {"COU", 15, 1, 1, 0, 1}, // coulomb
    {"CTM", 1, 1, 5000, 0, 1}, // metric carat
    {"CUR", 28, 37000000000, 1, 0, 1}, // curie
    {"CWA", 1, 45359237, 1000000, 0, 1}, // hundredweight (US)
    {"CWI", 1, 317514659, 6250000, 0, 1}, // hundredweight (UK)
    {"D10", 44, 1, 1, 0, 1}, // siemens per metre
    {"D13", 30, 1, 1, 0, 1}, // sievert
    {"D27", 35, 1, 1, 0, 1}, // steradian
    {"D29", 20, 1000000000000, 1, 0, 1}, // terahertz
    {"D33", 27, 1, 1, 0, 1}, // tesla
    {"D41", 37, 1000, 1, 0, 1}, // tonne per cubic metre
    {"D50", 48, 1, 1, 0, 1}, // volt per metre
    {"D54", 42, 1, 1, 0, 1}, // watt per square metre
    {"D74", 46, 1, 1, 0, 1}, // kilogram per mole
    {"D80", 17, 1, 1000000, 0, 1}, // microwatt
    {"D81", 27, 1, 1000000, 0, 1}, // microtesla
    {"D82", 10, 1, 1000000, 0, 1}, // microvolt
    {"D83", 21, 1, 1000, 0, 1}, // millinewton metre
    {"D91", 30, 1, 100, 0, 1}, // rem
    {"DAY", 5, 86400, 1, 0, 1}, // day
    {"DD", 32, 136353847812057, 7812500000000000, 0, 1}, // degree
    {"DG", 1, 1, 10000, 0, 1}, // decigram
    {"DJ", 1, 1, 100, 0, 1}, // decagram
    {"DLT", 4, 1, 10000, 0, 1}, // decilitre
    {"DMK", 3, 1, 100, 0, 1}, // square decimetre
    {"DMQ", 4, 1, 1000, 0, 1}, // cubic decimetre
    {"DMT", 2, 1, 10, 0, 1}, // decimetre
    {"DTN", 1, 100, 1, 0, 1}, // decitonne
    {"DU", 19, 1, 100000, 0, 1}, // dyne
    {"E32", 40, 1, 3600000, 0, 1}, // litre per hour
    {"E34", 43, 8000000000, 1, 0, 1}, // gigabyte
    {"E35", 43, 8000000000000, 1, 0, 1}, // terabyte
    {"E45", 12, 1, 1000, 0, 1}, // milliohm
    {"E90", 49, 100, 1, 0, 1}, // reciprocal centimetre
    {"E93", 41, 1, 3600, 0, 1}, // kilogram per hour
    {"E96", 33, 136353847812057, 7812500000000000, 0, 1}, // degree per second
    {"F31", 41, 1, 60, 0, 1}, // kilogram per minute
    {"FAH", 0, 5, 9, 45967, 100}, // degree Fahrenheit
    {"FAR", 13, 1, 1, 0, 1}, // farad
    {"FH", 36, 1, 1000000, 0, 1}, // micromole
    {"FOT", 2, 381, 1250, 0, 1}, // foot
    {"FR", 8, 127, 25000, 0, 1}, // foot per minute
    {"FS", 8, 381, 1250, 0, 1}, // foot per second
    {"FTK", 3, 145161, 1562500, 0, 1}, // square foot
    {"FTQ", 4, 55306341, 1953125000, 0, 1}, // cubic foot
    {"G42", 44, 1, 10000, 0, 1}, // microsiemens per centimetre
    {"G43", 44, 1, 1000000, 0, 1}, // microsiemens per metre
    {"G51", 40, 1, 1000, 0, 1}, // litre per second
    {"GBQ", 28, 1000000000, 1, 0, 1}, // gigabecquerel
    {"GJ", 37, 1000, 1, 0, 1}, // gram per millilitre
    {"GL", 37, 1, 1, 0, 1}, // gram per litre
    {"GLI", 4, 454609, 100000000, 0, 1}, // gallon (UK)
    {"GLL", 4, 473176473, 125000000000, 0, 1}, // gallon (US)
    {"GP", 37, 1, 1000000, 0, 1}, // milligram per cubic metre
    {"GQ", 37, 1, 1000000000, 0, 1}, // microgram per cubic metre
    {"GRM", 1, 1, 1000, 0, 1}, // gram
    {"GRN", 1, 6479891, 100000000000, 0, 1}, // grain
    {"GV", 18, 1000000000, 1, 0, 1}, // gigajoule
    {"H29", 37, 1, 1000000, 0, 1}, // microgram per litre
    {"H43", 44, 100, 1, 0, 1}, // siemens per centimetre
    {"H61", 44, 1, 10, 0, 1}, // millisiemens per centimetre
    {"HAR", 3, 10000, 1, 0, 1}, // hectare
    {"HGM", 1, 1, 10, 0, 1}, // hectogram
    {"HLT", 4, 1, 10, 0, 1}, // hectolitre
    {"HM", 8, 1397, 3125, 0, 1}, // mile per hour
    {"HMT", 2, 100, 1, 0, 1}, // hectometre
    {"HN", 6, 26664477483, 200000000, 0, 1}, // millimetre of mercury
    {"HTZ", 20, 1, 1, 0, 1}, // hertz
    {"HUR", 5, 3600, 1, 0, 1}, // hour
    {"INH", 2, 127, 5000, 0, 1}, // inch
    {"INK", 3, 16129, 25000000, 0, 1}, // square inch
    {"INQ", 4, 2048383, 125000000000, 0, 1}, // cubic inch
    {"JOU", 18, 1, 1, 0, 1}, // joule
    {"K40", 9, 196133, 20000, 0, 1}, // standard acceleration of free fall
    {"K6", 4, 1, 1, 0, 1}, // kilolitre
    {"KEL", 0, 1, 1, 0, 1}, // kelvin
    {"KGM", 1, 1, 1, 0, 1}, // kilogram
    {"KGS", 41, 1, 1, 0, 1}, // kilogram per second
    {"KHZ", 20, 1000, 1, 0, 1}, // kilohertz
    {"KJO", 18, 1000, 1, 0, 1}, // kilojoule
    {"KLX", 22, 1000, 1, 0, 1}, // kilolux
    {"KMH", 8, 5, 18, 0, 1}, // kilometre per hour
    {"KMK", 3, 1000000, 1, 0, 1}, // square kilometre
    {"KMQ", 37, 1, 1, 0, 1}, // kilogram per cubic metre
    {"KMT", 2, 1000, 1, 0, 1}, // kilometre
    {"KNT", 8, 463, 900, 0, 1}, // knot
    {"KPA", 6, 1000, 1, 0, 1}, // kilopascal
    {"KTN", 1, 1000000, 1, 0, 1}, // kilotonne
    {"KVT", 10, 1000, 1, 0, 1}, // kilovolt
    {"KWH", 18, 3600000, 1, 0, 1}, // kilowatt hour
    {"KWT", 17, 1000, 1, 0, 1}, // kilowatt
    {"L2", 40, 1, 60000, 0, 1}, // litre per minute
    {"LBR", 1, 45359237, 100000000, 0, 1}, // pound
    {"LTN", 1, 317514659, 312500, 0, 1}, // ton (UK)
    {"LTR", 4, 1, 1000, 0, 1}, // litre
    {"LUM", 24, 1, 1, 0, 1}, // lumen
    {"LUX", 22, 1, 1, 0, 1}, // lux
    {"M1", 37, 1, 1000, 0, 1}, // milligram per litre
    {"M5", 28, 37000, 1, 0, 1}, // microcurie
    {"MAW", 17, 1000000, 1, 0, 1}, // megawatt
    {"MBR", 6, 100, 1, 0, 1}, // millibar
    {"MC", 1, 1, 1000000000, 0, 1}, // microgram
    {"MCU", 28, 37000000, 1, 0, 1}, // millicurie
    {"MGM", 1, 1, 1000000, 0, 1}, // milligram
    {"MHZ", 20, 1000000, 1, 0, 1}, // megahertz
    {"MIK", 3, 40468564224, 15625, 0, 1}, // square mile
    {"MIN", 5, 60, 1, 0, 1}, // minute
    {"MLT", 4, 1, 1000000, 0, 1}, // millilitre
    {"MMK", 3, 1, 1000000, 0, 1}, // square millimetre
    {"MMQ", 4, 1, 1000000000, 0, 1}, // cubic millimetre
    {"MMT", 2, 1, 1000, 0, 1}, // millimetre
    {"MPA", 6, 1000000, 1, 0, 1}, // megapascal
    {"MQH", 40, 1, 3600, 0, 1}, // cubic metre per hour
    {"MQS", 40, 1, 1, 0, 1}, // cubic metre per second
    {"MSK", 9, 1, 1, 0, 1}, // metre per second squared
    {"MTK", 3, 1, 1, 0, 1}, // square metre
    {"MTQ", 4, 1, 1, 0, 1}, // cubic metre
    {"MTR", 2, 1, 1, 0, 1}, // metre
    {"MTS", 8, 1, 1, 0, 1}, // metre per second
    {"MWH", 18, 3600000000, 1, 0, 1}, // megawatt hour
    {"NEW", 19, 1, 1, 0, 1}, // newton
    {"NMI", 2, 1852, 1, 0, 1}, // nautical mile
    {"NU", 21, 1, 1, 0, 1}, // newton metre
    {"NX", 7, 1, 1000, 0, 1}, // part per thousand
    {"OHM", 12, 1, 1, 0, 1}, // ohm
    {"ONZ", 1, 45359237, 1600000000, 0, 1}, // ounce (avoirdupois)
    {"OZA", 4, 473176473, 16000000000000, 0, 1}, // fluid ounce (US)
    {"OZI", 4, 454609, 16000000000, 0, 1}, // fluid ounce (UK)
    {"P1", 7, 1, 100, 0, 1}, // percent
    {"PAL", 6, 1, 1, 0, 1}, // pascal
    {"PS", 6, 8896443230521, 1290320000, 0, 1}, // pound-force per square inch
    {"PTI", 4, 454609, 800000000, 0, 1}, // pint (UK)
    {"PTL", 4, 473176473, 1000000000000, 0, 1}, // liquid pint (US)
    {"QTI", 4, 454609, 400000000, 0, 1}, // quart (UK)
    {"QTL", 4, 473176473, 500000000000, 0, 1}, // liquid quart (US)
    {"S4", 39, 1, 1, 0, 1}, // square metre per second
    {"SEC", 5, 1, 1, 0, 1}, // second
    {"SIE", 16, 1, 1, 0, 1}, // siemens
    {"SMI", 2, 201168, 125, 0, 1}, // statute mile
    {"STI", 1, 317514659, 50000000, 0, 1}, // stone (UK)
    {"STN", 1, 45359237, 50000, 0, 1}, // ton (US)
    {"TNE", 1, 1000, 1, 0, 1}, // tonne
    {"UA", 6, 20265, 152, 0, 1}, // torr
    {"VLT", 10, 1, 1, 0, 1}, // volt
    {"WEB", 26, 1, 1, 0, 1}, // weber
    {"WEE", 5, 604800, 1, 0, 1}, // week
    {"WHR", 18, 3600, 1, 0, 1}, // watt hour
    {"WTT", 17, 1, 1, 0, 1}, // watt
    {"YDK", 3, 1306449, 1562500, 0, 1}, // square yard
    {"YDQ", 4, 1493271207, 1953125000, 0, 1}, // cubic yard
    {"YRD", 2, 1143, 1250, 0, 1}, // yard
};
// clang-format on
const size_t epcis_uom_count = 271;
