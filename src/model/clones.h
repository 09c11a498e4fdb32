/*
 * Functions compiled twice, plainly and for better processors; the loader chooses. gcc writes the
 * functions that choose, and the thread sanitizer puts its calls into them as into all others. But
 * they run before its library has started, and any program that contained one would end there: with
 * that sanitizer there is only the plain form.
 */
#ifndef STRATA_MODEL_CLONES_H
#define STRATA_MODEL_CLONES_H

#ifdef __SANITIZE_THREAD__
#define AVX2_TOO
#define FMA_TOO
#else
#define AVX2_TOO __attribute__((target_clones("avx2", "default")))
#define FMA_TOO __attribute__((target_clones("fma", "default")))
#endif

#endif
