/*
 * secret_registers: zeros in the vector registers. They go through nothing but
 * assembly: no compiler promises to leave a register alone, or to clear one.
 */
#include "secret_registers.h"

#if defined(__x86_64__)

#define LOWER                                                            \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",  \
	    "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
	    "xmm15"
#define UPPER                                                              \
	"xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",     \
	    "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", \
	    "xmm30", "xmm31"

/* 16 registers of 128 bits, which every processor has. */
static void
wipe_sse(void)
{
	__asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
			 "pxor %%xmm\\n, %%xmm\\n\n\t"
			 ".endr"
			 :
			 :
			 : LOWER);
}

/* The same 16 in their whole width, be it 256 or 512 bits. */
__attribute__((target("avx"))) static void
wipe_avx(void)
{
	__asm__ volatile("vzeroall" : : : LOWER);
}

/* 16 more, which memmove(3) of glibc takes where there are any. */
__attribute__((target("avx512f"))) static void
wipe_avx512(void)
{
	__asm__ volatile(
	    ".irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
	    "vpxorq %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
	    ".endr"
	    :
	    :
	    : UPPER);
}

void
secret_wipe_registers(void)
{
	if (__builtin_cpu_supports("avx512f"))
		wipe_avx512();
	if (__builtin_cpu_supports("avx"))
		wipe_avx();
	else
		wipe_sse();
}

#elif defined(__aarch64__)

/*
 * 32 registers of 128 bits; to write one clears the rest of its longer form,
 * where there is one (SVE). What a caller has in 8 to 15 is saved, and is back
 * afterwards.
 */
void
secret_wipe_registers(void)
{
	__asm__ volatile(
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,"
	    "21,22,23,24,25,26,27,28,29,30,31\n\t"
	    "movi v\\n\\().2d, #0\n\t"
	    ".endr"
	    :
	    :
	    : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
	    "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
	    "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
	    "v29", "v30", "v31");
}

#else

void
secret_wipe_registers(void)
{
}

#endif
