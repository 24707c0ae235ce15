// mask.h - texts that let somebody in, kept out of what repeats what a stranger sent.
//
// All that this service gives out of the kind begins as below and goes on in hexadecimal digits, so
// that it is known wherever it turns up: people paste it where it does not belong. Sentences of a
// status, lines of the log, problems and the offenders of a refusal all pass here.
#pragma once
#include <stddef.h>

#define MASK_TOKEN   "pt_"
#define MASK_SESSION "ps_"

// Each of them that stands whole in the text becomes "pt_***" or "ps_***", also where some of it is
// percent-encoded. What is shorter stays: a serial may look like the beginning of one. In place;
// the new length.
size_t mask_text(char *p, size_t n);
// The same for a text that repeats only some of what was sent, as sentences do: also where one is
// cut, unless so little of it is left that it opens nothing.
size_t mask_cut(char *p, size_t n);
