// cbv.c - the words of CBV 2.0 sections 7.1 to 7.5, spelled out at compile time: a word is looked
// up for every event, never put together.
#include "service/epcis/cbv.h"

struct word {
    const char *urn; // the bare word is its tail
    uint8_t urn_n, word_n, since;
};

#define WORD(kind, word, since_)                                                                   \
    {                                                                                              \
        "urn:epcglobal:cbv:" kind ":" word, sizeof("urn:epcglobal:cbv:" kind ":" word) - 1,        \
            sizeof(word) - 1, since_                                                               \
    }

static const struct word steps[] = {{0},
#define X(name, word, since) WORD("bizstep", word, since),
                                    EPCIS_STEPS(X)
#undef X
};
static const struct word dispositions[] = {{0},
#define X(name, word, since) WORD("disp", word, since),
                                           EPCIS_DISPOSITIONS(X)
#undef X
};
static const struct word trades[] = {{0},
#define X(name, word, since) WORD("btt", word, since),
                                     EPCIS_TRADES(X)
#undef X
};
static const struct word ends[] = {{0},
#define X(name, word, since) WORD("sdt", word, since),
                                   EPCIS_ENDS(X)
#undef X
};

static const struct {
    const struct word *words;
    size_t n;
} vocabularies[] = {
    [EPCIS_VOC_STEP] = {steps,        LEN(steps)       },
    [EPCIS_VOC_DISP] = {dispositions, LEN(dispositions)},
    [EPCIS_VOC_TRADE] = {trades,       LEN(trades)      },
    [EPCIS_VOC_END] = {ends,         LEN(ends)        },
};

static const struct word *word_at(enum epcis_vocabulary v, unsigned word)
{
    assert(v < LEN(vocabularies) && word > 0 && word < vocabularies[v].n);
    return &vocabularies[v].words[word];
}

static str bare(const struct word *w) { return (str){w->urn + (w->urn_n - w->word_n), w->word_n}; }

str epcis_word(enum epcis_vocabulary v, unsigned word) { return bare(word_at(v, word)); }

str epcis_word_urn(enum epcis_vocabulary v, unsigned word)
{
    const struct word *w = word_at(v, word);

    return (str){w->urn, w->urn_n};
}

bool epcis_word_in_1_2(enum epcis_vocabulary v, unsigned word)
{
    return word_at(v, word)->since < 2;
}

unsigned epcis_word_find(enum epcis_vocabulary v, str word)
{
    assert(v < LEN(vocabularies));
    for (unsigned i = 1; i < vocabularies[v].n; i++)
        if (str_eq(bare(&vocabularies[v].words[i]), word)) return i;
    return 0;
}
