/*
 * Unit tests of secret_registers: all vector registers of the processor at
 * hand, filled and read by assembly. Where their width is not known here there
 * is nothing to be tested.
 */
#include "secret_registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "secret.h"

#define REGISTERS 32
#define WIDTH_MAX 64 /* bytes */

static unsigned char secret[WIDTH_MAX];
static unsigned char contents[REGISTERS * WIDTH_MAX];

/* What can be done with the registers of a processor of some kind. */
struct kind {
	const char *name;
	size_t count, width;
	void (*fill)(void);
	void (*dump)(void);
};

#if defined(__x86_64__)

#define LOWER "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define ALL   LOWER ",16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define LOWER_CLOBBERS                                                   \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",  \
	    "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
	    "xmm15"
#define ALL_CLOBBERS                                                          \
	LOWER_CLOBBERS, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", \
	    "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28",    \
	    "xmm29", "xmm30", "xmm31"

static void
fill_sse(void)
{
	__asm__ volatile(".irp n, " LOWER "\n\tmovdqu (%0), %%xmm\\n\n\t.endr"
			 :
			 : "r"(secret)
			 : "memory", LOWER_CLOBBERS);
}

static void
dump_sse(void)
{
	__asm__ volatile(".irp n, " LOWER
			 "\n\tmovdqu %%xmm\\n, 16*\\n(%0)\n\t.endr"
			 :
			 : "r"(contents)
			 : "memory");
}

__attribute__((target("avx"))) static void
fill_avx(void)
{
	__asm__ volatile(".irp n, " LOWER "\n\tvmovdqu (%0), %%ymm\\n\n\t.endr"
			 :
			 : "r"(secret)
			 : "memory", LOWER_CLOBBERS);
}

__attribute__((target("avx"))) static void
dump_avx(void)
{
	__asm__ volatile(".irp n, " LOWER
			 "\n\tvmovdqu %%ymm\\n, 32*\\n(%0)\n\t.endr"
			 :
			 : "r"(contents)
			 : "memory");
}

__attribute__((target("avx512f"))) static void
fill_avx512(void)
{
	__asm__ volatile(".irp n, " ALL "\n\tvmovdqu64 (%0), %%zmm\\n\n\t.endr"
			 :
			 : "r"(secret)
			 : "memory", ALL_CLOBBERS);
}

__attribute__((target("avx512f"))) static void
dump_avx512(void)
{
	__asm__ volatile(".irp n, " ALL
			 "\n\tvmovdqu64 %%zmm\\n, 64*\\n(%0)\n\t.endr"
			 :
			 : "r"(contents)
			 : "memory");
}

static struct kind
find_kind(void)
{
	if (__builtin_cpu_supports("avx512f"))
		return (
		    struct kind){ "AVX-512", 32, 64, fill_avx512, dump_avx512 };
	if (__builtin_cpu_supports("avx"))
		return (struct kind){ "AVX", 16, 32, fill_avx, dump_avx };
	return (struct kind){ "SSE", 16, 16, fill_sse, dump_sse };
}

#elif defined(__aarch64__)

/* All but 8 to 15, of which a function gives the lower half back. */
#define OTHERS "0,1,2,3,4,5,6,7,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"

static void
fill_neon(void)
{
	__asm__ volatile(".irp n, " OTHERS "\n\tldr q\\n, [%0]\n\t.endr"
			 :
			 : "r"(secret)
			 : "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6",
			 "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
			 "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",
			 "v31");
}

static void
dump_neon(void)
{
	__asm__ volatile(".irp n, " OTHERS
			 "\n\tstr q\\n, [%0, #16*\\n]\n\t.endr"
			 :
			 : "r"(contents)
			 : "memory");
}

static struct kind
find_kind(void)
{
	return (struct kind){ "NEON", 24, 16, fill_neon, dump_neon };
}

#else

static struct kind
find_kind(void)
{
	return (struct kind){ NULL, 0, 0, NULL, NULL };
}

#endif

/* How many registers have bytes of the secret, wherever in them. */
static size_t
count_secrets(const struct kind *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < REGISTERS; i++)
		for (size_t j = 0; j < kind->width; j += 8)
			if (memcmp(contents + i * kind->width + j, secret + j,
				8) == 0) {
				count++;
				break;
			}
	return count;
}

static size_t
left_behind_by(const struct kind *kind, void (*act)(void))
{
	memset(contents, 0, sizeof(contents));
	kind->fill();
	if (act != NULL)
		act();
	kind->dump();
	return count_secrets(kind);
}

static struct kind
find_kind_or_skip(void)
{
	struct kind kind = find_kind();

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (unsigned char)(0xa0 + i);
	if (kind.name == NULL) {
		print_message("no registers are known of this machine\n");
		skip();
	}
	print_message("%zu registers of %s\n", kind.count, kind.name);
	return kind;
}

static void
no_vector_register_keeps_its_content(void **state)
{
	struct kind kind = find_kind_or_skip();

	assert_int_equal(left_behind_by(&kind, NULL), kind.count);
	assert_int_equal(left_behind_by(&kind, secret_wipe_registers), 0);
}

static void
wiping_the_stack_wipes_the_registers_as_well(void **state)
{
	struct kind kind = find_kind_or_skip();

	assert_int_equal(left_behind_by(&kind, secret_wipe_leftovers), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_vector_register_keeps_its_content),
		cmocka_unit_test(wiping_the_stack_wipes_the_registers_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
