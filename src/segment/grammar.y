/*
 * The grammar of the segment language (lemon, LALR(1), free of conflicts).
 *
 * Conditions are layered: or, and, not, test; values: sum, product, unary, primary. A condition in parentheses is a
 * primary, so that (a = b) and (a + b) need no looking ahead; the checker says where a condition stands for a value.
 * Every statement is parsed on its own: parse.c cuts the tokens at `segment`, `scheme` and `list`.
 */
%name segment_grammar
%token_prefix TOKEN_
%token_type {struct token}
%default_type {struct segment_node *}
%extra_argument {struct parse *parse}
%stack_size 2000

%include {
#include "segment/language.h"
#include "segment/grammar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
}



/* Words that are names wherever the grammar has no use for them. */
%fallback ID TIME SEED WHOLE EXCLUSIVE OVERLAPPING OF AS CASE FOR UNIT LENGTH AGO CALENDAR WEEKDAY WEEKEND
  KNOWN UNKNOWN WITH BY AMONG ANY ALL NONE FIRST LAST NEXT TODAY YESTERDAY NOW THIS TOP BOTTOM SAMPLE BUCKET NTILE
  PERCENTILE ENTERED LEFT EVER CHANGED SEQUENCE PERIODS STOPPED RESUMED UNION INTERSECT EXCEPT SYMMETRIC DIFFERENCE
  CONTAINS STARTS ENDS LIKE MATCHES IGNORING SINCE UNTIL BEFORE AFTER WITHIN FROM TO ON ANNIVERSARY LIST YES NO TRUE
  FALSE LIMIT.

%token ILLEGAL.

%syntax_error { parse->failed = true; }
%parse_failure { parse->failed = true; }
%stack_overflow { segment_parse_fail(parse, parse->last.span, "put parts of it into segments of their own",
                             "this condition is nested too deeply"); }

start ::= statement.
start ::= CONDITION or(A). { parse->statement.condition = A; }

statement ::= SEGMENT ID(N) title(T) WHERE or(C). {
    segment_statement_begin(parse, STATEMENT_SEGMENT, N, T);
    parse->statement.condition = C;
}
statement ::= LIST ID(N) FROM STRING(P). {
    segment_statement_begin(parse, STATEMENT_LIST, N, (struct token){0});
    parse->statement.path = segment_token_string(parse, P);
}
statement ::= scheme members.
statement ::= scheme members else.
scheme ::= SCHEME ID(N) title(T) EXCLUSIVE. {
    segment_statement_begin(parse, STATEMENT_SCHEME, N, T);
    parse->statement.exclusive = true;
}
scheme ::= SCHEME ID(N) title(T) OVERLAPPING. { segment_statement_begin(parse, STATEMENT_SCHEME, N, T); }
members ::= member.
members ::= members member.
member ::= ID(N) title(T) WHERE or(C). { segment_statement_member(parse, N, T, C, false); }
else ::= ELSE ID(N) title(T). { segment_statement_member(parse, N, T, NULL, true); }

%type title {struct token}
title(A) ::= . { A = (struct token){0}; }
title(A) ::= STRING(T). { A = T; }

/* ---- conditions ---- */
or(A) ::= and(A).
or(A) ::= or(B) OR and(C). { A = segment_node_chain(parse, OP_OR, B, C); }
and(A) ::= not(A).
and(A) ::= and(B) AND not(C). { A = segment_node_chain(parse, OP_AND, B, C); }
not(A) ::= test(A).
not(A) ::= NOT(N) not(B). { A = segment_node_new(parse, OP_NOT, segment_span_join(N.span, B->span), 1, B); }

test(A) ::= value(A).
test(A) ::= value(B) compare(C) value(D). { A = segment_node_compare(parse, B, C, D, false, D->span); }
test(A) ::= value(B) compare(C) value(D) IGNORING CASE(E). { A = segment_node_compare(parse, B, C, D, true, E.span); }
test(A) ::= value(B) negation(N) BETWEEN value(C) AND value(D). {
    A = segment_node_new(parse, OP_BETWEEN, segment_span_join(B->span, D->span), 3, B, C, D);
    A->negated = N;
}
test(A) ::= value(B) BETWEEN value(C) AND value(D). {
    A = segment_node_new(parse, OP_BETWEEN, segment_span_join(B->span, D->span), 3, B, C, D);
}
test(A) ::= value(B) IN LP values(L) RP(E) folded(F). {
    A = segment_node_of_list(parse, OP_IN, segment_span_join(B->span, E.span), B, L);
    A->folded = F;
}
test(A) ::= value(B) negation(N) IN LP values(L) RP(E) folded(F). {
    A = segment_node_of_list(parse, OP_IN, segment_span_join(B->span, E.span), B, L);
    A->negated = N;
    A->folded = F;
}
test(A) ::= value(B) IS KNOWN(E). { A = segment_node_new(parse, OP_KNOWN, segment_span_join(B->span, E.span), 1, B); }
test(A) ::= value(B) IS UNKNOWN(E). {
    A = segment_node_new(parse, OP_KNOWN, segment_span_join(B->span, E.span), 1, B);
    A->negated = true;
}
test(A) ::= value(B) text_test(T) value(C) folded(F). { A = segment_node_text_test(parse, B, false, T, C, F); }
test(A) ::= value(B) negation text_test(T) value(C) folded(F). { A = segment_node_text_test(parse, B, true, T, C, F); }
test(A) ::= value(B) set_test(T) OF LP values(L) RP(E). {
    A = segment_node_of_list(parse, OP_SET, segment_span_join(B->span, E.span), B, L);
    A->set_test = T;
}
test(A) ::= value(B) window(W). { A = segment_node_in_window(parse, B, W); }
test(A) ::= ANNIVERSARY(B) LP value(C) RP window(W). {
    A = segment_node_new(parse, OP_ANNIVERSARY, segment_span_join(B.span, W->span), 1, C);
    A->window = W;
}
test(A) ::= IN(I) ID(N) opt_window(W). { A = segment_node_segment(parse, I, N, (struct token){0}, W); }
test(A) ::= IN(I) ID(N) DOT ID(M) opt_window(W). { A = segment_node_segment(parse, I, N, M, W); }
test(A) ::= IN(I) LP sets(S) RP(E). { A = segment_node_sets(parse, segment_span_join(I.span, E.span), S); }
test(A) ::= IN(I) LIST ID(N). { A = segment_node_list_test(parse, I, N); }
test(A) ::= ENTERED(I) ID(N) opt_window(W). {
    A = segment_node_record(parse, RECORD_ENTERED, I, N, (struct token){0}, W);
}
test(A) ::= ENTERED(I) ID(N) DOT ID(M) opt_window(W). { A = segment_node_record(parse, RECORD_ENTERED, I, N, M, W); }
test(A) ::= LEFT(I) ID(N) opt_window(W). { A = segment_node_record(parse, RECORD_LEFT, I, N, (struct token){0}, W); }
test(A) ::= LEFT(I) ID(N) DOT ID(M) opt_window(W). { A = segment_node_record(parse, RECORD_LEFT, I, N, M, W); }
test(A) ::= TOP(T) NUMBER(N) BY sum(B) among(C). { A = segment_node_top(parse, T, false, N, false, B, C, parse->last.span); }
test(A) ::= TOP(T) PERCENT(N) BY sum(B) among(C). { A = segment_node_top(parse, T, false, N, true, B, C, parse->last.span); }
test(A) ::= BOTTOM(T) NUMBER(N) BY sum(B) among(C). { A = segment_node_top(parse, T, true, N, false, B, C, parse->last.span); }
test(A) ::= BOTTOM(T) PERCENT(N) BY sum(B) among(C). { A = segment_node_top(parse, T, true, N, true, B, C, parse->last.span); }
test(A) ::= SAMPLE(S) PERCENT(P) seed(D). { A = segment_node_sample(parse, S, P, D); }
test(A) ::= EVER(W) LP or(C) RP(E). { A = segment_node_ever(parse, W, C, NULL, E); }
test(A) ::= EVER(W) LP or(C) COMMA window(X) RP(E). { A = segment_node_ever(parse, W, C, X, E); }
test(A) ::= CHANGED(W) LP path(P) opt_simple_window(X) RP(E). {
    A = segment_node_changed(parse, W, P, NULL, NULL, X, E);
}
test(A) ::= CHANGED(W) LP path(P) TO value(T) opt_window(X) RP(E). { A = segment_node_changed(parse, W, P, NULL, T, X, E); }
test(A) ::= CHANGED(W) LP path(P) FROM value(F) opt_simple_window(X) RP(E). {
    A = segment_node_changed(parse, W, P, F, NULL, X, E);
}
test(A) ::= CHANGED(W) LP path(P) FROM value(F) TO value(T) opt_window(X) RP(E). {
    A = segment_node_changed(parse, W, P, F, T, X, E);
}
test(A) ::= FIRST(W) TIME facts(F) opt_window(X). { A = segment_node_first_time(parse, W, F, X); }
test(A) ::= STOPPED(W) facts(F) FOR quantity(Q). { A = segment_node_stopped(parse, W, F, Q); }
test(A) ::= RESUMED(W) facts(F) AFTER quantity(Q) opt_window(X). { A = segment_node_resumed(parse, W, F, Q, X); }
test(A) ::= SEQUENCE(W) LP steps(S) RP(E) opt_window(X). { A = segment_node_sequence(parse, W, S, X, E); }
test(A) ::= SEQUENCE(W) LP steps(S) COMMA WHOLE LIMIT quantity(Q) RP(E) opt_window(X). {
    S->has_whole = true;
    S->whole = segment_quantity_period(Q);
    S->whole_count = Q.count;
    S->whole_unit = Q.unit;
    A = segment_node_sequence(parse, W, S, X, E);
}

%type negation {bool}
negation(A) ::= NOT. { A = true; }
%type folded {bool}
folded(A) ::= . { A = false; }
folded(A) ::= IGNORING CASE. { A = true; }
%type compare {enum segment_compare}
compare(A) ::= EQ. { A = COMPARE_EQ; }
compare(A) ::= NE. { A = COMPARE_NE; }
compare(A) ::= LT. { A = COMPARE_LT; }
compare(A) ::= LE. { A = COMPARE_LE; }
compare(A) ::= GT. { A = COMPARE_GT; }
compare(A) ::= GE. { A = COMPARE_GE; }
%type text_test {enum segment_text_test}
text_test(A) ::= CONTAINS. { A = TEXT_CONTAINS; }
text_test(A) ::= STARTS WITH. { A = TEXT_STARTS; }
text_test(A) ::= ENDS WITH. { A = TEXT_ENDS; }
text_test(A) ::= LIKE. { A = TEXT_LIKE; }
text_test(A) ::= MATCHES. { A = TEXT_MATCHES; }
%type set_test {enum segment_set_test}
set_test(A) ::= ANY. { A = SET_ANY_OF; }
set_test(A) ::= ALL. { A = SET_ALL_OF; }
set_test(A) ::= NONE. { A = SET_NONE_OF; }
%type seed {struct token}
seed(A) ::= . { A = (struct token){0}; }
seed(A) ::= SEED STRING(S). { A = S; }
among(A) ::= . { A = NULL; }
among(A) ::= AMONG LP or(B) RP. { A = B; }

/* Algebra of segments: intersect binds tighter than union, except and symmetric difference, which go left to right. */
sets(A) ::= crossing(A).
sets(A) ::= sets(B) UNION crossing(C). { A = segment_node_chain(parse, OP_OR, B, C); }
sets(A) ::= sets(B) EXCEPT crossing(C). { A = segment_node_except(parse, B, C); }
sets(A) ::= sets(B) SYMMETRIC DIFFERENCE crossing(C). { A = segment_node_symmetric(parse, B, C); }
crossing(A) ::= set(A).
crossing(A) ::= crossing(B) INTERSECT set(C). { A = segment_node_chain(parse, OP_AND, B, C); }
set(A) ::= ID(N). { A = segment_node_set_name(parse, N, (struct token){0}); }
set(A) ::= ID(N) DOT ID(M). { A = segment_node_set_name(parse, N, M); }
set(A) ::= LP sets(B) RP. { A = B; }

/* ---- facts and sequences ---- */
%type facts {struct facts *}
facts(A) ::= step_kinds(A).
facts(A) ::= LP(B) kinds(K) WHERE or(C) RP(E). {
    A = K;
    A->filter = C;
    A->span = segment_span_join(B.span, E.span);
}
%type kinds {struct facts *}
kinds(A) ::= path(P). { A = segment_facts_add(parse, NULL, P); }
kinds(A) ::= kinds(K) COMMA path(P). { A = segment_facts_add(parse, K, P); }
%type step_kinds {struct facts *}
step_kinds(A) ::= path(P). { A = segment_facts_add(parse, NULL, P); }
step_kinds(A) ::= LP kinds(K) RP. { A = K; }

%type steps {struct segment_sequence *}
steps(A) ::= step(S). { A = segment_sequence_add(parse, NULL, S); }
steps(A) ::= steps(B) COMMA step(S). { A = segment_sequence_add(parse, B, S); }
%type step {struct segment_step *}
step(A) ::= step_kinds(K) alias(N) filter(F) step_limit(L). { A = segment_step_new(parse, false, K, N, F, L); }
step(A) ::= NOT step_kinds(K) alias(N) filter(F) step_limit(L). { A = segment_step_new(parse, true, K, N, F, L); }
%type alias {struct token}
alias(A) ::= . { A = (struct token){0}; }
alias(A) ::= AS ID(N). { A = N; }
filter(A) ::= . { A = NULL; }
filter(A) ::= WHERE or(B). { A = B; }
%type step_limit {struct quantity}
step_limit(A) ::= . { A = (struct quantity){.count = -1}; }
step_limit(A) ::= LIMIT quantity(Q). { A = Q; }

/* ---- values ---- */
value(A) ::= sum(A).
value(A) ::= NTILE(T) LP NUMBER(N) RP BY sum(B) among(C). { A = segment_node_ntile(parse, T, N, B, C); }
value(A) ::= PERCENTILE(T) BY sum(B) among(C). { A = segment_node_percentile(parse, T, B, C); }
sum(A) ::= product(A).
sum(A) ::= sum(B) PLUS product(C). { A = segment_node_new(parse, OP_ADD, segment_span_join(B->span, C->span), 2, B, C); }
sum(A) ::= sum(B) MINUS product(C). { A = segment_node_new(parse, OP_SUBTRACT, segment_span_join(B->span, C->span), 2, B, C); }
product(A) ::= unary(A).
product(A) ::= product(B) STAR unary(C). { A = segment_node_new(parse, OP_MULTIPLY, segment_span_join(B->span, C->span), 2, B, C); }
product(A) ::= product(B) SLASH unary(C). { A = segment_node_new(parse, OP_DIVIDE, segment_span_join(B->span, C->span), 2, B, C); }
unary(A) ::= primary(A).
unary(A) ::= MINUS(M) unary(B). { A = segment_node_negate(parse, M, B); }

primary(A) ::= NUMBER(T). { A = segment_node_number(parse, T); }
primary(A) ::= quantity(Q). { A = segment_node_quantity(parse, Q); }
primary(A) ::= NUMBER(N) LENGTH(U). { A = segment_node_length(parse, N, U); }
primary(A) ::= PERCENT(T). { A = segment_node_percent(parse, T); }
primary(A) ::= STRING(T). { A = segment_node_string(parse, T); }
primary(A) ::= DATE(T). { A = segment_node_date(parse, T); }
primary(A) ::= MOMENT(T). { A = segment_node_moment(parse, T); }
primary(A) ::= TRUE(T). { A = segment_node_bool(parse, T, true); }
primary(A) ::= YES(T). { A = segment_node_bool(parse, T, true); }
primary(A) ::= FALSE(T). { A = segment_node_bool(parse, T, false); }
primary(A) ::= NO(T). { A = segment_node_bool(parse, T, false); }
primary(A) ::= TODAY(T). { A = segment_node_new(parse, OP_TODAY, T.span, 0); }
primary(A) ::= NOW(T). { A = segment_node_new(parse, OP_NOW, T.span, 0); }
primary(A) ::= LP or(B) RP. { A = B; }
primary(A) ::= path(A).
primary(A) ::= path(P) AS OF primary(D). { A = segment_node_new(parse, OP_TRAIT_AS_OF, segment_span_join(P->span, D->span), 2, D, P); }
primary(A) ::= call_name(N) LP values(L) opt_window(W) filter(F) RP(E). { A = segment_node_call(parse, N, L, W, F, E); }
primary(A) ::= UNIT(U) SINCE primary(B). { A = segment_node_since(parse, U, false, B); }
primary(A) ::= UNIT(U) UNTIL primary(B). { A = segment_node_since(parse, U, true, B); }
primary(A) ::= BUCKET(T) LP NUMBER(N) seed(S) RP(E). { A = segment_node_bucket(parse, T, N, S, E); }
primary(A) ::= PERIODS(T) LP UNIT(U) COMMA or(C) COMMA window(W) RP(E). { A = segment_node_periods(parse, T, U, C, W, E); }

%type call_name {struct token}
call_name(A) ::= ID(A).
call_name(A) ::= UNIT(A).
call_name(A) ::= FIRST(A).
call_name(A) ::= LAST(A).
call_name(A) ::= ANY(A).
call_name(A) ::= ALL(A).
call_name(A) ::= NONE(A).

path(A) ::= ID(T). { A = segment_node_name(parse, T); }
path(A) ::= path(B) DOT ID(T). { A = segment_node_name_add(parse, B, T); }

%type values {struct node_list}
values(A) ::= value(B). { A = segment_list_add(parse, (struct node_list){0}, B); }
values(A) ::= values(L) COMMA value(B). { A = segment_list_add(parse, L, B); }

%type quantity {struct quantity}
quantity(A) ::= NUMBER(N) UNIT(U). { A = segment_quantity_new(parse, N, U); }

/* ---- windows ---- */
%type window {struct segment_window *}
%type opt_window {struct segment_window *}
%type opt_simple_window {struct segment_window *}
%type simple_window {struct segment_window *}
%type span_window {struct segment_window *}
%type on_window {struct segment_window *}
%type weekdays {struct segment_window *}
opt_window(A) ::= . { A = NULL; }
opt_window(A) ::= window(A).
opt_simple_window(A) ::= . { A = NULL; }
opt_simple_window(A) ::= simple_window(A).
window(A) ::= simple_window(A).
window(A) ::= FROM(F) sum(B) TO sum(C). { A = segment_window_anchor(parse, WINDOW_FROM_TO, F.span, B, C); }
window(A) ::= FROM(F) sum(B) TO sum(C) on_window(O). {
    A = segment_window_anchor(parse, WINDOW_FROM_TO, F.span, B, C);
    A->weekdays = O->weekdays;
    A->anniversary = O->anniversary;
}
simple_window(A) ::= span_window(A).
simple_window(A) ::= on_window(A).
simple_window(A) ::= span_window(W) on_window(O). {
    A = W;
    A->weekdays = O->weekdays;
    A->anniversary = O->anniversary;
    A->span = segment_span_join(W->span, O->span);
}
span_window(A) ::= LAST(L) quantity(Q). { A = segment_window_length(parse, WINDOW_LAST, L.span, Q); }
span_window(A) ::= NEXT(L) quantity(Q). { A = segment_window_length(parse, WINDOW_NEXT, L.span, Q); }
span_window(A) ::= BEFORE(B) LAST quantity(Q). { A = segment_window_length(parse, WINDOW_BEFORE_LAST, B.span, Q); }
span_window(A) ::= BETWEEN(B) value(C) AND value(D) AGO(E). { A = segment_window_ago(parse, B, C, D, E); }
span_window(A) ::= SINCE(S) sum(B). { A = segment_window_anchor(parse, WINDOW_SINCE, S.span, B, NULL); }
span_window(A) ::= BEFORE(S) sum(B). { A = segment_window_anchor(parse, WINDOW_UNTIL, S.span, B, NULL); }
span_window(A) ::= TODAY(T). { A = segment_window_calendar(parse, WINDOW_THIS, T.span, (struct token){0}, (struct token){0}); }
span_window(A) ::= YESTERDAY(T). {
    A = segment_window_calendar(parse, WINDOW_PREVIOUS, T.span, (struct token){0}, (struct token){0});
}
span_window(A) ::= THIS(T) UNIT(U). { A = segment_window_calendar(parse, WINDOW_THIS, T.span, (struct token){0}, U); }
span_window(A) ::= LAST(T) CALENDAR UNIT(U). {
    A = segment_window_calendar(parse, WINDOW_PREVIOUS, T.span, (struct token){0}, U);
}
span_window(A) ::= LAST(T) NUMBER(N) CALENDAR UNIT(U). {
    A = segment_window_calendar(parse, WINDOW_PREVIOUS, T.span, N, U);
}
span_window(A) ::= WITHIN(W) quantity(Q) OF sum(B). {
    A = segment_window_length(parse, WINDOW_WITHIN, W.span, Q);
    A->anchor = B;
    A->span = segment_span_join(W.span, B->span);
}
span_window(A) ::= WITHIN(W) quantity(Q) AFTER sum(B). {
    A = segment_window_length(parse, WINDOW_AFTER, W.span, Q);
    A->anchor = B;
    A->span = segment_span_join(W.span, B->span);
}
span_window(A) ::= WITHIN(W) quantity(Q) BEFORE sum(B). {
    A = segment_window_length(parse, WINDOW_BEFORE, W.span, Q);
    A->anchor = B;
    A->span = segment_span_join(W.span, B->span);
}
on_window(A) ::= ON(O) WEEKDAY LP weekdays(W) RP(E). {
    A = W;
    A->span = segment_span_join(O.span, E.span);
}
on_window(A) ::= ON(O) WEEKEND(W). {
    A = segment_window_new(parse, WINDOW_ALL, segment_span_join(O.span, W.span));
    A->weekdays = 1u << 6 | 1u << 7;
}
on_window(A) ::= ON(O) ANNIVERSARY OF sum(B). {
    A = segment_window_new(parse, WINDOW_ALL, segment_span_join(O.span, B->span));
    A->anniversary = B;
}
weekdays(A) ::= ID(N). {
    A = segment_window_new(parse, WINDOW_ALL, N.span);
    segment_window_weekday(parse, A, N);
}
weekdays(A) ::= weekdays(B) COMMA ID(N). {
    A = B;
    segment_window_weekday(parse, A, N);
}

%code {
/* Whether the parser, as it stands, could go on with token: runs the automaton on a copy of its stack. */
static bool would_accept(yyParser *parser, int token)
{
    enum { DEPTH = 2100 };
    YYACTIONTYPE states[DEPTH];
    int depth = 0;
    for (yyStackEntry *entry = parser->yystack; entry <= parser->yytos && depth < DEPTH; entry++)
        states[depth++] = entry->stateno;
    for (int rounds = 0; rounds < 1000 && depth > 0 && depth < DEPTH; rounds++) {
        YYACTIONTYPE action = states[depth - 1];
        if (action <= YY_MAX_SHIFT)
            action = yy_find_shift_action((YYCODETYPE)token, action);
        if (action == YY_ERROR_ACTION || action == YY_NO_ACTION)
            return false;
        if (action <= YY_MAX_SHIFTREDUCE || action == YY_ACCEPT_ACTION)
            return true;
        int rule = action - YY_MIN_REDUCE;
        depth += yyRuleInfoNRhs[rule]; /* negative */
        if (depth < 1)
            return false;
        YYACTIONTYPE next = yy_find_reduce_action(states[depth - 1], yyRuleInfoLhs[rule]);
        /* A shift-reduce of a nonterminal is a state to go on reducing from. */
        if (next > YY_MAX_SHIFT && next <= YY_MAX_SHIFTREDUCE)
            next += YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE;
        states[depth++] = next;
    }
    return false;
}

/* What could stand here, in words: one label for each group of tokens, the most telling first. */
static void syntax_error(yyParser *parser, struct parse *parse, struct token found)
{
    bool accepted[YYNTOKEN] = {false};
    for (int token = 0; token < YYNTOKEN; token++)
        accepted[token] = would_accept(parser, token);
    segment_parse_unexpected(parse, found, accepted, YYNTOKEN);
}

/* Looks before it feeds: once the parser has found out by itself, it has reduced away what it could have gone on with. */
static void feed(yyParser *parser, struct parse *parse, struct token token)
{
    if (would_accept(parser, token.kind))
        segment_grammar(parser, token.kind, token, parse);
    else
        syntax_error(parser, parse, token);
}

void segment_parse_tokens(struct parse *parse, const struct token *tokens, size_t count, int first)
{
    yyParser parser;
    segment_grammarInit(&parser);
    parse->last = count > 0 ? tokens[0] : (struct token){0};
    parse->tokens = tokens;
    if (first != 0)
        segment_grammar(&parser, first, (struct token){.kind = first}, parse);
    for (size_t i = 0; i < count && !parse->failed; i++) {
        parse->fed = i;
        feed(&parser, parse, tokens[i]);
        parse->last = tokens[i];
    }
    if (!parse->failed)
        feed(&parser, parse, (struct token){.span = {parse->last.span.end, parse->last.span.end}});
    segment_grammarFinalize(&parser);
}
}
