/*
 * config_expand: $name and its longer forms. What postconf(5) does not say was
 * observed with `postconf -x` 3.7: the condition of ${name?...} looks at the
 * text before its own expansion; braces are taken off, blanks inside them are
 * not; a comparison alone is "true" or nothing.
 */
#include "config.h"

#include "config_compare.h"
#include "config_piece.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Bounds for what a file can make us do. */
#define DEPTH_MAX 100     /* macros in macros, as in Postfix */
#define WORK_MAX  4000000 /* bytes looked at: names may double and double */

/* The names that are being expanded, innermost first. */
struct frame {
	const char *name;
	const struct frame *outer;
};

struct expansion {
	const struct config *config;
	unsigned depth;
	size_t work;
	char **cause;
};

struct output {
	char *text; /* owned; ends with NUL */
	size_t len;
	size_t size;
};

static enum error expand_piece(
    struct expansion *, struct piece, const struct frame *, struct output *);

static enum error
fail(struct expansion *expansion, const char *problem, struct piece where)
{
	int len = where.len < 100 ? (int)where.len : 100;

	*expansion->cause = xasprintf("%s: \"%.*s\"", problem, len, where.text);
	return ERROR_INVALID;
}

static void
append(struct output *output, struct piece piece)
{
	if (output->len + piece.len + 1 > output->size) {
		output->size = (output->len + piece.len + 1) * 2;
		output->text = xrealloc(output->text, output->size);
	}
	memcpy(output->text + output->len, piece.text, piece.len);
	output->len += piece.len;
	output->text[output->len] = '\0';
}

/* Expand what a macro stands for, one level deeper. */
static enum error
expand_nested(struct expansion *expansion, struct piece macro,
    struct piece text, const struct frame *frame, struct output *output)
{
	enum error error;

	if (expansion->depth == DEPTH_MAX)
		return fail(expansion, "macros nest too deep", macro);
	expansion->work += text.len + 1;
	if (expansion->work > WORK_MAX)
		return fail(expansion, "macros expand to too much", macro);
	expansion->depth++;
	error = expand_piece(expansion, text, frame, output);
	expansion->depth--;
	return error;
}

static bool
is_being_expanded(const struct frame *frame, const char *name)
{
	for (; frame != NULL; frame = frame->outer)
		if (strcmp(frame->name, name) == 0)
			return true;
	return false;
}

static enum error
expand_name(struct expansion *expansion, struct piece name,
    const struct frame *outer, struct output *output)
{
	char *copy = xstrndup(name.text, name.len);
	const struct config_entry *entry = config_get(expansion->config, copy);
	const char *text = entry != NULL ? entry->text : "";
	struct frame frame = { copy, outer };
	enum error error;

	if (is_being_expanded(outer, copy))
		error = fail(expansion, "macro reaches itself", name);
	else
		error = expand_nested(expansion, name,
		    (struct piece){ text, strlen(text) }, &frame, output);
	free(copy);
	return error;
}

/* The texts of a condition, as far as they are there. */
struct choice {
	struct piece if_true;
	struct piece if_false;
};

/* "{text}" or text to the end; blanks before it go only with braces. */
static enum error
take_text(struct expansion *expansion, struct piece *rest, struct piece *text)
{
	struct piece ahead = *rest;

	piece_skip_blanks(&ahead);
	if (!piece_starts_with(ahead, "{")) {
		*text = *rest;
		piece_skip(rest, rest->len);
		return ERROR_NONE;
	}
	if (!piece_take_bracketed(&ahead, text))
		return fail(expansion, "\"}\" is missing", *rest);
	piece_skip_blanks(&ahead);
	*rest = ahead;
	return ERROR_NONE;
}

/* What stands from the question mark or the colon on. */
static enum error
parse_choice(
    struct expansion *expansion, struct piece rest, struct choice *choice)
{
	enum error error;

	*choice = (struct choice){ { "", 0 }, { "", 0 } };
	if (piece_starts_with(rest, "?")) {
		piece_skip(&rest, 1);
		error = take_text(expansion, &rest, &choice->if_true);
		if (error != ERROR_NONE || rest.len == 0)
			return error;
		if (!piece_starts_with(rest, ":"))
			return fail(expansion, "\":\" expected at", rest);
	} else if (!piece_starts_with(rest, ":")) {
		return fail(expansion, "name syntax error at", rest);
	}
	piece_skip(&rest, 1);
	error = take_text(expansion, &rest, &choice->if_false);
	if (error == ERROR_NONE && rest.len > 0)
		error = fail(expansion, "unexpected input at", rest);
	return error;
}

static enum error
expand_choice(struct expansion *expansion, bool is_true, struct piece rest,
    const struct frame *frame, struct output *output)
{
	struct choice choice;
	enum error error = parse_choice(expansion, rest, &choice);

	if (error != ERROR_NONE)
		return error;
	return expand_nested(expansion, rest,
	    is_true ? choice.if_true : choice.if_false, frame, output);
}

/* The longer ones first: one may begin another. */
static const struct comparison {
	const char *operator;
	bool if_less, if_equal, if_greater;
} comparisons[] = {
	{ "==", false, true, false },
	{ "!=", true, false, true },
	{ "<=", true, true, false },
	{ ">=", false, true, true },
	{ "<", true, false, false },
	{ ">", false, false, true },
};

static const struct comparison *
take_operator(struct piece *rest)
{
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]);
	     i++) {
		if (!piece_starts_with(*rest, comparisons[i].operator))
			continue;
		piece_skip(rest, strlen(comparisons[i].operator));
		return &comparisons[i];
	}
	return NULL;
}

static enum error
expand_operand(struct expansion *expansion, struct piece *rest,
    const struct frame *frame, struct output *operand)
{
	struct piece inside;

	piece_skip_blanks(rest);
	if (!piece_starts_with(*rest, "{") ||
	    !piece_take_bracketed(rest, &inside))
		return fail(expansion, "\"{text}\" expected at", *rest);
	piece_skip_blanks(rest);
	return expand_nested(expansion, inside, inside, frame, operand);
}

/* Are they in that order? */
static enum error
compare(struct expansion *expansion, const struct comparison *comparison,
    bool is_level, const char *left, const char *right, bool *holds)
{
	const char *bad;
	int order;

	if (!is_level) {
		order = config_compare_texts(left, right);
	} else if (!config_compare_levels(left, right, &order, &bad)) {
		return fail(expansion, "malformed compatibility level",
		    (struct piece){ bad, strlen(bad) });
	}
	*holds = order < 0   ? comparison->if_less
	         : order > 0 ? comparison->if_greater
	                     : comparison->if_equal;
	return ERROR_NONE;
}

/* {left} op {right}, and whether it holds. */
static enum error
take_comparison(struct expansion *expansion, struct piece *rest,
    const struct frame *frame, bool *holds)
{
	struct output left = { xstrdup(""), 0, 1 };
	struct output right = { xstrdup(""), 0, 1 };
	const struct comparison *comparison = NULL;
	bool is_level = false;
	enum error error;

	error = expand_operand(expansion, rest, frame, &left);
	if (error == ERROR_NONE && (comparison = take_operator(rest)) == NULL)
		error = fail(expansion,
		    "one of ==, !=, <, <=, >, >= expected at", *rest);
	if (error == ERROR_NONE &&
	    (is_level = piece_starts_with(*rest, "level")))
		piece_skip(rest, strlen("level"));
	if (error == ERROR_NONE)
		error = expand_operand(expansion, rest, frame, &right);
	if (error == ERROR_NONE)
		error = compare(expansion, comparison, is_level, left.text,
		    right.text, holds);
	free(left.text);
	free(right.text);
	return error;
}

/* What is inside ${...} or $(...). */
static enum error
expand_bracketed(struct expansion *expansion, struct piece inside,
    const struct frame *frame, struct output *output)
{
	const struct config_entry *entry;
	struct piece rest = inside, name;
	bool holds = false;
	char *copy;

	piece_skip_blanks(&rest);
	if (piece_starts_with(rest, "{")) {
		enum error error =
		    take_comparison(expansion, &rest, frame, &holds);

		if (error != ERROR_NONE)
			return error;
		if (rest.len == 0) {
			append(output, (struct piece){ "true", holds ? 4 : 0 });
			return ERROR_NONE;
		}
		return expand_choice(expansion, holds, rest, frame, output);
	}
	name = piece_take_name(&rest);
	/* No name is an unknown one, but for "${}": as postconf has it. */
	if (inside.len == 0)
		return fail(expansion, "empty macro name", inside);
	piece_skip_blanks(&rest);
	if (rest.len == 0)
		return expand_name(expansion, name, frame, output);
	copy = xstrndup(name.text, name.len);
	entry = config_get(expansion->config, copy);
	free(copy);
	return expand_choice(expansion, entry != NULL && *entry->text != '\0',
	    rest, frame, output);
}

/* What begins with a dollar. */
static enum error
expand_macro(struct expansion *expansion, struct piece *rest,
    const struct frame *frame, struct output *output)
{
	struct piece whole = *rest, inside;

	piece_skip(rest, 1);
	if (piece_starts_with(*rest, "$")) {
		piece_skip(rest, 1);
		append(output, (struct piece){ "$", 1 });
		return ERROR_NONE;
	}
	if (piece_starts_with(*rest, "{") || piece_starts_with(*rest, "(")) {
		if (!piece_take_bracketed(rest, &inside))
			return fail(
			    expansion, "truncated macro reference", whole);
		return expand_bracketed(expansion, inside, frame, output);
	}
	inside = piece_take_name(rest);
	if (inside.len == 0)
		return fail(expansion, "empty macro name", whole);
	return expand_name(expansion, inside, frame, output);
}

static enum error
expand_piece(struct expansion *expansion, struct piece rest,
    const struct frame *frame, struct output *output)
{
	enum error error = ERROR_NONE;

	while (error == ERROR_NONE && rest.len > 0) {
		const char *dollar = memchr(rest.text, '$', rest.len);
		size_t plain =
		    dollar != NULL ? (size_t)(dollar - rest.text) : rest.len;

		append(output, (struct piece){ rest.text, plain });
		piece_skip(&rest, plain);
		if (dollar != NULL)
			error = expand_macro(expansion, &rest, frame, output);
	}
	return error;
}

enum error
config_expand(
    const struct config *config, const char *text, char **value, char **cause)
{
	struct expansion expansion = { .config = config, .cause = cause };
	struct output output = { xstrdup(""), 0, 1 };
	enum error error;

	error = expand_piece(
	    &expansion, (struct piece){ text, strlen(text) }, NULL, &output);
	if (error == ERROR_NONE)
		*value = output.text;
	else
		free(output.text);
	return error;
}

enum error
config_value(
    const struct config *config, const char *name, char **value, char **cause)
{
	const struct config_entry *entry = config_get(config, name);
	const char *text = entry != NULL ? entry->text : "";
	enum error error;
	char *problem;

	error = config_expand(config, text, value, &problem);
	if (error == ERROR_NONE)
		return ERROR_NONE;
	*cause = config_describe_problem(config, name, text, problem);
	free(problem);
	return error;
}
