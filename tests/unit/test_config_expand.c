/*
 * Unit tests of config_expand.c, with config_compare.c and config_piece.c: the
 * expansion of macros. What is right was asked of postconf -x; a much larger
 * sample is compared with it in tests/e2e/test_expansion.py.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct config *config;

static int
setup(void **state)
{
	static const char *const values[][2] = {
		{ "empty", "" },
		{ "full", "x" },
		{ "two", "a b" },
		{ "ten", "10" },
		{ "level", "3.10" },
		{ "reference", "<$full>" },
		{ "to_empty", "$empty" },
		{ "broken", "${" },
		{ "_under", "u" },
		{ "9digit", "d" },
	};

	config = config_new();
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		config_set(config, values[i][0], values[i][1], CONFIG_DEFAULT);
	return 0;
}

static int
teardown(void **state)
{
	config_free(config);
	return 0;
}

struct row {
	const char *text;
	const char *wanted; /* the value, or the cause */
};

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static void
check_values(const struct row *rows, size_t count)
{
	char *value, *cause;

	for (size_t i = 0; i < count; i++) {
		value = cause = NULL;
		if (config_expand(config, rows[i].text, &value, &cause) !=
		    ERROR_NONE)
			fail_msg("\"%s\": %s", rows[i].text, cause);
		if (strcmp(value, rows[i].wanted) != 0)
			fail_msg("\"%s\" is \"%s\"", rows[i].text, value);
		free(value);
	}
}

static void
check_causes(const struct row *rows, size_t count)
{
	char *value, *cause;

	for (size_t i = 0; i < count; i++) {
		value = cause = NULL;
		if (config_expand(config, rows[i].text, &value, &cause) !=
		    ERROR_INVALID)
			fail_msg("\"%s\" is \"%s\"", rows[i].text, value);
		if (strcmp(cause, rows[i].wanted) != 0)
			fail_msg("\"%s\": %s", rows[i].text, cause);
		assert_null(value);
		free(cause);
	}
}

static void
names_expand_to_their_values(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "plain {text}) }", "plain {text}) }" },
		{ "$full", "x" },
		{ "${full}", "x" },
		{ "$(full)", "x" },
		{ "${ \t\r\nfull }", "x" },
		{ "$( full )", "x" },
		{ "$full$full.$full-", "xx.x-" },
		{ "$fullest$nope${nope}$(nope)", "" },
		{ "$_under$9digit", "ud" },
		{ "$reference $to_empty.", "<x> ." },
		{ "${ }$( )${:n}", "n" },
		{ "$$", "$" },
		{ "$$full", "$full" },
		{ "$$$full", "$x" },
		{ "$${", "${" },
	};

	check_values(ROWS(rows));
}

static void
conditions_choose_a_text(void **state)
{
	static const struct row rows[] = {
		{ "${full?y}", "y" },
		{ "${empty?y}", "" },
		{ "${nope?y}", "" },
		{ "${full:n}", "" },
		{ "${empty:n}", "n" },
		{ "${nope:n}", "n" },
		{ "$(full?y)$(empty:n)", "yn" },
		{ "${full?{y}}", "y" },
		{ "${full?{y}:{n}}${empty?{y}:{n}}", "yn" },
		{ "${full?{y}:n}${empty?{y}:n}", "yn" },
		{ "${full?y:n}", "y:n" },
		{ "${empty?y:n}", "" },
		{ "${empty:y:n}", "y:n" },
		{ "${full?y?n}", "y?n" },
		{ "${full?{a:b}:{c:d}}", "a:b" },
		{ "${full?}${full?{}}${full:}", "" },
		{ "${full?{y}:}${empty?{y}:}", "y" },
		/* Blanks outside of braces, and inside. */
		{ " ${ full ? {y} : {n} } ", " y " },
		{ "${full?{ y }}", " y " },
		{ "${full? y }", " y " },
		{ "${empty: n }", " n " },
		{ "${empty?{y}: n }", " n " },
		/* Braces nest; brackets of another kind do not matter. */
		{ "${full?{{y}}}", "{y}" },
		{ "${full?a{b}c}d}", "a{b}cd}" },
		{ "${full?a)b}$(full?a}b)", "a)ba}b" },
		/* The condition is the text before its own expansion. */
		{ "${to_empty?y}${to_empty:n}", "y" },
		{ "${broken?y}", "y" },
		/* What is not taken is not looked at. */
		{ "${full?{y}:{${}}}${empty?$broken}", "y" },
		{ "${full?{${full?{$full}}$(two)$$}}", "xa b$" },
	};

	check_values(ROWS(rows));
}

static void
comparisons_are_of_numbers_or_strings(void **state)
{
	static const struct row rows[] = {
		{ "${{a}=={a}?{y}:{n}}${{a}=={b}?{y}:{n}}", "yn" },
		{ "${{a}!={a}?{y}:{n}}${{a}!={b}?{y}:{n}}", "ny" },
		{ "${{a}<{b}?{y}:{n}}${{b}<{b}?{y}:{n}}", "yn" },
		{ "${{b}<={b}?{y}:{n}}${{b}<={a}?{y}:{n}}", "yn" },
		{ "${{b}>{a}?{y}:{n}}${{b}>{b}?{y}:{n}}", "yn" },
		{ "${{b}>={b}?{y}:{n}}${{a}>={b}?{y}:{n}}", "yn" },
		{ "${{a}=={a}}${{a}=={b}}", "true" },
		{ "${{a}=={a}?y}${{a}=={b}:n}${{a}=={a}:z}", "yn" },
		{ "$({a}=={a}?{y}:{n})", "y" },
		{ "${ {a}\t==\n{a} ? {y} : {n} }", "y" },
		{ "${{}=={}?y}${{}<{a}?y}", "yy" },
		/* Numbers where both are, else strings. */
		{ "${{9}<{10}?y}${{9x}<{10}?y}", "y" },
		{ "${{010}=={10}?y}${{00}=={0}?y}", "yy" },
		{ "${{10}>{9}?y}${{11}>{10}?y}", "yy" },
		{ "${{-2}<{-1}?y}${{-1}<{-2}?z}", "z" },
		{ "${{ 9}<{10}?y}${{9}<{}?z}", "y" },
		{ "${{99999999999999999999}<{100000000000000000000}?y}", "y" },
		/* Operands are expanded. */
		{ "${{$ten}=={10}?y}${{${full?{x}}}=={$full}?y}", "yy" },
		{ "${{$nope}=={$to_empty}?y}", "y" },
		{ "${{${{a}=={a}}}=={true}?{y}}", "y" },
	};

	check_values(ROWS(rows));
}

static void
levels_are_compared_part_by_part(void **state)
{
	static const struct row rows[] = {
		{ "${{3.6}<level{3.10}?{y}:{n}}${{3.6}<{3.10}?y}", "y" },
		{ "${{3.10} >level {3.6}?y}${{4}>level{3.1023.1023}?y}", "yy" },
		{ "${{3}==level{3.0}?y}${{3.6}==level{3.6.0}?y}", "yy" },
		{ "${{3.6.1}>level{3.6}?y}${{3.6.1}!=level{3.6}?y}", "yy" },
		{ "${{$level}>=level{3.10}?y}${{2}<=level{$level}?y}", "yy" },
	};
	static const char *const bad[] = { "", "x", "3.", ".3", "3..6", "3.6x",
		"3.6 ", "-3", "3.-6", "3.1024", "3.6.1024", "3.6.1.1" };
	char text[64], wanted[64];

	check_values(ROWS(rows));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(wanted, sizeof(wanted),
		    "malformed compatibility level: \"%s\"", bad[i]);
		for (int side = 0; side < 2; side++) {
			snprintf(text, sizeof(text), "${{%s}<level{%s}?y}",
			    side == 0 ? bad[i] : "1", side == 1 ? bad[i] : "1");
			check_causes(&(struct row){ text, wanted }, 1);
		}
	}
}

static void
bad_syntax_is_named(void **state)
{
	static const char operators[] =
	    "one of ==, !=, <, <=, >, >= expected at: ";
	static const struct row rows[] = {
		{ "a$", "empty macro name: \"$\"" },
		{ "a $ b", "empty macro name: \"$ b\"" },
		{ "$-", "empty macro name: \"$-\"" },
		{ "${}", "empty macro name: \"\"" },
		{ "$()", "empty macro name: \"\"" },
		{ "${$full}", "name syntax error at: \"$full\"" },
		{ "a ${full", "truncated macro reference: \"${full\"" },
		{ "$(full}", "truncated macro reference: \"$(full}\"" },
		{ "${full?{a}", "truncated macro reference: \"${full?{a}\"" },
		{ "$(full?{a)", "\"}\" is missing: \"{a\"" },
		{ "${full.a}", "name syntax error at: \".a\"" },
		{ "${full full}", "name syntax error at: \"full\"" },
		{ "${full?{a}b}", "\":\" expected at: \"b\"" },
		{ "${full?{a}{b}}", "\":\" expected at: \"{b}\"" },
		{ "${full:{a}b}", "unexpected input at: \"b\"" },
		{ "${full?{a}:{b}c}", "unexpected input at: \"c\"" },
		{ "${full?{a}:{b}:{c}}", "unexpected input at: \":{c}\"" },
		{ "${{a}==b}", "\"{text}\" expected at: \"b\"" },
		{ "${{a}==}", "\"{text}\" expected at: \"\"" },
		{ "${{a}==={b}}", "\"{text}\" expected at: \"={b}\"" },
		{ "${{a}<>{b}}", "\"{text}\" expected at: \">{b}\"" },
		{ "${{a}==lev{b}}", "\"{text}\" expected at: \"lev{b}\"" },
		{ "${{a}=={b} c}", "name syntax error at: \"c\"" },
		{ "${{$}=={b}}", "empty macro name: \"$\"" },
		{ "${{a}=={$-}}", "empty macro name: \"$-\"" },
		{ "$broken", "truncated macro reference: \"${\"" },
		/* A vertical tab is not a blank. */
		{ "${\vfull}", "name syntax error at: \"\vfull\"" },
	};
	static const char *const no_operator[] = { "", "b", "={b}", "{b}",
		"!{b}" };
	char text[64], wanted[100];

	check_causes(ROWS(rows));
	for (size_t i = 0; i < sizeof(no_operator) / sizeof(no_operator[0]);
	     i++) {
		snprintf(text, sizeof(text), "${{a}%s}", no_operator[i]);
		snprintf(wanted, sizeof(wanted), "%s\"%s\"", operators,
		    no_operator[i]);
		check_causes(&(struct row){ text, wanted }, 1);
	}
}

static void
a_long_cause_is_cut(void **state)
{
	char text[1001], *value, *cause;

	memset(text, 'x', 1000);
	text[0] = '$';
	text[1] = '{';
	text[1000] = '\0';
	assert_int_equal(
	    config_expand(config, text, &value, &cause), ERROR_INVALID);
	assert_true(strlen(cause) < 200);
	free(cause);
}

static void
a_name_that_reaches_itself_is_refused(void **state)
{
	static const struct row causes[] = {
		{ "$self", "macro reaches itself: \"self\"" },
		{ "$first", "macro reaches itself: \"first\"" },
		{ "${second}", "macro reaches itself: \"second\"" },
		{ "$hidden", "macro reaches itself: \"hidden\"" },
		{ "$compared", "macro reaches itself: \"compared\"" },
	};
	static const struct row values[] = {
		{ "${self?y}", "y" },
		{ "$full$full$reference$reference", "xx<x><x>" },
	};

	config_set(config, "self", "a $self", CONFIG_DEFAULT);
	config_set(config, "first", "$second", CONFIG_DEFAULT);
	config_set(config, "second", "${third}", CONFIG_DEFAULT);
	config_set(config, "third", "$(first)", CONFIG_DEFAULT);
	config_set(config, "hidden", "${full?{$hidden}}", CONFIG_DEFAULT);
	config_set(config, "compared", "${{$compared}=={a}}", CONFIG_DEFAULT);
	check_causes(ROWS(causes));
	check_values(ROWS(values));
}

/* n1 refers to n2 and so on; so many names. */
static void
set_chain(unsigned length)
{
	char name[16], text[16];

	for (unsigned i = 1; i <= length; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(text, sizeof(text), "$n%u", i + 1);
		config_set(
		    config, name, i < length ? text : "end", CONFIG_DEFAULT);
	}
}

static void
names_nest_to_a_bound(void **state)
{
	static const struct row value = { "$n1", "end" };
	static const struct row cause = { "$n1",
		"macros nest too deep: \"n101\"" };

	set_chain(100);
	check_values(&value, 1);
	set_chain(101);
	check_causes(&cause, 1);
}

/* `open` so many times, an x, and `close` as many times. For free(). */
static char *
nest(const char *open, const char *close, size_t depth)
{
	size_t open_len = strlen(open), close_len = strlen(close);
	char *text = malloc(depth * (open_len + close_len) + 2);
	char *end = text;

	assert_non_null(text);
	for (size_t i = 0; i < depth; i++, end += open_len)
		memcpy(end, open, open_len);
	*end++ = 'x';
	for (size_t i = 0; i < depth; i++, end += close_len)
		memcpy(end, close, close_len);
	*end = '\0';
	return text;
}

static void
texts_nest_to_a_bound(void **state)
{
	static const char *const forms[][2] = {
		{ "${full?{", "}}" },
		{ "$(empty:", ")" },
		{ "${{", "}=={x}?{x}}" },
		{ "${{x}=={", "}?{x}}" },
	};
	char *text, *value, *cause;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		text = nest(forms[i][0], forms[i][1], 100);
		check_values(&(struct row){ text, "x" }, 1);
		free(text);
		text = nest(forms[i][0], forms[i][1], 101);
		assert_int_equal(
		    config_expand(config, text, &value, &cause), ERROR_INVALID);
		assert_non_null(strstr(cause, "macros nest too deep: "));
		free(cause);
		free(text);
		/* So deep that recursion without a bound would overflow. */
		text = nest(forms[i][0], forms[i][1], 200000);
		assert_int_equal(
		    config_expand(config, text, &value, &cause), ERROR_INVALID);
		free(cause);
		free(text);
	}
}

/* n1 is twice n2, and so on: 2^60 copies of the text of the last. */
static void
names_that_double_are_refused(void **state)
{
	static const char *const ends[] = { "", "x", "$nope" };
	char name[16], text[32], *value, *cause;

	for (unsigned i = 1; i < 60; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(text, sizeof(text), "$n%u$n%u", i + 1, i + 1);
		config_set(config, name, text, CONFIG_DEFAULT);
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		config_set(config, "n60", ends[i], CONFIG_DEFAULT);
		assert_int_equal(config_expand(config, "$n1", &value, &cause),
		    ERROR_INVALID);
		assert_non_null(strstr(cause, "macros expand to too much: "));
		free(cause);
		assert_int_equal(
		    config_expand(config, "${{$n1}=={}}", &value, &cause),
		    ERROR_INVALID);
		free(cause);
		assert_int_equal(
		    config_expand(config, "$n50", &value, &cause), ERROR_NONE);
		assert_int_equal(strlen(value), i == 1 ? 1024 : 0);
		free(value);
	}
}

static void
a_value_may_be_long(void **state)
{
	static const size_t len = 1024 * 1024;
	char *text = malloc(len + 1), *value, *cause;

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	config_set(config, "long", text, CONFIG_DEFAULT);
	assert_int_equal(
	    config_expand(config, "$long${long}", &value, &cause), ERROR_NONE);
	assert_int_equal(strlen(value), 2 * len);
	free(value);
	free(text);
}

static void
a_bad_value_is_named_with_its_place(void **state)
{
	char *value, *cause;

	assert_int_equal(
	    config_value(config, "reference", &value, &cause), ERROR_NONE);
	assert_string_equal(value, "<x>");
	free(value);
	assert_int_equal(
	    config_value(config, "nope", &value, &cause), ERROR_NONE);
	assert_string_equal(value, "");
	free(value);
	assert_int_equal(
	    config_value(config, "broken", &value, &cause), ERROR_INVALID);
	assert_string_equal(cause, "parameter broken: bad value \"${\": "
				   "truncated macro reference: \"${\"");
	free(cause);
	config_set(config, "to_broken", "a $broken", CONFIG_OVERRIDE);
	assert_int_equal(
	    config_value(config, "to_broken", &value, &cause), ERROR_INVALID);
	assert_string_equal(cause,
	    "option -o: parameter to_broken: bad value \"a $broken\": "
	    "truncated macro reference: \"${\"");
	free(cause);
	config_set_from(config, "self", "$self", CONFIG_FILE, "/x/main.cf", 7);
	assert_int_equal(
	    config_value(config, "self", &value, &cause), ERROR_INVALID);
	assert_string_equal(cause,
	    "/x/main.cf, line 7: parameter self: bad value \"$self\": "
	    "macro reaches itself: \"self\"");
	free(cause);
}

#define EXPAND_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EXPAND_TEST(names_expand_to_their_values),
		EXPAND_TEST(conditions_choose_a_text),
		EXPAND_TEST(comparisons_are_of_numbers_or_strings),
		EXPAND_TEST(levels_are_compared_part_by_part),
		EXPAND_TEST(bad_syntax_is_named),
		EXPAND_TEST(a_long_cause_is_cut),
		EXPAND_TEST(a_name_that_reaches_itself_is_refused),
		EXPAND_TEST(names_nest_to_a_bound),
		EXPAND_TEST(texts_nest_to_a_bound),
		EXPAND_TEST(names_that_double_are_refused),
		EXPAND_TEST(a_value_may_be_long),
		EXPAND_TEST(a_bad_value_is_named_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
