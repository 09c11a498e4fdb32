/* How many of a thing the types take, for their files and for the table of their options. */
#ifndef STRATA_STUDY_LIMITS_H
#define STRATA_STUDY_LIMITS_H

/* Bounds of arrays on purpose: parameters of latent classes grow with classes × items × answers. */
enum { LATENT_ITEMS = 60, LATENT_CLASSES = 20, LATENT_COVARIATES = 20 };
enum { FACTOR_ITEMS = 60, FACTOR_SCALES = 15 };

#endif
